//! The report as JUnit XML for readers that check it: valid by the schema of Ant (windyroad's `JUnit.xsd`) and by
//! that of Jenkins (`jenkins-junit.xsd`) at once. Those know no skipped test, no properties and no output of a
//! test, so that all this is told in the output of the suite.

use maud::{Markup, html};
use upspec_judge::{CaseResult, Verdict};

use super::{details, is_borne, known, message, topic, topics};
use crate::report::{Demand, Report, Summary};
use crate::visible::{self, write_to};

/// The report as strict JUnit XML. What could not be judged and what a baseline accepts is no test there.
#[must_use]
pub(crate) fn strict(report: &Report) -> String {
    let suites = topics(report);
    let number = suites.len();
    let suites = html! {
        testsuites {
            @for (id, (name, cases)) in suites.into_iter().enumerate() {
                (suite(report, id, name, &cases))
            }
            @if !report.demands.is_empty() { (demands(report, number)) }
        }
    };
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", suites.into_string())
}

fn suite(report: &Report, id: usize, name: &str, cases: &[&CaseResult]) -> Markup {
    let tests: Vec<&CaseResult> =
        cases.iter().copied().filter(|case| is_test(report, case)).collect();
    let counts = Summary::of(tests.iter().copied());
    let failures = tests.iter().filter(|case| report.fails(case)).count();
    let time = cases.iter().map(|case| case.elapsed_ms).fold(0, u64::saturating_add);
    let started = report.started.strftime("%Y-%m-%dT%H:%M:%S");
    let target = report.target.name.as_ref().unwrap_or(&report.target.url);
    let package = visible::text(name).replace('/', ".");
    html! {
        testsuite name=(visible::text(name)) package=(package) id=(id) hostname="localhost" timestamp=(started)
            tests=(tests.len()) failures=(failures) errors=(counts.error) time=(seconds(time)) {
            properties {
                property name="target" value=(visible::text(target)) {}
                property name="seed" value=(report.seed) {}
            }
            @for case in tests { (test(report, case)) }
            system-out { (output(report, cases)) }
            system-err {}
        }
    }
}

/// The demands that the run does not meet, as a suite of their own.
fn demands(report: &Report, id: usize) -> Markup {
    let started = report.started.strftime("%Y-%m-%dT%H:%M:%S");
    let number = report.demands.len();
    html! {
        testsuite name="upspec" package="upspec" id=(id) hostname="localhost" timestamp=(started)
            tests=(number) failures=(number) errors="0" time="0.000" {
            properties {}
            @for Demand { option, said } in &report.demands {
                testcase name=(visible::text(option)) classname="upspec" time="0.000" {
                    failure type="fail" message=(visible::text(said)) {}
                }
            }
            system-out {}
            system-err {}
        }
    }
}

fn test(report: &Report, case: &CaseResult) -> Markup {
    let (id, class) = (visible::text(&case.id), visible::text(topic(case)).replace('/', "."));
    html! {
        testcase name=(id) classname=(class) time=(seconds(case.elapsed_ms)) {
            @match case.verdict {
                Verdict::Fail if report.fails(case) => {
                    failure type="fail" message=(message(case)) { (details(report, case)) }
                }
                Verdict::Warn if report.fails(case) => {
                    failure type="warn" message=(message(case)) { (details(report, case)) }
                }
                Verdict::Error => {
                    error type="error" message=(message(case)) { (details(report, case)) }
                }
                _ => {}
            }
        }
    }
}

fn is_test(report: &Report, case: &CaseResult) -> bool {
    case.verdict != Verdict::Inconclusive && known(report, case).is_none()
}

/// What the tests of the suite cannot say.
fn output(report: &Report, cases: &[&CaseResult]) -> String {
    let mut text = String::new();
    for case in cases {
        let said = match (known(report, case), case.verdict) {
            (Some(known), _) => known,
            (None, Verdict::Inconclusive) => format!("not judged: {}", message(case)),
            (None, Verdict::Warn) => format!("warn: {}", message(case)),
            (None, _) if is_borne(report, case) => format!("fail: {}", message(case)),
            _ => continue,
        };
        write_to(&mut text, format_args!("{}: {said}\n", visible::text(&case.id)));
    }
    text
}

fn seconds(milliseconds: u64) -> String {
    format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::FailOn;
    use crate::sample;

    #[test]
    fn the_format_is_as_it_was() {
        insta::assert_snapshot!(strict(&sample::report()));
    }

    #[test]
    fn every_case_is_a_test_or_told_beside_them() {
        let report = Report { strict_flaky: true, ..sample::report() };
        let xml = strict(&report);
        let summary = report.summary;
        let count = |what: &str| xml.matches(what).count();
        assert_eq!(count("<testcase "), summary.total() - summary.inconclusive);
        assert_eq!(count("<failure "), summary.fail);
        assert_eq!(count("<error "), summary.error);
        assert_eq!(count(": not judged: "), summary.inconclusive);
        let all = summary.fail + summary.warn;
        for (fail_on, failing) in [(FailOn::Warn, all), (FailOn::Never, 0)] {
            let xml = strict(&Report { fail_on, ..report.clone() });
            assert_eq!(xml.matches("<failure ").count(), failing);
        }
        let failing = strict(&Report { demands: vec![sample::demand()], ..report });
        assert_eq!(failing.matches("<failure ").count(), summary.fail + 1);
        super::super::tests::parse_strictly(&failing);
        super::super::tests::parse_strictly(&xml);
    }
}
