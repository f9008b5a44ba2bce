//! Faults in relaying what passes behind a 101, and its end (RFC 9110 3.7, 9.3.6; RFC 6455 5.4).

use crate::proxy::fault::Effect::{Downward, Upward};
use crate::proxy::fault::scene::{Scene, get, handshake, switch, switched};
use crate::proxy::fault::{Point, ProxyFault, fault};

pub(super) const ROWS: &[ProxyFault] = &[
    fault("upward-dead", "Nothing passes from client to origin.")
        .breaks(SWITCHED)
        .shown_by(|| switched("").client("upward").keeps("origin-1", "upward"))
        .at(Point::UpwardDead),
    fault("downward-dead", "Nothing passes from origin to client.")
        .breaks(SWITCHED)
        .shown_by(|| switched("").origin("downward").keeps("client", "downward"))
        .at(Point::DownwardDead),
    fault("coalesced-lost", "What comes in one piece with the 101 is lost.")
        .breaks(SWITCHED)
        .shown_by(|| handshake("").origin(switch("") + "downward").keeps("client", "downward"))
        .at(Point::CoalescedLost),
    fault(
        "upward-as-text",
        "What the client sends and is no frame is taken for UTF-8, and mended.",
    )
    .breaks("rfc9110/3.7-tunnel")
    .shown_by(|| switched("").client(b"\xffb").gives("origin-1", "?b"))
    .by(Upward(as_text)),
    fault(
        "downward-as-text",
        "What the origin sends and is no frame is taken for UTF-8, and mended.",
    )
    .breaks("rfc9110/3.7-tunnel")
    .also(&[SWITCHED])
    .shown_by(|| switched("").origin(b"\xffb").gives("client", "?b"))
    .by(Downward(as_text)),
    fault("client-end-untold", "The origin does not learn that the client has ended.")
        .breaks(CLOSED)
        .shown_by(|| switched("").client_ends().keeps("origin-1", "<end>"))
        .at(Point::ClientEndUntold),
    fault("origin-end-untold", "The client does not learn that the origin has ended.")
        .breaks(CLOSED)
        .shown_by(|| switched("").origin_ends().keeps("client", "<end>"))
        .at(Point::OriginEndUntold),
    fault("client-end-cuts", "What the client sends right before its end is lost.")
        .breaks(CLOSED)
        .shown_by(|| switched("").client("last").client_ends().keeps("origin-1", "last"))
        .at(Point::ClientEndCuts),
    fault("origin-end-cuts", "What the origin sends right before its end is lost.")
        .breaks(CLOSED)
        .shown_by(|| switched("").origin("last").origin_ends().keeps("client", "last"))
        .at(Point::OriginEndCuts),
    fault("client-reset-untold", "The origin does not learn of a reset of the client.")
        .breaks(CLOSED)
        .shown_by(|| switched("").client_resets().keeps("origin-1", "<reset>"))
        .at(Point::ClientResetUntold),
    fault("origin-reset-untold", "The client does not learn of a reset of the origin.")
        .breaks(CLOSED)
        .shown_by(|| switched("").origin_resets().keeps("client", "<reset>"))
        .at(Point::OriginResetUntold),
    fault(
        "waiting-client-gone-untold",
        "The origin does not learn that the client waits no longer.",
    )
    .breaks("rfc9112/9.5-monitor")
    .shown_by(|| get("").client_resets().keeps("origin-1", "<left>"))
    .at(Point::ClientGoneUntold),
    fault(
        "reserved-fragments-joined",
        "Fragments of a message with reserved bits become one frame.",
    )
    .breaks("rfc6455/5.4-reserved-bits-fragments")
    .shown_by(|| fragments(0x41))
    .by(Upward(|octets| joined(octets, |first| first & 0x70 != 0))),
    fault("fragments-joined", "Fragments become one frame, whatever extensions there are.")
        .breaks("rfc6455/5.4-extension-fragments")
        .shown_by(|| fragments(0x01))
        .by(Upward(|octets| joined(octets, |first| first & 0x70 == 0))),
    fault("ping-fragmented", "A Ping arrives in two frames.")
        .breaks("rfc6455/5.4-control-fragments")
        .shown_by(|| {
            switched("")
                .client(b"\x89\x84\0\0\0\0ping")
                .gives("origin-1", "\\t\\x82\\x00\\x00\\x00\\x00pi\\x80\\x82")
        })
        .by(Upward(in_two)),
];

/// What begins as no frame can is taken for text.
fn as_text(octets: Vec<u8>) -> Vec<u8> {
    if octets.first() != Some(&0xff) {
        return octets;
    }
    String::from_utf8_lossy(&octets).replace(char::REPLACEMENT_CHARACTER, "?").into_bytes()
}

/// Two fragments of one message, masked with zeros.
fn fragments(first: u8) -> Scene {
    let frames = [&[first, 0x82, 0, 0, 0, 0][..], b"ab", &[0x80, 0x82, 0, 0, 0, 0], b"cd"].concat();
    switched("").client(frames).gives("origin-1", "abcd")
}

/// Two masked frames that are fragments of one message as one frame, where its first octet is of this kind. A control
/// frame between them comes behind.
fn joined(octets: Vec<u8>, is_joined: fn(u8) -> bool) -> Vec<u8> {
    let Some((first, rest)) = frame(&octets) else { return octets };
    let Some((next, after)) = frame(rest) else { return octets };
    let (between, second) = match (next[0] & 0x08, frame(after)) {
        (0, _) => (&[][..], next),
        (_, Some((second, _))) => (next, second),
        _ => return octets,
    };
    let is_message = first[0] & 0x80 == 0 && second[0] == 0x80 && is_joined(first[0]);
    let length = first.len() + second.len() - 2 * HEAD;
    let is_all = octets.len() == first.len() + between.len() + second.len();
    if !is_message || !is_all || length > 125 {
        return octets;
    }
    let mut whole = vec![first[0] | 0x80, 0x80 | length as u8, 0, 0, 0, 0];
    for part in [first, second] {
        let key = &part[2..HEAD];
        whole.extend(part[HEAD..].iter().zip(key.iter().cycle()).map(|(octet, key)| octet ^ key));
    }
    whole.extend_from_slice(between);
    whole
}

/// A Ping as two frames with the same masking key.
fn in_two(octets: Vec<u8>) -> Vec<u8> {
    let Some((ping, rest)) = frame(&octets) else { return octets };
    // A masking key has four octets, so that the second half begins anew only there.
    let half = (ping.len() - HEAD) / 2;
    if ping[0] != 0x89 || half == 0 {
        return octets;
    }
    let key = &ping[2..HEAD];
    let turned: Vec<u8> = key.iter().cycle().skip(half).take(4).copied().collect();
    let (one, other) = ping[HEAD..].split_at(half);
    let lengths = [0x80 | one.len() as u8, 0x80 | other.len() as u8];
    [&[0x09, lengths[0]], key, one, &[0x80, lengths[1]], &turned, other, rest].concat()
}

/// The first masked frame of at most 125 octets, and what stands behind it.
fn frame(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = usize::from(*octets.get(1)?);
    let is_short = (0x80..=0xfd).contains(&length);
    let end = HEAD + (length & 0x7f);
    (is_short && octets.len() >= end).then(|| octets.split_at(end))
}

/// The octets of a masked frame before its payload.
const HEAD: usize = 6;
const SWITCHED: &str = "rfc9110/15.2.2-101-upgrade";
const CLOSED: &str = "rfc9110/9.3.6-tunnel-close";
