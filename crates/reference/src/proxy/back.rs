//! HTTP/2 to the origin (RFC 9113, RFC 8441), without I/O: one connection with one stream. A relay writes a request in
//! HTTP/1.1 and reads its answer so; here it becomes frames, and a handshake an extended CONNECT.

mod answer;
pub(super) mod link;
mod request;

use std::sync::Arc;

use upspec_handshake::h2::{
    ErrorCode, Event, EventKind, HeaderList, PREFACE, Reader, flag, setting, write,
};
use upspec_handshake::{HeadReader, Party, RequestHead, Status};

use super::config::ProxyConfig;
use super::content::Progress;
use super::exchange::Passage;
use super::fault::Point;
use super::response::content;
use crate::http2::{check, output::Output};
use answer::Answer;

/// What has happened.
#[derive(Clone, Copy, Debug)]
pub(super) enum BackEvent<'o> {
    /// The relay writes this.
    Relay(&'o [u8]),
    /// It writes no more.
    RelayEnd,
    /// It breaks off.
    RelayReset,
    /// The origin sent this.
    Origin(&'o [u8]),
    /// The origin has ended, or is gone.
    OriginEnd,
}

/// What the owner of the connection must do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum BackAction {
    /// Write this to the origin.
    ToOrigin(Vec<u8>),
    /// The relay reads this.
    ToRelay(Vec<u8>),
    /// It reads no more.
    EndRelay,
    /// The origin has broken off.
    ResetRelay,
    /// End the connection to the origin when all is written.
    Close,
}

/// One connection to an origin that speaks HTTP/2.
pub(super) struct Back {
    config: Arc<ProxyConfig>,
    reader: Reader,
    output: Output,
    /// What the relay has written and nobody has read.
    input: Vec<u8>,
    heads: HeadReader,
    /// The head of the request, in HTTP/1.1.
    asked: Vec<u8>,
    stage: Stage,
    answer: Answer,
    /// Whether the origin allows extended CONNECT, once its SETTINGS have come (RFC 8441 3).
    allows_connect: Option<bool>,
    is_over: bool,
    actions: Vec<BackAction>,
}

/// How far the request has come.
enum Stage {
    /// Its head is awaited.
    Head,
    /// A handshake waits for the SETTINGS of the origin.
    Settings,
    /// Its content goes on.
    Content(Passage),
    /// It is an extended CONNECT: what comes behind it waits for the answer.
    Connect,
    /// Octets go both ways.
    Tunnel,
    /// It is all sent.
    Sent,
}

impl Back {
    pub(super) fn new(config: Arc<ProxyConfig>) -> Self {
        let mut output = Output::new(Arc::new(|_| false));
        output.frame(PREFACE);
        output.frame(&write::settings(&[(setting::ENABLE_PUSH, 0)]));
        output.open(STREAM);
        Self {
            config,
            reader: Reader::new(Party::Server),
            output,
            input: Vec::new(),
            heads: HeadReader::default(),
            asked: Vec::new(),
            stage: Stage::Head,
            answer: Answer::Awaited,
            allows_connect: None,
            is_over: false,
            actions: Vec::new(),
        }
    }

    /// Takes what has happened.
    pub(super) fn take(&mut self, event: BackEvent<'_>) -> Vec<BackAction> {
        match event {
            _ if self.is_over => {}
            BackEvent::Relay(octets) => {
                self.input.extend_from_slice(octets);
                self.go_on();
            }
            BackEvent::RelayEnd => self.relay_ended(),
            BackEvent::RelayReset => self.leave(Some(ErrorCode::CANCEL)),
            BackEvent::Origin(octets) => self.receive(octets),
            BackEvent::OriginEnd => self.origin_ended(),
        }
        let octets = self.output.take();
        if !octets.is_empty() {
            self.actions.insert(0, BackAction::ToOrigin(octets));
        }
        std::mem::take(&mut self.actions)
    }

    /// Sends as much of the request as is there.
    fn go_on(&mut self) {
        while self.step() {}
    }

    /// Whether something came of it.
    fn step(&mut self) -> bool {
        match &mut self.stage {
            Stage::Head => {
                let Status::Complete(head) = self.heads.request(&self.input) else {
                    return false;
                };
                let (length, connects) = (head.len, request::connects(&head));
                self.asked = self.input.drain(..length).collect();
                self.stage = Stage::Settings;
                if !connects {
                    self.ask(false);
                }
                true
            }
            Stage::Settings => match self.allows_connect {
                Some(allows) => {
                    self.ask(allows);
                    true
                }
                None => false,
            },
            Stage::Content(passage) => {
                let (octets, progress) = passage.read(&mut self.input);
                match progress {
                    Progress::Ended => {
                        self.output.finish(STREAM, &octets);
                        self.stage = Stage::Sent;
                    }
                    Progress::Partial => drop(self.output.data(STREAM, &octets)),
                    Progress::Malformed => self.leave(Some(ErrorCode::CANCEL)),
                }
                false
            }
            Stage::Connect if !self.config.errs_at(Point::BackEarlyData) => false,
            Stage::Connect | Stage::Tunnel => {
                let octets = std::mem::take(&mut self.input);
                self.output.data(STREAM, &octets);
                false
            }
            Stage::Sent => false,
        }
    }

