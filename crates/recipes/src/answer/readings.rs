//! The ways in which a recipient may read an answer, and what each of them makes of it.
//! Only what is wrong in every reading counts against a client.

use upspec_handshake::field::extension::Extensions;
use upspec_handshake::peer::{SwitchViolation, SwitchViolationKind as Kind, check};
use upspec_handshake::{RequestHead, ResponseHead, ViolationKind};

/// What one reading makes of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// No final head comes to its end.
    Unended,
    /// The answer is final and no 101, or there are interim ones alone.
    NoSwitch,
    /// A 101 on which section 4.1 has a client fail: the requirement, and what is wrong.
    Broken(&'static str, &'static str),
    /// A 101 that passes every step.
    Sound,
}

/// An answer taken apart.
pub(crate) struct Parts<'o> {
    /// The interim responses before the final one.
    pub(crate) interim: Vec<ResponseHead<'o>>,
    /// The final head, if it is whole.
    pub(crate) head: Option<ResponseHead<'o>>,
    /// What follows it.
    pub(crate) behind: &'o [u8],
}

impl<'o> Parts<'o> {
    pub(crate) fn of(mut octets: &'o [u8]) -> Self {
        let mut interim = Vec::new();
        loop {
            let Some(head) = ResponseHead::parse(octets).complete() else {
                return Self { interim, head: None, behind: octets };
            };
            octets = &octets[head.len..];
            if !head.is_interim() || head.status == Some(101) {
                return Self { interim, head: Some(head), behind: octets };
            }
            interim.push(head);
        }
    }
}

/// How the octets can be read, first as they are.
///
/// CR and NUL in a head become SP, or the message is refused (RFC 9112 2.2, RFC 9110 5.5); VT and FF are white space
/// to some. A line that breaks the
/// grammar of field lines is no field for some (RFC 9112 5), and a fault to others.
pub(super) fn readings(octets: &[u8], request: Option<&RequestHead<'_>>) -> Vec<Reading> {
    let blanked = blanked(octets);
    let read =
        [octets.to_vec(), blanked.clone(), without_odd_lines(octets), without_odd_lines(&blanked)];
    read.iter().map(|octets| reading(octets, request)).collect()
}

fn reading(octets: &[u8], request: Option<&RequestHead<'_>>) -> Reading {
    let parts = Parts::of(octets);
    let Some(head) = &parts.head else {
        return if parts.interim.is_empty() { Reading::Unended } else { Reading::NoSwitch };
    };
    if head.status != Some(101) {
        return Reading::NoSwitch;
    }
    let found = check(head, request);
    let step = |one: &SwitchViolation| Some((rule(one, head, request)?, one.kind.describe()));
    let broken = found.iter().find_map(step);
    broken.map_or(Reading::Sound, |(rule, what)| Reading::Broken(rule, what))
}

/// The step by which a client fails on a violation, if there is no doubt about it.
fn rule(
    violation: &SwitchViolation,
    head: &ResponseHead<'_>,
    request: Option<&RequestHead<'_>>,
) -> Option<&'static str> {
    Some(match &violation.kind {
        Kind::AcceptMissing | Kind::AcceptWithoutKey => "rfc6455/4.1-check-accept",
        Kind::AcceptWrong(want) if !is_respelt(head, want) => "rfc6455/4.1-check-accept",
        Kind::AcceptRepeated if !has_respelt(head) => CHECK_REST,
        Kind::ConnectionWithoutUpgrade if !has_hidden_option(head) => {
            "rfc6455/4.1-check-connection"
        }
        Kind::UpgradeMissing => "rfc6455/4.1-check-upgrade",
        Kind::UpgradeNotWebsocket if !is_websocket_alone(head) => "rfc6455/4.1-check-upgrade",
        Kind::SubprotocolNotOffered | Kind::SubprotocolUnasked => CHECK_SUBPROTOCOL,
        Kind::SubprotocolMalformed if names_unoffered(head, request) => CHECK_SUBPROTOCOL,
        Kind::SubprotocolEmpty | Kind::SubprotocolMalformed | Kind::SubprotocolRepeated => {
            CHECK_REST
        }
        Kind::ExtensionNotOffered(_) => "rfc6455/4.1-check-extensions",
        Kind::ExtensionsMalformed if !is_blank(head, "Sec-WebSocket-Extensions") => {
            "rfc6455/9.1-malformed"
        }
        Kind::DeflateParameter { .. } => "rfc7692/7-client-check",
        Kind::DeflateRepeated(_) => "rfc7692/5-invalid-answer",
        _ => return None,
    })
}

