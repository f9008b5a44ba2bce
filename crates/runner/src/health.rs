//! Is the target still alive, and which case may have killed it?
//! Plays nothing itself: the caller passes in a way to play a control.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::{RwLock, RwLockReadGuard};
use tokio::time::{Instant, sleep};

/// What a run knows about the target's health.
#[derive(Debug, Default)]
pub(crate) struct Health {
    /// Held shared by every exchange; a death is established only while nobody holds it, since a server
    /// whose few workers are busy with our other exchanges is not dead.
    gate: RwLock<()>,
    /// When the last control that was answered began. Held while a control is played, so that there
    /// is one at a time and all waiters share its answer.
    answered: tokio::sync::Mutex<Option<Instant>>,
    suspects: Mutex<Vec<Suspect>>,
    dead: AtomicBool,
    controls: AtomicU32,
}

/// Whether the target lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pulse {
    /// It answered a control.
    Alive,
    /// It answers no control.
    Dead,
}

/// A case that was played since the last control that was answered.
#[derive(Clone, Copy, Debug)]
struct Suspect {
    case: usize,
    /// How many of its exchanges are under way.
    under_way: usize,
    /// When the last of them ended.
    ended: Option<Instant>,
}

impl Suspect {
    /// Whether none of its exchanges is under way, nor has been since then.
    fn was_over(&self, since: Instant) -> bool {
        self.under_way == 0 && self.ended.is_some_and(|ended| ended <= since)
    }
}

/// One try at a control: answered, given so much patience?
pub(crate) trait Control {
    /// Plays a control for the n-th time, and waits for that long.
    async fn is_answered(&self, number: u32, patience: Patience) -> bool;
}

/// How long to wait for a control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// As long as for any answer at all.
    Timeout,
    /// As long as for an answer to a case.
    Window,
}

impl Health {
    /// Marks the beginning of an exchange of a case. What is returned is held until its end.
    pub(crate) async fn begin(&self, case: usize) -> RwLockReadGuard<'_, ()> {
        let guard = self.gate.read().await;
        self.with_suspects(|suspects| {
            match suspects.iter_mut().find(|suspect| suspect.case == case) {
                Some(suspect) => suspect.under_way += 1,
                None => suspects.push(Suspect { case, under_way: 1, ended: None }),
            }
        });
        guard
    }

    /// Marks the end of an exchange of a case.
    pub(crate) fn end(&self, case: usize) {
        let now = Instant::now();
        self.with_suspects(|suspects| {
            for suspect in suspects.iter_mut().filter(|s| s.case == case) {
                suspect.under_way = suspect.under_way.saturating_sub(1);
                suspect.ended = Some(now);
            }
        });
    }

    /// Finds out whether the target lives, unless a control that began after `since` has been answered.
    /// Three tries in about a second without an answer, with nothing else under way, are a death.
    pub(crate) async fn check(&self, control: &impl Control, since: Instant) -> Pulse {
        let mut answered = self.answered.lock().await;
        if self.is_dead() {
            return Pulse::Dead;
        }
        if answered.is_some_and(|began| began > since) {
            return Pulse::Alive;
        }
        if self.attempt(control, &mut answered, Patience::Window).await {
            return Pulse::Alive;
        }
        let _alone = self.gate.write().await;
        for (pause, patience) in TRIES {
            sleep(pause).await;
            if self.attempt(control, &mut answered, patience).await {
                return Pulse::Alive;
            }
        }
        self.dead.store(true, Ordering::Release);
        Pulse::Dead
    }

    /// Whether the target was found dead.
    pub(crate) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Acquire)
    }

    /// The cases that may have killed it, in the order in which they began.
    pub(crate) fn suspects(&self) -> Vec<usize> {
        self.with_suspects(|suspects| suspects.iter().map(|suspect| suspect.case).collect())
    }

    /// The target was started again: nobody is suspected any more.
    pub(crate) fn revive(&self) {
        self.with_suspects(Vec::clear);
        self.dead.store(false, Ordering::Release);
    }

    async fn attempt(
        &self,
        control: &impl Control,
        answered: &mut Option<Instant>,
        patience: Patience,
    ) -> bool {
        let began = Instant::now();
        let number = self.controls.fetch_add(1, Ordering::Relaxed);
        if !control.is_answered(number, patience).await {
            return false;
        }
        *answered = Some(began);
        // Cases that ended before this control began did not kill the target.
        self.with_suspects(|all| all.retain(|suspect| !suspect.was_over(began)));
        true
    }

    fn with_suspects<T>(&self, work: impl FnOnce(&mut Vec<Suspect>) -> T) -> T {
        let mut suspects = match self.suspects.lock() {
            Ok(suspects) => suspects,
            // The list is whole after every statement that changes it.
            Err(poisoned) => poisoned.into_inner(),
        };
        work(&mut suspects)
    }
}

/// The tries before a target counts as dead, with the pause before each.
const TRIES: [(Duration, Patience); 3] = [
    (Duration::ZERO, Patience::Window),
    (Duration::from_millis(300), Patience::Window),
    (Duration::from_millis(700), Patience::Timeout),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// A target that answers from the n-th control on.
    struct AnswersFrom(u32);

    impl Control for AnswersFrom {
        async fn is_answered(&self, number: u32, _patience: Patience) -> bool {
            number >= self.0
        }
    }

    #[tokio::test(start_paused = true)]
    async fn four_unanswered_controls_are_a_death() {
        for (from, pulse) in [(0, Pulse::Alive), (3, Pulse::Alive), (4, Pulse::Dead)] {
            let health = Health::default();
            assert_eq!(health.check(&AnswersFrom(from), Instant::now()).await, pulse, "{from}");
            assert_eq!(health.is_dead(), pulse == Pulse::Dead);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_control_that_began_later_serves_all() {
        let health = Health::default();
        let since = Instant::now();
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(health.check(&AnswersFrom(0), since).await, Pulse::Alive);
        assert_eq!(health.check(&AnswersFrom(99), since).await, Pulse::Alive);
        assert_eq!(health.controls.load(Ordering::Relaxed), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answered_control_absolves_those_before_it() {
        let health = Health::default();
        drop(health.begin(3).await);
        health.end(3);
        drop(health.begin(1).await);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(health.suspects(), [3, 1]);
        health.check(&AnswersFrom(0), Instant::now()).await;
        assert_eq!(health.suspects(), [1]);
    }
}
