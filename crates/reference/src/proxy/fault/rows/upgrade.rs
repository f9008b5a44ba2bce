//! Faults in passing Upgrade on, and its connection option (RFC 9110 7.8).

use super::{has_pair, is_upgrade, options, restore, status};
use crate::fault::Seen;
use crate::proxy::fault::Effect::{Forwarded, Read, Refuse, Returned, Tunnel};
use crate::proxy::fault::scene::{PAIR, REFUSAL, WEBSOCKET, get, handshake, sent, switch};
use crate::proxy::fault::{Point, ProxyFault, fault};

pub(super) const ROWS: &[ProxyFault] = &[
    fault("upgrade-without-option", "Upgrade is passed on where its connection option is missing.")
        .breaks("rfc9110/7.8-connection")
        .shown_by(|| get("Upgrade: websocket\r\n").gives("origin-1", "Upgrade: websocket"))
        .by(Forwarded(|head, came| {
            if !is_upgrade(came) && !is_old(came) {
                restore(head, came, "Upgrade");
            }
        })),
    fault("missing-option-added", "Upgrade without its connection option is passed on with one.")
        .breaks("rfc9110/7.8-connection")
        .shown_by(|| get("Upgrade: websocket\r\n").gives("origin-1", "Connection: Upgrade"))
        .by(Read(|head| {
            if head.has("Upgrade") && !is_upgrade(head) && !is_old(head) {
                head.lines.push(b"Connection: Upgrade".to_vec());
            }
        })),
    fault("option-without-upgrade", "The option upgrade is passed on where the field is missing.")
        .breaks("rfc9110/7.6.1-removed")
        .shown_by(|| get("Connection: upgrade\r\n").gives("origin-1", "Connection: upgrade"))
        .by(Forwarded(|head, came| {
            if !came.has("Upgrade") && options(came).iter().any(|option| option == "upgrade") {
                head.set("Connection", b"upgrade");
            }
        })),
    fault("option-lost", "Upgrade is passed on without its connection option.")
        .breaks("rfc9110/7.8-connection")
        .shown_by(|| handshake("").keeps("origin-1", "Connection: Upgrade"))
        .by(Forwarded(|head, _| head.remove("Connection"))),
    fault("h2c-passed-on", "h2c and its settings go on where it is all that is offered.")
        .breaks("rfc9110/7.6.1-removed")
        .shown_by(|| h2c("h2c"))
        .by(Forwarded(|head, came| {
            if came.joined("Upgrade") == b"h2c" {
                pass_on(head, came);
            }
        })),
    fault("h2c-in-list-passed-on", "h2c behind another protocol goes on with its settings.")
        .breaks("rfc9110/7.6.1-removed")
        .shown_by(|| h2c("websocket, h2c"))
        .by(Forwarded(|head, came| {
            let value = came.values("Upgrade").first().copied().unwrap_or_default();
            if value.ends_with(b", h2c") && came.values("Upgrade").len() == 1 {
                pass_on(head, came);
            }
        })),
    fault(
        "h2c-on-one-of-two-lines-passed-on",
        "Of two Upgrade lines only the last one is looked at for h2c.",
    )
    .breaks("rfc9110/7.6.1-removed")
    .shown_by(|| h2c("foo, h2c\r\nUpgrade: bar"))
    .by(Forwarded(|head, came| {
        if let [.., last] = came.values("Upgrade")[..]
            && came.values("Upgrade").len() > 1
            && !last.ends_with(b"h2c")
        {
            pass_on(head, came);
        }
    })),
    fault("http10-upgrade-passed-on", "Upgrade in HTTP/1.0 is passed on, and a 101 comes back.")
        .breaks("rfc9110/7.8-http10")
        .also(&["rfc9110/15.2-http10"])
        .shown_by(|| {
            sent(format!("GET /?tag HTTP/1.0\r\nHost: example.com\r\n{PAIR}{WEBSOCKET}\r\n"))
                .origin(switch(""))
                .gives("client", "101 Switching")
        })
        .by(Forwarded(|head, came| {
            if is_old(came) {
                restore(head, came, "Upgrade");
                head.set("Connection", b"Upgrade");
            }
        }))
        .by(Tunnel(|came, asked| status(came) == 101 && is_old(asked))),
    fault("close-beside-upgrade-lost", "Close beside upgrade changes nothing.")
        .breaks("rfc9112/9.6-close-received")
        .also(&["rfc9112/9.6-close-sent"])
        .shown_by(|| {
            get(&format!("Upgrade: websocket\r\nConnection: close, Upgrade\r\n{WEBSOCKET}"))
                .origin(REFUSAL)
                .keeps("client", "<closed>")
        })
        .at(Point::CloseIgnored),
    fault(
        "advertised-without-option",
        "Upgrade in an answer is passed on without its connection option.",
    )
    .breaks("rfc9110/7.8-connection")
    .shown_by(|| get("").origin(ADVERTISED).gives("client", "Upgrade: h2c"))
    .by(Returned(|head, came| {
        if status(came) >= 200 && status(came) != 426 {
            restore(head, came, "Upgrade");
        }
    })),
    fault("spaced-list-read", "White space parts the protocols in Upgrade, too.")
        .breaks("rfc9110/7.8-grammar")
        .shown_by(|| {
            get(&format!("Upgrade: websocket keep-alive\r\nConnection: Upgrade\r\n{WEBSOCKET}"))
                .gives("origin-1", "Upgrade: websocket\\r\\n")
        })
        .by(Forwarded(|head, came| {
            let value = came.joined("Upgrade");
            if value.starts_with(b"websocket ") {
                head.set("Upgrade", b"websocket");
                head.set("Connection", b"Upgrade");
            }
        }))
        .by(Tunnel(|came, asked| {
            status(came) == 101 && asked.joined("Upgrade").starts_with(b"websocket ")
        })),
    fault("upgrade-with-case", "Only websocket in lower case is passed on.")
        .breaks("rfc9110/7.8-name-case")
        .shown_by(|| {
            get(&format!("Upgrade: WebSocket\r\nConnection: Upgrade\r\n{WEBSOCKET}"))
                .keeps("origin-1", "Upgrade: WebSocket")
        })
        .by(Forwarded(|head, came| {
            let value = came.joined("Upgrade");
            if value.eq_ignore_ascii_case(b"websocket") && value != b"websocket" {
                head.remove("Upgrade");
                head.remove("Connection");
            }
        })),
    fault("foreign-upgrade-refused", "A protocol that it does not know is refused.")
        .breaks("rfc9110/7.6-forward")
        .shown_by(|| get("Upgrade: TLS/1.2\r\nConnection: Upgrade\r\n").gives("client", " 501 "))
        .by(Refuse(|came| {
            let value = came.joined("Upgrade").to_ascii_lowercase();
            let is_known = value.is_empty() || value.windows(9).any(|part| part == b"websocket");
            (!is_known && is_upgrade(came)).then_some(501)
        })),
    fault("refusal-taken-for-failure", "A 426 with Upgrade is taken for a failed switch.")
        .breaks("rfc9110/7.6-forward")
        .shown_by(|| handshake("").origin(REFUSAL).gives("client", " 502 "))
        .by(crate::proxy::fault::Effect::Fail(|came, _| {
            status(came) == 426 && has_pair(came) == (true, true)
        })),
];

/// An offer of HTTP/2 that must not arrive.
fn h2c(value: &str) -> crate::proxy::fault::scene::Scene {
    let lines = format!(
        "Upgrade: {value}\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
    );
    get(&lines).gives("origin-1", "HTTP2-Settings: AAM")
}

/// Passes h2c on with all that belongs to it.
fn pass_on(head: &mut Seen, came: &Seen) {
    restore(head, came, "Upgrade");
    restore(head, came, "HTTP2-Settings");
    head.set("Connection", b"Upgrade, HTTP2-Settings");
}

fn is_old(came: &Seen) -> bool {
    came.version() == b"HTTP/1.0"
}

const ADVERTISED: &str = "HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\
    Content-Length: 5\r\n\r\nhello";
