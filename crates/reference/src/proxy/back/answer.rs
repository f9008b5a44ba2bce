//! What the origin answers in HTTP/2, as the octets of HTTP/1.1 that a relay reads.

use upspec_handshake::field::framing::{ContentLength, content_length};
use upspec_handshake::field::key::accept;
use upspec_handshake::h2::{ErrorCode, HeaderList};
use upspec_handshake::{FieldLine, RequestHead, ResponseHead, Status};

use super::{Back, BackAction, STREAM, Stage};
use crate::proxy::content::{chunk, last_chunk};
use crate::proxy::fault::Point;

/// How far the answer has come.
pub(super) enum Answer {
    /// Its head is awaited.
    Awaited,
    /// Its content goes on, of which so much is still to come where that is known.
    Passing(Option<u64>),
    /// It is complete, or a tunnel whose other side has ended.
    Complete,
}

impl Answer {
    pub(super) fn is_complete(&self) -> bool {
        matches!(self, Self::Complete)
    }
}

impl Back {
    /// A head, or trailers, which may be left out (RFC 9110 6.5.1).
    pub(super) fn section(&mut self, list: &HeaderList, ends: bool) {
        match self.answer {
            Answer::Awaited if self.is_malformed(list) => {
                return self.leave(Some(ErrorCode::PROTOCOL_ERROR));
            }
            Answer::Awaited => self.head(list, ends),
            _ => {}
        }
        if ends {
            self.ended();
        }
    }

    fn head(&mut self, list: &HeaderList, ends: bool) {
        let asked = std::mem::take(&mut self.asked);
        let head = list.response();
        let status = head.status.unwrap_or(502);
        match (RequestHead::parse(&asked), status) {
            (Status::Complete(request), 200..=299) if self.is_connect() => {
                self.opened(&request, &head);
            }
            (Status::Complete(request), _)
                if self.is_connect() && self.config.errs_at(Point::BackRefusalOpens) =>
            {
                self.opened(&request, &head);
            }
            (_, 101) => self.tell_relay(switch(&head, &[])),
            (_, 100..=199) => self.tell_relay(in_http1(&head, status, &[])),
            _ => self.answered(&asked, &head, status, ends),
        }
        self.asked = asked;
    }

    fn is_connect(&self) -> bool {
        matches!(self.stage, Stage::Connect)
    }

    /// A 2xx to an extended CONNECT is what 101 is elsewhere (RFC 8441 5).
    fn opened(&mut self, request: &RequestHead<'_>, head: &ResponseHead<'_>) {
        let key = request.fields.values("Sec-WebSocket-Key").next().unwrap_or_default();
        self.tell_relay(switch(head, &accept(key)[..]));
        self.stage = Stage::Tunnel;
        self.answer = Answer::Passing(None);
        self.go_on();
    }

    fn answered(&mut self, asked: &[u8], head: &ResponseHead<'_>, status: u16, ends: bool) {
        let has_no_content = asked.starts_with(b"HEAD ") || matches!(status, 204 | 304);
        let length = match content_length(head.fields.values("Content-Length")) {
            ContentLength::Octets(length) => Some(length),
            _ => None,
        };
        let more: &[(&str, &[u8])] = match length {
            Some(_) => &[],
            None if has_no_content => &[],
            None if ends => &[("Content-Length", b"0")],
            None => &[("Transfer-Encoding", b"chunked")],
        };
        let octets = in_http1(head, status, more);
        self.tell_relay(octets);
        let left = if has_no_content { Some(0) } else { length };
        self.answer = Answer::Passing(left.or_else(|| ends.then_some(0)));
        // Behind a refusal nothing is left to send.
        if self.is_connect() {
            self.output.finish(STREAM, &[]);
            self.stage = Stage::Sent;
        }
    }

    pub(super) fn data(&mut self, octets: &[u8], ends: bool) {
        let is_tunnel = matches!(self.stage, Stage::Tunnel);
        let passed = match &mut self.answer {
            Answer::Awaited | Answer::Complete => {
                return self.leave(Some(ErrorCode::PROTOCOL_ERROR));
            }
            Answer::Passing(None) if is_tunnel => octets.to_vec(),
            Answer::Passing(None) => chunk(octets),
            Answer::Passing(Some(left)) => match left.checked_sub(octets.len() as u64) {
                Some(rest) => {
                    *left = rest;
                    octets.to_vec()
                }
                None => return self.leave(Some(ErrorCode::PROTOCOL_ERROR)),
            },
        };
        self.tell_relay(passed);
        if ends {
            self.ended();
        }
    }

    /// The origin has sent END_STREAM.
    fn ended(&mut self) {
        let is_tunnel = matches!(self.stage, Stage::Tunnel);
        match self.answer {
            Answer::Passing(None) if is_tunnel => {
                self.answer = Answer::Complete;
                if !self.config.errs_at(Point::BackEndUntold) {
                    self.actions.push(BackAction::EndRelay);
                }
            }
            Answer::Passing(None) => {
                self.tell_relay(last_chunk(&[]));
                self.answer = Answer::Complete;
            }
            Answer::Passing(Some(0)) => self.answer = Answer::Complete,
            // Less than Content-Length says is malformed, and so is an end without an answer (RFC 9113 8.1.1).
            Answer::Passing(Some(_)) | Answer::Awaited => {
                self.leave(Some(ErrorCode::PROTOCOL_ERROR));
            }
            Answer::Complete => {}
        }
    }

    /// A reset behind a complete answer takes nothing from it (RFC 9113 8.1).
    pub(super) fn origin_reset(&mut self) {
        let is_untold = self.config.errs_at(Point::BackResetUntold);
        match self.answer {
            Answer::Complete if !matches!(self.stage, Stage::Tunnel) => {
                if self.config.errs_at(Point::BackAnswerDiscarded) {
                    self.actions.retain(|action| !matches!(action, BackAction::ToRelay(_)));
                    self.actions.push(BackAction::ResetRelay);
                }
            }
            Answer::Passing(_) if is_untold => {}
            _ => self.leave(None),
        }
    }
}

/// A 101 in HTTP/1.1, with this value for the key of the request if there is one.
fn switch(head: &ResponseHead<'_>, accept: &[u8]) -> Vec<u8> {
    let fields: &[(&str, &[u8])] =
        &[("Upgrade", b"websocket"), ("Connection", b"Upgrade"), ("Sec-WebSocket-Accept", accept)];
    let framing = ["Content-Length", "Sec-WebSocket-Accept"];
    let mut own = head.clone();
    own.fields = head
        .fields
        .iter()
        .filter(|line| !framing.iter().any(|name| line.is_named(name)))
        .cloned()
        .collect();
    let count = if accept.is_empty() { 2 } else { 3 };
    in_http1(&own, 101, &fields[..count])
}

fn in_http1(head: &ResponseHead<'_>, status: u16, more: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = ResponseHead::new(status);
    let added = more.iter().map(|(name, value)| FieldLine::new(name.as_bytes(), *value));
    out.fields = head.fields.iter().cloned().chain(added).collect();
    out.octets()
}
