//! How a link ended, and what is known of the waiting before that.

use std::fmt;

use upspec_handshake::Party;

use crate::record::{End, Io, IoKind, Record};

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
        let before: Vec<&Io> =
            record.on(link).take_while(|io| io.kind != IoKind::WroteLeave).collect();
        let saw = |kind: IoKind| before.iter().any(|io| io.kind == kind);
        let ours = match saw(IoKind::WeReset) {
            true => Some(End::Reset),
            false => saw(IoKind::ShutWrite).then_some(End::Orderly),
        };
        let theirs =
            before.iter().filter_map(|io| io.kind.peer_end()).max_by_key(|end| match end {
                End::TlsBroken => 2,
                End::Unclean => 1,
                _ => 0,
            });
        let first = before.iter().find_map(|io| match io.kind {
            IoKind::ShutWrite | IoKind::WeReset => Some(record.links[link].we),
            kind => kind.peer_end().map(|_| record.links[link].we.other()),
        });
        let (client, server) = match record.links[link].we {
            Party::Client => (ours, theirs),
            Party::Server => (theirs, ours),
        };
        Self {
            client,
            server,
            first,
            deadline: saw(IoKind::Deadline),
            at_the_last: came_at_the_last(&before),
            still_coming: was_still_coming(&before),
            cap: saw(IoKind::CapReached),
            decided: saw(IoKind::Decided),
            not_opened: saw(IoKind::NotOpened),
            peer_ended_us: time(&before, |kind| kind.peer_end().is_some()),
            we_closed_us: time(&before, |kind| matches!(kind, IoKind::Closed | IoKind::WeReset)),
            exit: record
                .io
                .iter()
                .find(|io| io.kind == IoKind::Exited)
                .and_then(|io| Exit::read(&io.bytes)),
        }
    }
}

/// When an event of such a kind happened first.
fn time(io: &[&Io], is_wanted: impl Fn(IoKind) -> bool) -> Option<u64> {
    io.iter().find(|io| is_wanted(io.kind)).map(|io| io.at_us)
}

fn came_at_the_last(io: &[&Io]) -> bool {
    let last = |kind: IoKind| io.iter().rev().find(|io| io.kind == kind);
    let (Some(read), Some(deadline)) = (last(IoKind::Read), last(IoKind::Deadline)) else {
        return false;
    };
    // A record without times says nothing about them.
    let timed = deadline.at_us > 0;
    timed && deadline.at_us.saturating_sub(read.at_us) < SHORTEST_WAIT_US
}

fn was_still_coming(io: &[&Io]) -> bool {
    let deadline = io.iter().rev().find(|io| io.kind == IoKind::Deadline);
    let reads: Vec<u64> =
        io.iter().filter(|io| io.kind == IoKind::Read).map(|io| io.at_us).collect();
    let pauses = reads.windows(2).map(|pair| pair[1].saturating_sub(pair[0]));
    let (Some(deadline), Some(last), Some(pause)) = (deadline, reads.last(), pauses.max()) else {
        return false;
    };
    reads.len() >= SEVERAL && deadline.at_us.saturating_sub(*last) <= pause * 2
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
            let event = |at_us, kind| Io { link: 0, at_us, kind, bytes: Vec::new() };
            let mut io: Vec<Io> = reads.iter().map(|at| event(*at, IoKind::Read)).collect();
            io.push(event(deadline, IoKind::Deadline));
            let io: Vec<&Io> = io.iter().collect();
            assert_eq!(was_still_coming(&io), wanted, "{reads:?} {deadline}");
        }
    }
}
