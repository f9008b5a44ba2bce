//! What all views say of a report: which rules are broken, in how many cases, and in which section.

use std::collections::BTreeMap;

use upspec_judge::{CaseResult, Finding, Reason, SURVIVES, Verdict};

use crate::cause::Cause;
use crate::cause::title::is_event;
use crate::expected::WHERE;
use crate::note::RequirementNote;
use crate::report::{Report, Summary};
use crate::section::Section;
use crate::seen::Told;
use crate::visible::{self, counted};
use crate::words::{message, reason_text};

/// A requirement that some cases speak of with one verdict.
pub(crate) struct Rule<'r> {
    /// The requirement's id.
    pub(crate) id: &'r str,
    /// The requirement, where the report has it.
    pub(crate) note: Option<&'r RequirementNote>,
    /// The level, `must` where nothing is known.
    pub(crate) level: &'r str,
    /// The sections that carry it, the current one first.
    pub(crate) sections: &'r [String],
    /// The cases that show it, each with its first message.
    pub(crate) shown: Vec<(&'r CaseResult, &'r str)>,
}

/// A cause, with what a view says of it.
pub(crate) struct Behind<'r> {
    /// The cause.
    pub(crate) cause: &'r Cause,
    /// Its requirement's level, `must` where nothing is known.
    pub(crate) level: &'r str,
    /// The sections that carry the requirement, the current one first.
    pub(crate) sections: &'r [String],
    /// What the requirement asks, where the report has it.
    pub(crate) rule: Option<&'r str>,
    /// The case that shows it most plainly.
    pub(crate) example: Option<&'r CaseResult>,
    /// What the example says, where the title does not.
    pub(crate) message: Option<&'r str>,
    /// What came in the example.
    pub(crate) seen: Option<String>,
    /// What should have come, where the example says so.
    pub(crate) expected: Option<String>,
    /// Why the example exists, if it takes few words.
    pub(crate) reason: Option<&'r str>,
}

/// The cases whose requirement is in one section.
pub(crate) struct Chapter<'r> {
    /// The section; `None` for requirements without one.
    pub(crate) section: Option<Section>,
    /// The verdicts of its cases.
    pub(crate) summary: Summary,
    /// The cases, in the order of the report.
    pub(crate) cases: Vec<&'r CaseResult>,
}

/// The rules that findings of this verdict cite: what killed the target comes first, then what most cases
/// show, then by section.
pub(crate) fn rules(report: &Report, verdict: Verdict) -> Vec<Rule<'_>> {
    let mut by_id: BTreeMap<&str, Rule<'_>> = BTreeMap::new();
    for case in &report.cases {
        for (id, message, finding) in said(case, verdict) {
            let rule = by_id.entry(id).or_insert_with(|| rule(report, id, finding));
            if rule.shown.last().is_none_or(|(last, _)| last.id != case.id) {
                rule.shown.push((case, message));
            }
        }
    }
    let mut rules: Vec<Rule<'_>> = by_id.into_values().collect();
    rules.sort_by_cached_key(|rule| {
        let kills = rule.shown.iter().any(|(case, _)| case.death.is_some());
        (!kills, usize::MAX - rule.shown.len(), Section::of_requirement(rule.id), rule.id)
    });
    rules
}

/// The causes of this verdict, the worst first.
pub(crate) fn causes(report: &Report, verdict: Verdict) -> Vec<Behind<'_>> {
    let causes = report.causes.iter().filter(|cause| cause.verdict == verdict);
    causes.map(|cause| behind(report, cause)).collect()
}

impl<'r> Behind<'r> {
    /// The cases of which the target died, each with what it says, if that is the cause.
    pub(crate) fn killers(&self, report: &'r Report) -> Vec<(&'r CaseResult, &'r str)> {
        let is_death = |finding: &&Finding| finding.rule.as_deref() == Some(SURVIVES);
        let cases = report
            .cases
            .iter()
            .filter(|case| case.death.is_some() && self.cause.cases.contains(&case.id));
        let told = cases.filter_map(|case| {
            let finding = case.findings.iter().find(is_death)?;
            let is_cause = finding.requirement == self.cause.requirement;
            is_cause.then_some((case, finding.message.as_str()))
        });
        told.collect()
    }
}

