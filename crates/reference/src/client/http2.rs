//! A WebSocket over HTTP/2 (RFC 8441), without I/O: octets in, actions out. One stream, and no other request.
//! Sends no `:protocol` before the server has announced that it may come (RFC 8441 3).

mod answer;

use std::sync::Arc;

use upspec_handshake::Party;
use upspec_handshake::h2::{
    ErrorCode, Event, EventKind, HeaderList, PREFACE, Reader, flag, setting, write,
};

use super::attempt::Attempt;
use super::config::ClientConfig;
use super::fault::Point;
use super::random::Random;
use super::report::ClientReport;
use super::request::Asked;
use super::session::ClientAction;
use super::tunnel::Tunnel;
use super::variation::Way;
use crate::http2::check;
use crate::http2::output::Output;
use answer::Verdict;

/// One connection that speaks HTTP/2.
pub(crate) struct Http2 {
    config: Arc<ClientConfig>,
    attempt: Attempt,
    random: Random,
    reader: Reader,
    output: Output,
    request: HeaderList,
    stage: Stage,
    /// The only stream.
    stream: u32,
    actions: Vec<ClientAction>,
}

enum Stage {
    /// The settings of the server are awaited.
    New,
    /// The response is awaited.
    Asked,
    /// WebSocket.
    Tunnel(Box<Tunnel>),
    /// The stream is over; the connection still answers.
    Done,
    /// Nothing more is read.
    Over,
}

impl Http2 {
    /// A connection for which HTTP/2 has been agreed (RFC 9113 3.2).
    pub(crate) fn new(config: Arc<ClientConfig>, attempt: Attempt, random: Random) -> Self {
        let stream = if config.goes(Way::LaterStream) { 3 } else { 1 };
        let errs = Arc::clone(&config);
        Self {
            request: Asked::list(&config, &attempt),
            output: Output::new(Arc::new(move |point| errs.errs_in_tunnel_at(point))),
            reader: Reader::new(Party::Server),
            config,
            attempt,
            random,
            stage: Stage::New,
            stream,
            actions: Vec::new(),
        }
    }

    /// Sends the preface (RFC 9113 3.4).
    pub(crate) fn begin(&mut self) -> Vec<ClientAction> {
        self.output.frame(PREFACE);
        self.output.frame(&write::settings(&[(setting::ENABLE_PUSH, 0)]));
        if self.config.errs_at(Point::Http2SettingUnawaited) {
            self.ask();
        }
        self.done()
    }

    /// Takes octets of the server.
    pub(crate) fn receive(&mut self, octets: &[u8]) -> Vec<ClientAction> {
        for event in self.reader.feed(octets) {
            if matches!(self.stage, Stage::Over) {
                break;
            }
            if let Err(code) = self.event(event) {
                self.break_off(code);
            }
        }
        self.done()
    }

    /// The server has ended the connection.
    pub(crate) fn end(&mut self) -> Vec<ClientAction> {
        if self.config.errs_at(Point::EndIgnored) {
            return Vec::new();
        }
        match &mut self.stage {
            Stage::Tunnel(tunnel) => {
                let actions = tunnel.end();
                self.actions.extend(actions);
            }
            Stage::New | Stage::Asked => self.tell("the connection ended before an answer"),
            Stage::Done | Stage::Over => {}
        }
        self.actions.push(ClientAction::Close);
        self.stage = Stage::Over;
        self.done()
    }

