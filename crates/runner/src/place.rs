//! The places of the cases under way. One that merely waits for a peer that says nothing gives its place back, and
//! is watched from then on.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// The place of one case. Clones are of the same place.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// How many of its exchanges have something to do.
    busy: Arc<AtomicUsize>,
    /// Told when a place is given back.
    free: Arc<Notify>,
    /// After this time without an octet an exchange merely waits.
    served: Duration,
    /// An octet has come.
    heard: Arc<AtomicBool>,
}

/// An exchange that merely waits, for as long as this is held.
pub(crate) struct Watched<'a>(&'a Place);

/// A further exchange of the same case, for as long as this is held.
pub(crate) struct Further<'a>(&'a Place);

impl Place {
    /// The place of a case with one exchange, which has everything to do yet.
    pub(crate) fn taken(free: &Arc<Notify>) -> Self {
        let (busy, heard) = (Arc::new(AtomicUsize::new(1)), Arc::default());
        Self { busy, free: Arc::clone(free), served: SOON, heard }
    }

    /// The same at a target that answers as soon as these answers came.
    pub(crate) fn taken_at(promptness: &Promptness, free: &Arc<Notify>) -> Self {
        Self { served: promptness.served(), ..Self::taken(free) }
    }

    /// Whether all of its exchanges merely wait.
    pub(crate) fn is_watched(&self) -> bool {
        self.busy.load(Ordering::Acquire) == 0
    }

    /// An octet has come.
    pub(crate) fn hear(&self) {
        self.heard.store(true, Ordering::Release);
    }

    /// Whether all of its exchanges merely wait, and nothing has come on any.
    pub(crate) fn is_left_in_silence(&self) -> bool {
        self.is_watched() && !self.heard.load(Ordering::Acquire)
    }

    /// From here on an exchange merely waits.
    pub(crate) fn watch(&self) -> Watched<'_> {
        self.leave();
        Watched(self)
    }

    /// From here on there is one more exchange at the same time.
    pub(crate) fn further(&self) -> Further<'_> {
        self.busy.fetch_add(1, Ordering::AcqRel);
        Further(self)
    }

    /// Waits for something until then; from a while on, or at once, the exchange merely waits.
    pub(crate) async fn wait<T>(
        place: Option<&Self>,
        at_once: bool,
        until: Instant,
        something: impl Future<Output = T>,
    ) -> Option<T> {
        let mut something = pin!(something);
        let Some(place) = place else {
            return timeout_at(until, something).await.ok();
        };
        let now = Instant::now();
        let served = match at_once {
            true => Duration::ZERO,
            // Nothing can be done in a pause so short.
            false if until <= now + SOON => SOON,
            false => place.served,
        };
        if let Ok(came) = timeout_at(until.min(now + served), &mut something).await {
            return Some(came);
        }
        if Instant::now() >= until {
            return None;
        }
        let _watched = place.watch();
        timeout_at(until, something).await.ok()
    }

    fn leave(&self) {
        if self.busy.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.free.notify_one();
        }
    }
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        self.0.busy.fetch_add(1, Ordering::AcqRel);
    }
}

impl Drop for Further<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// How soon answers come: hardly later than at first, however much is under way, or late now and then. A target that
/// serves one after another, or is busy, must not be given more.
#[derive(Debug, Default)]
pub(crate) struct Promptness(Mutex<Answers>);

#[derive(Debug, Default)]
struct Answers {
    latest: VecDeque<Duration>,
    came: usize,
    /// How many of them were switches, and how many of these late.
    switches: usize,
    late: usize,
}

impl Promptness {
    /// An answer took this long, and is a switch or is not.
    pub(crate) fn came(&self, after: Duration, is_switch: bool) {
        self.with(|answers| {
            answers.came += 1;
            answers.switches += usize::from(is_switch);
            answers.late += usize::from(is_switch && after >= LATE);
            answers.latest.push_back(after);
            if answers.latest.len() > MANY {
                answers.latest.pop_front();
            }
        });
    }

