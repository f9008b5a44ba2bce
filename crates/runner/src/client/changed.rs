//! Notices a client that is no longer what it was in its control.

use upspec_corpus::case::Outcome;
use upspec_judge::{CaseResult, Reason};

use super::run::{ClientRun, PATIENT, rests_on_silence};
use crate::event::Ending;

impl ClientRun {
    /// Plays the control again, with nothing beside it.
    ///
    /// # Errors
    ///
    /// When it comes out differently from the first time twice in a row: what is left is not played then, and what
    /// merely did not come says nothing.
    pub(super) async fn look_at_control(&mut self) -> Result<(), Ending> {
        let mut other = None;
        for _ in 0..TRIES {
            match self.look().await {
                Ok(()) => return Ok(()),
                Err(result) => other = result,
            }
        }
        for index in self.strange.take() {
            if self.results.result(index).is_some_and(came_to_nothing) {
                self.results.leave_out(index, Reason::Blocked, OTHERWISE);
            }
        }
        if let Some(other) = other {
            self.results.store_again(other);
        }
        self.results.leave_out_rest(Reason::Blocked, OTHERWISE);
        self.results.remark(OTHERWISE);
        Err(Ending::TargetDied { suspects: Vec::new() })
    }

    /// Plays the control again, beside what is under way.
    ///
    /// # Errors
    ///
    /// What came, where that is something else than at first.
    pub(super) async fn look(&mut self) -> Result<(), Option<CaseResult>> {
        let control = self.plan.control().unwrap_or_default();
        let case = self.plan.cases()[control].clone();
        let window = self.stage.settings.timeout.min(PATIENT);
        let attempt = self.strange.next_look();
        let result = self.stage.attempt(&case, None, attempt, window).await.ok();
        let is_same = |result: &CaseResult| Some(result.verdict) == self.results.verdict(control);
        match result.as_ref().is_some_and(is_same) {
            true => {
                self.strange.is_the_same();
                Ok(())
            }
            false => Err(result),
        }
    }
}

/// Whether the client merely did not come, or did nothing.
fn came_to_nothing(result: &CaseResult) -> bool {
    let came = result.outcome.as_ref().map(|came| came.outcome);
    matches!(came, Some(Outcome::NoConnection | Outcome::NoRequest)) || rests_on_silence(result)
}

const OTHERWISE: &str =
    "the client no longer does what it did in the control at first, so the rest was not played";
/// How often the control is played in a look.
const TRIES: usize = 2;
