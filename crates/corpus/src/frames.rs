//! Frames of HTTP/2 as steps write them, rendered to exact octets (RFC 9113 4, 6; RFC 7541 6.2.2).
//! Never looks at a connection: the octets of a step depend on the step and its bindings only.

use crate::template::{Binding, Bindings, Template};
use crate::words::{Word as _, words};

/// What an `h2` step writes: one frame, or a header block in several.
#[derive(Clone, Debug, PartialEq)]
pub struct Frames {
    /// The type of the (first) frame.
    pub kind: u8,
    /// Its flags. END_HEADERS is not among them where a header block is rendered.
    pub flags: u8,
    /// Its stream, reserved bit included.
    pub stream: u32,
    /// What is in it.
    pub payload: Payload,
}

/// What a frame carries.
#[derive(Clone, Debug, PartialEq)]
pub enum Payload {
    /// These octets.
    Octets(Template),
    /// A header block: literals without indexing and without Huffman coding.
    Block {
        /// The fields, in order.
        fields: Vec<Field>,
        /// Over how many CONTINUATION frames the block goes on.
        continuations: u32,
    },
}

/// What is written into a header block.
#[derive(Clone, Debug, PartialEq)]
pub enum Field {
    /// A name and a value, written as they are.
    Line(Template, Template),
    /// The field lines that the target wants on every request, with names in lower case.
    Standing,
}

/// A frame with its octets, for people to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its type, stream and flags.
    pub title: String,
    /// The header fields that it begins, or its settings, as `name: value`.
    pub lines: Vec<(Vec<u8>, Vec<u8>)>,
    /// All its octets.
    pub octets: Vec<u8>,
}

/// The error codes of RFC 9113 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it, and RFC 9113 7 says more")]
pub enum ErrorCode {
    NoError,
    ProtocolError,
    InternalError,
    FlowControlError,
    SettingsTimeout,
    StreamClosed,
    FrameSizeError,
    RefusedStream,
    Cancel,
    CompressionError,
    ConnectError,
    EnhanceYourCalm,
    InadequateSecurity,
    Http11Required,
}

words!(
    ErrorCode,
    "error code",
    "NO_ERROR" = NoError,
    "PROTOCOL_ERROR" = ProtocolError,
    "INTERNAL_ERROR" = InternalError,
    "FLOW_CONTROL_ERROR" = FlowControlError,
    "SETTINGS_TIMEOUT" = SettingsTimeout,
    "STREAM_CLOSED" = StreamClosed,
    "FRAME_SIZE_ERROR" = FrameSizeError,
    "REFUSED_STREAM" = RefusedStream,
    "CANCEL" = Cancel,
    "COMPRESSION_ERROR" = CompressionError,
    "CONNECT_ERROR" = ConnectError,
    "ENHANCE_YOUR_CALM" = EnhanceYourCalm,
    "INADEQUATE_SECURITY" = InadequateSecurity,
    "HTTP_1_1_REQUIRED" = Http11Required,
);

impl ErrorCode {
    /// The number on the wire.
    #[must_use]
    pub fn number(self) -> u32 {
        self as u32
    }
}

impl Frames {
    /// Adds the octets to a write.
    pub fn render_into(&self, out: &mut Vec<u8>, bindings: &Bindings) {
        for frame in self.rendered(bindings) {
            frame.write(out);
        }
    }

    /// The frames with what they say, for people.
    #[must_use]
    pub fn show(&self, bindings: &Bindings) -> Vec<Shown> {
        let frames = self.rendered(bindings);
        let shown = frames.iter().enumerate().map(|(index, frame)| {
            let lines = match &self.payload {
                Payload::Block { fields, .. } if index == 0 => lines(fields, bindings),
                Payload::Octets(_) if frame.kind == SETTINGS => settings(&frame.payload),
                _ => Vec::new(),
            };
            let mut octets = Vec::new();
            frame.write(&mut octets);
            Shown { title: frame.title(), lines, octets }
        });
        shown.collect()
    }

    /// The bindings in it, in order.
    #[must_use]
    pub fn bindings(&self) -> Vec<Binding> {
        let fields = match &self.payload {
            Payload::Octets(octets) => return octets.bindings().collect(),
            Payload::Block { fields, .. } => fields,
        };
        let of_field = |field: &Field| match field {
            Field::Standing => vec![Binding::Standing],
            Field::Line(name, value) => name.bindings().chain(value.bindings()).collect(),
        };
        fields.iter().flat_map(of_field).collect()
    }

    fn rendered(&self, bindings: &Bindings) -> Vec<Rendered> {
        let frame = |kind, flags, payload| Rendered { kind, flags, stream: self.stream, payload };
        let (fields, continuations) = match &self.payload {
            Payload::Octets(octets) => {
                return vec![frame(self.kind, self.flags, octets.render(bindings))];
            }
            Payload::Block { fields, continuations } => (fields, *continuations as usize),
        };
        let block = block(&lines(fields, bindings));
        // Parts of one size, and none beyond what a frame may hold.
        let part = block.len().div_ceil(continuations + 1).clamp(1, MAX_FRAME);
        let mut parts: Vec<Vec<u8>> = block.chunks(part).map(<[u8]>::to_vec).collect();
        parts.resize(parts.len().max(continuations + 1), Vec::new());
        let last = parts.len() - 1;
        let parts = parts.into_iter().enumerate().map(|(index, part)| {
            let end = if index == last { END_HEADERS } else { 0 };
            match index {
                0 => frame(self.kind, self.flags | end, part),
                _ => frame(CONTINUATION, end, part),
            }
        });
        parts.collect()
    }
}

