//! What a run leaves behind: it is checked before the run, written after it, and the exit code comes from it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::Offset;

use upspec_corpus::Corpus;
use upspec_corpus::case::Need;
use upspec_judge::{CaseResult, Habit, Verdict};
use upspec_report::history::Entry;
use upspec_report::{
    Baseline, Demand, FORMATS, Prevalence, Report, Standing, Style, Summary, Tool, listing,
};

use crate::args::{DEFAULT_REPORTS, FailOn, Output, wish};
use crate::console;
use crate::exit::{Exit, Trouble};
use crate::flaws;
use crate::locate::locate;
use crate::sinks::Sinks;

/// What made the report.
pub(crate) fn tool(corpus: &Corpus) -> Tool {
    Tool { version: env!("CARGO_PKG_VERSION").to_owned(), corpus: corpus.digest.clone() }
}

/// Finds the causes behind the cases of a report, with the faults of the reference for its role as suspects.
pub(crate) fn find_causes(report: &mut Report, habits: &[Habit], corpus: &Corpus) {
    let suspects = flaws::of(report.target.role);
    let others = Prevalence::of(report.target.role);
    report.find_causes(habits, &corpus.requirements, &suspects, others);
}

/// The files of a run, found to be in order before it begins.
pub(crate) struct Outputs<'a> {
    output: &'a Output,
    sinks: Sinks<Report>,
    baseline: Option<(String, Baseline)>,
    /// The cases that were asked for, where not all were.
    pub(crate) asked: Option<BTreeSet<String>>,
    /// No summary is printed.
    pub(crate) is_brief: bool,
}

impl<'a> Outputs<'a> {
    /// Reads the baseline and finds out whether the reports can be written. `others` are paths that the
    /// command reads: no report may take their place.
    pub(crate) fn prepare(output: &'a Output, others: &[&PathBuf]) -> Result<Self, Trouble> {
        let baseline = match &output.baseline {
            Some(path) => Some((path.display().to_string(), read_baseline(path)?)),
            None => None,
        };
        let others = others.iter().copied().chain(&output.baseline).chain(&output.history);
        if let Some(path) = &output.history {
            add_to(path, "")?;
        }
        let sinks = match output.report.is_empty() {
            true => default_sinks(),
            false => Sinks::prepare(&output.report, others)?,
        };
        Ok(Self { output, sinks, baseline, asked: None, is_brief: false })
    }

    /// Compares the report with the baseline, makes it as short and steady as is wanted, writes it, and prints the summary, whatever
    /// becomes of the files.
    pub(crate) fn publish(&self, report: &mut Report, corpus: &Corpus) -> Result<(), Trouble> {
        if let Some((name, baseline)) = &self.baseline {
            foreign(name, baseline, report);
            report.baseline = Some(baseline.standing(name, &report.cases, corpus, today()));
        }
        report.remarks.extend(self.unasked(report));
        report.demands = self.demands(report);
        report.remarks.extend(report.demands.iter().map(|demand| demand.said.clone()));
        locate(report, self.output.locate.as_deref());
        report.fail_on = self.output.fail_on.into();
        report.strict_flaky = self.output.strict_flaky;
        report.docs = self.output.docs.as_ref().map(|docs| docs.root().to_owned());
        let entry = Entry::of(report);
        if self.output.stable {
            report.stabilize();
        }
        let listed = (self.output.verbose > 0).then(|| {
            let asked = |id: &str| self.asked.as_ref().is_none_or(|asked| asked.contains(id));
            listing(report, Style::Coloured, self.output.verbose > 1, asked)
        });
        if self.output.slim {
            report.slim();
        }
        let is_judged = report.summary.judged() > 0;
        let written = self.sinks.write(report, is_judged);
        let added = match self.output.history.as_ref().filter(|_| is_judged) {
            Some(path) => add_to(path, &entry.line()),
            None => Ok(()),
        };
        if !self.output.quiet {
            self.sinks.tell(&listed.unwrap_or_default());
            // What stood in the way of all is the error that the command ends with.
            if !self.is_brief && (is_judged || report.trouble.is_none()) {
                self.sinks.tell(&upspec_report::summary(report, Style::Coloured));
            }
            if !self.is_brief {
                self.sinks.tell(&written.told);
            }
        }
        written.result.and(added)
    }

