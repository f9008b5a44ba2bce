//! What an exchange says once its octets are read as HTTP and WebSocket frames.
//! Never grades anything: it only tells what is there, and where.

mod http2;

use std::ops::Range;

use upspec_corpus::case::{Case, Outcome, Outcomes, Step};
use upspec_handshake::field::chunked::{Chunked, ChunkedReader};
use upspec_handshake::field::connection::contains_option;
use upspec_handshake::field::framing::Framing;
use upspec_handshake::{RequestHead, ResponseHead, Status, Version, starts_like_http};

use crate::exchange::{Exchange, Io, IoKind, Over};
use crate::progress::{Awaits, awaits};

pub(crate) use http2::{FRAME_HEADER, Http2, Unacknowledged, opens_websocket};

/// The octets of an exchange, gathered so that heads can borrow from them.
pub(crate) struct Octets {
    pub(crate) written: Vec<u8>,
    pub(crate) read: Vec<u8>,
    /// How much was read before we took leave; what came later answers our leaving.
    pub(crate) before_leave: usize,
    /// What was said, where it was said in HTTP/2.
    http2: Option<Box<Http2>>,
    /// What ALPN chose.
    alpn: Option<String>,
}

impl Octets {
    pub(crate) fn of(exchange: &Exchange) -> Self {
        let until = exchange.io.iter().take_while(|io| io.kind != IoKind::WroteLeave);
        let reads = until.filter(|io| io.kind == IoKind::Read);
        let octets = Self {
            written: exchange.written(),
            read: exchange.read(),
            before_leave: reads.map(|io| io.bytes.len()).sum(),
            http2: None,
            alpn: exchange.alpn.clone(),
        };
        octets.spoken(exchange.over)
    }

    /// What the steps have written so far, and what was read, while the exchange goes on.
    pub(crate) fn under_way(over: Over, written: &[u8], read: &[u8]) -> Self {
        let octets = Self {
            written: written.to_vec(),
            read: read.to_vec(),
            before_leave: read.len(),
            http2: None,
            alpn: None,
        };
        octets.spoken(over)
    }

    fn spoken(mut self, over: Over) -> Self {
        if over == Over::Http2 {
            let http2 = Http2::read(&self.written, self.read_in_time());
            self.http2 = Some(Box::new(http2));
        }
        self
    }
}

/// The messages of one connection.
pub(crate) struct Reading<'b> {
    /// The requests, as far as they are complete heads.
    pub(crate) requests: Vec<RequestHead<'b>>,
    /// Every response in the order read; 1xx other than 101 included.
    pub(crate) responses: Vec<Response<'b>>,
    /// What follows a 101.
    pub(crate) tunnel: Option<Tunnel<'b>>,
    /// Octets after the last response that are no response: offset of the first.
    pub(crate) stray: Option<Range<usize>>,
    /// What is known of how the connection ended.
    pub(crate) ending: Ending,
    /// The frames, where HTTP/2 was spoken.
    pub(crate) http2: Option<&'b Http2>,
    /// What ALPN chose.
    pub(crate) alpn: Option<&'b str>,
    /// How much was read before we took leave.
    before_leave: usize,
    /// Where the requests end in what was written.
    requests_end: usize,
    /// The last request has all of its body.
    pub(crate) whole_requests: bool,
    /// What the case waits for before the response that it is about, one by one.
    earlier: Vec<Outcomes>,
    /// An end would not have been missed: the runner still waited for it, or for octets.
    pub(crate) end_was_awaited: bool,
    /// All that was read.
    pub(crate) read: &'b [u8],
    /// All that was written.
    pub(crate) written: &'b [u8],
}

/// A connection of its own inside of the one that was opened.
pub(crate) struct Tunnel<'b> {
    /// What the steps wrote into it.
    pub(crate) sent: &'b [u8],
    /// All that came out of it.
    pub(crate) got: &'b [u8],
    /// Where its parts begin: in what came out of it, and in all that was read.
    parts: Vec<(usize, usize)>,
    /// How much came out of it before we took leave.
    before_leave: usize,
    /// The peer has ended it, whatever became of the connection around it.
    pub(crate) is_over: bool,
}

