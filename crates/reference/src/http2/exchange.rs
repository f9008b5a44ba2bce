//! One request of HTTP/2 as the resources of the server see it, and their answer as HTTP/2 writes it.
//! Never sees a request that is malformed in HTTP/2.
//!
//! The resources know requests of HTTP/1.1 only. An extended CONNECT for WebSocket is the opening
//! handshake that it stands for (RFC 8441 5), so that both are negotiated in one place.

use std::time::SystemTime;

use upspec_handshake::field::framing::{ContentLength, content_length};
use upspec_handshake::field::is_token;
use upspec_handshake::frame::Compression;
use upspec_handshake::h2::hpack::Pairs;
use upspec_handshake::{RequestHead, Status};

use super::faults;
use crate::answer::{Answer, Content};
use crate::config::{Config, Variation};
use crate::fault::answering::{self, Fate};
use crate::fault::reading::{self, Reading};
use crate::fault::{Point, Seen};
use crate::http::{self, Transport};
use crate::site::{self, Outcome};

/// A request whose header section has been read.
pub(super) struct Request {
    /// The head that says the same in HTTP/1.1.
    head: Vec<u8>,
    pub(super) form: Form,
    /// What Content-Length says.
    pub(super) length: ContentLength,
    /// A 100 is awaited before the content (RFC 9110 10.1.1).
    pub(super) expects_continue: bool,
}

/// What a request wants of its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A response.
    Ordinary,
    /// A WebSocket (RFC 8441 5).
    WebSocket,
}

/// What the server does on the stream of a request.
pub(super) enum Reply {
    /// It ends the connection.
    Close,
    /// It answers with this header section and content.
    Response(Pairs, Vec<u8>),
    /// It says nothing, now or later.
    Silence,
    /// It answers with this header section, and WebSocket follows.
    Tunnel(Pairs, Compression),
}

impl Request {
    /// Reads a header section; an answer, if that is all that comes of it.
    pub(super) fn read(
        config: &Config,
        transport: Transport,
        section: &Pairs,
    ) -> Result<Self, Answer> {
        let pseudo = |name: &str| value(section, name);
        let form = match pseudo(":protocol") {
            None => Form::Ordinary,
            Some(protocol) if faults::is_websocket(config, protocol) => Form::WebSocket,
            // RFC 9220 3 says so for HTTP/3.
            Some(_) => return Err(Answer::new(501, "the protocol is unknown")),
        };
        let method = match form {
            Form::Ordinary => pseudo(":method").unwrap_or(b"GET"),
            Form::WebSocket => b"GET",
        };
        let path = pseudo(":path").filter(|path| !path.is_empty());
        // What has no path is malformed, and comes here by a fault alone.
        let target = match (method, form) {
            (b"CONNECT", _) => pseudo(":authority").unwrap_or_default(),
            (_, Form::Ordinary) => path.unwrap_or(b"/"),
            (_, Form::WebSocket) => path.unwrap_or(config.path.as_bytes()),
        };
        check(method, target)?;
        check_host(config, section)?;
        if let Some(scheme) = pseudo(":scheme").filter(|_| method != b"CONNECT") {
            check_scheme(transport, scheme)?;
        }
        let lengths = section.iter().filter(|(name, _)| name == b"content-length");
        let length = content_length(lengths.map(|(_, value)| &value[..]));
        let mut head = [method, b" ", target, b" HTTP/1.1\r\n"].concat();
        write_fields(&mut head, config, section, form);
        head.extend_from_slice(b"\r\n");
        Ok(Self { head, form, length, expects_continue: value(section, "expect").is_some() })
    }

