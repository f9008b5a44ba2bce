//! The octets of one link by sender, gathered so that a transcript can borrow from them.

use std::borrow::Cow;

use upspec_handshake::{Over, Party};

use crate::ending::Ending;
use crate::http2::Http2;
use crate::record::{IoKind, Link, Record};
use crate::report::{Report, Reported};

/// What both parties sent on a link.
#[derive(Debug)]
pub struct Octets<'r> {
    pub(crate) link: &'r Link,
    pub(crate) client: Cow<'r, [u8]>,
    pub(crate) server: Cow<'r, [u8]>,
    /// How much the peer had sent before we took leave; what came later answers our leaving.
    pub(crate) in_time: usize,
    /// How much the peer had sent when we ended our side, if we did before we took leave.
    pub(crate) before_our_end: Option<usize>,
    /// While the case goes on: where each write of ours begins in all that we wrote, and how much the peer had sent by
    /// then.
    turns: Vec<(usize, usize)>,
    /// Where all of it stands: the record and the number of the link; nothing while the case goes on.
    record: Option<(&'r Record, usize)>,
    pub(crate) ending: Ending,
    pub(crate) reports: Vec<Reported>,
    pub(crate) http2: Option<Box<Http2>>,
}

impl<'r> Octets<'r> {
    /// The octets of each link of a record.
    #[must_use]
    pub fn of(record: &'r Record) -> Vec<Self> {
        (0..record.links.len()).map(|at| Self::of_link(record, at)).collect()
    }

    fn of_link(record: &'r Record, at: usize) -> Self {
        let link = &record.links[at];
        let said = Said::of(record, at);
        let ours = said.ours.joined(record, at, IoKind::Wrote);
        let theirs = said.theirs.joined(record, at, IoKind::Read);
        let ending = Ending::of(record, at);
        let mut octets = Self::new(link, ours, theirs, said.in_time, ending);
        octets.before_our_end = said.before_our_end;
        octets.record = Some((record, at));
        octets.reports = reports(record, at);
        octets
    }

    /// What the steps have written on a link so far, and what was read, while the case goes on.
    #[must_use]
    pub fn under_way(link: &'r Link, ours: &'r [u8], theirs: &'r [u8]) -> Self {
        let in_time = theirs.len();
        Self::new(link, ours.into(), theirs.into(), in_time, Ending::default())
    }

    /// The same, with where each write of ours begins and how much the peer had sent by then.
    #[must_use]
    pub fn with_turns(self, turns: &[(usize, usize)]) -> Self {
        Self { turns: turns.to_vec(), ..self }
    }

    /// The same, with what a client under test has reported so far.
    #[must_use]
    pub fn with_reports(self, reports: &[Reported]) -> Self {
        Self { reports: reports.to_vec(), ..self }
    }

    fn new(
        link: &'r Link,
        ours: Cow<'r, [u8]>,
        theirs: Cow<'r, [u8]>,
        in_time: usize,
        ending: Ending,
    ) -> Self {
        let (client, server) = match link.we {
            Party::Client => (ours, theirs),
            Party::Server => (theirs, ours),
        };
        let mut octets = Self {
            link,
            client,
            server,
            in_time,
            before_our_end: None,
            turns: Vec::new(),
            record: None,
            ending,
            reports: Vec::new(),
            http2: None,
        };
        if octets.link.over == Over::Http2 {
            let [client, server] =
                [Party::Client, Party::Server].map(|party| octets.sent_in_time(party));
            octets.http2 = Some(Box::new(Http2::read(client, server)));
        }
        octets
    }

