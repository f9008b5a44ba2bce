//! Faults in the face of fields that mean nothing to a client.

use super::{ACCEPT, CONNECTION, EXTENSIONS, PROTOCOL, UPGRADE, VERSION, is_switch};
use crate::client::fault::Effect::Refuse;
use crate::client::fault::scene::added;
use crate::client::fault::{ClientFault, fault};
use crate::fault::{Seen, field};

pub(super) const ROWS: &[ClientFault] = &[
    fault("unknown-fields-refused", "A field that it does not know fails the connection.")
        .breaks("rfc9110/5.1-unknown-fields")
        .shown_by(|| added("X-Upspec: 1"))
        .by(Refuse(|answer, _| is_switch(answer) && named(answer).any(|name| !is_known(name)))),
    fault("version-refused", "Sec-WebSocket-Version in an answer fails the connection.")
        .breaks("rfc9110/5.1-unknown-fields")
        .shown_by(|| added("Sec-WebSocket-Version: 13"))
        .by(Refuse(|answer, _| is_switch(answer) && answer.has(VERSION))),
    fault("empty-value-refused", "A field without a value fails the connection.")
        .breaks("rfc9110/5.1-unknown-fields")
        .shown_by(|| added("X-Empty:"))
        .by(Refuse(|answer, _| {
            let is_empty = |line: &Vec<u8>| line.ends_with(b":") || line.ends_with(b": ");
            is_switch(answer) && answer.lines.iter().any(is_empty)
        })),
    fault("ascii-values-only", "An octet beyond ASCII in a value fails the connection.")
        .breaks("rfc9110/5.5-obs-text")
        .shown_by(|| added("X-Text: \u{e9}"))
        .by(Refuse(|answer, _| {
            is_switch(answer) && answer.lines.iter().any(|line| !line.is_ascii())
        })),
    fault("few-fields-only", "More than thirty-two fields fail the connection.")
        .breaks("rfc9110/5.1-unknown-fields")
        .shown_by(|| added(&"X-A: 1\r\n".repeat(40)).and(""))
        .by(Refuse(|answer, _| is_switch(answer) && answer.lines.len() > 32)),
];

fn named(answer: &Seen) -> impl Iterator<Item = &[u8]> {
    answer.lines.iter().filter_map(|line| field(line)).map(|(name, _)| name)
}

fn is_known(name: &[u8]) -> bool {
    let known = [ACCEPT, CONNECTION, EXTENSIONS, PROTOCOL, UPGRADE, VERSION];
    known.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name))
}
