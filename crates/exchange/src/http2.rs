//! Both sides of a link that speaks HTTP/2: what was asked, answered, owed and broken off.

use std::collections::BTreeSet;

use upspec_handshake::Party;
use upspec_handshake::h2::frame::frames;
use upspec_handshake::h2::{Connection, ErrorCode, FrameHeader, PREFACE, Stream, kind};

/// Both sides of a connection in HTTP/2.
#[derive(Debug)]
pub struct Http2 {
    /// What the client said.
    pub client: Connection,
    /// What the server said before we took leave.
    pub server: Connection,
    /// The stream that the client opened last; 0 when it opened none.
    pub stream: u32,
}

/// A frame that waits for its acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unacknowledged {
    /// A PING (RFC 9113 6.7).
    Ping,
    /// SETTINGS (RFC 9113 6.5.3).
    Settings,
}

/// What ended a stream instead of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What was ended.
    pub scope: Scope,
    /// The code that was given.
    pub code: ErrorCode,
    /// Where the frame begins that says so, in what the server sent.
    pub at: usize,
}

/// What a failure ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The connection: GOAWAY.
    Connection,
    /// The stream: RST_STREAM.
    Stream,
}

impl Http2 {
    pub(crate) fn read(client: &[u8], server: &[u8]) -> Self {
        Self {
            client: Connection::read(client, Party::Client),
            server: Connection::read(server, Party::Server),
            stream: last_opened(client),
        }
    }

    /// What the server said on the stream that was opened last.
    #[must_use]
    pub fn answer(&self) -> Option<&Stream> {
        self.server.stream(self.stream)
    }

    /// Whether what the server sent is HTTP/2 at all: there is a SETTINGS or a GOAWAY, or an answer,
    /// though SETTINGS have to come before it.
    #[must_use]
    pub fn is_spoken(&self) -> bool {
        let answers = |stream: &Stream| !stream.heads.is_empty() || stream.reset.is_some();
        let settings = !self.server.settings.is_empty();
        settings || !self.server.goaways.is_empty() || self.server.streams.values().any(answers)
    }

    /// Whether the server can say nothing more on the stream that was opened last.
    #[must_use]
    pub fn is_decided(&self) -> bool {
        let over = self.answer().is_some_and(Stream::is_over);
        over || self.server.connection_error().is_some() || self.server.reader().is_lost()
    }

    /// What the server still owes while the connection lives: an acknowledgement of SETTINGS, or of
    /// a PING (RFC 9113 6.5.3, 6.7).
    #[must_use]
    pub fn unacknowledged(&self) -> Option<Unacknowledged> {
        let (asked, got) = (&self.client, &self.server);
        if !self.is_spoken() || !got.goaways.is_empty() || got.reader().is_lost() {
            return None;
        }
        if got.settings_acks.len() < asked.settings.len() {
            return Some(Unacknowledged::Settings);
        }
        let answered = |octets: &[u8; 8]| got.ping_acks.iter().any(|(_, ack)| ack == octets);
        let open = asked.pings.iter().any(|(_, octets)| !answered(octets));
        open.then_some(Unacknowledged::Ping)
    }

    /// Whether the client has left the stream open on its side.
    #[must_use]
    pub fn is_open_for_client(&self) -> bool {
        self.client.stream(self.stream).is_some_and(|stream| !stream.is_over())
    }

    /// The error that came instead of a response.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        if let Some((at, code)) = self.answer().and_then(|stream| stream.reset) {
            return Some(Failure { scope: Scope::Stream, code, at });
        }
        let goaway = self.server.connection_error()?;
        Some(Failure { scope: Scope::Connection, code: goaway.code, at: goaway.at })
    }
}

/// The stream that was opened last by these octets, whether its header block can be read or not.
fn last_opened(client: &[u8]) -> u32 {
    let octets = client.strip_prefix(PREFACE).unwrap_or_default();
    let mut known = BTreeSet::new();
    let mut last = 0;
    for frame in frames(octets).filter(|frame| frame.kind == kind::HEADERS) {
        if known.insert(frame.stream) {
            last = frame.stream;
        }
    }
    last
}

/// What stands before the payload of a frame (RFC 9113 4.1).
pub const FRAME_HEADER: usize = FrameHeader::LEN;