    /// Whether three in four of the latest answers took hardly longer than that of the control.
    pub(crate) fn is_as_at_first(&self, control: Duration) -> bool {
        let most = control * 2 + SOON;
        self.with(|answers| {
            let latest = answers.latest.iter().rev().take(LATEST);
            let late = latest.filter(|after| **after > most).count();
            answers.latest.len() >= LATEST && late * 4 <= LATEST
        })
    }

    /// Whether three in four of many answers took far longer than that of the control, since too much is under way.
    fn is_crowded(&self, control: Duration) -> bool {
        let most = control * 4 + SOON * 4;
        self.with(|answers| {
            let late = answers.latest.iter().filter(|after| **after > most).count();
            answers.latest.len() == MANY && late * 4 >= MANY * 3
        })
    }

    /// After how long an answer is not what a connection waits for, as far as is known.
    fn served(&self) -> Duration {
        self.with(|answers| {
            let mut latest: Vec<_> = answers.latest.iter().rev().take(LATEST).copied().collect();
            latest.sort_unstable();
            // Few of them may be late by chance.
            let most = latest.get(LATEST * 3 / 4 - 1).copied().unwrap_or(SOON);
            (most * PATIENCE).clamp(SOONEST, SOON)
        })
    }

    /// How many answers came.
    pub(crate) fn count(&self) -> usize {
        self.with(|answers| answers.came)
    }

    /// Whether many switches are late, one in twelve at least, while most answers come as at first: where they do not,
    /// too much is under way.
    pub(crate) fn is_late_by_chance(&self, control: Duration) -> bool {
        let is_late = |answers: &mut Answers| {
            answers.switches >= LATEST * 2 && answers.late * 12 >= answers.switches
        };
        self.with(is_late) && self.is_as_at_first(control)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Answers) -> T) -> T {
        match self.0.lock() {
            Ok(mut answers) => work(&mut answers),
            // It is whole after every statement.
            Err(poisoned) => work(&mut poisoned.into_inner()),
        }
    }
}

/// How many cases may be under way, those counted that merely wait. There is room for more only when enough answers
/// came as soon as at first while there was little left of it.
#[derive(Debug)]
pub(crate) struct Room {
    now: usize,
    /// That of the beginning.
    first: usize,
    /// How many answers had come when it was last looked at with little left.
    since: usize,
    /// More than a few at once are too many.
    crowded: bool,
    /// Where there was more room, answers came late: it may have few threads, and each that waits holds one.
    narrow: bool,
}

impl Room {
    pub(crate) fn of(jobs: usize) -> Self {
        Self { now: jobs, first: jobs, since: 0, crowded: false, narrow: false }
    }

    /// The room for cases of which so many are under way and so many have to be served at once; never more than the
    /// most.
    pub(crate) fn look(
        &mut self,
        (under_way, jobs, most): (usize, usize, usize),
        control: Duration,
        promptness: &Promptness,
    ) -> usize {
        let came = promptness.count();
        self.crowded |= promptness.is_crowded(control);
        if self.crowded {
            return jobs.min(A_FEW);
        }
        if !promptness.is_as_at_first(control) {
            let least = jobs.max(self.first);
            self.narrow |= self.now > least;
            *self = Self { now: least, since: came, ..*self };
        } else if self.narrow || under_way * 2 < self.now {
            self.since = came;
        } else if came >= self.since + LATEST {
            *self = Self { now: (self.now.max(jobs) * 2).min(most), since: came, ..*self };
        }
        self.now.max(jobs).min(most.max(jobs))
    }

    /// How many cases may be looked at early beside those that have this room.
    pub(crate) fn for_early(&self) -> usize {
        if self.narrow || self.crowded { 0 } else { self.now }
    }
}

/// After this time without an octet a connection is watched, and no more served.
pub(crate) const SOON: Duration = Duration::from_millis(50);
/// So many times as long as the latest answers took, where that is sooner; and the bound of that.
const PATIENCE: u32 = 10;
const SOONEST: Duration = Duration::from_millis(20);

