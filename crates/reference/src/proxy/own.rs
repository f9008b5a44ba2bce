//! What the gateway answers by itself.

use std::time::SystemTime;

use upspec_handshake::peer::Refusal;
use upspec_handshake::{FieldLine, ResponseHead};

use crate::date::imf_fixdate;

/// An answer of the gateway's own.
#[derive(Debug)]
pub(super) struct Own {
    status: u16,
    text: &'static str,
    fields: Vec<(&'static str, String)>,
    /// The connection ends behind it (RFC 9112 9.6).
    closes: bool,
}

impl Own {
    /// A failure of the origin, or a refusal, that leaves the connection in order.
    pub(super) fn new(status: u16, text: &'static str) -> Self {
        Self { status, text, fields: Vec::new(), closes: false }
    }

    /// The same behind which nothing more is read.
    pub(super) fn closing(self) -> Self {
        Self { closes: true, ..self }
    }

    pub(super) fn of(refusal: &Refusal) -> Self {
        let fields = refusal.fields.iter().filter(|(name, _)| *name != "Connection");
        Self {
            status: refusal.status,
            text: refusal.what,
            fields: fields.cloned().collect(),
            closes: refusal.closes(),
        }
    }

    pub(super) fn closes(&self) -> bool {
        self.closes
    }

    /// Its octets; the answer to HEAD has no content (RFC 9110 9.3.2).
    pub(super) fn octets(&self, now: SystemTime, is_head: bool) -> Vec<u8> {
        let content = format!("{}\n", self.text);
        let length = content.len().to_string();
        let mut head = ResponseHead::new(self.status);
        head.fields.push(FieldLine::new(b"Date", imf_fixdate(now)));
        for (name, value) in &self.fields {
            head.fields.push(FieldLine::new(name.as_bytes(), value.as_bytes()));
        }
        head.fields.push(FieldLine::new(b"Content-Type", &b"text/plain"[..]));
        head.fields.push(FieldLine::new(b"Content-Length", length.as_bytes()));
        if self.closes {
            head.fields.push(FieldLine::new(b"Connection", &b"close"[..]));
        }
        let mut octets = head.octets();
        if !is_head {
            octets.extend_from_slice(content.as_bytes());
        }
        octets
    }
}
