//! What a handshake offers, and where it comes from: subprotocols, extensions, Origin; and the
//! unusual in it.

use upspec_handshake::field::deflate::{Offer, PERMESSAGE_DEFLATE};
use upspec_handshake::field::extension::Extensions;
use upspec_handshake::field::is_token;

use super::{EXTENSIONS, PROTOCOL, contains};
use crate::fault::Effect::*;
use crate::fault::probe::{added, changed, plain};
use crate::fault::{Fault, Seen, fault};

pub(super) const ROWS: &[Fault] = &[
    // Subprotocols.
    fault("accept-malformed-subprotocols", "A malformed Sec-WebSocket-Protocol is ignored.")
        .breaks("rfc6455/4.3-protocol-client").shown_by(|| added("Sec-WebSocket-Protocol: a b"))
        .by(Request(|seen, _| {
            let offer = seen.joined(PROTOCOL);
            if !offer.split(|&octet| octet == b',').any(|name| is_token(name.trim_ascii())) {
                seen.remove(PROTOCOL);
            }
        })),
    fault(
        "only-first-protocol-line",
        "The first of several Sec-WebSocket-Protocol lines counts.",
    )
    .breaks("rfc9110/5.2-combined").shown_by(|| added("Sec-WebSocket-Protocol: x-unknown\r\nSec-WebSocket-Protocol: chat"))
    .by(Request(|seen, _| seen.keep_first(PROTOCOL))),
    fault("only-last-protocol-line", "The last of several Sec-WebSocket-Protocol lines counts.")
        .breaks("rfc9110/5.2-combined")
        .shown_by(|| added("Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: x-unknown"))
        .by(Request(|seen, _| seen.keep_last(PROTOCOL))),
    fault("two-protocol-lines", "Only the outer ones of three or more Sec-WebSocket-Protocol lines count.")
        .breaks("rfc9110/5.2-combined")
        .shown_by(|| {
            added("Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: b")
        })
        .by(Request(|seen, _| seen.keep_outer(PROTOCOL))),
    fault("subprotocol-never-selected", "An offer of subprotocols is ignored.")
        .breaks("rfc6455/4.2.2-subprotocol-choice")
        .shown_by(|| added("Sec-WebSocket-Protocol: chat"))
        .by(Request(|seen, _| seen.remove(PROTOCOL))),
    fault("second-subprotocol-unknown", "Of the subprotocols only the first is known.")
        .breaks("rfc6455/4.2.2-subprotocol-choice")
        .shown_by(|| added("Sec-WebSocket-Protocol: superchat"))
        .by(Request(|seen, config| {
            let offer = seen.joined(PROTOCOL);
            if config.subprotocols.get(1).is_some_and(|name| offer == name.as_bytes()) {
                seen.remove(PROTOCOL);
            }
        })),
    fault(
        "subprotocol-lost-beside-extensions",
        "An offer of subprotocols is forgotten where extensions are accepted.",
    )
    .breaks("rfc6455/4.2.2-subprotocol-choice")
    .shown_by(|| added("Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Protocol: chat"))
    .by(Request(|seen, _| {
        if contains(&seen.joined(EXTENSIONS), PERMESSAGE_DEFLATE.as_bytes()) {
            seen.remove(PROTOCOL);
        }
    })),
    fault("old-protocol-field", "WebSocket-Protocol passes for Sec-WebSocket-Protocol.")
        .breaks("rfc6455/4.2.2-no-subprotocol").shown_by(|| added("WebSocket-Protocol: chat"))
        .by(Request(|seen, _| {
            if let Some(value) = seen.value("WebSocket-Protocol") {
                seen.set(PROTOCOL, &value);
            }
        })),
    fault("error-on-subprotocols", "An offer of subprotocols ends in the server's own error.")
        .breaks("rfc6455/4.2.2-subprotocol-choice").shown_by(|| added("Sec-WebSocket-Protocol: chat"))
        .by(Refused(500, |seen| seen.has(PROTOCOL))),
    // Extensions.
    fault("accept-malformed-extensions", "A malformed Sec-WebSocket-Extensions is ignored.")
        .breaks("rfc6455/9.1-malformed").shown_by(|| added("Sec-WebSocket-Extensions: permessage-deflate;"))
        .by(Request(|seen, _| {
            if !Extensions::parse(&seen.joined(EXTENSIONS)).is_well_formed() {
                seen.remove(EXTENSIONS);
            }
        })),
    fault(
        "only-first-extension-line",
        "The first of several Sec-WebSocket-Extensions lines counts.",
    )
    .breaks("rfc9110/5.2-combined").shown_by(|| added("Sec-WebSocket-Extensions: x-foo\r\nSec-WebSocket-Extensions: permessage-deflate"))
    .by(Request(|seen, _| seen.keep_first(EXTENSIONS))),
    fault(
        "only-last-extension-line",
        "The last of several Sec-WebSocket-Extensions lines counts.",
    )
    .breaks("rfc9110/5.2-combined")
    .shown_by(|| added("Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Extensions: x-foo"))
    .by(Request(|seen, _| seen.keep_last(EXTENSIONS))),
    fault("two-extension-lines", "Only the outer ones of three or more Sec-WebSocket-Extensions lines count.")
        .breaks("rfc9110/5.2-combined")
        .shown_by(|| {
            added("Sec-WebSocket-Extensions: a\r\nSec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Extensions: b")
        })
        .by(Request(|seen, _| seen.keep_outer(EXTENSIONS))),
    fault("quoted-comma-splits", "An offer of extensions is split at commas inside quoted strings.")
        .breaks("rfc6455/9.1-malformed")
        .shown_by(|| added("Sec-WebSocket-Extensions: x; y=\",permessage-deflate,\""))
        .by(Request(|seen, _| keep_well_formed(seen, b',', b", "))),
    fault("quoted-semicolon-splits", "A parameter of an extension ends at a semicolon inside its value.")
        .breaks("rfc6455/9.1-malformed")
        .shown_by(|| added("Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=\"10; x\""))
        .by(Request(|seen, _| {
            let offer = seen.joined(EXTENSIONS);
            if contains(&offer, b"\"") && contains(&offer, b";") {
                let bare: Vec<u8> = offer.into_iter().filter(|octet| *octet != b'"').collect();
                seen.set(EXTENSIONS, &bare);
            }
        })),
    fault("quoted-parameter-ends-offers", "What follows a quoted value in an offer of extensions is not seen.")
        .breaks("rfc6455/4.3-extension-param")
        .shown_by(|| added("Sec-WebSocket-Extensions: x-foo; a=\"1\", permessage-deflate"))
        .by(Request(|seen, _| {
            let offer = seen.joined(EXTENSIONS);
            let quote = offer.iter().position(|octet| *octet == b'"');
            if let Some(at) = quote.filter(|_| Extensions::parse(&offer).is_well_formed()) {
                let value = String::from_utf8_lossy(&offer[..at]).into_owned();
                seen.set(EXTENSIONS, value.trim_end_matches('=').as_bytes());
            }
        })),
    fault("only-first-extension-offer", "The first of several offers counts.")
        .breaks("rfc7692/7-unknown-param").shown_by(|| added("Sec-WebSocket-Extensions: x-foo, permessage-deflate"))
        .by(Request(|seen, _| {
            let offers = seen.joined(EXTENSIONS);
            let mut each = offers.split(|&octet| octet == b',');
            let first = each.find(|offer| !offer.trim_ascii().is_empty());
            if let Some(first) = first.filter(|_| Extensions::parse(&offers).is_well_formed()) {
                seen.set(EXTENSIONS, first);
            }
        })),
    fault(
        "several-offers-declined",
        "permessage-deflate is declined where there are several offers of it.",
    )
    .breaks("rfc7692/7.1.2.1-echo").shown_by(|| added("Sec-WebSocket-Extensions: permessage-deflate, permessage-deflate"))
    .by(Request(|seen, _| {
        let offers = seen.joined(EXTENSIONS);
        if Extensions::parse(&offers).named(PERMESSAGE_DEFLATE).count() > 1 {
            seen.remove(EXTENSIONS);
        }
    })),
    fault(
        "accept-unknown-deflate-parameter",
        "A parameter that permessage-deflate lacks is ignored.",
    )
    .breaks("rfc7692/7-unknown-param").shown_by(|| added("Sec-WebSocket-Extensions: permessage-deflate; foo"))
    .by(Request(|seen, _| {
        read_deflate(seen, |name, value, _| is_deflate_parameter(name).then(|| value.cloned()));
    })),
    fault("accept-invalid-deflate-value", "An invalid value of a parameter is ignored.")
        .breaks("rfc7692/7-invalid-value").shown_by(|| added("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=16"))
        .by(Request(|seen, _| read_deflate(seen, |name, value, _| Some(mended(name, value))))),
    fault("accept-repeated-deflate-parameter", "A repeated parameter counts once.")
        .breaks("rfc7692/7-repeated-param").shown_by(|| added("Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; server_no_context_takeover"))
        .by(Request(|seen, _| {
            read_deflate(seen, |_, value, is_repeated| (!is_repeated).then(|| value.cloned()));
        })),
    fault(
        "refuse-invalid-deflate-offer",
        "Refuses the whole handshake for a bad offer.",
    )
    .breaks("rfc7692/7-invalid-value").shown_by(|| added("Sec-WebSocket-Extensions: permessage-deflate; foo"))
    .by(Refused(400, |seen| {
        let value = seen.joined(EXTENSIONS);
        let offers = Extensions::parse(&value);
        offers.named(PERMESSAGE_DEFLATE).any(|offer| Offer::parse(offer).is_err())
    })),
    // Origin.
    fault(
        "accept-any-origin",
        "Origin is not checked, although there is a list of allowed ones.",
    )
    .breaks("rfc6455/10.2-origin").shown_by(|| added("Origin: http://other.example"))
    .by(Request(|seen, _| seen.remove("Origin"))),
    fault("origin-by-beginning", "An origin is allowed that begins with an allowed one.")
        .breaks("rfc6455/10.2-origin").shown_by(|| added("Origin: http://good.example.other.example"))
        .by(Request(|seen, config| {
            let origin = seen.value("Origin").unwrap_or_default();
            if config.origins.iter().any(|allowed| origin.starts_with(allowed.as_bytes())) {
                seen.remove("Origin");
            }
        })),
    fault("origin-by-search", "An origin is allowed that holds an allowed one anywhere.")
        .breaks("rfc6455/10.2-origin").shown_by(|| added("Origin: http://other.example/http://good.example"))
        .by(Request(|seen, config| {
            let origin = seen.value("Origin").unwrap_or_default();
            if config.origins.iter().any(|allowed| contains(&origin, allowed.as_bytes())) {
                seen.remove("Origin");
            }
        })),
    fault(
        "only-first-origin",
        "The first of several origins counts, where there is a list of allowed ones.",
    )
    .breaks("rfc6455/10.2-origin").shown_by(|| added("Origin: http://good.example\r\nOrigin: http://other.example"))
    .by(Request(|seen, _| seen.keep_first("Origin"))),
    // The unusual.
    fault("refuse-extensions", "An offer of any extension gets the handshake refused.")
        .breaks("rfc6455/4.2.1-extension-list").shown_by(|| added("Sec-WebSocket-Extensions: x-foo"))
        .by(Refused(400, |seen| seen.has(EXTENSIONS))),
    fault("close-on-empty-origin", "An empty Origin ends the connection.")
        .breaks("rfc6455/4.2.2-origin-decides").shown_by(|| added("Origin:"))
        .by(Dropped(|seen| seen.values("Origin").last().is_some_and(|origin| origin.is_empty()))),
    fault("close-on-tls-upgrade", "An offer of TLS ends the connection.")
        .breaks("rfc2817/3.3-switch").shown_by(|| plain("Connection: Upgrade\r\nUpgrade: TLS/1.2"))
        .by(Dropped(|seen| seen.joined("Upgrade").starts_with(b"TLS/"))),
    fault(
        "close-on-odd-handshake",
        "A handshake with more than the usual names in it is dropped without an answer.",
    )
    .breaks("rfc6455/4.2.1-refuse").shown_by(|| changed("Upgrade: websocket", "Upgrade: foo/2, websocket"))
    .by(Dropped(is_odd_handshake)),
    fault(
        "close-on-odd-extensions",
        "Capitals or space in an offer of extensions end the connection.",
    )
    .breaks("rfc9110/2.3-defensive").shown_by(|| added("Sec-WebSocket-Extensions: X-Unknown"))
    .by(Dropped(|seen| {
        let offer = seen.joined(EXTENSIONS);
        let is_spaced = contains(&offer, b" =") || contains(&offer, b"= ");
        is_spaced || offer.iter().any(u8::is_ascii_uppercase)
    })),
    fault("refuse-quoted-parameter", "Refuses a quoted value in an offer of extensions.")
        .breaks("rfc6455/4.3-extension-param").shown_by(|| added("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=\"9\""))
        .by(Refused(400, |seen| seen.joined(EXTENSIONS).contains(&b'"'))),
    fault(
        "short-subprotocol-offer-ignored",
        "An offer of one or two subprotocols is ignored.",
    )
    .breaks("rfc6455/4.2.2-subprotocol-choice").shown_by(|| added("Sec-WebSocket-Protocol: chat"))
    .by(Request(|seen, _| {
        if seen.joined(PROTOCOL).iter().filter(|octet| **octet == b',').count() < 2 {
            seen.remove(PROTOCOL);
        }
    })),
    fault("not-found-on-foreign-origin", "A foreign origin is told that there is nothing here.")
        .breaks("rfc6455/10.2-origin-403").shown_by(|| added("Origin: http://other.example"))
        .by(Answer(|answer, _| {
            if answer.status == 403 {
                answer.status = 404;
            }
        })),
];

