//! `upspec judge`: judges stored exchanges again, with the corpus as it is now.

use upspec_corpus::case::Case;
use upspec_judge::{Aside, CaseResult, settle};
use upspec_report::{About, CaseEntry, Report};

use crate::args::JudgeArgs;
use crate::exit::{Exit, Trouble};
use crate::{console, outputs, selection};

/// Judges every case of a stored report again.
pub(crate) fn judge(args: &JudgeArgs) -> Result<Exit, Trouble> {
    let corpus = selection::load(&args.cases)?;
    let stored = outputs::read(&args.file)?;
    let mut results = Vec::new();
    for entry in stored.cases {
        let Some(case) = corpus.case(&entry.id) else {
            console::remark(&format!("{}: left out, the corpus no longer has this case", entry.id));
            continue;
        };
        if entry.record.is_none() {
            results.push(kept(entry, case));
            continue;
        }
        let mut result = upspec_judge::judge(case, entry.record, entry.twin, &corpus.requirements);
        result.flaky = entry.flaky;
        result.elapsed_ms = entry.elapsed_ms;
        results.push(result);
    }
    settle(&mut results, &corpus.requirements);
    let about = About {
        tool: outputs::tool(&corpus),
        target: stored.target,
        seed: stored.seed,
        started: stored.started,
        elapsed_ms: stored.elapsed_ms,
        complete: stored.complete,
    };
    let mut report = Report::of_run(about, results, &args.output.secret_header, &corpus);
    if args.output.slim {
        report.slim();
    }
    outputs::publish(&report, &args.output)?;
    outputs::exit(&report, &args.output)
}

/// A case without octets cannot be judged again: it was not played, or the report is slim.
fn kept(entry: CaseEntry, case: &Case) -> CaseResult {
    CaseResult {
        id: entry.id,
        title: case.title.clone(),
        requirement: case.requirement.clone(),
        verdict: entry.verdict,
        reason: entry.reason,
        outcome: entry.outcome,
        flaky: entry.flaky,
        elapsed_ms: entry.elapsed_ms,
        findings: entry.findings,
        record: None,
        twin: None,
        aside: Aside::default(),
    }
}
