//! An answer of the server and how it is written (RFC 9112 4, 5, 6).
//! Never decides what to answer.

use std::time::SystemTime;

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
    /// Anything else.
    Other,
}

/// The content of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// A status that has none (RFC 9112 6.3).
    Never,
    /// It follows the head.
    Sent(Vec<u8>),
    /// The answer to HEAD: only the length is told (RFC 9110 9.3.2).
    Withheld(usize),
}

/// What becomes of the connection after a response.
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

    /// The octets of a [completed](Self::complete) answer.
    pub(crate) fn write(&self, config: &Config) -> Vec<u8> {
        let reason = match config.varies(Variation::NoReason) {
            true => "",
            false => reason(self.status),
        };
        let mut octets = format!("HTTP/1.1 {} {reason}\r\n", self.status).into_bytes();
        let mut fields: Vec<_> = self.fields.iter().collect();
        let extra = ("X-Reference".to_owned(), b"\"a, b\"; c=\x80".to_vec());
        if config.varies(Variation::ExtraFields) {
            fields.insert(0, &extra);
        }
        if config.varies(Variation::ReversedFields) {
            fields.reverse();
        }
        for (name, value) in fields {
            octets.extend_from_slice(spelled(name, config).as_bytes());
            octets.extend_from_slice(b": ");
            octets.extend_from_slice(value);
            octets.extend_from_slice(b"\r\n");
        }
        octets.extend_from_slice(b"\r\n");
        if let Content::Sent(content) = &self.content {
            octets.extend_from_slice(content);
        }
        octets
    }
}

fn spelled(name: &str, config: &Config) -> String {
    if config.varies(Variation::LowerCaseNames) {
        name.to_ascii_lowercase()
    } else if config.varies(Variation::UpperCaseNames) {
        name.to_ascii_uppercase()
    } else {
        name.to_owned()
    }
}

/// The reason phrase of RFC 9110 15.
fn reason(status: u16) -> &'static str {
    match status {
        100 => "Continue",
        101 => "Switching Protocols",
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        414 => "URI Too Long",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        426 => "Upgrade Required",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}
