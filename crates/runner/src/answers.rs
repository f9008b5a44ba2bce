//! What a server of ours fills into its answer: the right Sec-WebSocket-Accept for the request that came, wrong
//! ones that look like it, and what accepts the client's own offers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use upspec_corpus::Bindings;
use upspec_handshake::RequestHead;
use upspec_handshake::field::deflate::{Offer, PERMESSAGE_DEFLATE};
use upspec_handshake::field::elements_of;
use upspec_handshake::field::extension::Extensions;
use upspec_handshake::field::key::{GUID, accept, sha1};
use upspec_handshake::frame::{Frame, opcode, write};

use crate::bindings::swap_case;

/// The bindings of a server that has read this request: those of what it answers are of the request, and
/// its Ping has no mask (RFC 6455 section 5.1). A request in HTTP/2 is as good, read as a head. What there is
/// nothing to fill in for is empty: a second subprotocol where one is offered, or a wrong name for one that is
/// offered itself.
pub(crate) fn answering(request: &RequestHead<'_>, bindings: &Bindings) -> Bindings {
    let offered: Vec<&[u8]> =
        elements_of(request.fields.values("Sec-WebSocket-Protocol")).collect();
    let [first, second] = [0, 1].map(|at| offered.get(at).copied().unwrap_or_default());
    let unknown = |name: Vec<u8>| if offered.contains(&&name[..]) { Vec::new() } else { name };
    let line = |end: &[u8]| match first {
        [] => Vec::new(),
        _ => [b"Sec-WebSocket-Protocol: ", first, end].concat(),
    };
    let ping = Frame::parse(&bindings.ping).complete();
    let filled = Bindings {
        protocol: first.to_vec(),
        protocol_second: second.to_vec(),
        protocol_field: line(b"\r\n"),
        protocol_field_lf: line(b"\n"),
        protocol_swapped: unknown(first.iter().copied().map(swap_case).collect()),
        protocol_prefix: unknown(first[..first.len().saturating_sub(1)].to_vec()),
        deflate: acceptance(request, true),
        deflate_without_hint: acceptance(request, false),
        ping: ping.map(|ping| write(opcode::PING, &ping.payload, None)).unwrap_or_default(),
        ..bindings.clone()
    };
    match request.fields.values("Sec-WebSocket-Key").next() {
        Some(key) => accepting(key, filled),
        None => filled,
    }
}

/// Fills in what depends on the key: {accept} and everything that looks like it.
fn accepting(key: &[u8], bindings: Bindings) -> Bindings {
    let right = accept(key).to_vec();
    let made = |parts: [&[u8]; 2]| STANDARD.encode(sha1(parts)).into_bytes();
    let digest = sha1([key, GUID]);
    let nonce = STANDARD.decode(key).unwrap_or_default();
    let spaced = [&right[..SPACE_AT], b" ", &right[SPACE_AT..]].concat();
    Bindings {
        accept_swapped: right.iter().copied().map(swap_case).collect(),
        accept_truncated: right[..right.len() - 1].to_vec(),
        accept_hex: digest.iter().flat_map(|octet| format!("{octet:02x}").into_bytes()).collect(),
        accept_inner_space: spaced,
        accept_lower_guid: made([key, &GUID.to_ascii_lowercase()]),
        accept_of_decoded_key: made([&nonce, GUID]),
        accept_of_other_key: accept(&bindings.key).to_vec(),
        accept_pad_bits: with_pad_bits(&right),
        accept_without_guid: made([key, b""]),
        accept: right,
        key: key.to_vec(),
        ..bindings
    }
}

/// The same 20 octets in base64, with a bit set that stands for none of them: the last character but the
/// padding is the next one of the alphabet.
fn with_pad_bits(accept: &[u8]) -> Vec<u8> {
    let mut spelt = accept.to_vec();
    let last = accept.iter().rposition(|octet| *octet != b'=');
    if let Some((at, value)) = last.and_then(|at| Some((at, value_of(accept[at])?))) {
        spelt[at] = ALPHABET[(value + 1) % ALPHABET.len()];
    }
    spelt
}

fn value_of(character: u8) -> Option<usize> {
    ALPHABET.iter().position(|known| *known == character)
}

