//! The cases of a round that are still to be played, and those under way: how many, and which of them alone.
//! Plays nothing.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::ease::Ease;
use crate::health::Pulse;
use crate::place::Place;
use crate::risk::{ALONE, Risk};
use crate::settings::lateness;
use crate::worker::{Played, Worker};

/// The cases of a phase that are still to be played, and how fast.
pub(crate) struct Queue {
    pub(crate) left: VecDeque<(usize, Option<Risk>)>,
    /// How many are played at once.
    pub(crate) jobs: usize,
    /// How many are under way at most, those counted that merely wait.
    pub(crate) most: usize,
    pub(crate) kind: Round,
    /// How long the control took to be answered, and whether answers are late now and then.
    pub(crate) answer: Duration,
    pub(crate) late: bool,
    /// Whether it is known to be silent time and again, and to live on.
    pub(crate) mute: bool,
    /// When the first case of each risk began.
    pub(crate) begun: BTreeMap<Risk, Instant>,
    /// The cases that began.
    pub(crate) played: Vec<Begun>,
    /// How often each was played again because of a ban.
    pub(crate) banned: BTreeMap<usize, u32>,
    /// The time from one beginning to the next, and when the next one may be.
    pub(crate) pace: Duration,
    pub(crate) paced: Instant,
}

/// What the cases of a round are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Round {
    /// All are over when it ends.
    Whole,
    /// Those that merely wait by then go on beside the next round.
    Leaving,
    /// They have results that another look has to confirm.
    Again,
}

/// A case that began, and how many of our addresses were left behind by then.
pub(crate) struct Begun {
    pub(crate) index: usize,
    pub(crate) risk: Option<Risk>,
    pub(crate) source: u32,
}

impl Queue {
    /// All of these cases, so many at once, at a target that took so long to answer the control.
    pub(crate) fn new(
        cases: Vec<(usize, Option<Risk>)>,
        jobs: usize,
        kind: Round,
        answer: Duration,
    ) -> Self {
        Self {
            left: VecDeque::from(cases),
            jobs,
            most: jobs,
            kind,
            answer,
            late: false,
            mute: false,
            begun: BTreeMap::new(),
            played: Vec::new(),
            banned: BTreeMap::new(),
            pace: Duration::ZERO,
            paced: Instant::now(),
        }
    }

    /// Whether the next case is played alone, and until when: then a death has one suspect. When that has taken
    /// long enough for its risk and nothing has died, it is not.
    pub(crate) fn alone(&self, has_died: bool) -> Option<Instant> {
        let risk = self.left.front()?.1?;
        let now = Instant::now();
        let begun = self.begun.get(&risk).copied().unwrap_or(now);
        let until = match has_died && risk > Risk::Little {
            true => now + FOR_EVER,
            false if self.late || risk == Risk::Little && self.played.len() >= ALONE => {
                return None;
            }
            false => begun + risk.budget(self.answer),
        };
        (until > now).then_some(until)
    }

    /// After this time without an answer a case that is played alone merely waits for silence to end, and the
    /// next one may begin; sooner where it waits in any case.
    pub(crate) fn answered_by(&self, waits: bool) -> Duration {
        answered_by(self.answer, waits)
    }

    /// Whether the last cases are checked on like those that are played alone, since a check costs little.
    pub(crate) fn ends_alone(&self) -> bool {
        self.left.is_empty()
            && self.kind != Round::Again
            && !self.late
            && lateness(self.answer) == 0
    }

    /// Whether what is still under way may go on beside the next round.
    pub(crate) fn leaves(&self, under_way: &UnderWay) -> bool {
        self.kind == Round::Leaving
            && self.left.is_empty()
            && self.jobs > 1
            && !self.late
            && under_way.running.len() <= self.most_waiting()
            && under_way.served() == 0
            && !under_way.is_fresh()
    }

    /// When a round may be over of which nothing is left to begin: its last case may have an answer yet.
    pub(crate) fn may_leave(&self, under_way: &UnderWay) -> Option<Instant> {
        let is_last = self.kind == Round::Leaving && self.left.is_empty();
        under_way.latest.filter(|_| is_last).map(|(_, waits)| waits)
    }

    /// Whether something is to be done when a case gives its place back: the next one begins there, or the round is over.
    pub(crate) fn waits_for_place(&self, alone: bool) -> bool {
        if self.left.is_empty() { self.kind == Round::Leaving } else { !alone }
    }

    /// How many may be under way while one is played alone.
    pub(crate) fn suspects(&self, has_died: bool) -> usize {
        match has_died {
            true => self.jobs.min(MOST_SUSPECTS),
            false if self.mute && self.jobs > 1 => self.most,
            false => self.jobs.min(MOST_WAITING),
        }
    }

