//! Brings one case to its result, with as many attempts as that takes.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;
use upspec_corpus::case::Case;
use upspec_judge::{CaseResult, Verdict};

use super::stage::Stage;
use crate::event::Event;
use crate::plan::Plan;

/// Brings one case to its result.
pub(super) struct Player {
    pub(super) stage: Stage,
    pub(super) plan: Arc<Plan>,
    pub(super) events: UnboundedSender<Event>,
}

impl Player {
    /// Plays a case. What counts against the intermediary and rests on silence is played again with more patience, which
    /// counts as a repeat where it agrees; a `fail` as often as the settings ask for, and when a retry disagrees the first result is kept and marked as flaky.
    pub(super) async fn play(&self, index: usize) -> Result<CaseResult, String> {
        let begun = Instant::now();
        let case = &self.plan.cases()[index];
        let mut window = Duration::from_millis(self.stage.facts.window_ms);
        let mut result = self.attempt(case, 0, window).await?;
        let mut retries = self.stage.settings.retries;
        let patient = self.stage.settings.timeout.min(PATIENT);
        let weighs = matches!(result.verdict, Verdict::Fail | Verdict::Warn);
        if weighs && result.aside.rests_on_silence && window < patient {
            window = patient;
            let again = self.attempt(case, PATIENTLY, window).await?;
            let is_confirmed = again.verdict == result.verdict;
            let hasty = std::mem::replace(&mut result, again);
            retries = retries.saturating_sub(u32::from(is_confirmed));
            let _ = self.events.send(Event::Repeated(Box::new(hasty)));
        }
        for attempt in 1..=retries {
            if result.verdict != Verdict::Fail || result.flaky {
                break;
            }
            let again = self.attempt(case, attempt, window).await?;
            result.flaky = again.verdict != result.verdict;
            let _ = self.events.send(Event::Repeated(Box::new(again)));
        }
        result.elapsed_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(result)
    }

    async fn attempt(
        &self,
        case: &Case,
        attempt: u32,
        window: Duration,
    ) -> Result<CaseResult, String> {
        let result = self.stage.attempt(case, attempt, window).await;
        result.map_err(|error| error.to_string())
    }
}

/// How long silence lasts before it is held against an intermediary on a busy machine.
const PATIENT: Duration = Duration::from_secs(3);
/// The attempt of a case that is played patiently.
const PATIENTLY: u32 = 998;
