//! What a faulty client does to frames.

use std::borrow::Cow;

use upspec_handshake::ResponseHead;
use upspec_handshake::frame::{Frame, FrameViolation, opcode};

use crate::client::config::ClientConfig;
use crate::client::fault::Effect;
use crate::tunnel::Message;

/// Whether a violation in a server's frame is overlooked.
pub(super) fn overlooks(
    config: &ClientConfig,
    violation: FrameViolation,
    message: &Message,
) -> bool {
    let overlooks = |effect: &Effect| matches!(effect, Effect::Overlook(is_overlooked) if is_overlooked(violation, message));
    config.effects().any(overlooks)
}

/// Whether what a frame begins with is the end of the process.
pub(super) fn dies(config: &ClientConfig, input: &[u8]) -> bool {
    config.effects().any(|effect| matches!(effect, Effect::DieOfFrame(is_due) if is_due(input)))
}

/// How many octets a response of HTTP takes with its content, where the octets begin with one.
pub(super) fn response(input: &[u8]) -> Option<usize> {
    let head = ResponseHead::parse(input).complete().filter(|_| input.starts_with(b"HTTP/"))?;
    let length = head.fields.values("Content-Length").next();
    let length = length.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    Some(input.len().min(head.len + length.unwrap_or(0)))
}

/// Whether a frame that is in order fails the connection.
pub(super) fn rejects(config: &ClientConfig, frame: &Frame<'_>, message: &Message) -> bool {
    config.effects().any(|effect| matches!(effect, Effect::Fail(is_due) if is_due(frame, message)))
}

/// Whether a frame is lost.
pub(super) fn loses(config: &ClientConfig, frame: &Frame<'_>, message: &Message) -> bool {
    config.effects().any(|effect| matches!(effect, Effect::Lose(is_due) if is_due(frame, message)))
}

/// The messages that are told of in place of one.
pub(super) fn told(config: &ClientConfig, data: Vec<u8>) -> Vec<Vec<u8>> {
    let change = config.effects().find_map(|effect| match effect {
        Effect::Told(change) => Some(change),
        _ => None,
    });
    match change {
        Some(change) => change(data),
        None => vec![data],
    }
}

/// The payload of the Pong, if there is one.
pub(super) fn pong<'p>(config: &ClientConfig, ping: &'p [u8]) -> Option<Cow<'p, [u8]>> {
    let changed = config.effects().find_map(|effect| match effect {
        Effect::Pong(change) => Some(change(ping)),
        _ => None,
    });
    changed.map_or(Some(Cow::Borrowed(ping)), |changed| changed.map(Cow::Owned))
}

/// The body of the Close frame that answers one with this body: its code (RFC 6455 5.5.1).
pub(super) fn close_body<'b>(config: &ClientConfig, body: &'b [u8]) -> Cow<'b, [u8]> {
    let changed = config.effects().find_map(|effect| match effect {
        Effect::CloseBody(change) => Some(change(body)),
        _ => None,
    });
    changed.map_or(Cow::Borrowed(body.get(..2).unwrap_or_default()), Cow::Owned)
}

/// What is sent when the connection is open.
pub(super) fn says(config: &ClientConfig, text: &str) -> Vec<(u8, Vec<u8>)> {
    let changed = config.effects().find_map(|effect| match effect {
        Effect::Says(change) => Some(change(text)),
        _ => None,
    });
    changed.unwrap_or_else(|| vec![(opcode::TEXT, text.into())])
}

/// A frame as it is written.
pub(super) fn frame(config: &ClientConfig, frame: Vec<u8>, payload: &[u8]) -> Vec<u8> {
    config.effects().fold(frame, |frame, effect| match effect {
        Effect::Frame(change) => change(frame, payload),
        _ => frame,
    })
}
