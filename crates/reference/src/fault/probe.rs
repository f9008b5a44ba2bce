//! What a client sends to expose a fault: a connection on which the faulty server differs.

use upspec_handshake::h2::{PREFACE, flag, hpack, write};

/// What a client does on one connection.
#[derive(Clone, Debug)]
pub struct Probe {
    /// What it writes; each write arrives by itself.
    pub writes: Vec<Vec<u8>>,
    /// It ends its stream after the last write.
    pub ends: bool,
}

impl Probe {
    /// More octets in the last write.
    pub(crate) fn and(mut self, octets: impl AsRef<[u8]>) -> Self {
        if let Some(write) = self.writes.last_mut() {
            write.extend_from_slice(octets.as_ref());
        }
        self
    }

    /// One more write.
    pub(super) fn then(mut self, octets: impl AsRef<[u8]>) -> Self {
        self.writes.push(octets.as_ref().to_vec());
        self
    }

    /// The end of the client's stream.
    pub(super) fn ended(self) -> Self {
        Self { ends: true, ..self }
    }
}

pub(crate) fn octets(octets: impl AsRef<[u8]>) -> Probe {
    Probe { writes: vec![octets.as_ref().to_vec()], ends: false }
}

/// The opening handshake with one text in place of another.
pub(crate) fn changed(what: &str, by: &str) -> Probe {
    octets(HANDSHAKE.replacen(what, by, 1))
}

/// The opening handshake with further lines.
pub(crate) fn added(lines: &str) -> Probe {
    changed("\r\n\r\n", &format!("\r\n{lines}\r\n\r\n"))
}

/// A GET of the root with further lines.
pub(super) fn plain(lines: &str) -> Probe {
    octets(PLAIN.replacen("\r\n\r\n", &format!("\r\n{lines}\r\n\r\n"), 1))
}

/// Frames after an opening handshake, each given by its first octet and its payload.
pub(crate) fn frames(frames: &[(u8, &[u8])]) -> Probe {
    let frames = frames.iter().map(|(first, payload)| frame(*first, payload));
    octets(HANDSHAKE).then(frames.collect::<Vec<_>>().concat())
}

/// The same after an opening handshake that agrees on permessage-deflate.
pub(super) fn compressed(list: &[(u8, &[u8])]) -> Probe {
    let mut probe = frames(list);
    probe.writes.splice(..1, added("Sec-WebSocket-Extensions: permessage-deflate").writes);
    probe
}

/// A frame of WebSocket as a client sends it.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = upspec_handshake::frame::write(first & 0xf, payload, Some([1, 2, 3, 4]));
    frame[0] = first;
    frame
}

/// The preface of HTTP/2, SETTINGS, and these frames.
pub(crate) fn http2(frames: &[Vec<u8>]) -> Probe {
    let start = [PREFACE.to_vec(), write::settings(&[])];
    octets([&start[..], frames].concat().concat())
}

/// A header section on a stream.
pub(crate) fn headers(stream: u32, fields: &[Pair], flags: u8) -> Vec<u8> {
    let octets = |&(name, value)| (str::as_bytes(name), str::as_bytes(value));
    write::headers(stream, &hpack::encode(fields.iter().map(octets)), flags)
}

/// A GET of the root in HTTP/2, with further fields.
pub(crate) fn get(more: &[Pair]) -> Probe {
    list(&[GET, more].concat())
}

/// A request without content in HTTP/2.
pub(super) fn list(fields: &[Pair]) -> Probe {
    http2(&[headers(1, fields, flag::END_STREAM)])
}

/// An extended CONNECT for the endpoint, where these fields take the place of others of their name.
pub(super) fn connect(fields: &[Pair]) -> Probe {
    let is_other = |(name, _): &&Pair| fields.iter().all(|(changed, _)| changed != name);
    let others = WEBSOCKET.iter().filter(is_other).copied();
    // Pseudo-header fields come first.
    let mut all: Vec<Pair> = others.chain(fields.iter().copied()).collect();
    all.sort_by_key(|(name, _)| !name.starts_with(':'));
    http2(&[headers(1, &all, 0)])
}

/// A WebSocket on stream 1, and frames of HTTP/2 after it.
pub(super) fn beside_tunnel(frames: &[Vec<u8>]) -> Probe {
    http2(&[&[headers(1, WEBSOCKET, 0)], frames].concat())
}

/// An offer of h2c that is in order, and HTTP/2.
pub(super) fn h2c() -> Probe {
    h2c_with("", "")
}

/// The same with further lines, and with content.
pub(super) fn h2c_with(lines: &str, content: &str) -> Probe {
    offer_of_h2c("AAMAAABkAAQAAP__", lines, content)
}

/// The same with settings that leave no room for DATA.
pub(super) fn h2c_without_room() -> Probe {
    offer_of_h2c("AAQAAAAA", "", "")
}

fn offer_of_h2c(settings: &str, lines: &str, content: &str) -> Probe {
    let offer = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n\
         Upgrade: h2c\r\nHTTP2-Settings: {settings}\r\n{lines}\r\n{content}"
    );
    octets(offer).and(http2(&[]).writes.concat())
}

pub(crate) const HANDSHAKE: &str = "GET /chat HTTP/1.1\r\nHost: localhost\r\n\
    Upgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\nSec-WebSocket-Version: 13\r\n\r\n";

pub(crate) const PLAIN: &str = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A field of HTTP/2.
type Pair = (&'static str, &'static str);

pub(crate) const GET: &[Pair] =
    &[(":method", "GET"), (":scheme", "http"), (":authority", "localhost"), (":path", "/")];

pub(crate) const WEBSOCKET: &[Pair] = &[
    (":method", "CONNECT"),
    (":protocol", "websocket"),
    (":scheme", "http"),
    (":authority", "localhost"),
    (":path", "/chat"),
    ("sec-websocket-version", "13"),
];
