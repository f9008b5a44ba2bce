//! What follows the 101 of a WebSocket: frames as a server may send them (RFC 6455 5, 7.4).
//! Never asks whether a frame was due; cases do.

use upspec_handshake::Party;
use upspec_handshake::Status;
use upspec_handshake::frame::{Compression, Frame, FrameReader, FrameViolation, opcode};

use super::Remark;
use crate::reading::{Reading, Response, opens_websocket};
use crate::text::shown;
use crate::tunnel::{MOST_FRAMES, frames};

/// Reads the tunnel of an answer that names websocket, frame by frame.
pub(super) fn tunnel(reading: &Reading<'_>, remarks: &mut Vec<Remark>) {
    let (Some(tunnel), Some(switch)) = (&reading.tunnel, switch(reading)) else {
        return;
    };
    let octets = tunnel.got;
    if octets.starts_with(b"HTTP/") {
        let at = tunnel.place(0..octets.len());
        remarks.push(instead_of_frames(reading, octets).at(at));
        return;
    }
    // A 2xx to CONNECT with a length has content and no frames; the length is the breach.
    if reading.http2.is_some() && switch.head.fields.contains("Content-Length") {
        return;
    }
    let extensions = switch.head.fields.combined("Sec-WebSocket-Extensions").unwrap_or_default();
    let compression = if extensions.starts_with(b"permessage-deflate") {
        Compression::PermessageDeflate
    } else {
        Compression::None
    };
    let mut reader = FrameReader::new(Party::Server, compression);
    let mut at = 0;
    let mut closed = false;
    for _ in 0..MOST_FRAMES {
        if at > 0 && octets[at..].starts_with(b"HTTP/1.") {
            let place = tunnel.place(at..octets.len());
            remarks.push(stray_response(closed, &octets[at..]).at(place));
            break;
        }
        let Status::Complete(frame) = reader.read(&octets[at..]) else {
            break;
        };
        for violation in &frame.violations {
            let remark = remark(*violation, &frame, reading);
            remarks.extend(remark.map(|remark| remark.at(tunnel.place(at..at + frame.len))));
        }
        // Octets that are no frame would be misread from here on, and one breach after a Close says
        // what all further ones would.
        if frame.violations.iter().any(|violation| ENDS_READING.contains(violation)) {
            break;
        }
        at += frame.len;
        closed = frame.opcode == opcode::CLOSE;
    }
}

/// The response that opened a WebSocket connection, if the tunnel is one.
fn switch<'r, 'b>(reading: &'r Reading<'b>) -> Option<&'r Response<'b>> {
    if let Some(http2) = reading.http2 {
        return reading.answer().filter(|answer| opens_websocket(http2, answer));
    }
    let last = reading.responses.last()?;
    let upgrade = last.head.fields.combined("Upgrade").unwrap_or_default();
    upgrade.eq_ignore_ascii_case(b"websocket").then_some(last)
}

/// A response in HTTP/1.1 from a tunnel that was to be WebSocket. In HTTP/2 such a tunnel leads to a
/// host, and an extended CONNECT names none (RFC 8441 4).
fn instead_of_frames(reading: &Reading<'_>, octets: &[u8]) -> Remark {
    let shown = shown(octets, 40);
    match reading.http2 {
        Some(_) => {
            let message = format!("HTTP/1.1 comes out of the tunnel: {shown}");
            Remark::new("rfc8441/4-no-tunnel", message)
        }
        None => {
            let message = format!("a further response follows the 101: {shown}");
            Remark::new("rfc9110/15.2.2-101-upgrade", message)
        }
    }
}

/// A response where a frame is due. Read as frames, it would break half a dozen rules in place of one.
fn stray_response(closed: bool, octets: &[u8]) -> Remark {
    let (requirement, place) = if closed {
        ("rfc6455/5.5.1-no-data-after", "follows the Close frame")
    } else {
        ("rfc9110/15.2.2-101-upgrade", "comes between the frames")
    };
    let message = format!("a response {place}: {}", shown(octets, 40));
    Remark::new(requirement, message)
}

/// The violations after which no frame is looked at.
const ENDS_READING: [FrameViolation; 3] = [
    FrameViolation::ControlAfterClose,
    FrameViolation::DataAfterClose,
    FrameViolation::OpcodeUnknown,
];

fn remark(violation: FrameViolation, frame: &Frame<'_>, reading: &Reading<'_>) -> Option<Remark> {
    let (requirement, warns) = requirement(violation)?;
    let message = format!("the server sent {}", violation.describe());
    let remark = Remark::new(requirement, message);
    let code = matches!(
        violation,
        FrameViolation::CloseCodeOutOfRange | FrameViolation::CloseCodeUnassigned
    );
    let echoes = code && client_closed_with(frame.close_code(), reading);
    Some(if warns || echoes { remark.at_most_warn() } else { remark })
}

/// Whether the client sent a Close frame with the same code, which is typically echoed.
fn client_closed_with(code: Option<u16>, reading: &Reading<'_>) -> bool {
    let sent = frames(reading.sent_into_tunnel());
    code.is_some() && sent.iter().any(|frame| frame.close_code() == code)
}

/// The requirement behind a violation, and whether it only warns. `None` for a client's faults.
fn requirement(violation: FrameViolation) -> Option<(&'static str, bool)> {
    use FrameViolation as V;
    Some(match violation {
        V::CloseBodyOneOctet | V::CloseReasonNotUtf8 => ("rfc6455/5.5.1-body", false),
        V::CloseCodeOfClient | V::CloseCodeUnassigned => ("rfc6455/7.4.2-code-ranges", true),
        V::CloseCodeOutOfRange => ("rfc6455/7.4.2-code-ranges", false),
        V::CloseCodeReserved => ("rfc6455/7.4.1-reserved-codes", false),
        V::ContinuationOutsideMessage | V::DataInsideMessage => ("rfc6455/5.4-fragments", false),
        V::ControlAfterClose => ("rfc6455/5.5.1-no-data-after", true),
        V::ControlFragmented | V::ControlTooLong => ("rfc6455/5.5-control-frame", false),
        V::DataAfterClose => ("rfc6455/5.5.1-no-data-after", false),
        V::LengthNotMinimal | V::LengthTopBit => ("rfc6455/5.2-length", false),
        V::MaskedByServer => ("rfc6455/5.1-server-unmasked", false),
        V::OpcodeUnknown => ("rfc6455/5.2-opcode", false),
        V::ReservedBits => ("rfc6455/5.2-rsv", false),
        V::TextNotUtf8 => ("rfc6455/5.6-utf8", false),
        _ => return None,
    })
}

/// Every requirement that a remark of this file can cite.
pub(super) const CITES: &[&str] = &[
    "rfc6455/5.1-server-unmasked",
    "rfc6455/5.2-length",
    "rfc6455/5.2-opcode",
    "rfc6455/5.2-rsv",
    "rfc6455/5.4-fragments",
    "rfc6455/5.5-control-frame",
    "rfc6455/5.5.1-body",
    "rfc6455/5.5.1-no-data-after",
    "rfc6455/5.6-utf8",
    "rfc6455/7.4.1-reserved-codes",
    "rfc6455/7.4.2-code-ranges",
    "rfc8441/4-no-tunnel",
    "rfc9110/15.2.2-101-upgrade",
];
