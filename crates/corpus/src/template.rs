//! Bytes of a case with holes in them: literal octets and named bindings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use std::fmt::{self, Write as _};

pub use crate::bindings::Bindings;

/// Octets with bindings between them.
///
/// Text becomes a template through [`Template::parse`]; [`fmt::Display`] prints the one canonical
/// spelling, which parses to the same template and fits into a TOML literal string.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// The parts, in order. Templates that were parsed hold no empty and no adjacent byte parts.
    pub parts: Vec<Part>,
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// Octets as they are.
    #[serde(with = "serde_bytes")]
    Bytes(Vec<u8>),
    /// What the run fills in.
    Binding(Binding),
}

/// What a run fills in. The name in braces is the variant's in kebab-case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Binding {
    /// `{accept}`: the Sec-WebSocket-Accept for the key of the request that has been awaited.
    Accept,
    /// `{accept-swapped}`: the same with the case of its letters swapped.
    AcceptSwapped,
    /// `{accept-truncated}`: the same without its last character.
    AcceptTruncated,
    /// `{protocol}`: the first subprotocol that the request offers.
    Protocol,
    /// `{protocol-field}`: the line of Sec-WebSocket-Protocol with it, or nothing where none is offered.
    ProtocolField,
    /// `{accept-hex}`: the SHA-1 behind `{accept}` in hexadecimal digits.
    AcceptHex,
    /// `{accept-inner-space}`: `{accept}` with a space in its middle.
    AcceptInnerSpace,
    /// `{accept-lower-guid}`: what `{accept}` would be with the GUID of RFC 6455 in lower case.
    AcceptLowerGuid,
    /// `{accept-of-decoded-key}`: what `{accept}` would be if the 16 octets of the key were hashed.
    AcceptOfDecodedKey,
    /// `{accept-of-other-key}`: the Sec-WebSocket-Accept for a key that nobody sent.
    AcceptOfOtherKey,
    /// `{accept-of-previous-key}`: that for the key of an earlier connection of the client.
    AcceptOfPreviousKey,
    /// `{accept-pad-bits}`: `{accept}` with other bits where base64 has unused ones: the same 20 octets.
    AcceptPadBits,
    /// `{accept-without-guid}`: what `{accept}` would be without the GUID.
    AcceptWithoutGuid,
    /// `{deflate}`: the acceptance of permessage-deflate that the client's first offer of it asks for, without the
    /// parameters that the rest of the line names.
    Deflate,
    /// `{deflate-without-hint}`: the same without `client_no_context_takeover`, which is a hint in an offer.
    DeflateWithoutHint,
    /// `{other-port}`: the port of a second listener of the case.
    OtherPort,
    /// `{port-plus-65536}`: the port plus 65536, which no port is.
    PortPlus65536,
    /// `{protocol-2}`: the second subprotocol that the request offers.
    ProtocolSecond,
    /// `{protocol-field-lf}`: `{protocol-field}` with LF in place of CRLF.
    ProtocolFieldLf,
    /// `{protocol-prefix}`: the first subprotocol without its last character, where that is not offered too.
    ProtocolPrefix,
    /// `{protocol-swapped}`: the first subprotocol with the case of its letters swapped, where that is not offered too.
    ProtocolSwapped,
    /// `{authority}`: host and port of the target as they belong into Host.
    Authority,
    /// `{authority-upper}`: the authority in capitals.
    AuthorityUpper,
    /// `{binary-16k}`: a masked binary message of 16384 octets.
    Binary16k,
    /// `{binary-16k-back}`: the same without a mask.
    Binary16kBack,
    /// `{chunk-size}`: how many octets there are between the end of its line and the last chunk that ends the step, in
    /// hexadecimal digits.
    ChunkSize,
    /// `{content-length}`: how many octets there are behind the next empty line of the step.
    ContentLength,
    /// `{extension-if-offered}`: the line `Sec-WebSocket-Extensions: x-upspec` where the request offers that, or nothing.
    ExtensionIfOffered,
    /// `{fill-8000}`: as many `a` as it takes for the line to be that long, its CRLF not counted.
    Fill(u32),
    /// `{frame}`: a masked text frame with a fresh payload.
    Frame,
    /// `{host}`: the host without the port.
    Host,
    /// `{key}`: a fresh Sec-WebSocket-Key, 24 characters.
    Key,
    /// `{key-2}`: another one.
    KeySecond,
    /// `{origin}`: the origin of the profile, or the target's own.
    Origin,
    /// `{path}`: path and query of the target.
    Path,
    /// `{ping}`: a masked Ping frame with a fresh payload.
    Ping,
    /// `{port}`: the port of the target.
    Port,
    /// `{random}`: a fresh token of 16 lower-case letters.
    Random,
    /// `{scheme}`: `http` or `https`.
    Scheme,
    /// `{standing}`: the field lines that the target wants on every request.
    Standing,
    /// `{standing-but-origin}`: the same lines without the allowed origin.
    StandingButOrigin,
    /// `{subprotocol}`: the first subprotocol that the target knows.
    Subprotocol,
    /// `{subprotocol-2}`: the second subprotocol that the target knows.
    SubprotocolSecond,
    /// `{subprotocol-candidates}`: names that the target may know and that are not yet known, as a list.
    SubprotocolCandidates,
    /// `{subprotocol-swapped}`: the first subprotocol with the case of its letters swapped.
    SubprotocolSwapped,
    /// `{tag}`: a query parameter by which our origin tells requests apart, `?…` or `&…` as the path asks for.
    Tag,
    /// `{tag-2}`: that of the second request of the same case.
    TagSecond,
    /// `{tag-3}`: that of the third one.
    TagThird,
    /// `{tag-more}`: `{tag}` behind a query of the case's own, with `&`.
    TagMore,
    /// `{text-back}`: a text frame without a mask, with a fresh payload.
    TextBack,
}

