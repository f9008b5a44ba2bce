//! What happened on one connection: every octet written and read, and every event, as plain data.
//! Never a socket, never a clock: a stored exchange can be judged again years later.

use serde::{Deserialize, Serialize};
use upspec_corpus::case;

/// One connection, from its opening to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// Which end we played.
    pub end: End,
    /// What was spoken.
    pub over: Over,
    /// Whether the connection was inside TLS.
    pub tls: bool,
    /// The protocol that ALPN (RFC 7301) chose, where it chose one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpn: Option<String>,
    /// What happened, in order.
    pub io: Vec<Io>,
}

/// Which end of a connection we played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// We connected.
    Client,
    /// We accepted.
    Server,
}

/// What was spoken on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Over {
    /// HTTP/1.x, or what was sent in its place.
    Http1,
    /// HTTP/2.
    Http2,
}

impl From<case::Over> for Over {
    fn from(over: case::Over) -> Self {
        match over {
            case::Over::Http1 => Self::Http1,
            case::Over::Http2 => Self::Http2,
        }
    }
}

/// One event on a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Io {
    /// Microseconds since the connection was opened.
    pub at_us: u64,
    /// What happened.
    pub kind: IoKind,
    /// The octets of `read` and of what we wrote, base64 in JSON; of other kinds nothing.
    #[serde(with = "crate::base64_bytes", default, skip_serializing_if = "Vec::is_empty")]
    pub bytes: Vec<u8>,
}

/// The kinds of event on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IoKind {
    /// We wrote these octets as part of a step of the case.
    Wrote,
    /// We wrote these octets to take leave after the case was over (a WebSocket Close frame, GOAWAY).
    WroteLeave,
    /// We wrote these octets because HTTP/2 obliges us to, not because a step says so: the
    /// acknowledgement of SETTINGS or PING.
    WroteOwed,
    /// We read these octets.
    Read,
    /// We ended our writing side.
    ShutWrite,
    /// The peer ended its writing side in order (FIN; inside TLS with `close_notify`).
    ReadEnd,
    /// The peer ended the stream inside TLS without `close_notify`.
    ReadEndUnclean,
    /// The peer reset the connection.
    Reset,
    /// A write of ours failed because the peer had closed.
    WriteFailed,
    /// The window in which an answer was awaited ended with nothing more to read.
    Deadline,
    /// More octets came than are kept; the rest was dropped and the connection ended.
    CapReached,
    /// The peer sent a TLS alert that ended the connection.
    TlsAlert,
    /// The peer broke the TLS handshake, so that we ended it: it chose in ALPN what was not on offer,
    /// or sent something else than TLS.
    TlsBroken,
    /// We closed the connection; everything that mattered had been seen.
    Closed,
}

impl IoKind {
    /// Whether the event carries octets that we wrote.
    #[must_use]
    pub fn is_written(self) -> bool {
        matches!(self, Self::Wrote | Self::WroteLeave | Self::WroteOwed)
    }
}

impl Exchange {
    /// The octets that the steps of the case wrote, in order.
    #[must_use]
    pub fn written(&self) -> Vec<u8> {
        self.gather(IoKind::Wrote)
    }

    /// The octets that were read, in order.
    #[must_use]
    pub fn read(&self) -> Vec<u8> {
        self.gather(IoKind::Read)
    }

    /// All octets that we wrote, in order: those of the steps, what HTTP/2 obliged us to, our leave.
    #[must_use]
    pub fn written_in_all(&self) -> Vec<u8> {
        let written = self.io.iter().filter(|io| io.kind.is_written());
        written.flat_map(|io| io.bytes.iter().copied()).collect()
    }

    /// Whether an event of this kind happened.
    #[must_use]
    pub fn saw(&self, kind: IoKind) -> bool {
        self.io.iter().any(|io| io.kind == kind)
    }

    /// Whether the peer ended the connection, in whatever way.
    #[must_use]
    pub fn ended_by_peer(&self) -> bool {
        use IoKind::{ReadEnd, ReadEndUnclean, Reset, TlsAlert, TlsBroken, WriteFailed};
        let ends = [ReadEnd, ReadEndUnclean, Reset, TlsAlert, TlsBroken, WriteFailed];
        ends.into_iter().any(|kind| self.saw(kind))
    }

    fn gather(&self, kind: IoKind) -> Vec<u8> {
        let parts = self.io.iter().filter(|io| io.kind == kind);
        parts.flat_map(|io| io.bytes.iter().copied()).collect()
    }
}
