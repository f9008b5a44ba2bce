//! Faults that keep browsers out and let other clients in: filters for what browsers add to a handshake, and
//! extended CONNECT that is announced and not to be had.

use upspec_handshake::field::elements_of;
use upspec_handshake::h2::HeaderList;

use super::contains;
use crate::fault::Effect::*;
use crate::fault::probe::{added, changed, connect};
use crate::fault::{Fault, fault};

pub(super) const ROWS: &[Fault] = &[
    // HTTP/1.1, and the same fields in HTTP/2.
    fault("window-hint-refused", "Refuses an offer of client_max_window_bits without a value.")
        .breaks("rfc6455/4.2.1-extension-list")
        .shown_by(|| added("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"))
        .by(Refused(400, |seen| {
            let parameters = seen.joined(super::EXTENSIONS);
            parameters.split(|octet| b";,".contains(octet)).any(|one| one.trim_ascii() == HINT)
        })),
    fault("cookies-beside-origin-refused", "Cookies beside an Origin are an error.")
        .breaks("rfc6455/4.2.1-other-fields")
        .shown_by(|| added("Origin: http://localhost\r\nCookie: a=b"))
        .by(Refused(400, |seen| seen.has("Origin") && seen.has("Cookie"))),
    fault("fetch-metadata-refused", "Refuses a handshake with Sec-Fetch-Mode.")
        .breaks("rfc6455/4.2.1-other-fields")
        .shown_by(|| added("Sec-Fetch-Mode: websocket"))
        .by(Refused(400, |seen| seen.has("Sec-Fetch-Mode"))),
    fault("late-host-refused", "Refuses a Host behind other fields.")
        .breaks("rfc6455/4.2.1-other-fields")
        .shown_by(|| changed("Host: localhost\r\n", "Pragma: no-cache\r\nHost: localhost\r\n"))
        .by(Refused(400, |seen| {
            let is_agent =
                |line: &Vec<u8>| contains(line, b"User-Agent") || contains(line, b"Pragma");
            seen.has("Host") && seen.lines.first().is_some_and(is_agent)
        })),
    fault("zstd-refused", "Refuses a handshake that accepts Zstandard.")
        .breaks("rfc6455/4.2.1-other-fields")
        .shown_by(|| added("Accept-Encoding: gzip, zstd"))
        .by(Refused(415, |seen| {
            let mut codings = elements_of(seen.values("Accept-Encoding"));
            codings.any(|coding| coding == b"zstd")
        })),
    // HTTP/2 alone.
    fault("http2-advertised-501", "Extended CONNECT is announced, and is not implemented.")
        .breaks("rfc8441/5-protocol")
        .shown_by(|| connect(&[]))
        .by(Http2Status(501, |list, _| list.is_extended_connect())),
    fault("http2-advertised-reset", "Extended CONNECT is announced, and is malformed.")
        .breaks("rfc8441/5-protocol")
        .shown_by(|| connect(&[]))
        .by(Http2Object(HeaderList::is_extended_connect)),
    fault("http2-advertised-ends", "An extended CONNECT gets a 200 that ends its stream at once.")
        .breaks("rfc8441/5-protocol")
        .shown_by(|| connect(&[]))
        .by(Http2Status(200, |list, _| list.is_extended_connect())),
    fault("http2-advertised-hangs", "Extended CONNECT is announced, and is never answered.")
        .breaks("rfc6455/4.2.2-no-service")
        .shown_by(|| connect(&[]))
        .by(Http2Unanswered(HeaderList::is_extended_connect)),
    fault("http2-encoding-hangs", "An extended CONNECT with accept-encoding is never answered.")
        .breaks("rfc6455/4.2.1-other-fields")
        .shown_by(|| connect(&[("accept-encoding", "gzip")]))
        .by(Http2Unanswered(|list| {
            list.is_extended_connect() && list.values("accept-encoding").next().is_some()
        })),
    fault(
        "http2-cookies-hang",
        "An extended CONNECT with several cookie fields is never answered.",
    )
    .breaks("rfc6455/4.2.1-other-fields")
    .shown_by(|| connect(&[("cookie", "a=b"), ("cookie", "c=d")]))
    .by(Http2Unanswered(|list| {
        list.is_extended_connect() && list.values("cookie").nth(1).is_some()
    })),
    fault(
        "http2-priority-500",
        "An extended CONNECT with priority ends in the server's own error.",
    )
    .breaks("rfc6455/4.2.1-other-fields")
    .shown_by(|| connect(&[("priority", "u=1")]))
    .by(Http2Status(500, |list, _| {
        list.is_extended_connect() && list.values("priority").next().is_some()
    })),
];

/// A parameter that every engine of a browser but one offers.
const HINT: &[u8] = b"client_max_window_bits";
