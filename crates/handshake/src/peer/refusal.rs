//! Why and how a server refuses a request.

use crate::field::version::VERSION;
use crate::opening::Defect;

/// What a refusal must carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status code.
    pub status: u16,
    /// The field lines that it needs, by name and value.
    pub fields: Vec<(&'static str, String)>,
    /// The requirement that the request breaks.
    pub requirement: &'static str,
    /// What is wrong, in one phrase.
    pub what: &'static str,
    /// What kind of thing is wrong.
    pub cause: Cause,
}

/// What kind of thing is wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The end of its content cannot be told.
    Framing,
    /// RFC 6455 4.2.1 does not accept it as an opening handshake, but HTTP has no objection.
    Handshake,
    /// It can be read, but not served.
    Other,
    /// The grammar.
    Syntax,
}

impl Refusal {
    /// Whether the connection closes: where the request ends is not safe to say (RFC 9112 2.2, 6.3).
    pub fn closes(&self) -> bool {
        self.fields.iter().any(|(name, value)| *name == "Connection" && value == "close")
    }

    /// The request is in order as HTTP, but no opening handshake (RFC 6455 4.2.1).
    pub(super) fn of(defect: &Defect) -> Self {
        Self {
            status: 400,
            fields: Vec::new(),
            requirement: defect.requirement,
            what: defect.what,
            cause: Cause::Handshake,
        }
    }

    /// This server does not speak the version (RFC 6455 4.2.2, 4.4). A 426 names the protocol
    /// in Upgrade, with its connection option (RFC 9110 15.5.22, 7.8).
    pub(super) fn version(requirement: &'static str) -> Self {
        Self {
            status: 426,
            fields: vec![
                ("Upgrade", "websocket".to_owned()),
                ("Connection", "Upgrade".to_owned()),
                ("Sec-WebSocket-Version", VERSION.to_string()),
            ],
            requirement,
            what: "this server speaks version 13",
            cause: Cause::Handshake,
        }
    }

    /// The same, where there is no Upgrade to require (RFC 9113 8.2.2).
    pub(super) fn version_without_upgrade(requirement: &'static str) -> Self {
        let fields = vec![("Sec-WebSocket-Version", VERSION.to_string())];
        Self { status: 400, fields, ..Self::version(requirement) }
    }

    /// RFC 9220 3 says so for HTTP/3.
    pub(super) fn protocol() -> Self {
        Self {
            status: 501,
            fields: Vec::new(),
            requirement: "rfc8441/5-protocol",
            what: "the protocol is unknown",
            cause: Cause::Other,
        }
    }

    /// The request line does not end in time (RFC 9112 3).
    pub(super) fn long_target() -> Self {
        Self {
            status: 414,
            requirement: "rfc9112/3-long-target",
            what: "the request target is too long",
            ..Self::too_long()
        }
    }

    /// The head does not end in time (RFC 6585 5).
    pub(super) fn too_long() -> Self {
        Self {
            status: 431,
            fields: vec![("Connection", "close".to_owned())],
            requirement: "rfc9110/2.3-defensive",
            what: "the fields are too large",
            cause: Cause::Other,
        }
    }
}
