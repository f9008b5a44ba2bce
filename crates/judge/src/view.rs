//! A talk as a case sees it: the request in question, the answer, and the outcome.

use std::slice;

use upspec_corpus::case::{Act, Case, LinkName, Outcome, Outcomes, Step};
use upspec_corpus::words::Word as _;
use upspec_exchange::http2::Scope;
use upspec_exchange::{End, Ending, Http2, Request, Response, Talk, Transcript};
use upspec_handshake::h2::ErrorCode;
use upspec_handshake::{Party, RequestHead};

use crate::client;
use crate::passage::Passage;

/// What a case looks at.
#[derive(Clone)]
pub(crate) struct View<'t, 'o> {
    pub(crate) talk: &'t Talk<'o>,
    /// All talks of the exchange.
    pub(crate) talks: &'t [Talk<'o>],
    /// What the case waits for before the response that it is about, one by one.
    earlier: Vec<Outcomes>,
    /// That response, or the last one where the connection ended in order before it.
    answer: Option<&'t Response<'o>>,
    /// How many requests a client under test sent on other links.
    elsewhere: usize,
}

impl<'t, 'o> View<'t, 'o> {
    /// The view on the first link of a transcript; `None` without a link.
    pub(crate) fn of(case: &Case, transcript: &'t Transcript<'o>) -> Option<Self> {
        let view = Self::on(case, transcript.talks.first()?);
        let asks = |talk: &&Talk<'_>| talk.tested() == Party::Client;
        let others = transcript.talks.iter().skip(1).filter(asks);
        let elsewhere = others.map(|talk| talk.requests.len()).sum();
        Some(Self { elsewhere, talks: &transcript.talks, ..view })
    }

    /// The view on one link.
    pub(crate) fn on(case: &Case, talk: &'t Talk<'o>) -> Self {
        let earlier = talk.http2.map_or_else(|| awaited_before(case, talk), |_| Vec::new());
        let answer = answer(talk, earlier.len());
        Self { talk, talks: slice::from_ref(talk), earlier, answer, elsewhere: 0 }
    }

    /// The view on the connection of the same exchange on which we are this end. As the origin it is the one on which
    /// the first request came.
    pub(crate) fn at(&self, case: &Case, name: LinkName) -> Option<Self> {
        let talk = match name {
            LinkName::Origin => Passage::of(self.talks).arrived(1).map(|one| one.talk)?,
            _ => self.talks.iter().find(|talk| talk.link.name == name.word())?,
        };
        Some(Self { talks: self.talks, ..Self::on(case, talk) })
    }

