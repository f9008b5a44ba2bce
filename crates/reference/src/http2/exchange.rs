//! One HTTP/2 request as the server's resources see it, and their answer in HTTP/2.
//! Malformed requests do not get this far.

use std::time::SystemTime;

use upspec_handshake::field::deflate;
use upspec_handshake::h2::HeaderList;
use upspec_handshake::peer::{self, Server, Transport};

use super::faults;
use crate::answer::{Answer, Content};
use crate::config::Config;
use crate::fault::answering::{self, Fate};
use crate::fault::{Seen, reading};
use crate::site::{self, Outcome};

/// A request whose header list has been read.
pub(super) struct Request {
    list: HeaderList,
    seen: Seen,
    is_head: bool,
    pub(super) form: Form,
    /// A 100 is awaited before the content (RFC 9110 10.1.1).
    pub(super) expects_continue: bool,
}

/// What a request wants of its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A response.
    Ordinary,
    /// A tunnel (RFC 8441 4): no content is awaited.
    Tunnel,
}

/// What the server does on the stream of a request.
pub(super) enum Reply {
    /// It ends the connection.
    Close,
    /// It answers with this header list and content.
    Response(HeaderList, Vec<u8>),
    /// It says nothing, now or later.
    Silence,
    /// It answers with this header list, and WebSocket follows.
    Tunnel(HeaderList, Option<deflate::Answer>),
}

impl Request {
    /// Reads a header list; an answer, if that is all that comes of it.
    pub(super) fn read(
        config: &Config,
        transport: Transport,
        list: &HeaderList,
        now: SystemTime,
    ) -> Result<Self, Reply> {
        let list = faults::completed(config, transport, list);
        if faults::leaves_unanswered(config, &list) {
            return Err(Reply::Silence);
        }
        let seen = Seen::of_list(&list);
        let reply = |answer, seen| reply(config, answer, None, seen, now);
        let list = match reading::read_list(config, &seen, list) {
            Ok(list) => list,
            Err(status) => {
                return Err(reply(Answer::new(status, "this server is faulty"), &seen));
            }
        };
        let head = list.request();
        let admitted = match peer::Request::admit(&head, transport) {
            Ok(admitted) => admitted,
            Err(refusal) => return Err(reply(Answer::refusal(&refusal), &seen)),
        };
        if let Some(answer) = faults::refuses_key(config, &head) {
            return Err(reply(answer, &seen));
        }
        let form = match head.is_extended_connect() {
            true => Form::Tunnel,
            false => Form::Ordinary,
        };
        Ok(Self {
            form,
            is_head: admitted.is_head,
            expects_continue: admitted.expects_continue,
            seen,
            list,
        })
    }

    /// What becomes of the request once it is complete.
    pub(super) fn reply(&self, config: &Config, transport: Transport, now: SystemTime) -> Reply {
        let head = self.list.request();
        let mut server = Server::new(config.service(transport));
        let (answer, tunnel) = match site::respond(config, &mut server, &head) {
            Outcome::Answered(answer) if self.is_head => (answer.without_content(), None),
            Outcome::Answered(answer) => (answer, None),
            Outcome::Switched(answer, deflate) => {
                (faults::accepted(config, answer, &head), Some(deflate))
            }
        };
        reply(config, answer, tunnel, &self.seen, now)
    }
}

/// The answer as it leaves.
fn reply(
    config: &Config,
    mut answer: Answer,
    tunnel: Option<Option<deflate::Answer>>,
    seen: &Seen,
    now: SystemTime,
) -> Reply {
    match answering::alter(config, &mut answer, seen) {
        Fate::Sent => {}
        Fate::Closed => return Reply::Close,
        Fate::Withheld => return Reply::Silence,
    }
    let mut answer = answer.complete(now);
    answering::alter_complete(config, &mut answer, seen);
    let (list, content) = written(config, answer);
    match tunnel {
        Some(agreed) => Reply::Tunnel(list, agreed),
        None => Reply::Response(list, content),
    }
}

/// An answer that no request is needed for; one to a request of HTTP/1 may be a 426, which has no
/// Upgrade to go with it here (RFC 9110 15.5.22).
pub(super) fn answer(
    config: &Config,
    mut answer: Answer,
    now: SystemTime,
) -> (HeaderList, Vec<u8>) {
    if answer.status == 426 {
        answer.status = 400;
    }
    written(config, answer.complete(now))
}

/// The header list of a completed answer, and its content.
fn written(config: &Config, answer: Answer) -> (HeaderList, Vec<u8>) {
    let answer = answer.varied(config);
    let mut list = HeaderList::of_response(&answer.head());
    // It has no key to belong to (RFC 8441 5).
    list.fields.retain(|field| field.name != b"sec-websocket-accept");
    let list = faults::alter_list(config, list, &answer);
    match answer.content {
        Content::Sent(content) => (list, faults::content(config, answer.status, content)),
        Content::Never | Content::Withheld(_) => (list, Vec::new()),
    }
}
