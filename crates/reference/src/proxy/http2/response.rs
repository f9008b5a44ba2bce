//! What a relay answers in HTTP/1.1, as frames of HTTP/2.

use upspec_handshake::field::framing::Framing;
use upspec_handshake::h2::{ErrorCode, HeaderList, flag};
use upspec_handshake::peer::check;
use upspec_handshake::{HeadReader, RequestHead, ResponseHead, Status};

use super::request::Given;
use super::stream::Answer;
use super::{Front, FrontAction};
use crate::proxy::config::ProxyConfig;
use crate::proxy::content::Progress;
use crate::proxy::exchange::Passage;
use crate::proxy::fault::Point;
use crate::proxy::response::content;

/// What the head of an answer is.
enum Head {
    /// The answer; its content comes as this says.
    Final(HeaderList, Framing),
    Interim(HeaderList),
    /// The tunnel is open.
    Open(HeaderList),
    /// It opens nothing, and may not look as if it did.
    Refused,
}

impl Front {
    /// Takes octets of the relay of a stream.
    pub(super) fn answered(&mut self, id: u32, octets: &[u8]) {
        let Some(stream) = self.streams.get_mut(&id) else { return };
        stream.back.extend_from_slice(octets);
        while let Some(stream) = self.streams.get_mut(&id) {
            let goes_on = match &stream.answer {
                Answer::Awaited => self.head(id),
                Answer::Passing(_) => self.pass(id),
                Answer::Tunnel => {
                    let octets = std::mem::take(&mut stream.back);
                    self.output.data(id, &octets);
                    false
                }
            };
            if !goes_on {
                return;
            }
        }
    }

    /// Reads a head; whether something has come of it.
    fn head(&mut self, id: u32) -> bool {
        let Some(stream) = self.streams.get_mut(&id) else { return false };
        let (length, head) = match stream.heads.response(&stream.back) {
            Status::Complete(head) => (head.len, read(&self.config, &stream.given, &head)),
            Status::Partial => return false,
        };
        stream.back.drain(..length);
        stream.heads = HeadReader::default();
        match head {
            Head::Interim(list) => self.output.headers(id, &list, 0),
            Head::Open(list) => self.opened(id, &list),
            Head::Refused => {
                self.output.headers(id, &HeaderList::new([(":status", "502")]), flag::END_STREAM);
                self.actions.push(FrontAction::ResetStream(id));
                self.done(id);
            }
            Head::Final(list, Framing::None | Framing::Length(0)) => {
                self.output.headers(id, &list, flag::END_STREAM);
                self.done(id);
            }
            Head::Final(list, framing) => {
                self.output.headers(id, &list, 0);
                stream.answer = Answer::Passing(Passage::of(content(framing)));
            }
        }
        true
    }

    fn opened(&mut self, id: u32, list: &HeaderList) {
        self.output.headers(id, list, 0);
        let Some(stream) = self.streams.get_mut(&id) else { return };
        stream.answer = Answer::Tunnel;
        let pending = std::mem::take(&mut stream.pending);
        let has_ended = stream.has_ended;
        if !pending.is_empty() {
            self.actions.push(FrontAction::ToStream(id, pending));
        }
        if has_ended {
            self.tunnel_ended(id);
        }
    }

    /// Passes content on; the stream is over behind it.
    fn pass(&mut self, id: u32) -> bool {
        let Some(stream) = self.streams.get_mut(&id) else { return false };
        let Answer::Passing(passage) = &mut stream.answer else { return false };
        let (octets, progress) = passage.read(&mut stream.back);
        match progress {
            Progress::Partial => {
                self.output.data(id, &octets);
            }
            Progress::Malformed => self.reset(id, ErrorCode::INTERNAL_ERROR),
            Progress::Ended => {
                self.output.finish(id, &octets);
                self.done(id);
            }
        }
        false
    }

    /// The answer is complete. Its relay has nothing more to do, and content that is still to come is not wanted
    /// (RFC 9113 8.1).
    fn done(&mut self, id: u32) {
        let Some(stream) = self.streams.remove(&id) else { return };
        self.actions.push(FrontAction::EndStream(id));
        if !stream.has_ended && self.output.waiting(id) == 0 {
            self.reset(id, ErrorCode::NO_ERROR);
        }
    }

    /// The relay of a stream says no more.
    pub(super) fn answer_ended(&mut self, id: u32) {
        let Some(stream) = self.streams.get(&id) else { return };
        if !stream.is_tunnel() {
            return self.reset(id, ErrorCode::INTERNAL_ERROR);
        }
        if self.config.errs_at(Point::Http2EndUntold) {
            return;
        }
        // A FIN of the origin is END_STREAM (RFC 8441 5).
        let is_over = stream.has_ended;
        self.output.finish(id, &[]);
        if is_over {
            self.streams.remove(&id);
        }
    }

    /// The relay of a stream breaks off: a reset of the origin is CANCEL (RFC 8441 5).
    pub(super) fn answer_reset(&mut self, id: u32) {
        let Some(stream) = self.streams.get(&id) else { return };
        let code = match stream.is_tunnel() {
            true => ErrorCode::CANCEL,
            false => ErrorCode::INTERNAL_ERROR,
        };
        self.reset(id, code);
    }
}

/// What a head of a relay means to the client.
fn read(config: &ProxyConfig, given: &Given, head: &ResponseHead<'_>) -> Head {
    let mut list = HeaderList::of_response(head);
    if config.errs_at(Point::Http2ConnectionFieldsKept) {
        for line in head.fields.lines("Upgrade").chain(head.fields.lines("Connection")) {
            list.push(line.name.to_ascii_lowercase(), line.value.to_vec());
        }
    }
    match head.status.unwrap_or(502) {
        101 if given.is_tunnel => switched(config, given, head, list),
        100..=199 => Head::Interim(list),
        200..=299 if given.is_tunnel && config.errs_at(Point::Http2SuccessOpens) => {
            Head::Open(list)
        }
        // A 2xx would open the tunnel (RFC 9110 9.3.6).
        200..=299 if given.is_tunnel => Head::Refused,
        _ if given.is_tunnel && config.errs_at(Point::Http2AnyAnswerOpens) => {
            Head::Open(list.with_status("200"))
        }
        _ => Head::Final(list, Framing::of_response(head, &given.method)),
    }
}

/// A 101 is checked as by any client, since the key was ours (RFC 6455 4.1); it becomes a 200 (RFC 8441 5).
fn switched(
    config: &ProxyConfig,
    given: &Given,
    head: &ResponseHead<'_>,
    mut list: HeaderList,
) -> Head {
    let asked = RequestHead::parse(&given.octets).complete();
    let is_right = check(head, asked.as_ref()).is_empty();
    if !is_right && !config.errs_at(Point::Http2AcceptUnchecked) {
        return Head::Refused;
    }
    list.fields.retain(|field| field.name != b"sec-websocket-accept");
    match config.errs_at(Point::Http2SwitchPassed) {
        true => Head::Open(list),
        false => Head::Open(list.with_status("200")),
    }
}
