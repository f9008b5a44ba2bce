//! Faults of a server that keeps what one request said for the next on the same connection of HTTP/2, although
//! each can be understood alone (RFC 9110 3.3). The first extended CONNECT is as it should be.

use upspec_handshake::field::key;
use upspec_handshake::h2::{HeaderList, flag, write};

use super::EXAMPLE_KEY;
use crate::fault::Effect::*;
use crate::fault::probe::{GET, Probe, WEBSOCKET, beside_tunnel, headers, http2};
use crate::fault::{Fault, Point, fault};

pub(super) const ROWS: &[Fault] = &[
    fault("http2-state-leaks", "After an extended CONNECT, an ordinary request is an error.")
        .breaks("rfc9110/3.3-stateless")
        .shown_by(|| beside_tunnel(&[headers(3, GET, flag::END_STREAM)]))
        .by(Http2Remembered(|list, first| {
            if first.is_extended_connect() && !list.is_extended_connect() {
                spoil(list);
            }
        })),
    fault("http2-tunnel-first-only", "Behind another request, an extended CONNECT is an error.")
        .breaks("rfc9110/3.3-stateless")
        .shown_by(|| http2(&[headers(1, GET, flag::END_STREAM), headers(3, WEBSOCKET, 0)]))
        .by(Http2Remembered(|list, first| {
            if !first.is_extended_connect() && list.is_extended_connect() {
                spoil(list);
            }
        })),
    fault(
        "http2-tunnel-once",
        "Behind another one on the connection, an extended CONNECT is an error.",
    )
    .breaks("rfc9110/3.3-stateless")
    .shown_by(|| then(&[], &[]))
    .by(Http2Remembered(|list, first| {
        if first.is_extended_connect() && list.is_extended_connect() {
            spoil(list);
        }
    })),
    fault("http2-version-lingers", "The version of the first WebSocket counts for later ones.")
        .breaks("rfc9110/3.3-stateless")
        .shown_by(|| then(&[("sec-websocket-version", "25")], &[]))
        .by(Http2Remembered(|list, first| keep(list, first, "sec-websocket-version"))),
    fault(
        "http2-subprotocols-linger",
        "The subprotocols that are offered first count for later requests.",
    )
    .breaks("rfc9110/3.3-stateless")
    .shown_by(|| then(&[("sec-websocket-protocol", "chat")], &[]))
    .by(Http2Remembered(|list, first| keep(list, first, "sec-websocket-protocol"))),
    fault(
        "http2-extensions-linger",
        "The extensions that are offered first count for later requests.",
    )
    .breaks("rfc9110/3.3-stateless")
    .shown_by(|| then(&[("sec-websocket-extensions", "permessage-deflate")], &[]))
    .by(Http2Remembered(|list, first| keep(list, first, "sec-websocket-extensions"))),
    fault("http2-origin-lingers", "The Origin of the first WebSocket counts for later ones.")
        .breaks("rfc9110/3.3-stateless")
        .shown_by(|| {
            then(&[("origin", "http://good.example")], &[("origin", "http://other.example")])
        })
        .by(Http2Remembered(|list, first| keep(list, first, "origin"))),
    fault(
        "http2-key-lingers",
        "A key in the first extended CONNECT gets its accept value in later ones.",
    )
    .breaks("rfc8441/5-no-key-accept")
    .shown_by(|| then(&[("sec-websocket-key", "AQIDBAUGBwgJCgsMDQ4PEA==")], &[]))
    .by(Http2Remembered(|list, first| keep(list, first, "sec-websocket-key")))
    .at(Point::Http2KeyRead)
    .by(Http2Section(|section, answer| {
        let accept = answer.value("Sec-WebSocket-Accept");
        if let Some(accept) = accept.filter(|accept| *accept != key::accept(EXAMPLE_KEY)) {
            section.push("sec-websocket-accept", accept);
        }
    })),
];

/// Makes a request one for another host, which is refused.
fn spoil(list: &mut HeaderList) {
    list.push("host", "of.the.first");
}

/// Makes a field of an extended CONNECT that of the first one.
fn keep(list: &mut HeaderList, first: &HeaderList, name: &str) {
    if first.is_extended_connect() && list.is_extended_connect() {
        list.fields.retain(|field| field.name != name.as_bytes());
        first.values(name).for_each(|value| list.push(name, value));
    }
}

/// A WebSocket with these fields, and after it one with those.
fn then(first: &[(&'static str, &'static str)], second: &[(&'static str, &'static str)]) -> Probe {
    let asked = |stream, fields: &[(&'static str, &'static str)]| {
        let is_other = |(name, _): &&(&str, &str)| fields.iter().all(|(own, _)| own != name);
        let others = WEBSOCKET.iter().filter(is_other).copied();
        headers(stream, &others.chain(fields.iter().copied()).collect::<Vec<_>>(), 0)
    };
    http2(&[
        asked(1, first),
        write::rst_stream(1, upspec_handshake::h2::ErrorCode::CANCEL),
        asked(3, second),
    ])
}
