//! Faults on the way to HTTP/2, and in TLS.

use crate::fault::probe::h2c;
use crate::fault::{Fault, Point, fault};

pub(super) const ROWS: &[Fault] = &[
    fault("h2c-unanswered", "After a switch to h2c stream 1 stays without an answer.")
        .breaks("rfc7540/3.2-after-101")
        .shown_by(h2c)
        .at(Point::H2cTakenUp)
        .at(Point::H2cUnanswered),
    fault("h2c-settings-last", "After a switch to h2c the answer comes before SETTINGS.")
        .breaks("rfc7540/3.2-after-101")
        .shown_by(h2c)
        .at(Point::H2cTakenUp)
        .at(Point::H2cSettingsLast),
    fault("h2c-any-settings", "HTTP2-Settings may be anything.")
        .breaks("rfc7540/3.2.1-settings-value")
        .shown_by(h2c)
        .at(Point::H2cTakenUp)
        .at(Point::H2cSettingsUnchecked),
    fault("h2c-unlisted", "An offer of h2c needs no connection options.")
        .breaks("rfc7540/3.2.1-settings-missing")
        .shown_by(h2c)
        .at(Point::H2cTakenUp)
        .at(Point::H2cOptionsUnchecked),
    fault("h2c-in-tls", "An offer of h2c is taken up inside TLS.")
        .breaks("rfc9113/3.3-tls")
        .shown_by(h2c)
        .at(Point::H2cTakenUp)
        .at(Point::H2cInTls),
    fault("tls-alpn-required", "A client without ALPN is turned away.")
        .breaks("rfc6455/4.2.2-tls")
        .at(Point::AlpnRequired),
    fault("tls-selects-h2c", "ALPN selects h2c.")
        .breaks("rfc9113/3.2-alpn")
        .at(Point::AlpnH2cSelected),
    fault(
        "tls-h2-not-spoken",
        "Where h2 and http/1.1 are on offer, ALPN selects h2 and HTTP/1.1 is spoken.",
    )
    .breaks("rfc9113/3.2-preface")
    .at(Point::AlpnH2NotSpoken),
    fault("tls-http1-in-h2", "After ALPN selected h2, HTTP/1.1 is answered.")
        .breaks("rfc9113/3.4-preface")
        .at(Point::Http1InH2)
        .at(Point::PrefaceTakenUpInTls),
    fault("tls-h2-in-http1", "After ALPN selected http/1.1, the preface of HTTP/2 is taken up.")
        .breaks("rfc9113/3.3-tls")
        .at(Point::PrefaceTakenUpInTls),
    fault("tls-serves-plain", "On the port for TLS, HTTP in the clear is served.")
        .breaks("rfc6455/4.2.2-tls")
        .at(Point::PlainServed),
    fault("tls-hangs-on-plain", "On the port for TLS, a client without TLS is left waiting.")
        .breaks("rfc6455/4.2.2-tls")
        .at(Point::PlainUnanswered),
];
