//! Units that belong together, and what is said of them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use upspec_corpus::words::Word as _;
use upspec_corpus::{Harm, HarmKind, Level, Registry, Requirement, Weight};
use upspec_judge::{CaseResult, Habit, SURVIVES, Verdict};

use super::Cause;
use super::difference::Difference;
use super::suspect::{Guilty, Suspect};
use super::title::{although, fitting, plain, said, title, told, upper};
use super::unit::{Unit, Way};
use crate::prevalence::Prevalence;

/// The one part in which the request of each case differs from a plain one, by the case's place.
pub(super) type Differences = BTreeMap<usize, Difference>;

/// A cause while it is put together.
pub(super) struct Group<'s, 'r> {
    title: String,
    requirement: String,
    /// The faults that explain it, the most telling first.
    pub(super) faults: Vec<&'s Suspect<'s>>,
    pub(super) units: Vec<Unit<'r>>,
    /// The cases of a habit in which it does not count.
    others: Vec<String>,
}

impl<'s, 'r> Group<'s, 'r> {
    /// What a fault explains.
    pub(super) fn of_guilty(guilty: Guilty<'s, 'r>) -> Self {
        let summary = guilty.suspect.summary.trim_end_matches('.');
        // What was found says which of two it is.
        let said = guilty.units.iter().all(|unit| unit.way.is_none()).then(|| said(&guilty.units));
        let summary = match said.flatten().filter(|_| guilty.is_one_of_two) {
            Some(said) => upper(said),
            None => summary.to_owned(),
        };
        Self {
            title: summary,
            requirement: guilty.suspect.breaks.to_owned(),
            faults: vec![guilty.suspect],
            units: guilty.units,
            others: Vec::new(),
        }
    }

    /// A habit, if the report has the finding that counts.
    pub(super) fn of_habit(habit: &Habit, cases: &'r [CaseResult]) -> Option<Self> {
        let place = cases.iter().position(|case| case.id == habit.at)?;
        let case = &cases[place];
        let finding = case.findings.iter().find(|finding| habit.is(case, finding))?;
        Some(Self {
            title: told(&plain(&finding.message), ""),
            requirement: habit.requirement.clone(),
            faults: Vec::new(),
            units: vec![Unit { place, case, finding, way: None }],
            others: habit.cases.iter().filter(|id| **id != habit.at).cloned().collect(),
        })
    }

    /// What no fault explains, but what has something in common.
    pub(super) fn of_units(
        mut units: Vec<Unit<'r>>,
        differences: &Differences,
        registry: &Registry,
    ) -> Self {
        units.sort_by_key(|unit| unit.place);
        let mut cited: BTreeMap<&str, usize> = BTreeMap::new();
        let worst = units.iter().map(|unit| unit.finding.verdict).max();
        for unit in units.iter().filter(|unit| Some(unit.finding.verdict) == worst) {
            *cited.entry(&unit.finding.requirement).or_default() += 1;
        }
        let most = cited.iter().max_by_key(|(id, count)| (**count, Reverse(**id)));
        let requirement = most.map(|(id, _)| (*id).to_owned()).unwrap_or_default();
        let rule = registry.get(&requirement).map_or("", |known| known.text.as_str());
        let title = title(&units, differences, rule);
        Self { title, requirement, faults: Vec::new(), units, others: Vec::new() }
    }

    /// All requests that are closed without an answer where an error would be better.
    pub(super) fn of_closed(units: Vec<Unit<'r>>) -> Self {
        let title = "closes the connection without an answer to what it refuses".to_owned();
        let requirement = REFUSE.to_owned();
        Self { title, requirement, faults: Vec::new(), units, others: Vec::new() }
    }

