//! Faults in reading the head of an answer.

use super::{is_switch, raw_value};
use crate::client::fault::Effect::{Answer, Octets, Refuse};
use crate::client::fault::scene::{added, answered, changed, octets};
use crate::client::fault::{ClientFault, fault};
use crate::fault::field;

pub(super) const ROWS: &[ClientFault] = &[
    fault("head-in-one-read", "The head of an answer has to come in one piece.")
        .breaks("rfc6455/4.1-validate-as-follows")
        .shown_by(|| {
            let head = answered().writes.concat();
            octets(&head[..12]).then(&head[12..])
        })
        .by(Octets(|held| {
            let is_whole = held.windows(4).any(|four| four == b"\r\n\r\n");
            let is_other = held.contains(&b'\0') || !held.starts_with(b"HTTP");
            (!is_whole && !is_other).then(|| b"\0".to_vec())
        })),
    fault("bare-cr-ends-line", "A bare CR ends a line.")
        .breaks("rfc9112/2.2-bare-cr")
        .shown_by(|| changed("websocket\r\n", "websocket\r"))
        .by(Answer(|answer, _| {
            let lines = answer.lines.iter().flat_map(|line| line.split(|&octet| octet == b'\r'));
            answer.lines = lines.map(<[u8]>::to_vec).collect();
        })),
    fault("fold-refused", "A folded line fails the connection.")
        .breaks("rfc9112/5.2-fold-user-agent")
        .shown_by(|| added("X-Fold: a\r\n b"))
        .by(Refuse(|answer, _| {
            is_switch(answer) && answer.lines.iter().skip(1).any(|line| is_led_by_space(line))
        })),
    fault("fold-is-field", "What is folded is a field of its own.")
        .breaks("rfc9112/5.2-fold-user-agent")
        .shown_by(|| changed("Upgrade: websocket", "X-Fold: a\r\n Upgrade: websocket"))
        .by(Answer(|answer, _| {
            for line in answer.lines.iter_mut().skip(1).filter(|line| is_led_by_space(line)) {
                *line = line.trim_ascii_start().to_vec();
            }
        })),
    fault("space-first-line-read", "White space before the first field is skipped.")
        .breaks("rfc9112/2.2-space-before-fields")
        .shown_by(|| changed("Upgrade: websocket", " Upgrade: websocket"))
        .by(Answer(|answer, _| {
            if let Some(first) = answer.lines.first_mut() {
                *first = first.trim_ascii_start().to_vec();
            }
        })),
    fault("spaces-in-names-dropped", "White space in a field name is left out.")
        .breaks("rfc9112/5-field-line")
        .shown_by(|| changed("Upgrade:", "Upgrade :"))
        .by(Answer(|answer, _| {
            for line in &mut answer.lines {
                let colon = line.iter().position(|&octet| octet == b':').unwrap_or(0);
                let name = line[..colon].iter().copied().filter(|octet| *octet != b' ');
                *line = name.chain(line[colon..].iter().copied()).collect();
            }
        })),
    fault("no-colon-skipped", "A line without a colon is skipped.")
        .breaks("rfc9112/5-field-line")
        .shown_by(|| added("nonsense"))
        .by(Answer(|answer, _| answer.lines.retain(|line| line.contains(&b':')))),
    fault("empty-name-skipped", "A line without a name is skipped.")
        .breaks("rfc9112/5-field-line")
        .shown_by(|| added(": x"))
        .by(Answer(|answer, _| answer.lines.retain(|line| !line.starts_with(b":")))),
    fault("nul-ends-value", "NUL ends a value.")
        .breaks("rfc9110/5.5-cr-lf-nul")
        .shown_by(|| changed("websocket", "websocket\0x"))
        .by(Answer(|answer, _| {
            for line in &mut answer.lines {
                let end = line.iter().position(|&octet| octet == 0).unwrap_or(line.len());
                line.truncate(end);
            }
        })),
    fault("nul-left-out", "NUL is left out of values.")
        .breaks("rfc6455/4.1-check-upgrade")
        .shown_by(|| changed("websocket", "web\0socket"))
        .by(Answer(|answer, _| {
            for line in &mut answer.lines {
                line.retain(|octet| *octet != 0);
            }
        })),
    fault("names-with-case", "Field names are compared with case.")
        .breaks("rfc9110/5.1-name-case")
        .shown_by(|| changed("Upgrade:", "UPGRADE:"))
        .by(Answer(|answer, _| {
            let is_known = |line: &Vec<u8>| {
                let name = field(line).map(|(name, _)| name).unwrap_or_default();
                let mut known = NAMES.iter().map(|known| known.as_bytes());
                known.all(|known| known == name || !known.eq_ignore_ascii_case(name))
            };
            answer.lines.retain(is_known);
        })),
    fault("one-space-wanted", "A value has to stand behind one space, and nothing behind it.")
        .breaks("rfc9110/5.5-trim")
        .shown_by(|| changed(" websocket", "\twebsocket"))
        .by(Refuse(|answer, _| {
            let is_odd = |line: &Vec<u8>| {
                let value = raw_value(line);
                value.strip_prefix(b" ").is_none_or(|rest| rest != rest.trim_ascii())
            };
            let is_known = |line: &&Vec<u8>| {
                let name = field(line).map(|(name, _)| name).unwrap_or_default();
                NAMES.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name))
            };
            let is_blank = |line: &Vec<u8>| raw_value(line).trim_ascii().is_empty();
            is_switch(answer)
                && answer.lines.iter().filter(is_known).any(|line| !is_blank(line) && is_odd(line))
        })),
    fault("fields-in-order", "The fields have to come in the order of RFC 6455 4.2.2.")
        .breaks("rfc9110/5.3-order")
        .shown_by(|| {
            octets(
                "HTTP/1.1 101 x\r\nSec-WebSocket-Accept: {accept}\r\nConnection: Upgrade\r\n\
                 Upgrade: websocket\r\n\r\n",
            )
        })
        .by(Refuse(|answer, _| {
            let place = |wanted: &str| {
                let name = |line: &Vec<u8>| {
                    field(line)
                        .is_some_and(|(name, _)| name.eq_ignore_ascii_case(wanted.as_bytes()))
                };
                answer.lines.iter().position(name)
            };
            is_switch(answer) && place("Upgrade") > place("Sec-WebSocket-Accept")
        })),
];

fn is_led_by_space(line: &[u8]) -> bool {
    line.first().is_some_and(|octet| b" \t".contains(octet))
}

const NAMES: [&str; 4] =
    ["Upgrade", "Connection", "Sec-WebSocket-Accept", "Sec-WebSocket-Protocol"];