/// Whether a value that is no single token holds what was not offered.
fn names_unoffered(head: &ResponseHead<'_>, request: Option<&RequestHead<'_>>) -> bool {
    let value = head.fields.values(PROTOCOL).next().unwrap_or_default();
    let offer = request.and_then(|request| request.fields.combined(PROTOCOL)).unwrap_or_default();
    let pieces = |value: &[u8]| -> Vec<Vec<u8>> {
        value.split(|octet| *octet == b',').map(|piece| piece.trim_ascii().to_vec()).collect()
    };
    let offered = pieces(&offer);
    pieces(value).iter().any(|piece| !piece.is_empty() && !offered.contains(piece))
}

/// Whether base64 has the same 20 octets for the value: the unused bits of its last letter differ at most.
fn is_respelt(head: &ResponseHead<'_>, want: &[u8; 28]) -> bool {
    let got = head.fields.values("Sec-WebSocket-Accept").next().unwrap_or_default();
    got.len() == want.len() && got[..26] == want[..26] && got[27] == want[27]
}

fn has_respelt(head: &ResponseHead<'_>) -> bool {
    let values: Vec<&[u8]> = head.fields.values("Sec-WebSocket-Accept").collect();
    let start = |value: &&[u8]| value.get(..26).map(<[u8]>::to_vec);
    values.windows(2).any(|two| two[0] != two[1] && start(&two[0]) == start(&two[1]))
}

/// Whether the option stands in an element that is no token: section 4.1 asks for a token, and the rest is a matter
/// of how a list is cut.
pub(super) fn has_hidden_option(head: &ResponseHead<'_>) -> bool {
    let value = head.fields.combined("Connection").unwrap_or_default();
    let mut words = value.split(|octet| b",; \t=".contains(octet));
    words.any(|word| word.eq_ignore_ascii_case(b"upgrade"))
}

/// Whether each element of Upgrade is websocket.
pub(super) fn is_websocket_alone(head: &ResponseHead<'_>) -> bool {
    let value = head.fields.combined("Upgrade").unwrap_or_default();
    let elements = value.split(|octet| *octet == b',').map(<[u8]>::trim_ascii);
    let mut named = elements.filter(|element| !element.is_empty()).peekable();
    named.peek().is_some() && named.all(|element| element.eq_ignore_ascii_case(b"websocket"))
}

pub(super) fn is_blank(head: &ResponseHead<'_>, name: &str) -> bool {
    head.fields.combined(name).is_none_or(|value| value.trim_ascii().is_empty())
}

/// Whether an extension is offered and answered in letters of other case.
pub(super) fn is_recased(head: &ResponseHead<'_>, request: Option<&RequestHead<'_>>) -> bool {
    let value = head.fields.combined("Sec-WebSocket-Extensions").unwrap_or_default();
    let offer = request.and_then(|head| head.fields.combined("Sec-WebSocket-Extensions"));
    let offer = offer.unwrap_or_default();
    let offered = Extensions::parse(&offer).list;
    let answered = Extensions::parse(&value).list;
    answered.iter().any(|one| !offered.iter().any(|other| other.name == one.name))
}

fn blanked(octets: &[u8]) -> Vec<u8> {
    let next = octets.iter().skip(1).map(Some).chain([None]);
    let blank = |(octet, next): (&u8, Option<&u8>)| match octet {
        // What counts as white space around a value, RFC 6455 does not say.
        0 | 0x0B | 0x0C => b' ',
        b'\r' if next != Some(&b'\n') => b' ',
        other => *other,
    };
    octets.iter().zip(next).map(blank).collect()
}

/// Leaves out the lines of the final head that break the grammar of a field line.
fn without_odd_lines(octets: &[u8]) -> Vec<u8> {
    let parts = Parts::of(octets);
    let Some(head) = &parts.head else {
        return octets.to_vec();
    };
    let begins = octets.len() - parts.behind.len() - head.len;
    let odd = |at: usize, line: &[u8]| {
        head.violations.iter().any(|one| {
            is_odd_line(one.kind)
                && one.at.start < at + line.len()
                && one.at.end.max(one.at.start + 1) > at
        })
    };
    let (mut kept, mut at) = (octets[..begins].to_vec(), 0);
    for line in octets[begins..begins + head.len].split_inclusive(|octet| *octet == b'\n') {
        if !odd(at, line) {
            kept.extend_from_slice(line);
        }
        at += line.len();
    }
    kept.extend_from_slice(parts.behind);
    kept
}

pub(super) fn is_odd_line(kind: ViolationKind) -> bool {
    matches!(
        kind,
        ViolationKind::FieldNameEmpty
            | ViolationKind::FieldNameNotToken
            | ViolationKind::FieldWithoutColon
            | ViolationKind::SpaceBeforeColon
    )
}

const PROTOCOL: &str = "Sec-WebSocket-Protocol";
const CHECK_SUBPROTOCOL: &str = "rfc6455/4.1-check-subprotocol";
pub(super) const CHECK_REST: &str = "rfc6455/4.1-check-rest";
