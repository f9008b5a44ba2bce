//! Plays the steps of a case at both ends of an intermediary, strictly in order. Every wait ends with an event: what is
//! waited for, the end of the connection, or a window in which nothing comes anywhere.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use tokio::time::Instant;
use upspec_corpus::Bindings;
use upspec_corpus::case::{Act, Awaited, LinkName, Over, Step, Terms, When};
use upspec_corpus::words::Word as _;
use upspec_exchange::{End, IoKind, Link, Record, Request, Tag, Talk};
use upspec_handshake::Fields;
use upspec_handshake::Party;
use upspec_handshake::h2::write;
use upspec_judge::carries_both_ways;

use super::bindings::answering_tagged;
use super::translated::in_frames;
use crate::connect::{Connector, Opening};
use crate::duties::Directions;
use crate::play::{Limits, Play};
use crate::steps::{render, waits};
use crate::wire::Wires;

/// A case that is being played at both ends.
pub(super) struct Script<'a> {
    pub(super) play: &'a Play<'a>,
    pub(super) connector: &'a Connector,
    pub(super) wires: Wires,
    /// When the case is over at the latest.
    pub(super) until: Instant,
    /// The request that our origin answers, by link and place: the one that was awaited last.
    pub(super) origin: Option<(usize, usize)>,
    /// The step whose turn it is.
    pub(super) turn: usize,
    /// How many responses the awaits have taken on a link.
    pub(super) taken: BTreeMap<usize, usize>,
    /// The requests at our origin that have been seen to, by link and place.
    pub(super) served: BTreeSet<(usize, usize)>,
    /// The requests that our origin gave an ordinary answer in place of what the case wants.
    declined: BTreeSet<(usize, usize)>,
    /// A step with `once` was done.
    once: bool,
    /// Links that are not read, and until when.
    pub(super) paused: Vec<(usize, Instant)>,
    /// A wait ended because nothing came.
    pub(super) is_silent: bool,
    /// From when on nothing came in a wait for a request, while nothing is done behind it.
    pub(super) still_since: Option<Instant>,
}

impl<'a> Script<'a> {
    pub(super) fn new(play: &'a Play<'a>, connector: &'a Connector, wires: Wires) -> Self {
        let until = wires.record().opened()
            + play.limits.timeout
            + waits(&play.case.steps, play.limits.window);
        Self {
            play,
            connector,
            wires,
            until,
            origin: None,
            turn: 0,
            taken: BTreeMap::new(),
            served: BTreeSet::new(),
            declined: BTreeSet::new(),
            once: false,
            paused: Vec::new(),
            is_silent: false,
            still_since: None,
        }
    }

    /// Plays all steps, and leaves every connection.
    pub(super) async fn run(mut self) -> Record {
        let steps = &self.play.case.steps;
        while let Some(step) = steps.get(self.turn) {
            let follow = self.follow(step);
            self.step(step, &steps[self.turn + 1..self.turn + follow]).await;
            self.turn += follow;
        }
        if self.asks_for_tunnel() {
            self.send_both_ways().await;
        }
        if self.is_silent {
            self.wires.note(FIRST, IoKind::Deadline);
        }
        self.leave().await
    }

    /// How many steps are done together: sends on a link that follow each other form one write.
    fn follow(&self, step: &Step) -> usize {
        let writes = |step: &Step| {
            let known = matches!(step.act, Act::Send(_) | Act::Repeat { .. } | Act::H2(_));
            known && step.terms == Terms::default()
        };
        let rest = &self.play.case.steps[self.turn + 1..];
        let more = rest.iter().take_while(|next| writes(next) && next.at == step.at).count();
        1 + if writes(step) { more } else { 0 }
    }

