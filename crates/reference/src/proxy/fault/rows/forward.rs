//! Faults of a forward proxy: tunnels that it opens upon CONNECT, and targets in absolute form (RFC 9110 9.3.6, RFC 9112
//! 3.2).

use crate::proxy::fault::Effect::{Forwarded, Read};
use crate::proxy::fault::scene::{OK, sent};
use crate::proxy::fault::{Point, ProxyFault, fault};
use crate::proxy::variation::Way;

pub(super) const ROWS: &[ProxyFault] = &[
    fault("forward-host-kept", "As a forward proxy it lets Host stand beside another target.")
        .breaks("rfc9112/3.2.2-proxy-host")
        .beside(FORWARD)
        .shown_by(|| {
            let asked = "GET http://127.0.0.1:81/?tag HTTP/1.1\r\nHost: other.example\r\n\r\n";
            sent(asked).gives("origin-1", "Host: other.example")
        })
        .by(Forwarded(|seen, came| {
            if let Some(host) = came.value("Host") {
                seen.set("Host", &host);
            }
        })),
    fault("forward-absolute-form", "As a forward proxy it asks the origin in absolute form.")
        .breaks("rfc9112/3.2.1-client-target")
        .beside(FORWARD)
        .shown_by(|| {
            let asked = "GET http://127.0.0.1:81/?tag HTTP/1.1\r\nHost: 127.0.0.1:81\r\n\r\n";
            sent(asked).gives("origin-1", "GET http://127.0.0.1:81/?tag")
        })
        .by(Forwarded(|seen, came| seen.set_target(came.target()))),
    fault("connect-framed", "Its 2xx to CONNECT has Content-Length.")
        .breaks("rfc9110/9.3.6-2xx-framing")
        .beside(FORWARD)
        .shown_by(|| sent(CONNECT).gives("client", "Content-Length: 0"))
        .at(Point::ConnectFramed),
    fault("connect-without-tunnel", "Behind its 2xx to CONNECT it reads requests.")
        .breaks("rfc9110/9.3.6-2xx-tunnel")
        .beside(FORWARD)
        .shown_by(|| {
            let asked = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
            sent(CONNECT).client(asked).origin(OK).gives("origin-2", "Via: 1.1 upspec")
        })
        .at(Point::ConnectWithoutTunnel),
    fault("connect-port-assumed", "CONNECT without a port goes to that of the origin.")
        .breaks("rfc9110/9.3.6-port")
        .beside(FORWARD)
        .shown_by(|| {
            sent("CONNECT 127.0.0.1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").gives("client", " 200 ")
        })
        .at(Point::ConnectPortAssumed)
        .by(Read(|seen| {
            let target = seen.target().to_vec();
            let host = target.strip_suffix(b":").unwrap_or(&target);
            if seen.method() == b"CONNECT" && !host.contains(&b':') {
                seen.set_target(&[host, b":81"].concat());
            }
        })),
];

const FORWARD: &[Way] = &[Way::OpensTunnels];
const CONNECT: &str = "CONNECT 127.0.0.1:81 HTTP/1.1\r\nHost: 127.0.0.1:81\r\n\r\n";
