//! What the parties of a record said once their octets are read as HTTP and WebSocket: messages,
//! tunnels and endings, by sender. Nothing here asks which end we were, and nothing is graded.

mod streams;

use std::borrow::Cow;
use std::ops::Range;

use upspec_handshake::field::chunked::{Chunked, ChunkedReader};
use upspec_handshake::field::connection::contains_option;
use upspec_handshake::field::framing::Framing;
use upspec_handshake::field::is_tchar;
use upspec_handshake::h2::PREFACE;
use upspec_handshake::{Party, RequestHead, ResponseHead, Status, Version, starts_like_http};

use crate::ending::Ending;
use crate::http2::Http2;
use crate::octets::Octets;
use crate::record::Link;
use crate::report::Reported;

/// What was said on all links of a record.
#[derive(Debug)]
pub struct Transcript<'o> {
    /// One talk for each link, in the order of the links.
    pub talks: Vec<Talk<'o>>,
}

/// What was said on one link.
#[derive(Debug)]
pub struct Talk<'o> {
    /// The link.
    pub link: &'o Link,
    /// The requests, as far as their heads are complete.
    pub requests: Vec<Request<'o>>,
    /// Every response in the order in which it was sent; 1xx other than 101 included.
    pub responses: Vec<Response<'o>>,
    /// What follows a switch of protocols.
    pub tunnel: Option<Tunnel<'o>>,
    /// Octets after the server's last response that are not a response.
    pub stray: Option<Range<usize>>,
    /// How the link ended.
    pub ending: Ending,
    /// The frames, if HTTP/2 was spoken.
    pub http2: Option<&'o Http2>,
    /// The last request has all of its content.
    pub whole_requests: bool,
    octets: &'o Octets<'o>,
}

/// A separate connection inside the one that was opened.
#[derive(Debug)]
pub struct Tunnel<'o> {
    /// The server has ended it, whatever happened to the connection around it.
    pub is_over: bool,
    client: Flow<'o>,
    server: Flow<'o>,
}

/// One direction of a tunnel.
#[derive(Debug)]
struct Flow<'o> {
    octets: &'o [u8],
    /// Where it begins in all that the sender sent.
    from: usize,
    /// Where its parts begin, if it does not come in one piece: in the tunnel, and in all that the sender sent.
    parts: Vec<(usize, usize)>,
    /// How much came before we took leave.
    in_time: usize,
}

/// A request.
#[derive(Debug)]
pub struct Request<'o> {
    /// Where its head begins in what the client sent.
    pub at: usize,
    /// Its head.
    pub head: RequestHead<'o>,
    /// The stream that it came on; 0 outside of HTTP/2.
    pub stream: u32,
    /// How its content is framed.
    pub framing: Framing,
    /// The octets of its content that came.
    pub body: Range<usize>,
    /// How far its content came.
    pub body_state: BodyState,
}

/// A response and the request that it answers.
#[derive(Debug)]
pub struct Response<'o> {
    /// Where its head begins in what the server sent.
    pub at: usize,
    /// Its head.
    pub head: ResponseHead<'o>,
    /// Which request it answers; `None` when that request was not seen.
    pub request: Option<usize>,
    /// The stream that it came on; 0 outside of HTTP/2.
    pub stream: u32,
    /// How its content is framed.
    pub framing: Framing,
    /// The octets of its content that came.
    pub body: Range<usize>,
    /// How far its content came.
    pub body_state: BodyState,
}

/// How far the content of a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyState {
    /// It is complete.
    Complete,
    /// More is due.
    Partial,
    /// Its chunks cannot be read.
    Malformed,
}

impl<'o> Transcript<'o> {
    /// Reads what was said on each link.
    #[must_use]
    pub fn read(links: &'o [Octets<'o>]) -> Self {
        Self { talks: links.iter().map(Talk::read).collect() }
    }
}

