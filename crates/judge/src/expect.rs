//! Matches the alternatives of a case against what was read.
//! Does not look at rules that the case does not name; `rules` does.

use upspec_corpus::case::{
    Alpn, Case, Conditions, Connection, Expectation, Grade, LinkName, Outcome, Tunnel,
};
use upspec_corpus::template::{Part, Template};
use upspec_handshake::field::connection::contains_option;
use upspec_handshake::frame::{Frame, opcode};
use upspec_handshake::h2::{self, ErrorCode};
use upspec_handshake::inflate::Inflater;
use upspec_handshake::{Party, Version};

use crate::fields::field_miss;
use crate::forwarded;
use crate::passage::Passage;
use crate::result::Came;
use crate::text::{shown, spelled};
use crate::view::View;
use upspec_exchange::Http2;
use upspec_exchange::frames::{each_frame, frames, frames_within};

/// How the alternatives of a case match an exchange.
pub(crate) enum Matched<'c> {
    /// This alternative describes it.
    Alternative(&'c Expectation),
    /// No alternative does; the phrase says what was seen and, if one was near, what it lacks.
    Nothing(String),
}

/// Finds the first alternative that describes what was read.
pub(crate) fn matched<'c>(case: &'c Case, view: &View<'_, '_>) -> Matched<'c> {
    let outcome = view.outcome();
    let mut misses = Vec::new();
    for expectation in &case.expect {
        if !expectation.covers(outcome) {
            continue;
        }
        let mut missing = shortcomings(&expectation.wants, view);
        for (name, asked) in &expectation.ends {
            missing.extend(end_misses(*name, asked, case, view));
        }
        if missing.is_empty() {
            return Matched::Alternative(expectation);
        }
        misses.push((expectation.grade, missing.join(" and ")));
    }
    let seen = describe(view);
    // What a passing alternative lacks says more than what a lesser one lacks.
    let passing = misses.iter().find(|(grade, _)| *grade == Grade::Pass);
    match passing.or(misses.first()) {
        Some((_, miss)) => Matched::Nothing(format!("{seen}, but {miss}")),
        None => Matched::Nothing(seen),
    }
}

/// The outcome of the request, in a phrase that follows "the target".
pub(crate) fn describe(view: &View<'_, '_>) -> String {
    let outcome = view.outcome();
    match outcome {
        Outcome::Status(status) => format!("answered {status}"),
        Outcome::Class(class) => format!("answered {class}xx"),
        Outcome::Closed if !view.talk.responses.is_empty() => {
            "closed the connection before the response that the case is about".to_owned()
        }
        Outcome::Closed if view.is_tls_broken() => {
            "broke the TLS handshake: it chose a protocol in ALPN that was not offered, or did not speak TLS"
                .to_owned()
        }
        Outcome::Closed => "closed the connection without an answer".to_owned(),
        Outcome::Silent if view.talk.tested() == Party::Client => {
            "sent nothing more within the window".to_owned()
        }
        Outcome::Silent if !view.talk.responses.is_empty() => {
            "did not send within the window the response that the case is about".to_owned()
        }
        Outcome::Silent => "sent nothing within the window".to_owned(),
        Outcome::NoRequest => "ended the connection without a request".to_owned(),
        Outcome::Opened => "opened the connection".to_owned(),
        Outcome::WentOn => "went on".to_owned(),
        Outcome::CloseFrame => "sent a Close frame that names a failure".to_owned(),
        Outcome::CloseNormal => "sent a Close frame that names no failure".to_owned(),
        Outcome::CloseReserved => "sent a Close frame with a code that no frame may have".to_owned(),
        Outcome::Failed => "ended the connection".to_owned(),
        Outcome::Waits => "ended the connection once we had ended our side".to_owned(),
        Outcome::Held => "kept the connection after we had ended our side".to_owned(),
        Outcome::NoConnection => "opened no connection".to_owned(),
        Outcome::Loops => "asked again without end".to_owned(),
        Outcome::RequestAgain => "sent another request".to_owned(),
        Outcome::RequestHere => "sent another request on a connection that has to end".to_owned(),
        Outcome::Sent => "answered as the origin did".to_owned(),
        Outcome::Junk => "sent octets that are neither a request nor masked frames".to_owned(),
        Outcome::StreamError => format!("reset the stream{}", with_code(view)),
        Outcome::ConnectionError => format!("ended the connection{}", with_code(view)),
        Outcome::NotHttp if view.http2().is_some() => {
            format!("sent octets that are not HTTP/2: {}", shown(view.answered_octets(), 40))
        }
        Outcome::NotHttp if view.ending().cap => {
            "sent more octets than are kept without ending the response head".to_owned()
        }
        Outcome::NotHttp if view.answered_octets().starts_with(b"HTTP/") => {
            format!(
                "did not end the response head that began {}",
                shown(view.answered_octets(), 40)
            )
        }
        Outcome::NotHttp => {
            format!("sent octets that are not HTTP: {}", shown(view.answered_octets(), 40))
        }
    }
}

