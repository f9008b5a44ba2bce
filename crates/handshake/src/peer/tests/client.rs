//! What a client makes of answers, row by row.

use super::{REQUEST, SWITCH, sent};
use crate::field::deflate::{DeflateViolationKind, Misfit};
use crate::peer::table::ClientState;
use crate::peer::{
    Client, ClientEvent, Failure, HEAD_LIMIT, SwitchViolation, SwitchViolationKind as Kind,
};
use crate::{Party, ViolationKind};
use proptest::prelude::*;

/// The rows change one piece of a 101; the violations are those of the change.
const ROWS: &[(&str, &str, &str)] = &[
    ("", "", ""),
    ("Upgrade: websocket", "uPGRADE: ,WebSocket,", ""),
    ("Connection: Upgrade", "Connection: a\r\nconnection: UPGRADE", ""),
    ("Connection: Upgrade", "Connection: Upgrade\r\nContent-Length: 5", ""),
    ("HTTP/1.1", "HTTP/1.2", ""),
    ("Connection: Upgrade\r\n", "Connection: Upgrade\n", ""),
    ("Upgrade: websocket", "Upgrade:\r\n websocket", ""),
    (" Switching Protocols", "", ""),
    ("HTTP/1.1 101", "http/1.1 101", "NotHttp"),
    ("HTTP/1.1 101", "\r\nHTTP/1.1 101", "NotHttp"),
    ("HTTP/1.1 101", "HTTP/1.1 1O1", "NotHttp"),
    ("HTTP/1.1 101", "HTTP/11 101", "NotHttp"),
    ("HTTP/1.1 101", "HTTP/1.0 101", "HttpVersion"),
    ("HTTP/1.1 101", "HTTP/2.0 101", "HttpVersion"),
    ("Upgrade: websocket\r\n", "", "ProtocolNotNamed UpgradeMissing"),
    ("Upgrade: websocket", "Upgrade:", "ProtocolNotNamed UpgradeMissing"),
    ("Upgrade: websocket", "Upgrade: h2c", "ProtocolNotOffered UpgradeNotWebsocket"),
    ("Upgrade: websocket", "Upgrade: websocket/13", "UpgradeNotWebsocket"),
    ("Upgrade: websocket", "Upgrade: websocket\r\nUpgrade: websocket", "UpgradeNotWebsocket"),
    ("Upgrade: websocket", "Upgrade: websocket, a b", "UpgradeMalformed UpgradeNotWebsocket"),
    ("Connection: Upgrade\r\n", "", "ConnectionWithoutUpgrade"),
    ("Connection: Upgrade", "Connection: upgrades", "ConnectionWithoutUpgrade"),
    ("Sec-WebSocket-Accept", "Sec-WebSocket-Key", "AcceptMissing"),
    ("s3pP", "S3pP", "AcceptWrong"),
    ("xOo=", "xOo", "AcceptWrong"),
    ("xOo=", "xOo=\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "AcceptRepeated"),
    ("xOo=", "xOo=\r\nSec-WebSocket-Protocol: chat", ""),
    ("xOo=", "xOo=\r\nSec-WebSocket-Protocol:", "SubprotocolEmpty"),
    ("xOo=", "xOo=\r\nSec-WebSocket-Protocol: Chat", "SubprotocolNotOffered"),
    ("xOo=", "xOo=\r\nSec-WebSocket-Protocol: chat, superchat", "SubprotocolMalformed"),
    (
        "xOo=",
        "xOo=\r\nSec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: chat",
        "SubprotocolRepeated",
    ),
    ("xOo=", "xOo=\r\nSec-WebSocket-Extensions: x-foo; a=1", ""),
    ("xOo=", "xOo=\r\nSec-WebSocket-Extensions: x-bar", "ExtensionNotOffered"),
    ("xOo=", "xOo=\r\nSec-WebSocket-Extensions: x-foo;", "ExtensionsMalformed"),
    ("xOo=", "xOo=\r\nSec-WebSocket-Extensions:", "ExtensionsMalformed"),
    ("xOo=", "xOo=\r\nSec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9", ""),
    (
        "xOo=",
        "xOo=\r\nSec-WebSocket-Extensions: permessage-deflate",
        "DeflateMisfit(ServerWindowMissing(10))",
    ),
    (
        "xOo=",
        "xOo=\r\nSec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=7",
        "DeflateParameter",
    ),
    (
        "xOo=",
        "xOo=\r\nSec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9\r\n\
         Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9",
        "DeflateRepeated",
    ),
    ("Switching", "Swit\rching", "Malformed(BareCr)"),
    ("Switching", "Swit\0ching", "Malformed(Nul)"),
    ("xOo=", "xOo=\r\n: a", "Malformed(FieldNameEmpty)"),
    ("xOo=", "xOo=\r\na b: c", "Malformed(FieldNameNotToken)"),
    ("xOo=", "xOo=\r\nabc", "Malformed(FieldWithoutColon)"),
    ("xOo=", "xOo=\r\nX : a", "Malformed(SpaceBeforeColon)"),
    ("Upgrade: websocket", " a: b\r\nUpgrade: websocket", "Malformed(SpaceLedFirstLine)"),
];

#[test]
fn a_bad_101_fails_the_connection() {
    for (from, to, want) in ROWS {
        assert!(SWITCH.contains(from), "{from}");
        let bytes = SWITCH.replacen(from, to, 1);
        let mut client = sent(REQUEST);
        assert_eq!(failures(&client.receive(bytes.as_bytes())), *want, "{to:?}");
        let state = if want.is_empty() { ClientState::Switched } else { ClientState::Failed };
        assert_eq!(client.state(), state, "{to:?}");
    }
}

#[test]
fn rfc9110_7_8_what_a_101_may_switch_to_depends_on_the_offer() {
    let offers = |upgrade: &str| REQUEST.replace("Upgrade: websocket", upgrade);
    let both = offers("Upgrade: IRC/6.9, websocket");
    let irc = offers("Upgrade: IRC/6.9");
    let tls = offers("Upgrade: TLS/1.0");
    let none = offers("X: a");
    let old = REQUEST.replace("HTTP/1.1", "HTTP/1.0");
    let keyless = REQUEST.replace("Sec-WebSocket-Key", "X-Key");
    let rows: [(&str, &str, &str); 10] = [
        (&both, "websocket", ""),
        (&both, "IRC/6.9", "UpgradeNotWebsocket"),
        (&irc, "irc/6.9", ""),
        (&irc, "IRC/7", "ProtocolNotOffered"),
        (&irc, "websocket", "ProtocolNotOffered"),
        (&irc, "", "ProtocolNotNamed"),
        (&tls, "TLS/1.0, HTTP/1.1", ""),
        (&none, "websocket", "ProtocolNotOffered"),
        (&old, "websocket", "SwitchToHttp10"),
        (&keyless, "websocket", "AcceptWithoutKey"),
    ];
    for (request, named, want) in rows {
        let bytes = SWITCH.replace("Upgrade: websocket", &format!("Upgrade: {named}"));
        let events = sent(request).receive(bytes.as_bytes());
        assert_eq!(failures(&events), want, "{request} {named}");
    }
}

#[test]
fn failures_outside_of_a_101() {
    let mut idle = Client::new(REQUEST.as_bytes()).complete().unwrap();
    assert_eq!(failures(&idle.receive(SWITCH.as_bytes())), "Unsolicited");
    assert_eq!(failures(&sent(REQUEST).end()), "Ended");
    let long = format!("HTTP/1.1 200 \r\nX: {}\r\n\r\n", "a".repeat(HEAD_LIMIT));
    assert_eq!(failures(&sent(REQUEST).receive(long.as_bytes())), "HeadTooLong");
    let mut client = sent(REQUEST);
    let pieces = long.as_bytes().chunks(1000);
    let events: Vec<_> = pieces.flat_map(|piece| client.receive(piece)).collect();
    assert_eq!(failures(&events), "HeadTooLong");
}

#[test]
fn the_limit_is_for_one_head_and_is_reached_exactly() {
    let frame = "HTTP/1.1 103 \r\nX: \r\n\r\n";
    let most = frame.replace("X: ", &format!("X: {}", "a".repeat(HEAD_LIMIT - frame.len())));
    let bytes = format!("{most}{most}HTTP/1.1 404 \r\n\r\n");
    for pieces in [1, 7, HEAD_LIMIT, bytes.len()] {
        let mut client = sent(REQUEST);
        let events: Vec<_> =
            bytes.as_bytes().chunks(pieces).flat_map(|piece| client.receive(piece)).collect();
        let interim = ClientEvent::Interim(103);
        assert_eq!(events, [interim.clone(), interim, ClientEvent::Refused(404)]);
    }
}

#[test]
fn a_head_without_an_end_fails_at_the_limit() {
    let mut client = sent(REQUEST);
    let octets = format!("HTTP/1.1 101 {}", "a".repeat(HEAD_LIMIT - 14));
    assert_eq!(client.receive(octets.as_bytes()), []);
    assert_eq!(client.state(), ClientState::Sent);
    assert_eq!(failures(&client.receive(b"a")), "HeadTooLong");
}

#[test]
fn rfc9110_15_2_every_other_1xx_is_interim() {
    for status in [100, 102, 103, 199] {
        let mut client = sent(REQUEST);
        let events = client.receive(format!("HTTP/1.1 {status} \r\n\r\n").as_bytes());
        assert_eq!(events, [ClientEvent::Interim(status)]);
        assert_eq!(client.state(), ClientState::Sent);
        assert_eq!(client.head(), b"");
    }
}

#[test]
fn rfc6455_4_1_other_statuses_stay_with_http() {
    for (status, want) in [(200, 200), (204, 204), (301, 301), (401, 401), (426, 426), (600, 600)] {
        let bytes = format!("HTTP/1.1 100 \r\n\r\nHTTP/1.0 {status} \r\nX : y\r\n\r\nbody");
        let mut client = sent(REQUEST);
        let events = client.receive(bytes.as_bytes());
        assert_eq!(events, [ClientEvent::Interim(100), ClientEvent::Refused(want)]);
        assert_eq!(client.head(), format!("HTTP/1.0 {status} \r\nX : y\r\n\r\n").as_bytes());
        assert_eq!(client.trailing(), b"body");
        assert_eq!(client.end(), []);
    }
}

#[test]
fn rfc6455_4_1_a_client_sends_its_request_once() {
    assert!(Client::new(&REQUEST.as_bytes()[..40]).complete().is_none());
    let mut client = sent(REQUEST);
    assert_eq!(client.send(), b"");
    client.receive(SWITCH.as_bytes());
    assert_eq!(client.send(), b"");
}

#[test]
fn what_trails_is_kept_as_it_came() {
    let mut client = sent(REQUEST);
    let bytes = [SWITCH.as_bytes(), SWITCH.as_bytes()].concat();
    client.receive(&bytes);
    client.receive(b"\r\n\r\n\0");
    assert_eq!(client.head(), SWITCH.as_bytes());
    assert_eq!(client.trailing(), [SWITCH.as_bytes(), b"\r\n\r\n\0"].concat());
}

#[test]
fn every_violation_has_words_and_requirements_of_the_registry() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../cases/requirements");
    let is_known = |id: &str| {
        let rfc = id.split('/').next().unwrap();
        let registry = std::fs::read_to_string(format!("{folder}/{rfc}.toml")).unwrap();
        registry.contains(&format!("id = \"{id}\""))
    };
    for kind in kinds() {
        let server = kind.requirement(Party::Server).unwrap();
        assert!(is_known(server), "{kind:?}");
        assert!(kind.requirement(Party::Client).is_none_or(is_known), "{kind:?}");
        assert!(!kind.describe().is_empty());
        let failure = Failure::Switch(SwitchViolation { kind, at: 0..0 });
        assert!(is_known(failure.requirement()), "{failure:?}");
    }
    use Failure::{Ended, HeadTooLong, NotHttp, Unsolicited};
    for failure in [Ended, HeadTooLong, NotHttp, Unsolicited] {
        assert!(is_known(failure.requirement()) && !failure.describe().is_empty(), "{failure:?}");
    }
}

