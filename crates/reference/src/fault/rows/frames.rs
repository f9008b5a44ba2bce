//! Faults in reading, sending and compressing WebSocket frames.

use upspec_handshake::frame::{FrameViolation, opcode, write};

use super::{EXTENSIONS, contains};
use crate::fault::Effect::*;
use crate::fault::probe::{added, compressed, frame, frames};
use crate::fault::{Fault, Point, fault};
use crate::tunnel::MAX_MESSAGE;

pub(super) const ROWS: &[Fault] = &[
    // Frames that are sent.
    fault("masked-frames", "The server masks its frames.")
        .breaks("rfc6455/5.1-server-unmasked")
        .by(Frame(|frame, payload| {
            let mut masked = write(frame[0], payload, Some([0x37, 0xfa, 0x21, 0x3d]));
            masked[0] = frame[0];
            masked
        })),
    fault("reserved-bit-sent", "The server sets RSV2.").breaks("rfc6455/5.2-rsv").by(Frame(
        |mut frame, _| {
            frame[0] |= 0x20;
            frame
        },
    )),
    fault("long-length-form", "The server writes short lengths in the long form.")
        .breaks("rfc6455/5.2-length")
        .by(Frame(|frame, payload| match payload.len() {
            length @ ..126 => [&[frame[0], 126, 0, length as u8], payload].concat(),
            _ => frame,
        })),
    fault("no-pong", "A Ping is not answered.").breaks("rfc6455/5.5.2-pong").by(Pong(|_| None)),
    fault("wrong-pong", "A Pong is always empty.")
        .breaks("rfc6455/5.5.2-pong")
        .by(Pong(|_| Some(&[]))),
    // Frames that are read.
    fault("close-on-unsolicited-pong", "A Pong that answers nothing ends the connection.")
        .breaks("rfc6455/5.5.3-unsolicited")
        .shown_by(|| frames(&[(0x8a, b"")]))
        .by(Fail(|frame, _| frame.opcode == opcode::PONG)),
    fault("accept-unmasked-frame", "A frame need not be masked.")
        .breaks("rfc6455/5.1-unmasked")
        .shown_by(|| frames(&[]).and(b"\x89\x00"))
        .by(Overlook(|violation, _| violation == FrameViolation::UnmaskedByClient)),
    fault("refuse-zero-mask", "A masking key of zeros is taken for none.")
        .breaks("rfc6455/5.5.2-pong")
        .shown_by(|| frames(&[]).and(b"\x89\x81\0\0\0\0a"))
        .at(Point::ZeroMaskUnseen),
    fault("mask-left-on-rest", "The mask is taken off the first eight octets of data.")
        .breaks("rfc6455/6.2-unmask")
        .shown_by(|| frames(&[(0x82, &[b'a'; 126])]))
        .by(Payload(|payload| {
            let (first, rest) = payload.split_at(payload.len().min(8));
            first.iter().copied().chain(rest.iter().map(still_masked)).collect()
        })),
    fault("echo-still-masked", "The mask is not taken off.")
        .breaks("rfc6455/5.6-utf8")
        .shown_by(|| frames(&[(0x81, b"Hello")]))
        .by(Payload(|payload| payload.iter().map(still_masked).collect()))
        .at(Point::Utf8Unchecked),
    fault("accept-reserved-bits", "Reserved bits are not checked.")
        .breaks("rfc6455/5.2-rsv")
        .shown_by(|| frames(&[(0xc9, b"Hello")]))
        .by(Overlook(|violation, _| violation == FrameViolation::ReservedBits)),
    fault("accept-unknown-opcode", "Frames with an unknown opcode are skipped.")
        .breaks("rfc6455/5.2-opcode")
        .shown_by(|| frames(&[(0x83, b"")]))
        .by(Overlook(|violation, _| violation == FrameViolation::OpcodeUnknown)),
    fault("accept-long-control-frame", "A control frame may be of any length.")
        .breaks("rfc6455/5.5-control-frame")
        .shown_by(|| frames(&[(0x89, &[b'a'; 126])]))
        .by(Overlook(|violation, _| violation == FrameViolation::ControlTooLong)),
    fault("accept-fragmented-control-frame", "A control frame may be a fragment.")
        .breaks("rfc6455/10.7-close-frame")
        .shown_by(|| frames(&[(0x09, b"Hello")]))
        .by(Overlook(|violation, _| violation == FrameViolation::ControlFragmented)),
    fault("accept-stray-continuation", "A continuation of nothing is skipped.")
        .breaks("rfc6455/10.7-close-frame")
        .shown_by(|| frames(&[(0x80, b"a")]))
        .by(Overlook(|violation, _| violation == FrameViolation::ContinuationOutsideMessage)),
    fault("accept-nested-message", "A new message takes the place of one that is not complete.")
        .breaks("rfc6455/10.7-close-frame")
        .shown_by(|| frames(&[(0x01, b"a"), (0x81, b"b")]))
        .by(Overlook(|violation, _| violation == FrameViolation::DataInsideMessage)),
    fault("no-fragments", "A fragment ends the connection.")
        .breaks("rfc6455/5.4-fragments")
        .shown_by(|| frames(&[(0x01, b"Hel"), (0x80, b"lo")]))
        .by(Fail(|frame, _| !frame.fin)),
    fault("no-interleaved-control", "A control frame between fragments ends the connection.")
        .breaks("rfc6455/5.4-interleaved-control")
        .shown_by(|| frames(&[(0x01, b"Hel"), (0x89, b"p"), (0x80, b"lo")]))
        .by(Fail(|frame, message| opcode::is_control(frame.opcode) && message.is_open())),
    fault("accept-invalid-utf8", "Text that is not UTF-8 is accepted.")
        .breaks("rfc6455/5.6-utf8")
        .shown_by(|| frames(&[(0x81, b"\xff")]))
        .by(Overlook(|violation, _| violation == FrameViolation::TextNotUtf8))
        .at(Point::Utf8Unchecked),
    fault("utf8-by-frame", "Each fragment of a text has to be UTF-8 by itself.")
        .breaks("rfc6455/5.6-utf8")
        .shown_by(|| frames(&[(0x01, b"\xc3"), (0x80, b"\xa9")]))
        .by(Fail(|frame, _| {
            let is_text = frame.opcode == opcode::TEXT && frame.rsv == 0;
            is_text && std::str::from_utf8(&frame.payload).is_err()
        })),
    fault("no-close-answer", "A Close is answered by ending the connection.")
        .breaks("rfc6455/5.5.1-answer-close")
        .shown_by(|| frames(&[(0x88, b"")]))
        .at(Point::CloseAnswerOmitted),
    fault("open-after-close", "The connection stays open after the Close frames.")
        .breaks("rfc6455/5.5.1-close-tcp")
        .shown_by(|| frames(&[(0x88, b"")]))
        .at(Point::OpenAfterClose),
    fault("reserved-code-echoed", "A Close repeats whatever code it answers.")
        .breaks("rfc6455/7.4.1-reserved-codes")
        .shown_by(|| frames(&[(0x88, b"\x03\xed")]))
        .by(Overlook(|violation, _| violation == FrameViolation::CloseCodeReserved)),
    fault("close-body-echoed", "A Close repeats whatever body it answers.")
        .breaks("rfc6455/5.5.1-body")
        .shown_by(|| frames(&[(0x88, b"\x03")]))
        .at(Point::CloseBodyEchoed)
        .by(Overlook(|violation, _| {
            use FrameViolation as Violation;
            matches!(violation, Violation::CloseBodyOneOctet | Violation::CloseReasonNotUtf8)
        })),
    fault("data-after-close", "Messages are echoed after the Close.")
        .breaks("rfc6455/5.5.1-no-data-after")
        .shown_by(|| frames(&[(0x88, b""), (0x81, b"late")]))
        .at(Point::ReadingAfterClose)
        .by(Overlook(|violation, _| violation == FrameViolation::DataAfterClose)),
    fault("going-on-after-failing", "Frames behind a bad frame are still answered.")
        .breaks("rfc6455/7.1.7-stop-processing")
        .shown_by(|| frames(&[(0x81, b"\xff")]))
        .at(Point::ReadingAfterFailing),
    fault("failing-without-close-frame", "A bad frame ends the connection without a Close frame.")
        .breaks("rfc6455/7.1.7-close-frame")
        .shown_by(|| frames(&[(0x81, b"\xff")]))
        .at(Point::FailingWithoutClose),
    fault("open-after-failing", "A bad frame gets a Close frame and the connection stays open.")
        .breaks("rfc6455/7.1.7-fail")
        .shown_by(|| frames(&[(0x81, b"\xff")]))
        .at(Point::OpenAfterFailing),
    fault("close-ignored", "A Close is not answered, and the connection stays open.")
        .breaks("rfc6455/5.5.1-answer-close")
        .shown_by(|| frames(&[(0x88, b"")]))
        .at(Point::CloseIgnored)
        .by(Overlook(|violation, _| {
            use FrameViolation as Violation;
            matches!(
                violation,
                Violation::CloseBodyOneOctet
                    | Violation::CloseCodeOutOfRange
                    | Violation::CloseCodeReserved
                    | Violation::CloseReasonNotUtf8
                    | Violation::DataAfterClose
            )
        })),
    fault("impossible-length-awaited", "A frame that is longer than frames can be is waited for.")
        .breaks("rfc6455/10.7-close-frame")
        .shown_by(|| frames(&[]).and(b"\x82\xff\x80\0\0\0\0\0\0\0\0\0\0\0"))
        .by(Header(|header, _| (header.announced > MAX_MESSAGE as u64).then_some(0))),
    fault(
        "long-length-form-awaited",
        "A frame whose length is written in more octets than it needs is never done.",
    )
    .breaks("rfc6455/10.7-close-frame")
    .shown_by(|| frames(&[]).and(b"\x81\xfe\0\x01\0\0\0\x01a"))
    .by(Header(|header, _| {
        header.violations.contains(&FrameViolation::LengthNotMinimal).then_some(0)
    })),
    fault("length-cut", "Of a length of 64 bits the lower 32 count.")
        .breaks("rfc6455/6.2-parse-frames")
        .shown_by(|| frames(&[]).and(b"\x82\xff\0\0\x01\0\0\0\0\0\0\0\0\0"))
        .by(Header(|header, here| {
            let lower = (header.announced & u64::from(u32::MAX)) as usize;
            let is_cut = header.announced > u64::from(u32::MAX);
            is_cut.then(|| header.len.saturating_add(lower).min(here))
        })),
    fault("one-frame-per-read", "Of several frames that come together all but the first are lost.")
        .breaks("rfc6455/5.5.2-pong")
        .shown_by(|| frames(&[(0x89, b"1"), (0x89, b"2")]))
        .at(Point::OneFramePerRead),
    fault("part-of-frame-lost", "The beginning of a frame whose rest comes later is lost.")
        .breaks("rfc6455/5.5.2-pong")
        .shown_by(|| frames(&[]).and(b"\x89\x80\0").then(b"\0\0\0"))
        .at(Point::PartOfFrameLost),
    fault("long-message-lost", "Messages in frames with an extended length are lost.")
        .breaks("rfc6455/6.2-parse-frames")
        .shown_by(|| frames(&[(0x82, &[b'a'; 126])]))
        .by(Lose(|frame| {
            matches!(frame.opcode, opcode::TEXT | opcode::BINARY) && frame.payload.len() > 125
        })),
    fault("pong-cut", "A Pong carries 64 octets at most.")
        .breaks("rfc6455/5.5.2-pong")
        .shown_by(|| frames(&[(0x89, &[b'a'; 125])]))
        .by(Pong(|ping| Some(&ping[..ping.len().min(64)]))),
    fault("fragments-cost", "Joining fragments takes the square of what they hold.")
        .breaks("rfc9110/2.3-defensive")
        .at(Point::FragmentsCost),
    // Compression.
    fault("inflating-cost", "Inflating a message takes the square of what comes out.")
        .breaks("rfc9110/2.3-defensive")
        .at(Point::InflatingCost),
    fault("not-inflated", "A compressed message is taken as it is.")
        .breaks("rfc7692/5-use")
        .shown_by(|| compressed(&[(0xc1, DEFLATED)]))
        .at(Point::NotInflated),
    fault("window-forgotten", "Each message is inflated with an empty window.")
        .breaks("rfc7692/7.2.2-shared-window")
        .shown_by(|| compressed(&[(0xc1, DEFLATED), (0xc1, b"\xf2\x00\x11\x00\x00")]))
        .at(Point::WindowForgotten),
    fault(
        "takeover-hint-binds",
        "client_no_context_takeover counts from the offer on, and the answer lacks it.",
    )
    .breaks("rfc7692/7.2.2-shared-window")
    .shown_by(|| added("Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover"))
    .at(Point::WindowForgottenOnHint)
    .by(Switch(|answer, _, _| {
        if let Some(value) = answer.value(EXTENSIONS) {
            let value = String::from_utf8_lossy(&value).into_owned();
            let hint = "; client_no_context_takeover";
            answer.replace(EXTENSIONS, value.replace(hint, ""));
        }
    })),
    fault("window-too-small", "Messages are inflated with a window of 8 KiB.")
        .breaks("rfc7692/7.2.2-full-window")
        .shown_by(|| compressed(&[(0xc1, &stored_long()), (0xc1, b"\x02\x2e\x9b\x00\x00")]))
        .at(Point::WindowTooSmall),
    fault(
        "server-window-lie",
        "What leaves is compressed with the widest window, whatever was agreed on.",
    )
    .breaks("rfc7692/7.2.1-window")
    .shown_by(|| {
        let offer = "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=8";
        added(offer).then(frame(0x81, &unlike_twice()))
    })
    .at(Point::CompressedBeyondWindow),
    fault("server-window-unasked-lie", "A window of 12 bits is named unasked, and not kept to.")
        .breaks("rfc7692/7.2.1-window")
        .shown_by(|| {
            let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits";
            added(offer).then(frame(0x81, &unlike_twice()))
        })
        .by(Switch(|answer, _, _| {
            let value = answer.value(EXTENSIONS).unwrap_or_default();
            if !contains(&value, b"server_max_window_bits") {
                answer.replace(EXTENSIONS, [&value[..], b"; server_max_window_bits=12"].concat());
            }
        }))
        .at(Point::CompressedBeyondWindow),
    fault("server-takeover-lie", "What leaves refers to earlier messages, whatever was agreed on.")
        .breaks("rfc7692/7.2.1-no-takeover")
        .shown_by(|| {
            let offer = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover";
            added(offer).then([frame(0x81, &unlike_twice()), frame(0x81, &unlike_twice())].concat())
        })
        .at(Point::CompressedWithTakeover),
    fault("deflate-garbage", "What leaves is said to be compressed, and is not.")
        .breaks("rfc7692/5-use")
        .shown_by(|| compressed(&[(0x81, &unlike_twice())]))
        .at(Point::CompressedInName),
    fault(
        "refuse-uncompressed",
        "An uncompressed message ends the connection once compression is agreed.",
    )
    .breaks("rfc7692/6-uncompressed")
    .shown_by(|| compressed(&[(0x81, b"Hello")]))
    .by(Fail(|frame, message| {
        let is_first = !opcode::is_control(frame.opcode) && !message.is_open();
        is_first && frame.rsv == 0 && message.is_compressible()
    })),
    fault(
        "accept-compressed-ping",
        "RSV1 on a control frame or a later fragment is not checked once compression is agreed.",
    )
    .breaks("rfc7692/6.1-rsv1")
    .shown_by(|| compressed(&[(0xc9, b"Hello")]))
    .by(Overlook(|violation, message| {
        violation == FrameViolation::ReservedBits && message.is_compressible()
    })),
];

/// Text that repeats itself after more octets than the smallest window has.
fn unlike_twice() -> Vec<u8> {
    let letter = |at: u32| b'a' + at.wrapping_mul(2_654_435_761).to_be_bytes()[0] % 23;
    (0..400).map(letter).collect::<Vec<u8>>().repeat(2)
}

fn still_masked(octet: &u8) -> u8 {
    octet ^ 0x55
}

/// `Hello`, compressed (RFC 7692 7.2.3.1).
const DEFLATED: &[u8] = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];

/// A stored block of 8503 octets; the window of the next message still has the first.
fn stored_long() -> Vec<u8> {
    [&[0, 0x37, 0x21, 0xc8, 0xde][..], b"bcd", &[b'a'; 8500], &[0]].concat()
}
