//! Faults in removing what is of one hop (RFC 9110 7.6.1).

use super::{is_upgrade, options, restore, restore_named, status};
use crate::fault::{Seen, field};
use crate::proxy::fault::Effect::{Forwarded, Returned};
use crate::proxy::fault::scene::{PAIR, Scene, WEBSOCKET, get, handshake, post};
use crate::proxy::fault::{Point, ProxyFault, fault};
use crate::proxy::variation::Way;

pub(super) const ROWS: &[ProxyFault] = &[
    fault("named-field-kept", "A field that Connection names is passed on.")
        .breaks(REMOVED)
        .also(&[LISTED])
        .shown_by(|| get(NAMED).gives("origin-1", "X-Hop: 1"))
        .by(Forwarded(restore_named)),
    fault("connection-kept", "Connection is passed on as it came.")
        .breaks(REMOVED)
        .shown_by(|| get(NAMED).gives("origin-1", "Connection: x-hop"))
        .by(Forwarded(|head, came| {
            if !is_upgrade(came) {
                restore(head, came, "Connection");
            }
        })),
    fault("named-field-kept-on-upgrade", "Beside Upgrade, a field that Connection names is passed on.")
        .breaks(REMOVED)
        .also(&[LISTED])
        .shown_by(|| {
            get(&format!("Upgrade: websocket\r\nConnection: Upgrade, x-hop\r\nX-Hop: 1\r\n{WEBSOCKET}"))
                .gives("origin-1", "X-Hop: 1")
        })
        .by(Forwarded(|head, came| {
            if is_upgrade(came) {
                restore_named(head, came);
            }
        })),
    fault("named-with-case", "A field is removed only where Connection has it letter for letter.")
        .breaks(REMOVED)
        .shown_by(|| get(NAMED).gives("origin-1", "X-Hop: 1"))
        .by(Forwarded(|head, came| {
            let named = String::from_utf8_lossy(&came.joined("Connection")).into_owned();
            let is_kept = |line: &&Vec<u8>| {
                field(line).is_some_and(|(name, _)| {
                    let name = String::from_utf8_lossy(name).into_owned();
                    options(came).contains(&name.to_ascii_lowercase()) && !named.contains(&name)
                })
            };
            let kept: Vec<Vec<u8>> = came.lines.iter().filter(is_kept).cloned().collect();
            head.lines.extend(kept.into_iter().filter(|line| is_of_test(line)));
        })),
    fault("named-on-first-line-only", "Only the first Connection line names fields.")
        .breaks(REMOVED)
        .shown_by(|| {
            get("Connection: x-none\r\nConnection: x-hop\r\nX-Hop: 1\r\n")
                .gives("origin-1", "X-Hop: 1")
        })
        .by(Forwarded(|head, came| {
            let mut first = came.clone();
            first.keep_first("Connection");
            for option in options(came).iter().filter(|option| !options(&first).contains(option)) {
                if option.starts_with("x-") {
                    restore(head, came, option);
                }
            }
        })),
    fault("named-line-removed-once", "Of several lines that Connection names, one is removed.")
        .breaks(REMOVED)
        .shown_by(|| {
            get("Connection: x-hop\r\nX-Hop: 1\r\nX-Hop: 2\r\n").gives("origin-1", "X-Hop: 2")
        })
        .by(Forwarded(|head, came| {
            for option in options(came).iter().filter(|option| option.starts_with("x-")) {
                let lines = came.lines.iter().filter(|line| is_called(line, option)).skip(1);
                head.lines.extend(lines.cloned());
            }
        })),
    fault("option-without-field-kept", "A connection option that names no field is passed on.")
        .breaks(REMOVED)
        .shown_by(|| get("Connection: x-none\r\n").gives("origin-1", "Connection: x-none"))
        .by(Forwarded(|head, came| {
            let is_idle = |option: &&String| option.starts_with("x-") && !came.has(option);
            if let Some(option) = options(came).iter().find(is_idle) {
                head.set("Connection", option.as_bytes());
            }
        })),
    fault("forwarded-for-named-away", "A client that names X-Forwarded-For keeps its address secret.")
        .breaks(REMOVED)
        .beside(&[Way::ForwardedFields])
        .shown_by(|| {
            get("Connection: x-forwarded-for\r\n").keeps("origin-1", "X-Forwarded-For: 127.0.0.1")
        })
        .by(Forwarded(|head, came| {
            for option in options(came).iter().filter(|option| option.starts_with("x-forwarded")) {
                head.remove(option);
            }
        })),
    fault("keep-alive-kept", "Keep-Alive is passed on.")
        .breaks(KNOWN)
        .shown_by(|| get("Keep-Alive: timeout=5\r\n").gives("origin-1", "Keep-Alive"))
        .by(Forwarded(|head, came| restore(head, came, "Keep-Alive"))),
    fault("proxy-connection-kept", "Proxy-Connection is passed on.")
        .breaks(KNOWN)
        .shown_by(|| get("Proxy-Connection: keep-alive\r\n").gives("origin-1", "Proxy-Connection"))
        .by(Forwarded(|head, came| restore(head, came, "Proxy-Connection"))),
    fault("te-kept", "TE is passed on without its connection option.")
        .breaks("rfc9110/10.1.4-connection")
        .also(&[LISTED])
        .shown_by(|| get("TE: trailers\r\nConnection: TE\r\n").gives("origin-1", "TE: trailers"))
        .by(Forwarded(|head, came| restore(head, came, "TE"))),
    fault("host-named-away", "Host is removed where Connection names it.")
        .breaks("rfc9112/3.2-client-host")
        .shown_by(|| get("Connection: host\r\n").keeps("origin-1", "Host: example.com"))
        .by(Forwarded(|head, came| remove_named(head, came, "Host"))),
    fault("content-length-named-away", "Content-Length is removed where Connection names it.")
        .breaks("rfc9112/6.3-body-framed")
        .shown_by(|| {
            post("Connection: content-length\r\nContent-Length: 5\r\n", "hello")
                .keeps("origin-1", "Content-Length: 5")
        })
        .by(Forwarded(|head, came| remove_named(head, came, "Content-Length"))),
    fault("transfer-encoding-named-away", "Chunked content that Connection names loses its chunks.")
        .breaks("rfc9112/6.3-body-framed")
        .shown_by(|| {
            let lines = "Connection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n";
            post(lines, "5\r\nhello\r\n0\r\n\r\n").keeps("origin-1", "5\\r\\nhello")
        })
        .by(Forwarded(|head, came| remove_named(head, came, "Transfer-Encoding")))
        .at(Point::ChunksUnframed),
    fault("answer-named-field-kept", "A field that Connection names in an answer is passed on.")
        .breaks(REMOVED)
        .shown_by(|| {
            get("")
                .origin("HTTP/1.1 200 OK\r\nConnection: x-rhop\r\nX-Rhop: 1\r\nContent-Length: 0\r\n\r\n")
                .gives("client", "X-Rhop")
        })
        .by(Returned(|head, came| {
            if status(came) >= 200 {
                restore_named(head, came);
            }
        })),
    fault("switch-named-field-kept", "A field that Connection names in a 101 is passed on.")
        .breaks(REMOVED)
        .shown_by(named_in_switch)
        .by(Returned(|head, came| {
            if status(came) == 101 {
                restore_named(head, came);
            }
        })),
    fault("switch-connection-kept", "Connection of a 101 is passed on as it came.")
        .breaks(REMOVED)
        .shown_by(|| named_in_switch().gives("client", "Connection: x-rhop"))
        .by(Returned(|head, came| {
            if status(came) == 101 {
                let both = [came.joined("Connection"), b"Upgrade".to_vec()].join(&b", "[..]);
                head.set("Connection", &both);
            }
        })),
    fault("trailer-named-kept", "A trailer field that Connection names is passed on.")
        .breaks(REMOVED)
        .shown_by(|| {
            let lines = "Connection: x-hop\r\nTransfer-Encoding: chunked\r\n";
            post(lines, "0\r\nX-Hop: 1\r\n\r\n").gives("origin-1", "X-Hop: 1")
        })
        .at(Point::TrailersKept),
];

fn named_in_switch() -> Scene {
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\n{PAIR}Connection: x-rhop\r\nX-Rhop: 1\r\n\r\n"
    );
    handshake("")
        .origin(
            answer.replace(
                "Connection: Upgrade\r\nConnection: x-rhop",
                "Connection: x-rhop, Upgrade",
            ),
        )
        .gives("client", "X-Rhop")
}

fn remove_named(head: &mut Seen, came: &Seen, name: &str) {
    if options(came).iter().any(|option| option.eq_ignore_ascii_case(name)) {
        head.remove(name);
    }
}

fn is_called(line: &[u8], name: &str) -> bool {
    field(line).is_some_and(|(other, _)| other.eq_ignore_ascii_case(name.as_bytes()))
}

fn is_of_test(line: &[u8]) -> bool {
    line.get(..2).is_some_and(|first| first.eq_ignore_ascii_case(b"x-"))
}

const NAMED: &str = "Connection: x-hop\r\nX-Hop: 1\r\n";
const LISTED: &str = "rfc9110/7.6.1-listed";
const REMOVED: &str = "rfc9110/7.6.1-removed";
const KNOWN: &str = "rfc9110/7.6.1-known-removed";
