//! The head of each request that a client sends: its grammar, its fields, and whether it asks for what its URL says.
//! What makes it an opening handshake is in `request`.

use upspec_handshake::ViolationKind;
use upspec_handshake::field::deflate::{Offer, PERMESSAGE_DEFLATE};
use upspec_handshake::field::extension::Extensions;
use upspec_handshake::field::framing::Framing;
use upspec_handshake::field::host::Host;
use upspec_handshake::field::target::Target;
use upspec_handshake::field::{elements, is_token};
use upspec_handshake::h2::PREFACE;

use super::url::WsUrl;
use super::{Asked, Breach};
use crate::forwarded::normal;
use crate::text::shown;

/// The head matches its grammar (RFC 9112 2.1, 3, 5).
pub(super) fn grammar(asked: &Asked<'_, '_>, breaches: &mut Vec<Breach>) {
    for violation in &asked.request.head.violations {
        let Some(requirement) = requirement(violation.kind) else {
            continue;
        };
        let message = format!("the request head has {}", violation.kind.describe());
        let at = asked.request.at + violation.at.start..asked.request.at + violation.at.end;
        breaches.push(Breach::new(requirement, message).at(at));
    }
}

fn requirement(kind: ViolationKind) -> Option<&'static str> {
    use ViolationKind as Kind;
    Some(match kind {
        Kind::BareCr => "rfc9112/2.2-bare-cr-sent",
        Kind::BareLf => "rfc9112/2.1-message",
        Kind::ControlOctet | Kind::Nul => "rfc9110/2.2-grammar",
        Kind::FieldNameEmpty
        | Kind::FieldNameNotToken
        | Kind::FieldWithoutColon
        | Kind::SpaceBeforeColon => "rfc9112/5-field-line",
        Kind::LeadingEmptyLine => "rfc9112/2.2-extra-crlf",
        Kind::MethodNotToken
        | Kind::RequestLineShape
        | Kind::TargetOctet
        | Kind::VersionMalformed => "rfc9112/3-request-line",
        Kind::ObsFold => "rfc9112/5.2-no-fold",
        Kind::SpaceLedFirstLine => "rfc9112/2.2-space-before-fields-sent",
        _ => return None,
    })
}

/// A request of a client that was given a URL asks for what it says (RFC 6455 4.1 items 3 and 4).
pub(super) fn destination(asked: &Asked<'_, '_>, breaches: &mut Vec<Breach>) {
    let Some(url) = asked.talk.link.url.as_deref().and_then(WsUrl::parse) else {
        return;
    };
    let head = asked.head();
    // CONNECT asks a proxy, and the first request alone is made from the URL.
    if asked.request.at > 0 || head.method == b"CONNECT" {
        return;
    }
    let line = head.line.clone();
    let came = normal(head.target);
    let came = if came.starts_with(b"/") { came } else { [b"/", &came[..]].concat() };
    let came = came.strip_suffix(b"?").unwrap_or(&came);
    if came != normal(url.resource().as_bytes()) {
        let message = format!(
            "the target is {}, and the URL asks for {}",
            shown(head.target, 60),
            shown(url.resource().as_bytes(), 60)
        );
        let breach = Breach::new("rfc6455/4.1-target", message).at(line.clone());
        // What is encoded in one and not in the other most servers do not tell apart.
        let alike = decoded(came) == decoded(url.resource().as_bytes());
        breaches.push(if alike { breach.at_most_warn() } else { breach });
    } else if matches!(Target::parse(head.target), Ok(Target::Absolute(_))) {
        let message = "the target has the form for proxies (a warning, for RFC 6455 allows it)";
        let breach = Breach::new("rfc9112/3.2.1-client-target", message).at(line);
        breaches.push(breach.at_most_warn());
    }
    let values: Vec<&[u8]> = asked.fields().values("Host").collect();
    if let [value] = values[..]
        && Host::parse(value).is_ok()
        && !is_same_host(value, &url)
    {
        let message =
            format!("Host is {}, and the URL names {}", shown(value, 60), url.authority());
        breaches.push(asked.breach("rfc9112/3.2-client-host", message, "Host"));
    }
}

/// Whether Host names what the URL names; an address may be spelled in another way.
pub(super) fn is_same_host(value: &[u8], url: &WsUrl<'_>) -> bool {
    let address = |text: &str| {
        text.rsplit_once(':').and_then(|(host, port)| {
            let host: std::net::Ipv6Addr =
                host.strip_prefix('[')?.strip_suffix(']')?.parse().ok()?;
            Some((host, port.to_owned()))
        })
    };
    let (came, asked) = (String::from_utf8_lossy(value), url.authority());
    came.eq_ignore_ascii_case(&asked)
        || address(&came).is_some_and(|came| Some(came) == address(&asked))
}

/// A target with every octet as it is.
pub(super) fn decoded(target: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(target.len());
    let mut rest = target;
    while let [first, behind @ ..] = rest {
        let digits = behind.get(..2).filter(|_| *first == b'%');
        let octet =
            digits.and_then(|digits| u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok());
        out.push(octet.unwrap_or(*first));
        rest = &behind[if octet.is_some() { 2 } else { 0 }..];
    }
    out
}

