//! The server after the 101: echoes messages, answers Ping and Close, fails on violations
//! (RFC 6455 5, 7; RFC 7692 6, 7.2). It sends no message that it did not receive.

mod faults;
pub(crate) mod message;
pub(crate) mod outgoing;

use std::sync::Arc;
use upspec_handshake::Party;
use upspec_handshake::field::deflate;

use upspec_handshake::Status;
use upspec_handshake::frame::{
    Compression, Frame, FrameHeader, FrameReader, FrameViolation, opcode, write,
};

use crate::config::{Config, Variation};
use crate::fault::Point;
use crate::session::Action;
pub(crate) use message::Message;
use outgoing::{Outgoing, WINDOW_BITS};

/// One WebSocket connection.
pub(crate) struct Tunnel {
    config: Arc<Config>,
    frames: FrameReader,
    message: Message,
    outgoing: Outgoing,
    actions: Vec<Action>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Frames are read and answered.
    Open,
    /// A fault keeps the connection open after its end.
    Lingering,
    /// Nothing more is read or written.
    Over,
}

impl Tunnel {
    /// A tunnel on which this was agreed about permessage-deflate.
    pub(crate) fn new(config: Arc<Config>, agreed: Option<deflate::Answer>) -> Self {
        let compression = match agreed {
            Some(_) => Compression::PermessageDeflate,
            None => Compression::None,
        };
        let mut tunnel = Self {
            message: Message::new(compression),
            outgoing: Outgoing::new(
                agreed.map(|agreed| agreed.server_max_window_bits.unwrap_or(WINDOW_BITS)),
            ),
            frames: FrameReader::new(Party::Client, compression),
            config,
            actions: Vec::new(),
            state: State::Open,
        };
        if tunnel.config.varies(Variation::UnsolicitedPong) {
            tunnel.write(opcode::PONG, b"still here");
        }
        tunnel
    }

    /// Takes it that the client has hinted at doing without context takeover.
    pub(crate) fn heed_takeover_hint(&mut self) {
        self.message.is_hinted = true;
    }

    /// Takes the frames at the start of `input` that are complete, and says whether it was the last
    /// time.
    pub(crate) fn receive(&mut self, input: &mut Vec<u8>) -> (Vec<Action>, bool) {
        let mut read = 0;
        while self.state != State::Over {
            match self.step(&input[read..]) {
                0 => break,
                length => read += length,
            }
            if self.config.errs_at(Point::OneFramePerRead) {
                read = input.len();
            }
        }
        if self.config.errs_at(Point::PartOfFrameLost) {
            read = input.len();
        }
        input.drain(..read);
        (std::mem::take(&mut self.actions), self.state == State::Over)
    }

    /// Ends the connection because the client is silent.
    pub(crate) fn go_away(&mut self) -> Vec<Action> {
        self.fail(GOING_AWAY);
        std::mem::take(&mut self.actions)
    }

    /// Ends the connection because the client has ended its side; that nothing is said any more only faults forget.
    pub(crate) fn clean_up(&mut self) -> Vec<Action> {
        if self.config.errs_at(Point::ContinuationAtEnd) {
            self.write(opcode::CONTINUATION, b"");
        }
        if self.config.errs_at(Point::ResponseAtEnd) {
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
            self.actions.push(Action::Write(answer.to_vec()));
        }
        self.end();
        std::mem::take(&mut self.actions)
    }

    /// Reads one frame; how many octets it took, none if it is not complete.
    fn step(&mut self, input: &[u8]) -> usize {
        if self.config.errs_at(Point::HttpInTunnel) && input.starts_with(b"GET ") {
            let answer = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
            self.actions.push(Action::Write(answer.to_vec()));
            return input.len();
        }
        let Status::Complete(header) = FrameHeader::parse(input) else {
            return 0;
        };
        if let Some(length) = faults::misparsed(&self.config, &header, input.len()) {
            return length;
        }
        if header.announced > MAX_MESSAGE as u64 {
            let is_negative = header.violations.contains(&FrameViolation::LengthTopBit);
            self.fail(if is_negative { PROTOCOL_ERROR } else { TOO_BIG });
            return input.len();
        }
        let Status::Complete(frame) = self.frames.read(input) else {
            return self.step_partial(&header, input.len());
        };
        match self.wrong(&frame) {
            Some(code) => self.fail(code),
            None if self.config.errs_at(Point::ZeroMaskUnseen) && header.mask == Some([0; 4]) => {
                self.fail(PROTOCOL_ERROR);
            }
            None if faults::loses(&self.config, &frame) => {}
            None => self.process(&frame),
        }
        frame.len
    }

