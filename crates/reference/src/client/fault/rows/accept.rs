//! Faults in the check of Sec-WebSocket-Accept (RFC 6455 4.1).

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::{ACCEPT, KEY, right};
use crate::client::fault::Effect::Answer;
use crate::client::fault::scene::{Scene, added, changed};
use crate::client::fault::{ClientFault, fault};
use crate::fault::{Seen, field};

pub(super) const ROWS: &[ClientFault] = &[
    fault("accept-unchecked", "Sec-WebSocket-Accept is not checked.")
        .breaks("rfc6455/4.1-check-accept")
        .shown_by(|| with("x"))
        .by(Answer(|answer, asked| answer.set(ACCEPT, &right(asked)))),
    fault(
        "accept-may-lack",
        "Sec-WebSocket-Accept is checked only where there is one with a value.",
    )
    .breaks("rfc6455/4.1-check-accept")
    .shown_by(|| changed("Sec-WebSocket-Accept: {accept}\r\n", ""))
    .by(Answer(|answer, asked| {
        if answer.joined(ACCEPT).is_empty() {
            answer.set(ACCEPT, &right(asked));
        }
    })),
    fault("accept-by-length", "Any Sec-WebSocket-Accept of 28 characters is right.")
        .breaks("rfc6455/4.1-check-accept")
        .shown_by(|| with("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
        .by(Answer(|answer, asked| take_if(answer, asked, |value, _| value.len() == 28))),
    fault("accept-without-case", "Sec-WebSocket-Accept is compared without case.")
        .breaks("rfc6455/4.1-check-accept")
        .shown_by(|| with("{accept-swapped}"))
        .by(Answer(|answer, asked| take_if(answer, asked, <[u8]>::eq_ignore_ascii_case))),
    fault("accept-by-beginning", "Of Sec-WebSocket-Accept only what came is compared.")
        .breaks("rfc6455/4.1-check-accept")
        .shown_by(|| with(""))
        .by(Answer(|answer, asked| {
            take_if(answer, asked, |value, right| right.starts_with(value));
        })),
    fault(
        "accept-by-first-octets",
        "Of Sec-WebSocket-Accept the first 28 characters are compared.",
    )
    .breaks("rfc6455/4.1-check-accept")
    .shown_by(|| with("{accept}AAAA"))
    .by(Answer(|answer, asked| take_if(answer, asked, <[u8]>::starts_with))),
    fault("accept-decoded", "Sec-WebSocket-Accept is decoded before it is compared.")
        .breaks("rfc6455/4.1-check-accept")
        .shown_by(|| with("{accept-pad-bits}"))
        .by(Answer(|answer, asked| {
            take_if(answer, asked, |value, right| {
                LENIENT.decode(value).is_ok_and(|value| LENIENT.decode(right) == Ok(value))
            });
        })),
    fault("accept-without-spaces", "White space within Sec-WebSocket-Accept is left out.")
        .breaks("rfc6455/4.1-check-accept")
        .shown_by(|| with("{accept-inner-space}"))
        .by(Answer(|answer, asked| {
            take_if(answer, asked, |value, right| {
                value.iter().filter(|octet| **octet != b' ').eq(right.iter())
            });
        })),
    fault("accept-of-echo", "The key itself is a right Sec-WebSocket-Accept, too.")
        .breaks("rfc6455/4.1-check-accept")
        .shown_by(|| with("{key}"))
        .by(Answer(|answer, asked| {
            if answer.value(ACCEPT) == asked.value(KEY) {
                answer.set(ACCEPT, &right(asked));
            }
        })),
    fault("accept-first-line", "The first of several Sec-WebSocket-Accept lines counts.")
        .breaks("rfc6455/4.1-check-accept")
        .shown_by(|| added("Sec-WebSocket-Accept: x"))
        .by(Answer(|answer, _| answer.keep_first(ACCEPT))),
    fault("accept-last-line", "The last of several Sec-WebSocket-Accept lines counts.")
        .breaks("rfc6455/4.1-check-accept")
        .shown_by(|| with("x\r\nSec-WebSocket-Accept: {accept}"))
        .by(Answer(|answer, _| answer.keep_last(ACCEPT))),
    fault("accept-twice-alike", "Two Sec-WebSocket-Accept lines may be there if both are right.")
        .breaks("rfc6455/4.1-check-rest")
        .shown_by(|| added("Sec-WebSocket-Accept: {accept}"))
        .by(Answer(|answer, asked| {
            let right = right(asked);
            if answer.values(ACCEPT).iter().all(|value| *value == right) {
                answer.keep_first(ACCEPT);
            }
        })),
    fault("accept-in-list", "Sec-WebSocket-Accept may be a list with the right value.")
        .breaks("rfc6455/4.1-check-accept")
        .shown_by(|| with("{accept}, {accept}"))
        .by(Answer(|answer, asked| {
            take_if(answer, asked, |value, right| {
                value.split(|&octet| octet == b',').any(|part| part.trim_ascii() == right)
            });
        })),
    fault("accept-name-within", "Sec-WebSocket-Accept is found within longer names.")
        .breaks("rfc6455/4.1-check-accept")
        .shown_by(|| changed("Sec-WebSocket-Accept", "X-Sec-WebSocket-Accept"))
        .by(Answer(|answer, _| {
            for line in &mut answer.lines {
                let Some((name, value)) = field(line) else { continue };
                if super::contains(name, ACCEPT.as_bytes()) {
                    *line = [ACCEPT.as_bytes(), b": ", value].concat();
                }
            }
        })),
];

fn with(value: &str) -> Scene {
    changed("{accept}", value)
}

/// Takes Sec-WebSocket-Accept for the right one where all its values are of this kind, beside the right one.
fn take_if(answer: &mut Seen, asked: &Seen, is_taken: impl Fn(&[u8], &[u8]) -> bool) {
    let right = right(asked);
    let values = answer.values(ACCEPT);
    if !values.is_empty() && values.iter().all(|value| is_taken(value, &right)) {
        answer.set(ACCEPT, &right);
    }
}

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
