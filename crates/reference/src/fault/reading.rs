//! What a faulty server sees instead of the request that was sent.

use upspec_handshake::field::chunked::{Chunked, ChunkedReader};
use upspec_handshake::h2::HeaderList;

use super::{Effect, Seen};
use crate::config::Config;

/// How a head is read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// As it was sent.
    AsSent,
    /// As if these octets had been sent.
    Instead(Vec<u8>),
    /// As a reason to end the connection without an answer.
    Dropped,
    /// As an error that gets this status.
    Refused(u16),
    /// As a request that gets no answer.
    Unanswered,
}

/// Reads a complete head as the fault, if any, makes the server see it.
pub(crate) fn read(config: &Config, seen: &Seen) -> Reading {
    for effect in config.effects() {
        match effect {
            Effect::Octets(change) => {
                let octets = change(&seen.octets);
                if octets != seen.octets {
                    return Reading::Instead(octets);
                }
            }
            Effect::Request(change) => {
                let mut changed = seen.clone();
                change(&mut changed, config);
                if changed != *seen {
                    return Reading::Instead(changed.write());
                }
            }
            Effect::Refused(status, is_due) if is_due(seen) => return Reading::Refused(*status),
            Effect::Dropped(is_due) if is_due(seen) => return Reading::Dropped,
            Effect::Unanswered(is_due) if is_due(seen) => return Reading::Unanswered,
            _ => {}
        }
    }
    Reading::AsSent
}

/// Reads an HTTP/2 request as the fault makes the server see it: another list, or the status it gets.
/// The faults that give no answer at all are faults of HTTP/1.1.
pub(crate) fn read_list(config: &Config, seen: &Seen, list: HeaderList) -> Result<HeaderList, u16> {
    for effect in config.effects() {
        match effect {
            Effect::Request(change) => {
                let mut changed = seen.clone();
                change(&mut changed, config);
                if changed != *seen {
                    return Ok(changed.list(&list));
                }
            }
            Effect::Refused(status, is_due) if is_due(seen) => return Err(*status),
            _ => {}
        }
    }
    Ok(list)
}

/// Reads the chunks of a body.
pub(crate) fn read_chunks(
    config: &Config,
    reader: &mut ChunkedReader,
    input: &mut Vec<u8>,
) -> Chunked {
    for effect in config.effects() {
        if let Effect::Chunks(change) = effect
            && !change(input)
        {
            return Chunked::Malformed(0);
        }
    }
    reader.read(input)
}

/// Lets a chunked body change the head before it.
pub(crate) fn read_body(config: &Config, head: &mut Vec<u8>, body: &[u8]) {
    for effect in config.effects() {
        if let Effect::Body(change) = effect {
            change(head, body);
        }
    }
}
