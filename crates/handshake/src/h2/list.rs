//! A decoded header list, read as the head of a message and written from one.
//! Does not check the list; [`super::message`] does.

use super::hpack;
use super::message::is_connection_specific;
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

    /// Adds a field after all others.
    pub fn push(&mut self, name: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.fields.push(HeaderField { name: name.into(), value: value.into() });
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

    /// The list with another `:status`, where it has one.
    #[must_use]
    pub fn with_status(mut self, status: &str) -> Self {
        for field in self.fields.iter_mut().filter(|field| field.name == b":status") {
            field.value = status.as_bytes().to_vec();
        }
        self
    }

    /// Whether it asks for a tunnel by extended CONNECT (RFC 8441 4).
    pub fn is_extended_connect(&self) -> bool {
        self.pseudo(":method") == Some(b"CONNECT") && self.pseudo(":protocol").is_some()
    }

    /// The header list of a request: pseudo-header fields first, names in lower case, and without
    /// the fields that are for one connection of HTTP/1 (RFC 9113 8.2, 8.3.1). What is missing from
    /// the head stays missing.
    pub fn of_request(head: &RequestHead<'_>) -> Self {
        let word = |word: &[u8]| Some(word).filter(|word| !word.is_empty()).map(<[u8]>::to_vec);
        let pseudo = [
            (":method", word(head.method)),
            (":protocol", head.protocol.map(<[u8]>::to_vec)),
            (":scheme", head.scheme.map(<[u8]>::to_vec)),
            (":authority", head.authority.map(<[u8]>::to_vec)),
            (":path", word(head.target)),
        ];
        let pseudo = pseudo.into_iter().filter_map(|(name, value)| Some((name, value?)));
        Self::written(pseudo, &head.fields)
    }

    /// The header list of a response, in the same way (RFC 9113 8.3.2).
    pub fn of_response(head: &ResponseHead<'_>) -> Self {
        let status = head.status.map(|status| (":status", status.to_string().into_bytes()));
        Self::written(status, &head.fields)
    }

    fn written(
        pseudo: impl IntoIterator<Item = (&'static str, Vec<u8>)>,
        fields: &Fields<'_>,
    ) -> Self {
        let mut list = Self::new(pseudo);
        let fields = fields.iter().map(|line| HeaderField {
            name: line.name.to_ascii_lowercase(),
            value: line.value.to_vec(),
        });
        list.fields.extend(fields.filter(|field| !is_connection_specific(&field.name)));
        list
    }

    /// The header block of the list.
    pub fn block(&self) -> Vec<u8> {
        hpack::encode(self.fields.iter().map(|field| (&field.name[..], &field.value[..])))
    }

    /// The fields without the pseudo-header fields. The place of each line is that of all frames.
    pub fn regular(&self) -> Fields<'_> {
        let regular = self.fields.iter().filter(|field| !field.is_pseudo());
        regular.map(|field| self.line(field)).collect()
    }

    /// The list as the head of a request. Its version is HTTP/2, which no field says (RFC 9113
    /// 8.3.1). What is missing stays empty, and `:authority` does not become a Host.
    pub fn request(&self) -> RequestHead<'_> {
        RequestHead {
            method: self.pseudo(":method").unwrap_or_default(),
            target: self.pseudo(":path").unwrap_or_default(),
            scheme: self.pseudo(":scheme"),
            authority: self.pseudo(":authority"),
            protocol: self.pseudo(":protocol"),
            version: Some(Version::HTTP_2),
            version_bytes: b"",
            line: 0..self.len(),
            fields: self.regular(),
            violations: Vec::new(),
            len: self.len(),
        }
    }

    /// The list as the head of a response.
    pub fn response(&self) -> ResponseHead<'_> {
        ResponseHead {
            version: Some(Version::HTTP_2),
            version_bytes: b"",
            status: self.status(),
            reason: &[],
            line: 0..self.len(),
            fields: self.regular(),
            violations: Vec::new(),
            len: self.len(),
        }
    }

    /// How many octets the frames of the block take.
    fn len(&self) -> usize {
        self.end - self.at
    }

    fn line<'a>(&self, field: &'a HeaderField) -> FieldLine<'a> {
        let value = Cow::Borrowed(&field.value[..]);
        FieldLine { name: &field.name, value, name_at: 0, value_at: 0, line: 0..self.len() }
    }
}

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
        assert!(list.is_extended_connect() && head.is_extended_connect());
        assert_eq!((head.protocol, head.authority), (Some(&b"websocket"[..]), None));
    }

    #[test]
    fn a_head_is_written_as_a_list_and_reads_back() {
        let list = HeaderList::new([
            (":method", "CONNECT"),
            (":protocol", "websocket"),
            (":scheme", "https"),
            (":authority", "a"),
            (":path", "/chat"),
            ("sec-websocket-version", "13"),
        ]);
        assert_eq!(HeaderList::of_request(&list.request()), list);
        let list = HeaderList::new([(":status", "200"), ("date", "x"), ("date", "y")]);
        assert_eq!(HeaderList::of_response(&list.response()), list);
    }

    #[test]
    fn rfc9113_8_2_names_are_lowered_and_connection_fields_left_out() {
        let octets = b"HTTP/1.1 426 x\r\nUpgrade: a\r\nConnection: Upgrade\r\nDate: x\r\n\r\n";
        let head = ResponseHead::parse(octets).complete().unwrap();
        let want = HeaderList::new([(":status", "426"), ("date", "x")]);
        assert_eq!(HeaderList::of_response(&head), want);
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
