//! The numbers of HTTP/2 and their names: frame types, flags, settings, error codes.
//! Keeps unknown numbers, because peers may send them (RFC 9113 4.1, 5.5).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An error code, as RST_STREAM and GOAWAY carry it (RFC 9113 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ErrorCode(pub u32);

impl ErrorCode {
    /// Nothing is wrong.
    pub const NO_ERROR: Self = Self(0x0);
    /// The peer broke the protocol.
    pub const PROTOCOL_ERROR: Self = Self(0x1);
    /// The fault is the sender's own.
    pub const INTERNAL_ERROR: Self = Self(0x2);
    /// The peer sent more than its window.
    pub const FLOW_CONTROL_ERROR: Self = Self(0x3);
    /// The settings were not acknowledged in time.
    pub const SETTINGS_TIMEOUT: Self = Self(0x4);
    /// A frame for a stream that is half-closed.
    pub const STREAM_CLOSED: Self = Self(0x5);
    /// A frame of the wrong size.
    pub const FRAME_SIZE_ERROR: Self = Self(0x6);
    /// The stream was not processed.
    pub const REFUSED_STREAM: Self = Self(0x7);
    /// The stream is no longer needed; for a tunnel, the end of its connection.
    pub const CANCEL: Self = Self(0x8);
    /// The compression state is lost.
    pub const COMPRESSION_ERROR: Self = Self(0x9);
    /// The connection behind a CONNECT failed.
    pub const CONNECT_ERROR: Self = Self(0xa);
    /// The peer is a burden.
    pub const ENHANCE_YOUR_CALM: Self = Self(0xb);
    /// TLS is too weak.
    pub const INADEQUATE_SECURITY: Self = Self(0xc);
    /// The request needs HTTP/1.1.
    pub const HTTP_1_1_REQUIRED: Self = Self(0xd);

    /// The codes of RFC 9113 with their names, in the order of their numbers.
    pub const NAMED: [(&str, Self); 14] = [
        ("NO_ERROR", Self::NO_ERROR),
        ("PROTOCOL_ERROR", Self::PROTOCOL_ERROR),
        ("INTERNAL_ERROR", Self::INTERNAL_ERROR),
        ("FLOW_CONTROL_ERROR", Self::FLOW_CONTROL_ERROR),
        ("SETTINGS_TIMEOUT", Self::SETTINGS_TIMEOUT),
        ("STREAM_CLOSED", Self::STREAM_CLOSED),
        ("FRAME_SIZE_ERROR", Self::FRAME_SIZE_ERROR),
        ("REFUSED_STREAM", Self::REFUSED_STREAM),
        ("CANCEL", Self::CANCEL),
        ("COMPRESSION_ERROR", Self::COMPRESSION_ERROR),
        ("CONNECT_ERROR", Self::CONNECT_ERROR),
        ("ENHANCE_YOUR_CALM", Self::ENHANCE_YOUR_CALM),
        ("INADEQUATE_SECURITY", Self::INADEQUATE_SECURITY),
        ("HTTP_1_1_REQUIRED", Self::HTTP_1_1_REQUIRED),
    ];

    /// The name, when RFC 9113 gives it one.
    pub fn name(self) -> Option<&'static str> {
        Self::NAMED.iter().find(|(_, code)| *code == self).map(|(name, _)| *name)
    }

    /// The code with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMED.iter().find(|(known, _)| *known == name).map(|(_, code)| *code)
    }
}

/// Reads what [`Display`](fmt::Display) writes.
impl FromStr for ErrorCode {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let number = || u32::from_str_radix(text.strip_prefix("error code 0x")?, 16).ok().map(Self);
        Self::from_name(text).or_else(number).ok_or(())
    }
}

/// The name, or else the number.
impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "error code {:#x}", self.0),
        }
    }
}

/// Frame types (RFC 9113 6).
pub mod kind {
    /// Content of a message, or octets of a tunnel.
    pub const DATA: u8 = 0x0;
    /// A header block, or the start of one.
    pub const HEADERS: u8 = 0x1;
    /// A priority; deprecated.
    pub const PRIORITY: u8 = 0x2;
    /// The immediate end of a stream.
    pub const RST_STREAM: u8 = 0x3;
    /// Parameters of the connection, or their acknowledgement.
    pub const SETTINGS: u8 = 0x4;
    /// The request of a pushed response.
    pub const PUSH_PROMISE: u8 = 0x5;
    /// A check that the peer is alive, or the answer to it.
    pub const PING: u8 = 0x6;
    /// The end of a connection.
    pub const GOAWAY: u8 = 0x7;
    /// More room to send.
    pub const WINDOW_UPDATE: u8 = 0x8;
    /// More of a header block.
    pub const CONTINUATION: u8 = 0x9;

    /// The name of a frame type, when RFC 9113 gives it one.
    pub fn name(kind: u8) -> Option<&'static str> {
        super::KIND_NAMES.get(usize::from(kind)).copied()
    }
}

