//! One connection of the server, without I/O: octets in, actions out.
//! Reads no clock: the time comes in with the octets.

mod body;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use upspec_handshake::field::chunked::ChunkedReader;
use upspec_handshake::field::framing::Framing;
use upspec_handshake::field::is_tchar;
use upspec_handshake::peer::{Cause, Request, Server, Transport};
use upspec_handshake::{RequestHead, Status};

use crate::answer::{After, Answer};
use crate::config::{Config, Variation};
use crate::fault::answering::{self, Fate};
use crate::fault::reading::{self, Reading};
use crate::fault::{Point, Seen};
use crate::http2::{Http2, upgrade};
use crate::site::{self, Outcome};
use crate::tunnel::Tunnel;
use body::{Left, Pending, Progress};

/// What the owner of the connection must do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// End the connection: write nothing more, read and drop what still arrives.
    Close,
    /// Wait before the next action.
    Pause(Duration),
    /// Write these octets.
    Write(Vec<u8>),
}

/// One connection.
pub struct Session {
    config: Arc<Config>,
    transport: Transport,
    input: Vec<u8>,
    /// The machine that reads and decides about the request.
    server: Server,
    stage: Stage,
    /// How many requests have been answered.
    answered: usize,
    /// An answer that a fault keeps back.
    held: Option<Vec<u8>>,
    /// The subprotocols that an earlier request has offered, where a fault remembers them.
    subprotocols: Option<Vec<u8>>,
    actions: Vec<Action>,
}

enum Stage {
    /// A head is awaited.
    Head,
    /// The body of a request is awaited.
    Body(Box<Pending>),
    /// HTTP/2.
    Http2(Box<Http2>),
    /// WebSocket.
    Tunnel(Box<Tunnel>),
    /// The connection has been closed, or nothing more will be said on it.
    Over,
}

/// How much of the preface of HTTP/2 there is.
enum Preface {
    Absent,
    Begun,
    There,
}

impl Session {
    /// A TCP connection that has just been opened.
    pub fn new(config: Arc<Config>) -> Self {
        Self::over(config, Transport::Clear)
    }

    pub(crate) fn over(config: Arc<Config>, transport: Transport) -> Self {
        Self {
            server: Server::new(config.service(transport)),
            config,
            transport,
            input: Vec::new(),
            stage: Stage::Head,
            answered: 0,
            held: None,
            subprotocols: None,
            actions: Vec::new(),
        }
    }

    /// A connection for which HTTP/2 has been agreed (RFC 9113 3.2).
    pub(crate) fn http2(config: Arc<Config>, transport: Transport) -> Self {
        let http2 = Http2::new(Arc::clone(&config), transport);
        Self { stage: Stage::Http2(Box::new(http2)), ..Self::over(config, transport) }
    }

    /// Takes what the client sent.
    pub fn receive(&mut self, now: SystemTime, octets: &[u8]) -> Vec<Action> {
        self.input.extend_from_slice(octets);
        while self.step(now) == Progress::Made {}
        std::mem::take(&mut self.actions)
    }

    /// Takes the end of the client's stream. No action is needed unless one is returned.
    pub fn end(&mut self, now: SystemTime) -> Vec<Action> {
        match &mut self.stage {
            Stage::Head if !self.input.is_empty() && self.config.errs_at(Point::CutHeadServed) => {
                self.send_alone(now, Answer::new(200, "as you like").closing());
            }
            Stage::Head if !self.input.is_empty() => {
                self.send_alone(now, Answer::new(400, "the request is incomplete").closing());
            }
            Stage::Body(_) if self.config.errs_at(Point::ShortBodyAwaited) => {
                self.stage = Stage::Over;
            }
            Stage::Body(pending) => {
                let is_head = pending.request.is_head;
                let answer = Answer::new(400, "the content is incomplete").closing();
                self.send_alone(now, if is_head { answer.without_content() } else { answer });
            }
            Stage::Head if self.config.errs_at(Point::HalfCloseIgnored) => self.stage = Stage::Over,
            Stage::Http2(http2) => self.actions.extend(http2.end()),
            Stage::Tunnel(tunnel) => self.actions.extend(tunnel.clean_up()),
            Stage::Head => self.close(),
            Stage::Over => {}
        }
        std::mem::take(&mut self.actions)
    }

    /// How long a fault keeps a connection whose client has ended its side, so that a reset can come.
    pub(crate) fn pause_behind_end(&self) -> Duration {
        let waits = matches!(self.stage, Stage::Head) && self.config.errs_at(Point::ResetDeadly);
        if waits { RESET_PAUSE } else { Duration::ZERO }
    }

