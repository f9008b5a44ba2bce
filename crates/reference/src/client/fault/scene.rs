//! What a server does so that a fault of the client shows: a connection on which the faulty client differs.

/// A server's part of one connection.
#[derive(Clone, Debug)]
pub struct Scene {
    /// Path and query of the URL, or a whole URL; `{authority}` stands for host and port.
    pub url: &'static str,
    /// What it writes; each write arrives by itself, the first one behind the request. `{accept}` stands for the
    /// right Sec-WebSocket-Accept.
    pub writes: Vec<Vec<u8>>,
    /// It ends its stream after the last write.
    pub ends: bool,
    /// It speaks HTTP/2.
    pub is_http2: bool,
}

impl Scene {
    /// One more write.
    pub(super) fn then(mut self, octets: impl AsRef<[u8]>) -> Self {
        self.writes.push(octets.as_ref().to_vec());
        self
    }

    /// More octets in the last write.
    pub(super) fn and(mut self, octets: impl AsRef<[u8]>) -> Self {
        if let Some(write) = self.writes.last_mut() {
            write.extend_from_slice(octets.as_ref());
        }
        self
    }

    /// The end of the server's stream.
    pub(super) fn ended(self) -> Self {
        Self { ends: true, ..self }
    }

    /// For another URL.
    pub(super) fn at(self, url: &'static str) -> Self {
        Self { url, ..self }
    }
}

/// The server writes these octets.
pub(super) fn octets(octets: impl AsRef<[u8]>) -> Scene {
    Scene { url: URL, writes: vec![octets.as_ref().to_vec()], ends: false, is_http2: false }
}

/// A conforming answer, a Ping, a message and a Close.
pub(crate) fn plain() -> Scene {
    answered().then(b"\x89\x02up").then(b"\x81\x03one").then(b"\x88\x02\x03\xe8")
}

/// A conforming answer.
pub(super) fn answered() -> Scene {
    octets(SWITCH)
}

/// The answer with one text in place of another.
pub(super) fn changed(what: &str, by: &str) -> Scene {
    octets(SWITCH.replacen(what, by, 1))
}

/// The answer with further lines.
pub(super) fn added(lines: &str) -> Scene {
    changed("\r\n\r\n", &format!("\r\n{lines}\r\n\r\n"))
}

/// The answer with this status line.
pub(super) fn status(line: &str) -> Scene {
    changed("HTTP/1.1 101 Switching Protocols", line)
}

/// A conforming answer, and octets behind it.
pub(super) fn tunnel(frames: &[u8]) -> Scene {
    answered().then(frames)
}

/// The same where permessage-deflate is agreed on.
pub(super) fn deflated(frames: &[u8]) -> Scene {
    added("Sec-WebSocket-Extensions: permessage-deflate").then(frames)
}

/// The answer with this value in Sec-WebSocket-Extensions.
pub(super) fn extended(value: &str) -> Scene {
    added(&format!("Sec-WebSocket-Extensions: {value}"))
}

/// A conforming server for another URL.
pub(super) fn url(url: &'static str) -> Scene {
    plain().at(url)
}

const URL: &str = "/";
const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n";
