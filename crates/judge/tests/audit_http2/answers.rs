//! Every answer to every request of the cases in HTTP/2, and every break of a lawful one.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::RngSeed;
use upspec_corpus::case::{Case, Role};
use upspec_corpus::{Corpus, Weight};
use upspec_judge::{CaseResult, Verdict, judge};

use crate::breaks::{BREAKS, Break, Edit, Fits, NO_SUBPROTOCOL, SUBPROTOCOL};
use crate::reply::{Answer, Details, reply};
use crate::ruling::{Agreement, DIFFERENCES, Grade, Request, agreement, weight};
use crate::server::{Asked, Manners, is_http2, play};

static CORPUS: LazyLock<Corpus> = LazyLock::new(|| Corpus::embedded().unwrap());

static CASES: LazyLock<Vec<&Case>> = LazyLock::new(|| {
    let all = CORPUS.cases.iter();
    all.filter(|case| is_http2(case) && is_agreed(case) && !has_windows(case))
        .filter(|case| case.role == Role::Server && !case.is_about_cost())
        .collect()
});

/// Whether it is about flow control, of which the server of this test has none; the reference server has.
fn has_windows(case: &Case) -> bool {
    case.id.starts_with("server/flow-control/")
}

/// Whether HTTP/2 is what both sides have agreed on: where it is not, no ruling on HTTP/2 holds.
fn is_agreed(case: &Case) -> bool {
    case.alpn.first().is_some_and(|first| first == "h2")
}

/// A lawful answer from which the awaits of a case go on.
fn usual(request: Request) -> Answer {
    match request {
        Request::Malformed | Request::OtherProtocol | Request::Refused => Answer::Status(400),
        Request::Plain | Request::WebSocket => Answer::Status(200),
    }
}

/// The case with this answer to its last request, and usual answers before it.
fn answered(case: &Case, answer: Answer, details: &Details) -> Option<(Request, CaseResult)> {
    let last = requests(case).checked_sub(1)?;
    let mut request = None;
    let record = play(case, Manners::lawful(case), &mut |asked| {
        let read = Request::read(asked);
        if asked.number < last {
            return reply(asked, usual(read), &Details::default());
        }
        request = Some(read);
        reply(asked, answer, details)
    });
    Some((
        request?,
        judge(
            case,
            Some(record),
            None,
            &upspec_judge::TargetFacts::default(),
            &CORPUS.requirements,
        ),
    ))
}

/// How many requests it makes when all goes as usual.
fn requests(case: &Case) -> usize {
    let mut count = 0;
    play(case, Manners::lawful(case), &mut |asked| {
        count = asked.number + 1;
        reply(asked, usual(Request::read(asked)), &Details::default())
    });
    count
}

#[test]
fn cases_and_rulings_agree() {
    let mut differences = Vec::new();
    let mut never = Vec::new();
    let mut outside = Vec::new();
    let mut unused: Vec<usize> = (0..DIFFERENCES.len()).collect();
    for case in CASES.iter() {
        let mut passes = false;
        for answer in Answer::all() {
            let Some((request, result)) = answered(case, answer, &Details::default()) else {
                outside.push(case.id.as_str());
                passes = true;
                break;
            };
            passes |= result.verdict == Verdict::Pass;
            match agreement(case, request, answer, &result, &CORPUS.requirements) {
                Agreement::Agreed => {}
                Agreement::Excused(row) => unused.retain(|unused| *unused != row),
                Agreement::Differing(text) => differences.push(text),
            }
        }
        // The audit's server declines to compress and selects no subprotocol; that these cases pass one
        // that does is shown by the reference server.
        let selects = [
            "server/extended-connect/server-without-takeover",
            "server/one-connection/another-subprotocol",
        ];
        if !passes && !selects.contains(&case.id.as_str()) {
            never.push(case.id.as_str());
        }
    }
    let count = differences.len();
    assert!(count == 0, "{count} differences:\n{}", differences.join("\n"));
    assert_eq!(outside, [""; 0], "the cases that the audit does not reach");
    assert_eq!(never, [""; 0], "the cases that no answer passes");
    let unused: Vec<String> = unused.iter().map(|row| DIFFERENCES[*row].shown()).collect();
    assert!(unused.is_empty(), "rows that excuse nothing:\n{}", unused.join("\n"));
}

/// The case with one break in the answer to its last request; `None` where the break fits no answer.
fn broken_once(
    case: &Case,
    broken: &'static Break,
    details: &Details,
) -> Option<(bool, CaseResult)> {
    let last = requests(case).checked_sub(1)?;
    let mut offered = None;
    let mut manners = Manners::lawful(case);
    match broken.edit {
        Edit::Hello(octets) => manners.hello = octets(),
        Edit::Acknowledgement(octets) => manners.acknowledgement = octets(),
        _ => {}
    }
    let record = play(case, manners, &mut |asked| {
        let read = Request::read(asked);
        let fitting = fitting(broken, read).filter(|_| asked.number == last);
        let Some(answer) = fitting else {
            return reply(asked, usual(read), &Details::default());
        };
        offered = Some(has_offer(asked));
        let broken = Some(broken);
        reply(asked, answer, &Details { broken, ..details.clone() })
    });
    Some((
        offered?,
        judge(
            case,
            Some(record),
            None,
            &upspec_judge::TargetFacts::default(),
            &CORPUS.requirements,
        ),
    ))
}

