//! What a busy machine can explain is played again with one client at a time, and counts as it comes out then.

use std::time::Duration;

use tokio::time::Instant;
use upspec_corpus::case::Outcome;
use upspec_judge::{CaseResult, Verdict};

use super::run::{ClientRun, PATIENT, rests_on_silence};

impl ClientRun {
    /// Plays again what came out differently each time and, where clients started much later than the control did, all
    /// that counts against the client or says nothing. Two equal verdicts decide. Whether there was anything to play.
    pub(super) async fn play_calmly(&mut self) -> bool {
        let mut played = false;
        let until = Instant::now() + LONGEST;
        let strained = self.stage.pace.is_strained();
        for index in self.plan.rest() {
            let doubtful = |result: &CaseResult| result.flaky || strained && is_doubtful(result);
            let Some(result) = self.results.result(index).filter(|one| doubtful(one)).cloned()
            else {
                continue;
            };
            if Instant::now() > until {
                self.results.remark(TOO_MUCH);
                break;
            }
            played = true;
            if let Some(calm) = self.alone(index, &result).await {
                self.results.replace(index, CaseResult { elapsed_ms: result.elapsed_ms, ..calm });
            }
        }
        played
    }

    /// The result of a case that is played twice with nothing beside it, if both times agree.
    async fn alone(&self, index: usize, hasty: &CaseResult) -> Option<CaseResult> {
        let case = &self.plan.cases()[index];
        let partner = self.plan.partner(case);
        let window = match rests_on_silence(hasty) {
            true => self.stage.settings.timeout.min(PATIENT),
            false => Duration::from_millis(self.stage.facts.window_ms),
        };
        let first = self.stage.attempt(case, partner, ALONE, window).await.ok()?;
        let second = self.stage.attempt(case, partner, ALONE + 1, window).await.ok()?;
        (first.verdict == second.verdict).then_some(first)
    }
}

/// Whether slowness can be behind a result.
fn is_doubtful(result: &CaseResult) -> bool {
    let came = result.outcome.as_ref();
    let absent = came.is_some_and(|came| matches!(came.outcome, NO_CONNECTION | NO_REQUEST));
    matches!(result.verdict, Verdict::Fail | Verdict::Warn) || absent
}

const NO_CONNECTION: Outcome = Outcome::NoConnection;
const NO_REQUEST: Outcome = Outcome::NoRequest;
/// How long all of this may take.
const LONGEST: Duration = Duration::from_secs(120);
const TOO_MUCH: &str = "the machine was too busy for this client, and more cases were doubtful than could be played \
                        again; use fewer --jobs, or a machine that does nothing else";
/// The number of the first attempt with one client at a time.
const ALONE: u32 = 300;
