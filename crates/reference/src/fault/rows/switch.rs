//! Faults in the 101, or in what is sent in its place.

use upspec_handshake::field::elements_of;
use upspec_handshake::field::key::{Key, accept};

use super::{ACCEPT, KEY, drop_upgrade_option};
use crate::fault::Effect::*;
use crate::fault::probe::{changed, plain};
use crate::fault::{Fault, Seen, fault};

pub(super) const ROWS: &[Fault] = &[
    fault("wrong-accept", "The accept value has a flipped bit.").breaks("rfc6455/4.2.2-accept").by(
        Switch(|answer, seen, _| {
            answer.replace(ACCEPT, accept(&[key(seen), b"x"].concat()));
        }),
    ),
    fault("canned-accept", "The accept value is always that of the RFC's example.")
        .breaks("rfc6455/4.2.2-accept")
        .by(Switch(|answer, _, _| answer.replace(ACCEPT, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))),
    fault("accept-of-decoded-key", "The accept value is computed from the decoded key.")
        .breaks("rfc6455/4.2.2-accept")
        .by(Switch(|answer, seen, _| {
            if let Ok(key) = Key::parse(key(seen)) {
                answer.replace(ACCEPT, accept(key.nonce()));
            }
        })),
    fault(
        "accept-of-untrimmed-key",
        "The accept value is computed from the key and the white space around it.",
    )
    .breaks("rfc6455/4.2.2-accept")
    .shown_by(|| changed("PEA==", "PEA== "))
    .by(Switch(|answer, seen, _| {
        let name = b"sec-websocket-key:";
        let mut lines = seen.lines.iter().filter_map(|line| line.split_at_checked(name.len()));
        if let Some((_, value)) = lines.find(|(start, _)| start.eq_ignore_ascii_case(name)) {
            answer.replace(ACCEPT, accept(value.strip_prefix(b" ").unwrap_or(value)));
        }
    })),
    fault("unpadded-accept", "The accept value lacks its padding.")
        .breaks("rfc6455/4.2.2-accept")
        .by(Switch(|answer, seen, _| answer.replace(ACCEPT, &accept(key(seen))[..27]))),
    fault("missing-accept", "The 101 lacks Sec-WebSocket-Accept.")
        .breaks("rfc6455/4.2.2-accept")
        .by(Switch(|answer, _, _| answer.remove(ACCEPT))),
    fault("duplicate-accept", "The 101 has two Sec-WebSocket-Accept lines.")
        .breaks("rfc6455/11.3.3-accept-once")
        .by(Switch(|answer, seen, _| answer.add(ACCEPT, accept(key(seen))))),
    fault("switch-without-upgrade", "The 101 lacks Upgrade.")
        .breaks("rfc9110/15.2.2-101-upgrade")
        .also(&["rfc6455/4.2.2-upgrade"])
        .by(Completed(|answer, _| {
            if answer.status == 101 {
                answer.remove("Upgrade");
            }
        })),
    fault("switch-without-connection", "The 101 lacks Connection.")
        .breaks("rfc9110/7.8-connection")
        .also(&["rfc6455/4.2.2-connection"])
        .by(Completed(|answer, _| {
            if answer.status == 101 {
                drop_upgrade_option(answer);
            }
        })),
    fault("switch-with-offered-list", "The 101 repeats the whole list of Upgrade.")
        .breaks("rfc6455/4.2.2-upgrade")
        .shown_by(|| changed("Upgrade: websocket", "Upgrade: foo/2, websocket"))
        .by(Switch(|answer, seen, _| {
            let names: Vec<&[u8]> = elements_of(seen.values("Upgrade")).collect();
            answer.replace("Upgrade", names.join(&b", "[..]));
        })),
    fault("switch-to-unoffered", "The 101 names a protocol that was not offered.")
        .breaks("rfc9110/7.8-offered")
        .also(&["rfc6455/4.2.2-upgrade"])
        .by(Switch(|answer, _, _| answer.replace("Upgrade", "x-unoffered/1"))),
    fault(
        "switch-to-anything",
        "Any Upgrade is answered with a 101 that repeats it, and nothing follows.",
    )
    .breaks("rfc9110/7.8-offered")
    .shown_by(|| plain("Connection: Upgrade\r\nUpgrade: example/1"))
    .by(Upgrade(|offer| Some(offer.to_vec()))),
    fault("switch-to-h2c", "An offer of h2c is accepted, whatever HTTP2-Settings is.")
        .breaks("rfc7540/3.2.1-settings-missing")
        .shown_by(|| plain("Connection: Upgrade\r\nUpgrade: h2c"))
        .by(Upgrade(|offer| offered(offer, b"h2c"))),
    fault("switch-to-h2", "An offer of h2 is accepted.")
        .breaks("rfc7540/3.2-h2-token")
        .shown_by(|| plain("Connection: Upgrade\r\nUpgrade: h2"))
        .by(Upgrade(|offer| offered(offer, b"h2"))),
    fault(
        "http2-without-switch",
        "An offer of h2c is answered in HTTP/2, without a 101 before it.",
    )
    .breaks("rfc9110/7.8-offered")
    .also(&["rfc9112/2.1-message"])
    .shown_by(|| plain("Connection: Upgrade\r\nUpgrade: h2c"))
    .by(Written(|_, seen| {
        // A SETTINGS frame with no setting in it.
        seen.lists("Upgrade", b"h2c").then(|| b"\0\0\0\x04\0\0\0\0\0".to_vec())
    })),
    fault("tls-stack-descending", "An offer of TLS gets a 101 that names HTTP/1.1 before TLS.")
        .breaks("rfc9110/7.8-layers")
        .shown_by(|| plain("Connection: Upgrade\r\nUpgrade: TLS/1.2"))
        .by(Upgrade(|offer| offer.starts_with(b"TLS/").then(|| [b"HTTP/1.1, ", offer].concat()))),
    fault("switch-with-content-length", "The 101 has Content-Length.")
        .breaks("rfc9110/8.6-cl-1xx-204")
        .by(Completed(|answer, seen| {
            if answer.status == 101 && !seen.is_extended_connect() {
                answer.add("Content-Length", "0");
            }
        })),
    fault("switch-with-chunked", "The 101 has Transfer-Encoding.")
        .breaks("rfc9112/6.1-te-1xx-204")
        .by(Completed(|answer, _| {
            if answer.status == 101 {
                answer.add("Transfer-Encoding", "chunked");
            }
        })),
    fault("switch-in-http10", "The 101 says HTTP/1.0.").breaks("rfc9110/6.2-response-version").by(
        Written(|lines, _| {
            let parts = [b"HTTP/1.0", &lines.start[8..], lines.fields, lines.rest];
            (lines.status == 101).then(|| parts.concat())
        }),
    ),
    fault("switch-with-version", "The 101 has Sec-WebSocket-Version.")
        .breaks("rfc6455/4.2.2-response")
        .by(Switch(|answer, _, _| answer.add("Sec-WebSocket-Version", "13"))),
    fault("switch-twice", "The 101 is sent twice.")
        .breaks("rfc9110/15.2.2-101-upgrade")
        .by(Written(|lines, _| (lines.status == 101).then(|| lines.head.repeat(2)))),
    fault("accepted-with-200", "A handshake is accepted with 200 in the place of 101.")
        .breaks("rfc6455/4.2.2-response")
        .also(&["rfc9112/9.3-persistence-rules"])
        .by(Written(|lines, _| {
            let rest = lines.head.strip_prefix(b"HTTP/1.1 101 Switching Protocols")?;
            Some([b"HTTP/1.1 200 OK", rest].concat())
        })),
    fault("crlf-after-switch", "The 101 is followed by CR LF.")
        .breaks("rfc9110/15.2.2-101-upgrade")
        .by(Written(|lines, _| (lines.status == 101).then(|| [lines.head, b"\r\n"].concat()))),
    fault("last-chunk-after-switch", "The 101 is followed by the last chunk of no content.")
        .breaks("rfc9110/15.2.2-101-upgrade")
        .by(Written(|lines, _| (lines.status == 101).then(|| [lines.head, b"0\r\n\r\n"].concat()))),
    fault("junk-after-switch", "The 101 is followed by text that is no frame.")
        .breaks("rfc9110/15.2.2-101-upgrade")
        .by(Written(|lines, _| (lines.status == 101).then(|| [lines.head, b"junk\r\n"].concat()))),
];

/// The key of the request.
fn key(seen: &Seen) -> &[u8] {
    seen.values(KEY).first().copied().unwrap_or_default()
}

/// The protocol of this name, if the offer has it.
fn offered(offer: &[u8], protocol: &[u8]) -> Option<Vec<u8>> {
    elements_of([offer]).any(|element| element == protocol).then(|| protocol.to_vec())
}
