//! What follows a 101 to h2c: an HTTP/2 connection as the server begins it (RFC 7540 3.2).
//! Whether the switch was lawful and the request was answered is for cases to ask.

use upspec_exchange::Talk;
use upspec_exchange::http2::FRAME_HEADER;
use upspec_handshake::Party;
use upspec_handshake::field::upgrade::{protocols, websocket_alone};
use upspec_handshake::h2::{Connection, FramingViolationKind};

use super::{Breach, http2};

/// SETTINGS come first, and the frames and header lists are as HTTP/2 has them.
pub(super) fn after_switch(talk: &Talk<'_>, party: Party, breaches: &mut Vec<Breach>) {
    let (Some(tunnel), true) = (&talk.tunnel, is_to_h2c(talk)) else {
        return;
    };
    let from = tunnel.place(party, 0..tunnel.sent(party).len()).start;
    let until = from + tunnel.in_time(party).len();
    let got = Connection::read_from(&talk.sent(party)[..until], from, party);
    for violation in &got.violations {
        let (requirement, message) = match violation.kind {
            FramingViolationKind::BlockTooLarge => break,
            FramingViolationKind::PrefaceWrong => (
                "rfc7540/3.2-after-101",
                "the first frame after the 101 to h2c is not SETTINGS".to_owned(),
            ),
            kind => ("rfc9113/4.2-frame-sent", format!("the server sent {}", kind.describe())),
        };
        let at = violation.at..violation.at + FRAME_HEADER;
        breaches.push(Breach::new(requirement, message).at(at));
    }
    for stream in got.streams.values() {
        http2::lists(stream, breaches);
    }
    let asked = Connection::read(tunnel.sent(party.other()), party.other());
    if asked.reader().is_established() {
        goes_on(talk, &asked, &got, breaches);
    }
}

/// What the client's preface begins is HTTP/2 as any other: SETTINGS are acknowledged, and a server that ends
/// the connection says so (RFC 9113 6.5.3, 6.8).
fn goes_on(talk: &Talk<'_>, asked: &Connection, got: &Connection, breaches: &mut Vec<Breach>) {
    let is_answered = got.stream(1).is_some_and(|stream| stream.final_head().is_some());
    if !got.goaways.is_empty() || !is_answered {
        return;
    }
    let is_owed = got.settings_acks.len() < asked.settings.len();
    match talk.ending.server {
        None if talk.ending.deadline && is_owed => {
            let message = "the server does not acknowledge the SETTINGS behind the preface";
            breaches.push(Breach::new("rfc9113/6.5.3-settings-ack", message));
        }
        Some(_) if is_owed => {
            let message =
                "the server ended the connection behind its answer, before HTTP/2 went on";
            breaches.push(Breach::new("rfc7540/3.2-after-101", message).at_most_warn());
        }
        _ => {}
    }
}

/// Whether HTTP/1.1 ended with a 101 that names h2c.
pub(super) fn is_to_h2c(talk: &Talk<'_>) -> bool {
    let Some(last) = talk.responses.last().filter(|_| talk.http2.is_none()) else {
        return false;
    };
    if websocket_alone(&last.head.fields).is_some() {
        return false;
    }
    let values = last.head.fields.values("Upgrade");
    let others = values.filter(|value| !value.eq_ignore_ascii_case(b"websocket"));
    protocols(others).flatten().any(|protocol| protocol.name.eq_ignore_ascii_case(b"h2c"))
}
