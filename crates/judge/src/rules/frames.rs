//! What follows the 101 of a WebSocket: frames as a server may send them (RFC 6455 5, 7.4).
//! Does not ask whether a frame was due; cases do.

use upspec_exchange::frames::{MOST_FRAMES, frames};
use upspec_exchange::{Response, Talk, Tunnel};
use upspec_handshake::Status;
use upspec_handshake::field::upgrade::websocket_alone;
use upspec_handshake::field::{Element, elements};
use upspec_handshake::frame::{Compression, Frame, FrameReader, FrameViolation, opcode};
use upspec_handshake::{Party, peer};

use super::Breach;
use crate::text::shown;

/// Reads what a party sent into the tunnel of an answer that names websocket, frame by frame.
pub(super) fn tunnel(talk: &Talk<'_>, party: Party, breaches: &mut Vec<Breach>) {
    let (Some(tunnel), Some(switch)) = (&talk.tunnel, switch(talk)) else {
        return;
    };
    // An answer to nothing opens no tunnel for a client.
    if talk.tested() == Party::Client && party == Party::Client && talk.requests.is_empty() {
        return;
    }
    let octets = tunnel.sent(party);
    if party == Party::Server && octets.starts_with(b"HTTP/") {
        let at = tunnel.place(party, 0..octets.len());
        breaches.push(instead_of_frames(talk, octets).at(at));
        return;
    }
    // A 2xx to CONNECT with a length has content and no frames; the length is the breach.
    if talk.http2.is_some() && switch.head.fields.contains("Content-Length") {
        return;
    }
    let extensions = switch.head.fields.combined("Sec-WebSocket-Extensions").unwrap_or_default();
    let is_deflate = |element: Element<'_>| element.bytes.starts_with(b"permessage-deflate");
    let is_named = party == Party::Client && elements(&extensions).any(is_deflate);
    let compression = if is_named || extensions.starts_with(b"permessage-deflate") {
        Compression::PermessageDeflate
    } else {
        Compression::None
    };
    // What a client makes of several extensions that it should have refused says nothing of its text.
    let is_text_sure = party == Party::Server || elements(&extensions).count() < 2;
    let mut reader = FrameReader::new(party, compression);
    let mut at = 0;
    let mut closed = false;
    for _ in 0..MOST_FRAMES {
        if party == Party::Server && at > 0 && octets[at..].starts_with(b"HTTP/1.") {
            let place = tunnel.place(party, at..octets.len());
            breaches.push(stray_response(closed, &octets[at..]).at(place));
            break;
        }
        if party == Party::Server
            && let Some(what) = no_frame(&octets[at..], compression)
        {
            let place = tunnel.place(party, at..octets.len());
            breaches.push(instead_of_a_frame(talk, what, &octets[at..]).at(place));
            break;
        }
        let Status::Complete(frame) = reader.read(&octets[at..]) else {
            break;
        };
        let is_sure = |violation: &&FrameViolation| {
            is_text_sure || **violation != FrameViolation::TextNotUtf8
        };
        for violation in frame.violations.iter().filter(is_sure) {
            let breach = breach(*violation, &frame, tunnel, party);
            let place = || tunnel.place(party, at..at + frame.len);
            breaches.extend(breach.map(|breach| breach.at(place())));
        }
        // Octets that are not a frame would be misread from here on, and one breach after a Close says
        // as much as any more.
        if frame.violations.iter().any(|violation| ENDS_READING.contains(violation)) {
            break;
        }
        at += frame.len;
        closed = frame.opcode == opcode::CLOSE;
    }
}

/// The response that opened a WebSocket connection, if the tunnel is one.
pub(super) fn switch<'r, 'b>(talk: &'r Talk<'b>) -> Option<&'r Response<'b>> {
    if talk.http2.is_some() {
        let opens = |answer: &&Response<'_>| {
            let request = answer.request.and_then(|at| talk.requests.get(at));
            peer::opens_websocket(&answer.head, request.map(|request| &request.head))
        };
        return talk.finals().next().filter(opens);
    }
    let last = talk.responses.last()?;
    websocket_alone(&last.head.fields).map(|_| last)
}

/// A response in HTTP/1.1 from a tunnel that was to be WebSocket. In HTTP/2 such a tunnel leads to a
/// host, and an extended CONNECT names none (RFC 8441 4).
fn instead_of_frames(talk: &Talk<'_>, octets: &[u8]) -> Breach {
    let shown = shown(octets, 40);
    match talk.http2 {
        Some(_) => {
            let message = format!("HTTP/1.1 comes out of the tunnel: {shown}");
            Breach::new("rfc8441/4-no-tunnel", message)
        }
        None => {
            let message = format!("a further response follows the 101: {shown}");
            Breach::new("rfc9110/15.2.2-101-upgrade", message)
        }
    }
}

/// A response where a frame is due. Read as frames, it would break half a dozen rules instead of one.
fn stray_response(closed: bool, octets: &[u8]) -> Breach {
    let (requirement, place) = if closed {
        ("rfc6455/5.5.1-no-data-after", "follows the Close frame")
    } else {
        ("rfc9110/15.2.2-101-upgrade", "comes between the frames")
    };
    let message = format!("a response {place}: {}", shown(octets, 40));
    Breach::new(requirement, message)
}