fn kinds() -> Vec<Kind> {
    let name = || b"a".to_vec();
    let parameters = [
        DeflateViolationKind::Unknown,
        DeflateViolationKind::Repeated,
        DeflateViolationKind::ValueMissing,
        DeflateViolationKind::OutOfRange,
    ];
    let of_parameter = parameters.into_iter().flat_map(|kind| {
        let names = ["server_max_window_bits", "client_max_window_bits", "a"];
        names.into_iter().flat_map(move |name| {
            let name = name.as_bytes().to_vec();
            let declined = Kind::DeflateDeclined { name: name.clone(), kind };
            [declined, Kind::DeflateParameter { name, kind }]
        })
    });
    let misfits = [
        Misfit::ClientWindowLarger,
        Misfit::ClientWindowNotOffered,
        Misfit::ServerContextTakeover,
        Misfit::ServerWindowLarger,
        Misfit::ServerWindowMissing(15),
        Misfit::ServerWindowMissing(8),
    ];
    let others = [
        Kind::AcceptMissing,
        Kind::AcceptRepeated,
        Kind::AcceptWithoutKey,
        Kind::AcceptWrong([0; 28]),
        Kind::ConnectionWithoutUpgrade,
        Kind::DeflateRepeated(2),
        Kind::ExtensionNotOffered(name()),
        Kind::ExtensionUnclear(name()),
        Kind::ExtensionsMalformed,
        Kind::HttpVersion,
        Kind::ProtocolNotNamed,
        Kind::ProtocolNotOffered(name()),
        Kind::SubprotocolEmpty,
        Kind::SubprotocolMalformed,
        Kind::SubprotocolNotOffered,
        Kind::SubprotocolRepeated,
        Kind::SubprotocolUnasked,
        Kind::SwitchToHttp10,
        Kind::UpgradeEmptyElement,
        Kind::UpgradeMalformed(name()),
        Kind::UpgradeMissing,
        Kind::UpgradeNotWebsocket,
        Kind::VersionSent,
    ];
    let malformed = ViolationKind::ALL.into_iter().map(Kind::Malformed);
    let misfits = misfits.into_iter().map(Kind::DeflateMisfit);
    of_parameter.chain(misfits).chain(malformed).chain(others).collect()
}

