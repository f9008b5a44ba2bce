//! HTTP/2 on one connection (RFC 9113, RFC 8441), without I/O: octets in, actions out.
//! Strict: a forbidden frame ends its stream or the connection.

pub(crate) mod check;
mod exchange;
mod faults;
pub(crate) mod output;
mod stream;
pub(crate) mod upgrade;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::SystemTime;

use upspec_handshake::Party;
use upspec_handshake::h2::{ErrorCode, Event, EventKind, HeaderList, Reader, flag, setting, write};
use upspec_handshake::peer::Transport;

use crate::answer::Answer;
use crate::config::{Config, Variation};
use crate::fault::Point;
use crate::session::Action;
use output::Output;
use stream::Stream;

/// One connection that speaks HTTP/2.
pub(crate) struct Http2 {
    config: Arc<Config>,
    transport: Transport,
    stage: Stage,
    reader: Reader,
    streams: BTreeMap<u32, Stream>,
    /// Streams that we reset: the client may have sent more before it knew.
    reset: BTreeSet<u32>,
    /// The highest stream that the client has opened.
    latest: u32,
    /// The first request on the connection, which no later one has anything to do with.
    first: Option<HeaderList>,
    /// HTTP/1.1 has been left for this connection.
    is_upgraded: bool,
    output: Output,
    /// Our SETTINGS have been sent.
    is_announced: bool,
    /// The connection is to be closed once all is written.
    closes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Frames are read and answered.
    Open,
    /// Nothing more is read.
    Over,
}

/// Why the connection cannot go on (RFC 9113 5.4.1).
type Fatal = ErrorCode;

impl Http2 {
    /// A connection on which the preface of the client is expected.
    pub(crate) fn new(config: Arc<Config>, transport: Transport) -> Self {
        let errs = Arc::clone(&config);
        Self {
            transport,
            stage: Stage::Open,
            reader: Reader::new(Party::Client),
            streams: BTreeMap::new(),
            reset: BTreeSet::new(),
            latest: 0,
            first: None,
            is_upgraded: false,
            output: Output::new(Arc::new(move |point| errs.errs_at(point))),
            is_announced: false,
            closes: false,
            config,
        }
    }

    /// A connection that HTTP/1.1 has left for HTTP/2: the settings of the client are known, and the
    /// request that led here is stream 1 (RFC 7540 3.2). Its preface is still to come.
    pub(crate) fn upgraded(
        config: Arc<Config>,
        settings: &[(u16, u32)],
        now: SystemTime,
        answer: Answer,
    ) -> Self {
        let mut new = Self::new(config, Transport::Clear);
        new.is_upgraded = true;
        // They have the values that a new connection allows.
        let read = if new.config.errs_at(Point::H2cSettingsUnapplied) { &[][..] } else { settings };
        let settled = check::values(settings).and_then(|()| new.output.configure(read));
        if !new.config.errs_at(Point::H2cSettingsLast) {
            new.announce();
        }
        if let Err(code) = settled {
            new.fail(code);
            return new;
        }
        new.open_first();
        if !new.config.errs_at(Point::H2cUnanswered) {
            new.answer(now, 1, answer);
        }
        new.announce();
        if new.config.errs_at(Point::H2cDeaf) {
            new.stage = Stage::Over;
        }
        new
    }

    /// Takes octets of the client.
    pub(crate) fn receive(&mut self, now: SystemTime, input: &[u8]) -> Vec<Action> {
        let events = match self.stage {
            Stage::Open => self.reader.feed(input),
            Stage::Over => Vec::new(),
        };
        for event in events {
            if self.stage == Stage::Over {
                break;
            }
            if let Err(code) = self.event(now, event) {
                self.fail(code);
            }
        }
        let floods = self.stage == Stage::Open && self.reader.is_flooded();
        if floods && !self.config.errs_at(Point::EndlessHead) {
            // RFC 9113 10.5.1.
            self.announce();
            self.fail(ErrorCode::ENHANCE_YOUR_CALM);
        }
        self.actions()
    }

    /// Handles the end of the client's octets: nobody is left to answer.
    pub(crate) fn end(&mut self) -> Vec<Action> {
        self.stage = Stage::Over;
        self.closes = true;
        self.actions()
    }

    /// Ends the connection because the client is silent (RFC 9113 5.4, 6.8).
    pub(crate) fn go_away(&mut self) -> Vec<Action> {
        self.fail(ErrorCode::NO_ERROR);
        self.actions()
    }

    /// Whether a WebSocket is open.
    pub(crate) fn has_tunnel(&self) -> bool {
        self.streams.values().any(Stream::is_tunnel)
    }

    fn actions(&mut self) -> Vec<Action> {
        let octets = self.output.take();
        let mut actions = Vec::new();
        if !octets.is_empty() {
            actions.push(Action::Write(octets));
        }
        if std::mem::take(&mut self.closes) {
            actions.push(Action::Close);
        }
        actions
    }

