//! The record of a case: its links, and on one timeline every octet and event, as plain data. A
//! stored record can be read again years later.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use upspec_handshake::{Over, Party};

/// Everything that happened while a case was played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The connections, in the order in which they were opened.
    pub links: Vec<Link>,
    /// What happened on them, in order.
    pub io: Vec<Io>,
}

/// One connection: who we are on it, and over what it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// The name by which steps and places call it.
    pub name: String,
    /// Which end we are: `client` where we connected, `server` where we accepted.
    #[serde(with = "names::PartyName")]
    #[schemars(with = "names::PartyName")]
    pub we: Party,
    /// What was spoken.
    #[serde(with = "names::OverName")]
    #[schemars(with = "names::OverName")]
    pub over: Over,
    /// Whether the connection was inside TLS.
    pub tls: bool,
    /// The protocol that ALPN (RFC 7301) chose, where it chose one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpn: Option<String>,
    /// Where a client is under test: the protocols that it offered by ALPN, where it offered any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alpn_offer: Vec<String>,
    /// Where a client is under test: the URL that it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// One event on a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Io {
    /// Which link, counted from 0; left out for the first one.
    #[serde(default, skip_serializing_if = "is_first")]
    pub link: usize,
    /// Microseconds since the first link was opened; where many reads are joined, of the last of them.
    pub at_us: u64,
    /// What happened.
    pub kind: IoKind,
    /// The octets of `read` and of what we wrote, the number of octets that we wrote and did not keep, and the
    /// number of a TLS alert where it is known (RFC 8446 section 6), and what a client under test reports, prints and
    /// ends with; base64 in JSON; other kinds have none.
    #[serde(with = "crate::base64_bytes", default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "String", extend("contentEncoding" = "base64"))]
    pub bytes: Vec<u8>,
}

/// The kinds of event on a link. "The peer" is the other end, whichever end we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IoKind {
    /// We wrote these octets as part of a step of the case.
    Wrote,
    /// We wrote these octets to take leave after the case was over (a WebSocket Close frame, GOAWAY).
    WroteLeave,
    /// We wrote these octets because HTTP/2 obliges us to, not because a step says so: the
    /// acknowledgement of SETTINGS or PING.
    WroteOwed,
    /// We went on to write the same octets; how many, an eight-octet number says.
    WroteUnkept,
    /// We read these octets.
    Read,
    /// We read more, which was judged and is not kept; how many octets, an eight-octet number says.
    ReadUnkept,
    /// We ended our writing side.
    ShutWrite,
    /// We reset the connection.
    WeReset,
    /// The peer ended its writing side in order (FIN; inside TLS with `close_notify`).
    ReadEnd,
    /// The peer ended the stream inside TLS without `close_notify`.
    ReadEndUnclean,
    /// The peer reset the connection.
    Reset,
    /// A write of ours failed because the peer had closed.
    WriteFailed,
    /// The window in which an answer was awaited ended with nothing more to read.
    Deadline,
    /// Nothing more was waited for: all that the case asks about had been seen.
    Decided,
    /// More octets came than are kept; the rest was dropped and the connection ended.
    CapReached,
    /// The peer sent a TLS alert that ended the connection.
    TlsAlert,
    /// The peer broke the TLS handshake, so that we ended it: it chose in ALPN what was not on offer,
    /// or sent something else than TLS.
    TlsBroken,
    /// We closed the connection; everything that mattered had been seen.
    Closed,
    /// The client under test opened no connection within the window.
    NotOpened,
    /// The client under test reported this event: a line of JSON.
    Reported,
    /// The process of the client under test printed this at the last.
    Printed,
    /// The process of the client under test ended by itself: `exit 3`, `signal 11`.
    Exited,
}

/// How a party ended its side of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With a FIN; inside TLS with `close_notify`.
    Orderly,
    /// With a reset, or so that a write to it failed.
    Reset,
    /// With a TLS alert.
    TlsAlert,
    /// By breaking the TLS handshake.
    TlsBroken,
    /// Inside TLS without `close_notify`.
    Unclean,
}

/// Octets of a record: who sent them on which link, counted over all that this party sent there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Which link, counted from 0.
    pub link: usize,
    /// Who sent the octets.
    #[serde(with = "names::PartyName")]
    #[schemars(with = "names::PartyName")]
    pub from: Party,
    /// The first octet.
    pub start: usize,
    /// The octet after the last.
    pub end: usize,
}

