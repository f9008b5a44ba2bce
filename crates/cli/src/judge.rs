//! `upspec judge`: judges stored exchanges again, with the corpus as it is now.

use upspec_judge::settle;
use upspec_report::{About, Report};

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
            console::remark(&format!("{}: no such case any more; left out", entry.id));
            continue;
        };
        if entry.exchanges.is_empty() {
            let reason = entry.reason.unwrap_or(upspec_judge::Reason::Blocked);
            let message = entry
                .findings
                .first()
                .map_or("", |finding| finding.message.as_str());
            let requirements = &corpus.requirements;
            results.push(upspec_judge::not_played(
                case,
                reason,
                message,
                requirements,
            ));
            continue;
        }
        let mut result = upspec_judge::judge(case, entry.exchanges, &corpus.requirements);
        result.flaky = entry.flaky;
        result.elapsed_ms = entry.elapsed_ms;
        results.push(result);
    }
    settle(&mut results);
    let about = About {
        tool: outputs::tool(&corpus),
        target: stored.target,
        seed: stored.seed,
        started: stored.started,
        elapsed_ms: stored.elapsed_ms,
        complete: stored.complete,
    };
    let report = Report::of_run(about, results, &args.output.secret_header, &corpus);
    outputs::publish(&report, &args.output)?;
    outputs::exit(&report, &args.output)
}
