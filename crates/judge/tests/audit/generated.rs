//! Answers that are generated: whatever the RFCs leave free passes, and one break is found.
//!
//! The seed is fixed, so that a run can be repeated. To widen the search set `PROPTEST_CASES`, and for
//! other answers `PROPTEST_RNG_SEED`. Failures are not kept in files.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::RngSeed;
use upspec_corpus::case::{Case, Need};
use upspec_corpus::{Corpus, Weight};
use upspec_exchange::IoKind;
use upspec_handshake::permitted::{Answer, Grade};
use upspec_judge::{CaseResult, Finding, Verdict, judge};

use crate::agree::{Agreement, Ruled, agreement, ruled, usual, weight};
use crate::breaks::{BREAKS, Break, Edit};
use crate::reply::{Content, Details, Names, reply, statuses};
use crate::scripted::{Asked, play};
use crate::{is_large, is_plain};

static CORPUS: LazyLock<Corpus> = LazyLock::new(|| Corpus::embedded().unwrap());

/// The cases that are quick to play.
static CASES: LazyLock<Vec<&Case>> = LazyLock::new(|| {
    let quick = |case: &&Case| is_plain(case) && !is_large(case);
    CORPUS.cases.iter().filter(quick).collect()
});

fn config() -> ProptestConfig {
    let given = |name: &str| std::env::var_os(name).is_some();
    let default = ProptestConfig::default();
    ProptestConfig {
        cases: if given("PROPTEST_CASES") { default.cases } else { 3000 },
        rng_seed: if given("PROPTEST_RNG_SEED") { default.rng_seed } else { RngSeed::Fixed(6455) },
        failure_persistence: None,
        ..default
    }
}

fn details() -> impl Strategy<Value = Details> {
    let names = prop_oneof![Just(Names::Lower), Just(Names::Plain), Just(Names::Upper)];
    let content = prop_oneof![
        Just(Content::Chunked),
        Just(Content::Empty),
        Just(Content::Length),
        Just(Content::UntilClose),
    ];
    let extra = ("X-[A-Za-z0-9!#$%&'*+.^_`|~-]{1,8}", "[ -~\u{e9}]{0,16}");
    let extra = proptest::collection::vec(extra, 0..3);
    let flags = (any::<bool>(), proptest::bool::weighted(0.9), any::<bool>(), any::<bool>());
    (0..40_usize, "[ -~\t\u{e9}]{0,12}", names, extra, 0..9_usize, content, flags).prop_map(
        |(status, reason, names, extra, rotated, content, flags)| Details {
            status,
            reason,
            names,
            extra,
            rotated,
            reversed: flags.0,
            content,
            is_dated: flags.1,
            closes: flags.2,
            hints: flags.3,
            broken: None,
        },
    )
}

/// Every answer that has this grade for the request.
fn graded(case: &Case, asked: &Asked<'_>, grade: Grade) -> Vec<Answer> {
    let all = Answer::ALL.into_iter();
    all.filter(|answer| ruled(case, asked, *answer).grade == grade).collect()
}

/// The verdict without what follows from a Date that is missing (RFC 9110 6.6.1).
fn without_date(mut result: CaseResult) -> CaseResult {
    result.findings.retain(|one| one.requirement != "rfc9110/6.6.1-date");
    let worst = result.findings.iter().map(|one| one.verdict).max();
    if result.verdict == Verdict::Warn {
        result.verdict = worst.unwrap_or(Verdict::Pass);
    }
    result
}

