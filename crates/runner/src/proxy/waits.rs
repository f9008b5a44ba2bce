//! What the script of a case waits for, and what our origin does meanwhile with the requests that no step takes.

use tokio::time::Instant;
use upspec_corpus::case::{Act, Awaited, LinkName, Step};
use upspec_exchange::{BodyState, IoKind, Tag, Talk};
use upspec_handshake::Party;

use super::script::{FIRST, Script, is_request, number};

/// What becomes of a request that no step waits for.
enum Reply {
    /// The answer of a request that is nothing to the case.
    Canary,
    /// What the steps behind this one do.
    Again(usize),
}

impl Script<'_> {
    pub(super) async fn await_other(&mut self, at: usize, awaited: Awaited) {
        match awaited {
            _ if is_request(awaited) => self.await_request(awaited).await,
            Awaited::Response => self.await_response(at).await,
            Awaited::Interim => {
                self.until(Some(at), |talks| !talks[at].responses.is_empty()).await;
            }
            Awaited::Content => {
                self.until(Some(at), |talks| talks[at].whole_requests).await;
            }
            Awaited::End => self.until(Some(at), |talks| is_ended(&talks[at])).await,
            Awaited::Silence => {
                self.until(None, |talks| talks.iter().all(is_settled)).await;
            }
            Awaited::Settings => {
                let there = |talks: &[Talk<'_>]| {
                    talks[at].http2.is_some_and(|http2| !http2.server.settings.is_empty())
                };
                self.until(Some(at), there).await;
            }
            // What clients under test do.
            _ => {}
        }
    }

    /// Waits for a final head or a 101 that has not been waited for; behind a 101 there is none, nor behind the end of a
    /// stream.
    pub(super) async fn await_response(&mut self, at: usize) {
        let taken = self.taken.get(&at).copied().unwrap_or(0);
        let there = move |talks: &[Talk<'_>]| {
            let talk = &talks[at];
            let is_behind = taken > 0 && talk.tunnel.is_some() || is_reset(talk);
            talk.finals().count() > taken || is_behind
        };
        self.until(Some(at), there).await;
        let came = self.look(|talks| talks[at].finals().count());
        self.taken.insert(at, came.min(taken + 1));
    }

    /// Waits for the request at our origin, on whichever connection it comes; until its client has an answer, or its
    /// end.
    async fn await_request(&mut self, awaited: Awaited) {
        let Some(number) = number(awaited) else {
            return;
        };
        let or_interim = awaited == Awaited::RequestOrInterim;
        let served = self.served.clone();
        let is_there = move |talks: &[Talk<'_>]| {
            let interim = || talks[FIRST].responses.iter().any(|one| !one.is_final());
            find(talks, number, |at| !served.contains(&at)).is_some()
                || has_all_arrived(talks, number)
                || is_answered(talks, number)
                || or_interim && interim()
        };
        self.until(None, is_there).await;
        let served = &self.served;
        let fresh = self.look(|talks| find(talks, number, |at| !served.contains(&at)));
        let found = fresh.or_else(|| self.look(|talks| find(talks, number, |_| true)));
        self.served.extend(found);
        self.origin = found;
    }

    /// Waits until this is so, and goes on as well when the connection that it is about is over, or when nothing has
    /// come anywhere for a window: that of the wait before, where that was for a request which did not come.
    pub(super) async fn until(
        &mut self,
        about: Option<usize>,
        there: impl Fn(&[Talk<'_>]) -> bool,
    ) {
        // What is not read for a while is no silence.
        let paused = self.paused.iter().map(|(_, until)| *until);
        let since = self.still_since.take().unwrap_or_else(Instant::now);
        let since = paused.fold(since, Instant::max);
        loop {
            self.attend().await;
            if self.look(&there) || about.is_some_and(|at| self.wires.is_over(at)) {
                return;
            }
            let active = (0..self.wires.count()).map(|at| self.wires.active(at)).max();
            let silent = active.unwrap_or(since).max(since) + self.play.limits.window;
            let limit = silent.min(self.until);
            let moved = self.wires.any_until(self.next_waking(limit)).await;
            if !moved && Instant::now() >= limit || self.wires.patience().is_over() {
                self.is_silent = true;
                self.still_since = Some(since);
                return;
            }
        }
    }

    /// Reads until then.
    pub(super) async fn pass(&mut self, until: Instant) {
        while Instant::now() < until {
            self.attend().await;
            self.wires.any_until(self.next_waking(until)).await;
        }
    }

    /// This time, or when a link is read again.
    fn next_waking(&self, limit: Instant) -> Instant {
        self.paused.iter().map(|(_, until)| *until).fold(limit, Instant::min)
    }

    /// Does what is due while the script waits: duties of HTTP/2, the end of pauses, answers to requests that no step
    /// takes.
    pub(super) async fn attend(&mut self) {
        let now = Instant::now();
        for (at, _) in self.paused.extract_if(.., |(_, until)| *until <= now) {
            self.wires.pause(at, false);
        }
        self.do_duties().await;
        while self.served.len() < MOST_SERVED
            && let Some((link, place, reply)) = self.look(|talks| self.reply(talks))
        {
            self.served.insert((link, place));
            match reply {
                Reply::Canary => {
                    let (window, until) = (self.play.limits.window, self.until);
                    let awaited = self.origin.replace((link, place));
                    let canary = self.as_spoken(link, CANARY.to_vec());
                    self.origin = awaited;
                    let _ = self.wires.write(link, &canary, IoKind::Wrote, window, until).await;
                }
                Reply::Again(step) => self.again((link, place), step).await,
            }
        }
    }

    /// The first request at our origin that is to be answered by itself.
    fn reply(&self, talks: &[Talk<'_>]) -> Option<(usize, usize, Reply)> {
        for (link, talk) in talks.iter().enumerate().filter(|(_, talk)| we_serve(talk)) {
            for (place, request) in talk.requests.iter().enumerate() {
                if self.served.contains(&(link, place)) || self.wires.is_over(link) {
                    continue;
                }
                // Answers keep the order of their requests (RFC 9112 9.3.2).
                if request.stream == 0 && talk.finals().count() < place {
                    break;
                }
                let number = Tag::find(request.head.target).map_or(0, |(_, tag)| tag.number);
                match self.reply_to(number) {
                    Some(reply) => return Some((link, place, reply)),
                    None if request.stream == 0 => break,
                    None => {}
                }
            }
        }
        None
    }

    fn reply_to(&self, wanted: u8) -> Option<Reply> {
        let awaits = |step: &Step| match step.act {
            Act::AwaitOther(awaited) => number(awaited) == Some(wanted),
            _ => false,
        };
        let steps = &self.play.case.steps;
        if steps.iter().skip(self.turn).any(awaits) {
            return None;
        }
        let before = steps.iter().take(self.turn).rposition(awaits);
        Some(before.map_or(Reply::Canary, Reply::Again))
    }

    /// Does once more what our origin does behind this step: a request that is tried again meets the same.
    async fn again(&mut self, request: (usize, usize), from: usize) {
        let case = self.play.case;
        let is_next = |step: &Step| matches!(step.act, Act::AwaitOther(one) if is_request(one));
        let steps = case.steps.iter().take(self.turn).skip(from + 1);
        let own: Vec<&Step> = steps
            .take_while(|step| !is_next(step))
            .filter(|step| step.at == LinkName::Origin && does(&step.act))
            .collect();
        let awaited = self.origin.replace(request);
        for step in own {
            self.act(request.0, step, &[]).await;
        }
        self.origin = awaited;
    }
}

/// Whether a step does something other than to wait.
fn does(act: &Act) -> bool {
    matches!(
        act,
        Act::Send(_)
            | Act::Repeat { .. }
            | Act::SendBytewise(_)
            | Act::Reset
            | Act::ShutdownBoth
            | Act::ShutdownWrite
    )
}

fn we_serve(talk: &Talk<'_>) -> bool {
    talk.link.we == Party::Server
}

/// Where the request with this number came: link and place among its requests.
fn find(
    talks: &[Talk<'_>],
    number: u8,
    is_wanted: impl Fn((usize, usize)) -> bool,
) -> Option<(usize, usize)> {
    let is_it = |target: &[u8], method: &[u8]| match number {
        0 => method == b"CONNECT",
        _ => Tag::find(target).is_some_and(|(_, tag)| tag.number == number),
    };
    let links = talks.iter().enumerate().filter(|(_, talk)| we_serve(talk));
    let mut all = links.flat_map(|(link, talk)| {
        let requests = talk.requests.iter().enumerate();
        requests.map(move |(place, one)| (link, place, one))
    });
    let found = all.find(|(link, place, one)| {
        is_it(one.head.target, one.head.method) && is_wanted((*link, *place))
    });
    found.map(|(link, place, _)| (link, place))
}

/// Whether each client that wrote the request with this number has its final answer, or its end, be it that of a stream.
fn is_answered(talks: &[Talk<'_>], number: u8) -> bool {
    let is_it = |target: &[u8]| Tag::find(target).is_some_and(|(_, tag)| tag.number == number);
    let fronts = talks.iter().filter(|talk| !we_serve(talk));
    let written = fronts.filter_map(|talk| {
        // A malformed request of HTTP/2 is none of which a target can be read.
        if is_reset(talk) {
            return Some(true);
        }
        let place = talk.requests.iter().position(|one| is_it(one.head.target))?;
        let answered = talk.finals().any(|one| one.request == Some(place));
        Some(answered || talk.ending.server.is_some())
    });
    let written: Vec<bool> = written.collect();
    !written.is_empty() && written.into_iter().all(|over| over)
}

/// Whether the peer has ended the stream of a tunnel in HTTP/2.
fn is_ended(talk: &Talk<'_>) -> bool {
    match talk.http2.filter(|_| we_serve(talk)) {
        Some(http2) => !http2.is_open_for_client(),
        None => talk.tunnel.as_ref().is_some_and(|tunnel| tunnel.is_over),
    }
}

/// Whether an error of HTTP/2 came instead of a response.
fn is_reset(talk: &Talk<'_>) -> bool {
    talk.http2.is_some_and(|http2| http2.failure().is_some())
}

/// Whether the request with this number has come as often as our clients wrote it.
fn has_all_arrived(talks: &[Talk<'_>], number: u8) -> bool {
    let is_it = |target: &[u8]| Tag::find(target).is_some_and(|(_, tag)| tag.number == number);
    let count = |serving: bool| {
        let talks = talks.iter().filter(move |talk| we_serve(talk) == serving);
        talks.flat_map(|talk| &talk.requests).filter(|one| is_it(one.head.target)).count()
    };
    let arrived = count(true);
    arrived > 0 && arrived >= count(false)
}

/// Whether nothing more can come on a link.
fn is_settled(talk: &Talk<'_>) -> bool {
    if we_serve(talk) {
        return true;
    }
    let whole = |talk: &Talk<'_>| {
        let complete = talk.finals().filter(|one| one.body_state == BodyState::Complete).count();
        let closes = talk.finals().any(upspec_exchange::Response::ends_connection);
        complete == talk.requests.len() && talk.tunnel.is_none() && !closes
    };
    talk.ending.server.is_some() || whole(talk)
}

/// How many requests of an exchange are answered.
const MOST_SERVED: usize = 1000;
/// What a request gets that is nothing to the case.
const CANARY: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\ncanary";
