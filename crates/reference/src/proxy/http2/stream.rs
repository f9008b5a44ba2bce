//! One stream of the client: what it sends, on its way to a relay (RFC 9113 8.1, 8.5).

use upspec_handshake::HeadReader;
use upspec_handshake::h2::message::{self, ListKind};
use upspec_handshake::h2::{ErrorCode, HeaderList, flag, write};

use crate::date::imf_fixdate;

use super::request::{Given, Refused};
use super::{Fatal, Front, FrontAction, MAX_STREAMS};
use crate::proxy::content::{chunk, last_chunk};
use crate::proxy::exchange::Passage;
use crate::proxy::fault::Point;

/// A stream that is not closed.
pub(super) struct Stream {
    pub(super) given: Given,
    pub(super) answer: Answer,
    /// What the relay has answered and nobody has read.
    pub(super) back: Vec<u8>,
    pub(super) heads: HeadReader,
    /// What came for a tunnel that is not open yet.
    pub(super) pending: Vec<u8>,
    /// The client has sent END_STREAM.
    pub(super) has_ended: bool,
    /// How much of the content is still to come, where its length is known.
    left: Option<u64>,
}

/// How far the answer has come.
pub(super) enum Answer {
    /// A head is awaited.
    Awaited,
    /// Its content is passed on.
    Passing(Passage),
    /// Octets go both ways.
    Tunnel,
}

impl Stream {
    fn new(given: Given, has_ended: bool) -> Self {
        Self {
            left: given.length,
            given,
            answer: Answer::Awaited,
            back: Vec::new(),
            heads: HeadReader::default(),
            pending: Vec::new(),
            has_ended,
        }
    }

    pub(super) fn is_tunnel(&self) -> bool {
        matches!(self.answer, Answer::Tunnel)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
    }
}

impl Front {
    /// Takes a header list: a request, or the trailers of one.
    pub(super) fn section(&mut self, id: u32, list: &HeaderList, ends: bool) -> Result<(), Fatal> {
        if self.streams.contains_key(&id) {
            self.trailers(id, list, ends);
            return Ok(());
        }
        if self.reset.contains(&id) {
            return Ok(());
        }
        if id.is_multiple_of(2) {
            return Err(ErrorCode::PROTOCOL_ERROR);
        }
        if id <= self.latest {
            return Err(ErrorCode::STREAM_CLOSED);
        }
        self.latest = id;
        if self.streams.len() >= MAX_STREAMS {
            self.reset(id, ErrorCode::REFUSED_STREAM);
            return Ok(());
        }
        match Given::read(&self.config, list, ends, &self.random) {
            Err(Refused::Malformed) => self.reset(id, ErrorCode::PROTOCOL_ERROR),
            Err(Refused::With(status)) => self.refuse(id, status, ends),
            Ok(given) => self.open(id, given, ends),
        }
        Ok(())
    }

    fn open(&mut self, id: u32, given: Given, ends: bool) {
        self.output.open(id);
        self.actions.push(FrontAction::Open(id));
        self.actions.push(FrontAction::ToStream(id, given.octets.clone()));
        self.streams.insert(id, Stream::new(given, ends));
    }

    /// An answer of our own, behind which nothing more is wanted of the client.
    fn refuse(&mut self, id: u32, status: u16, ends: bool) {
        let status = status.to_string();
        let mut list = HeaderList::new([(":status", &status[..]), ("content-length", "0")]);
        list.push("date", imf_fixdate(self.now));
        self.output.headers(id, &list, flag::END_STREAM);
        if !ends {
            // RFC 9113 8.1.
            self.reset(id, ErrorCode::NO_ERROR);
        }
    }

    /// Trailers end a message that has content, and no tunnel (RFC 9113 8.1, 8.5).
    fn trailers(&mut self, id: u32, list: &HeaderList, ends: bool) {
        let is_valid = ends && message::violations(list, ListKind::Trailers).is_empty();
        let Some(stream) = self.streams.get(&id) else { return };
        if stream.has_ended {
            return self.reset(id, ErrorCode::STREAM_CLOSED);
        }
        if !is_valid || stream.given.is_tunnel {
            return self.reset(id, ErrorCode::PROTOCOL_ERROR);
        }
        let line = |(name, value): (&[u8], &[u8])| [name, b": ", value].concat();
        let lines = list.fields.iter().map(|field| line((&field.name, &field.value)));
        self.content_ended(id, &lines.collect::<Vec<_>>());
    }

