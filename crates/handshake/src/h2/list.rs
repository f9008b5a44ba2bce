//! A decoded header list, and its view as the head of an HTTP/1.1 message.
//! Never checks the list: [`super::message`] does.

use crate::{FieldLine, Fields, RequestHead, ResponseHead, Version};
use std::borrow::Cow;

/// A field of a header list, pseudo-header fields included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderField {
    /// The name as it was sent.
    pub name: Vec<u8>,
    /// The value as it was sent.
    pub value: Vec<u8>,
}

impl HeaderField {
    /// Whether it is a pseudo-header field: its name begins with a colon (RFC 9113 8.3).
    pub fn is_pseudo(&self) -> bool {
        self.name.first() == Some(&b':')
    }
}

/// The fields of one header block, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderList {
    /// Where the frame begins that carried it, in the octets that were read.
    pub at: usize,
    /// Where the last frame of the block ends.
    pub end: usize,
    /// The fields.
    pub fields: Vec<HeaderField>,
}

impl HeaderList {
    /// A list that no frame carried yet.
    pub fn new<N: Into<Vec<u8>>, V: Into<Vec<u8>>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let field = |(name, value): (N, V)| HeaderField { name: name.into(), value: value.into() };
        Self { at: 0, end: 0, fields: pairs.into_iter().map(field).collect() }
    }

    /// The values of all fields with exactly this name, in their order.
    pub fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let named = self.fields.iter().filter(move |field| field.name == name.as_bytes());
        named.map(|field| field.value.as_slice())
    }

    /// The first value of a pseudo-header field such as `:path`.
    pub fn pseudo(&self, name: &str) -> Option<&[u8]> {
        self.values(name).next()
    }

    /// The status of a response: `:status` of three digits (RFC 9113 8.3.2).
    pub fn status(&self) -> Option<u16> {
        let digits = self.pseudo(":status")?;
        if digits.len() != 3 || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        std::str::from_utf8(digits).ok()?.parse().ok()
    }

    /// Whether it asks for a tunnel by extended CONNECT (RFC 8441 4).
    pub fn is_extended_connect(&self) -> bool {
        self.pseudo(":method") == Some(b"CONNECT") && self.pseudo(":protocol").is_some()
    }

    /// The fields without the pseudo-header fields, for the field grammars. The places in the
    /// lines are those of the frames.
    pub fn regular(&self) -> Fields<'_> {
        let regular = self.fields.iter().filter(|field| !field.is_pseudo());
        let line = |field| self.line(field);
        regular.map(line).collect()
    }

    /// The list as the head of a request: what is missing is empty, nothing is made up. Of
    /// `:authority` no Host is made.
    pub fn request(&self) -> RequestHead<'_> {
        RequestHead {
            method: self.pseudo(":method").unwrap_or_default(),
            target: self.pseudo(":path").unwrap_or_default(),
            version: Some(VERSION),
            version_bytes: VERSION_BYTES,
            line: self.at..self.at,
            fields: self.regular(),
            violations: Vec::new(),
            len: self.end - self.at,
        }
    }

    /// The list as the head of a response.
    pub fn response(&self) -> ResponseHead<'_> {
        ResponseHead {
            version: Some(VERSION),
            version_bytes: VERSION_BYTES,
            status: self.status(),
            reason: &[],
            line: self.at..self.at,
            fields: self.regular(),
            violations: Vec::new(),
            len: self.end - self.at,
        }
    }

    fn line<'a>(&'a self, field: &'a HeaderField) -> FieldLine<'a> {
        FieldLine {
            name: &field.name,
            value: Cow::Borrowed(&field.value),
            name_at: self.at,
            value_at: self.at,
            line: self.at..self.end,
        }
    }
}

/// Messages of HTTP/2 are of this version without saying so (RFC 9113 8.3.1, 8.3.2).
const VERSION: Version = Version { major: 2, minor: 0 };
const VERSION_BYTES: &[u8] = b"HTTP/2.0";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_reads_as_a_head() {
        let list = HeaderList::new([
            (":method", "CONNECT"),
            (":protocol", "websocket"),
            (":path", "/chat"),
            ("sec-websocket-version", "13"),
            ("x", "1"),
            ("x", "2"),
        ]);
        let head = list.request();
        assert_eq!((head.method, head.target), (&b"CONNECT"[..], &b"/chat"[..]));
        assert_eq!(head.fields.len(), 3);
        assert!(head.fields.contains("Sec-WebSocket-Version"));
        assert_eq!(head.fields.combined("x").as_deref(), Some(&b"1, 2"[..]));
        assert!(list.is_extended_connect());
    }

    #[test]
    fn a_status_is_three_digits() {
        let rows = [
            ("200", Some(200)),
            ("999", Some(999)),
            ("20", None),
            ("+20", None),
            ("2000", None),
            ("", None),
            ("20\u{b2}", None),
        ];
        for (value, status) in rows {
            let list = HeaderList::new([(":status", value)]);
            assert_eq!(list.status(), status, "{value}");
            assert_eq!(list.response().status, status, "{value}");
        }
        assert_eq!(HeaderList::default().status(), None);
    }
}
