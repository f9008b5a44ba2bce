//! Offers of extensions and subprotocols, and their answers: what our negotiator answers, our
//! checker accepts, and client and judge agree on what else may be answered.
//! The heads are well-formed apart from the offers.

use upspec_handshake::field::deflate::{Answer, Offer, PERMESSAGE_DEFLATE, fits};
use upspec_handshake::field::extension::Extensions;
use upspec_handshake::field::key::accept;
use upspec_handshake::field::subprotocol::Offers;
use upspec_handshake::negotiate::{deflate_value, permessage_deflate, subprotocol};
use upspec_handshake::peer::Client;
use upspec_handshake::peer::table::ClientState;
use upspec_judge::Finding;

use crate::both_ends;
use crate::pieces::is_within;
use crate::planted;
use crate::seeds::Material;

/// Checks one input of the target `extensions`: the lines of an offer, an empty line, and the value
/// of an answer.
pub fn extensions(input: &[u8]) {
    if input.iter().any(|octet| octet.is_ascii_control() && !b"\n\t".contains(octet)) {
        return;
    }
    let empty = input.windows(2).position(|two| two == b"\n\n");
    let (offer, answer) = match empty {
        Some(at) => (&input[..at], &input[at + 2..]),
        None => (input, &b""[..]),
    };
    let lines: Vec<&[u8]> = offer.split(|octet| *octet == b'\n').collect();
    let combined = lines.join(&b", "[..]);
    negotiated(&combined);
    chosen(&combined);
    if empty.is_some() && !answer.contains(&b'\n') {
        answered(&lines, answer);
    }
}

/// What our server makes of an offer is in order, fits it, and reads back as it was meant.
fn negotiated(value: &[u8]) {
    let extensions = Extensions::parse(value);
    for extension in &extensions.list {
        assert!(is_within(&extension.at, value.len()), "{extension:?}");
    }
    for fault in &extensions.violations {
        assert!(is_within(&fault.at, value.len()), "{fault:?}");
    }
    let exact = extensions.list.iter().filter(|one| one.name == PERMESSAGE_DEFLATE.as_bytes());
    let offers: Vec<Offer> = exact.filter_map(|one| Offer::parse(one).ok()).collect();
    let Some(answer) = permessage_deflate(&extensions) else {
        assert!(offers.is_empty(), "a valid offer was declined");
        return;
    };
    assert!(fits(&answer, &offers), "{answer:?} fits none of {offers:?}");
    let written = planted::deflate_value(&answer, deflate_value(&answer));
    let read = Extensions::parse(written.as_bytes());
    assert!(read.is_well_formed() && read.notes.is_empty(), "{written}");
    assert_eq!(read.list.len(), 1, "{written}");
    assert_eq!(Answer::parse(&read.list[0]), Ok(answer), "{written}");
}

/// The first name of the client's that the server knows, whatever else is on offer.
fn chosen(value: &[u8]) {
    let offers = Offers::parse([value]);
    let known = [&b"superchat"[..], b"chat"];
    let chosen = subprotocol(&offers, known.into_iter());
    let first = offers.names.iter().position(|name| known.contains(name));
    assert_eq!(chosen, first.map(|at| offers.names[at]));
}

/// Any value as the answer to the offer: the client takes it if, and only if, the judge finds no
/// broken MUST in it.
fn answered(offer: &[&[u8]], answer: &[u8]) {
    let mut request = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
        .to_vec();
    request.extend_from_slice(KEY);
    for line in offer {
        request.extend_from_slice(b"\r\nSec-WebSocket-Extensions: ");
        request.extend_from_slice(line);
    }
    request.extend_from_slice(b"\r\n\r\n");
    let mut response = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Accept: "
        .to_vec();
    response.extend_from_slice(&accept(KEY));
    response.extend_from_slice(b"\r\nSec-WebSocket-Extensions: ");
    response.extend_from_slice(answer);
    response.extend_from_slice(b"\r\n\r\n");

    let mut client = Client::new(&request).complete().expect("the head is complete");
    client.send();
    let events = client.receive(&response);
    let takes = client.state() == ClientState::Switched;
    let result = both_ends::judged(&request, &response);
    // The judge only warns of a parameter that differs in case from a known one: no text says that
    // the names compare with case. A client that refuses it is as right.
    let in_other_case = |one: &Finding| one.requirement == "rfc6455/9.1-defined-params";
    if !takes && result.findings.iter().any(in_other_case) {
        return;
    }
    let mut failures = both_ends::failures(&result);
    // No sender may write empty elements, and every recipient takes them (RFC 9110 5.6.1).
    failures.retain(|failure| !failure.starts_with("rfc9110/5.6.1.1-no-empty-elements"));
    let combined = offer.join(&b", "[..]);
    // Of a malformed offer nobody can say what is on offer, so that the judge keeps silent.
    if Extensions::parse(&combined).is_well_formed() {
        assert_eq!(takes, failures.is_empty(), "{events:?} and {failures:?}");
    } else {
        assert!(!takes || failures.is_empty(), "taken, but {failures:?}");
    }
}

/// Each value of Sec-WebSocket-Extensions and Sec-WebSocket-Protocol in the corpus, alone, and with
/// what our server and what stored servers answered.
pub(crate) fn seeds(material: &Material) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for request in &material.requests {
        let Some(head) = upspec_handshake::RequestHead::parse(request).complete() else {
            continue;
        };
        for name in ["Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol"] {
            let lines: Vec<&[u8]> = head.fields.values(name).collect();
            let offer = lines.join(&b'\n');
            if let Some(answer) = permessage_deflate(&Extensions::parse(&offer)) {
                let value = deflate_value(&answer);
                seeds.push([&offer, &b"\n\n"[..], value.as_bytes()].concat());
            }
            seeds.push(offer);
        }
    }
    seeds
}

const KEY: &[u8] = b"dGhlIHNhbXBsZSBub25jZQ==";