    fn most_waiting(&self) -> usize {
        if self.mute { self.most } else { MOST_WAITING }
    }

    pub(crate) fn next(&mut self, source: u32) -> Option<(usize, Option<Risk>)> {
        let (index, risk) = self.left.pop_front()?;
        if let Some(risk) = risk {
            self.begun.entry(risk).or_insert_with(Instant::now);
        }
        self.played.push(Begun { index, risk, source });
        Some((index, risk))
    }

    /// When the next case may begin, where it has to be waited for.
    pub(crate) fn paced_until(&self) -> Option<Instant> {
        (!self.left.is_empty() && self.paced > Instant::now()).then_some(self.paced)
    }

    /// Goes on more gently, with those first that met the limit.
    pub(crate) fn ease(&mut self, ease: &Ease, met: impl Fn(usize) -> bool) {
        self.jobs = ease.jobs(self.jobs);
        self.pace = ease.pace;
        self.again(|begun| met(begun.index));
    }

    /// Goes on from another address, with those first that met the ban of an earlier one; but where a target forbids
    /// what it is asked, it does so from any address.
    pub(crate) fn elsewhere(&mut self, source: u32, met: impl Fn(usize) -> bool) {
        let mut banned = std::mem::take(&mut self.banned);
        self.again(|begun| {
            let times = banned.entry(begun.index).or_default();
            let again = begun.source < source && *times < MOST_BANNED && met(begun.index);
            *times += u32::from(again);
            again
        });
        self.banned = banned;
    }

    pub(crate) fn again(&mut self, mut wanted: impl FnMut(&Begun) -> bool) {
        let (again, kept): (Vec<_>, _) = self.played.drain(..).partition(|begun| wanted(begun));
        self.played = kept;
        for Begun { index, risk, .. } in again.into_iter().rev() {
            self.left.push_front((index, risk));
        }
    }
}

/// The cases under way.
#[derive(Default)]
pub(crate) struct UnderWay {
    pub(crate) running: JoinSet<(usize, Played)>,
    pub(crate) places: BTreeMap<usize, Place>,
    /// Told when one of them gives its place back.
    pub(crate) free: Arc<Notify>,
    /// Controls that nobody waits for.
    pub(crate) checks: JoinSet<Pulse>,
    /// How many cases are over since the last control.
    pub(crate) unchecked: usize,
    /// The case that began last, unless it is over or merely waits, and from when on it merely waits.
    pub(crate) latest: Option<(usize, Instant)>,
    /// From when on the target is silent to those that merely wait, if they have no answer by then.
    pub(crate) silent_from: Option<Instant>,
}

impl UnderWay {
    /// Whether the case that began last may have an answer yet.
    pub(crate) fn is_fresh(&self) -> bool {
        self.latest.is_some_and(|(_, waits)| Instant::now() < waits)
    }

    /// Forgets the case that began last where it merely waits by now; which that was.
    pub(crate) fn forgets_stale(&mut self) -> Option<usize> {
        let stale = self.latest.filter(|(_, waits)| *waits <= Instant::now())?;
        self.latest = None;
        Some(stale.0)
    }

    pub(crate) fn is_over(&mut self, index: usize) {
        self.unchecked += 1;
        self.places.remove(&index);
        self.latest = self.latest.filter(|(latest, _)| *latest != index);
    }

    /// When a case can begin although none ends, where they are played alone until then.
    pub(crate) fn wakes(&self, queue: &Queue, has_died: bool, until: Instant) -> Instant {
        match (self.latest, self.silent_from) {
            (Some((_, waits)), _) if self.running.len() < queue.suspects(has_died) => {
                until.min(waits)
            }
            (_, Some(from)) if !queue.mute && self.running.len() >= MUTE => until.min(from),
            _ => until,
        }
    }

    /// Whether it is time to count those that are left in silence: the last one that began should have its answer. They
    /// are not asked for again until another one begins.
    pub(crate) fn is_time_to_count(&mut self) -> bool {
        let is_time = self.silent_from.take_if(|from| *from <= Instant::now()).is_some();
        let is_early = is_time && self.served() > 0;
        if is_early {
            self.silent_from = Some(Instant::now() + A_MOMENT);
        }
        is_time && !is_early
    }

    /// The cases that merely wait and to which nothing has come.
    pub(crate) fn left_in_silence(&self) -> impl Iterator<Item = usize> {
        let silent = self.places.iter().filter(|(_, place)| place.is_left_in_silence());
        silent.map(|(index, _)| *index)
    }

    /// Whether there is a place for another case beside these. Those that merely wait take none, as long as the
    /// target answers as fast as at first.
    pub(crate) fn has_place(&self, queue: &Queue, most: usize) -> bool {
        self.running.len() < most && self.served() < queue.jobs
    }