    async fn step(&mut self, step: &Step, more: &[Step]) {
        self.attend().await;
        if !self.holds(step) {
            return;
        }
        let Some(at) = self.link_of(step).await else {
            return;
        };
        match &step.act {
            Act::AwaitOther(awaited) => self.await_other(at, *awaited).await,
            Act::Await(outcomes) => {
                let there = |talks: &[Talk<'_>]| {
                    let mut statuses = talks[at].statuses();
                    statuses.any(|status| outcomes.covers_status(status))
                };
                self.until(Some(at), there).await;
            }
            Act::AwaitOctets(octets) => {
                let wanted = octets.render(&self.bindings(at));
                self.until(Some(at), |talks| holds(talks[at].sent(talks[at].tested()), &wanted))
                    .await;
            }
            Act::AwaitCount(count) => {
                let there = |talks: &[Talk<'_>]| {
                    let octets = talks[at].tunnel_octets(talks[at].tested());
                    octets.is_some_and(|octets| octets.len() >= *count as usize)
                };
                self.until(Some(at), there).await;
            }
            Act::PauseReading(time) => {
                self.wires.pause(at, true);
                self.paused.push((at, Instant::now() + *time));
            }
            Act::Wait(time) => self.pass(Instant::now() + *time).await,
            _ => self.act(at, step, more).await,
        }
        // Any other wait has a window of its own: whoever is slow may have as many as a case gives.
        if !awaits_request(step) {
            self.still_since = None;
        }
    }

    /// Whether the step is to be done.
    fn holds(&mut self, step: &Step) -> bool {
        let holds = match step.terms.when {
            None => true,
            Some(When::NotOnce) => !self.once,
            Some(When::Interim) => {
                self.look(|talks| talks[FIRST].responses.iter().any(|one| !one.is_final()))
            }
            Some(When::NoHead) => self.look(|talks| talks[FIRST].finals().next().is_none()),
            Some(When::StreamOpen) => self.look(|talks| is_stream_open(&talks[FIRST])),
        };
        if !holds || step.terms.once && self.once {
            return false;
        }
        self.once |= step.terms.once;
        true
    }

    /// The link of a step. A second client connects when its turn comes; our origin has none where its request did
    /// not come.
    async fn link_of(&mut self, step: &Step) -> Option<usize> {
        if step.at == LinkName::Origin {
            return if awaits_request(step) {
                Some(FIRST)
            } else {
                self.origin.map(|(link, _)| link)
            };
        }
        if let Some(at) = self.wires.record().position(step.at.word()) {
            return Some(at);
        }
        let opening = Opening::AsTarget { alpn: &self.play.case.alpn };
        let stream = self.connector.open(opening, self.play.limits.timeout).await.ok()?;
        let link = Link::plain(step.at.word(), Party::Client, self.play.case.over);
        let link = Link { tls: stream.is_tls(), alpn: stream.alpn().map(str::to_owned), ..link };
        Some(self.wires.add(link, stream))
    }

    /// Writes, ends or resets.
    pub(super) async fn act(&mut self, at: usize, step: &Step, more: &[Step]) {
        let (window, until) = (self.play.limits.window, self.until);
        let answered = self.origin.filter(|(link, _)| *link == at);
        // The connection is another exchange's from now on, if the party between keeps it.
        if answered.is_some_and(|place| self.declined.contains(&place)) {
            return;
        }
        if self.otherwise(at, step).is_some() {
            self.declined.extend(answered);
        }
        let done = match &step.act {
            Act::Reset => {
                self.wires.reset(at);
                Ok(())
            }
            Act::ShutdownWrite => self.wires.shut_write(at, until).await,
            Act::ShutdownBoth => self.wires.shut_both(at, until).await,
            Act::SendBytewise(octets) if self.otherwise(at, step).is_none() => {
                let octets = octets.render(&self.bindings(at));
                self.write_apart(at, &octets).await;
                Ok(())
            }
            _ => {
                let octets = self.octets(at, step, more);
                self.wires.write(at, &octets, IoKind::Wrote, window, until).await
            }
        };
        // What the peer has ended is read in its turn.
        let _ = done;
    }

