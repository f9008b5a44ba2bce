//! The client after the 101: says its text, tells of messages, answers Ping and Close, fails on violations
//! (RFC 6455 5, 7; RFC 7692 6, 7.2). It closes when its text comes back.

mod faults;

use std::sync::Arc;

use upspec_handshake::field::deflate;
use upspec_handshake::frame::{
    Compression, Frame, FrameHeader, FrameReader, FrameViolation, opcode, write,
};
use upspec_handshake::{Party, Status};

use super::config::ClientConfig;
use super::fault::Point;
use super::random::Random;
use super::report::ClientReport;
use super::session::ClientAction;
use super::variation::Way;
use crate::fault::Point as TunnelPoint;
use crate::tunnel::outgoing::{Outgoing, WINDOW_BITS};
use crate::tunnel::{MAX_MESSAGE, Message, NOT_UTF8, PROTOCOL_ERROR, TOO_BIG};

/// One WebSocket connection.
pub(crate) struct Tunnel {
    config: Arc<ClientConfig>,
    random: Random,
    frames: FrameReader,
    message: Message,
    outgoing: Outgoing,
    input: Vec<u8>,
    actions: Vec<ClientAction>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Frames are read and answered.
    Open,
    /// Our Close is out, the other's is awaited.
    Closing,
    /// Both are there: nothing is awaited but the end of the connection.
    Closed,
    /// The connection has failed; nothing more is read.
    Failed,
    /// A fault reads on after it has failed.
    FailedAndReading,
    /// A fault reads no more, and says nothing.
    Deaf,
}

impl Tunnel {
    /// A tunnel on which this was agreed about permessage-deflate.
    pub(crate) fn new(
        config: Arc<ClientConfig>,
        agreed: Option<deflate::Answer>,
        random: Random,
    ) -> Self {
        let compression = match agreed {
            Some(_) => Compression::PermessageDeflate,
            None => Compression::None,
        };
        let window = agreed.map(|agreed| agreed.client_max_window_bits.unwrap_or(WINDOW_BITS));
        Self {
            config,
            random,
            frames: FrameReader::new(Party::Server, compression),
            message: Message::new(compression),
            outgoing: Outgoing::eager(window),
            input: Vec::new(),
            actions: Vec::new(),
            state: State::Open,
        }
    }

    /// Says what the client has to say by itself.
    pub(crate) fn begin(&mut self) -> Vec<ClientAction> {
        let is_silent = self.config.goes(Way::Silent) || self.config.goes(Way::ClosesAtOnce);
        if let Some(text) = self.config.text.clone().filter(|_| !is_silent) {
            for (opcode, data) in faults::says(&self.config, &text) {
                self.say(opcode, &data);
            }
        }
        if self.config.goes(Way::ClosesAtOnce) || self.config.errs_at(Point::ClosesWithReservedCode)
        {
            self.begin_closing();
        }
        std::mem::take(&mut self.actions)
    }

    /// Takes octets of the server.
    pub(crate) fn receive(&mut self, octets: &[u8]) -> Vec<ClientAction> {
        self.input.extend_from_slice(octets);
        let mut read = 0;
        while self.is_reading() {
            match self.step(read) {
                0 => break,
                length => read += length,
            }
            if self.errs(TunnelPoint::OneFramePerRead) {
                read = self.input.len();
            }
        }
        if !self.is_reading() || self.errs(TunnelPoint::PartOfFrameLost) {
            read = self.input.len();
        }
        self.input.drain(..read);
        std::mem::take(&mut self.actions)
    }

    /// The server has ended the connection (RFC 6455 7.1.1, 7.2.1).
    pub(crate) fn end(&mut self) -> Vec<ClientAction> {
        if self.config.errs_at(Point::EndIgnored) || self.state == State::Deaf {
            return Vec::new();
        }
        if matches!(self.state, State::Open | State::Closing) {
            self.tell_failure("the server ended the connection without a Close frame");
        }
        self.actions.push(ClientAction::Close);
        self.state = State::Failed;
        std::mem::take(&mut self.actions)
    }

    /// Leaves because the server is silent.
    pub(crate) fn go_away(&mut self) -> Vec<ClientAction> {
        self.fail(GOING_AWAY, "the server is silent");
        self.actions.push(ClientAction::Close);
        std::mem::take(&mut self.actions)
    }

    /// Sends what a fault sends where nothing may be sent any more.
    pub(crate) fn talk_on(&mut self) -> Vec<ClientAction> {
        self.say(opcode::TEXT, b"anyone?");
        std::mem::take(&mut self.actions)
    }

