//! What a faulty server does to frames.
//! Never for the server without fault: each function here then changes nothing.

use std::borrow::Cow;

use upspec_handshake::frame::{Frame, FrameHeader, FrameViolation, opcode};

use super::message::Message;
use crate::Fault;
use crate::config::Config;

/// Whether a violation in a client's frame is overlooked.
pub(super) fn overlooks(config: &Config, violation: FrameViolation, message: &Message) -> bool {
    match config.fault {
        Some(Fault::AcceptCompressedPing) if !message.is_compressible() => false,
        Some(fault) => OVERLOOKED.contains(&(fault, violation)),
        None => false,
    }
}

/// How many octets of a frame are passed over, as its header is understood; none at all if the
/// frame is waited for.
pub(super) fn misparsed(config: &Config, header: &FrameHeader, here: usize) -> Option<usize> {
    let is_long = header.violations.contains(&FrameViolation::LengthNotMinimal);
    match config.fault? {
        Fault::LongLengthFormAwaited if is_long => Some(0),
        Fault::LengthCut if header.announced > u64::from(u32::MAX) => {
            let lower = (header.announced & u64::from(u32::MAX)) as usize;
            Some(header.len.saturating_add(lower).min(here))
        }
        _ => None,
    }
}

/// Whether a masking key is taken for none.
pub(super) fn misses_mask(config: &Config, header: &FrameHeader) -> bool {
    config.has(Fault::RefuseZeroMask) && header.mask == Some([0; 4])
}

/// Whether a frame that is right is rejected.
pub(super) fn rejects(config: &Config, frame: &Frame<'_>, message: &Message) -> bool {
    let is_control = opcode::is_control(frame.opcode);
    match config.fault {
        Some(Fault::CloseOnUnsolicitedPong) => frame.opcode == opcode::PONG,
        Some(Fault::NoFragments) => !frame.fin,
        Some(Fault::NoInterleavedControl) => is_control && message.is_open(),
        Some(Fault::RefuseUncompressed) => {
            !is_control && frame.rsv == 0 && !message.is_open() && message.is_compressible()
        }
        Some(Fault::Utf8ByFrame) => {
            frame.opcode == opcode::TEXT
                && frame.rsv == 0
                && std::str::from_utf8(&frame.payload).is_err()
        }
        _ => false,
    }
}

/// The payload of a frame as it is read.
pub(super) fn payload<'f>(config: &Config, frame: &'f Frame<'_>) -> Cow<'f, [u8]> {
    let is_data = !opcode::is_control(frame.opcode);
    if config.has(Fault::EchoStillMasked) && is_data {
        return frame.payload.iter().map(|octet| octet ^ 0x55).collect();
    }
    if config.has(Fault::MaskLeftOnRest) && is_data && frame.payload.len() > UNMASKED {
        let (first, rest) = frame.payload.split_at(UNMASKED);
        let masked = rest.iter().map(|octet| octet ^ 0x55);
        return first.iter().copied().chain(masked).collect();
    }
    Cow::Borrowed(&frame.payload)
}

/// The payload of the Pong, if there is one.
pub(super) fn pong<'p>(config: &Config, ping: &'p [u8]) -> Option<&'p [u8]> {
    match config.fault {
        Some(Fault::NoPong) => None,
        Some(Fault::PongCut) => Some(&ping[..ping.len().min(64)]),
        Some(Fault::WrongPong) => Some(&[]),
        _ => Some(ping),
    }
}

/// The body of the Close frame that answers one with this body: its code (RFC 6455 5.5.1).
pub(super) fn close_body<'b>(config: &Config, body: &'b [u8]) -> &'b [u8] {
    match config.fault {
        Some(Fault::CloseBodyEchoed) => body,
        _ => body.get(..2).unwrap_or_default(),
    }
}

/// A frame as it is written.
pub(super) fn frame(config: &Config, mut frame: Vec<u8>, payload: &[u8]) -> Vec<u8> {
    match config.fault {
        Some(Fault::MaskedFrames) => upspec_handshake::frame::write(frame[0], payload, Some(MASK)),
        Some(Fault::ReservedBitSent) => {
            frame[0] |= 0x20;
            frame
        }
        Some(Fault::LongLengthForm) if payload.len() < 126 => {
            let length = payload.len() as u8;
            [&[frame[0], 126, 0, length], payload].concat()
        }
        _ => frame,
    }
}

const UNMASKED: usize = 8;
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// Which fault overlooks which violation.
const OVERLOOKED: &[(Fault, FrameViolation)] = &[
    (Fault::AcceptCompressedPing, FrameViolation::ReservedBits),
    (Fault::AcceptFragmentedControlFrame, FrameViolation::ControlFragmented),
    (Fault::AcceptInvalidUtf8, FrameViolation::TextNotUtf8),
    (Fault::AcceptLongControlFrame, FrameViolation::ControlTooLong),
    (Fault::AcceptNestedMessage, FrameViolation::DataInsideMessage),
    (Fault::AcceptReservedBits, FrameViolation::ReservedBits),
    (Fault::AcceptStrayContinuation, FrameViolation::ContinuationOutsideMessage),
    (Fault::AcceptUnknownOpcode, FrameViolation::OpcodeUnknown),
    (Fault::AcceptUnmaskedFrame, FrameViolation::UnmaskedByClient),
    (Fault::CloseBodyEchoed, FrameViolation::CloseBodyOneOctet),
    (Fault::CloseBodyEchoed, FrameViolation::CloseReasonNotUtf8),
    (Fault::CloseIgnored, FrameViolation::CloseBodyOneOctet),
    (Fault::CloseIgnored, FrameViolation::CloseCodeOutOfRange),
    (Fault::CloseIgnored, FrameViolation::CloseCodeReserved),
    (Fault::CloseIgnored, FrameViolation::CloseReasonNotUtf8),
    (Fault::CloseIgnored, FrameViolation::DataAfterClose),
    (Fault::DataAfterClose, FrameViolation::DataAfterClose),
    (Fault::ReservedCodeEchoed, FrameViolation::CloseCodeReserved),
];
