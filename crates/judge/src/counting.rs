//! Which alternatives of a case count, and what of them only the facts or the record of an exchange can tell.

use upspec_corpus::case::{Case, Expectation, FieldTest, Outcome, Role};
use upspec_exchange::Transcript;

use crate::facts::TargetFacts;
use crate::passage::Passage;

/// The case with those of its alternatives that count for a target of which this is known, and with what the record of an
/// intermediary tells; nothing where it is the case as it is.
pub(crate) fn counting(
    case: &Case,
    transcript: &Transcript<'_>,
    facts: &TargetFacts,
) -> Option<Box<Case>> {
    let counts = |one: &Expectation| one.when.iter().all(|fact| facts.has(fact.need) == fact.holds);
    let is_intermediary = case.role == Role::Intermediary;
    if case.expect.iter().all(counts) && !is_intermediary {
        return None;
    }
    let expect = case.expect.iter().filter(|one| counts(one)).cloned().collect();
    let mut counting = Box::new(Case { expect, ..case.clone() });
    if is_intermediary {
        told_by_record(&mut counting, transcript, facts);
    }
    Some(counting)
}

/// Puts the status that our origin gave in place of `sent`, and `present` in place of `added` for what the intermediary
/// adds.
fn told_by_record(case: &mut Case, transcript: &Transcript<'_>, facts: &TargetFacts) {
    let status = Passage::of(&transcript.talks).sent_status();
    // Without an answer of the origin nothing can be what it sent.
    let sent = Outcome::Status(status.unwrap_or_default());
    let all = case.expect.iter_mut().flat_map(|one| one.ends.iter_mut().map(|(_, asked)| asked));
    for asked in all {
        for field in asked.fields.iter_mut().filter(|field| field.test == FieldTest::Added) {
            let is_added = facts.adds.contains(&field.name.to_ascii_lowercase());
            field.test = if is_added { FieldTest::Present } else { FieldTest::Added };
        }
        let outcomes = asked.responses.iter_mut().chain([&mut asked.status]);
        for one in outcomes.flat_map(|outcomes| outcomes.0.iter_mut()) {
            *one = if *one == Outcome::Sent { sent } else { *one };
        }
    }
}