fn behind<'r>(report: &'r Report, cause: &'r Cause) -> Behind<'r> {
    let note = report.requirements.get(&cause.requirement);
    let example = example(report, cause);
    let finding = example.and_then(|case| {
        let mut said = case.findings.iter().filter(|found| found.verdict == cause.verdict);
        said.clone().find(|found| found.requirement == cause.requirement).or_else(|| said.next())
    });
    let about = finding.filter(|found| found.requirement == cause.requirement);
    let (level, sections) = match (note, about) {
        (Some(note), _) => (note.level.as_str(), note.sections.as_slice()),
        (None, Some(about)) => (about.level.as_str(), about.sections.as_slice()),
        (None, None) => ("must", &[][..]),
    };
    let message = finding.map(|found| found.message.as_str());
    let (seen, expected) = compared(report, example, finding);
    let is_event = |found: &&Finding| found.rule.is_none() && is_event(&found.message);
    let told = example.filter(|_| finding.as_ref().is_some_and(is_event));
    let reason = told.and_then(|case| report.notes.get(&case.id)?.why.as_deref());
    Behind {
        seen,
        expected,
        reason: reason.filter(|why| why.len() <= MOST_OF_A_REASON),
        cause,
        level,
        sections,
        rule: note.map(|note| note.text.as_str()),
        example,
        message: message
            .filter(|message| !message.trim_end_matches('.').eq_ignore_ascii_case(&cause.title)),
    }
}

/// What came in a case and what should have come, where the finding is about that; else what a rule found.
fn compared(
    report: &Report,
    case: Option<&CaseResult>,
    finding: Option<&Finding>,
) -> (Option<String>, Option<String>) {
    let (Some(case), Some(finding)) = (case, finding) else {
        return (None, None);
    };
    let found = (Some(visible::text(&finding.message)), None);
    let Some(record) =
        case.record.as_ref().filter(|_| finding.rule.is_none() && is_event(&finding.message))
    else {
        return found;
    };
    let passes = report.expected(case).iter().filter(|one| one.grade == Verdict::Pass);
    // What only some targets may do is no yardstick.
    let plain = passes.filter(|one| !one.text.contains(WHERE));
    let mut texts: Vec<String> = plain.map(|one| visible::text(&one.text)).collect();
    texts.sort_by_key(String::len);
    // What passes at two ends takes more words than a line has; what to mend says it.
    if texts.iter().any(|text| text.contains("; at the ")) {
        let note = finding.message.split_once(": ").map_or(&*finding.message, |(_, note)| note);
        return (Some(visible::text(note.trim_end_matches('.'))), None);
    }
    let expected = &texts[..texts.len().min(MOST_EXPECTED)];
    match expected.is_empty() {
        true => found,
        false => {
            let seen = Told::of(record).seen().join("; ");
            let note = finding.message.split_once(": ").map(|(_, note)| note);
            let note = note.filter(|_| !finding.message.contains(". Expected: "));
            let note = note.filter(|note| !note.starts_with('"')).map(visible::text);
            let told = match note {
                Some(note) => format!("{} ({seen})", note.trim_end_matches('.')),
                None => seen,
            };
            (Some(told), Some(expected.join(", or ")))
        }
    }
}

