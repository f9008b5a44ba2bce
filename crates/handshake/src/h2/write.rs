//! Writes frames as octets.
//! Does not check them: malformed frames are written too.

use super::{ErrorCode, MAX_FRAME, flag, kind};

/// A frame. Of the payload's length the low 24 bits are written, of the stream the low 32.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, length @ ..] = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes();
    let mut octets = Vec::with_capacity(super::FrameHeader::LEN + payload.len());
    octets.extend(length);
    octets.extend([kind, flags]);
    octets.extend(stream.to_be_bytes());
    octets.extend_from_slice(payload);
    octets
}

/// A header block in one HEADERS frame, and as many CONTINUATION frames as it takes when it is
/// longer than a frame may be (RFC 9113 6.2, 6.10). `flags` is [`flag::END_STREAM`] or 0.
pub fn headers(stream: u32, block: &[u8], flags: u8) -> Vec<u8> {
    let (first, mut rest) = block.split_at(block.len().min(MAX_FRAME));
    let last = |rest: &[u8]| {
        if rest.is_empty() { flag::END_HEADERS } else { 0 }
    };
    let mut octets = frame(kind::HEADERS, flags | last(rest), stream, first);
    while !rest.is_empty() {
        let (next, after) = rest.split_at(rest.len().min(MAX_FRAME));
        octets.extend(frame(kind::CONTINUATION, last(after), stream, next));
        rest = after;
    }
    octets
}

/// Data in as many frames as it takes; one empty frame when there is none. `flags` is
/// [`flag::END_STREAM`] or 0, and goes to the last frame.
pub fn data(stream: u32, octets: &[u8], flags: u8) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len() + super::FrameHeader::LEN);
    let mut rest = octets;
    while rest.len() > MAX_FRAME {
        let (next, after) = rest.split_at(MAX_FRAME);
        out.extend(frame(kind::DATA, 0, stream, next));
        rest = after;
    }
    out.extend(frame(kind::DATA, flags, stream, rest));
    out
}

/// A SETTINGS frame (RFC 9113 6.5).
pub fn settings(settings: &[(u16, u32)]) -> Vec<u8> {
    let pair = |&(id, value): &(u16, u32)| {
        let [a, b] = id.to_be_bytes();
        let [c, d, e, f] = value.to_be_bytes();
        [a, b, c, d, e, f]
    };
    let payload: Vec<u8> = settings.iter().flat_map(pair).collect();
    frame(kind::SETTINGS, 0, 0, &payload)
}

/// The word that settings were read (RFC 9113 6.5.3).
pub fn settings_ack() -> Vec<u8> {
    frame(kind::SETTINGS, flag::ACK, 0, &[])
}

/// The end of a stream (RFC 9113 6.4).
pub fn rst_stream(stream: u32, code: ErrorCode) -> Vec<u8> {
    frame(kind::RST_STREAM, 0, stream, &code.0.to_be_bytes())
}

/// The end of a connection (RFC 9113 6.8).
pub fn goaway(last_stream: u32, code: ErrorCode, debug: &[u8]) -> Vec<u8> {
    let mut payload = last_stream.to_be_bytes().to_vec();
    payload.extend(code.0.to_be_bytes());
    payload.extend_from_slice(debug);
    frame(kind::GOAWAY, 0, 0, &payload)
}

/// A PING; with [`flag::ACK`] the answer to one (RFC 9113 6.7).
pub fn ping(flags: u8, octets: [u8; 8]) -> Vec<u8> {
    frame(kind::PING, flags, 0, &octets)
}

/// More room for the peer to send (RFC 9113 6.9).
pub fn window_update(stream: u32, increment: u32) -> Vec<u8> {
    frame(kind::WINDOW_UPDATE, 0, stream, &increment.to_be_bytes())
}
