//! Faults about whether there is a tunnel (RFC 9110 7.8; RFC 9112 9.2), the dangerous ones.

use super::{has_pair, is_upgrade, restore, status};
use crate::fault::Seen;
use crate::proxy::fault::Effect::{Again, Die, Early, Finish, Returned, Tunnel};
use crate::proxy::fault::scene::{
    CANARY, OK, PAIR, RAW, REFUSAL, Scene, get, handshake, post, refused, request, sent, switch,
    switched,
};
use crate::proxy::fault::{Point, ProxyFault, fault};
use crate::proxy::variation::Way;

pub(super) const ROWS: &[ProxyFault] = &[
    fault("any-answer-opens", "Behind any answer to an upgrade there is a tunnel.")
        .breaks(REMOVED)
        .shown_by(|| refused(REFUSAL).gives("origin-1", RAW))
        .by(Tunnel(|came, asked| status(came) >= 200 && is_upgrade(asked))),
    fault("success-opens", "A 2xx to an upgrade opens a tunnel.")
        .breaks(REMOVED)
        .shown_by(|| refused(OK).gives("origin-1", RAW))
        .by(Tunnel(|came, asked| (200..300).contains(&status(came)) && is_upgrade(asked))),
    fault("success-without-option-opens", "A 2xx to Upgrade without its option opens a tunnel.")
        .breaks(REMOVED)
        .shown_by(|| get("Upgrade: websocket\r\n").origin(OK).client(CANARY).gives("origin-1", RAW))
        .by(Tunnel(|came, asked| {
            (200..300).contains(&status(came)) && asked.has("Upgrade") && !is_upgrade(asked)
        })),
    fault("success-with-upgrade-opens", "A 200 with Upgrade opens a tunnel.")
        .breaks(REMOVED)
        .shown_by(|| {
            refused(&OK.replacen("\r\n", &format!("\r\n{PAIR}"), 1)).gives("origin-1", RAW)
        })
        .by(Tunnel(|came, asked| status(came) == 200 && has_pair(came).0 && is_upgrade(asked))),
    fault("challenge-opens", "A 401 to an upgrade leaves the tunnel open.")
        .breaks(REMOVED)
        .shown_by(|| {
            refused("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n").gives("origin-1", RAW)
        })
        .by(Tunnel(|came, asked| status(came) == 401 && is_upgrade(asked))),
    fault("post-opens", "Any answer to a POST with Upgrade opens a tunnel.")
        .breaks(REMOVED)
        .shown_by(|| {
            post(&format!("{PAIR}Content-Length: 0\r\n"), "")
                .origin(OK)
                .client(CANARY)
                .gives("origin-1", RAW)
        })
        .by(Tunnel(|came, asked| {
            status(came) >= 200 && is_upgrade(asked) && asked.method() == b"POST"
        })),
    fault("switch-without-upgrade-opens", "A 101 opens a tunnel without Upgrade.")
        .breaks("rfc9110/7.8-named")
        .shown_by(|| {
            handshake("")
                .origin("HTTP/1.1 101 Switching Protocols\r\n\r\n")
                .client(CANARY)
                .gives("origin-1", RAW)
        })
        .by(Tunnel(|came, asked| status(came) == 101 && !has_pair(came).0 && is_upgrade(asked))),
    fault("switch-without-option-opens", "A 101 opens a tunnel without its connection option.")
        .breaks("rfc9110/7.8-connection")
        .shown_by(|| {
            handshake("")
                .origin(switch("").replace("Connection: Upgrade\r\n", ""))
                .gives("client", "101 Switching")
        })
        .by(Tunnel(|came, asked| {
            status(came) == 101 && has_pair(came) == (true, false) && is_upgrade(asked)
        }))
        .by(Returned(|head, came| {
            if status(came) == 101 && !has_pair(came).1 {
                head.remove("Connection");
            }
        })),
    fault("switch-completed", "A 101 without Upgrade is completed.")
        .breaks("rfc9110/7.8-named")
        .shown_by(|| {
            handshake("")
                .origin("HTTP/1.1 101 Switching Protocols\r\n\r\n")
                .gives("client", "Upgrade: websocket")
        })
        .by(Tunnel(|came, asked| status(came) == 101 && !has_pair(came).0 && is_upgrade(asked)))
        .by(Returned(|head, came| {
            if status(came) == 101 {
                head.set("Upgrade", b"websocket");
                head.set("Connection", b"Upgrade");
            }
        })),
    fault("other-protocol-opens", "A 101 opens a tunnel of a protocol that was not offered.")
        .breaks("rfc9110/7.8-offered")
        .shown_by(|| {
            handshake("")
                .origin(switch("").replace("websocket", "foo/2"))
                .gives("client", "Upgrade: foo/2")
        })
        .by(Tunnel(|came, asked| {
            status(came) == 101
                && has_pair(came).0
                && is_upgrade(asked)
                && !came.joined("Upgrade").eq_ignore_ascii_case(&asked.joined("Upgrade"))
        })),
    fault("unasked-switch-opens", "A 101 that nobody asked for opens a tunnel.")
        .breaks("rfc9110/7.8-offered")
        .shown_by(|| get("").origin(switch("")).client(CANARY).gives("origin-1", RAW))
        .by(Tunnel(|came, asked| status(came) == 101 && !asked.has("Upgrade"))),
    fault(
        "unasked-switch-pooled",
        "A 101 that nobody asked for is the final answer, and the connection is kept.",
    )
    .breaks("rfc9112/9.2-outstanding")
    .also(&["rfc9110/15.2.2-101-upgrade"])
    .shown_by(|| {
        get("")
            .origin(switch(""))
            .client_2(request("GET", "X-Second: 1\r\n"))
            .gives("origin-1", "X-Second")
    })
    .by(Finish(|came, asked| status(came) == 101 && !is_upgrade(asked))),
    fault(
        "switch-to-post-pooled",
        "A 101 to a POST is the final answer, and the connection is kept.",
    )
    .breaks("rfc9112/9.2-outstanding")
    .shown_by(|| {
        post(&format!("{PAIR}Content-Length: 0\r\n"), "")
            .origin(switch(""))
            .client_2(request("GET", "X-Second: 1\r\n"))
            .gives("origin-1", "X-Second")
    })
    .by(Finish(|came, asked| status(came) == 101 && asked.method() == b"POST")),
    fault("switch-to-h2c-pooled", "A 101 to h2c is the final answer, and the connection is kept.")
        .breaks("rfc9112/9.2-outstanding")
        .shown_by(|| {
            get("Upgrade: h2c\r\nConnection: Upgrade\r\n")
                .origin(switch(""))
                .client_2(request("GET", "X-Second: 1\r\n"))
                .gives("origin-1", "X-Second")
        })
        .by(Finish(|came, asked| status(came) == 101 && asked.joined("Upgrade") == b"h2c")),
    fault("left-tunnel-pooled", "The connection of a tunnel that the client has left is kept.")
        .breaks("rfc9110/15.2.2-101-upgrade")
        .shown_by(|| {
            switched("")
                .client_ends()
                .client_2(request("GET", "X-Second: 1\r\n"))
                .gives("origin-1", "X-Second")
        })
        .at(Point::TunnelKept),
    fault("switch-one-sided", "The client gets its 101, and what follows is read as HTTP.")
        .breaks("rfc9110/15.2.2-101-upgrade")
        .shown_by(|| switched("").client(CANARY).gives("origin-2", "GET /?canary"))
        .at(Point::HttpBehindSwitch),
    fault("switch-stored", "A 101 is stored, and answers the next handshake for its target.")
        .breaks("rfc9111/3-final-status")
        .shown_by(|| {
            let again = format!("{PAIR}{}", crate::proxy::fault::scene::WEBSOCKET);
            switched("").client_2(request("GET", &again)).gives("client-2", "101 Switching")
        })
        .at(Point::SwitchStored),
    fault("switch-length-kept", "Content-Length of a 101 is passed on.")
        .breaks("rfc9110/8.6-cl-1xx-204")
        .shown_by(|| switched("Content-Length: 0\r\n").gives("client", "Content-Length: 0"))
        .by(Returned(|head, came| in_switch(head, came, "Content-Length"))),
    fault("switch-coding-kept", "Transfer-Encoding of a 101 is passed on.")
        .breaks("rfc9112/6.1-te-1xx-204")
        .shown_by(|| {
            switched("Transfer-Encoding: chunked\r\n").gives("client", "Transfer-Encoding")
        })
        .by(Returned(|head, came| in_switch(head, came, "Transfer-Encoding"))),
    fault("switch-length-counts", "Content-Length of a 101 takes octets from the tunnel.")
        .breaks("rfc9112/6.3-no-body-status")
        .shown_by(|| {
            handshake("")
                .origin(switch("Content-Length: 6\r\n") + "abcdefghi")
                .keeps("client", "abcdefghi")
        })
        .at(Point::SwitchLengthCounts),
    fault("answer-version-kept", "The version of a status line is passed on as it came.")
        .breaks("rfc9112/2.3-intermediary-version")
        .shown_by(|| {
            handshake("")
                .origin(switch("").replace("HTTP/1.1", "HTTP/1.0"))
                .gives("client", "HTTP/1.0 101")
        })
        .by(Returned(|head, came| {
            let version = came.start.get(..8).unwrap_or_default().to_vec();
            head.start.splice(..version.len().min(head.start.len()), version);
        })),
    fault("redirect-followed", "A redirect is followed by itself.")
        .breaks("rfc9110/3.7-gateway-outbound")
        .shown_by(|| {
            handshake("")
                .origin("HTTP/1.1 302 Found\r\nLocation: /else\r\nContent-Length: 0\r\n\r\n")
                .gives("origin-2", "GET /else HTTP/1.1")
        })
        .by(Again(|came, _| {
            let location = came.value("Location").filter(|_| status(came) == 302)?;
            Some(
                [
                    b"GET ",
                    &location[..],
                    b" HTTP/1.1\r\nHost: localhost\r\nVia: 1.1 upspec\r\n\r\n",
                ]
                .concat(),
            )
        })),
    fault("surplus-taken", "What stands behind a complete answer answers the next request.")
        .breaks("rfc9112/6.3-extra-data")
        .shown_by(|| {
            get("")
                .origin(format!("{OK}HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nsurplus"))
                .client_2(request("GET", ""))
                .gives("client-2", "surplus")
        })
        .at(Point::SurplusKept),
    fault("head-switch-deadly", "A 101 to a HEAD is the end of it.")
        .breaks("rfc9110/2.3-defensive")
        .shown_by(|| sent(request("HEAD", PAIR)).origin(switch("")).gives("client", "<dead>"))
        .by(Die(|came, asked| status(came) == 101 && asked.method() == b"HEAD")),
    fault(
        "sends-on-before-answer",
        "What stands behind an upgrade is passed on before there is an answer.",
    )
    .breaks(REMOVED)
    .shown_by(|| handshake("").client(CANARY).gives("origin-1", RAW))
    .by(Early(is_upgrade)),
    fault(
        "sends-foreign-on-before-answer",
        "What stands behind an unknown protocol is passed on at once.",
    )
    .breaks(REMOVED)
    .shown_by(|| {
        get("Upgrade: foo/1\r\nConnection: Upgrade\r\n").client(CANARY).gives("origin-1", RAW)
    })
    .by(Early(|asked| is_upgrade(asked) && asked.joined("Upgrade").starts_with(b"foo"))),
    fault("early-octets-lost", "What the client sends before the 101 is lost.")
        .breaks("rfc9112/9.3.2-pipeline-order")
        .shown_by(|| {
            handshake("").client("\u{1}early").origin(switch("")).keeps("origin-1", "early")
        })
        .at(Point::EarlyLost),
    fault("refused-connect-opens", "A CONNECT that the origin refuses opens a tunnel.")
        .breaks("rfc9110/9.3.6-2xx-tunnel")
        .beside(&[Way::ForwardsConnect])
        .shown_by(connect)
        .by(Tunnel(|came, asked| status(came) >= 300 && asked.method() == b"CONNECT")),
];

fn connect() -> Scene {
    sent("CONNECT example.com:80 HTTP/1.1\r\nHost: example.com:80\r\n\r\n")
        .origin("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        .client(CANARY)
        .gives("origin-1", RAW)
}

/// Passes a field on that frames content, where a 101 has it.
fn in_switch(head: &mut Seen, came: &Seen, name: &str) {
    if status(came) == 101 {
        restore(head, came, name);
    }
}

const REMOVED: &str = "rfc9110/7.6.1-removed";