impl<'o> Talk<'o> {
    /// Reads what was said on a link.
    #[must_use]
    pub fn read(octets: &'o Octets<'o>) -> Self {
        let mut talk = Self {
            link: octets.link,
            requests: Vec::new(),
            responses: Vec::new(),
            tunnel: None,
            stray: None,
            ending: octets.ending,
            http2: octets.http2.as_deref(),
            whole_requests: true,
            octets,
        };
        match talk.http2 {
            Some(http2) => talk.read_streams(http2),
            None => {
                let requests_end = talk.read_requests();
                talk.read_responses(requests_end);
            }
        }
        talk
    }

    /// The party under test on this link: the end that we are not.
    #[must_use]
    pub fn tested(&self) -> Party {
        self.link.we.other()
    }

    /// All that a party sent; of ours what the steps wrote.
    #[must_use]
    pub fn sent(&self, party: Party) -> &'o [u8] {
        self.octets.sent(party)
    }

    /// What a party sent before we took leave.
    #[must_use]
    pub fn sent_in_time(&self, party: Party) -> &'o [u8] {
        self.octets.sent_in_time(party)
    }

    /// How much the peer had sent when we ended our side, if we did before we took leave.
    #[must_use]
    pub fn heard_before_our_end(&self) -> Option<usize> {
        self.octets.before_our_end
    }

    /// Where each write of ours begins in what we sent, and how much the peer had sent by then.
    #[must_use]
    pub fn turns(&self) -> Cow<'o, [(usize, usize)]> {
        self.octets.turns()
    }

    /// What both parties said before we took leave, piece by piece in the order of time; of ours with what
    /// HTTP/2 obliged us to. A piece of ours stands before all that can be an answer to it. Empty while the
    /// case goes on.
    pub fn in_order(&self) -> impl Iterator<Item = (Party, &'o [u8])> {
        self.octets.in_order()
    }

    /// How much the peer had sent when we began the write in which this octet of ours stands.
    #[must_use]
    pub fn heard_before(&self, ours: usize) -> usize {
        self.octets.heard_before(ours)
    }

    /// What a client under test reported, in order.
    #[must_use]
    pub fn reports(&self) -> &'o [Reported] {
        &self.octets.reports
    }

    /// The stream that was opened last; 0 outside of HTTP/2.
    #[must_use]
    pub fn stream(&self) -> u32 {
        self.http2.map_or(0, |http2| http2.stream)
    }

    /// The status of each response head on the stream that was opened last, 1xx included, in order.
    pub fn statuses(&self) -> impl Iterator<Item = u16> {
        let own = self.stream();
        let heads = self.responses.iter().filter(move |one| one.stream == own);
        heads.filter_map(|one| one.head.status)
    }

    /// The final responses on the stream that was opened last, in order.
    pub fn finals(&self) -> impl DoubleEndedIterator<Item = &Response<'o>> + Clone {
        let own = self.stream();
        self.responses.iter().filter(move |one| one.is_final() && one.stream == own)
    }

    /// The octets that a party sent into the tunnel before we took leave; `None` without a switch.
    #[must_use]
    pub fn tunnel_octets(&self, party: Party) -> Option<&'o [u8]> {
        self.tunnel.as_ref().map(|tunnel| tunnel.in_time(party))
    }

    /// Whether the server sent anything that is HTTP.
    #[must_use]
    pub fn is_spoken(&self) -> bool {
        match self.http2 {
            Some(http2) => http2.is_spoken(),
            None => !self.responses.is_empty(),
        }
    }

    /// Reads requests as long as their heads are complete and their framing is known; where they end. The
    /// preface of HTTP/2 behind a request is none: with it the client takes up a 101 to h2c (RFC 7540 3.2).
    fn read_requests(&mut self) -> usize {
        let sent = self.sent(Party::Client);
        // A ClientHello is random enough to hold the end of a head.
        let mut at = if self.link.we == Party::Server { tls_records(sent) } else { 0 };
        while at < sent.len() && self.requests.len() < MOST_REQUESTS {
            if at > 0 && sent[at..].starts_with(PREFACE) {
                break;
            }
            // What a client sends behind a switch are frames, and their masks may hold anything.
            let first = sent[at];
            let begins = is_tchar(first) || matches!(first, b'\r' | b'\n');
            if at > 0 && self.link.we == Party::Server && !begins {
                break;
            }
            // Nor is a head what has no line, such as a Ping.
            if at > 0 && !sent[at..].contains(&b'\n') {
                break;
            }
            let Status::Complete(head) = RequestHead::parse(&sent[at..]) else {
                break;
            };
            let framing = Framing::of_request(&head);
            let from = at + head.len;
            let (length, body_state) = body(&framing, &sent[from..], false);
            let body = from..from + length;
            self.whole_requests = body_state == BodyState::Complete;
            let is_last = !self.whole_requests || framing == Framing::Invalid;
            if self.requests.is_empty() {
                self.requests = Vec::with_capacity(1);
            }
            self.requests.push(Request { at, head, stream: 0, framing, body, body_state });
            at = from + length;
            if is_last {
                break;
            }
        }
        at
    }

    fn read_responses(&mut self, requests_end: usize) {
        let sent = self.sent(Party::Server);
        let mut at = 0;
        let mut answered = 0;
        while at < sent.len() && self.responses.len() < MOST_RESPONSES {
            let rest = &sent[at..];
            if !matches!(starts_like_http(rest), Status::Complete(true)) {
                break;
            }
            let Status::Complete(head) = ResponseHead::parse(rest) else {
                break;
            };
            let request = (answered < self.requests.len()).then_some(answered);
            let framing = self.framing(&head, request);
            let from = at + head.len;
            let (length, body_state) = body(&framing, &sent[from..], self.ending.server.is_some());
            let body = from..from + length;
            let (switched, complete) =
                (head.status == Some(101), body_state == BodyState::Complete);
            if self.responses.is_empty() {
                self.responses = Vec::with_capacity(1);
            }
            self.responses.push(Response {
                at,
                head,
                request,
                stream: 0,
                framing,
                body,
                body_state,
            });
            answered += usize::from(self.responses.last().is_some_and(Response::is_final));
            at = from + length;
            if switched {
                let begins = request.map_or(requests_end, |it| self.end_requests(it, from));
                self.tunnel = Some(self.tunnel_from(begins, at));
                return;
            }
            if !complete {
                return;
            }
        }
        if at < sent.len() && !self.responses.is_empty() {
            self.stray = Some(at..sent.len());
        }
    }

    /// Takes for no request what is sent once the 101 to this request, whose head ends here, is known, unless it names
    /// a version of HTTP: a frame may begin with a letter, and its mask makes any octets. Where the requests end.
    fn end_requests(&mut self, last: usize, switch: usize) -> usize {
        let is_behind = |at: usize| match self.link.we {
            Party::Server => at >= self.octets.heard_before(switch - 1),
            Party::Client => self.octets.heard_before(at) >= switch,
        };
        // Empty lines before it may have come earlier.
        let is_frame =
            |it: &Request<'_>| it.head.version.is_none() && is_behind(it.at + it.head.line.start);
        if let Some(first) = self.requests[last + 1..].iter().position(is_frame) {
            self.requests.truncate(last + 1 + first);
            self.whole_requests = true;
        }
        self.requests.last().map_or(0, |one| one.body.end)
    }

    fn framing(&self, head: &ResponseHead<'_>, request: Option<usize>) -> Framing {
        let method = request.map_or(&b"GET"[..], |index| self.requests[index].head.method);
        Framing::of_response(head, method)
    }

    fn tunnel_from(&self, client_at: usize, server_at: usize) -> Tunnel<'o> {
        let flow = |party, at| {
            let all = self.sent(party);
            let in_time = self.octets.sent_in_time(party).len();
            Flow {
                octets: &all[at..],
                from: at,
                parts: Vec::new(),
                in_time: in_time.clamp(at, all.len()) - at,
            }
        };
        Tunnel {
            is_over: false,
            client: flow(Party::Client, client_at),
            server: flow(Party::Server, server_at),
        }
    }
}

