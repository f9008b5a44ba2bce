//! Writes the reports of a run and decides its exit code from them.

use std::collections::HashSet;
use std::path::Path;

use upspec_cli::Caught;
use upspec_corpus::Corpus;
use upspec_judge::{Habit, Verdict};
use upspec_reference::Fault;
use upspec_report::{Report, Style, Suspect, Tool};

use crate::args::{FailOn, Output};
use crate::console;
use crate::exit::{Exit, Trouble};

/// What made the report.
pub(crate) fn tool(corpus: &Corpus) -> Tool {
    Tool { version: env!("CARGO_PKG_VERSION").to_owned(), corpus: corpus.digest.clone() }
}

/// Finds the causes behind the cases of a report, with the faults of the reference server as suspects.
pub(crate) fn find_causes(report: &mut Report, habits: &[Habit], corpus: &Corpus) {
    let suspects = Fault::all().map(|fault| Suspect {
        name: fault.name,
        summary: fault.summary,
        breaks: fault.breaks,
        also: fault.also,
        cases: Caught::embedded_for(fault.name).collect(),
    });
    let suspects: Vec<Suspect<'_>> = suspects.collect();
    report.find_causes(habits, &corpus.requirements, &suspects);
}

/// Writes the reports that were asked for, and prints the summary.
pub(crate) fn publish(report: &Report, output: &Output) -> Result<(), Trouble> {
    for (format, path) in &output.report {
        write_text(path, (format.write)(report))?;
    }
    if !output.quiet {
        console::say(&upspec_report::summary(report, Style::Coloured));
        for (_, path) in &output.report {
            console::say(&format!("wrote {}\n", path.display()));
        }
    }
    Ok(())
}

/// Writes a file, and makes the folders on the way.
pub(crate) fn write_text(path: &Path, text: String) -> Result<(), Trouble> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let made = folder.map_or(Ok(()), std::fs::create_dir_all);
    made.and_then(|()| std::fs::write(path, text))
        .map_err(|error| Trouble::usage(format!("cannot write {}: {error}", path.display())))
}

/// What the verdicts of a report make of the run.
pub(crate) fn exit(report: &Report, output: &Output) -> Result<Exit, Trouble> {
    let excused = match &output.baseline {
        Some(path) => excused(path)?,
        None => HashSet::new(),
    };
    let least = match output.fail_on {
        FailOn::Fail => Verdict::Fail,
        FailOn::Warn => Verdict::Warn,
        FailOn::Never => return Ok(Exit::Conforming),
    };
    let failed = report.cases.iter().any(|case| {
        let counts = matches!(case.verdict, Verdict::Warn | Verdict::Fail) && case.verdict >= least;
        counts && (!case.flaky || output.strict_flaky) && !excused.contains(&case.id)
    });
    Ok(if failed { Exit::Failed } else { Exit::Conforming })
}

/// The ids of the cases that were not in order in an earlier report.
fn excused(path: &Path) -> Result<HashSet<String>, Trouble> {
    let report = read(path)?;
    let bad = report.cases.into_iter().filter(|case| case.verdict >= Verdict::Warn);
    Ok(bad.map(|case| case.id).collect())
}

/// Reads a report of an earlier run.
pub(crate) fn read(path: &Path) -> Result<Report, Trouble> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Trouble::usage(format!("cannot read {}: {error}", path.display())))?;
    Report::read(&text).map_err(|error| Trouble::usage(format!("{}: {error}", path.display())))
}