    async fn write_apart(&mut self, at: usize, octets: &[u8]) {
        let (window, until) = (self.play.limits.window, self.until);
        for octet in octets.chunks(1) {
            let written = self.wires.write(at, octet, IoKind::Wrote, window, until).await;
            if written.is_err() {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// What a step and those that follow it write.
    fn octets(&self, at: usize, step: &Step, more: &[Step]) -> Vec<u8> {
        let bindings = self.bindings(at);
        let mut octets = Vec::new();
        match self.otherwise(at, step) {
            Some(other) => octets = self.as_spoken(at, other),
            None => {
                for step in std::iter::once(step).chain(more) {
                    let mut own = Vec::new();
                    render(step, &mut own, &bindings);
                    octets.extend(match step.act {
                        Act::H2(_) if !self.look(|talks| talks[at].http2.is_some()) => Vec::new(),
                        Act::H2(_) => own,
                        _ => self.as_spoken(at, own),
                    });
                }
            }
        }
        octets
    }

    /// What a step writes in HTTP/1.1, as it is on this connection: for a HEAD without content, for a request in HTTP/2
    /// in frames.
    pub(super) fn as_spoken(&self, at: usize, mut octets: Vec<u8>) -> Vec<u8> {
        self.look(|talks| {
            let Some(asked) = self.answered(at, talks) else {
                return octets;
            };
            if asked.head.method == b"HEAD" && octets.starts_with(b"HTTP/") {
                without_content(&mut octets);
            }
            match asked.stream {
                0 => octets,
                stream => in_frames(&octets, stream, &asked.head),
            }
        })
    }

    /// What is written in place of a step, where the request that came offers no protocol that our client's does.
    fn otherwise(&self, at: usize, step: &Step) -> Option<Vec<u8>> {
        let other = step.terms.otherwise.as_ref()?;
        let offers = self.look(|talks| {
            let came = self.answered(at, talks)?;
            let (_, tag) = Tag::find(came.head.target)?;
            let fronts = talks.iter().filter(|talk| talk.link.we == Party::Client);
            let mut sent = fronts.flat_map(|talk| &talk.requests);
            let sent = sent.find(|one| tag.is_in(one.head.target))?;
            // The protocol of an extended CONNECT is a pseudo-header field.
            let is_connect = match (sent.stream, came.stream) {
                (0, 0) => false,
                (_, 0) => came.head.fields.contains("Upgrade"),
                _ => came.head.is_extended_connect(),
            };
            Some(is_connect || shares_name(&sent.head.fields, &came.head.fields))
        });
        (offers != Some(true)).then(|| other.render(&self.bindings(at)))
    }

    /// The request that our origin answers on this link.
    fn answered<'t, 'o>(&self, at: usize, talks: &'t [Talk<'o>]) -> Option<&'t Request<'o>> {
        let (link, place) = self.origin?;
        if link == at { talks[at].requests.get(place) } else { None }
    }

    /// What stands in the place of bindings: our origin answers the request that was awaited last.
    pub(super) fn bindings(&self, at: usize) -> Cow<'a, Bindings> {
        let ours = self.play.bindings;
        self.look(|talks| match self.answered(at, talks) {
            None => Cow::Borrowed(ours),
            Some(request) => Cow::Owned(answering_tagged(request, ours)),
        })
    }

    /// What has been said so far on all links.
    pub(super) fn look<T>(&self, read: impl FnOnce(&[Talk<'_>]) -> T) -> T {
        let said = self.wires.record().all_said();
        let mut talks: Vec<Talk<'_>> = said.iter().map(Talk::read).collect();
        for (_, talk) in talks.iter_mut().enumerate().filter(|(at, _)| self.wires.is_over(*at)) {
            match talk.tested() {
                Party::Client => talk.ending.client = Some(End::Orderly),
                Party::Server => talk.ending.server = Some(End::Orderly),
            }
        }
        read(&talks)
    }

    /// Writes what HTTP/2 obliges us to.
    pub(super) async fn do_duties(&mut self) {
        if self.play.case.over != Over::Http2 {
            return;
        }
        for at in 0..self.wires.count() {
            // Those of our origin are done for all exchanges on a connection at once.
            let due = self.look(|talks| {
                Directions::of(&talks[at])
                    .filter(|_| talks[at].link.we == Party::Client)
                    .map(|frames| frames.due())
            });
            let done = self.wires.record().owed(at);
            let due = due.as_deref().and_then(|due| due.get(done..)).unwrap_or_default().to_vec();
            if !due.is_empty() && self.wires.is_writable(at) {
                let Limits { window, .. } = self.play.limits;
                let _ = self.wires.write(at, &due, IoKind::WroteOwed, window, self.until).await;
            }
        }
    }

    fn asks_for_tunnel(&self) -> bool {
        let ends = self.play.case.expect.iter().flat_map(|one| &one.ends);
        let mut asked = ends.filter_map(|(_, asked)| asked.tunnel);
        asked.any(|tunnel| tunnel == upspec_corpus::case::Tunnel::BothWays)
    }

    /// Each side sends a frame into a tunnel into which it has sent nothing.
    async fn send_both_ways(&mut self) {
        let silent =
            |talk: &Talk<'_>| talk.tunnel_octets(talk.link.we).is_some_and(<[u8]>::is_empty);
        let links: Vec<usize> =
            self.look(|talks| (0..talks.len()).filter(|at| silent(&talks[*at])).collect());
        let (window, until) = (self.play.limits.window, self.until);
        for at in links {
            let frame = match self.look(|talks| (talks[at].link.we, talks[at].stream())) {
                (Party::Client, 0) => self.play.bindings.frame.clone(),
                (Party::Client, stream) => write::data(stream, &self.play.bindings.frame, 0),
                (Party::Server, 0) => self.play.bindings.text_back.clone(),
                (Party::Server, stream) => write::data(stream, &self.play.bindings.text_back, 0),
            };
            let _ = self.wires.write(at, &frame, IoKind::Wrote, window, until).await;
        }
        if self.look(|talks| talks[FIRST].tunnel.is_some()) {
            self.until(Some(FIRST), carries_both_ways).await;
        }
    }

    /// Leaves all connections: those to our origin that are in order serve other exchanges.
    async fn leave(mut self) -> Record {
        let in_order: Vec<Option<bool>> = self.look(|talks| {
            let we_serve = |talk: &Talk<'_>| talk.link.we == Party::Server;
            talks.iter().map(|talk| we_serve(talk).then(|| is_in_order(talk))).collect()
        });
        for (at, in_order) in in_order.into_iter().enumerate() {
            if let Some(in_order) = in_order {
                self.wires.leave_span(at, in_order);
            }
        }
        self.wires.close(DRAIN).await
    }
}

/// Whether both Upgrade fields name one protocol, be it in a list that breaks its grammar.
fn shares_name(one: &Fields<'_>, other: &Fields<'_>) -> bool {
    let names = |fields: &Fields<'_>| -> Vec<Vec<u8>> {
        let value = fields.combined("Upgrade").unwrap_or_default().to_ascii_lowercase();
        let parts = value.split(|octet| b", \t".contains(octet));
        parts.filter(|name| !name.is_empty()).map(<[u8]>::to_vec).collect()
    };
    let others = names(other);
    names(one).iter().any(|name| others.contains(name))
}

fn awaits_request(step: &Step) -> bool {
    matches!(&step.act, Act::AwaitOther(one) if is_request(*one))
}

/// Whether an await is for a request at our origin.
pub(super) fn is_request(awaited: Awaited) -> bool {
    number(awaited).is_some()
}

/// The number of the request that is awaited; 0 for a CONNECT.
pub(super) fn number(awaited: Awaited) -> Option<u8> {
    match awaited {
        Awaited::Connect => Some(0),
        Awaited::Request | Awaited::RequestOrInterim => Some(1),
        Awaited::RequestSecond => Some(2),
        Awaited::RequestThird => Some(3),
        _ => None,
    }
}

/// Whether every request on a connection to our origin has its whole answer, and nothing else was said.
fn is_in_order(talk: &Talk<'_>) -> bool {
    use upspec_exchange::BodyState::Complete;
    // A stream is left without a word about the others.
    if talk.http2.is_some() {
        return true;
    }
    let answered = talk.finals().filter(|one| one.body_state == Complete).count();
    let closes = talk.finals().any(upspec_exchange::Response::ends_connection);
    talk.whole_requests
        && talk.tunnel.is_none()
        && talk.stray.is_none()
        && !closes
        && answered == talk.requests.len()
}

fn is_stream_open(talk: &Talk<'_>) -> bool {
    talk.http2.is_some_and(|http2| http2.is_open_for_client() && http2.failure().is_none())
}

/// Cuts what is behind the first empty line: an answer to HEAD has no content (RFC 9110 9.3.2).
fn without_content(octets: &mut Vec<u8>) {
    if let Some(end) = octets.windows(4).position(|window| window == b"\r\n\r\n") {
        octets.truncate(end + 4);
    }
}

pub(super) fn holds(octets: &[u8], part: &[u8]) -> bool {
    part.is_empty() || octets.windows(part.len()).any(|window| window == part)
}

/// The link of our first client.
pub(super) const FIRST: usize = 0;
/// How long we read and drop octets that are still under way.
const DRAIN: std::time::Duration = std::time::Duration::from_millis(50);