fn with_code(view: &View<'_, '_>) -> String {
    view.code().map(|code| format!(" with {code}")).unwrap_or_default()
}

/// The short name of a request's outcome.
pub(crate) fn label(view: &View<'_, '_>) -> String {
    Came { outcome: view.outcome(), code: view.code() }.to_string()
}

/// What is missing of what is asked of an end by name.
fn end_misses(name: LinkName, asked: &Conditions, case: &Case, view: &View<'_, '_>) -> Vec<String> {
    let missing = match view.at(case, name) {
        None => forwarded::misses_without_link(asked, view.talks),
        Some(at) if !asked.status.0.is_empty() && !asked.status.covers(at.outcome()) => {
            vec![format!("it came to {}", label(&at))]
        }
        Some(at) => shortcomings(asked, &at),
    };
    missing.into_iter().map(|miss| format!("at the {name} {miss}")).collect()
}

/// What is missing of what is asked; the outcome is looked at elsewhere.
fn shortcomings(wants: &Conditions, view: &View<'_, '_>) -> Vec<String> {
    let Conditions { code, alpn, fields, connection, tunnel, .. } = wants;
    let mut missing = Vec::new();
    missing.extend(fields.iter().filter_map(|matcher| field_miss(matcher, view)));
    missing.extend(connection.and_then(|want| connection_miss(want, view)));
    missing.extend(tunnel.and_then(|want| tunnel_miss(want, view)));
    missing.extend(alpn.and_then(|want| alpn_miss(want, view)));
    missing.extend(code_miss(code, view));
    if asks_of_messages(wants) {
        missing.extend(forwarded::misses(wants, view));
    }
    missing
}

/// Whether anything is asked that is looked at in `forwarded` and `message`, which most cases do not. Named to the last,
/// so that none is forgotten.
#[rustfmt::skip]
fn asks_of_messages(wants: &Conditions) -> bool {
    let Conditions {
        status: _, code: _, alpn: _, fields: _, connection: _, tunnel: _,
        ends, responses, requests, request, request_2, before_answer, got, octets, target, messages, pieces, first, body,
        version, interim, interim_fields, answers, line, told, body_not, spelling, request_3, request_2_on, fields_2,
        content,
    } = wants;
    let asks_nothing = ends.is_empty() && responses.is_empty() && requests.is_none() && request.is_empty()
        && request_2.is_empty() && before_answer.is_none() && got.is_empty() && octets.is_none() && target.is_none()
        && messages.is_empty() && pieces.is_none() && first.is_none() && body.is_none() && version.is_none()
        && interim.is_empty() && interim_fields.is_empty() && answers.is_none() && line.is_none() && told.is_none()
        && body_not.is_none() && spelling.is_empty() && request_3.is_empty() && request_2_on.is_none()
        && fields_2.is_empty() && content.is_empty();
    !asks_nothing
}

fn alpn_miss(want: Alpn, view: &View<'_, '_>) -> Option<String> {
    let wanted = match want {
        Alpn::H2 => Some("h2"),
        Alpn::Http11 => Some("http/1.1"),
        Alpn::None => None,
    };
    if view.is_tls_broken() {
        return Some("the TLS handshake was broken off".to_owned());
    }
    (view.talk.link.alpn.as_deref() != wanted).then(|| match view.talk.link.alpn.as_deref() {
        Some(chosen) => format!("ALPN chose {}", spelled(chosen.as_bytes())),
        None => "ALPN chose nothing".to_owned(),
    })
}