/// Of the cases that say the worst of a cause the one that is easiest to read: under its rule, with few findings beside
/// it, and with a short request.
fn example<'r>(report: &'r Report, cause: &Cause) -> Option<&'r CaseResult> {
    let effort = |case: &CaseResult| {
        let says = |finding: &&Finding| finding.verdict == cause.verdict;
        let said = || case.findings.iter().filter(says);
        let is_about = said().any(|finding| finding.requirement == cause.requirement);
        let counts = |finding: &&Finding| matches!(finding.verdict, Verdict::Warn | Verdict::Fail);
        let found = case.findings.iter().filter(counts).count();
        let written = case.record.iter().flat_map(|record| &record.io);
        let written = written.filter(|io| io.kind.is_written()).map(|io| io.bytes.len());
        let is_worst = case.verdict == cause.verdict || said().next().is_some();
        (!is_worst, !is_about, case.flaky, found, written.sum::<usize>())
    };
    let cases = cause.worst().iter().filter_map(|id| report.case(id));
    cases.min_by_key(|case| effort(case))
}

/// The report's cases by the first section of their requirement, in natural order.
pub(crate) fn chapters(report: &Report) -> Vec<Chapter<'_>> {
    let mut by_section: BTreeMap<(bool, Option<Section>), Vec<&CaseResult>> = BTreeMap::new();
    for case in &report.cases {
        let section = section_of(report, &case.requirement);
        by_section.entry((section.is_none(), section)).or_default().push(case);
    }
    let chapters = by_section.into_iter().map(|((_, section), cases)| Chapter {
        section,
        summary: Summary::of(cases.iter().copied()),
        cases,
    });
    chapters.collect()
}

/// The report in a few plain sentences.
pub(crate) fn headline(report: &Report) -> Vec<String> {
    let summary = report.summary;
    if summary.judged() == 0 {
        return finish(report, vec!["Nothing could be judged.".to_owned()]);
    }
    let broken = rules(report, Verdict::Fail);
    let is_must = |rule: &&Rule<'_>| rule.shown.iter().any(|(case, _)| breaks(case, rule.id));
    let musts = broken.iter().filter(is_must).count();
    let failing = report.cases.iter().filter(|case| {
        case.verdict == Verdict::Fail && broken.iter().any(|rule| breaks(case, rule.id))
    });
    let failing = failing.count();
    let missed = rules(report, Verdict::Warn).len();
    let mut said = deaths(report);
    let causes = causes(report, Verdict::Fail);
    let with = match causes.len() {
        0 => String::new(),
        number => format!(" with {}", counted(number, "cause")),
    };
    said.push(match musts {
        0 => "No MUST rule is broken.".to_owned(),
        1 => format!("1 MUST rule is broken, in {}{with}.", counted(failing, "case")),
        _ => format!("{musts} MUST rules are broken, in {}{with}.", counted(failing, "case")),
    });
    said.extend(
        causes.first().and_then(|first| mend(first.cause)).map(|mend| format!("{FIRST}: {mend}")),
    );
    match missed {
        0 => {}
        1 => said.push("1 rule draws a warning.".to_owned()),
        _ => said.push(format!("{missed} rules draw warnings.")),
    }
    finish(report, said)
}

/// What to do about a cause, as a sentence.
pub(crate) fn mend(cause: &Cause) -> Option<String> {
    cause.mend.as_ref().map(|mend| format!("{}.", visible::text(mend)))
}

/// Who was tested, in a line: `chat at ws://127.0.0.1/chat (Server: nginx/1.22.1)`.
pub(crate) fn target(report: &Report) -> String {
    let url = visible::text(&report.target.url);
    let name = report.target.name.as_deref().map(visible::text);
    let server = report.target.facts.server.as_deref().map(visible::text);
    let name = name.map_or_else(|| url.clone(), |name| format!("{name} at {url}"));
    format!("{name}{}", server.map(|server| format!(" (Server: {server})")).unwrap_or_default())
}

/// What the words for harm mean, the worst first.
pub(crate) const HARMS: &str = "smuggling (two readers see different messages) > death (it stops) > lockout (good peers \
    stay out) > confusion (two sides differ) > cosmetic";

/// How many ways to do right are told with a cause.
const MOST_EXPECTED: usize = 2;