fn agrees(case: &Case, rules: &[Ruled], result: &CaseResult) -> Result<(), TestCaseError> {
    let agreements = rules.iter().map(|rule| agreement(case, rule, result, &CORPUS.requirements));
    let differing: Vec<String> = agreements
        .filter_map(|one| match one {
            Agreement::Differing(text) => Some(text),
            _ => None,
        })
        .collect();
    let all = !rules.is_empty() && differing.len() == rules.len();
    prop_assert!(!all, "{}", differing.join("\n"));
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    /// Every answer that the model allows passes, whatever the details are.
    #[test]
    fn lawful_answers_pass(
        case in any::<Index>(),
        picks in proptest::collection::vec((any::<Index>(), details()), 4),
    ) {
        let case = case.get(&CASES);
        let mut rules = Vec::new();
        let record = play(case, &mut |asked| {
            let (pick, details) = &picks[asked.number.min(picks.len() - 1)];
            let lawful = graded(case, asked, Grade::Lawful);
            let answer = if lawful.is_empty() { usual(case, asked) } else { *pick.get(&lawful) };
            rules.push(ruled(case, asked, answer));
            let keeps = case.needs.contains(&Need::KeepAlive);
            let details = Details { closes: details.closes && !keeps, ..details.clone() };
            reply(case, asked, answer, &details)
        });
        let result = without_date(judge(case, Some(record), None, &crate::facts(), &CORPUS.requirements));
        agrees(case, &rules, &result)?;
    }

    /// No answer that the model forbids passes, whatever the details are.
    #[test]
    fn forbidden_answers_do_not_pass(
        case in any::<Index>(),
        number in 0..3_usize,
        pick in any::<Index>(),
        details in details(),
    ) {
        let case = case.get(&CASES);
        let mut rules = Vec::new();
        let record = play(case, &mut |asked| {
            let forbidden = graded(case, asked, Grade::Forbidden);
            if asked.number != number || forbidden.is_empty() {
                return reply(case, asked, usual(case, asked), &Details::plain());
            }
            let answer = *pick.get(&forbidden);
            rules.push(ruled(case, asked, answer));
            reply(case, asked, answer, &details)
        });
        let result = without_date(judge(case, Some(record), None, &crate::facts(), &CORPUS.requirements));
        agrees(case, &rules, &result)?;
    }

    /// Whether an end that nobody waits for is seen is a matter of chance, and changes nothing.
    #[test]
    fn an_end_by_chance_changes_nothing(
        case in any::<Index>(),
        picks in proptest::collection::vec(any::<Index>(), 4),
    ) {
        let case = case.get(&CASES);
        let record = play(case, &mut |asked| {
            let answer = *picks[asked.number.min(picks.len() - 1)].get(&Answer::ALL);
            reply(case, asked, answer, &Details::plain())
        });
        let mut ended = record.clone();
        if let [.., before, last] = &mut ended.io[..] && last.kind == IoKind::Closed {
            (before.kind, last.kind) = (IoKind::ReadEnd, IoKind::Decided);
        }
        let findings = |record| judge(case, Some(record), None, &crate::facts(), &CORPUS.requirements).findings;
        prop_assert_eq!(findings(record), findings(ended), "{}", case.id);
    }

    /// One break in a lawful answer is found, and costs what the level of its rule says.
    #[test]
    fn one_break_is_found(
        case in any::<Index>(),
        broken in any::<Index>(),
        details in details(),
    ) {
        let case = case.get(&CASES);
        let broken = broken.get(BREAKS);
        let details = Details {
            reason: "Whatever".to_owned(),
            names: Names::Plain,
            extra: Vec::new(),
            content: Content::Length,
            is_dated: true,
            closes: false,
            hints: false,
            ..details
        };
        if let Some(result) = broken_once(case, broken, &details) {
            prop_assert!(found(broken, &result), "{}, {}: {:?}", case.id, broken.name, result.findings);
        }
    }
}

/// The case with one break in the first answer that it fits, and usual answers otherwise; `None`
/// where it fits none.
fn broken_once(case: &Case, broken: &'static Break, details: &Details) -> Option<CaseResult> {
    let mut done = false;
    let record = play(case, &mut |asked| {
        let fitting = fitting(case, asked, broken, details.status);
        let (Some((answer, status)), false) = (fitting, done) else {
            return reply(case, asked, usual(case, asked), &Details::plain());
        };
        done = true;
        let details = Details { status, broken: Some(broken), ..details.clone() };
        reply(case, asked, answer, &details)
    });
    done.then(|| judge(case, Some(record), None, &crate::facts(), &CORPUS.requirements))
}

/// An answer to which a break fits, and which of its statuses.
fn fitting(case: &Case, asked: &Asked<'_>, broken: &Break, from: usize) -> Option<(Answer, usize)> {
    let (least, most) = broken.fits;
    // Behind a 2xx to CONNECT is a tunnel, in which anything may be sent.
    let behind = matches!(broken.edit, Edit::Behind(_)) && asked.head.method == b"CONNECT";
    let tunnel = |status: u16| behind && (200..300).contains(&status);
    let fits = |status: &u16| (least..=most).contains(status) && !tunnel(*status);
    let open = |answer: &Answer| ruled(case, asked, *answer).grade < Grade::Forbidden;
    for answer in Answer::ALL.into_iter().filter(open) {
        if answer == Answer::Switch && fits(&101) {
            return Some((answer, 0));
        }
        let all = statuses(answer);
        let status = (0..all.len()).map(|at| (at + from) % all.len());
        if let Some(status) = status.into_iter().find(|at| fits(&all[*at])) {
            return Some((answer, status));
        }
    }
    None
}

fn found(broken: &Break, result: &CaseResult) -> bool {
    let due = |id: &str| match weight(&CORPUS.requirements, id) {
        Some(Weight::Must) => Verdict::Fail,
        _ => Verdict::Warn,
    };
    let counts = |one: &Finding| {
        let id = one.requirement.as_str();
        broken.requirements.contains(&id) && one.verdict >= due(id)
    };
    result.verdict >= Verdict::Warn && result.findings.iter().any(counts)
}

/// Every break in every case, in the plainest answer.
#[test]
fn every_break_is_found_in_every_case() {
    let mut missed = Vec::new();
    let mut played = 0;
    for case in CASES.iter() {
        for broken in BREAKS {
            let Some(result) = broken_once(case, broken, &Details::plain()) else {
                continue;
            };
            played += 1;
            if !found(broken, &result) {
                missed.push(format!("{}, {}: {:?}", case.id, broken.name, result.findings));
            }
        }
    }
    assert!(missed.is_empty(), "{} of {played}:\n{}", missed.len(), missed.join("\n"));
    assert!(played > 20 * BREAKS.len(), "only {played} were played");
}
