//! The report as JUnit XML, for the test pages of CI systems.
//! What a target sent is spelled out, so that no character comes through that XML 1.0 forbids.

mod strict;

use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, Report as Junit, TestCase, TestCaseStatus, TestSuite};
use upspec_exchange::{IoKind, Record};
use upspec_judge::{CaseResult, Finding, Verdict};

use crate::baseline::{Mark, Standing};
use crate::report::{Demand, Report};
use crate::section::Section;
use crate::seen::{self, Told};
use crate::visible::{self, write_to};
use crate::words::{self, level_word, reason_text, reason_word, verdict_word};

pub(crate) use strict::strict;

/// The report as JUnit XML: one suite per topic, and one test per case. What fails the run is a failure: a
/// `warn` is a success that says so, as is a `fail` that is flaky (as `--fail-on` and `--strict-flaky` have it), and an
/// `inconclusive` is skipped. With a baseline only what is new is a failure: a `fail` that is known is skipped, and says
/// why it is accepted.
#[must_use]
pub(crate) fn junit(report: &Report) -> String {
    let mut junit =
        Junit::new(visible::text(report.target.name.as_ref().unwrap_or(&report.target.url)));
    junit.set_time(Duration::from_millis(report.elapsed_ms));
    junit.timestamp = report.started.to_string().parse().ok();
    for remark in &report.remarks {
        let mut suite = TestSuite::new("upspec");
        suite.add_property(Property::new("remark", visible::text(remark)));
        junit.add_test_suite(suite);
    }
    if let Some(standing) = &report.baseline {
        junit.add_test_suite(baseline(standing));
    }
    if !report.demands.is_empty() {
        let mut suite = TestSuite::new("upspec");
        suite.add_test_cases(report.demands.iter().map(demand));
        junit.add_test_suite(suite);
    }
    for (topic, cases) in topics(report) {
        let mut suite = TestSuite::new(visible::text(topic));
        suite.timestamp = junit.timestamp;
        suite.set_time(Duration::from_millis(
            cases.iter().map(|case| case.elapsed_ms).fold(0, u64::saturating_add),
        ));
        suite.add_test_cases(cases.into_iter().map(|case| test_case(report, case)));
        junit.add_test_suite(suite);
    }
    junit.to_string().expect("writing XML into a String does not fail")
}

/// What the baseline says of the run as a whole.
fn baseline(standing: &Standing) -> TestSuite {
    let mut suite = TestSuite::new("upspec");
    suite.add_property(Property::new("baseline", standing.headline()));
    for (word, rows) in [("fixed", &standing.fixed), ("stale", &standing.stale)] {
        for row in rows {
            let said = format!("{} in {}: {}", row.requirement, row.cases, row.why);
            suite.add_property(Property::new(word, visible::text(&said)));
        }
    }
    suite
}

/// A demand that the run does not meet.
fn demand(demand: &Demand) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_type("fail").set_message(visible::text(&demand.said));
    let mut test = TestCase::new(visible::text(&demand.option), status);
    test.set_classname("upspec");
    test
}

/// The cases by topic, in the order in which the topics turn up first.
fn topics(report: &Report) -> Vec<(&str, Vec<&CaseResult>)> {
    let mut topics: Vec<(&str, Vec<&CaseResult>)> = Vec::new();
    for case in &report.cases {
        match topics.iter_mut().find(|(known, _)| *known == topic(case)) {
            Some((_, cases)) => cases.push(case),
            None => topics.push((topic(case), vec![case])),
        }
    }
    topics
}

/// The id up to the last slash.
fn topic(case: &CaseResult) -> &str {
    case.id.rsplit_once('/').map_or(&case.id, |(topic, _)| topic)
}

fn test_case(report: &Report, case: &CaseResult) -> TestCase {
    let name = case.id.rsplit('/').next().unwrap_or(&case.id);
    let mut test = TestCase::new(visible::text(name), status(report, case));
    test.set_classname(visible::text(topic(case)).replace('/', "."));
    test.set_time(Duration::from_millis(case.elapsed_ms));
    test.add_property(Property::new("id", visible::text(&case.id)));
    test.add_property(Property::new("title", visible::text(&case.title)));
    test.add_property(Property::new("requirement", visible::text(&case.requirement)));
    if let Some(outcome) = case.outcome {
        test.add_property(Property::new("outcome", visible::text(&outcome.to_string())));
    }
    if let Some((file, line)) = report.source(case).and_then(|at| at.rsplit_once(':')) {
        test.extra.insert("file".into(), visible::text(file).into());
        test.extra.insert("line".into(), visible::text(line).into());
    }
    if case.flaky {
        test.add_property(Property::new("flaky", "true"));
    }
    match report.mark(case) {
        Some(Mark::New(_)) => test.add_property(Property::new("baseline", "new")),
        Some(Mark::Known(_)) => test.add_property(Property::new("baseline", "known")),
        Some(Mark::Lost) => test.add_property(Property::new("baseline", "no longer judged")),
        None => &mut test,
    };
    if let Some(death) = case.death.as_ref().filter(|death| !death.output.is_empty()) {
        let lines: Vec<String> = death.output.iter().map(|line| visible::text(line)).collect();
        test.set_system_err(lines.join("\n"));
    }
    match case.verdict {
        verdict if verdict == Verdict::Warn || is_borne(report, case) => {
            test.set_system_out(format!("{}\n{}", details(report, case), wire(case)));
        }
        Verdict::Fail | Verdict::Error if case.record.is_some() => {
            test.set_system_out(wire(case));
        }
        _ => {}
    }
    test
}

