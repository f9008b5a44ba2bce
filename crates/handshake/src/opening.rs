//! Reads what a request of any version asks for, and everything that keeps it from being the opening
//! handshake that RFC 6455 4.2.1 describes, or RFC 8441 5 for HTTP/2. What a server may answer is in
//! [`crate::permitted`].

use crate::field::extension::Extensions;
use crate::field::framing::{Framing, ends_in_chunked};
use crate::field::host::Host;
use crate::field::key::Key;
use crate::field::subprotocol::Offers;
use crate::field::target::Target;
use crate::field::upgrade::{Protocol, protocols, websocket_alone};
use crate::field::{elements, is_token, plain_tokens, same_in_any_case, version};
use crate::{RequestHead, Version};
use std::slice;

mod syntax;
#[cfg(test)]
mod tests;

pub(crate) use syntax::violation_rule;

/// A request, read as an opening handshake.
#[derive(Clone, Debug)]
pub struct Opening<'a> {
    protocols: Offered<'a>,
    /// Whether websocket is among them.
    pub websocket: bool,
    /// The value of Sec-WebSocket-Key, if there is exactly one. HTTP/2 has no use for it
    /// (RFC 8441 5).
    pub key: Option<&'a [u8]>,
    /// The subprotocols on offer.
    pub subprotocols: Offers<'a>,
    /// What departs from the description, HTTP's own rules first.
    pub defects: Vec<Defect>,
}

/// The protocols on offer; most requests offer one.
#[derive(Clone, Debug)]
enum Offered<'a> {
    One(Protocol<'a>),
    Any(Vec<Protocol<'a>>),
}

impl<'a> Offered<'a> {
    fn as_slice(&self) -> &[Protocol<'a>] {
        match self {
            Self::One(protocol) => slice::from_ref(protocol),
            Self::Any(protocols) => protocols,
        }
    }
}

/// One departure from what RFC 6455 4.2.1 describes, or from the HTTP below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Defect {
    /// What is wrong, in one phrase.
    pub what: &'static str,
    /// The requirement that it breaks or falls under.
    pub requirement: &'static str,
    /// What a server does about it.
    pub consequence: Consequence,
}

/// What a server does about a defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Consequence {
    /// HTTP itself requires a 400.
    BadRequest,
    /// An ordinary request: it asks for no switch of protocols.
    IgnoreUpgrade,
    /// Refused with an HTTP error by RFC 6455 4.2.1.
    Refuse,
    /// A negotiated field is malformed: refused, or the connection ends (RFC 6455 9.1).
    RefuseMalformed,
    /// As [`Self::RefuseVersion`], unless the server speaks that draft too.
    RefuseDraft,
    /// Refused, and the versions are listed (RFC 6455 4.2.2, 4.4).
    RefuseVersion,
    /// Rejected, or the wrong octets are replaced or dropped and reading goes on.
    RejectOrRepair,
    /// Ought to be answered with 400; a lenient reading breaks no MUST.
    Tolerable,
    /// The RFCs allow every orderly answer.
    Unsettled,
}

/// Whether a request offers websocket: in Upgrade, or by an extended CONNECT (RFC 8441 5).
pub fn offers_websocket(head: &RequestHead<'_>) -> bool {
    offered(head).as_slice().iter().any(Protocol::is_websocket)
}

fn offered<'a>(head: &'a RequestHead<'_>) -> Offered<'a> {
    if let Some(name) = websocket_alone(&head.fields).filter(|_| head.is_http1()) {
        return Offered::One(Protocol { name, version: None });
    }
    if head.is_http1() {
        return Offered::Any(protocols(head.fields.values("Upgrade")).flatten().collect());
    }
    let protocol = head.protocol.filter(|_| head.is_extended_connect());
    protocol.map_or(Offered::Any(Vec::new()), |name| Offered::One(Protocol { name, version: None }))
}

impl<'a> Opening<'a> {
    /// Reads a request head.
    pub fn read(head: &'a RequestHead<'_>) -> Self {
        let protocols = offered(head);
        let key = head.fields.only("Sec-WebSocket-Key").filter(|_| head.is_http1());
        let mut opening = Self {
            websocket: protocols.as_slice().iter().any(Protocol::is_websocket),
            key,
            subprotocols: Offers::parse(head.fields.values("Sec-WebSocket-Protocol")),
            defects: Vec::new(),
            protocols,
        };
        let checks = if head.is_http1() { CHECKS } else { HTTP2_CHECKS };
        for check in checks {
            check(&mut opening, head);
        }
        opening
    }

