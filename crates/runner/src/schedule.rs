//! Plays the cases of a phase, a limited number at a time.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use upspec_corpus::case::Outcome;
use upspec_judge::{CaseResult, Reason, unmet};

use crate::ease::Eased;
use crate::event::{Ending, Event};
use crate::health::Pulse;
use crate::place::Place;
use crate::plan::is_control;
use crate::queue::{MUTE, Queue, Round, UnderWay};
use crate::risk::{Risk, takes_long, waits_anyway};
use crate::run::Run;
use crate::worker::Played;

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

impl Run {
    /// Plays round after round, so many cases at a time and the risky ones alone, and goes on after a death if the
    /// target comes back.
    pub(crate) async fn schedule(
        &mut self,
        rounds: Vec<Vec<(usize, Option<Risk>)>>,
        jobs: usize,
        kind: Round,
    ) -> Result<(), Ending> {
        let rounds: Vec<_> = rounds.into_iter().filter(|cases| !cases.is_empty()).collect();
        if rounds.is_empty() {
            return Ok(());
        }
        for cases in rounds {
            self.play_round(cases, jobs, kind).await?;
        }
        self.check_all().await
    }

    /// Takes the results of what was left under way, once all of it is over.
    pub(crate) async fn end_those_left(&mut self) {
        let mut left = std::mem::take(&mut self.under_way);
        while let Some(joined) = left.running.join_next().await {
            match joined {
                Ok((index, played)) => self.end_case(index, played, false),
                // It is a bug, and it stays one.
                Err(error) => std::panic::resume_unwind(error.into_panic()),
            }
        }
    }

    pub(crate) async fn check_all(&mut self) -> Result<(), Ending> {
        // Whoever is alone with the target later is not to answer for these cases.
        match self.worker.check_now().await {
            Pulse::Dead => self.after_death().await,
            Pulse::Alive => Ok(()),
        }
    }

    pub(crate) async fn play_round(
        &mut self,
        cases: Vec<(usize, Option<Risk>)>,
        jobs: usize,
        kind: Round,
    ) -> Result<(), Ending> {
        let again = kind == Round::Again;
        let answer = self.worker.bench.answer();
        let pace = if again { self.ease.pace.max(ONE_BY_ONE) } else { self.ease.pace };
        let mut queue = Queue {
            most: self.worker.bench.settings.most_watched,
            pace,
            paced: self.ease.next.unwrap_or_else(Instant::now),
            ..Queue::new(cases, self.ease.jobs(jobs), kind, answer)
        };
        loop {
            self.worker.health.spare(again);
            self.play_queue(&mut queue).await;
            self.worker.health.spare(false);
            if self.worker.health.is_dead() {
                self.after_death().await?;
            } else if queue.left.is_empty() {
                return Ok(());
            }
        }
    }

    /// Plays until the queue is empty or the target is dead, and lets running cases end.
    async fn play_queue(&mut self, queue: &mut Queue) {
        let mut under_way = std::mem::take(&mut self.under_way);
        let health = Arc::clone(&self.worker.health);
        let mut process_end = pin!(health.process_end());
        let mut has_ended = false;
        let has_died = !self.deaths.all.is_empty();
        loop {
            (queue.late, queue.mute) = (self.worker.is_late(), self.mute >= MUTE);
            self.fill_up(queue, &mut under_way, has_died);
            if under_way.running.is_empty()
                && !health.is_dead()
                && let Some(until) = queue.paced_until()
            {
                sleep_until(until).await;
                continue;
            }
            if queue.leaves(&under_way) && !health.is_dead() && !self.ease.has_met_a_limit() {
                self.under_way = under_way;
                return;
            }
            let alone = queue.alone(has_died).map(|until| under_way.wakes(queue, has_died, until));
            let may_begin = self.has_place(queue, &under_way, alone.is_some(), has_died);
            let free = Arc::clone(&under_way.free);
            let waits_for_place = queue.waits_for_place(alone.is_some());
            let paced = queue.paced_until().filter(|_| may_begin);
            let leaves = queue.may_leave(&under_way);
            let wakes = [alone, paced, leaves].into_iter().flatten().min();
            let joined = tokio::select! {
                biased;
                () = &mut process_end, if !has_ended => {
                    has_ended = true;
                    let pulse = self.worker.check_now().await;
                    self.mind_exit(pulse);
                    continue;
                }
                joined = under_way.running.join_next() => joined,
                () = free.notified(), if waits_for_place && !health.is_dead() => continue,
                () = until(wakes), if !health.is_dead() => {
                    self.mind_stale(&mut under_way).await;
                    self.mind_silence(queue, &mut under_way).await;
                    continue;
                }
            };
            match joined {
                None => return,
                Some(Ok((index, played))) => {
                    under_way.is_over(index);
                    self.end_case(index, played, queue.kind == Round::Again);
                    self.mind_limits(index, queue).await;
                }
                // Nobody aborts a task of ours, so it is a bug, and it stays one.
                Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
            }
            if queue.alone(has_died).is_none() && !queue.ends_alone() {
                under_way.check_at_times(&self.worker);
            } else if under_way.running.len() < queue.suspects(has_died) {
                // Those that end beside each other need one check in all.
                under_way.unchecked = 0;
                self.worker.check_now().await;
            }
        }
    }

    /// Forgets the case that began last where it merely waits by now.
    async fn mind_stale(&mut self, under_way: &mut UnderWay) {
        let Some(index) = under_way.forgets_stale() else { return };
        // Without an answer it may have been the last one: nobody is to begin beside a killer.
        let lives = self.worker.check_now().await == Pulse::Alive;
        self.mute += usize::from(lives && !takes_long(&self.worker.plan.cases()[index]));
    }

