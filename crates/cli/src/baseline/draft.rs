//! The text of a baseline: written, added to, and made shorter without losing a comment.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use toml_edit::{Array, DocumentMut, Item, Value};
use upspec_corpus::case::Role;
use upspec_corpus::{Corpus, select};
use upspec_hunt::State;
use upspec_judge::{CaseResult, Reason, Verdict};
use upspec_report::baseline::{Row, Standing, shown, shown_elsewhere};
use upspec_report::{Baseline, Report};

use crate::args::baseline::WriteArgs;
use crate::exit::Trouble;
use crate::outputs::target_of;

/// What is to be accepted: a rule, its verdict, and the cases.
pub(super) struct Group {
    requirement: String,
    verdict: Verdict,
    /// The only answer that is to be accepted, if it is one.
    answer: Option<String>,
    cases: Vec<String>,
    reason: String,
}

/// What is new in a report, by rule and verdict, and by the answer where that is to be pinned.
pub(super) fn groups(
    report: &Report,
    standing: &Standing,
    args: &WriteArgs,
    today: Date,
) -> Vec<Group> {
    let mut by_rule: BTreeMap<(&str, Verdict, Option<String>), Vec<String>> = BTreeMap::new();
    for case in &report.cases {
        let Some(new) = standing.new.get(&case.id) else {
            continue;
        };
        let mut worst: BTreeMap<&str, Verdict> = BTreeMap::new();
        for (requirement, verdict) in shown(case) {
            let known = worst.entry(requirement).or_insert(verdict);
            *known = verdict.max(*known);
        }
        let answer = case.outcome.filter(|_| args.answers).map(|came| came.to_string());
        for (requirement, verdict) in worst {
            if new.requirements.iter().any(|one| one == requirement) {
                let group = by_rule.entry((requirement, verdict, answer.clone()));
                group.or_default().push(case.id.clone());
            }
        }
    }
    // A part of the cases counts a habit in another one of those that show it.
    for (case, counted) in shown_elsewhere(&report.cases) {
        let groups = by_rule.iter_mut().filter(|((rule, verdict, _), _)| {
            (*rule, *verdict) == (counted.requirement.as_str(), counted.verdict)
        });
        let counting = groups.map(|(_, cases)| cases).find(|cases| cases.contains(&counted.at));
        if let Some(cases) = counting.filter(|cases| cases.iter().all(|known| known != case)) {
            cases.push(case.to_owned());
        }
    }
    let reason = args.reason.as_deref();
    let groups = by_rule.into_iter().map(|((requirement, verdict, answer), cases)| Group {
        requirement: requirement.to_owned(),
        verdict,
        answer,
        reason: reason.map_or_else(|| drafted(report, requirement, &cases, today), str::to_owned),
        cases,
    });
    groups.collect()
}

/// How many rules there are in groups.
pub(super) fn rules(groups: &[Group]) -> usize {
    groups.iter().map(|group| &group.requirement).collect::<BTreeSet<_>>().len()
}

/// A reason that says what is known, and that it is none yet.
fn drafted(report: &Report, requirement: &str, cases: &[String], today: Date) -> String {
    let cause = report.causes.iter().find(|cause| {
        cause.requirement == requirement && cause.cases.iter().any(|id| cases.contains(id))
    });
    let rule = report.requirements.get(requirement).map(|note| note.text.as_str());
    let said = cause.map(|cause| cause.title.as_str()).or(rule).unwrap_or(requirement);
    format!("Not looked into yet ({today}): {said}")
}

/// A whole baseline.
pub(super) fn fresh(report: &Report, corpus: &Corpus, groups: &[Group]) -> String {
    let mut text = HEAD.to_owned();
    text.push_str(&format!("target = {}\n", quoted(&target_of(report))));
    text.push_str(&format!("corpus = {}\n\n{UNJUDGED}unjudged = [\n", quoted(&report.tool.corpus)));
    for pattern in unjudged(report, corpus) {
        text.push_str(&format!("  {},\n", quoted(&pattern)));
    }
    text.push_str("]\n");
    groups.iter().for_each(|group| group.put(&mut text));
    text
}

/// A baseline with more in it.
pub(super) fn extended(
    text: &str,
    report: &Report,
    standing: &Standing,
    groups: &[Group],
) -> Result<String, Trouble> {
    let mut document = parsed(text)?;
    if let Some(list) = document.get_mut("unjudged").and_then(Item::as_array_mut) {
        for id in &standing.lost {
            push(list, id);
        }
    }
    renew(&mut document, report);
    Ok(with(document.to_string(), groups))
}

/// A text with more entries behind it.
pub(super) fn with(mut text: String, groups: &[Group]) -> String {
    if !text.ends_with('\n') {
        text.push('\n');
    }
    groups.iter().for_each(|group| group.put(&mut text));
    text
}

/// What a hunt found and a baseline does not know, by rule: whatever the request was that showed it.
pub(super) fn groups_of_hunt(
    state: &State,
    baseline: &Baseline,
    reason: Option<&str>,
    today: Date,
) -> Vec<Group> {
    let mut by_rule: BTreeMap<&str, Group> = BTreeMap::new();
    for found in &state.findings {
        let known = baseline.excuse(&found.requirement, &found.case, Verdict::Fail, today);
        if known.is_some() {
            continue;
        }
        // The last part before the name is a digest of the request.
        let topic = found.case.rsplit_once('/').map_or(found.case.as_str(), |(topic, _)| topic);
        let pattern =
            topic.rsplit_once('-').map_or(topic.to_owned(), |(rule, _)| format!("{rule}-*"));
        let drafted = format!("Not looked into yet ({today}): {}", found.message);
        let group = by_rule.entry(&found.requirement).or_insert_with(|| Group {
            requirement: found.requirement.clone(),
            verdict: Verdict::Fail,
            answer: None,
            cases: Vec::new(),
            reason: reason.map_or(drafted, str::to_owned),
        });
        if !group.cases.contains(&pattern) {
            group.cases.push(pattern);
        }
    }
    by_rule.into_values().collect()
}

