//! Any record against any case of the corpus: a verdict without a panic, the same wherever reads
//! are cut, with places inside the octets and requirements that exist.
//! Whether the verdict is right is not asked.

use upspec_exchange::{IoKind, Octets, Record, Talk};
use upspec_judge::{CaseResult, TargetFacts, Verdict, awaits, judge as judged, settle};

use crate::both_ends::corpus;
use crate::planted;
use crate::record_input;
use crate::seeds::Material;

/// Checks one input of the target `judge`.
pub fn judge(input: &[u8]) {
    let Some(input) = record_input::read(input) else {
        return;
    };
    let corpus = corpus();
    let case = &corpus.cases[input.case % corpus.cases.len()];
    let twin_of = |record: &Record| case.same_as.is_some().then(|| record.clone());
    let (record, merged) = (input.record.clone(), merged(&input.record));
    let twin = twin_of(&record);
    let facts = TargetFacts::default();
    let result = planted::verdict(judged(case, Some(record), twin, &facts, &corpus.requirements));
    sound(&result);
    let twin = twin_of(&merged);
    let again = judged(case, Some(merged.clone()), twin, &facts, &corpus.requirements);
    assert_eq!(again.findings, result.findings, "cutting reads changed it");
    assert_eq!(
        (again.verdict, again.reason, again.outcome),
        (result.verdict, result.reason, result.outcome)
    );
    let mut facts = TargetFacts::default();
    facts.learn(case, &merged);
    let mut settled = [result.clone(), result.clone()];
    settle(&mut settled, &corpus.requirements);
    // Two results of one record have one key, which is to be another one for each connection (RFC 6455 4.1).
    let has_old_key = |one: &CaseResult| one.findings.iter().any(|it| it.requirement == KEY);
    let is_no_worse = |one: &CaseResult| one.verdict <= result.verdict.max(Verdict::Warn);
    assert!(settled.iter().all(|one| is_no_worse(one) || has_old_key(one)));
    progresses(case, &merged);
}

/// The verdict is that of the worst finding, and each finding can be looked up and pointed at.
fn sound(result: &CaseResult) {
    let worst = result.findings.iter().map(|one| one.verdict).max();
    match worst {
        Some(worst @ (Verdict::Warn | Verdict::Fail)) => {
            let undecided = result.verdict == Verdict::Inconclusive && result.reason.is_some();
            assert!(result.verdict == worst || undecided, "{worst:?} of {result:?}");
        }
        _ => assert!(result.verdict < Verdict::Warn, "{:?} for nothing", result.verdict),
    }
    assert!(result.outcome.is_some());
    for finding in &result.findings {
        let known = corpus().requirements.get(&finding.requirement);
        assert!(known.is_some(), "{} is not in the registry", finding.requirement);
        assert!(!finding.message.is_empty() && !finding.sections.is_empty());
        if let Some(place) = &finding.at {
            let record = result.record.as_ref().expect("a place is in a record");
            let sent = record.sent(place.link, place.from).len();
            assert!(place.start <= place.end && place.end <= sent, "{finding:?}");
        }
    }
    let json = serde_json::to_string(result).expect("a result is plain data");
    let back: CaseResult = serde_json::from_str(&json).expect("what we write we read");
    assert_eq!(back, CaseResult { aside: Default::default(), ..result.clone() });
}

/// Reads that follow each other as one.
fn merged(record: &Record) -> Record {
    let mut whole = Record { io: Vec::new(), ..record.clone() };
    for io in &record.io {
        match whole.io.last_mut() {
            Some(last) if last.kind == IoKind::Read && io.kind == IoKind::Read => {
                last.bytes.extend_from_slice(&io.bytes);
            }
            _ => whole.io.push(io.clone()),
        }
    }
    whole
}

/// The heads that have come stay what they are, whatever comes after.
fn progresses(case: &upspec_corpus::Case, record: &Record) {
    let link = &record.links[0];
    let (written, read) = (record.scripted(0), record.sent(0, link.we.other()));
    let heads = |read| -> Vec<u16> {
        let octets = Octets::under_way(link, &written, read);
        let talk = Talk::read(&octets);
        let _ = awaits(case, &talk, false);
        talk.statuses().collect()
    };
    let all = heads(&read);
    for end in [read.len() / 2, read.len().saturating_sub(1)] {
        let some = heads(&read[..end]);
        assert!(all.starts_with(&some), "{some:?} became {all:?}");
    }
}

/// The records of the stored reports, as long as they are short.
pub(crate) fn seeds(material: &Material) -> Vec<Vec<u8>> {
    let position = |id: &str| corpus().cases.iter().position(|case| case.id == id);
    let inputs = material.records.iter().filter_map(|(id, record)| {
        let input = record_input::write(position(id)?, record)?;
        (input.len() <= LONGEST_SEED).then_some(input)
    });
    inputs.collect()
}

const LONGEST_SEED: usize = 4096;
const KEY: &str = "rfc6455/4.1-key";
