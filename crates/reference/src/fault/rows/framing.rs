//! Faults in reading Host and the framing of a request.

use upspec_handshake::field::framing::Framing;
use upspec_handshake::h2::ListViolationKind;
use upspec_handshake::peer;

use crate::fault::Effect::*;
use crate::fault::probe::{HANDSHAKE, added, changed, octets};
use crate::fault::{Fault, Point, Seen, fault};

pub(super) const ROWS: &[Fault] = &[
    fault("accept-missing-host", "A request without Host is served.")
        .breaks("rfc9112/3.2-host")
        .shown_by(|| changed("Host: localhost\r\n", ""))
        .by(Request(|seen, _| {
            if !seen.has("Host") {
                seen.set("Host", b"localhost");
            }
        }))
        .by(Http2Overlook(|defect, _| defect.kind == ListViolationKind::ConnectAuthorityMissing)),
    fault("accept-duplicate-host", "The first of several Host lines counts.")
        .breaks("rfc9112/3.2-host-repeated")
        .shown_by(|| changed("Host: localhost\r\n", "Host: localhost\r\nHost: localhost\r\n"))
        .by(Request(|seen, _| seen.keep_first("Host"))),
    fault("accept-invalid-host", "Host is not checked.")
        .breaks("rfc9112/3.2-host-invalid")
        .shown_by(|| changed("Host: localhost", "Host: a b"))
        .by(Request(|seen, _| {
            if seen.values("Host").len() == 1 {
                seen.set("Host", b"localhost");
            }
        })),
    fault(
        "refuse-odd-host",
        "A host name with other characters than letters, digits, dot and hyphen is malformed.",
    )
    .breaks("rfc3986/3.2.2-host")
    .shown_by(|| changed("Host: localhost", "Host: a_b"))
    .by(Refused(400, |seen| {
        let odd = |octet: &u8| !octet.is_ascii_alphanumeric() && !b".-:".contains(octet);
        let host = seen.joined("Host");
        host.iter().any(odd) || host.ends_with(b":")
    })),
    fault("refuse-capital-host", "Refuses a capital letter in Host.")
        .breaks("rfc9110/2.4-meaning")
        .shown_by(|| changed("Host: localhost", "Host: LOCALHOST"))
        .by(Refused(400, |seen| seen.joined("Host").iter().any(u8::is_ascii_uppercase))),
    fault("silent-on-foreign-host", "A request for a host of another name is never answered.")
        .breaks("rfc6455/4.2.1-host")
        .by(Unanswered(|seen| is_foreign(&seen.joined("Host")))),
    // Framing.
    fault("body-ignored", "A body is not read but left in the stream.")
        .breaks("rfc9112/6-body-presence")
        .also(&["rfc9110/7.8-offered"])
        .shown_by(|| added("Content-Length: 5").and("hello"))
        .by(Request(|seen, _| {
            seen.remove(LENGTH);
            seen.remove(CODING);
        })),
    fault("chunked-ignored", "A chunked body is not read but left in the stream.")
        .breaks("rfc9112/7.1-chunked")
        .shown_by(|| added("Transfer-Encoding: chunked").and("0\r\n\r\n"))
        .by(Request(|seen, _| seen.remove(CODING))),
    fault("trailers-merged", "Trailer fields count as fields of the head.")
        .breaks("rfc9112/7.1.2-trailers")
        .also(&["rfc9110/7.8-offered"])
        .shown_by(|| {
            octets("GET /chat HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
                .and(HANDSHAKE.split_at("GET /chat HTTP/1.1\r\nHost: localhost\r\n".len()).1)
        })
        .by(Body(|head, body| {
            let last = body.windows(5).position(|octets| octets == b"\r\n0\r\n");
            let trailers = last.map_or(3, |at| at + 5).min(body.len());
            head.truncate(head.len().saturating_sub(2));
            head.extend_from_slice(&body[trailers..]);
        })),
    fault("refuse-chunk-extensions", "Refuses a chunk extension.")
        .breaks("rfc9112/7.1.1-chunk-extensions")
        .shown_by(|| added("Transfer-Encoding: chunked").and("5;a=b\r\nhello\r\n0\r\n\r\n"))
        .by(Chunks(|input| !first_line(input).contains(&b';'))),
    fault("refuse-space-in-chunk-extensions", "Refuses white space in a chunk extension.")
        .breaks("rfc9110/5.6.3-bws")
        .shown_by(|| added("Transfer-Encoding: chunked").and("5 ; a = b\r\nhello\r\n0\r\n\r\n"))
        .by(Chunks(|input| !first_line(input).contains(&b' '))),
    fault("chunk-size-overflow", "The last digit of a chunk size that is too large counts.")
        .breaks("rfc9112/7.1-chunk-size-overflow")
        .shown_by(|| {
            added("Transfer-Encoding: chunked").and("FFFFFFFFFFFFFFFF5\r\nhello\r\n0\r\n\r\n")
        })
        .by(Chunks(|input| {
            let digits = first_line(input).len();
            // More do not fit into 64 bits.
            if digits > 16 {
                input.drain(..digits - 1);
            }
            true
        })),
    fault("accept-invalid-length", "A Content-Length that is no number is ignored.")
        .breaks("rfc9112/6.3-invalid-cl")
        .shown_by(|| added("Content-Length: abc"))
        .by(Request(|seen, _| {
            let is_number =
                |value: &[u8]| !value.is_empty() && value.iter().all(u8::is_ascii_digit);
            if seen.value(LENGTH).is_some_and(|value| !is_number(&value)) {
                seen.remove(LENGTH);
            }
        })),
    fault("accept-conflicting-lengths", "The last of several Content-Length lines counts.")
        .breaks("rfc9112/6.3-invalid-cl")
        .shown_by(|| added("Content-Length: 5\r\nContent-Length: 6").and("hello!"))
        .by(Request(|seen, _| seen.keep_last(LENGTH))),
    fault("length-overflow", "Content-Length wraps around.")
        .breaks("rfc9110/8.6-cl-overflow")
        .shown_by(|| added("Content-Length: 18446744073709551616"))
        .by(Request(|seen, _| {
            if let Some(value) = seen.value(LENGTH).filter(|value| value.len() > 19) {
                let wrapped = value.iter().fold(0_u64, |sum, digit| {
                    sum.wrapping_mul(10).wrapping_add(u64::from(digit & 0x0f))
                });
                seen.set(LENGTH, wrapped.to_string().as_bytes());
            }
        })),
    fault("accept-length-and-chunked", "Transfer-Encoding beside Content-Length changes nothing.")
        .breaks("rfc9112/6.1-te-and-cl-close")
        .shown_by(|| added("Content-Length: 4\r\nTransfer-Encoding: chunked").and("0\r\n\r\n"))
        .by(Request(|seen, _| {
            if !seen.joined(CODING).is_empty() {
                seen.remove(LENGTH);
            }
        })),
    fault("accept-not-chunked", "A coding other than chunked is ignored.")
        .breaks("rfc9112/6.3-te-not-chunked")
        .shown_by(|| added("Transfer-Encoding: identity").and("0\r\n\r\n"))
        .by(Request(|seen, _| {
            if !seen.joined(CODING).to_ascii_lowercase().ends_with(b"chunked") {
                seen.remove(CODING);
            }
        })),
    fault("accept-unknown-coding", "An unknown coding before chunked is ignored.")
        .breaks("rfc9112/6.1-unknown-coding")
        .shown_by(|| added("Transfer-Encoding: xyzzy, chunked").and("0\r\n\r\n"))
        .by(Request(|seen, _| {
            if seen.joined(CODING).ends_with(b"chunked") {
                seen.set(CODING, b"chunked");
            }
        })),
    fault("accept-chunked-parameters", "Parameters of chunked are ignored.")
        .breaks("rfc9112/7.1-chunked-parameters")
        .shown_by(|| added("Transfer-Encoding: chunked;q=1").and("0\r\n\r\n"))
        .by(Request(|seen, _| {
            if seen.joined(CODING).starts_with(b"chunked;") {
                seen.set(CODING, b"chunked");
            }
        })),
    fault("case-sensitive-coding", "The name of the coding is compared with case.")
        .breaks("rfc9110/2.4-meaning")
        .shown_by(|| added("Transfer-Encoding: Chunked").and("5\r\nhello\r\n0\r\n\r\n"))
        .by(Refused(501, |seen| seen.joined(CODING).iter().any(u8::is_ascii_uppercase))),
    fault(
        "short-body-held-open",
        "The rest of a body is awaited after the client's end of stream.",
    )
    .breaks("rfc9112/6.3-short-body")
    .shown_by(|| added("Content-Length: 10").then("half").ended())
    .at(Point::ShortBodyAwaited),
    // Expect.
    fault("no-continue", "The content is awaited without a 100.")
        .breaks("rfc9110/10.1.1-no-waiting")
        .shown_by(|| added("Expect: 100-continue\r\nContent-Length: 5"))
        .by(Admitted(|request, _| request.expects_continue = false)),
    fault("no-continue-before-switch", "A 101 goes out without the 100 before it.")
        .breaks("rfc9110/7.8-continue-first")
        .shown_by(|| added("Expect: 100-continue\r\nContent-Length: 5"))
        .by(Admitted(switched_without_continue)),
    fault("continue-after-switch", "The 100 follows the 101.")
        .breaks("rfc9110/7.8-continue-first")
        .also(&["rfc9110/15.2.2-101-upgrade"])
        .shown_by(|| added("Expect: 100-continue\r\nContent-Length: 5"))
        .by(Admitted(switched_without_continue))
        .by(Written(|lines, seen| {
            let late: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
            (lines.status == 101 && seen.has("Expect")).then(|| [lines.head, late].concat())
        })),
    fault("continue-to-http10", "An HTTP/1.0 request gets a 100.")
        .breaks("rfc9110/15.2-http10")
        .shown_by(|| octets("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n"))
        .by(Admitted(|request, seen| {
            if request.is_old {
                request.expects_continue = seen.has("Expect");
            }
        })),
    fault("case-sensitive-expect", "An expectation in other case is unknown.")
        .breaks("rfc9110/10.1.1-grammar")
        .shown_by(|| added("Expect: 100-Continue"))
        .by(Refused(417, |seen| seen.has("Expect") && seen.joined("Expect") != b"100-continue")),
    fault("bad-request-on-unknown-expectation", "An unknown expectation is called malformed.")
        .breaks("rfc9110/10.1.1-417")
        .shown_by(|| added("Expect: x"))
        .by(Refused(400, |seen| {
            let expectation = seen.joined("Expect");
            !expectation.is_empty() && !expectation.eq_ignore_ascii_case(b"100-continue")
        })),
];

/// Neither the name of this machine nor an IPv4 address, or without a port.
fn is_foreign(host: &[u8]) -> bool {
    let colon = host.iter().position(|&octet| octet == b':');
    let Some((name, port)) = colon.map(|colon| (&host[..colon], &host[colon + 1..])) else {
        return true;
    };
    let is_address = name.iter().all(|octet| b"0123456789.".contains(octet));
    let is_known = is_address || name.eq_ignore_ascii_case(b"localhost");
    name.is_empty() || !is_known || port.is_empty() || port.starts_with(b"0")
}

fn first_line(input: &[u8]) -> &[u8] {
    &input[..input.iter().position(|&octet| octet == b'\r').unwrap_or(0)]
}

fn switched_without_continue(request: &mut peer::Request, seen: &Seen) {
    if request.expects_continue && seen.has("Upgrade") {
        request.expects_continue = false;
        request.body = Framing::None;
    }
}

const LENGTH: &str = "Content-Length";
const CODING: &str = "Transfer-Encoding";
