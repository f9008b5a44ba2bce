//! Our judgement of an opening handshake against tungstenite's: it accepts every flawless handshake
//! with our accept value, and the RFCs do not forbid what it accepts. Every
//! known difference is listed with its reason.

use tungstenite::handshake::machine::TryParse as _;
use tungstenite::handshake::server::{Request, create_response};
use upspec_handshake::field::key::{Key, accept};
use upspec_handshake::opening::{Consequence, Opening};
use upspec_handshake::permitted::{Answer, Endpoint, Grade, permitted};
use upspec_handshake::{RequestHead, Status};

use crate::planted;

/// Checks one input of the target `against_tungstenite`.
pub fn against_tungstenite(octets: &[u8]) {
    let Status::Complete(head) = RequestHead::parse(octets) else {
        return;
    };
    let opening = Opening::read(&head);
    let theirs = accepted(octets);
    match &theirs {
        Some(value) => {
            let ours = opening.key.map(accept);
            if let Some(ours) = ours {
                assert_eq!(value[..], planted::accept(&head, ours), "the accept value");
            }
            lawful(&head, &opening);
        }
        None if opening.is_valid() && head.method == b"GET" => {
            assert!(refuses(&head), "tungstenite refuses {head:?}");
        }
        None => {}
    }
}

/// The Sec-WebSocket-Accept of the 101 that tungstenite answers, if it does.
fn accepted(octets: &[u8]) -> Option<Vec<u8>> {
    let (_, request) = Request::try_parse(octets).ok()??;
    let response = create_response(&request).ok()?;
    let value = response.headers().get("Sec-WebSocket-Accept")?;
    Some(value.as_bytes().to_vec())
}

/// If tungstenite accepts what a MUST forbids, the difference must be a known one.
fn lawful(head: &RequestHead<'_>, opening: &Opening<'_>) {
    let endpoint = Endpoint { switches: true, ..Endpoint::default() };
    let permitted = permitted(head, &endpoint);
    let ruling = permitted.ruling(Answer::Switch);
    if ruling.grade < Grade::Forbidden {
        return;
    }
    let forbidding = [
        Consequence::BadRequest,
        Consequence::IgnoreUpgrade,
        Consequence::Refuse,
        Consequence::RefuseVersion,
    ];
    let defects = opening.defects.iter().filter(|one| forbidding.contains(&one.consequence));
    let is_known = |requirement: &str| {
        UNCHECKED.contains(&requirement) || requirement == KEY && is_padded_within(head)
    };
    let unknown: Vec<_> = defects.filter(|one| !is_known(one.requirement)).collect();
    assert!(unknown.is_empty(), "tungstenite takes {unknown:?}");
}

/// What tungstenite ignores, by the requirement that it thereby breaks.
const UNCHECKED: &[&str] = &[
    // Host: its presence, its number and its value.
    "rfc9112/3.2-host",
    "rfc9112/3.2-host-repeated",
    "rfc9112/3.2-host-invalid",
    // It splits Connection at SP as well as at commas, and ignores everything else in it.
    "rfc6455/4.2.1-connection",
    "rfc9110/7.6.1-grammar",
    // All lines of Upgrade but the first.
    "rfc9110/7.8-grammar",
    // All keys but the first.
    "rfc6455/11.3.1-key-once",
    // All versions but the first.
    "rfc6455/11.3.5-version-once",
    // The grammar of the target beyond its URI type, and all framing.
    "rfc6455/4.2.1-target",
    "rfc9112/6.3-te-not-chunked",
    "rfc9112/6.3-invalid-cl",
];

/// Whether the key is several base64 texts behind each other, with 16 octets in all: to tungstenite padding ends a part
/// of the octets, and to RFC 4648 section 4 all of them.
fn is_padded_within(head: &RequestHead<'_>) -> bool {
    let key = head.fields.values("Sec-WebSocket-Key").next().unwrap_or_default();
    let (groups, rest) = key.as_chunks::<4>();
    let pads = |group: &[u8; 4]| group.iter().rev().take_while(|octet| **octet == b'=').count();
    let octets: usize = groups.iter().map(|group| 3_usize.saturating_sub(pads(group))).sum();
    let within =
        groups.split_last().is_some_and(|(_, before)| before.iter().any(|it| pads(it) > 0));
    rest.is_empty() && within && octets == 16
}

const KEY: &str = "rfc6455/4.2.1-key";

/// What tungstenite refuses in a handshake without a defect.
fn refuses(head: &RequestHead<'_>) -> bool {
    let only = |name: &str, wanted: &str| {
        let mut values = head.fields.values(name);
        values.next().is_some_and(|value| value.eq_ignore_ascii_case(wanted.as_bytes()))
    };
    // It reads only the first line of Upgrade, and not as a list (RFC 9110 7.8).
    !only("Upgrade", "websocket")
        // It reads the first line of Connection, and parts it by comma and SP, not by HTAB
        // (RFC 9110 5.6.1).
        || !first_connection_line_has_upgrade(head)
        // It counts field lines, and knows no version between 1.1 and 2.
        || head.fields.len() > 124
        || head.version.is_none_or(|version| version.major != 1 || version.minor != 1)
        // It wants the bits of a key's last character that no octet needs to be zero (RFC 4648 3.5).
        || !first_key_is_canonical(head)
        // Its URI type has a grammar of its own for what stands in the target.
        || tungstenite::http::Uri::try_from(head.target).is_err()
}

fn first_key_is_canonical(head: &RequestHead<'_>) -> bool {
    let first = head.fields.values("Sec-WebSocket-Key").next().unwrap_or_default();
    Key::parse(first).is_ok_and(|key| key.value() == *first)
}

fn first_connection_line_has_upgrade(head: &RequestHead<'_>) -> bool {
    let first = head.fields.values("Connection").next().unwrap_or_default();
    let mut options = first.split(|octet| matches!(octet, b' ' | b','));
    options.any(|option| option.eq_ignore_ascii_case(b"upgrade"))
}
