//! Faults in the request line and around the head of a request.

use crate::client::fault::Effect::{Request, Sent};
use crate::client::fault::{ClientFault, fault};

pub(super) const ROWS: &[ClientFault] = &[
    fault("method-post", "The method is POST.")
        .breaks("rfc6455/4.1-method-version")
        .by(Request(|request| request.set_method(b"POST"))),
    fault("method-lower-case", "The method is get.")
        .breaks("rfc6455/4.1-method-version")
        .by(Request(|request| request.set_method(b"get"))),
    fault("http-1.0", "The version is HTTP/1.0.")
        .breaks("rfc6455/4.1-method-version")
        .by(Request(|request| request.set_version(b"HTTP/1.0"))),
    fault("version-left-out", "The request line has no version.")
        .breaks("rfc9112/3-request-line")
        .also(&["rfc6455/4.1-method-version"])
        .by(Request(|request| {
            let end = request.start.len() - b" HTTP/1.1".len();
            request.start.truncate(end);
        })),
    fault("two-spaces", "Two SP stand before the version.").breaks("rfc9112/3-request-line").by(
        Request(|request| {
            let at = request.start.len() - b" HTTP/1.1".len();
            request.start.insert(at, b' ');
        }),
    ),
    fault("ws-target", "The target is the WebSocket URI.")
        .breaks("rfc9112/3.2.1-client-target")
        .by(Request(|request| {
            let host = request.value("Host").unwrap_or_default();
            let target = [b"ws://", &host[..], request.target()].concat();
            request.set_target(&target);
        })),
    fault("target-of-other-host", "The target is a URI of another host.")
        .breaks("rfc9112/3.2.1-client-target")
        .by(Request(|request| {
            let target = [b"http://upspec.example", request.target()].concat();
            request.set_target(&target);
        })),
    fault("bare-lf-sent", "Lines end with LF.")
        .breaks("rfc9112/2.1-message")
        .by(Sent(|octets| octets.into_iter().filter(|octet| *octet != b'\r').collect())),
    fault("bare-cr-sent", "A value holds a bare CR.")
        .breaks("rfc9112/2.2-bare-cr-sent")
        .by(Request(|request| request.set("User-Agent", b"up\rspec"))),
    fault("crlf-before-request", "An empty line comes before the request.")
        .breaks("rfc9112/2.2-extra-crlf")
        .by(Sent(|octets| [b"\r\n", &octets[..]].concat())),
    fault("crlf-after-request", "An empty line comes behind the request.")
        .breaks("rfc9112/2.2-extra-crlf")
        .also(&["rfc6455/5.1-client-masks", "rfc6455/5.2-opcode", "rfc6455/5.5-control-frame"])
        .by(Sent(|octets| [&octets[..], b"\r\n"].concat())),
    fault("content-sent", "The request has content.")
        .breaks("rfc9110/8.6-no-content-no-length")
        .by(Request(|request| request.set("Content-Length", b"5")))
        .by(Sent(|octets| [&octets[..], b"hello"].concat())),
];