    /// The protocols on offer, in the order of the client; malformed elements left out. In HTTP/2
    /// what `:protocol` says.
    pub fn protocols(&self) -> &[Protocol<'a>] {
        self.protocols.as_slice()
    }

    /// Whether the request is the opening handshake of RFC 6455 4.2.1, with nothing amiss.
    pub fn is_valid(&self) -> bool {
        self.websocket && self.defects.is_empty()
    }

    fn note(&mut self, consequence: Consequence, requirement: &'static str, what: &'static str) {
        self.defects.push(Defect { what, requirement, consequence });
    }
}

type Check = fn(&mut Opening<'_>, &RequestHead<'_>);

/// HTTP's own rules first, then those of the handshake, in the order of RFC 6455 4.2.1.
const CHECKS: &[Check] = &[
    syntax::violations,
    http_version,
    syntax::target,
    host_field,
    framing,
    method,
    upgrade,
    connection_option,
    key,
    websocket_version,
    subprotocol_list,
    extension_list,
];

/// In HTTP/2 frames, pseudo-header fields and `:protocol` have taken the place of the rest
/// (RFC 8441 4, 5).
const HTTP2_CHECKS: &[Check] =
    &[tunnel, connect_target, authority, websocket_version, subprotocol_list, extension_list];

/// An extended CONNECT with websocket (RFC 8441 5).
fn tunnel(opening: &mut Opening<'_>, head: &RequestHead<'_>) {
    let rule = "rfc8441/5-protocol";
    if opening.protocols().is_empty() {
        opening.note(Consequence::IgnoreUpgrade, rule, "no tunnel is asked for");
    } else if !opening.websocket {
        opening.note(Consequence::Refuse, rule, "another protocol than websocket is asked for");
    }
    if head.protocol.is_some() && !head.is_extended_connect() {
        let rule = "rfc9113/8.3-pseudo-context";
        opening.note(Consequence::BadRequest, rule, ":protocol stands without CONNECT");
    }
}

/// With `:scheme` and `:path` (RFC 8441 4), which is an origin form.
fn connect_target(opening: &mut Opening<'_>, head: &RequestHead<'_>) {
    let is_origin = matches!(Target::parse(head.target), Ok(Target::Origin { .. }));
    if head.is_extended_connect() && (head.scheme.is_none() || !is_origin) {
        let rule = "rfc8441/4-scheme-path";
        opening.note(Consequence::BadRequest, rule, ":scheme or :path is missing or malformed");
    }
}

/// A Host beside `:authority` says the same (RFC 9113 8.3.1).
fn authority(opening: &mut Opening<'_>, head: &RequestHead<'_>) {
    let Some(authority) = head.authority else { return };
    if head.fields.values("Host").any(|host| !host.eq_ignore_ascii_case(authority)) {
        let rule = "rfc9113/8.3.1-host-differs";
        opening.note(Consequence::Tolerable, rule, "Host is not the :authority");
    }
}

/// "HTTP/1.1 or higher" (4.2.1 item 1). In HTTP/1.0 Upgrade is ignored (RFC 9110 7.8).
fn http_version(opening: &mut Opening<'_>, head: &RequestHead<'_>) {
    let Some(version) = head.version else { return };
    if version == Version::HTTP_10 {
        opening.note(Consequence::IgnoreUpgrade, "rfc9110/7.8-http10", "the request is HTTP/1.0");
    } else if version < Version::HTTP_10 {
        opening.note(Consequence::Refuse, "rfc6455/4.2.1-http-version", "the version is below 1.1");
    } else if version.major > 1 {
        opening.note(Consequence::Unsettled, "rfc9110/6.2-505", "the major version is foreign");
    }
}

