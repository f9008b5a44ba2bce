//! Tells the runner how far an exchange has come, so that it waits no longer than it must.
//! Never decides a verdict.

use upspec_corpus::case::{Case, Tunnel};
use upspec_handshake::{Status, starts_like_http};

use crate::expect::{self, Pong};
use crate::reading::{BodyState, Ending, Reading};

/// How far an exchange has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The status of each response head that is complete, in order, interim ones included.
    pub heads: Vec<u16>,
    /// What else can change the outcome.
    pub awaits: Awaits,
}

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

/// How far an exchange has come, given all that was written by the steps and all that was read.
#[must_use]
pub fn progress(case: &Case, written: &[u8], read: &[u8]) -> Progress {
    let reading = Reading::of_bytes(case, written, read, STILL_OPEN);
    let heads = reading
        .responses
        .iter()
        .filter_map(|response| response.head.status)
        .collect();
    Progress {
        heads,
        awaits: awaits(case, &reading),
    }
}

fn awaits(case: &Case, reading: &Reading<'_>) -> Awaits {
    let Some(answer) = reading.answer() else {
        let decided = matches!(starts_like_http(reading.read), Status::Complete(false));
        let junk = decided && reading.responses.is_empty() && !reading.read.is_empty();
        return if junk {
            Awaits::Nothing
        } else {
            Awaits::Octets
        };
    };
    if answer.head.status == Some(101) {
        return tunnel_awaits(case, reading);
    }
    let complete = reading
        .responses
        .iter()
        .all(|one| one.body_state == BodyState::Complete);
    if !complete {
        return Awaits::Octets;
    }
    if end_matters(case, reading) || answer.ends_connection() {
        Awaits::End
    } else {
        Awaits::Nothing
    }
}

fn tunnel_awaits(case: &Case, reading: &Reading<'_>) -> Awaits {
    let mut wants = case
        .expect
        .iter()
        .filter_map(|alternative| alternative.tunnel);
    let there = wants.clone().any(|want| match want {
        Tunnel::PingPong => matches!(expect::ponged(reading), Pong::Same),
        Tunnel::Echo => expect::echoed(reading),
        _ => false,
    });
    let end = wants
        .clone()
        .any(|want| matches!(want, Tunnel::NoPong | Tunnel::PingUnanswered));
    if there && !end && !end_matters(case, reading) {
        return Awaits::Nothing;
    }
    if wants.next().is_some() {
        return Awaits::Octets;
    }
    if end_matters(case, reading) {
        Awaits::End
    } else {
        Awaits::Nothing
    }
}

/// Whether an alternative for this outcome says what must become of the connection.
fn end_matters(case: &Case, reading: &Reading<'_>) -> bool {
    let outcome = reading.outcome();
    let mut open = case
        .expect
        .iter()
        .filter(|alternative| alternative.outcomes.covers(outcome));
    open.any(|alternative| alternative.connection.is_some())
}

const STILL_OPEN: Ending = Ending {
    by_peer: false,
    by_us: false,
    unclean: false,
    deadline: false,
    at_the_last: false,
    cap: false,
};
