//! What passed through an intermediary, read from both ends: which of our requests arrived where and how, and what
//! came of the octets of a tunnel. Grades nothing.

use upspec_corpus::case::{Arrival, Before, Got, Where};
use upspec_exchange::frames::frames;
use upspec_exchange::{Octets, Record, Request, Response, Tag, Talk, Transcript};
use upspec_handshake::Party;
use upspec_handshake::frame::{Frame, opcode};
use upspec_handshake::h2::Stream;

/// The links of an exchange with both ends.
#[derive(Clone, Copy)]
pub(crate) struct Passage<'t, 'o> {
    talks: &'t [Talk<'o>],
}

/// A request of ours at our origin.
pub(crate) struct Arrived<'t, 'o> {
    pub(crate) talk: &'t Talk<'o>,
    pub(crate) request: &'t Request<'o>,
    /// Its number among the requests of the talk.
    index: usize,
}

impl<'o> Arrived<'_, 'o> {
    /// What came on the connection behind its message; in HTTP/2 on the stream of an extended CONNECT.
    fn behind(&self) -> &'o [u8] {
        if self.request.stream != 0 {
            let is_connect = self.request.head.is_extended_connect();
            let stream = self.stream().filter(|_| is_connect);
            return stream.map_or(&[], |stream| &stream.data);
        }
        let sent = self.talk.sent(Party::Client);
        &sent[self.request.body.end.min(sent.len())..]
    }

    /// What came on its stream, in HTTP/2.
    pub(crate) fn stream(&self) -> Option<&'o Stream> {
        self.talk.http2?.client.stream(self.request.stream)
    }

    /// How much of the content of its stream came before the first so many octets of the connection.
    pub(crate) fn data_before(&self, place: usize) -> usize {
        let Some(stream) = self.stream() else {
            return 0;
        };
        let mut late = stream.data_at.iter().filter(|(_, frame)| *frame >= place);
        late.next().map_or(stream.data.len(), |(begins, _)| *begins)
    }

    /// Whether our origin agreed to a tunnel: by 101, or in HTTP/2 by a 2xx to an extended CONNECT (RFC 8441 5).
    fn is_switched(&self) -> bool {
        let is_connect = self.request.head.is_extended_connect();
        self.answers().any(|one| match one.head.status {
            Some(101) => self.request.stream == 0,
            Some(200..=299) => is_connect,
            _ => false,
        })
    }

    /// Our answers to it, interim ones included.
    pub(crate) fn answers(&self) -> impl Iterator<Item = &Response<'o>> {
        self.talk.responses.iter().filter(|one| one.request == Some(self.index))
    }
}