    /// Looks at a frame whose payload is not complete: what its header shows is not waited for.
    fn step_partial(&mut self, header: &FrameHeader, length: usize) -> usize {
        let unmasked = header.mask.is_none().then_some(FrameViolation::UnmaskedByClient);
        let mut violations = header.violations.iter().copied().chain(unmasked);
        let overlooks = |violation| faults::overlooks(&self.config, violation, &self.message);
        if violations.all(overlooks) {
            return 0;
        }
        self.fail(PROTOCOL_ERROR);
        length
    }

    /// The close code of a frame that is wrong.
    fn wrong(&self, frame: &Frame<'_>) -> Option<u16> {
        let overlooks = |violation| faults::overlooks(&self.config, violation, &self.message);
        let violation = frame.violations.iter().find(|violation| !overlooks(**violation));
        match violation {
            Some(FrameViolation::TextNotUtf8 | FrameViolation::CloseReasonNotUtf8) => {
                Some(NOT_UTF8)
            }
            Some(_) => Some(PROTOCOL_ERROR),
            None => faults::rejects(&self.config, frame, &self.message).then_some(PROTOCOL_ERROR),
        }
    }

    fn process(&mut self, frame: &Frame<'_>) {
        let payload = faults::payload(&self.config, frame);
        match frame.opcode {
            opcode::CLOSE => self.close(&payload),
            opcode::PING => {
                if let Some(payload) = faults::pong(&self.config, &payload) {
                    self.write(opcode::PONG, payload);
                }
            }
            opcode::CONTINUATION | opcode::TEXT | opcode::BINARY => {
                let errs = |point| self.config.errs_at(point);
                match self.message.add(&errs, frame, &payload) {
                    Ok(Some((kind, data))) => self.answer(kind, &data),
                    Ok(None) => {}
                    Err(code) => self.fail(code),
                }
            }
            // A Pong that nobody asked for (RFC 6455 5.5.3), or what a fault lets through.
            _ => {}
        }
    }

    /// Answers a Close frame and closes (RFC 6455 5.5.1).
    fn close(&mut self, body: &[u8]) {
        if self.state == State::Lingering || self.config.errs_at(Point::CloseIgnored) {
            return;
        }
        let body = faults::close_body(&self.config, body);
        if !self.config.errs_at(Point::CloseAnswerOmitted) {
            self.write(opcode::CLOSE, body);
        }
        if self.config.errs_at(Point::OpenAfterClose) {
            self.state = State::Over;
        } else if self.config.errs_at(Point::ReadingAfterClose) {
            self.state = State::Lingering;
        } else {
            self.end();
        }
    }

    /// Fails the connection (RFC 6455 7.1.7).
    fn fail(&mut self, code: u16) {
        if self.state == State::Lingering {
            return;
        }
        if !self.config.errs_at(Point::FailingWithoutClose) {
            self.write(opcode::CLOSE, &code.to_be_bytes());
        }
        if self.config.errs_at(Point::OpenAfterFailing) {
            self.state = State::Over;
        } else if self.config.errs_at(Point::ReadingAfterFailing) {
            self.state = State::Lingering;
        } else {
            self.end();
        }
    }

    fn end(&mut self) {
        self.actions.push(Action::Close);
        self.state = State::Over;
    }

    /// Sends a message back.
    fn answer(&mut self, opcode: u8, data: &[u8]) {
        let errs = |point| self.config.errs_at(point);
        let Some(payload) = self.outgoing.compressed(&errs, data) else {
            return self.write(opcode, data);
        };
        let mut frame = write(opcode, &payload, None);
        frame[0] |= RSV1_BIT;
        let frame = faults::frame(&self.config, frame, &payload);
        self.actions.push(Action::Write(frame));
    }

    fn write(&mut self, opcode: u8, payload: &[u8]) {
        let frame = write(opcode, payload, None);
        let frame = faults::frame(&self.config, frame, payload);
        self.actions.push(Action::Write(frame));
    }
}

/// The bit of a frame that says that its message is compressed (RFC 7692 6).
const RSV1_BIT: u8 = 0x40;

/// The largest message, and the largest frame, that is read.
pub(crate) const MAX_MESSAGE: usize = 1 << 20;

/// The close codes of RFC 6455 7.4.1 that the server uses.
const GOING_AWAY: u16 = 1001;
pub(crate) const PROTOCOL_ERROR: u16 = 1002;
pub(crate) const NOT_UTF8: u16 = 1007;
pub(crate) const TOO_BIG: u16 = 1009;
