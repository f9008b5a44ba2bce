//! Every fault of a response that opens a tunnel, and every reason for which a client fails the
//! connection, each with the rules behind it.

use crate::field::deflate::{DeflateViolationKind, Misfit};
use crate::{Party, ViolationKind};
use std::ops::Range;

/// One thing that is wrong with a response that opens a tunnel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SwitchViolation {
    /// What is wrong.
    pub kind: SwitchViolationKind,
    /// Where it shows, counted from the start of the head: a field line, or the whole head where
    /// something is missing.
    pub at: Range<usize>,
}

/// What can be wrong with a 101, or in HTTP/2 with the 2xx to an extended CONNECT.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SwitchViolationKind {
    /// No Sec-WebSocket-Accept.
    AcceptMissing,
    /// More than one Sec-WebSocket-Accept.
    AcceptRepeated,
    /// A Sec-WebSocket-Accept, and a request without one key that it could belong to.
    AcceptWithoutKey,
    /// The first Sec-WebSocket-Accept is not this, which belongs to the key.
    AcceptWrong([u8; 28]),
    /// Connection lacks the upgrade option.
    ConnectionWithoutUpgrade,
    /// permessage-deflate is accepted although every offer of it had to be declined, this parameter
    /// being the first reason.
    DeflateDeclined {
        /// The parameter of the offer.
        name: Vec<u8>,
        /// What is wrong with it.
        kind: DeflateViolationKind,
    },
    /// The parameters of permessage-deflate fit no offer; so with the nearest of them.
    DeflateMisfit(Misfit),
    /// A parameter of permessage-deflate is unknown, repeated or has a wrong value.
    DeflateParameter {
        /// The parameter of the answer.
        name: Vec<u8>,
        /// What is wrong with it.
        kind: DeflateViolationKind,
    },
    /// permessage-deflate is accepted so many times.
    DeflateRepeated(usize),
    /// This extension was not offered.
    ExtensionNotOffered(Vec<u8>),
    /// This extension is missing from the offer, which is malformed.
    ExtensionUnclear(Vec<u8>),
    /// Sec-WebSocket-Extensions is malformed.
    ExtensionsMalformed,
    /// A 101 that is not of HTTP/1.1 or a higher HTTP/1.
    HttpVersion,
    /// The head departs from its grammar.
    Malformed(ViolationKind),
    /// The 101 names no protocol.
    ProtocolNotNamed,
    /// This protocol was not offered.
    ProtocolNotOffered(Vec<u8>),
    /// Sec-WebSocket-Protocol is empty.
    SubprotocolEmpty,
    /// Sec-WebSocket-Protocol is not a single token.
    SubprotocolMalformed,
    /// A subprotocol that was not offered, while others were.
    SubprotocolNotOffered,
    /// Sec-WebSocket-Protocol is repeated.
    SubprotocolRepeated,
    /// A subprotocol where none was offered.
    SubprotocolUnasked,
    /// A 101 to a request in HTTP/1.0, where Upgrade has no meaning.
    SwitchToHttp10,
    /// Upgrade is websocket with empty elements beside it.
    UpgradeEmptyElement,
    /// This element of Upgrade is not a protocol.
    UpgradeMalformed(Vec<u8>),
    /// The 101 opens a WebSocket connection and names no protocol.
    UpgradeMissing,
    /// The 101 opens a WebSocket connection and names something else, or something more.
    UpgradeNotWebsocket,
    /// Sec-WebSocket-Version, which belongs to refusals.
    VersionSent,
}