/// A response and the request that it answers.
pub(crate) struct Response<'b> {
    /// Where its head begins in what was read.
    pub(crate) at: usize,
    pub(crate) head: ResponseHead<'b>,
    /// Which request it answers; `None` when that request was not read.
    pub(crate) request: Option<usize>,
    /// The stream that it came on; 0 outside of HTTP/2.
    pub(crate) stream: u32,
    pub(crate) framing: Framing,
    /// The octets of its body that came.
    pub(crate) body: Range<usize>,
    pub(crate) body_state: BodyState,
}

/// How far the body of a response came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyState {
    /// It is all there.
    Complete,
    /// More is due.
    Partial,
    /// Its chunks cannot be read.
    Malformed,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    /// The peer ended it before we took leave.
    pub(crate) by_peer: bool,
    /// The peer broke the TLS handshake.
    pub(crate) tls_broken: bool,
    /// We ended our side before that.
    pub(crate) by_us: bool,
    /// The peer ended TLS without `close_notify`.
    pub(crate) unclean: bool,
    /// A window passed without an octet.
    pub(crate) deadline: bool,
    /// The last octets came when the time was all but up: too late to tell what would have followed.
    pub(crate) at_the_last: bool,
    /// More came than is kept.
    pub(crate) cap: bool,
}

impl Ending {
    pub(crate) fn of(exchange: &Exchange) -> Self {
        let until = exchange.io.iter().position(|io| io.kind == IoKind::WroteLeave);
        let before = &exchange.io[..until.unwrap_or(exchange.io.len())];
        let saw = |kind: IoKind| before.iter().any(|io| io.kind == kind);
        Self {
            by_peer: ENDS.into_iter().any(saw),
            tls_broken: saw(IoKind::TlsBroken),
            by_us: saw(IoKind::ShutWrite),
            unclean: saw(IoKind::ReadEndUnclean),
            deadline: saw(IoKind::Deadline),
            at_the_last: came_at_the_last(before),
            cap: saw(IoKind::CapReached),
        }
    }
}

fn came_at_the_last(io: &[Io]) -> bool {
    let last = |kind: IoKind| io.iter().rev().find(|io| io.kind == kind);
    let (Some(read), Some(deadline)) = (last(IoKind::Read), last(IoKind::Deadline)) else {
        return false;
    };
    // An exchange without times tells nothing about them.
    let timed = deadline.at_us > 0;
    timed && deadline.at_us.saturating_sub(read.at_us) < SHORTEST_WAIT_US
}

const STILL_OPEN: Ending = Ending {
    by_peer: false,
    tls_broken: false,
    by_us: false,
    unclean: false,
    deadline: false,
    at_the_last: false,
    cap: false,
};

/// A wait shorter than this for the end of a connection is none.
const SHORTEST_WAIT_US: u64 = 50_000;

/// The events by which a peer ends a connection.
const ENDS: [IoKind; 6] = [
    IoKind::ReadEnd,
    IoKind::ReadEndUnclean,
    IoKind::Reset,
    IoKind::TlsAlert,
    IoKind::TlsBroken,
    IoKind::WriteFailed,
];

impl<'b> Tunnel<'b> {
    /// What came out of it before we took leave.
    pub(crate) fn got_in_time(&self) -> &'b [u8] {
        &self.got[..self.before_leave]
    }

    /// These of its octets as octets of all that was read. Where other frames stand between them,
    /// those are included.
    pub(crate) fn place(&self, octets: Range<usize>) -> Range<usize> {
        let last = octets.end.saturating_sub(1).max(octets.start);
        self.in_read(octets.start)..self.in_read(last) + octets.len().min(1)
    }

    fn in_read(&self, at: usize) -> usize {
        let next = self.parts.partition_point(|(begins, _)| *begins <= at);
        let part = next.checked_sub(1).and_then(|last| self.parts.get(last));
        part.map_or(0, |(begins, in_read)| in_read + at - begins)
    }
}

impl<'b> Reading<'b> {
    pub(crate) fn of(case: &Case, octets: &'b Octets, ending: Ending) -> Self {
        let awaits = awaits(case, &Self::under_way(case, octets));
        Self { end_was_awaited: awaits != Awaits::Nothing, ..Self::ending_so(case, octets, ending) }
    }