/// Host is the first field, as a user agent should have it (RFC 9110 7.2).
pub(super) fn host_first(asked: &Asked<'_, '_>, breaches: &mut Vec<Breach>) {
    let first = asked.fields().into_iter().next();
    if asked.fields().contains("Host") && first.is_some_and(|line| !line.is_named("Host")) {
        let message = "Host is not the first field".to_owned();
        breaches.push(asked.breach("rfc9110/7.2-host-first", message, "Host"));
    }
}

/// A field that is not a list occurs once (RFC 9110 5.3).
pub(super) fn once(asked: &Asked<'_, '_>, breaches: &mut Vec<Breach>) {
    for (name, requirement) in SINGLETONS {
        let count = asked.fields().lines(name).count();
        if count > 1 {
            let second = asked.fields().lines(name).nth(1);
            let at = second.map_or(0..asked.head().len, |line| line.line.clone());
            let at = asked.request.at + at.start..asked.request.at + at.end;
            breaches.push(Breach::new(requirement, format!("{name} appears {count} times")).at(at));
        }
    }
}

const SINGLETONS: [(&str, &str); 10] = [
    ("Authorization", "rfc9110/5.3-repeated-lines"),
    ("Content-Length", "rfc9110/5.3-repeated-lines"),
    ("Content-Type", "rfc9110/5.3-repeated-lines"),
    ("Cookie", "rfc6265/5.4-one-cookie-field"),
    ("Host", "rfc9112/3.2-client-host"),
    ("Origin", "rfc9110/5.3-repeated-lines"),
    ("Referer", "rfc9110/5.3-repeated-lines"),
    ("Sec-WebSocket-Key", "rfc6455/11.3.1-key-once"),
    ("Sec-WebSocket-Version", "rfc6455/11.3.5-version-once"),
    ("User-Agent", "rfc9110/5.3-repeated-lines"),
];

/// A sender makes no empty list elements (RFC 9110 5.6.1.1); an empty value does not count.
pub(super) fn no_empty_elements(asked: &Asked<'_, '_>, breaches: &mut Vec<Breach>) {
    for line in asked.fields() {
        let is_list = LISTS.iter().any(|name| line.is_named(name));
        if is_list
            && !line.value.is_empty()
            && elements(&line.value).any(|element| element.is_empty())
        {
            let message = format!("an element of the list {} is empty", shown(&line.value, 80));
            let at = asked.request.at + line.line.start..asked.request.at + line.line.end;
            breaches.push(Breach::new("rfc9110/5.6.1.1-no-empty-elements", message).at(at));
        }
    }
}

const LISTS: [&str; 6] = [
    "Connection",
    "Sec-WebSocket-Extensions",
    "Sec-WebSocket-Protocol",
    "TE",
    "Transfer-Encoding",
    "Upgrade",
];

/// Connection lists what is for the next hop: nothing that is meant for all recipients, and every field that is not
/// (RFC 9110 7.6.1).
pub(super) fn options(asked: &Asked<'_, '_>, breaches: &mut Vec<Breach>) {
    let value = asked.fields().combined("Connection").unwrap_or_default();
    let is_listed = |name: &str| {
        elements(&value).any(|element| element.bytes.eq_ignore_ascii_case(name.as_bytes()))
    };
    for element in elements(&value).filter(|element| !element.is_empty()) {
        if !is_token(element.bytes) {
            let message = format!("Connection holds {}", shown(element.bytes, 40));
            breaches.push(asked.breach("rfc9110/7.6.1-grammar", message, "Connection"));
        }
    }
    for name in END_TO_END.into_iter().filter(|name| is_listed(name)) {
        let message = format!("Connection names {name}, which is meant for all recipients");
        let breach = asked.breach("rfc9110/7.6.1-end-to-end", message, "Connection");
        // Whom these are meant for no text says.
        let is_of_websocket = name.starts_with("Sec-WebSocket-");
        breaches.push(if is_of_websocket { breach.at_most_warn() } else { breach });
    }
    let own = ["HTTP2-Settings", "Keep-Alive", "TE"].into_iter();
    for name in own.filter(|name| asked.fields().contains(name) && !is_listed(name)) {
        let message = format!("{name} is for the next hop, and Connection does not name it");
        breaches.push(asked.breach("rfc9110/7.6.1-listed", message, name));
    }
}

const END_TO_END: [&str; 11] = [
    "Authorization",
    "Cache-Control",
    "Content-Type",
    "Cookie",
    "Host",
    "Origin",
    "Sec-WebSocket-Extensions",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Version",
    "User-Agent",
];

