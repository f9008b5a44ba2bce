//! Frames of HTTP/2 that never end.

use upspec_handshake::h2::{ErrorCode, flag, hpack, write};

/// What a peer floods with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Flood {
    Settings,
    Ping,
    Data,
    Continuation,
    /// Field sections of one octet a line, each of which stands for 4 KB.
    Swelling,
    /// Responses on streams that nobody has opened.
    Streams,
    /// Responses on the stream that has its response.
    Answers,
    GoAway,
    Reset,
    Window,
    Push,
    Priority,
    Unknown,
    /// One frame as large as a frame can be.
    Huge,
}

/// What comes before the flood: the settings of a server, and an acknowledgement.
pub(crate) fn opening() -> Vec<u8> {
    [write::settings(&[(8, 1)]), write::settings_ack()].concat()
}

impl Flood {
    /// The n-th part of it.
    pub(crate) fn part(self, n: u32) -> Vec<u8> {
        let own = (n.wrapping_mul(2).wrapping_add(2)) & 0x7FFF_FFFF;
        match self {
            Self::Settings => write::settings(&[(3, n)]),
            Self::Ping => write::ping(0, [b'a'; 8]),
            Self::Data => write::data(1, b"", 0),
            Self::Continuation if n == 0 => write::frame(HEADERS, 0, 1, &yes()),
            Self::Continuation => write::frame(CONTINUATION, 0, 1, &[0x82; 64]),
            Self::Swelling => write::headers(1, &swelling(n == 0), 0),
            Self::Streams => write::headers(own, &yes(), 0),
            Self::Answers => write::headers(1, &yes(), 0),
            Self::GoAway => write::goaway(0, ErrorCode::NO_ERROR, &[b'a'; 64]),
            Self::Reset => write::rst_stream(1, ErrorCode::REFUSED_STREAM),
            Self::Window => write::window_update(0, 1),
            Self::Push => write::frame(PUSH_PROMISE, flag::END_HEADERS, 1, &promised(own)),
            Self::Priority => write::frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 16]),
            Self::Unknown => write::frame(0xFA, 0, 0, &[b'a'; 64]),
            Self::Huge if n == 0 => vec![0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0, 1],
            Self::Huge => vec![b'a'; 16 * 1024],
        }
    }
}

fn yes() -> Vec<u8> {
    hpack::encode([(&b":status"[..], &b"200"[..])])
}

/// A section that puts a long field line into the dynamic table, or names it time and again.
fn swelling(first: bool) -> Vec<u8> {
    let mut section = yes();
    match first {
        true => {
            // A literal with incremental indexing, its name of one octet, its value of 4000 (RFC 7541 6.2.1).
            section.extend([0x40, 1, b'x', 0x7F, 0xA1, 0x1E]);
            section.extend([b'a'; 4000]);
        }
        false => section.extend([0xBE; 8000]),
    }
    section
}

fn promised(stream: u32) -> Vec<u8> {
    let get = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a")];
    let fields = get.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    [&stream.to_be_bytes()[..], &hpack::encode(fields)].concat()
}

/// Types of frames (RFC 9113 section 6).
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const PUSH_PROMISE: u8 = 5;
const CONTINUATION: u8 = 9;