/// What octets are that no frame can begin with; nothing where they are not known for something else.
fn no_frame(octets: &[u8], compression: Compression) -> Option<&'static str> {
    let first = *octets.first()?;
    let reserved = match compression {
        Compression::None => 0x70,
        Compression::PermessageDeflate => 0x30,
    };
    // A line feed alone would begin a Pong in fragments.
    let line_feed = octets == b"\n" || octets.starts_with(b"\n\r") || octets.starts_with(b"\n\n");
    let known = opcode::is_known(first & 0x0F) && first & reserved == 0;
    if known && !line_feed {
        return None;
    }
    let text = |octet: &u8| matches!(octet, b' '..=b'~' | b'\r' | b'\n' | b'\t');
    Some(match octets {
        _ if line_feed => "a line feed",
        [b'\r', b'\n', ..] => "CR LF",
        [0x15, 3, ..] => "a TLS alert",
        [0x14 | 0x16 | 0x17, 3, ..] => "a record of TLS",
        _ if is_chunk(octets) => "a chunk",
        _ if octets.len() > 1 && octets.iter().take(LEAST_TEXT).all(text) => "ASCII text",
        _ => return None,
    })
}

/// `chunk-size [ chunk-ext ] CRLF` (RFC 9112 7.1).
fn is_chunk(octets: &[u8]) -> bool {
    let digits = octets.iter().take_while(|octet| octet.is_ascii_hexdigit()).count();
    let ends = octets[digits..].starts_with(b"\r\n") || octets[digits..].starts_with(b";");
    (1..=8).contains(&digits) && ends
}

/// Octets that are known for something other than a frame: what follows the 101 is not the protocol that it
/// names. Over HTTP/2 there is no 101, and the rule is that of the frame's first octet.
fn instead_of_a_frame(talk: &Talk<'_>, what: &str, octets: &[u8]) -> Breach {
    let reserved = octets.first().is_some_and(|first| first & 0x70 != 0);
    let requirement = match talk.http2 {
        None => "rfc9110/15.2.2-101-upgrade",
        Some(_) if reserved => "rfc6455/5.2-rsv",
        Some(_) => "rfc6455/5.2-opcode",
    };
    Breach::new(requirement, format!("{what} stands where a frame is due: {}", shown(octets, 40)))
}

/// How many octets have to be text for the beginning of text, unless there are no more.
const LEAST_TEXT: usize = 4;

/// The violations after which no frame is checked.
const ENDS_READING: [FrameViolation; 3] = [
    FrameViolation::ControlAfterClose,
    FrameViolation::DataAfterClose,
    FrameViolation::OpcodeUnknown,
];

fn breach(
    violation: FrameViolation,
    frame: &Frame<'_>,
    tunnel: &Tunnel<'_>,
    party: Party,
) -> Option<Breach> {
    // A server does not use 1010 (7.4.1), but it typically echoes what it got (5.5.1).
    let echoes = || closed_with(frame.close_code(), tunnel.sent(party.other()));
    if violation == FrameViolation::CloseCodeOfClient && echoes() {
        return None;
    }
    let (requirement, warns) = requirement(violation)?;
    let breach = Breach::new(requirement, format!("the {party} sent {}", violation.describe()));
    let code = matches!(
        violation,
        FrameViolation::CloseCodeOutOfRange | FrameViolation::CloseCodeUnassigned
    );
    let reason = violation == FrameViolation::CloseReasonNotUtf8;
    Some(if warns || (code || reason) && echoes() { breach.at_most_warn() } else { breach })
}

/// Whether the other party sent a Close frame with the same code, which is typically echoed.
fn closed_with(code: Option<u16>, other: &[u8]) -> bool {
    code.is_some() && frames(other).iter().any(|frame| frame.close_code() == code)
}

/// The requirement behind a violation, and whether it only warns.
fn requirement(violation: FrameViolation) -> Option<(&'static str, bool)> {
    use FrameViolation as V;
    Some(match violation {
        V::CloseBodyOneOctet | V::CloseReasonNotUtf8 => ("rfc6455/5.5.1-body", false),
        V::CloseCodeOfClient | V::CloseCodeUnassigned => ("rfc6455/7.4.2-code-ranges", true),
        V::CloseCodeOutOfRange => ("rfc6455/7.4.2-code-ranges", false),
        V::CloseCodeReserved => ("rfc6455/7.4.1-reserved-codes", false),
        V::ContinuationOutsideMessage | V::DataInsideMessage => ("rfc6455/5.4-fragments", false),
        V::ControlFragmented | V::ControlTooLong => ("rfc6455/5.5-control-frame", false),
        V::DataAfterClose => ("rfc6455/5.5.1-no-data-after", false),
        V::LengthNotMinimal | V::LengthTopBit => ("rfc6455/5.2-length", false),
        V::MaskedByServer => ("rfc6455/5.1-server-unmasked", false),
        V::OpcodeUnknown => ("rfc6455/5.2-opcode", false),
        V::ReservedBits => ("rfc6455/5.2-rsv", false),
        V::TextNotUtf8 => ("rfc6455/5.6-utf8", false),
        V::UnmaskedByClient => ("rfc6455/5.1-client-masks", false),
        // 5.5.1 ends data frames only.
        _ => return None,
    })
}

macro_rules! cites {
    ($($own:literal),*) => {
        &[
            $($own,)*
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
        ]
    };
}

/// What the frames of a client can break.
pub(super) const CITES_CLIENT: &[&str] = cites!["rfc6455/5.1-client-masks"];

/// What the frames of a server can break.
pub(super) const CITES_SERVER: &[&str] =
    cites!["rfc6455/5.1-server-unmasked", "rfc8441/4-no-tunnel", "rfc9110/15.2.2-101-upgrade"];
