//! The opening handshake that a client sends (RFC 6455 4.1, RFC 8441 5), and what a fault makes of it.

use upspec_handshake::field::key::Key;
use upspec_handshake::h2::HeaderList;
use upspec_handshake::{FieldLine, RequestHead};

use super::attempt::Attempt;
use super::config::ClientConfig;
use super::fault::{Effect, Point};
use super::variation::Way;
use crate::fault::Seen;

/// A request: what is sent, and what answers are measured by.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The octets to send, those behind the head included.
    pub(crate) sent: Vec<u8>,
    /// The head that was meant, with the key that is sent, so that a fault in the request is one in the
    /// request alone.
    pub(crate) meant: Vec<u8>,
    /// The same in lines.
    pub(crate) seen: Seen,
}

impl Asked {
    /// The request of HTTP/1.1 with this key.
    pub(crate) fn new(config: &ClientConfig, attempt: &Attempt, nonce: [u8; 16]) -> Self {
        let key = Key::new(nonce).value();
        let authority = attempt.url.authority();
        let mut head = RequestHead::new(b"GET", attempt.url.target.as_bytes());
        let mut fields = vec![
            ("Host", authority.as_str()),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", std::str::from_utf8(&key).unwrap_or_default()),
        ];
        let common = common(config, attempt);
        fields.extend(common.iter().map(|(name, value)| (*name, value.as_str())));
        for (name, value) in fields {
            head.fields.push(FieldLine::new(name.as_bytes(), value.as_bytes()));
        }
        let mut meant = Seen::of(head.octets());
        vary(config, &mut meant);
        let mut sent = meant.clone();
        for effect in config.effects() {
            if let Effect::Request(change) = effect {
                change(&mut sent);
            }
        }
        if let Some(key) = sent.values(KEY).first() {
            meant.set(KEY, key.as_ref());
        }
        let octets = config.effects().fold(sent.write(), |octets, effect| match effect {
            Effect::Sent(change) => change(octets),
            _ => octets,
        });
        Self { sent: octets, meant: meant.write(), seen: meant }
    }

    /// The header list of HTTP/2 (RFC 8441 5).
    pub(crate) fn list(config: &ClientConfig, attempt: &Attempt) -> HeaderList {
        let mut list = HeaderList::new([
            (":method", "CONNECT"),
            (":protocol", "websocket"),
            (":scheme", if attempt.url.is_secure { "https" } else { "http" }),
            (":authority", &attempt.url.authority()),
            (":path", &attempt.url.target),
        ]);
        for (name, value) in common(config, attempt) {
            list.push(name.to_ascii_lowercase(), value);
        }
        for effect in config.effects() {
            if let Effect::List(change) = effect {
                change(&mut list);
            }
        }
        list
    }
}

/// The fields that a handshake has in every version of HTTP.
fn common(config: &ClientConfig, attempt: &Attempt) -> Vec<(&'static str, String)> {
    let mut fields = vec![("Sec-WebSocket-Version", "13".to_owned())];
    if !config.subprotocols.is_empty() && !config.goes(Way::NoSubprotocols) {
        fields.push((PROTOCOL, config.subprotocols.join(", ")));
    }
    if config.deflate && !config.goes(Way::NoDeflate) {
        fields.push((EXTENSIONS, offer(config).to_owned()));
    }
    if let Some(credentials) = &attempt.credentials {
        fields.push(("Authorization", credentials.clone()));
    }
    if config.goes(Way::Origin) {
        fields.push(("Origin", "http://upspec.example".to_owned()));
        fields.push(("User-Agent", "upspec".to_owned()));
        fields.push(("Cache-Control", "no-cache".to_owned()));
    }
    if config.goes(Way::ExtraFields) {
        fields.push(("X-Upspec", "1".to_owned()));
        fields.push(("Accept", "*/*".to_owned()));
    }
    if config.goes(Way::LargeFields) {
        fields.push(("Cookie", format!("a={}", "b".repeat(LARGE))));
    }
    fields
}

fn offer(config: &ClientConfig) -> &'static str {
    if config.goes(Way::LeanOffer) {
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
         client_max_window_bits"
    } else if config.goes(Way::SmallWindow) {
        "permessage-deflate; server_max_window_bits=10; client_max_window_bits=12, \
         permessage-deflate; client_max_window_bits"
    } else if config.goes(Way::PlainDeflate) {
        "permessage-deflate"
    } else {
        "permessage-deflate; client_max_window_bits"
    }
}

/// Other spellings that mean the same.
fn vary(config: &ClientConfig, seen: &mut Seen) {
    if config.goes(Way::SeveralLines) {
        for name in [PROTOCOL, EXTENSIONS] {
            let value = seen.joined(name);
            let parts: Vec<Vec<u8>> = value
                .split(|&octet| octet == b',')
                .map(|part| part.trim_ascii().to_vec())
                .collect();
            seen.remove(name);
            let lines = parts.iter().filter(|part| !part.is_empty());
            seen.lines.extend(lines.map(|part| [name.as_bytes(), b": ", part].concat()));
        }
    }
    if config.goes(Way::OddCase) {
        seen.set("Upgrade", b"WebSocket");
        seen.set("Connection", b"keep-alive, uPGRADE");
    }
    if config.goes(Way::LowerCaseNames) || config.goes(Way::OddCase) {
        let is_odd = config.goes(Way::OddCase);
        for line in &mut seen.lines {
            let colon = line.iter().position(|&octet| octet == b':').unwrap_or(0);
            for (place, octet) in line[..colon].iter_mut().enumerate() {
                *octet = match is_odd && place % 2 == 1 {
                    true => octet.to_ascii_uppercase(),
                    false => octet.to_ascii_lowercase(),
                };
            }
        }
    }
}

/// The key of a connection: fresh, unless a fault takes what is at hand (RFC 6455 4.1).
pub(crate) fn nonce(config: &ClientConfig, attempt: &Attempt, fresh: [u8; 16]) -> [u8; 16] {
    match attempt.earlier_nonce {
        _ if config.errs_at(Point::KeyConstant) => *b"the sample nonce",
        Some(earlier) if config.errs_at(Point::KeyKept) => earlier,
        _ => fresh,
    }
}

pub(crate) const EXTENSIONS: &str = "Sec-WebSocket-Extensions";
pub(crate) const KEY: &str = "Sec-WebSocket-Key";
pub(crate) const PROTOCOL: &str = "Sec-WebSocket-Protocol";
const LARGE: usize = 3000;