/// An answer that takes as long is late.
const LATE: Duration = Duration::from_millis(400);

/// How many answers are looked at, and how many where it is for good.
const LATEST: usize = 16;
const MANY: usize = 64;

/// How many cases are under way at a target that serves one after another.
const A_FEW: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_while_all_of_its_exchanges_wait() {
        let place = Place::taken(&Arc::default());
        assert!(!place.is_watched());
        let other = place.further();
        let first = place.watch();
        assert!(!place.is_watched());
        let second = place.watch();
        assert!(place.is_watched());
        drop(first);
        assert!(!place.is_watched());
        drop(second);
        drop(other);
        assert!(!place.is_watched());
    }

    #[test]
    fn a_place_is_given_back_the_sooner_the_sooner_answers_come() {
        let ms = Duration::from_millis;
        let unknown = Promptness::default();
        assert_eq!(Place::taken_at(&unknown, &Arc::default()).served, SOON, "nothing is known");
        let rows = [([1; LATEST], 20), ([3; LATEST], 30), ([5; LATEST], 50), ([500; LATEST], 50)];
        let mut late_by_chance = [1; LATEST];
        late_by_chance[..4].fill(500);
        let mut late_too_often = [1; LATEST];
        late_too_often[..5].fill(500);
        for (answers, wanted) in
            rows.into_iter().chain([(late_by_chance, 20), (late_too_often, 50)])
        {
            let promptness = Promptness::default();
            // Those of before are forgotten.
            (0..LATEST).for_each(|_| promptness.came(ms(4), false));
            answers.into_iter().for_each(|after| promptness.came(ms(after), false));
            let place = Place::taken_at(&promptness, &Arc::default());
            assert_eq!(place.served, ms(wanted), "{answers:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_is_given_back_in_its_time_and_not_for_a_short_pause() {
        let ms = Duration::from_millis;
        let promptness = Promptness::default();
        (0..LATEST).for_each(|_| promptness.came(ms(1), false));
        let place = Place::taken_at(&promptness, &Arc::default());
        let silence = std::future::pending::<()>;
        let is_watched_after = async |pause: u64, at: u64| {
            let until = Instant::now() + ms(pause);
            let mut waits = pin!(Place::wait(Some(&place), false, until, silence()));
            let _ = timeout_at(Instant::now() + ms(at), &mut waits).await;
            place.is_watched()
        };
        let rows = [(1000, 19, false), (1000, 21, true), (50, 49, false), (51, 49, true)];
        for (pause, at, wanted) in rows {
            assert_eq!(is_watched_after(pause, at).await, wanted, "{pause} {at}");
        }
    }

    #[test]
    fn room_grows_while_answers_come_as_soon_as_at_first_under_load() {
        let ms = Duration::from_millis;
        let (promptness, mut room) = (Promptness::default(), Room::of(16));
        let mut look = |under_way, after| {
            for _ in 0..LATEST {
                promptness.came(ms(after), false);
            }
            room.look((under_way, 16, 100), ms(1), &promptness)
        };
        assert_eq!([look(16, 1), look(10, 1), look(40, 1), look(90, 1)], [32, 32, 64, 100]);
        assert_eq!([look(100, 800), look(16, 1)], [16, 16], "it is known to be too much");
        let crowded = [(); MANY / LATEST].map(|()| look(16, 800));
        assert_eq!((crowded[MANY / LATEST - 1], look(4, 1)), (4, 4), "it stays so");
    }

    #[test]
    fn one_late_answer_in_seven_is_none_that_load_explains() {
        let ms = Duration::from_millis;
        for (late_in, control, wanted) in [(7, 1, true), (2, 1, false), (1, 1500, true)] {
            let promptness = Promptness::default();
            assert!(!promptness.is_as_at_first(ms(control)), "nothing is known yet");
            for at in 0..LATEST {
                promptness.came(ms(if at % late_in == 0 { 1500 } else { 1 }), true);
            }
            assert_eq!(promptness.is_as_at_first(ms(control)), wanted, "{late_in}");
        }
    }
}
