//! Reads the field section of a head: the lines between the start line and the empty line.
//! Keeps every line but those that RFC 9112 2.2 says to ignore.

use super::cursor::{Cursor, first_run};
use super::{FieldLine, Fields};
use crate::ViolationKind;
use crate::field::{is_tchar, leading_ows, leading_tchars, trim_ows_end};
use std::borrow::Cow;
use std::ops::Range;

/// Reads lines until the empty one.
pub(super) fn read<'b>(cursor: &mut Cursor<'b, '_>) -> Fields<'b> {
    let mut fields = Fields::with_capacity(cursor.lines_left().saturating_sub(1));
    let mut ignored: Option<Range<usize>> = None;
    while let Some((at, octets)) = cursor.field_line() {
        let line = at..at + octets.len();
        let led_by_space = matches!(octets, [b' ' | b'\t', ..]);
        match (led_by_space, fields.last_mut()) {
            (false, _) => fields.push(field_line(cursor, line, octets)),
            (true, Some(folded)) => fold(cursor, folded, line),
            (true, None) => {
                check(cursor, &line);
                let start = ignored.map_or(line.start, |earlier| earlier.start);
                ignored = Some(start..line.end);
            }
        }
    }
    if let Some(lines) = ignored {
        cursor.note(ViolationKind::SpaceLedFirstLine, lines);
    }
    fields
}

/// ```text
/// field-line = field-name ":" OWS field-value OWS   RFC 9112 5
/// field-name = token                                RFC 9110 5.1
/// ```
#[inline]
fn field_line<'b>(
    cursor: &mut Cursor<'b, '_>,
    line: Range<usize>,
    bytes: &'b [u8],
) -> FieldLine<'b> {
    let length = leading_tchars(bytes);
    let (name, colon) = match bytes.get(length) {
        Some(b':') if length > 0 => (&bytes[..length], length),
        _ => match odd_name(cursor, &line) {
            Some(colon) => (trim_ows_end(&bytes[..colon]), colon),
            None => return without_colon(cursor, line),
        },
    };
    check(cursor, &line);
    let (value, value_at) = value_in(bytes, colon + 1, line.start);
    FieldLine { name, value: Cow::Borrowed(value), name_at: line.start, value_at, line }
}

/// Returns where the colon is, and notes a violation unless a token stands right before it.
fn odd_name(cursor: &mut Cursor<'_, '_>, line: &Range<usize>) -> Option<usize> {
    let bytes = &cursor.head[line.clone()];
    let colon = memchr::memchr(b':', bytes)?;
    let name = trim_ows_end(&bytes[..colon]);
    if name.is_empty() {
        cursor.note(ViolationKind::FieldNameEmpty, line.start..line.start);
    }
    if let Some(run) = first_run(name, |octet| !is_tchar(octet)) {
        let at = line.start + run.start..line.start + run.end;
        cursor.note(ViolationKind::FieldNameNotToken, at);
    }
    if name.len() < colon {
        let at = line.start + name.len()..line.start + colon;
        cursor.note(ViolationKind::SpaceBeforeColon, at);
    }
    Some(colon)
}

/// A line without a colon has no name; it is kept as a value that no lookup finds.
fn without_colon<'b>(cursor: &mut Cursor<'b, '_>, line: Range<usize>) -> FieldLine<'b> {
    cursor.note(ViolationKind::FieldWithoutColon, line.clone());
    check(cursor, &line);
    let (value, value_at) = value_in(&cursor.head[line.clone()], 0, line.start);
    FieldLine { name: b"", value: Cow::Borrowed(value), name_at: line.start, value_at, line }
}

/// `obs-fold = OWS CRLF RWS` (RFC 9112 5.2): appends what follows it, with one SP before.
fn fold<'b>(cursor: &mut Cursor<'b, '_>, folded: &mut FieldLine<'b>, line: Range<usize>) {
    check(cursor, &line);
    let (part, part_at) = value_in(&cursor.head[line.clone()], 0, line.start);
    cursor.note(ViolationKind::ObsFold, folded.line.end..part_at);
    folded.line.end = line.end;
    if folded.value.is_empty() {
        folded.value = Cow::Borrowed(part);
        folded.value_at = part_at;
    } else if !part.is_empty() {
        let value = folded.value.to_mut();
        value.push(b' ');
        value.extend_from_slice(part);
    }
}

#[inline]
fn check(cursor: &mut Cursor<'_, '_>, line: &Range<usize>) {
    cursor.check_line(line);
    cursor.check_controls(line, ViolationKind::ControlOctet);
}

/// The octets of a line from `from` on without white space around them, and where they begin.
#[inline]
fn value_in(line: &[u8], from: usize, line_at: usize) -> (&[u8], usize) {
    let rest = line.get(from..).unwrap_or_default();
    // As most senders write it.
    if let [b' ', value @ ..] = rest
        && let [b'!'..=0xff, .., b'!'..=0xff] = value
    {
        return (value, line_at + from + 1);
    }
    let leading = leading_ows(rest);
    (trim_ows_end(&rest[leading..]), line_at + from + leading)
}
