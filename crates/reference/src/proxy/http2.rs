//! HTTP/2 in front of the gateway (RFC 9113, RFC 8441), without I/O: each stream is a request that a relay gets as
//! HTTP/1.1, and what the relay answers goes back as frames.

pub(super) mod link;
mod request;
mod response;
mod stream;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::SystemTime;

use upspec_handshake::Party;
use upspec_handshake::h2::{ErrorCode, Event, EventKind, Reader, flag, setting, write};

use super::config::ProxyConfig;
use super::fault::Point;
use crate::client::Random;
use crate::http2::{check, output::Output};
use stream::Stream;

/// What has happened.
#[derive(Clone, Copy, Debug)]
pub(super) enum FrontEvent<'o> {
    /// The client sent this.
    Client(&'o [u8]),
    /// The client has ended, or is gone.
    ClientEnd,
    /// The relay of a stream answers with this.
    Stream(u32, &'o [u8]),
    /// It says no more.
    StreamEnd(u32),
    /// It breaks off.
    StreamReset(u32),
    /// It has taken so many octets of what it was sent.
    Taken(u32, usize),
    /// Nothing has happened for long.
    Silence,
}

/// What the owner of the connection must do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FrontAction {
    /// Write this to the client.
    Write(Vec<u8>),
    /// Begin a relay for this stream.
    Open(u32),
    /// Send this to the relay of the stream.
    ToStream(u32, Vec<u8>),
    /// The client sends it no more.
    EndStream(u32),
    /// The client has gone from it.
    ResetStream(u32),
    /// End the connection when all is written.
    Close,
}

/// One connection of a client that speaks HTTP/2.
pub(super) struct Front {
    config: Arc<ProxyConfig>,
    random: Random,
    now: SystemTime,
    reader: Reader,
    output: Output,
    streams: BTreeMap<u32, Stream>,
    /// Streams that we reset: the client may have sent more before it knew.
    reset: BTreeSet<u32>,
    /// The highest stream that the client has opened.
    latest: u32,
    is_announced: bool,
    is_over: bool,
    actions: Vec<FrontAction>,
}

/// Why the connection cannot go on (RFC 9113 5.4.1).
type Fatal = ErrorCode;

impl Front {
    /// A connection on which the preface of the client is expected.
    pub(super) fn new(config: Arc<ProxyConfig>, random: Random) -> Self {
        let errs = Arc::clone(&config);
        Self {
            random,
            now: SystemTime::UNIX_EPOCH,
            reader: Reader::new(Party::Client),
            output: Output::new(Arc::new(move |point| errs.errs_in_http2_at(point))),
            streams: BTreeMap::new(),
            reset: BTreeSet::new(),
            latest: 0,
            is_announced: false,
            is_over: false,
            actions: Vec::new(),
            config,
        }
    }

    /// Takes what has happened.
    pub(super) fn take(&mut self, now: SystemTime, event: FrontEvent<'_>) -> Vec<FrontAction> {
        self.now = now;
        match event {
            _ if self.is_over => {}
            FrontEvent::Client(octets) => self.receive(octets),
            FrontEvent::ClientEnd => self.end(),
            FrontEvent::Stream(id, octets) => self.answered(id, octets),
            FrontEvent::StreamEnd(id) => self.answer_ended(id),
            FrontEvent::StreamReset(id) => self.answer_reset(id),
            FrontEvent::Taken(id, octets) => self.credit(id, octets),
            FrontEvent::Silence => self.fail(ErrorCode::NO_ERROR),
        }
        let octets = self.output.take();
        if !octets.is_empty() {
            let at = self.actions.iter().position(|action| *action == FrontAction::Close);
            let at = at.unwrap_or(self.actions.len());
            self.actions.insert(at, FrontAction::Write(octets));
        }
        std::mem::take(&mut self.actions)
    }

    /// Whether what the relay of a stream says further would have to wait for the client.
    pub(super) fn is_full(&self, id: u32) -> bool {
        self.output.waiting(id) > ROOM
    }

    /// Whether a stream is not closed.
    pub(super) fn has(&self, id: u32) -> bool {
        self.streams.contains_key(&id)
    }

    /// Whether a tunnel is open.
    pub(super) fn has_tunnel(&self) -> bool {
        self.streams.values().any(Stream::is_tunnel)
    }

