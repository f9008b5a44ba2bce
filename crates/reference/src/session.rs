//! One connection of the server, without I/O: octets in, actions out.
//! Never reads a clock: what time it is comes in with the octets.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use upspec_handshake::field::chunked::{Chunked, ChunkedReader};
use upspec_handshake::field::framing::Framing;
use upspec_handshake::field::is_tchar;
use upspec_handshake::frame::Compression;
use upspec_handshake::{HeadReader, RequestHead, Status};

use crate::Fault;
use crate::answer::{After, Answer};
use crate::config::{Config, Variation};
use crate::fault::answering::{self, Effect, Seen};
use crate::fault::reading::{self, Reading};
use crate::http::{Cause, MAX_BODY, Request};
use crate::site::{self, Outcome};
use crate::tunnel::Tunnel;

/// What the owner of the connection is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// End the connection: nothing more is written, what still comes is read and dropped.
    Close,
    /// Wait before the next action.
    Pause(Duration),
    /// Write these octets.
    Write(Vec<u8>),
}

/// One connection.
pub struct Session {
    config: Arc<Config>,
    input: Vec<u8>,
    heads: HeadReader,
    stage: Stage,
    /// How many requests have been answered.
    answered: usize,
    /// An answer that a fault keeps back.
    held: Option<Vec<u8>>,
    actions: Vec<Action>,
}

enum Stage {
    /// A head is awaited.
    Head,
    /// The body of a request is awaited.
    Body(Box<Pending>),
    /// WebSocket.
    Tunnel(Box<Tunnel>),
    /// The connection has been closed, or nothing more will be said on it.
    Over,
}

/// A request whose body is not complete.
struct Pending {
    request: Request,
    /// The head as it is read.
    head: Vec<u8>,
    seen: Seen,
    left: Left,
}

enum Left {
    Octets(u64),
    Chunks(ChunkedReader),
}

/// Whether the input can be looked at again.
#[derive(PartialEq, Eq)]
enum Progress {
    Made,
    Starved,
}

impl Session {
    /// A connection that has just been opened.
    pub fn new(config: Arc<Config>) -> Self {
        Self {
            config,
            input: Vec::new(),
            heads: HeadReader::default(),
            stage: Stage::Head,
            answered: 0,
            held: None,
            actions: Vec::new(),
        }
    }

    /// Takes what the client sent.
    pub fn receive(&mut self, now: SystemTime, octets: &[u8]) -> Vec<Action> {
        self.input.extend_from_slice(octets);
        while self.step(now) == Progress::Made {}
        std::mem::take(&mut self.actions)
    }

    /// Takes the end of the client's stream. No action is needed unless one is returned.
    pub fn end(&mut self, now: SystemTime) -> Vec<Action> {
        match self.stage {
            Stage::Head if !self.input.is_empty() && self.config.has(Fault::OkOnCutHead) => {
                self.send_alone(now, Answer::new(200, "as you like").closing());
            }
            Stage::Head if !self.input.is_empty() => {
                self.send_alone(now, Answer::new(400, "the request is incomplete").closing());
            }
            Stage::Body(_) if self.config.has(Fault::ShortBodyHeldOpen) => self.stage = Stage::Over,
            Stage::Body(_) => {
                self.send_alone(now, Answer::new(400, "the content is incomplete").closing());
            }
            Stage::Head if self.config.has(Fault::HalfCloseIgnored) => self.stage = Stage::Over,
            Stage::Head | Stage::Tunnel(_) => self.close(),
            Stage::Over => {}
        }
        std::mem::take(&mut self.actions)
    }

    /// How long the client may be silent before [`silence`](Self::silence) is called.
    pub fn patience(&self) -> Duration {
        match self.stage {
            Stage::Body(_) => self.config.patience,
            Stage::Head if !self.input.is_empty() => self.config.patience,
            Stage::Head | Stage::Over => self.config.patience * 6,
            Stage::Tunnel(_) => self.config.patience * 30,
        }
    }