fn status(report: &Report, case: &CaseResult) -> TestCaseStatus {
    if let Some(why) = known(report, case) {
        let mut status = TestCaseStatus::skipped();
        status.set_type("known-fail");
        status.set_message(why);
        status.set_description(details(report, case));
        return status;
    }
    let (mut status, kind) = match case.verdict {
        Verdict::Warn if report.fails(case) => {
            (TestCaseStatus::non_success(NonSuccessKind::Failure), "warn")
        }
        _ if is_borne(report, case) => return TestCaseStatus::success(),
        Verdict::Pass | Verdict::Warn => return TestCaseStatus::success(),
        Verdict::Fail => {
            let kind = if case.flaky { "flaky-fail" } else { "fail" };
            (TestCaseStatus::non_success(NonSuccessKind::Failure), kind)
        }
        Verdict::Error => (TestCaseStatus::non_success(NonSuccessKind::Error), "error"),
        Verdict::Inconclusive => (TestCaseStatus::skipped(), "inconclusive"),
    };
    status.set_type(case.reason.map_or(kind, reason_word));
    status.set_message(message(case));
    let details = details(report, case);
    if !details.is_empty() {
        status.set_description(details);
    }
    status
}

/// Whether a case is a `fail` that fails no run.
fn is_borne(report: &Report, case: &CaseResult) -> bool {
    case.verdict == Verdict::Fail && !report.fails(case)
}

/// Why a failure is accepted, if the baseline does so.
fn known(report: &Report, case: &CaseResult) -> Option<String> {
    if !report.fails(case) {
        return None;
    }
    match report.mark(case)? {
        Mark::Known(excuse) => Some(format!("known: {}", visible::text(&excuse.reason))),
        Mark::New(new) if !report.is_failure(new.verdict) => {
            Some(format!("known, with a new warning: {}", message(case)))
        }
        Mark::New(_) | Mark::Lost => None,
    }
}

fn message(case: &CaseResult) -> String {
    let said = words::message(case).unwrap_or(&case.title);
    match (case.verdict, case.reason) {
        (Verdict::Inconclusive, Some(reason)) => {
            format!("{}: {}", reason_word(reason), visible::text(said))
        }
        _ => visible::text(said),
    }
}

/// Every finding with the rule behind it, then what was expected and what was seen.
fn details(report: &Report, case: &CaseResult) -> String {
    let mut text = String::new();
    if case.findings.is_empty() {
        write_to(&mut text, format_args!("{}\n", case.reason.map_or("", reason_text)));
    }
    for finding in &case.findings {
        let message = visible::text(&finding.message);
        write_to(&mut text, format_args!("{}: {message}\n", verdict_word(finding.verdict)));
        rule(&mut text, report, finding);
    }
    for line in case.death.iter().flat_map(|death| &death.output) {
        write_to(&mut text, format_args!("printed: {}\n", visible::text(line)));
    }
    for expected in report.expected(case) {
        let said = visible::text(&expected.text);
        write_to(&mut text, format_args!("expected: {said} ({})\n", verdict_word(expected.grade)));
    }
    for seen in records(case).flat_map(|record| Told::of(record).seen()) {
        write_to(&mut text, format_args!("seen: {seen}\n"));
    }
    if let Some(source) = report.source(case) {
        write_to(&mut text, format_args!("case: {}\n", visible::text(source)));
    }
    text
}

fn rule(text: &mut String, report: &Report, finding: &Finding) {
    let level = level_word(&visible::text(&finding.level));
    let note = report.requirements.get(&finding.requirement);
    let said = note.map_or(&finding.requirement, |note| &note.text);
    write_to(text, format_args!("  {level}: {}\n", visible::text(said)));
    for section in finding.sections.iter().filter_map(|section| Section::parse(section)) {
        write_to(text, format_args!("  {}\n", section.url()));
    }
}

fn records(case: &CaseResult) -> impl Iterator<Item = &Record> {
    case.record.iter().chain(&case.twin)
}