    fn receive(&mut self, octets: &[u8]) {
        for event in self.reader.feed(octets) {
            if self.is_over {
                return;
            }
            if let Err(code) = self.event(event) {
                self.fail(code);
            }
        }
        if self.reader.is_flooded() && !self.is_over {
            // RFC 9113 10.5.1.
            self.fail(ErrorCode::ENHANCE_YOUR_CALM);
        }
    }

    /// Our own preface is SETTINGS (RFC 9113 3.4).
    fn event(&mut self, event: Event) -> Result<(), Fatal> {
        self.announce();
        let id = event.stream;
        match event.kind {
            EventKind::Data { octets, flow, end_stream } => {
                self.data(id, &octets, flow, end_stream)
            }
            EventKind::Headers { list, end_stream } => self.section(id, &list, end_stream),
            EventKind::Violation(kind) => Err(kind.code()),
            EventKind::Settings(settings) => {
                check::values(&settings)?;
                self.output.frame(&write::settings_ack());
                self.output.configure(&settings)
            }
            EventKind::Ping(octets) => {
                self.output.frame(&write::ping(flag::ACK, octets));
                Ok(())
            }
            EventKind::Reset(_) => {
                self.known(id)?;
                self.client_reset(id);
                Ok(())
            }
            EventKind::WindowUpdate(increment) => self.window_update(id, increment),
            // Only servers push.
            EventKind::Push { .. } => Err(ErrorCode::PROTOCOL_ERROR),
            EventKind::GoAway { .. }
            | EventKind::PingAck(_)
            | EventKind::Preface
            | EventKind::Priority
            | EventKind::SettingsAck
            | EventKind::Unknown(_) => Ok(()),
        }
    }

    fn announce(&mut self) {
        if std::mem::replace(&mut self.is_announced, true) {
            return;
        }
        let mut settings = vec![(setting::MAX_CONCURRENT_STREAMS, MAX_STREAMS as u32)];
        let is_told = !self.config.errs_at(Point::Http2SettingMissing);
        if self.config.takes_extended_connect() && is_told {
            settings.push((setting::ENABLE_CONNECT_PROTOCOL, 1));
        }
        self.output.frame(&write::settings(&settings));
    }

    fn window_update(&mut self, id: u32, increment: u32) -> Result<(), Fatal> {
        self.known(id)?;
        let result = match increment {
            0 => Err(ErrorCode::PROTOCOL_ERROR),
            _ => self.output.credit(id, increment),
        };
        match result {
            Err(code) if id != 0 => {
                self.reset(id, code);
                Ok(())
            }
            result => result,
        }
    }

    /// A stream that the client has opened at some time, or the connection.
    fn known(&self, id: u32) -> Result<(), Fatal> {
        let is_idle = id > self.latest || id != 0 && id.is_multiple_of(2);
        if is_idle { Err(ErrorCode::PROTOCOL_ERROR) } else { Ok(()) }
    }

    /// Gives the client room for what a relay has taken (RFC 9113 6.9).
    fn credit(&mut self, id: u32, octets: usize) {
        let is_open = self.streams.get(&id).is_some_and(|stream| !stream.has_ended());
        if is_open && octets > 0 {
            let increment = u32::try_from(octets).unwrap_or(u32::MAX >> 1);
            self.output.frame(&write::window_update(id, increment));
        }
    }

    /// Ends a stream with an error (RFC 9113 5.4.2).
    fn reset(&mut self, id: u32, code: ErrorCode) {
        if self.streams.remove(&id).is_some() {
            self.actions.push(FrontAction::ResetStream(id));
        }
        self.output.forget(id);
        self.output.frame(&write::rst_stream(id, code));
        self.reset.insert(id);
        while self.reset.len() > MAX_RESET {
            self.reset.pop_first();
        }
    }

    fn end(&mut self) {
        self.leave_streams();
        self.is_over = true;
        self.actions.push(FrontAction::Close);
    }

    /// Ends the connection (RFC 9113 5.4.1).
    fn fail(&mut self, code: ErrorCode) {
        self.announce();
        self.output.frame(&write::goaway(self.latest, code, b""));
        self.end();
    }

    fn leave_streams(&mut self) {
        let streams = std::mem::take(&mut self.streams);
        self.actions.extend(streams.into_keys().map(FrontAction::ResetStream));
    }
}

/// How many streams may be open at a time.
const MAX_STREAMS: usize = 100;
/// How many streams are remembered that we reset.
const MAX_RESET: usize = 1000;
/// How many octets wait for a client before its relay is read no further.
const ROOM: usize = 64 * 1024;

#[cfg(test)]
mod tests;
