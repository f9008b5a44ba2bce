//! Any exchange against any case of the corpus: a verdict without a panic, the same however reads
//! were cut, with places inside the octets and requirements that exist.
//! Never asks whether the verdict is the right one.

use upspec_judge::{CaseResult, Exchange, IoKind, TargetFacts, Verdict, progress};
use upspec_judge::{judge as judged, rests_on_silence, settle};

use crate::duel::corpus;
use crate::planted;
use crate::seeds::Material;
use crate::tape;

/// Checks one input of the target `judge`: a tape.
pub fn judge(input: &[u8]) {
    let Some(tape) = tape::read(input) else {
        return;
    };
    let corpus = corpus();
    let case = &corpus.cases[tape.case % corpus.cases.len()];
    let mut exchanges = vec![tape.exchange];
    if case.same_as.is_some() {
        exchanges.push(exchanges[0].clone());
    }
    let merged: Vec<Exchange> = exchanges.iter().map(merged).collect();
    let exchange = merged[0].clone();
    let result = planted::verdict(judged(case, exchanges, &corpus.requirements));
    sound(&result);
    let again = judged(case, merged, &corpus.requirements);
    assert_eq!(again.findings, result.findings, "cutting reads changed it");
    assert_eq!(
        (again.verdict, again.reason, &again.label),
        (result.verdict, result.reason, &result.label)
    );
    let _ = rests_on_silence(case, &result);
    let mut facts = TargetFacts::default();
    facts.learn(case, &exchange);
    let mut settled = [result.clone(), result.clone()];
    settle(&mut settled, &corpus.requirements);
    assert!(settled.iter().all(|one| one.verdict <= result.verdict.max(Verdict::Warn)));
    progresses(case, &exchange);
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
    assert!(result.label.as_deref().is_some_and(|label| !label.is_empty()));
    for finding in &result.findings {
        let known = corpus().requirements.get(&finding.requirement);
        assert!(known.is_some(), "{} is not in the registry", finding.requirement);
        assert!(!finding.message.is_empty() && !finding.sections.is_empty());
        if let Some(place) = &finding.at {
            let read = result.exchanges[place.exchange].read().len();
            assert!(place.start <= place.end && place.end <= read, "{finding:?}");
        }
    }
    let json = serde_json::to_string(result).expect("a result is plain data");
    let back: CaseResult = serde_json::from_str(&json).expect("what we write we read");
    assert_eq!(back, *result);
}

/// Reads that follow each other as one.
fn merged(exchange: &Exchange) -> Exchange {
    let mut whole = Exchange { io: Vec::new(), ..exchange.clone() };
    for io in &exchange.io {
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
fn progresses(case: &upspec_corpus::Case, exchange: &Exchange) {
    let (written, read) = (exchange.written(), exchange.read());
    let all = progress(case, &written, &read).heads;
    for end in [read.len() / 2, read.len().saturating_sub(1)] {
        let some = progress(case, &written, &read[..end]).heads;
        assert!(all.starts_with(&some), "{some:?} became {all:?}");
    }
}

/// The exchanges of the stored reports, as long as they are short.
pub(crate) fn seeds(material: &Material) -> Vec<Vec<u8>> {
    let position = |id: &str| corpus().cases.iter().position(|case| case.id == id);
    let tapes = material.exchanges.iter().filter_map(|(id, exchange)| {
        let tape = tape::write(position(id)?, exchange)?;
        (tape.len() <= LONGEST_SEED).then_some(tape)
    });
    tapes.collect()
}

const LONGEST_SEED: usize = 4096;
