//! The report as TAP 13, which readers of 14 take, too: one line for each case, with what is wrong beneath.

use upspec_judge::{CaseResult, Verdict};

use crate::baseline::Mark;
use crate::report::Report;
use crate::visible::{self, write_to};
use crate::words::{message, reason_word, verdict_word};

/// The report as TAP. What cannot be judged is skipped, and what a baseline accepts is to do.
pub(crate) fn tap(report: &Report) -> String {
    let number = report.cases.len() + report.demands.len();
    let mut text = format!("TAP version 13\n1..{number}\n");
    for (before, case) in report.cases.iter().enumerate() {
        let number = before + 1;
        let is_bad = case.verdict == Verdict::Error || report.fails(case);
        let ok = if is_bad { "not ok" } else { "ok" };
        let id = escaped(&case.id);
        write_to(&mut text, format_args!("{ok} {number} - {id}{}\n", directive(report, case)));
        if case.verdict != Verdict::Pass {
            details(&mut text, case);
        }
    }
    for (before, demand) in report.demands.iter().enumerate() {
        let number = report.cases.len() + before + 1;
        let (option, said) = (escaped(&demand.option), escaped(&demand.said));
        write_to(&mut text, format_args!("not ok {number} - {option}: {said}\n"));
    }
    if !report.complete {
        text.push_str("Bail out! the run did not come to its end\n");
    }
    if let Some(standing) = &report.baseline {
        write_to(&mut text, format_args!("# {}\n", standing.headline()));
    }
    text
}

fn directive(report: &Report, case: &CaseResult) -> String {
    if case.verdict == Verdict::Inconclusive {
        let reason = case.reason.map_or("inconclusive", reason_word);
        return format!(" # SKIP {reason}");
    }
    let accepted = match report.mark(case) {
        Some(Mark::Known(excuse)) => Some(excuse.reason.as_str()),
        Some(Mark::New(new)) if !report.is_failure(new.verdict) => {
            Some("known, with a new warning")
        }
        _ => None,
    };
    match accepted.filter(|_| report.fails(case)) {
        Some(reason) => format!(" # TODO {}", escaped(reason)),
        None => String::new(),
    }
}

/// A block of YAML; JSON strings are YAML.
fn details(text: &mut String, case: &CaseResult) {
    let said = visible::text(message(case).unwrap_or(&case.title));
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let (said, rule) = (quoted(&said), quoted(&visible::text(&case.requirement)));
    let verdict = verdict_word(case.verdict);
    write_to(
        text,
        format_args!(
            "  ---\n  verdict: {verdict}\n  message: {said}\n  requirement: {rule}\n  ...\n"
        ),
    );
}

/// A description; `#` would begin a directive.
fn escaped(text: &str) -> String {
    visible::text(text).replace('\\', "\\\\").replace('#', "\\#")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::FailOn;
    use crate::sample;

    #[test]
    fn the_format_is_as_it_was() {
        insta::assert_snapshot!(tap(&sample::report()));
    }

    #[test]
    fn every_case_has_a_line_and_only_what_fails_is_not_ok() {
        let report = Report { strict_flaky: true, ..sample::report() };
        let text = tap(&report);
        assert!(text.starts_with("TAP version 13\n1..8\n"), "{text}");
        let begins = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
        assert_eq!(begins("not ok "), report.summary.fail + report.summary.error);
        assert_eq!(begins("ok ") + begins("not ok "), report.cases.len());
        assert!(text.contains("# SKIP not-applicable"));
        assert!(!text.contains('\u{1b}'));
        assert_eq!(escaped("a # b \\ c"), "a \\# b \\\\ c");
        let not_ok = |text: &str| text.lines().filter(|line| line.starts_with("not ok ")).count();
        let summary = report.summary;
        for (fail_on, failing) in [(FailOn::Warn, summary.fail + summary.warn), (FailOn::Never, 0)]
        {
            let text = tap(&Report { fail_on, ..report.clone() });
            assert_eq!(not_ok(&text), failing + summary.error);
        }
        let flaky = report.cases.iter().filter(|case| case.flaky).count();
        let lenient = tap(&Report { strict_flaky: false, ..report.clone() });
        assert_eq!(not_ok(&lenient), summary.fail + summary.error - flaky);
        let failing = tap(&Report { demands: vec![sample::demand()], ..report.clone() });
        assert!(failing.starts_with("TAP version 13\n1..9\n"), "{failing}");
        assert!(failing.contains("\nnot ok 9 - need: the target shows no http2\n"), "{failing}");
        let cut = tap(&Report { complete: false, ..report });
        assert!(cut.ends_with("\nBail out! the run did not come to its end\n"), "{cut}");
    }
}
