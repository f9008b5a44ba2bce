//! The record of a case while it is played: events with their times, octets with their cap.

use tokio::time::Instant;
use upspec_exchange::{Io, IoKind, Link, Octets, Over, Record, Report, Reported};
use upspec_handshake::Party;

/// A record in the making.
#[derive(Debug)]
pub(crate) struct Recorder {
    opened: Instant,
    /// How many octets read on a link are kept.
    keep: usize,
    links: Vec<Heard>,
    /// Without the octets that were read, which the links have.
    io: Vec<Io>,
    /// How many octets each event has that is a read.
    lengths: Vec<usize>,
    /// The length of `io` when the current write began: earlier events are not extended.
    write_began: usize,
}

/// What was recorded on one link.
#[derive(Debug)]
struct Heard {
    link: Link,
    written: Vec<u8>,
    /// Where each write of the steps begins, and how much had been read by then.
    turns: Vec<(usize, usize)>,
    /// How many octets were written because HTTP/2 obliges us to.
    owed: usize,
    read: Vec<u8>,
    /// How much of that was looked through for the end of the first head, and where it ends.
    head: (usize, Option<usize>),
    reads: usize,
    reports: Vec<Reported>,
}

/// Whether there is room for more octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// More may be read.
    Left,
    /// The cap is reached.
    Used,
}

impl Heard {
    fn new(link: Link) -> Self {
        let (written, turns, read, reports) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { link, written, turns, owed: 0, read, head: (0, None), reads: 0, reports }
    }

    /// How many octets may be read, where so many are kept: more while the first head is under way.
    fn most(&mut self, keep: usize) -> usize {
        let is_head = match self.link.we {
            Party::Client => self.read.starts_with(b"HTTP/"),
            Party::Server => self.link.over == Over::Http1,
        };
        if !is_head {
            return keep;
        }
        let (looked, end) = &mut self.head;
        if end.is_none() {
            let from = looked.saturating_sub(END_OF_HEAD.len());
            let ends =
                self.read[from..].windows(END_OF_HEAD.len()).position(|it| it == END_OF_HEAD);
            *end = ends.map(|at| from + at + END_OF_HEAD.len());
            *looked = self.read.len();
        }
        keep.max(end.unwrap_or(LONGEST_HEAD))
    }
}

impl Recorder {
    /// Begins when the links are opened, which is now.
    pub(crate) fn begin(links: Vec<Link>, keep: usize) -> Self {
        let links = links.into_iter().map(Heard::new).collect();
        Self {
            opened: Instant::now(),
            keep,
            links,
            io: Vec::new(),
            lengths: Vec::new(),
            write_began: 0,
        }
    }

    /// A further link is opened; its number.
    pub(crate) fn add(&mut self, link: Link) -> usize {
        self.links.push(Heard::new(link));
        self.links.len() - 1
    }

    /// The name of the next connection to our origin: `origin`, `origin-2` and so on.
    pub(crate) fn next_origin(&self) -> String {
        let count = self.links.iter().filter(|heard| heard.link.we == Party::Server).count();
        if count == 0 { "origin".to_owned() } else { format!("origin-{}", count + 1) }
    }

