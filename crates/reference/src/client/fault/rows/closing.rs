//! Faults in closing and in failing a connection (RFC 6455 5.5.1, 7).

use upspec_handshake::frame::{FrameViolation, opcode};

use crate::client::fault::Effect::{CloseBody, Frame, InTunnel, Lose, Overlook};
use crate::client::fault::scene::{answered, octets, tunnel};
use crate::client::fault::{ClientFault, Point, fault};
use crate::fault::Point as TunnelPoint;
use crate::tunnel::Message;

pub(super) const ROWS: &[ClientFault] = &[
    fault("close-unanswered", "A Close is not answered with a Close.")
        .breaks("rfc6455/5.5.1-answer-close")
        .by(InTunnel(TunnelPoint::CloseAnswerOmitted)),
    fault("close-ignored", "A Close means nothing.")
        .breaks("rfc6455/5.5.1-answer-close")
        .by(InTunnel(TunnelPoint::CloseIgnored))
        .by(Overlook(is_after_close)),
    fault("close-within-message-lost", "A Close between the fragments of a message is lost.")
        .breaks("rfc6455/5.5.1-answer-close")
        .shown_by(|| tunnel(b"\x01\x01a\x88\x02\x03\xe8"))
        .by(Lose(|frame, message| frame.opcode == opcode::CLOSE && message.is_open()))
        .by(Overlook(is_after_close)),
    fault("odd-close-skipped", "A Close with a malformed body is skipped.")
        .breaks("rfc6455/5.5.1-answer-close")
        .shown_by(|| tunnel(b"\x88\x01\x03"))
        .by(Lose(|frame, _| frame.opcode == opcode::CLOSE && !frame.violations.is_empty()))
        .by(Overlook(is_after_close)),
    fault("odd-close-echoed", "The body of a Close is sent back, whatever it is.")
        .breaks("rfc6455/7.4.1-reserved-codes")
        .shown_by(|| tunnel(b"\x88\x02\x03\xed"))
        .by(Overlook(|violation, _| {
            use FrameViolation as Odd;
            matches!(
                violation,
                Odd::CloseBodyOneOctet | Odd::CloseCodeReserved | Odd::CloseReasonNotUtf8
            )
        }))
        .by(CloseBody(<[u8]>::to_vec)),
    fault("close-answered-with-1005", "A Close without a code is answered with 1005.")
        .breaks("rfc6455/7.4.1-reserved-codes")
        .shown_by(|| tunnel(b"\x88\x00"))
        .by(CloseBody(|body| match body {
            [] => 1005_u16.to_be_bytes().to_vec(),
            [..] => body.iter().copied().take(2).collect(),
        })),
    fault("close-answered-with-one-octet", "A Close is answered with half a code.")
        .breaks("rfc6455/5.5.1-body")
        .by(CloseBody(|_| vec![3])),
    fault("closes-with-1005", "It closes by itself, with 1005.")
        .breaks("rfc6455/7.4.1-reserved-codes")
        .at(Point::ClosesWithReservedCode),
    fault("talks-after-close", "A message follows the Close of the client.")
        .breaks("rfc6455/5.5.1-no-data-after")
        .at(Point::TalksAfterClose),
    fault("fails-without-close", "The connection is failed without a Close frame.")
        .breaks("rfc6455/10.7-close-frame")
        .shown_by(|| tunnel(b"\xa1\x01x"))
        .by(InTunnel(TunnelPoint::FailingWithoutClose)),
    fault("fails-with-1000", "The connection is failed with 1000.")
        .breaks("rfc6455/10.7-close-frame")
        .also(&["rfc6455/5.3-mask-key"])
        .shown_by(|| tunnel(b"\xa1\x01x"))
        .by(Frame(|frame, payload| match (frame[0] & 0xf, payload) {
            (opcode::CLOSE, [3, 0xea..=0xf7]) => {
                upspec_handshake::frame::write(opcode::CLOSE, &[3, 0xe8], Some([1, 2, 3, 4]))
            }
            _ => frame,
        })),
    fault("failing-left-out", "A connection that has to be failed is left as it is.")
        .breaks("rfc6455/7.1.7-close-frame")
        .shown_by(|| tunnel(b"\xa1\x01x").ended())
        .by(InTunnel(TunnelPoint::FailingWithoutClose))
        .at(Point::FailingWithoutEnd)
        .at(Point::EndIgnored),
    fault("end-ignored", "The connection stays open when the server has ended its side.")
        .breaks("rfc6455/7.2.1-transport-lost")
        .shown_by(|| answered().ended())
        .at(Point::EndIgnored),
    fault(
        "end-ignored-when-refused",
        "A refused connection stays open when the server has ended its side.",
    )
    .breaks("rfc9112/6.3-user-agent-invalid-cl")
    .shown_by(|| octets("HTTP/1.1 404 Not Found\r\nContent-Length: x\r\n\r\n").ended())
    .at(Point::EndIgnoredWhenRefused),
];

/// What follows a Close that was not taken for one.
fn is_after_close(violation: FrameViolation, _: &Message) -> bool {
    matches!(violation, FrameViolation::ControlAfterClose | FrameViolation::DataAfterClose)
}