impl IoKind {
    /// Whether the event carries octets that we wrote.
    #[must_use]
    pub fn is_written(self) -> bool {
        matches!(self, Self::Wrote | Self::WroteLeave | Self::WroteOwed)
    }

    /// How the peer of the link ended it, if the event says so.
    #[must_use]
    pub fn peer_end(self) -> Option<End> {
        Some(match self {
            Self::ReadEnd => End::Orderly,
            Self::ReadEndUnclean => End::Unclean,
            Self::Reset | Self::WriteFailed => End::Reset,
            Self::TlsAlert => End::TlsAlert,
            Self::TlsBroken => End::TlsBroken,
            _ => return None,
        })
    }
}

impl Link {
    /// A link over TCP alone.
    #[must_use]
    pub fn plain(name: &str, we: Party, over: Over) -> Self {
        Self {
            name: name.to_owned(),
            we,
            over,
            tls: false,
            alpn: None,
            alpn_offer: Vec::new(),
            url: None,
        }
    }
}

impl Record {
    /// A record of a single link.
    #[must_use]
    pub fn of(link: Link, io: Vec<Io>) -> Self {
        Self { links: vec![link], io }
    }

    /// The events of a link, in order.
    pub fn on(&self, link: usize) -> impl Iterator<Item = &Io> + Clone {
        self.io.iter().filter(move |io| io.link == link)
    }

    /// All octets that a party sent on a link, in order. Of ours it has those of the steps, what
    /// HTTP/2 obliged us to, and our leave.
    #[must_use]
    pub fn sent(&self, link: usize, party: Party) -> Vec<u8> {
        let ours = self.links.get(link).is_some_and(|link| link.we == party);
        self.gather(link, |kind| if ours { kind.is_written() } else { kind == IoKind::Read })
    }

    /// The octets that the steps of the case wrote on a link, in order.
    #[must_use]
    pub fn scripted(&self, link: usize) -> Vec<u8> {
        self.gather(link, |kind| kind == IoKind::Wrote)
    }

    /// How many octets the steps of the case wrote on a link that are not kept.
    #[must_use]
    pub fn unkept(&self, link: usize) -> u64 {
        self.count_of(link, IoKind::WroteUnkept)
    }

    /// How many octets of a link were read, and judged, that are not kept.
    #[must_use]
    pub fn read_unkept(&self, link: usize) -> u64 {
        self.count_of(link, IoKind::ReadUnkept)
    }

    /// Keeps of what was read on each link the first octets, so many, and the number of the others; of what was reported
    /// there as much. What HTTP/2 obliged us to write in answer to what is not kept goes with it.
    pub fn shorten(&mut self, most: impl Fn(usize) -> usize) {
        for link in 0..self.links.len() {
            self.shorten_link(link, most(link));
        }
    }

    fn shorten_link(&mut self, link: usize, most: usize) {
        let (mut left, mut unkept, mut cut) = (most, 0_u64, None);
        let (mut left_reports, mut untold) = (most, None);
        let mut kept = Vec::with_capacity(self.io.len());
        for mut io in std::mem::take(&mut self.io) {
            if io.link == link && io.kind == IoKind::Read {
                let keep = io.bytes.len().min(left);
                left -= keep;
                if keep < io.bytes.len() {
                    unkept += u64::try_from(io.bytes.len() - keep).unwrap_or(u64::MAX);
                    io.bytes.truncate(keep);
                    io.bytes.shrink_to_fit();
                    cut = cut.or(Some((kept.len() + usize::from(keep > 0), io.at_us)));
                }
                if io.bytes.is_empty() {
                    continue;
                }
            }
            if io.link == link && io.kind == IoKind::Reported {
                if io.bytes.len() > left_reports {
                    unkept += u64::try_from(io.bytes.len()).unwrap_or(u64::MAX);
                    untold = untold.or(Some((kept.len(), io.at_us)));
                    continue;
                }
                left_reports -= io.bytes.len();
            }
            if cut.is_none() || io.link != link || io.kind != IoKind::WroteOwed {
                kept.push(io);
            }
        }
        if let Some((at, at_us)) = cut.or(untold) {
            let bytes = unkept.to_be_bytes().to_vec();
            kept.insert(at, Io { link, at_us, kind: IoKind::ReadUnkept, bytes });
        }
        kept.shrink_to_fit();
        self.io = kept;
    }

    /// Whether an event of this kind happened on any link.
    #[must_use]
    pub fn saw(&self, kind: IoKind) -> bool {
        self.io.iter().any(|io| io.kind == kind)
    }

