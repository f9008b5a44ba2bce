//! Faults in the check of Upgrade in an answer (RFC 6455 4.1).

use super::{CONNECTION, UPGRADE, contains, is_switch, raw_value, revalue};
use crate::client::fault::Effect::{Answer, Refuse};
use crate::client::fault::scene::{added, changed};
use crate::client::fault::{ClientFault, fault};
use crate::fault::Seen;

pub(super) const ROWS: &[ClientFault] = &[
    fault("upgrade-unchecked", "Upgrade is not checked.")
        .breaks("rfc6455/4.1-check-upgrade")
        .shown_by(|| changed("Upgrade: websocket\r\n", ""))
        .by(Answer(|answer, _| answer.set(UPGRADE, b"websocket"))),
    fault("upgrade-prefix", "Upgrade has to begin with websock.")
        .breaks("rfc6455/4.1-check-upgrade")
        .shown_by(|| changed("websocket", "websocketx"))
        .by(Answer(|answer, _| take_if(answer, |value| value.starts_with(b"websock")))),
    fault("upgrade-within", "Upgrade has to contain websocket somewhere.")
        .breaks("rfc6455/4.1-check-upgrade")
        .shown_by(|| changed("websocket", "foo, websocket"))
        .by(Answer(|answer, _| take_if(answer, |value| contains(value, b"websocket")))),
    fault("upgrade-listed", "A list in Upgrade with websocket in it is accepted.")
        .breaks("rfc6455/4.1-check-upgrade")
        .shown_by(|| changed("websocket", "websocket, foo"))
        .by(Answer(|answer, _| {
            take_if(answer, |value| {
                value.split(|&octet| octet == b',').any(|part| part.trim_ascii() == b"websocket")
            });
        })),
    fault("upgrade-first-line", "The first of several Upgrade lines counts.")
        .breaks("rfc6455/4.1-check-upgrade")
        .shown_by(|| added("Upgrade: h2c"))
        .by(Answer(|answer, _| answer.keep_first(UPGRADE))),
    fault("upgrade-with-version", "A version behind websocket is left out.")
        .breaks("rfc6455/4.1-check-upgrade")
        .shown_by(|| changed("websocket", "websocket/13"))
        .by(Answer(|answer, _| take_if(answer, |value| value.starts_with(b"websocket/")))),
    fault("upgrade-with-case", "websocket is compared with case.")
        .breaks("rfc6455/4.1-check-upgrade")
        .shown_by(|| changed("websocket", "WebSocket"))
        .by(Refuse(|answer, _| is_switch(answer) && answer.joined(UPGRADE) != b"websocket")),
    fault("case-by-unicode", "Letters beyond ASCII fold, too.")
        .breaks("rfc6455/4.1-check-upgrade")
        .shown_by(|| changed("websocket", "web\u{17f}ocket"))
        .by(Answer(|answer, _| {
            let value = String::from_utf8_lossy(&answer.joined(UPGRADE)).into_owned();
            if value.to_lowercase().to_uppercase().to_lowercase() == "websocket" {
                answer.set(UPGRADE, b"websocket");
            }
        })),
    fault("no-break-space-trimmed", "A no-break space counts as white space.")
        .breaks("rfc6455/4.1-check-upgrade")
        .shown_by(|| {
            let mut scene = changed("websocket", "@websocket");
            for octet in scene.writes[0].iter_mut().filter(|octet| **octet == b'@') {
                *octet = 0xa0;
            }
            scene
        })
        .by(Answer(|answer, _| {
            revalue(answer, UPGRADE, |value| {
                let kept = value.iter().copied().filter(|octet| *octet != 0xa0);
                kept.collect()
            });
        })),
    fault("quotes-removed", "Quotes around a value are taken off.")
        .breaks("rfc6455/4.1-check-upgrade")
        .shown_by(|| changed("websocket", "\"websocket\""))
        .by(Answer(|answer, _| {
            for name in [UPGRADE, CONNECTION, super::ACCEPT] {
                revalue(answer, name, |value| {
                    let kept = value.iter().copied().filter(|octet| *octet != b'"');
                    kept.collect()
                });
            }
        })),
];

/// Takes Upgrade for websocket where one of its values is of this kind.
fn take_if(answer: &mut Seen, is_taken: fn(&[u8]) -> bool) {
    let mut lines = answer.lines.iter();
    let is_named = |line: &&Vec<u8>| {
        crate::fault::field(line).is_some_and(|(name, _)| name.eq_ignore_ascii_case(b"Upgrade"))
    };
    if lines.any(|line| is_named(&line) && is_taken(raw_value(line).trim_ascii())) {
        answer.set(UPGRADE, b"websocket");
    }
}
