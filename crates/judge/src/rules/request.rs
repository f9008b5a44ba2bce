//! The opening handshake as a client sends it (RFC 6455 4.1).

use upspec_handshake::field::connection::contains_option;
use upspec_handshake::field::host::Host;
use upspec_handshake::field::key::Key;
use upspec_handshake::field::subprotocol::Offers;
use upspec_handshake::field::target::Target;
use upspec_handshake::field::upgrade::{Protocol, protocols};
use upspec_handshake::{Fields, RequestHead, Version};

use super::{Asked, Breach};
use crate::text::shown;

impl<'b> Asked<'_, 'b> {
    pub(super) fn head(&self) -> &RequestHead<'b> {
        &self.request.head
    }

    pub(super) fn fields(&self) -> &Fields<'b> {
        &self.request.head.fields
    }

    /// Whether the request means to open a WebSocket connection; all others concern only HTTP.
    fn is_handshake(&self) -> bool {
        let named = protocols(self.fields().values("Upgrade")).flatten();
        let websocket = named.into_iter().any(|protocol: Protocol<'_>| protocol.is_websocket());
        websocket || self.fields().contains("Sec-WebSocket-Key")
    }

    /// A breach at the first line of a field, or at the whole head.
    pub(super) fn breach(&self, requirement: &'static str, message: String, name: &str) -> Breach {
        let line = self.fields().lines(name).next();
        let at = line.map_or(0..self.head().len, |line| line.line.clone());
        Breach::new(requirement, message).at(self.request.at + at.start..self.request.at + at.end)
    }
}

/// GET, at least HTTP/1.1, and the resource name or an absolute URI (items 1 to 3).
pub(super) fn line(asked: &Asked<'_, '_>, breaches: &mut Vec<Breach>) {
    if !asked.is_handshake() {
        return;
    }
    let head = asked.head();
    let line = head.line.start + asked.request.at..head.line.end + asked.request.at;
    if head.method != b"GET" || head.version.is_none_or(|version| version < Version::HTTP_11) {
        let message = format!(
            "the handshake begins with {}, not with GET in HTTP/1.1",
            shown(&asked.talk.sent(upspec_handshake::Party::Client)[line.clone()], 60)
        );
        breaches.push(Breach::new("rfc6455/4.1-method-version", message).at(line.clone()));
    }
    let named =
        matches!(Target::parse(head.target), Ok(Target::Origin { .. } | Target::Absolute(_)));
    if !named {
        let message = format!("the target {} is not a resource name", shown(head.target, 60));
        breaches.push(Breach::new("rfc6455/4.1-target", message).at(line));
    }
}

/// Host names the host, once (item 4).
pub(super) fn host(asked: &Asked<'_, '_>, breaches: &mut Vec<Breach>) {
    let values: Vec<&[u8]> = asked.fields().values("Host").collect();
    let what = match values[..] {
        [value] if Host::parse(value).is_ok() && !value.is_empty() => return,
        [value] => format!("Host is {}", shown(value, 60)),
        [] => "the request has no Host".to_owned(),
        _ => format!("Host appears {} times", values.len()),
    };
    if asked.is_handshake() {
        breaches.push(asked.breach("rfc6455/4.1-host", what, "Host"));
    }
}

/// Upgrade has the websocket keyword, and Connection the upgrade token (items 5 and 6).
pub(super) fn upgrade(asked: &Asked<'_, '_>, breaches: &mut Vec<Breach>) {
    if !asked.is_handshake() {
        return;
    }
    let rule = "rfc6455/4.1-upgrade-connection";
    let mut named = protocols(asked.fields().values("Upgrade")).flatten();
    if !named.any(|protocol| protocol.is_websocket()) {
        let message = "Upgrade does not name websocket".to_owned();
        breaches.push(asked.breach(rule, message, "Upgrade"));
    }
    if !contains_option(asked.fields().values("Connection"), "upgrade") {
        let message = "Connection lacks the upgrade option".to_owned();
        breaches.push(asked.breach(rule, message, "Connection"));
    }
}

/// One key, the base64 of 16 octets (item 7).
pub(super) fn key(asked: &Asked<'_, '_>, breaches: &mut Vec<Breach>) {
    let values: Vec<&[u8]> = asked.fields().values("Sec-WebSocket-Key").collect();
    let what = match values[..] {
        [value] if Key::parse(value).is_ok() => return,
        [value] => format!("the key {} is not the base64 of 16 octets", shown(value, 60)),
        [] => "the handshake has no key".to_owned(),
        _ => format!("Sec-WebSocket-Key appears {} times", values.len()),
    };
    if asked.is_handshake() {
        breaches.push(asked.breach("rfc6455/4.1-key", what, "Sec-WebSocket-Key"));
    }
}

/// The version is 13 (item 9).
pub(super) fn version(asked: &Asked<'_, '_>, breaches: &mut Vec<Breach>) {
    let values: Vec<&[u8]> = asked.fields().values("Sec-WebSocket-Version").collect();
    // A client may speak an older version with a server that lists it (4.4).
    let is_retry = asked.talk.responses.iter().any(|one| one.head.status == Some(426))
        || (asked.talk.link.url.is_none() && asked.talk.link.name.starts_with("origin-"));
    if asked.is_handshake() && !is_retry && values != [b"13"] {
        let shown: Vec<String> = values.iter().map(|value| shown(value, 20)).collect();
        let message = format!("Sec-WebSocket-Version is [{}], not 13", shown.join(", "));
        breaches.push(asked.breach("rfc6455/4.1-version", message, "Sec-WebSocket-Version"));
    }
}

/// The subprotocols are tokens, each once (item 10).
pub(super) fn subprotocols(asked: &Asked<'_, '_>, breaches: &mut Vec<Breach>) {
    let name = "Sec-WebSocket-Protocol";
    let Some(value) = asked.fields().combined(name).filter(|_| asked.is_handshake()) else {
        return;
    };
    let offers = Offers::parse(asked.fields().values(name));
    if !offers.is_well_formed() || !offers.repeated.is_empty() {
        let message = format!("the subprotocols {} are not tokens, each once", shown(&value, 80));
        breaches.push(asked.breach("rfc6455/4.1-subprotocols", message, name));
    }
}