/// Named templates that others may splice in as `{name}`.
pub type Fragments = BTreeMap<String, Template>;

/// A text that is not a template, and where it stops being one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at offset {offset}")]
pub struct TemplateError {
    /// Where the trouble starts, in bytes from the start of the text.
    pub offset: usize,
    /// How many bytes of the text are in trouble.
    pub length: usize,
    /// What the trouble is.
    pub kind: TemplateErrorKind,
}

/// What is wrong with the text of a template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateErrorKind {
    /// The length in `{fill-N}` is more than any case may ask for.
    #[error("`{{fill-N}}` takes at most {MAX_FILL}")]
    FillTooLong,
    /// A character beyond ASCII stands for itself.
    #[error("raw non-ASCII character {}", code_point(.0))]
    RawNonAscii(char),
    /// A control character stands for itself.
    #[error("raw control character {}", code_point(.0))]
    RawControl(char),
    /// A closing brace that closes nothing.
    #[error("stray `}}`")]
    StrayBrace,
    /// An opening brace without its end.
    #[error("unclosed `{{`")]
    UnclosedBrace,
    /// The text ends within an escape.
    #[error("unfinished escape")]
    UnfinishedEscape,
    /// A name in braces that is neither a binding nor a fragment.
    #[error("unknown binding `{{{0}}}`")]
    UnknownBinding(String),
    /// A backslash before something that it does not escape.
    #[error("unknown escape `\\{0}`")]
    UnknownEscape(char),
}

impl Template {
    /// Joins parts; empty byte parts vanish and adjacent ones become one.
    #[must_use]
    pub fn from_parts(parts: impl IntoIterator<Item = Part>) -> Self {
        let mut template = Self::default();
        for part in parts {
            match part {
                Part::Bytes(bytes) => template.push_bytes(&bytes),
                binding @ Part::Binding(_) => template.parts.push(binding),
            }
        }
        template
    }

