//! Comparisons: which servers share a group, what counts as a difference, and what is shown.

use upspec_corpus::Corpus;
use upspec_exchange::IoKind;
use upspec_judge::judge;

use super::*;
use crate::text::Style;
use crate::{Secrets, sample};

const CASE: &str = "server/http-version/http10";

/// A server that gives this answer to an upgrade.
fn run(corpus: &Corpus, name: &str, answer: &str) -> Run {
    let case = &corpus.cases.iter().find(|case| case.id == id(corpus)).unwrap();
    let record = sample::record(vec![
        sample::io(1, IoKind::Wrote, REQUEST.as_bytes()),
        sample::io(2, IoKind::Read, answer.as_bytes()),
        sample::io(3, IoKind::ReadEnd, b""),
    ]);
    let result = judge(case, Some(record), None, &TargetFacts::default(), &corpus.requirements);
    of(corpus, name, vec![result])
}

fn of(corpus: &Corpus, name: &str, results: Vec<CaseResult>) -> Run {
    Run {
        name: name.to_owned(),
        trouble: None,
        report: Report::of_run(sample::about(), results, &Secrets::default(), corpus),
    }
}

/// The id of a case for servers about HTTP/1.0, whatever it is called.
fn id(corpus: &Corpus) -> String {
    let about = |case: &&upspec_corpus::Case| {
        case.role.is_server() && case.requirement == "rfc9110/7.8-http10"
    };
    let case = corpus.cases.iter().find(about);
    case.map_or(CASE.to_owned(), |case| case.id.clone())
}

const REQUEST: &str = "GET /chat HTTP/1.0\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
const REFUSAL: &str = "HTTP/1.1 400 Bad Request\r\nDate: Mon, 23 Nov 2026 10:00:00 GMT\r\n\
    Connection: close\r\nContent-Length: 0\r\n\r\n";
const HOSTILE: &str = "HTTP/1.1 426 Upgrade Required\r\nUpgrade: <script>alert(1)</script>\x1b[31m\r\n\
    Connection: close, Upgrade\r\nContent-Length: 0\r\n\r\n";

fn diff(runs: &[(&str, &str)], scope: Scope) -> Diff {
    let corpus = Corpus::embedded().unwrap();
    let runs = runs.iter().map(|(name, answer)| run(&corpus, name, answer));
    Diff::of_runs(sample::about(), runs.collect(), &corpus, scope)
}

#[test]
fn servers_that_do_the_same_stand_together() {
    let diff = diff(&[("a", REFUSAL), ("b", SWITCH), ("c", REFUSAL)], Scope::Differing);
    assert_eq!((diff.compared, diff.differing), (1, 1));
    let [case] = &diff.cases[..] else { panic!("{diff:?}") };
    let groups: Vec<_> = case
        .groups
        .iter()
        .map(|group| {
            (group.servers.join(" "), group.outcome.as_deref(), permitted_word(group.verdict))
        })
        .collect();
    assert_eq!(
        groups,
        [("a c".to_owned(), Some("400"), "permitted"), ("b".to_owned(), Some("101"), "forbidden")]
    );
    assert_eq!(case.groups[0].did(), "400, connection closed");
    assert!(diff.requirements.contains_key("rfc9110/7.8-http10"));
}

#[test]
fn what_does_not_differ_is_left_out_unless_all_is_wanted() {
    let runs = [("a", REFUSAL), ("b", REFUSAL)];
    assert_eq!(diff(&runs, Scope::Differing).cases, []);
    let all = diff(&runs, Scope::All);
    assert_eq!((all.cases.len(), all.compared, all.differing), (1, 1, 0));
}

#[test]
fn who_was_not_asked_makes_no_difference() {
    let corpus = Corpus::embedded().unwrap();
    let case = corpus.case(&id(&corpus)).unwrap();
    let unasked = upspec_judge::not_played(case, Reason::NotApplicable, "", &corpus.requirements);
    let runs = vec![run(&corpus, "a", REFUSAL), of(&corpus, "b", vec![unasked])];
    let diff = Diff::of_runs(sample::about(), runs, &corpus, Scope::All);
    assert_eq!((diff.compared, diff.differing), (0, 0));
    assert_eq!(diff.cases[0].groups[1].did(), "not asked");
}

#[test]
fn nothing_of_a_server_becomes_markup_or_moves_the_terminal() {
    let diff = diff(&[("a<b>", HOSTILE), ("b\u{202e}", SWITCH)], Scope::Differing);
    let page = crate::html::diff_html(&diff);
    for forbidden in ["<script", "<b>", "\u{202e}", "\x1b"] {
        let shown = page.replace("<b>101</b>", "").replace("<b>426</b>", "");
        let shown = shown.replace("<b>0</b>", "").replace("<b>1</b>", "");
        assert!(!shown.contains(forbidden), "{forbidden:?}");
    }
    let text = diff_summary(&diff, Style::Plain);
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text}");
    assert!(text.contains("2 servers differ in 1 of 1 case."), "{text}");
}

#[test]
fn a_comparison_fits_its_schema() {
    let schema = serde_json::from_str(&crate::diff_schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let diff = diff(&[("a", REFUSAL), ("b", SWITCH)], Scope::All);
    let json = serde_json::from_str(&diff.json()).unwrap();
    let errors: Vec<_> = validator.iter_errors(&json).map(|e| e.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(serde_json::from_str::<Diff>(&diff.json()).unwrap(), diff);
}
