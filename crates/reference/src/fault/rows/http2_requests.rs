//! Faults in reading the header lists of HTTP/2 requests.

use upspec_handshake::h2::{HeaderList, ListViolationKind, flag};

use crate::fault::Effect::*;
use crate::fault::probe::{GET, connect, get, headers, list};
use crate::fault::{Fault, Point, fault};

pub(super) const ROWS: &[Fault] = &[
    fault(
        "http2-connection-fields",
        "In HTTP/2, fields that are for one connection of HTTP/1.1 are skipped.",
    )
    .breaks("rfc9113/8.2.2-connection-fields")
    .shown_by(|| get(&[("connection", "close")]))
    .by(Http2Overlook(|defect, _| defect.kind == ListViolationKind::ConnectionSpecific)),
    fault("http2-connect-fields", "In an extended CONNECT, Upgrade and Connection are skipped.")
        .breaks("rfc8441/5-no-connection-fields")
        .shown_by(|| connect(&[("upgrade", "websocket")]))
        .by(Http2Overlook(|defect, list| {
            defect.kind == ListViolationKind::ConnectionSpecific && list.is_extended_connect()
        })),
    fault(
        "http2-upgrade-prefix",
        "In HTTP/2, every field whose name begins with upgrade is an error.",
    )
    .breaks("rfc9113/8.2.2-connection-fields")
    .shown_by(|| get(&[("upgrade-insecure-requests", "1")]))
    .by(Http2Object(|list| list.fields.iter().any(|field| field.name.starts_with(b"upgrade")))),
    fault("http2-any-te", "In HTTP/2, TE may say anything.")
        .breaks("rfc9113/8.2.2-te")
        .shown_by(|| get(&[("te", "gzip")]))
        .by(Http2Overlook(|defect, _| defect.kind == ListViolationKind::TeOther)),
    fault("http2-no-te", "In HTTP/2, TE is an error even with trailers.")
        .breaks("rfc9113/8.2.2-te")
        .shown_by(|| get(&[("te", "trailers")]))
        .by(Http2Object(|list| has(list, "te"))),
    fault("http2-upper-case-names", "In HTTP/2, names may have capitals.")
        .breaks("rfc9113/8.2.1-field-name")
        .shown_by(|| get(&[("X-A", "1")]))
        .by(Http2Overlook(|defect, _| defect.kind == ListViolationKind::NameUppercase)),
    fault("http2-invalid-names", "In HTTP/2, fields with a malformed name are skipped.")
        .breaks("rfc9113/8.2.1-field-name")
        .shown_by(|| get(&[("x a", "1")]))
        .by(Http2Overlook(|defect, _| defect.kind == ListViolationKind::NameInvalid)),
    fault("http2-invalid-values", "In HTTP/2, fields with a malformed value are let through.")
        .breaks("rfc9113/8.2.1-field-value")
        .shown_by(|| get(&[("x-a", " 1")]))
        .by(Http2Overlook(|defect, _| defect.kind == ListViolationKind::ValueInvalid)),
    fault("http2-pseudo-defaulted", "A pseudo-header field that is missing has a default.")
        .breaks("rfc9113/8.3.1-pseudo-missing")
        .shown_by(|| list(&GET[1..]))
        .by(Http2Overlook(|defect, _| defect.kind == ListViolationKind::PseudoMissing)),
    fault("http2-empty-path", "An empty :path means the resource that is asked for most.")
        .breaks("rfc9113/8.3.1-path-empty")
        .shown_by(|| list(&[&GET[..3], &[(":path", "")]].concat()))
        .by(Http2Overlook(|defect, _| defect.kind == ListViolationKind::PathEmpty)),
    fault("http2-pseudo-repeated", "The first value of a repeated pseudo-header field counts.")
        .breaks("rfc9113/8.3-pseudo-repeated")
        .shown_by(|| get(&[(":path", "/")]))
        .by(Http2Overlook(|defect, _| defect.kind == ListViolationKind::PseudoRepeated)),
    fault("http2-pseudo-anywhere", "Pseudo-header fields may follow others.")
        .breaks("rfc9113/8.3-pseudo-order")
        .shown_by(|| list(&[&[("x-a", "1")], GET].concat()))
        .by(Http2Overlook(|defect, _| defect.kind == ListViolationKind::PseudoAfterRegular)),
    fault("http2-pseudo-unknown", "Unknown pseudo-header fields are skipped.")
        .breaks("rfc9113/8.3-pseudo-unknown")
        .shown_by(|| get(&[(":x-a", "1")]))
        .by(Http2Overlook(|defect, _| defect.kind == ListViolationKind::PseudoUnknown)),
    fault("http2-pseudo-misplaced", "Pseudo-header fields may be those of another message.")
        .breaks("rfc9113/8.3-pseudo-context")
        .shown_by(|| get(&[(":status", "200")]))
        .by(Http2Overlook(|defect, _| {
            matches!(
                defect.kind,
                ListViolationKind::PseudoMisplaced | ListViolationKind::ProtocolWithoutConnect
            )
        })),
    fault(
        "http2-unknown-protocol-dropped",
        "An extended CONNECT for an unknown protocol is answered like a GET.",
    )
    .breaks("rfc9113/8.3-pseudo-unknown")
    .shown_by(|| connect(&[(":protocol", "websocket-x")]))
    .by(Http2Status(200, |list, _| {
        list.is_extended_connect() && list.pseudo(":protocol") != Some(b"websocket")
    })),
    fault("http2-host-ignored", "A host that is not the :authority is ignored.")
        .breaks("rfc9113/8.3.1-host-differs")
        .shown_by(|| get(&[("host", "b")]))
        .at(Point::Http2HostIgnored),
    fault("http2-length-ignored", "In HTTP/2, Content-Length is not compared with the content.")
        .breaks("rfc9113/8.1.1-malformed")
        .shown_by(|| get(&[("content-length", "5")]))
        .at(Point::Http2LengthIgnored),
    fault("http2-connect-served", "Any CONNECT is answered with 200.")
        .breaks("rfc9113/8.5-connect")
        .shown_by(|| list(&[(":method", "CONNECT"), (":authority", "a:1")]))
        .by(Http2Status(200, |list, _| is_connect(list) && !list.is_extended_connect())),
    fault("http2-malformed-unanswered", "A malformed request of HTTP/2 is dropped without a word.")
        .breaks("rfc9113/8.1.1-malformed")
        .shown_by(|| get(&[("connection", "close")]))
        .at(Point::Http2MalformedUnanswered),
    fault(
        "http2-deaf-after-malformed",
        "After a malformed request of HTTP/2 no other one is answered.",
    )
    .breaks("rfc9113/8.1.1-malformed")
    .shown_by(|| get(&[("te", "gzip")]).and(headers(3, GET, flag::END_STREAM)))
    .at(Point::Http2DeafAfterMalformed),
    fault("http2-switch-on-key", "In HTTP/2, a request with a key is answered with 101.")
        .breaks("rfc9113/8.6-no-101")
        .shown_by(|| get(&[("sec-websocket-key", "AQIDBAUGBwgJCgsMDQ4PEA==")]))
        .by(Http2Status(101, |list, _| !is_connect(list) && has(list, "sec-websocket-key"))),
    fault(
        "http2-switch-on-settings",
        "In HTTP/2, a request with HTTP2-Settings is answered with 101.",
    )
    .breaks("rfc9113/8.6-no-101")
    .shown_by(|| get(&[("http2-settings", "AAMAAABkAAQAAP__")]))
    .by(Http2Status(101, |list, _| has(list, "http2-settings"))),
];

fn has(list: &HeaderList, name: &str) -> bool {
    list.values(name).next().is_some()
}

fn is_connect(list: &HeaderList) -> bool {
    list.pseudo(":method") == Some(b"CONNECT")
}
