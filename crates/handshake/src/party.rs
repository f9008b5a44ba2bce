//! The two parties of a connection, and the versions of HTTP they speak.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One end of a connection: the sender of a message, the party a rule binds, or our own end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// Opens the connection and sends requests. It masks every frame (RFC 6455 5.1).
    Client,
    /// Accepts the connection and answers. It masks no frame.
    Server,
}

impl Party {
    /// The other end.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Server => "server",
        })
    }
}

/// What is spoken on a connection.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Over {
    /// HTTP/1.x, or what was sent in its place.
    #[default]
    Http1,
    /// HTTP/2: with prior knowledge, or as ALPN chose.
    Http2,
}

impl fmt::Display for Over {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http1 => "http1",
            Self::Http2 => "http2",
        })
    }
}
