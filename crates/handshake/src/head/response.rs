//! Reads the head of a response: the status line, then the field section.
//! Never interprets the status code; it only says whether it is one.

use super::cursor::Cursor;
use super::{Fields, Version, in_order, section};
use crate::{Violation, ViolationKind};
use std::ops::Range;

/// The head of a response.
///
/// `status-line = HTTP-version SP status-code SP [ reason-phrase ]` (RFC 9112 4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseHead<'b> {
    /// The version, when it is well-formed.
    pub version: Option<Version>,
    /// The first word of the status line.
    pub version_bytes: &'b [u8],
    /// The status code, when it is three digits.
    pub status: Option<u16>,
    /// What follows the status code and one space.
    pub reason: &'b [u8],
    /// The status line in the buffer without its line end.
    pub line: Range<usize>,
    /// The field lines.
    pub fields: Fields<'b>,
    /// Everything that is wrong, in the order of the octets.
    pub violations: Vec<Violation>,
    /// How many octets the head takes: with its empty line, and with empty lines before it.
    pub len: usize,
}

/// Reads a complete head.
pub(super) fn read<'b>(mut cursor: Cursor<'b, '_>) -> ResponseHead<'b> {
    let head = cursor.head;
    let line = cursor.start_line();
    let parts = Parts::of(head, &line);
    parts.check(&mut cursor, &line);
    let fields = section::read(&mut cursor);
    let version_bytes = &head[parts.version];
    ResponseHead {
        version: Version::parse(version_bytes),
        version_bytes,
        status: status_code(&head[parts.status]),
        reason: &head[parts.reason],
        line,
        fields,
        violations: in_order(cursor.violations),
        len: head.len(),
    }
}

/// The parts of a status line as places in the head; a missing part is empty.
struct Parts {
    version: Range<usize>,
    status: Range<usize>,
    reason: Range<usize>,
}

impl Parts {
    /// Splits on runs of SP and HTAB; only the octet after the status code is not a run, since a
    /// reason may begin with white space.
    fn of(head: &[u8], line: &Range<usize>) -> Self {
        let version = word(head, line.start, line.end);
        let status = word(head, version.end, line.end);
        let reason = (status.end + 1).min(line.end)..line.end;
        Self { version, status, reason }
    }

    fn check(&self, cursor: &mut Cursor<'_, '_>, line: &Range<usize>) {
        let head = cursor.head;
        let one_space = head.get(self.version.end..self.status.start) == Some(b" ");
        let tab_after = head.get(self.status.end) == Some(&b'\t') && self.status.end < line.end;
        if self.version.start != line.start || !one_space || tab_after {
            cursor.note(ViolationKind::StatusLineShape, line.clone());
        }
        if Version::parse(&head[self.version.clone()]).is_none() {
            cursor.note(ViolationKind::VersionMalformed, self.version.clone());
        }
        match status_code(&head[self.status.clone()]) {
            None => cursor.note(ViolationKind::StatusNotThreeDigits, self.status.clone()),
            Some(100..=599) => {}
            Some(_) => cursor.note(ViolationKind::StatusOutOfRange, self.status.clone()),
        }
        if self.status.end == line.end && !self.status.is_empty() {
            cursor.note(ViolationKind::SpaceAfterStatusMissing, line.end..line.end);
        }
        cursor.check_line(line);
        cursor.check_controls(&self.reason, ViolationKind::ReasonOctet);
    }
}

/// The next word between `from` and `to`, white space before it skipped.
fn word(head: &[u8], from: usize, to: usize) -> Range<usize> {
    let is_space = |octet: &u8| matches!(octet, b' ' | b'\t');
    let rest = &head[from..to];
    let start = from + rest.iter().take_while(|octet| is_space(octet)).count();
    let length = head[start..to].iter().take_while(|octet| !is_space(octet)).count();
    start..start + length
}

/// `status-code = 3DIGIT` (RFC 9112 4).
fn status_code(word: &[u8]) -> Option<u16> {
    if word.len() != 3 {
        return None;
    }
    word.iter().try_fold(0, |code, octet| {
        octet.is_ascii_digit().then(|| code * 10 + u16::from(octet - b'0'))
    })
}
