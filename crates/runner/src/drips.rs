//! Notices peers that send a little time and again behind our last octets. Of one that does so everywhere, more of it
//! shows nothing new, so that it is listened to for less time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;
use upspec_exchange::{IoKind, Record};

/// How many exchanges of a run have dripped. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Drips(Arc<AtomicUsize>);

impl Drips {
    /// How long a peer that drips is listened to.
    pub(crate) fn borne(&self) -> Duration {
        match self.0.load(Ordering::Relaxed) {
            0..SOME => Duration::MAX,
            SOME..ENOUGH => LESS,
            ENOUGH.. => LITTLE,
        }
    }

    /// Looks at the record of an exchange that is over.
    pub(crate) fn note(&self, record: &Record) {
        let mut drip = Drip::default();
        let mut since = 0;
        for io in record.io.iter().filter(|io| io.link == 0) {
            match io.kind {
                IoKind::Read => drip.came(io.bytes.len()),
                kind if kind.is_written() => (drip, since) = (Drip::default(), io.at_us),
                _ => {}
            }
            let time = Duration::from_micros(io.at_us.saturating_sub(since));
            if drip.lasts(time, LONG) {
                self.0.fetch_add(1, Ordering::Relaxed);
                return;
            }
        }
    }
}

/// What came since we last said something.
#[derive(Clone, Copy, Debug, Default)]
struct Drip {
    reads: usize,
    octets: usize,
}

impl Drip {
    fn came(&mut self, octets: usize) {
        self.reads += 1;
        self.octets += octets;
    }

    /// Whether it is a drip, and has been one for so long.
    fn lasts(self, time: Duration, long: Duration) -> bool {
        time >= long && self.reads >= SEVERAL && self.octets as u128 <= time.as_millis()
    }
}

/// How long a peer that drips is listened to in an exchange under way.
#[derive(Debug)]
pub(crate) struct Patience {
    /// When we last had something to say.
    asked: Instant,
    drip: Drip,
    borne: Duration,
}

impl Patience {
    /// With all patience.
    pub(crate) fn since(asked: Instant) -> Self {
        Self { asked, drip: Drip::default(), borne: Duration::MAX }
    }

    /// With so much of it from now on.
    pub(crate) fn bear(&mut self, borne: Duration) {
        self.borne = borne;
    }

    /// We say something.
    pub(crate) fn ask(&mut self, now: Instant) {
        (self.asked, self.drip) = (now, Drip::default());
    }

    pub(crate) fn came(&mut self, octets: usize) {
        self.drip.came(octets);
    }

    /// For how long we have said nothing.
    pub(crate) fn elapsed(&self) -> Duration {
        self.asked.elapsed()
    }

    /// Whether the peer has dripped for long enough.
    pub(crate) fn is_over(&self) -> bool {
        self.drip.lasts(self.elapsed(), self.borne)
    }
}

/// From so many exchanges that drip for long on others are cut, and how long that is each time.
const ENOUGH: usize = 6;
const LONG: Duration = Duration::from_secs(1);
const LITTLE: Duration = Duration::from_millis(500);
/// So many may be chance; from then on others are listened to for so long, as where they go one after the other all time
/// would be theirs.
const SOME: usize = 2;
const LESS: Duration = Duration::from_secs(2);
/// So many reads come time and again.
const SEVERAL: usize = 8;

#[cfg(test)]
mod tests {
    use upspec_exchange::{Io, Link, Over};
    use upspec_handshake::Party;

    use super::*;

    fn record(every_us: u64, octets: usize) -> Record {
        let event = |at_us, kind, size| Io { link: 0, at_us, kind, bytes: vec![1; size] };
        let mut io = vec![event(5, IoKind::Wrote, 1)];
        io.extend((1..100).map(|n| event(n * every_us, IoKind::Read, octets)));
        Record::of(Link::plain("client", Party::Client, Over::Http1), io)
    }

    #[test]
    fn a_peer_that_drips_everywhere_is_borne_for_less_time() {
        let drips = Drips::default();
        let rows = [
            // All of it is soon over.
            (record(1_000, 1), 100, Duration::MAX),
            // Much comes.
            (record(20_000, 1_000), 100, Duration::MAX),
            (record(20_000, 1), SOME - 1, Duration::MAX),
            (record(20_000, 1), 1, LESS),
            (record(20_000, 1), ENOUGH - SOME - 1, LESS),
            (record(20_000, 1), 1, LITTLE),
        ];
        for (record, times, wanted) in rows {
            for _ in 0..times {
                drips.note(&record);
            }
            assert_eq!(drips.borne(), wanted);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_answer_is_no_drip() {
        for (reads, wanted) in [(1, false), (SEVERAL, true)] {
            let mut patience = Patience::since(Instant::now());
            patience.bear(LITTLE);
            tokio::time::advance(LONG).await;
            for _ in 0..reads {
                patience.came(1);
            }
            assert_eq!(patience.is_over(), wanted, "{reads}");
            patience.ask(Instant::now());
            assert!(!patience.is_over());
        }
    }
}
