//! Plays a case against answers that a test makes up, in memory, as the runner plays it on a wire.
//! Never decides what is answered: each request is handed to the test.

use upspec_corpus::Bindings;
use upspec_corpus::case::{Act, Awaited, Case, Outcome, Outcomes};
use upspec_exchange::{Io, IoKind, Link, Octets, Over, Record, Talk};
use upspec_handshake::field::chunked::{Chunked, ChunkedReader};
use upspec_handshake::field::elements;
use upspec_handshake::field::framing::Framing;
use upspec_handshake::{Party, RequestHead};
use upspec_judge::{Awaits, awaits};

use crate::tunnel::{Conduct, Tunnel};

/// A request that is to be answered.
pub(crate) struct Asked<'r> {
    pub(crate) head: RequestHead<'r>,
    /// How many requests of the connection came before it.
    pub(crate) number: usize,
    /// Its body, or the stream, broke off or cannot be read.
    pub(crate) is_broken: bool,
}

/// What is sent in answer to a request.
pub(crate) struct Reply {
    pub(crate) octets: Vec<u8>,
    pub(crate) after: After,
}

/// What becomes of the connection after a reply.
pub(crate) enum After {
    /// The server ends it.
    End,
    /// The next request may come.
    Persist,
    /// Frames follow.
    Tunnel(Conduct),
}

/// The record that comes of a case when its requests are answered so.
pub(crate) fn play(case: &Case, answer: &mut dyn FnMut(&Asked<'_>) -> Reply) -> Record {
    let mut wire = Wire {
        case,
        answer,
        io: Vec::new(),
        written: Vec::new(),
        read: Vec::new(),
        consumed: 0,
        number: 0,
        continued: false,
        tunnel: None,
        ended: false,
    };
    let mut rendered = Vec::new();
    let mut taken = 0;
    for step in &case.steps {
        match &step.act {
            Act::Send(bytes) => bytes.render_into(&mut rendered, &Bindings::example()),
            Act::Repeat { times, bytes } => {
                (0..*times).for_each(|_| bytes.render_into(&mut rendered, &Bindings::example()));
            }
            Act::Reset => {
                wire.write(&rendered);
                wire.event(IoKind::WeReset, b"");
                return wire.finish();
            }
            Act::Wait(_) | Act::AwaitOther(Awaited::Silence | Awaited::End | Awaited::Response) => {
                wire.write(&rendered);
            }
            Act::ShutdownWrite => wire.shut(&rendered),
            Act::Await(outcomes) => {
                wire.write(&rendered);
                let Some(status) = wire.head(outcomes, &mut taken) else {
                    wire.answer_early();
                    return wire.finish();
                };
                if !outcomes.covers_status(status) {
                    return wire.finish();
                }
            }
            _ => unreachable!("not played here: {step:?}"),
        }
        if wire.ended {
            return wire.finish();
        }
    }
    wire.write(&rendered);
    wire.answer_early();
    wire.finish()
}

struct Wire<'c, 'a> {
    case: &'c Case,
    answer: &'a mut dyn FnMut(&Asked<'_>) -> Reply,
    io: Vec<Io>,
    written: Vec<u8>,
    read: Vec<u8>,
    /// How much of what was written the server has read.
    consumed: usize,
    number: usize,
    /// The request at hand has had its 100.
    continued: bool,
    tunnel: Option<Tunnel>,
    ended: bool,
}

impl Wire<'_, '_> {
    /// Writes what has been rendered since the last write, and lets the server react.
    fn write(&mut self, rendered: &[u8]) {
        let new = &rendered[self.written.len()..];
        if !new.is_empty() {
            self.event(IoKind::Wrote, new);
            self.written.extend_from_slice(new);
            self.react();
        }
    }

    fn shut(&mut self, rendered: &[u8]) {
        self.write(rendered);
        self.event(IoKind::ShutWrite, b"");
        if self.tunnel.is_none() && !self.ended {
            let written = self.written.clone();
            if let Some(head) = RequestHead::parse(&written[self.consumed..]).complete() {
                self.reply(head, true);
            }
            self.ended = self.tunnel.as_ref().is_none_or(|tunnel| !tunnel.is_mute());
        }
    }

