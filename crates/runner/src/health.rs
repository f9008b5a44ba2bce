//! Is the target still alive, and which case may have killed it?
//! Plays nothing itself: the caller passes in a way to play a control.

use std::collections::{BTreeMap, VecDeque};
use std::process::ExitStatus;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::{RwLock, RwLockReadGuard, watch};
use tokio::time::{Instant, sleep, timeout_at};
use upspec_judge::Demise;

use crate::burst::{Lived, burst};

#[cfg(test)]
mod tests;

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
    /// When the latest exchange of each case began that was outlived before, and is looked at again beside the others.
    aside: Mutex<BTreeMap<usize, Instant>>,
    /// What was over by then has been outlived: octets came later, in an exchange that began later.
    heard: Mutex<Option<Instant>>,
    /// The exchanges since the target was started, the latest last, for a death that comes late.
    recent: Mutex<VecDeque<(usize, Instant)>>,
    /// All exchanges since then, for what they show together.
    lived: Mutex<Vec<Lived>>,
    /// How the last control fared that was not answered.
    demise: Mutex<Option<Demise>>,
    /// The end of the process that serves, where it is ours.
    process: Mutex<Option<watch::Receiver<Option<ExitStatus>>>>,
    /// What is played has been played before, and outlived: nobody is suspected of it.
    spares: AtomicBool,
    dead: AtomicBool,
    /// It was dead for a moment, and answers again.
    back: AtomicBool,
    controls: AtomicU32,
    /// How often a control was not answered.
    doubts: watch::Sender<u32>,
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
    /// When its latest exchange began.
    began: Instant,
    /// When the one before began: what gets no connection says nothing to the target.
    before: Instant,
    /// How many of its exchanges are under way.
    under_way: usize,
    /// When the last of them ended.
    ended: Option<Instant>,
}

impl Suspect {
    fn new(case: usize, under_way: usize) -> Self {
        let now = Instant::now();
        Self { case, began: now, before: now, under_way, ended: None }
    }

    /// Whether none of its exchanges is under way, nor has been since then.
    fn was_over(&self, since: Instant) -> bool {
        self.under_way == 0 && self.ended.is_some_and(|ended| ended <= since)
    }
}

/// One try at a control.
pub(crate) trait Control {
    /// Plays a control for the n-th time, and waits for that long. Without an answer, says what came
    /// instead.
    async fn answered(&self, number: u32, patience: Patience) -> Result<(), Demise>;

    /// Whether it is answered where it comes from another address of ours, and still not from this one: then the
    /// other is used from now on.
    async fn is_banned(&self, numbers: [u32; 2]) -> bool {
        let _ = numbers;
        false
    }