    /// Takes in another group, if both are about the same part of a request and rules of the same RFC, with
    /// the same outcome and harm.
    pub(super) fn takes_in(
        &mut self,
        other: &mut Self,
        differences: &Differences,
        registry: &Registry,
    ) -> bool {
        let harm = |id: &str| registry.get(id).map(|known| known.harm.kind);
        let rfc = |id: &str| registry.get(id).map(|known| known.rfc().to_owned());
        let parts = (self.part(differences), other.part(differences));
        // The request line is the matter of several RFCs.
        let is_one_matter = parts.0.is_some_and(Difference::is_in_request_line)
            || rfc(&self.requirement) == rfc(&other.requirement);
        let same = is_one_matter
            && harm(&self.requirement) == harm(&other.requirement)
            && self.way().is_some()
            && self.way() == other.way()
            && matches!(parts, (Some(one), Some(two)) if one.is_in_part_of(two));
        if same {
            if other.worst() > self.worst() {
                std::mem::swap(&mut self.title, &mut other.title);
            }
            self.take(other);
        }
        same
    }

    fn take(&mut self, other: &mut Self) {
        self.faults.append(&mut other.faults);
        self.units.append(&mut other.units);
        self.others.append(&mut other.others);
    }

    /// Takes in another group that is called the same under the same rule: whoever mends the one mends the other.
    pub(super) fn takes_in_namesake(&mut self, other: &mut Self, registry: &Registry) -> bool {
        let same = self.requirement == other.requirement
            && self.is_death() == other.is_death()
            && self.named(registry) == other.named(registry);
        if same {
            self.take(other);
        }
        same
    }

    /// What the target does wrong, as a sentence without its subject: as the rule puts its breach, if this is one; else
    /// as a fault does, or as it was found.
    fn named(&self, registry: &Registry) -> String {
        let breach = self.breached(registry).and_then(|known| known.breach.as_deref());
        breach.map_or_else(|| fitting(upper(self.title.clone())), str::to_owned)
    }

    /// What to do about it.
    fn mend(&self, registry: &Registry) -> Option<String> {
        let known = registry.get(&self.requirement);
        let is_warned = self.worst() == Some(Verdict::Warn);
        let own = known.filter(|known| self.fits(known)).and_then(|known| known.mend.clone());
        if self.is_death() {
            return Some(SURVIVE.to_owned());
        }
        if is_warned && self.way() == Some(Way::Ended) {
            return Some(ANSWER.to_owned());
        }
        own.or_else(|| known.map(|known| format!("see to it that {}", although(&known.text))))
    }

