//! A server of HTTP/2 in memory, and the playing of a case against it as the runner plays it on a wire.
//! Never decides what is answered: each request is handed to the test.

use std::collections::BTreeMap;
use upspec_handshake::Party;

use upspec_corpus::Bindings;
use upspec_corpus::case::{Act, Awaited, Case, Need};
use upspec_exchange::{Io, IoKind, Link, Octets, Over, Record, Talk};
use upspec_handshake::frame::Compression;
use upspec_handshake::h2::message::ListKind;
use upspec_handshake::h2::{ErrorCode, EventKind, HeaderList, Reader, flag, setting, write};
use upspec_judge::{Awaits, awaits};

use crate::tunnel::{Conduct, Tunnel};

/// A request that is to be answered.
pub(crate) struct Asked<'r> {
    pub(crate) list: &'r HeaderList,
    pub(crate) stream: u32,
    /// The client says no more on the stream.
    pub(crate) is_ended: bool,
    /// How many requests of the connection came before it.
    pub(crate) number: usize,
    /// What the list has to be.
    pub(crate) kind: ListKind,
}

/// What is sent in answer to a request.
#[derive(Default)]
pub(crate) struct Reply {
    pub(crate) octets: Vec<u8>,
    /// The connection ends.
    pub(crate) ends: bool,
    /// What is behind a 2xx to an extended CONNECT.
    pub(crate) tunnel: Option<Conduct>,
}

/// What the server says before anything else, and to the SETTINGS of the client.
#[derive(Clone)]
pub(crate) struct Manners {
    pub(crate) hello: Vec<u8>,
    pub(crate) acknowledgement: Vec<u8>,
}

impl Manners {
    pub(crate) fn lawful(case: &Case) -> Self {
        let all = [(setting::ENABLE_CONNECT_PROTOCOL, 1), (99, 7)];
        let settings = if is_extended(case) { &all[..] } else { &[] };
        Self { hello: write::settings(settings), acknowledgement: write::settings_ack() }
    }
}

/// Whether the case is about a server that announces extended CONNECT.
pub(crate) fn is_extended(case: &Case) -> bool {
    let announced = [Need::Http2Endpoint, Need::ExtendedConnect];
    case.needs.iter().any(|need| announced.contains(need))
}

/// Whether a case speaks HTTP/2 from its first octet on.
pub(crate) fn is_http2(case: &Case) -> bool {
    case.over == Over::Http2
}

/// The record that comes of a case when its requests are answered so.
pub(crate) fn play(
    case: &Case,
    manners: Manners,
    answer: &mut dyn FnMut(&Asked<'_>) -> Reply,
) -> Record {
    let mut wire = Wire {
        case,
        answer,
        manners,
        io: Vec::new(),
        written: Vec::new(),
        read: Vec::new(),
        heard: Reader::new(Party::Client),
        number: 0,
        tunnels: BTreeMap::new(),
        ended: false,
    };
    let mut rendered = Vec::new();
    for step in &case.steps {
        match &step.act {
            Act::Await(outcomes) => {
                wire.write(&rendered);
                let last = wire.look(|talk| talk.statuses().find(|status| *status >= 200));
                if last.is_none_or(|status| !outcomes.covers_status(status)) {
                    return wire.finish();
                }
            }
            Act::AwaitOther(Awaited::Settings) => {
                wire.write(&rendered);
                if !wire
                    .look(|talk| talk.http2.is_some_and(|http2| !http2.server.settings.is_empty()))
                {
                    return wire.finish();
                }
            }
            step => {
                step.render_into(&mut rendered, &Bindings::example());
            }
        }
        if wire.ended {
            return wire.finish();
        }
    }
    wire.write(&rendered);
    wire.finish()
}

struct Wire<'c, 'a> {
    case: &'c Case,
    answer: &'a mut dyn FnMut(&Asked<'_>) -> Reply,
    manners: Manners,
    io: Vec<Io>,
    written: Vec<u8>,
    read: Vec<u8>,
    heard: Reader,
    number: usize,
    /// Every stream that was opened, with its tunnel if there is one.
    tunnels: BTreeMap<u32, Option<Tunnel>>,
    ended: bool,
}

impl Wire<'_, '_> {
    /// Writes what has been rendered since the last write, and lets the server react.
    fn write(&mut self, rendered: &[u8]) {
        let new = &rendered[self.written.len()..];
        if new.is_empty() {
            return;
        }
        self.event(IoKind::Wrote, new);
        self.written.extend_from_slice(new);
        if self.read.is_empty() {
            let hello = self.manners.hello.clone();
            self.send(&hello);
        }
        for event in self.heard.feed(new) {
            if !self.ended {
                self.take(event.stream, event.kind);
            }
        }
    }

    fn take(&mut self, stream: u32, kind: EventKind) {
        match kind {
            EventKind::Settings(_) => {
                let acknowledgement = self.manners.acknowledgement.clone();
                self.send(&acknowledgement);
            }
            EventKind::Ping(octets) => self.send(&write::ping(flag::ACK, octets)),
            EventKind::Headers { list, end_stream } => self.head(stream, &list, end_stream),
            EventKind::Data { octets, end_stream, .. } => self.data(stream, &octets, end_stream),
            EventKind::Reset(_) => {
                self.tunnels.insert(stream, None);
            }
            EventKind::Violation(_) => {
                self.send(&write::goaway(stream, ErrorCode::PROTOCOL_ERROR, b""));
                self.ended = true;
            }
            _ => {}
        }
    }

    fn head(&mut self, stream: u32, list: &HeaderList, is_ended: bool) {
        if let Some(tunnel) = self.tunnels.get_mut(&stream) {
            if tunnel.take().is_some() {
                self.send(&write::rst_stream(stream, ErrorCode::PROTOCOL_ERROR));
            }
            return;
        }
        let asked = Asked {
            list,
            stream,
            is_ended,
            number: self.number,
            kind: match is_extended(self.case) {
                true => ListKind::RequestExtended,
                false => ListKind::Request,
            },
        };
        self.number += 1;
        let reply = (self.answer)(&asked);
        self.tunnels.insert(stream, reply.tunnel.map(Tunnel::new));
        self.send(&reply.octets);
        self.ended |= reply.ends;
        if is_ended {
            self.data(stream, b"", true);
        }
    }

    fn data(&mut self, stream: u32, octets: &[u8], ends: bool) {
        let Some(Some(tunnel)) = self.tunnels.get_mut(&stream) else {
            return;
        };
        let mute = tunnel.is_mute();
        let reaction = tunnel.take(octets);
        let over = (ends && !mute) || reaction.ends;
        let flags = if over { flag::END_STREAM } else { 0 };
        if over || !reaction.octets.is_empty() {
            self.send(&write::data(stream, &reaction.octets, flags));
        }
        if over {
            self.tunnels.insert(stream, None);
        }
    }

    fn look<T>(&self, look: impl FnOnce(&Talk<'_>) -> T) -> T {
        let link = Link::plain("target", Party::Client, Over::Http2);
        look(&Talk::read(&Octets::under_way(&link, &self.written, &self.read)))
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
        let tls = self.case.needs.contains(&Need::Tls);
        let link = Link {
            tls,
            alpn: self.case.alpn.first().filter(|_| tls).cloned(),
            ..Link::plain("target", Party::Client, Over::Http2)
        };
        Record::of(link, self.io)
    }
}

/// A tunnel in which the server does as RFC 6455 asks.
pub(crate) const LAWFUL: Conduct = Conduct::Lawful(Compression::None);