impl SwitchViolationKind {
    /// The requirement on this party: the one that a server breaks, or the one that tells a client
    /// to fail the connection; `None` where no rule of its own tells it to.
    pub fn requirement(&self, party: Party) -> Option<&'static str> {
        let (server, client) = self.requirements();
        match party {
            Party::Client => client,
            Party::Server => Some(server),
        }
    }

    #[rustfmt::skip]
    fn requirements(&self) -> (&'static str, Option<&'static str>) {
        use DeflateViolationKind as Parameter;
        match self {
            Self::AcceptMissing => ("rfc6455/4.2.2-accept", Some("rfc6455/4.1-check-accept")),
            Self::AcceptRepeated => ("rfc6455/11.3.3-accept-once", Some("rfc6455/11.3.3-accept-once")),
            Self::AcceptWithoutKey => ("rfc6455/4.2.2-accept", Some("rfc6455/4.1-check-accept")),
            Self::AcceptWrong(_) => ("rfc6455/4.2.2-accept", Some("rfc6455/4.1-check-accept")),
            Self::ConnectionWithoutUpgrade => ("rfc6455/4.2.2-connection", Some("rfc6455/4.1-check-connection")),
            Self::DeflateDeclined { kind, .. } => (
                match kind {
                    Parameter::Unknown => "rfc7692/7-unknown-param",
                    Parameter::Repeated => "rfc7692/7-repeated-param",
                    _ => "rfc7692/7-invalid-value",
                },
                Some("rfc7692/5-invalid-answer"),
            ),
            // The default window is 15: leaving it out has no effect there.
            Self::DeflateMisfit(misfit @ Misfit::ServerWindowMissing(15)) => (misfit_rule(*misfit), None),
            Self::DeflateMisfit(misfit) => (misfit_rule(*misfit), Some("rfc7692/5-invalid-answer")),
            Self::DeflateParameter { name, kind } => (parameter_rule(name, *kind), Some("rfc7692/7-client-check")),
            Self::DeflateRepeated(_) => ("rfc7692/5-conflict", Some("rfc7692/5-conflict")),
            Self::ExtensionNotOffered(_) | Self::ExtensionUnclear(_) => {
                ("rfc6455/4.2.2-extensions-offered", Some("rfc6455/4.1-check-extensions"))
            }
            Self::ExtensionsMalformed => ("rfc6455/9.1-malformed", Some("rfc6455/9.1-malformed")),
            Self::HttpVersion => ("rfc9110/6.2-response-version", Some("rfc6455/4.2.2-response")),
            Self::Malformed(kind) => ("rfc9112/2.1-message", malformed_rule(*kind)),
            Self::ProtocolNotNamed => ("rfc9110/15.2.2-101-upgrade", Some("rfc9110/15.2.2-101-upgrade")),
            Self::ProtocolNotOffered(_) => ("rfc9110/7.8-offered", Some("rfc9110/7.8-offered")),
            Self::SubprotocolEmpty => ("rfc6455/4.3-protocol-server", Some("rfc6455/4.2.2-no-subprotocol")),
            Self::SubprotocolMalformed => ("rfc6455/4.3-protocol-server", Some("rfc6455/4.3-protocol-server")),
            Self::SubprotocolNotOffered => ("rfc6455/4.2.2-subprotocol-choice", Some("rfc6455/4.1-check-subprotocol")),
            Self::SubprotocolRepeated => ("rfc6455/11.3.4-response-once", Some("rfc6455/11.3.4-response-once")),
            Self::SubprotocolUnasked => ("rfc6455/4.2.2-no-subprotocol", Some("rfc6455/4.1-check-subprotocol")),
            Self::SwitchToHttp10 => ("rfc9110/15.2-http10", Some("rfc9110/15.2-http10")),
            // A recipient takes empty elements for none (RFC 9110 5.6.1.2).
            Self::UpgradeEmptyElement => ("rfc6455/4.2.2-upgrade", None),
            Self::UpgradeMalformed(_) => ("rfc9110/7.8-grammar", Some("rfc9110/7.8-grammar")),
            Self::UpgradeMissing => ("rfc6455/4.2.2-upgrade", Some("rfc6455/4.1-check-upgrade")),
            Self::UpgradeNotWebsocket => ("rfc6455/4.2.2-upgrade", Some("rfc6455/4.1-check-upgrade")),
            Self::VersionSent => ("rfc6455/4.2.2-response", None),
        }
    }

    /// The violation in one phrase.
    pub fn describe(&self) -> &'static str {
        match self {
            Self::AcceptMissing => "Sec-WebSocket-Accept is missing",
            Self::AcceptRepeated => "Sec-WebSocket-Accept is repeated",
            Self::AcceptWithoutKey => "Sec-WebSocket-Accept has no key to belong to",
            Self::AcceptWrong(_) => "Sec-WebSocket-Accept does not belong to the key",
            Self::ConnectionWithoutUpgrade => "Connection lacks the upgrade option",
            Self::DeflateDeclined { .. } => "an invalid offer of permessage-deflate is accepted",
            Self::DeflateMisfit(_) => "the parameters of permessage-deflate fit no offer",
            Self::DeflateParameter { .. } => "a parameter of permessage-deflate is invalid",
            Self::DeflateRepeated(_) => "permessage-deflate is accepted more than once",
            Self::ExtensionNotOffered(_) => "an extension was not offered",
            Self::ExtensionUnclear(_) => "an extension is not in the malformed offer",
            Self::ExtensionsMalformed => "the list of extensions is malformed",
            Self::HttpVersion => "the 101 is of a version without it",
            Self::Malformed(kind) => kind.describe(),
            Self::ProtocolNotNamed => "the 101 names no protocol in Upgrade",
            Self::ProtocolNotOffered(_) => "a protocol was not offered",
            Self::SubprotocolEmpty => "Sec-WebSocket-Protocol is empty",
            Self::SubprotocolMalformed => "Sec-WebSocket-Protocol is no single token",
            Self::SubprotocolNotOffered => "the subprotocol was not offered",
            Self::SubprotocolRepeated => "Sec-WebSocket-Protocol is repeated",
            Self::SubprotocolUnasked => "no subprotocol was offered",
            Self::SwitchToHttp10 => "the request is HTTP/1.0",
            Self::UpgradeEmptyElement => "Upgrade has empty elements",
            Self::UpgradeMalformed(_) => "Upgrade has a malformed element",
            Self::UpgradeMissing => "the 101 lacks Upgrade: websocket",
            Self::UpgradeNotWebsocket => "Upgrade is something else than websocket",
            Self::VersionSent => "the answer carries Sec-WebSocket-Version",
        }
    }
}

