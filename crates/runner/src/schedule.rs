//! Plays the cases of a phase, a limited number at a time.

use std::collections::{BTreeMap, VecDeque};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use upspec_judge::{CaseResult, Reason, unmet};

use crate::ease::{Ease, Eased};
use crate::event::{Ending, Event};
use crate::health::Pulse;
use crate::place::Place;
use crate::plan::is_control;
use crate::risk::Risk;
use crate::run::Run;
use crate::settings::lateness;
use crate::worker::{Played, Worker};

/// The cases of a phase that are still to be played, and how fast.
struct Queue {
    left: VecDeque<(usize, Option<Risk>)>,
    /// How many are played at once.
    jobs: usize,
    /// How many are under way at most, those counted that merely wait.
    most: usize,
    /// They have results that another look has to confirm.
    again: bool,
    /// How long the control took to be answered, and whether answers are late now and then.
    answer: Duration,
    late: bool,
    /// When the first case of each risk began.
    begun: BTreeMap<Risk, Instant>,
    /// The cases that began.
    played: Vec<Begun>,
    /// How often each was played again because of a ban.
    banned: BTreeMap<usize, u32>,
    /// The time from one beginning to the next, and when the next one may be.
    pace: Duration,
    paced: Instant,
}

/// A case that began, and how many of our addresses were left behind by then.
struct Begun {
    index: usize,
    risk: Option<Risk>,
    source: u32,
}

impl Queue {
    /// Whether the next case is played alone, and until when: then a death has one suspect. When that has taken
    /// long enough for its risk and nothing has died, it is not.
    fn alone(&self, has_died: bool) -> Option<Instant> {
        let risk = self.left.front()?.1?;
        let now = Instant::now();
        let begun = self.begun.get(&risk).copied().unwrap_or(now);
        let until = match has_died && risk > Risk::Little {
            true => now + FOR_EVER,
            false if self.late => return None,
            false => begun + risk.budget(self.answer),
        };
        (until > now).then_some(until)
    }

    /// After this time without an answer a case that is played alone merely waits for silence to end, and the
    /// next one may begin.
    fn answered_by(&self) -> Duration {
        answered_by(self.answer)
    }

    /// Whether the last cases are checked on like those that are played alone, since a check costs little.
    fn ends_alone(&self) -> bool {
        self.left.is_empty() && !self.again && !self.late && lateness(self.answer) == 0
    }

    /// How many may be under way while one is played alone.
    fn suspects(&self, has_died: bool) -> usize {
        self.jobs.min(if has_died { MOST_SUSPECTS } else { MOST_WAITING })
    }

    fn next(&mut self, source: u32) -> Option<usize> {
        let (index, risk) = self.left.pop_front()?;
        if let Some(risk) = risk {
            self.begun.entry(risk).or_insert_with(Instant::now);
        }
        self.played.push(Begun { index, risk, source });
        Some(index)
    }

    /// When the next case may begin, where it has to be waited for.
    fn paced_until(&self) -> Option<Instant> {
        (!self.left.is_empty() && self.paced > Instant::now()).then_some(self.paced)
    }

    /// Goes on more gently, with those first that met the limit.
    fn ease(&mut self, ease: &Ease, met: impl Fn(usize) -> bool) {
        self.jobs = ease.jobs(self.jobs);
        self.pace = ease.pace;
        self.again(|begun| met(begun.index));
    }

    /// Goes on from another address, with those first that met the ban of an earlier one; but where a target forbids
    /// what it is asked, it does so from any address.
    fn elsewhere(&mut self, source: u32, met: impl Fn(usize) -> bool) {
        let mut banned = std::mem::take(&mut self.banned);
        self.again(|begun| {
            let times = banned.entry(begun.index).or_default();
            let again = begun.source < source && *times < MOST_BANNED && met(begun.index);
            *times += u32::from(again);
            again
        });
        self.banned = banned;
    }

    fn again(&mut self, mut wanted: impl FnMut(&Begun) -> bool) {
        let (again, kept): (Vec<_>, _) = self.played.drain(..).partition(|begun| wanted(begun));
        self.played = kept;
        for Begun { index, risk, .. } in again.into_iter().rev() {
            self.left.push_front((index, risk));
        }
    }
}

/// The cases under way.
#[derive(Default)]
struct UnderWay {
    running: JoinSet<(usize, Played)>,
    places: BTreeMap<usize, Place>,
    /// Told when one of them gives its place back.
    free: Arc<Notify>,
    /// Controls that nobody waits for.
    checks: JoinSet<Pulse>,
    /// How many cases are over since the last control.
    unchecked: usize,
    /// The case that began last, unless it is over or merely waits, and when.
    latest: Option<(usize, Instant)>,
}

impl UnderWay {
    fn is_fresh(&self, by: Duration) -> bool {
        self.latest.is_some_and(|(_, begun)| begun.elapsed() < by)
    }

    /// Forgets a case that merely waits by now; whether there was one.
    fn forgets_stale(&mut self, by: Duration) -> bool {
        let before = self.latest.is_some();
        self.latest = self.latest.filter(|(_, begun)| begun.elapsed() < by);
        before && self.latest.is_none()
    }

    fn is_over(&mut self, index: usize) {
        self.unchecked += 1;
        self.places.remove(&index);
        self.latest = self.latest.filter(|(latest, _)| *latest != index);
    }