    /// Whether the peer of a link ended it, in whatever way.
    #[must_use]
    pub fn ended_by_peer(&self, link: usize) -> bool {
        self.on(link).any(|io| io.kind.peer_end().is_some())
    }

    fn count_of(&self, link: usize, kind: IoKind) -> u64 {
        let events = self.on(link).filter(|io| io.kind == kind);
        events
            .filter_map(|io| io.bytes.as_slice().try_into().ok())
            .map(u64::from_be_bytes)
            .fold(0, u64::saturating_add)
    }

    fn gather(&self, link: usize, is_wanted: impl Fn(IoKind) -> bool) -> Vec<u8> {
        self.joined(link, is_wanted).into_owned()
    }

    /// The octets of the events of such a kind, borrowed where a single event has all of them.
    pub(crate) fn joined(&self, link: usize, is_wanted: impl Fn(IoKind) -> bool) -> Cow<'_, [u8]> {
        let pieces = || self.on(link).filter(|io| is_wanted(io.kind)).map(|io| io.bytes.as_slice());
        let mut some = pieces().filter(|piece| !piece.is_empty());
        match (some.next(), some.next()) {
            (first, None) => Cow::Borrowed(first.unwrap_or_default()),
            _ => {
                let mut octets = Vec::with_capacity(pieces().map(<[u8]>::len).sum());
                pieces().for_each(|piece| octets.extend_from_slice(piece));
                Cow::Owned(octets)
            }
        }
    }
}

fn is_first(link: &usize) -> bool {
    *link == 0
}

/// How the types of the model are spelled in JSON.
mod names {
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};
    use upspec_handshake::{Over, Party};

    #[derive(Serialize, Deserialize, JsonSchema)]
    #[serde(remote = "Party", rename_all = "kebab-case")]
    pub(super) enum PartyName {
        Client,
        Server,
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    #[serde(remote = "Over", rename_all = "kebab-case")]
    pub(super) enum OverName {
        Http1,
        Http2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_reports_the_first_are_kept() {
        let io = |kind, bytes: &[u8]| Io { link: 0, at_us: 1, kind, bytes: bytes.to_vec() };
        let all = vec![
            io(IoKind::Read, b"GET"),
            io(IoKind::Reported, b"abc"),
            io(IoKind::Reported, b"defgh"),
            io(IoKind::Wrote, b"x"),
        ];
        let link = Link::plain("origin", Party::Server, Over::Http1);
        for (most, kinds, unkept) in [
            (8, [IoKind::Read, IoKind::Reported, IoKind::Reported, IoKind::Wrote], 0),
            (7, [IoKind::Read, IoKind::Reported, IoKind::ReadUnkept, IoKind::Wrote], 5),
        ] {
            let mut record = Record::of(link.clone(), all.clone());
            record.shorten(|_| most);
            let left: Vec<IoKind> = record.io.iter().map(|io| io.kind).collect();
            assert_eq!((left.as_slice(), record.read_unkept(0)), (&kinds[..], unkept), "{most}");
        }
    }

    #[test]
    fn a_record_is_shortened_behind_its_first_octets() {
        let io = |kind, bytes: &[u8]| Io { link: 0, at_us: 1, kind, bytes: bytes.to_vec() };
        let all = vec![
            io(IoKind::Wrote, b"GET"),
            io(IoKind::Read, b"abc"),
            io(IoKind::WroteOwed, b"ok"),
            io(IoKind::Read, b"def"),
            io(IoKind::WroteOwed, b"ok"),
            io(IoKind::Read, b"gh"),
            io(IoKind::ReadEnd, b""),
        ];
        let link = Link::plain("target", Party::Client, Over::Http1);
        let rows = [(0, "", 8, 0), (3, "abc", 5, 1), (4, "abcd", 4, 1), (8, "abcdefgh", 0, 2)];
        for (most, kept, unkept, owed) in rows {
            let mut record = Record::of(link.clone(), all.clone());
            record.shorten(|_| most);
            assert_eq!(record.sent(0, Party::Server), kept.as_bytes(), "{most}");
            assert_eq!((record.read_unkept(0), record.scripted(0).len()), (unkept, 3), "{most}");
            let count = record.io.iter().filter(|io| io.kind == IoKind::WroteOwed).count();
            let last = record.io.last().map(|io| io.kind);
            assert_eq!((last, count), (Some(IoKind::ReadEnd), owed), "{most}");
            let before = record.io.clone();
            record.shorten(|_| most);
            assert_eq!(record.io, before, "once is enough: {most}");
        }
    }
}
