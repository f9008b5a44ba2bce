//! Faults in putting messages together (RFC 6455 5.4, 5.6; RFC 7692 7.2.2).

use upspec_handshake::frame::{FrameViolation, opcode};

use crate::client::fault::Effect::{Fail, InTunnel, Lose, Overlook, Told};
use crate::client::fault::scene::{deflated, tunnel};
use crate::client::fault::{ClientFault, fault};
use crate::fault::Point as TunnelPoint;

pub(super) const ROWS: &[ClientFault] = &[
    fault("utf8-unchecked", "Text that is not UTF-8 is accepted.")
        .breaks("rfc6455/8.1-invalid-utf8")
        .shown_by(|| tunnel(b"\x81\x02\xff\xfe"))
        .by(InTunnel(TunnelPoint::Utf8Unchecked))
        .by(Overlook(|violation, _| violation == FrameViolation::TextNotUtf8)),
    fault(
        "fragments-lost",
        "Of a message in fragments the first one is lost, and with it the message.",
    )
    .breaks("rfc6455/5.4-fragments")
    .shown_by(|| tunnel(b"\x01\x01a\x00\x01b\x80\x01c"))
    .by(Lose(|frame, _| frame.opcode == opcode::CONTINUATION || is_first_part(frame))),
    fault("fragments-told-apart", "A message is told of in two parts.")
        .breaks("rfc6455/5.4-fragments")
        .by(Told(|mut data| {
            let rest = data.split_off(data.len().div_ceil(2));
            vec![data, rest]
        })),
    fault("long-messages-cut", "Of a long message 50000 octets are told of.")
        .breaks("rfc6455/6.2-parse-frames")
        .shown_by(|| tunnel(&[&b"\x81\x7e\xea\x60"[..], &[b'a'; 60_000]].concat()))
        .by(Told(|mut data| {
            data.truncate(50_000);
            vec![data]
        })),
    fault("split-character-refused", "A character in two fragments fails the connection.")
        .breaks("rfc6455/5.6-utf8")
        .shown_by(|| tunnel(b"\x01\x01\xc3\x80\x01\xa9"))
        .by(Fail(|frame, _| {
            frame.opcode == opcode::TEXT
                && !frame.fin
                && std::str::from_utf8(&frame.payload).is_err()
        })),
    fault("empty-fragment-refused", "An empty fragment fails the connection.")
        .breaks("rfc6455/5.4-fragments")
        .shown_by(|| tunnel(b"\x01\x00\x00\x01a\x80\x00"))
        .by(Fail(|frame, _| !frame.fin && frame.payload.is_empty())),
    fault("compressed-unread", "Compressed messages are told of as they are.")
        .breaks("rfc7692/5-use")
        .shown_by(|| deflated(b"\xc2\x07\xf2\x48\xcd\xc9\xc9\x07\x00"))
        .by(InTunnel(TunnelPoint::NotInflated))
        .by(InTunnel(TunnelPoint::Utf8Unchecked)),
    fault("window-forgotten", "Each message is inflated with an empty window.")
        .breaks("rfc7692/7.2.2-shared-window")
        .shown_by(|| deflated(b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00"))
        .by(InTunnel(TunnelPoint::WindowForgotten)),
    fault(
        "uncompressed-refused",
        "A message without RSV1 fails a connection with permessage-deflate.",
    )
    .breaks("rfc7692/6-uncompressed")
    .shown_by(|| deflated(b"\x81\x05Hello"))
    .by(Fail(|frame, message| {
        frame.opcode == opcode::TEXT && frame.rsv == 0 && message.is_compressible()
    })),
    fault("final-block-refused", "A block with BFINAL fails the connection.")
        .breaks("rfc7692/5-use")
        .shown_by(|| deflated(b"\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00"))
        .by(Fail(|frame, _| {
            frame.rsv == RSV1 && frame.payload.first().is_some_and(|octet| octet & 1 == 1)
        })),
    fault(
        "compressed-fragments-refused",
        "A compressed message in fragments fails the connection.",
    )
    .breaks("rfc7692/5-use")
    .shown_by(|| deflated(b"\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00"))
    .by(Fail(|frame, _| frame.rsv == RSV1 && !frame.fin)),
];

fn is_first_part(frame: &upspec_handshake::frame::Frame<'_>) -> bool {
    !frame.fin && matches!(frame.opcode, opcode::TEXT | opcode::BINARY)
}

/// The first reserved bit in `Frame::rsv`.
const RSV1: u8 = 4;