    /// What both said before we took leave, in the order of time; of ours with what HTTP/2 obliged us to.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = (Party, &'r [u8])> {
        let (we, recorded) = (self.link.we, self.record);
        let all = recorded.into_iter().flat_map(|(record, at)| record.on(at));
        let in_time = all.take_while(|io| io.kind != IoKind::WroteLeave);
        in_time.filter_map(move |io| Some((speaker(we, io.kind)?, io.bytes.as_slice())))
    }

    /// Where each write of ours begins in all that we wrote, and how much the peer had sent by then.
    pub(crate) fn turns(&self) -> Cow<'_, [(usize, usize)]> {
        let Some((record, at)) = self.record else {
            return Cow::Borrowed(&self.turns);
        };
        let (mut ours, mut theirs) = (0, 0);
        let turns = record.on(at).filter_map(|io| match io.kind {
            IoKind::Read => {
                theirs += io.bytes.len();
                None
            }
            IoKind::Wrote => {
                let begins = ours;
                ours += io.bytes.len();
                Some((begins, theirs))
            }
            _ => None,
        });
        Cow::Owned(turns.collect())
    }

    /// How much the peer had sent when we began the write in which an octet of ours stands.
    pub(crate) fn heard_before(&self, ours: usize) -> usize {
        let turns = self.turns();
        let begun = turns.iter().rev().find(|(begins, _)| *begins <= ours);
        begun.map_or(0, |(_, heard)| *heard)
    }

    pub(crate) fn sent(&self, party: Party) -> &[u8] {
        match party {
            Party::Client => &self.client,
            Party::Server => &self.server,
        }
    }

    /// What a party had sent before we took leave.
    pub(crate) fn sent_in_time(&self, party: Party) -> &[u8] {
        let all = self.sent(party);
        if party == self.link.we { all } else { &all[..self.in_time] }
    }
}

/// Whose octets an event has, if it has any that were said before we took leave.
fn speaker(we: Party, kind: IoKind) -> Option<Party> {
    match kind {
        IoKind::Read => Some(we.other()),
        IoKind::Wrote | IoKind::WroteOwed => Some(we),
        _ => None,
    }
}

/// What both said on a link, as it is found in one walk through its events.
#[derive(Default)]
struct Said<'r> {
    ours: Pieces<'r>,
    theirs: Pieces<'r>,
    in_time: usize,
    before_our_end: Option<usize>,
}

impl<'r> Said<'r> {
    fn of(record: &'r Record, at: usize) -> Self {
        let mut has_left = false;
        let mut said = Self::default();
        for io in record.on(at) {
            match io.kind {
                IoKind::Read => said.theirs.add(&io.bytes),
                IoKind::Wrote => said.ours.add(&io.bytes),
                IoKind::WroteLeave => has_left = true,
                IoKind::ShutWrite if !has_left => {
                    said.before_our_end.get_or_insert(said.theirs.len);
                }
                _ => {}
            }
            if !has_left {
                said.in_time = said.theirs.len;
            }
        }
        said
    }
}

/// The octets of several events.
#[derive(Default)]
struct Pieces<'r> {
    first: &'r [u8],
    /// How many octets there are in all.
    len: usize,
}

impl<'r> Pieces<'r> {
    fn add(&mut self, piece: &'r [u8]) {
        if self.len == 0 {
            self.first = piece;
        }
        self.len += piece.len();
    }

    /// All of them, borrowed where a single event of this kind has all of them.
    fn joined(&self, record: &'r Record, at: usize, kind: IoKind) -> Cow<'r, [u8]> {
        if self.len == self.first.len() {
            return Cow::Borrowed(self.first);
        }
        let mut octets = Vec::with_capacity(self.len);
        let pieces = record.on(at).filter(|io| io.kind == kind);
        pieces.for_each(|io| octets.extend_from_slice(&io.bytes));
        Cow::Owned(octets)
    }
}

/// What a client under test reported, with how much both had sent on the link by then.
fn reports(record: &Record, at: usize) -> Vec<Reported> {
    let (mut ours, mut theirs, mut is_alone) = (0, 0, true);
    let mut all = Vec::new();
    for io in &record.io {
        match io.kind {
            IoKind::Wrote if io.link == at => ours += io.bytes.len(),
            IoKind::Read if io.link == at => theirs += io.bytes.len(),
            IoKind::Read => is_alone = false,
            IoKind::Reported => {
                let told = Report::read(&io.bytes);
                all.extend(told.map(|report| Reported { report, ours, theirs, is_alone }));
            }
            _ => {}
        }
    }
    all
}
