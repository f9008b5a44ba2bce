//! Faults in reading the request line.

use super::KEY;
use crate::fault::Effect::*;
use crate::fault::probe::{added, changed, octets};
use crate::fault::{Fault, Point, fault};

pub(super) const ROWS: &[Fault] = &[
    fault("accept-lowercase-get", "The method is compared without case.")
        .breaks("rfc6455/4.2.1-method")
        .shown_by(|| changed("GET", "get"))
        .by(Request(|seen, _| {
            let upper = seen.method().to_ascii_uppercase();
            seen.set_method(&upper);
        })),
    fault("accept-post", "A handshake may be a POST.")
        .breaks("rfc6455/4.2.1-method")
        .shown_by(|| changed("GET", "POST"))
        .by(Request(|seen, _| {
            if seen.method() == b"POST" {
                seen.set_method(b"GET");
            }
        })),
    fault("accept-any-method", "A handshake may have any method.")
        .breaks("rfc6455/4.2.1-method")
        .shown_by(|| changed("GET", "PUT"))
        .by(Request(|seen, config| {
            if !seen.has(KEY) {
                return;
            }
            if seen.method() != b"GET" && !seen.target().starts_with(b"/") {
                seen.set_target(config.path.as_bytes());
            }
            seen.set_method(b"GET");
        })),
    fault("accept-http10-upgrade", "Upgrade works in HTTP/1.0.")
        .breaks("rfc9110/7.8-http10")
        .also(&["rfc9110/15.2-http10"])
        .shown_by(|| changed("HTTP/1.1", "HTTP/1.0"))
        .by(Request(|seen, _| {
            if seen.version() == b"HTTP/1.0" && seen.has("Upgrade") {
                seen.set_version(b"HTTP/1.1");
            }
        })),
    fault("accept-malformed-http-version", "Any third word passes for HTTP/1.1.")
        .breaks("rfc6455/4.2.1-http-version")
        .shown_by(|| changed("HTTP/1.1", "http/1.1"))
        .by(Request(|seen, _| {
            if let [method, target, b"HTTP", _] = seen.words()[..] {
                seen.start = [method, target, b"HTTP/1.1"].join(&b' ');
            }
            if !is_version(seen.version()) {
                seen.set_version(b"HTTP/1.1");
            }
        })),
    fault("accept-no-http-version", "A request line without a version passes for HTTP/1.1.")
        .breaks("rfc6455/4.2.1-http-version")
        .shown_by(|| changed(" HTTP/1.1", ""))
        .by(Request(|seen, _| {
            if let [method, target] = seen.words()[..] {
                seen.start = [method, target, b"HTTP/1.1"].join(&b' ');
            }
        })),
    fault("accept-http3", "HTTP/3 in a request line passes for HTTP/1.1.")
        .breaks("rfc6455/4.2.1-refuse")
        .shown_by(|| changed("HTTP/1.1", "HTTP/3"))
        .by(Request(|seen, _| {
            if seen.version().starts_with(b"HTTP/3") {
                seen.set_version(b"HTTP/1.1");
            }
        })),
    fault("accept-http20", "HTTP/2.0 in a request line passes for HTTP/1.1.")
        .breaks("rfc6455/4.2.1-refuse")
        .shown_by(|| changed("HTTP/1.1", "HTTP/2.0"))
        .by(Request(|seen, _| {
            if seen.version() == b"HTTP/2.0" && seen.target() != b"*" {
                seen.set_version(b"HTTP/1.1");
            }
        })),
    fault("accept-http09", "HTTP/0.9 in a request line passes for HTTP/1.1.")
        .breaks("rfc6455/4.2.1-http-version")
        .shown_by(|| changed("HTTP/1.1", "HTTP/0.9"))
        .by(Request(|seen, _| {
            if seen.version() == b"HTTP/0.9" {
                seen.set_version(b"HTTP/1.1");
            }
        })),
    fault(
        "accept-http2-preface",
        "The preface of HTTP/2 is answered like a request for the whole server.",
    )
    .breaks("rfc9112/2.2-bad-request")
    .at(Point::PrefaceIgnored)
    .by(Request(|seen, _| {
        if seen.method() == b"PRI" {
            seen.set_method(b"OPTIONS");
            seen.set_version(b"HTTP/1.1");
            seen.set("Host", b"localhost");
        }
    })),
    fault("refuse-http12", "A minor version above 1 is refused.")
        .breaks("rfc9110/6.2-higher-minor")
        .shown_by(|| changed("HTTP/1.1", "HTTP/1.2"))
        .by(Refused(505, |seen| !seen.start.ends_with(b"0") && !seen.start.ends_with(b"1"))),
    fault("accept-space-in-target", "What follows a space in the target is dropped.")
        .breaks("rfc6455/4.2.1-target")
        .shown_by(|| changed("/chat", "/chat x"))
        .by(Request(|seen, _| {
            if let [method, target, _, .., last] = seen.words()[..] {
                seen.start = [method, target, last].join(&b' ');
            }
        })),
    fault("accept-fragment-target", "The fragment of a target is dropped.")
        .breaks("rfc6455/3-fragment")
        .shown_by(|| changed("/chat", "/chat#frag"))
        .by(Request(|seen, _| {
            let mut parts = seen.target().split(|&octet| octet == b'#');
            let whole = parts.next().unwrap_or_default().to_vec();
            seen.set_target(&whole);
        })),
    fault("accept-control-in-target", "Control octets in a target are dropped.")
        .breaks("rfc6455/4.2.1-target")
        .shown_by(|| changed("/chat", "/chat\x7f"))
        .by(Request(|seen, _| {
            let mut target = seen.target().to_vec();
            target.retain(|octet| (0x21..0x7f).contains(octet));
            seen.set_target(&target);
        })),
    fault("accept-asterisk-target", "A GET of the asterisk reaches the endpoint.")
        .breaks("rfc6455/4.2.1-target")
        .shown_by(|| changed("/chat", "*"))
        .by(Request(|seen, config| {
            if seen.method() == b"GET" && seen.target() == b"*" {
                seen.set_target(config.path.as_bytes());
            }
        })),
    fault("accept-authority-target", "A GET of an authority reaches the endpoint.")
        .breaks("rfc6455/4.2.1-target")
        .shown_by(|| changed("/chat", "localhost:80"))
        .by(Request(|seen, config| {
            if !seen.target().contains(&b'/') && seen.target().contains(&b':') {
                seen.set_target(config.path.as_bytes());
            }
        })),
    fault("accept-relative-target", "A target without its slash reaches the endpoint.")
        .breaks("rfc6455/4.2.1-target")
        .shown_by(|| changed("/chat", "chat"))
        .by(Request(|seen, config| {
            if seen.target().iter().all(u8::is_ascii_alphanumeric) {
                seen.set_target(config.path.as_bytes());
            }
        })),
    fault("no-absolute-form", "Refuses a target in absolute form.")
        .breaks("rfc9112/3.2.2-absolute-form")
        .shown_by(|| changed("/chat", "http://localhost/chat"))
        .by(Refused(400, |seen| seen.target().windows(3).any(|octets| octets == b"://"))),
    fault("host-beats-target", "Host is compared with the host of an absolute target.")
        .breaks("rfc9112/3.2.2-target-beats-host")
        .shown_by(|| changed("/chat", "http://other.invalid/chat"))
        .by(Refused(400, |seen| {
            let Some(rest) = seen.target().strip_prefix(b"http://") else {
                return false;
            };
            let host = rest.split(|&octet| octet == b'/').next().unwrap_or_default();
            !host.eq_ignore_ascii_case(&seen.joined("Host"))
        })),
    fault("accept-empty-authority", "A target without a host is served.")
        .breaks("rfc9110/4.2.1-empty-host")
        .shown_by(|| changed("/chat", "http:///chat"))
        .by(Request(|seen, _| {
            if let Some(path) =
                seen.target().strip_prefix(b"http://").filter(|rest| rest.starts_with(b"/"))
            {
                let path = path.to_vec();
                seen.set_target(&path);
            }
        })),
    fault("accept-userinfo", "Userinfo in a target is dropped.")
        .breaks("rfc9110/4.2.4-userinfo")
        .shown_by(|| changed("/chat", "http://user@localhost/chat"))
        .by(Request(|seen, _| {
            if let Some(at) = seen.target().iter().position(|&octet| octet == b'@') {
                let target = [b"http://", &seen.target()[at + 1..]].concat();
                seen.set_target(&target);
            }
        })),
    fault("short-request-lines", "Request lines end at 4000 octets.")
        .breaks("rfc9112/3-8000-octets")
        .shown_by(|| changed("/chat", &format!("/chat?{}", "a".repeat(4000))))
        .by(Refused(414, |seen| seen.start.len() > 4000)),
    fault("server-error-on-long-target", "A target that is too long is the server's own error.")
        .breaks("rfc9112/3-long-target")
        .shown_by(|| changed("/chat", &format!("/{}", "a".repeat(100_000))))
        .by(Answer(|answer, _| {
            if answer.status == 414 {
                answer.status = 500;
            }
        })),
    fault("server-error-on-large-head", "A head that is too large is the server's own error.")
        .breaks("rfc9110/5.4-field-limit")
        .shown_by(|| added(&format!("X-Big: {}", "a".repeat(100_000))))
        .by(Answer(|answer, _| {
            if answer.status == 431 {
                answer.status = 500;
            }
        })),
    fault("silent-on-large-head", "A head that is too large is never answered.")
        .breaks("rfc9110/5.4-field-limit")
        .shown_by(|| added(&format!("X-Big: {}", "a".repeat(100_000))))
        .by(Silence(|answer| answer.status == 431)),
    fault("hang-on-garbage", "Octets that are no request are never answered.")
        .breaks("rfc9112/3.2-invalid-request-line")
        .shown_by(|| octets("\u{16}\r\n\r\n"))
        .at(Point::GarbageUnanswered),
    fault("refuse-query", "Refuses a target with a query.")
        .breaks("rfc6455/3-resource-name")
        .shown_by(|| changed("/chat", "/chat?a"))
        .by(Refused(400, |seen| seen.target().contains(&b'?'))),
    fault("close-on-encoded-target", "An encoded octet in a target ends the connection.")
        .breaks("rfc9110/2.3-defensive")
        .shown_by(|| changed("/chat", "/%20"))
        .by(Dropped(|seen| seen.target().contains(&b'%'))),
    fault("close-on-other-scheme", "A target of another scheme than http ends the connection.")
        .breaks("rfc9110/7.4-scheme")
        .shown_by(|| changed("/chat", "https://localhost/chat"))
        .by(Dropped(|seen| {
            let is_absolute = seen.target().windows(3).any(|octets| octets == b"://");
            is_absolute && !seen.target().starts_with(b"http:")
        })),
    fault("ok-on-unknown-path", "A path where nothing is is answered as a success.")
        .breaks("rfc6455/4.2.2-no-service")
        .shown_by(|| changed("/chat", "/nothing"))
        .by(Answer(|answer, seen| {
            if answer.status == 404 && !seen.is_extended_connect() {
                answer.status = 200;
            }
        })),
];

fn is_version(word: &[u8]) -> bool {
    matches!(word, [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
        if major.is_ascii_digit() && minor.is_ascii_digit())
}
