//! The reference server that ships, over HTTP/1 and HTTP/2: it does not panic, how octets arrive
//! does not matter, and every response that it writes is well-formed, permitted, and passes the
//! check of a switch.

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use upspec_handshake::field::chunked::{Chunked, ChunkedReader};
use upspec_handshake::field::framing::Framing;
use upspec_handshake::field::upgrade::protocols;
use upspec_handshake::frame::{Compression, FrameReader, FrameViolation};
use upspec_handshake::h2::message::{ListKind, violations};
use upspec_handshake::h2::{Connection, PREFACE};
use upspec_handshake::permitted::{Endpoint, Grade, permitted};
use upspec_handshake::{Party, RequestHead, ResponseHead, Status, ViolationKind, peer};
use upspec_reference::{Action, Config, Session, Variation};

use crate::pieces::Cuts;
use crate::planted;
use crate::seeds::Material;

/// Checks one input of the target `server`: how the server is set up, how to cut, then what a client
/// sends.
pub fn server(input: &[u8]) {
    let Some((set_up, rest)) = input.split_first() else {
        return;
    };
    let (cuts, octets) = Cuts::take(rest);
    let config = Arc::new(config(*set_up, octets));
    let said = Said::play(&config, [octets]);
    let in_pieces = Said::play(&config, cuts.of(octets));
    assert_eq!(in_pieces, said, "it matters how the octets arrive");
    if octets.starts_with(BEGINNING) && !config.variations.contains(&Variation::Http2Off) {
        http2(octets, &said.octets, &config);
    } else {
        http1(octets, &said);
    }
}

/// The lawful variation that the first octet names, if any.
fn config(set_up: u8, octets: &[u8]) -> Config {
    let variation = Variation::ALL.get(usize::from(set_up)).copied();
    let origins = if set_up == u8::MAX { vec!["http://good.example".into()] } else { Vec::new() };
    let variations = variation.into_iter().collect();
    planted::config(Config { variations, origins, ..Config::default() }, octets)
}

/// What the server writes, and whether it closes.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    octets: Vec<u8>,
    closes: bool,
}

impl Said {
    fn play<'o>(config: &Arc<Config>, pieces: impl IntoIterator<Item = &'o [u8]>) -> Self {
        let mut session = Session::new(Arc::clone(config));
        let mut said = Self { octets: Vec::new(), closes: false };
        let mut take = |actions: Vec<Action>| {
            for action in actions {
                match action {
                    Action::Write(octets) => {
                        assert!(!said.closes, "it writes after it has closed");
                        said.octets.extend(octets);
                    }
                    Action::Close => said.closes = true,
                    Action::Pause(_) => {}
                }
            }
        };
        for piece in pieces {
            take(session.receive(UNIX_EPOCH, piece));
        }
        said
    }
}

/// One response after another, each held against its request, up to a switch.
fn http1(sent: &[u8], said: &Said) {
    let (mut request_at, mut at) = (0, 0);
    while at < said.octets.len() {
        let Status::Complete(response) = ResponseHead::parse(&said.octets[at..]) else {
            panic!("no response: {}", said.octets[at..].escape_ascii());
        };
        assert_eq!(response.violations, [], "{response:?}");
        at += response.len;
        if response.is_interim() && response.status != Some(101) {
            continue;
        }
        let request = RequestHead::parse(&sent[request_at..]).complete();
        let rest = &said.octets[at..];
        at += content(&response, request.as_ref(), rest.len());
        assert!(at <= said.octets.len(), "the content is cut off");
        let Some(request) = request else {
            assert!(said.closes && at == said.octets.len(), "it goes on after half a request");
            return;
        };
        answered(&request, &response);
        if response.status == Some(101) {
            let behind = &sent[request_at + request.len..];
            return switched(&request, &response, rest, behind);
        }
        if closes(&response) {
            assert!(said.closes && at == said.octets.len(), "it goes on after it said close");
            return;
        }
        request_at += request.len + body(&request, &sent[request_at + request.len..]);
    }
}

/// How many octets the content of a response takes, of those that are left. Where a request line is
/// none, or the head is not whole, whether it says HEAD is for the server to say.
fn content(response: &ResponseHead<'_>, request: Option<&RequestHead<'_>>, left: usize) -> usize {
    let mut kinds = request.iter().flat_map(|head| &head.violations).map(|one| one.kind);
    let is_read = request.is_some() && kinds.all(|kind| kind != ViolationKind::RequestLineShape);
    let method = request.filter(|_| is_read).map_or(&b"GET"[..], |head| head.method);
    match Framing::of_response(response, method) {
        Framing::None => 0,
        Framing::Length(_) if !is_read && left == 0 => 0,
        Framing::Length(length) => length as usize,
        other => panic!("a response with {other:?}"),
    }
}

fn closes(response: &ResponseHead<'_>) -> bool {
    let options = response.fields.values("Connection");
    upspec_handshake::field::connection::contains_option(options, "close")
}

