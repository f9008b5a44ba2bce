//! Plays the cases of a phase, a limited number at a time.

use std::collections::{BTreeMap, VecDeque};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use upspec_judge::{CaseResult, Reason, unmet};

use crate::event::Ending;
use crate::health::Pulse;
use crate::plan::is_control;
use crate::risk::Risk;
use crate::run::Run;
use crate::worker::Played;

/// The cases of a phase that are still to be played, and how fast.
struct Queue {
    left: VecDeque<(usize, Option<Risk>)>,
    /// How many are played at once.
    jobs: usize,
    /// When the first case of each risk began.
    begun: BTreeMap<Risk, Instant>,
}

impl Queue {
    /// Whether the next case is played alone: then a death has one suspect. When that has taken long enough
    /// for its risk and nothing has died, it is not.
    fn is_alone(&self, has_died: bool) -> bool {
        let Some((_, Some(risk))) = self.left.front() else {
            return false;
        };
        let begun = self.begun.get(risk);
        has_died && *risk > Risk::Little
            || begun.is_none_or(|begun| begun.elapsed() < risk.budget())
    }

    /// How many may be under way.
    fn most(&self, alone: bool) -> usize {
        if alone { self.jobs.min(MOST_SUSPECTS) } else { self.jobs }
    }

    fn next(&mut self) -> Option<usize> {
        let (index, risk) = self.left.pop_front()?;
        if let Some(risk) = risk {
            self.begun.entry(risk).or_insert_with(Instant::now);
        }
        Some(index)
    }
}

impl Run {
    /// Plays the cases, so many at a time and the risky ones alone, and goes on after a death if the target
    /// comes back.
    pub(crate) async fn schedule(
        &mut self,
        cases: Vec<(usize, Option<Risk>)>,
        jobs: usize,
    ) -> Result<(), Ending> {
        let mut queue = Queue { left: VecDeque::from(cases), jobs, begun: BTreeMap::new() };
        loop {
            self.play_queue(&mut queue).await;
            // Whoever is alone with the target later is not to answer for these cases.
            if self.worker.check_now().await == Pulse::Dead {
                self.after_death().await?;
            } else if queue.left.is_empty() {
                return Ok(());
            }
        }
    }

    /// Plays until the queue is empty or the target is dead, and lets running cases end.
    async fn play_queue(&mut self, queue: &mut Queue) {
        let mut running = JoinSet::new();
        let mut unchecked = 0;
        let mut latest: Option<(usize, Instant)> = None;
        let health = Arc::clone(&self.worker.health);
        let mut process_end = pin!(health.process_end());
        let mut has_ended = false;
        loop {
            let has_died = !self.deaths.all.is_empty();
            let alone = queue.is_alone(has_died);
            while !self.worker.health.is_dead() {
                let alone = queue.is_alone(has_died);
                if running.len() >= queue.most(alone) {
                    break;
                }
                if alone && latest.is_some_and(|(_, begun)| begun.elapsed() < ANSWERED_BY) {
                    break;
                }
                let Some(index) = queue.next() else {
                    break;
                };
                if !self.is_playable(index) {
                    continue;
                }
                latest = Some((index, Instant::now()));
                self.results.begin(index);
                let worker = self.worker.clone();
                running.spawn(async move { (index, worker.play(index).await) });
            }
            let stale = latest.map_or_else(Instant::now, |(_, begun)| begun + ANSWERED_BY);
            let may_go_on = alone && latest.is_some() && running.len() < queue.most(alone);
            let joined = tokio::select! {
                biased;
                () = &mut process_end, if !has_ended => {
                    has_ended = true;
                    self.worker.check_now().await;
                    continue;
                }
                joined = running.join_next() => joined,
                () = sleep_until(stale), if may_go_on && !self.worker.health.is_dead() => {
                    latest = None;
                    continue;
                }
            };
            match joined {
                None => return,
                Some(Ok((index, played))) => {
                    latest = latest.filter(|(latest, _)| *latest != index);
                    self.take(index, played);
                }
                // Nobody aborts a task of ours, so it is a bug, and it stays one.
                Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
            }
            unchecked += 1;
            if unchecked == BETWEEN_CHECKS || queue.is_alone(!self.deaths.all.is_empty()) {
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

    /// Learns what a control or discovery case shows of the target.
    pub(crate) fn learn(&mut self, index: usize, result: &CaseResult) {
        let plan = self.plan();
        let case = &plan.cases()[index];
        if let (true, Some(exchange)) = (is_control(case), result.record.as_ref()) {
            self.worker.bench_mut().facts.learn(case, exchange);
        }
    }

    /// Handles the end of a case that was played.
    pub(crate) fn take(&mut self, index: usize, played: Played) {
        match played {
            Played::Judged(result) => {
                self.learn(index, &result);
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

/// One case that is played alone, and those that merely wait beside it.
const MOST_SUSPECTS: usize = 3;

/// After this time without an answer a case that is played alone merely waits for silence to end, and the
/// next one may begin.
const ANSWERED_BY: Duration = Duration::from_millis(400);