/// A GET has no content, and nothing that announces some (RFC 9110 8.6, 10.1.1; RFC 9112 6.1).
pub(super) fn content(asked: &Asked<'_, '_>, breaches: &mut Vec<Breach>) {
    let fields = asked.fields();
    if asked.head().method != b"GET" {
        return;
    }
    if fields.contains("Content-Length") {
        let message = "a GET without content has Content-Length".to_owned();
        breaches.push(asked.breach("rfc9110/8.6-no-content-no-length", message, "Content-Length"));
    }
    if fields.contains("Transfer-Encoding") {
        // The client cannot know yet what the server speaks.
        let message = "a first request has Transfer-Encoding".to_owned();
        let breach = asked.breach("rfc9112/6.1-client-te", message, "Transfer-Encoding");
        breaches.push(breach.at_most_warn());
    }
    let expects = fields.combined("Expect").unwrap_or_default();
    let expects = elements(&expects).any(|one| one.bytes.eq_ignore_ascii_case(b"100-continue"));
    if expects && matches!(Framing::of_request(asked.head()), Framing::None | Framing::Length(0)) {
        let message = "a request without content expects 100".to_owned();
        breaches.push(asked.breach("rfc9110/10.1.1-client-content", message, "Expect"));
    }
}

/// Origin is a serialized origin, several of them, or null (RFC 6454 7.1). The value is mostly what the user says:
/// a warning at most.
pub(super) fn origin(asked: &Asked<'_, '_>, breaches: &mut Vec<Breach>) {
    let Some(value) = asked.fields().values("Origin").next() else {
        return;
    };
    let is_one = |one: &[u8]| {
        let Ok(Target::Absolute(uri)) = Target::parse(one) else {
            return false;
        };
        let bare = uri.userinfo.is_none() && uri.path.is_empty() && uri.query.is_none();
        bare && uri.host.is_some_and(|host| !host.host.is_empty())
    };
    if value != b"null" && !value.split(|octet| *octet == b' ').all(is_one) {
        let message = format!("Origin is {}, no serialized origin", shown(value, 60));
        breaches.push(asked.breach("rfc6455/4.1-origin-value", message, "Origin").at_most_warn());
    }
}

/// The extensions on offer are well-formed, registered, and have what is defined for them (RFC 6455 4.3, 9.1).
pub(super) fn extensions(asked: &Asked<'_, '_>, breaches: &mut Vec<Breach>) {
    let name = "Sec-WebSocket-Extensions";
    let Some(value) = asked.fields().combined(name) else {
        return;
    };
    let extensions = Extensions::parse(&value);
    if !extensions.is_well_formed() {
        let message = format!("{name} is {}, no list of extensions", shown(&value, 80));
        breaches.push(asked.breach("rfc6455/4.3-extension-param", message, name));
    }
    for extension in &extensions.list {
        let is_registered =
            REGISTERED.iter().any(|known| extension.name.eq_ignore_ascii_case(known.as_bytes()));
        if !is_registered {
            let message = format!(
                "the extension {} is not registered (a warning, for it may be agreed on in private)",
                shown(extension.name, 40)
            );
            breaches.push(asked.breach("rfc6455/9.1-registered", message, name).at_most_warn());
        }
        if extension.name.eq_ignore_ascii_case(PERMESSAGE_DEFLATE.as_bytes())
            && let Err(violations) = Offer::parse_in_any_case(extension)
        {
            let odd: Vec<String> = violations.iter().map(|one| shown(one.parameter, 40)).collect();
            let message =
                format!("permessage-deflate is offered with an invalid {}", odd.join(", "));
            breaches.push(asked.breach("rfc6455/9.1-defined-params", message, name));
        }
    }
}

const REGISTERED: [&str; 2] = [PERMESSAGE_DEFLATE, "bbf-usp-protocol"];

/// The last character of a key has no bits that stand for nothing (RFC 4648 3.5; erratum 3150 of RFC 6455).
pub(super) fn key_bits(asked: &Asked<'_, '_>, breaches: &mut Vec<Breach>) {
    let Some(value) = asked.fields().values("Sec-WebSocket-Key").next() else {
        return;
    };
    let last =
        value.strip_suffix(b"==").filter(|rest| rest.len() == 22).and_then(|rest| rest.last());
    if last.is_some_and(|last| last.is_ascii_alphanumeric() && !b"AQgw".contains(last)) {
        let message = format!("the key {} has pad bits that are not zero", shown(value, 40));
        breaches.push(asked.breach("rfc4648/3.5-encoder", message, "Sec-WebSocket-Key"));
    }
}

/// Nothing stands behind the head of a request without content but frames, and those only once it is answered
/// (RFC 9112 2.2; RFC 6455 4.1).
pub(super) fn nothing_behind(asked: &Asked<'_, '_>, breaches: &mut Vec<Breach>) {
    let sent = asked.talk.sent_in_time(upspec_handshake::Party::Client);
    let end = asked.request.body.end.min(sent.len());
    let behind = &sent[end..];
    let is_last = asked.talk.requests.last().is_some_and(|last| last.at == asked.request.at);
    if is_last && behind.starts_with(b"\r\n") && !behind.starts_with(PREFACE) {
        let breach = Breach::new("rfc9112/2.2-extra-crlf", "an empty line follows the request");
        breaches.push(breach.at(end..end + 2));
    }
}