proptest! {
    #[test]
    fn no_octets_make_a_client_panic_or_depend_on_how_they_are_split(
        octets in responses(),
        piece in 1_usize..9,
    ) {
        let mut whole = sent(REQUEST);
        let mut split = sent(REQUEST);
        let events = whole.receive(&octets);
        let pieces = octets.chunks(piece);
        let of_pieces: Vec<_> = pieces.flat_map(|piece| split.receive(piece)).collect();
        prop_assert_eq!(events, of_pieces);
        prop_assert_eq!(whole.state(), split.state());
        prop_assert_eq!(whole.head(), split.head());
        prop_assert_eq!(whole.trailing(), split.trailing());
    }
}

/// Octets made of pieces of responses, and of any octets.
fn responses() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        SWITCH,
        "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n",
        "HTTP/1.1 100 \n\n",
        "HTTP/1.1 426 \r\n",
        "Upgrade: websocket\r\n",
        "\r\n",
    ]);
    let known = known.prop_map(|piece| piece.as_bytes().to_vec());
    let any = prop::collection::vec(any::<u8>(), 0..20);
    let piece = prop_oneof![6 => known, 1 => any];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

/// The failures by their names, without what they quote.
fn failures(events: &[ClientEvent]) -> String {
    let failures = events.iter().flat_map(|event| match event {
        ClientEvent::Failed(failures) => failures.clone(),
        _ => Vec::new(),
    });
    let name = |failure| match failure {
        Failure::Switch(SwitchViolation { kind, .. }) => match kind {
            Kind::Malformed(_) | Kind::DeflateMisfit(_) => format!("{kind:?}"),
            kind => {
                let shown = format!("{kind:?}");
                let end = shown.find(|c: char| !c.is_ascii_alphanumeric());
                shown[..end.unwrap_or(shown.len())].to_owned()
            }
        },
        failure => format!("{failure:?}"),
    };
    failures.map(name).collect::<Vec<_>>().join(" ")
}