impl<'o> Tunnel<'o> {
    /// The tunnel on a stream of HTTP/2: all that came in DATA frames, and where.
    pub(crate) fn of_streams(
        client: StreamFlow<'o>,
        server: StreamFlow<'o>,
        is_over: bool,
    ) -> Self {
        let flow = |(octets, parts): StreamFlow<'o>| Flow {
            octets,
            from: 0,
            parts,
            in_time: octets.len(),
        };
        Self { is_over, client: flow(client), server: flow(server) }
    }

    /// All that a party sent into it.
    #[must_use]
    pub fn sent(&self, party: Party) -> &'o [u8] {
        self.flow(party).octets
    }

    /// What a party sent into it before we took leave.
    #[must_use]
    pub fn in_time(&self, party: Party) -> &'o [u8] {
        let flow = self.flow(party);
        &flow.octets[..flow.in_time]
    }

    /// Maps a range of what a party sent into the tunnel to offsets in everything that it sent. Where
    /// other frames stand between the octets, those are included.
    #[must_use]
    pub fn place(&self, party: Party, octets: Range<usize>) -> Range<usize> {
        let flow = self.flow(party);
        let last = octets.end.saturating_sub(1).max(octets.start);
        flow.place(octets.start)..flow.place(last) + octets.len().min(1)
    }

    fn flow(&self, party: Party) -> &Flow<'o> {
        match party {
            Party::Client => &self.client,
            Party::Server => &self.server,
        }
    }
}