    /// What the target has to have, as the user says, and does not show.
    fn lacking(&self, report: &Report) -> impl Iterator<Item = Need> {
        let needs = match self.output.fail_on {
            FailOn::Never => &[][..],
            FailOn::Fail | FailOn::Warn => &self.output.need[..],
        };
        let facts = &report.target.facts;
        needs.iter().copied().filter(move |need| !facts.has(*need))
    }

    /// What fails the run besides its cases.
    fn demands(&self, report: &Report) -> Vec<Demand> {
        let demand = |option: &str, said| Demand { option: option.to_owned(), said };
        let lacks = |need| format!("the target shows no {need}, which --need asks for");
        let lacking = self.lacking(report).map(|need| demand("need", lacks(need)));
        let lagging = self.is_lagging(report).then(|| LAGGING.to_owned());
        lacking.chain(lagging.map(|said| demand("strict-baseline", said))).collect()
    }

    /// Whether the baseline accepts something in vain, where the user wants to know.
    fn is_lagging(&self, report: &Report) -> bool {
        let counts = self.output.strict_baseline && self.output.fail_on != FailOn::Never;
        let standing = report.baseline.as_ref().filter(|_| counts);
        standing.is_some_and(|one| !one.fixed.is_empty() || !one.stale.is_empty())
    }

    /// Which cases are in a report though nobody asked for them, so that its numbers surprise nobody.
    fn unasked(&self, report: &Report) -> Option<String> {
        let asked = self.asked.as_ref()?;
        let others = report.cases.iter().filter(|case| !asked.contains(&case.id)).count();
        let (number, played) = (asked.len(), report.cases.len() - others);
        let were = if number == 1 { "case was" } else { "cases were" };
        let played = (played < number).then(|| format!(", and {played} of them played"));
        let played = played.unwrap_or_default();
        let are = if others == 1 { "one is a control" } else { "are controls" };
        let others = if others == 1 { String::new() } else { format!("{others} ") };
        (others != "0 ").then(|| {
            format!(
                "{number} {were} asked for{played}; {others}{are}, without which a run says nothing"
            )
        })
    }

    /// What the verdicts of a report make of the run.
    pub(crate) fn exit(&self, report: &Report) -> Exit {
        match report.cases.iter().any(|case| self.fails(report, case)) {
            true => Exit::Failed,
            false if self.lacking(report).next().is_some() => Exit::Failed,
            false if self.is_lagging(report) => Exit::Failed,
            // What was not played says nothing, so that it is no success either.
            false if report.summary.error > 0 => Exit::Unreachable,
            false => Exit::Conforming,
        }
    }

    /// How many of these cases fail the run.
    pub(crate) fn how_many_fail(&self, cases: &[CaseResult], corpus: &Corpus) -> usize {
        let standing = self.baseline.as_ref();
        let standing =
            standing.map(|(name, baseline)| baseline.standing(name, cases, corpus, today()));
        cases.iter().filter(|case| self.is_failure(standing.as_ref(), case)).count()
    }

    /// The cases that fail the run, each with what it did.
    pub(crate) fn failing(&self, report: &Report) -> BTreeMap<String, String> {
        let failing = report.cases.iter().filter(|case| self.fails(report, case));
        let worst = |case: &CaseResult| {
            let findings = case.findings.iter().filter(|one| one.verdict == case.verdict);
            findings.map(|one| one.message.clone()).next().unwrap_or_default()
        };
        failing.map(|case| (case.id.clone(), worst(case))).collect()
    }

    /// Whether a case makes the run end with 1.
    fn fails(&self, report: &Report, case: &CaseResult) -> bool {
        self.is_failure(report.baseline.as_ref(), case)
    }