    /// What becomes of the request once it is complete.
    pub(super) fn reply(&self, config: &Config, now: SystemTime) -> Reply {
        let seen = Seen::of_http2(self.head.clone());
        let (mut answer, compression) = match self.outcome(config, &seen) {
            Outcome::Answered(answer) => (self.refused(answer), None),
            Outcome::Switched(answer, deflate) => {
                let compression = match deflate {
                    Some(_) => Compression::PermessageDeflate,
                    None => Compression::None,
                };
                (answer, Some(compression))
            }
        };
        match answering::alter(config, &mut answer, &seen) {
            Fate::Sent => {}
            Fate::Closed => return Reply::Close,
            Fate::Withheld => return Reply::Silence,
        }
        let mut answer = answer.complete(now);
        answering::alter_complete(config, &mut answer, &seen);
        let section = section(config, &answer, self.form);
        match (compression, answer.content) {
            (Some(compression), _) => Reply::Tunnel(section, compression),
            (None, Content::Sent(content)) => {
                Reply::Response(section, faults::content(config, answer.status, content))
            }
            (None, _) => Reply::Response(section, Vec::new()),
        }
    }

    fn outcome(&self, config: &Config, seen: &Seen) -> Outcome {
        let head = match reading::read(config, seen) {
            Reading::AsSent => self.head.clone(),
            Reading::Instead(octets) => octets,
            Reading::Refused(status) => {
                return Outcome::Answered(Answer::new(status, "this server is faulty"));
            }
            // The faults that say nothing at all are of HTTP/1.1.
            Reading::Dropped | Reading::Unanswered => self.head.clone(),
        };
        let Status::Complete(head) = RequestHead::parse(&head) else {
            return Outcome::Answered(Answer::new(400, "this is no request"));
        };
        match http::Request::admit(&head, Transport::Clear) {
            Err(rejection) => Outcome::Answered(rejection.answer),
            Ok(request) => match site::respond(config, &head) {
                Outcome::Answered(answer) if request.is_head => {
                    Outcome::Answered(answer.without_content())
                }
                outcome => outcome,
            },
        }
    }

    /// A refusal that says what it means in HTTP/2, where a 2xx to CONNECT opens a tunnel.
    fn refused(&self, answer: Answer) -> Answer {
        match (answer.status, self.form) {
            (200..300, Form::WebSocket) => Answer::new(404, "there is no WebSocket here"),
            _ => translated(answer),
        }
    }
}

/// In HTTP/2, a 426 has no Upgrade to go with it (RFC 9110 15.5.22).
pub(super) fn translated(answer: Answer) -> Answer {
    match answer.status {
        426 => Answer { status: 400, ..answer },
        _ => answer,
    }
}

/// An answer that no request is needed for.
pub(super) fn answer(config: &Config, answer: Answer, now: SystemTime) -> (Pairs, Vec<u8>) {
    let answer = answer.complete(now);
    let section = section(config, &answer, Form::Ordinary);
    match answer.content {
        Content::Sent(content) => (section, faults::content(config, answer.status, content)),
        Content::Never | Content::Withheld(_) => (section, Vec::new()),
    }
}

/// The value of the first field of this name.
pub(super) fn value<'s>(section: &'s Pairs, name: &str) -> Option<&'s [u8]> {
    let mut fields = section.iter();
    let found = fields.find(|(other, _)| other == name.as_bytes());
    found.map(|(_, value)| &value[..])
}

/// What would not stay one word each in a request line.
fn check(method: &[u8], target: &[u8]) -> Result<(), Answer> {
    let is_path = target.starts_with(b"/") || method == b"CONNECT";
    let is_asterisk = target == b"*" && method == b"OPTIONS";
    if !is_token(method) {
        return Err(Answer::new(400, "the method is malformed"));
    }
    if !is_path && !is_asterisk {
        return Err(Answer::new(400, "the path is malformed"));
    }
    Ok(())
}