impl<'t, 'o> Passage<'t, 'o> {
    pub(crate) fn of(talks: &'t [Talk<'o>]) -> Self {
        Self { talks }
    }

    fn fronts(self) -> impl Iterator<Item = &'t Talk<'o>> {
        self.talks.iter().filter(|talk| talk.link.we == Party::Client)
    }

    fn backs(self) -> impl Iterator<Item = &'t Talk<'o>> {
        self.talks.iter().filter(|talk| talk.link.we == Party::Server)
    }

    /// The tag of our request with this number.
    fn tag(self, number: u8) -> Option<Tag<'o>> {
        let nonce = self.fronts().find_map(|talk| nonce(talk.sent(Party::Client)))?;
        Some(Tag { number, nonce })
    }

    /// The request with this number where it arrived first.
    pub(crate) fn arrived(self, number: u8) -> Option<Arrived<'t, 'o>> {
        self.arrivals(number).next()
    }

    fn arrivals(self, number: u8) -> impl Iterator<Item = Arrived<'t, 'o>> {
        let tag = self.tag(number);
        self.backs().flat_map(move |talk| {
            let requests = talk.requests.iter().enumerate();
            requests
                .filter(move |(_, one)| tag.is_some_and(|tag| tag.is_in(one.head.target)))
                .map(move |(index, request)| Arrived { talk, request, index })
        })
    }

    /// How many requests with this number came.
    pub(crate) fn count(self, number: u8) -> usize {
        self.arrivals(number).count()
    }

    /// How the request with this number arrived. What was written in HTTP/2 cannot arrive as it was.
    pub(crate) fn arrival(self, number: u8) -> Arrival {
        let Some(tag) = self.tag(number) else {
            return Arrival::Absent;
        };
        let Some(head) = self.fronts().find_map(|talk| head_with(tag, talk)) else {
            return self.reframed_or(Arrival::Absent, number);
        };
        let inside: Vec<bool> = self.backs().filter_map(|talk| place(talk, head, tag)).collect();
        match (inside.contains(&false), inside.contains(&true)) {
            (true, _) => Arrival::Raw,
            (false, true) => self.reframed_or(Arrival::Content, number),
            (false, false) => self.reframed_or(self.in_content(tag), number),
        }
    }

    fn reframed_or(self, other: Arrival, number: u8) -> Arrival {
        if self.arrived(number).is_some() { Arrival::Reframed } else { other }
    }

    /// Whether the tag stands in the content of a message.
    fn in_content(self, tag: Tag<'_>) -> Arrival {
        let mut contents = self.backs().flat_map(|talk| {
            talk.requests.iter().map(|one| &talk.sent(Party::Client)[one.body.clone()])
        });
        if contents.any(|content| tag.is_in(content)) { Arrival::Content } else { Arrival::Absent }
    }

    /// Whether the second request came on the connection of the first.
    pub(crate) fn second_on(self) -> Option<Where> {
        let tag = self.tag(2)?;
        let first = self.arrived(1).map(|one| &one.talk.link.name);
        let second = self.backs().find(|talk| tag.is_in(talk.sent(Party::Client)))?;
        Some(if Some(&second.link.name) == first { Where::Same } else { Where::Other })
    }

    /// The status of our origin's answer to the first request.
    pub(crate) fn sent_status(self) -> Option<u16> {
        let arrived = self.arrivals(1);
        let last = arrived.filter_map(|one| one.answers().find(|one| one.is_final())?.head.status);
        last.last()
    }

    /// What came behind the first request before our first answer to it.
    pub(crate) fn before_answer(self) -> Before {
        let Some(arrived) = self.arrived(1) else {
            return Before::Nothing;
        };
        let Some(answer) = arrived.answers().next() else {
            return Before::Nothing;
        };
        let heard = arrived.talk.heard_before(answer.at);
        let end = match arrived.request.stream {
            0 => heard.saturating_sub(arrived.request.body.end),
            _ => arrived.data_before(heard),
        };
        let Some(came) = arrived.behind().get(..end).filter(|came| !came.is_empty()) else {
            return Before::Nothing;
        };
        let ours = self.sent_behind(arrived.request.head.target);
        if ours.is_some_and(|ours| ours.starts_with(came)) { Before::Raw } else { Before::Reframed }
    }

    /// What our client wrote behind its message with the tag of this target.
    fn sent_behind(self, target: &[u8]) -> Option<&'o [u8]> {
        let (_, tag) = Tag::find(target)?;
        self.fronts().find_map(|talk| {
            let ours = talk.requests.iter().find(|one| tag.is_in(one.head.target))?;
            if let Some(http2) = talk.http2 {
                return http2.client.stream(ours.stream).map(|stream| &stream.data[..]);
            }
            talk.sent(Party::Client).get(ours.body.end..)
        })
    }

    /// What came at our origin behind a handshake, of what our client wrote behind its own. It is that of the
    /// handshake to which our origin agreed, or the first request.
    pub(crate) fn got_at_origin(self) -> Got {
        let Some(arrived) = self.tunnelled().or_else(|| self.arrived(1)) else {
            return Got::Nothing;
        };
        let came = arrived.behind();
        same(came, self.sent_behind(arrived.request.head.target).unwrap_or_default())
    }

    /// The request for which our origin agreed to a tunnel.
    fn tunnelled(self) -> Option<Arrived<'t, 'o>> {
        let all = (1..=3).flat_map(|number| self.arrivals(number));
        all.into_iter().find(Arrived::is_switched)
    }

    /// Whether our origin agreed to a tunnel.
    pub(crate) fn is_switched(self) -> bool {
        self.tunnelled().is_some()
    }

    /// What came behind the 101 at this client, of what our origin wrote behind its own.
    pub(crate) fn got_at_client(self, talk: &Talk<'o>) -> Got {
        let came = talk.tunnel_octets(Party::Server).unwrap_or_default();
        let tunnel = self.tunnelled().and_then(|one| one.talk.tunnel_octets(Party::Server));
        same(came, tunnel.unwrap_or_default())
    }

    /// Whether what each side sent into the tunnel of this client has arrived at the other.
    pub(crate) fn is_both_ways(self, talk: &Talk<'o>) -> bool {
        let sent =
            |talk: &Talk<'o>| talk.tunnel_octets(talk.link.we).is_some_and(|it| !it.is_empty());
        let back = self.tunnelled().is_some_and(|one| sent(one.talk));
        let both = self.got_at_client(talk) == Got::All && self.got_at_origin() == Got::All;
        back && sent(talk) && both
    }
}