/// Splits an offer of extensions at this octet, wherever it stands, and keeps what is in order by itself.
fn keep_well_formed(seen: &mut Seen, separator: u8, joint: &[u8]) {
    let offer = seen.joined(EXTENSIONS);
    if !contains(&offer, b"\"") {
        return;
    }
    let parts = offer.split(|octet| *octet == separator);
    let kept: Vec<&[u8]> = parts.filter(|part| Extensions::parse(part).is_well_formed()).collect();
    seen.remove(EXTENSIONS);
    if !kept.is_empty() {
        seen.set(EXTENSIONS, &kept.join(joint));
    }
}

/// More than the name of the protocol in Upgrade, or a field name among the options.
fn is_odd_handshake(seen: &Seen) -> bool {
    let upgrade = seen.joined("Upgrade").to_ascii_lowercase();
    let options = seen.joined("Connection").to_ascii_lowercase();
    let is_more = contains(&upgrade, b"websocket") && upgrade != b"websocket";
    is_more || contains(&options, b"host") || contains(&options, b"sec-websocket")
}

/// A parameter's value, if it has one, if the parameter is kept.
type Kept = Option<Option<Vec<u8>>>;

/// Passes the parameters of each offer of permessage-deflate through `change`, which gets name,
/// value, and whether the name is there for a second time. It keeps a parameter with the value that
/// it returns, or drops it.
fn read_deflate(seen: &mut Seen, change: fn(&[u8], Option<&Vec<u8>>, bool) -> Kept) {
    if !seen.has(EXTENSIONS) {
        return;
    }
    let mut written = Vec::new();
    for offer in seen.joined(EXTENSIONS).split(|&octet| octet == b',') {
        let mut parts = offer.split(|&octet| octet == b';').map(<[u8]>::trim_ascii);
        let name = parts.next().unwrap_or_default();
        if name != PERMESSAGE_DEFLATE.as_bytes() {
            written.push(offer.to_vec());
            continue;
        }
        let mut known: Vec<&[u8]> = Vec::new();
        let mut kept = vec![name.to_vec()];
        for part in parts {
            let equals = part.iter().position(|&octet| octet == b'=');
            let name = part[..equals.unwrap_or(part.len())].trim_ascii();
            let value = equals.map(|at| part[at + 1..].trim_ascii().to_vec());
            match change(name, value.as_ref(), known.contains(&name)) {
                Some(Some(value)) => kept.push([name, b"=", &value].concat()),
                Some(None) => kept.push(name.to_vec()),
                None => {}
            }
            known.push(name);
        }
        written.push(kept.join(&b"; "[..]));
    }
    seen.set(EXTENSIONS, &written.join(&b','));
}

/// A valid value in place of an invalid one.
fn mended(name: &[u8], value: Option<&Vec<u8>>) -> Option<Vec<u8>> {
    let bits = value.map(|value| String::from_utf8_lossy(value).into_owned());
    let bits = bits.as_deref().map(|bits| bits.strip_prefix('"').unwrap_or(bits));
    let bits = bits.map(|bits| bits.strip_suffix('"').unwrap_or(bits));
    let is_valid = bits.is_some_and(|bits| VALID_BITS.contains(&bits));
    match name {
        b"server_max_window_bits" if !is_valid => Some(b"15".to_vec()),
        b"client_max_window_bits" if !is_valid && value.is_some() => Some(b"15".to_vec()),
        b"server_no_context_takeover" | b"client_no_context_takeover" => None,
        _ => value.cloned(),
    }
}

fn is_deflate_parameter(name: &[u8]) -> bool {
    matches!(
        name,
        b"client_max_window_bits"
            | b"client_no_context_takeover"
            | b"server_max_window_bits"
            | b"server_no_context_takeover"
    )
}

const VALID_BITS: [&str; 8] = ["8", "9", "10", "11", "12", "13", "14", "15"];
