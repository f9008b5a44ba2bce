//! The causes behind the cases that fail or warn: what a maintainer has to mend, the worst first.
//! Most servers that fail a hundred cases do a dozen things wrong.

mod difference;
mod group;
mod suspect;
pub(crate) mod title;
mod unit;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use upspec_corpus::Registry;
use upspec_judge::{CaseResult, Finding, Habit, Verdict};

use crate::prevalence::Prevalence;
use crate::visible::counted;

use group::{Differences, Group, shared};
pub use suspect::Suspect;
use title::shape;
use unit::{Unit, Way};

/// What cases fail or warn for, together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cause {
    /// What the target does wrong, as a sentence without its subject and period. No two causes have the same.
    pub title: String,
    /// What to do about it, as a request without a capital and a period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
    /// The worst verdict that it gives.
    pub verdict: Verdict,
    /// The requirement that helps most to mend it.
    pub requirement: String,
    /// What comes of it, from worst to harmless: `smuggling`, `death`, `lockout`, `confusion`, `cosmetic`.
    pub harm: String,
    /// Why it is so bad, as a sentence.
    pub why: String,
    /// The ids of the cases that show it: those that fail, then those that warn, then those in which a habit
    /// showed that counts elsewhere; each in the order of the corpus.
    pub cases: Vec<String>,
    /// How many of the cases fail because of it. Neither this number nor the next is in reports of old.
    #[serde(default, skip_serializing_if = "is_none")]
    pub fail: usize,
    /// How many of the others warn because of it.
    #[serde(default, skip_serializing_if = "is_none")]
    pub warn: usize,
    /// The fault of the reference server that shows in the same cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// How many of the peers that were played for comparison do so, as a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub others: Option<String>,
}

impl Cause {
    /// How many cases show it, by what they say: `3 fail, 9 warn`.
    #[must_use]
    pub fn counts(&self) -> String {
        let counted_ones = self.counted_ones();
        let rest = self.cases.len().saturating_sub(counted_ones);
        let rows = [(self.fail, "fail"), (self.warn, "warn")];
        let said = rows.into_iter().filter(|(number, _)| *number > 0);
        let mut said: Vec<String> = said.map(|(number, word)| format!("{number} {word}")).collect();
        match rest {
            0 => {}
            rest if counted_ones == 0 => said.push(counted(rest, "case")),
            rest => said.push(format!("seen in {}", counted(rest, "more case"))),
        }
        said.join(", ")
    }

    /// How many fail or warn because of it; a report that somebody else wrote may say anything.
    pub(crate) fn counted_ones(&self) -> usize {
        self.fail.saturating_add(self.warn)
    }

    /// The cases that show it, without those in which it counts elsewhere.
    pub(crate) fn shown(&self) -> &[String] {
        let number = self.counted_ones();
        self.cases.get(..number).filter(|_| number > 0).unwrap_or(&self.cases)
    }

    /// The cases that say the worst of it.
    pub(crate) fn worst(&self) -> &[String] {
        let number = if self.verdict == Verdict::Fail { self.fail } else { self.warn };
        self.cases.get(..number).filter(|_| number > 0).unwrap_or(&self.cases)
    }

    /// Keeps some of the cases.
    pub(crate) fn keep(&mut self, is_wanted: impl Fn(&str) -> bool) {
        let kept = |from: usize, number: usize| {
            self.cases.iter().skip(from).take(number).filter(|id| is_wanted(id)).count()
        };
        (self.fail, self.warn) = (kept(0, self.fail), kept(self.fail, self.warn));
        self.cases.retain(|id| is_wanted(id));
    }
}

