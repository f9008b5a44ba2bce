//! The value of each binding in one exchange: parts of the target's URL, and fresh nonces.
//! Nonces come from the seed alone: the same turn of the same run has the same octets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use upspec_corpus::Bindings;
use upspec_handshake::frame::{opcode, write};
use upspec_judge::TargetFacts;

use crate::settings::Settings;
use crate::target::Target;

/// Identifies an exchange of a run. It alone determines the nonces, so they do not depend on
/// scheduling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn<'a> {
    /// The run's seed.
    pub seed: u64,
    /// The id of the case that is played.
    pub case: &'a str,
    /// How often the case has been played before.
    pub attempt: u32,
    /// Which connection of the case it is, counted from 0.
    pub connection: u32,
}

/// The values that are fresh in each exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nonces {
    /// A Sec-WebSocket-Key: the base64 of 16 octets (RFC 6455 section 4.1).
    pub key: String,
    /// A token of 16 lower-case letters.
    pub random: String,
    /// A masked Ping with a payload of 8 octets (RFC 6455 section 5.5.2).
    pub ping: Vec<u8>,
    /// A masked Close with status 1000, to take leave with (RFC 6455 section 5.5.1).
    pub close: Vec<u8>,
}

impl Nonces {
    /// The nonces of a turn.
    #[must_use]
    pub fn of(turn: &Turn<'_>) -> Self {
        let mut random = turn.generator();
        let key = STANDARD.encode(random.random::<[u8; 16]>());
        let letters = (0..16).map(|_| char::from(random.random_range(b'a'..=b'z'))).collect();
        let payload: [u8; 8] = random.random();
        let ping = write(opcode::PING, &payload, Some(random.random()));
        let close = write(opcode::CLOSE, &1000_u16.to_be_bytes(), Some(random.random()));
        Self { key, random: letters, ping, close }
    }

    /// What stands in the place of bindings where we are the server and nothing else is known.
    pub(crate) fn bindings(&self) -> Bindings {
        Bindings {
            key: self.key.clone().into_bytes(),
            ping: self.ping.clone(),
            random: self.random.clone().into_bytes(),
            ..Bindings::default()
        }
    }
}

impl Turn<'_> {
    fn generator(&self) -> StdRng {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.seed.to_le_bytes());
        seed[8..16].copy_from_slice(&fnv1a(self.case.as_bytes()).to_le_bytes());
        seed[16..20].copy_from_slice(&self.attempt.to_le_bytes());
        seed[20..24].copy_from_slice(&self.connection.to_le_bytes());
        StdRng::from_seed(seed)
    }
}

/// Fills every binding for one exchange.
#[must_use]
pub(crate) fn bindings(
    target: &Target,
    settings: &Settings,
    facts: &TargetFacts,
    nonces: &Nonces,
) -> Bindings {
    let authority = target.authority();
    let known = |index: usize| facts.known_subprotocols().nth(index).unwrap_or_default();
    let first = known(0);
    Bindings {
        authority_upper: authority.to_ascii_uppercase().into_bytes(),
        authority: authority.into_bytes(),
        host: target.host.clone().into_bytes(),
        key: nonces.key.clone().into_bytes(),
        origin: settings.origin.clone().unwrap_or_else(|| target.own_origin()).into_bytes(),
        path: target.path.clone().into_bytes(),
        ping: nonces.ping.clone(),
        port: target.port.to_string().into_bytes(),
        random: nonces.random.clone().into_bytes(),
        scheme: target.scheme.http_name().as_bytes().to_vec(),
        standing: standing(settings, settings.origin.as_deref()).into_bytes(),
        standing_but_origin: standing(settings, None).into_bytes(),
        subprotocol: first.as_bytes().to_vec(),
        subprotocol_second: known(1).as_bytes().to_vec(),
        subprotocol_candidates: candidates(settings, facts).into_bytes(),
        subprotocol_swapped: first.bytes().map(swap_case).collect(),
        ..Bindings::default()
    }
}

/// The field lines that the user's target wants on every request, with this origin.
fn standing(settings: &Settings, origin: Option<&str>) -> String {
    let origin = origin.iter().map(|origin| ("Origin", *origin));
    let subprotocol = &settings.required_subprotocol;
    let subprotocol = subprotocol.iter().map(|name| ("Sec-WebSocket-Protocol", name.as_str()));
    let headers = settings.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let lines = headers.chain(origin).chain(subprotocol);
    lines.map(|(name, value)| format!("{name}: {value}\r\n")).collect()
}

