//! What a server decides about a request, and the octets of its 101.
//! Never writes a refusal: it says what one must carry, and the caller adds what else it likes.

use crate::field::deflate;
use crate::field::extension::Extensions;
use crate::field::framing::Framing;
use crate::field::key::accept;
use crate::field::version::{VERSION, version};
use crate::negotiate::{deflate_value, permessage_deflate, subprotocol};
use crate::opening::{Consequence, Defect, Opening};
use crate::{RequestHead, field::connection::contains_option};

/// What a server speaks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// The subprotocols that it knows.
    pub subprotocols: Vec<Vec<u8>>,
    /// Whether it compresses.
    pub compression: Compression,
}

/// Whether a server takes permessage-deflate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Compression {
    /// It declines every offer.
    #[default]
    Declined,
    /// It takes the first valid offer.
    Deflate,
}

/// What a server makes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// An opening handshake that can be accepted.
    Handshake(Agreement),
    /// An ordinary request, or one whose Upgrade is ignored (RFC 9110 7.8).
    Request,
    /// A request that is refused.
    Refuse(Refusal),
}

/// What the 101 says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// The Sec-WebSocket-Accept value.
    pub accept: [u8; 28],
    /// The subprotocol chosen, if one is.
    pub subprotocol: Option<Vec<u8>>,
    /// The parameters of permessage-deflate, if it is taken.
    pub deflate: Option<deflate::Answer>,
}

/// What a refusal must carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status code: 400, 426 or 431.
    pub status: u16,
    /// The field lines that it needs, by name and value.
    pub fields: Vec<(&'static str, String)>,
    /// The requirement that the request breaks.
    pub requirement: &'static str,
    /// What is wrong, in one phrase.
    pub what: &'static str,
}

/// The one answer of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// These octets, and with them the switch.
    Switch(Vec<u8>),
    /// Whatever HTTP has for the request.
    Http,
    /// A refusal with this in it.
    Refuse(Refusal),
}

impl Decision {
    /// Decides about a request, strictly: what may be rejected or repaired is rejected.
    ///
    /// HTTP's own 400 comes first, then HTTP's rules for when Upgrade is ignored, then the refusals
    /// of RFC 6455 4.2. An Upgrade is also ignored where switching would be unsafe or pointless: in
    /// a request with content, with a foreign major version, or that closes the connection.
    pub fn of(head: &RequestHead<'_>, service: &Service) -> Self {
        let opening = Opening::read(head);
        let first = |of: &[Consequence]| {
            let mut defects = opening.defects.iter();
            defects.find(|defect| of.contains(&defect.consequence))
        };
        if let Some(defect) = first(&OF_HTTP) {
            return Self::Refuse(Refusal::bad_request(defect));
        }
        let ignores = first(&[Consequence::IgnoreUpgrade]).is_some();
        if ignores || !opening.websocket || stays_with_http(head) {
            return Self::Request;
        }
        match (first(&OF_HANDSHAKE), opening.key) {
            (Some(defect), _) if has_other_version(head) => {
                Self::Refuse(Refusal::of(defect).with_versions())
            }
            (None, _) if has_other_version(head) => Self::Refuse(Refusal::upgrade_required()),
            (Some(defect), _) => Self::Refuse(Refusal::of(defect)),
            (None, Some(key)) if head.method == b"GET" => {
                Self::Handshake(Agreement::of(head, &opening, key, service))
            }
            // Only a reading that a lenient server may choose makes a handshake of it.
            (None, _) => Self::Request,
        }
    }
}

/// The defects that HTTP has answered with 400, or lets a server answer so.
const OF_HTTP: [Consequence; 3] =
    [Consequence::BadRequest, Consequence::RejectOrRepair, Consequence::Tolerable];

/// The defects that RFC 6455 has refused.
const OF_HANDSHAKE: [Consequence; 2] = [Consequence::Refuse, Consequence::RefuseMalformed];

