//! Faults in the fields of a request (RFC 6455 4.1, RFC 9110, RFC 9112).

use super::{CONNECTION, KEY, UPGRADE, VERSION};
use crate::client::fault::Effect::Request;
use crate::client::fault::scene::octets;
use crate::client::fault::{ClientFault, Point, fault};
use crate::client::variation::Way;
use crate::fault::Seen;

pub(super) const ROWS: &[ClientFault] = &[
    fault("host-missing", "There is no Host.")
        .breaks("rfc6455/4.1-host")
        .by(Request(|request| request.remove("Host"))),
    fault("host-without-port", "Host has no port, whatever the port is.")
        .breaks("rfc6455/4.1-host")
        .also(&["rfc9112/3.2-client-host"])
        .by(Request(|request| {
            let host = request.value("Host").unwrap_or_default();
            let end = host.iter().rposition(|&octet| octet == b':').unwrap_or(host.len());
            request.set("Host", &host[..end]);
        })),
    fault("host-twice", "There are two Host lines.")
        .breaks("rfc9112/3.2-client-host")
        .by(Request(|request| double(request, "Host"))),
    fault("host-last", "Host is the last field.")
        .breaks("rfc9110/7.2-host-first")
        .by(Request(|request| request.lines.rotate_left(1))),
    fault("upgrade-missing", "There is no Upgrade.")
        .breaks("rfc6455/4.1-upgrade-connection")
        .by(Request(|request| request.remove(UPGRADE))),
    fault("upgrade-other", "Upgrade is web-socket.")
        .breaks("rfc6455/4.1-upgrade-connection")
        .by(Request(|request| request.set(UPGRADE, b"web-socket"))),
    fault("connection-missing", "There is no Connection.")
        .breaks("rfc6455/4.1-upgrade-connection")
        .by(Request(|request| request.remove(CONNECTION))),
    fault("connection-keep-alive", "Connection is keep-alive.")
        .breaks("rfc6455/4.1-upgrade-connection")
        .by(Request(|request| request.set(CONNECTION, b"keep-alive"))),
    fault("connection-end-to-end", "Connection names Cache-Control.")
        .breaks("rfc9110/7.6.1-end-to-end")
        .by(Request(|request| {
            request.set(CONNECTION, b"Upgrade, Cache-Control");
            request.set("Cache-Control", b"no-cache");
        })),
    fault("te-unlisted", "TE is sent, and Connection does not name it.")
        .breaks("rfc9110/7.6.1-listed")
        .by(Request(|request| request.set("TE", b"trailers"))),
    fault("key-missing", "There is no Sec-WebSocket-Key.")
        .breaks("rfc6455/4.1-key")
        .by(Request(|request| request.remove(KEY))),
    fault("key-twice", "There are two Sec-WebSocket-Key lines.")
        .breaks("rfc6455/11.3.1-key-once")
        .also(&["rfc6455/4.1-key"])
        .by(Request(|request| double(request, KEY))),
    fault("key-short", "The key has 15 octets.").breaks("rfc6455/4.1-key").by(Request(|request| {
        let key = request.value(KEY).unwrap_or_default();
        request.set(KEY, key.get(..20).unwrap_or_default());
    })),
    fault("key-unpadded", "The key has no padding.").breaks("rfc6455/4.1-key").by(Request(
        |request| {
            let key = request.value(KEY).unwrap_or_default();
            request.set(KEY, key.strip_suffix(b"==").unwrap_or_default());
        },
    )),
    fault("key-pad-bits", "The unused bits of the key are not zero.")
        .breaks("rfc4648/3.5-encoder")
        .by(Request(|request| {
            let mut key = request.value(KEY).unwrap_or_default();
            if let Some(last) = key.iter().rposition(|octet| *octet != b'=') {
                key[last] += 1;
            }
            request.set(KEY, &key);
        })),
    fault("key-constant", "Every connection has the same key.")
        .breaks("rfc6455/4.1-key")
        .at(Point::KeyConstant),
    fault("key-kept", "A further connection has the key of the one before.")
        .breaks("rfc6455/4.1-key")
        .beside(&[Way::RetriesOnce])
        .shown_by(|| octets("HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n"))
        .at(Point::KeyKept),
    fault("version-missing", "There is no Sec-WebSocket-Version.")
        .breaks("rfc6455/4.1-version")
        .by(Request(|request| request.remove(VERSION))),
    fault("version-12", "Sec-WebSocket-Version is 12.")
        .breaks("rfc6455/4.1-version")
        .also(&["rfc6455/4.4-version-list"])
        .by(Request(|request| request.set(VERSION, b"12"))),
    fault("version-with-zero", "Sec-WebSocket-Version is 013.")
        .breaks("rfc6455/4.1-version")
        .by(Request(|request| request.set(VERSION, b"013"))),
    fault("version-twice", "There are two Sec-WebSocket-Version lines.")
        .breaks("rfc6455/11.3.5-version-once")
        .also(&["rfc6455/4.1-version"])
        .by(Request(|request| double(request, VERSION))),
    fault("origin-with-path", "Origin has a path.")
        .breaks("rfc6455/4.1-origin-value")
        .by(Request(|request| request.set("Origin", b"http://upspec.example/page"))),
    fault("origin-missing", "A page's handshake has no Origin.")
        .breaks("rfc6455/4.1-origin")
        .beside(&[Way::Origin, Way::NoSubprotocols])
        .by(Request(|request| request.remove("Origin"))),
    fault("content-length-0", "The request has Content-Length: 0.")
        .breaks("rfc9110/8.6-no-content-no-length")
        .by(Request(|request| request.set("Content-Length", b"0"))),
    fault("chunked-request", "The request has Transfer-Encoding: chunked.")
        .breaks("rfc9112/6.1-client-te")
        .by(Request(|request| request.set("Transfer-Encoding", b"chunked"))),
    fault("expect-continue", "The request expects 100-continue.")
        .breaks("rfc9110/10.1.1-client-content")
        .by(Request(|request| request.set("Expect", b"100-continue"))),
    fault("space-before-colon", "White space stands before a colon.")
        .breaks("rfc9112/5-field-line")
        .by(Request(|request| request.lines.push(b"X-Upspec : 1".to_vec()))),
    fault("control-in-value", "A value holds a control octet.")
        .breaks("rfc9110/2.2-grammar")
        .by(Request(|request| request.set("X-Upspec", b"a\x01b"))),
    fault("folded-line", "A field line is folded.")
        .breaks("rfc9112/5.2-no-fold")
        .by(Request(|request| request.set("X-Upspec", b"a\r\n b"))),
    fault("user-agent-twice", "There are two User-Agent lines.")
        .breaks("rfc9110/5.3-repeated-lines")
        .by(Request(|request| {
            request.set("User-Agent", b"upspec");
            double(request, "User-Agent");
        })),
    fault("empty-option", "Connection has an empty element.")
        .breaks("rfc9110/5.6.1.1-no-empty-elements")
        .by(Request(|request| request.set(CONNECTION, b"Upgrade,"))),
];

/// Repeats the line of a field.
fn double(request: &mut Seen, name: &str) {
    if let Some(value) = request.value(name) {
        request.lines.push([name.as_bytes(), b": ", &value[..]].concat());
    }
}