/// Flags. A bit means something for some frame types only (RFC 9113 6).
pub mod flag {
    /// DATA and HEADERS: the last frame of this sender on the stream.
    pub const END_STREAM: u8 = 0x1;
    /// SETTINGS and PING: an acknowledgement.
    pub const ACK: u8 = 0x1;
    /// HEADERS, PUSH_PROMISE and CONTINUATION: the end of the header block.
    pub const END_HEADERS: u8 = 0x4;
    /// DATA, HEADERS and PUSH_PROMISE: padding follows.
    pub const PADDED: u8 = 0x8;
    /// HEADERS: priority fields come first.
    pub const PRIORITY: u8 = 0x20;

    /// The names of the flags that are set and mean something in a frame of this type.
    pub fn names(kind: u8, flags: u8) -> impl Iterator<Item = &'static str> {
        let meant = super::FLAGS.iter().filter(move |row| row.0 == kind);
        meant.filter(move |row| row.1 & flags != 0).map(|row| row.2)
    }
}

/// Identifiers of settings (RFC 9113 6.5.2, RFC 8441 3).
pub mod setting {
    /// The size of the dynamic table of HPACK.
    pub const HEADER_TABLE_SIZE: u16 = 0x1;
    /// Whether pushing is allowed.
    pub const ENABLE_PUSH: u16 = 0x2;
    /// How many streams the peer may open.
    pub const MAX_CONCURRENT_STREAMS: u16 = 0x3;
    /// The window of a new stream.
    pub const INITIAL_WINDOW_SIZE: u16 = 0x4;
    /// The longest payload of a frame.
    pub const MAX_FRAME_SIZE: u16 = 0x5;
    /// The longest header list.
    pub const MAX_HEADER_LIST_SIZE: u16 = 0x6;
    /// Whether extended CONNECT may be used (RFC 8441 3).
    pub const ENABLE_CONNECT_PROTOCOL: u16 = 0x8;

    /// The name of a setting, when it has one.
    pub fn name(id: u16) -> Option<&'static str> {
        let named = super::SETTING_NAMES.iter().find(|row| row.0 == id);
        named.map(|row| row.1)
    }
}

const KIND_NAMES: [&str; 10] = [
    "DATA",
    "HEADERS",
    "PRIORITY",
    "RST_STREAM",
    "SETTINGS",
    "PUSH_PROMISE",
    "PING",
    "GOAWAY",
    "WINDOW_UPDATE",
    "CONTINUATION",
];

const FLAGS: [(u8, u8, &str); 11] = [
    (kind::DATA, flag::END_STREAM, "END_STREAM"),
    (kind::DATA, flag::PADDED, "PADDED"),
    (kind::HEADERS, flag::END_STREAM, "END_STREAM"),
    (kind::HEADERS, flag::END_HEADERS, "END_HEADERS"),
    (kind::HEADERS, flag::PADDED, "PADDED"),
    (kind::HEADERS, flag::PRIORITY, "PRIORITY"),
    (kind::SETTINGS, flag::ACK, "ACK"),
    (kind::PUSH_PROMISE, flag::END_HEADERS, "END_HEADERS"),
    (kind::PUSH_PROMISE, flag::PADDED, "PADDED"),
    (kind::PING, flag::ACK, "ACK"),
    (kind::CONTINUATION, flag::END_HEADERS, "END_HEADERS"),
];

const SETTING_NAMES: [(u16, &str); 7] = [
    (setting::HEADER_TABLE_SIZE, "HEADER_TABLE_SIZE"),
    (setting::ENABLE_PUSH, "ENABLE_PUSH"),
    (setting::MAX_CONCURRENT_STREAMS, "MAX_CONCURRENT_STREAMS"),
    (setting::INITIAL_WINDOW_SIZE, "INITIAL_WINDOW_SIZE"),
    (setting::MAX_FRAME_SIZE, "MAX_FRAME_SIZE"),
    (setting::MAX_HEADER_LIST_SIZE, "MAX_HEADER_LIST_SIZE"),
    (setting::ENABLE_CONNECT_PROTOCOL, "ENABLE_CONNECT_PROTOCOL"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_agree() {
        let rows = [
            (ErrorCode::NO_ERROR, "NO_ERROR"),
            (ErrorCode::CANCEL, "CANCEL"),
            (ErrorCode::HTTP_1_1_REQUIRED, "HTTP_1_1_REQUIRED"),
            (ErrorCode(0xe), "error code 0xe"),
            (ErrorCode(u32::MAX), "error code 0xffffffff"),
        ];
        for (code, shown) in rows {
            assert_eq!(code.to_string(), shown);
            assert_eq!(ErrorCode::from_name(shown), code.name().map(|_| code));
        }
        assert_eq!(kind::name(kind::CONTINUATION), Some("CONTINUATION"));
        assert_eq!(kind::name(10), None);
        assert_eq!(setting::name(8), Some("ENABLE_CONNECT_PROTOCOL"));
        assert_eq!(setting::name(7), None);
        let flags: Vec<_> = flag::names(kind::HEADERS, 0x25).collect();
        assert_eq!(flags, ["END_STREAM", "END_HEADERS", "PRIORITY"]);
        assert_eq!(flag::names(kind::WINDOW_UPDATE, 0xff).count(), 0);
    }
}
