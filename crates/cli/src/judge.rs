//! `upspec judge`: judges a stored run again, with the corpus as it is now.

use std::collections::HashMap;

use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use upspec_corpus::case::FieldTest;
use upspec_corpus::{Case, Corpus, Registry};
use upspec_exchange::IoKind;
use upspec_judge::{CaseResult, Reason, TargetFacts, settle};
use upspec_report::{About, Report, Secrets};

use crate::args::JudgeArgs;
use crate::exit::{Exit, Trouble};
use crate::outputs::{self, Outputs};
use crate::{console, secrets, selection};

/// Judges every case of a stored report again.
pub(crate) fn judge(args: &JudgeArgs) -> Result<Exit, Trouble> {
    let outputs = Outputs::prepare(&args.output, &args.cases.iter().collect::<Vec<_>>())?;
    // Neither needs the other, and each takes as long as all the judging.
    let (corpus, stored) =
        rayon::join(|| selection::load(&args.cases), || outputs::read(&args.file));
    let (corpus, stored) = (corpus?, stored?);
    let secrets = secrets::of(&args.output.secret_header, None, [stored.target.url.as_str()]);
    let mut results = judged_again(stored.cases, &stored.target.facts, &corpus, &secrets);
    let habits = settle(&mut results, &corpus.requirements);
    let about = About {
        tool: outputs::tool(&corpus),
        target: stored.target,
        seed: stored.seed,
        again: stored.again,
        started: stored.started,
        elapsed_ms: stored.elapsed_ms,
        complete: stored.complete,
        trouble: stored.trouble,
        remarks: stored.remarks,
    };
    let mut report = Report::of_run(about, results, &secrets, &corpus);
    outputs::find_causes(&mut report, &habits, &corpus);
    outputs.publish(&mut report, &corpus)?;
    Ok(outputs.exit(&report))
}

/// The cases of a report, judged with the corpus as it is. What the corpus no longer has is left out.
pub(crate) fn judged_again(
    stored: Vec<CaseResult>,
    facts: &TargetFacts,
    corpus: &Corpus,
    secrets: &Secrets,
) -> Vec<CaseResult> {
    let by_id: HashMap<&str, &Case> = corpus.cases.iter().map(|c| (c.id.as_str(), c)).collect();
    let mut kept = Vec::with_capacity(stored.len());
    for result in stored {
        match by_id.get(result.id.as_str()) {
            Some(&case) => kept.push((case, result)),
            None => {
                let id = result.id;
                console::remark(&format!("{id}: left out, the corpus no longer has this case"));
            }
        }
    }
    let requirements = &corpus.requirements;
    kept.into_par_iter()
        .map(|(case, kept)| match compares(case, secrets) || is_shortened(&kept) {
            true => CaseResult { title: case.title.clone(), ..kept },
            false => again(case, kept, facts, requirements),
        })
        .collect()
}

/// Judges what a report has of a case.
fn again(
    case: &Case,
    kept: CaseResult,
    facts: &TargetFacts,
    requirements: &Registry,
) -> CaseResult {
    match kept.record {
        Some(record) if !rests_on_the_run(kept.reason) => {
            let result = CaseResult {
                flaky: kept.flaky,
                elapsed_ms: kept.elapsed_ms,
                ..upspec_judge::judge(case, Some(record), kept.twin, facts, requirements)
            };
            match kept.death {
                Some(death) => result.with_death(death, requirements),
                None => result,
            }
        }
        // Without octets there is nothing to judge: it was not played, or the report is slim.
        record => CaseResult {
            title: case.title.clone(),
            requirement: case.requirement.clone(),
            record,
            ..kept
        },
    }
}

/// Whether the report keeps less of the octets than the run judged.
fn is_shortened(kept: &CaseResult) -> bool {
    let mut records = kept.record.iter().chain(&kept.twin);
    records.any(|record| record.saw(IoKind::ReadUnkept))
}

/// Whether a case compares values that reports blot out, so that only the run could judge it.
fn compares(case: &Case, secrets: &Secrets) -> bool {
    let wants = case
        .expect
        .iter()
        .flat_map(|one| std::iter::once(&one.wants).chain(one.ends.iter().map(|(_, wants)| wants)));
    wants.flat_map(|wants| &wants.fields).any(|field| {
        let counts =
            matches!(field.test, FieldTest::Present | FieldTest::Absent | FieldTest::Repeated);
        secrets.holds(&field.name) && !counts
    })
}

/// Whether the run found out more than the octets of a case show: what a bystander of a death or a target
/// with too much to do said, says nothing of its case.
fn rests_on_the_run(reason: Option<Reason>) -> bool {
    matches!(reason, Some(Reason::TargetDied | Reason::Busy | Reason::Interrupted))
}
