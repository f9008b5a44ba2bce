//! Faults with HTTP/2 to the origin: what of HTTP/1.1 goes on there, and the handshake as an extended CONNECT (RFC 9113,
//! RFC 8441).

use upspec_handshake::h2::{ErrorCode, HeaderList, flag, setting, write};

use super::http2::asked;
use super::{restore_named, status};
use crate::proxy::fault::Effect::{Early, Forwarded, Returned, Tunnel};
use crate::proxy::fault::scene::{CANARY, Scene, get, handshake, post};
use crate::proxy::fault::{Point, ProxyFault, fault};
use crate::proxy::variation::Way;

pub(super) const ROWS: &[ProxyFault] = &[
    fault("back-connection-fields-kept", "Connection and Upgrade go to an origin in HTTP/2.")
        .breaks("rfc9113/8.2.2-intermediary")
        .also(&["rfc9113/8.2.2-connection-fields-sent", "rfc8441/5-no-connection-fields"])
        .beside(BACK)
        .shown_by(|| {
            get("Connection: Upgrade\r\nUpgrade: foo\r\n").gives("origin-1", " upgrade=foo")
        })
        .at(Point::BackConnectionFieldsKept),
    fault("back-coding-kept", "Transfer-Encoding goes to an origin in HTTP/2.")
        .breaks("rfc9113/8.2.2-intermediary")
        .also(&["rfc9113/8.2.2-connection-fields-sent"])
        .beside(BACK)
        .shown_by(|| {
            let content = "5\r\nhello\r\n0\r\n\r\n";
            let asked = post("Transfer-Encoding: chunked\r\n", content);
            asked.gives("origin-1", " transfer-encoding=chunked")
        })
        .at(Point::BackCodingKept),
    fault("back-hop-field-kept", "What Connection names goes to an origin in HTTP/2.")
        .breaks("rfc9110/7.6.1-removed")
        .beside(BACK)
        .shown_by(|| get("Connection: x-hop\r\nX-Hop: 1\r\n").gives("origin-1", " x-hop=1"))
        .by(Forwarded(restore_named)),
    fault("back-authority-lost", "No request to an origin in HTTP/2 has :authority.")
        .breaks("rfc9113/8.3.1-authority-forwarded")
        .beside(BACK)
        .shown_by(|| get("").keeps("origin-1", " :authority=example.com"))
        .at(Point::BackAuthorityLost),
    fault(
        "back-early-data",
        "Octets of a tunnel are passed on before the 2xx of an origin in HTTP/2.",
    )
    .breaks("rfc9110/7.6.1-removed")
    .beside(BACK)
    .shown_by(|| {
        let asked = handshake("").origin(settings());
        asked.client(CANARY).gives("origin-1", "[1 data GET /?canary")
    })
    .at(Point::BackEarlyData)
    .by(Early(|_| true)),
    fault("back-refusal-opens", "Any answer to an extended CONNECT opens the WebSocket.")
        .breaks("rfc9110/9.3.6-only-2xx")
        .beside(BACK)
        .shown_by(|| opened("403").gives("client", "HTTP/1.1 101"))
        .at(Point::BackRefusalOpens),
    fault("back-accept-lost", "The 101 for a 2xx in HTTP/2 has no Sec-WebSocket-Accept.")
        .breaks("rfc6455/4.2.2-accept")
        .beside(BACK)
        .shown_by(|| opened("200").keeps("client", "Sec-WebSocket-Accept"))
        .by(Returned(|head, _| head.remove("Sec-WebSocket-Accept"))),
    fault("back-malformed-passed", "A malformed response of HTTP/2 goes to the client.")
        .breaks("rfc9113/8.1.1-not-forwarded")
        .beside(BACK)
        .shown_by(|| {
            let list = HeaderList::new([(":status", "200"), ("connection", "x")]);
            let answer = write::headers(1, &list.block(), flag::END_STREAM);
            get("").origin(settings()).origin(answer).gives("client", " 200 ")
        })
        .at(Point::BackMalformedPassed),
    fault("back-answer-discarded", "A complete answer is lost when a reset follows it.")
        .breaks("rfc9113/8.1-no-error-reset")
        .beside(BACK)
        .shown_by(|| {
            let list = HeaderList::new([(":status", "200")]);
            let answer = write::headers(1, &list.block(), flag::END_STREAM);
            let reset = write::rst_stream(1, ErrorCode::NO_ERROR);
            let asked = get("").origin(settings());
            asked.origin([answer, reset].concat()).keeps("client", " 200 ")
        })
        .at(Point::BackAnswerDiscarded),
    fault("back-switch-taken", "A 101 in HTTP/2 goes to a client that offered nothing.")
        .breaks("rfc9110/7.8-offered")
        .also(&["rfc9110/15.2.2-101-upgrade"])
        .beside(BACK)
        .shown_by(|| {
            let list = HeaderList::new([(":status", "101")]);
            let answer = write::headers(1, &list.block(), 0);
            get("").origin(settings()).origin(answer).gives("client", " 101 ")
        })
        .at(Point::BackSwitchTaken)
        .by(Tunnel(|came, _| status(came) == 101)),
    fault("back-switch-in-http2", "A 2xx in HTTP/2 is a 101 in front, in HTTP/2, too.")
        .breaks("rfc9113/8.6-no-101")
        .beside(BACK)
        .shown_by(|| {
            let list = HeaderList::new([(":status", "200")]);
            let answer = [settings(), write::headers(1, &list.block(), 0)].concat();
            asked(&[]).origin(answer).gives("http2", "[1 :status=101")
        })
        .at(Point::Http2SwitchPassed),
    fault("back-client-end-untold", "The end of the client's side is no END_STREAM.")
        .breaks("rfc9110/9.3.6-tunnel-close")
        .beside(BACK)
        .shown_by(|| opened("200").client_ends().keeps("origin-1", "[1 data  END]"))
        .at(Point::BackClientEndUntold),
    fault("back-end-untold", "END_STREAM of a tunnel in HTTP/2 ends nothing in front.")
        .breaks("rfc9110/9.3.6-tunnel-close")
        .beside(BACK)
        .shown_by(|| {
            let end = write::data(1, b"", flag::END_STREAM);
            opened("200").origin(end).keeps("client", "<end>")
        })
        .at(Point::BackEndUntold),
    fault("back-reset-untold", "RST_STREAM of a tunnel in HTTP/2 ends nothing in front.")
        .breaks("rfc9110/9.3.6-tunnel-close")
        .beside(BACK)
        .shown_by(|| {
            let reset = write::rst_stream(1, ErrorCode::CANCEL);
            opened("200").origin(reset).keeps("client", "<reset>")
        })
        .at(Point::BackResetUntold),
];

const BACK: &[Way] = &[Way::Http2ToOrigin];

/// What an origin says first.
fn settings() -> Vec<u8> {
    write::settings(&[(setting::ENABLE_CONNECT_PROTOCOL, 1)])
}

/// A handshake that gets this status.
fn opened(status: &'static str) -> Scene {
    let list = HeaderList::new([(":status", status)]);
    handshake("").origin(settings()).origin(write::headers(1, &list.block(), 0))
}
