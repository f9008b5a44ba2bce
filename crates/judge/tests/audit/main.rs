//! The corpus and the model audit each other: they are written independently, and where one calls
//! an answer lawful that the other forbids, one of them is wrong.
//! Never opens a socket: the exchanges are made up, and judged as if they had been recorded.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod agree;
mod breaks;
mod decided;
mod generated;
mod reply;
mod scripted;
mod tunnel;

use agree::{Agreement, DIFFERENCES, Ruled, agreement, ruled, usual};
use reply::{Details, reply, statuses};
use scripted::play;
use upspec_corpus::Corpus;
use upspec_corpus::case::{Act, Awaited, Case, Need, Over, Step, Tls};
use upspec_handshake::permitted::Answer;
use upspec_judge::{CaseResult, TargetFacts, Verdict, judge};

/// Plays a case with this answer to one of its requests, and usual answers to the others.
fn answered(
    corpus: &Corpus,
    case: &Case,
    number: usize,
    answer: Answer,
    details: &Details,
) -> Option<(Ruled, CaseResult)> {
    let mut rule = None;
    let record = play(case, &mut |asked| {
        if asked.number == number {
            rule = Some(ruled(case, asked, answer));
            reply(case, asked, answer, details)
        } else {
            reply(case, asked, usual(case, asked), &Details::plain())
        }
    });
    Some((rule?, judge(case, Some(record), None, &facts(), &corpus.requirements)))
}

/// What is known of the server that the test plays: an offer of HTTP/2 means something to it.
fn facts() -> TargetFacts {
    let mut facts = TargetFacts::default();
    facts.set(Need::Http2, true);
    facts.set(Need::Http2Resource, true);
    facts
}

#[test]
fn cases_and_model_agree() {
    let corpus = Corpus::embedded().unwrap();
    let plain = Details::plain();
    let mut differences = Vec::new();
    let mut outside = Vec::new();
    let mut never = Vec::new();
    let mut unused: Vec<usize> = (0..DIFFERENCES.len()).collect();
    for case in corpus.cases.iter().filter(|case| is_plain(case)) {
        let answers = if is_large(case) { &LARGE[..] } else { &Answer::ALL[..] };
        let mut requests = 0;
        let mut can_pass = false;
        while answered(&corpus, case, requests, Answer::BadRequest, &plain).is_some() {
            for &answer in answers {
                let Some((rule, result)) = answered(&corpus, case, requests, answer, &plain) else {
                    continue;
                };
                can_pass |= result.verdict == Verdict::Pass;
                match agreement(case, &rule, &result, &corpus.requirements) {
                    Agreement::Agreed => {}
                    Agreement::Excused(row) => unused.retain(|unused| *unused != row),
                    Agreement::Differing(text) => differences.push(text),
                }
            }
            requests += 1;
        }
        if requests == 0 {
            outside.push(case.id.as_str());
        } else if !can_pass && !passes_somehow(&corpus, case, requests) {
            never.push(case.id.as_str());
        }
    }
    let count = differences.len();
    assert!(count == 0, "{count} differences:\n{}", differences.join("\n"));
    let stated: Vec<&str> = OUTSIDE.iter().map(|row| row.0).collect();
    assert_eq!(outside, stated, "the cases that the audit does not reach");
    assert_eq!(never, NEVER_PASSED, "the cases that no answer passes");
    let unused: Vec<String> = unused.iter().map(|row| DIFFERENCES[*row].shown()).collect();
    assert!(unused.is_empty(), "rows that excuse nothing:\n{}", unused.join("\n"));
}

/// The cases that the model has nothing to rule on, and why.
const OUTSIDE: &[(&str, &str)] = &[
    ("server/resets/within-request-line", "its head never ends"),
    ("server/resets/within-head", "its head never ends"),
    ("server/resets/within-content", "its content never ends"),
    ("server/syntax/unfinished", "its head never ends"),
    ("server/syntax/cut", "its head never ends"),
    ("server/syntax/tls-hello", "its octets are no head"),
];

/// The cases that no answer of this test passes.
const NEVER_PASSED: [&str; 6] = [
    // Its tunnel does not compress.
    "server/compression/server-window-of-9-bits",
    "server/compression/server-window-of-10-bits",
    "server/compression/server-window-of-12-bits",
    "server/compression/server-window-of-its-own",
    "server/compression/server-without-takeover",
    // Its tunnel does not inflate, so that it cannot see what is wrong.
    "server/permessage-deflate/compressed-not-utf8",
];

/// Whether an answer passes that is not the plainest of its class.
fn passes_somehow(corpus: &Corpus, case: &Case, requests: usize) -> bool {
    let passes = |number, answer, status, closes| {
        let details = Details { status, closes, ..Details::plain() };
        answered(corpus, case, number, answer, &details)
            .is_some_and(|(_, result)| result.verdict == Verdict::Pass)
    };
    (0..requests).any(|number| {
        Answer::ALL.into_iter().any(|answer| {
            let mut statuses = 0..statuses(answer).len().max(1);
            statuses
                .any(|at| [false, true].into_iter().any(|ends| passes(number, answer, at, ends)))
        })
    })
}

/// Whether it speaks HTTP/1.1 alone, and its answer counts. What HTTP/2 asks is audited in `audit_http2`.
fn is_plain(case: &Case) -> bool {
    let http2 = |step: &Step| matches!(step.act, Act::H2(_) | Act::AwaitOther(Awaited::Settings));
    let dialled = case.alpn == ["http/1.1"] && case.tls == Tls::AsTarget;
    let asks_server = case.id.starts_with("server/") && case.over == Over::Http1;
    asks_server && dialled && !case.is_about_cost() && !case.steps.iter().any(http2)
}

/// Whether reading it again and again takes long.
fn is_large(case: &Case) -> bool {
    let many = |step: &Step| matches!(step.act, Act::Repeat { times, .. } if times > 500);
    case.steps.iter().any(many)
}

const LARGE: [Answer; 3] = [Answer::Switch, Answer::BadRequest, Answer::ServerError];
