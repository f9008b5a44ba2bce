//! Faults in the fields of a 101, those that select something apart.

use upspec_handshake::field::key::{Key, accept};

use super::super::Fault;
use super::super::sketch::Sketch;
use super::Seen;
use crate::answer::Answer;

pub(super) fn alter(fault: Fault, answer: &mut Answer, seen: &Seen) {
    let sketch = Sketch::of(&seen.head);
    let key = sketch.values("Sec-WebSocket-Key").first().map_or(&b""[..], |key| *key);
    match fault {
        _ if overlooks_key(fault) => answer.replace(ACCEPT, accept(key)),
        Fault::WrongAccept => answer.replace(ACCEPT, accept(&[key, b"x"].concat())),
        Fault::CannedAccept => answer.replace(ACCEPT, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        Fault::AcceptOfDecodedKey => {
            if let Ok(key) = Key::parse(key) {
                answer.replace(ACCEPT, accept(key.nonce()));
            }
        }
        Fault::AcceptOfUntrimmedKey => {
            let prefix = b"sec-websocket-key:";
            let named = |line: &&Vec<u8>| {
                line.len() > prefix.len() && line[..prefix.len()].eq_ignore_ascii_case(prefix)
            };
            if let Some(line) = sketch.lines.iter().find(named) {
                let value = &line[prefix.len()..];
                answer.replace(ACCEPT, accept(value.strip_prefix(b" ").unwrap_or(value)));
            }
        }
        Fault::UnpaddedAccept => answer.replace(ACCEPT, &accept(key)[..27]),
        Fault::MissingAccept => answer.remove(ACCEPT),
        Fault::DuplicateAccept => answer.add(ACCEPT, accept(key)),
        Fault::SwitchWithOfferedList => {
            let list = sketch.values("Upgrade").join(&b", "[..]);
            answer.replace("Upgrade", list);
        }
        Fault::SwitchToUnoffered => answer.replace("Upgrade", "h2c"),
        Fault::SwitchWithVersion => answer.add("Sec-WebSocket-Version", "13"),
        _ => {}
    }
}

/// The accept value is computed from whatever was sent.
fn overlooks_key(fault: Fault) -> bool {
    matches!(
        fault,
        Fault::AcceptAnyKey
            | Fault::AcceptEmptyKey
            | Fault::AcceptLongKey
            | Fault::AcceptNonBase64Key
            | Fault::AcceptShortKey
            | Fault::AcceptUnpaddedKey
    )
}

const ACCEPT: &str = "Sec-WebSocket-Accept";