fn has_offer(asked: &Asked<'_>) -> bool {
    asked.list.values("sec-websocket-protocol").next().is_some()
}

/// A lawful answer that a break fits.
fn fitting(broken: &Break, request: Request) -> Option<Answer> {
    let plain = request == Request::Plain;
    match broken.fits {
        Fits::Any => Some(usual(request)),
        Fits::NoContent => plain.then_some(Answer::Status(204)),
        Fits::Opening => (request == Request::WebSocket).then_some(Answer::Status(200)),
        Fits::WithContent => plain.then_some(Answer::Status(200)),
    }
}

fn found(broken: &Break, offered: bool, result: &CaseResult) -> bool {
    let requirement = match broken.requirement {
        SUBPROTOCOL if !offered => NO_SUBPROTOCOL,
        requirement => requirement,
    };
    let due = match weight(&CORPUS.requirements, requirement) {
        Some(Weight::Must) if requirement != "rfc6455/4.2.2-response" => Verdict::Fail,
        _ => Verdict::Warn,
    };
    // What answers a malformed offer was asked for by nobody, and is told as the case tells it.
    let is_cited = |id: &str| id == requirement || broken.fits == Fits::Opening && id == MALFORMED;
    let mut findings = result.findings.iter();
    findings.any(|one| is_cited(&one.requirement) && one.verdict >= due)
}

const MALFORMED: &str = "rfc6455/9.1-malformed";

/// Every break in every case, in the plainest answer.
#[test]
fn every_break_is_found_in_every_case() {
    let mut missed = Vec::new();
    let mut played = vec![0; BREAKS.len()];
    for case in CASES.iter() {
        for (at, broken) in BREAKS.iter().enumerate() {
            let Some((offered, result)) = broken_once(case, broken, &Details::default()) else {
                continue;
            };
            played[at] += 1;
            if !found(broken, offered, &result) {
                let findings = &result.findings;
                missed.push(format!("{}, {}: {findings:?}", case.id, broken.name));
            }
        }
    }
    let count = missed.len();
    assert!(count == 0, "{count} are missed:\n{}", missed.join("\n"));
    assert!(played.iter().all(|count| *count > 2), "{played:?}");
}

fn details() -> impl Strategy<Value = Details> {
    let extra = ("x-[a-z0-9!#$%&'*+.^_`|~-]{1,8}", "[!-~]([ -~]{0,14}[!-~])?");
    let extra = proptest::collection::vec(extra, 0..3);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (extra, 0..4_usize, 0..9_u8, flags).prop_map(|(extra, continuations, padding, flags)| {
        let (hints, trailers, noise, aborts) = flags;
        Details { extra, continuations, padding, hints, trailers, noise, aborts, broken: None }
    })
}

fn config() -> ProptestConfig {
    let given = |name: &str| std::env::var_os(name).is_some();
    let default = ProptestConfig::default();
    ProptestConfig {
        cases: if given("PROPTEST_CASES") { default.cases } else { 1000 },
        rng_seed: if given("PROPTEST_RNG_SEED") { default.rng_seed } else { RngSeed::Fixed(8441) },
        failure_persistence: None,
        ..default
    }
}

proptest! {
    #![proptest_config(config())]

    /// What the RFCs leave to a server changes no verdict.
    #[test]
    fn details_change_nothing(case in any::<Index>(), answer in any::<Index>(), details in details()) {
        let case = case.get(&CASES);
        let all = Answer::all();
        let answer = *answer.get(&all);
        let told = |result: &CaseResult| {
            let findings = result.findings.iter();
            let told = findings.map(|one| (one.requirement.clone(), one.verdict));
            (result.verdict, told.collect::<Vec<_>>())
        };
        let plain = answered(case, answer, &Details::default());
        let varied = answered(case, answer, &details);
        if let (Some((request, plain)), Some((_, varied))) = (plain, varied)
            && request.grade(answer) < Grade::Forbidden
        {
            prop_assert_eq!(told(&plain), told(&varied), "{}: {:?}", case.id, answer);
        }
    }

    /// One break is found, whatever else the server does.
    #[test]
    fn one_break_is_found(case in any::<Index>(), broken in any::<Index>(), details in details()) {
        let case = case.get(&CASES);
        let broken = broken.get(BREAKS);
        let details = Details { hints: false, trailers: false, ..details };
        if let Some((offered, result)) = broken_once(case, broken, &details) {
            prop_assert!(
                found(broken, offered, &result),
                "{}, {}: {:?}", case.id, broken.name, result.findings
            );
        }
    }
}