    /// When a case can begin although none ends, where they are played alone until then.
    fn wakes(&self, queue: &Queue, has_died: bool, until: Instant) -> Instant {
        match self.latest {
            Some((_, begun)) if self.running.len() < queue.suspects(has_died) => {
                until.min(begun + queue.answered_by())
            }
            _ => until,
        }
    }

    /// Whether there is a place for another case beside these. Those that merely wait take none, as long as the
    /// target answers as fast as at first.
    fn has_place(&self, queue: &Queue, most: usize) -> bool {
        let served = self.places.values().filter(|place| !place.is_watched()).count();
        self.running.len() < most && served < queue.jobs
    }

    /// Plays a control beside the cases, where the last one was long ago.
    fn check_at_times(&mut self, worker: &Worker) {
        if self.unchecked >= BETWEEN_CHECKS {
            self.unchecked = 0;
            let worker = worker.clone();
            self.checks.spawn(async move { worker.check_now().await });
        }
    }
}

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
    ) -> Result<(), Ending> {
        let rounds: Vec<_> = rounds.into_iter().filter(|cases| !cases.is_empty()).collect();
        if rounds.is_empty() {
            return Ok(());
        }
        for cases in rounds {
            self.play_round(cases, jobs, false).await?;
        }
        self.check_all().await
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
        again: bool,
    ) -> Result<(), Ending> {
        let answer = self.worker.bench.answer();
        let mut queue = Queue {
            left: VecDeque::from(cases),
            jobs: self.ease.jobs(jobs),
            most: self.worker.bench.settings.most_watched,
            again,
            late: false,
            answer,
            begun: BTreeMap::new(),
            played: Vec::new(),
            banned: BTreeMap::new(),
            pace: if again { self.ease.pace.max(ONE_BY_ONE) } else { self.ease.pace },
            paced: self.ease.next.unwrap_or_else(Instant::now),
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
        let mut under_way = UnderWay::default();
        let health = Arc::clone(&self.worker.health);
        let mut process_end = pin!(health.process_end());
        let mut has_ended = false;
        let has_died = !self.deaths.all.is_empty();
        loop {
            queue.late = self.worker.is_late();
            self.fill_up(queue, &mut under_way, has_died);
            if under_way.running.is_empty()
                && !health.is_dead()
                && let Some(until) = queue.paced_until()
            {
                sleep_until(until).await;
                continue;
            }
            let alone = queue.alone(has_died).map(|until| under_way.wakes(queue, has_died, until));
            let may_begin = self.has_place(queue, &under_way, alone.is_some(), has_died);
            let free = Arc::clone(&under_way.free);
            let waits_for_place = alone.is_none() && !queue.left.is_empty();
            let paced = queue.paced_until().filter(|_| may_begin);
            let wakes = [alone, paced].into_iter().flatten().min();
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
                    if under_way.forgets_stale(queue.answered_by()) {
                        // Without an answer it may have been the last one: nobody is to begin beside a killer.
                        self.worker.check_now().await;
                    }
                    continue;
                }
            };
            match joined {
                None => return,
                Some(Ok((index, played))) => {
                    under_way.is_over(index);
                    self.end_case(index, played, queue.again);
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
                && !(alone && under_way.is_fresh(queue.answered_by()));
            if !may_begin || queue.paced_until().is_some() {
                return;
            }
            let Some(index) = queue.next(self.worker.bench.sources().at()) else {
                return;
            };
            if !self.is_playable(index) {
                continue;
            }
            queue.paced = Instant::now() + queue.pace;
            self.ease.next = Some(queue.paced);
            under_way.latest = Some((index, Instant::now()));
            self.results.begin(index);
            let place = Place::taken(&under_way.free);
            let worker = self.worker.at(place.clone());
            under_way.places.insert(index, place);
            let first = self.results.result(index).filter(|_| queue.again).cloned();
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
        if queue.jobs == 1 || queue.again || self.ease.has_met_a_limit() {
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

/// How often a case is played again because a ban may have spoilt it.
const MOST_BANNED: u32 = 2;

const HAZARD: (Reason, &str) =
    (Reason::NotApplicable, "can hurt a weak server; it is played with --hazardous");

/// So far apart begin those that are looked at again, however many there are: a queue of connections may be short.
const ONE_BY_ONE: Duration = Duration::from_millis(2);

/// After how many cases the control is played even when nothing looks suspicious: it keeps the list
/// of suspects short.
const BETWEEN_CHECKS: usize = 50;

/// Longer than any run.
const FOR_EVER: Duration = Duration::from_secs(24 * 3600);

/// One case that is played alone, and those that merely wait beside it: on a target that has died, and on one that
/// nothing has killed.
const MOST_SUSPECTS: usize = 3;
const MOST_WAITING: usize = 8;

/// After this time without an answer a case that is played alone merely waits.
pub(crate) fn answered_by(answer: Duration) -> Duration {
    (answer * WAITS).clamp(SHORTEST_ANSWER, LONGEST_ANSWER)
}

/// How many times longer than the control's answer a case takes that merely waits, and the bounds of that.
const WAITS: u32 = 20;
const SHORTEST_ANSWER: Duration = Duration::from_millis(60);
const LONGEST_ANSWER: Duration = Duration::from_millis(400);