    fn errs(&self, point: TunnelPoint) -> bool {
        self.config.errs_in_tunnel_at(point)
    }

    fn is_reading(&self) -> bool {
        match self.state {
            State::Open | State::Closing | State::FailedAndReading => true,
            State::Closed | State::Failed | State::Deaf => false,
        }
    }

    /// Reads one frame; how many octets it took, none if it is not complete.
    fn step(&mut self, at: usize) -> usize {
        let input = std::mem::take(&mut self.input);
        let taken = self.step_in(&input[at..]);
        self.input = input;
        taken
    }

    fn step_in(&mut self, input: &[u8]) -> usize {
        if faults::dies(&self.config, input) {
            self.die();
            return input.len();
        }
        if self.config.errs_at(Point::HttpSkipped)
            && let Some(length) = faults::response(input)
        {
            return length;
        }
        let Status::Complete(header) = FrameHeader::parse(input) else {
            return 0;
        };
        if header.announced > MAX_MESSAGE as u64 {
            return self.too_long(&header, input);
        }
        let Status::Complete(frame) = self.frames.read(input) else {
            return self.step_partial(&header, input.len());
        };
        match self.wrong(&frame) {
            _ if faults::loses(&self.config, &frame, &self.message) => {}
            Some((code, why)) => self.fail(code, why),
            None => self.process(&frame),
        }
        frame.len
    }

    /// What announces more than we take.
    fn too_long(&mut self, header: &FrameHeader, input: &[u8]) -> usize {
        let is_negative = header.violations.contains(&FrameViolation::LengthTopBit);
        if is_negative && self.overlooks(FrameViolation::LengthTopBit) {
            let mut read = input.to_vec();
            read[2] &= 0x7f;
            return self.step_in(&read);
        }
        match is_negative {
            true => self.fail(PROTOCOL_ERROR, FrameViolation::LengthTopBit.describe()),
            false => self.fail(TOO_BIG, "a frame is too long"),
        }
        input.len()
    }

    /// Looks at a frame whose payload is not complete: what its header shows is not waited for.
    fn step_partial(&mut self, header: &FrameHeader, length: usize) -> usize {
        let masked = header.mask.map(|_| FrameViolation::MaskedByServer);
        let mut violations = header.violations.iter().copied().chain(masked);
        match violations.find(|violation| !self.overlooks(*violation)) {
            None => 0,
            Some(violation) => {
                self.fail(PROTOCOL_ERROR, violation.describe());
                length
            }
        }
    }

    fn overlooks(&self, violation: FrameViolation) -> bool {
        // A length in a longer form than it needs is read: no rule has a receiver fail on it.
        violation == FrameViolation::LengthNotMinimal
            || faults::overlooks(&self.config, violation, &self.message)
    }

    /// The close code of a frame that is wrong, and what is wrong.
    fn wrong(&self, frame: &Frame<'_>) -> Option<(u16, &'static str)> {
        let violation = frame.violations.iter().find(|violation| !self.overlooks(**violation));
        match violation {
            Some(odd @ (FrameViolation::TextNotUtf8 | FrameViolation::CloseReasonNotUtf8)) => {
                Some((NOT_UTF8, odd.describe()))
            }
            Some(odd) => Some((PROTOCOL_ERROR, odd.describe())),
            None => faults::rejects(&self.config, frame, &self.message)
                .then_some((PROTOCOL_ERROR, "a frame is not understood")),
        }
    }

    fn process(&mut self, frame: &Frame<'_>) {
        match frame.opcode {
            opcode::CLOSE => self.close(&frame.payload, frame.close_code()),
            opcode::PING => {
                if let Some(payload) = faults::pong(&self.config, &frame.payload) {
                    self.write(opcode::PONG, &payload);
                }
            }
            opcode::CONTINUATION | opcode::TEXT | opcode::BINARY => {
                let config = Arc::clone(&self.config);
                let errs = |point| config.errs_in_tunnel_at(point);
                match self.message.add(&errs, frame, &frame.payload) {
                    Ok(Some((_, data))) => self.hear(data),
                    Ok(None) => {}
                    Err(TOO_BIG) => self.fail(TOO_BIG, "a message is too long"),
                    Err(code) => self.fail(code, "the data of a message are malformed"),
                }
            }
            // A Pong that nobody asked for (RFC 6455 5.5.3), or what a fault lets through.
            _ => {}
        }
    }

