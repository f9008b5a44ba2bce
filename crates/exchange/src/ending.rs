//! How a link ended, and what is known of the waiting before that.

use std::fmt;

use upspec_handshake::Party;

use crate::record::{End, IoKind, Record};

/// How a link ended, and what is known of the waiting before that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ending {
    /// How the client ended its side before leave was taken.
    pub client: Option<End>,
    /// How the server did.
    pub server: Option<End>,
    /// Who ended its side first.
    pub first: Option<Party>,
    /// A window passed without an octet.
    pub deadline: bool,
    /// The last octets came when the time was all but up: too late to tell what would have followed.
    pub at_the_last: bool,
    /// Octets had come time and again, with pauses as long as the last one: more would have followed.
    pub still_coming: bool,
    /// More came than is kept.
    pub cap: bool,
    /// All that the case asks about had been seen, so that nobody waited for an end.
    pub decided: bool,
    /// A client under test never opened the connection.
    pub not_opened: bool,
    /// How the process of a client under test ended by itself.
    pub exit: Option<Exit>,
    /// When the peer ended its side, on the timeline of the record.
    pub peer_ended_us: Option<u64>,
    /// When we ended both directions.
    pub we_closed_us: Option<u64>,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// With this status.
    Status(i32),
    /// By this signal.
    Signal(i32),
}

impl Exit {
    /// Reads what [`IoKind::Exited`] has.
    #[must_use]
    pub fn read(octets: &[u8]) -> Option<Self> {
        let (kind, number) = str::from_utf8(octets).ok()?.split_once(' ')?;
        let number = number.parse().ok()?;
        match kind {
            "exit" => Some(Self::Status(number)),
            "signal" => Some(Self::Signal(number)),
            _ => None,
        }
    }
}

/// As [`IoKind::Exited`] has it.
impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(number) => write!(f, "exit {number}"),
            Self::Signal(number) => write!(f, "signal {number}"),
        }
    }
}

impl Ending {
    /// How a party ended its side.
    #[must_use]
    pub fn of_party(&self, party: Party) -> Option<End> {
        match party {
            Party::Client => self.client,
            Party::Server => self.server,
        }
    }

    /// How this link of a record ended.
    #[must_use]
    pub fn of(record: &Record, link: usize) -> Self {
        let we = record.links[link].we;
        let mut ending = Self::default();
        let (mut ours, mut theirs, mut reads) = (None, None, Reads::default());
        let mut deadline_us = None;
        for io in record.on(link).take_while(|io| io.kind != IoKind::WroteLeave) {
            match io.kind {
                // Most events are these, and end nothing.
                IoKind::Wrote => continue,
                IoKind::Read => {
                    reads.add(io.at_us);
                    continue;
                }
                IoKind::Deadline => deadline_us = Some(io.at_us),
                IoKind::CapReached => ending.cap = true,
                IoKind::Decided => ending.decided = true,
                IoKind::NotOpened => ending.not_opened = true,
                IoKind::ShutWrite => ours = ours.or(Some(End::Orderly)),
                IoKind::WeReset => ours = Some(End::Reset),
                _ => {}
            }
            let ends = io.kind.peer_end();
            if ends.is_some_and(|end| theirs.is_none_or(|before| weight(end) >= weight(before))) {
                theirs = ends;
            }
            if ends.is_some() {
                ending.first.get_or_insert(we.other());
                ending.peer_ended_us.get_or_insert(io.at_us);
            }
            if matches!(io.kind, IoKind::ShutWrite | IoKind::WeReset) {
                ending.first.get_or_insert(we);
            }
            if matches!(io.kind, IoKind::Closed | IoKind::WeReset) {
                ending.we_closed_us.get_or_insert(io.at_us);
            }
        }
        (ending.client, ending.server) = match we {
            Party::Client => (ours, theirs),
            Party::Server => (theirs, ours),
        };
        if let Some(deadline_us) = deadline_us {
            ending.deadline = true;
            ending.at_the_last = reads.came_at_the_last(deadline_us);
            ending.still_coming = reads.were_still_coming(deadline_us);
        }
        let exited = record.io.iter().find(|io| io.kind == IoKind::Exited);
        ending.exit = exited.and_then(|io| Exit::read(&io.bytes));
        ending
    }
}

/// Which of several ways to end is told.
fn weight(end: End) -> u8 {
    match end {
        End::TlsBroken => 2,
        End::Unclean => 1,
        _ => 0,
    }
}

/// When octets came.
#[derive(Default)]
struct Reads {
    count: usize,
    last_us: Option<u64>,
    longest_pause_us: u64,
}

impl Reads {
    fn add(&mut self, at_us: u64) {
        let pause = self.last_us.map_or(0, |last| at_us.saturating_sub(last));
        self.longest_pause_us = self.longest_pause_us.max(pause);
        self.last_us = Some(at_us);
        self.count += 1;
    }

    fn came_at_the_last(&self, deadline_us: u64) -> bool {
        // A record without times says nothing about them.
        let near = |last| deadline_us.saturating_sub(last) < SHORTEST_WAIT_US;
        deadline_us > 0 && self.last_us.is_some_and(near)
    }

    fn were_still_coming(&self, deadline_us: u64) -> bool {
        let near = |last| deadline_us.saturating_sub(last) <= self.longest_pause_us * 2;
        self.count >= SEVERAL && self.last_us.is_some_and(near)
    }
}

/// What comes so often comes time and again.
const SEVERAL: usize = 4;

/// A wait for the end of a link that is shorter than this proves nothing.
const SHORTEST_WAIT_US: u64 = 50_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_time_and_again_is_still_coming() {
        let rows = [
            // A tick each 100 ms, and the time is up between two of them.
            (&[1_000, 100_000, 200_000, 300_000, 400_000][..], 480_000, true),
            // The same, and then nothing for long.
            (&[1_000, 100_000, 200_000, 300_000, 400_000], 900_000, false),
            // An answer in a few parts without an end.
            (&[1_000, 1_100, 1_200, 1_300], 501_300, false),
            (&[1_000, 400_000], 500_000, false),
            (&[], 500_000, false),
        ];
        for (reads, deadline, wanted) in rows {
            let mut all = Reads::default();
            reads.iter().for_each(|at| all.add(*at));
            assert_eq!(all.were_still_coming(deadline), wanted, "{reads:?} {deadline}");
        }
    }
}
