//! Faults in reading the octets of a request.

use upspec_handshake::field::is_token;
use upspec_handshake::peer::Cause;

use crate::fault::Effect::*;
use crate::fault::probe::{HANDSHAKE, PLAIN, added, changed, octets};
use crate::fault::seen::field;
use crate::fault::{Fault, Point, Seen, cost, fault};

pub(super) const ROWS: &[Fault] = &[
    fault("bare-cr-as-line-end", "A CR without LF ends a line.")
        .breaks("rfc9112/2.2-bare-cr")
        .also(&["rfc9110/7.8-offered"])
        .shown_by(|| changed("Upgrade: websocket", "X-A: 1\rUpgrade: websocket"))
        .by(Octets(|head| bare_crs_replaced(head, b"\r\n"))),
    fault("bare-cr-dropped", "A CR without LF vanishes from a value.")
        .breaks("rfc9112/2.2-bare-cr")
        .also(&["rfc9110/7.8-offered"])
        .shown_by(|| changed("Upgrade: websocket", "X-A: 1\rUpgrade: websocket"))
        .by(Octets(|head| bare_crs_replaced(head, b""))),
    fault("value-cut-at-nul", "A value ends at its first NUL.")
        .breaks("rfc9110/5.5-cr-lf-nul")
        .also(&["rfc9110/7.8-offered"])
        .shown_by(|| changed("websocket\r\n", "websocket\0x\r\n"))
        .by(Request(|seen, _| {
            for line in &mut seen.lines {
                line.truncate(line.iter().position(|&octet| octet == 0).unwrap_or(line.len()));
            }
        })),
    fault("octets-decoded", "Octets are decoded to characters, which are cut to their low byte.")
        .breaks("rfc9112/2.2-octets")
        .also(&["rfc9110/7.8-offered"])
        .shown_by(|| changed("Upgrade: websocket\r\n", "X-A: 1\u{10a}Upgrade: websocket\r\n"))
        .by(Octets(|head| replaced(head, b"\xc4\x8a", b"\r\n"))),
    fault("fold-concatenated", "The parts of a folded value are joined without a space.")
        .breaks("rfc9112/5.2-fold-request")
        .also(&["rfc6455/4.2.2-accept"])
        .shown_by(|| changed("BwgJ", "BwgJ\r\n "))
        .by(Octets(|head| replaced(&replaced(head, b"\r\n ", b""), b"\r\n\t", b""))),
    fault("fold-as-field", "A folded line is taken for a field of its own.")
        .breaks("rfc9112/5.2-fold-request")
        .also(&["rfc9110/7.8-offered"])
        .shown_by(|| changed("Upgrade: websocket", "X-A: 1\r\n Upgrade: websocket"))
        .by(Request(|seen, _| {
            for line in seen.lines.iter_mut().skip(1) {
                *line = line.trim_ascii_start().to_vec();
            }
        })),
    fault(
        "space-led-line-as-field",
        "A line led by space after the request line is taken for a field.",
    )
    .breaks("rfc9112/2.2-space-before-fields")
    .also(&["rfc9110/7.8-offered"])
    .shown_by(|| changed("Host: localhost\r\n", " X-A: 1\r\nHost: localhost\r\n"))
    .by(Request(|seen, _| {
        if let Some(line) = seen.lines.first_mut() {
            *line = line.trim_ascii_start().to_vec();
        }
    })),
    fault("accept-space-before-colon", "Space before the colon is dropped.")
        .breaks("rfc9112/5.1-space-before-colon")
        .shown_by(|| changed("Upgrade: websocket", "Upgrade : websocket"))
        .by(Request(|seen, _| {
            for line in &mut seen.lines {
                let folded = line.starts_with(b" ") || line.starts_with(b"\t");
                if let Some((name, value)) = field(line).filter(|_| !folded) {
                    *line = [name.trim_ascii_end(), b": ", value].concat();
                }
            }
        })),
    fault("accept-malformed-field-line", "A line that is no field line is skipped.")
        .breaks("rfc9112/2.2-bad-request")
        .shown_by(|| added("X-A"))
        .by(Request(|seen, _| {
            let is_name = |name: &[u8]| is_token(name.trim_ascii_end());
            seen.lines.retain(|line| {
                line.starts_with(b" ") || field(line).is_some_and(|(name, _)| is_name(name))
            });
        })),
    fault("refuse-leading-empty-line", "Refuses an empty line before the request line.")
        .breaks("rfc9112/2.2-empty-line")
        .shown_by(|| octets(format!("\r\n{HANDSHAKE}")))
        .by(Refused(400, |seen| seen.octets.starts_with(b"\r\n"))),
    fault("refuse-obs-text", "Octets above 0x7F in a value are an error.")
        .breaks("rfc9110/5.5-obs-text")
        .shown_by(|| added("X-A: \u{e9}"))
        .by(Refused(400, |seen| seen.octets.iter().any(|octet| *octet >= 0x80))),
    fault("refuse-tab-ows", "HTAB is not taken for white space.")
        .breaks("rfc9110/5.6.3-ows")
        .shown_by(|| changed("Upgrade: websocket", "Upgrade: \twebsocket\t"))
        .by(Refused(400, |seen| seen.octets.contains(&b'\t'))),
    fault("space-after-colon-required", "Refuses a field line without space after its colon.")
        .breaks("rfc9110/5.6.3-ows")
        .shown_by(|| changed("Upgrade: websocket", "Upgrade:websocket"))
        .by(Refused(400, |seen| {
            seen.lines.iter().any(|line| {
                let colon = line.iter().position(|&octet| octet == b':');
                colon.is_some_and(|colon| line.get(colon + 1) != Some(&b' '))
            })
        })),
    fault("case-sensitive-field-names", "A field is known in one spelling of its name only.")
        .breaks("rfc9110/5.1-name-case")
        .shown_by(|| changed("Host: localhost", "HOST: localhost"))
        .by(Request(|seen, _| {
            let is_http2 = seen.is_http2;
            seen.lines.retain(|line| {
                let name = field(line).map_or(&b""[..], |(name, _)| name);
                is_http2 || !is_known(name) || KNOWN.iter().any(|known| known.as_bytes() == name)
            });
        })),
    fault("field-order-matters", "Host has to be the first field.")
        .breaks("rfc9110/5.3-order")
        .shown_by(|| changed("Host: localhost\r\n", "X-A: 1\r\nHost: localhost\r\n"))
        .by(Refused(400, |seen| {
            let first = seen.lines.first().and_then(|line| field(line));
            seen.has("Host") && !first.is_some_and(|(name, _)| name.eq_ignore_ascii_case(b"host"))
        })),
    fault("refuse-unknown-fields", "Refuses a field that the server does not know.")
        .breaks("rfc9110/5.1-unknown-fields")
        .shown_by(|| added("X-A: 1"))
        .by(Refused(400, |seen| {
            let mut fields = seen.lines.iter().filter_map(|line| field(line));
            fields.any(|(name, _)| !is_known(name))
        })),
    fault("only-first-line", "The first of a repeated Upgrade or Connection line counts.")
        .breaks("rfc9110/5.2-combined")
        .shown_by(|| changed("Upgrade: websocket", "Upgrade: foo/2\r\nUpgrade: websocket"))
        .by(Request(|seen, _| {
            seen.keep_first("Upgrade");
            seen.keep_first("Connection");
        })),
    fault("only-last-line", "The last of a repeated Upgrade or Connection line counts.")
        .breaks("rfc9110/5.2-combined")
        .shown_by(|| changed("Upgrade: websocket", "Upgrade: websocket\r\nUpgrade: foo/2"))
        .by(Request(|seen, _| {
            seen.keep_last("Upgrade");
            seen.keep_last("Connection");
        })),
    fault("refuse-empty-list-elements", "Refuses an empty list element.")
        .breaks("rfc9110/5.6.1.2-empty-elements")
        .shown_by(|| changed("Upgrade: websocket", "Upgrade: websocket,"))
        .by(Refused(400, |seen| {
            let has_blank = |list: &[u8]| {
                list.split(|&octet| octet == b',').any(|element| element.trim_ascii().is_empty())
            };
            LISTS.iter().any(|name| seen.has(name) && has_blank(&seen.joined(name)))
        })),
    fault("head-in-one-read", "Refuses a head that does not come in one piece.")
        .breaks("rfc9110/5.3-whole-head")
        .shown_by(|| octets("GET / HTTP/1.1\r\n").then("Host: a\r\n\r\n"))
        .at(Point::HeadInOneRead),
    fault("ok-on-cut-head", "A head that is cut off is answered as a success.")
        .breaks("rfc9110/5.3-whole-head")
        .shown_by(|| octets("GET / HTTP/1.1\r\nHost: a\r\n").ended())
        .at(Point::CutHeadServed),
    fault("silent-on-bare-lf", "Lines that end with LF alone are waited out for CRLF.")
        .breaks("rfc9112/2.2-bad-request")
        .shown_by(|| octets(HANDSHAKE.replace("\r\n", "\n")))
        .by(Unanswered(has_bare_lf)),
    fault("silent-on-empty-lines", "A request behind more than one empty line is never answered.")
        .breaks("rfc9112/2.2-empty-line")
        .shown_by(|| octets(format!("\r\n\r\n{HANDSHAKE}")))
        .by(Unanswered(|seen| seen.octets.starts_with(b"\r\n\r\n"))),
    fault("garbage-skipped", "Octets that are no request are skipped up to the next empty line.")
        .breaks("rfc9112/2.2-bad-request")
        .shown_by(|| octets("\u{16}\r\n\r\n").and(PLAIN))
        .at(Point::GarbageSkipped),
    fault("silent-on-long-head", "A head of more than 2048 octets is never answered.")
        .breaks("rfc9110/5.4-field-limit")
        .shown_by(|| added(&format!("X-Big: {}", "a".repeat(2048))))
        .by(Unanswered(|seen| seen.octets.len() > 2048)),
    fault(
        "server-error-on-syntax-error",
        "A request that cannot be read is the server's own error.",
    )
    .breaks("rfc9112/2.2-bad-request")
    .shown_by(|| added("X-A"))
    .by(Rejected(|answer, cause, _| {
        if cause == Cause::Syntax {
            answer.status = 500;
        }
    })),
    fault("quadratic-cost", "Reading a head takes the square of the separators in it.")
        .breaks("rfc9110/2.3-defensive")
        .by(Octets(|head| {
            let separators = head.iter().filter(|octet| b" ,;&/\r\n:".contains(octet)).count();
            cost::of_square(separators);
            head.to_vec()
        })),
    fault("exponential-cost", "Reading a head takes twice as long for each escape in it.")
        .breaks("rfc9110/2.3-defensive")
        .by(Octets(|head| {
            let escapes = head.iter().filter(|octet| **octet == b'\\').count();
            cost::of(1 << escapes.min(40));
            head.to_vec()
        })),
];

