//! The streams of an HTTP/2 connection: requests that arrive, their answers, and WebSockets.
//! Knows nothing of the connection as a whole.

use std::sync::Arc;
use std::time::SystemTime;

use upspec_handshake::field::deflate;
use upspec_handshake::field::framing::{ContentLength, content_length};
use upspec_handshake::h2::message::{self, ListKind};
use upspec_handshake::h2::{ErrorCode, HeaderField, HeaderList, ListViolation, flag, write};
use upspec_handshake::peer::MAX_BODY;

use super::exchange::{Form, Reply, Request};
use super::output::Backlog;
use super::{Fatal, Http2, MAX_STREAMS, Stage, faults};
use crate::answer::Answer;
use crate::config::Variation;
use crate::fault::Point;
use crate::session::Action;
use crate::tunnel::Tunnel;

/// A stream that is not closed.
pub(super) struct Stream {
    part: Part,
    /// Our side has sent END_STREAM.
    is_answered: bool,
    /// The client has sent END_STREAM.
    has_ended: bool,
}

/// What happens on a stream.
enum Part {
    /// It has been answered; what still comes is dropped.
    Done,
    /// The content of a request is arriving: what Content-Length says, and so many octets until now.
    Request(Box<Request>, ContentLength, u64),
    /// WebSocket, and octets that make no frame yet.
    Tunnel(Box<Tunnel>, Vec<u8>),
}

impl Stream {
    pub(super) fn is_tunnel(&self) -> bool {
        matches!(self.part, Part::Tunnel(..))
    }
}

impl Http2 {
    /// Takes a header list: a request, or the trailers of one (RFC 9113 8.1).
    pub(super) fn section(
        &mut self,
        now: SystemTime,
        id: u32,
        list: &HeaderList,
        ends_stream: bool,
    ) -> Result<(), Fatal> {
        if let Some(stream) = self.streams.get(&id) {
            match stream.part {
                _ if stream.has_ended => self.reset(id, ErrorCode::STREAM_CLOSED),
                Part::Request(..) if ends_stream && is_trailer(list) => self.complete(now, id),
                Part::Tunnel(..) if self.config.errs_at(Point::Http2TunnelTakesHeaders) => {}
                Part::Request(..) | Part::Tunnel(..) => self.malformed(now, id),
                Part::Done => {}
            }
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
        self.output.open(id);
        let stream = Stream { part: Part::Done, is_answered: false, has_ended: ends_stream };
        if self.config.errs_at(Point::Http2StreamRefusedBesideTunnel) && self.has_tunnel() {
            self.reset(id, ErrorCode::REFUSED_STREAM);
            return Ok(());
        }
        let is_deaf = self.config.errs_at(Point::Http2RequestUnansweredBesideTunnel)
            && self.has_tunnel()
            || self.config.errs_at(Point::H2cFirstAlone) && self.is_upgraded;
        self.streams.insert(id, stream);
        if !is_deaf {
            self.request(now, id, list);
        }
        Ok(())
    }

    /// Makes stream 1 what a switch by Upgrade makes it: half-closed by the client (RFC 7540 3.2).
    pub(super) fn open_first(&mut self) {
        self.latest = 1;
        self.output.open(1);
        let stream = Stream { part: Part::Done, is_answered: false, has_ended: true };
        self.streams.insert(1, stream);
    }

    fn request(&mut self, now: SystemTime, id: u32, list: &HeaderList) {
        let remembered = faults::remembered(&self.config, list, self.first.as_ref());
        self.first.get_or_insert_with(|| list.clone());
        let list = &remembered;
        if let Some(answer) = faults::answer_at_once(&self.config, list) {
            return self.answer(now, id, answer);
        }
        let kind = match self.config.varies(Variation::NoExtendedConnect) {
            true => ListKind::Request,
            false => ListKind::RequestExtended,
        };
        let is_open = |violation: &ListViolation| !faults::overlooks(&self.config, violation, list);
        if message::violations(list, kind).iter().any(is_open)
            || faults::objects(&self.config, list)
        {
            return self.malformed(now, id);
        }
        let length = content_length(list.values("content-length"));
        if length == ContentLength::Invalid {
            return self.malformed(now, id);
        }
        let request = match Request::read(&self.config, self.transport, list, now) {
            Ok(request) => request,
            Err(reply) => return self.carry_out(id, reply),
        };
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        let is_complete = stream.has_ended || request.form == Form::Tunnel;
        let expects_continue = request.expects_continue && !is_complete;
        stream.part = Part::Request(Box::new(request), length, 0);
        if is_complete {
            self.complete(now, id);
        } else if expects_continue {
            self.output.headers(id, &HeaderList::new([(":status", "100")]), 0);
        }
    }

    /// Takes content, or octets of a tunnel; `flow` counts padding as well (RFC 9113 6.9.1).
    pub(super) fn data(
        &mut self,
        now: SystemTime,
        id: u32,
        octets: Vec<u8>,
        flow: usize,
        ends_stream: bool,
    ) -> Result<(), Fatal> {
        self.known(id)?;
        let taken = faults::credit(&self.config, octets.len(), flow);
        if taken > 0 && !self.config.errs_at(Point::Http2ConnectionCreditOmitted) {
            self.output.frame(&write::window_update(0, taken));
        }
        match self.streams.get_mut(&id) {
            Some(stream) if !stream.has_ended => {
                if taken > 0 && !ends_stream {
                    self.output.frame(&write::window_update(id, taken));
                }
                stream.has_ended = ends_stream;
                self.content(now, id, octets, flow);
            }
            None if self.reset.contains(&id) => {}
            _ => self.reset(id, ErrorCode::STREAM_CLOSED),
        }
        Ok(())
    }

    fn content(&mut self, now: SystemTime, id: u32, octets: Vec<u8>, flow: usize) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        let has_ended = stream.has_ended;
        match &mut stream.part {
            Part::Request(_, _, count) => {
                *count += octets.len() as u64;
                if *count > MAX_BODY {
                    self.answer(now, id, Answer::new(413, "the content is too large"));
                } else if has_ended {
                    self.complete(now, id);
                }
            }
            Part::Tunnel(tunnel, input) => {
                let ends = faults::ends_tunnel(&self.config, &octets, has_ended);
                let padded = flow - octets.len();
                input.extend(faults::tunnelled(&self.config, octets, padded));
                let (mut actions, _) = tunnel.receive(input);
                if self.config.errs_at(Point::Http2RestDropped) {
                    input.clear();
                }
                if ends {
                    actions.push(Action::Close);
                }
                self.act(id, actions);
            }
            Part::Done => self.settle(id),
        }
    }