fn code_miss(codes: &[ErrorCode], view: &View<'_, '_>) -> Option<String> {
    let code = view.http2().and_then(Http2::failure)?.code;
    let wanted = codes.is_empty() || codes.contains(&code);
    (!wanted).then(|| format!("the code is {code}"))
}

pub(crate) fn literal(template: &Template) -> Vec<u8> {
    let parts = template.parts.iter().filter_map(|part| match part {
        Part::Bytes(bytes) => Some(bytes.as_slice()),
        Part::Binding(_) => None,
    });
    parts.flatten().copied().collect()
}

fn connection_miss(want: Connection, view: &View<'_, '_>) -> Option<String> {
    let goaway = view.http2().is_some_and(|http2| !http2.server.goaways.is_empty());
    match (want, view.is_ended() || goaway) {
        (Connection::Closed, false) => Some("the connection stayed open".to_owned()),
        (Connection::Open, true) => Some("the connection was closed".to_owned()),
        (Connection::Announced, _) => missing(announces_end(view), "no end was announced"),
        _ => None,
    }
}

/// Whether the last response says that the connection ends (RFC 9112 9.3).
fn announces_end(view: &View<'_, '_>) -> bool {
    let last = view.talk.finals().next_back();
    last.is_some_and(|last| {
        let options = || last.head.fields.values("Connection");
        let is_old = last.head.version.is_none_or(|version| version < Version::HTTP_11);
        contains_option(options(), "close") || is_old && !contains_option(options(), "keep-alive")
    })
}

fn tunnel_miss(want: Tunnel, view: &View<'_, '_>) -> Option<String> {
    match want {
        Tunnel::CloseFrame => missing(close_frame(view), "no Close frame came"),
        Tunnel::Closed => {
            let closed = close_frame(view) || ended(view);
            missing(closed, "the WebSocket connection stayed open")
        }
        Tunnel::BothWays => {
            let both = Passage::of(view.talks).is_both_ways(view.talk);
            missing(both, "the tunnel did not carry all octets both ways")
        }
        Tunnel::Echo if echoed(view) => None,
        Tunnel::Echo => Some(missing_echo(view)),
        Tunnel::H2c => h2c_miss(view),
        Tunnel::Ended => missing(ended(view), "the stream stayed open"),
        Tunnel::NoPong => missing(matches!(ponged(view), Pong::None), "a Pong came"),
        Tunnel::PingUnanswered => {
            let answered = matches!(ponged(view), Pong::Same);
            missing(!answered, "the Ping got its Pong")
        }
        Tunnel::PingPong => match ponged(view) {
            Pong::Same => None,
            Pong::Other(payload) => {
                Some(format!("the Pong carried {}, not the Ping's data", spelled(&payload)))
            }
            Pong::None => Some("no Pong answered the Ping".to_owned()),
        },
    }
}

fn missing(there: bool, miss: &str) -> Option<String> {
    (!there).then(|| miss.to_owned())
}

/// What there is to say where the message did not come back.
fn missing_echo(view: &View<'_, '_>) -> String {
    let came = messages(&frames(view.tunnel_octets().unwrap_or_default()));
    let said = match came.iter().any(Option::is_none) {
        true => "what came back does not inflate",
        false => "the message did not come back",
    };
    said.to_owned()
}

/// What came in answer to the Ping of the steps.
pub(crate) enum Pong {
    None,
    Other(Vec<u8>),
    Same,
}

/// Looks for the Pong that carries the payload of the last Ping written. What looks like a Ping in
/// the payload of a frame that is not complete counts, or of one with a reserved opcode: an answer to it should not
/// come.
pub(crate) fn ponged(view: &View<'_, '_>) -> Pong {
    let Some(octets) = view.tunnel_octets() else {
        return Pong::None;
    };
    let sent = view.sent_into_tunnel();
    let is_ping = |frame: &Frame<'_>| frame.opcode == opcode::PING;
    let (mut in_order, mut hidden, mut whole) = (None, None, 0);
    for ref frame in each_frame(sent) {
        whole += frame.len;
        match frame.opcode {
            opcode::PING => in_order = Some(frame.payload.to_vec()),
            0x3..=0x7 | 0xb..=0xf => {
                let last = each_frame(&frame.payload).filter(is_ping).last();
                hidden = last.map(|ping| ping.payload.into_owned()).or(hidden);
            }
            _ => {}
        }
    }
    let within = (whole < sent.len()).then(|| frames_within(sent).into_iter().rfind(is_ping));
    let within = within.flatten().map(|ping| ping.payload.into_owned());
    let Some(ping) = hidden.or(within).or(in_order) else {
        return Pong::None;
    };
    let mut seen = Pong::None;
    for ref frame in each_frame(octets) {
        if frame.opcode != opcode::PONG {
            continue;
        }
        if *frame.payload == ping {
            return Pong::Same;
        }
        seen = Pong::Other(frame.payload.to_vec());
    }
    seen
}