    /// The rule, where what was seen is what its breach looks like.
    fn breached<'k>(&self, registry: &'k Registry) -> Option<&'k Requirement> {
        let known = registry.get(&self.requirement).filter(|_| !self.is_death())?;
        if !self.fits(known) {
            return None;
        }
        let is_warned = self.worst() == Some(Verdict::Warn);
        let locks_out = known.harm.kind == HarmKind::Lockout;
        let keeps_out = self.keeps_out() || is_warned && self.is_refused();
        (!keeps_out || locks_out).then_some(known)
    }

    /// Whether the breach that a rule puts into words can be what was seen: a rule about what to take is broken as well
    /// by whoever refuses it.
    fn fits(&self, known: &Requirement) -> bool {
        let is_of = |verbs: &[&str]| {
            known
                .breach
                .as_ref()
                .is_some_and(|breach| verbs.iter().any(|verb| breach.starts_with(verb)))
        };
        let all =
            |wanted: fn(Way) -> bool| self.units.iter().all(|unit| unit.way.is_some_and(wanted));
        let refuses = all(|way| matches!(way, Way::Status(4 | 5) | Way::Ended | Way::Silent));
        let takes = all(|way| matches!(way, Way::Switched | Way::Spoiled | Way::Status(2)));
        !(refuses && is_of(&OF_TAKING) || takes && is_of(&OF_REFUSING))
    }

    fn is_refused(&self) -> bool {
        matches!(self.way(), Some(Way::Status(4 | 5) | Way::Ended | Way::Silent))
    }

    fn keeps_out(&self) -> bool {
        self.faults.first().is_some_and(|fault| fault.keeps_out())
    }

    /// Takes in another group that the same cases show, under the rule whose breach does more harm; a death does most.
    pub(super) fn takes_in_twin(&mut self, other: &mut Self, registry: &Registry) -> bool {
        let places = |group: &Self| -> BTreeSet<usize> {
            group.units.iter().map(|unit| unit.place).collect()
        };
        let harm = |id: &str| registry.get(id).map(|known| known.harm.kind);
        let same = places(self) == places(other);
        if same {
            let is_worse = harm(&other.requirement) < harm(&self.requirement);
            if other.is_death() || is_worse && !self.is_death() {
                std::mem::swap(&mut self.title, &mut other.title);
                std::mem::swap(&mut self.requirement, &mut other.requirement);
            }
            self.units.append(&mut other.units);
        }
        same
    }

    /// A difference in the part in which most requests differ from a plain one: two thirds of those that differ
    /// in one part alone, and half of all.
    pub(super) fn part<'d>(&self, differences: &'d Differences) -> Option<&'d Difference> {
        let own = || self.units.iter().filter_map(|unit| differences.get(&unit.place));
        own().find(|one| {
            let alike = own().filter(|other| other.is_in_part_of(one)).count();
            alike * 3 >= own().count() * 2 && alike * 2 >= self.units.len()
        })
    }

    /// What came of the requests, where it is the same for all that are about it.
    pub(super) fn way(&self) -> Option<Way> {
        let mut ways = self.units.iter().filter_map(|unit| unit.way);
        let first = ways.next()?;
        ways.all(|way| way == first).then_some(first)
    }

    /// What comes of it: what the requirement says, but for deaths, for faults that refuse what could be taken, and
    /// for what an open connection makes worse where all of them end.
    fn harm(&self, registry: &Registry) -> Harm {
        if self.is_death() {
            return Harm { kind: HarmKind::Death, because: DEAD.to_owned(), needs_open: false };
        }
        if self.is_refused() && self.keeps_out() {
            return Harm {
                kind: HarmKind::Lockout,
                because: KEPT_OUT.to_owned(),
                needs_open: false,
            };
        }
        let known = registry.get(&self.requirement);
        let harm = known.map_or_else(Harm::default, |known| known.harm.clone());
        if harm.kind == HarmKind::Smuggling && self.way() == Some(Way::Ended) {
            return Harm {
                kind: HarmKind::Confusion,
                because: UNTOLD.to_owned(),
                needs_open: false,
            };
        }
        let worst = self.worst();
        let mut shown = self.units.iter().filter(|unit| Some(unit.finding.verdict) == worst);
        if harm.needs_open && shown.all(Unit::is_last_of_its_connection) {
            return Harm {
                kind: HarmKind::Confusion,
                because: ENDED.to_owned(),
                needs_open: false,
            };
        }
        harm
    }

    /// Whether the target died of it.
    fn is_death(&self) -> bool {
        self.units.iter().any(|unit| unit.finding.rule.as_deref() == Some(SURVIVES))
    }

    fn worst(&self) -> Option<Verdict> {
        self.units.iter().map(|unit| unit.finding.verdict).max()
    }

    /// Puts it under a rule with a MUST that its failing cases break, if they break one: that of the group where half of
    /// them do, else the one that most of them do. Of a death everything else is a detail.
    pub(super) fn head(&mut self, registry: &Registry) {
        if self.is_death() {
            return;
        }
        let mut broken: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        for unit in self.units.iter().filter(|unit| unit.finding.verdict == Verdict::Fail) {
            let level = Level::from_word(&unit.finding.level);
            if level.is_some_and(|level| level.weight() == Weight::Must) {
                broken.entry(&unit.finding.requirement).or_default().insert(unit.place);
            }
        }
        let failing: BTreeSet<usize> = broken.values().flatten().copied().collect();
        let harm = |id: &str| registry.get(id).map(|known| known.harm.kind);
        let most = broken.into_iter().max_by_key(|(id, places)| {
            let is_own = *id == self.requirement && places.len() * 2 >= failing.len();
            (is_own, places.len(), Reverse((harm(id), *id)))
        });
        if let Some((id, _)) = most {
            self.requirement = id.to_owned();
        }
    }

    /// The cause, and its place among others.
    pub(super) fn cause(mut self, registry: &Registry, others: &Prevalence) -> (Order, Cause) {
        self.units.sort_by_key(|unit| (Reverse(unit.finding.verdict), unit.place));
        let harm = self.harm(registry);
        let (title, mend) = (self.named(registry), self.mend(registry));
        let mut known = BTreeSet::new();
        let shown = self.units.iter().map(|unit| unit.case.id.clone());
        let cases: Vec<String> =
            shown.chain(self.others).filter(|id| known.insert(id.clone())).collect();
        let verdict = self.units.first().map_or(Verdict::Warn, |unit| unit.finding.verdict);
        let places = |wanted: Verdict| -> BTreeSet<usize> {
            let wanted = self.units.iter().filter(|unit| unit.finding.verdict == wanted);
            wanted.map(|unit| unit.place).collect()
        };
        let failing = places(Verdict::Fail);
        let warning = places(Verdict::Warn).difference(&failing).count();
        let is_worst = |unit: &&Unit<'_>| unit.finding.verdict == verdict;
        let explains = |fault: &&&Suspect<'_>| {
            self.units.iter().filter(is_worst).any(|unit| fault.cites(unit))
        };
        let fault = self.faults.iter().find(explains).map(|fault| fault.name.to_owned());
        let order = Order {
            verdict: Reverse(verdict),
            harm: harm.kind,
            rarity: others.rarity(&self.requirement),
            count: Reverse((failing.len(), cases.len())),
            first: self.units.first().map_or(0, |unit| unit.place),
            requirement: self.requirement.clone(),
        };
        let cause = Cause {
            others: others.said(&self.requirement, verdict),
            title,
            mend,
            verdict,
            requirement: self.requirement,
            harm: harm.kind.to_string(),
            why: harm.because,
            cases,
            fail: failing.len(),
            warn: warning,
            fault,
        };
        (order, cause)
    }
}