    /// The next response head that an await takes, as the runner counts them.
    fn head(&self, wanted: &Outcomes, taken: &mut usize) -> Option<u16> {
        let heads = self.look(|talk| talk.statuses().collect::<Vec<_>>());
        while let Some(&status) = heads.get(*taken) {
            *taken += 1;
            let interim = matches!(status, 100 | 102..=199);
            if !interim || wanted.0.contains(&Outcome::Status(status)) {
                return Some(status);
            }
        }
        None
    }

    fn look<T>(&self, look: impl FnOnce(&Talk<'_>) -> T) -> T {
        let link = Link::plain("target", Party::Client, Over::Http1);
        look(&Talk::read(&Octets::under_way(&link, &self.written, &self.read)))
    }

    /// Whoever still waits for a body when the client does nothing more gives up on it.
    fn answer_early(&mut self) {
        let idle = self.number == 0 && !self.ended && self.tunnel.is_none();
        let written = self.written.clone();
        if let Some(head) = RequestHead::parse(&written).complete().filter(|_| idle) {
            self.reply(head, true);
            self.ended = self.tunnel.as_ref().is_none_or(|tunnel| !tunnel.is_mute());
        }
    }

    fn react(&mut self) {
        let written = self.written.clone();
        while !self.ended && self.tunnel.is_none() {
            let rest = &written[self.consumed..];
            let Some(head) = RequestHead::parse(rest).complete() else {
                return;
            };
            match body(&head, &rest[head.len..]) {
                Body::Whole(length) => {
                    self.consumed += head.len + length;
                    self.reply(head, false);
                }
                Body::Due if expects(&head) && !self.continued => {
                    self.continued = true;
                    self.send(b"HTTP/1.1 100 Continue\r\n\r\n");
                    return;
                }
                Body::Due => return,
                Body::Unreadable => {
                    self.reply(head, true);
                    self.ended = self.tunnel.as_ref().is_none_or(|tunnel| !tunnel.is_mute());
                }
            }
        }
        if let Some(tunnel) = &mut self.tunnel {
            let reaction = tunnel.take(&written[self.consumed..]);
            self.consumed = written.len();
            self.send(&reaction.octets);
            self.ended |= reaction.ends;
        }
    }

    fn reply(&mut self, head: RequestHead<'_>, is_broken: bool) {
        let asked = Asked { head, number: self.number, is_broken };
        let reply = (self.answer)(&asked);
        self.number += 1;
        self.continued = false;
        self.send(&reply.octets);
        match reply.after {
            After::End => self.ended = true,
            After::Persist => {}
            After::Tunnel(conduct) => self.tunnel = Some(Tunnel::new(conduct)),
        }
    }

    fn send(&mut self, octets: &[u8]) {
        if !octets.is_empty() {
            self.event(IoKind::Read, octets);
            self.read.extend_from_slice(octets);
        }
    }

    fn event(&mut self, kind: IoKind, bytes: &[u8]) {
        self.io.push(Io { link: 0, at_us: self.io.len() as u64, kind, bytes: bytes.to_vec() });
    }

    /// The runner waits as long as something is due, and sees an end only while it waits.
    fn finish(mut self) -> Record {
        let kind = match (self.look(|talk| awaits(self.case, talk, false)), self.ended) {
            (Awaits::Nothing, _) => IoKind::Closed,
            (_, true) => IoKind::ReadEnd,
            (_, false) => IoKind::Deadline,
        };
        if kind == IoKind::Closed {
            self.event(IoKind::Decided, b"");
        }
        self.event(kind, b"");
        Record::of(Link::plain("target", Party::Client, Over::Http1), self.io)
    }
}

enum Body {
    Due,
    Unreadable,
    Whole(usize),
}

fn body(head: &RequestHead<'_>, rest: &[u8]) -> Body {
    match Framing::of_request(head) {
        Framing::None | Framing::UntilClose => Body::Whole(0),
        Framing::Invalid => Body::Unreadable,
        Framing::Length(length) if length <= rest.len() as u64 => {
            Body::Whole(usize::try_from(length).unwrap())
        }
        Framing::Length(_) => Body::Due,
        Framing::Chunked => match ChunkedReader::default().read(rest) {
            Chunked::Complete(length) => Body::Whole(length),
            Chunked::Partial => Body::Due,
            Chunked::Malformed(_) => Body::Unreadable,
        },
    }
}

fn expects(head: &RequestHead<'_>) -> bool {
    let value = head.fields.combined("Expect").unwrap_or_default();
    elements(&value).any(|one| one.bytes.eq_ignore_ascii_case(b"100-continue"))
}