    /// Gives up on a silent server (RFC 9113 6.8).
    pub(crate) fn silence(&mut self) -> Vec<ClientAction> {
        self.tell("the server is silent");
        self.leave();
        self.done()
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Tunnel(_))
    }

    /// What is told comes first, then what is written, then the end.
    fn done(&mut self) -> Vec<ClientAction> {
        let octets = self.output.take();
        let written = (!octets.is_empty()).then_some(ClientAction::Write(octets));
        let is_told = |action: &ClientAction| matches!(action, ClientAction::Report(_));
        let (told, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.actions).into_iter().partition(is_told);
        told.into_iter().chain(written).chain(rest).collect()
    }

    fn event(&mut self, event: Event) -> Result<(), ErrorCode> {
        let is_ours = event.stream == self.stream;
        match event.kind {
            EventKind::Settings(settings) => self.settings(&settings),
            EventKind::Headers { list, end_stream } if is_ours => {
                self.section(&list, end_stream);
                Ok(())
            }
            EventKind::Data { octets, flow, end_stream } if is_ours => {
                self.data(&octets, flow, end_stream);
                Ok(())
            }
            EventKind::Reset(code) if is_ours => {
                self.reset(code);
                Ok(())
            }
            EventKind::Ping(octets) => {
                self.output.frame(&write::ping(flag::ACK, octets));
                if self.config.errs_at(Point::Http2ResetIgnored) {
                    self.talk_on();
                }
                Ok(())
            }
            EventKind::WindowUpdate(0) => Err(ErrorCode::PROTOCOL_ERROR),
            EventKind::WindowUpdate(increment) => self.output.credit(event.stream, increment),
            EventKind::GoAway { last_stream: 0, .. }
                if matches!(self.stage, Stage::New | Stage::Asked) =>
            {
                self.tell("the server ends the connection");
                self.leave();
                Ok(())
            }
            EventKind::Violation(kind) => Err(kind.code()),
            // We have allowed no pushes, and opened no other stream (RFC 9113 8.4, 5.1).
            EventKind::Push { .. }
            | EventKind::Headers { .. }
            | EventKind::Data { .. }
            | EventKind::Reset(_) => Err(ErrorCode::PROTOCOL_ERROR),
            EventKind::GoAway { .. }
            | EventKind::PingAck(_)
            | EventKind::Preface
            | EventKind::Priority
            | EventKind::SettingsAck
            | EventKind::Unknown(_) => Ok(()),
        }
    }

    /// Asks as soon as the server lets us, or goes over to HTTP/1.1 where it does not (RFC 8441 3).
    fn settings(&mut self, settings: &[(u16, u32)]) -> Result<(), ErrorCode> {
        check::values(settings)?;
        self.output.frame(&write::settings_ack());
        self.output.configure(settings)?;
        if matches!(self.stage, Stage::New) {
            match settings.contains(&(setting::ENABLE_CONNECT_PROTOCOL, 1)) {
                true => self.ask(),
                false if self.config.goes(Way::Http2Only) => {
                    self.tell("the server does not allow WebSocket over HTTP/2");
                    self.leave();
                }
                false => {
                    let next = Attempt { is_http1_only: true, ..self.attempt.next() };
                    self.output.frame(&write::goaway(0, ErrorCode::NO_ERROR, b""));
                    self.actions.push(ClientAction::Again(Box::new(next)));
                    self.stage = Stage::Over;
                }
            }
        }
        Ok(())
    }

    fn ask(&mut self) {
        self.output.open(self.stream);
        self.output.headers(self.stream, &self.request, 0);
        self.stage = Stage::Asked;
    }

    fn section(&mut self, list: &HeaderList, end_stream: bool) {
        match &self.stage {
            Stage::Asked => {}
            // Behind the response nothing but DATA may come (RFC 8441 4, RFC 9113 8.5).
            Stage::Tunnel(_) => {
                return self.give_up(
                    "a header section came within the WebSocket",
                    Some(ErrorCode::PROTOCOL_ERROR),
                );
            }
            Stage::New | Stage::Done | Stage::Over => return,
        }
        match answer::read(&self.config, &self.request, list) {
            Verdict::Interim => {}
            Verdict::Opens { subprotocol, extensions, agreed } => {
                let report = ClientReport::Open { subprotocol, extensions };
                self.actions.push(ClientAction::Report(report));
                let mut tunnel = Tunnel::new(Arc::clone(&self.config), agreed, self.random.clone());
                let actions = tunnel.begin();
                self.stage = Stage::Tunnel(Box::new(tunnel));
                self.act(actions);
                if end_stream {
                    self.end_of_stream();
                }
            }
            Verdict::Fails(why, code) => self.give_up(&why, (!end_stream).then_some(code)),
        }
    }

    fn data(&mut self, octets: &[u8], flow: usize, end_stream: bool) {
        let flow = u32::try_from(flow).unwrap_or(u32::MAX);
        if flow > 0 {
            self.output.frame(&write::window_update(0, flow));
        }
        if let Stage::Tunnel(tunnel) = &mut self.stage {
            if flow > 0 && !end_stream {
                self.output.frame(&write::window_update(self.stream, flow));
            }
            let actions = tunnel.receive(octets);
            self.act(actions);
        }
        if end_stream {
            self.end_of_stream();
        }
    }

    /// END_STREAM is what the end of TCP is elsewhere (RFC 8441 5).
    fn end_of_stream(&mut self) {
        if self.config.errs_at(Point::Http2EndIgnored) {
            return;
        }
        if let Stage::Tunnel(tunnel) = &mut self.stage {
            let actions = tunnel.end();
            self.act(actions);
        }
    }

    fn reset(&mut self, code: ErrorCode) {
        if self.config.errs_at(Point::Http2ResetIgnored) {
            return;
        }
        if !matches!(self.stage, Stage::Done | Stage::Over) {
            self.tell(&format!("the server reset the stream: {code}"));
            self.output.forget(self.stream);
            self.stage = Stage::Done;
            self.actions.push(ClientAction::Linger);
        }
    }

    /// Does on the stream what a WebSocket does on a connection (RFC 8441 5).
    fn act(&mut self, actions: Vec<ClientAction>) {
        for action in actions {
            match action {
                ClientAction::Write(octets) => drop(self.output.data(self.stream, &octets)),
                ClientAction::Close => {
                    self.output.finish(self.stream, b"");
                    self.leave();
                }
                other => self.actions.push(other),
            }
        }
    }

    fn talk_on(&mut self) {
        if let Stage::Tunnel(tunnel) = &mut self.stage {
            let actions = tunnel.talk_on();
            self.act(actions);
        }
    }

    /// Ends the stream without a WebSocket, and with it the connection.
    fn give_up(&mut self, why: &str, code: Option<ErrorCode>) {
        self.tell(why);
        self.output.forget(self.stream);
        if let Some(code) = code {
            self.output.frame(&write::rst_stream(self.stream, code));
        }
        self.leave();
    }

    /// Ends the connection because of an error of the server (RFC 9113 5.4.1).
    fn break_off(&mut self, code: ErrorCode) {
        self.tell(&format!("the server breaks HTTP/2: {code}"));
        self.output.frame(&write::goaway(0, code, b""));
        self.actions.push(ClientAction::Close);
        self.stage = Stage::Over;
    }

    fn leave(&mut self) {
        self.output.frame(&write::goaway(0, ErrorCode::NO_ERROR, b""));
        self.actions.push(ClientAction::Close);
        self.stage = Stage::Over;
    }

    fn tell(&mut self, why: &str) {
        self.actions.push(ClientAction::Report(ClientReport::Error(why.to_owned())));
    }
}
