//! Faults of the connection before, between and after requests.

use upspec_handshake::peer::Cause;

use crate::answer::After;
use crate::fault::Effect::*;
use crate::fault::probe::{HANDSHAKE, PLAIN, added, changed, frame, frames, octets, plain};
use crate::fault::{Fault, Point, fault};

pub(super) const ROWS: &[Fault] = &[
    fault(
        "refuse-length-in-handshake",
        "A handshake with Content-Length is an error, whatever the length.",
    )
    .breaks("rfc9112/6-body-presence")
    .shown_by(|| added("Content-Length: 0"))
    .by(Refused(400, |seen| seen.has("Upgrade") && seen.has("Content-Length"))),
    fault("switch-before-head-ends", "The 101 goes out before the empty line is in.")
        .breaks("rfc9110/5.3-whole-head")
        .shown_by(|| octets(HANDSHAKE.trim_ascii_end()).and("\r\n").then("\r\n"))
        .at(Point::HeadWithoutEnd),
    fault("pipeline-dropped", "What follows a request in the same read is lost.")
        .breaks("rfc9112/9.3.2-pipeline-order")
        .shown_by(|| octets(PLAIN).and(PLAIN))
        .at(Point::PipelineDropped),
    fault("pipeline-reordered", "The answer to a request goes out after that to the next one.")
        .breaks("rfc9112/9.3.2-pipeline-order")
        .shown_by(|| octets(PLAIN).and(PLAIN.replace("/ ", "/nothing ")))
        .at(Point::PipelineReordered),
    fault("second-request-ignored", "A second request on a connection is never answered.")
        .breaks("rfc9112/9.3-persistent")
        .shown_by(|| octets(PLAIN).and(PLAIN))
        .at(Point::SecondRequestUnanswered),
    fault(
        "subprotocols-linger",
        "What an earlier request offers of subprotocols is on offer in a later one without any.",
    )
    .breaks("rfc9110/3.3-stateless")
    .also(&["rfc6455/4.2.2-no-subprotocol"])
    .shown_by(|| {
        let offer = "Sec-WebSocket-Version: 25\r\nSec-WebSocket-Protocol: chat";
        changed("Sec-WebSocket-Version: 13", offer).and(HANDSHAKE)
    })
    .at(Point::SubprotocolsRemembered),
    fault("close-received-ignored", "A connection stays open although the client said close.")
        .breaks("rfc9112/9.6-close-received")
        .shown_by(|| plain("Connection: close"))
        .by(Admitted(|request, _| request.is_last = request.is_old)),
    fault("close-sent-not-done", "A connection stays open although the server said close.")
        .breaks("rfc9112/9.6-close-sent")
        .shown_by(|| plain("Connection: close"))
        .by(Done(|_, _| After::Persist)),
    fault(
        "close-unannounced",
        "Every answer but a 101 is followed by an end that it does not announce.",
    )
    .breaks("rfc9112/9.6-announce")
    .by(Answer(|answer, _| answer.after = After::Persist))
    .by(Done(|after, status| if status == 101 { after } else { After::Close })),
    fault("half-close-ignored", "A connection stays open although the client has ended its side.")
        .breaks("rfc9112/9.5-monitor")
        .shown_by(|| octets(PLAIN).ended())
        .at(Point::HalfCloseIgnored),
    fault(
        "reset-deadly",
        "When a client resets its connection the server dies, and something starts it again.",
    )
    .breaks("rfc9110/2.3-defensive")
    .at(Point::ResetDeadly),
    fault(
        "tunnel-end-deadly",
        "When a WebSocket ends without a Close the server dies, and something starts it again.",
    )
    .breaks("rfc9110/2.3-defensive")
    .at(Point::TunnelEndDeadly),
    fault("endless-head", "A head is read on and on, however large, while it has no end.")
        .breaks("rfc9110/2.3-defensive")
        .shown_by(|| octets(format!("GET /{}", "a".repeat(100_000))))
        .at(Point::EndlessHead),
    fault("endless-chunks", "Chunks, their extensions and trailers are read on and on.")
        .breaks("rfc9110/2.3-defensive")
        .shown_by(|| {
            let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;";
            octets(format!("{head}{}", "a".repeat(1_100_000)))
        })
        .at(Point::EndlessChunks),
    fault("open-after-syntax-error", "The connection goes on after a request that cannot be read.")
        .breaks("rfc9112/2.2-bad-request")
        .shown_by(|| added("X-A"))
        .by(Rejected(|answer, cause, _| {
            if cause == Cause::Syntax {
                answer.after = After::Persist;
            }
        })),
    fault("open-after-invalid-length", "The connection goes on after an invalid Content-Length.")
        .breaks("rfc9112/6.3-invalid-cl")
        .shown_by(|| added("Content-Length: abc"))
        .by(Rejected(|answer, cause, _| {
            if cause == Cause::Framing {
                answer.after = After::Persist;
            }
        })),
    fault("http10-kept-open", "The connection goes on after an HTTP/1.0 request.")
        .breaks("rfc9112/9.3-persistence-rules")
        .shown_by(|| octets("GET / HTTP/1.0\r\n\r\n"))
        .by(Admitted(|request, _| request.is_last &= !request.is_old))
        .by(Rejected(|answer, _, seen| {
            if seen.is_old() {
                answer.after = After::Persist;
            }
        })),
    fault("http-in-tunnel", "A request after the 101 gets an HTTP answer.")
        .breaks("rfc6455/6.2-parse-frames")
        .also(&["rfc9110/15.2.2-101-upgrade"])
        .shown_by(|| frames(&[]).and(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
        .at(Point::HttpInTunnel),
    fault(
        "continuation-at-end",
        "When the client ends its side of a WebSocket, a frame goes out that continues no message.",
    )
    .breaks("rfc6455/5.4-fragments")
    .shown_by(|| octets(HANDSHAKE).ended())
    .at(Point::ContinuationAtEnd),
    fault(
        "response-at-end",
        "When the client ends its side of a WebSocket, the 101 is followed by another response.",
    )
    .breaks("rfc9110/15.2.2-101-upgrade")
    .shown_by(|| octets(HANDSHAKE).ended())
    .at(Point::ResponseAtEnd),
    fault("close-on-close-option", "A handshake that says close is dropped without an answer.")
        .breaks("rfc9112/9.6-close-received")
        .shown_by(|| changed("Connection: Upgrade", "Connection: Upgrade, close"))
        .by(Dropped(|seen| {
            let options = seen.joined("Connection").to_ascii_lowercase();
            seen.has("Upgrade") && options.windows(5).any(|word| word == b"close")
        })),
    fault(
        "close-on-early-frame",
        "A handshake with a frame right behind it is dropped without an answer.",
    )
    .breaks("rfc6455/4.2.2-response")
    .shown_by(|| octets(HANDSHAKE).and(frame(0x89, b"early")))
    .at(Point::EarlyFrameDropped),
];