    /// Answers a request that is complete.
    fn complete(&mut self, now: SystemTime, id: u32) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        stream.has_ended |=
            !matches!(&stream.part, Part::Request(request, ..) if request.form == Form::Tunnel);
        let Part::Request(request, length, count) = std::mem::replace(&mut stream.part, Part::Done)
        else {
            return;
        };
        if request.form == Form::Ordinary
            && matches!(length, ContentLength::Octets(length) if length != count)
            && !self.config.errs_at(Point::Http2LengthIgnored)
        {
            return self.malformed(now, id);
        }
        let reply = request.reply(&self.config, self.transport, now);
        self.carry_out(id, reply);
    }

    fn carry_out(&mut self, id: u32, reply: Reply) {
        match reply {
            Reply::Close => {
                self.stage = Stage::Over;
                self.closes = true;
            }
            Reply::Response(list, content) => self.respond(id, &list, &content),
            Reply::Silence => {}
            Reply::Tunnel(list, agreed) => self.open(id, &list, agreed),
        }
    }

    /// Begins a WebSocket (RFC 8441 5).
    fn open(&mut self, id: u32, list: &HeaderList, agreed: Option<deflate::Answer>) {
        self.output.headers(id, list, 0);
        let mut tunnel = Tunnel::new(Arc::clone(&self.config), agreed);
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        let (mut actions, _) = tunnel.receive(&mut Vec::new());
        stream.part = Part::Tunnel(Box::new(tunnel), Vec::new());
        // Any octet stands for some: none would be an empty DATA frame.
        if faults::ends_tunnel(&self.config, b" ", stream.has_ended) {
            actions.push(Action::Close);
        }
        self.act(id, actions);
    }

    /// Does on a stream what a WebSocket does on a connection (RFC 8441 5).
    fn act(&mut self, id: u32, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Write(octets) => {
                    if self.output.data(id, &octets) == Backlog::Excessive {
                        return self.reset(id, ErrorCode::ENHANCE_YOUR_CALM);
                    }
                }
                Action::Close => self.finish(id, b""),
                Action::Pause(_) => {}
            }
        }
    }

    /// Sends a response that has an end.
    pub(super) fn respond(&mut self, id: u32, list: &HeaderList, content: &[u8]) {
        let flags = if content.is_empty() { flag::END_STREAM } else { 0 };
        self.output.headers(id, list, flags);
        self.finish(id, content);
        // The client need not send the rest (RFC 9113 8.1).
        if self.streams.contains_key(&id) {
            self.reset(id, ErrorCode::NO_ERROR);
        }
    }

    fn finish(&mut self, id: u32, octets: &[u8]) {
        self.output.finish(id, octets);
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.is_answered = true;
            stream.part = Part::Done;
        }
        self.settle(id);
    }

    /// Forgets a stream that both sides have ended.
    fn settle(&mut self, id: u32) {
        let is_closed = |stream: &Stream| stream.is_answered && stream.has_ended;
        if self.streams.get(&id).is_some_and(is_closed) {
            self.streams.remove(&id);
        }
    }

    /// Ends the stream of a malformed request; an answer may come first (RFC 9113 8.1.1).
    fn malformed(&mut self, now: SystemTime, id: u32) {
        if self.streams.get(&id).is_some_and(Stream::is_tunnel) {
            return self.reset(id, ErrorCode::PROTOCOL_ERROR);
        }
        match faults::malformed(&self.config) {
            faults::Malformed::Reset(code) => self.reset(id, code),
            faults::Malformed::Answer(status) => {
                self.answer(now, id, Answer::new(status, "the request is malformed"));
            }
            faults::Malformed::Silence => {}
            faults::Malformed::GoAway => self.fail(ErrorCode::PROTOCOL_ERROR),
        }
        if self.config.errs_at(Point::Http2DeafAfterMalformed) {
            self.stage = Stage::Over;
        }
    }
}

/// Trailers have no pseudo-header fields (RFC 9113 8.1).
fn is_trailer(list: &HeaderList) -> bool {
    !list.fields.iter().any(HeaderField::is_pseudo)
}
