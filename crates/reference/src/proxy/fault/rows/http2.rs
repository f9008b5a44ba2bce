//! Faults with HTTP/2 in front: requests that are malformed, and tunnels by extended CONNECT (RFC 9113, RFC 8441).

use upspec_handshake::field::key::accept;
use upspec_handshake::h2::ListViolationKind::{
    ConnectionSpecific, NameInvalid, ProtocolWithoutConnect, TeOther, ValueInvalid,
};
use upspec_handshake::h2::{ErrorCode, HeaderList, PREFACE, flag, write};

use crate::fault::Point as ServerPoint;
use crate::proxy::fault::Effect::{Early, Forwarded, InHttp2, OverlookInList};
use crate::proxy::fault::scene::{OK, REFUSAL, Scene};
use crate::proxy::fault::{Point, ProxyFault, fault};

pub(super) const ROWS: &[ProxyFault] = &[
    fault("http2-success-opens", "In HTTP/2 a 200 of the origin opens a WebSocket.")
        .breaks("rfc9110/9.3.6-2xx-tunnel")
        .also(&[FRAMING])
        .shown_by(|| asked(&[]).origin(OK).gives("http2", "[1 :status=200"))
        .at(Point::Http2SuccessOpens),
    fault("http2-any-answer-opens", "In HTTP/2 a refusal of the origin opens a WebSocket.")
        .breaks("rfc9110/9.3.6-2xx-tunnel")
        .also(&[FRAMING, "rfc8441/4-no-tunnel"])
        .shown_by(|| asked(&[]).origin(REFUSAL).gives("http2", "[1 :status=200"))
        .at(Point::Http2AnyAnswerOpens),
    fault("http2-early-data", "DATA goes to the origin before its 101.")
        .breaks("rfc6455/4.1-wait")
        .shown_by(|| asked(&[]).frames(write::data(1, b"early", 0)).gives("origin-1", "early"))
        .at(Point::Http2EarlyData)
        .by(Early(|asked| asked.is_http2)),
    fault("http2-accept-unchecked", "Its own key is not compared with Sec-WebSocket-Accept.")
        .breaks("rfc6455/4.1-check-accept")
        .shown_by(|| asked(&[]).origin(switch(b"wrong")).gives("http2", "[1 :status=200"))
        .at(Point::Http2AcceptUnchecked),
    fault("http2-switch-passed-on", "A 101 is a 101 in HTTP/2, too.")
        .breaks("rfc9113/8.6-no-101")
        .shown_by(|| asked(&[]).origin(switch(RIGHT)).gives("http2", "[1 :status=101"))
        .at(Point::Http2SwitchPassed),
    fault("http2-upgrade-kept", "Upgrade and Connection stay in responses of HTTP/2.")
        .breaks("rfc9113/8.2.2-intermediary")
        .also(&["rfc9113/8.2.2-connection-fields-sent"])
        .shown_by(|| asked(&[]).origin(REFUSAL).gives("http2", " connection=Upgrade"))
        .at(Point::Http2ConnectionFieldsKept),
    fault(
        "http2-connection-field-taken",
        "Requests with connection-specific fields are not refused.",
    )
    .breaks("rfc9113/8.1.1-not-forwarded")
    .shown_by(|| got(&[("upgrade", "foo")]).gives("origin-1", "GET /?tag"))
    .by(OverlookInList(ConnectionSpecific)),
    fault("http2-te-taken", "TE may say anything.")
        .breaks("rfc9113/8.1.1-not-forwarded")
        .shown_by(|| got(&[("te", "gzip")]).gives("origin-1", "GET /?tag"))
        .by(OverlookInList(TeOther)),
    fault("http2-name-taken", "A field name may hold anything.")
        .breaks("rfc9113/8.1.1-not-forwarded")
        .shown_by(|| got(&[("x-odd:a", "b")]).gives("origin-1", "x-odd: a: b"))
        .by(OverlookInList(NameInvalid)),
    fault("http2-value-taken", "Line ends in a field value go into HTTP/1.1.")
        .breaks("rfc9113/8.1.1-not-forwarded")
        .shown_by(|| got(&[("x-odd", "a\r\nx-two: b")]).gives("origin-1", "x-two: b"))
        .by(OverlookInList(ValueInvalid)),
    fault("http2-path-taken", "A path may hold anything.")
        .breaks("rfc9113/8.1.1-not-forwarded")
        .shown_by(|| {
            list("GET", "/ HTTP/1.1\r\nx-two: b\r\nx-rest:", &[], true)
                .gives("origin-1", "x-two: b")
        })
        .by(OverlookInList(ValueInvalid))
        .at(Point::Http2TargetUnchecked),
    fault("http2-protocol-on-get", "A GET may have :protocol.")
        .breaks("rfc9113/8.1.1-not-forwarded")
        .shown_by(|| {
            let fields = [
                (":method", "GET"),
                (":protocol", "websocket"),
                (":scheme", "http"),
                (":authority", "example.com"),
                (":path", "/?tag"),
            ];
            begun(headers(1, &fields, flag::END_STREAM)).gives("origin-1", "GET /?tag")
        })
        .by(OverlookInList(ProtocolWithoutConnect))
        .at(Point::Http2ProtocolIgnored),
    fault("http2-host-wins", "Host beats :authority.")
        .breaks("rfc9113/8.3.1-host-from-authority")
        .shown_by(|| got(&[("host", "other.example")]).gives("origin-1", "Host: other.example"))
        .at(Point::Http2HostWins),
    fault("http2-host-missing", "Host is not made of :authority.")
        .breaks("rfc9112/3.2-client-host")
        .shown_by(|| got(&[]).keeps("origin-1", "Host: example.com"))
        .by(Forwarded(|head, came| {
            if came.is_http2 {
                head.remove("Host");
            }
        })),
    fault("http2-protocol-assumed", "Every :protocol is taken for websocket.")
        .breaks("rfc8441/5-protocol")
        .shown_by(|| {
            let fields = [
                (":method", "CONNECT"),
                (":protocol", "other"),
                (":scheme", "http"),
                (":authority", "example.com"),
                (":path", "/?tag"),
            ];
            begun(headers(1, &fields, 0)).gives("origin-1", "Upgrade: websocket")
        })
        .at(Point::Http2ProtocolAssumed),
    fault("http2-setting-missing", "An extended CONNECT is taken, and no setting said so.")
        .breaks("rfc9113/8.3-pseudo-unknown")
        .shown_by(|| asked(&[]).origin(switch(RIGHT)).keeps("http2", " 8=1]"))
        .at(Point::Http2SettingMissing),
    fault("http2-cookies-split", "Cookie lines are not joined for HTTP/1.1.")
        .breaks("rfc9113/8.2.3-cookie")
        .shown_by(|| {
            got(&[("cookie", "a=b"), ("cookie", "c=d")])
                .gives("origin-1", "cookie: a=b\\r\\ncookie: c=d")
        })
        .at(Point::Http2CookiesSplit),
    fault("http2-length-unchecked", "DATA beyond Content-Length becomes a request.")
        .breaks("rfc9113/8.1.1-not-forwarded")
        .shown_by(|| {
            list("POST", "/?tag", &[("content-length", "1")], false)
                .frames(write::data(
                    1,
                    b"aGET /second HTTP/1.1\r\nHost: a\r\n\r\n",
                    flag::END_STREAM,
                ))
                .gives("origin-1", "POST /?tag")
        })
        .at(Point::Http2LengthUnchecked),
    fault("http2-windows-ignored", "DATA goes out whatever the client's windows allow.")
        .breaks("rfc9113/6.9.1-window")
        .shown_by(|| {
            asked(&[])
                .origin([switch(RIGHT), vec![b'a'; 70_000], b"last".to_vec()].concat())
                .gives("http2", "last]")
        })
        .by(InHttp2(ServerPoint::Http2WindowsIgnored)),
    fault("http2-end-cuts", "What comes with END_STREAM is lost.")
        .breaks("rfc8441/5-stream-is-tcp")
        .shown_by(|| {
            opened().frames(write::data(1, b"last", flag::END_STREAM)).keeps("origin-1", "last")
        })
        .at(Point::Http2EndCuts),
    fault("http2-end-untold", "The end of the origin is no END_STREAM.")
        .breaks("rfc8441/5-stream-is-tcp")
        .shown_by(|| opened().origin_ends().keeps("http2", "[1 data  END]"))
        .at(Point::Http2EndUntold),
    fault("http2-reset-untold", "The origin does not learn of RST_STREAM.")
        .breaks("rfc9110/9.3.6-tunnel-close")
        .shown_by(|| {
            opened().frames(write::rst_stream(1, ErrorCode::CANCEL)).keeps("origin-1", "<reset>")
        })
        .at(Point::Http2ResetUntold),
    fault("http2-key-constant", "Each handshake of its own has the same key.")
        .breaks("rfc6455/4.1-key")
        .shown_by(|| asked(&[]).gives("origin-1", "dGhlIHNhbXBsZSBub25jZQ=="))
        .at(Point::Http2KeyConstant),
    fault("http2-key-twice", "A key that the client sends stays beside its own.")
        .breaks("rfc6455/11.3.1-key-once")
        .shown_by(|| {
            asked(&[("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")])
                .gives("origin-1", "dGhlIHNhbXBsZSBub25jZQ==")
        })
        .at(Point::Http2KeyTwice),
];

