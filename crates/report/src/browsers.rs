//! Whether a browser can connect: what the cases with the handshakes of browsers come to, first in every view.

use std::collections::BTreeMap;

use upspec_corpus::case::Outcome;
use upspec_judge::{CaseResult, Finding, Reason, Verdict};

use crate::report::Report;
use crate::visible;
use crate::words::{BY_URGENCY, message};

/// The worst verdict of the cases of each browser, by its name; a browser of which no case could be played is
/// left out. `http2` has what concerns every browser that speaks WebSocket over HTTP/2.
pub type Browsers = BTreeMap<String, Verdict>;

/// Sums the cases of browsers up.
pub(crate) fn of_cases(cases: &[CaseResult]) -> Browsers {
    let mut browsers = Browsers::new();
    for (name, case) in of_browsers(cases) {
        let worst = browsers.entry(name.to_owned()).or_insert(case.verdict);
        if urgency(case.verdict) < urgency(*worst) {
            *worst = case.verdict;
        }
    }
    browsers
}

/// The question and its answer in one line, control octets made visible; nothing where no such case was played.
pub(crate) fn line(report: &Report) -> Option<String> {
    let mut open: Vec<&str> = Vec::new();
    let mut unclear: Vec<&str> = Vec::new();
    let mut kept_out: Vec<(&str, &CaseResult)> = Vec::new();
    let (shared, own): (Vec<&String>, _) =
        report.browsers.keys().partition(|name| *name == "http2");
    for name in own.into_iter().chain(shared) {
        let cases = of_browsers(&report.cases).filter(|(of, _)| of == name).map(|(_, case)| case);
        let cases: Vec<&CaseResult> = cases.collect();
        let worst = cases.iter().copied().filter(|case| is_kept_out(case));
        match worst.min_by_key(|case| urgency(case.verdict)) {
            Some(case) => kept_out.push((name, case)),
            None if cases.iter().any(|case| case.outcome.is_some() && is_judged(case)) => {
                open.push(name);
            }
            None => unclear.push(name),
        }
    }
    if report.browsers.is_empty() {
        return None;
    }
    let answer = match (&open[..], &kept_out[..], &unclear[..]) {
        ([], [], _) => "That is not known, for no handshake of theirs was judged.".to_owned(),
        (open, [], []) => format!("Yes: {}.", names(open)),
        (open, [], unclear) => {
            format!("Yes: {}. Not known: {}.", names(open), names(unclear))
        }
        ([], out, _) => format!("No. {}", reasons(out)),
        (open, out, _) => format!("Not every one. {} Yes: {}.", reasons(out), names(open)),
    };
    Some(format!("Can a browser connect? {answer}"))
}

/// Why browsers cannot connect: those that meet the same are told together.
fn reasons(kept_out: &[(&str, &CaseResult)]) -> String {
    let mut told: Vec<(Vec<&str>, &str, &CaseResult)> = Vec::new();
    for (name, case) in kept_out {
        let said = message(case).unwrap_or(&case.title);
        match told.iter_mut().find(|(_, other, _)| *other == said) {
            Some((names, ..)) => names.push(name),
            None => told.push((vec![name], said, case)),
        }
    }
    let one = |(who, said, case): &(Vec<&str>, &str, &CaseResult)| {
        format!("{}: {} ({}).", names(who), visible::text(said), visible::text(&case.id))
    };
    told.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// Whether the browser of this case has no WebSocket in the end: it was not opened, or with an answer on which
/// a client fails the connection (RFC 6455 4.1).
fn is_kept_out(case: &CaseResult) -> bool {
    let opened = case.outcome.is_some_and(|came| match came.outcome {
        Outcome::Status(status) => status == 101 || (200..300).contains(&status) && is_http2(case),
        _ => false,
    });
    let is_fatal = |finding: &Finding| match finding.verdict {
        Verdict::Fail => CHECKED.iter().any(|prefix| finding.requirement.starts_with(prefix)),
        Verdict::Warn => LACKING.contains(&finding.requirement.as_str()),
        _ => false,
    };
    is_bad(case.verdict) && (!opened || case.findings.iter().any(is_fatal))
}

fn is_http2(case: &CaseResult) -> bool {
    case.id.contains("http2")
}

/// The place in the order in which a reader wants verdicts.
fn urgency(verdict: Verdict) -> usize {
    BY_URGENCY.iter().position(|one| *one == verdict).unwrap_or(BY_URGENCY.len())
}

fn is_bad(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Warn | Verdict::Fail)
}

