//! The first frames after the 101: RFC 6455 section 5.
//! Does not reassemble or inflate messages.

mod close;
mod reader;
#[cfg(test)]
mod tests;
mod violation;

pub use reader::{Compression, FrameReader};
pub use violation::FrameViolation;

use crate::Status;
use std::borrow::Cow;

/// What stands before the payload of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// This is the last frame of its message.
    pub fin: bool,
    /// The reserved bits: RSV1 is 4, RSV2 is 2, RSV3 is 1.
    pub rsv: u8,
    /// What the payload is; see [`opcode`].
    pub opcode: u8,
    /// The masking key, if the payload is masked.
    pub mask: Option<[u8; 4]>,
    /// How many octets of payload follow, by the sender's word. Whoever buffers sets a limit.
    pub announced: u64,
    /// How many octets the header takes, the masking key included.
    pub len: usize,
    /// What is wrong with the header, whoever sent it and whatever came before.
    pub violations: Vec<FrameViolation>,
}

impl FrameHeader {
    /// ```text
    /// ws-frame = fin rsv1 rsv2 rsv3 opcode             ; 1, 1, 1, 1 and 4 bits
    ///            masked payload-length                 ; 1 bit; 7, 7+16 or 7+64 bits
    ///            [ masking-key ] payload-data          ; 32 bits     RFC 6455 5.2
    /// ```
    #[inline]
    pub fn parse(buffer: &[u8]) -> Status<Self> {
        let [first, second, rest @ ..] = buffer else {
            return Status::Partial;
        };
        let (width, extended) = match second & LENGTH_BITS {
            LENGTH_16 => (2, rest.first_chunk().map(|&octets| u16::from_be_bytes(octets).into())),
            LENGTH_64 => (8, rest.first_chunk().map(|&octets| u64::from_be_bytes(octets))),
            short => (0, Some(u64::from(short))),
        };
        let Some(announced) = extended else {
            return Status::Partial;
        };
        let mut len = 2 + width;
        let mut mask = None;
        if second & MASK_BIT != 0 {
            mask = rest[width..].first_chunk().copied();
            len += 4;
            if mask.is_none() {
                return Status::Partial;
            }
        }
        let (fin, rsv, opcode) = (first & FIN_BIT != 0, first >> 4 & 7, first & 0xf);
        let mut header = Self { fin, rsv, opcode, mask, announced, len, violations: Vec::new() };
        // Whole and short, as most are, it breaks none of the rules.
        if !(fin && width == 0 && announced <= 125 && opcode::is_known(opcode)) {
            header.check(width);
        }
        Status::Complete(header)
    }

    /// `width` is how many octets the extended length takes.
    fn check(&mut self, width: usize) {
        let control = opcode::is_control(self.opcode);
        let least = match self.announced {
            0..=125 => 0,
            126..=0xffff => 2,
            _ => 8,
        };
        let rules = [
            (FrameViolation::OpcodeUnknown, !opcode::is_known(self.opcode)),
            (FrameViolation::ControlFragmented, control && !self.fin),
            (FrameViolation::ControlTooLong, control && self.announced > 125),
            (FrameViolation::LengthNotMinimal, width > least),
            (FrameViolation::LengthTopBit, self.announced > i64::MAX as u64),
        ];
        self.violations.extend(rules.iter().filter(|rule| rule.1).map(|rule| rule.0));
    }
}

/// A frame with its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame<'b> {
    /// This is the last frame of its message.
    pub fin: bool,
    /// The reserved bits: RSV1 is 4, RSV2 is 2, RSV3 is 1.
    pub rsv: u8,
    /// What the payload is; see [`opcode`].
    pub opcode: u8,
    /// The payload was masked.
    pub masked: bool,
    /// The payload, unmasked.
    pub payload: Cow<'b, [u8]>,
    /// How many octets the frame takes.
    pub len: usize,
    /// Violations. [`Frame::parse`] finds those of any frame; a [`FrameReader`] adds those that
    /// depend on the sender and on earlier frames.
    pub violations: Vec<FrameViolation>,
}

