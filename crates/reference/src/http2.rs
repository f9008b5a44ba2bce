//! HTTP/2 on one connection (RFC 9113, RFC 8441), without I/O: octets in, actions out.
//! Never lenient: what no frame may be ends its stream or the connection.

mod check;
mod exchange;
mod faults;
mod output;
mod stream;
pub(crate) mod upgrade;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::SystemTime;

use upspec_handshake::Status;
use upspec_handshake::h2::hpack::{BlockFault, Decoder};
use upspec_handshake::h2::{
    ErrorCode, Frame, FrameHeader, MAX_FRAME, PREFACE, flag, kind, setting, write,
};

use crate::answer::Answer;
use crate::config::{Config, Variation};
use crate::fault::Point;
use crate::http::Transport;
use crate::session::Action;
use output::Output;
use stream::Stream;

/// One connection that speaks HTTP/2.
pub(crate) struct Http2 {
    config: Arc<Config>,
    transport: Transport,
    stage: Stage,
    decoder: Decoder,
    /// A header block that CONTINUATION frames complete.
    block: Option<Block>,
    streams: BTreeMap<u32, Stream>,
    /// Streams that we reset: the client may have sent more before it knew.
    reset: BTreeSet<u32>,
    /// The highest stream that the client has opened.
    latest: u32,
    output: Output,
    /// Our SETTINGS have been sent.
    is_announced: bool,
    /// The connection is to be closed once all is written.
    closes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The preface of the client is awaited.
    Preface,
    /// The SETTINGS frame that belongs to the preface is awaited.
    Settings,
    /// Any frame may come.
    Open,
    /// Nothing more is read.
    Over,
}

/// A header block that is arriving.
struct Block {
    stream: u32,
    ends_stream: bool,
    octets: Vec<u8>,
}

/// Why the connection cannot go on (RFC 9113 5.4.1).
type Fatal = ErrorCode;