    /// What there is as long as the connection stands.
    pub(crate) fn under_way(case: &Case, octets: &'b Octets) -> Self {
        Self::ending_so(case, octets, STILL_OPEN)
    }

    fn ending_so(case: &Case, octets: &'b Octets, ending: Ending) -> Self {
        let (written, read) = (&octets.written[..], &octets.read[..]);
        let http2 = octets.http2.as_deref();
        let (requests, requests_end, whole_requests) = match http2 {
            Some(_) => (Vec::new(), 0, true),
            None => requests(written),
        };
        let mut reading = Self {
            earlier: http2.map_or_else(|| awaited_before(case), |_| Vec::new()),
            end_was_awaited: true,
            http2,
            alpn: octets.alpn.as_deref(),
            before_leave: octets.before_leave,
            requests,
            requests_end,
            whole_requests,
            responses: Vec::new(),
            tunnel: None,
            stray: None,
            ending,
            read,
            written,
        };
        match http2 {
            Some(http2) => reading.read_streams(http2),
            None => reading.read_responses(),
        }
        reading
    }

    /// The stream that the case is about; 0 outside of HTTP/2.
    pub(crate) fn stream(&self) -> u32 {
        self.http2.map_or(0, |http2| http2.stream)
    }

    /// The response that the case is about: the final one to its last request. Where the connection
    /// ended in order before that, by a 101 or an announced close, it is the last one that came.
    pub(crate) fn answer(&self) -> Option<&Response<'b>> {
        let own = self.stream();
        let responses = self.responses.iter();
        let mut finals = responses.filter(|one| one.is_final() && one.stream == own);
        let last = finals.clone().next_back()?;
        finals.nth(self.earlier.len()).or_else(|| last.ends_connection().then_some(last))
    }

    /// Whether an earlier request got a 101 where the case waits for something else, so that the
    /// request that it is about was never written or is not read as one.
    pub(crate) fn is_cut_short(&self) -> bool {
        let mut heads = self.responses.iter();
        for wanted in &self.earlier {
            let named = |status| wanted.0.contains(&Outcome::Status(status));
            let taken = heads.find(|one| one.is_final() || one.head.status.is_some_and(named));
            if taken.is_some_and(|taken| taken.head.status == Some(101)) {
                return !wanted.covers_status(101);
            }
        }
        false
    }

    /// The request that the answer answers, or the last one written.
    pub(crate) fn request(&self) -> Option<&RequestHead<'b>> {
        let answered = self.answer().and_then(|answer| answer.request);
        self.requests.get(answered.unwrap_or(self.requests.len().checked_sub(1)?))
    }

    /// The octets of the tunnel that came before we took leave; `None` without a switch.
    pub(crate) fn tunnel_octets(&self) -> Option<&'b [u8]> {
        self.tunnel.as_ref().map(Tunnel::got_in_time)
    }

    /// What the steps wrote into the tunnel; nothing without one.
    pub(crate) fn sent_into_tunnel(&self) -> &'b [u8] {
        self.tunnel.as_ref().map_or(&[], |tunnel| tunnel.sent)
    }

    /// What came of the request, as case files spell it.
    pub(crate) fn outcome(&self) -> Outcome {
        if let Some(answer) = self.answer() {
            return answer.head.status.map_or(Outcome::NotHttp, Outcome::Status);
        }
        if let Some((failure, _)) = self.http2.and_then(Http2::failure) {
            return failure;
        }
        let spoken = match self.http2 {
            Some(http2) => http2.is_spoken(),
            None => !self.responses.is_empty(),
        };
        if !self.read.is_empty() && !spoken {
            return Outcome::NotHttp;
        }
        if self.ending.by_peer { Outcome::Closed } else { Outcome::Silent }
    }

    fn read_responses(&mut self) {
        let mut at = 0;
        let mut answered = 0;
        while at < self.read.len() && self.responses.len() < MOST_RESPONSES {
            let rest = &self.read[at..];
            let http = matches!(starts_like_http(rest), Status::Complete(true));
            let Some(head) = ResponseHead::parse(rest).complete().filter(|_| http) else {
                break;
            };
            let request = (answered < self.requests.len()).then_some(answered);
            let response = self.response(at, head, request);
            at = response.body.end;
            let switched = response.head.status == Some(101);
            let complete = response.body_state == BodyState::Complete;
            answered += usize::from(response.is_final());
            self.responses.push(response);
            if switched {
                self.tunnel = Some(self.tunnel_from(at));
                return;
            }
            if !complete {
                return;
            }
        }
        if at < self.read.len() && !self.responses.is_empty() {
            self.stray = Some(at..self.read.len());
        }
    }

    fn tunnel_from(&self, at: usize) -> Tunnel<'b> {
        Tunnel {
            sent: &self.written[self.requests_end..],
            got: &self.read[at..],
            parts: vec![(0, at)],
            before_leave: self.before_leave.clamp(at, self.read.len()) - at,
            is_over: false,
        }
    }

    fn response(&self, at: usize, head: ResponseHead<'b>, request: Option<usize>) -> Response<'b> {
        let method = request.map_or(&b"GET"[..], |index| self.requests[index].method);
        let framing = Framing::of_response(&head, method);
        let from = at + head.len;
        let rest = &self.read[from..];
        let (length, body_state) = body(&framing, rest, self.ending.by_peer);
        Response { at, head, request, stream: 0, framing, body: from..from + length, body_state }
    }
}