    fn is_failure(&self, baseline: Option<&Standing>, case: &CaseResult) -> bool {
        let least = match self.output.fail_on {
            FailOn::Fail => Verdict::Fail,
            FailOn::Warn => Verdict::Warn,
            FailOn::Never => return false,
        };
        let verdict = match baseline {
            Some(standing) => standing.new.get(&case.id).map(|new| new.verdict),
            None => Some(case.verdict).filter(|one| matches!(one, Verdict::Warn | Verdict::Fail)),
        };
        verdict.is_some_and(|verdict| verdict >= least) && (!case.flaky || self.output.strict_flaky)
    }
}

const LAGGING: &str = "the baseline accepts what is no longer so, and --strict-baseline fails the run for it; `upspec baseline \
     prune FILE REPORT` takes it out";

/// A report in a line: what is new, or else how many cases have which verdict.
pub(crate) fn line(report: &Report) -> String {
    match (&report.trouble, &report.baseline) {
        (Some(trouble), _) if report.summary.judged() == 0 => trouble.clone(),
        (_, Some(standing)) => standing.headline(),
        _ => {
            let Summary { pass, warn, fail, inconclusive, error } = report.summary;
            format!(
                "{fail} fail, {warn} warn, {error} error, {inconclusive} inconclusive, {pass} pass"
            )
        }
    }
}

/// The reports that nobody asked for. Where they cannot be written, the summary has to do.
fn default_sinks() -> Sinks<Report> {
    let wishes = DEFAULT_REPORTS.iter().filter_map(|wanted| wish(wanted, FORMATS).ok());
    let wishes: Vec<_> = wishes.collect();
    Sinks::prepare(&wishes, []).unwrap_or_else(|trouble| {
        console::remark(&format!("{}; there will be no report", trouble.message));
        Sinks::none()
    })
}

/// Says on which points a baseline and a run do not belong together.
fn foreign(name: &str, baseline: &Baseline, report: &Report) {
    let here = target_of(report);
    if let Some(target) = baseline.target.as_ref().filter(|target| **target != here) {
        console::remark(&format!("{name} was written for {target}, and this is {here}"));
    }
    if baseline.corpus.as_ref().is_some_and(|corpus| *corpus != report.tool.corpus) {
        console::remark(&format!(
            "{name} was written with other cases than these; what is new may be so for that reason"
        ));
    }
}

/// What a baseline calls the target of a report: its name, or its URL without the query, which may hold secrets.
pub(crate) fn target_of(report: &Report) -> String {
    let url = report.target.url.split(['?', '#']).next().unwrap_or_default();
    report.target.name.clone().unwrap_or_else(|| url.to_owned())
}

/// The day on which we are, in UTC.
pub(crate) fn today() -> jiff::civil::Date {
    Offset::UTC.to_datetime(Timestamp::now()).date()
}

/// Adds a text to the history of runs.
fn add_to(path: &Path, text: &str) -> Result<(), Trouble> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let made = folder.map_or(Ok(()), std::fs::create_dir_all);
    let added = made.and_then(|()| {
        let mut file = OpenOptions::new().append(true).create(true).open(path)?;
        file.write_all(text.as_bytes())
    });
    added.map_err(|error| {
        Trouble::usage(format!("--history: cannot write {}: {error}", path.display()))
    })
}

/// Reads a baseline.
pub(crate) fn read_baseline(path: &Path) -> Result<Baseline, Trouble> {
    Baseline::read(&text_of(path)?)
        .map_err(|error| Trouble::usage(format!("{}: {error}", path.display())))
}

/// Reads a report of an earlier run.
pub(crate) fn read(path: &Path) -> Result<Report, Trouble> {
    Report::read(&text_of(path)?)
        .map_err(|error| Trouble::usage(format!("{}: {error}", path.display())))
}

/// What is in a file.
pub(crate) fn text_of(path: &Path) -> Result<String, Trouble> {
    upspec_corpus::text::read(path)
        .map_err(|error| Trouble::usage(format!("cannot read {}: {error}", path.display())))
}
