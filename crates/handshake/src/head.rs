//! Finds the head of a message in a growing buffer and reads all of it, strictly.
//! Notes each error as a [`Violation`] and reads on.
//!
//! ```text
//! HTTP-message = start-line CRLF *( field-line CRLF ) CRLF [ message-body ]   RFC 9112 2.1
//! ```
//!
//! A line ends with CRLF, or with LF alone (noted). The head ends with the first empty line after
//! the start line. What a head reads as depends on its own octets only, neither on how they
//! arrived nor on what follows.

mod cursor;
mod fields;
mod lines;
mod request;
mod response;
mod section;
#[cfg(test)]
mod tests;

pub use fields::{FieldLine, Fields};
pub use request::RequestHead;
pub use response::ResponseHead;

use crate::Violation;
use cursor::Cursor;
use lines::{Controls, LineEnds};
use std::fmt;

/// The result of reading, or "more octets are needed", which is not an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status<T> {
    /// The thing is complete.
    Complete(T),
    /// The octets so far are a beginning; call again with more.
    Partial,
}

impl<T> Status<T> {
    /// The result, if it is complete.
    pub fn complete(self) -> Option<T> {
        match self {
            Self::Complete(value) => Some(value),
            Self::Partial => None,
        }
    }

    /// Applies `change` to a complete result.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Status<U> {
        match self {
            Self::Complete(value) => Status::Complete(change(value)),
            Self::Partial => Status::Partial,
        }
    }
}

/// A version of HTTP.
///
/// `HTTP-version = %s"HTTP" "/" DIGIT "." DIGIT` (RFC 9112 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The digit before the dot: the message syntax.
    pub major: u8,
    /// The digit after the dot: what the sender can do within that syntax.
    pub minor: u8,
}

impl Version {
    /// HTTP/1.0.
    pub const HTTP_10: Self = Self { major: 1, minor: 0 };
    /// HTTP/1.1.
    pub const HTTP_11: Self = Self { major: 1, minor: 1 };
    /// HTTP/2.
    pub const HTTP_2: Self = Self { major: 2, minor: 0 };

    /// Reads `HTTP/1.1` and its like; `None` for any other spelling, lower case included.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        match *bytes {
            [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
                if major.is_ascii_digit() && minor.is_ascii_digit() =>
            {
                Some(Self { major: major - b'0', minor: minor - b'0' })
            }
            _ => None,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP/{}.{}", self.major, self.minor)
    }
}

/// Finds the end of a head in a buffer that grows between calls, without reading octets twice.
///
/// One reader serves one head. The next head needs a new reader and the buffer after
/// [`RequestHead::len`] octets. A buffer shorter than the last one starts the search over.
#[derive(Clone, Debug, Default)]
pub struct HeadReader {
    /// Where the line ends are that have been found: the place of each LF.
    line_ends: LineEnds,
    /// How many octets have been looked at.
    searched: usize,
    /// The control octets among them that belong to no line end, but for HTAB.
    odd: Vec<usize>,
    /// A CR that an LF may follow.
    cr: Option<usize>,
    progress: Progress,
}

/// How much of a head has been seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Progress {
    /// Nothing but empty lines.
    #[default]
    BeforeStartLine,
    /// The start line, but not the empty line that ends the head.
    Lines,
    /// All of it; the last line end is that of the empty line.
    Ended,
}

impl HeadReader {
    /// Reads a request head; `buffer` holds all octets since the head began.
    pub fn request<'b>(&mut self, buffer: &'b [u8]) -> Status<RequestHead<'b>> {
        match self.find(buffer) {
            Some(head) => Status::Complete(request::read(self.cursor(head))),
            None => Status::Partial,
        }
    }

    /// Reads a response head; `buffer` holds all octets since the head began.
    pub fn response<'b>(&mut self, buffer: &'b [u8]) -> Status<ResponseHead<'b>> {
        match self.find(buffer) {
            Some(head) => Status::Complete(response::read(self.cursor(head))),
            None => Status::Partial,
        }
    }

    fn cursor<'b>(&self, head: &'b [u8]) -> Cursor<'b, '_> {
        Cursor::new(head, self.line_ends.as_slice(), &self.odd)
    }

    /// The head with its empty line, and with the empty lines before it.
    fn find<'b>(&mut self, buffer: &'b [u8]) -> Option<&'b [u8]> {
        if buffer.len() < self.searched {
            *self = Self::default();
        }
        if self.progress != Progress::Ended {
            self.search(buffer);
        }
        let ended = self.progress == Progress::Ended;
        buffer.get(..self.searched).filter(|_| ended)
    }

    fn search(&mut self, buffer: &[u8]) {
        let mut line_at = self.line_ends.as_slice().last().map_or(0, |lf| lf + 1);
        let mut controls = Controls::of(buffer, self.searched);
        while let Some(control) = controls.next() {
            // Where the line ends without its line end, and where with it.
            let (end, lf) = match buffer[control] {
                b'\r' => {
                    self.bare_cr();
                    if buffer.get(control + 1) != Some(&b'\n') || !controls.skip_in_word() {
                        self.cr = Some(control);
                        continue;
                    }
                    (control, control + 1)
                }
                b'\n' => match self.cr.take() {
                    Some(cr) if cr + 1 == control => (cr, control),
                    cr => {
                        self.odd.extend(cr);
                        (control, control)
                    }
                },
                b'\t' => continue,
                _ => {
                    self.bare_cr();
                    self.odd.push(control);
                    continue;
                }
            };
            let empty = end == line_at;
            line_at = lf + 1;
            self.line_ends.push(lf);
            match (empty, self.progress) {
                (true, Progress::BeforeStartLine) => {}
                (true, _) => {
                    self.progress = Progress::Ended;
                    self.searched = line_at;
                    return;
                }
                (false, _) => self.progress = Progress::Lines,
            }
        }
        self.searched = buffer.len();
    }

    /// The CR that an LF could have followed belongs to no line end.
    #[inline]
    fn bare_cr(&mut self) {
        if let Some(cr) = self.cr.take() {
            self.odd.push(cr);
        }
    }
}

impl<'b> RequestHead<'b> {
    /// Reads the request head at the start of `buffer`.
    pub fn parse(buffer: &'b [u8]) -> Status<Self> {
        HeadReader::default().request(buffer)
    }
}

impl<'b> ResponseHead<'b> {
    /// Reads the response head at the start of `buffer`.
    pub fn parse(buffer: &'b [u8]) -> Status<Self> {
        HeadReader::default().response(buffer)
    }
}

/// Does a peer's stream begin with a status line, that is with `HTTP/` (RFC 9112 2.3, 4)?
///
/// Partial while the octets so far are a beginning of that.
pub fn starts_like_http(bytes: &[u8]) -> Status<bool> {
    if bytes.starts_with(HTTP_NAME) {
        Status::Complete(true)
    } else if HTTP_NAME.starts_with(bytes) {
        Status::Partial
    } else {
        Status::Complete(false)
    }
}

/// Puts violations into the order of the octets they are about.
fn in_order(mut violations: Vec<Violation>) -> Vec<Violation> {
    let start = |violation: &Violation| violation.at.start;
    // Most heads have none or one, and most of the others are read in order.
    if !violations.is_sorted_by_key(start) {
        violations.sort_by_key(start);
    }
    violations
}

/// The HTTP-name and the slash after it.
const HTTP_NAME: &[u8] = b"HTTP/";
