//! What was said on an HTTP/2 link, in the same terms as for HTTP/1.1.

use std::collections::BTreeSet;

use upspec_handshake::field::framing::Framing;
use upspec_handshake::h2::frame::frames;
use upspec_handshake::h2::{Connection, ErrorCode, FrameHeader, PREFACE, Stream, connection, kind};
use upspec_handshake::{FieldLine, Party, ResponseHead};

use crate::transcript::{BodyState, Request, Response, StreamFlow, Talk, Tunnel};

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

impl<'o> Talk<'o> {
    /// Fills in requests, responses and tunnel from the streams.
    pub(crate) fn read_streams(&mut self, http2: &'o Http2) {
        for (id, stream) in &http2.client.streams {
            let Some(head) = stream.heads.first() else {
                continue;
            };
            self.whole_requests = stream.ended.is_some();
            self.requests.push(request(*id, stream, head));
        }
        for (id, stream) in &http2.server.streams {
            let request = self.requests.iter().position(|request| request.stream == *id);
            for head in stream.interim_heads().chain(stream.final_head()) {
                self.responses.push(response(*id, stream, head, request));
            }
        }
        self.responses.sort_by_key(|response| response.at);
        self.tunnel = tunnel(http2);
    }
}

fn request<'o>(id: u32, stream: &'o Stream, head: &'o connection::Head) -> Request<'o> {
    let (start, end) = (head.list.at, head.list.end);
    let state = if stream.is_over() { BodyState::Complete } else { BodyState::Partial };
    Request {
        at: start,
        head: head.list.request(),
        stream: id,
        framing: Framing::None,
        body: end..end,
        body_state: state,
    }
}

fn response<'o>(
    id: u32,
    stream: &'o Stream,
    head: &'o connection::Head,
    request: Option<usize>,
) -> Response<'o> {
    let end = head.list.end;
    let complete = head.is_interim() || stream.is_over();
    Response {
        at: head.list.at,
        head: from_its_start(head.list.response()),
        request,
        stream: id,
        framing: Framing::None,
        body: end..end,
        body_state: if complete { BodyState::Complete } else { BodyState::Partial },
    }
}

/// The places of a head counted from its first octet: the whole frame for each line.
fn from_its_start(head: ResponseHead<'_>) -> ResponseHead<'_> {
    let whole = 0..head.len;
    let lines = head.fields.iter().map(|line| FieldLine { line: whole.clone(), ..line.clone() });
    ResponseHead { fields: lines.collect(), line: whole.clone(), ..head }
}

/// The tunnel that a 2xx to an extended CONNECT opens (RFC 8441 4, 5).
fn tunnel(http2: &Http2) -> Option<Tunnel<'_>> {
    let (asked, answer) = (http2.client.stream(http2.stream)?, http2.answer()?);
    let connect = asked.heads.first()?.list.is_extended_connect();
    let status = answer.final_head()?.list.status()?;
    if !connect || status / 100 != 2 {
        return None;
    }
    // A sender of GOAWAY with an error gives up every stream of the connection (RFC 9113 5.4.1).
    let is_over = answer.is_over() || http2.server.connection_error().is_some();
    Some(Tunnel::of_streams(flow(asked), flow(answer), is_over))
}

fn flow(stream: &Stream) -> StreamFlow<'_> {
    let parts = stream.data_at.iter().map(|(from, frame)| (*from, frame + FRAME_HEADER));
    (&stream.data, parts.collect())
}

/// What stands before the payload of a frame (RFC 9113 4.1).
pub const FRAME_HEADER: usize = FrameHeader::LEN;
