//! What stands in the place of bindings at both ends of an intermediary: tags, keys and frames of the exchange.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use upspec_corpus::Bindings;
use upspec_corpus::case::Over;
use upspec_exchange::{Request, Tag};
use upspec_handshake::field::elements_of;
use upspec_handshake::frame::{opcode, write};

use super::forward::Named;
use super::settings::ProxySettings;
use crate::answers::answering;
use crate::bindings::{Nonces, Turn, fnv1a};
use crate::target::Target;

/// The bindings of one exchange, and the nonce of its tags.
pub(super) fn bindings(
    target: &Target,
    settings: &ProxySettings,
    turn: &Turn<'_>,
    over: Over,
) -> (Bindings, Vec<u8>) {
    let nonces = Nonces::of(turn);
    let mut random = generator(turn);
    let nonce = nonces.random.clone().into_bytes();
    let first = if target.path.contains('?') { '&' } else { '?' };
    let tag =
        |before: char, number| format!("{before}{}", Tag { number, nonce: &nonce }).into_bytes();
    let standing = settings.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
    let text: [u8; 8] = letters(&mut random);
    let back: [u8; 8] = letters(&mut random);
    let large = random.random::<[u8; 32]>().repeat(LARGE / 32);
    let named = Named::of(target, settings.forward.as_deref(), over);
    let bindings = Bindings {
        authority_upper: named.authority.to_ascii_uppercase().into_bytes(),
        authority: named.authority.into_bytes(),
        host: named.host.into_bytes(),
        port: named.port.into_bytes(),
        path: named.path.into_bytes(),
        scheme: named.scheme.as_bytes().to_vec(),
        standing: standing.collect::<String>().into_bytes(),
        key: nonces.key.clone().into_bytes(),
        key_second: STANDARD.encode(random.random::<[u8; 16]>()).into_bytes(),
        ping: nonces.ping.clone(),
        tag: tag(first, 1),
        tag_second: tag(first, 2),
        tag_third: tag(first, 3),
        tag_more: tag('&', 1),
        frame: write(opcode::TEXT, &text, Some(random.random())),
        text_back: write(opcode::TEXT, &back, None),
        binary_16k: write(opcode::BINARY, &large, Some(random.random())),
        binary_16k_back: write(opcode::BINARY, &large, None),
        random: letters::<16>(&mut random).to_vec(),
        ..Bindings::default()
    };
    (bindings, nonce)
}

/// Those of our origin when it answers this request.
pub(super) fn answering_tagged(request: &Request<'_>, ours: &Bindings) -> Bindings {
    let head = &request.head;
    let mut offers = elements_of(head.fields.values("Sec-WebSocket-Extensions"));
    let is_offered = offers.any(|offer| offer.eq_ignore_ascii_case(b"x-upspec"));
    let line = if is_offered { &b"Sec-WebSocket-Extensions: x-upspec\r\n"[..] } else { b"" };
    let stream = (request.stream > 0).then_some(request.stream);
    Bindings { extension_if_offered: line.to_vec(), stream, ..answering(head, ours) }
}

fn letters<const N: usize>(random: &mut StdRng) -> [u8; N] {
    std::array::from_fn(|_| random.random_range(b'a'..=b'z'))
}

/// A generator of its own, beside that of the other nonces.
fn generator(turn: &Turn<'_>) -> StdRng {
    let seed = turn.seed ^ fnv1a(turn.case.as_bytes()) ^ u64::from(turn.attempt);
    StdRng::seed_from_u64(seed)
}

/// The length of a large message.
const LARGE: usize = 16 * 1024;