impl Http2 {
    /// A connection on which the preface of the client is expected.
    pub(crate) fn new(config: Arc<Config>, transport: Transport) -> Self {
        Self {
            config,
            transport,
            stage: Stage::Preface,
            decoder: Decoder::new(),
            block: None,
            streams: BTreeMap::new(),
            reset: BTreeSet::new(),
            latest: 0,
            output: Output::new(),
            is_announced: false,
            closes: false,
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
        // They have the values that a new connection allows.
        let settled = check::values(settings).and_then(|()| new.output.configure(settings));
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
        new
    }

    /// Takes the frames at the start of `input` that are complete.
    pub(crate) fn receive(&mut self, now: SystemTime, input: &mut Vec<u8>) -> Vec<Action> {
        let mut read = 0;
        loop {
            match self.step(now, &input[read..]) {
                Ok(0) => break,
                Ok(length) => read += length,
                Err(code) => self.fail(code),
            }
        }
        input.drain(..read);
        self.actions()
    }

    /// Takes the end of the client's stream of octets: nobody is left to talk to.
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

    /// Reads one frame, or the preface; how many octets it took, none if it is not complete.
    fn step(&mut self, now: SystemTime, input: &[u8]) -> Result<usize, Fatal> {
        match self.stage {
            Stage::Preface => self.preface(input),
            Stage::Settings | Stage::Open => {
                let Status::Complete(header) = FrameHeader::parse(input) else {
                    return Ok(0);
                };
                self.check(&header)?;
                let Status::Complete(frame) = Frame::parse(input, 0) else {
                    return Ok(0);
                };
                self.frame(now, &frame)?;
                Ok(frame.len)
            }
            Stage::Over => Ok(input.len()),
        }
    }

    /// RFC 9113 3.4. Our own preface is SETTINGS; where the client's is none, it comes first all the
    /// same.
    fn preface(&mut self, input: &[u8]) -> Result<usize, Fatal> {
        let length = input.len().min(PREFACE.len());
        if input[..length] != PREFACE[..length] {
            self.announce();
            return Err(ErrorCode::PROTOCOL_ERROR);
        }
        if length < PREFACE.len() {
            return Ok(0);
        }
        self.announce();
        self.stage = Stage::Settings;
        Ok(length)
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

    /// What the header of a frame shows is not waited for.
    fn check(&self, header: &FrameHeader) -> Result<(), Fatal> {
        let goes_on =
            |block: &Block| (header.kind, header.stream) == (kind::CONTINUATION, block.stream);
        let is_alone = header.kind != kind::CONTINUATION;
        if self.stage == Stage::Settings && header.kind != kind::SETTINGS
            || !self.block.as_ref().map_or(is_alone, goes_on)
        {
            return Err(ErrorCode::PROTOCOL_ERROR);
        }
        if header.announced > MAX_FRAME {
            return Err(ErrorCode::FRAME_SIZE_ERROR);
        }
        Ok(())
    }

    fn frame(&mut self, now: SystemTime, frame: &Frame<'_>) -> Result<(), Fatal> {
        check::frame(frame)?;
        match frame.kind {
            kind::DATA => self.data(now, frame),
            kind::HEADERS | kind::CONTINUATION => self.fragment(now, frame),
            kind::SETTINGS => self.settings(frame),
            kind::PING => {
                let is_deaf = self.config.errs_at(Point::Http2PingAckOmitted);
                if let Some(octets) = frame.ping().filter(|_| !frame.has(flag::ACK) && !is_deaf) {
                    self.output.frame(&write::ping(flag::ACK, octets));
                }
                Ok(())
            }
            kind::RST_STREAM => {
                self.known(frame.stream)?;
                let is_tunnel = self.streams.get(&frame.stream).is_some_and(Stream::is_tunnel);
                self.forget(frame.stream);
                match is_tunnel && self.config.errs_at(Point::Http2TunnelResetEndsAll) {
                    true => Err(ErrorCode::CANCEL),
                    false => Ok(()),
                }
            }
            kind::WINDOW_UPDATE => self.window_update(frame),
            // Unknown frames mean nothing (RFC 9113 4.1, 5.5); priorities are deprecated, and after
            // GOAWAY the client still wants its answers.
            _ => Ok(()),
        }
    }

    fn settings(&mut self, frame: &Frame<'_>) -> Result<(), Fatal> {
        if frame.has(flag::ACK) {
            return Ok(());
        }
        let settings = frame.settings().ok_or(ErrorCode::FRAME_SIZE_ERROR)?;
        check::values(&settings)?;
        if faults::objects_to_settings(&self.config, &settings) {
            return Err(ErrorCode::PROTOCOL_ERROR);
        }
        if !self.config.errs_at(Point::Http2SettingsAckOmitted) {
            self.output.frame(&write::settings_ack());
        }
        self.stage = Stage::Open;
        self.output.configure(&settings)
    }

    fn window_update(&mut self, frame: &Frame<'_>) -> Result<(), Fatal> {
        self.known(frame.stream)?;
        let increment = frame.window_update().ok_or(ErrorCode::FRAME_SIZE_ERROR)?;
        let result = match increment {
            0 => Err(ErrorCode::PROTOCOL_ERROR),
            _ => self.output.credit(frame.stream, increment),
        };
        match result {
            Err(code) if frame.stream != 0 => {
                self.reset(frame.stream, code);
                Ok(())
            }
            result => result,
        }
    }

    /// Adds to a header block, and reads it once it is complete (RFC 9113 4.3).
    fn fragment(&mut self, now: SystemTime, frame: &Frame<'_>) -> Result<(), Fatal> {
        let fragment = frame.fragment().ok_or(ErrorCode::PROTOCOL_ERROR)?;
        let mut block = self.block.take().unwrap_or_else(|| Block {
            stream: frame.stream,
            ends_stream: frame.has(flag::END_STREAM),
            octets: Vec::new(),
        });
        block.octets.extend_from_slice(fragment);
        if block.octets.len() > MAX_BLOCK {
            return Err(ErrorCode::ENHANCE_YOUR_CALM);
        }
        if !frame.has(flag::END_HEADERS) {
            self.block = Some(block);
            return Ok(());
        }
        let section = self.decoder.decode(&block.octets).map_err(|fault| match fault {
            BlockFault::Malformed => ErrorCode::COMPRESSION_ERROR,
            BlockFault::TooLarge => ErrorCode::ENHANCE_YOUR_CALM,
        })?;
        self.section(now, block.stream, &section, block.ends_stream)
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
        let answer = exchange::translated(answer);
        let (section, content) = exchange::answer(&self.config, answer, now);
        match is_interim {
            // Only a fault has nothing to say after it.
            true => self.output.headers(stream, &section, 0),
            false => self.respond(stream, &section, &content),
        }
    }
}

/// How many streams may be open at a time.
const MAX_STREAMS: usize = 100;
/// How many streams are remembered that we reset.
const MAX_RESET: usize = 1000;
/// The longest header block.
const MAX_BLOCK: usize = 64 * 1024;

#[cfg(test)]
mod tests;
