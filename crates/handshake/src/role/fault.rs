//! Every reason for which a client fails the connection, each with the rule behind it.
//! Never decides; `switch` and the client do.

use crate::ViolationKind;

/// Why a client fails the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The 101 has no Sec-WebSocket-Accept.
    AcceptMissing,
    /// The 101 has more than one Sec-WebSocket-Accept.
    AcceptRepeated,
    /// The Sec-WebSocket-Accept is not the one that belongs to the key.
    AcceptWrong,
    /// Connection lacks the upgrade option.
    ConnectionWithoutUpgrade,
    /// permessage-deflate is accepted more than once.
    DeflateAcceptedTwice,
    /// The parameters of permessage-deflate fit no offer.
    DeflateMisfit,
    /// A parameter of permessage-deflate is unknown, repeated or has a wrong value.
    DeflateParameter,
    /// The connection ended before a final answer.
    Ended,
    /// An extension that was not offered.
    ExtensionNotOffered,
    /// Sec-WebSocket-Extensions is malformed.
    ExtensionsMalformed,
    /// A head of more than [`HEAD_LIMIT`](super::HEAD_LIMIT) octets.
    HeadTooLong,
    /// A 101 that is not of HTTP/1.1 or a higher HTTP/1.
    HttpVersion,
    /// The head of the 101 departs from its grammar in a way that no reading is required or allowed
    /// to pass over.
    Malformed(ViolationKind),
    /// The octets do not begin like a response.
    NotHttp,
    /// The 101 to an offer without websocket names no protocol.
    ProtocolNotNamed,
    /// The 101 switches to a protocol that was not offered.
    ProtocolNotOffered,
    /// Sec-WebSocket-Protocol is empty.
    SubprotocolEmpty,
    /// Sec-WebSocket-Protocol is no single token.
    SubprotocolMalformed,
    /// A subprotocol that was not offered.
    SubprotocolNotOffered,
    /// Sec-WebSocket-Protocol is repeated.
    SubprotocolRepeated,
    /// A 101 to a request in HTTP/1.0, where Upgrade has no meaning.
    SwitchToHttp10,
    /// Octets came before the request was sent.
    Unsolicited,
    /// Upgrade is no list of protocols.
    UpgradeMalformed,
    /// Websocket was offered, and the 101 names no protocol.
    UpgradeMissing,
    /// Websocket was offered, and the 101 names something else, or something more.
    UpgradeNotWebsocket,
}

impl Fault {
    /// Every fault, in the order of the alphabet.
    pub const ALL: [Self; 31] = [
        Self::AcceptMissing,
        Self::AcceptRepeated,
        Self::AcceptWrong,
        Self::ConnectionWithoutUpgrade,
        Self::DeflateAcceptedTwice,
        Self::DeflateMisfit,
        Self::DeflateParameter,
        Self::Ended,
        Self::ExtensionNotOffered,
        Self::ExtensionsMalformed,
        Self::HeadTooLong,
        Self::HttpVersion,
        Self::Malformed(ViolationKind::BareCr),
        Self::Malformed(ViolationKind::FieldNameEmpty),
        Self::Malformed(ViolationKind::FieldNameNotToken),
        Self::Malformed(ViolationKind::FieldWithoutColon),
        Self::Malformed(ViolationKind::Nul),
        Self::Malformed(ViolationKind::SpaceBeforeColon),
        Self::Malformed(ViolationKind::SpaceLedFirstLine),
        Self::NotHttp,
        Self::ProtocolNotNamed,
        Self::ProtocolNotOffered,
        Self::SubprotocolEmpty,
        Self::SubprotocolMalformed,
        Self::SubprotocolNotOffered,
        Self::SubprotocolRepeated,
        Self::SwitchToHttp10,
        Self::Unsolicited,
        Self::UpgradeMalformed,
        Self::UpgradeMissing,
        Self::UpgradeNotWebsocket,
    ];