fn misfit_rule(misfit: Misfit) -> &'static str {
    match misfit {
        Misfit::ClientWindowLarger => "rfc7692/7.1.2.2-smaller",
        Misfit::ClientWindowNotOffered => "rfc7692/7.1.2.2-not-offered",
        Misfit::ServerContextTakeover => "rfc7692/7.1.1.1-echo",
        Misfit::ServerWindowLarger | Misfit::ServerWindowMissing(15) => "rfc7692/7.1.2.1-echo",
        Misfit::ServerWindowMissing(_) => "rfc7692/7-unsupported",
    }
}

fn parameter_rule(name: &[u8], kind: DeflateViolationKind) -> &'static str {
    match (kind, name) {
        (DeflateViolationKind::Unknown, _) => "rfc6455/9.1-defined-params",
        (DeflateViolationKind::Repeated, _) => "rfc7692/7-repeated-param",
        (_, b"server_max_window_bits") => "rfc7692/7.1.2.1-value",
        (_, b"client_max_window_bits") => "rfc7692/7.1.2.2-answer-value",
        _ => "rfc7692/7-invalid-value",
    }
}

/// The rule by which a client does not pass over a violation in the head of a 101.
///
/// `None` where RFC 9112 has a recipient read on (a fold: 5.2; a reason: 4), or lets it do so
/// (LF alone: 2.2; a status line split at white space: 4; other control octets: RFC 9110 5.5).
fn malformed_rule(kind: ViolationKind) -> Option<&'static str> {
    Some(match kind {
        ViolationKind::BareCr => "rfc9112/2.2-bare-cr",
        ViolationKind::FieldNameEmpty
        | ViolationKind::FieldNameNotToken
        | ViolationKind::FieldWithoutColon
        | ViolationKind::SpaceBeforeColon => "rfc9112/5-field-line",
        ViolationKind::Nul => "rfc9110/5.5-cr-lf-nul",
        ViolationKind::SpaceLedFirstLine => "rfc9112/2.2-space-before-fields",
        _ => return None,
    })
}

/// Why a client fails the connection (RFC 6455 7.1.7).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Failure {
    /// The connection ended before a final answer.
    Ended,
    /// A head of more than [`HEAD_LIMIT`](super::HEAD_LIMIT) octets.
    HeadTooLong,
    /// The octets do not begin like a response.
    NotHttp,
    /// The 101 is not what it has to be.
    Switch(SwitchViolation),
    /// Octets came before the request was sent.
    Unsolicited,
}

impl Failure {
    /// The requirement behind it; the client's own rule where there is one.
    pub fn requirement(&self) -> &'static str {
        match self {
            Self::Ended => "rfc6455/7.2.1-transport-lost",
            Self::HeadTooLong => "rfc9110/2.3-defensive",
            Self::NotHttp => "rfc9112/2.1-message",
            Self::Switch(violation) => {
                let (server, client) = violation.kind.requirements();
                client.unwrap_or(server)
            }
            Self::Unsolicited => "rfc9112/9.2-unsolicited",
        }
    }

    /// The failure in one phrase.
    pub fn describe(&self) -> &'static str {
        match self {
            Self::Ended => "the connection ended before an answer",
            Self::HeadTooLong => "the head is too long",
            Self::NotHttp => "the octets are no response",
            Self::Switch(violation) => violation.kind.describe(),
            Self::Unsolicited => "octets came before the request was sent",
        }
    }
}
