//! Faults in reading frames (RFC 6455 5).

use upspec_handshake::frame::{FrameViolation, opcode};

use crate::client::fault::Effect::{DieOfFrame, Fail, InTunnel, Lose, Overlook, Pong};
use crate::client::fault::scene::{answered, deflated, tunnel};
use crate::client::fault::{ClientFault, Point, fault};
use crate::fault::Point as TunnelPoint;

pub(super) const ROWS: &[ClientFault] = &[
    fault("masked-frames-read", "Masked frames are read.")
        .breaks("rfc6455/5.1-client-closes-masked")
        .shown_by(|| tunnel(b"\x81\x81\x00\x00\x00\x00a"))
        .by(Overlook(|violation, _| violation == FrameViolation::MaskedByServer)),
    fault("reserved-bits-read", "Reserved bits are not checked.")
        .breaks("rfc6455/5.2-rsv")
        .shown_by(|| tunnel(b"\xa1\x01x"))
        .by(Overlook(|violation, _| violation == FrameViolation::ReservedBits)),
    fault("unknown-opcodes-skipped", "Frames with an unknown opcode are skipped.")
        .breaks("rfc6455/5.2-opcode")
        .shown_by(|| tunnel(b"\x83\x01x"))
        .by(Overlook(|violation, _| violation == FrameViolation::OpcodeUnknown)),
    fault("crlf-skipped", "An empty line behind the head is skipped.")
        .breaks("rfc6455/5.2-opcode")
        .shown_by(|| answered().and(b"\r\n\x89\x02up"))
        .at(Point::CrlfSkipped),
    fault("http-skipped", "A response of HTTP in the tunnel is skipped.")
        .breaks("rfc6455/5.2-rsv")
        .shown_by(|| tunnel(b"HTTP/1.1 200 OK\r\n\r\n"))
        .at(Point::HttpSkipped),
    fault("long-control-frames-read", "Control frames may be longer than 125 octets.")
        .breaks("rfc6455/5.5-control-frame")
        .shown_by(|| tunnel(&[&b"\x89\x7e\x00\x7e"[..], &[b'a'; 126]].concat()))
        .by(Overlook(|violation, _| violation == FrameViolation::ControlTooLong)),
    fault("fragmented-control-frames-read", "Control frames need no FIN.")
        .breaks("rfc6455/10.7-close-frame")
        .shown_by(|| tunnel(b"\x09\x01x"))
        .by(Overlook(|violation, _| violation == FrameViolation::ControlFragmented)),
    fault("stray-continuation-skipped", "A continuation of nothing is skipped.")
        .breaks("rfc6455/10.7-close-frame")
        .shown_by(|| tunnel(b"\x80\x01x"))
        .by(Overlook(|violation, _| violation == FrameViolation::ContinuationOutsideMessage)),
    fault("message-inside-read", "A message within another one takes its place.")
        .breaks("rfc6455/10.7-close-frame")
        .shown_by(|| tunnel(b"\x01\x01a\x81\x01b"))
        .by(Overlook(|violation, _| violation == FrameViolation::DataInsideMessage)),
    fault("length-top-bit-dropped", "The top bit of a length is left out.")
        .breaks("rfc6455/10.7-close-frame")
        .shown_by(|| tunnel(b"\x82\x7f\x80\0\0\0\0\0\0\x01x"))
        .by(Overlook(|violation, _| violation == FrameViolation::LengthTopBit)),
    fault("violations-ignored", "Nothing is wrong with any frame.")
        .breaks("rfc6455/5.2-opcode")
        .also(&[
            "rfc6455/5.5-control-frame",
            "rfc6455/7.4.1-reserved-codes",
            "rfc6455/7.4.2-code-ranges",
        ])
        .shown_by(|| tunnel(b"\x83\x01x"))
        .by(Overlook(|_, _| true))
        .by(InTunnel(TunnelPoint::Utf8Unchecked)),
    fault("reading-after-failing", "What stands behind a frame that fails the connection is read.")
        .breaks("rfc6455/7.1.7-stop-processing")
        .shown_by(|| tunnel(b"\xa1\x01x\x81\x05later"))
        .by(InTunnel(TunnelPoint::ReadingAfterFailing)),
    fault("early-frames-lost", "Frames in the segment of the 101 are lost.")
        .breaks("rfc6455/6.2-parse-frames")
        .shown_by(|| answered().and(b"\x81\x05early"))
        .at(Point::EarlyFramesLost),
    fault("part-of-frame-lost", "A frame has to come in one piece.")
        .breaks("rfc6455/6.2-parse-frames")
        .shown_by(|| tunnel(b"\x81\x05ea").then(b"rly"))
        .by(InTunnel(TunnelPoint::PartOfFrameLost)),
    fault("one-frame-per-read", "Of several frames that come together the first is read.")
        .breaks("rfc6455/6.2-parse-frames")
        .shown_by(|| tunnel(b"\x81\x03one\x81\x03two"))
        .by(InTunnel(TunnelPoint::OneFramePerRead)),
    fault("pong-omitted", "A Ping is not answered.")
        .breaks("rfc6455/5.5.2-pong")
        .by(Pong(|_| None)),
    fault("pong-empty", "A Pong has no data.")
        .breaks("rfc6455/5.5.2-pong")
        .by(Pong(|_| Some(Vec::new()))),
    fault("empty-ping-unanswered", "A Ping without data is not answered.")
        .breaks("rfc6455/5.5.2-pong")
        .shown_by(|| tunnel(b"\x89\x00"))
        .by(Pong(|ping| (!ping.is_empty()).then(|| ping.to_vec()))),
    fault("ping-within-message-lost", "A Ping between the fragments of a message is lost.")
        .breaks("rfc6455/5.4-interleaved-control")
        .shown_by(|| tunnel(b"\x01\x01a\x89\x02up\x80\x01b"))
        .by(Lose(|frame, message| frame.opcode == opcode::PING && message.is_open())),
    fault("unasked-pong-refused", "A Pong that answers nothing fails the connection.")
        .breaks("rfc6455/6.2-control-frames")
        .shown_by(|| tunnel(b"\x8a\x01x"))
        .by(Fail(|frame, _| frame.opcode == opcode::PONG)),
    fault("deaf-beyond-limit", "What exceeds a limit of the client makes it deaf.")
        .breaks("rfc6455/10.4-limits")
        .shown_by(|| tunnel(b"\x82\x7f\x40\0\0\0\0\0\0\0"))
        .at(Point::DeafBeyondLimit),
    fault("dies-beyond-limit", "It crashes on what exceeds a limit of the client.")
        .breaks("rfc6455/10.7-validate")
        .shown_by(|| tunnel(b"\x82\x7f\x40\0\0\0\0\0\0\0"))
        .at(Point::DiesBeyondLimit),
    fault("dies-of-long-length-form", "It crashes on a length in a longer form than needed.")
        .breaks("rfc6455/10.7-validate")
        .shown_by(|| tunnel(b"\x81\x7e\x00\x05other"))
        .by(DieOfFrame(|input| {
            input.len() > 3 && input[1] == 126 && input[2] == 0 && input[3] < 126
        })),
    fault("rsv1-read-on-ping", "RSV1 is not checked in control frames.")
        .breaks("rfc7692/6.1-rsv1")
        .shown_by(|| deflated(b"\xc9\x00"))
        .by(Overlook(|violation, message| {
            violation == FrameViolation::ReservedBits && message.is_compressible()
        })),
];