impl Response<'_> {
    /// Whether nothing follows on the connection: a 101, or a response that says close.
    pub(crate) fn ends_connection(&self) -> bool {
        if self.stream != 0 {
            return false;
        }
        self.head.status == Some(101)
            || contains_option(self.head.fields.values("Connection"), "close")
            || self.head.version.is_none_or(|version| version < Version::HTTP_11)
    }

    /// Whether this is the last response to its request: any but a 1xx, and 101.
    pub(crate) fn is_final(&self) -> bool {
        !matches!(self.head.status, Some(100 | 102..=199))
    }
}

/// What a case waits for before the response it is about: each `await` does that, but one for a 101
/// alone, after which there are only frames, and one for a 1xx alone, which the final response to
/// the same request follows.
fn awaited_before(case: &Case) -> Vec<Outcomes> {
    let informational = |outcome: &Outcome| matches!(outcome, Outcome::Status(100..=199));
    let awaited = case.steps.iter().filter_map(|step| match step {
        Step::Await(wanted) if !wanted.0.iter().all(informational) => Some(wanted.clone()),
        _ => None,
    });
    awaited.collect()
}

/// Reads requests as long as their heads are complete and their framing is known, and says where
/// they end and whether the last one is whole.
fn requests(written: &[u8]) -> (Vec<RequestHead<'_>>, usize, bool) {
    let mut requests = Vec::new();
    let mut at = 0;
    let mut whole = true;
    while at < written.len() && requests.len() < MOST_REQUESTS {
        let Some(head) = RequestHead::parse(&written[at..]).complete() else {
            break;
        };
        let rest = &written[at + head.len..];
        let framing = Framing::of_request(&head);
        let (length, state) = body(&framing, rest, false);
        at += head.len + length;
        requests.push(head);
        whole = state == BodyState::Complete;
        if state != BodyState::Complete || framing == Framing::Invalid {
            break;
        }
    }
    (requests, at, whole)
}

/// How many of the octets belong to a body, and whether it is all there.
fn body(framing: &Framing, rest: &[u8], ended: bool) -> (usize, BodyState) {
    match *framing {
        Framing::None => (0, BodyState::Complete),
        Framing::Length(length) => match usize::try_from(length) {
            Ok(length) if length <= rest.len() => (length, BodyState::Complete),
            _ => (rest.len(), BodyState::Partial),
        },
        Framing::Chunked => match ChunkedReader::default().read(rest) {
            Chunked::Complete(length) => (length, BodyState::Complete),
            Chunked::Partial => (rest.len(), BodyState::Partial),
            Chunked::Malformed(_) => (rest.len(), BodyState::Malformed),
        },
        Framing::UntilClose if ended => (rest.len(), BodyState::Complete),
        Framing::UntilClose => (rest.len(), BodyState::Partial),
        Framing::Invalid => (rest.len(), BodyState::Malformed),
    }
}

/// More requests than any case writes.
const MOST_REQUESTS: usize = 64;

/// More responses than any case can be about; the rest is stray.
const MOST_RESPONSES: usize = 256;
