//! Which known faults give the pattern of verdicts that a report shows.
//! A cover of what is to be explained: the fault that explains most comes first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

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
    /// The ids of the cases that catch it, each once.
    pub cases: Vec<&'s str>,
}

/// A fault that a report looks like, and the units that it explains.
pub(super) struct Guilty<'s, 'r> {
    /// The fault.
    pub(super) suspect: &'s Suspect<'s>,
    /// What it explains.
    pub(super) units: Vec<Unit<'r>>,
    /// Whether another fault explains the same as well.
    pub(super) is_one_of_two: bool,
}

/// The faults that explain units, and the units that are left over.
pub(super) fn find<'s, 'r>(
    suspects: &'s [Suspect<'s>],
    cases: &[CaseResult],
    units: Vec<Unit<'r>>,
) -> (Vec<Guilty<'s, 'r>>, Vec<Unit<'r>>) {
    let scene = Scene::new(cases, &units);
    let mut charges: Vec<Charge<'_>> =
        suspects.iter().filter_map(|suspect| scene.charge(suspect)).collect();
    let mut found = Vec::new();
    let mut is_left = vec![true; units.len()];
    while let Some(best) = (0..charges.len()).max_by_key(|place| charges[*place].weight()) {
        let Charge { suspect, explained, .. } = charges.swap_remove(best);
        let is_one_of_two = charges.iter().any(|other| other.explained == explained);
        for unit in &explained {
            is_left[*unit] = false;
        }
        let explained = explained.iter().map(|unit| units[*unit]).collect();
        found.push(Guilty { suspect, units: explained, is_one_of_two });
        charges.retain_mut(|charge| charge.holds(&is_left, &units));
    }
    let left = units.into_iter().zip(is_left).filter_map(|(unit, left)| left.then_some(unit));
    (found, left.collect())
}

/// What speaks for and against a suspect.
struct Charge<'s> {
    suspect: &'s Suspect<'s>,
    /// The places of the units that are left and that it could give.
    fitting: Vec<usize>,
    /// Those of them that it would give: of one way, the one that most of them have.
    explained: Vec<usize>,
    /// How many of the cases that would show it were judged.
    asked: usize,
}

impl<'s> Charge<'s> {
    /// Whom to blame first: where two explain as much, the one that would show in fewer cases.
    fn weight(&self) -> (usize, Reverse<(usize, &'s str)>) {
        (self.explained.len(), Reverse((self.asked, self.suspect.name)))
    }

    /// Drops what another fault explains by now; whether enough is left.
    fn holds(&mut self, is_left: &[bool], units: &[Unit<'_>]) -> bool {
        let before = self.fitting.len();
        self.fitting.retain(|unit| is_left[*unit]);
        if self.fitting.len() < before {
            self.explained = usual(&self.fitting, units);
        }
        self.explained.len() >= FEWEST
    }
}

/// A report as a suspect is held against it.
struct Scene<'c, 'r> {
    units: &'c [Unit<'r>],
    /// For each case that was judged its place, and whether that was against the target.
    judged: HashMap<&'c str, (usize, bool)>,
    /// The places of the units of each case.
    of_case: Vec<Range<usize>>,
}

impl<'c, 'r> Scene<'c, 'r> {
    fn new(cases: &'c [CaseResult], units: &'c [Unit<'r>]) -> Self {
        let is_judged = |case: &CaseResult| case.verdict == Verdict::Pass || speaks_against(case);
        let judged = cases.iter().enumerate().filter(|(_, case)| is_judged(case));
        let judged =
            judged.map(|(place, case)| (case.id.as_str(), (place, speaks_against(case)))).collect();
        // The units stand in the order of their cases.
        let mut of_case = vec![0..0; cases.len()];
        for (place, unit) in units.iter().enumerate() {
            let range: &mut Range<usize> = &mut of_case[unit.place];
            let start = if range.end == 0 { place } else { range.start };
            *range = start..place + 1;
        }
        Self { units, judged, of_case }
    }

    /// The charge against a suspect, if nearly all cases that would show it speak against the target, and
    /// most of them say what it would make them say.
    fn charge<'s>(&self, suspect: &'s Suspect<'s>) -> Option<Charge<'s>> {
        let (mut asked, mut against, mut fitting) = (0, 0, Vec::new());
        for case in &suspect.cases {
            let Some((place, is_against)) = self.judged.get(case) else {
                continue;
            };
            asked += 1;
            if *is_against {
                against += 1;
                let units = self.of_case[*place].clone();
                fitting.extend(units.filter(|unit| suspect.fits(&self.units[*unit])));
            }
        }
        fitting.sort_unstable();
        let explained = usual(&fitting, self.units);
        let is_likely = explained.len() >= FEWEST
            && against * 100 >= asked * AGAINST_PERCENT
            && explained.len() * 100 >= asked * EXPLAINED_PERCENT;
        is_likely.then_some(Charge { suspect, fitting, explained, asked })
    }
}

/// Of these units the ones of one way, the one that most of them have, and those that have none.
fn usual(fitting: &[usize], units: &[Unit<'_>]) -> Vec<usize> {
    let mut ways: BTreeMap<Way, usize> = BTreeMap::new();
    for way in fitting.iter().filter_map(|unit| units[*unit].way) {
        *ways.entry(way).or_default() += 1;
    }
    let usual = ways.iter().max_by_key(|(_, count)| **count).map(|(way, _)| *way);
    let is_usual = |unit: &&usize| units[**unit].way.is_none() || units[**unit].way == usual;
    fitting.iter().filter(is_usual).copied().collect()
}

impl Suspect<'_> {
    fn fits(&self, unit: &Unit<'_>) -> bool {
        self.cites(unit) && self.goes(unit.way)
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
