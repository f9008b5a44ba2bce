//! The frames of a tunnel, one after another.

use upspec_handshake::Status;
use upspec_handshake::frame::{Frame, FrameHeader};

/// The complete frames at the start of these octets.
#[must_use]
pub fn frames(octets: &[u8]) -> Vec<Frame<'_>> {
    each_frame(octets).collect()
}

/// The same, one by one.
pub fn each_frame(mut octets: &[u8]) -> impl Iterator<Item = Frame<'_>> {
    let frames = std::iter::from_fn(move || {
        let frame = Frame::parse(octets).complete()?;
        octets = &octets[frame.len..];
        Some(frame)
    });
    frames.take(MOST_FRAMES)
}

/// What a reader that has lost its place takes for frames in the payload of an incomplete last
/// frame.
#[must_use]
pub fn frames_within(octets: &[u8]) -> Vec<Frame<'_>> {
    let complete: usize = each_frame(octets).map(|frame| frame.len).sum();
    let last = &octets[complete..];
    match FrameHeader::parse(last) {
        Status::Complete(header) => frames(&last[header.len..]),
        Status::Partial => Vec::new(),
    }
}

/// More frames than any case is about.
pub const MOST_FRAMES: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_payload_of_a_frame_that_is_not_complete_is_looked_into() {
        let ping = b"\x89\x81\0\0\0\0a";
        let endless = b"\x82\xff\0\0\x01\0\0\0\0\0\0\0\0\0";
        let rows = [
            (ping.to_vec(), 1, 0),
            ([&endless[..], ping].concat(), 0, 1),
            ([&ping[..], endless, ping].concat(), 1, 1),
            (endless.to_vec(), 0, 0),
            (ping[..1].to_vec(), 0, 0),
        ];
        for (octets, complete, within) in rows {
            let found = (frames(&octets).len(), frames_within(&octets).len());
            assert_eq!(found, (complete, within), "{}", octets.escape_ascii());
        }
    }
}