/// One valid Host (RFC 9112 3.2); it may be missing below HTTP/1.1, and outside HTTP/1.
fn host_field(opening: &mut Opening<'_>, head: &RequestHead<'_>) {
    let mut values = head.fields.values("Host");
    match (values.next(), values.next()) {
        (None, _) if head.version.is_some_and(is_http1_with_host) => {
            opening.note(Consequence::BadRequest, "rfc9112/3.2-host", "Host is missing");
        }
        (Some(_), Some(_)) => {
            opening.note(Consequence::BadRequest, "rfc9112/3.2-host-repeated", "Host is repeated");
        }
        (Some(value), None) if Host::parse(value).is_err() => {
            opening.note(Consequence::BadRequest, "rfc9112/3.2-host-invalid", "Host is malformed");
        }
        (Some([]), None) => {
            opening.note(Consequence::Unsettled, "rfc9112/3.3-empty-authority", "Host is empty");
        }
        _ => {}
    }
}

/// Whether requests of the version have a Host (RFC 9112 3.2 says so only of HTTP/1.1).
fn is_http1_with_host(version: Version) -> bool {
    version.major == 1 && version >= Version::HTTP_11
}

/// A body has no meaning in a GET (RFC 9110 9.3.1), so that refusing and reading it are both
/// lawful; framing that cannot be read is not (RFC 9112 6.3).
fn framing(opening: &mut Opening<'_>, head: &RequestHead<'_>) {
    let length = head.fields.contains("Content-Length");
    let coding = head.fields.contains("Transfer-Encoding");
    let (consequence, rule, what) = match Framing::of_request(head) {
        // Its framing is faulty, and the connection ends; nothing fixes the answer (RFC 9112 6.1).
        Framing::Invalid
            if coding && head.version.is_some_and(|version| version <= Version::HTTP_10) =>
        {
            return;
        }
        // How it is spelled is wrong, and the end of the body can be told all the same (RFC 9112 6.3).
        Framing::Invalid if ends_in_chunked(head.fields.values("Transfer-Encoding")) => (
            Consequence::Tolerable,
            "rfc9112/6.1-unknown-coding",
            "chunked has a parameter, or stands behind a coding that cannot be",
        ),
        Framing::Invalid if coding => (
            Consequence::BadRequest,
            "rfc9112/6.3-te-not-chunked",
            "the last transfer coding is not chunked",
        ),
        Framing::Invalid if !is_huge(head) => {
            (Consequence::BadRequest, "rfc9112/6.3-invalid-cl", "Content-Length is invalid")
        }
        Framing::None | Framing::Length(0) => return,
        _ if length && coding => (
            Consequence::Unsettled,
            "rfc9112/6.1-te-and-cl-close",
            "the request has Content-Length and Transfer-Encoding",
        ),
        _ => (Consequence::Unsettled, "rfc9110/9.3.1-get-content", "the request has a body"),
    };
    opening.note(consequence, rule, what);
}

/// Whether Content-Length is a number, however large (RFC 9110 8.6).
fn is_huge(head: &RequestHead<'_>) -> bool {
    let mut values = head.fields.values("Content-Length");
    let is_number = |value: &[u8]| !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    values.next().is_some_and(is_number) && values.next().is_none()
}

/// A GET (4.2.1 item 1); methods are case-sensitive (RFC 9110 9.1).
fn method(opening: &mut Opening<'_>, head: &RequestHead<'_>) {
    if head.method != b"GET" && !syntax::splits_leniently(head) {
        opening.note(Consequence::Refuse, "rfc6455/4.2.1-method", "the method is not GET");
    }
}

/// An Upgrade that names websocket, in any case (4.2.1 item 3), and is a list of protocols. No
/// version of websocket is registered, so a version after the name is left open.
fn upgrade(opening: &mut Opening<'_>, head: &RequestHead<'_>) {
    let rule = "rfc9110/7.8-offered";
    let named = |protocol: &Protocol<'_>| same_in_any_case(protocol.name, b"websocket");
    if !opening.websocket && opening.protocols().iter().any(named) {
        opening.note(Consequence::Unsettled, rule, "websocket is offered with a version");
    } else if !opening.websocket {
        opening.note(Consequence::IgnoreUpgrade, rule, "websocket is not on offer");
    } else if matches!(opening.protocols, Offered::Any(_))
        && protocols(head.fields.values("Upgrade")).any(|protocol| protocol.is_err())
    {
        opening.note(Consequence::Refuse, "rfc9110/7.8-grammar", "Upgrade has a malformed element");
    }
}

