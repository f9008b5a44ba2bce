//! What passed from one connection of an exchange to another: requests, the octets of tunnels, and what
//! each end saw of them.

use upspec_corpus::case::{Before, Conditions, Ends, Got, Outcomes, Requests};
use upspec_corpus::words::Word;
use upspec_exchange::{End, Http2, Report, Reported, Talk};
use upspec_handshake::Party;

use crate::filled::filled;
use crate::message;
use crate::passage::Passage;
use crate::text::spelled;
use crate::view::View;

/// What is missing of what is asked of the traffic on the connection of this view.
pub(crate) fn misses(asked: &Conditions, view: &View<'_, '_>) -> Vec<String> {
    let talk = view.talk;
    let before = asked.before_answer.as_slice();
    let octets = asked.octets.as_ref().map(|octets| filled(octets, talk));
    let lacks = |octets: &Vec<u8>| !holds(talk.sent(talk.tested()), octets);
    let missing = [
        one_of("the end is", &asked.ends, || ends(talk)),
        responses_miss(&asked.responses, talk),
        one_of("before the answer came", before, || before_answer(view, before)),
        one_of("of the other tunnel came", &asked.got, || got(view)),
        asked.target.as_ref().and_then(|target| target_miss(&filled(target, talk), view)),
        reports_miss(asked, talk),
        octets.filter(lacks).map(|_| "the octets did not come".to_owned()),
    ];
    let of_link = missing.into_iter().flatten();
    of_link.chain(message::misses(asked, view)).chain(arrivals_miss(asked, view.talks)).collect()
}

