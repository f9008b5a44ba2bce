//! What can still change the outcome of a case, so that nobody waits longer than needed.

use upspec_corpus::case::{self, Case, Conditions, Expectation, Grade, Need, Outcome};
use upspec_exchange::{BodyState, Http2, Talk};
use upspec_handshake::{Party, Status, starts_like_http};

use crate::expect::{self, Matched, Pong};
use crate::forwarded;
use crate::view::View;

/// What can still change the outcome of an exchange whose steps have all been played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaits {
    /// The connection's end and nothing else.
    End,
    /// Nothing.
    Nothing,
    /// More octets.
    Octets,
}

/// What can still change the outcome, given what was said on a link so far, and whether the client is known
/// to report its messages.
#[must_use]
pub fn awaits(case: &Case, talk: &Talk<'_>, reports: bool) -> Awaits {
    // What passes between two connections may come at any time.
    if case.expect.iter().any(|one| !one.ends.is_empty()) {
        return Awaits::Octets;
    }
    let view = View::on(case, talk);
    if talk.tested() == Party::Client && asks_of_client(case) {
        return client_awaits(case, &view, reports);
    }
    match view.http2() {
        Some(http2) => stream_awaits(case, &view, http2),
        None => response_awaits(case, &view),
    }
}

/// Whether an alternative names what only a client can do.
fn asks_of_client(case: &Case) -> bool {
    let names = |one: &Expectation| one.wants.status.0.iter().any(|one| !one.is_of(Party::Server));
    case.expect.iter().any(names)
}

fn client_awaits(case: &Case, view: &View<'_, '_>, reports: bool) -> Awaits {
    let asks_of_tunnel = case.expect.iter().any(|one| one.wants.tunnel.is_some());
    let told = is_told(case, view);
    let reports = reports || !view.talk.reports().is_empty();
    match view.outcome() {
        Outcome::Silent => Awaits::Octets,
        Outcome::Opened | Outcome::WentOn if told == Some(false) && reports => Awaits::Octets,
        // A Close that names a failure may still follow the Pong.
        Outcome::WentOn
            if fails(case, Outcome::WentOn) && !passes(case, view) && !view.is_ended() =>
        {
            Awaits::Octets
        }
        Outcome::Opened | Outcome::WentOn if asks_of_tunnel => tunnel_awaits(case, view),
        _ if end_matters(case, view) => Awaits::End,
        _ => Awaits::Nothing,
    }
}

fn fails(case: &Case, outcome: Outcome) -> bool {
    let mut named = case.expect.iter().filter(|one| one.grade == Grade::Fail);
    named.any(|one| one.wants.status.0.contains(&outcome))
}

/// Whether what has come fits an alternative that passes.
fn passes(case: &Case, view: &View<'_, '_>) -> bool {
    passing(case, view).is_some()
}

/// The alternative that passes and that what has come fits.
fn passing<'c>(case: &'c Case, view: &View<'_, '_>) -> Option<&'c Expectation> {
    match expect::matched(case, view) {
        Matched::Alternative(one) if one.grade == Grade::Pass => Some(one),
        _ => None,
    }
}

/// Whether the messages have been reported that the case is about, if it is about any.
fn is_told(case: &Case, view: &View<'_, '_>) -> Option<bool> {
    let wants = case.expect.iter().map(|one| &one.wants);
    let asking: Vec<&Conditions> = wants.filter(|wants| !wants.messages.is_empty()).collect();
    let told = asking.iter().any(|wants| forwarded::reported(wants, view.talk));
    (!asking.is_empty()).then_some(told)
}

