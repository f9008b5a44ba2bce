//! A request of HTTP/1.1 as a header list (RFC 9113 8.3.1, RFC 8441 5).

use upspec_handshake::field::framing::Framing;
use upspec_handshake::field::upgrade::protocols;
use upspec_handshake::h2::HeaderList;
use upspec_handshake::{FieldLine, RequestHead};

use crate::proxy::config::ProxyConfig;
use crate::proxy::fault::Point;

/// Whether a request asks for a WebSocket.
pub(super) fn connects(head: &RequestHead<'_>) -> bool {
    let mut named = protocols(head.fields.values("Upgrade")).flatten();
    head.method == b"GET" && named.any(|protocol| protocol.is_websocket())
}

/// The header list of a request, and how its content is framed in HTTP/1.1.
pub(super) fn written(
    config: &ProxyConfig,
    head: &RequestHead<'_>,
    connects: bool,
) -> (HeaderList, Framing) {
    let mut out = head.clone();
    out.authority = head.fields.values("Host").next();
    if config.errs_at(Point::BackAuthorityLost) {
        out.authority = None;
    }
    out.scheme = Some(b"http");
    if connects {
        out.method = b"CONNECT";
        out.protocol = Some(b"websocket");
    }
    let is_left_out = |line: &FieldLine<'_>| {
        let is_host = line.is_named("Host") && out.authority.is_some();
        let is_key = connects && line.is_named("Sec-WebSocket-Key");
        let is_te = line.is_named("TE") && !line.value.eq_ignore_ascii_case(b"trailers");
        is_host || is_key || is_te
    };
    out.fields = head.fields.iter().filter(|line| !is_left_out(line)).cloned().collect();
    let mut list = HeaderList::of_request(&out);
    let kept: &[&str] = match () {
        () if config.errs_at(Point::BackConnectionFieldsKept) => &["Connection", "Upgrade"],
        () if config.errs_at(Point::BackCodingKept) => &["Transfer-Encoding"],
        () => &[],
    };
    for line in kept.iter().flat_map(|name| head.fields.lines(name)) {
        list.push(line.name.to_ascii_lowercase(), line.value.to_vec());
    }
    let framing = if connects { Framing::None } else { Framing::of_request(head) };
    (list, framing)
}