/// This server speaks one version: that of RFC 6455. It refuses the drafts like any other.
fn has_other_version(head: &RequestHead<'_>) -> bool {
    let mut values = head.fields.values("Sec-WebSocket-Version");
    let only = values.next().filter(|_| values.next().is_none());
    only.is_some_and(|value| version(value).is_ok_and(|version| version != VERSION))
}

/// The new protocol cannot begin before the content has ended (RFC 9110 7.8), and nothing is to
/// follow the answer to a request that says close (RFC 9112 9.6).
fn stays_with_http(head: &RequestHead<'_>) -> bool {
    let has_content = !matches!(Framing::of_request(head), Framing::None | Framing::Length(0));
    let is_foreign = head.version.is_some_and(|version| version.major > 1);
    has_content || is_foreign || contains_option(head.fields.values("Connection"), "close")
}

impl Agreement {
    fn of(head: &RequestHead<'_>, opening: &Opening<'_>, key: &[u8], service: &Service) -> Self {
        let known = service.subprotocols.iter().map(Vec::as_slice);
        let offer = head.fields.combined("Sec-WebSocket-Extensions");
        let offer = offer.filter(|_| service.compression == Compression::Deflate);
        Self {
            accept: accept(key),
            subprotocol: subprotocol(&opening.subprotocols, known).map(<[u8]>::to_vec),
            deflate: offer.and_then(|offer| permessage_deflate(&Extensions::parse(&offer))),
        }
    }

    /// The octets of the 101 (RFC 6455 4.2.2).
    pub fn octets(&self) -> Vec<u8> {
        let mut octets = b"HTTP/1.1 101 Switching Protocols\r\n".to_vec();
        let mut line = |name: &str, value: &[u8]| {
            octets.extend_from_slice(name.as_bytes());
            octets.extend_from_slice(b": ");
            octets.extend_from_slice(value);
            octets.extend_from_slice(b"\r\n");
        };
        line("Upgrade", b"websocket");
        line("Connection", b"Upgrade");
        line("Sec-WebSocket-Accept", &self.accept);
        if let Some(subprotocol) = &self.subprotocol {
            line("Sec-WebSocket-Protocol", subprotocol);
        }
        if let Some(answer) = &self.deflate {
            line("Sec-WebSocket-Extensions", deflate_value(answer).as_bytes());
        }
        octets.extend_from_slice(b"\r\n");
        octets
    }
}

impl Refusal {
    /// The request is malformed as HTTP, so that where it ends is not safe to say: the connection
    /// closes (RFC 9112 2.2, 6.3).
    fn bad_request(defect: &Defect) -> Self {
        let mut refusal = Self::of(defect);
        refusal.fields.push(("Connection", "close".to_owned()));
        refusal
    }

    /// The request is in order, but no opening handshake (RFC 6455 4.2.1).
    fn of(defect: &Defect) -> Self {
        Self { status: 400, fields: Vec::new(), requirement: defect.requirement, what: defect.what }
    }

    /// Only the version is wrong (RFC 6455 4.2.2, 4.4). A 426 names the protocol in Upgrade, with
    /// its connection option (RFC 9110 15.5.22, 7.8).
    fn upgrade_required() -> Self {
        let refusal = Self {
            status: 426,
            fields: vec![("Upgrade", "websocket".to_owned()), ("Connection", "Upgrade".to_owned())],
            requirement: "rfc6455/4.4-version-list",
            what: "the version is not 13",
        };
        refusal.with_versions()
    }

    fn with_versions(mut self) -> Self {
        let versions = VERSION.to_string();
        self.fields.push(("Sec-WebSocket-Version", versions));
        self
    }

    /// The head does not end in time (RFC 6585 5).
    pub(super) fn too_long() -> Self {
        Self {
            status: 431,
            fields: vec![("Connection", "close".to_owned())],
            requirement: "rfc9110/2.3-defensive",
            what: "the head is too long",
        }
    }
}