/// Whether a Close frame came before we took leave.
pub(crate) fn close_frame(view: &View<'_, '_>) -> bool {
    let octets = view.tunnel_octets().unwrap_or_default();
    each_frame(octets).any(|frame| frame.opcode == opcode::CLOSE)
}

/// Whether the peer ended the stream after a 101 before we took leave.
fn ended(view: &View<'_, '_>) -> bool {
    let tunnel = view.talk.tunnel.as_ref();
    tunnel.is_some_and(|tunnel| tunnel.is_over || view.is_ended())
}

/// Whether a 101 to h2c was kept.
pub(crate) fn h2c_answered(view: &View<'_, '_>) -> bool {
    h2c_miss(view).is_none()
}

/// What is missing of a switch to h2c: SETTINGS come first, stream 1 has the answer to the request, and
/// each stream that was opened later has its own (RFC 7540 3.2). Then HTTP/2 goes on: a PING is answered, unless
/// the server has taken leave, which it may do at any time (RFC 9113 6.8).
fn h2c_miss(view: &View<'_, '_>) -> Option<String> {
    let octets = view.tunnel_octets().unwrap_or_default();
    let got = h2::Connection::read(octets, Party::Server);
    let asked = h2::Connection::read(view.sent_into_tunnel(), Party::Client);
    let is_answered = |id: &u32| got.stream(*id).is_some_and(|one| one.final_head().is_some());
    if !got.violations.is_empty() || got.settings.is_empty() || !is_answered(&1) {
        return Some("HTTP/2 did not answer the request".to_owned());
    }
    if let Some(leave) = got.connection_error() {
        return Some(format!("HTTP/2 ended with {}", leave.code));
    }
    if !got.goaways.is_empty() || view.is_ended() {
        return None;
    }
    let is_acknowledged =
        |(_, octets): &(usize, [u8; 8])| got.ping_acks.iter().any(|(_, ack)| ack == octets);
    if !asked.pings.iter().all(is_acknowledged) {
        return Some("HTTP/2 did not go on: no PING was answered".to_owned());
    }
    let miss = asked.streams.keys().find(|id| !is_answered(id));
    miss.map(|id| format!("HTTP/2 did not answer the request on stream {id}"))
}

/// Whether the last message of the steps came back, compressed or not.
pub(crate) fn echoed(view: &View<'_, '_>) -> bool {
    let Some(octets) = view.tunnel_octets() else {
        return false;
    };
    let sent = messages(&frames(view.sent_into_tunnel()));
    let Some(Some(last)) = sent.last() else {
        return false;
    };
    let came = messages(&frames(octets));
    came.iter().flatten().any(|message| message == last)
}

/// The data of each message, put together from its frames; `None` where it cannot be inflated.
fn messages(frames: &[Frame<'_>]) -> Vec<Option<Vec<u8>>> {
    let mut messages: Vec<(bool, Vec<u8>)> = Vec::new();
    for frame in frames.iter().filter(|frame| !opcode::is_control(frame.opcode)) {
        match (frame.opcode, messages.last_mut()) {
            (opcode::CONTINUATION, Some((_, message))) => message.extend(&*frame.payload),
            _ => messages.push((frame.rsv != 0, frame.payload.to_vec())),
        }
    }
    let mut inflater = Inflater::new();
    let data = |(compressed, payload): (bool, Vec<u8>)| {
        if compressed { inflater.message(&payload, LONGEST_MESSAGE).ok() } else { Some(payload) }
    };
    messages.into_iter().map(data).collect()
}

/// A limit above the data of any message of a case.
const LONGEST_MESSAGE: usize = 256 * 1024;