/// What the sentence begins with that says what to mend first.
pub(crate) const FIRST: &str = "Mend first";

/// The most octets of a reason that is told with a cause.
const MOST_OF_A_REASON: usize = 400;

/// Why cases are inconclusive, and how many for each reason, the most frequent first: in words that a case has in
/// common with others, or else by the kind of reason.
pub(crate) fn unclear(report: &Report) -> Vec<(usize, String)> {
    let unclear: Vec<_> =
        report.cases.iter().filter(|case| case.verdict == Verdict::Inconclusive).collect();
    let mut by_message: BTreeMap<&str, usize> = BTreeMap::new();
    for said in unclear.iter().filter_map(|case| open(case)) {
        *by_message.entry(said).or_default() += 1;
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for case in &unclear {
        let own = open(case).filter(|said| by_message.get(said).is_some_and(|many| *many > 1));
        let why = own.or(case.reason.map(reason_text)).or_else(|| open(case));
        *counts.entry(why.unwrap_or("no reason is known")).or_default() += 1;
    }
    let mut rows: Vec<_> =
        counts.into_iter().map(|(why, count)| (count, visible::text(why))).collect();
    rows.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    rows
}

/// Why nothing can be said of a case. A warning beside it is no reason.
fn open(case: &CaseResult) -> Option<&str> {
    let mut found = case.findings.iter();
    let own = found.find(|finding| finding.verdict == Verdict::Inconclusive);
    let own = own.map(|finding| finding.message.as_str());
    own.or(case.reason.map(reason_text)).or_else(|| message(case))
}

/// What the target died of.
fn deaths(report: &Report) -> Vec<String> {
    let (mut likely, mut open, mut sure) = (Vec::new(), false, 0);
    for case in &report.cases {
        match &case.death {
            Some(death) if death.suspects.is_empty() => sure += 1,
            Some(death) if death.unsure => likely.push(visible::text(&case.id)),
            Some(_) => open = true,
            None => {}
        }
    }
    let mut said = Vec::new();
    match sure {
        0 => {}
        1 => said.push("The target died of 1 case.".to_owned()),
        many => said.push(format!("The target died of {many} cases.")),
    }
    said.extend(likely.iter().map(|id| format!("The target died, most likely of {id}.")));
    if open {
        said.push("The target died, and it is open of which case.".to_owned());
    }
    said
}

/// Whether a failing case has something other than a death to say of a rule.
fn breaks(case: &CaseResult, id: &str) -> bool {
    said(case, Verdict::Fail).any(|(told, _, finding)| {
        told == id && finding.and_then(|one| one.rule.as_deref()) != Some(SURVIVES)
    })
}

fn finish(report: &Report, mut said: Vec<String>) -> Vec<String> {
    if let Some(trouble) = &report.trouble {
        said.insert(0, sentence(&visible::text(trouble)));
    }
    let inapplicable = |case: &&CaseResult| case.reason == Some(Reason::NotApplicable);
    let unclear = report.cases.iter().filter(|case| case.verdict == Verdict::Inconclusive);
    let (out, open): (Vec<&CaseResult>, Vec<&CaseResult>) = unclear.partition(inapplicable);
    if let Some(score) = report.summary.score() {
        let judged = counted(score.judged, "judged case");
        said.push(format!("Of {judged} {} % pass.", score.percent));
    }
    let apply = |cases: usize| if cases == 1 { "does not apply" } else { "do not apply" };
    let decide = |cases: usize| if cases == 1 { "is undecided" } else { "are undecided" };
    match (out.len(), open.len()) {
        (0, 0) => {}
        (out, 0) => said.push(format!("{} {}.", counted(out, "case"), apply(out))),
        (0, open) => said.push(format!("{} {}.", counted(open, "case"), decide(open))),
        (out, open) => said.push(format!(
            "{} cases are inconclusive: {out} {}, {open} {}.",
            out + open,
            apply(out),
            decide(open)
        )),
    }
    if report.summary.error > 0 {
        said.push(format!("{} could not be played.", counted(report.summary.error, "case")));
    }
    if !report.complete {
        said.push("The run was cut short: cases may be missing.".to_owned());
    }
    said
}

/// A fragment with a capital and a period.
fn sentence(fragment: &str) -> String {
    let mut letters = fragment.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    format!("{}{}.", first.map(String::from).unwrap_or_default(), letters.as_str())
}

/// What a case says with this verdict: the requirement's id and the message of each finding. A case that
/// has the verdict without a finding speaks of its own requirement.
fn said(
    case: &CaseResult,
    verdict: Verdict,
) -> impl Iterator<Item = (&str, &str, Option<&Finding>)> {
    let found = case.findings.iter().filter(move |finding| finding.verdict == verdict);
    let bare = case.verdict == verdict && found.clone().next().is_none();
    let own = bare.then_some((case.requirement.as_str(), case.title.as_str(), None));
    let found = found
        .map(|finding| (finding.requirement.as_str(), finding.message.as_str(), Some(finding)));
    found.chain(own)
}

fn rule<'r>(report: &'r Report, id: &'r str, finding: Option<&'r Finding>) -> Rule<'r> {
    let note = report.requirements.get(id);
    let level = finding.map(|finding| finding.level.as_str());
    let sections = finding.map(|finding| finding.sections.as_slice());
    Rule {
        id,
        note,
        level: level.or(note.map(|note| note.level.as_str())).unwrap_or("must"),
        sections: sections.or(note.map(|note| note.sections.as_slice())).unwrap_or_default(),
        shown: Vec::new(),
    }
}