/// Connection names upgrade (4.2.1 item 4); without it HTTP ignores Upgrade (RFC 9110 7.6.1).
fn connection_option(opening: &mut Opening<'_>, head: &RequestHead<'_>) {
    let (mut upgrade, mut close, mut malformed) = (false, false, false);
    for value in head.fields.values("Connection") {
        let mut note = |option: &[u8]| {
            upgrade |= same_in_any_case(option, b"upgrade");
            close |= same_in_any_case(option, b"close");
        };
        if plain_tokens(value, &mut note) {
            continue;
        }
        for option in elements(value).filter(|element| !element.is_empty()) {
            note(option.bytes);
            malformed |= !is_token(option.bytes);
        }
    }
    if !upgrade {
        let rule = "rfc6455/4.2.1-connection";
        opening.note(Consequence::IgnoreUpgrade, rule, "Connection lacks the upgrade option");
    } else if malformed {
        let rule = "rfc9110/7.6.1-grammar";
        opening.note(Consequence::Tolerable, rule, "Connection has a malformed element");
    }
    if close {
        let rule = "rfc9112/9.6-close-received";
        opening.note(Consequence::Unsettled, rule, "Connection says close");
    }
}

/// One key of 16 octets in base64 (4.2.1 item 5).
fn key(opening: &mut Opening<'_>, head: &RequestHead<'_>) {
    match opening.key {
        Some(key) if Key::is_one(key) => {}
        Some(_) => opening.note(Consequence::Refuse, KEY, "the key is not base64 of 16 octets"),
        None if head.fields.contains("Sec-WebSocket-Key") => {
            opening.note(Consequence::Refuse, "rfc6455/11.3.1-key-once", "the key is repeated");
        }
        None => opening.note(Consequence::Refuse, KEY, "the key is missing"),
    }
}

const KEY: &str = "rfc6455/4.2.1-key";

/// One version, and it is 13 (4.2.1 item 6). Another one is refused with a list (4.2.2, 4.4).
fn websocket_version(opening: &mut Opening<'_>, head: &RequestHead<'_>) {
    let mut values = head.fields.values("Sec-WebSocket-Version");
    match (values.next(), values.next()) {
        (None, _) => opening.note(Consequence::Refuse, VERSION, "the version is missing"),
        (Some(value), None) => match version::version(value) {
            Ok(version::VERSION) => {}
            // Drafts that browsers spoke: a server that speaks them may switch, and otherwise lists them.
            Ok(7 | 8) => {
                let rule = "rfc6455/4.4-version-list";
                opening.note(Consequence::RefuseDraft, rule, "the version is that of a draft");
            }
            Ok(_) => {
                let rule = "rfc6455/4.4-version-list";
                opening.note(Consequence::RefuseVersion, rule, "the version is not 13");
            }
            Err(_) => opening.note(Consequence::Refuse, VERSION, "the version is malformed"),
        },
        _ => {
            let rule = "rfc6455/11.3.5-version-once";
            opening.note(Consequence::Refuse, rule, "the version is repeated");
        }
    }
}

const VERSION: &str = "rfc6455/4.2.1-version";

/// Tokens, at least one when the field is there (4.3). Only the client is to blame for a repeated name.
fn subprotocol_list(opening: &mut Opening<'_>, head: &RequestHead<'_>) {
    let present = head.fields.contains("Sec-WebSocket-Protocol");
    if present && !opening.subprotocols.is_well_formed() {
        let rule = "rfc6455/4.2.1-protocol-list";
        opening.note(Consequence::RefuseMalformed, rule, "the list of subprotocols is malformed");
    } else if !opening.subprotocols.repeated.is_empty() {
        let rule = "rfc6455/4.2.1-protocol-list";
        opening.note(Consequence::Unsettled, rule, "a subprotocol is offered twice");
    }
}

/// The grammar of 9.1; bad parameters of a well-formed offer only get that offer declined.
fn extension_list(opening: &mut Opening<'_>, head: &RequestHead<'_>) {
    let offer = head.fields.combined("Sec-WebSocket-Extensions");
    if offer.is_some_and(|value| !Extensions::fits_grammar(&value)) {
        let rule = "rfc6455/9.1-malformed";
        opening.note(Consequence::RefuseMalformed, rule, "the list of extensions is malformed");
    }
}
