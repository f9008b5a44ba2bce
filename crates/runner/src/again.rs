//! Looks again at what another look has to confirm: all beside each other, since silence costs time and nothing else,
//! while controls tell whether that is too much for the target.

use std::time::Duration;

use tokio::time::sleep;
use upspec_corpus::case::Outcome;
use upspec_judge::{CaseResult, Reason};

use crate::doubt::is_strange;
use crate::event::Ending;
use crate::queue::Round;
use crate::run::Run;
use crate::worker::Worker;

impl Run {
    /// Plays again the cases whose results are open. What was too much for the target does not count.
    pub(crate) async fn look_again(&mut self, jobs: usize) -> Result<(), Ending> {
        let (few, least) = ((jobs * 3 / 4).max(1), (jobs / 4).max(1));
        let most = self.worker.bench.settings.most_watched.min(MOST).max(few);
        let many = jobs > 1 && !self.ease.has_met_a_limit() && !self.worker.is_late();
        let mut at_once = if many { most } else { few };
        for _ in 0..MOST_ROUNDS {
            let mut waiting = self.open_and_waiting();
            if waiting.is_empty() {
                // Who watches what merely waits disturbs nobody.
                if self.await_some_early().await {
                    self.again_in_calm().await?;
                }
                self.await_early().await;
                waiting = self.open_and_waiting();
            }
            if waiting.is_empty() {
                break;
            }
            let firsts: Vec<(usize, CaseResult)> = waiting
                .into_iter()
                .filter_map(|index| Some((index, self.results.result(index)?.clone())))
                .collect();
            let open = firsts.iter().map(|(index, _)| (*index, None)).collect();
            let are_few = firsts.len() <= few && at_once == most;
            if !many || are_few || at_once == least {
                self.play_round(open, at_once.min(few), Round::Again).await?;
                continue;
            }
            let worker = self.worker.clone();
            let wanted = self.wanted();
            let is_too_much = async move {
                if let Some(wanted) = wanted {
                    is_answered(&worker, wanted, AGAIN).await;
                }
                // A death is for the round to explain.
                if wanted.is_none() || worker.health.is_dead() {
                    std::future::pending::<()>().await;
                }
            };
            let too_many = tokio::select! {
                ended = self.play_round(open, at_once, Round::Again) => ended.map(|()| false)?,
                () = is_too_much => true,
            };
            if too_many {
                // The round was cut short.
                self.worker.health.spare(false);
                at_once = if at_once > jobs / 2 { (jobs / 2).max(least) } else { least };
                // Whoever killed the target keeps that.
                let killers = &self.deaths.killers;
                for (index, first) in
                    firsts.into_iter().filter(|(index, _)| !killers.contains(index))
                {
                    self.results.replace(index, first);
                    self.open.insert(index);
                }
            }
        }
        self.await_early().await;
        self.leave_open_ones(Reason::Busy, "the target was too busy for another look at this case");
        self.check_all().await
    }

    /// What the control got at first.
    pub(crate) fn wanted(&self) -> Option<Outcome> {
        let first = self.results.result(self.worker.control?)?;
        first.outcome.map(|came| came.outcome)
    }
}

/// Plays the control time and again, with attempts from this number on, until a limit makes something else of it than
/// at first.
pub(crate) async fn is_answered(worker: &Worker, wanted: Outcome, from: u32) {
    for attempt in 0..MOST_CONTROLS {
        sleep(BETWEEN).await;
        let came = worker.control_now(from + attempt).await;
        if came != Some(wanted) && !came.is_some_and(is_strange) {
            return;
        }
    }
    std::future::pending::<()>().await;
}

/// How many are under way at most.
const MOST: usize = 96;
/// How often results that are open again, behind a death or because it was too much, are looked at.
const MOST_ROUNDS: usize = 5;
/// The pause between two controls meanwhile, how many there are at most, and their attempts, apart from all others.
const BETWEEN: Duration = Duration::from_millis(150);
const MOST_CONTROLS: u32 = 500;
const AGAIN: u32 = 6000;