    /// The requirement that the fault breaks. The client's own rule where there is one.
    pub fn requirement(self) -> &'static str {
        match self {
            Self::AcceptMissing => ACCEPT,
            Self::AcceptRepeated => "rfc6455/11.3.3-accept-once",
            Self::AcceptWrong => ACCEPT,
            Self::ConnectionWithoutUpgrade => "rfc6455/4.1-check-connection",
            Self::DeflateAcceptedTwice => "rfc7692/5-conflict",
            Self::DeflateMisfit => "rfc7692/5-invalid-answer",
            Self::DeflateParameter => "rfc7692/7-client-check",
            Self::Ended => "rfc6455/7.2.1-transport-lost",
            Self::ExtensionNotOffered => "rfc6455/4.1-check-extensions",
            Self::ExtensionsMalformed => "rfc6455/9.1-malformed",
            Self::HeadTooLong => "rfc9110/2.3-defensive",
            Self::HttpVersion => "rfc6455/4.2.2-response",
            Self::Malformed(kind) => violation_rule(kind).unwrap_or(MESSAGE),
            Self::NotHttp => MESSAGE,
            Self::ProtocolNotNamed => "rfc9110/15.2.2-101-upgrade",
            Self::ProtocolNotOffered => "rfc9110/7.8-offered",
            Self::SubprotocolEmpty => "rfc6455/4.2.2-no-subprotocol",
            Self::SubprotocolMalformed => "rfc6455/4.3-protocol-server",
            Self::SubprotocolNotOffered => "rfc6455/4.1-check-subprotocol",
            Self::SubprotocolRepeated => "rfc6455/11.3.4-response-once",
            Self::SwitchToHttp10 => "rfc9110/15.2-http10",
            Self::Unsolicited => "rfc9112/9.2-unsolicited",
            Self::UpgradeMalformed => "rfc9110/7.8-grammar",
            Self::UpgradeMissing => UPGRADE,
            Self::UpgradeNotWebsocket => UPGRADE,
        }
    }

    /// The fault in one phrase.
    pub fn describe(self) -> &'static str {
        match self {
            Self::AcceptMissing => "Sec-WebSocket-Accept is missing",
            Self::AcceptRepeated => "Sec-WebSocket-Accept is repeated",
            Self::AcceptWrong => "Sec-WebSocket-Accept does not belong to the key",
            Self::ConnectionWithoutUpgrade => "Connection lacks the upgrade option",
            Self::DeflateAcceptedTwice => "permessage-deflate is accepted more than once",
            Self::DeflateMisfit => "the parameters of permessage-deflate fit no offer",
            Self::DeflateParameter => "a parameter of permessage-deflate is invalid",
            Self::Ended => "the connection ended before an answer",
            Self::ExtensionNotOffered => "an extension was not offered",
            Self::ExtensionsMalformed => "the list of extensions is malformed",
            Self::HeadTooLong => "the head is too long",
            Self::HttpVersion => "the 101 is of a version without it",
            Self::Malformed(kind) => kind.describe(),
            Self::NotHttp => "the octets are no response",
            Self::ProtocolNotNamed => "the 101 names no protocol in Upgrade",
            Self::ProtocolNotOffered => "a protocol was not offered",
            Self::SubprotocolEmpty => "Sec-WebSocket-Protocol is empty",
            Self::SubprotocolMalformed => "Sec-WebSocket-Protocol is no single token",
            Self::SubprotocolNotOffered => "the subprotocol was not offered",
            Self::SubprotocolRepeated => "Sec-WebSocket-Protocol is repeated",
            Self::SwitchToHttp10 => "the request is HTTP/1.0",
            Self::Unsolicited => "octets came before the request was sent",
            Self::UpgradeMalformed => "Upgrade has a malformed element",
            Self::UpgradeMissing => "the 101 lacks Upgrade: websocket",
            Self::UpgradeNotWebsocket => "Upgrade is something else than websocket",
        }
    }

    /// The fault that a violation in the head of a 101 amounts to.
    ///
    /// `None` where RFC 9112 has a recipient read on (a fold: 5.2; a reason: 4), or lets it do so
    /// (LF alone: 2.2; a status line split at white space: 4; other control octets: RFC 9110 5.5).
    pub fn of_violation(kind: ViolationKind) -> Option<Self> {
        violation_rule(kind).map(|_| Self::Malformed(kind))
    }
}

/// The rule that a violation breaks, for those that a client does not pass over.
fn violation_rule(kind: ViolationKind) -> Option<&'static str> {
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

const ACCEPT: &str = "rfc6455/4.1-check-accept";
const MESSAGE: &str = "rfc9112/2.1-message";
const UPGRADE: &str = "rfc6455/4.1-check-upgrade";
