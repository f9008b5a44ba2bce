//! An answer of the server, and its head in each version of HTTP.

use std::time::SystemTime;

use upspec_handshake::peer::{Agreement, Cause, Refusal};
use upspec_handshake::{FieldLine, ResponseHead};

use crate::config::{Config, Variation};
use crate::date::imf_fixdate;

/// A response, final or a 1xx.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Without Date, Connection and Content-Length: these follow from the rest.
    pub(crate) fields: Vec<(String, Vec<u8>)>,
    pub(crate) content: Content,
    pub(crate) after: After,
    pub(crate) occasion: Occasion,
}

/// What a response answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// An opening handshake that RFC 6455 4.2.1 has refused.
    BadHandshake,
    /// An opening handshake that is accepted.
    Switch,
    /// Anything else.
    Other,
}

/// The content of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// The status does not allow any (RFC 9112 6.3).
    Never,
    /// It follows the head.
    Sent(Vec<u8>),
    /// The answer to HEAD: only the length is told (RFC 9110 9.3.2).
    Withheld(usize),
}

/// What happens to the connection after a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// It is closed, and the response says so (RFC 9112 9.6).
    Close,
    /// The next request may come.
    Persist,
}

impl Answer {
    /// A final response with a line of text as its content.
    pub(crate) fn new(status: u16, text: &str) -> Self {
        Self {
            status,
            fields: vec![("Content-Type".into(), b"text/plain".to_vec())],
            content: Content::Sent(format!("{text}\n").into_bytes()),
            after: After::Persist,
            occasion: Occasion::Other,
        }
    }

    /// A 1xx.
    pub(crate) fn interim(status: u16) -> Self {
        Self {
            status,
            fields: Vec::new(),
            content: Content::Never,
            after: After::Persist,
            occasion: Occasion::Other,
        }
    }

    /// The response that a handshake is accepted with.
    pub(crate) fn switch(agreement: &Agreement) -> Self {
        let head = agreement.head();
        let follows = |line: &&FieldLine<'_>| line.is_named("Connection");
        let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
        Self {
            status: head.status.unwrap_or_default(),
            fields: head
                .fields
                .iter()
                .filter(|line| !follows(line))
                .map(|line| (text(line.name), line.value.to_vec()))
                .collect(),
            content: Content::Never,
            after: After::Persist,
            occasion: Occasion::Switch,
        }
    }

    /// The refusal of a request, with what it must carry.
    pub(crate) fn refusal(refusal: &Refusal) -> Self {
        let mut answer = Self::new(refusal.status, refusal.what);
        for (name, value) in refusal.fields.iter().filter(|(name, _)| *name != "Connection") {
            answer.add(name, value.as_bytes());
        }
        if refusal.cause == Cause::Handshake {
            answer.occasion = Occasion::BadHandshake;
        }
        if refusal.closes() { answer.closing() } else { answer }
    }

    /// Whether it is a 101, or its counterpart in HTTP/2.
    pub(crate) fn is_switch(&self) -> bool {
        self.status == 101 || self.occasion == Occasion::Switch
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    pub(crate) fn closing(mut self) -> Self {
        self.after = After::Close;
        self
    }

    /// The same answer for HEAD.
    pub(crate) fn without_content(mut self) -> Self {
        if let Content::Sent(octets) = &self.content {
            self.content = Content::Withheld(octets.len());
        }
        self
    }

    /// The same answer to a request that breaks the syntax: where somebody may read it as a HEAD, it has no content.
    pub(crate) fn without_content_for(self, input: &[u8]) -> Self {
        let rest = input.trim_ascii_start().strip_prefix(b"HEAD");
        let may_be_head = rest.and_then(<[u8]>::first).is_some_and(u8::is_ascii_whitespace);
        if may_be_head { self.without_content() } else { self }
    }

    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        let named = |(other, _): &(String, _)| other.eq_ignore_ascii_case(name);
        self.fields.iter().position(named)
    }

    /// The value of a field, that of its first line.
    pub(crate) fn value(&self, name: &str) -> Option<Vec<u8>> {
        self.position(name).map(|at| self.fields[at].1.clone())
    }

    /// Removes every line of a field.
    pub(crate) fn remove(&mut self, name: &str) {
        self.fields.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
    }

    /// Changes the value of a field that is there.
    pub(crate) fn replace(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        if let Some(at) = self.position(name) {
            self.fields[at].1 = value.into();
        }
    }

    /// Adds a line.
    pub(crate) fn add(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        self.fields.push((name.into(), value.into()));
    }

    /// Puts Date, Content-Length and Connection where they belong.
    pub(crate) fn complete(mut self, now: SystemTime) -> Self {
        if self.status != 100 {
            self.fields.insert(0, ("Date".into(), imf_fixdate(now)));
        }
        let length = match &self.content {
            Content::Never => None,
            Content::Sent(octets) => Some(octets.len()),
            Content::Withheld(length) => Some(*length),
        };
        if let Some(length) = length {
            let value = length.to_string().into_bytes();
            self.fields.push(("Content-Length".into(), value));
        }
        let mut options = Vec::new();
        if self.position("Upgrade").is_some() {
            options.push("Upgrade");
        }
        if self.after == After::Close {
            options.push("close");
        }
        if !options.is_empty() {
            let value = options.join(", ").into_bytes();
            self.fields.push(("Connection".into(), value));
        }
        self
    }

    /// Writes a [completed](Self::complete) answer as the server is configured to.
    pub(crate) fn varied(mut self, config: &Config) -> Self {
        if config.varies(Variation::ExtraFields) {
            self.fields.insert(0, ("X-Reference".into(), b"\"a, b\"; c=\x80".to_vec()));
        }
        if config.varies(Variation::ReversedFields) {
            self.fields.reverse();
        }
        for (name, _) in &mut self.fields {
            if config.varies(Variation::LowerCaseNames) {
                name.make_ascii_lowercase();
            } else if config.varies(Variation::UpperCaseNames) {
                name.make_ascii_uppercase();
            }
        }
        self
    }

    /// The head of the answer.
    pub(crate) fn head(&self) -> ResponseHead<'_> {
        let mut head = ResponseHead::new(self.status);
        for (name, value) in &self.fields {
            head.fields.push(FieldLine::new(name.as_bytes(), &value[..]));
        }
        head
    }

    /// The octets of a completed answer in HTTP/1.
    pub(crate) fn write(self, config: &Config) -> Vec<u8> {
        let varied = self.varied(config);
        let mut head = varied.head();
        if config.varies(Variation::NoReason) {
            head.reason = b"";
        }
        let mut octets = head.octets();
        if let Content::Sent(content) = &varied.content {
            octets.extend_from_slice(content);
        }
        octets
    }
}