/// The causes of what speaks against a target, in the order in which they should be mended: what breaks a
/// MUST before the rest, then by harm, then what few others do, then by the number of cases. `habits` are those
/// that judging the run found.
#[must_use]
pub fn causes(
    cases: &[CaseResult],
    habits: &[Habit],
    registry: &Registry,
    suspects: &[Suspect<'_>],
    others: &Prevalence,
) -> Vec<Cause> {
    let is_habit =
        |case: &CaseResult, finding: &Finding| habits.iter().any(|habit| habit.is(case, finding));
    let units = unit::units(cases, is_habit);
    let differences = unit::differences(cases, &units);
    let (closed, units) = closed(units);
    let (guilty, left) = suspect::find(suspects, cases, units);
    let groups: Vec<_> = guilty.into_iter().map(Group::of_guilty).collect();
    let mut groups = merged(Vec::new(), groups, &differences, registry);
    let left = joined(&mut groups, left, &differences);
    let rest = alike(left, &differences, registry);
    let mut groups = merged(groups, rest, &differences, registry);
    groups.extend(habits.iter().filter_map(|habit| Group::of_habit(habit, cases)));
    groups.extend((!closed.is_empty()).then(|| Group::of_closed(closed)));
    let mut causes: Vec<_> =
        named(groups, registry).into_iter().map(|group| group.cause(registry, others)).collect();
    causes.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut causes: Vec<_> = causes.into_iter().map(|(_, cause)| cause).collect();
    tell_apart(&mut causes);
    causes
}

/// Puts each group under the rule that heads it, and those together that are one by their names then.
fn named<'s, 'r>(groups: Vec<Group<'s, 'r>>, registry: &Registry) -> Vec<Group<'s, 'r>> {
    let mut named: Vec<Group<'s, 'r>> = Vec::new();
    for mut group in groups {
        group.head(registry);
        if !named.iter_mut().any(|one| one.takes_in_namesake(&mut group, registry)) {
            named.push(group);
        }
    }
    named
}

/// Adds to titles that are alike which rule each is about.
fn tell_apart(causes: &mut [Cause]) {
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for cause in causes.iter() {
        *known.entry(cause.title.clone()).or_default() += 1;
    }
    for cause in causes.iter_mut().filter(|cause| known[&cause.title] > 1) {
        cause.title = format!("{} ({})", cause.title, cause.requirement);
    }
}

/// Parts what is merely closed without an answer from the rest, if it is more than a few: that is one
/// habit, whatever was wrong with the requests.
fn closed(units: Vec<Unit<'_>>) -> (Vec<Unit<'_>>, Vec<Unit<'_>>) {
    let is_closed =
        |unit: &Unit<'_>| unit.way == Some(Way::Ended) && unit.finding.verdict == Verdict::Warn;
    if units.iter().filter(|unit| is_closed(unit)).count() < MANY_CLOSED {
        return (Vec::new(), units);
    }
    units.into_iter().partition(is_closed)
}

/// Adds further groups to some; those that are about the same part of a request as a group with a known fault
/// become part of it.
fn merged<'s, 'r>(
    mut groups: Vec<Group<'s, 'r>>,
    further: Vec<Group<'s, 'r>>,
    differences: &Differences,
    registry: &Registry,
) -> Vec<Group<'s, 'r>> {
    for mut group in further {
        let mut known = groups.iter_mut().filter(|one| !one.faults.is_empty());
        if !known.any(|one| one.takes_in(&mut group, differences, registry)) {
            groups.push(group);
        }
    }
    groups
}

/// Adds what is left over to the fault that breaks the same with the same outcome: where the difference from
/// a plain handshake is in the same part, or where only one fault comes into question.
fn joined<'r>(
    groups: &mut [Group<'_, 'r>],
    left: Vec<Unit<'r>>,
    differences: &Differences,
) -> Vec<Unit<'r>> {
    let mut rest = Vec::new();
    for unit in left {
        let fits = |group: &&mut Group<'_, '_>| {
            let is_same = unit.way.is_none() || group.way() == unit.way;
            is_same && group.faults.iter().any(|fault| fault.cites(&unit))
        };
        let mut able: Vec<_> = groups.iter_mut().filter(fits).collect();
        let own = differences.get(&unit.place);
        let alike = able.iter().position(|group| {
            own.zip(group.part(differences)).is_some_and(|(own, part)| own.is_in_part_of(part))
        });
        let only = (able.len() == 1 && (own.is_none() || unit.way.is_none())).then_some(0);
        match alike.or(only) {
            Some(place) => able[place].units.push(unit),
            None => rest.push(unit),
        }
    }
    rest
}

/// Groups what no fault explains: what a rule for every message found by what it says; else by requirement
/// and what came of it, and then by the one part in which all requests differ from a plain one, or by what is
/// said of all of them.
fn alike<'s, 'r>(
    left: Vec<Unit<'r>>,
    differences: &Differences,
    registry: &Registry,
) -> Vec<Group<'s, 'r>> {
    let mut by_rule: BTreeMap<(&str, Option<Way>, String), Vec<Unit<'_>>> = BTreeMap::new();
    for unit in left {
        let said = match unit.way {
            None => shape(&unit.finding.message),
            Some(_) => String::new(),
        };
        let requirement = unit.finding.requirement.as_str();
        by_rule.entry((requirement, unit.way, said)).or_default().push(unit);
    }
    let mut merged: BTreeMap<(Option<Way>, String), Vec<Unit<'_>>> = BTreeMap::new();
    for ((requirement, way, said), units) in by_rule {
        let key = match (way, shared(&units, differences), common(&units)) {
            (Some(_), Some(one), _) => one.of_all().to_ascii_lowercase(),
            (Some(_), None, Some(said)) => format!("says {said}"),
            _ => format!("{requirement} {said}"),
        };
        // A body that is not read is one fault, whether the tunnel behind it works or not.
        let way = match shared(&units, differences) {
            Some(one) if way == Some(Way::Spoiled) && one.is_framing() => Some(Way::Switched),
            _ => way,
        };
        merged.entry((way, key)).or_default().extend(units);
    }
    let mut groups: Vec<Group<'s, 'r>> = Vec::new();
    for units in merged.into_values() {
        let mut group = Group::of_units(units, differences, registry);
        if !groups.iter_mut().any(|one| one.takes_in_twin(&mut group, registry)) {
            groups.push(group);
        }
    }
    groups
}

/// What is said of all these units, if it is the same and no more than a warning.
fn common(units: &[Unit<'_>]) -> Option<String> {
    let first = units.first().filter(|first| first.finding.verdict == Verdict::Warn)?;
    let said = shape(&first.finding.message);
    units.iter().all(|unit| shape(&unit.finding.message) == said).then_some(said)
}

fn is_none(number: &usize) -> bool {
    *number == 0
}

/// So many requests that are closed without an answer are a habit.
const MANY_CLOSED: usize = 2;

#[cfg(test)]
mod tests;