/// permessage-deflate with what the client's first valid offer of it demands of an answer (RFC 7692, sections
/// 7.1.1.1 and 7.1.2.1), and with its hint that it keeps no context (7.1.1.2), if that is wanted.
fn acceptance(request: &RequestHead<'_>, hint: bool) -> Vec<u8> {
    let values: Vec<&[u8]> = request.fields.values("Sec-WebSocket-Extensions").collect();
    let value = values.join(&b", "[..]);
    let extensions = Extensions::parse(&value);
    let mut offers = extensions.named(PERMESSAGE_DEFLATE).map(Offer::parse);
    let offer = offers.find_map(Result::ok).unwrap_or_default();
    let mut accepted = PERMESSAGE_DEFLATE.to_owned();
    if offer.server_no_context_takeover {
        accepted.push_str("; server_no_context_takeover");
    }
    if offer.client_no_context_takeover && hint {
        accepted.push_str("; client_no_context_takeover");
    }
    if let Some(bits) = offer.server_max_window_bits {
        accepted.push_str(&format!("; server_max_window_bits={bits}"));
    }
    accepted.into_bytes()
}

/// Where a space breaks a value in two.
const SPACE_AT: usize = 14;
/// RFC 4648 section 4.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(lines: &str) -> Bindings {
        let head = format!("GET / HTTP/1.1\r\n{lines}\r\n");
        let request = RequestHead::parse(head.as_bytes()).complete().unwrap();
        let bindings =
            Bindings { key: b"AAECAwQFBgcICQoLDA0ODw==".to_vec(), ..Bindings::default() };
        answering(&request, &bindings)
    }

    fn text(octets: &[u8]) -> &str {
        std::str::from_utf8(octets).unwrap()
    }

    #[test]
    fn rfc6455_4_2_2_the_right_accept_and_wrong_ones() {
        let filled = filled("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
        let example = Bindings::example();
        assert_eq!(filled.key, example.key);
        let rows = [
            (&filled.accept, &example.accept),
            (&filled.accept_swapped, &example.accept_swapped),
            (&filled.accept_truncated, &example.accept_truncated),
            (&filled.accept_hex, &example.accept_hex),
            (&filled.accept_inner_space, &example.accept_inner_space),
            (&filled.accept_lower_guid, &example.accept_lower_guid),
            (&filled.accept_of_decoded_key, &example.accept_of_decoded_key),
            (&filled.accept_of_other_key, &example.accept_of_other_key),
            (&filled.accept_pad_bits, &example.accept_pad_bits),
            (&filled.accept_without_guid, &example.accept_without_guid),
        ];
        for (filled, known) in rows {
            assert_eq!(text(filled), text(known));
        }
    }

    #[test]
    fn without_a_key_there_is_no_accept() {
        assert!(filled("Host: a\r\n").accept.is_empty());
    }

    #[test]
    fn a_wrong_name_is_none_that_is_offered() {
        let two = filled("Sec-WebSocket-Protocol: chat, cha\r\nSec-WebSocket-Protocol: CHAT\r\n");
        assert_eq!((text(&two.protocol), text(&two.protocol_second)), ("chat", "cha"));
        assert!(two.protocol_swapped.is_empty() && two.protocol_prefix.is_empty());
        assert_eq!(two.protocol_field, b"Sec-WebSocket-Protocol: chat\r\n");
        assert_eq!(two.protocol_field_lf, b"Sec-WebSocket-Protocol: chat\n");
        let one = filled("Sec-WebSocket-Protocol: chat\r\n");
        assert_eq!((text(&one.protocol_swapped), text(&one.protocol_prefix)), ("CHAT", "cha"));
        assert!(one.protocol_second.is_empty());
        let none = filled("");
        assert!(none.protocol_field.is_empty() && none.protocol_field_lf.is_empty());
    }

    #[test]
    fn rfc7692_7_1_an_acceptance_fits_the_offer() {
        let rows = [
            ("permessage-deflate; client_max_window_bits", "permessage-deflate"),
            (
                "permessage-deflate; server_no_context_takeover; server_max_window_bits=10",
                "permessage-deflate; server_no_context_takeover; server_max_window_bits=10",
            ),
            (
                "x, permessage-deflate; client_no_context_takeover, permessage-deflate",
                "permessage-deflate; client_no_context_takeover",
            ),
            ("permessage-deflate; server_max_window_bits=99", "permessage-deflate"),
        ];
        for (offer, accepted) in rows {
            let filled = filled(&format!("Sec-WebSocket-Extensions: {offer}\r\n"));
            assert_eq!(text(&filled.deflate), accepted, "{offer}");
        }
        let hinted =
            filled("Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover\r\n");
        assert_eq!(hinted.deflate_without_hint, b"permessage-deflate");
    }
}
