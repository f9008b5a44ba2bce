//! Which known faults give the pattern of verdicts that a report shows.
//! A cover of what is to be explained: the fault that explains most comes first.

use std::collections::{BTreeMap, BTreeSet};

use upspec_judge::{CaseResult, Verdict};

use super::unit::{Unit, Way, speaks_against};

/// A fault that a server can have, and the cases that would show it.
#[derive(Clone, Debug)]
pub struct Suspect<'s> {
    /// Its name: `accept-post`. The first or the last word says what comes of a request that meets the fault,
    /// where the fault is about that: `accept-`, `refuse-`, `close-`, `silent-`, `-500`, `-closed`, ….
    pub name: &'s str,
    /// What is wrong, as a sentence.
    pub summary: &'s str,
    /// The requirement that it breaks.
    pub breaks: &'s str,
    /// What it breaks beside it.
    pub also: &'s [&'s str],
    /// The ids of the cases that catch it.
    pub cases: BTreeSet<&'s str>,
}

/// A fault that a report looks like, and the units that it explains.
pub(super) struct Guilty<'s, 'r> {
    /// The fault.
    pub(super) suspect: &'s Suspect<'s>,
    /// What it explains.
    pub(super) units: Vec<Unit<'r>>,
    /// How many cases pass that would show it.
    pub(super) spared: usize,
}

/// The faults that explain units, and the units that are left over.
pub(super) fn find<'s, 'r>(
    suspects: &'s [Suspect<'s>],
    cases: &[CaseResult],
    mut left: Vec<Unit<'r>>,
) -> (Vec<Guilty<'s, 'r>>, Vec<Unit<'r>>) {
    let judged = judged(cases);
    let likely: Vec<_> =
        suspects.iter().filter(|suspect| suspect.is_likely(&judged, &left)).collect();
    let mut found = Vec::new();
    loop {
        let explained = likely.iter().map(|suspect| (*suspect, suspect.explains(&left)));
        // The last of the best: where two explain as much, the one that would show in fewer cases.
        let best =
            explained.filter(|(_, units)| units.len() >= FEWEST).max_by_key(|(suspect, units)| {
                let seen = suspect.cases.iter().filter(|case| judged.contains_key(**case)).count();
                (units.len(), std::cmp::Reverse((seen, suspect.name)))
            });
        let Some((suspect, units)) = best else {
            return (found, left);
        };
        let taken: BTreeSet<_> = units.iter().map(Unit::key).collect();
        left.retain(|unit| !taken.contains(&unit.key()));
        let spared = suspect.cases.iter().filter(|case| judged.get(*case) == Some(&false));
        found.push(Guilty { suspect, units, spared: spared.count() });
    }
}

/// The cases that were judged, and whether that was against the target.
fn judged(cases: &[CaseResult]) -> BTreeMap<&str, bool> {
    let judged = cases.iter().filter(|case| case.verdict == Verdict::Pass || speaks_against(case));
    judged.map(|case| (case.id.as_str(), speaks_against(case))).collect()
}

impl Suspect<'_> {
    /// Whether nearly all cases that would show the fault speak against the target, and most of them say
    /// what the fault would make them say.
    fn is_likely(&self, judged: &BTreeMap<&str, bool>, units: &[Unit<'_>]) -> bool {
        let asked: Vec<bool> =
            self.cases.iter().filter_map(|case| judged.get(case).copied()).collect();
        let against = asked.iter().filter(|against| **against).count();
        let explained = self.explains(units).len();
        explained >= FEWEST
            && against * 100 >= asked.len() * AGAINST_PERCENT
            && explained * 100 >= asked.len() * EXPLAINED_PERCENT
    }

    /// The units that the fault would give: of one way, the one that most of them have.
    fn explains<'r>(&self, units: &[Unit<'r>]) -> Vec<Unit<'r>> {
        let fitting: Vec<_> = units.iter().filter(|unit| self.fits(unit)).copied().collect();
        let mut ways: BTreeMap<Way, usize> = BTreeMap::new();
        for way in fitting.iter().filter_map(|unit| unit.way) {
            *ways.entry(way).or_default() += 1;
        }
        let usual = ways.iter().max_by_key(|(_, count)| **count).map(|(way, _)| *way);
        fitting.into_iter().filter(|unit| unit.way.is_none() || unit.way == usual).collect()
    }

    fn fits(&self, unit: &Unit<'_>) -> bool {
        self.cites(unit) && self.cases.contains(unit.case.id.as_str()) && self.goes(unit.way)
    }

    /// Whether a unit cites what the fault breaks.
    pub(super) fn cites(&self, unit: &Unit<'_>) -> bool {
        let cited = unit.finding.requirement.as_str();
        cited == self.breaks || self.also.contains(&cited)
    }

    /// Whether the fault refuses what could be taken; the names of the faults say so.
    pub(super) fn keeps_out(&self) -> bool {
        matches!(self.name.split('-').next(), Some("refuse" | "no"))
    }

    /// Whether the fault can lead to this; the names of the faults say so.
    fn goes(&self, way: Option<Way>) -> bool {
        let Some(way) = way else {
            return true;
        };
        let first = self.name.split('-').next().unwrap_or_default();
        let last = self.name.rsplit('-').next().unwrap_or_default();
        match (first, last) {
            (_, "500" | "501") | ("server", _) => way == Way::Status(5),
            (_, "400" | "refused") => matches!(way, Way::Status(4 | 5) | Way::Ended),
            (_, "closed" | "reset") => way == Way::Ended,
            (_, "hang" | "hangs" | "silent" | "crash") => matches!(way, Way::Silent | Way::Ended),
            ("accept", _) => matches!(way, Way::Switched | Way::Spoiled | Way::Status(2)),
            ("refuse" | "no", _) => !matches!(way, Way::Switched | Way::Silent),
            ("close", _) => !matches!(way, Way::Silent),
            ("silent", _) => way == Way::Silent,
            _ => !matches!(way, Way::Ended | Way::Silent),
        }
    }
}

/// A fault that would explain one case alone says no more than the case does.
const FEWEST: usize = 2;

/// How many of the cases that would show a fault have to speak against the target.
const AGAINST_PERCENT: usize = 80;

/// How many of them have to say what the fault would make them say.
const EXPLAINED_PERCENT: usize = 50;