/// A baseline without what is fixed or stale, and without the cases that are judged by now.
pub(super) fn pruned(text: &str, report: &Report, standing: &Standing) -> Result<String, Trouble> {
    let mut document = parsed(text)?;
    let useless: BTreeSet<(usize, &str)> =
        standing.fixed.iter().chain(&standing.stale).map(place).collect();
    if let Some(known) = document.get_mut("known").and_then(Item::as_array_of_tables_mut) {
        let mut number = 0;
        known.retain_mut_by(|cases| {
            number += 1;
            cases.retain(|pattern| {
                pattern.as_str().is_none_or(|pattern| !useless.contains(&(number, pattern)))
            });
            !cases.is_empty()
        });
    }
    if let Some(list) = document.get_mut("unjudged").and_then(Item::as_array_mut) {
        list.retain(|pattern| {
            pattern.as_str().is_none_or(|pattern| !is_judged(pattern, &report.cases))
        });
    }
    if document.to_string() != text {
        renew(&mut document, report);
    }
    Ok(document.to_string())
}

fn place(row: &Row) -> (usize, &str) {
    (row.entry, row.cases.as_str())
}

/// Walks over entries by their lists of cases.
trait RetainByCases {
    fn retain_mut_by(&mut self, keep: impl FnMut(&mut Array) -> bool);
}

impl RetainByCases for toml_edit::ArrayOfTables {
    fn retain_mut_by(&mut self, mut keep: impl FnMut(&mut Array) -> bool) {
        let kept: Vec<bool> = self
            .iter_mut()
            .map(|entry| entry.get_mut("cases").and_then(Item::as_array_mut).is_none_or(&mut keep))
            .collect();
        for index in (0..kept.len()).rev().filter(|index| !kept[*index]) {
            self.remove(index);
        }
    }
}

impl Group {
    fn put(&self, text: &mut String) {
        text.push_str(&format!("\n[[known]]\nrequirement = {}\n", quoted(&self.requirement)));
        match &self.cases[..] {
            [only] => text.push_str(&format!("cases = [{}]\n", quoted(only))),
            many => {
                text.push_str("cases = [\n");
                many.iter().for_each(|id| text.push_str(&format!("  {},\n", quoted(id))));
                text.push_str("]\n");
            }
        }
        let verdict = if self.verdict == Verdict::Fail { "fail" } else { "warn" };
        text.push_str(&format!("verdict = \"{verdict}\"\n"));
        if let Some(answer) = &self.answer {
            text.push_str(&format!("answer = {}\n", quoted(answer)));
        }
        text.push_str(&format!("reason = {}\n", quoted(&self.reason)));
    }
}

/// Notes the corpus that the file was last compared with, where it notes one.
fn renew(document: &mut DocumentMut, report: &Report) {
    if let Some(value) = document.get_mut("corpus").and_then(Item::as_value_mut) {
        let decor = value.decor().clone();
        *value = Value::from(report.tool.corpus.as_str());
        *value.decor_mut() = decor;
    }
}

/// Adds a line to a list of lines.
fn push(list: &mut Array, text: &str) {
    let mut value = Value::from(text);
    value.decor_mut().set_prefix("\n  ");
    list.push_formatted(value);
    list.set_trailing("\n");
    list.set_trailing_comma(true);
}

/// The cases of which nothing could be said, topic by topic where that is so for the whole topic.
fn unjudged(report: &Report, corpus: &Corpus) -> Vec<String> {
    let is_unjudged = |case: &CaseResult| {
        case.verdict == Verdict::Inconclusive && case.reason != Some(Reason::Interrupted)
    };
    let ids: BTreeSet<&str> =
        report.cases.iter().filter(|case| is_unjudged(case)).map(|case| case.id.as_str()).collect();
    let mut patterns = BTreeSet::new();
    for id in &ids {
        let topic = id.rsplit_once('/').map_or(*id, |(topic, _)| topic);
        let mut ordinary = corpus.cases.iter().filter(|case| {
            case.role == Role::Server
                && case.hazard.is_none()
                && case.id.rsplit_once('/').is_some_and(|(own, _)| own == topic)
        });
        let whole = ordinary.all(|case| ids.contains(case.id.as_str()));
        patterns.insert(if whole { topic.to_owned() } else { (*id).to_owned() });
    }
    patterns.into_iter().collect()
}

/// Whether all cases of a pattern that were played are judged, and there is one.
fn is_judged(pattern: &str, cases: &[CaseResult]) -> bool {
    let mut played = cases.iter().filter(|case| select::matches(pattern, &case.id)).peekable();
    let judged =
        |case: &CaseResult| matches!(case.verdict, Verdict::Pass | Verdict::Warn | Verdict::Fail);
    played.peek().is_some() && played.all(judged)
}

fn parsed(text: &str) -> Result<DocumentMut, Trouble> {
    text.parse().map_err(|error: toml_edit::TomlError| Trouble::usage(error))
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

pub(super) const HEAD: &str = "\
# What upspec finds on this target and the team accepts for now. `upspec run --baseline FILE` fails on
# everything else. A rule may have a `link`, and a last day: `until = 2027-01-31`. `cases` are ids, prefixes,
# or patterns with `*` and `{a,b}`. With an `answer`, such as \"101\" or \"closed\", nothing is excused that answers otherwise.
version = 1
";

const UNJUDGED: &str = "\
# Of these cases nothing could be said, mostly because the target lacks what they need. If another one cannot
# be judged any more, the run tells it.
";