    /// Reads the text of a template that uses no fragments.
    ///
    /// # Errors
    ///
    /// The first place where the text is not a template.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        Self::parse_with(text, &Fragments::new())
    }

    /// Reads the text of a template, splicing in the fragments that it names.
    ///
    /// # Errors
    ///
    /// The first place where the text is not a template.
    pub fn parse_with(text: &str, fragments: &Fragments) -> Result<Self, TemplateError> {
        let mut template = Self::default();
        let mut at = 0;
        while let Some(first) = text[at..].chars().next() {
            let rest = &text[at..];
            at += match first {
                '\\' => template.take_escape(rest, at)?,
                '{' => template.take_brace(rest, at, fragments)?,
                '}' if rest.starts_with("}}") => template.take_literal(b'}', 2),
                '}' => return Err(TemplateErrorKind::StrayBrace.at(at, 1)),
                ' '..='~' => template.take_literal(first as u8, 1),
                '\0'..='\x7f' => return Err(TemplateErrorKind::RawControl(first).at(at, 1)),
                _ => {
                    return Err(TemplateErrorKind::RawNonAscii(first).at(at, first.len_utf8()));
                }
            };
        }
        Ok(template)
    }

    /// Adds another template at the end.
    pub fn append(&mut self, other: &Self) {
        for part in &other.parts {
            match part {
                Part::Bytes(bytes) => self.push_bytes(bytes),
                Part::Binding(binding) => self.parts.push(Part::Binding(*binding)),
            }
        }
    }

    /// The bindings that the template uses, in order.
    pub fn bindings(&self) -> impl Iterator<Item = Binding> + '_ {
        self.parts.iter().filter_map(|part| match part {
            Part::Bytes(_) => None,
            Part::Binding(binding) => Some(*binding),
        })
    }

    /// Whether it writes nothing at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The octets of a write that is this template alone.
    #[must_use]
    pub fn render(&self, bindings: &Bindings) -> Vec<u8> {
        let mut out = Vec::new();
        self.render_into(&mut out, bindings);
        out
    }

    /// Adds the octets to a write that may have begun already: `{fill-N}` counts from the last LF
    /// in `out`, and what is left of its line in this template counts too.
    pub fn render_into(&self, out: &mut Vec<u8>, bindings: &Bindings) {
        for (index, part) in self.parts.iter().enumerate() {
            match part {
                Part::Bytes(bytes) => out.extend_from_slice(bytes),
                Part::Binding(Binding::Fill(length)) => {
                    let before = out.iter().rev().take_while(|octet| **octet != b'\n').count();
                    let after = rest_of_line(&self.parts[index + 1..], bindings);
                    let missing = (*length as usize).saturating_sub(before + after);
                    out.resize(out.len() + missing, b'a');
                }
                Part::Binding(binding @ (Binding::ContentLength | Binding::ChunkSize)) => {
                    let rest = Self { parts: self.parts[index + 1..].to_vec() }.render(bindings);
                    out.extend(length_of(*binding, &rest).into_bytes());
                }
                Part::Binding(binding @ (Binding::Deflate | Binding::DeflateWithoutHint)) => {
                    let rest = octets_of_line(&self.parts[index + 1..], bindings);
                    out.extend(without_named(bindings.octets(*binding), &rest));
                }
                Part::Binding(binding) => out.extend_from_slice(bindings.octets(*binding)),
            }
        }
    }

    fn push_bytes(&mut self, bytes: &[u8]) {
        match self.parts.last_mut() {
            _ if bytes.is_empty() => {}
            Some(Part::Bytes(last)) => last.extend_from_slice(bytes),
            _ => self.parts.push(Part::Bytes(bytes.to_vec())),
        }
    }

    fn take_literal(&mut self, octet: u8, length: usize) -> usize {
        self.push_bytes(&[octet]);
        length
    }

    /// Takes `\r`, `\n`, `\t`, `\\` or `\xHH` from the start of `rest`.
    fn take_escape(&mut self, rest: &str, at: usize) -> Result<usize, TemplateError> {
        let Some(escaped) = rest[1..].chars().next() else {
            return Err(TemplateErrorKind::UnfinishedEscape.at(at, 1));
        };
        let octet = match escaped {
            'r' => b'\r',
            'n' => b'\n',
            't' => b'\t',
            '\\' => b'\\',
            'x' => {
                let digits: String = rest[2..].chars().take(2).collect();
                let hex = digits.len() == 2 && digits.bytes().all(|d| d.is_ascii_hexdigit());
                let octet = u8::from_str_radix(&digits, 16).ok().filter(|_| hex);
                let error = TemplateErrorKind::UnfinishedEscape.at(at, 2);
                return octet.map(|octet| self.take_literal(octet, 4)).ok_or(error);
            }
            other => {
                let length = 1 + other.len_utf8();
                return Err(TemplateErrorKind::UnknownEscape(other).at(at, length));
            }
        };
        Ok(self.take_literal(octet, 2))
    }

    /// Takes `{{`, a binding or a fragment from the start of `rest`.
    fn take_brace(
        &mut self,
        rest: &str,
        at: usize,
        fragments: &Fragments,
    ) -> Result<usize, TemplateError> {
        if rest.starts_with("{{") {
            return Ok(self.take_literal(b'{', 2));
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let name = rest[1..].split(|c| !is_name(c)).next().unwrap_or_default();
        let length = name.len() + 2;
        if !rest[1 + name.len()..].starts_with('}') {
            return Err(TemplateErrorKind::UnclosedBrace.at(at, 1));
        }
        if let Some(fragment) = fragments.get(name) {
            self.append(fragment);
            return Ok(length);
        }
        match Binding::from_name(name) {
            Some(Binding::Fill(n)) if n > MAX_FILL => {
                Err(TemplateErrorKind::FillTooLong.at(at, length))
            }
            Some(binding) => {
                self.parts.push(Part::Binding(binding));
                Ok(length)
            }
            None => Err(TemplateErrorKind::UnknownBinding(name.to_owned()).at(at, length)),
        }
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Bytes(bytes) => f.write_str(&escape(bytes)),
            Part::Binding(binding) => write!(f, "{{{binding}}}"),
        })
    }
}