    /// Whether a fault makes the end of the client's stream the end of the server.
    pub(crate) fn dies_of_end(&self) -> bool {
        matches!(self.stage, Stage::Tunnel(_)) && self.config.errs_at(Point::TunnelEndDeadly)
    }

    /// How long the client may be silent before [`silence`](Self::silence) is called.
    pub fn patience(&self) -> Duration {
        match &self.stage {
            Stage::Body(_) => self.config.patience,
            Stage::Head if !self.input.is_empty() => self.config.patience,
            Stage::Http2(http2) if http2.has_tunnel() => self.config.patience * 30,
            Stage::Head | Stage::Http2(_) | Stage::Over => self.config.patience * 6,
            Stage::Tunnel(_) => self.config.patience * 30,
        }
    }

    /// Handles a client that has been silent for that long (RFC 9112 9.5).
    pub fn silence(&mut self, now: SystemTime) -> Vec<Action> {
        match &mut self.stage {
            Stage::Head if self.input.is_empty() => self.close(),
            Stage::Head | Stage::Body(_) => {
                self.send_alone(now, Answer::new(408, "the request takes too long").closing());
            }
            Stage::Http2(http2) => self.actions.extend(http2.go_away()),
            Stage::Tunnel(tunnel) => {
                self.actions.extend(tunnel.go_away());
                self.stage = Stage::Over;
            }
            Stage::Over => self.close(),
        }
        std::mem::take(&mut self.actions)
    }

    fn step(&mut self, now: SystemTime) -> Progress {
        match &mut self.stage {
            Stage::Head => self.read_head(now),
            Stage::Body(pending) => match pending.read_body(&self.config, &mut self.input) {
                Ok(Progress::Starved) => Progress::Starved,
                Ok(Progress::Made) => self.respond(now),
                Err(answer) if pending.request.is_head => {
                    self.send_alone(now, answer.without_content())
                }
                Err(answer) => self.send_alone(now, answer),
            },
            Stage::Http2(http2) => {
                let actions = http2.receive(now, &std::mem::take(&mut self.input));
                self.act(actions);
                Progress::Starved
            }
            Stage::Tunnel(tunnel) => {
                let (actions, is_over) = tunnel.receive(&mut self.input);
                self.actions.extend(actions);
                if is_over {
                    self.stage = Stage::Over;
                }
                Progress::Starved
            }
            Stage::Over => {
                self.input.clear();
                Progress::Starved
            }
        }
    }

    fn read_head(&mut self, now: SystemTime) -> Progress {
        if self.config.errs_at(Point::EndlessHead) && !self.ends_head() {
            return Progress::Starved;
        }
        if self.config.errs_at(Point::SecondRequestUnanswered) && self.answered > 0 {
            self.stage = Stage::Over;
            return Progress::Made;
        }
        match self.preface() {
            Preface::Absent => {}
            Preface::Begun => return Progress::Starved,
            Preface::There => {
                let http2 = Http2::new(Arc::clone(&self.config), self.transport);
                self.stage = Stage::Http2(Box::new(http2));
                return Progress::Made;
            }
        }
        let begun = self.input.iter().find(|octet| !b"\r\n".contains(octet));
        if begun.is_some_and(|octet| !is_tchar(*octet)) {
            if self.config.errs_at(Point::GarbageUnanswered) {
                self.stage = Stage::Over;
                return Progress::Made;
            }
            if let Some(length) = answering::garbage(&self.config, &self.input) {
                self.input.drain(..length);
                return Progress::Made;
            }
            let mut answer = Answer::new(400, "this is no request").closing();
            answering::alter_rejection(&self.config, &mut answer, Cause::Syntax, &Seen::default());
            let answer = answer.without_content_for(&self.input);
            return self.send_alone(now, answer);
        }
        if answering::switches_early(&self.config, &self.input) {
            self.input.extend_from_slice(b"\r\n");
        }
        let length = match self.server.read(&self.input) {
            Status::Complete(Ok(head)) => head.len,
            Status::Complete(Err(refusal)) => {
                let answer = Answer::refusal(&refusal).without_content_for(&self.input);
                return self.send_alone(now, answer);
            }
            Status::Partial => {
                if self.config.errs_at(Point::HeadInOneRead) && !self.input.is_empty() {
                    let answer = Answer::new(400, "the head is incomplete").closing();
                    return self.send_alone(now, answer);
                }
                return Progress::Starved;
            }
        };
        let head: Vec<u8> = self.input.drain(..length).collect();
        self.admit(now, head)
    }