    pub(crate) fn http2(&self) -> Option<&'o Http2> {
        self.talk.http2
    }

    pub(crate) fn ending(&self) -> Ending {
        self.talk.ending
    }

    /// Whether the party under test ended the link, in whatever way.
    pub(crate) fn is_ended(&self) -> bool {
        self.talk.ending.of_party(self.talk.tested()).is_some()
    }

    /// Whether the server broke off the TLS handshake.
    pub(crate) fn is_tls_broken(&self) -> bool {
        self.talk.ending.server == Some(End::TlsBroken)
    }

    /// The response that the case is about: the final one to its last request. Where the connection
    /// ended in order before that, by a 101 or an announced close, it is the last one that came.
    pub(crate) fn answer(&self) -> Option<&'t Response<'o>> {
        self.answer
    }

    /// The answer, if it is a 101.
    pub(crate) fn switch(&self) -> Option<&'t Response<'o>> {
        self.answer().filter(|answer| answer.head.status == Some(101))
    }

    /// Whether an earlier request got a 101 where the case waits for something else, so that the
    /// request that it is about was never written or is not read as one.
    pub(crate) fn is_cut_short(&self) -> bool {
        let mut heads = self.talk.responses.iter();
        for wanted in &self.earlier {
            let named = |status| wanted.0.contains(&Outcome::Status(status));
            let taken = heads.find(|one| one.is_final() || one.head.status.is_some_and(named));
            if taken.is_some_and(|taken| taken.head.status == Some(101)) {
                return !wanted.covers_status(101);
            }
        }
        false
    }

    /// The request that the answer answers, or the last one.
    pub(crate) fn request(&self) -> Option<&'t RequestHead<'o>> {
        self.asked().map(|one| &one.head)
    }

    /// The same with its content. At the origin of an intermediary it is the first that our clients wrote.
    pub(crate) fn asked(&self) -> Option<&'t Request<'o>> {
        if let Some(first) = Passage::of(self.talks).arrived(1).filter(|_| self.is_origin()) {
            return Some(first.request);
        }
        let requests = &self.talk.requests;
        let answered = self.answer().and_then(|answer| answer.request);
        requests.get(answered.unwrap_or(requests.len().checked_sub(1)?))
    }

    /// Whether we are the server here and the client elsewhere.
    fn is_origin(&self) -> bool {
        self.talk.link.we == Party::Server
            && self.talks.iter().any(|talk| talk.link.we == Party::Client)
    }

    /// What the party under test sent into the tunnel before we took leave; `None` without a switch.
    pub(crate) fn tunnel_octets(&self) -> Option<&'o [u8]> {
        self.talk.tunnel_octets(self.talk.tested())
    }

    /// What we sent into the tunnel; empty without one.
    pub(crate) fn sent_into_tunnel(&self) -> &'o [u8] {
        self.talk.tunnel.as_ref().map_or(&[], |tunnel| tunnel.sent(self.talk.link.we))
    }

    /// The outcome of the request, as case files spell it.
    pub(crate) fn outcome(&self) -> Outcome {
        if self.talk.tested() == Party::Client {
            return client::outcome(self.talk, self.elsewhere);
        }
        if let Some(answer) = self.answer() {
            return answer.head.status.map_or(Outcome::NotHttp, Outcome::Status);
        }
        if let Some(failure) = self.http2().and_then(Http2::failure) {
            return match failure.scope {
                Scope::Connection => Outcome::ConnectionError,
                Scope::Stream => Outcome::StreamError,
            };
        }
        if !self.answered_octets().is_empty() && !self.talk.is_spoken() {
            return Outcome::NotHttp;
        }
        if self.is_ended() { Outcome::Closed } else { Outcome::Silent }
    }

    /// The code of the error, if the outcome is one.
    pub(crate) fn code(&self) -> Option<ErrorCode> {
        let failed = matches!(self.outcome(), Outcome::ConnectionError | Outcome::StreamError);
        self.http2().and_then(Http2::failure).filter(|_| failed).map(|failure| failure.code)
    }

    /// All that the server sent.
    pub(crate) fn answered_octets(&self) -> &'o [u8] {
        self.talk.sent(Party::Server)
    }
}

/// The final response behind so many others; where the connection ended in order before it, the last one.
fn answer<'t, 'o>(talk: &'t Talk<'o>, earlier: usize) -> Option<&'t Response<'o>> {
    let mut finals = talk.finals();
    let last = finals.clone().next_back()?;
    finals.nth(earlier).or_else(|| last.ends_connection().then_some(last))
}

/// What a case waits for before the response it is about: each `await` does that, but one for a 101
/// alone, after which there are only frames, and one for a 1xx alone, which the final response to
/// the same request follows.
fn awaited_before(case: &Case, talk: &Talk<'_>) -> Vec<Outcomes> {
    let alone = case.role.links().len() == 1;
    let here = |step: &&Step| alone || step.at.word() == talk.link.name;
    let informational = |outcome: &Outcome| matches!(outcome, Outcome::Status(100..=199));
    let awaited = case.steps.iter().filter(here).filter_map(|step| match &step.act {
        Act::Await(wanted) if !wanted.0.iter().all(informational) => Some(wanted.clone()),
        _ => None,
    });
    awaited.collect()
}
