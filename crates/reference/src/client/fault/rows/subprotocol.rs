//! Faults in the check of the subprotocol in an answer (RFC 6455 4.1).

use super::{PROTOCOL, is_switch, raw_value};
use crate::client::fault::Effect::{Answer, Refuse};
use crate::client::fault::scene::{Scene, added};
use crate::client::fault::{ClientFault, fault};
use crate::client::variation::Way;
use crate::fault::Seen;

pub(super) const ROWS: &[ClientFault] = &[
    fault("subprotocol-unchecked", "Any subprotocol is accepted.")
        .breaks("rfc6455/4.1-check-subprotocol")
        .shown_by(|| with("upspec-other"))
        .by(Answer(|answer, asked| take_if(answer, asked, |_, _| true))),
    fault("unasked-subprotocol-taken", "Any subprotocol is accepted where none was offered.")
        .breaks("rfc6455/4.1-check-subprotocol")
        .beside(&[Way::NoSubprotocols])
        .shown_by(|| with("upspec-other"))
        .by(Answer(|answer, asked| {
            if !asked.has(PROTOCOL) {
                answer.remove(PROTOCOL);
            }
        })),
    fault("subprotocol-without-case", "Subprotocols are compared without case.")
        .breaks("rfc6455/4.1-check-subprotocol")
        .shown_by(|| with("CHAT"))
        .by(Answer(|answer, asked| take_if(answer, asked, <[u8]>::eq_ignore_ascii_case))),
    fault("subprotocol-by-beginning", "The beginning of a subprotocol stands for it.")
        .breaks("rfc6455/4.1-check-subprotocol")
        .shown_by(|| with("cha"))
        .by(Answer(|answer, asked| {
            take_if(answer, asked, |value, offer| offer.starts_with(value));
        })),
    fault("subprotocol-begun", "A name that begins with a subprotocol stands for it.")
        .breaks("rfc6455/4.1-check-subprotocol")
        .shown_by(|| with("chatx"))
        .by(Answer(|answer, asked| {
            take_if(answer, asked, <[u8]>::starts_with);
        })),
    fault("subprotocol-list-taken", "The first of a list of subprotocols counts.")
        .breaks("rfc6455/4.1-check-rest")
        .shown_by(|| with("chat, superchat"))
        .by(Answer(|answer, _| {
            let value = answer.value(PROTOCOL).unwrap_or_default();
            if let Some(comma) = value.iter().position(|&octet| octet == b',') {
                answer.set(PROTOCOL, &value[..comma]);
            }
        })),
    fault("subprotocol-first-line", "The first of several Sec-WebSocket-Protocol lines counts.")
        .breaks("rfc6455/4.1-check-rest")
        .shown_by(|| with("chat\r\nSec-WebSocket-Protocol: superchat"))
        .by(Answer(|answer, _| answer.keep_first(PROTOCOL))),
    fault("empty-subprotocol-taken", "An empty Sec-WebSocket-Protocol counts for none.")
        .breaks("rfc6455/4.1-check-rest")
        .shown_by(|| with(""))
        .by(Answer(|answer, _| {
            if answer.joined(PROTOCOL).is_empty() {
                answer.remove(PROTOCOL);
            }
        })),
    fault(
        "first-subprotocol-only",
        "Any subprotocol but the first one offered fails the connection.",
    )
    .breaks("rfc6455/4.1-validate-as-follows")
    .shown_by(|| with("superchat"))
    .by(Refuse(|answer, asked| {
        let first = offers(asked).into_iter().next();
        is_switch(answer) && answer.value(PROTOCOL).is_some_and(|value| Some(value) != first)
    })),
    fault("subprotocol-untrimmed", "White space around a subprotocol belongs to its name.")
        .breaks("rfc9110/5.5-trim")
        .shown_by(|| with("\tchat "))
        .by(Refuse(|answer, _| {
            let is_padded = |line: &Vec<u8>| {
                let is_named = line.to_ascii_lowercase().starts_with(b"sec-websocket-protocol:");
                let value = raw_value(line);
                is_named && value.strip_prefix(b" ").unwrap_or(value) != value.trim_ascii()
            };
            is_switch(answer) && answer.lines.iter().any(is_padded)
        })),
];

fn with(value: &str) -> Scene {
    added(&format!("Sec-WebSocket-Protocol: {value}"))
}

fn offers(asked: &Seen) -> Vec<Vec<u8>> {
    let value = asked.joined(PROTOCOL);
    value.split(|&octet| octet == b',').map(|name| name.trim_ascii().to_vec()).collect()
}

/// Takes the subprotocol for one that was offered where it is of this kind.
fn take_if(answer: &mut Seen, asked: &Seen, is_taken: impl Fn(&[u8], &[u8]) -> bool) {
    let value = answer.joined(PROTOCOL);
    if !answer.has(PROTOCOL) {
        return;
    }
    match offers(asked).into_iter().find(|offer| is_taken(&value, offer)) {
        Some(offer) if !offer.is_empty() => answer.set(PROTOCOL, &offer),
        Some(_) => answer.remove(PROTOCOL),
        None => {}
    }
}
