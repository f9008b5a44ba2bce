//! How fast a client is: what its control took decides how long others are waited for.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use upspec_exchange::{Io, IoKind, Record};

use super::settings::ClientSettings;

/// What has been measured so far. It only grows, so that a busy machine makes nobody hasty.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// From the start to the connection, in microseconds.
    start_us: AtomicU64,
    /// The same of the first client, which had the machine for itself.
    first_start_us: AtomicU64,
    /// From our answer to the first octet behind it.
    answer_us: AtomicU64,
    /// From the end of the connection to that of the process.
    leave_us: AtomicU64,
    /// How many more clients may be on their way at once than at first.
    more: AtomicUsize,
}

impl Pace {
    pub(crate) fn started(&self, after: Duration) {
        if read(&self.first_start_us) == Duration::ZERO {
            grow(&self.first_start_us, after);
        }
        grow(&self.start_us, after);
    }

    /// Whether a client that took so long to come is slow, and hardly slower than the first one.
    pub(crate) fn waits_at_start(&self, took: Duration) -> bool {
        let first = read(&self.first_start_us);
        first >= SLOW_START && took <= first + first / 8
    }

    /// Counts one more that may be on its way at once; whether that is no more than this.
    pub(crate) fn counts_more(&self, most: usize) -> bool {
        self.more.fetch_add(1, Ordering::Relaxed) < most
    }

    /// Whether a client came so much later than the first one that the machine may be behind what others did.
    pub(crate) fn is_strained(&self) -> bool {
        let (first, longest) = (read(&self.first_start_us), read(&self.start_us));
        longest > STRAIN_FROM && longest > first.saturating_mul(STRAIN)
    }

    pub(crate) fn left(&self, after: Duration) {
        grow(&self.leave_us, after.min(LONGEST_LEAVE));
    }

    /// Takes from the control how soon a client shows that the connection is open: behind our answer, or, where it
    /// sends nothing by itself, behind the Ping that asked it.
    pub(crate) fn learn(&self, control: &Record) {
        let is_ours = |io: &Io| io.kind == IoKind::Wrote;
        let shows = |io: &Io| matches!(io.kind, IoKind::Read | IoKind::Reported);
        let Some(answered) = control.io.iter().position(is_ours) else {
            return;
        };
        let Some(shown) = control.io[answered..].iter().position(shows) else {
            return;
        };
        let (before, from) = control.io[answered..].split_at(shown);
        if let (Some(ours), Some(shown)) = (before.iter().rfind(|io| is_ours(io)), from.first()) {
            let us = shown.at_us.saturating_sub(ours.at_us);
            grow(&self.answer_us, Duration::from_micros(us));
        }
    }

    pub(crate) fn answer(&self) -> Duration {
        read(&self.answer_us)
    }

    /// How long silence must last.
    pub(crate) fn window(&self, settings: &ClientSettings) -> Duration {
        let patient = self.answer().saturating_mul(PATIENCE);
        patient.max(settings.window_floor).min(settings.timeout)
    }

    /// How long a client may take to open its connection.
    pub(crate) fn arrival(&self, settings: &ClientSettings) -> Duration {
        match read(&self.start_us) {
            Duration::ZERO => settings.timeout,
            start => (start.saturating_mul(PATIENCE)).max(SHORTEST_ARRIVAL).min(settings.timeout),
        }
    }

    /// How long a start takes at the most: who takes longer does something else.
    pub(crate) fn start(&self) -> Duration {
        match read(&self.start_us) {
            Duration::ZERO => Duration::MAX,
            start => start.saturating_mul(2).max(SHORTEST_START),
        }
    }

    /// How long a client whose connection is over may take to end.
    pub(crate) fn leave(&self, window: Duration) -> Duration {
        match read(&self.leave_us) {
            Duration::ZERO => window,
            leave => (leave.saturating_mul(4)).max(SHORTEST_LEAVE).min(window),
        }
    }
}

fn grow(us: &AtomicU64, to: Duration) {
    us.fetch_max(u64::try_from(to.as_micros()).unwrap_or(u64::MAX).max(1), Ordering::Relaxed);
}

fn read(us: &AtomicU64) -> Duration {
    Duration::from_micros(us.load(Ordering::Relaxed))
}

/// A start that takes as long may be one that waits.
const SLOW_START: Duration = Duration::from_millis(250);
/// How many times later than the first a client comes where the machine is too busy for it, and how late at least.
const STRAIN: u32 = 8;
const STRAIN_FROM: Duration = Duration::from_secs(1);
/// How many times longer than in the control silence must last to count.
const PATIENCE: u32 = 20;
/// A client that is started beside others may take as long as this.
const SHORTEST_ARRIVAL: Duration = Duration::from_secs(2);
/// How long the end of its process may take at least.
const SHORTEST_LEAVE: Duration = Duration::from_millis(50);
/// A process that is started takes the machine's time for so long at least.
const SHORTEST_START: Duration = Duration::from_millis(250);
/// Who takes longer to end does not end because its connection does.
const LONGEST_LEAVE: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use upspec_exchange::{Link, Over};
    use upspec_handshake::Party;

    use super::*;

    fn learnt(events: &[(u64, IoKind)]) -> Duration {
        let io = events.iter().map(|(at_us, kind)| Io {
            link: 0,
            at_us: *at_us,
            kind: *kind,
            bytes: vec![1],
        });
        let link = Link::plain("origin", Party::Server, Over::Http1);
        let pace = Pace::default();
        pace.learn(&Record::of(link, io.collect()));
        pace.answer()
    }

    #[test]
    fn only_a_slow_start_that_others_do_not_slow_down_waits() {
        let ms = Duration::from_millis;
        let rows = [(1000, 1000, true), (1000, 1100, true), (1000, 1900, false), (40, 40, false)];
        for (first, took, wanted) in rows {
            let pace = Pace::default();
            assert!(!pace.waits_at_start(ms(took)), "the first one says nothing");
            pace.started(ms(first));
            assert_eq!(pace.waits_at_start(ms(took)), wanted, "{first} {took}");
        }
        let pace = Pace::default();
        assert_eq!([(); 3].map(|()| pace.counts_more(2)), [true, true, false]);
    }

    #[test]
    fn our_own_waiting_is_no_slowness_of_the_client() {
        use IoKind::{Read, Reported, Wrote};
        let rows: [(&[(u64, IoKind)], u64); 4] = [
            (&[(1, Read), (10, Wrote), (40, Read)], 30),
            (&[(1, Read), (10, Wrote), (30, Reported), (90, Read)], 20),
            (&[(1, Read), (10, Wrote), (2_000_010, Wrote), (2_000_310, Read)], 300),
            (&[(1, Read), (10, Wrote)], 0),
        ];
        for (events, us) in rows {
            assert_eq!(learnt(events), Duration::from_micros(us), "{events:?}");
        }
    }
}