fn is_judged(case: &CaseResult) -> bool {
    case.verdict == Verdict::Pass || is_bad(case.verdict)
}

/// The cases of browsers that had to do with the target, each with the name of its browser: the first word of
/// its own name.
fn of_browsers(cases: &[CaseResult]) -> impl Iterator<Item = (&str, &CaseResult)> {
    let applies = |case: &&CaseResult| case.reason != Some(Reason::NotApplicable);
    cases.iter().filter(applies).filter_map(|case| {
        let name = case.id.strip_prefix(TOPIC)?;
        Some((name.split('-').next().unwrap_or(name), case))
    })
}

/// Names as people write them, in a list.
fn names(browsers: &[&str]) -> String {
    let name = |browser: &&str| match *browser {
        "chromium" => "Chromium".to_owned(),
        "firefox" => "Firefox".to_owned(),
        "webkit" => "WebKit".to_owned(),
        "http2" => "browsers over HTTP/2".to_owned(),
        other => visible::text(other),
    };
    browsers.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// Where the cases of browsers are kept in the corpus.
const TOPIC: &str = "server/browsers/";

/// What a client checks of the answer before it takes the connection for open.
const CHECKED: [&str; 5] =
    ["rfc6455/4.2.2-", "rfc6455/4.3-", "rfc6455/9.1-", "rfc7692/", "rfc9113/"];

/// What a server may leave out and a browser needs: a subprotocol, and a WebSocket that lasts.
const LACKING: [&str; 2] = ["rfc6455/4.2.2-subprotocol-choice", "rfc8441/5-protocol"];

#[cfg(test)]
mod tests {
    use upspec_judge::Came;

    use super::*;
    use crate::sample;

    fn case(name: &str, outcome: &str, verdict: Verdict, cites: &str, said: &str) -> CaseResult {
        let finding = sample::finding(cites, "must", verdict, said, None);
        let findings = if verdict == Verdict::Pass { Vec::new() } else { vec![finding] };
        CaseResult {
            id: format!("{TOPIC}{name}"),
            verdict,
            outcome: Some(outcome.parse::<Came>().unwrap()),
            ..sample::result_of(Vec::new(), findings)
        }
    }

    fn told(cases: Vec<CaseResult>) -> String {
        let mut report = sample::report();
        report.browsers = of_cases(&cases);
        report.cases = cases;
        line(&report).unwrap_or_default()
    }

    const FIELDS: &str = "rfc6455/4.2.1-other-fields";

    #[test]
    fn every_browser_connects() {
        let cases = vec![
            case("chromium", "101", Verdict::Pass, "", ""),
            case("chromium-http2", "200", Verdict::Pass, "", ""),
            case("webkit", "101", Verdict::Pass, "", ""),
        ];
        assert_eq!(told(cases), "Can a browser connect? Yes: Chromium, WebKit.");
    }

    #[test]
    fn who_is_kept_out_and_why() {
        let cases = vec![
            case("chromium", "400", Verdict::Warn, FIELDS, "answered 400"),
            case("firefox", "101", Verdict::Warn, "rfc9110/6.6.1-date", "no Date"),
            case("webkit", "400", Verdict::Warn, FIELDS, "answered 400"),
        ];
        assert_eq!(
            told(cases),
            "Can a browser connect? Not every one. Chromium, WebKit: answered 400 \
             (server/browsers/chromium). Yes: Firefox."
        );
    }

    #[test]
    fn an_answer_that_clients_refuse_keeps_them_out() {
        let cases = vec![case("firefox", "101", Verdict::Fail, "rfc6455/4.2.2-accept", "\x1bodd")];
        let line = told(cases);
        assert!(line.starts_with("Can a browser connect? No. Firefox: "), "{line}");
        assert!(!line.contains('\x1b'), "{line}");
    }

    #[test]
    fn what_was_not_judged_is_not_known() {
        let unclear = case("chromium", "403", Verdict::Inconclusive, FIELDS, "answered 403");
        let passed = case("firefox", "101", Verdict::Pass, "", "");
        assert!(told(vec![unclear.clone()]).contains("not known"));
        assert_eq!(
            told(vec![unclear, passed]),
            "Can a browser connect? Yes: Firefox. Not known: Chromium."
        );
        assert_eq!(told(Vec::new()), "");
    }
}
