//! The history of runs: a line of JSON for each, added to a file, and a table that shows how they went.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::report::{Report, Score, Summary};
use crate::visible::{self, write_to};

/// A run, in numbers. It is the JSON format `upspec-history`, version 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Always `upspec-history`.
    pub format: String,
    /// The version of this format: 1.
    pub version: u32,
    /// When the run began.
    pub started: Timestamp,
    /// What was tested: its name, or its URL without the query.
    pub target: String,
    /// The version of upspec.
    pub tool: String,
    /// The digest of the corpus.
    pub corpus: String,
    /// Whether the run came to its end.
    pub complete: bool,
    /// How many cases have which verdict.
    pub summary: Summary,
    /// Which share of the judged cases passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<Score>,
}

impl Entry {
    /// The entry of a run.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let url = report.target.url.split(['?', '#']).next().unwrap_or_default();
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            started: report.started,
            target: report.target.name.clone().unwrap_or_else(|| url.to_owned()),
            tool: report.tool.version.clone(),
            corpus: report.tool.corpus.clone(),
            complete: report.complete,
            summary: report.summary,
            score: report.summary.score(),
        }
    }

    /// It as a line of JSON, with a line feed at the end.
    #[must_use]
    pub fn line(&self) -> String {
        let line = serde_json::to_string(self)
            .expect("string keys and no fallible Serialize impl: nothing in it can fail");
        format!("{line}\n")
    }
}

/// Reads the entries of a file.
///
/// # Errors
///
/// The first line that is no entry, by its number, and why.
pub fn read(text: &str) -> Result<Vec<Entry>, String> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let entries = lines.map(|(before, line)| {
        let wrong = |why: String| format!("line {}: {why}", before + 1);
        let entry: Entry = serde_json::from_str(line)
            .map_err(|error| wrong(format!("no entry of a history: {error}")))?;
        match (entry.format.as_str(), entry.version) {
            (FORMAT, VERSION) => Ok(entry),
            (FORMAT, other) => Err(wrong(format!(
                "version {other} of a history: this upspec reads version {VERSION} only"
            ))),
            _ => Err(wrong("no entry of a history".to_owned())),
        }
    });
    entries.collect()
}

/// The runs as a table, in the order of the file, each with what changed since the one before it of the same target.
#[must_use]
pub fn table(entries: &[Entry]) -> String {
    let mut rows = vec![HEAD.map(str::to_owned)];
    let mut before: BTreeMap<&str, &Entry> = BTreeMap::new();
    for entry in entries {
        let last = before.insert(&entry.target, entry);
        let Summary { pass, warn, fail, inconclusive, error } = entry.summary;
        let counts = [pass, warn, fail, inconclusive, error].map(|count| count.to_string());
        let [pass, warn, fail, inconclusive, error] = counts;
        rows.push([
            entry.started.strftime("%Y-%m-%d %H:%M UTC").to_string(),
            visible::text(&entry.target),
            entry.score.map(|score| format!("{} %", score.percent)).unwrap_or_default(),
            fail,
            warn,
            pass,
            inconclusive,
            error,
            changed(last, entry),
        ]);
    }
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
            match WORDS.contains(&at) {
                true => write_to(&mut line, format_args!("{cell:<width$}  ")),
                false => write_to(&mut line, format_args!("{cell:>width$}  ")),
            }
        }
        write_to(&mut text, format_args!("{}\n", line.trim_end()));
    }
    text
}

/// What is other than in the run before: how many fail and warn, and what makes the two hard to compare.
fn changed(last: Option<&Entry>, entry: &Entry) -> String {
    let mut said = Vec::new();
    if let Some(last) = last {
        let counts = |entry: &Entry| [entry.summary.fail, entry.summary.warn];
        for ((word, was), is) in ["fail", "warn"].into_iter().zip(counts(last)).zip(counts(entry)) {
            match is.abs_diff(was) {
                0 => {}
                more if is > was => said.push(format!("+{more} {word}")),
                less => said.push(format!("-{less} {word}")),
            }
        }
        if last.corpus != entry.corpus {
            said.push("other cases".to_owned());
        } else if last.summary.total() != entry.summary.total() {
            said.push("not the same cases".to_owned());
        }
    }
    if !entry.complete {
        said.push("cut short".to_owned());
    }
    said.join(", ")
}

const FORMAT: &str = "upspec-history";
const VERSION: u32 = 1;

const HEAD: [&str; 9] =
    ["started", "target", "score", "fail", "warn", "pass", "inconclusive", "error", "changed"];

/// The columns that hold words, and no numbers.
const WORDS: [usize; 3] = [0, 1, 8];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn runs_are_shown_with_what_changed() {
        let mut report = sample::report();
        report.target.name = Some("mine".to_owned());
        let first = Entry::of(&report);
        let mut second = first.clone();
        second.summary.fail -= 1;
        second.summary.pass += 1;
        second.score = second.summary.score();
        let third = Entry { complete: false, corpus: "sha256:0".to_owned(), ..second.clone() };
        let other = Entry { target: "a\u{1b}b".to_owned(), ..third.clone() };
        let text: String = [&first, &second, &third, &other].map(Entry::line).concat();
        let entries = read(&text).unwrap();
        assert_eq!(entries.len(), 4);
        insta::assert_snapshot!(table(&entries));
    }

    #[test]
    fn what_is_no_history_is_said() {
        let line = Entry::of(&sample::report()).line();
        assert_eq!(read("\n\n"), Ok(Vec::new()));
        for (text, words) in [
            (format!("{line}{{}}\n"), "line 2: no entry of a history: missing field"),
            (line.replace("-history", "-report"), "line 1: no entry of a history"),
            (line.replace("\"version\":1", "\"version\":2"), "line 1: version 2 of a history"),
        ] {
            let error = read(&text).unwrap_err();
            assert!(error.contains(words), "{words}: {error}");
        }
    }
}