    /// What was said on all links so far.
    pub(crate) fn all_said(&self) -> Vec<Octets<'_>> {
        (0..self.links.len()).map(|at| self.said(at)).collect()
    }

    /// When the links were opened.
    pub(crate) fn opened(&self) -> Instant {
        self.opened
    }

    /// Which link has this name.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.links.iter().position(|heard| heard.link.name == name)
    }

    /// What was said on a link so far: of ours, what the steps have written.
    pub(crate) fn said(&self, at: usize) -> Octets<'_> {
        let heard = &self.links[at];
        Octets::under_way(&heard.link, &heard.written, &heard.read)
            .with_turns(&heard.turns)
            .with_reports(&heard.reports)
    }

    /// How many octets were read on a link and kept.
    pub(crate) fn how_much_read(&self, at: usize) -> usize {
        self.links[at].read.len()
    }

    /// The same of all links.
    pub(crate) fn how_much_read_in_all(&self) -> usize {
        self.links.iter().map(|heard| heard.read.len()).sum()
    }

    /// The octets after the last LF that the steps have written on a link.
    pub(crate) fn line_under_way(&self, at: usize) -> &[u8] {
        let written = &self.links[at].written;
        let begins = written.iter().rposition(|octet| *octet == b'\n').map_or(0, |lf| lf + 1);
        &written[begins..]
    }

    /// How many octets were written on a link because HTTP/2 obliges us to.
    pub(crate) fn owed(&self, at: usize) -> usize {
        self.links[at].owed
    }

    /// An event without octets.
    pub(crate) fn event(&mut self, at: usize, kind: IoKind) {
        self.push(at, kind, &[]);
    }

    /// The peer ended the link; a TLS alert is kept by its number.
    pub(crate) fn ended(&mut self, at: usize, kind: IoKind, alert: Option<u8>) {
        self.push(at, kind, alert.as_slice());
    }

    /// A write begins: its octets are an event of their own, even when nothing happened since the last.
    pub(crate) fn begin_write(&mut self) {
        self.write_began = self.io.len();
    }

    /// Octets that were sent.
    pub(crate) fn wrote(&mut self, at: usize, octets: &[u8], kind: IoKind) {
        match kind {
            IoKind::Wrote => {
                let heard = &mut self.links[at];
                heard.turns.push((heard.written.len(), heard.read.len()));
                heard.written.extend_from_slice(octets);
            }
            IoKind::WroteOwed => self.links[at].owed += octets.len(),
            IoKind::WroteUnkept => return self.wrote_unkept(at, octets.len()),
            _ => {}
        }
        self.append_or_push(at, kind, octets, self.write_began);
    }

    /// Counts octets that were sent and are not kept.
    fn wrote_unkept(&mut self, at: usize, count: usize) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        let add = |before: u64| before.saturating_add(count).to_be_bytes();
        match self.io.last_mut().filter(|last| last.kind == IoKind::WroteUnkept && last.link == at)
        {
            Some(last) => {
                let before = last.bytes.as_slice().try_into().map_or(0, u64::from_be_bytes);
                last.bytes.copy_from_slice(&add(before));
            }
            None => self.push(at, IoKind::WroteUnkept, &add(0)),
        }
    }

    /// Octets that arrived: as many as there is room for are kept.
    pub(crate) fn got(&mut self, at: usize, octets: &[u8]) -> Room {
        let heard = &mut self.links[at];
        let room = heard.most(self.keep).saturating_sub(heard.read.len());
        let kept = &octets[..octets.len().min(room)];
        heard.read.extend_from_slice(kept);
        heard.reads += 1;
        let apart = heard.reads <= READS_APART;
        let last = self.io.last_mut().filter(|last| last.kind == IoKind::Read && last.link == at);
        match (last, self.lengths.last_mut()) {
            _ if kept.is_empty() => {}
            (Some(last), Some(length)) if !apart => {
                // Whether something was still coming at the end is told by when the last of it came.
                last.at_us = micros(self.opened);
                *length += kept.len();
            }
            _ => {
                self.lengths.push(kept.len());
                self.push(at, IoKind::Read, &[]);
            }
        }
        if kept.len() == octets.len() {
            return Room::Left;
        }
        self.event(at, IoKind::CapReached);
        Room::Used
    }

    /// A line that the client under test reported.
    pub(crate) fn reported(&mut self, line: &[u8]) {
        let Some(report) = Report::read(line) else {
            return;
        };
        self.push(0, IoKind::Reported, line);
        let read_on = self.links.iter().filter(|heard| !heard.read.is_empty()).count();
        for heard in &mut self.links {
            let (ours, theirs) = (heard.written.len(), heard.read.len());
            let is_alone = read_on == usize::from(theirs > 0);
            heard.reports.push(Reported { report: report.clone(), ours, theirs, is_alone });
        }
    }

    /// The finished record.
    pub(crate) fn finish(mut self) -> Record {
        let mut begins = vec![0; self.links.len()];
        let reads = self.io.iter_mut().filter(|io| io.kind == IoKind::Read);
        for (io, length) in reads.zip(self.lengths) {
            let begin = begins[io.link];
            begins[io.link] += length;
            io.bytes = self.links[io.link].read[begin..begin + length].to_vec();
        }
        self.io.shrink_to_fit();
        Record { links: self.links.into_iter().map(|heard| heard.link).collect(), io: self.io }
    }

    /// Adds to the last event when it is of this kind: then nothing happened in between.
    fn append_or_push(&mut self, at: usize, kind: IoKind, octets: &[u8], from: usize) {
        match self.io[from..].last_mut() {
            Some(last) if last.kind == kind && last.link == at => {
                last.bytes.extend_from_slice(octets);
            }
            _ => self.push(at, kind, octets),
        }
    }

    fn push(&mut self, at: usize, kind: IoKind, octets: &[u8]) {
        let at_us = micros(self.opened);
        self.io.push(Io { link: at, at_us, kind, bytes: octets.to_vec() });
    }
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// As long as the longest head of a response that browsers take.
const LONGEST_HEAD: usize = 256 * 1024;

