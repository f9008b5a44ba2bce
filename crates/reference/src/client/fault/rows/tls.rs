//! Faults in TLS (RFC 6455 4.1, RFC 9110 4.3.4).

use crate::client::fault::{ClientFault, Point, fault};

pub(super) const ROWS: &[ClientFault] = &[
    fault("any-issuer", "The issuer of a certificate is not checked.")
        .breaks("rfc6455/4.1-tls")
        .at(Point::AnyIssuer),
    fault("any-name", "The name in a certificate is not checked.")
        .breaks("rfc6455/4.1-tls")
        .at(Point::AnyName),
    fault("any-time", "A certificate may have expired.")
        .breaks("rfc6455/4.1-tls")
        .at(Point::AnyTime),
    fault("alpn-h2c", "ALPN offers h2c.").breaks("rfc9113/3.2-alpn").at(Point::AlpnH2c),
    fault("plain-after-failure", "When TLS fails, the handshake goes out without.")
        .breaks("rfc6455/4.1-tls")
        .at(Point::PlainAfterFailure),
    fault("plain-always", "The handshake for wss goes out without TLS.")
        .breaks("rfc6455/4.1-tls")
        .at(Point::PlainAlways),
];