    /// Takes it that the client has been silent for that long (RFC 9112 9.5).
    pub fn silence(&mut self, now: SystemTime) -> Vec<Action> {
        match &mut self.stage {
            Stage::Head if self.input.is_empty() => self.close(),
            Stage::Head | Stage::Body(_) => {
                self.send_alone(
                    now,
                    Answer::new(408, "the request takes too long").closing(),
                );
            }
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
                Err(answer) => self.send_alone(now, answer),
            },
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
        if self.config.has(Fault::SecondRequestIgnored) && self.answered > 0 {
            self.stage = Stage::Over;
            return Progress::Made;
        }
        let begun = self.input.iter().find(|octet| !b"\r\n".contains(octet));
        if begun.is_some_and(|octet| !is_tchar(*octet)) {
            if self.config.has(Fault::HangOnGarbage) {
                self.stage = Stage::Over;
                return Progress::Made;
            }
            if let Some(length) = answering::garbage(&self.config, &self.input) {
                self.input.drain(..length);
                return Progress::Made;
            }
            let mut answer = Answer::new(400, "this is no request").closing();
            answering::alter_rejection(&self.config, &mut answer, Cause::Syntax);
            return self.send_alone(now, answer);
        }
        if answering::switches_early(&self.config, &self.input) {
            self.input.extend_from_slice(b"\r\n");
        }
        let complete = self.heads.request(&self.input).map(|head| head.len);
        let length = complete.complete();
        if let Some(answer) = too_large(&self.input[..length.unwrap_or(self.input.len())]) {
            return self.send_alone(now, answer);
        }
        let Some(length) = length else {
            if self.config.has(Fault::HeadInOneRead) && !self.input.is_empty() {
                return self.send_alone(now, Answer::new(400, "the head is incomplete").closing());
            }
            return Progress::Starved;
        };
        let head: Vec<u8> = self.input.drain(..length).collect();
        self.heads = HeadReader::default();
        self.admit(now, head)
    }

