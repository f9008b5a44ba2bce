//! Faults in WebSocket over HTTP/2 (RFC 8441, RFC 9113).

use upspec_handshake::h2::{ErrorCode, HeaderField, HeaderList, flag, setting, write};

use crate::client::fault::Effect::List;
use crate::client::fault::scene::Scene;
use crate::client::fault::{ClientFault, Point, fault};

pub(super) const ROWS: &[ClientFault] = &[
    fault("http2-connection-fields", "Upgrade and Connection go out in HTTP/2.")
        .breaks("rfc8441/5-no-connection-fields")
        .shown_by(opened)
        .by(List(|list| {
            list.push("upgrade", "websocket");
            list.push("connection", "Upgrade");
        })),
    fault("http2-upper-case", "A field name in HTTP/2 has capitals.")
        .breaks("rfc9113/8.2.1-field-name")
        .shown_by(opened)
        .by(List(|list| list.push("X-Upspec", "1"))),
    fault("http2-keep-alive", "The field keep-alive goes out in HTTP/2.")
        .breaks("rfc9113/8.2.2-connection-fields-sent")
        .shown_by(opened)
        .by(List(|list| list.push("keep-alive", "timeout=5"))),
    fault("http2-value-space", "A field value in HTTP/2 ends with a space.")
        .breaks("rfc9113/8.2.1-field-value")
        .shown_by(opened)
        .by(List(|list| list.push("x-upspec", "1 "))),
    fault("http2-pseudo-late", "A pseudo-header field follows a regular one.")
        .breaks("rfc9113/8.3-pseudo-order")
        .shown_by(opened)
        .by(List(|list| list.fields.rotate_left(1))),
    fault("http2-pseudo-twice", "The :scheme is there twice.")
        .breaks("rfc9113/8.3-pseudo-repeated")
        .shown_by(opened)
        .by(List(|list| list.fields.insert(0, scheme()))),
    fault("http2-pseudo-unknown", "There is a pseudo-header field that nobody knows.")
        .breaks("rfc9113/8.3-pseudo-unknown")
        .shown_by(opened)
        .by(List(|list| {
            list.fields.insert(0, HeaderField { name: b":upspec".to_vec(), ..scheme() });
        })),
    fault("http2-no-protocol", "The CONNECT has no :protocol.")
        .breaks("rfc8441/5-protocol")
        .shown_by(opened)
        .by(List(|list| remove(list, ":protocol"))),
    fault("http2-get", "The method in HTTP/2 is GET.")
        .breaks("rfc8441/5-protocol")
        .shown_by(opened)
        .by(List(|list| replace(list, ":method", "GET"))),
    fault("http2-no-path", "The CONNECT has no :path.")
        .breaks("rfc8441/4-scheme-path")
        .shown_by(opened)
        .by(List(|list| remove(list, ":path"))),
    fault("http2-scheme-wss", "The :scheme is wss.")
        .breaks("rfc8441/5-scheme")
        .shown_by(opened)
        .by(List(|list| replace(list, ":scheme", "wss"))),
    fault("http2-no-version", "The CONNECT has no Sec-WebSocket-Version.")
        .breaks("rfc8441/5-websocket-fields")
        .shown_by(opened)
        .by(List(|list| remove(list, "sec-websocket-version"))),
    fault("http2-no-authority", "The CONNECT has no :authority.")
        .breaks("rfc9113/8.3.1-authority")
        .shown_by(opened)
        .by(List(|list| remove(list, ":authority"))),
    fault("http2-query-dropped", "The :path has no query.")
        .breaks("rfc6455/4.1-target")
        .shown_by(|| Scene { url: "wss://localhost/a?b", ..opened() })
        .by(List(|list| {
            let path = list.pseudo(":path").unwrap_or_default();
            let path =
                String::from_utf8_lossy(path).split('?').next().unwrap_or_default().to_owned();
            replace(list, ":path", &path);
        })),
    fault("http2-setting-unawaited", "The CONNECT goes out before the setting has come.")
        .breaks("rfc9113/5.5-negotiated")
        .shown_by(|| http2(&[write::settings(&[])]))
        .at(Point::Http2SettingUnawaited),
    fault("http2-accept-wanted", "A response in HTTP/2 has to have Sec-WebSocket-Accept.")
        .breaks("rfc8441/5-no-key-accept")
        .shown_by(opened)
        .at(Point::Http2AcceptWanted),
    fault("http2-any-status", "Any response in HTTP/2 opens the connection.")
        .breaks("rfc9110/9.3.6-only-2xx")
        .shown_by(|| http2(&[enabled(), response(&[(":status", "404")], flag::END_STREAM)]))
        .at(Point::Http2AnyStatus),
    fault("http2-switch-taken", "101 opens the connection in HTTP/2, too.")
        .breaks("rfc9110/9.3.6-only-2xx")
        .shown_by(|| http2(&[enabled(), response(&[(":status", "101")], 0)]))
        .at(Point::Http2SwitchTaken),
    fault("http2-only-200", "No other status than 200 opens the connection in HTTP/2.")
        .breaks("rfc8441/5-no-key-accept")
        .shown_by(|| http2(&[enabled(), response(&[(":status", "204")], 0)]))
        .at(Point::Http2OnlyOk),
    fault("http2-answer-unchecked", "Subprotocol and extensions are not checked in HTTP/2.")
        .breaks("rfc6455/4.1-check-subprotocol")
        .shown_by(|| {
            http2(&[enabled(), response(&[(":status", "200"), ("sec-websocket-protocol", "x")], 0)])
        })
        .at(Point::Http2AnswerUnchecked),
    fault("http2-end-ignored", "The end of the stream changes nothing.")
        .breaks("rfc8441/5-stream-is-tcp")
        .shown_by(|| http2(&[enabled(), ok(), write::data(1, b"", flag::END_STREAM)]))
        .at(Point::Http2EndIgnored)
        .at(Point::EndIgnored),
    fault("http2-reset-ignored", "Frames go out on a stream that was reset.")
        .breaks("rfc9113/6.4-after-reset")
        .shown_by(|| {
            let reset = write::rst_stream(1, ErrorCode::CANCEL);
            http2(&[enabled(), ok(), reset, write::ping(0, *b"upspec!!")])
        })
        .at(Point::Http2ResetIgnored),
];

fn remove(list: &mut HeaderList, name: &str) {
    list.fields.retain(|field| field.name != name.as_bytes());
}

fn replace(list: &mut HeaderList, name: &str, value: &str) {
    for field in list.fields.iter_mut().filter(|field| field.name == name.as_bytes()) {
        field.value = value.into();
    }
}

fn scheme() -> HeaderField {
    HeaderField { name: b":scheme".to_vec(), value: b"https".to_vec() }
}

fn http2(frames: &[Vec<u8>]) -> Scene {
    Scene { url: "wss://localhost/", writes: frames.to_vec(), ends: false, is_http2: true }
}

/// A server that opens the connection.
fn opened() -> Scene {
    http2(&[enabled(), ok()])
}

fn enabled() -> Vec<u8> {
    write::settings(&[(setting::ENABLE_CONNECT_PROTOCOL, 1)])
}

fn ok() -> Vec<u8> {
    response(&[(":status", "200")], 0)
}

fn response(fields: &[(&str, &str)], flags: u8) -> Vec<u8> {
    write::headers(1, &HeaderList::new(fields.iter().copied()).block(), flags)
}