/// Whether what our client and our origin sent into the tunnel between them has all arrived, and both sent something. The
/// first talk is that of our client.
#[must_use]
pub fn carries_both_ways(talks: &[Talk<'_>]) -> bool {
    talks.first().is_some_and(|client| Passage::of(talks).is_both_ways(client))
}

/// Whether the second request arrived octet for octet in this exchange, so that the party between its ends is no HTTP
/// intermediary.
#[must_use]
pub fn passes_octets_unread(record: &Record) -> bool {
    let octets = Octets::of(record);
    Passage::of(&Transcript::read(&octets).talks).arrival(2) == Arrival::Raw
}

/// The nonce of the first tag in these octets.
fn nonce(octets: &[u8]) -> Option<&[u8]> {
    Tag::find(octets).map(|(_, tag)| tag.nonce)
}

/// The head in which this tag stands, as a client wrote it in HTTP/1, be it into a stream of HTTP/2.
fn head_with<'o>(tag: Tag<'_>, talk: &Talk<'o>) -> Option<&'o [u8]> {
    match talk.http2 {
        Some(http2) => {
            let mut streams = http2.client.streams.values();
            streams.find_map(|stream| head_in(tag, &stream.data, &[]))
        }
        None => head_in(tag, talk.sent(Party::Client), &talk.requests),
    }
}

/// The head in which this tag stands, from its request line on, among octets with these requests.
fn head_in<'o>(tag: Tag<'_>, sent: &'o [u8], requests: &[Request<'_>]) -> Option<&'o [u8]> {
    let at = find(sent, tag.to_string().as_bytes())?;
    let end = find(&sent[at..], b"\r\n\r\n").map_or(sent.len(), |end| at + end + 4);
    Some(&sent[line_at(at, sent, requests)..end])
}

/// Where the request line begins in which this place is. Content needs no line end, so that one may begin where that is
/// over.
fn line_at(at: usize, sent: &[u8], requests: &[Request<'_>]) -> usize {
    let line = sent[..at].iter().rposition(|octet| *octet == b'\n').map_or(0, |lf| lf + 1);
    let contents = requests.iter().map(|one| one.body.end).filter(|end| *end <= at);
    contents.fold(line, usize::max)
}

/// Whether these octets came on a connection, whole or as a beginning behind which nothing came: inside the content of
/// another message or not.
fn place(talk: &Talk<'_>, head: &[u8], tag: Tag<'_>) -> Option<bool> {
    let Some(http2) = talk.http2 else {
        let at = place_in(talk.sent(Party::Client), &talk.requests, head, tag)?;
        return Some(talk.requests.iter().any(|one| one.body.contains(&at)));
    };
    talk.requests.iter().find_map(|one| {
        place_in(&http2.client.stream(one.stream)?.data, &[], head, tag)?;
        Some(!one.head.is_extended_connect())
    })
}

/// Where these octets begin among those that came with these requests.
fn place_in(came: &[u8], requests: &[Request<'_>], head: &[u8], tag: Tag<'_>) -> Option<usize> {
    let own = tag.to_string();
    let cut = || {
        let at = find(came, own.as_bytes())?;
        let begins = line_at(at, came, requests);
        // The line with the tag is alike in every request.
        let is_told = came.len() > at + own.len() + b" HTTP/1.1\r\nh".len();
        (is_told && head.starts_with(&came[begins..])).then_some(begins)
    };
    find(came, head).or_else(cut)
}

fn find(octets: &[u8], part: &[u8]) -> Option<usize> {
    octets.windows(part.len()).position(|window| window == part)
}

/// What these octets are of those; where they differ, frames are compared without their masks.
fn same(came: &[u8], sent: &[u8]) -> Got {
    compare(came, sent).or_else(|| compare(&plain(came)?, &plain(sent)?)).unwrap_or(Got::Other)
}

fn compare<T: PartialEq>(came: &[T], sent: &[T]) -> Option<Got> {
    match came {
        [] if !sent.is_empty() => Some(Got::Nothing),
        _ if came == sent => Some(Got::All),
        _ if sent.starts_with(came) => Some(Got::Part),
        _ => None,
    }
}

/// What counts of a frame behind an intermediary that masks anew.
type Plain = (bool, u8, u8, Vec<u8>);

/// The octets as whole frames, if they are that.
fn plain(octets: &[u8]) -> Option<Vec<Plain>> {
    let frames = frames(octets);
    let length: usize = frames.iter().map(|frame| frame.len).sum();
    let known = frames.iter().all(|frame| opcode::is_known(frame.opcode));
    let plain = |frame: &Frame<'_>| (frame.fin, frame.rsv, frame.opcode, frame.payload.to_vec());
    (known && length == octets.len()).then(|| frames.iter().map(plain).collect())
}
