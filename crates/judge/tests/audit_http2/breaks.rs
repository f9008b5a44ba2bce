//! The ways in which a test breaks a lawful answer: one thing each, with the requirement that forbids
//! it. Never two at once.

use upspec_handshake::h2::{flag, hpack, kind, write};

/// One thing that no server may do.
#[derive(Debug)]
pub(crate) struct Break {
    pub(crate) name: &'static str,
    pub(crate) fits: Fits,
    pub(crate) edit: Edit,
    /// What a finding has to cite.
    pub(crate) requirement: &'static str,
}

/// The answers that a break fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fits {
    /// Any final response.
    Any,
    /// A 204 to an ordinary request.
    NoContent,
    /// A 2xx that opens a WebSocket.
    Opening,
    /// A response with content.
    WithContent,
}

/// What is done.
#[derive(Debug)]
pub(crate) enum Edit {
    /// A field more.
    Add(&'static str, &'static str),
    /// Frames before the response.
    Ahead(fn(u32) -> Vec<u8>),
    /// Frames behind the response.
    Behind(fn(u32) -> Vec<u8>),
    /// No field of this name.
    Drop(&'static str),
    /// These octets before anything else.
    Hello(fn() -> Vec<u8>),
    /// These in the place of the acknowledgement of SETTINGS.
    Acknowledgement(fn() -> Vec<u8>),
    /// Another value for the field.
    Set(&'static str, &'static str),
}

impl Break {
    pub(crate) fn edit(&self, fields: &mut Vec<(&str, &str)>) {
        match self.edit {
            Edit::Add(name, value) => fields.push((name, value)),
            Edit::Drop(name) => fields.retain(|field| field.0 != name),
            Edit::Set(name, value) => {
                fields.retain(|field| field.0 != name);
                let at = if name.starts_with(':') { 0 } else { fields.len() };
                fields.insert(at, (name, value));
            }
            Edit::Acknowledgement(_) | Edit::Ahead(_) | Edit::Behind(_) | Edit::Hello(_) => {}
        }
    }

    pub(crate) fn ahead(&self, stream: u32) -> Vec<u8> {
        match self.edit {
            Edit::Ahead(octets) => octets(stream),
            _ => Vec::new(),
        }
    }