/// What can still change the outcome on the stream of HTTP/2 that the case is about.
fn stream_awaits(case: &Case, view: &View<'_, '_>, http2: &Http2) -> Awaits {
    if http2.unacknowledged().is_some() {
        return Awaits::Octets;
    }
    let whole = match view.answer() {
        None => http2.is_decided(),
        Some(_) if view.talk.tunnel.is_some() && !http2.is_decided() => {
            return tunnel_awaits(case, view);
        }
        Some(answer) => answer.body_state == BodyState::Complete || http2.is_decided(),
    };
    match (whole, end_matters(case, view)) {
        (false, _) => Awaits::Octets,
        (true, true) => Awaits::End,
        (true, false) => Awaits::Nothing,
    }
}

fn response_awaits(case: &Case, view: &View<'_, '_>) -> Awaits {
    let Some(answer) = view.answer() else {
        let octets = view.answered_octets();
        let decided = matches!(starts_like_http(octets), Status::Complete(false));
        let junk = decided && view.talk.responses.is_empty() && !octets.is_empty();
        return if junk { Awaits::Nothing } else { Awaits::Octets };
    };
    if case.is_about_cost() {
        return measured_awaits(view);
    }
    if answer.head.status == Some(101) {
        return tunnel_awaits(case, view);
    }
    let complete = view.talk.responses.iter().all(|one| one.body_state == BodyState::Complete);
    if !complete {
        return Awaits::Octets;
    }
    if end_matters(case, view) || answer.ends_connection() { Awaits::End } else { Awaits::Nothing }
}

/// What is measured is the time until the first octet of an answer, in a tunnel to what was sent there.
fn measured_awaits(view: &View<'_, '_>) -> Awaits {
    let is_tunnelled =
        |party: Party| !view.talk.tunnel_octets(party).unwrap_or_default().is_empty();
    match is_tunnelled(Party::Client) && !is_tunnelled(Party::Server) {
        true => Awaits::Octets,
        false => Awaits::Nothing,
    }
}

fn tunnel_awaits(case: &Case, view: &View<'_, '_>) -> Awaits {
    let mut wants = case.expect.iter().filter_map(|alternative| alternative.wants.tunnel);
    let there = wants.clone().any(|want| match want {
        case::Tunnel::PingPong => matches!(expect::ponged(view), Pong::Same),
        case::Tunnel::Echo => expect::echoed(view),
        case::Tunnel::H2c => expect::h2c_answered(view),
        _ => false,
    });
    let mut unanswered = wants
        .clone()
        .filter(|want| matches!(want, case::Tunnel::NoPong | case::Tunnel::PingUnanswered));
    let is_answer = |one: &Expectation| one.wants.tunnel == Some(case::Tunnel::PingPong);
    let is_decided = unanswered.next().is_none() || passing(case, view).is_some_and(is_answer);
    if there && is_decided && !end_matters(case, view) {
        return Awaits::Nothing;
    }
    if wants.next().is_some() {
        return Awaits::Octets;
    }
    if end_matters(case, view) { Awaits::End } else { Awaits::Nothing }
}

/// Whether only a Pong, or the Close frame that answers ours, can still change the outcome of a case that has switched.
pub(crate) fn is_due_soon(case: &Case, view: &View<'_, '_>) -> bool {
    let is_switched = view.talk.tunnel.is_some() && view.http2().is_none();
    let outcome = view.outcome();
    let mut open = case.expect.iter().map(|one| (one.covers(outcome), &one.wants));
    let is_due = |tunnel: case::Tunnel| match tunnel {
        case::Tunnel::PingPong => true,
        // The control's Close was answered, and this one is sent, too.
        case::Tunnel::CloseFrame => case.needs.contains(&Need::Close),
        _ => false,
    };
    is_switched
        && case.same_as.is_none()
        && open.all(|(covers, wants)| {
            !covers || wants.connection.is_none() && wants.tunnel.is_none_or(is_due)
        })
}

/// Whether an alternative for this outcome says what must happen to the connection.
fn end_matters(case: &Case, view: &View<'_, '_>) -> bool {
    let outcome = view.outcome();
    let mut open = case.expect.iter().filter(|alternative| alternative.covers(outcome));
    open.any(|alternative| alternative.wants.connection.is_some())
}
