//! Whom a breach of a rule for every message is to be held against, where an intermediary stands between our client and
//! our origin: what they sent through it is not its own.

use std::collections::BTreeSet;

use upspec_corpus::case::{Case, Need, Role};
use upspec_exchange::Talk;
use upspec_handshake::Party;
use upspec_handshake::field::upgrade::protocols;

use crate::facts::TargetFacts;
use crate::forwarded::holds;
use crate::rules::{Breach, Rule, breaches_by};

/// The breaches on a link that are the own ones of the party under test.
pub(crate) fn own(
    case: &Case,
    talk: &Talk<'_>,
    talks: &[Talk<'_>],
    facts: &TargetFacts,
    found: Vec<(&'static Rule, Breach)>,
) -> Vec<(&'static Rule, Breach)> {
    if case.role != Role::Intermediary || found.is_empty() {
        return found;
    }
    let ours = ours(talk, talks);
    let is_own = |(rule, breach): &(&Rule, Breach)| {
        !END_TO_END.contains(&rule.name)
            && !ours.contains(breach.requirement)
            && is_bound(breach.requirement, facts)
            && !is_of_no_handshake(breach, talk)
            && !is_relayed(breach, talk, talks)
    };
    found.into_iter().filter(is_own).collect()
}

/// Rules about what a message means, which passes through an intermediary as it is, or about what our origin agrees to,
/// which is the matter of cases.
const END_TO_END: [&str; 12] = [
    "accepted-without-101",
    "allow-of-refused",
    "date",
    "expectation-unasked",
    "fields-of-a-status",
    "fields-of-requests",
    "h2c",
    "request-content",
    "stray-octets",
    "switch",
    "upgrade-of-refused",
    "version-list",
];

/// What RFC 9110 asks of user agents, and no intermediary is one (3.5).
const OF_USER_AGENTS: &str = "rfc9110/7.2-host-first";

/// What we broke ourselves on the other side, as the party that the intermediary is here.
fn ours(talk: &Talk<'_>, talks: &[Talk<'_>]) -> BTreeSet<&'static str> {
    let others = talks.iter().filter(|other| other.link.we != talk.link.we);
    let all = others.flat_map(|other| breaches_by(other, other.link.we));
    all.map(|(_, breach)| breach.requirement).collect()
}

/// Whether a rule binds an intermediary at all: what RFC 6455 and its extensions ask of the ends of a WebSocket
/// connection binds only one that is such an end.
fn is_bound(requirement: &str, facts: &TargetFacts) -> bool {
    if requirement == OF_USER_AGENTS {
        return false;
    }
    let of_ends = ["rfc6455/", "rfc7692/", "rfc6265/", "rfc4648/"];
    facts.has(Need::Terminates) || !of_ends.iter().any(|rfc| requirement.starts_with(rfc))
}

/// Whether a breach of what RFC 6455 asks of an opening handshake is about a request that offers no WebSocket. What is
/// left of a handshake whose Upgrade does not go on is a plain request (RFC 9110 7.8).
fn is_of_no_handshake(breach: &Breach, talk: &Talk<'_>) -> bool {
    let Some(at) = breach.at.as_ref().filter(|_| talk.tested() == Party::Client) else {
        return false;
    };
    let is_it = |at: usize| talk.requests.iter().rfind(|one| one.at <= at);
    breach.requirement.starts_with("rfc6455/4.1-")
        && is_it(at.start).is_some_and(|request| {
            let mut named = protocols(request.head.fields.values("Upgrade")).flatten();
            !named.any(|protocol| protocol.is_websocket())
        })
}

/// Whether the octets of a breach are no message of the intermediary's own but what one of our ends sent through a tunnel:
/// requests behind our 101, and what stands behind a 101 as our origin wrote it.
fn is_relayed(breach: &Breach, talk: &Talk<'_>, talks: &[Talk<'_>]) -> bool {
    let Some(at) = breach.at.as_ref().filter(|_| talk.http2.is_none()) else {
        return false;
    };
    let Some(switch) = talk.responses.iter().find(|one| one.head.status == Some(101)) else {
        return false;
    };
    let tested = talk.tested();
    if tested == Party::Client {
        let asked = switch.request.and_then(|index| talk.requests.get(index));
        return asked.is_some_and(|request| request.body.end <= at.start);
    }
    let origins = talks.iter().filter(|other| other.link.we == tested);
    let octets = talk.sent(tested).get(at.clone()).filter(|octets| !octets.is_empty());
    let is_theirs = |octets: &[u8]| {
        origins.map(|origin| origin.sent(tested)).any(|written| holds(written, octets))
    };
    switch.body.end <= at.start && octets.is_some_and(is_theirs)
}