    pub(crate) fn behind(&self, stream: u32) -> Vec<u8> {
        match self.edit {
            Edit::Behind(octets) => octets(stream),
            _ => Vec::new(),
        }
    }
}

const fn row(name: &'static str, fits: Fits, edit: Edit, requirement: &'static str) -> Break {
    Break { name, fits, edit, requirement }
}

const CONNECTION_FIELDS: &str = "rfc9113/8.2.2-connection-fields-sent";

/// Every break.
pub(crate) const BREAKS: &[Break] = &[
    row("connection", Fits::Any, Edit::Add("connection", "close"), CONNECTION_FIELDS),
    row("keep-alive", Fits::Any, Edit::Add("keep-alive", "timeout=5"), CONNECTION_FIELDS),
    row("proxy-connection", Fits::Any, Edit::Add("proxy-connection", "close"), CONNECTION_FIELDS),
    row(
        "transfer-encoding",
        Fits::Any,
        Edit::Add("transfer-encoding", "chunked"),
        CONNECTION_FIELDS,
    ),
    row("upgrade", Fits::Any, Edit::Add("upgrade", "websocket"), CONNECTION_FIELDS),
    row("a name in capitals", Fits::Any, Edit::Add("Server", "x"), "rfc9113/8.2.1-field-name"),
    row("a name with a space", Fits::Any, Edit::Add("x y", "x"), "rfc9113/8.2.1-field-name"),
    row(
        "a value with a line end",
        Fits::Any,
        Edit::Add("x", "a\r\nb: c"),
        "rfc9113/8.2.1-field-value",
    ),
    row("no status", Fits::Any, Edit::Drop(":status"), "rfc9113/8.3.2-status"),
    row(
        "a pseudo-header field of requests",
        Fits::Any,
        Edit::Set(":path", "/"),
        "rfc9113/8.3-pseudo-context",
    ),
    row(
        "a pseudo-header field in last place",
        Fits::Any,
        Edit::Add(":status", "200"),
        "rfc9113/8.3-pseudo-order",
    ),
    row(
        "an unknown pseudo-header field",
        Fits::Any,
        Edit::Set(":upspec", "1"),
        "rfc9113/8.3-pseudo-unknown",
    ),
    row(
        "no SETTINGS at first",
        Fits::Any,
        Edit::Hello(|| write::ping(0, [0; 8])),
        "rfc9113/3.4-preface-sent",
    ),
    row(
        "a setting of 2",
        Fits::Any,
        Edit::Hello(|| write::settings(&[(8, 2)])),
        "rfc8441/3-setting-value",
    ),
    row(
        "a setting taken back",
        Fits::Any,
        Edit::Hello(|| [write::settings(&[(8, 1)]), write::settings(&[(8, 0)])].concat()),
        "rfc8441/3-no-withdraw",
    ),
    row(
        "no acknowledgement",
        Fits::Any,
        Edit::Acknowledgement(Vec::new),
        "rfc9113/6.5.3-settings-ack",
    ),
    row(
        "an interim response that ends the stream",
        Fits::Any,
        Edit::Ahead(|stream| {
            let interim = hpack::encode([(&b":status"[..], &b"103"[..])]);
            write::headers(stream, &interim, flag::END_STREAM)
        }),
        "rfc9113/8.1-end-stream-interim",
    ),
    row(
        "a length that is another",
        Fits::WithContent,
        Edit::Add("content-length", "4"),
        "rfc9113/8.1.1-malformed",
    ),
    row(
        "a 204 with a length",
        Fits::NoContent,
        Edit::Add("content-length", "0"),
        "rfc9110/8.6-cl-1xx-204",
    ),
    row(
        "a tunnel with a length",
        Fits::Opening,
        Edit::Add("content-length", "5"),
        "rfc9110/9.3.6-2xx-framing",
    ),
    row(
        "a subprotocol that is not on offer",
        Fits::Opening,
        Edit::Set("sec-websocket-protocol", "x-made-up"),
        SUBPROTOCOL,
    ),
    row(
        "two subprotocols",
        Fits::Opening,
        Edit::Set("sec-websocket-protocol", "chat, superchat"),
        "rfc6455/4.3-protocol-server",
    ),
    row(
        "an extension that is not on offer",
        Fits::Opening,
        Edit::Set("sec-websocket-extensions", "x-made-up"),
        "rfc6455/4.2.2-extensions-offered",
    ),
    row(
        "malformed extensions",
        Fits::Opening,
        Edit::Set("sec-websocket-extensions", "permessage-deflate;;"),
        "rfc6455/9.1-malformed",
    ),
    row(
        "a version on success",
        Fits::Opening,
        Edit::Add("sec-websocket-version", "13"),
        "rfc6455/4.2.2-response",
    ),
    row(
        "a masked frame",
        Fits::Opening,
        Edit::Behind(|stream| write::data(stream, b"\x81\x81\0\0\0\0a", 0)),
        "rfc6455/5.1-server-unmasked",
    ),
    row(
        "a reserved bit",
        Fits::Opening,
        Edit::Behind(|stream| write::data(stream, b"\xc1\x01a", 0)),
        "rfc6455/5.2-rsv",
    ),
    row(
        "HTTP/1.1 in the tunnel",
        Fits::Opening,
        Edit::Behind(|stream| write::data(stream, b"HTTP/1.1 400 Bad Request\r\n\r\n", 0)),
        "rfc8441/4-no-tunnel",
    ),
    row(
        "a PING of five octets",
        Fits::Any,
        Edit::Behind(|_| write::frame(kind::PING, flag::ACK, 0, b"short")),
        "rfc9113/4.2-frame-sent",
    ),
];

/// Where no subprotocol was offered the requirement is another.
pub(crate) const SUBPROTOCOL: &str = "rfc6455/4.2.2-subprotocol-choice";

/// What is cited in its place there.
pub(crate) const NO_SUBPROTOCOL: &str = "rfc6455/4.2.2-no-subprotocol";
