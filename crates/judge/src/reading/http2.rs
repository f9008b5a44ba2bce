//! The messages of an exchange in HTTP/2, in the terms in which those of HTTP/1.1 are told.
//! Never grades anything, and never reads a frame: the model has done that.

use std::collections::BTreeSet;

use upspec_corpus::case::Outcome;
use upspec_handshake::field::framing::Framing;
use upspec_handshake::h2::frame::frames;
use upspec_handshake::h2::{Connection, ErrorCode, FrameHeader, PREFACE, Stream, connection, kind};
use upspec_handshake::{FieldLine, Party, ResponseHead};

use super::{BodyState, Octets, Reading, Response, Tunnel};

/// Both sides of a connection.
pub(crate) struct Http2 {
    /// What the steps wrote.
    pub(crate) sent: Connection,
    /// What was read before we took leave.
    pub(crate) got: Connection,
    /// The stream that the case is about: the last one that the steps opened; 0 when they opened none.
    pub(crate) stream: u32,
}

impl Http2 {
    pub(super) fn read(written: &[u8], read: &[u8]) -> Self {
        Self {
            sent: Connection::read(written, Party::Client),
            got: Connection::read(read, Party::Server),
            stream: last_opened(written),
        }
    }

    /// What came on the stream that the case is about.
    fn answer(&self) -> Option<&Stream> {
        self.got.stream(self.stream)
    }

    /// Whether what was read is HTTP/2 at all: there is a SETTINGS or a GOAWAY, or an answer, though
    /// SETTINGS have to come before it.
    pub(crate) fn is_spoken(&self) -> bool {
        let answers = |stream: &Stream| !stream.heads.is_empty() || stream.reset.is_some();
        let settings = !self.got.settings.is_empty();
        settings || !self.got.goaways.is_empty() || self.got.streams.values().any(answers)
    }

    /// Whether the peer can say nothing more on the stream that the case is about.
    pub(crate) fn is_decided(&self) -> bool {
        let over = self.answer().is_some_and(Stream::is_over);
        over || self.got.connection_error().is_some() || self.got.reader().is_lost()
    }

    /// What the peer owes us still while the connection lives: an acknowledgement of SETTINGS, or of
    /// a PING (RFC 9113 6.5.3, 6.7).
    pub(crate) fn unacknowledged(&self) -> Option<Unacknowledged> {
        let (sent, got) = (&self.sent, &self.got);
        if !self.is_spoken() || !got.goaways.is_empty() || got.reader().is_lost() {
            return None;
        }
        if got.settings_acks.len() < sent.settings.len() {
            return Some(Unacknowledged::Settings);
        }
        let answered = |octets: &[u8; 8]| got.ping_acks.iter().any(|(_, ack)| ack == octets);
        let mut pings = sent.pings.iter();
        let open = pings.any(|(_, octets)| !answered(octets));
        open.then_some(Unacknowledged::Ping)
    }

    /// Whether the steps have left the stream open on our side.
    pub(crate) fn is_ours_to_write(&self) -> bool {
        self.sent.stream(self.stream).is_some_and(|stream| !stream.is_over())
    }

    /// The error that came instead of a response, with its code.
    pub(crate) fn failure(&self) -> Option<(Outcome, ErrorCode)> {
        if let Some((_, code)) = self.answer().and_then(|stream| stream.reset) {
            return Some((Outcome::StreamError, code));
        }
        let goaway = self.got.connection_error()?;
        Some((Outcome::ConnectionError, goaway.code))
    }

    /// Where the frame stands that says so.
    pub(crate) fn failure_at(&self) -> Option<usize> {
        let reset = self.answer().and_then(|stream| stream.reset);
        let goaway = || self.got.connection_error().map(|leave| leave.at);
        reset.map(|(at, _)| at).or_else(goaway)
    }
}

/// A frame of ours that waits for its acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unacknowledged {
    Ping,
    Settings,
}

/// The stream that was opened last by these octets, whether its header block can be read or not.
fn last_opened(written: &[u8]) -> u32 {
    let octets = written.strip_prefix(PREFACE).unwrap_or_default();
    let mut known = BTreeSet::new();
    let mut last = 0;
    for frame in frames(octets).filter(|frame| frame.kind == kind::HEADERS) {
        if known.insert(frame.stream) {
            last = frame.stream;
        }
    }
    last
}

impl<'b> Reading<'b> {
    /// Fills in requests, responses and tunnel from the streams.
    pub(super) fn read_streams(&mut self, http2: &'b Http2) {
        let requests = http2.sent.streams.iter().filter_map(|(id, stream)| {
            let head = stream.heads.first()?;
            Some((*id, stream.ended.is_some(), head.list.request()))
        });
        let mut ids = Vec::new();
        for (id, whole, head) in requests {
            self.whole_requests = whole;
            self.requests.push(head);
            ids.push(id);
        }
        for (id, stream) in &http2.got.streams {
            let request = ids.iter().position(|own| own == id);
            for head in stream.interim_heads().chain(stream.final_head()) {
                self.responses.push(response(*id, stream, head, request));
            }
        }
        self.responses.sort_by_key(|response| response.at);
        self.tunnel = tunnel(http2);
    }
}

fn response<'b>(
    id: u32,
    stream: &'b Stream,
    head: &'b connection::Head,
    request: Option<usize>,
) -> Response<'b> {
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
    let (sent, got) = (http2.sent.stream(http2.stream)?, http2.answer()?);
    let asked = sent.heads.first()?.list.is_extended_connect();
    let status = got.final_head()?.list.status()?;
    if !asked || status / 100 != 2 {
        return None;
    }
    let parts = got.data_at.iter();
    Some(Tunnel {
        sent: &sent.data,
        got: &got.data,
        parts: parts.map(|(from, frame)| (*from, frame + FRAME_HEADER)).collect(),
        before_leave: got.data.len(),
        // Who sends GOAWAY with an error gives up every stream of the connection (RFC 9113 5.4.1).
        is_over: got.is_over() || http2.got.connection_error().is_some(),
    })
}

/// Whether a response of HTTP/2 opens a WebSocket connection (RFC 8441 5).
pub(crate) fn opens_websocket(http2: &Http2, response: &Response<'_>) -> bool {
    let request = http2.sent.stream(response.stream);
    let list = request.and_then(|stream| stream.heads.first());
    let protocol = list.and_then(|head| head.list.pseudo(":protocol"));
    let success = matches!(response.head.status, Some(200..=299));
    success && protocol.is_some_and(|name| name.eq_ignore_ascii_case(b"websocket"))
}

impl Octets {
    /// What was read before we took leave.
    pub(super) fn read_in_time(&self) -> &[u8] {
        &self.read[..self.before_leave]
    }
}

/// What stands before the payload of a frame (RFC 9113 4.1).
pub(crate) const FRAME_HEADER: usize = FrameHeader::LEN;