    /// Sends the head: as an extended CONNECT, or as the request that it is.
    fn ask(&mut self, connects: bool) {
        let asked = std::mem::take(&mut self.asked);
        let Status::Complete(head) = RequestHead::parse(&asked) else {
            return self.leave(None);
        };
        let (list, framing) = request::written(&self.config, &head, connects);
        let passage = Passage::of(content(framing));
        let is_empty = matches!(framing, upspec_handshake::field::framing::Framing::None);
        let ends = is_empty && !connects;
        self.output.headers(STREAM, &list, if ends { flag::END_STREAM } else { 0 });
        self.stage = match (connects, is_empty) {
            (true, _) => Stage::Connect,
            (false, true) => Stage::Sent,
            (false, false) => Stage::Content(passage),
        };
        self.asked = asked;
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
    }

    fn event(&mut self, event: Event) -> Result<(), ErrorCode> {
        let is_ours = event.stream == STREAM;
        match event.kind {
            EventKind::Settings(settings) => {
                check::values(&settings)?;
                self.output.frame(&write::settings_ack());
                self.output.configure(&settings)?;
                let allows = settings.contains(&(setting::ENABLE_CONNECT_PROTOCOL, 1));
                self.allows_connect = Some(allows || self.allows_connect == Some(true));
                self.go_on();
            }
            EventKind::Ping(octets) => self.output.frame(&write::ping(flag::ACK, octets)),
            EventKind::Headers { list, end_stream } if is_ours => self.section(&list, end_stream),
            EventKind::Data { octets, flow, end_stream } if is_ours => {
                let flow = u32::try_from(flow).unwrap_or(u32::MAX >> 1);
                if flow > 0 {
                    self.output.frame(&write::window_update(0, flow));
                }
                if flow > 0 && !end_stream {
                    self.output.frame(&write::window_update(STREAM, flow));
                }
                self.data(&octets, end_stream);
            }
            EventKind::Reset(_) if is_ours => self.origin_reset(),
            EventKind::WindowUpdate(0) => return Err(ErrorCode::PROTOCOL_ERROR),
            EventKind::WindowUpdate(increment) => {
                return self.output.credit(event.stream, increment);
            }
            // It has not seen our request, or gives up.
            EventKind::GoAway { last_stream, code, .. } => {
                if last_stream < STREAM || code != ErrorCode::NO_ERROR {
                    self.leave(None);
                }
            }
            EventKind::Violation(kind) => return Err(kind.code()),
            // We have allowed no pushes, and opened no other stream (RFC 9113 8.4, 5.1).
            EventKind::Push { .. }
            | EventKind::Headers { .. }
            | EventKind::Data { .. }
            | EventKind::Reset(_) => return Err(ErrorCode::PROTOCOL_ERROR),
            EventKind::PingAck(_)
            | EventKind::Preface
            | EventKind::Priority
            | EventKind::SettingsAck
            | EventKind::Unknown(_) => {}
        }
        Ok(())
    }

    fn relay_ended(&mut self) {
        match self.stage {
            // An end of its side is END_STREAM (RFC 8441 5).
            Stage::Tunnel if self.config.errs_at(Point::BackClientEndUntold) => {}
            Stage::Tunnel => self.output.finish(STREAM, &[]),
            _ if self.answer.is_complete() => self.leave(None),
            _ => self.leave(Some(ErrorCode::CANCEL)),
        }
    }

    fn origin_ended(&mut self) {
        self.is_over = true;
        let action = match self.answer.is_complete() {
            true => BackAction::EndRelay,
            false => BackAction::ResetRelay,
        };
        self.actions.extend([action, BackAction::Close]);
    }

    /// Ends the stream with an error, if there is one, and with it the connection.
    fn leave(&mut self, code: Option<ErrorCode>) {
        self.output.forget(STREAM);
        if let Some(code) = code {
            self.output.frame(&write::rst_stream(STREAM, code));
        }
        self.fail(ErrorCode::NO_ERROR);
    }

    /// Ends the connection (RFC 9113 5.4.1).
    fn fail(&mut self, code: ErrorCode) {
        self.output.frame(&write::goaway(0, code, b""));
        self.is_over = true;
        let action = match self.answer.is_complete() {
            true => BackAction::EndRelay,
            false => BackAction::ResetRelay,
        };
        self.actions.extend([action, BackAction::Close]);
    }

    fn tell_relay(&mut self, octets: Vec<u8>) {
        if !octets.is_empty() {
            self.actions.push(BackAction::ToRelay(octets));
        }
    }

    /// A response that is malformed is none (RFC 9113 8.1.1).
    fn is_malformed(&self, list: &HeaderList) -> bool {
        use upspec_handshake::h2::message::{ListKind, violations};
        let is_checked = !self.config.errs_at(Point::BackMalformedPassed);
        let is_taken = list.status() == Some(101) && self.config.errs_at(Point::BackSwitchTaken);
        is_checked && !is_taken && !violations(list, ListKind::Response).is_empty()
    }
}

/// The only stream.
const STREAM: u32 = 1;
