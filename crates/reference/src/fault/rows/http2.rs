//! Faults in what the server sends over HTTP/2, and in extended CONNECT.

use upspec_handshake::field::key;
use upspec_handshake::h2::{ErrorCode, ListViolationKind, flag, kind, setting, write};

use super::EXAMPLE_KEY;
use crate::fault::Effect::*;
use crate::fault::probe::{GET, WEBSOCKET, beside_tunnel, connect, frame, get, headers, http2};
use crate::fault::{Fault, Point, fault};

pub(super) const ROWS: &[Fault] = &[
    // Frames and header lists of the server.
    fault("http2-client-setting", "Refuses SETTINGS_ENABLE_CONNECT_PROTOCOL from a client.")
        .breaks("rfc8441/3-client-setting")
        .shown_by(|| http2(&[write::settings(&[(setting::ENABLE_CONNECT_PROTOCOL, 1)])]))
        .at(Point::Http2SettingRefused),
    fault("http2-setting-of-two", "SETTINGS_ENABLE_CONNECT_PROTOCOL is 2.")
        .breaks("rfc8441/3-setting-value")
        .by(Http2Settings(|settings| write::settings(&with_own(settings, 2)))),
    fault("http2-setting-withdrawn", "SETTINGS_ENABLE_CONNECT_PROTOCOL goes from 1 to 0.")
        .breaks("rfc8441/3-no-withdraw")
        .by(Http2Settings(|settings| {
            [1, 0].map(|own| write::settings(&with_own(settings, own))).concat()
        })),
    fault("http2-ping-first", "The first frame of the server is PING.")
        .breaks("rfc9113/3.4-preface-sent")
        .by(Http2Settings(|settings| {
            [write::ping(0, *b"upspec!!"), write::settings(settings)].concat()
        })),
    fault("http2-short-ping", "The server sends a PING of five octets.")
        .breaks("rfc9113/4.2-frame-sent")
        .by(Http2Settings(|settings| {
            [write::settings(settings), write::frame(kind::PING, 0, 0, b"short")].concat()
        })),
    fault("http2-no-settings-ack", "SETTINGS are not acknowledged.")
        .breaks("rfc9113/6.5.3-settings-ack")
        .at(Point::Http2SettingsAckOmitted),
    fault("http2-no-ping-ack", "In HTTP/2, a PING is not answered.")
        .breaks("rfc9113/6.7-ping-ack")
        .shown_by(|| http2(&[write::ping(0, *b"upspec!!")]))
        .at(Point::Http2PingAckOmitted),
    fault("http2-connection-fields-sent", "Errors in HTTP/2 say connection: close.")
        .breaks("rfc9113/8.2.2-connection-fields-sent")
        .shown_by(|| get(&[("host", "b")]))
        .by(Http2Section(|section, answer| {
            if answer.status >= 400 {
                section.push("connection", "close");
            }
        })),
    fault("http2-upper-case-sent", "Errors in HTTP/2 have a field name with a capital.")
        .breaks("rfc9113/8.2.1-field-name")
        .shown_by(|| get(&[("host", "b")]))
        .by(Http2Section(|section, answer| {
            if answer.status >= 400 {
                section.push("X-Upspec", "1");
            }
        })),
    fault("http2-status-of-four", "Errors in HTTP/2 have a status of four digits.")
        .breaks("rfc9113/8.3.2-status")
        .shown_by(|| get(&[("host", "b")]))
        .by(Http2Section(|section, answer| {
            if answer.status >= 400 {
                section.fields[0].value.push(b'0');
                section.fields.retain(|field| field.name != b"content-length");
            }
        })),
    fault("http2-interim-ends", "Errors in HTTP/2 are a 103 that ends the stream.")
        .breaks("rfc9113/8.1-end-stream-interim")
        .shown_by(|| get(&[("host", "b")]))
        .by(Http2Section(|section, answer| {
            if answer.status >= 400 {
                section.fields[0].value = b"103".into();
                section.fields.retain(|field| field.name != b"content-length");
            }
        }))
        .at(Point::Http2ErrorContentOmitted),
    // Extended CONNECT.
    fault(
        "http2-accept-sent",
        "A key in an extended CONNECT is answered with Sec-WebSocket-Accept.",
    )
    .breaks("rfc8441/5-no-key-accept")
    .shown_by(|| connect(&[("sec-websocket-key", "AQIDBAUGBwgJCgsMDQ4PEA==")]))
    .at(Point::Http2KeyRead)
    .by(Http2Section(|section, answer| {
        let accept = answer.value("Sec-WebSocket-Accept");
        if let Some(accept) = accept.filter(|accept| *accept != key::accept(EXAMPLE_KEY)) {
            section.push("sec-websocket-accept", accept);
        }
    })),
    fault("http2-key-checked", "A key in an extended CONNECT has to be one.")
        .breaks("rfc8441/5-no-key-accept")
        .shown_by(|| connect(&[("sec-websocket-key", "x")]))
        .at(Point::Http2KeyRead),
    fault("http2-target-defaulted", "An extended CONNECT needs no :scheme and no :path.")
        .breaks("rfc8441/4-scheme-path")
        .shown_by(|| {
            http2(&[headers(1, &[&WEBSOCKET[..2], &WEBSOCKET[3..4], &WEBSOCKET[5..]].concat(), 0)])
        })
        .by(Http2Overlook(|defect, _| defect.kind == ListViolationKind::ProtocolWithoutTarget)),
    fault("http2-blind-tunnel", "An extended CONNECT for a resource that is not there gets a 200.")
        .breaks("rfc8441/4-no-tunnel")
        .shown_by(|| connect(&[(":path", "/nothing")]))
        .by(Http2Status(200, |list, config| {
            let ours = [config.path.as_bytes(), b"/"].map(Some);
            list.is_extended_connect() && !ours.contains(&list.pseudo(":path"))
        })),
    fault("http2-any-protocol", "Every :protocol is taken for websocket.")
        .breaks("rfc8441/5-protocol")
        .shown_by(|| connect(&[(":protocol", "x-unknown")]))
        .by(Http2Protocol(|_| true)),
    fault("http2-protocol-prefix", "A :protocol that begins with websocket is taken for it.")
        .breaks("rfc8441/5-protocol")
        .shown_by(|| connect(&[(":protocol", "websocket-x")]))
        .by(Http2Protocol(|protocol| protocol.starts_with(b"websocket"))),
    fault("tunnel-ends-with-empty-data", "An empty DATA frame ends a WebSocket.")
        .breaks("rfc8441/5-stream-is-tcp")
        .shown_by(|| beside_tunnel(&[write::data(1, b"", 0)]))
        .by(Http2TunnelEnds(|octets, has_ended| has_ended || octets.is_empty())),
    fault("tunnel-takes-padding", "Padding of DATA frames is taken for frames of WebSocket.")
        .breaks("rfc8441/5-stream-is-tcp")
        .shown_by(|| beside_tunnel(&[write::frame(kind::DATA, flag::PADDED, 1, b"\x04\0\0\0\0")]))
        .by(Http2Tunnelled(|_, whole| whole)),
    fault("tunnel-frame-in-one-data", "A frame of WebSocket has to be within one DATA frame.")
        .breaks("rfc8441/5-stream-is-tcp")
        .shown_by(|| {
            beside_tunnel(&[write::data(1, b"\x89\x80\0", 0), write::data(1, b"\0\0\0", 0)])
        })
        .at(Point::Http2RestDropped),
    fault(
        "tunnel-one-frame-in-data",
        "Behind the first frame of WebSocket, the rest of a DATA frame is lost.",
    )
    .breaks("rfc8441/5-stream-is-tcp")
    .shown_by(|| {
        beside_tunnel(&[write::data(1, &[frame(0x89, b"1"), frame(0x89, b"2")].concat(), 0)])
    })
    .by(Http2Tunnelled(|octets, _| {
        // A masked frame with a length of one octet (RFC 6455 5.2).
        let length = octets.get(1).map_or(0, |octet| usize::from(octet & 0x7f));
        &octets[..octets.len().min(6 + length)]
    })),
    fault("one-tunnel-only", "Beside a WebSocket, every other stream is refused.")
        .breaks("rfc8441/5-stream-is-tcp")
        .shown_by(|| beside_tunnel(&[headers(3, GET, flag::END_STREAM)]))
        .at(Point::Http2StreamRefusedBesideTunnel),
    fault("tunnel-stops-requests", "Beside a WebSocket, requests are not answered.")
        .breaks("rfc8441/5-stream-is-tcp")
        .shown_by(|| beside_tunnel(&[headers(3, GET, flag::END_STREAM)]))
        .at(Point::Http2RequestUnansweredBesideTunnel),
    fault("tunnel-reset-ends-all", "When the client resets a WebSocket, the connection ends.")
        .breaks("rfc8441/5-stream-is-tcp")
        .shown_by(|| beside_tunnel(&[write::rst_stream(1, ErrorCode::CANCEL)]))
        .at(Point::Http2TunnelResetEndsAll),
    fault("tunnel-outlives-end", "END_STREAM does not end a WebSocket.")
        .breaks("rfc8441/5-stream-is-tcp")
        .shown_by(|| beside_tunnel(&[write::data(1, b"", flag::END_STREAM)]))
        .by(Http2TunnelEnds(|_, _| false)),
    fault("tunnel-takes-headers", "HEADERS on the stream of a WebSocket are ignored.")
        .breaks("rfc9113/8.5-only-data")
        .shown_by(|| beside_tunnel(&[headers(1, &[("x-a", "1")], 0)]))
        .at(Point::Http2TunnelTakesHeaders),
];

/// The settings, with this value of SETTINGS_ENABLE_CONNECT_PROTOCOL.
fn with_own(settings: &[(u16, u32)], value: u32) -> Vec<(u16, u32)> {
    let others = settings.iter().filter(|(id, _)| *id != setting::ENABLE_CONNECT_PROTOCOL);
    others.copied().chain([(setting::ENABLE_CONNECT_PROTOCOL, value)]).collect()
}
