//! A request built from its parts, written and read back, is the same request; what is odd about
//! its spelling is noted, and nothing else. It writes no request that could be read in two ways.

use arbitrary::{Arbitrary, Result, Unstructured};
use upspec_handshake::{RequestHead, Status, Version, ViolationKind};

use crate::planted;
use crate::seeds::Material;

/// Checks one input of the target `roundtrip`: the entropy that a request is made of.
pub fn roundtrip(entropy: &[u8]) {
    let Ok(request) = Request::arbitrary(&mut Unstructured::new(entropy)) else {
        return;
    };
    let octets = request.octets();
    let Status::Complete(head) = RequestHead::parse(&octets) else {
        panic!("no head: {request:?}");
    };
    assert_eq!(head.len + request.after.len(), octets.len());
    assert_eq!(head.method, &request.method[..]);
    assert_eq!(head.target, &request.target[..]);
    assert_eq!(head.version, Some(request.version));
    assert_eq!(head.fields.len(), request.fields.len());
    for (line, field) in head.fields.iter().zip(&request.fields) {
        assert_eq!(line.name, &field.name[..]);
        assert_eq!(line.value, field.value(), "{field:?}");
    }
    let mut noted: Vec<ViolationKind> = head.violations.iter().map(|one| one.kind).collect();
    noted.sort_unstable();
    noted.dedup();
    assert_eq!(noted, request.oddities(), "{request:?}");
}

/// A request by its parts.
#[derive(Debug)]
struct Request {
    empty_lines: u8,
    method: Vec<u8>,
    target: Vec<u8>,
    version: Version,
    fields: Vec<Field>,
    /// Which line ends with LF alone, if any does: the request line is the first.
    bare_lf: Option<usize>,
    /// What follows the head.
    after: Vec<u8>,
}

#[derive(Debug)]
struct Field {
    name: Vec<u8>,
    before: &'static [u8],
    /// The parts of the value, one for each folded line.
    parts: Vec<Vec<u8>>,
    behind: &'static [u8],
}

impl<'a> Arbitrary<'a> for Request {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let count = u.int_in_range(0..=12)?;
        let fields: Vec<Field> = (0..count).map(|_| Field::arbitrary(u)).collect::<Result<_>>()?;
        let bare_lf = u.ratio(1, 8)?.then(|| u.choose_index(count + 2)).transpose()?;
        Ok(Self {
            empty_lines: u.int_in_range(0..=2)?,
            method: word(u, TCHAR, 1)?,
            target: word(u, TARGET, 1)?,
            version: Version { major: u.int_in_range(0..=9)?, minor: u.int_in_range(0..=9)? },
            fields,
            bare_lf,
            after: u.arbitrary::<&[u8]>()?.to_vec(),
        })
    }
}

impl<'a> Arbitrary<'a> for Field {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let name = if u.arbitrary()? { u.choose(NAMES)?.to_vec() } else { word(u, TCHAR, 1)? };
        let parts = if u.ratio(1, 8)? { u.int_in_range(2..=3)? } else { 1 };
        Ok(Self {
            name,
            before: u.choose(OWS)?,
            parts: (0..parts).map(|_| value(u)).collect::<Result<_>>()?,
            behind: u.choose(OWS)?,
        })
    }
}

impl Request {
    fn octets(&self) -> Vec<u8> {
        let mut octets = b"\r\n".repeat(usize::from(self.empty_lines));
        let request_line = [&self.method, &b" "[..], &self.target, b" "].concat();
        octets.extend_from_slice(&request_line);
        octets.extend_from_slice(self.version.to_string().as_bytes());
        self.end_line(&mut octets, 0);
        for (index, field) in self.fields.iter().enumerate() {
            octets.extend_from_slice(&field.name);
            octets.push(b':');
            octets.extend_from_slice(field.before);
            octets.extend_from_slice(&field.parts.join(&b"\r\n "[..]));
            octets.extend_from_slice(field.behind);
            self.end_line(&mut octets, index + 1);
        }
        self.end_line(&mut octets, self.fields.len() + 1);
        octets.extend_from_slice(&self.after);
        octets
    }

    fn end_line(&self, octets: &mut Vec<u8>, line: usize) {
        let is_bare = self.bare_lf == Some(line);
        octets.extend_from_slice(if is_bare { b"\n" } else { b"\r\n" });
    }

    /// The violations that the head must have, in order.
    fn oddities(&self) -> Vec<ViolationKind> {
        let mut kinds = Vec::new();
        if self.bare_lf.is_some() {
            kinds.push(ViolationKind::BareLf);
        }
        if self.empty_lines > 0 {
            kinds.push(ViolationKind::LeadingEmptyLine);
        }
        if self.fields.iter().any(|field| field.parts.len() > 1) {
            kinds.push(ViolationKind::ObsFold);
        }
        kinds.sort_unstable();
        kinds
    }
}

impl Field {
    /// The value as a reader has it: each fold is one SP, and a part without octets adds nothing.
    fn value(&self) -> Vec<u8> {
        let parts = self.parts.iter().filter(|part| !part.is_empty());
        let value = parts.cloned().collect::<Vec<_>>().join(&b" "[..]);
        planted::value(&self.name, value)
    }
}

/// One to sixteen octets of a set.
fn word(u: &mut Unstructured<'_>, set: &[u8], least: usize) -> Result<Vec<u8>> {
    let length = u.int_in_range(least..=16)?;
    (0..length).map(|_| u.choose(set).copied()).collect()
}

/// `field-value = *field-content` (RFC 9110 5.5): it neither begins nor ends with white space.
fn value(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    if u.arbitrary()? {
        return Ok(u.choose(VALUES)?.to_vec());
    }
    let mut octets: Vec<u8> = u.arbitrary::<&[u8]>()?.to_vec();
    octets.truncate(64);
    octets.retain(|octet| !octet.is_ascii_control() || *octet == b'\t');
    Ok(octets.trim_ascii().to_vec())
}

/// A few inputs of different lengths; every input is a request, so these are enough.
pub(crate) fn seeds(_: &Material) -> Vec<Vec<u8>> {
    let octets = |length: usize, step: usize| (0..length).map(move |at| (at * step % 256) as u8);
    [(16, 1), (64, 7), (256, 29), (1024, 131)]
        .map(|(length, step)| octets(length, step).collect())
        .to_vec()
}

const OWS: &[&[u8]] = &[b" ", b"", b"\t", b" \t "];
const TCHAR: &[u8] = b"GETPOSAbcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~";
const TARGET: &[u8] = b"/abcXYZ019?=&%-._~!$'()*+,;:@";
const NAMES: &[&[u8]] = &[
    b"Host",
    b"Upgrade",
    b"connection",
    b"Sec-WebSocket-Key",
    b"SEC-WEBSOCKET-VERSION",
    b"Sec-WebSocket-Protocol",
];
const VALUES: &[&[u8]] = &[
    b"server.example.com",
    b"websocket",
    b"keep-alive, Upgrade",
    b"dGhlIHNhbXBsZSBub25jZQ==",
    b"13",
    b"",
];
