//! Holds the alternatives of a case against what was read.
//! Never looks at rules that the case does not name; the validators do that.

use upspec_corpus::case::{
    Alpn, Case, Connection, Expectation, FieldMatcher, FieldTest, Grade, Outcome, Tunnel,
};
use upspec_corpus::template::{Part, Template};
use upspec_handshake::Party;
use upspec_handshake::field::{elements, is_tchar};
use upspec_handshake::frame::{Frame, opcode};
use upspec_handshake::h2::{self, ErrorCode};

use crate::inflate::Inflater;
use crate::reading::{Http2, Reading};
use crate::text::{shown, spelled};
use crate::tunnel::{frames, frames_within};

/// What the alternatives of a case make of an exchange.
pub(crate) enum Matched<'c> {
    /// This alternative describes it.
    Alternative(&'c Expectation),
    /// None does; the phrase says what was seen and, where an alternative was near, what it lacks.
    Nothing(String),
}

/// Finds the first alternative that describes what was read.
pub(crate) fn matched<'c>(case: &'c Case, reading: &Reading<'_>) -> Matched<'c> {
    let outcome = reading.outcome();
    let mut misses = Vec::new();
    for expectation in &case.expect {
        if !expectation.outcomes.covers(outcome) {
            continue;
        }
        let missing = shortcomings(expectation, reading);
        if missing.is_empty() {
            return Matched::Alternative(expectation);
        }
        misses.push((expectation.grade, missing.join(" and ")));
    }
    let seen = describe(reading);
    // What a pass lacks says more than what something lesser lacks.
    let passing = misses.iter().find(|(grade, _)| *grade == Grade::Pass);
    match passing.or(misses.first()) {
        Some((_, miss)) => Matched::Nothing(format!("{seen}, but {miss}")),
        None => Matched::Nothing(seen),
    }
}

/// What came of the request, in a phrase that follows "the target".
pub(crate) fn describe(reading: &Reading<'_>) -> String {
    let outcome = reading.outcome();
    match outcome {
        Outcome::Status(status) => format!("answered {status}"),
        Outcome::Class(class) => format!("answered {class}xx"),
        Outcome::Closed if !reading.responses.is_empty() => {
            "closed the connection before the response that the case is about".to_owned()
        }
        Outcome::Closed if reading.ending.tls_broken => {
            "broke the TLS handshake: it chose in ALPN what was not on offer, or spoke no TLS"
                .to_owned()
        }
        Outcome::Closed => "closed the connection without an answer".to_owned(),
        Outcome::Silent if !reading.responses.is_empty() => {
            "did not send the response that the case is about within the window".to_owned()
        }
        Outcome::Silent => "sent nothing within the window".to_owned(),
        Outcome::StreamError => format!("reset the stream{}", with_code(reading)),
        Outcome::ConnectionError => format!("ended the connection{}", with_code(reading)),
        Outcome::NotHttp if reading.http2.is_some() => {
            format!("sent octets that are no HTTP/2: {}", shown(reading.read, 40))
        }
        Outcome::NotHttp if reading.ending.cap => {
            "sent more octets than are kept without ending the response head".to_owned()
        }
        Outcome::NotHttp if reading.read.starts_with(b"HTTP/") => {
            format!("did not end the response head that began {}", shown(reading.read, 40))
        }
        Outcome::NotHttp => format!("sent octets that are no HTTP: {}", shown(reading.read, 40)),
    }
}

fn with_code(reading: &Reading<'_>) -> String {
    match reading.http2.and_then(Http2::failure) {
        Some((_, code)) => format!(" with {code}"),
        None => String::new(),
    }
}

/// The short name of the branch that a target took.
pub(crate) fn label(reading: &Reading<'_>) -> String {
    let outcome = reading.outcome();
    match reading.http2.and_then(Http2::failure) {
        Some((failure, code)) if failure == outcome => format!("{outcome} {code}"),
        _ => outcome.to_string(),
    }
}

fn shortcomings(expectation: &Expectation, reading: &Reading<'_>) -> Vec<String> {
    let fields = expectation.fields.iter().filter_map(|matcher| field_miss(matcher, reading));
    let connection = expectation.connection.and_then(|want| connection_miss(want, reading));
    let tunnel = expectation.tunnel.and_then(|want| tunnel_miss(want, reading));
    let alpn = expectation.alpn.and_then(|want| alpn_miss(want, reading));
    let code = code_miss(&expectation.codes, reading);
    let rest = connection.into_iter().chain(tunnel);
    fields.chain(rest).chain(alpn).chain(code).collect()
}

fn alpn_miss(want: Alpn, reading: &Reading<'_>) -> Option<String> {
    let wanted = match want {
        Alpn::H2 => Some("h2"),
        Alpn::Http11 => Some("http/1.1"),
        Alpn::None => None,
    };
    if reading.ending.tls_broken {
        return Some("the TLS handshake was broken off".to_owned());
    }
    (reading.alpn != wanted).then(|| match reading.alpn {
        Some(chosen) => format!("ALPN chose {}", spelled(chosen.as_bytes())),
        None => "ALPN chose nothing".to_owned(),
    })
}

fn code_miss(codes: &[ErrorCode], reading: &Reading<'_>) -> Option<String> {
    let (_, code) = reading.http2.and_then(Http2::failure)?;
    let wanted = codes.is_empty() || codes.iter().any(|want| *want == code);
    (!wanted).then(|| format!("the code is {code}"))
}