/// A host beside another `:authority` makes a request doubtful (RFC 9113 8.3.1).
fn check_host(config: &Config, section: &Pairs) -> Result<(), Answer> {
    let (authority, host) = (value(section, ":authority"), value(section, "host"));
    match (authority, host) {
        (Some(one), Some(other))
            if !one.eq_ignore_ascii_case(other) && !config.errs_at(Point::Http2HostIgnored) =>
        {
            Err(Answer::new(400, "host is not the :authority"))
        }
        _ => Ok(()),
    }
}

/// A request for a scheme that this connection does not carry is misdirected (RFC 9110 7.4).
fn check_scheme(transport: Transport, scheme: &[u8]) -> Result<(), Answer> {
    match (scheme.to_ascii_lowercase().as_slice(), transport) {
        (b"http", Transport::Clear) | (b"https", Transport::Tls) => Ok(()),
        (b"http" | b"https", _) => Err(Answer::new(421, "this connection is not for that scheme")),
        _ => Err(Answer::new(400, "only http targets are served")),
    }
}

/// The fields of a request as lines. Those that HTTP/2 has other means for stay away, and so does
/// what a fault lets through that cannot be written.
fn write_fields(head: &mut Vec<u8>, config: &Config, section: &Pairs, form: Form) {
    let mut line = |name: &[u8], value: &[u8]| {
        for part in [name, b": ", value, b"\r\n"] {
            head.extend_from_slice(part);
        }
    };
    let regular = |name: &str| value(section, name);
    if let Some(authority) = value(section, ":authority")
        && (regular("host").is_none() || config.errs_at(Point::Http2HostIgnored))
    {
        line(b"Host", authority);
    }
    if form == Form::WebSocket {
        line(b"Upgrade", b"websocket");
        line(b"Connection", b"Upgrade");
        line(b"Sec-WebSocket-Key", faults::key(config, section));
    }
    for (name, value) in section {
        let is_writable = is_token(name) && !value.iter().any(|octet| b"\r\n\0".contains(octet));
        let is_ours = form == Form::WebSocket && name == b"sec-websocket-key"
            || name == b"host" && config.errs_at(Point::Http2HostIgnored);
        if is_writable && !HANDLED.contains(&&name[..]) && !is_ours {
            line(canonical(name), value);
        }
    }
}

/// The spelling that HTTP/1.1 prefers, for the fields that the server has a use for.
fn canonical(name: &[u8]) -> &[u8] {
    let known = CANONICAL.iter().map(|known| known.as_bytes());
    known.into_iter().find(|known| known.eq_ignore_ascii_case(name)).unwrap_or(name)
}

/// The header section of an answer.
fn section(config: &Config, answer: &Answer, form: Form) -> Pairs {
    let is_switch = answer.status == 101 && form == Form::WebSocket;
    let status = if is_switch { 200 } else { answer.status };
    let mut fields: Pairs = answer
        .fields
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase().into_bytes(), value.clone()))
        .filter(|(name, _)| !HANDLED.contains(&&name[..]) || name == b"content-length")
        .filter(|(name, _)| name != b"sec-websocket-accept")
        .collect();
    if config.varies(Variation::ExtraFields) {
        fields.insert(0, (b"x-reference".to_vec(), b"\"a, b\"; c=\x80".to_vec()));
    }
    if config.varies(Variation::ReversedFields) {
        fields.reverse();
    }
    fields.insert(0, (b":status".to_vec(), status.to_string().into_bytes()));
    faults::alter_section(config, fields, answer)
}

/// Fields with a part that HTTP/2 itself plays (RFC 9113 8.2.2), and Content-Length, which has been
/// compared with the content by then (RFC 9113 8.1.1).
const HANDLED: &[&[u8]] = &[
    b"connection",
    b"content-length",
    b"http2-settings",
    b"keep-alive",
    b"proxy-connection",
    b"te",
    b"transfer-encoding",
    b"upgrade",
];

const CANONICAL: &[&str] = &[
    "Expect",
    "Host",
    "Sec-WebSocket-Extensions",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Version",
    "Upgrade",
    "Connection",
];
