//! `upspec list`: the cases or requirements, one per line or as JSON. It lists hazardous cases, too, as it
//! plays none.

use std::path::Path;

use serde::Serialize;
use upspec_corpus::case::Case;
use upspec_corpus::words::Word as _;
use upspec_corpus::{Bindings, Corpus};

use crate::args::{ListArgs, ListFormat};
use crate::exit::{Exit, Trouble};
use crate::run::fresh_seed;
use crate::{console, selection};

/// Lists what the arguments select.
pub(crate) fn list(args: &ListArgs) -> Result<Exit, Trouble> {
    let corpus = selection::load(&args.selection.cases)?;
    args.selection.check(&corpus)?;
    if args.requirements {
        requirements(&corpus, args.format);
        return Ok(Exit::Conforming);
    }
    let wanted = corpus.cases.iter().filter(|case| args.selection.names(case, &corpus)).collect();
    let wanted = args.selection.drawn(wanted, args.seed.unwrap_or_else(fresh_seed));
    if let Some(folder) = &args.octets {
        return octets(&wanted, folder);
    }
    match args.format {
        ListFormat::Text => {
            console::say(&wanted.into_iter().map(line).collect::<String>());
        }
        ListFormat::Json => {
            let row = |case| CaseRow::of(case, &corpus);
            let rows: Vec<CaseRow<'_>> = wanted.into_iter().map(row).collect();
            console::say(&json(&rows));
        }
    }
    Ok(Exit::Conforming)
}

fn line(case: &Case) -> String {
    let mark = case.hazard.map_or("", |_| " (hazardous)");
    format!("{}  {}{mark}\n", case.id, case.title)
}

/// Writes what the cases send first, each into a file of its own.
fn octets(cases: &[&Case], folder: &Path) -> Result<Exit, Trouble> {
    let trouble = |path: &Path, error: std::io::Error| {
        Trouble::usage(format!("--octets: cannot write {}: {error}", path.display()))
    };
    std::fs::create_dir_all(folder).map_err(|error| trouble(folder, error))?;
    let bindings = Bindings::example();
    let mut written = 0;
    for case in cases {
        if let Some(octets) = case.first_octets(&bindings, MOST_OCTETS) {
            // No id has a dot, so that no two have one name.
            let path = folder.join(case.id.replace('/', "."));
            std::fs::write(&path, octets).map_err(|error| trouble(&path, error))?;
            written += 1;
        }
    }
    let left_out = match cases.len() - written {
        0 => String::new(),
        1 => "; 1 case sends nothing first, or too much".to_owned(),
        more => format!("; {more} cases send nothing first, or too much"),
    };
    let files = if written == 1 { "file" } else { "files" };
    console::say(&format!("wrote {written} {files} to {}{left_out}\n", folder.display()));
    Ok(Exit::Conforming)
}

/// More slows a fuzzer down more than it teaches it.
const MOST_OCTETS: usize = 64 << 10;

/// A case in the JSON list.
#[derive(Serialize)]
struct CaseRow<'c> {
    id: &'c str,
    title: &'c str,
    requirement: &'c str,
    /// The level of the requirement, and the harm that its breach does.
    level: Option<String>,
    harm: Option<String>,
    see: &'c [String],
    needs: Vec<&'static str>,
    tags: &'c [String],
    hazard: bool,
    /// Where the case is written.
    file: &'c str,
    line: usize,
}

impl<'c> CaseRow<'c> {
    fn of(case: &'c Case, corpus: &Corpus) -> Self {
        let rule = corpus.requirements.get(&case.requirement);
        Self {
            id: &case.id,
            title: &case.title,
            requirement: &case.requirement,
            level: rule.map(|rule| rule.level.to_string()),
            harm: rule.map(|rule| rule.harm.kind.to_string()),
            see: &case.see,
            needs: case.needs.iter().map(|need| need.word()).collect(),
            tags: &case.tags,
            hazard: case.hazard.is_some(),
            file: &case.source.file,
            line: case.source.line,
        }
    }
}

/// A requirement in the JSON list.
#[derive(Serialize)]
struct RequirementRow<'r> {
    id: &'r str,
    level: String,
    binds: String,
    text: &'r str,
    sections: Vec<String>,
    url: String,
    derived: bool,
    untestable: Option<&'r str>,
}

fn requirements(corpus: &Corpus, format: ListFormat) {
    let rows = corpus.requirements.iter().map(|one| RequirementRow {
        id: &one.id,
        level: one.level.to_string(),
        binds: one.binds.to_string(),
        text: &one.text,
        sections: one.sections().iter().map(ToString::to_string).collect(),
        url: one.url(),
        derived: one.derived,
        untestable: one.untestable.as_deref(),
    });
    match format {
        ListFormat::Text => {
            let lines =
                rows.map(|row| format!("{}  {} {}: {}\n", row.id, row.binds, row.level, row.text));
            console::say(&lines.collect::<String>());
        }
        ListFormat::Json => console::say(&json(&rows.collect::<Vec<_>>())),
    }
}

fn json(rows: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(rows).unwrap_or_default();
    text.push('\n');
    text
}