    /// Whether an address of ours was banned before.
    fn has_been_banned(&self) -> bool {
        false
    }
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
        if self.spares.load(Ordering::Acquire) {
            return guard;
        }
        self.with_suspects(|suspects| {
            match suspects.iter_mut().find(|suspect| suspect.case == case) {
                Some(suspect) => {
                    suspect.under_way += 1;
                    suspect.before = std::mem::replace(&mut suspect.began, Instant::now());
                }
                None => suspects.push(Suspect::new(case, 1)),
            }
        });
        guard
    }

    /// Marks the end of an exchange of a case.
    pub(crate) fn end(&self, case: usize) {
        if self.spares.load(Ordering::Acquire) {
            return;
        }
        let now = Instant::now();
        with(&self.recent, |recent| {
            recent.push_back((case, now));
            if recent.len() > MOST_RECENT {
                recent.pop_front();
            }
        });
        self.with_suspects(|suspects| {
            for suspect in suspects.iter_mut().filter(|s| s.case == case) {
                suspect.under_way = suspect.under_way.saturating_sub(1);
                suspect.ended = Some(now);
            }
        });
    }

    /// From here on what is played has been outlived before, or has not.
    pub(crate) fn spare(&self, spares: bool) {
        self.spares.store(spares, Ordering::Release);
    }

    /// An exchange brought octets, the last of them then.
    pub(crate) fn heard(&self, began: Instant, last: Instant) {
        let outlived = last.checked_sub(DYING).map(|before| before.min(began));
        with(&self.heard, |heard| *heard = (*heard).max(outlived));
    }

    /// Keeps when an exchange went on.
    pub(crate) fn lived(&self, exchange: Lived) {
        with(&self.lived, |lived| {
            if lived.len() < MOST_LIVED {
                lived.push(exchange);
            }
        });
    }

    /// The cases that were cut all at once, if any were.
    pub(crate) fn burst(&self) -> Vec<usize> {
        with(&self.lived, |lived| burst(lived))
    }

    /// An exchange of a case did not come about after all.
    pub(crate) fn take_back(&self, case: usize) {
        if self.spares.load(Ordering::Acquire) {
            return;
        }
        self.with_suspects(|suspects| {
            suspects.retain_mut(|suspect| {
                if suspect.case == case {
                    suspect.under_way = suspect.under_way.saturating_sub(1);
                    suspect.began = suspect.before;
                }
                suspect.case != case || suspect.under_way > 0 || suspect.ended.is_some()
            });
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
        if control.has_been_banned() && self.is_let_in_elsewhere(control, &mut answered).await {
            return Pulse::Alive;
        }
        let mut refused = self.demise() == Demise::Refusing;
        self.doubts.send_modify(|doubts| *doubts = doubts.wrapping_add(1));
        let _alone = self.gate.write().await;
        for (pause, patience) in TRIES {
            if self.has_ended() && self.demise() == Demise::Refusing {
                // Nobody is left who could come to.
                break;
            }
            sleep(pause).await;
            if !self.attempt(control, &mut answered, patience).await {
                refused |= self.demise() == Demise::Refusing;
            } else if refused {
                return self.was_away();
            } else {
                return Pulse::Alive;
            }
        }
        if self.is_let_in_elsewhere(control, &mut answered).await {
            return Pulse::Alive;
        }
        if self.demise() == Demise::Refusing
            && let Some(outlived) = with(&self.heard, |heard| *heard)
        {
            // Nobody is left who listens, so that any answer before was one of who died.
            self.with_suspects(|all| all.retain(|suspect| !suspect.was_over(outlived)));
        }
        self.dead.store(true, Ordering::Release);
        Pulse::Dead
    }

    /// Whether who ends our connections, or refuses them, bans our address, so that it lives.
    async fn is_let_in_elsewhere(
        &self,
        control: &impl Control,
        answered: &mut Option<Instant>,
    ) -> bool {
        let began = Instant::now();
        let may_be = !self.has_ended() && self.demise() != Demise::Hanging;
        let banned = may_be && control.is_banned([self.next_control(), self.next_control()]).await;
        if banned {
            *answered = Some(began);
            self.with_suspects(|all| all.retain(|suspect| !suspect.was_over(began)));
        }
        banned
    }

    /// A connection was refused, and a control is answered: nobody who listens refuses, so it was dead.
    /// That control absolves nobody, and whoever came just before it is suspected.
    pub(crate) fn was_away(&self) -> Pulse {
        let recent = self.recent(JUST_BEFORE);
        self.with_suspects(|suspects| {
            for case in recent {
                if suspects.iter().all(|suspect| suspect.case != case) {
                    suspects.push(Suspect::new(case, 0));
                }
            }
        });
        self.doubts.send_modify(|doubts| *doubts = doubts.wrapping_add(1));
        self.back.store(true, Ordering::Release);
        self.dead.store(true, Ordering::Release);
        Pulse::Dead
    }

    /// Completes when it is no longer sure that the target lives.
    pub(crate) async fn doubt(&self) {
        let mut doubts = self.doubts.subscribe();
        if doubts.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Whether it answers again although it was found dead.
    pub(crate) fn is_back(&self) -> bool {
        self.back.load(Ordering::Acquire)
    }

    /// Whether the target was found dead.
    pub(crate) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Acquire)
    }

    /// The cases that may have killed it, in the order in which they began.
    pub(crate) fn suspects(&self) -> Vec<usize> {
        self.with_suspects(|suspects| suspects.iter().map(|suspect| suspect.case).collect())
    }

    /// The suspect that began last, and those that had had as much time before it as they take to be answered: they
    /// were merely waiting. Where the target hangs all do, so that it has to have served one that began after them.
    pub(crate) fn freshest(&self, by: impl Fn(usize) -> Duration) -> Option<(usize, Vec<usize>)> {
        self.with_suspects(|suspects| {
            let newest = suspects.iter().max_by_key(|suspect| suspect.began)?;
            let others = suspects.iter().filter(|suspect| suspect.case != newest.case);
            let waited = others.filter(|other| {
                newest.began.duration_since(other.began) >= by(other.case)
                    && (self.demise() != Demise::Hanging || self.outlived(other.began))
            });
            Some((newest.case, waited.map(|other| other.case).collect()))
        })
    }

    /// Whether the target has served an exchange that began later.
    fn outlived(&self, began: Instant) -> bool {
        with(&self.heard, |heard| heard.is_some_and(|heard| heard > began))
    }

    /// Marks the beginning of an exchange of a case that is looked at again.
    pub(crate) fn begin_aside(&self, case: usize) {
        with(&self.aside, |aside| aside.insert(case, Instant::now()));
    }

    /// Whether a case that is looked at again had had that much time before a suspect began: it was merely waiting.
    pub(crate) fn waited_aside(&self, case: usize, suspect: usize, by: Duration) -> bool {
        let began = self.with_suspects(|suspects| {
            suspects.iter().find(|one| one.case == suspect).map(|one| one.began)
        });
        let aside = with(&self.aside, |aside| aside.get(&case).copied());
        matches!((began, aside), (Some(began), Some(aside)) if began.duration_since(aside) >= by)
    }

    /// The cases whose exchanges ended within this time, each once, the earliest first.
    pub(crate) fn recent(&self, within: Duration) -> Vec<usize> {
        let Some(from) = Instant::now().checked_sub(within) else {
            return Vec::new();
        };
        with(&self.recent, |recent| {
            let ended = recent.iter().filter(|(_, ended)| *ended >= from);
            let mut cases: Vec<usize> = Vec::new();
            for (case, _) in ended.rev() {
                if !cases.contains(case) {
                    cases.push(*case);
                }
            }
            cases.reverse();
            cases
        })
    }

    /// How the death showed, as far as a control can tell.
    pub(crate) fn demise(&self) -> Demise {
        with(&self.demise, |demise| demise.unwrap_or(Demise::Refusing))
    }

    /// The target was started, or came back: nobody is suspected any more.
    pub(crate) fn revive(&self, process: Option<watch::Receiver<Option<ExitStatus>>>) {
        self.with_suspects(Vec::clear);
        with(&self.recent, VecDeque::clear);
        with(&self.lived, Vec::clear);
        with(&self.heard, |heard| *heard = None);
        with(&self.process, |known| *known = process);
        self.back.store(false, Ordering::Release);
        self.dead.store(false, Ordering::Release);
    }

    /// Waits until then, or until the process ends.
    pub(crate) async fn outlast(&self, until: Instant) {
        let _ = timeout_at(until, self.process_end()).await;
    }

    /// Completes when the process that serves ends; never where we do not know it.
    pub(crate) async fn process_end(&self) {
        let Some(mut process) = with(&self.process, |known| known.clone()) else {
            return std::future::pending().await;
        };
        if process.wait_for(Option::is_some).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// What serves is another process, which we do not know.
    pub(crate) fn forget_process(&self) {
        with(&self.process, |known| *known = None);
    }

    fn has_ended(&self) -> bool {
        with(&self.process, |known| known.as_ref().is_some_and(|end| end.borrow().is_some()))
    }

    /// The number of a control that is not counted yet.
    pub(crate) fn next_control(&self) -> u32 {
        self.controls.fetch_add(1, Ordering::Relaxed)
    }

    async fn attempt(
        &self,
        control: &impl Control,
        answered: &mut Option<Instant>,
        patience: Patience,
    ) -> bool {
        let began = Instant::now();
        let number = self.next_control();
        if let Err(demise) = control.answered(number, patience).await {
            with(&self.demise, |known| *known = Some(demise));
            return false;
        }
        *answered = Some(began);
        // Cases that ended before this control began did not kill the target.
        self.with_suspects(|all| all.retain(|suspect| !suspect.was_over(began)));
        true
    }

    fn with_suspects<T>(&self, work: impl FnOnce(&mut Vec<Suspect>) -> T) -> T {
        with(&self.suspects, work)
    }
}

fn with<S, T>(shared: &Mutex<S>, work: impl FnOnce(&mut S) -> T) -> T {
    let mut held = match shared.lock() {
        Ok(held) => held,
        // What is inside is whole after every statement that changes it.
        Err(poisoned) => poisoned.into_inner(),
    };
    work(&mut held)
}

/// The tries before a target counts as dead, with the pause before each.
const TRIES: [(Duration, Patience); 3] = [
    (Duration::ZERO, Patience::Window),
    (Duration::from_millis(300), Patience::Window),
    (Duration::from_millis(700), Patience::Timeout),
];

/// How long a target that dies of a case may still answer others.
const DYING: Duration = Duration::from_millis(50);

/// How long before a refused connection whatever killed the target can have ended.
const JUST_BEFORE: Duration = Duration::from_millis(500);

/// How many exchanges are compared with each other.
const MOST_LIVED: usize = 16 * 1024;

/// How many exchanges are remembered for a death that comes late.
const MOST_RECENT: usize = 4096;
