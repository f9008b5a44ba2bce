//! Shows what the runs show: a line for each fault, the whole matrix as JSON, changes of the table.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Serialize;
use upspec_cli::Caught;
use upspec_corpus::Corpus;
use upspec_corpus::case::Case;
use upspec_judge::Verdict;

use super::demands;
use super::subject::Played;

/// A line for each server: what it is, how many cases fail and warn, and the first of them. The cases
/// that cite the requirement that a fault breaks come first.
pub(super) fn table(played: &[Played]) -> String {
    let mut text = String::new();
    for one in played {
        let count = |verdict| {
            let noted = one.noted.values();
            noted.filter(|noted| noted.verdict == verdict).count()
        };
        let requirement = one.subject.fault().map_or("-", |fault| fault.breaks);
        let _ = writeln!(
            text,
            "{:34} {:36} {:>3} fail {:>3} warn  {}",
            one.subject.name(),
            requirement,
            count(Verdict::Fail),
            count(Verdict::Warn),
            first(one, requirement).join(" "),
        );
    }
    text
}

fn first<'p>(played: &'p Played, requirement: &str) -> Vec<&'p str> {
    let caught = || played.noted.iter().filter(|(_, noted)| noted.is_caught());
    let cites = |cited: &BTreeSet<String>| cited.contains(requirement);
    let citing = caught().filter(|(_, noted)| cites(&noted.cited));
    let others = caught().filter(|(_, noted)| !cites(&noted.cited));
    let ids = citing.chain(others).map(|(case, _)| case.as_str());
    ids.map(|id| id.split_once('/').map_or(id, |(_, name)| name)).take(SHOWN).collect()
}

/// The whole matrix, without the cases that pass.
pub(super) fn json(corpus: &Corpus, played: &[Played]) -> String {
    let rows: Vec<Row<'_>> = played.iter().map(|one| Row::of(corpus, one)).collect();
    let mut text = serde_json::to_string_pretty(&rows).unwrap_or_default();
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Row<'p> {
    server: &'p str,
    requirement: Option<&'p str>,
    /// What it breaks besides, and the cases that show it.
    side_effects: BTreeMap<&'p str, Vec<&'p str>>,
    fail: Vec<&'p str>,
    warn: Vec<&'p str>,
    error: Vec<&'p str>,
    inconclusive: Vec<&'p str>,
}

impl<'p> Row<'p> {
    fn of(corpus: &Corpus, played: &'p Played) -> Self {
        let with = |verdict| {
            let noted = played.noted.iter();
            noted
                .filter(|(_, noted)| noted.verdict == verdict)
                .map(|(case, _)| case.as_str())
                .collect()
        };
        Self {
            server: played.subject.name(),
            requirement: played.subject.fault().map(|fault| fault.breaks),
            side_effects: demands::side_effects(corpus, played),
            fail: with(Verdict::Fail),
            warn: with(Verdict::Warn),
            error: with(Verdict::Error),
            inconclusive: played.undecided.keys().map(String::as_str).collect(),
        }
    }
}

/// How many there are of each, and the cases that are weaker than they should be.
pub(super) fn totals(corpus: &Corpus, played: &[Played]) -> String {
    let faults = played.iter().filter(|one| one.subject.fault().is_some());
    let lawful = played.len() - faults.clone().count();
    let pairs: usize = faults.clone().map(|one| one.caught().len()).sum();
    let weak = demands::caught_by_rules_alone(corpus, played);
    let is_played = |case: &&Case| played.iter().any(|one| one.subject.role() == case.role);
    let cases = corpus.cases.iter().filter(is_played);
    let mut text = format!(
        "\n{} cases against {lawful} lawful peers and {} faults: {pairs} verdicts of fail or warn\n\
         {} cases are caught out by rules for every response alone\n",
        cases.count(),
        faults.count(),
        weak.len(),
    );
    for case in weak {
        let _ = writeln!(text, "  {case}");
    }
    text
}

/// The pairs of a case and a fault that differ, a line each. A race between two ends decides a few pairs, now this
/// way and now the other: so few are no change, unless one side does not have the case or the fault at all.
pub(super) fn changes(before: &Caught, now: &Caught) -> Vec<String> {
    let old: BTreeSet<(&str, &str)> = before.pairs().collect();
    let new: BTreeSet<(&str, &str)> = now.pairs().collect();
    let gone: Vec<_> = old.difference(&new).collect();
    let come: Vec<_> = new.difference(&old).collect();
    let is_known = |table: &BTreeSet<(&str, &str)>, pair: (&str, &str)| {
        table.iter().any(|(case, _)| *case == pair.0)
            && table.iter().any(|(_, fault)| *fault == pair.1)
    };
    let is_race = gone.iter().all(|pair| is_known(&new, **pair))
        && come.iter().all(|pair| is_known(&old, **pair))
        && (gone.len() + come.len()) * MOST_RACES <= old.len();
    if is_race {
        return Vec::new();
    }
    let gone = gone.iter().map(|(case, fault)| format!("- {case}: {fault}"));
    let come = come.iter().map(|(case, fault)| format!("+ {case}: {fault}"));
    gone.chain(come).collect()
}

/// Of so many pairs one may be decided by a race.
const MOST_RACES: usize = 200;
/// How many cases a line names.
const SHOWN: usize = 3;
