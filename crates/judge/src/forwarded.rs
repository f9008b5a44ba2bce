//! What passed from one connection of an exchange to another: requests, the octets of tunnels, and what
//! each end saw of them.

use upspec_corpus::case::{Arrival, Before, Conditions, Ends, Got, Outcomes, Requests};
use upspec_corpus::words::Word;
use upspec_exchange::frames::frames;
use upspec_exchange::{End, Talk};
use upspec_handshake::frame::{Frame, opcode};
use upspec_handshake::{Party, RequestHead};

use crate::expect::literal;
use crate::view::View;

/// What is missing of what is asked of the traffic on the connection of this view.
pub(crate) fn misses(asked: &Conditions, view: &View<'_, '_>) -> Vec<String> {
    let talk = view.talk;
    let requests = asked.requests.as_slice();
    let before = asked.before_answer.as_slice();
    let octets = asked.octets.as_ref().map(literal);
    let lacks = |octets: &Vec<u8>| !holds(talk.sent(talk.tested()), octets);
    let missing = [
        one_of("the end is", &asked.ends, || ends(talk)),
        responses_miss(&asked.responses, talk),
        one_of("the number of requests is", requests, || count(view)),
        one_of("the request is", &asked.request, || arrival(view, 0)),
        one_of("the second request is", &asked.request_2, || arrival(view, 1)),
        one_of("before the answer came", before, || before_answer(talk)),
        one_of("of the other tunnel came", &asked.got, || got(view)),
        octets.filter(lacks).map(|_| "the octets did not come".to_owned()),
    ];
    missing.into_iter().flatten().collect()
}

/// What is missing where no connection came on which we are this end: nothing arrived there.
pub(crate) fn misses_without_link(asked: &Conditions) -> Vec<String> {
    let absent = |want: &Vec<Arrival>| match want.contains(&Arrival::Absent) {
        true => want.clone(),
        false => Vec::new(),
    };
    let nothing = Conditions {
        requests: asked.requests.filter(|want| *want == Requests::None),
        request: absent(&asked.request),
        request_2: absent(&asked.request_2),
        ..Conditions::default()
    };
    if *asked == nothing { Vec::new() } else { vec!["no connection came".to_owned()] }
}

/// What is said where the fact is none of what is asked.
fn one_of<W: Word>(what: &str, asked: &[W], fact: impl FnOnce() -> W) -> Option<String> {
    if asked.is_empty() {
        return None;
    }
    let fact = fact();
    (!asked.contains(&fact)).then(|| format!("{what} {}", fact.word()))
}

fn ends(talk: &Talk<'_>) -> Ends {
    match talk.ending.of_party(talk.tested()) {
        None => Ends::Open,
        Some(End::Orderly) => Ends::Fin,
        Some(_) => Ends::Rst,
    }
}

fn responses_miss(asked: &[Outcomes], talk: &Talk<'_>) -> Option<String> {
    let came: Vec<u16> = talk.finals().filter_map(|one| one.head.status).collect();
    let fits = |(want, status): (&Outcomes, &u16)| want.covers_status(*status);
    let all = came.len() == asked.len() && asked.iter().zip(&came).all(fits);
    let words = came.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    (!asked.is_empty() && !all).then(|| format!("the responses are {words}"))
}

/// The talks in which we are the server.
fn behind<'v, 'o>(view: &'v View<'_, 'o>) -> impl Iterator<Item = &'v Talk<'o>> {
    view.talks.iter().filter(|talk| talk.link.we == Party::Server)
}

fn count(view: &View<'_, '_>) -> Requests {
    match behind(view).map(|talk| talk.requests.len()).sum() {
        0 => Requests::None,
        1 => Requests::One,
        _ => Requests::More,
    }
}

/// How the request arrived that our clients wrote as this one, counted from 0.
fn arrival(view: &View<'_, '_>, index: usize) -> Arrival {
    let fronts = view.talks.iter().filter(|talk| talk.link.we == Party::Client);
    let Some((sent, target)) = fronts.flat_map(written).nth(index) else {
        return Arrival::Absent;
    };
    if behind(view).any(|talk| holds(talk.sent(Party::Client), sent)) {
        return Arrival::Raw;
    }
    let mut arrived = behind(view).flat_map(|talk| &talk.requests);
    let came = arrived.any(|one| one.head.target == target);
    if came { Arrival::Reframed } else { Arrival::Absent }
}

/// The heads of our requests on a link and their targets, which tell them apart; those included that we
/// wrote into what may be a tunnel.
fn written<'o>(talk: &Talk<'o>) -> Vec<(&'o [u8], &'o [u8])> {
    let sent = talk.sent(Party::Client);
    let mut at = 0;
    let mut found = Vec::new();
    for one in &talk.requests {
        found.push((&sent[one.at..one.at + one.head.len], one.head.target));
        at = one.body.end;
    }
    while let Some(head) = RequestHead::parse(&sent[at..]).complete() {
        found.push((&sent[at..at + head.len], head.target));
        at += head.len;
    }
    found
}

fn before_answer(talk: &Talk<'_>) -> Before {
    let (Some(answer), Some(request)) = (talk.finals().next(), talk.requests.first()) else {
        return Before::Nothing;
    };
    let end = answer.at + answer.head.len;
    let heard = talk.heard_before(end.saturating_sub(1));
    if heard > request.body.end { Before::Octets } else { Before::Nothing }
}

/// What came in this tunnel of what our other end sent into its own.
fn got(view: &View<'_, '_>) -> Got {
    let talk = view.talk;
    let came = talk.tunnel_octets(talk.tested()).unwrap_or_default();
    let other = view.talks.iter().find(|other| other.link.we == talk.tested());
    let sent = other.and_then(|other| other.tunnel_octets(other.link.we)).unwrap_or_default();
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

fn holds(octets: &[u8], part: &[u8]) -> bool {
    part.is_empty() || octets.windows(part.len()).any(|window| window == part)
}
