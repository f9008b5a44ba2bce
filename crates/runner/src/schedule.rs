//! Plays the cases of a phase, a limited number at a time.

use std::collections::VecDeque;

use tokio::task::JoinSet;
use upspec_judge::{Reason, unmet};

use crate::event::Ending;
use crate::plan::is_control;
use crate::run::Run;
use crate::worker::Played;

impl Run {
    /// Plays the cases, and goes on after a death if the target can be restarted.
    pub(crate) async fn schedule(&mut self, cases: Vec<usize>, jobs: usize) -> Result<(), Ending> {
        let mut queue = VecDeque::from(cases);
        loop {
            self.play_queue(&mut queue, jobs).await;
            if self.worker.health.is_dead() {
                self.after_death().await?;
            } else if queue.is_empty() {
                return Ok(());
            }
        }
    }

    /// Plays until the queue is empty or the target is dead, and lets running cases end.
    async fn play_queue(&mut self, queue: &mut VecDeque<usize>, jobs: usize) {
        let mut running = JoinSet::new();
        let mut unchecked = 0;
        loop {
            while running.len() < jobs && !self.worker.health.is_dead() {
                let Some(index) = queue.pop_front() else {
                    break;
                };
                if !self.is_playable(index) {
                    continue;
                }
                self.results.begin(index);
                let worker = self.worker.clone();
                running.spawn(async move { (index, worker.play(index).await) });
            }
            match running.join_next().await {
                None => return,
                Some(Ok((index, played))) => self.take(index, played),
                // Nobody aborts a task of ours, so it is a bug, and it stays one.
                Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
            }
            unchecked += 1;
            if unchecked == BETWEEN_CHECKS {
                unchecked = 0;
                self.worker.check_now().await;
            }
        }
    }

    /// Whether the target's facts let a case be played; if not, says so as its result.
    fn is_playable(&mut self, index: usize) -> bool {
        let (bench, case) = (&self.worker.bench, &self.worker.plan.cases()[index]);
        let hazard = case.hazard.is_some() && !bench.settings.hazardous;
        let kept = if hazard { Some(HAZARD) } else { unmet(case, &bench.facts) };
        if let Some((reason, message)) = kept {
            self.results.leave_out(index, reason, message);
        }
        kept.is_none()
    }

    /// Handles the end of a case that was played.
    pub(crate) fn take(&mut self, index: usize, played: Played) {
        match played {
            Played::Judged(result) => {
                let plan = self.plan();
                let case = &plan.cases()[index];
                if let (true, Some(exchange)) = (is_control(case), result.record.as_ref()) {
                    self.worker.bench_mut().facts.learn(case, exchange);
                }
                self.results.store(index, *result);
            }
            Played::Died(exchanges) => self.lost.push((index, exchanges)),
        }
    }
}

const HAZARD: (Reason, &str) =
    (Reason::NotApplicable, "can hurt a weak server; it is played with --hazardous");

/// After how many cases the control is played even when nothing looks suspicious: it keeps the list
/// of suspects short.
const BETWEEN_CHECKS: usize = 50;
