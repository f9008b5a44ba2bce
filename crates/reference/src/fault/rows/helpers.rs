//! Faults of helpers that a server hands a request to: parsers of URLs and cookies that throw, filters that
//! refuse what they need not know. What HTTP and WebSocket ask for is unharmed until such a value comes.

use upspec_handshake::field::elements_of;

use super::contains;
use crate::fault::Effect::*;
use crate::fault::probe::{added, changed, plain};
use crate::fault::{Fault, Seen, fault};

pub(super) const ROWS: &[Fault] = &[
    // Origin.
    fault("origin-unparsable-500", "An Origin that is no URL ends in the server's own error.")
        .breaks("rfc6455/4.2.1-refuse")
        .shown_by(|| added("Origin: http://["))
        .by(Refused(500, has_unparsable_origin)),
    fault("origin-unparsable-hang", "A handshake with an Origin that is no URL is never answered.")
        .breaks("rfc6455/4.2.1-refuse")
        .shown_by(|| added("Origin: http://["))
        .by(Unanswered(has_unparsable_origin)),
    // The target.
    fault("target-unparsable-close", "A target that reads as a URL without a host is dropped without an answer.")
        .breaks("rfc9112/3.2.1-origin-form")
        .shown_by(|| changed("/chat", "//[]/ws"))
        .by(Dropped(|seen| seen.target().starts_with(b"//"))),
    fault("target-slashes-redirected", "A path that begins with two slashes is redirected to itself.")
        .breaks("rfc9112/3.2.1-origin-form")
        .shown_by(|| changed("/chat", "//a.example/ws"))
        .by(Answer(|answer, seen| {
            let target = seen.target();
            if target.starts_with(b"//") {
                answer.status = 301;
                answer.add("Location", [target, b"/"].concat());
            }
        })),
    fault("target-bad-percent-hang", "A target that cannot be decoded is never answered.")
        .breaks("rfc6455/4.2.1-target")
        .shown_by(|| changed("/chat", "/%zz"))
        .by(Unanswered(|seen| is_undecodable(seen.target()))),
    fault("target-bad-percent-500", "A target that cannot be decoded ends in the server's own error.")
        .breaks("rfc6455/4.2.1-target")
        .shown_by(|| changed("/chat", "/%zz"))
        .by(Refused(500, |seen| is_undecodable(seen.target()))),
    fault("target-backslash-read", "A target with a backslash is dropped without an answer.")
        .breaks("rfc6455/4.2.1-target")
        .shown_by(|| changed("/chat", "/\\ws"))
        .by(Dropped(|seen| seen.target().contains(&b'\\'))),
    fault("absolute-host-unread", "Only the path of an absolute target is used.")
        .breaks("rfc9112/3.2-invalid-request-line")
        .shown_by(|| changed("/chat", "http://[/chat"))
        .by(Request(|seen, _| {
            let target = seen.target().to_vec();
            let authority = target.strip_prefix(b"http://").unwrap_or_default();
            if let Some(slash) = authority.iter().position(|octet| *octet == b'/') {
                seen.set_target(&authority[slash..]);
            }
        })),
    fault("large-port-500", "A Host with a port above 65535 ends in the server's own error.")
        .breaks("rfc6455/4.2.1-host")
        .shown_by(|| changed("Host: localhost", "Host: localhost:99999"))
        .by(Refused(500, |seen| seen.value("Host").is_some_and(|host| host.ends_with(b":99999")))),
    // Fields beside the handshake.
    fault("cookie-percent-closed", "A cookie that cannot be decoded ends the connection.")
        .breaks("rfc6455/4.2.1-other-fields")
        .shown_by(|| added("Cookie: a=%"))
        .by(Dropped(|seen| is_undecodable(&seen.joined("Cookie")))),
    fault("odd-field-500", "A field that a helper cannot read ends in the server's own error.")
        .breaks("rfc6455/4.2.1-other-fields")
        .shown_by(|| added("Referer: http://["))
        .by(Refused(500, has_odd_field)),
    // Offers that may be ignored.
    fault("h2c-offer-refused", "Refuses an offer of h2c.")
        .breaks("rfc9110/7.8-ignore")
        .shown_by(|| plain("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__"))
        .by(Refused(400, |seen| seen.lists("Upgrade", b"h2c"))),
    fault("any-offer-refused", "Refuses an offer of anything but websocket.")
        .breaks("rfc9110/7.8-ignore")
        .shown_by(|| plain("Connection: Upgrade\r\nUpgrade: x/1"))
        .by(Refused(400, |seen| {
            let offer = seen.joined("Upgrade").to_ascii_lowercase();
            !offer.is_empty() && !contains(&offer, b"websocket")
        })),
    fault("any-offer-500", "An offer without a key ends in the server's own error.")
        .breaks("rfc9110/7.8-ignore")
        .shown_by(|| plain("Connection: Upgrade\r\nUpgrade: websocket"))
        .by(Refused(500, |seen| seen.has("Upgrade") && !seen.has(super::KEY))),
    fault("upgrade-option-alone-refused", "Refuses the connection option upgrade without the field.")
        .breaks("rfc9110/7.6.1-option-without-field")
        .shown_by(|| plain("Connection: upgrade"))
        .by(Refused(400, |seen| {
            let mut options = elements_of(seen.values("Connection"));
            !seen.has("Upgrade") && options.any(|option| option.eq_ignore_ascii_case(b"upgrade"))
        })),
    fault("head-dropped", "HEAD is dropped without an answer.")
        .breaks("rfc9110/9.1-get-head")
        .shown_by(|| changed("GET", "HEAD"))
        .by(Dropped(|seen| seen.method() == b"HEAD")),
    fault("post-dropped", "POST is dropped without an answer.")
        .breaks("rfc9110/9.1-not-allowed")
        .shown_by(|| changed("GET", "POST"))
        .by(Dropped(|seen| seen.method() == b"POST")),
];

/// Whether a parser of URLs gives up at an origin.
fn has_unparsable_origin(seen: &Seen) -> bool {
    let is_odd = |origin: &[u8]| {
        let authority = origin.strip_prefix(b"http://").unwrap_or_default();
        let port = authority.rsplit(|octet| *octet == b':').next().unwrap_or_default();
        let has_port = port.len() < authority.len();
        let is_port = std::str::from_utf8(port).is_ok_and(|port| port.parse::<u16>().is_ok());
        contains(origin, b"[")
            || origin.starts_with(b":")
            || origin.contains(&b',')
            || (has_port && !is_port)
    };
    seen.values("Origin").iter().any(|origin| is_odd(origin))
}

/// Whether a percent sign begins no encoded octet.
fn is_undecodable(octets: &[u8]) -> bool {
    let is_hex = |octet: &u8| octet.is_ascii_hexdigit();
    octets
        .split(|octet| *octet == b'%')
        .skip(1)
        .any(|rest| !rest.iter().take(2).all(is_hex) || rest.len() < 2)
}

/// Whether some field beside the handshake has a value that its helper chokes on.
fn has_odd_field(seen: &Seen) -> bool {
    let cookie = seen.joined("Cookie");
    let quotes = cookie.iter().filter(|octet| **octet == b'"').count();
    let agents = seen.values("User-Agent");
    !quotes.is_multiple_of(2)
        || cookie.starts_with(b"=")
        || contains(&seen.joined("Referer"), b"[")
        || agents.iter().any(|agent| agent.is_empty())
        || contains(&seen.joined("X-Forwarded-For"), b"_")
        || contains(&seen.joined("Accept-Language"), b"q=x")
        || seen.joined("Authorization").ends_with(b" =")
}