/// How many octets the content of a request takes that has been answered.
fn body(request: &RequestHead<'_>, rest: &[u8]) -> usize {
    match Framing::of_request(request) {
        Framing::Length(length) => length as usize,
        Framing::Chunked => match ChunkedReader::default().read(rest) {
            Chunked::Complete(length) => length,
            other => panic!("answered before the content ends: {other:?}"),
        },
        _ => 0,
    }
}

/// The answer is permitted, and nothing is wrong with what switches.
fn answered(request: &RequestHead<'_>, response: &ResponseHead<'_>) {
    let endpoint =
        Endpoint { switches: true, negotiates_subprotocols: true, negotiates_extensions: true };
    let permitted = permitted(request, &endpoint);
    let ruling = response.status.and_then(|status| permitted.ruling_on(request, status));
    let is_lawful = ruling.is_some_and(|ruling| ruling.grade < Grade::Forbidden);
    // The rules of WebSocket do not say which other protocols a server may switch to.
    let is_other = response.status == Some(101)
        && response.is_http1()
        && !peer::opens_websocket(response, Some(request));
    assert!(is_lawful || is_other, "{response:?} to {request:?} is {ruling:?}");
    assert_eq!(peer::check(response, Some(request)), [], "{response:?} to {request:?}");
}

/// What follows a 101 belongs to the protocol that it names.
fn switched(request: &RequestHead<'_>, response: &ResponseHead<'_>, octets: &[u8], client: &[u8]) {
    let mut named = protocols(response.fields.values("Upgrade")).flatten();
    if named.any(|protocol| protocol.name == b"h2c") {
        let said = Connection::read(octets, Party::Server);
        assert_eq!(said.violations, []);
        return;
    }
    assert!(peer::opens_websocket(response, Some(request)));
    assert_eq!(frames(octets, response, client), b"", "half a frame");
}

/// Reads well-formed frames, and hands back an unfinished one.
fn frames<'o>(mut octets: &'o [u8], response: &ResponseHead<'_>, client: &[u8]) -> &'o [u8] {
    let compression = match response.fields.contains("Sec-WebSocket-Extensions") {
        true => Compression::PermessageDeflate,
        false => Compression::None,
    };
    let mut reader = FrameReader::new(Party::Server, compression);
    while let Status::Complete(frame) = reader.read(octets) {
        // It echoes the code of a Close frame (RFC 6455 5.5.1), also one that only clients use.
        let is_echo = |one: &FrameViolation| {
            *one == FrameViolation::CloseCodeOfClient
                && closes_with(client, compression, frame.close_code())
        };
        let odd = frame.violations.iter().find(|one| !is_echo(one));
        assert_eq!(odd, None, "{frame:?}");
        octets = &octets[frame.len..];
    }
    octets
}

/// Whether a client sends a Close frame with this code.
fn closes_with(mut octets: &[u8], compression: Compression, code: Option<u16>) -> bool {
    let mut reader = FrameReader::new(Party::Client, compression);
    while let Status::Complete(frame) = reader.read(octets) {
        if frame.close_code() == code {
            return true;
        }
        octets = &octets[frame.len..];
    }
    false
}

/// The frames are in order, and so is each response on its stream.
fn http2(sent: &[u8], octets: &[u8], config: &Config) {
    let asked = Connection::read(sent, Party::Client);
    let said = Connection::read(octets, Party::Server);
    assert_eq!(said.violations, []);
    for (id, stream) in &said.streams {
        let (Some(head), Some(asking)) = (stream.final_head(), asked.stream(*id)) else {
            continue;
        };
        assert_eq!(violations(&head.list, ListKind::Response), [], "{head:?}");
        let (response, list) = (head.list.response(), &asking.heads[0].list);
        let kind = match config.variations.contains(&Variation::NoExtendedConnect) {
            true => ListKind::Request,
            false => ListKind::RequestExtended,
        };
        if violations(list, kind).is_empty() {
            let request = list.request();
            answered(&request, &response);
            if peer::opens_websocket(&response, Some(&request)) {
                frames(&stream.data, &response, &asking.data);
            }
        } else {
            assert!(response.status >= Some(400), "{response:?} to {list:?}");
        }
    }
}

/// So much of the preface of HTTP/2 decides that it is spoken: what looks like a head of HTTP/1.
const BEGINNING: &[u8] = PREFACE.split_at(18).0;

/// What the cases send, to the server as it is and to its variations. Of HTTP/2, what the server
/// answers without an error.
pub(crate) fn seeds(material: &Material) -> Vec<Vec<u8>> {
    let variations = Variation::ALL.len() as u8;
    let is_error = |octets: &[u8]| {
        let said = Said::play(&Arc::default(), [octets]);
        let read = Connection::read(&said.octets, Party::Server);
        let mut heads = read.streams.values().filter_map(|stream| stream.final_head());
        heads.any(|head| head.list.status() >= Some(400))
    };
    let requests = material.requests.iter();
    let kept = requests.filter(|octets| !octets.starts_with(PREFACE) || !is_error(octets));
    let set_up = |index: usize| [u8::MAX, 254, index as u8 % variations][index % 3];
    kept.enumerate().map(|(index, octets)| [&[set_up(index), 0], &octets[..]].concat()).collect()
}
