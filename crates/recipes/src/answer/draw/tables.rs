//! What edits put into an answer, in the spelling of case files.

use crate::answer::words::Field;

/// Values for a field.
pub(super) fn values(field: Field) -> &'static [&'static str] {
    match field {
        Field::Upgrade => UPGRADES,
        Field::Connection => CONNECTIONS,
        Field::Accept => ACCEPTS,
        Field::Protocol => PROTOCOLS,
        Field::Extensions => EXTENSIONS,
    }
}

/// Words for version, status and reason of a status line.
pub(super) const WORDS: [&[&str]; 3] = [VERSIONS, STATUSES, REASONS];

const UPGRADES: &[&str] = &[
    "WebSocket",
    "WEBSOCKET",
    "",
    "h2c",
    "websocketx",
    "websock",
    "xwebsocket",
    "web socket",
    "websocket/13",
    "websocket;q=1",
    "websocket, h2c",
    "h2c, websocket",
    "websocket,",
    "\"websocket\"",
    r"websocket\x00x",
    r"web\xC5\xBFocket",
    r"\xA0websocket",
];

const CONNECTIONS: &[&str] = &[
    "upgrade",
    "UPGRADE",
    "",
    "close",
    "keep-alive",
    "keep-alive, Upgrade",
    "Upgrade, keep-alive",
    "keep-alive,Upgrade",
    r"keep-alive\t,\tUpgrade",
    ", Upgrade,",
    "close, Upgrade",
    "Upgrades",
    "no-upgrade",
    "\"Upgrade\"",
    "keep-alive Upgrade",
    "Upgrade;q=1",
    "websocket",
];

const ACCEPTS: &[&str] = &[
    "",
    "{accept-swapped}",
    "{accept-truncated}",
    "{accept}x",
    "x{accept}",
    "{accept}AAAA",
    "{accept},",
    "{accept}, {accept}",
    "\"{accept}\"",
    "{accept};q=1",
    "{accept-hex}",
    "{accept-inner-space}",
    "{accept-of-decoded-key}",
    "{accept-of-other-key}",
    "{accept-pad-bits}",
    "{accept-without-guid}",
    "{key}",
    r"{accept}\x00",
];

const PROTOCOLS: &[&str] = &[
    "{protocol-2}",
    "",
    "upspec-other",
    "{protocol-swapped}",
    "{protocol-prefix}",
    "{protocol}x",
    "x{protocol}",
    "{protocol},",
    "{protocol}, {protocol}",
    "{protocol}, {protocol-2}",
    "\"{protocol}\"",
    "{protocol};q=1",
    "{protocol} {protocol}",
    r"{protocol}\x00",
];

const EXTENSIONS: &[&str] = &[
    "{deflate}",
    "{deflate}; client_no_context_takeover",
    "{deflate}; server_no_context_takeover",
    "{deflate} ; server_max_window_bits=\"10\"",
    ", {deflate},",
    "x-upspec",
    "permessage-deflatex",
    "permessage-bzip2",
    "x-webkit-deflate-frame",
    "{deflate}, x-upspec",
    "x-upspec, {deflate}",
    "{deflate}, {deflate}",
    "{deflate}; x_upspec",
    "{deflate}; server_max_window_bits=7",
    "{deflate}; server_max_window_bits=16",
    "{deflate}; server_max_window_bits=08",
    "{deflate}; server_max_window_bits",
    "{deflate}; server_no_context_takeover=1",
    "{deflate};",
    "{deflate}; =1",
    "\"{deflate}\"",
    "permessage deflate",
    "",
    ",",
];

const VERSIONS: &[&str] = &[
    "HTTP/1.2",
    "HTTP/1.0",
    "HTTP/2.0",
    "HTTP/1",
    "http/1.1",
    "ICY/1.1",
    "HTTP/1.10",
    "HTTP/1.1 ",
];

const STATUSES: &[&str] = &[
    "200", "204", "400", "100", "102", "103", "301", "404", "426", "500", "1010", "10", "1O1",
    "0101", "101 101", "999",
];

const REASONS: &[&str] = &[
    "",
    "OK",
    "Web Socket Protocol Handshake",
    "200 OK",
    r"\xE9",
    r"\t",
    r"Switching\x00Protocols",
];

/// Elements of lists.
pub(super) const ELEMENTS: &[&str] = &[
    "",
    "x-upspec",
    "websocket",
    "Upgrade",
    "keep-alive",
    "close",
    "{protocol}",
    "\"a, b\"",
    "a;b=c",
];

/// Octets within a name or a value.
pub(super) const OCTETS: &[&str] =
    &["x", "-", "_", " ", r"\t", ",", ";", "\"", r"\x00", r"\r", r"\x0B", r"\xA0"];

/// Further lines.
pub(super) const LINES: &[&str] = &[
    "X-Upspec: 1",
    "X-Empty:",
    r"X-Text: \xE9\x80\xFF",
    "Server: upspec",
    "Set-Cookie: a=b",
    "Keep-Alive: timeout=5",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: {key}",
    "Sec-WebSocket-Origin: http://localhost",
    "Content-Length: 0",
    "Content-Length: 5",
    "Transfer-Encoding: chunked",
    "Proxy-Connection: Upgrade",
    r"X-Fold: a\r\n b",
    r"X-Cr: a\rb",
    r"X-Nul: a\x00b",
    " X-Space: first",
    "X-Space : before",
    "nonsense",
    ": x",
];

/// What stands behind the head: a Ping, a message, a Close, a masked frame, half a frame, and junk.
pub(super) const AFTER: &[&str] = &[
    r"\x89\x04ping",
    r"\x81\x05early",
    r"\x88\x02\x03\xE8",
    r"\x89\x84\x00\x00\x00\x00ping",
    r"\x81\x7E\x01\x00half",
    "junk",
    r"\r\n",
    r"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
];