    /// Whether the octets that came last can end a head.
    fn ends_head(&self) -> bool {
        let last = &self.input[self.input.len().saturating_sub(LAST)..];
        last.windows(4).any(|four| four == b"\r\n\r\n")
    }

    /// Whether the client begins with HTTP/2, without having asked (RFC 9113 3.3).
    fn preface(&self) -> Preface {
        let is_open = match self.transport {
            Transport::Clear => !self.config.errs_at(Point::PrefaceIgnored),
            Transport::Tls => self.config.errs_at(Point::PrefaceTakenUpInTls),
        };
        let length = self.input.len().min(PREFACE_HEAD.len());
        let is_spoken = !self.config.varies(Variation::Http2Off) && is_open;
        if !is_spoken || self.answered > 0 || self.input[..length] != PREFACE_HEAD[..length] {
            return Preface::Absent;
        }
        match length {
            0 => Preface::Absent,
            _ if length == PREFACE_HEAD.len() => Preface::There,
            _ => Preface::Begun,
        }
    }

    fn admit(&mut self, now: SystemTime, sent: Vec<u8>) -> Progress {
        let mut seen = Seen::of(sent);
        if self.config.errs_at(Point::SubprotocolsRemembered) {
            seen.remember("Sec-WebSocket-Protocol", &mut self.subprotocols);
        }
        let head = match reading::read(&self.config, &seen) {
            Reading::AsSent => seen.octets.clone(),
            Reading::Instead(octets) => octets,
            Reading::Dropped => {
                self.close();
                return Progress::Made;
            }
            Reading::Unanswered => {
                self.stage = Stage::Over;
                return Progress::Made;
            }
            Reading::Refused(status) => {
                let answer = Answer::new(status, "this server is faulty").closing();
                let answer = match seen.method() {
                    b"HEAD" => answer.without_content(),
                    _ => answer,
                };
                return self.send_alone(now, answer);
            }
        };
        let Status::Complete(parsed) = RequestHead::parse(&head) else {
            return self.send_alone(now, Answer::new(400, "this is no request").closing());
        };
        let mut request = match Request::admit(&parsed, self.transport) {
            Ok(request) => request,
            Err(refusal) => {
                let mut answer = Answer::refusal(&refusal);
                answering::alter_rejection(&self.config, &mut answer, refusal.cause, &seen);
                if parsed.method == b"HEAD" {
                    answer = answer.without_content();
                }
                return self.send(now, answer, &seen, None);
            }
        };
        answering::alter_request(&self.config, &mut request, &seen);
        if request.expects_continue {
            let answer = Answer::interim(100).complete(now).write(&self.config);
            self.actions.push(Action::Write(answer));
        }
        let left = match request.body {
            _ if self.config.errs_at(Point::H2cContentUnread)
                && upgrade::offered(&self.config, self.transport, &parsed).is_some() =>
            {
                Left::Octets(0)
            }
            Framing::Length(octets) => Left::Octets(octets),
            Framing::Chunked => Left::Chunks(ChunkedReader::default()),
            Framing::None | Framing::UntilClose | Framing::Invalid => Left::Octets(0),
        };
        let pending = Pending { request, head, seen, left };
        self.stage = Stage::Body(Box::new(pending));
        Progress::Made
    }

    /// Answers a request that is complete.
    fn respond(&mut self, now: SystemTime) -> Progress {
        let Stage::Body(pending) = std::mem::replace(&mut self.stage, Stage::Head) else {
            return Progress::Starved;
        };
        let Status::Complete(head) = RequestHead::parse(&pending.head) else {
            return Progress::Starved;
        };
        let outcome = answering::outcome(&self.config, &head)
            .unwrap_or_else(|| site::respond(&self.config, &mut self.server, &head));
        if self.config.errs_at(Point::PipelineDropped) {
            self.input.clear();
        }
        let settings = upgrade::offered(&self.config, self.transport, &head);
        let outcome = match (outcome, settings) {
            (Outcome::Answered(answer), Some(settings)) => {
                return self.go_on_in_http2(now, &pending, answer, &settings);
            }
            (outcome, _) => outcome,
        };
        match outcome {
            Outcome::Answered(mut answer) => {
                if pending.request.is_last {
                    answer = answer.closing();
                }
                if pending.request.is_head {
                    answer = answer.without_content();
                }
                self.send(now, answer, &pending.seen, Some(&pending.request))
            }
            Outcome::Switched(..)
                if self.config.errs_at(Point::EarlyFrameDropped) && !self.input.is_empty() =>
            {
                self.close();
                Progress::Made
            }
            Outcome::Switched(answer, deflate) => {
                let progress = self.send(now, answer, &pending.seen, Some(&pending.request));
                if site::is_tunnel(&head) {
                    let mut tunnel = Tunnel::new(Arc::clone(&self.config), deflate);
                    if deflate.is_some_and(|deflate| deflate.client_no_context_takeover) {
                        tunnel.heed_takeover_hint();
                    }
                    self.stage = Stage::Tunnel(Box::new(tunnel));
                } else {
                    self.stage = Stage::Over;
                }
                progress
            }
        }
    }