impl<'b> Frame<'b> {
    /// Reads the frame at the start of `buffer`. It is partial until the whole payload is there;
    /// [`FrameHeader::parse`] tells before that how long it claims to be.
    pub fn parse(buffer: &'b [u8]) -> Status<Self> {
        let Status::Complete(header) = FrameHeader::parse(buffer) else {
            return Status::Partial;
        };
        let rest = &buffer[header.len..];
        let length = usize::try_from(header.announced).ok();
        let Some(raw) = length.and_then(|length| rest.get(..length)) else {
            return Status::Partial;
        };
        let payload = match header.mask {
            None => Cow::Borrowed(raw),
            Some(mask) => Cow::Owned(masked(raw, mask).collect()),
        };
        let mut violations = header.violations;
        if header.opcode == opcode::CLOSE {
            violations.extend(close::violations(&payload));
        }
        Status::Complete(Self {
            fin: header.fin,
            rsv: header.rsv,
            opcode: header.opcode,
            masked: header.mask.is_some(),
            payload,
            len: header.len + raw.len(),
            violations,
        })
    }

    /// The status code of a Close frame (RFC 6455 5.5.1), if it has one.
    pub fn close_code(&self) -> Option<u16> {
        let body = (self.opcode == opcode::CLOSE).then_some(self.payload.as_ref())?;
        close::code(body)
    }
}

/// The octets of a final frame. With a mask as a client sends it, without one as a server does.
///
/// The length is written in as few octets as it needs (RFC 6455 5.2). Only the low four bits of
/// the opcode count.
pub fn write(opcode: u8, payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
    let mask_bit = if mask.is_some() { MASK_BIT } else { 0 };
    let mut frame = Vec::with_capacity(payload.len() + LONGEST_HEADER);
    frame.push(FIN_BIT | opcode & 0xf);
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length @ 0..=125), _) => frame.push(mask_bit | length),
        (_, Ok(length)) => {
            frame.push(mask_bit | LENGTH_16);
            frame.extend(length.to_be_bytes());
        }
        _ => {
            frame.push(mask_bit | LENGTH_64);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    match mask {
        None => frame.extend_from_slice(payload),
        Some(mask) => {
            frame.extend(mask);
            frame.extend(masked(payload, mask));
        }
    }
    frame
}

/// Masks or unmasks: both are the same (RFC 6455 5.3).
fn masked(payload: &[u8], mask: [u8; 4]) -> impl Iterator<Item = u8> {
    payload.iter().zip(mask.into_iter().cycle()).map(|(octet, key)| octet ^ key)
}

/// The opcodes of RFC 6455 5.2.
pub mod opcode {
    /// A further frame of a message.
    pub const CONTINUATION: u8 = 0x0;
    /// The first frame of a text message.
    pub const TEXT: u8 = 0x1;
    /// The first frame of a binary message.
    pub const BINARY: u8 = 0x2;
    /// The end of what its sender has to say.
    pub const CLOSE: u8 = 0x8;
    /// A question whether the peer is there.
    pub const PING: u8 = 0x9;
    /// The answer to it.
    pub const PONG: u8 = 0xa;

    /// Whether this is the opcode of a control frame, a reserved one included.
    pub fn is_control(opcode: u8) -> bool {
        opcode & 0x8 != 0
    }

    /// Whether RFC 6455 gives the opcode a meaning.
    pub fn is_known(opcode: u8) -> bool {
        matches!(opcode, CONTINUATION | TEXT | BINARY | CLOSE | PING | PONG)
    }
}

const FIN_BIT: u8 = 0x80;
const MASK_BIT: u8 = 0x80;
const LENGTH_BITS: u8 = 0x7f;
/// Two octets of length follow.
const LENGTH_16: u8 = 126;
/// Eight octets of length follow.
const LENGTH_64: u8 = 127;
/// Two octets, eight of length, four of mask.
const LONGEST_HEADER: usize = 14;