/// A frame with its octets.
struct Rendered {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

impl Rendered {
    fn write(&self, out: &mut Vec<u8>) {
        let length = u32::try_from(self.payload.len()).unwrap_or(u32::MAX);
        out.extend_from_slice(&length.to_be_bytes()[1..]);
        out.extend([self.kind, self.flags]);
        out.extend(self.stream.to_be_bytes());
        out.extend_from_slice(&self.payload);
    }

    /// `HEADERS stream 1 END_STREAM END_HEADERS`.
    fn title(&self) -> String {
        let named = KINDS.get(usize::from(self.kind));
        let mut title = named.map_or_else(|| format!("type {}", self.kind), |name| (*name).into());
        if self.stream != 0 {
            title.push_str(&format!(" stream {}", self.stream));
        }
        let meant = FLAGS.iter().filter(|row| row.0 == self.kind);
        for (_, _, name) in meant.filter(|row| row.1 & self.flags != 0) {
            title.push_str(&format!(" {name}"));
        }
        match (self.kind, <[u8; 4]>::try_from(self.payload.as_slice())) {
            (RST_STREAM, Ok(octets)) => {
                let number = u32::from_be_bytes(octets);
                match ErrorCode::WORDS.get(number as usize) {
                    Some((name, _)) => title.push_str(&format!(" {name}")),
                    None => title.push_str(&format!(" code {number}")),
                }
            }
            (WINDOW_UPDATE, Ok(octets)) => {
                title.push_str(&format!(" {}", u32::from_be_bytes(octets)));
            }
            _ => {}
        }
        title
    }
}

/// The fields with their octets.
fn lines(fields: &[Field], bindings: &Bindings) -> Vec<(Vec<u8>, Vec<u8>)> {
    let line = |field: &Field| match field {
        Field::Standing => standing(&bindings.standing),
        Field::Line(name, value) => vec![(name.render(bindings), value.render(bindings))],
    };
    fields.iter().flat_map(line).collect()
}

/// Field lines of HTTP/1.1 as fields of a header block: names in lower case (RFC 9113 8.2).
fn standing(lines: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let lines = lines.split(|octet| *octet == b'\n');
    let field = |line: &[u8]| {
        let colon = line.iter().position(|octet| *octet == b':')?;
        let value = line[colon + 1..].trim_ascii().to_vec();
        Some((line[..colon].to_ascii_lowercase(), value))
    };
    lines.filter_map(field).collect()
}

/// The settings of a payload, as far as it is whole ones.
fn settings(payload: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let pairs = payload.chunks_exact(6).map(|octets| {
        let id = u16::from_be_bytes([octets[0], octets[1]]);
        let value = u32::from_be_bytes([octets[2], octets[3], octets[4], octets[5]]);
        let named = SETTINGS_NAMES.iter().find(|row| row.0 == id);
        let name = named.map_or_else(|| format!("setting {id}"), |row| row.1.to_owned());
        (name.into_bytes(), value.to_string().into_bytes())
    });
    pairs.collect()
}

/// `literal header field without indexing, new name` for each line (RFC 7541 6.2.2).
fn block(lines: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in lines {
        block.push(0);
        string(&mut block, name);
        string(&mut block, value);
    }
    block
}

/// A string literal: its length with a prefix of seven bits, and its octets (RFC 7541 5.1, 5.2).
fn string(block: &mut Vec<u8>, octets: &[u8]) {
    let prefix = octets.len().min(0x7f);
    block.push(prefix as u8);
    if prefix == 0x7f {
        let mut rest = octets.len() - prefix;
        while rest >= 0x80 {
            block.push(0x80 | (rest & 0x7f) as u8);
            rest >>= 7;
        }
        block.push(rest as u8);
    }
    block.extend_from_slice(octets);
}

/// Frame types, by the name of the keys that write them (RFC 9113 6).
pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

/// Flags (RFC 9113 6).
pub(crate) const END_STREAM: u8 = 0x1;
pub(crate) const ACK: u8 = 0x1;
const END_HEADERS: u8 = 0x4;

/// The longest payload that every peer takes (RFC 9113 4.2).
const MAX_FRAME: usize = 16_384;

const KINDS: [&str; 10] = [
    "DATA",
    "HEADERS",
    "PRIORITY",
    "RST_STREAM",
    "SETTINGS",
    "PUSH_PROMISE",
    "PING",
    "GOAWAY",
    "WINDOW_UPDATE",
    "CONTINUATION",
];

const FLAGS: [(u8, u8, &str); 9] = [
    (DATA, END_STREAM, "END_STREAM"),
    (DATA, 0x8, "PADDED"),
    (HEADERS, END_STREAM, "END_STREAM"),
    (HEADERS, END_HEADERS, "END_HEADERS"),
    (HEADERS, 0x8, "PADDED"),
    (HEADERS, 0x20, "PRIORITY"),
    (SETTINGS, ACK, "ACK"),
    (PING, ACK, "ACK"),
    (CONTINUATION, END_HEADERS, "END_HEADERS"),
];

const SETTINGS_NAMES: [(u16, &str); 7] = [
    (1, "HEADER_TABLE_SIZE"),
    (2, "ENABLE_PUSH"),
    (3, "MAX_CONCURRENT_STREAMS"),
    (4, "INITIAL_WINDOW_SIZE"),
    (5, "MAX_FRAME_SIZE"),
    (6, "MAX_HEADER_LIST_SIZE"),
    (8, "ENABLE_CONNECT_PROTOCOL"),
];

#[cfg(test)]
mod tests;
