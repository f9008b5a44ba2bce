//! What an exchange says once its octets are read as HTTP/1.1 and WebSocket frames.
//! Never grades anything: it only tells what is there, and where.

use std::ops::Range;

use upspec_corpus::case::{Case, Outcome, Outcomes, Step};
use upspec_handshake::field::chunked::{Chunked, ChunkedReader};
use upspec_handshake::field::connection::contains_option;
use upspec_handshake::field::framing::Framing;
use upspec_handshake::{RequestHead, ResponseHead, Status, Version, starts_like_http};

use crate::exchange::{Exchange, Io, IoKind};
use crate::progress::{Awaits, progress};

/// The octets of an exchange, gathered so that heads can borrow from them.
pub(crate) struct Octets {
    pub(crate) written: Vec<u8>,
    pub(crate) read: Vec<u8>,
    /// How much was read before we took leave; what came later answers our leaving.
    pub(crate) before_leave: usize,
}

impl Octets {
    pub(crate) fn of(exchange: &Exchange) -> Self {
        let until = exchange
            .io
            .iter()
            .take_while(|io| io.kind != IoKind::WroteLeave);
        let reads = until.filter(|io| io.kind == IoKind::Read);
        Self {
            written: exchange.written(),
            read: exchange.read(),
            before_leave: reads.map(|io| io.bytes.len()).sum(),
        }
    }
}

/// The messages of one connection.
pub(crate) struct Reading<'b> {
    /// The requests, as far as they are complete heads.
    pub(crate) requests: Vec<RequestHead<'b>>,
    /// Every response in the order read; 1xx other than 101 included.
    pub(crate) responses: Vec<Response<'b>>,
    /// What follows a 101: offset of its first octet.
    pub(crate) tunnel: Option<Range<usize>>,
    /// Octets after the last response that are no response: offset of the first.
    pub(crate) stray: Option<Range<usize>>,
    /// What is known of how the connection ended.
    pub(crate) ending: Ending,
    /// How much was read before we took leave.
    before_leave: usize,
    /// Where the requests end in what was written.
    pub(crate) requests_end: usize,
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

/// A response and the request that it answers.
pub(crate) struct Response<'b> {
    /// Where its head begins in what was read.
    pub(crate) at: usize,
    pub(crate) head: ResponseHead<'b>,
    /// Which request it answers; `None` when that request was not read.
    pub(crate) request: Option<usize>,
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
        let until = exchange
            .io
            .iter()
            .position(|io| io.kind == IoKind::WroteLeave);
        let before = &exchange.io[..until.unwrap_or(exchange.io.len())];
        let saw = |kind: IoKind| before.iter().any(|io| io.kind == kind);
        Self {
            by_peer: ENDS.into_iter().any(saw),
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

/// A wait shorter than this for the end of a connection is none.
const SHORTEST_WAIT_US: u64 = 50_000;

/// The events by which a peer ends a connection.
const ENDS: [IoKind; 5] = [
    IoKind::ReadEnd,
    IoKind::ReadEndUnclean,
    IoKind::Reset,
    IoKind::TlsAlert,
    IoKind::WriteFailed,
];

impl<'b> Reading<'b> {
    pub(crate) fn of(case: &Case, octets: &'b Octets, ending: Ending) -> Self {
        let mut reading = Self::of_bytes(case, &octets.written, &octets.read, ending);
        reading.before_leave = octets.before_leave;
        let awaits = progress(case, &octets.written, &octets.read).awaits;
        reading.end_was_awaited = awaits != Awaits::Nothing;
        reading
    }

    pub(crate) fn of_bytes(case: &Case, written: &'b [u8], read: &'b [u8], ending: Ending) -> Self {
        let (requests, requests_end, whole_requests) = requests(written);
        let mut reading = Self {
            earlier: awaited_before(case),
            end_was_awaited: true,
            before_leave: read.len(),
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
        reading.read_responses();
        reading
    }

    /// The response that the case is about: the final one to its last request. Where the connection
    /// ended in order before that, by a 101 or an announced close, it is the last one that came.
    pub(crate) fn answer(&self) -> Option<&Response<'b>> {
        let mut finals = self.responses.iter().filter(|response| response.is_final());
        let last = finals.clone().next_back()?;
        finals
            .nth(self.earlier.len())
            .or_else(|| last.ends_connection().then_some(last))
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
        self.requests
            .get(answered.unwrap_or(self.requests.len().checked_sub(1)?))
    }

    /// The octets of the tunnel that came before we took leave; `None` without a 101.
    pub(crate) fn tunnel_octets(&self) -> Option<&'b [u8]> {
        let tunnel = self.tunnel.as_ref()?;
        let end = self.before_leave.clamp(tunnel.start, tunnel.end);
        Some(&self.read[tunnel.start..end])
    }

    /// What came of the request, as case files spell it.
    pub(crate) fn outcome(&self) -> Outcome {
        if let Some(answer) = self.answer() {
            return answer.head.status.map_or(Outcome::NotHttp, Outcome::Status);
        }
        if !self.read.is_empty() && self.responses.is_empty() {
            return Outcome::NotHttp;
        }
        if self.ending.by_peer {
            Outcome::Closed
        } else {
            Outcome::Silent
        }
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
                self.tunnel = Some(at..self.read.len());
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

    fn response(&self, at: usize, head: ResponseHead<'b>, request: Option<usize>) -> Response<'b> {
        let method = request.map_or(&b"GET"[..], |index| self.requests[index].method);
        let framing = Framing::of_response(&head, method);
        let from = at + head.len;
        let rest = &self.read[from..];
        let (length, body_state) = body(&framing, rest, self.ending.by_peer);
        Response {
            at,
            head,
            request,
            framing,
            body: from..from + length,
            body_state,
        }
    }
}

impl Response<'_> {
    /// Whether nothing follows on the connection: a 101, or a response that says close.
    pub(crate) fn ends_connection(&self) -> bool {
        self.head.status == Some(101)
            || contains_option(self.head.fields.values("Connection"), "close")
            || self
                .head
                .version
                .is_none_or(|version| version < Version::HTTP_11)
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