    /// Takes content, or octets of a tunnel; `flow` counts padding as well (RFC 9113 6.9.1).
    pub(super) fn data(
        &mut self,
        id: u32,
        octets: &[u8],
        flow: usize,
        ends: bool,
    ) -> Result<(), Fatal> {
        self.known(id)?;
        if let Some(flow) = u32::try_from(flow).ok().filter(|flow| *flow > 0) {
            self.output.frame(&write::window_update(0, flow));
        }
        match self.streams.get(&id) {
            Some(stream) if stream.has_ended => self.reset(id, ErrorCode::STREAM_CLOSED),
            Some(stream) if stream.given.is_tunnel => {
                self.tunnelled(id, octets, ends);
                self.credit(id, flow - octets.len().min(flow));
            }
            Some(_) => {
                self.content(id, octets, ends);
                self.credit(id, flow - octets.len().min(flow));
            }
            None if self.reset.contains(&id) => {}
            None => self.reset(id, ErrorCode::STREAM_CLOSED),
        }
        Ok(())
    }

    /// Octets for a tunnel wait until there is one (RFC 6455 4.1).
    fn tunnelled(&mut self, id: u32, octets: &[u8], ends: bool) {
        let goes_early = self.config.errs_at(Point::Http2EarlyData);
        let cuts = self.config.errs_at(Point::Http2EndCuts);
        let Some(stream) = self.streams.get_mut(&id) else { return };
        stream.has_ended = ends;
        if !stream.is_tunnel() && !goes_early {
            stream.pending.extend_from_slice(octets);
            return;
        }
        if ends && cuts {
            self.actions.push(FrontAction::EndStream(id));
            return;
        }
        self.actions.push(FrontAction::ToStream(id, octets.to_vec()));
        if ends {
            self.tunnel_ended(id);
        }
    }

    /// END_STREAM is an end of the client's side (RFC 8441 5).
    pub(super) fn tunnel_ended(&mut self, id: u32) {
        self.actions.push(FrontAction::EndStream(id));
    }

    fn content(&mut self, id: u32, octets: &[u8], ends: bool) {
        let is_unchecked = self.config.errs_at(Point::Http2LengthUnchecked);
        let Some(stream) = self.streams.get_mut(&id) else { return };
        let octets = match &mut stream.left {
            None => chunk(octets),
            Some(left) => {
                let rest = left.checked_sub(octets.len() as u64);
                *left = rest.unwrap_or(0);
                if rest.is_none() && !is_unchecked {
                    return self.reset(id, ErrorCode::PROTOCOL_ERROR);
                }
                octets.to_vec()
            }
        };
        if !octets.is_empty() {
            self.actions.push(FrontAction::ToStream(id, octets));
        }
        if ends {
            self.content_ended(id, &[]);
        }
    }

    fn content_ended(&mut self, id: u32, trailers: &[Vec<u8>]) {
        let is_unchecked = self.config.errs_at(Point::Http2LengthUnchecked);
        let Some(stream) = self.streams.get_mut(&id) else { return };
        stream.has_ended = true;
        match stream.left {
            None => {
                let octets = last_chunk(trailers);
                self.actions.push(FrontAction::ToStream(id, octets));
            }
            Some(0) => {}
            Some(_) if is_unchecked => {}
            Some(_) => self.reset(id, ErrorCode::PROTOCOL_ERROR),
        }
    }

    /// The client has reset a stream: its relay, and with it the tunnel, has no client any more.
    pub(super) fn client_reset(&mut self, id: u32) {
        self.output.forget(id);
        if self.streams.remove(&id).is_some() && !self.config.errs_at(Point::Http2ResetUntold) {
            self.actions.push(FrontAction::ResetStream(id));
        }
    }
}
