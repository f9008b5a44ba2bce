//! What a server decides about a request, and the head of the response that switches.

use super::{Refusal, Request, Transport};
use crate::field::deflate;
use crate::field::extension::Extensions;
use crate::field::key::accept;
use crate::field::version::{VERSION, version};
use crate::negotiate::{deflate_value, permessage_deflate, subprotocol};
use crate::opening::{Consequence, Opening};
use crate::{FieldLine, RequestHead, ResponseHead, Version};

/// What a server speaks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// What carries its requests.
    pub transport: Transport,
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

/// What the response says that switches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// The Sec-WebSocket-Accept value; `None` without a key (RFC 8441 5).
    pub accept: Option<[u8; 28]>,
    /// The subprotocol chosen, if one is.
    pub subprotocol: Option<Vec<u8>>,
    /// The parameters of permessage-deflate, if it is taken.
    pub deflate: Option<deflate::Answer>,
}

impl Decision {
    /// Decides about a request of any version, strictly: what may be rejected or repaired is
    /// rejected. Its content has been read by then, since the new protocol begins after it
    /// (RFC 9110 7.8).
    ///
    /// HTTP's own refusals come first, then HTTP's rules for when Upgrade is ignored, then the
    /// refusals of RFC 6455 4.2. This server speaks one version, and refuses the drafts like any
    /// other.
    pub fn of(head: &RequestHead<'_>, service: &Service) -> Self {
        if let Err(refusal) = Request::admit(head, service.transport) {
            return Self::Refuse(refusal);
        }
        let opening = Opening::read(head);
        let mut consequences = opening.defects.iter().map(|defect| defect.consequence);
        let ignores = consequences.any(|consequence| consequence == Consequence::IgnoreUpgrade);
        if head.is_extended_connect() && !opening.websocket {
            return Self::Refuse(Refusal::protocol());
        }
        if ignores || !opening.websocket {
            return Self::Request;
        }
        if !has_version_13(head) {
            let rule = "rfc6455/4.4-version-list";
            return Self::Refuse(match head.is_http1() {
                true => Refusal::version(rule),
                false => Refusal::version_without_upgrade(rule),
            });
        }
        let mut defects = opening.defects.iter();
        match defects.find(|defect| defect.consequence != Consequence::Unsettled) {
            Some(defect) => Self::Refuse(Refusal::of(defect)),
            None => Self::Handshake(Agreement::of(head, &opening, service)),
        }
    }
}

fn has_version_13(head: &RequestHead<'_>) -> bool {
    let mut values = head.fields.values("Sec-WebSocket-Version");
    let only = values.next().filter(|_| values.next().is_none());
    only.is_some_and(|value| version(value) == Ok(VERSION))
}

impl Agreement {
    fn of(head: &RequestHead<'_>, opening: &Opening<'_>, service: &Service) -> Self {
        let known = service.subprotocols.iter().map(Vec::as_slice);
        let offer = head.fields.combined("Sec-WebSocket-Extensions");
        let offer = offer.filter(|_| service.compression == Compression::Deflate);
        Self {
            accept: opening.key.map(accept),
            subprotocol: subprotocol(&opening.subprotocols, known).map(<[u8]>::to_vec),
            deflate: offer.and_then(|offer| permessage_deflate(&Extensions::parse(&offer))),
        }
    }

    /// The head of the response: the 101 (RFC 6455 4.2.2), or without a key the 200 of HTTP/2
    /// (RFC 8441 5).
    pub fn head(&self) -> ResponseHead<'_> {
        let mut head = match &self.accept {
            Some(_) => ResponseHead::new(101),
            None => ResponseHead {
                version: Some(Version::HTTP_2),
                version_bytes: b"",
                ..ResponseHead::new(200)
            },
        };
        let mut line = |name: &'static str, value: &[u8]| {
            head.fields.push(FieldLine::new(name.as_bytes(), value.to_vec()));
        };
        if let Some(accept) = &self.accept {
            line("Upgrade", b"websocket");
            line("Connection", b"Upgrade");
            line("Sec-WebSocket-Accept", accept);
        }
        if let Some(subprotocol) = &self.subprotocol {
            line("Sec-WebSocket-Protocol", subprotocol);
        }
        if let Some(answer) = &self.deflate {
            line("Sec-WebSocket-Extensions", deflate_value(answer).as_bytes());
        }
        head
    }
}
