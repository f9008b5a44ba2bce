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
    /// Where each write of ours begins in all that we wrote, and how much the peer had sent by then.
    pub(crate) turns: Vec<(usize, usize)>,
    /// What both said before we took leave, in the order of time; of ours with what HTTP/2 obliged us to.
    pub(crate) in_order: Vec<(Party, &'r [u8])>,
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
        let ours = record.joined(at, |kind| kind == IoKind::Wrote);
        let theirs = record.joined(at, |kind| kind == IoKind::Read);
        let ending = Ending::of(record, at);
        let said = Said::of(record, at);
        let mut octets = Self::new(link, ours, theirs, said.in_time, ending);
        octets.before_our_end = said.before_our_end;
        octets.turns = said.turns;
        octets.in_order = said.in_order;
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
        let (turns, in_order) = (Vec::new(), Vec::new());
        let mut octets = Self {
            link,
            client,
            server,
            in_time,
            before_our_end: None,
            turns,
            in_order,
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

    /// How much the peer had sent when we began the write in which an octet of ours stands.
    pub(crate) fn heard_before(&self, ours: usize) -> usize {
        let begun = self.turns.iter().rev().find(|(begins, _)| *begins <= ours);
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

/// What both said on a link, in the order of time.
#[derive(Default)]
struct Said<'r> {
    in_time: usize,
    before_our_end: Option<usize>,
    turns: Vec<(usize, usize)>,
    in_order: Vec<(Party, &'r [u8])>,
}

impl<'r> Said<'r> {
    fn of(record: &'r Record, at: usize) -> Self {
        let we = record.links[at].we;
        let (mut ours, mut theirs, mut has_left) = (0, 0, false);
        let mut said = Self::default();
        for io in record.on(at) {
            let speaker = match io.kind {
                IoKind::Read => we.other(),
                IoKind::Wrote | IoKind::WroteOwed => we,
                IoKind::WroteLeave => {
                    has_left = true;
                    continue;
                }
                IoKind::ShutWrite if !has_left => {
                    said.before_our_end.get_or_insert(theirs);
                    continue;
                }
                _ => continue,
            };
            match io.kind {
                IoKind::Read => theirs += io.bytes.len(),
                IoKind::Wrote => {
                    said.turns.push((ours, theirs));
                    ours += io.bytes.len();
                }
                _ => {}
            }
            if !has_left {
                said.in_time = theirs;
                said.in_order.push((speaker, &io.bytes));
            }
        }
        said
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
