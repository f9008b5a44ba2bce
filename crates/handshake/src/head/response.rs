//! Reads the head of a response: the status line, then the field section.
//! Checks that the status code is one, but does not interpret it.

use super::cursor::Cursor;
use super::{Fields, Version, in_order, section};
use crate::{Violation, ViolationKind};
use std::ops::Range;

/// The head of a response, of any version of HTTP. All places count from where it begins.
///
/// ```text
/// status-line = HTTP-version SP status-code SP [ reason-phrase ]   RFC 9112 4
/// :status                                                          RFC 9113 8.3.2
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseHead<'b> {
    /// The version, when it is well-formed.
    pub version: Option<Version>,
    /// The first word of the status line; empty in HTTP/2, which has none.
    pub version_bytes: &'b [u8],
    /// The status code, when it is three digits.
    pub status: Option<u16>,
    /// What follows the status code and one space. Only HTTP/1 has it.
    pub reason: &'b [u8],
    /// The status line without its line end; the whole head where a version has no such line.
    pub line: Range<usize>,
    /// The field lines, without pseudo-header fields.
    pub fields: Fields<'b>,
    /// Everything that departs from the grammar of HTTP/1, in the order of the octets. What is
    /// wrong with a header list, [`crate::h2::message`] says.
    pub violations: Vec<Violation>,
    /// How many octets the head takes: with its empty line and with empty lines before it, or all
    /// the frames of its header block.
    pub len: usize,
}

impl ResponseHead<'_> {
    /// A response in HTTP/1.1 without field lines, with the reason phrase of RFC 9110 15.
    pub fn new(status: u16) -> Self {
        Self {
            version: Some(Version::HTTP_11),
            version_bytes: b"HTTP/1.1",
            status: Some(status),
            reason: reason(status).as_bytes(),
            line: 0..0,
            fields: Fields::default(),
            violations: Vec::new(),
            len: 0,
        }
    }

    /// Whether it is a message in the syntax of HTTP/1, which says its own version.
    pub fn is_http1(&self) -> bool {
        self.version.is_none() || !self.version_bytes.is_empty()
    }

    /// Whether the status is 1xx.
    pub fn is_interim(&self) -> bool {
        matches!(self.status, Some(100..=199))
    }

    /// The octets of the head in the syntax of HTTP/1.
    pub fn octets(&self) -> Vec<u8> {
        let status = self.status.map(|status| status.to_string()).unwrap_or_default();
        let mut octets = [self.version_bytes, status.as_bytes(), self.reason].join(&b' ');
        octets.extend_from_slice(b"\r\n");
        self.fields.write(&mut octets);
        octets
    }
}

/// The reason phrase of RFC 9110 15; empty for a status code without one here.
fn reason(status: u16) -> &'static str {
    match status {
        100 => "Continue",
        101 => "Switching Protocols",
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        414 => "URI Too Long",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        426 => "Upgrade Required",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}

/// Reads a complete head.
pub(super) fn read<'b>(mut cursor: Cursor<'b, '_>) -> ResponseHead<'b> {
    let head = cursor.head;
    let line = cursor.start_line();
    let parts = Parts::of(head, &line);
    let version_bytes = &head[parts.version.clone()];
    let version = Version::parse(version_bytes);
    let status = status_code(&head[parts.status.clone()]);
    parts.check(&mut cursor, &line, version, status);
    let fields = section::read(&mut cursor);
    ResponseHead {
        version,
        version_bytes,
        status,
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

    fn check(
        &self,
        cursor: &mut Cursor<'_, '_>,
        line: &Range<usize>,
        version: Option<Version>,
        status: Option<u16>,
    ) {
        let head = cursor.head;
        let one_space = head.get(self.version.end..self.status.start) == Some(b" ");
        let tab_after = head.get(self.status.end) == Some(&b'\t') && self.status.end < line.end;
        if self.version.start != line.start || !one_space || tab_after {
            cursor.note(ViolationKind::StatusLineShape, line.clone());
        }
        if version.is_none() {
            cursor.note(ViolationKind::VersionMalformed, self.version.clone());
        }
        match status {
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
    let start = rest.iter().position(|octet| !is_space(octet)).unwrap_or(rest.len());
    let length = rest[start..].iter().position(is_space).unwrap_or(rest.len() - start);
    from + start..from + start + length
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