fn bare_crs_replaced(head: &[u8], by: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(head.len());
    for (at, &octet) in head.iter().enumerate() {
        if octet == b'\r' && head.get(at + 1) != Some(&b'\n') {
            octets.extend_from_slice(by);
        } else {
            octets.push(octet);
        }
    }
    octets
}

fn replaced(head: &[u8], what: &[u8], by: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(head.len());
    let mut rest = head;
    while let Some((&octet, after)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(what) {
            octets.extend_from_slice(by);
            rest = after;
        } else {
            octets.push(octet);
            rest = after;
        }
    }
    octets
}

fn has_bare_lf(seen: &Seen) -> bool {
    let mut pairs = seen.octets.windows(2);
    seen.octets.starts_with(b"\n") || pairs.any(|pair| pair[1] == b'\n' && pair[0] != b'\r')
}

/// Whether the server has a use for the field.
fn is_known(name: &[u8]) -> bool {
    KNOWN.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

/// The fields that the server has a use for.
const KNOWN: &[&str] = &[
    "Connection",
    "Content-Length",
    "Expect",
    "Host",
    "Origin",
    "Sec-WebSocket-Extensions",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Version",
    "Transfer-Encoding",
    "Upgrade",
];

/// The fields among them that are lists.
const LISTS: &[&str] =
    &["Connection", "Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol", "Upgrade"];