const FRAMING: &str = "rfc9110/9.3.6-2xx-framing";

/// The octets of a new connection, and these frames.
fn begun(frames: Vec<u8>) -> Scene {
    Scene::default().frames([PREFACE, &write::settings(&[]), &frames].concat())
}

fn headers(id: u32, fields: &[(&str, &str)], flags: u8) -> Vec<u8> {
    write::headers(id, &HeaderList::new(fields.iter().copied()).block(), flags)
}

/// A request with this method and path.
fn list(method: &str, path: &str, more: &[(&str, &str)], ends: bool) -> Scene {
    let pseudo =
        [(":method", method), (":scheme", "http"), (":authority", "example.com"), (":path", path)];
    let fields = [&pseudo[..], more].concat();
    begun(headers(1, &fields, if ends { flag::END_STREAM } else { 0 }))
}

/// A GET with these further fields.
fn got(more: &[(&str, &str)]) -> Scene {
    list("GET", "/?tag", more, true)
}

/// An opening handshake by extended CONNECT, with these further fields.
pub(in crate::proxy) fn asked(more: &[(&str, &str)]) -> Scene {
    let pseudo = [
        (":method", "CONNECT"),
        (":protocol", "websocket"),
        (":scheme", "http"),
        (":authority", "example.com"),
        (":path", "/?tag"),
        ("sec-websocket-version", "13"),
    ];
    begun(headers(1, &[&pseudo[..], more].concat(), 0))
}

fn opened() -> Scene {
    asked(&[]).origin(switch(RIGHT))
}

/// A 101 for this key.
fn switch(key: &[u8]) -> Vec<u8> {
    let accept = accept(key);
    [
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Accept: ",
        &accept[..],
        b"\r\n\r\n",
    ]
    .concat()
}

/// The key of a gateway that draws zeros.
const RIGHT: &[u8] = b"AAAAAAAAAAAAAAAAAAAAAA==";
