//! One frame of HTTP/2: its header, its payload, and what the payload of each type means.
//! Looks at no other frame: order and streams are for the reader.

use super::{ErrorCode, flag, kind};
use crate::Status;

/// What stands before the payload of a frame.
///
/// ```text
/// HTTP Frame { Length (24), Type (8), Flags (8), Reserved (1), Stream Identifier (31), ... }
///                                                                           RFC 9113 4.1
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// How many octets of payload follow, according to the sender. Whoever buffers sets a limit.
    pub announced: usize,
    /// What the payload is; see [`kind`].
    pub kind: u8,
    /// The flags; see [`flag`].
    pub flags: u8,
    /// The stream; 0 is the connection. The reserved bit is left out.
    pub stream: u32,
}

impl FrameHeader {
    /// How many octets the header takes.
    pub const LEN: usize = 9;

    /// Reads the header at the start of `buffer`.
    pub fn parse(buffer: &[u8]) -> Status<Self> {
        let Some(&[a, b, c, kind, flags, d, e, f, g]) = buffer.first_chunk() else {
            return Status::Partial;
        };
        Status::Complete(Self {
            announced: usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c),
            kind,
            flags,
            stream: u32::from_be_bytes([d, e, f, g]) & STREAM_BITS,
        })
    }
}

/// A frame with its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'b> {
    /// Where the frame begins in the octets that were read.
    pub at: usize,
    /// What the payload is; see [`kind`].
    pub kind: u8,
    /// The flags; see [`flag`].
    pub flags: u8,
    /// The stream; 0 is the connection.
    pub stream: u32,
    /// The payload, padding included.
    pub payload: &'b [u8],
    /// How many octets the frame takes.
    pub len: usize,
}

/// What a GOAWAY says (RFC 9113 6.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoAway<'b> {
    /// The last stream that may have been acted on.
    pub last_stream: u32,
    /// Why the connection ends.
    pub code: ErrorCode,
    /// What the sender adds for people.
    pub debug: &'b [u8],
}

impl<'b> Frame<'b> {
    /// Reads the frame that begins at `at`; partial until its whole payload is there.
    pub fn parse(buffer: &'b [u8], at: usize) -> Status<Self> {
        let rest = buffer.get(at..).unwrap_or_default();
        let Status::Complete(header) = FrameHeader::parse(rest) else {
            return Status::Partial;
        };
        let len = FrameHeader::LEN + header.announced;
        let Some(payload) = rest.get(FrameHeader::LEN..len) else {
            return Status::Partial;
        };
        Status::Complete(Self {
            at,
            kind: header.kind,
            flags: header.flags,
            stream: header.stream,
            payload,
            len,
        })
    }

    /// Whether all of these flags are set.
    pub fn has(&self, flags: u8) -> bool {
        self.flags & flags == flags
    }

    /// Where the frame ends.
    pub fn end(&self) -> usize {
        self.at + self.len
    }

    /// The settings in their order; `None` unless this is a SETTINGS frame of whole settings
    /// (RFC 9113 6.5).
    pub fn settings(&self) -> Option<Vec<(u16, u32)>> {
        (self.kind == kind::SETTINGS).then(|| settings(self.payload))?
    }

    /// Why a stream was reset; `None` unless this is a RST_STREAM of four octets (RFC 9113 6.4).
    pub fn rst_stream(&self) -> Option<ErrorCode> {
        let code = <[u8; 4]>::try_from(self.payload).ok()?;
        (self.kind == kind::RST_STREAM).then(|| ErrorCode(u32::from_be_bytes(code)))
    }

