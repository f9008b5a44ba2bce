//! How far a hunt is, whoever is hunted: which number comes next, and when it is over.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep_until};

use crate::part::Part;

/// The course of a hunt.
pub(crate) struct Course {
    begun: Instant,
    /// When its time is over, if it has one.
    end: Option<Instant>,
    /// Which numbers are played.
    part: Part,
    first: u64,
    next: AtomicU64,
    /// After how many numbers it ends.
    runs: Option<u64>,
    executed: AtomicU64,
    stop: AtomicBool,
    cancelled: AtomicBool,
}

/// What a second of a hunt brought.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Second {
    /// Exchanges so far.
    pub(crate) executed: u64,
    /// Exchanges in this second.
    pub(crate) per_second: u64,
    /// Which second it is, from 1.
    pub(crate) number: u32,
}

impl Course {
    /// Begins now, with the part's first number from `next` on.
    pub(crate) fn begin(part: Part, next: u64, runs: Option<u64>, end: Option<Instant>) -> Self {
        let first = part.from(next);
        Self {
            begun: Instant::now(),
            end,
            part,
            first,
            next: AtomicU64::new(first),
            runs,
            executed: AtomicU64::new(0),
            stop: AtomicBool::new(false),
            cancelled: AtomicBool::new(false),
        }
    }

    /// The next number, unless the hunt is over.
    pub(crate) fn take_number(&self) -> Option<u64> {
        if self.is_over() {
            return None;
        }
        let more = |number: u64| {
            let is_wanted = self.runs.is_none_or(|runs| self.place(number) < runs);
            is_wanted.then(|| self.after(number))
        };
        self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()
    }

    /// The number that comes after this one.
    pub(crate) fn after(&self, number: u64) -> u64 {
        number.saturating_add(self.part.of())
    }

    /// How many numbers of the part come before this one since the hunt began.
    fn place(&self, number: u64) -> u64 {
        (number - self.first) / self.part.of()
    }

    /// Whether the time is up, or the hunt was told to stop.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over_since(Duration::ZERO)
    }

    /// Whether the time has been up for so long, or the hunt was told to stop.
    pub(crate) fn is_over_since(&self, time: Duration) -> bool {
        self.is_late_by(time) || self.stop.load(Ordering::Acquire)
    }

    /// Whether the time has been up for so long.
    pub(crate) fn is_late_by(&self, time: Duration) -> bool {
        self.end.is_some_and(|end| Instant::now() >= end + time)
    }

    /// Ends the hunt.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }

    /// Whether it was cancelled: somebody waits for the end.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
        self.stop();
    }

    /// Counts an exchange.
    pub(crate) fn played(&self) {
        self.executed.fetch_add(1, Ordering::Relaxed);
    }

    /// How many exchanges were counted.
    pub(crate) fn executed(&self) -> u64 {
        self.executed.load(Ordering::Relaxed)
    }

    /// How long it has taken.
    pub(crate) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Completes a moment after the time is up, so that what is under way can still come to its end.
    pub(crate) async fn time_is_up(&self) {
        match self.end {
            Some(end) => sleep_until(end + LAST_ANSWERS).await,
            None => std::future::pending().await,
        }
    }

    /// Does this to its end, which may take a while, and hears a cancellation meanwhile unless there was one.
    pub(crate) async fn hearing(
        &self,
        cancel: Pin<&mut impl Future<Output = ()>>,
        what: impl Future<Output = ()>,
    ) {
        let mut what = pin!(what);
        tokio::select! {
            () = &mut what => return,
            () = cancel, if !self.is_cancelled() => self.cancel(),
        }
        what.await;
    }

    /// Shows each second until the workers are done.
    pub(crate) async fn watch(
        &self,
        workers: &mut JoinSet<()>,
        cancel: impl Future<Output = ()>,
        mut show: impl AsyncFnMut(Second),
    ) {
        let mut seconds = interval(Duration::from_secs(1));
        let (mut number, mut before) = (0_u32, 0);
        let mut cancel = pin!(cancel);
        loop {
            tokio::select! {
                biased;
                () = &mut cancel, if !self.is_cancelled() => self.cancel(),
                done = workers.join_next() => match done {
                    None => return,
                    Some(Ok(())) => {}
                    // Nobody aborts a task of ours, so it is a bug, and it stays one.
                    Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
                },
                _ = seconds.tick() => {
                    let executed = self.executed();
                    number += 1;
                    let shown = show(Second { executed, per_second: executed - before, number });
                    self.hearing(cancel.as_mut(), shown).await;
                    before = executed;
                }
            }
        }
    }
}

/// How long an exchange may go on when the time is up.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::Notify;

    use super::*;

    /// Who looks after the target may be at it for a while.
    #[tokio::test]
    async fn a_cancellation_is_heard_while_a_second_is_shown() {
        let course = Arc::new(Course::begin(Part::WHOLE, 0, None, None));
        let (shown, ended) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let mut workers = JoinSet::new();
        workers.spawn({
            let ended = Arc::clone(&ended);
            async move { ended.notified().await }
        });
        let show = async |_: Second| {
            shown.notify_one();
            while !course.is_cancelled() {
                tokio::task::yield_now().await;
            }
            ended.notify_one();
        };
        let watched = course.watch(&mut workers, shown.notified(), show);
        let ended = tokio::time::timeout(Duration::from_secs(30), watched).await;
        assert!(ended.is_ok() && course.is_cancelled() && course.is_over());
    }
}
