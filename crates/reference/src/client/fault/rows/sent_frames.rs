//! Faults in the frames that a client sends (RFC 6455 5; RFC 7692 7.2.1).

use upspec_handshake::frame::{opcode, write};

use crate::client::fault::Effect::{Frame, InTunnel, Says};
use crate::client::fault::scene::{Scene, extended};
use crate::client::fault::{ClientFault, Point, fault};
use crate::fault::Point as TunnelPoint;

pub(super) const ROWS: &[ClientFault] = &[
    fault("unmasked-frames", "Frames are not masked.").breaks("rfc6455/5.1-client-masks").by(
        Frame(|frame, payload| {
            let mut plain = write(frame[0], payload, None);
            plain[0] = frame[0];
            plain
        }),
    ),
    fault("unmasked-control-frames", "Control frames are not masked.")
        .breaks("rfc6455/5.1-client-masks")
        .by(Frame(|frame, payload| match opcode::is_control(frame[0]) {
            true => write(frame[0], payload, None),
            false => frame,
        })),
    fault("mask-constant", "All frames have the same masking key.")
        .breaks("rfc6455/5.3-mask-key")
        .at(Point::MaskConstant),
    fault("mask-zero", "The masking key is zero.").breaks("rfc6455/5.3-mask-key").by(Frame(
        |frame, payload| {
            let mut zero = write(frame[0], payload, Some([0; 4]));
            zero[0] = frame[0];
            zero
        },
    )),
    fault("reserved-bit-sent", "RSV2 is set.").breaks("rfc6455/5.2-rsv").by(Frame(
        |mut frame, _| {
            frame[0] |= 0x20;
            frame
        },
    )),
    fault("unknown-opcode-sent", "A frame with an unknown opcode is sent.")
        .breaks("rfc6455/5.2-opcode")
        .by(Says(|_| vec![(3, Vec::new())]))
        .by(Frame(without_rsv1)),
    fault("long-length-form", "Short lengths are written in the long form.")
        .breaks("rfc6455/5.2-length")
        .by(Frame(|frame, payload| match payload.len() {
            length @ ..126 => {
                let start = [frame[0], 0x80 | 126, 0, length as u8];
                [&start[..], &frame[2..]].concat()
            }
            _ => frame,
        })),
    fault("long-ping-sent", "A Ping of 126 octets is sent.")
        .breaks("rfc6455/5.5-control-frame")
        .also(&["rfc6455/5.3-mask-key"])
        .by(Says(|_| vec![(opcode::PING, vec![b'a'; 126])]))
        .by(Frame(|frame, _| match frame[0] & 0xf {
            opcode::PING => write(opcode::PING, &[b'a'; 126], Some([9, 8, 7, 6])),
            _ => frame,
        })),
    fault("fragmented-pong-sent", "A Pong has no FIN.").breaks("rfc6455/5.5-control-frame").by(
        Frame(|mut frame, _| {
            if frame[0] & 0xf == opcode::PONG {
                frame[0] &= 0x7f;
            }
            frame
        }),
    ),
    fault("messages-interleaved", "A message begins before the one before it has ended.")
        .breaks("rfc6455/5.4-fragments")
        .by(Says(|text| vec![(opcode::BINARY, text.into()), (opcode::TEXT, text.into())]))
        .by(Frame(|mut frame, _| {
            if frame[0] & 0xf == opcode::BINARY {
                frame[0] &= 0x7f;
            }
            frame
        })),
    fault("text-not-utf8", "A text is sent that is no UTF-8.")
        .breaks("rfc6455/5.6-utf8")
        .by(Says(|_| vec![(opcode::TEXT, b"\xff\xfe".to_vec())])),
    fault(
        "compressed-without-agreement",
        "Messages are marked as compressed where nobody agreed on it.",
    )
    .breaks("rfc6455/5.2-rsv")
    .by(Frame(|mut frame, _| {
        if frame[0] & 0xf == opcode::TEXT {
            frame[0] |= 0x40;
        }
        frame
    })),
    fault("compressed-in-name", "Messages are marked as compressed, and are not.")
        .breaks("rfc7692/5-use")
        .shown_by(|| extended("permessage-deflate"))
        .by(InTunnel(TunnelPoint::CompressedInName)),
    fault(
        "compressed-beyond-window",
        "Messages are compressed with the largest window, whatever was agreed on.",
    )
    .breaks("rfc7692/7.2.1-window")
    .shown_by(|| extended("permessage-deflate; client_max_window_bits=8"))
    .by(InTunnel(TunnelPoint::CompressedBeyondWindow))
    .by(Says(|text| vec![(opcode::TEXT, long(text))])),
    fault(
        "context-kept",
        "Messages are compressed with those before them, in spite of client_no_context_takeover.",
    )
    .breaks("rfc7692/7.2.1-no-takeover")
    .shown_by(without_takeover)
    .by(InTunnel(TunnelPoint::CompressedWithTakeover))
    .by(Says(|text| vec![(opcode::TEXT, text.into()), (opcode::TEXT, text.into())])),
    fault("rsv1-on-pong", "RSV1 is set in control frames.").breaks("rfc6455/5.2-rsv").by(Frame(
        |mut frame, _| {
            if frame[0] & 0xf == opcode::PONG {
                frame[0] |= 0x40;
            }
            frame
        },
    )),
];

fn without_rsv1(mut frame: Vec<u8>, _: &[u8]) -> Vec<u8> {
    frame[0] &= 0xbf;
    frame
}

fn without_takeover() -> Scene {
    extended("permessage-deflate; client_no_context_takeover")
}

/// A text that repeats itself at a distance of 1100 octets.
fn long(text: &str) -> Vec<u8> {
    let mut state: u32 = 7;
    let mut letter = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        b'a' + (state >> 24) as u8 % 23
    };
    let once: Vec<u8> = text.bytes().chain((0..1100).map(|_| letter())).collect();
    once.repeat(2)
}
