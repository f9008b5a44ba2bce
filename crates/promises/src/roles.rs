//! Our server and our client against each other over any request: they reach the same end however
//! the octets arrive, and the judge finds nothing wrong with what our server wrote.
//! Each reads only what the other sends, apart from the octets after the request.

use upspec_handshake::field::framing::Framing;
use upspec_handshake::peer::table::{ClientState, ServerState};
use upspec_handshake::peer::{
    Client, ClientEvent, Compression, Decision, Failure, Refusal, Server, Service, Transport,
};
use upspec_handshake::{Party, RequestHead, Status};

use crate::both_ends::{self, Answered};
use crate::pieces::Cuts;
use crate::planted;
use crate::seeds::Material;

/// Checks one input of the target `roles`: what the server speaks, how to cut, then a request and
/// what follows it.
pub fn roles(input: &[u8]) {
    let Some((options, rest)) = input.split_first() else {
        return;
    };
    let service = service(*options);
    let (cuts, octets) = Cuts::take(rest);
    server_in_pieces(&service, &cuts, octets);
    let Status::Complete(head) = RequestHead::parse(octets) else {
        return;
    };
    // What follows the request stands for any peer's answer, too.
    client_in_pieces(octets, &cuts, &octets[head.len..]);
    let Some(answered) = both_ends::answer(octets, &service) else {
        panic!("a complete head without an answer");
    };
    // Content comes first, and a server that has not read it answers nothing.
    let has_content = !matches!(Framing::of_request(&head), Framing::None | Framing::Length(0));
    if answered.head_len == head.len && !has_content {
        agree(&head, octets, &planted::answered(&head, answered));
    }
}

/// What the bits of the first octet say.
fn service(options: u8) -> Service {
    let known = [&b"chat"[..], b"superchat", b"v1.x", b"CHAT"];
    let subprotocols = known.iter().enumerate();
    Service {
        transport: Transport::Clear,
        subprotocols: subprotocols
            .filter(|(bit, _)| options & (1 << bit) != 0)
            .map(|(_, name)| name.to_vec())
            .collect(),
        compression: if options & 0x80 == 0 { Compression::Deflate } else { Compression::Declined },
    }
}

fn server_in_pieces(service: &Service, cuts: &Cuts<'_>, octets: &[u8]) {
    let mut whole = Server::new(service.clone());
    let at_once = decided(&mut whole, octets);
    let mut server = Server::new(service.clone());
    let mut said = None;
    for end in cuts.ends(octets.len()) {
        let decision = decided(&mut server, &octets[..end]);
        assert!(said.is_none() || decision.is_none(), "it decides once");
        said = said.or(decision);
    }
    assert_eq!(said, at_once);
    assert_eq!(server.answer(), whole.answer());
    assert_eq!(server.state(), whole.state());
    let is_done =
        matches!(server.state(), ServerState::Switched | ServerState::Http | ServerState::Refused);
    assert_eq!(is_done, at_once.is_some());
    assert!(is_done || octets.len() < HEAD_LIMIT);
}

/// What a server decides about the octets so far, with the length of the head; a head that is too
/// long has none.
fn decided(server: &mut Server, octets: &[u8]) -> Option<Result<(Decision, usize), Refusal>> {
    match server.read(octets) {
        Status::Partial => None,
        Status::Complete(Ok(head)) => Some(Ok((server.decide(&head).clone(), head.len))),
        Status::Complete(Err(refusal)) => Some(Err(refusal)),
    }
}

