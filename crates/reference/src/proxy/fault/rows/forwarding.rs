//! Faults in what has to arrive, and in which form.

use super::restore;
use crate::fault::Seen;
use crate::proxy::fault::Effect::{Forwarded, Read, Returned};
use crate::proxy::fault::scene::{PAIR, get, handshake, sent, switched};
use crate::proxy::fault::{Point, ProxyFault, fault};
use crate::proxy::variation::Way;

pub(super) const ROWS: &[ProxyFault] = &[
    fault("lines-reordered", "Lines of one name arrive in another order.")
        .breaks("rfc9110/5.3-keep-order")
        .shown_by(|| {
            handshake("Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b\r\n")
                .gives("origin-1", "Sec-WebSocket-Protocol: b\\r\\nSec-WebSocket-Protocol: a")
        })
        .by(Forwarded(|head, _| {
            let mut lines: Vec<Vec<u8>> =
                head.values("Sec-WebSocket-Protocol").iter().map(|value| value.to_vec()).collect();
            lines.reverse();
            head.remove("Sec-WebSocket-Protocol");
            let line = |value: Vec<u8>| [b"Sec-WebSocket-Protocol: ", &value[..]].concat();
            head.lines.extend(lines.into_iter().map(line));
        })),
    fault("extensions-lost", "Sec-WebSocket-Extensions does not arrive.")
        .breaks(FORWARD)
        .shown_by(|| {
            handshake("Sec-WebSocket-Extensions: x\r\n")
                .keeps("origin-1", "Sec-WebSocket-Extensions")
        })
        .by(Forwarded(|head, _| head.remove("Sec-WebSocket-Extensions"))),
    fault("origin-lost", "Origin does not arrive.")
        .breaks(FORWARD)
        .shown_by(|| handshake("Origin: http://a\r\n").keeps("origin-1", "Origin: http://a"))
        .by(Forwarded(|head, _| head.remove("Origin"))),
    fault("unknown-field-lost", "A field that it does not know does not arrive.")
        .breaks(FORWARD)
        .shown_by(|| handshake("X-Upspec: 1\r\n").keeps("origin-1", "X-Upspec"))
        .by(Forwarded(|head, _| drop_unknown(head))),
    fault("answer-field-lost", "A field of a 101 that it does not know does not arrive.")
        .breaks(FORWARD)
        .shown_by(|| switched("X-Upspec: 1\r\n").keeps("client", "X-Upspec"))
        .by(Returned(|head, _| drop_unknown(head))),
    fault("accept-changed", "Sec-WebSocket-Accept arrives in lower case.")
        .breaks("rfc6455/4.2.2-accept")
        .shown_by(|| switched("").gives("client", "s3pplmbitxaq9kygzzhzrbk+xoo="))
        .by(Returned(|head, _| {
            if let Some(value) = head.value("Sec-WebSocket-Accept") {
                head.set("Sec-WebSocket-Accept", &value.to_ascii_lowercase());
            }
        })),
    fault("accept-lost", "Sec-WebSocket-Accept does not arrive.")
        .breaks("rfc6455/4.2.2-accept")
        .shown_by(|| switched("").keeps("client", "Sec-WebSocket-Accept"))
        .by(Returned(|head, _| head.remove("Sec-WebSocket-Accept"))),
    fault("own-key-constant", "Each key of its own is the same.")
        .breaks("rfc6455/4.1-key")
        .beside(&[Way::OwnKey])
        .shown_by(|| handshake("").gives("origin-1", "dGhlIHNhbXBsZSBub25jZQ=="))
        .at(Point::OwnKeyConstant),
    fault("own-key-short", "The key of its own is too short where the client's is the last line.")
        .breaks("rfc6455/4.1-key")
        .beside(&[Way::OwnKey])
        .shown_by(|| {
            get(&format!("{PAIR}Sec-WebSocket-Version: 13\r\n{NONCE}"))
                .gives("origin-1", "Sec-WebSocket-Key: AAAA\\r")
        })
        .by(Forwarded(|head, came| {
            if came.lines.last().is_some_and(|line| line.starts_with(b"Sec-WebSocket-Key")) {
                head.set(KEY, b"AAAA");
            }
        })),
    fault("own-key-twice", "The key of its own stands beside that of the client.")
        .breaks("rfc6455/11.3.1-key-once")
        .beside(&[Way::OwnKey])
        .shown_by(|| handshake("").gives("origin-1", "dGhlIHNhbXBsZSBub25jZQ=="))
        .by(Forwarded(|head, came| {
            if let Some(key) = came.value(KEY).filter(|_| super::is_upgrade(came)) {
                head.lines.push([b"Sec-WebSocket-Key: ", &key[..]].concat());
            }
        })),
    fault("own-accept-unchecked", "The origin's Accept for the key of its own is not checked.")
        .breaks("rfc6455/4.1-check-accept")
        .beside(&[Way::OwnKey])
        .shown_by(|| switched("").gives("client", "101 Switching"))
        .at(Point::OwnAcceptUnchecked),
    fault("own-accept-passed-on", "The client gets the Accept for the proxy's key.")
        .breaks("rfc6455/4.2.2-accept")
        .beside(&[Way::OwnKey])
        .shown_by(|| {
            let accept = "Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n";
            handshake("")
                .origin(format!("HTTP/1.1 101 Switching Protocols\r\n{PAIR}{accept}\r\n"))
                .gives("client", "ICX+Yqv66kxgM0FcWaLWlFLwTAI=")
        })
        .at(Point::OwnAcceptPassed),
    fault("via-missing", "It adds no Via.")
        .breaks(VIA)
        .shown_by(|| get("").keeps("origin-1", "Via: 1.1 upspec"))
        .by(Forwarded(|head, came| restore(head, came, "Via"))),
    fault("via-own-version", "Via says the version of the gateway, not that of the request.")
        .breaks(VIA)
        .shown_by(|| sent("GET / HTTP/1.0\r\n\r\n").gives("origin-1", "Via: 1.1 upspec"))
        .by(Forwarded(|head, _| {
            let value =
                String::from_utf8_lossy(&head.joined("Via")).replace("1.0 upspec", "1.1 upspec");
            head.set("Via", value.as_bytes());
        })),
    fault("via-in-front", "Its entry stands in front of the others in Via.")
        .breaks(VIA)
        .shown_by(|| get("Via: 1.0 fred\r\n").gives("origin-1", "Via: 1.1 upspec, 1.0 fred"))
        .by(Forwarded(|head, came| {
            if came.has("Via") {
                let value = [b"1.1 upspec", &came.joined("Via")[..]].join(&b", "[..]);
                head.set("Via", &value);
            }
        })),
    fault("request-version-kept", "The version of a request line is passed on as it came.")
        .breaks("rfc9112/2.3-intermediary-version")
        .shown_by(|| sent("GET / HTTP/1.2\r\nHost: a\r\n\r\n").gives("origin-1", "GET / HTTP/1.2"))
        .by(Forwarded(|head, came| {
            if came.version() > &b"HTTP/1.1"[..] {
                head.set_version(came.version());
            }
        })),
    fault("absolute-host-ignored", "Host stays what it is where the target names another one.")
        .breaks("rfc9112/3.2.2-proxy-host")
        .shown_by(|| {
            sent("GET http://one.example/ HTTP/1.1\r\nHost: two.example\r\n\r\n")
                .gives("origin-1", "Host: two.example")
        })
        .by(Forwarded(|head, came| head.set("Host", &came.joined("Host")))),
    fault("target-normalised", "Dot segments and double slashes are taken out of the target.")
        .breaks("rfc9110/7.7-target-kept")
        .shown_by(|| {
            sent("GET /a/../b//c?d=%7E HTTP/1.1\r\nHost: a\r\n\r\n")
                .gives("origin-1", "GET /b/c?d=~ ")
        })
        .by(Forwarded(|head, _| {
            let target = String::from_utf8_lossy(head.target()).replace("/a/..", "");
            let target = target.replace("//", "/").replace("%7E", "~").replace("%7e", "~");
            head.set_target(target.as_bytes());
        })),
    fault("fragment-passed-on", "A fragment in the target is passed on.")
        .breaks("rfc9112/3.2-invalid-request-line")
        .shown_by(|| {
            sent("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n").gives("origin-1", "GET /a#b HTTP")
        })
        .by(Read(|head| {
            let target = head.target().split(|&octet| octet == b'#').next().unwrap_or_default();
            let target = target.to_vec();
            head.set_target(&target);
        }))
        .by(Forwarded(|head, came| {
            if came.target().contains(&b'#') {
                head.set_target(came.target());
            }
        })),
];

fn drop_unknown(head: &mut Seen) {
    head.lines.retain(|line| !line.get(..2).is_some_and(|two| two.eq_ignore_ascii_case(b"x-")));
}

const KEY: &str = "Sec-WebSocket-Key";
const NONCE: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const FORWARD: &str = "rfc9110/7.6-forward";
const VIA: &str = "rfc9110/7.6.3-via-gateway";
