//! Frames of HTTP/2 as steps write them, rendered to exact octets.
//! The octets of a step depend on the step and its bindings only.

use serde::{Deserialize, Serialize};
use upspec_handshake::h2::{ErrorCode, MAX_FRAME, flag, hpack, kind, setting, write};

use crate::template::{Binding, Bindings, Template};
use crate::words::Word;

/// What an `h2` step writes: one frame, or a header block in several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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

/// What a `flow` step writes: octets of a stream in DATA frames, as the peer's windows allow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// The octets.
    pub data: Template,
    /// How often they come.
    pub times: u32,
    /// How many octets of padding each DATA frame has; then each round is a frame of its own.
    pub padding: Option<u8>,
    /// The stream.
    pub stream: u32,
}

/// What a frame carries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Field {
    /// A name and a value, written as they are.
    Line(Template, Template),
    /// The field lines that the target wants on every request, with names in lower case.
    Standing,
    /// The same without the allowed origin.
    StandingButOrigin,
    /// Where we are the server: sec-websocket-protocol with the first subprotocol offered, or no field.
    Protocol,
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

impl Word for ErrorCode {
    const WHAT: &'static str = "error code";
    const WORDS: &'static [(&'static str, Self)] = &Self::NAMED;
}

impl Frames {
    /// Adds the octets to a write.
    pub fn render_into(&self, out: &mut Vec<u8>, bindings: &Bindings) {
        for frame in self.rendered(bindings) {
            out.extend(frame.octets());
        }
    }

    /// The frames with what they say, for people.
    #[must_use]
    pub fn show(&self, bindings: &Bindings) -> Vec<Shown> {
        let frames = self.rendered(bindings);
        let shown = frames.iter().enumerate().map(|(index, frame)| {
            let lines = match &self.payload {
                Payload::Block { fields, .. } if index == 0 => lines(fields, bindings),
                Payload::Octets(_) if frame.kind == kind::SETTINGS => settings(&frame.payload),
                _ => Vec::new(),
            };
            Shown { title: frame.title(), lines, octets: frame.octets() }
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
            Field::StandingButOrigin => vec![Binding::StandingButOrigin],
            Field::Protocol => vec![Binding::ProtocolField],
            Field::Line(name, value) => name.bindings().chain(value.bindings()).collect(),
        };
        fields.iter().flat_map(of_field).collect()
    }

    fn rendered(&self, bindings: &Bindings) -> Vec<Rendered> {
        let stream = bindings.stream_of(self.stream);
        let frame = |kind, flags, payload| Rendered { kind, flags, stream, payload };
        let (fields, continuations) = match &self.payload {
            Payload::Octets(octets) => {
                return vec![frame(self.kind, self.flags, octets.render(bindings))];
            }
            Payload::Block { fields, continuations } => (fields, *continuations as usize),
        };
        let lines = lines(fields, bindings);
        let pairs = lines.iter().map(|(name, value)| (name.as_slice(), value.as_slice()));
        let block = hpack::encode(pairs);
        // Parts of one size, and none beyond what a frame may hold.
        let part = block.len().div_ceil(continuations + 1).clamp(1, MAX_FRAME);
        let mut parts: Vec<Vec<u8>> = block.chunks(part).map(<[u8]>::to_vec).collect();
        parts.resize(parts.len().max(continuations + 1), Vec::new());
        let last = parts.len() - 1;
        let parts = parts.into_iter().enumerate().map(|(index, part)| {
            let end = if index == last { flag::END_HEADERS } else { 0 };
            match index {
                0 => frame(self.kind, self.flags | end, part),
                _ => frame(kind::CONTINUATION, end, part),
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
    fn octets(&self) -> Vec<u8> {
        write::frame(self.kind, self.flags, self.stream, &self.payload)
    }

    /// `HEADERS stream 1 END_STREAM END_HEADERS`.
    fn title(&self) -> String {
        let mut title =
            kind::name(self.kind).map_or_else(|| format!("type {}", self.kind), str::to_owned);
        if self.stream != 0 {
            title.push_str(&format!(" stream {}", self.stream));
        }
        for name in flag::names(self.kind, self.flags) {
            title.push_str(&format!(" {name}"));
        }
        match (self.kind, <[u8; 4]>::try_from(self.payload.as_slice())) {
            (kind::RST_STREAM, Ok(code)) => {
                title.push_str(&format!(" {}", ErrorCode(u32::from_be_bytes(code))));
            }
            (kind::WINDOW_UPDATE, Ok(more)) => {
                title.push_str(&format!(" {}", u32::from_be_bytes(more)));
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
        Field::StandingButOrigin => standing(&bindings.standing_but_origin),
        Field::Protocol => standing(&bindings.protocol_field),
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
        let name = setting::name(id).map_or_else(|| format!("setting {id}"), str::to_owned);
        (name.into_bytes(), value.to_string().into_bytes())
    });
    pairs.collect()
}

#[cfg(test)]
mod tests;