/// The octets of a stream in HTTP/2, and for each part where it begins among them and in all that the
/// sender sent.
pub(crate) type StreamFlow<'o> = (&'o [u8], Vec<(usize, usize)>);

impl Flow<'_> {
    fn place(&self, at: usize) -> usize {
        let next = self.parts.partition_point(|(begins, _)| *begins <= at);
        let part = next.checked_sub(1).and_then(|last| self.parts.get(last));
        part.map_or(self.from + at, |(begins, outside)| outside + at - begins)
    }
}

impl Response<'_> {
    /// Whether nothing follows on the connection: a 101, or a response that says close.
    #[must_use]
    pub fn ends_connection(&self) -> bool {
        if self.stream != 0 {
            return false;
        }
        self.head.status == Some(101)
            || contains_option(self.head.fields.values("Connection"), "close")
            || self.head.version.is_none_or(|version| version < Version::HTTP_11)
    }

    /// Whether this is the last response to its request: any but a 1xx, and 101.
    #[must_use]
    pub fn is_final(&self) -> bool {
        !matches!(self.head.status, Some(100 | 102..=199))
    }
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

/// How much of these octets are records of TLS, of which the first has a handshake message (RFC 8446 5.1): what a client
/// sends to a server that speaks no TLS. What is not there of the last one counts as coming.
#[must_use]
pub fn tls_records(octets: &[u8]) -> usize {
    if !octets.starts_with(&[HANDSHAKE, MAJOR]) {
        return 0;
    }
    let mut at = 0;
    while let [CHANGE_CIPHER_SPEC..=APPLICATION_DATA, MAJOR, _, high, low, ..] = octets[at..] {
        at += RECORD_HEADER + usize::from(u16::from_be_bytes([high, low]));
        if at >= octets.len() {
            return octets.len();
        }
    }
    at
}

const CHANGE_CIPHER_SPEC: u8 = 20;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;
/// The first octet of the version in every record.
const MAJOR: u8 = 3;
const RECORD_HEADER: usize = 5;
/// More requests than any case writes.
const MOST_REQUESTS: usize = 64;

/// More responses than any case can be about; the rest is stray.
const MOST_RESPONSES: usize = 256;