fn client_in_pieces(request: &[u8], cuts: &Cuts<'_>, answer: &[u8]) {
    let Status::Complete(mut whole) = Client::new(request) else {
        return;
    };
    let mut client = whole.clone();
    assert_eq!(client.send(), request);
    assert_eq!(whole.send(), request);
    assert!(matches!(&Client::end(&mut client.clone())[..], [ClientEvent::Failed(_)]));
    let at_once = whole.receive(answer);
    for event in &at_once {
        if let ClientEvent::Failed(failures) = event {
            failures.iter().for_each(said);
        }
    }
    let in_pieces: Vec<ClientEvent> =
        cuts.of(answer).flat_map(|piece| client.receive(piece)).collect();
    assert_eq!(in_pieces, at_once);
    assert_eq!(client.state(), whole.state());
    assert_eq!(client.head(), whole.head());
    assert_eq!(client.trailing(), whole.trailing());
    let finals = at_once.iter().filter(|event| !matches!(event, ClientEvent::Interim(_)));
    assert!(finals.count() <= 1, "one answer is final: {at_once:?}");
}

/// A failure has words and a requirement, of each party that breaks one.
fn said(failure: &Failure) {
    assert!(!failure.describe().is_empty() && failure.requirement().contains('/'), "{failure:?}");
    if let Failure::Switch(violation) = failure {
        let rules = [Party::Client, Party::Server].map(|party| violation.kind.requirement(party));
        assert!(rules[1].is_some(), "{violation:?}");
    }
}

/// What our server answers is understood by our client and blamed by nobody.
fn agree(head: &RequestHead<'_>, octets: &[u8], answered: &Answered) {
    let frames = &octets[head.len..];
    let sent = [&answered.octets[..], frames].concat();
    let read = both_ends::read_by_client(head, octets, &sent);
    let state = read.client.state();
    match (&answered.decision, &read.events[..]) {
        (
            Decision::Handshake(agreement),
            [ClientEvent::Switched { subprotocol, extensions, head_len }],
        ) => {
            assert_eq!(*subprotocol, agreement.subprotocol);
            assert_eq!(extensions.len(), usize::from(agreement.deflate.is_some()));
            assert_eq!(*head_len, answered.octets.len());
            assert_eq!(read.client.trailing(), frames, "frames are handed on");
            assert_eq!(state, ClientState::Switched);
        }
        (Decision::Request, [ClientEvent::Refused(404)]) => {}
        (Decision::Refuse(refusal), [ClientEvent::Refused(status)]) => {
            assert_eq!(*status, refusal.status);
        }
        (decision, events) => panic!("{decision:?} was read as {events:?}"),
    }
    let failures = both_ends::failures(&both_ends::judged(octets, &answered.octets));
    assert!(failures.is_empty(), "the judge blames our server: {failures:?}");
}

/// The requests with what follows them, for servers of different kinds; and each with the answer of
/// our server behind it.
pub(crate) fn seeds(material: &Material) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (index, request) in material.requests.iter().enumerate() {
        let options = [0x03, 0x83, 0x0f][index % 3];
        seeds.push([&[options, 1, 9], &request[..]].concat());
        if let Some(answered) = both_ends::answer(request, &service(options)) {
            let head = &request[..answered.head_len];
            seeds.push([&[options, 0], head, &answered.octets].concat());
        }
    }
    // What cases have for clients, as answers to a request that offers all that they speak of.
    let answers = material.requests.iter().filter(|text| text.starts_with(b"HTTP/"));
    seeds.extend(answers.map(|answer| [&[0x03, 1, 40], HANDSHAKE, &answer[..]].concat()));
    let long = vec![b'a'; HEAD_LIMIT + 1];
    seeds.push([b"\x03\0GET /", &long[..], b" HTTP/1.1\r\n\r\n"].concat());
    seeds.push([b"\x03\0GET / HTTP/1.1\r\nHost: a\r\nX: ", &long[..]].concat());
    seeds.push([b"\x03\0", HANDSHAKE, b"HTTP/1.1 101 A\r\nX: ", &long].concat());
    seeds
}

/// With the key of RFC 6455 1.3, to which the examples of the corpus have the answer.
const HANDSHAKE: &[u8] =
    b"GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Protocol: chat, superchat\r\n\
    Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";

/// From here on a request is refused without its end.
const HEAD_LIMIT: usize = upspec_handshake::peer::HEAD_LIMIT;
