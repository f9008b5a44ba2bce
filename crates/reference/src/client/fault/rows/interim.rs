//! Faults in waiting for the answer, and in what comes before it.

use super::{contains, is_switch, status_of};
use crate::client::fault::Effect::{Answer, Octets, Refuse};
use crate::client::fault::scene::{Scene, answered, octets};
use crate::client::fault::{ClientFault, Point, fault};
use crate::fault::{Seen, field};

pub(super) const ROWS: &[ClientFault] = &[
    fault("sends-early", "A message goes out with the request.")
        .breaks("rfc6455/4.1-wait")
        .at(Point::SendsEarly),
    fault("sends-on-first-octets", "A message goes out when a part of an answer has come.")
        .breaks("rfc6455/4.1-wait")
        .shown_by(|| octets("HTTP/1.1 101 "))
        .at(Point::SendsOnFirstOctets),
    fault("sends-after-interim", "A message goes out when an interim response has come.")
        .breaks("rfc6455/4.1-wait")
        .shown_by(hinted)
        .at(Point::SendsAfterInterim),
    fault("tells-open-early", "It tells that the connection is open when it has sent its request.")
        .breaks("rfc6455/7.2.1-transport-lost")
        .at(Point::TellsOpenEarly),
    fault("interim-opens", "Any 1xx is the answer.")
        .breaks("rfc6455/4.1-not-101")
        .shown_by(hinted)
        .by(Answer(|answer, _| {
            if matches!(status_of(answer), Some(100..=199)) {
                answer.start = b"HTTP/1.1 101 Switching Protocols".to_vec();
            }
        })),
    fault("interim-refused", "An interim response fails the connection.")
        .breaks("rfc9110/15.2-client-parses")
        .shown_by(hinted)
        .by(Refuse(|answer, _| {
            status_of(answer).is_some_and(|status| status < 200) && !is_switch(answer)
        })),
    fault("unknown-interim-refused", "Any 1xx but 100 and 101 fails the connection.")
        .breaks("rfc9110/15.2-client-parses")
        .shown_by(hinted)
        .by(Refuse(|answer, _| matches!(status_of(answer), Some(102..=199)))),
    fault("interim-fields-kept", "The fields of an interim response count for the answer.")
        .breaks("rfc6455/4.1-check-accept")
        .shown_by(|| {
            octets("HTTP/1.1 103 x\r\nSec-WebSocket-Accept: {accept}\r\n\r\n")
                .and("HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        })
        .by(Octets(|held| {
            let end = held.windows(4).position(|four| four == b"\r\n\r\n")?;
            let (interim, answer) = (Seen::of(held[..end].to_vec()), &held[end + 4..]);
            let is_interim = matches!(status_of(&interim), Some(102..=199));
            let mut whole = Seen::of(answer.to_vec());
            if !is_interim || !contains(answer, b"\r\n\r\n") {
                return None;
            }
            let is_new = |line: &&Vec<u8>| {
                field(line).is_some_and(|(name, _)| !whole.has(&String::from_utf8_lossy(name)))
            };
            let more: Vec<Vec<u8>> = interim.lines.iter().filter(is_new).cloned().collect();
            whole.lines.extend(more);
            Some(whole.write())
        })),
    fault("interim-content-awaited", "A 1xx with Content-Length has content.")
        .breaks("rfc9112/6.3-no-body-status")
        .shown_by(|| {
            octets("HTTP/1.1 103 x\r\nContent-Length: 5\r\n\r\n").and(answered().writes.concat())
        })
        .by(Octets(|held| {
            let end = held.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
            let is_due =
                held.starts_with(b"HTTP/1.1 103") && contains(&held[..end], b"Content-Length: 5");
            is_due.then(|| {
                [b"HTTP/1.1 103 x\r\n\r\n", held.get(end + 5..).unwrap_or_default()].concat()
            })
        })),
    fault("endless-head", "A head is read without a limit while it has no end.")
        .breaks("rfc9110/2.3-defensive")
        .shown_by(|| octets(["HTTP/1.1 101 x\r\nX-A: ", &"a".repeat(70_000)].concat()))
        .at(Point::EndlessHead),
];

/// A hint, and the answer.
fn hinted() -> Scene {
    octets("HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n")
        .then(answered().writes.concat())
}
