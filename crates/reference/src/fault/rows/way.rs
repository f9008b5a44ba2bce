//! Faults on the way to HTTP/2, and in TLS.

use upspec_handshake::h2::flag;

use crate::fault::probe::{GET, h2c, h2c_with, h2c_without_room, headers};
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
    fault(
        "h2c-content-unread",
        "After a switch to h2c the content of the request is read as HTTP/2.",
    )
    .breaks("rfc7540/3.2-after-101")
    .shown_by(|| h2c_with("Content-Length: 4\r\n", "1234"))
    .at(Point::H2cTakenUp)
    .at(Point::H2cContentUnread),
    fault("h2c-deaf", "After a switch to h2c nothing more is read.")
        .breaks("rfc7540/3.2-after-101")
        .also(&["rfc9113/6.5.3-settings-ack"])
        .shown_by(h2c)
        .at(Point::H2cTakenUp)
        .at(Point::H2cDeaf),
    fault(
        "h2c-one-request",
        "After a switch to h2c no other request is answered than the one that led there.",
    )
    .breaks("rfc7540/3.2-after-101")
    .shown_by(|| {
        let mut probe = h2c();
        probe.writes.push(headers(3, GET, flag::END_STREAM));
        probe
    })
    .at(Point::H2cTakenUp)
    .at(Point::H2cFirstAlone),
    fault("h2c-settings-unapplied", "What HTTP2-Settings say is read, and not kept to.")
        .breaks("rfc7540/3.2.1-settings-applied")
        .shown_by(h2c_without_room)
        .at(Point::H2cTakenUp)
        .at(Point::H2cSettingsUnapplied),
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