/// What is missing of the arrivals that are asked for, on whichever connection they are.
pub(crate) fn arrivals_miss(asked: &Conditions, talks: &[Talk<'_>]) -> Vec<String> {
    let passage = Passage::of(talks);
    let requests = asked.requests.as_slice();
    let on = asked.request_2_on.as_slice();
    let missing = [
        one_of("the number of requests is", requests, || count(talks)),
        one_of("the request is", &asked.request, || passage.arrival(1)),
        one_of("the second request is", &asked.request_2, || passage.arrival(2)),
        one_of("the third request is", &asked.request_3, || passage.arrival(3)),
        match on {
            [] => None,
            on => match passage.second_on() {
                Some(came) => {
                    one_of("the second request came on a connection that is", on, || came)
                }
                None => Some("the second request did not come".to_owned()),
            },
        },
    ];
    missing.into_iter().flatten().collect()
}

/// What is missing where the first request came on no connection on which we are this end.
pub(crate) fn misses_without_link(asked: &Conditions, talks: &[Talk<'_>]) -> Vec<String> {
    let elsewhere = Conditions {
        requests: asked.requests,
        request: asked.request.clone(),
        request_2: asked.request_2.clone(),
        request_3: asked.request_3.clone(),
        request_2_on: asked.request_2_on,
        ..Conditions::default()
    };
    if *asked != elsewhere {
        return vec!["no connection came".to_owned()];
    }
    arrivals_miss(asked, talks)
}

/// What is said where the fact is none of what is asked.
pub(crate) fn one_of<W: Word>(what: &str, asked: &[W], fact: impl FnOnce() -> W) -> Option<String> {
    if asked.is_empty() {
        return None;
    }
    let fact = fact();
    (!asked.contains(&fact)).then(|| format!("{what} {}", fact.word()))
}

/// What is missing of a target: that of the last request in which we are the server.
fn target_miss(want: &[u8], view: &View<'_, '_>) -> Option<String> {
    let last = behind(view).filter_map(|talk| talk.requests.last()).last();
    match last.map(|one| one.head.target) {
        None => Some("no request came".to_owned()),
        Some(came) if normal(came) == normal(want) => None,
        Some(came) => Some(format!("the target is {}", spelled(came))),
    }
}

/// A target in the one spelling that all its equals share (RFC 3986, section 6.2.2): encodings in capitals and
/// only where they are needed; of an absolute form path and query.
pub(crate) fn normal(target: &[u8]) -> Vec<u8> {
    let mut rest = resource(target);
    let mut out = Vec::new();
    while let [first, tail @ ..] = rest {
        rest = match (encoded(rest), *first) {
            (Some(octet), _) if is_unreserved(octet) => {
                out.push(octet);
                &rest[3..]
            }
            (Some(octet), _) => {
                out.extend(format!("%{octet:02X}").bytes());
                &rest[3..]
            }
            (None, octet) => {
                out.push(octet);
                tail
            }
        };
    }
    out
}

/// Path and query of a target in origin or absolute form.
pub(crate) fn resource(target: &[u8]) -> &[u8] {
    let lower = target.to_ascii_lowercase();
    let schemes: [&[u8]; 4] = [b"http://", b"https://", b"ws://", b"wss://"];
    let Some(scheme) = schemes.into_iter().find(|scheme| lower.starts_with(scheme)) else {
        return target;
    };
    let rest = &target[scheme.len()..];
    match rest.iter().position(|octet| matches!(octet, b'/' | b'?')) {
        Some(at) => &rest[at..],
        None => b"/",
    }
}

/// The octet that a percent sign and two digits stand for.
fn encoded(octets: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = octets else {
        return None;
    };
    let digit = |octet: &u8| char::from(*octet).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

/// RFC 3986, section 2.3.
fn is_unreserved(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"-._~".contains(&octet)
}

/// What is missing of the messages that a client reports.
fn reports_miss(asked: &Conditions, talk: &Talk<'_>) -> Option<String> {
    if asked.messages.is_empty() && asked.pieces.is_none() {
        return None;
    }
    let message = |one: &Reported| match &one.report {
        Report::Message(octets) => Some(octets.clone()),
        _ => None,
    };
    let came: Vec<Vec<u8>> = talk.reports().iter().filter_map(message).collect();
    let wanted: Vec<Vec<u8>> = asked.messages.iter().map(|one| filled(one, talk)).collect();
    let alike = wanted.len() == came.len()
        && wanted.iter().zip(&came).all(|(want, came)| want == came || is_unsayable(want, came));
    if !wanted.is_empty() && !alike {
        return Some(format!("the messages reported are {}", spelled(&came.join(&b", "[..]))));
    }
    let whole = asked.pieces.as_ref().map(|pieces| filled(pieces, talk));
    let joined = came.concat();
    let differs = whole.is_some_and(|whole| whole != joined && !is_unsayable(&whole, &joined));
    differs.then(|| "the messages reported do not join to that".to_owned())
}

/// Whether octets that are no text were told as text, which says that a message came and not what it was.
fn is_unsayable(want: &[u8], came: &[u8]) -> bool {
    str::from_utf8(want).is_err() && !came.is_empty() && str::from_utf8(came).is_ok()
}

/// Whether what is asked of the reports is there.
pub(crate) fn reported(asked: &Conditions, talk: &Talk<'_>) -> bool {
    reports_miss(asked, talk).is_none()
}

fn ends(talk: &Talk<'_>) -> Ends {
    let own = talk.http2.and_then(|http2| match talk.tested() {
        Party::Server => http2.answer(),
        Party::Client => http2.client.stream(http2.stream),
    });
    if let Some(stream) = own.filter(|stream| stream.is_over()) {
        // What came first tells the end. A reset behind it says that nothing more is read (RFC 9113, section 8.1).
        let reset = stream.reset.map_or(usize::MAX, |(at, _)| at);
        let is_orderly = stream.ended.is_some_and(|at| at <= reset);
        return if is_orderly { Ends::EndStream } else { Ends::RstStream };
    }
    let side = |http2: &Http2| match talk.tested() {
        Party::Server => http2.server.connection_error().is_some(),
        Party::Client => http2.client.connection_error().is_some(),
    };
    if talk.http2.is_some_and(side) {
        return Ends::ConnectionError;
    }
    match talk.ending.of_party(talk.tested()) {
        None => Ends::Open,
        Some(End::Orderly) => Ends::Fin,
        Some(_) => Ends::Rst,
    }
}

fn responses_miss(asked: &[Outcomes], talk: &Talk<'_>) -> Option<String> {
    if asked.is_empty() {
        return None;
    }
    let came: Vec<u16> = talk.finals().filter_map(|one| one.head.status).collect();
    let fits = |(want, status): (&Outcomes, &u16)| want.covers_status(*status);
    let all = came.len() == asked.len() && asked.iter().zip(&came).all(fits);
    let words = || came.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    (!all).then(|| format!("the responses are {}", words()))
}

/// The talks in which we are the server.
fn behind<'v, 'o>(view: &'v View<'_, 'o>) -> impl Iterator<Item = &'v Talk<'o>> {
    view.talks.iter().filter(|talk| talk.link.we == Party::Server)
}

/// How many requests came, with the first tag where there are tags.
fn count(talks: &[Talk<'_>]) -> Requests {
    let all = || {
        let backs = talks.iter().filter(|talk| talk.link.we == Party::Server);
        backs.map(|talk| talk.requests.len()).sum()
    };
    let has_front = talks.iter().any(|talk| talk.link.we == Party::Client);
    match if has_front { Passage::of(talks).count(1) } else { all() } {
        0 => Requests::None,
        1 => Requests::One,
        _ => Requests::More,
    }
}

fn before_answer(view: &View<'_, '_>, asked: &[Before]) -> Before {
    let talk = view.talk;
    if asked.iter().any(|one| matches!(one, Before::Raw | Before::Reframed)) {
        return Passage::of(view.talks).before_answer();
    }
    let (Some(answer), Some(request)) = (talk.finals().next(), talk.requests.first()) else {
        return Before::Nothing;
    };
    let end = answer.at + answer.head.len;
    let heard = talk.heard_before(end.saturating_sub(1));
    if heard > request.body.end { Before::Octets } else { Before::Nothing }
}

/// What came in this tunnel of what our other end sent into its own.
fn got(view: &View<'_, '_>) -> Got {
    let passage = Passage::of(view.talks);
    match view.talk.link.we {
        Party::Client => passage.got_at_client(view.talk),
        Party::Server => passage.got_at_origin(),
    }
}

pub(crate) fn holds(octets: &[u8], part: &[u8]) -> bool {
    part.is_empty() || octets.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3986_6_2_2_targets_that_mean_the_same() {
        let same = [
            ("/a?b", "/a?b"),
            ("/%7eb", "/~b"),
            ("/a%2fb", "/a%2Fb"),
            ("http://127.0.0.1:81/a?b", "/a?b"),
            ("WS://host", "/"),
            ("ws://host?q", "?q"),
            ("/%zz", "/%zz"),
        ];
        for (one, other) in same {
            assert_eq!(normal(one.as_bytes()), normal(other.as_bytes()), "{one}");
        }
        for (one, other) in [("/a%2Fb", "/a/b"), ("/A", "/a"), ("/?", "/"), ("/a//b", "/a/b")] {
            assert_ne!(normal(one.as_bytes()), normal(other.as_bytes()), "{one}");
        }
    }
}
