//! Whether a browser can connect: what the cases with the handshakes of browsers come to, first in every view.

use std::collections::BTreeMap;

use upspec_corpus::case::Outcome;
use upspec_judge::{CaseResult, Finding, Reason, Verdict};

use crate::report::Report;
use crate::visible;
use crate::words::{BY_URGENCY, message};

/// Whether each browser can connect, by its name: `pass` says yes, `fail` and `warn` no, as bad as the case that
/// shows it, and `inconclusive` that nothing is known. A browser that the target has nothing to do with is left
/// out; `http2` has what concerns every browser that speaks WebSocket over HTTP/2.
pub type Browsers = BTreeMap<String, Verdict>;

/// Sums the cases of browsers up.
pub(crate) fn of_cases(cases: &[CaseResult]) -> Browsers {
    let mut browsers = Browsers::new();
    for (name, case) in of_browsers(cases) {
        let found = if is_kept_out(case) {
            case.verdict
        } else if is_judged(case) {
            Verdict::Pass
        } else {
            Verdict::Inconclusive
        };
        let worst = browsers.entry(name.to_owned()).or_insert(found);
        *worst = match (*worst, found) {
            (Verdict::Inconclusive, _) => found,
            (_, Verdict::Inconclusive) => *worst,
            _ => found.max(*worst),
        };
    }
    browsers
}

/// The question and its answer in one line, control octets made visible; nothing where no such case was answered.
pub(crate) fn line(report: &Report) -> Option<String> {
    if of_browsers(&report.cases).all(|(_, case)| case.outcome.is_none()) {
        return None;
    }
    let (shared, own): (Vec<_>, _) = report.browsers.iter().partition(|(name, _)| *name == SHARED);
    let all = || own.iter().chain(&shared);
    let those = |is_wanted: fn(Verdict) -> bool| -> Vec<&str> {
        all().filter(|(_, verdict)| is_wanted(**verdict)).map(|(name, _)| name.as_str()).collect()
    };
    let open = those(|verdict| verdict == Verdict::Pass);
    let unclear = those(|verdict| verdict == Verdict::Inconclusive);
    let kept_out = those(is_bad);
    let answer = match (&open[..], &kept_out[..]) {
        ([], []) => "That is not known",
        (_, []) => "Yes",
        ([], _) => "No",
        _ => "Not every one",
    };
    let mut parts = vec![format!("Can a browser connect? {answer}.")];
    let listed =
        |what: &str, who: &[&str]| (!who.is_empty()).then(|| format!("{what}: {}.", names(who)));
    parts.extend(listed("These can", &open));
    parts.extend(listed("Not known", &unclear));
    parts.extend(reasons(report, &kept_out));
    Some(parts.join(" "))
}

/// Why browsers cannot connect: those that meet the same are told together, with the first case that shows it.
fn reasons(report: &Report, kept_out: &[&str]) -> Vec<String> {
    let mut told: Vec<(Vec<&str>, &CaseResult)> = Vec::new();
    for name in kept_out {
        let cases = of_browsers(&report.cases).filter(|(of, case)| of == name && is_kept_out(case));
        let Some((_, case)) = cases.min_by_key(|(_, case)| urgency(case.verdict)) else {
            continue;
        };
        match told.iter_mut().find(|(_, other)| met(other) == met(case)) {
            Some((names, _)) => names.push(name),
            None => told.push((vec![name], case)),
        }
    }
    let one = |(who, case): &(Vec<&str>, &CaseResult)| {
        let said = visible::text(message(case).unwrap_or(&case.title));
        format!("Kept out: {}, by {}: {said}", names(who), visible::text(&case.id))
    };
    told.iter().map(one).collect()
}

/// What came of a case, whatever values its answer had.
fn met(case: &CaseResult) -> (Option<Outcome>, Verdict, Option<&str>) {
    let finding = case.findings.iter().find(|finding| finding.verdict == case.verdict);
    let outcome = case.outcome.map(|came| came.outcome);
    (outcome, case.verdict, finding.map(|finding| finding.requirement.as_str()))
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
        SHARED => "any over HTTP/2".to_owned(),
        other => visible::text(other),
    };
    browsers.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// Where the cases of browsers are kept in the corpus.
const TOPIC: &str = "server/browsers/";

/// The word that stands for every browser that speaks WebSocket over HTTP/2.
const SHARED: &str = "http2";

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
        assert_eq!(told(cases), "Can a browser connect? Yes. These can: Chromium, WebKit.");
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
            "Can a browser connect? Not every one. These can: Firefox. Kept out: Chromium, WebKit, \
             by server/browsers/chromium: answered 400"
        );
    }

    #[test]
    fn an_answer_that_clients_refuse_keeps_them_out() {
        let cases = vec![case("firefox", "101", Verdict::Fail, "rfc6455/4.2.2-accept", "\x1bodd")];
        let line = told(cases);
        assert!(line.starts_with("Can a browser connect? No. Kept out: Firefox, "), "{line}");
        assert!(!line.contains('\x1b'), "{line}");
    }

    #[test]
    fn what_was_not_judged_is_not_known() {
        let unclear = case("chromium", "403", Verdict::Inconclusive, FIELDS, "answered 403");
        let passed = case("firefox", "101", Verdict::Pass, "", "");
        assert!(told(vec![unclear.clone()]).contains("not known"));
        assert_eq!(
            told(vec![unclear, passed]),
            "Can a browser connect? Yes. These can: Firefox. Not known: Chromium."
        );
        assert_eq!(told(Vec::new()), "");
    }
}