    /// What a GOAWAY says; `None` unless this is one with its eight octets (RFC 9113 6.8).
    pub fn goaway(&self) -> Option<GoAway<'b>> {
        let (last, rest) = self.payload.split_first_chunk()?;
        let (code, debug) = rest.split_first_chunk()?;
        (self.kind == kind::GOAWAY).then(|| GoAway {
            last_stream: u32::from_be_bytes(*last) & STREAM_BITS,
            code: ErrorCode(u32::from_be_bytes(*code)),
            debug,
        })
    }

    /// The octets of a PING; `None` unless this is one with eight (RFC 9113 6.7).
    pub fn ping(&self) -> Option<[u8; 8]> {
        let octets = self.payload.try_into().ok()?;
        (self.kind == kind::PING).then_some(octets)
    }

    /// By how much a window grows; `None` unless this is a WINDOW_UPDATE of four octets
    /// (RFC 9113 6.9).
    pub fn window_update(&self) -> Option<u32> {
        let octets = self.payload.try_into().ok()?;
        (self.kind == kind::WINDOW_UPDATE).then(|| u32::from_be_bytes(octets) & STREAM_BITS)
    }

    /// The octets of a DATA frame without padding; `None` for other frames, and when there is more
    /// padding than payload (RFC 9113 6.1).
    pub fn data(&self) -> Option<&'b [u8]> {
        (self.kind == kind::DATA).then(|| self.unpadded())?
    }

    /// The part of a header block that this frame carries, without padding, priority and promised
    /// stream (RFC 9113 6.2, 6.6, 6.10); `None` for frames without one and when the rest of the
    /// payload has no room for it.
    pub fn fragment(&self) -> Option<&'b [u8]> {
        match self.kind {
            kind::HEADERS if self.has(flag::PRIORITY) => self.unpadded()?.get(PRIORITY_LEN..),
            kind::HEADERS => self.unpadded(),
            kind::PUSH_PROMISE => self.unpadded()?.get(PROMISED_LEN..),
            kind::CONTINUATION => Some(self.payload),
            _ => None,
        }
    }

    fn unpadded(&self) -> Option<&'b [u8]> {
        if !self.has(flag::PADDED) {
            return Some(self.payload);
        }
        let (padding, rest) = self.payload.split_first()?;
        rest.get(..rest.len().checked_sub(usize::from(*padding))?)
    }
}

/// The frames at the start of `buffer`, and where the first one begins that is not complete.
pub fn read(buffer: &[u8]) -> (Vec<Frame<'_>>, usize) {
    let mut all = Vec::new();
    let mut frames = frames(buffer);
    all.extend(&mut frames);
    (all, frames.rest_at)
}

/// The complete frames of `buffer`, one after the other.
pub fn frames(buffer: &[u8]) -> Frames<'_> {
    Frames { buffer, rest_at: 0 }
}

/// Goes through frames; see [`frames`].
#[derive(Clone, Debug)]
pub struct Frames<'b> {
    buffer: &'b [u8],
    /// Where the next frame begins, complete or not.
    pub rest_at: usize,
}

impl<'b> Iterator for Frames<'b> {
    type Item = Frame<'b>;

    fn next(&mut self) -> Option<Frame<'b>> {
        let frame = Frame::parse(self.buffer, self.rest_at).complete()?;
        self.rest_at = frame.end();
        Some(frame)
    }
}

/// The settings of a payload, which HTTP2-Settings carries as well (RFC 7540 3.2.1); `None` unless
/// it is whole settings of six octets each.
pub fn settings(payload: &[u8]) -> Option<Vec<(u16, u32)>> {
    let (settings, []) = payload.as_chunks::<6>() else {
        return None;
    };
    let pair = |&[a, b, c, d, e, f]: &[u8; 6]| {
        (u16::from_be_bytes([a, b]), u32::from_be_bytes([c, d, e, f]))
    };
    Some(settings.iter().map(pair).collect())
}

const STREAM_BITS: u32 = 0x7fff_ffff;
/// A dependency of four octets and a weight.
const PRIORITY_LEN: usize = 5;
/// A stream identifier.
const PROMISED_LEN: usize = 4;

#[cfg(test)]
mod tests;
