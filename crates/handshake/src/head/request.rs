//! Reads the head of a request: the request line, then the field section.
//! Repairs nothing: a line other than three words separated by single spaces is noted.

use super::cursor::{Cursor, first_run};
use super::{Fields, Version, in_order, section};
use crate::field::is_token;
use crate::field::target::is_target_octet;
use crate::{Violation, ViolationKind};
use std::ops::Range;

/// The head of a request, of any version of HTTP. All places count from where it begins.
///
/// ```text
/// request-line = method SP request-target SP HTTP-version   RFC 9112 3
/// :method, :scheme, :authority, :path, :protocol            RFC 9113 8.3.1, RFC 8441 4
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHead<'b> {
    /// The first word of the request line, or `:method`; empty when it is missing.
    pub method: &'b [u8],
    /// The text between the method and the version, or `:path`; empty when it is missing.
    pub target: &'b [u8],
    /// `:scheme`. HTTP/1 says it in the target, if at all.
    pub scheme: Option<&'b [u8]>,
    /// `:authority`. HTTP/1 says it in Host or in the target.
    pub authority: Option<&'b [u8]>,
    /// `:protocol`: what an extended CONNECT asks for (RFC 8441 4). HTTP/1 has Upgrade.
    pub protocol: Option<&'b [u8]>,
    /// The version, when it is well-formed.
    pub version: Option<Version>,
    /// The last word of the request line; empty when there is none, as in HTTP/2.
    pub version_bytes: &'b [u8],
    /// The request line without its line end; the whole head where a version has no such line.
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

impl<'b> RequestHead<'b> {
    /// A request in HTTP/1.1 without field lines.
    pub fn new(method: &'b [u8], target: &'b [u8]) -> Self {
        Self {
            method,
            target,
            scheme: None,
            authority: None,
            protocol: None,
            version: Some(Version::HTTP_11),
            version_bytes: b"HTTP/1.1",
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

    /// What the request is for: the target, or the authority of a CONNECT without `:protocol`, which
    /// has no `:path` (RFC 9113 8.5).
    pub fn named_target(&self) -> &'b [u8] {
        match (self.method, self.authority) {
            (b"CONNECT", Some(authority)) if self.protocol.is_none() => authority,
            _ => self.target,
        }
    }

    /// Whether it asks for a tunnel by extended CONNECT (RFC 8441 4).
    pub fn is_extended_connect(&self) -> bool {
        self.method == b"CONNECT" && self.protocol.is_some()
    }

    /// The octets of the head in the syntax of HTTP/1: its words as they are, then its fields.
    pub fn octets(&self) -> Vec<u8> {
        let words = [self.method, self.target, self.version_bytes].into_iter();
        let mut octets = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(&b' ');
        octets.extend_from_slice(b"\r\n");
        self.fields.write(&mut octets);
        octets
    }
}

/// Reads a complete head.
pub(super) fn read<'b>(mut cursor: Cursor<'b, '_>) -> RequestHead<'b> {
    let head = cursor.head;
    let line = cursor.start_line();
    let words = Words::of(head, &line);
    let version_bytes = &head[words.version.clone()];
    let version = Version::parse(version_bytes);
    words.check(&mut cursor, &line, version);
    let fields = section::read(&mut cursor);
    RequestHead {
        method: &head[words.method],
        target: &head[words.target],
        scheme: None,
        authority: None,
        protocol: None,
        version,
        version_bytes,
        line,
        fields,
        violations: in_order(cursor.violations),
        len: head.len(),
    }
}

/// The three words of a request line as places in the head; a missing word is empty.
struct Words {
    method: Range<usize>,
    target: Range<usize>,
    version: Range<usize>,
}

impl Words {
    /// Splits on runs of SP and HTAB: the first word is the method, the last one the version, and
    /// the target is what lies between. The second of two words is a version if it begins like one.
    fn of(head: &[u8], line: &Range<usize>) -> Self {
        let all = trimmed(head, line.clone());
        let Some(gap) = head[all.clone()].iter().position(is_space) else {
            return Self { target: all.end..all.end, version: all.end..all.end, method: all };
        };
        let method = all.start..all.start + gap;
        let rest = trimmed(head, method.end..all.end);
        let last = head[rest.clone()].iter().rposition(is_space);
        let version_at = match last {
            Some(gap) => rest.start + gap + 1,
            None if begins_like_version(&head[rest.clone()]) => rest.start,
            None => rest.end,
        };
        let target = trimmed(head, rest.start..version_at);
        Self { method, target, version: version_at..rest.end }
    }

    fn check(&self, cursor: &mut Cursor<'_, '_>, line: &Range<usize>, version: Option<Version>) {
        let head = cursor.head;
        let target = &head[self.target.clone()];
        let odd = first_run(target, |octet| !is_target_octet(octet));
        // A target contains no white space, so most targets need no second look.
        let is_split = odd.is_some() && target.iter().any(is_space);
        if is_split || !self.has_shape(head, line) {
            cursor.note(ViolationKind::RequestLineShape, line.clone());
        }
        if !is_token(&head[self.method.clone()]) {
            cursor.note(ViolationKind::MethodNotToken, self.method.clone());
        }
        if let Some(run) = odd {
            let at = self.target.start;
            cursor.note(ViolationKind::TargetOctet, at + run.start..at + run.end);
        }
        if version.is_none() {
            cursor.note(ViolationKind::VersionMalformed, self.version.clone());
        }
        cursor.check_line(line);
    }

    fn has_shape(&self, head: &[u8], line: &Range<usize>) -> bool {
        let one_space = |from: usize, to: usize| head.get(from..to) == Some(b" ");
        !self.target.is_empty()
            && self.method.start == line.start
            && one_space(self.method.end, self.target.start)
            && one_space(self.target.end, self.version.start)
            && !self.version.is_empty()
            && self.version.end == line.end
    }
}

/// A range without the white space at both ends of it.
fn trimmed(head: &[u8], range: Range<usize>) -> Range<usize> {
    let bytes = &head[range.clone()];
    let Some(last) = bytes.iter().rposition(|octet| !is_space(octet)) else {
        return range.end..range.end;
    };
    let first = bytes.iter().position(|octet| !is_space(octet)).unwrap_or(last);
    range.start + first..range.start + last + 1
}

fn begins_like_version(word: &[u8]) -> bool {
    word.get(..5).is_some_and(|name| name.eq_ignore_ascii_case(b"HTTP/"))
}

fn is_space(octet: &u8) -> bool {
    matches!(octet, b' ' | b'\t')
}
