//! Faults where the origin fails, or answers with what is no answer.

use super::status;
use crate::proxy::fault::Effect::{Returned, Tunnel};
use crate::proxy::fault::scene::{get, handshake, switch};
use crate::proxy::fault::{Point, ProxyFault, fault};

pub(super) const ROWS: &[ProxyFault] = &[
    fault("half-head-passed-on", "Half a head goes to the client when the origin ends.")
        .breaks("rfc9112/8-incomplete-head")
        .shown_by(|| {
            handshake("")
                .origin("HTTP/1.1 101 Switching Protocols\r\nUpgr")
                .origin_ends()
                .gives("client", "Upgr<closed>")
        })
        .at(Point::HalfHeadPassed),
    fault("garbage-passed-on", "What is no HTTP goes to the client as it is.")
        .breaks("rfc9112/4-status-line")
        .shown_by(|| get("").origin("220 ready\r\n").gives("client", "220 ready"))
        .at(Point::GarbagePassed),
    fault("fold-passed-on", "A folded line of an answer is passed on folded.")
        .breaks("rfc9112/5.2-fold-response")
        .shown_by(|| {
            handshake("").origin(switch("X-Fold: a\r\n b\r\n")).gives("client", "X-Fold: a\\r\\n b")
        })
        .by(Returned(|head, came| {
            if let Some(at) = came.lines.iter().position(|line| line.starts_with(b" ")) {
                let folded = &came.lines[at.saturating_sub(1)..=at];
                let name = folded[0].split(|&octet| octet == b':').next().unwrap_or_default();
                head.remove(&String::from_utf8_lossy(name));
                head.lines.extend(folded.iter().cloned());
            }
        })),
    fault("space-before-colon-passed-on", "White space before a colon in a 101 is passed on.")
        .breaks("rfc9112/5.1-proxy-strips")
        .shown_by(|| handshake("").origin(switch("X-Space : 1\r\n")).gives("client", "X-Space : 1"))
        .by(Returned(|head, came| {
            for line in came.lines.iter().filter(|line| is_spaced(line)) {
                let name = line.split(|&octet| octet == b' ').next().unwrap_or_default();
                head.remove(&String::from_utf8_lossy(name));
                head.lines.push(line.clone());
            }
        })),
    fault(
        "space-before-colon-loses",
        "A field of a 101 with white space before its colon is lost.",
    )
    .breaks("rfc9110/7.8-named")
    .shown_by(|| {
        let answer = switch("").replace("Upgrade: ", "Upgrade : ");
        handshake("").origin(answer).keeps("client", "Upgrade: websocket")
    })
    .by(Tunnel(|came, _| status(came) == 101 && came.lines.iter().any(|line| is_spaced(line))))
    .by(Returned(|head, came| {
        for line in came.lines.iter().filter(|line| is_spaced(line)) {
            let name = line.split(|&octet| octet == b' ').next().unwrap_or_default();
            head.remove(&String::from_utf8_lossy(name));
        }
    })),
    fault("failure-told-as-404", "An origin that gives no answer is told as 404.")
        .breaks("rfc9110/3.7-gateway-outbound")
        .shown_by(|| get("").origin_ends().gives("client", " 404 "))
        .at(Point::FailureAs404),
    fault("timeout-told-as-408", "An origin that is silent is told as 408.")
        .breaks("rfc9110/3.7-gateway-outbound")
        .shown_by(|| get("").silence().gives("client", " 408 "))
        .at(Point::TimeoutAs408),
];

/// Whether white space stands before the colon of a line.
fn is_spaced(line: &[u8]) -> bool {
    line.split(|&octet| octet == b':').next().is_some_and(|name| name.ends_with(b" "))
}