    /// Our own preface is SETTINGS (RFC 9113 3.4); even if the client's is invalid, ours comes
    /// first.
    fn event(&mut self, now: SystemTime, event: Event) -> Result<(), Fatal> {
        self.announce();
        let stream = event.stream;
        match event.kind {
            EventKind::Data { octets, flow, end_stream } => {
                self.data(now, stream, octets, flow, end_stream)
            }
            EventKind::Headers { list, end_stream } => self.section(now, stream, &list, end_stream),
            EventKind::Violation(kind) => Err(kind.code()),
            EventKind::Settings(settings) => self.settings(&settings),
            EventKind::Ping(octets) => {
                if !self.config.errs_at(Point::Http2PingAckOmitted) {
                    self.output.frame(&write::ping(flag::ACK, octets));
                }
                Ok(())
            }
            EventKind::Reset(_) => {
                self.known(stream)?;
                let is_tunnel = self.streams.get(&stream).is_some_and(Stream::is_tunnel);
                self.forget(stream);
                match is_tunnel && self.config.errs_at(Point::Http2TunnelResetEndsAll) {
                    true => Err(ErrorCode::CANCEL),
                    false => Ok(()),
                }
            }
            EventKind::WindowUpdate(increment) => self.window_update(stream, increment),
            // Only servers push.
            EventKind::Push { .. } => Err(ErrorCode::PROTOCOL_ERROR),
            // Unknown frames mean nothing (RFC 9113 4.1, 5.5); priorities are deprecated, and after
            // GOAWAY the client still wants its answers.
            EventKind::GoAway { .. }
            | EventKind::PingAck(_)
            | EventKind::Preface
            | EventKind::Priority
            | EventKind::SettingsAck
            | EventKind::Unknown(_) => Ok(()),
        }
    }

    /// Sends our SETTINGS, unless that is done.
    fn announce(&mut self) {
        if std::mem::replace(&mut self.is_announced, true) {
            return;
        }
        let mut settings = vec![(setting::MAX_CONCURRENT_STREAMS, MAX_STREAMS as u32)];
        if !self.config.varies(Variation::NoExtendedConnect) {
            settings.push((setting::ENABLE_CONNECT_PROTOCOL, 1));
        }
        self.output.frame(&faults::announced(&self.config, settings));
    }

    fn settings(&mut self, settings: &[(u16, u32)]) -> Result<(), Fatal> {
        check::values(settings)?;
        if faults::objects_to_settings(&self.config, settings) {
            return Err(ErrorCode::PROTOCOL_ERROR);
        }
        if !self.config.errs_at(Point::Http2SettingsAckOmitted) {
            self.output.frame(&write::settings_ack());
        }
        self.output.configure(settings)
    }

    fn window_update(&mut self, stream: u32, increment: u32) -> Result<(), Fatal> {
        self.known(stream)?;
        let result = match increment {
            0 if self.config.errs_at(Point::Http2ZeroIncrementTaken) => Ok(()),
            0 => Err(ErrorCode::PROTOCOL_ERROR),
            _ => self.output.credit(stream, increment),
        };
        match result {
            Err(code) if stream != 0 => {
                self.reset(stream, code);
                Ok(())
            }
            result => result,
        }
    }

    /// A stream that the client has opened at some time, or the connection.
    fn known(&self, stream: u32) -> Result<(), Fatal> {
        let is_idle = stream > self.latest || stream != 0 && stream.is_multiple_of(2);
        match is_idle {
            true => Err(ErrorCode::PROTOCOL_ERROR),
            false => Ok(()),
        }
    }

    fn forget(&mut self, stream: u32) {
        self.streams.remove(&stream);
        self.output.forget(stream);
    }

    /// Ends a stream with an error (RFC 9113 5.4.2).
    fn reset(&mut self, stream: u32, code: ErrorCode) {
        self.forget(stream);
        self.output.frame(&write::rst_stream(stream, code));
        self.reset.insert(stream);
        while self.reset.len() > MAX_RESET {
            self.reset.pop_first();
        }
    }

    /// Ends the connection (RFC 9113 5.4.1).
    fn fail(&mut self, code: ErrorCode) {
        self.output.frame(&write::goaway(self.latest, code, b""));
        self.streams.clear();
        self.stage = Stage::Over;
        self.closes = true;
    }

    /// Answers on a stream, in full.
    fn answer(&mut self, now: SystemTime, stream: u32, answer: Answer) {
        let is_interim = answer.status < 200;
        let (section, content) = exchange::answer(&self.config, answer, now);
        match is_interim {
            // Only a fault sends nothing after it.
            true => self.output.headers(stream, &section, 0),
            false => self.respond(stream, &section, &content),
        }
    }
}

/// How many streams may be open at a time.
const MAX_STREAMS: usize = 100;
/// How many streams are remembered that we reset.
const MAX_RESET: usize = 1000;

#[cfg(test)]
mod tests;
