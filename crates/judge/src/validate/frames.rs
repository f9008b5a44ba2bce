//! What follows the 101 of a WebSocket: frames as a server may send them (RFC 6455 5, 7.4).
//! Never asks whether a frame was due; cases do.

use upspec_handshake::Status;
use upspec_handshake::frame::{Compression, Frame, FrameReader, FrameViolation, Sender, opcode};

use super::Remark;
use crate::reading::Reading;
use crate::text::shown;
use crate::tunnel::{MOST_FRAMES, frames};

/// Reads the tunnel of an answer that names websocket, frame by frame.
pub(super) fn tunnel(reading: &Reading<'_>, remarks: &mut Vec<Remark>) {
    let (Some(tunnel), Some(switch)) = (&reading.tunnel, reading.responses.last()) else {
        return;
    };
    let upgrade = switch.head.fields.combined("Upgrade").unwrap_or_default();
    if !upgrade.eq_ignore_ascii_case(b"websocket") {
        return;
    }
    let octets = &reading.read[tunnel.clone()];
    if octets.starts_with(b"HTTP/") {
        let message = format!("a further response follows the 101: {}", shown(octets, 40));
        remarks.push(Remark::new("rfc9110/15.2.2-101-upgrade", message).at(tunnel.clone()));
        return;
    }
    let extensions = switch
        .head
        .fields
        .combined("Sec-WebSocket-Extensions")
        .unwrap_or_default();
    let compression = if extensions.starts_with(b"permessage-deflate") {
        Compression::PermessageDeflate
    } else {
        Compression::None
    };
    let mut reader = FrameReader::new(Sender::Server, compression);
    let mut at = tunnel.start;
    let mut closed = false;
    for _ in 0..MOST_FRAMES {
        if at > tunnel.start && reading.read[at..].starts_with(b"HTTP/1.") {
            remarks.push(stray_response(closed, &reading.read[at..]).at(at..reading.read.len()));
            break;
        }
        let Status::Complete(frame) = reader.read(&reading.read[at..]) else {
            break;
        };
        for violation in &frame.violations {
            let remark = remark(*violation, &frame, reading);
            remarks.extend(remark.map(|remark| remark.at(at..at + frame.len)));
        }
        // Octets that are no frame would be misread from here on, and one breach after a Close says
        // what all further ones would.
        if frame
            .violations
            .iter()
            .any(|violation| ENDS_READING.contains(violation))
        {
            break;
        }
        at += frame.len;
        closed = frame.opcode == opcode::CLOSE;
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
    Some(if warns || echoes {
        remark.at_most_warn()
    } else {
        remark
    })
}

/// Whether the client sent a Close frame with the same code, which is typically echoed.
fn client_closed_with(code: Option<u16>, reading: &Reading<'_>) -> bool {
    let sent = frames(&reading.written[reading.requests_end..]);
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
    "rfc9110/15.2.2-101-upgrade",
];
