//! In what the request of a case differs from the plain handshake of the control.
//! Requests are compared as lines, for many of them are no HTTP.

use std::collections::BTreeMap;

use upspec_exchange::{Over, Record};
use upspec_handshake::Party;

/// The one part in which a request differs from a plain handshake, and how.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Difference {
    /// `Host`, as the request spells it; `method`, `target` or `version` of the request line.
    pub(super) part: String,
    how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum How {
    Changed,
    Missing,
    Added,
    Repeated,
}

/// The parts of a request's head, each with its values.
type Parts = BTreeMap<String, (String, Vec<Vec<u8>>)>;

/// The plain handshake that others are compared with.
pub(super) struct Plain(Parts);

impl Plain {
    /// That of a record, if it has a request of ours over HTTP/1.1.
    pub(super) fn of(record: &Record) -> Option<Self> {
        parts(record).map(Self)
    }

    /// The one difference between a request and this one; nothing where there are several or none.
    pub(super) fn only_difference(&self, record: &Record) -> Option<Difference> {
        let parts = parts(record)?;
        let names = self.0.keys().chain(parts.keys().filter(|name| !self.0.contains_key(*name)));
        let mut found = names.filter_map(|name| compared(self.0.get(name), parts.get(name)));
        let one = found.next()?;
        found.next().is_none().then_some(one)
    }
}

impl Difference {
    /// Whether two requests differ from a plain one in the same part.
    pub(super) fn is_in_part_of(&self, other: &Self) -> bool {
        self.part.eq_ignore_ascii_case(&other.part) || self.is_framing() && other.is_framing()
    }

    /// What requests are that differ in this part, each in its own way: `that differ in Host`.
    pub(super) fn of_all(&self) -> String {
        match self.is_framing() {
            true => "with content".to_owned(),
            false => format!("that differ in {}", self.named()),
        }
    }

    /// Whether it says how long the content is (RFC 9112 section 6).
    pub(super) fn is_framing(&self) -> bool {
        FRAMING.iter().any(|name| self.part.eq_ignore_ascii_case(name))
    }

    /// Whether it is in the method, the target or the version.
    pub(super) fn is_in_request_line(&self) -> bool {
        REQUEST_LINE.contains(&self.part.as_str())
    }

    /// The part as people call it.
    fn named(&self) -> &str {
        match self.part.as_str() {
            "target" => "request target",
            "version" => "HTTP version",
            part => part,
        }
    }

    /// What such requests are: `with another Host`.
    pub(super) fn said(&self) -> String {
        let part = self.named();
        match self.how {
            How::Changed => format!("with another {part}"),
            How::Missing => format!("without {part}"),
            How::Added => format!("with {part} added"),
            How::Repeated => format!("with a further {part}"),
        }
    }
}

fn compared(
    plain: Option<&(String, Vec<Vec<u8>>)>,
    other: Option<&(String, Vec<Vec<u8>>)>,
) -> Option<Difference> {
    let (part, how) = match (plain, other) {
        (Some((part, _)), None) => (part, How::Missing),
        (None, Some((part, _))) => (part, How::Added),
        (Some((part, few)), Some((_, many))) if many.len() > few.len() => (part, How::Repeated),
        (Some((part, one)), Some((_, other))) if one != other => (part, How::Changed),
        _ => return None,
    };
    Some(Difference { part: part.clone(), how })
}

/// The parts of the first request that we sent, if it is the only one.
fn parts(record: &Record) -> Option<Parts> {
    let ours = |link: &upspec_exchange::Link| link.we == Party::Client && link.over == Over::Http1;
    let link = record.links.iter().position(ours)?;
    let octets = record.scripted(link);
    let mut lines = octets.split(|octet| *octet == b'\n').map(<[u8]>::trim_ascii_end);
    let mut parts = Parts::new();
    let start = lines.next().filter(|line| !line.is_empty())?;
    let (method, rest) = split(start, b' ');
    let (target, version) = match rest.iter().rposition(|octet| *octet == b' ') {
        Some(at) => (&rest[..at], &rest[at + 1..]),
        None => (rest, &[][..]),
    };
    for (part, value) in REQUEST_LINE.into_iter().zip([method, target, version]) {
        parts.insert(format!(" {part}"), (part.to_owned(), vec![value.to_vec()]));
    }
    for line in lines.take_while(|line| !line.is_empty()) {
        let (name, value) = split(line, b':');
        let name = crate::visible::octets(name);
        let entry = parts.entry(name.to_ascii_lowercase()).or_insert_with(|| (name, Vec::new()));
        entry.1.push(comparable(value.trim_ascii()));
    }
    Some(parts)
}

fn split(octets: &[u8], at: u8) -> (&[u8], &[u8]) {
    match octets.iter().position(|octet| *octet == at) {
        Some(place) => (&octets[..place], &octets[place + 1..]),
        None => (octets, &[]),
    }
}

/// Every valid key is as good as another, for each request has its own.
fn comparable(value: &[u8]) -> Vec<u8> {
    let is_base64 = |octet: &u8| octet.is_ascii_alphanumeric() || b"+/".contains(octet);
    match value {
        [digits @ .., b'=', b'='] if digits.len() == 22 && digits.iter().all(is_base64) => {
            b"a key".to_vec()
        }
        _ => value.to_vec(),
    }
}

const REQUEST_LINE: [&str; 3] = ["method", "target", "version"];

const FRAMING: [&str; 2] = ["Content-Length", "Transfer-Encoding"];

#[cfg(test)]
mod tests {
    use upspec_exchange::IoKind;

    use super::*;
    use crate::sample;

    fn record(request: &str) -> Record {
        sample::record(vec![sample::io(0, IoKind::Wrote, request.as_bytes())])
    }

    const PLAIN: &str = "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    #[test]
    fn one_difference_has_a_name() {
        let rows = [
            (PLAIN.to_owned(), None),
            (PLAIN.replace("dGhlI", "AAAAA"), None),
            (PLAIN.replace("dGhlI", "A"), Some("with another Sec-WebSocket-Key")),
            (PLAIN.replace("Host: a\r\n", ""), Some("without Host")),
            (PLAIN.replace("Host: a", "Host: a\r\nhost: b"), Some("with a further Host")),
            (PLAIN.replace("Host: a", "Host: a\r\nX: y"), Some("with X added")),
            (PLAIN.replace("GET", "get"), Some("with another method")),
            (PLAIN.replace("/chat", "/ #"), Some("with another request target")),
            (PLAIN.replace("1.1", "1.0"), Some("with another HTTP version")),
            (PLAIN.replace("1.1", "1.0").replace("Host: a\r\n", ""), None),
            (String::new(), None),
        ];
        let plain = Plain::of(&record(PLAIN)).unwrap();
        for (request, want) in rows {
            let found = plain.only_difference(&record(&request)).map(|found| found.said());
            assert_eq!(found.as_deref(), want, "{request}");
        }
    }
}