fn section_of(report: &Report, requirement: &str) -> Option<Section> {
    let first = report.requirements.get(requirement).and_then(|note| note.sections.first());
    first
        .and_then(|section| Section::parse(section))
        .or_else(|| Section::of_requirement(requirement))
}

#[cfg(test)]
mod tests {
    use upspec_exchange::IoKind;

    use super::*;
    use crate::sample;

    #[test]
    fn the_example_fails_and_is_easy_to_read() {
        let finding = |verdict, requirement: &str| Finding {
            requirement: requirement.to_owned(),
            sections: Vec::new(),
            level: "must".to_owned(),
            verdict,
            message: "answered 101".to_owned(),
            rule: None,
            at: None,
            counted: None,
        };
        let case = |id: &str, verdict, rules: &[&str], request: &str| {
            let findings = rules.iter().map(|rule| finding(verdict, rule)).collect();
            let io = vec![sample::io(0, IoKind::Wrote, request.as_bytes())];
            CaseResult { id: id.to_owned(), verdict, ..sample::result_of(io, findings) }
        };
        let (fail, warn) = (Verdict::Fail, Verdict::Warn);
        let cases = vec![
            case("other", fail, &["rule/2"], "GET"),
            case("long", fail, &["rule/1"], "GET / HTTP/1.1"),
            case("short", fail, &["rule/1"], "GET / HTTP"),
            case("more", fail, &["rule/1", "rule/2"], "GET"),
            case("warned", warn, &["rule/1"], "G"),
        ];
        let cause = Cause {
            title: "Answers 101".to_owned(),
            mend: None,
            verdict: fail,
            requirement: "rule/1".to_owned(),
            harm: "confusion".to_owned(),
            why: String::new(),
            cases: cases.iter().map(|case| case.id.clone()).collect(),
            fail: 4,
            warn: 1,
            fault: None,
            others: None,
        };
        let report = Report { cases, causes: vec![cause], ..sample::report() };
        let example = |report: &Report| {
            causes(report, fail)[0].example.map(|case| case.id.clone()).unwrap_or_default()
        };
        assert_eq!(example(&report), "short");
        let mut old = report;
        (old.causes[0].fail, old.causes[0].warn) = (0, 0);
        assert_eq!(example(&old), "short", "a report of old has no numbers, but verdicts");
    }
}
