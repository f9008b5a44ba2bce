//! Faults with several requests on one connection, and with heads in pieces (RFC 9112 9.3).

use crate::proxy::fault::scene::{OK, PAIR, Scene, WEBSOCKET, get, request, sent, switch};
use crate::proxy::fault::{Point, ProxyFault, fault};

pub(super) const ROWS: &[ProxyFault] = &[
    fault("pipelined-lost", "What stands behind a request in its segment is lost.")
        .breaks("rfc9112/9.3.2-pipeline-order")
        .shown_by(|| {
            sent(request("GET", "") + &request("GET", "X-Second: 1\r\n"))
                .origin(OK)
                .keeps("origin-1", "X-Second")
        })
        .at(Point::PipelinedLost),
    fault("answers-swapped", "The answer to the second of two requests overtakes the first.")
        .breaks("rfc9112/9.3.2-pipeline-order")
        .also(&["rfc9110/15.2.2-101-upgrade"])
        .shown_by(|| {
            sent(request("GET", "") + &request("GET", &format!("{PAIR}{WEBSOCKET}")))
                .origin(OK)
                .origin(switch(""))
                .gives(
                    "client",
                    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\\r\\nDate: \
                    Thu, 01 Jan 1970 00:00:00 GMT\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\
                    \\r\\n\\r\\nHTTP/1.1 200 OK",
                )
        })
        .at(Point::AnswersSwapped),
    fault("first-request-only", "The second request on a connection is never answered.")
        .breaks("rfc9112/9.3-persistent")
        .shown_by(|| {
            get("")
                .origin(OK)
                .client(request("GET", "X-Second: 1\r\n"))
                .keeps("origin-1", "X-Second")
        })
        .at(Point::FirstRequestOnly),
    fault("request-in-one-read", "A request whose head comes in pieces is refused.")
        .breaks("rfc9112/2.1-message")
        .shown_by(|| sent("GET / HT").client("TP/1.1\r\nHost: a\r\n\r\n").gives("client", " 400 "))
        .at(Point::RequestInOneRead),
    fault("answer-in-one-read", "An answer whose head comes in pieces is none.")
        .breaks("rfc9112/2.1-message")
        .shown_by(|| get("").origin("HTTP/1.1 20").origin("0 OK\r\n\r\n").gives("client", " 502 "))
        .at(Point::AnswerInOneRead),
    fault("tunnels-run-out", "After twenty tunnels there are no more.")
        .breaks("rfc9112/9.5-sustain")
        .shown_by(|| {
            Scene::default()
                .tunnels(20)
                .client(request("GET", &format!("{PAIR}{WEBSOCKET}")))
                .gives("client", " 503 ")
        })
        .at(Point::TunnelsRunOut),
];