    /// How many do not merely wait.
    pub(crate) fn served(&self) -> usize {
        self.places.values().filter(|place| !place.is_watched()).count()
    }

    /// Plays a control beside the cases, where the last one was long ago.
    pub(crate) fn check_at_times(&mut self, worker: &Worker) {
        if self.unchecked >= BETWEEN_CHECKS {
            self.unchecked = 0;
            let worker = worker.clone();
            self.checks.spawn(async move { worker.check_now().await });
        }
    }
}

/// How often a case is played again because a ban may have spoilt it.
const MOST_BANNED: u32 = 2;

/// After how many cases the control is played even when nothing looks suspicious: it keeps the list
/// of suspects short.
const BETWEEN_CHECKS: usize = 50;

/// Longer than any run.
const FOR_EVER: Duration = Duration::from_secs(24 * 3600);

/// How often a target is silent, and lives, before that is nothing new.
pub(crate) const MUTE: usize = 24;

/// After so long it is looked whether all have given their places back.
const A_MOMENT: Duration = Duration::from_millis(10);

/// One case that is played alone, and those that merely wait beside it: on a target that has died, and on one that
/// nothing has killed.
const MOST_SUSPECTS: usize = 3;
const MOST_WAITING: usize = 8;

/// After this time without an answer a case that is played alone merely waits; sooner where none is expected.
pub(crate) fn answered_by(answer: Duration, waits: bool) -> Duration {
    let by = (answer * WAITS).clamp(SHORTEST_ANSWER, LONGEST_ANSWER);
    if waits { (answer * WAITS_ANYWAY).clamp(SHORTEST_WAIT, by) } else { by }
}

/// How many times longer than the control's answer a case takes that merely waits, and the bounds of that.
const WAITS: u32 = 20;
const SHORTEST_ANSWER: Duration = Duration::from_millis(40);
const LONGEST_ANSWER: Duration = Duration::from_millis(400);
/// The same where silence is no news: a control that comes behind it tells whether the target lives.
const WAITS_ANYWAY: u32 = 3;
const SHORTEST_WAIT: Duration = Duration::from_millis(5);

#[cfg(test)]
mod tests {
    use super::*;

    /// So many cases that wait, to none of which anything has come.
    fn waiting(count: usize) -> UnderWay {
        let mut under_way = UnderWay::default();
        for index in 0..count {
            let place = Place::taken(&under_way.free);
            std::mem::forget(place.clone().watch());
            under_way.places.insert(index, place);
            under_way.running.spawn(std::future::pending());
        }
        under_way
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_left_in_silence_is_counted_once_and_when_all_merely_wait() {
        let mut under_way = waiting(3);
        let mut is_time = |from| {
            under_way.silent_from = Some(from);
            [(); 2].map(|()| under_way.is_time_to_count())
        };
        assert_eq!(is_time(Instant::now() + FOR_EVER), [false, false]);
        assert_eq!(is_time(Instant::now()), [true, false]);
        under_way.places[&1].hear();
        assert_eq!(under_way.left_in_silence().collect::<Vec<_>>(), [0, 2]);
        under_way.places.insert(3, Place::taken(&under_way.free));
        under_way.silent_from = Some(Instant::now());
        assert!(!under_way.is_time_to_count(), "one has something to do yet");
        tokio::time::advance(A_MOMENT).await;
        under_way.places.remove(&3);
        assert!(under_way.is_time_to_count());
    }

    #[tokio::test(start_paused = true)]
    async fn silence_wakes_where_many_wait_and_that_is_news() {
        let (now, soon) = (Instant::now(), Instant::now() + A_MOMENT);
        let queue = |mute| Queue {
            mute,
            ..Queue::new(vec![], 64, Round::Leaving, Duration::from_millis(1))
        };
        let rows =
            [(MUTE, false, soon), (MUTE - 1, false, now + FOR_EVER), (MUTE, true, now + FOR_EVER)];
        for (count, mute, wanted) in rows {
            let mut under_way = waiting(count);
            under_way.silent_from = Some(soon);
            let wakes = under_way.wakes(&queue(mute), false, now + FOR_EVER);
            assert_eq!(wakes, wanted, "{count} {mute}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_round_is_not_left_while_its_last_case_may_have_an_answer() {
        let queue = Queue::new(vec![], 64, Round::Leaving, Duration::from_millis(1));
        let mut under_way = waiting(2);
        let waits = Instant::now() + queue.answered_by(false);
        under_way.latest = Some((1, waits));
        assert!(!queue.leaves(&under_way));
        assert_eq!(queue.may_leave(&under_way), Some(waits));
        tokio::time::advance(queue.answered_by(false)).await;
        assert_eq!(under_way.forgets_stale(), Some(1));
        assert!(queue.leaves(&under_way));
        assert_eq!(queue.may_leave(&under_way), None);
    }
}
