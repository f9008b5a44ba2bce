//! What a baseline excuses, and what it does not.

use jiff::civil::date;
use upspec_corpus::Corpus;
use upspec_judge::{CaseResult, Reason, Verdict};

use super::*;
use crate::sample;

const KEY: &str = "rfc6455/4.2.1-key";
const DATE: &str = "rfc9110/6.6.1-date";

fn entry(requirement: &str, cases: &str, verdict: &str, more: &str) -> String {
    format!(
        "[[known]]\nrequirement = '{requirement}'\ncases = ['{cases}']\nverdict = '{verdict}'\n\
         reason = 'old'\n{more}\n"
    )
}

fn case(id: &str, verdict: Verdict, found: &[(&str, Verdict)]) -> CaseResult {
    let findings =
        found.iter().map(|(id, verdict)| sample::finding(id, "must", *verdict, "so", None));
    let reason = (verdict == Verdict::Inconclusive).then_some(Reason::NotApplicable);
    let result = sample::result_of(Vec::new(), findings.collect());
    CaseResult { id: id.to_owned(), verdict, reason, ..result }
}

fn standing(text: &str, cases: &[CaseResult]) -> Standing {
    let baseline = Baseline::read(&format!("version = 1\n{text}")).unwrap();
    baseline.standing("b.toml", cases, &Corpus::embedded().unwrap(), date(2026, 11, 27))
}

/// What is made of one case: `new`, `known` or nothing.
fn made(text: &str, one: &CaseResult) -> &'static str {
    let standing = standing(text, std::slice::from_ref(one));
    match standing.mark(&one.id) {
        Some(Mark::New(new)) if new.verdict == Verdict::Warn => "new warn",
        Some(Mark::New(_)) => "new",
        Some(Mark::Known(_)) => "known",
        Some(Mark::Lost) => "lost",
        None => "-",
    }
}

#[test]
fn only_what_failed_there_is_excused() {
    use Verdict::{Error, Fail, Inconclusive, Pass, Warn};
    let id = "server/key/fifteen-bytes";
    let fail = entry(KEY, "server/key", "fail", "");
    let rows = [
        (&fail, case(id, Fail, &[(KEY, Fail)]), "known"),
        (&fail, case(id, Warn, &[(KEY, Warn)]), "known"),
        (&fail, case(id, Fail, &[]), "known"),
        (&fail, case(id, Fail, &[(KEY, Fail), (DATE, Fail)]), "new"),
        (&fail, case(id, Fail, &[(KEY, Fail), (DATE, Warn)]), "new warn"),
        (&fail, case("server/keys/one", Fail, &[(KEY, Fail)]), "new"),
        (&fail, case(id, Pass, &[]), "-"),
        (&fail, case(id, Error, &[]), "-"),
        (&fail, case(id, Inconclusive, &[]), "-"),
        (&entry(KEY, "server/key", "warn", ""), case(id, Fail, &[(KEY, Fail)]), "new"),
        (&entry(DATE, "server/key", "fail", ""), case(id, Fail, &[(KEY, Fail)]), "new"),
        (&entry(KEY, id, "fail", "until = 2026-11-26"), case(id, Fail, &[(KEY, Fail)]), "new"),
        (&entry(KEY, id, "fail", "until = 2026-11-27"), case(id, Fail, &[(KEY, Fail)]), "known"),
        (&"unjudged = []\n".to_owned(), case(id, Inconclusive, &[]), "lost"),
        (&"unjudged = ['server/key']\n".to_owned(), case(id, Inconclusive, &[]), "-"),
        (&String::new(), case(id, Inconclusive, &[]), "-"),
    ];
    for (text, case, want) in rows {
        assert_eq!(made(text, &case), want, "{text} {:?} {:?}", case.verdict, case.findings);
    }
}