/// What causes are sorted by: what breaks a MUST comes first, then what does most harm, then what most
/// cases show.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Order {
    verdict: Reverse<Verdict>,
    harm: HarmKind,
    rarity: u8,
    count: Reverse<(usize, usize)>,
    first: usize,
    requirement: String,
}

/// A difference in the part in which all requests differ from a plain one.
pub(super) fn shared<'d>(
    units: &[Unit<'_>],
    differences: &'d Differences,
) -> Option<&'d Difference> {
    let mut found = units.iter().map(|unit| differences.get(&unit.place));
    let first = found.next()??;
    found.all(|other| other.is_some_and(|other| other.is_in_part_of(first))).then_some(first)
}

/// Why a death is bad.
const DEAD: &str = "One request ends the service for everybody.";

/// Why it is bad to refuse a handshake that breaks nothing, or has an offer that can be declined.
const KEPT_OUT: &str = "A handshake that could succeed is refused.";

/// Why it is less bad to misread the end of a message when the connection ends.
const ENDED: &str = "The two sides do not mean the same; but the connection ends behind the answer, so that nothing \
    else on it is misread.";

/// Why it is less bad to end the connection than to misread a message.
const UNTOLD: &str = "Nothing is misread; but the client is not told what is wrong.";

/// How the breach of a rule begins that is about taking what is wrong, or about refusing what is right.
const OF_TAKING: [&str; 8] =
    ["Accepts ", "Agrees ", "Ignores ", "Opens ", "Reads ", "Serves ", "Switches ", "Takes "];
const OF_REFUSING: [&str; 2] = ["Fails ", "Refuses "];

/// What to do about a death.
const SURVIVE: &str =
    "see to it that no peer can end the process, or keep it busy, by what it sends";

/// What to do where connections are closed without an answer.
const ANSWER: &str = "answer with an error status, such as 400, before you close the connection";

/// Whoever does not take a handshake answers with an error.
const REFUSE: &str = "rfc6455/4.2.1-refuse";