    /// Takes up an offer of h2c: 101, and the answer in HTTP/2 (RFC 7540 3.2).
    fn go_on_in_http2(
        &mut self,
        now: SystemTime,
        pending: &Pending,
        answer: Answer,
        settings: &[(u16, u32)],
    ) -> Progress {
        let switch = Answer::interim(101).with("Upgrade", "h2c");
        let progress = self.send(now, switch, &pending.seen, Some(&pending.request));
        let answer = match pending.request.is_head {
            true => answer.without_content(),
            false => answer,
        };
        let http2 = Http2::upgraded(Arc::clone(&self.config), settings, now, answer);
        self.stage = Stage::Http2(Box::new(http2));
        progress
    }

    /// Answers octets that are not a complete request, and drops them.
    fn send_alone(&mut self, now: SystemTime, answer: Answer) -> Progress {
        self.input.clear();
        self.send(now, answer, &Seen::default(), None)
    }

    fn send(
        &mut self,
        now: SystemTime,
        mut answer: Answer,
        seen: &Seen,
        request: Option<&Request>,
    ) -> Progress {
        self.answered += 1;
        match answering::alter(&self.config, &mut answer, seen) {
            Fate::Sent => {}
            Fate::Closed => {
                self.close();
                return Progress::Made;
            }
            Fate::Withheld => {
                self.stage = Stage::Over;
                return Progress::Made;
            }
        }
        let mut answer = answer.complete(now);
        let after = answer.after;
        answering::alter_complete(&self.config, &mut answer, seen);
        let status = answer.status;
        let octets = answer.write(&self.config);
        let octets = answering::alter_octets(&self.config, octets, status, seen);
        self.write(octets, request);
        match answering::after(&self.config, after, status) {
            After::Close => self.close(),
            After::Persist => {
                self.stage = Stage::Head;
                // Whatever the decision was, this is the answer.
                self.server.refuse();
                self.server.next();
            }
        }
        Progress::Made
    }

    fn write(&mut self, octets: Vec<u8>, request: Option<&Request>) {
        let holds = self.config.errs_at(Point::PipelineReordered) && self.held.is_none();
        // No answers follow a 101.
        let is_ordinary = |head: &RequestHead<'_>| !head.fields.contains("Upgrade");
        let follows =
            || RequestHead::parse(&self.input).complete().as_ref().is_some_and(is_ordinary);
        if holds && request.is_some() && follows() {
            self.held = Some(octets);
            return;
        }
        self.act(vec![Action::Write(octets)]);
        self.actions.extend(self.held.take().map(Action::Write));
    }

    /// Hands over the actions, at the pace that the server is set up for.
    fn act(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Write(octets) if self.config.varies(Variation::SlowAnswers) => {
                    for piece in octets.chunks(SLOW_PIECE) {
                        self.actions.push(Action::Write(piece.to_vec()));
                        self.actions.push(Action::Pause(SLOW_PAUSE));
                    }
                }
                action => self.actions.push(action),
            }
        }
    }

    fn close(&mut self) {
        self.actions.push(Action::Close);
        self.stage = Stage::Over;
    }
}

/// As much of the preface as looks like a head of HTTP/1.1 (RFC 9113 3.4).
const PREFACE_HEAD: &[u8] = b"PRI * HTTP/2.0\r\n\r\n";

/// How many octets a faulty server looks through for the end of a head: more than it reads at once.
const LAST: usize = 32 * 1024;

const RESET_PAUSE: Duration = Duration::from_millis(200);
const SLOW_PIECE: usize = 11;
const SLOW_PAUSE: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests;