    /// A target that leaves many in silence and lives is silent, before the first of them has waited to the end.
    async fn mind_silence(&mut self, queue: &Queue, under_way: &mut UnderWay) {
        if queue.mute || under_way.running.len() < MUTE || !under_way.is_time_to_count() {
            return;
        }
        let (plan, asked) = (self.plan(), Instant::now());
        let is_news = |index: &usize| !takes_long(&plan.cases()[*index]);
        let count = || under_way.left_in_silence().filter(is_news).count();
        if count() < MUTE || self.worker.check_now().await == Pulse::Dead {
            return;
        }
        // Who was late with the control may have been late with all of them.
        if asked.elapsed() <= queue.answered_by(false) && count() >= MUTE {
            self.mute = self.mute.max(MUTE);
        }
    }

    /// A target that lives on when its command has ended is not that command, but a server that it left behind.
    pub(crate) fn mind_exit(&mut self, pulse: Pulse) {
        if let Some(server) = self.server.as_mut()
            && server.leaves_behind(pulse == Pulse::Alive)
        {
            self.worker.health.forget_process();
        }
    }

    /// After the end of a case: what met a limit of the target is played again, once something was done about it.
    async fn mind_limits(&mut self, index: usize, queue: &mut Queue) {
        let eased = self.eases(index, queue.jobs).await;
        let (results, source) = (&self.results, self.worker.bench.sources().at());
        let concerns = |eased: Eased, index| {
            results.result(index).is_some_and(|result| eased.concerns(result))
        };
        match eased {
            Some(Eased::Slower) => queue.ease(&self.ease, |index| concerns(Eased::Slower, index)),
            None if source == 0 => {}
            Some(Eased::Elsewhere) | None => {
                queue.elsewhere(source, |index| concerns(Eased::Elsewhere, index));
            }
        }
    }

    /// Whether another case may be under way.
    fn has_place(
        &mut self,
        queue: &Queue,
        under_way: &UnderWay,
        alone: bool,
        has_died: bool,
    ) -> bool {
        match alone {
            true => under_way.running.len() < queue.suspects(has_died),
            false => under_way.has_place(queue, self.room_for(queue, under_way)),
        }
    }

    /// Begins as many cases as may be under way.
    fn fill_up(&mut self, queue: &mut Queue, under_way: &mut UnderWay, has_died: bool) {
        while !self.worker.health.is_dead() {
            let alone = queue.alone(has_died).is_some();
            let may_begin = self.has_place(queue, under_way, alone, has_died)
                && !(alone && under_way.is_fresh());
            if !may_begin || queue.paced_until().is_some() {
                return;
            }
            let Some((index, risk)) = queue.next(self.worker.bench.sources().at()) else {
                return;
            };
            if !self.is_playable(index) {
                continue;
            }
            queue.paced = Instant::now() + queue.pace;
            self.ease.next = Some(queue.paced);
            let waits = waits_anyway(&self.worker.plan.cases()[index], queue.mute);
            under_way.latest = Some((index, Instant::now() + queue.answered_by(waits)));
            under_way.silent_from = Some(Instant::now() + queue.answered_by(false));
            // What is measured is in order, but for how much of it there is: who dies of that does so at once.
            if queue.kind != Round::Again && risk != Some(Risk::Cost) {
                self.last_begun = Some(Instant::now());
            }
            self.results.begin(index);
            let place = Place::taken_at(&self.worker.promptness, &under_way.free);
            let worker = self.worker.at(place.clone());
            under_way.places.insert(index, place);
            let first = self.results.result(index).filter(|_| queue.kind == Round::Again).cloned();
            under_way.running.spawn(async move {
                match first {
                    Some(first) => (index, worker.look_again(index, first).await),
                    None => (index, worker.play(index).await),
                }
            });
        }
    }

    /// How many cases may be under way, those counted that merely wait.
    fn room_for(&mut self, queue: &Queue, under_way: &UnderWay) -> usize {
        if queue.jobs == 1 || queue.kind == Round::Again || self.ease.has_met_a_limit() {
            return queue.jobs;
        }
        let worker = &self.worker;
        let loads = (under_way.running.len(), queue.jobs, queue.most);
        self.room.look(loads, worker.bench.answer(), &worker.promptness)
    }

    /// Whether the target's facts let a case be played; if not, says so as its result.
    pub(crate) fn is_playable(&mut self, index: usize) -> bool {
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

    /// Handles the end of a case of a round, and of early looks that are over by then.
    fn end_case(&mut self, index: usize, played: Played, again: bool) {
        self.take_early();
        if let (Played::Open(first), false) = (&played, again) {
            self.look_early(index, first);
            let is_silent = first.outcome.is_some_and(|came| came.outcome == Outcome::Silent);
            self.mute += usize::from(is_silent && !takes_long(&self.worker.plan.cases()[index]));
        }
        self.take(index, played);
    }

    /// Handles the end of a case that was played.
    pub(crate) fn take(&mut self, index: usize, played: Played) {
        match played {
            Played::Open(_) => {
                self.results.tell(Event::Open(self.worker.plan.cases()[index].id.clone()));
                self.open.insert(index)
            }
            _ => self.open.remove(&index),
        };
        match played {
            Played::Judged(result) | Played::Open(result) => {
                self.learn(index, &result);
                match self.results.result(index) {
                    Some(_) => self.results.replace(index, *result),
                    None => self.results.store(index, *result),
                }
            }
            Played::Died(exchanges) => self.lost.push((index, exchanges)),
        }
    }
}

const HAZARD: (Reason, &str) =
    (Reason::NotApplicable, "can hurt a weak server; it is played with --hazardous");

/// So far apart begin those that are looked at again, however many there are: a queue of connections may be short.
const ONE_BY_ONE: Duration = Duration::from_millis(2);