#[test]
fn an_answer_that_is_pinned_excuses_no_other() {
    let id = "server/key/fifteen-bytes";
    let rows = [
        ("101", "101", "known"),
        ("101", "closed", "new"),
        ("4xx", "426", "known"),
        ("4xx", "500", "new"),
        ("stream-error", "stream-error CANCEL", "known"),
        ("stream-error CANCEL", "stream-error CANCEL", "known"),
        ("stream-error CANCEL", "stream-error", "new"),
    ];
    for (pinned, came, want) in rows {
        let text = entry(KEY, id, "fail", &format!("answer = '{pinned}'"));
        let case = CaseResult {
            outcome: Some(came.parse().unwrap()),
            ..case(id, Verdict::Fail, &[(KEY, Verdict::Fail)])
        };
        assert_eq!(made(&text, &case), want, "{pinned} {came}");
        let standing = standing(&text, &[case]);
        let known = standing.new.get(id).and_then(|new| new.known_answer.as_deref());
        assert_eq!(known, (want == "new").then_some(pinned), "{pinned} {came}");
        assert!(standing.fixed.is_empty(), "{pinned} {came}");
    }
    let silent = case(id, Verdict::Fail, &[(KEY, Verdict::Fail)]);
    let silent = CaseResult { outcome: None, ..silent };
    assert_eq!(made(&entry(KEY, id, "fail", "answer = '101'"), &silent), "new");
    let pin = |word: &str| entry(KEY, id, "fail", &format!("answer = '{word}'"));
    let two = pin("101") + &pin("closed");
    let mut report = sample::report();
    report.cases[0].outcome = Some("closed".parse().unwrap());
    report.cases[0].verdict = Verdict::Fail;
    let text = entry("*", &report.cases[0].id, "fail", "answer = '101'");
    let text = text.replace("'*'", &format!("'{}'", report.cases[0].requirement));
    report.cases.truncate(1);
    report.baseline = Some(standing(&text, &report.cases));
    for format in crate::FORMATS.iter().filter(|one| ["html", "markdown"].contains(&one.name)) {
        let text = String::from_utf8_lossy(&format.octets(&report)).into_owned();
        assert!(text.contains("closed in place of 101"), "{}: {text}", format.name);
    }
    let case = CaseResult { outcome: Some("closed".parse().unwrap()), ..silent };
    assert_eq!(made(&two, &case), "known");
}

#[test]
fn what_is_fixed_or_stale_is_told() {
    use Verdict::{Fail, Inconclusive, Pass};
    let id = "server/key/fifteen-bytes";
    let rows = [
        (entry(KEY, id, "fail", ""), case(id, Pass, &[]), (1, 0)),
        (entry(KEY, id, "fail", ""), case(id, Inconclusive, &[]), (0, 0)),
        (entry(KEY, id, "fail", ""), case("server/key/empty", Pass, &[]), (0, 0)),
        // The other cases were not played.
        (entry(KEY, "server/key", "fail", ""), case(id, Pass, &[]), (0, 0)),
        (entry(KEY, "server/key/nothing-such", "fail", ""), case(id, Pass, &[]), (0, 1)),
        (entry("rfc1/1-no", id, "fail", ""), case(id, Pass, &[]), (0, 1)),
        // What was a warning and fails is neither.
        (entry(KEY, id, "warn", ""), case(id, Fail, &[(KEY, Fail)]), (0, 0)),
        (entry(KEY, id, "fail", "until = 2020-01-01"), case(id, Fail, &[(KEY, Fail)]), (0, 1)),
    ];
    for (text, case, want) in rows {
        let standing = standing(&text, &[case]);
        assert_eq!((standing.fixed.len(), standing.stale.len()), want, "{text} {standing:?}");
    }
}

#[test]
fn the_whole_is_said_in_a_line() {
    use Verdict::{Fail, Pass};
    let text = entry(KEY, "server/key/fifteen-bytes", "fail", "") + &entry(KEY, "gone", "fail", "");
    let cases = [
        case("server/key/fifteen-bytes", Pass, &[]),
        case("server/key/empty", Fail, &[(KEY, Fail)]),
    ];
    let standing = standing(&text, &cases);
    assert_eq!(standing.headline(), "Against b.toml: 1 new fail, 0 known, 1 fixed, 1 stale.");
    let advice = "`upspec baseline prune` takes 2 lines of cases out of it.";
    assert_eq!(standing.advice().as_deref(), Some(advice));
}