/// How many reads are kept apart with their times. Later ones are joined while nothing else happens,
/// so that a peer that drips octets costs no more than those octets.
const READS_APART: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> Link {
        Link::plain("target", Party::Client, Over::Http1)
    }

    #[test]
    fn what_exceeds_the_cap_is_dropped() {
        let mut record = Recorder::begin(vec![plain()], 5);
        assert_eq!(record.got(0, b"abc"), Room::Left);
        assert_eq!(record.got(0, b"de"), Room::Left);
        assert_eq!(record.got(0, b"f"), Room::Used);
        let record = record.finish();
        assert_eq!(record.sent(0, Party::Server), b"abcde");
        assert!(record.saw(IoKind::CapReached));
    }

    #[test]
    fn a_head_may_be_longer_than_what_follows_it() {
        let mut record = Recorder::begin(vec![plain()], 20);
        record.got(0, b"HTTP/1.1 200 OK\r\n");
        assert_eq!(record.got(0, &[b'a'; 100]), Room::Left);
        assert_eq!(record.got(0, b"\r\n\r"), Room::Left);
        assert_eq!(record.got(0, b"\nbody"), Room::Left);
        assert_eq!(record.got(0, b"more"), Room::Used);
        assert_eq!(record.finish().sent(0, Party::Server).len(), 17 + 100 + 3 + 5);
    }

    #[test]
    fn the_head_of_a_request_may_be_longer_as_well() {
        let mut record = Recorder::begin(vec![Link { we: Party::Server, ..plain() }], 20);
        record.got(0, b"GET / HTTP/1.1\r\nSec-WebSocket-Key: ");
        assert_eq!(record.got(0, &[b'a'; 100]), Room::Left);
        assert_eq!(record.got(0, b"\r\n\r\n"), Room::Left);
        assert_eq!(record.got(0, b"frames"), Room::Used);
    }

    #[test]
    fn a_write_is_one_event_until_something_is_read() {
        let mut record = Recorder::begin(vec![plain()], 100);
        record.wrote(0, b"ab", IoKind::Wrote);
        record.wrote(0, b"cd", IoKind::Wrote);
        record.got(0, b"x");
        record.wrote(0, b"ef", IoKind::Wrote);
        record.begin_write();
        record.wrote(0, b"g", IoKind::Wrote);
        let kinds: Vec<_> = record.io.iter().map(|io| (io.kind, io.bytes.len())).collect();
        assert_eq!(
            kinds,
            [(IoKind::Wrote, 4), (IoKind::Read, 0), (IoKind::Wrote, 2), (IoKind::Wrote, 1)]
        );
        assert_eq!(record.line_under_way(0), b"abcdefg");
        record.wrote(0, b"\r\nh", IoKind::Wrote);
        assert_eq!(record.line_under_way(0), b"h");
        assert_eq!(record.finish().sent(0, Party::Server), b"x");
    }

    #[test]
    fn a_drip_costs_its_octets() {
        let mut record = Recorder::begin(vec![plain()], 1 << 20);
        for _ in 0..READS_APART + 500 {
            record.got(0, b"x");
        }
        assert_eq!(record.io.len(), READS_APART);
        assert_eq!(record.finish().sent(0, Party::Server).len(), READS_APART + 500);
    }
}