    fn admit(&mut self, now: SystemTime, sent: Vec<u8>) -> Progress {
        let head = match reading::read(&self.config, &sent) {
            Reading::AsSent => sent.clone(),
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
                return self.send_alone(now, answer);
            }
        };
        let Status::Complete(parsed) = RequestHead::parse(&head) else {
            return self.send_alone(now, Answer::new(400, "this is no request").closing());
        };
        let mut request = match Request::admit(&parsed) {
            Ok(request) => request,
            Err(rejection) => {
                let (mut answer, seen) = (rejection.answer, Seen::of(sent));
                answering::alter_rejection(&self.config, &mut answer, rejection.cause);
                if answering::goes_on_after(&self.config, rejection.cause, &seen) {
                    answer.after = After::Persist;
                }
                return self.send(now, answer, &seen, None);
            }
        };
        let seen = Seen::of(sent);
        answering::alter_request(&self.config, &mut request, &seen);
        if request.expects_continue {
            let answer = Answer::interim(100).complete(now).write(&self.config);
            self.actions.push(Action::Write(answer));
        }
        let left = match request.body {
            Framing::Length(octets) => Left::Octets(octets),
            Framing::Chunked => Left::Chunks(ChunkedReader::default()),
            Framing::None | Framing::UntilClose | Framing::Invalid => Left::Octets(0),
        };
        let pending = Pending {
            request,
            head,
            seen,
            left,
        };
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
            .unwrap_or_else(|| site::respond(&self.config, &head));
        if self.config.has(Fault::PipelineDropped) {
            self.input.clear();
        }
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
                if self.config.has(Fault::CloseOnEarlyFrame) && !self.input.is_empty() =>
            {
                self.close();
                Progress::Made
            }
            Outcome::Switched(answer, deflate) => {
                let progress = self.send(now, answer, &pending.seen, Some(&pending.request));
                if site::is_tunnel(&head) {
                    let compression = match deflate {
                        Some(_) => Compression::PermessageDeflate,
                        None => Compression::None,
                    };
                    let mut tunnel = Tunnel::new(Arc::clone(&self.config), compression);
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

    /// Sends an answer to what is no complete request, and drops the octets of it.
    fn send_alone(&mut self, now: SystemTime, answer: Answer) -> Progress {
        self.input.clear();
        self.heads = HeadReader::default();
        self.send(now, answer, &Seen::of(Vec::new()), None)
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
            Effect::Send => {}
            Effect::Close => {
                self.close();
                return Progress::Made;
            }
            Effect::Silence => {
                self.stage = Stage::Over;
                return Progress::Made;
            }
        }
        let mut answer = answer.complete(now);
        let after = answer.after;
        answering::alter_complete(&self.config, &mut answer, seen);
        let octets =
            answering::alter_octets(&self.config, answer.write(&self.config), &answer, seen);
        self.write(octets, request);
        match answering::after(&self.config, after, answer.status) {
            After::Close => self.close(),
            After::Persist => self.stage = Stage::Head,
        }
        Progress::Made
    }

    fn write(&mut self, octets: Vec<u8>, request: Option<&Request>) {
        let holds = self.config.has(Fault::PipelineReordered) && self.held.is_none();
        let follows = || RequestHead::parse(&self.input).complete().is_some();
        if holds && request.is_some() && follows() {
            self.held = Some(octets);
            return;
        }
        if self.config.varies(Variation::SlowAnswers) {
            for piece in octets.chunks(SLOW_PIECE) {
                self.actions.push(Action::Write(piece.to_vec()));
                self.actions.push(Action::Pause(SLOW_PAUSE));
            }
        } else {
            self.actions.push(Action::Write(octets));
        }
        self.actions.extend(self.held.take().map(Action::Write));
    }

    fn close(&mut self) {
        self.actions.push(Action::Close);
        self.stage = Stage::Over;
    }
}

impl Pending {
    fn read_body(&mut self, config: &Config, input: &mut Vec<u8>) -> Result<Progress, Answer> {
        match &mut self.left {
            Left::Octets(left) => {
                let here = input
                    .len()
                    .min(usize::try_from(*left).unwrap_or(usize::MAX));
                input.drain(..here);
                *left -= here as u64;
                Ok(if *left == 0 {
                    Progress::Made
                } else {
                    Progress::Starved
                })
            }
            Left::Chunks(reader) => match reading::read_chunks(config, reader, input) {
                Chunked::Complete(length) => {
                    let body: Vec<u8> = input.drain(..length).collect();
                    reading::merge_trailers(config, &mut self.head, &body);
                    Ok(Progress::Made)
                }
                Chunked::Malformed(_) => {
                    Err(Answer::new(400, "the chunked content is malformed").closing())
                }
                Chunked::Partial if input.len() as u64 > MAX_BODY => {
                    Err(Answer::new(413, "the content is too large").closing())
                }
                Chunked::Partial => Ok(Progress::Starved),
            },
        }
    }
}

/// The answer to a head, perhaps incomplete, that is larger than this server reads
/// (RFC 9112 3, RFC 9110 5.4).
fn too_large(head: &[u8]) -> Option<Answer> {
    let start = head
        .iter()
        .position(|octet| !b"\r\n".contains(octet))
        .unwrap_or(0);
    let line = head[start..].iter().position(|&octet| octet == b'\n');
    if line.unwrap_or(head.len() - start) > MAX_REQUEST_LINE {
        return Some(Answer::new(414, "the request target is too long").closing());
    }
    let text = "the fields are too large";
    (head.len() > MAX_HEAD).then(|| Answer::new(431, text).closing())
}

/// The longest request line that is read; RFC 9112 3 wants 8000 octets at least.
const MAX_REQUEST_LINE: usize = 16 * 1024;

const MAX_HEAD: usize = 64 * 1024;

const SLOW_PIECE: usize = 11;
const SLOW_PAUSE: Duration = Duration::from_millis(1);

#[cfg(test)]
mod probes;
#[cfg(test)]
mod tests;
