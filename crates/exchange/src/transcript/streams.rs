//! The messages and the tunnel of a link that speaks HTTP/2, told as those of HTTP/1.1 are.

use upspec_handshake::field::framing::Framing;
use upspec_handshake::h2::{Stream, connection};
use upspec_handshake::{FieldLine, ResponseHead};

use super::{BodyState, Request, Response, StreamFlow, Talk, Tunnel};
use crate::http2::{FRAME_HEADER, Http2};

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
    // Who sends GOAWAY with an error gives up every stream of the connection (RFC 9113 5.4.1).
    let is_over = answer.is_over() || http2.server.connection_error().is_some();
    Some(Tunnel::of_streams(flow(asked), flow(answer), is_over))
}

fn flow(stream: &Stream) -> StreamFlow<'_> {
    let parts = stream.data_at.iter().map(|(from, frame)| (*from, frame + FRAME_HEADER));
    (&stream.data, parts.collect())
}
