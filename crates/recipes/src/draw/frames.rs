//! Draws frames of a WebSocket, most of them in order.

use arbitrary::{Result, Unstructured};
use upspec_corpus::template::Binding;

use crate::text::{Text, Unit};

/// A few frames, and often a Ping behind them.
pub(super) fn frames(u: &mut Unstructured<'_>) -> Result<Text> {
    let mut text = Text::default();
    let mut closes = false;
    for _ in 0..*u.choose(&[1, 1, 1, 2, 2, 3])? {
        let opcode = *u.choose(OPCODES)?;
        closes |= opcode == CLOSE;
        text.append(&Text::octets(&frame(u, opcode)?));
    }
    if !closes && u.ratio(2, 3)? {
        text.0.push(Unit::Binding(Binding::Ping));
    }
    Ok(text)
}

fn frame(u: &mut Unstructured<'_>, opcode: u8) -> Result<Vec<u8>> {
    let fin = if u.ratio(1, 6)? { 0 } else { 0x80 };
    let rsv = if u.ratio(1, 10)? { *u.choose(&[0x40, 0x20, 0x10])? } else { 0 };
    let payload: &[u8] = if opcode == CLOSE { u.choose(BODIES)? } else { u.choose(PAYLOADS)? };
    // No length has more octets here than sixteen bits can count.
    let length = payload.len() as u16;
    let bit = if u.ratio(1, 12)? { 0 } else { 0x80 };
    let mut frame = vec![fin | rsv | opcode];
    if length > 125 || u.ratio(1, 16)? {
        frame.push(bit | 126);
        frame.extend(length.to_be_bytes());
    } else {
        frame.push(bit | length as u8);
    }
    if bit == 0 {
        frame.extend(payload);
        return Ok(frame);
    }
    let mask = *u.choose(MASKS)?;
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(octet, mask)| octet ^ mask));
    Ok(frame)
}

const CLOSE: u8 = 8;
const OPCODES: &[u8] = &[1, 1, 1, 9, 9, 2, 0, 0, 8, 8, 10, 3, 11];
const MASKS: &[[u8; 4]] = &[[0x37, 0xFA, 0x21, 0x3D], [0; 4], [0xFF, 0, 0xFF, 0]];
const PAYLOADS: &[&[u8]] = &[
    b"",
    b"a",
    b"Hello",
    b"\xC3",
    b"\xA9",
    b"\xFF",
    b"\xED\xA0\x80",
    "\u{e9}\u{20ac}".as_bytes(),
    &[b'x'; 125],
    &[b'x'; 126],
    &[b'x'; 300],
];
const BODIES: &[&[u8]] = &[
    b"",
    b"\x03\xE8",
    b"\x0F\xA0",
    b"\x03\xE8bye",
    b"\x03",
    b"\x00\x00",
    b"\x03\xE7",
    b"\x03\xEC",
    b"\x03\xED",
    b"\x03\xEE",
    b"\x03\xF7",
    b"\x13\x88",
    b"\x03\xE8\xFF",
];
