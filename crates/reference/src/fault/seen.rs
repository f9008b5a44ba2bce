//! What a faulty server sees of a request head: its lines, which an effect may change.
//! Corrects nothing: lines that no fault touches are written as received.

use upspec_handshake::field::elements_of;
use upspec_handshake::h2::{HeaderField, HeaderList};

/// A request head in lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The head as it was sent; empty until it is complete.
    pub(crate) octets: Vec<u8>,
    /// The request line.
    pub(crate) start: Vec<u8>,
    /// The lines after it, without line ends.
    pub(crate) lines: Vec<Vec<u8>>,
    /// It is HTTP/2.
    pub(crate) is_http2: bool,
}

impl Seen {
    /// Takes a head with its empty line apart.
    pub(crate) fn of(octets: Vec<u8>) -> Self {
        let mut lines = octets
            .split(|&octet| octet == b'\n')
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line).to_vec())
            .skip_while(Vec::is_empty);
        let start = lines.next().unwrap_or_default();
        let lines = lines.take_while(|line| !line.is_empty()).collect();
        Self { octets, start, lines, is_http2: false }
    }

    /// Takes a request of HTTP/2 apart. An extended CONNECT shows as the opening handshake that it
    /// stands for (RFC 8441 5), so that a row holds for both versions.
    pub(crate) fn of_list(list: &HeaderList) -> Self {
        let head = list.request();
        let method = if head.is_extended_connect() { b"GET" } else { head.method };
        let start = [method, head.named_target(), b"HTTP/2.0"].join(&b' ');
        let line = |name: &[u8], value: &[u8]| [name, b": ", value].concat();
        let mut lines = Vec::new();
        let authority = head.authority.filter(|_| !head.fields.contains("Host"));
        lines.extend(authority.map(|authority| line(b"Host", authority)));
        if head.is_extended_connect() {
            let stands_for = [("Upgrade", "websocket"), ("Connection", "Upgrade"), (KEY, EXAMPLE)];
            lines.extend(stands_for.map(|(name, value)| line(name.as_bytes(), value.as_bytes())));
        }
        let is_shown = |name: &[u8]| !HANDLED.iter().any(|own| name.eq_ignore_ascii_case(own));
        let regular = head.fields.iter().filter(|field| is_shown(field.name));
        lines.extend(regular.map(|field| line(field.name, &field.value)));
        Self { octets: Vec::new(), start, lines, is_http2: true }
    }

    /// The header list with what an effect has changed in the target and the fields.
    pub(crate) fn list(&self, list: &HeaderList) -> HeaderList {
        // A host beside :authority stays what it is; alone, :authority shows as Host.
        let has_host = list.values("host").next().is_some();
        let own = ["Upgrade", "Connection", KEY].into_iter().chain((!has_host).then_some("Host"));
        let own: Vec<&[u8]> = own.map(str::as_bytes).collect();
        let is_own = |name: &[u8]| own.iter().any(|own| name.eq_ignore_ascii_case(own));
        let fields = self.lines.iter().filter_map(|line| field(line));
        let regular = fields.filter(|(name, _)| !is_own(name)).map(|(name, value)| HeaderField {
            name: name.to_ascii_lowercase(),
            value: value.to_vec(),
        });
        let mut changed = list.clone();
        changed.fields.retain(HeaderField::is_pseudo);
        for pseudo in &mut changed.fields {
            match &pseudo.name[..] {
                b":path" => pseudo.value = self.target().to_vec(),
                b":authority" if !has_host => {
                    pseudo.value = self.value("Host").unwrap_or_default();
                }
                _ => {}
            }
        }
        if changed.pseudo(":authority").is_none()
            && !has_host
            && let Some(host) = self.value("Host")
        {
            let authority = HeaderField { name: b":authority".to_vec(), value: host };
            changed.fields.insert(0, authority);
        }
        changed.fields.extend(regular);
        changed
    }

    /// Whether it is an extended CONNECT, whose answer of 2xx has no content (RFC 9110 9.3.6).
    pub(crate) fn is_extended_connect(&self) -> bool {
        self.is_http2 && self.has("Upgrade")
    }

    /// The octets of the lines.
    pub(crate) fn write(&self) -> Vec<u8> {
        let mut head = Vec::with_capacity(self.octets.len());
        for line in std::iter::once(&self.start).chain(&self.lines) {
            head.extend_from_slice(line);
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(b"\r\n");
        head
    }

    /// Whether it is a request of HTTP/1.0.
    pub(crate) fn is_old(&self) -> bool {
        self.start.ends_with(b"HTTP/1.0")
    }

    /// The words of the request line.
    pub(crate) fn words(&self) -> Vec<&[u8]> {
        self.start.split(|&octet| octet == b' ').collect()
    }

    /// Method, target and version, if the request line has three words.
    fn three_words(&self) -> [&[u8]; 3] {
        self.words().try_into().unwrap_or_default()
    }

    /// The method; empty unless the request line has three words. The same holds for the others.
    pub(crate) fn method(&self) -> &[u8] {
        self.three_words()[0]
    }

    pub(crate) fn target(&self) -> &[u8] {
        self.three_words()[1]
    }

    pub(crate) fn version(&self) -> &[u8] {
        self.three_words()[2]
    }

    pub(crate) fn set_method(&mut self, method: &[u8]) {
        self.set_word(0, method);
    }

    pub(crate) fn set_target(&mut self, target: &[u8]) {
        self.set_word(1, target);
    }

    pub(crate) fn set_version(&mut self, version: &[u8]) {
        self.set_word(2, version);
    }

    fn set_word(&mut self, index: usize, word: &[u8]) {
        let mut words = self.words();
        if words.len() == 3 {
            words[index] = word;
            self.start = words.join(&b' ');
        }
    }

    /// The values of a field, line by line.
    pub(crate) fn values(&self, name: &str) -> Vec<&[u8]> {
        let fields = self.lines.iter().filter_map(|line| field(line));
        fields.filter(|(other, _)| same(other, name)).map(|(_, value)| value).collect()
    }

    /// The values of a field, joined by commas; empty without the field.
    pub(crate) fn joined(&self, name: &str) -> Vec<u8> {
        self.values(name).join(&b',')
    }

    /// The value of a field that has exactly one line.
    pub(crate) fn value(&self, name: &str) -> Option<Vec<u8>> {
        match self.values(name)[..] {
            [value] => Some(value.to_vec()),
            _ => None,
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        !self.values(name).is_empty()
    }

    /// Whether a list has this element, in this spelling.
    pub(crate) fn lists(&self, name: &str, wanted: &[u8]) -> bool {
        elements_of(self.values(name)).any(|element| element == wanted)
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.lines.retain(|line| !is_named(line, name));
    }

    /// Makes the field one line with this value.
    pub(crate) fn set(&mut self, name: &str, value: &[u8]) {
        let at = self.lines.iter().position(|line| is_named(line, name));
        self.remove(name);
        let line = [name.as_bytes(), b": ", value].concat();
        self.lines.insert(at.unwrap_or(self.lines.len()), line);
    }

    /// Takes the value of a field from an earlier request where there is none, or keeps it for later ones.
    pub(crate) fn remember(&mut self, name: &str, earlier: &mut Option<Vec<u8>>) {
        match (self.value(name), &*earlier) {
            (Some(value), _) => *earlier = Some(value),
            (None, Some(value)) => {
                let value = value.clone();
                self.set(name, &value);
                self.octets = self.write();
            }
            (None, None) => {}
        }
    }

    /// Keeps the first of the lines of a field.
    pub(crate) fn keep_first(&mut self, name: &str) {
        if let [first, _, ..] = self.values(name)[..] {
            let first = first.to_vec();
            self.set(name, &first);
        }
    }

    /// Keeps the first and the last of the lines of a field.
    pub(crate) fn keep_outer(&mut self, name: &str) {
        if let [first, _, .., last] = self.values(name)[..] {
            let both = [first, b", ", last].concat();
            self.set(name, &both);
        }
    }

    /// Keeps the last of the lines of a field.
    pub(crate) fn keep_last(&mut self, name: &str) {
        if let [_, .., last] = self.values(name)[..] {
            let last = last.to_vec();
            self.set(name, &last);
        }
    }
}

/// Fields whose part HTTP/2 itself plays (RFC 9113 8.2.2), and fields that are something else there.
const HANDLED: &[&[u8]] = &[
    b"connection",
    b"content-length",
    b"http2-settings",
    b"keep-alive",
    b"proxy-connection",
    b"sec-websocket-key",
    b"te",
    b"transfer-encoding",
    b"upgrade",
];

const KEY: &str = "Sec-WebSocket-Key";
/// The key of RFC 6455 1.3.
const EXAMPLE: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// Name and value of a line, if it has a colon. White space around the name stays part of it, so
/// that no field is found where the line is folded or its name is not the name.
pub(crate) fn field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|&octet| octet == b':')?;
    Some((&line[..colon], line[colon + 1..].trim_ascii()))
}

fn is_named(line: &[u8], name: &str) -> bool {
    field(line).is_some_and(|(other, _)| same(other, name))
}

fn same(name: &[u8], other: &str) -> bool {
    name.eq_ignore_ascii_case(other.as_bytes())
}