/// Names that the target may know but has not shown to know, the user's first.
fn candidates(settings: &Settings, facts: &TargetFacts) -> String {
    let named = settings.subprotocols.iter().map(String::as_str);
    let mut names: Vec<&str> = Vec::new();
    for name in named.chain(COMMON_SUBPROTOCOLS.iter().copied()) {
        if !names.contains(&name) && !facts.subprotocols.iter().any(|known| known == name) {
            names.push(name);
        }
    }
    names.join(", ")
}

pub(crate) fn swap_case(octet: u8) -> u8 {
    if octet.is_ascii_alphabetic() { octet ^ 0x20 } else { octet }
}

/// A hash that is the same on every machine and in every release (FNV-1a, 64 bits).
#[must_use]
pub fn fnv1a(octets: &[u8]) -> u64 {
    octets.iter().fold(0xCBF2_9CE4_8422_2325, |hash, octet| {
        (hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01B3)
    })
}

/// Names that servers are often configured with; the registry of RFC 6455 section 11.5 has most of them.
const COMMON_SUBPROTOCOLS: [&str; 18] = [
    "chat",
    "superchat",
    "echo",
    "echo-protocol",
    "mqtt",
    "mqttv3.1",
    "v12.stomp",
    "v11.stomp",
    "v10.stomp",
    "graphql-transport-ws",
    "graphql-ws",
    "wamp.2.json",
    "wamp.2.msgpack",
    "soap",
    "json",
    "binary",
    "sip",
    "xmpp",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(case: &str, attempt: u32, connection: u32) -> Nonces {
        Nonces::of(&Turn { seed: 7, case, attempt, connection })
    }

    #[test]
    fn nonces_depend_on_the_turn_alone() {
        assert_eq!(turn("server/a", 0, 0), turn("server/a", 0, 0));
        let others = [
            turn("server/b", 0, 0),
            turn("server/a", 1, 0),
            turn("server/a", 0, 1),
            Nonces::of(&Turn { seed: 8, case: "server/a", attempt: 0, connection: 0 }),
        ];
        for other in others {
            assert_ne!(turn("server/a", 0, 0).key, other.key);
            assert_ne!(turn("server/a", 0, 0).ping, other.ping);
        }
    }

    #[test]
    fn nonces_have_their_shapes() {
        let nonces = turn("server/a", 0, 0);
        assert_eq!(STANDARD.decode(&nonces.key).unwrap().len(), 16);
        assert!(nonces.random.len() == 16 && nonces.random.bytes().all(|b| b.is_ascii_lowercase()));
        assert_eq!((&nonces.ping[..2], nonces.ping.len()), (&b"\x89\x88"[..], 14));
        assert_eq!((&nonces.close[..2], nonces.close.len()), (&b"\x88\x82"[..], 8));
        let status = [nonces.close[6] ^ nonces.close[2], nonces.close[7] ^ nonces.close[3]];
        assert_eq!(u16::from_be_bytes(status), 1000);
    }

    #[test]
    fn the_users_wishes_are_filled_in() {
        let settings = Settings {
            headers: vec![("Cookie".into(), "a=b".into())],
            origin: Some("https://good.example".into()),
            required_subprotocol: Some("mine".into()),
            subprotocols: vec!["Mine".into(), "chat".into()],
            ..Settings::default()
        };
        let facts = TargetFacts { subprotocols: vec!["Mine".into()], ..TargetFacts::default() };
        let target = Target::parse("wss://host.example:9/p").unwrap();
        let filled = bindings(&target, &settings, &facts, &turn("server/a", 0, 0));
        let standing =
            b"Cookie: a=b\r\nOrigin: https://good.example\r\nSec-WebSocket-Protocol: mine\r\n";
        assert_eq!(filled.standing, standing);
        assert_eq!(filled.standing_but_origin, b"Cookie: a=b\r\nSec-WebSocket-Protocol: mine\r\n");
        assert_eq!(filled.authority_upper, b"HOST.EXAMPLE:9");
        assert_eq!(filled.scheme, b"https");
        assert_eq!(
            (&filled.subprotocol[..], &filled.subprotocol_swapped[..]),
            (&b"Mine"[..], &b"mINE"[..])
        );
        assert!(filled.subprotocol_candidates.starts_with(b"chat, superchat, "));
        assert!(filled.subprotocol_second.is_empty());
    }
}