/// The octets of the connections, line by line, up to a bound.
#[must_use]
pub fn wire(case: &CaseResult) -> String {
    let mut text = String::new();
    for io in records(case).flat_map(|record| &record.io) {
        let time = seen::milliseconds(io.at_us);
        write_to(&mut text, format_args!("{time} ms {}\n", seen::event(io)));
        let sign = if io.kind == IoKind::Read { '<' } else { '>' };
        let octets =
            if io.kind == IoKind::Read || io.kind.is_written() { &io.bytes[..] } else { &[] };
        for line in seen::said(io) {
            write_to(&mut text, format_args!("  | {line}\n"));
        }
        for line in octets.split_inclusive(|byte| *byte == b'\n') {
            if text.len() + line.len() > MOST_WIRE {
                text.push_str("… more is in the JSON report\n");
                return text;
            }
            write_to(&mut text, format_args!("  {sign} {}\n", visible::octets(line)));
        }
    }
    text
}

/// How much of the connections is told, in octets; a CI page cannot bear more.
const MOST_WIRE: usize = 4 << 10;

#[cfg(test)]
mod tests {
    use quick_xml::events::Event;

    use super::*;
    use crate::report::FailOn;
    use crate::sample;

    #[test]
    fn the_report_is_as_it_was() {
        insta::assert_snapshot!(junit(&sample::report()));
    }

    #[test]
    fn any_octet_makes_good_xml() {
        let mut report = sample::report();
        let every: Vec<u8> = (0..=255).chain(sample::HOSTILE.iter().copied()).collect();
        let text: String =
            every.iter().copied().map(char::from).chain("\u{fffe}\u{ffff}]]>".chars()).collect();
        report.target.name = Some(text.clone());
        for case in &mut report.cases {
            case.id = format!("{text}/{text}");
            case.title = text.clone();
            case.findings.iter_mut().for_each(|finding| finding.message = text.clone());
            let all = case.record.iter_mut().flat_map(|record| &mut record.io);
            all.for_each(|io| io.bytes = every.clone());
        }
        parse_strictly(&junit(&report));
    }

    #[test]
    fn the_counts_are_those_of_the_summary() {
        let report = Report { strict_flaky: true, ..sample::report() };
        let xml = junit(&report);
        let summary = report.summary;
        let counts = format!(
            "tests=\"{}\" skipped=\"{}\" failures=\"{}\" errors=\"{}\"",
            summary.total(),
            summary.inconclusive,
            summary.fail,
            summary.error
        );
        assert!(xml.contains(&counts), "{counts}");
        for (fail_on, failing) in [(FailOn::Warn, summary.fail + summary.warn), (FailOn::Never, 0)]
        {
            let xml = junit(&Report { fail_on, ..report.clone() });
            let failures = format!("failures=\"{failing}\"");
            assert!(xml.contains(&failures), "{failures}");
        }
        let flaky = report.cases.iter().filter(|case| case.flaky).count();
        let lenient = junit(&Report { strict_flaky: false, ..report });
        let failures = format!("failures=\"{}\"", summary.fail - flaky);
        assert!(flaky > 0 && lenient.contains(&failures), "{failures}: {lenient}");
    }

    #[test]
    fn what_is_demanded_in_vain_fails() {
        let demands = vec![sample::demand()];
        let report = Report { demands, strict_flaky: true, ..sample::report() };
        let failures = format!("failures=\"{}\"", report.summary.fail + 1);
        let xml = junit(&report);
        assert!(xml.contains(&failures), "{xml}");
        assert!(xml.contains("<testcase name=\"need\" classname=\"upspec\">"), "{xml}");
        parse_strictly(&xml);
    }

    /// Reads every event, attribute and reference, and looks for characters outside of `Char` of
    /// XML 1.0 section 2.2.
    #[track_caller]
    pub(super) fn parse_strictly(xml: &str) {
        let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
        assert_eq!(xml.chars().find(|c| !allowed(*c)), None);
        let mut reader = quick_xml::Reader::from_str(xml);
        reader.config_mut().enable_all_checks(true);
        loop {
            match reader.read_event().unwrap() {
                Event::Eof => return,
                Event::Start(tag) | Event::Empty(tag) => {
                    for attribute in tag.attributes() {
                        let attribute = attribute.unwrap();
                        assert!(!attribute.value.contains(&b'<'));
                    }
                }
                Event::GeneralRef(reference) => {
                    let named = ["lt", "gt", "amp", "quot", "apos"];
                    let name = reference.decode().unwrap();
                    assert!(reference.is_char_ref() || named.contains(&&*name), "{name}");
                }
                Event::Text(text) => assert!(!text.windows(3).any(|part| part == b"]]>")),
                _ => {}
            }
        }
    }
}