    /// Tells of a message; ours has come back when it is the text.
    fn hear(&mut self, data: Vec<u8>) {
        let text = self.config.text.as_ref().filter(|text| text.as_bytes() == data);
        let is_echo = text.is_some() && !self.config.goes(Way::Patient);
        for part in faults::told(&self.config, data) {
            self.actions.push(ClientAction::Report(ClientReport::Message(part)));
        }
        if is_echo && self.state == State::Open {
            self.begin_closing();
        }
    }

    fn begin_closing(&mut self) {
        let code = match self.config.errs_at(Point::ClosesWithReservedCode) {
            true => NO_CODE,
            false => NORMAL,
        };
        self.write(opcode::CLOSE, &code.to_be_bytes());
        self.state = State::Closing;
        self.actions.push(ClientAction::Linger);
        if self.config.errs_at(Point::TalksAfterClose) {
            self.say(opcode::TEXT, b"one more thing");
        }
    }

    /// Answers a Close frame, and waits for the server to end TCP (RFC 6455 5.5.1, 7.1.1).
    fn close(&mut self, body: &[u8], code: Option<u16>) {
        if self.errs(TunnelPoint::CloseIgnored) || self.state == State::FailedAndReading {
            return;
        }
        self.actions.push(ClientAction::Report(ClientReport::Close { code }));
        if self.state == State::Open && !self.errs(TunnelPoint::CloseAnswerOmitted) {
            let body = faults::close_body(&self.config, body);
            self.write(opcode::CLOSE, &body);
            if self.config.errs_at(Point::TalksAfterClose) {
                self.say(opcode::TEXT, b"one more thing");
            }
        }
        self.state = State::Closed;
        self.actions.push(match self.config.goes(Way::EndsFirst) {
            true => ClientAction::Close,
            false => ClientAction::Linger,
        });
    }

    /// Fails the connection (RFC 6455 7.1.7).
    fn fail(&mut self, code: u16, why: &str) {
        if self.state == State::FailedAndReading {
            return;
        }
        if code == TOO_BIG && self.config.errs_at(Point::DeafBeyondLimit) {
            self.state = State::Deaf;
            return;
        }
        if code == TOO_BIG && self.config.errs_at(Point::DiesBeyondLimit) {
            return self.die();
        }
        if self.state == State::Open && !self.errs(TunnelPoint::FailingWithoutClose) {
            self.write(opcode::CLOSE, &code.to_be_bytes());
        }
        self.tell_failure(why);
        if self.errs(TunnelPoint::ReadingAfterFailing) {
            self.state = State::FailedAndReading;
            return;
        }
        self.state = State::Failed;
        if !self.config.errs_at(Point::FailingWithoutEnd) {
            self.actions.push(ClientAction::Linger);
        }
    }

    fn die(&mut self) {
        self.actions.push(ClientAction::Die);
        self.state = State::Deaf;
    }

    fn tell_failure(&mut self, why: &str) {
        self.actions.push(ClientAction::Report(ClientReport::Error(why.to_owned())));
        self.actions.push(ClientAction::Report(ClientReport::Close { code: None }));
    }

    /// Sends a message.
    fn say(&mut self, opcode: u8, data: &[u8]) {
        let config = Arc::clone(&self.config);
        let errs = |point| config.errs_in_tunnel_at(point);
        let Some(payload) = self.outgoing.compressed(&errs, data) else {
            return self.write(opcode, data);
        };
        let mut frame = write(opcode, &payload, Some(self.mask()));
        frame[0] |= RSV1_BIT;
        let frame = faults::frame(&self.config, frame, &payload);
        self.actions.push(ClientAction::Write(frame));
    }

    fn write(&mut self, opcode: u8, payload: &[u8]) {
        let frame = write(opcode, payload, Some(self.mask()));
        let frame = faults::frame(&self.config, frame, payload);
        self.actions.push(ClientAction::Write(frame));
    }

    /// A masking key that nobody can tell beforehand (RFC 6455 5.3).
    fn mask(&mut self) -> [u8; 4] {
        match self.config.errs_at(Point::MaskConstant) {
            true => *b"mask",
            false => self.random.octets(),
        }
    }
}

/// The bit of a frame that says that its message is compressed (RFC 7692 6).
const RSV1_BIT: u8 = 0x40;

/// The close codes of RFC 6455 7.4.1 that only a client uses, or a faulty one.
const NORMAL: u16 = 1000;
const GOING_AWAY: u16 = 1001;
const NO_CODE: u16 = 1005;
