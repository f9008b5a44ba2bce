//! The frames of a tunnel, one after another. Never checks them; the validators do.

use upspec_handshake::Status;
use upspec_handshake::frame::Frame;

/// The complete frames at the start of these octets.
pub(crate) fn frames(mut octets: &[u8]) -> Vec<Frame<'_>> {
    let mut frames = Vec::new();
    while let Status::Complete(frame) = Frame::parse(octets) {
        octets = &octets[frame.len..];
        frames.push(frame);
        if frames.len() == MOST_FRAMES {
            break;
        }
    }
    frames
}

/// More frames than any case is about.
pub(crate) const MOST_FRAMES: usize = 1000;
