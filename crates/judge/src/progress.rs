//! Tells the runner how far an exchange has come, so that it waits no longer than it must.
//! Never decides a verdict.

use upspec_corpus::case::{self, Case};
use upspec_exchange::{BodyState, Http2, Talk, Tunnel};
use upspec_handshake::field::elements_of;
use upspec_handshake::h2::frame::frames;
use upspec_handshake::h2::{ErrorCode, PREFACE, kind, write};
use upspec_handshake::{Status, starts_like_http};

use crate::expect::{self, Pong};
use crate::owed::{is_between_frames, owed};
use crate::view::View;

/// How far an exchange has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The status of each response head that is complete, in order, interim ones included. In HTTP/2
    /// those on the stream that the steps used last.
    pub heads: Vec<u16>,
    /// What else can change the outcome.
    pub awaits: Awaits,
    /// What HTTP/2 adds; nothing elsewhere.
    pub http2: Http2Progress,
}

/// What there is to know of an exchange in HTTP/2 besides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Http2Progress {
    /// The stream that the heads are of.
    pub stream: u32,
    /// The peer's first SETTINGS came.
    pub settings: bool,
    /// All that the peer's frames have obliged us to write so far, in order: what was owed earlier is
    /// its beginning. Empty as long as it would cut what the steps write.
    pub owed: Vec<u8>,
}

/// How to leave a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leave {
    /// What to write.
    pub octets: Vec<u8>,
    /// Whether the peer is the one to end the connection then.
    pub awaits_end: bool,
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

/// How far a link has come, given what was said on it so far.
#[must_use]
pub fn progress(case: &Case, talk: &Talk<'_>) -> Progress {
    let view = View::on(case, talk);
    Progress {
        heads: talk.statuses().collect(),
        awaits: awaits(case, &view),
        http2: http2_progress(talk),
    }
}

fn http2_progress(talk: &Talk<'_>) -> Http2Progress {
    let (we, peer) = (talk.link.we, talk.tested());
    if let Some(http2) = talk.http2 {
        return Http2Progress {
            stream: http2.stream,
            settings: !http2.server.settings.is_empty(),
            owed: owed(talk.sent(we), talk.sent(peer)),
        };
    }
    match &talk.tunnel {
        // A 101 to h2c: what follows is HTTP/2 on both sides (RFC 7540 3.2).
        Some(tunnel) if tunnel.sent(we).starts_with(PREFACE) => Http2Progress {
            stream: 0,
            settings: frames(tunnel.sent(peer)).any(|frame| frame.kind == kind::SETTINGS),
            owed: owed(tunnel.sent(we), tunnel.sent(peer)),
        },
        _ => Http2Progress::default(),
    }
}

/// How to leave a link, given what was said on it: a WebSocket connection with this Close frame,
/// HTTP/2 with GOAWAY.
#[must_use]
pub fn leave(talk: &Talk<'_>, close: &[u8]) -> Leave {
    let sent = talk.sent(talk.link.we);
    let begins_http2 = |tunnel: &Tunnel<'_>| tunnel.sent(talk.link.we).starts_with(PREFACE);
    let goaway = || write::goaway(0, ErrorCode::NO_ERROR, b"");
    match (talk.http2, &talk.tunnel) {
        (None, None) => Leave::default(),
        (None, Some(tunnel)) if begins_http2(tunnel) => {
            Leave { octets: goaway(), awaits_end: false }
        }
        (None, Some(_)) if is_to_another_protocol(talk) => Leave::default(),
        (None, Some(_)) => Leave { octets: close.to_vec(), awaits_end: true },
        (Some(_), _) if !is_between_frames(sent) => Leave::default(),
        (Some(http2), Some(tunnel)) if !tunnel.is_over && http2.is_open_for_client() => Leave {
            octets: [write::data(http2.stream, close, 0), goaway()].concat(),
            awaits_end: true,
        },
        (Some(_), _) => Leave { octets: goaway(), awaits_end: false },
    }
}

/// Whether HTTP/1.1 ended with a 101 that names something else than WebSocket: a Close frame would be
/// noise there.
fn is_to_another_protocol(talk: &Talk<'_>) -> bool {
    let last = talk.responses.last();
    let named = last.and_then(|last| last.head.fields.combined("Upgrade"));
    let is_websocket = |element: &[u8]| element.eq_ignore_ascii_case(b"websocket");
    named.is_some_and(|named| !elements_of([&named[..]]).any(is_websocket))
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

/// What can still change the outcome of what was read so far.
pub(crate) fn awaits(case: &Case, view: &View<'_, '_>) -> Awaits {
    match view.http2() {
        Some(http2) => stream_awaits(case, view, http2),
        None => response_awaits(case, view),
    }
}

fn response_awaits(case: &Case, view: &View<'_, '_>) -> Awaits {
    let Some(answer) = view.answer() else {
        let octets = view.answered_octets();
        let decided = matches!(starts_like_http(octets), Status::Complete(false));
        let junk = decided && view.talk.responses.is_empty() && !octets.is_empty();
        return if junk { Awaits::Nothing } else { Awaits::Octets };
    };
    if answer.head.status == Some(101) {
        return tunnel_awaits(case, view);
    }
    let complete = view.talk.responses.iter().all(|one| one.body_state == BodyState::Complete);
    if !complete {
        return Awaits::Octets;
    }
    if end_matters(case, view) || answer.ends_connection() { Awaits::End } else { Awaits::Nothing }
}

fn tunnel_awaits(case: &Case, view: &View<'_, '_>) -> Awaits {
    let mut wants = case.expect.iter().filter_map(|alternative| alternative.tunnel);
    let there = wants.clone().any(|want| match want {
        case::Tunnel::PingPong => matches!(expect::ponged(view), Pong::Same),
        case::Tunnel::Echo => expect::echoed(view),
        case::Tunnel::H2c => expect::h2c_answered(view),
        _ => false,
    });
    let end = wants
        .clone()
        .any(|want| matches!(want, case::Tunnel::NoPong | case::Tunnel::PingUnanswered));
    if there && !end && !end_matters(case, view) {
        return Awaits::Nothing;
    }
    if wants.next().is_some() {
        return Awaits::Octets;
    }
    if end_matters(case, view) { Awaits::End } else { Awaits::Nothing }
}

/// Whether an alternative for this outcome says what must become of the connection.
fn end_matters(case: &Case, view: &View<'_, '_>) -> bool {
    let outcome = view.outcome();
    let mut open = case.expect.iter().filter(|alternative| alternative.outcomes.covers(outcome));
    open.any(|alternative| alternative.connection.is_some())
}
