//! The record of one connection while it is played: events with their times, octets with their cap.
//! Never reads or writes: it is told.

use tokio::time::Instant;
use upspec_exchange::{Io, IoKind, Link, Record};

/// A record in the making.
#[derive(Debug)]
pub(crate) struct Recorder {
    opened: Instant,
    link: Link,
    keep: usize,
    io: Vec<Io>,
    written: Vec<u8>,
    /// How many octets were written because HTTP/2 obliges us to.
    owed: usize,
    read: Vec<u8>,
    reads: usize,
    /// The length of `io` when the current write began: what stands before is not added to.
    write_began: usize,
}

/// Whether there is room for more octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// More may be read.
    Left,
    /// The cap is reached.
    Used,
}

impl Recorder {
    /// Begins with the opening of the connection, which is now.
    pub(crate) fn begin(link: Link, keep: usize) -> Self {
        Self {
            opened: Instant::now(),
            link,
            keep,
            io: Vec::new(),
            written: Vec::new(),
            owed: 0,
            read: Vec::new(),
            reads: 0,
            write_began: 0,
        }
    }

    /// When the connection was opened.
    pub(crate) fn opened(&self) -> Instant {
        self.opened
    }

    /// All that the steps have written.
    pub(crate) fn written(&self) -> &[u8] {
        &self.written
    }

    /// How many octets were written because HTTP/2 obliges us to.
    pub(crate) fn owed(&self) -> usize {
        self.owed
    }

    /// All that was read.
    pub(crate) fn read(&self) -> &[u8] {
        &self.read
    }

    /// An event without octets.
    pub(crate) fn event(&mut self, kind: IoKind) {
        self.push(kind, &[]);
    }

    /// A write begins: its octets are an event of their own, even when nothing happened since the last.
    pub(crate) fn begin_write(&mut self) {
        self.write_began = self.io.len();
    }

    /// Octets of a step that are on their way.
    pub(crate) fn wrote(&mut self, octets: &[u8]) {
        self.written.extend_from_slice(octets);
        self.append_or_push(IoKind::Wrote, octets);
    }

    /// Octets that no step wrote.
    pub(crate) fn wrote_besides(&mut self, octets: &[u8], kind: IoKind) {
        if kind == IoKind::WroteOwed {
            self.owed += octets.len();
        }
        self.append_or_push(kind, octets);
    }

    /// Octets that arrived: as many as there is room for are kept.
    pub(crate) fn got(&mut self, octets: &[u8]) -> Room {
        let room = self.keep.saturating_sub(self.read.len());
        let kept = &octets[..octets.len().min(room)];
        self.read.extend_from_slice(kept);
        self.reads += 1;
        if kept.is_empty() {
        } else if self.reads <= READS_APART {
            self.push(IoKind::Read, kept);
        } else {
            self.append_or_push(IoKind::Read, kept);
        }
        if kept.len() == octets.len() {
            return Room::Left;
        }
        self.event(IoKind::CapReached);
        Room::Used
    }

    /// What we are recorded as on the connection.
    pub(crate) fn link(&self) -> &Link {
        &self.link
    }

    /// The record as it is in the end.
    pub(crate) fn finish(self) -> Record {
        Record::of(self.link, self.io)
    }

    /// Adds to the last event when it is of this kind: then nothing happened in between.
    fn append_or_push(&mut self, kind: IoKind, octets: &[u8]) {
        let from = if kind == IoKind::Read { 0 } else { self.write_began };
        match self.io[from..].last_mut() {
            Some(last) if last.kind == kind => last.bytes.extend_from_slice(octets),
            _ => self.push(kind, octets),
        }
    }

    fn push(&mut self, kind: IoKind, octets: &[u8]) {
        let at_us = u64::try_from(self.opened.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.io.push(Io { link: 0, at_us, kind, bytes: octets.to_vec() });
    }
}

/// How many reads are kept apart with their times. Later ones are joined while nothing else happens,
/// so that a peer that drips costs its octets and no more.
const READS_APART: usize = 1000;

#[cfg(test)]
mod tests {
    use upspec_exchange::Over;
    use upspec_handshake::Party;

    use super::*;

    fn plain() -> Link {
        Link::plain("target", Party::Client, Over::Http1)
    }

    #[test]
    fn what_exceeds_the_cap_is_dropped() {
        let mut record = Recorder::begin(plain(), 5);
        assert_eq!(record.got(b"abc"), Room::Left);
        assert_eq!(record.got(b"de"), Room::Left);
        assert_eq!(record.got(b"f"), Room::Used);
        assert_eq!(record.read(), b"abcde");
        let record = record.finish();
        assert_eq!(record.sent(0, Party::Server), b"abcde");
        assert!(record.saw(IoKind::CapReached));
    }

    #[test]
    fn a_write_is_one_event_until_something_is_read() {
        let mut record = Recorder::begin(plain(), 100);
        record.wrote(b"ab");
        record.wrote(b"cd");
        record.got(b"x");
        record.wrote(b"ef");
        record.begin_write();
        record.wrote(b"g");
        let kinds: Vec<_> = record.io.iter().map(|io| (io.kind, io.bytes.len())).collect();
        assert_eq!(
            kinds,
            [(IoKind::Wrote, 4), (IoKind::Read, 1), (IoKind::Wrote, 2), (IoKind::Wrote, 1)]
        );
        assert_eq!(record.written(), b"abcdefg");
    }

    #[test]
    fn a_drip_costs_its_octets() {
        let mut record = Recorder::begin(plain(), 1 << 20);
        for _ in 0..READS_APART + 500 {
            record.got(b"x");
        }
        assert_eq!(record.io.len(), READS_APART);
        assert_eq!(record.finish().sent(0, Party::Server).len(), READS_APART + 500);
    }
}