fn field_miss(matcher: &FieldMatcher, reading: &Reading<'_>) -> Option<String> {
    let name = &matcher.name;
    let value = reading.answer().and_then(|answer| answer.head.fields.combined(name));
    let Some(value) = value else {
        return match matcher.test {
            FieldTest::Absent | FieldTest::NoToken(_) => None,
            _ => Some(format!("without {name}")),
        };
    };
    let seen = || format!("with {name}: {}", shown(&value, 80));
    let miss = match &matcher.test {
        FieldTest::Present => return None,
        FieldTest::Absent => return Some(seen()),
        FieldTest::Equals(want) => !is(&value, want),
        FieldTest::Token(want) => !has_element(&value, want, whole),
        FieldTest::NoToken(want) => has_element(&value, want, whole),
        FieldTest::Extension(want) => !has_element(&value, want, leading_token),
    };
    miss.then(seen)
}

/// Whether the value is what the template says; the corpus lets no binding into a matcher.
fn is(value: &[u8], want: &Template) -> bool {
    value == literal(want)
}

fn has_element(value: &[u8], want: &Template, part: fn(&[u8]) -> &[u8]) -> bool {
    let want = literal(want);
    elements(value).any(|element| part(element.bytes).eq_ignore_ascii_case(&want))
}

fn whole(element: &[u8]) -> &[u8] {
    element
}

fn leading_token(element: &[u8]) -> &[u8] {
    let end = element.iter().position(|&octet| !is_tchar(octet)).unwrap_or(element.len());
    &element[..end]
}

fn literal(template: &Template) -> Vec<u8> {
    let parts = template.parts.iter().filter_map(|part| match part {
        Part::Bytes(bytes) => Some(bytes.as_slice()),
        Part::Binding(_) => None,
    });
    parts.flatten().copied().collect()
}

fn connection_miss(want: Connection, reading: &Reading<'_>) -> Option<String> {
    let goaway = reading.http2.is_some_and(|http2| !http2.got.goaways.is_empty());
    match (want, reading.ending.by_peer || goaway) {
        (Connection::Closed, false) => Some("the connection stayed open".to_owned()),
        (Connection::Open, true) => Some("the connection was closed".to_owned()),
        _ => None,
    }
}

fn tunnel_miss(want: Tunnel, reading: &Reading<'_>) -> Option<String> {
    match want {
        Tunnel::CloseFrame => missing(close_frame(reading), "no Close frame came"),
        Tunnel::Closed => {
            let closed = close_frame(reading) || ended(reading);
            missing(closed, "the WebSocket connection stayed open")
        }
        Tunnel::Echo => missing(echoed(reading), "the message did not come back"),
        Tunnel::H2c => missing(h2c_answered(reading), "HTTP/2 did not answer the request"),
        Tunnel::Ended => missing(ended(reading), "the stream stayed open"),
        Tunnel::NoPong => missing(matches!(ponged(reading), Pong::None), "a Pong came"),
        Tunnel::PingUnanswered => {
            let answered = matches!(ponged(reading), Pong::Same);
            missing(!answered, "the Ping got its Pong")
        }
        Tunnel::PingPong => match ponged(reading) {
            Pong::Same => None,
            Pong::Other(payload) => {
                Some(format!("the Pong carried {} and not the Ping's data", spelled(&payload)))
            }
            Pong::None => Some("no Pong answered the Ping".to_owned()),
        },
    }
}

fn missing(there: bool, miss: &str) -> Option<String> {
    (!there).then(|| miss.to_owned())
}

/// What came in answer to the Ping of the steps.
pub(crate) enum Pong {
    None,
    Other(Vec<u8>),
    Same,
}

/// Looks for the Pong that carries the payload of the last Ping written. What looks like a Ping in
/// the payload of a frame that is not complete counts: an answer to it should not come.
pub(crate) fn ponged(reading: &Reading<'_>) -> Pong {
    let Some(octets) = reading.tunnel_octets() else {
        return Pong::None;
    };
    let sent = reading.sent_into_tunnel();
    let pings = [frames(sent), frames_within(sent)].concat();
    let Some(ping) = pings.iter().rev().find(|frame| frame.opcode == opcode::PING) else {
        return Pong::None;
    };
    let mut seen = Pong::None;
    for frame in frames(octets).iter().filter(|frame| frame.opcode == opcode::PONG) {
        if frame.payload == ping.payload {
            return Pong::Same;
        }
        seen = Pong::Other(frame.payload.to_vec());
    }
    seen
}

/// Whether a Close frame came before we took leave.
pub(crate) fn close_frame(reading: &Reading<'_>) -> bool {
    let octets = reading.tunnel_octets().unwrap_or_default();
    frames(octets).iter().any(|frame| frame.opcode == opcode::CLOSE)
}

/// Whether the peer ended the stream behind a 101 before we took leave.
fn ended(reading: &Reading<'_>) -> bool {
    let tunnel = reading.tunnel.as_ref();
    tunnel.is_some_and(|tunnel| tunnel.is_over || reading.ending.by_peer)
}

/// Whether a 101 to h2c was kept: SETTINGS come first, and stream 1 has the answer to the request
/// (RFC 7540 3.2).
pub(crate) fn h2c_answered(reading: &Reading<'_>) -> bool {
    let octets = reading.tunnel_octets().unwrap_or_default();
    let got = h2::Connection::read(octets, Party::Server);
    let answered = |stream: &h2::Stream| stream.final_head().is_some();
    got.faults.is_empty() && !got.settings.is_empty() && got.stream(1).is_some_and(answered)
}

/// Whether the last message of the steps came back, compressed or not.
pub(crate) fn echoed(reading: &Reading<'_>) -> bool {
    let Some(octets) = reading.tunnel_octets() else {
        return false;
    };
    let sent = messages(&frames(reading.sent_into_tunnel()));
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
        if compressed { inflater.message(&payload) } else { Some(payload) }
    };
    messages.into_iter().map(data).collect()
}
