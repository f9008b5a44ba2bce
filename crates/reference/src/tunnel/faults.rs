//! What a faulty server does to frames.

use std::borrow::Cow;

use upspec_handshake::frame::{Frame, FrameHeader, FrameViolation, opcode};

use super::message::Message;
use crate::config::Config;
use crate::fault::{Effect, Point};

/// Whether a violation in a client's frame is overlooked.
pub(super) fn overlooks(config: &Config, violation: FrameViolation, message: &Message) -> bool {
    let overlooks = |effect: &Effect| matches!(effect, Effect::Overlook(is_overlooked) if is_overlooked(violation, message));
    config.effects().any(overlooks)
}

/// How many octets of a frame are passed over, as its header is understood; none at all if the
/// frame is waited for.
pub(super) fn misparsed(config: &Config, header: &FrameHeader, here: usize) -> Option<usize> {
    config.effects().find_map(|effect| match effect {
        Effect::Header(pass_over) => pass_over(header, here),
        _ => None,
    })
}

/// Whether a frame that is in order fails the connection.
pub(super) fn rejects(config: &Config, frame: &Frame<'_>, message: &Message) -> bool {
    config.effects().any(|effect| matches!(effect, Effect::Fail(is_due) if is_due(frame, message)))
}

/// Whether a frame that is in order is lost.
pub(super) fn loses(config: &Config, frame: &Frame<'_>) -> bool {
    config.effects().any(|effect| matches!(effect, Effect::Lose(is_due) if is_due(frame)))
}

/// The payload of a frame as it is read.
pub(super) fn payload<'f>(config: &Config, frame: &'f Frame<'_>) -> Cow<'f, [u8]> {
    let changed = config.effects().find_map(|effect| match effect {
        Effect::Payload(change) if !opcode::is_control(frame.opcode) => {
            Some(change(&frame.payload))
        }
        _ => None,
    });
    changed.map_or(Cow::Borrowed(&*frame.payload), Cow::Owned)
}

/// The payload of the Pong, if there is one.
pub(super) fn pong<'p>(config: &Config, ping: &'p [u8]) -> Option<&'p [u8]> {
    let changed = config.effects().find_map(|effect| match effect {
        Effect::Pong(change) => Some(change(ping)),
        _ => None,
    });
    changed.unwrap_or(Some(ping))
}

/// The body of the Close frame that answers one with this body: its code (RFC 6455 5.5.1).
pub(super) fn close_body<'b>(config: &Config, body: &'b [u8]) -> &'b [u8] {
    match config.errs_at(Point::CloseBodyEchoed) {
        true => body,
        false => body.get(..2).unwrap_or_default(),
    }
}

/// A frame as it is written.
pub(super) fn frame(config: &Config, frame: Vec<u8>, payload: &[u8]) -> Vec<u8> {
    config.effects().fold(frame, |frame, effect| match effect {
        Effect::Frame(change) => change(frame, payload),
        _ => frame,
    })
}