impl TemplateErrorKind {
    fn at(self, offset: usize, length: usize) -> TemplateError {
        TemplateError { offset, length, kind: self }
    }
}

/// Octets in the spelling of case files: `\r \n \t \\ \xHH`, braces doubled. The result stands
/// between single quotes in TOML as it is, so `'` is spelt `\x27`.
#[must_use]
pub fn escape(octets: &[u8]) -> String {
    let mut out = String::with_capacity(octets.len());
    for octet in octets {
        match octet {
            b'\r' => out.push_str("\\r"),
            b'\n' => out.push_str("\\n"),
            b'\t' => out.push_str("\\t"),
            b'\\' => out.push_str("\\\\"),
            b'{' => out.push_str("{{"),
            b'}' => out.push_str("}}"),
            b'\'' => out.push_str("\\x27"),
            b' '..=b'~' => out.push(char::from(*octet)),
            _ => write!(out, "\\x{octet:02X}").expect("a string takes it all"),
        }
    }
    out
}

/// The length that stands before the rest of its step.
fn length_of(binding: Binding, rest: &[u8]) -> String {
    let behind = |mark: &[u8]| {
        let at = rest.windows(mark.len()).position(|window| window == mark);
        at.map_or(0, |at| rest.len() - at - mark.len())
    };
    match binding {
        Binding::ChunkSize => format!("{:x}", behind(b"\r\n").saturating_sub(LAST_CHUNK.len())),
        _ => behind(b"\r\n\r\n").to_string(),
    }
}

/// What ends content in chunks, with the end of the chunk before it (RFC 9112 7.1).
const LAST_CHUNK: &[u8] = b"\r\n0\r\n\r\n";

/// The octets that these parts put on the current line.
fn octets_of_line(parts: &[Part], bindings: &Bindings) -> Vec<u8> {
    let mut line = Vec::new();
    for part in parts {
        line.extend_from_slice(match part {
            Part::Bytes(bytes) => bytes,
            Part::Binding(binding) => bindings.octets(*binding),
        });
    }
    line.split(|octet| *octet == b'\n').next().unwrap_or_default().to_vec()
}

/// An element of a list without the parameters whose names the rest of its line has: a name that comes twice
/// makes the element invalid (RFC 7692, section 7).
fn without_named(element: &[u8], rest: &[u8]) -> Vec<u8> {
    let rest = String::from_utf8_lossy(rest);
    let named: Vec<&str> = rest.split([';', ',', '\r']).map(name_of).collect();
    let element = String::from_utf8_lossy(element);
    let kept = element.split("; ").enumerate();
    let kept = kept.filter(|(index, one)| *index == 0 || !named.contains(&name_of(one)));
    kept.map(|(_, one)| one).collect::<Vec<_>>().join("; ").into_bytes()
}

fn name_of(parameter: &str) -> &str {
    parameter.split('=').next().unwrap_or_default().trim()
}

/// How many octets these parts put on the current line, its CRLF not counted. Other fills count
/// for nothing: the first one on a line takes all the room.
fn rest_of_line(parts: &[Part], bindings: &Bindings) -> usize {
    let mut length = 0;
    let mut last = None;
    for part in parts {
        let octets = match part {
            Part::Bytes(bytes) => bytes.as_slice(),
            Part::Binding(binding) => bindings.octets(*binding),
        };
        if let Some(end) = octets.iter().position(|octet| *octet == b'\n') {
            let before = if end > 0 { Some(octets[end - 1]) } else { last };
            return length + end - usize::from(before == Some(b'\r'));
        }
        length += octets.len();
        last = octets.last().copied().or(last);
    }
    length
}

fn code_point(c: &char) -> String {
    format!("U+{:04X}", u32::from(*c))
}

/// The longest line that a case may ask for, so that a slip of the pen does not eat the memory.
pub const MAX_FILL: u32 = 1 << 24;

#[cfg(test)]
mod tests;
