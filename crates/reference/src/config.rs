//! A server's settings: its endpoint, its subprotocols, lawful variations, at most one fault.
//! Only the fault can make it break the RFCs.

use std::time::Duration;

use upspec_handshake::peer::{Compression, Service, Transport};

use crate::Fault;
use crate::fault::{Effect, Point};

/// The configuration of a server.
#[derive(Clone, Debug)]
pub struct Config {
    /// The path of the WebSocket endpoint.
    pub path: String,
    /// The subprotocols that the endpoint knows.
    pub subprotocols: Vec<String>,
    /// The origins whose pages may open the endpoint; an empty list allows every origin.
    pub origins: Vec<String>,
    /// The lawful variations that are in force.
    pub variations: Vec<Variation>,
    /// The one thing that the server does wrong, if any.
    pub fault: Option<&'static Fault>,
    /// How long a peer may be silent within a message before the server gives up on it.
    pub patience: Duration,
}

impl Config {
    /// The default server with one fault.
    pub fn with_fault(fault: &'static Fault) -> Self {
        Self { fault: Some(fault), ..Self::default() }
    }

    /// The default server with one lawful variation.
    pub fn with_variation(variation: Variation) -> Self {
        Self { variations: vec![variation], ..Self::default() }
    }

    /// What the endpoint speaks on a connection over this.
    pub(crate) fn service(&self, transport: Transport) -> Service {
        let known = match self.varies(Variation::NoSubprotocols) {
            true => &[][..],
            false => &self.subprotocols[..],
        };
        Service {
            transport,
            subprotocols: known.iter().map(|name| name.clone().into_bytes()).collect(),
            compression: match self.varies(Variation::NoExtensions) {
                true => Compression::Declined,
                false => Compression::Deflate,
            },
        }
    }

    pub(crate) fn varies(&self, variation: Variation) -> bool {
        self.variations.contains(&variation)
    }

    /// What the fault does, if there is one.
    pub(crate) fn effects(&self) -> impl Iterator<Item = &'static Effect> {
        self.fault.into_iter().flat_map(Fault::effects)
    }

    /// Whether the fault gets this decision wrong.
    pub(crate) fn errs_at(&self, point: Point) -> bool {
        self.effects().any(|effect| matches!(effect, Effect::At(other) if *other == point))
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            path: "/chat".into(),
            subprotocols: vec!["chat".into(), "superchat".into()],
            origins: Vec::new(),
            variations: Vec::new(),
            fault: None,
            patience: Duration::from_secs(10),
        }
    }
}

/// A way in which a conforming server may differ from the default one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Variation {
    /// Every refusal of a handshake closes the connection, and says so.
    CloseAfterRefusal,
    /// Answers hold fields that nobody asked for.
    ExtraFields,
    /// An offer of h2c in Upgrade is taken up.
    H2cUpgrade,
    /// HTTP/2 is not spoken.
    Http2Off,
    /// Field names are written in lower case.
    LowerCaseNames,
    /// A malformed HTTP/2 request is answered with 400.
    MalformedWith400,
    /// A malformed HTTP/2 request ends the connection.
    MalformedWithGoaway,
    /// HTTP/2 is spoken without the extended CONNECT.
    NoExtendedConnect,
    /// No extension is supported.
    NoExtensions,
    /// The reason phrase of every status line is empty.
    NoReason,
    /// No subprotocol is known.
    NoSubprotocols,
    /// A malformed handshake is refused with 403 in place of 400.
    RefuseWith403,
    /// A malformed handshake is refused with 426 in place of 400.
    RefuseWith426,
    /// The fields of an answer stand in the opposite order.
    ReversedFields,
    /// Answers are written in small pieces with pauses between them.
    SlowAnswers,
    /// The tunnel begins with a Pong that answers no Ping (RFC 6455 5.5.3).
    UnsolicitedPong,
    /// Field names are written in upper case.
    UpperCaseNames,
}

impl Variation {
    /// Every variation.
    pub const ALL: [Self; 17] = [
        Self::CloseAfterRefusal,
        Self::ExtraFields,
        Self::H2cUpgrade,
        Self::Http2Off,
        Self::LowerCaseNames,
        Self::MalformedWith400,
        Self::MalformedWithGoaway,
        Self::NoExtendedConnect,
        Self::NoExtensions,
        Self::NoReason,
        Self::NoSubprotocols,
        Self::RefuseWith403,
        Self::RefuseWith426,
        Self::ReversedFields,
        Self::SlowAnswers,
        Self::UnsolicitedPong,
        Self::UpperCaseNames,
    ];

    /// The name of the variation, as an option of a command names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::CloseAfterRefusal => "close-after-refusal",
            Self::ExtraFields => "extra-fields",
            Self::H2cUpgrade => "h2c-upgrade",
            Self::Http2Off => "http2-off",
            Self::LowerCaseNames => "lower-case-names",
            Self::MalformedWith400 => "malformed-with-400",
            Self::MalformedWithGoaway => "malformed-with-goaway",
            Self::NoExtendedConnect => "no-extended-connect",
            Self::NoExtensions => "no-extensions",
            Self::NoReason => "no-reason",
            Self::NoSubprotocols => "no-subprotocols",
            Self::RefuseWith403 => "refuse-with-403",
            Self::RefuseWith426 => "refuse-with-426",
            Self::ReversedFields => "reversed-fields",
            Self::SlowAnswers => "slow-answers",
            Self::UnsolicitedPong => "unsolicited-pong",
            Self::UpperCaseNames => "upper-case-names",
        }
    }

    /// The variation of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|variation| variation.name() == name)
    }
}