#[test]
fn what_is_no_baseline_is_said_clearly() {
    let good = format!("version = 1\n\n{}", entry(KEY, "server/key", "fail", ""));
    assert!(Baseline::read(&good).is_ok());
    let rows = [
        ("{\"format\": 1}", "`upspec baseline write FILE REPORT`"),
        ("", "missing field `version`"),
        ("version = 2", "version 2 of a baseline"),
        ("version = 1\nknwon = 1", "unknown field `knwon`"),
        (&good.replace("'old'", "' '"), "line 3: rfc6455/4.2.1-key needs a `reason`"),
        (&good.replace("reason = 'old'\n", ""), "missing field `reason`"),
        (&good.replace("['server/key']", "[]"), "names no case"),
        (&good.replace("'fail'", "'inconclusive'"), "line 3: `verdict` is `warn` or `fail`"),
        (&good.replace("'fail'", "'bad'"), "unknown variant `bad`"),
        (&format!("{good}until = 2027-01-01T00:00:00Z"), "`until` is a day"),
        (&format!("{good}answer = 'Closed'"), "line 3: `Closed` is not an outcome: `answer` is"),
    ];
    for (text, words) in rows {
        let error = Baseline::read(text).unwrap_err().to_string();
        assert!(error.contains(words), "{words}: {error}");
    }
}

/// A run of which one case is known, one is fixed, and the rest is new.
fn with_baseline() -> crate::Report {
    let mut report = sample::report();
    let text = entry(KEY, "server/key/absent", "fail", "link = 'https://e.example/1'")
        + &entry(KEY, "server/key/fifteen-bytes", "fail", "")
        + &entry(KEY, "server/control/handshake", "fail", "");
    report.baseline = Some(standing(&format!("unjudged = []\n{text}"), &report.cases));
    report
}

#[test]
fn every_format_tells_new_from_known() {
    let report = with_baseline();
    let said = "3 new fail, 1 new warn, 1 known, 1 fixed, 1 no longer judged";
    let speaks = ["html", "junit", "markdown", "github", "tap"];
    for format in crate::FORMATS.iter().filter(|format| speaks.contains(&format.name)) {
        let text = String::from_utf8_lossy(&format.octets(&report))
            .replace("\\.", ".")
            .replace("\\:", ":");
        assert!(text.contains(said), "{}: {text}", format.name);
        assert!(text.contains("server/key/fifteen-bytes"), "{}", format.name);
    }
    let sarif = crate::FORMATS.iter().find(|format| format.name == "sarif").unwrap();
    let log: serde_json::Value = serde_json::from_slice(&sarif.octets(&report)).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let known = results.iter().filter(|one| one["suppressions"].is_array());
    assert_eq!(
        known.map(|one| one["baselineState"].as_str()).collect::<Vec<_>>(),
        [Some("unchanged"); 2]
    );
    let text = crate::summary(&report, crate::Style::Plain);
    for words in
        [said, "new fail server/key/fifteen-bytes: rfc6455/4.2.2-accept", "  fixed rfc6455"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_eq!(crate::Report::read(&report.json()).unwrap(), report);
}

#[test]
fn junit_fails_on_what_is_new_alone() {
    let junit = crate::FORMATS.iter().find(|format| format.name == "junit").unwrap();
    let report = crate::Report { strict_flaky: true, ..with_baseline() };
    let xml = String::from_utf8(junit.octets(&report)).unwrap();
    assert!(xml.contains("failures=\"3\""), "{xml}");
    assert_eq!(xml.matches("type=\"known-fail\"").count(), 1);
    assert!(xml.contains("message=\"known: old\""));
}
