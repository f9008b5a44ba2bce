//! What a client does on a connection: scripted octets of a server to actions, whole and octet by octet.

use std::sync::Arc;

use upspec_handshake::field::key::accept;
use upspec_handshake::frame::{Frame, opcode};
use upspec_handshake::h2::{EventKind, HeaderList, Reader, flag, setting, write};
use upspec_handshake::{Party, Status};

use crate::client::{
    Attempt, ClientAction, ClientConfig, ClientEnd, ClientReport, ClientSession, ClientVariation,
    Random,
};

const NONCE: [u8; 16] = [7; 16];

fn config() -> ClientConfig {
    ClientConfig::for_url("ws://localhost:81/chat?x")
}

fn new(config: ClientConfig) -> ClientSession {
    let attempt = Attempt::first(&config).unwrap();
    let random = Random::new(|octets| octets.fill(7));
    match config.url.starts_with("wss") {
        true => ClientSession::over_http2(Arc::new(config), attempt, random),
        false => ClientSession::new(Arc::new(config), attempt, random),
    }
}

/// The answer to a key of sevens, with these lines, and what follows it.
fn answer(lines: &str, behind: &[u8]) -> Vec<u8> {
    let key = upspec_handshake::field::key::Key::new(NONCE).value();
    let accept = String::from_utf8(accept(&key).to_vec()).unwrap();
    let head = format!(
        "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{lines}\r\n"
    );
    [head.as_bytes(), behind].concat()
}

/// Actions in words: frames by their opcodes, reports by their names.
fn words(actions: &[ClientAction]) -> Vec<String> {
    let word = |action: &ClientAction| match action {
        ClientAction::Again(attempt) => format!("again {}", attempt.url.target),
        ClientAction::Close => "end".to_owned(),
        ClientAction::Die => "die".to_owned(),
        ClientAction::Linger => "linger".to_owned(),
        ClientAction::Report(ClientReport::Open { subprotocol, extensions }) => {
            format!("open {} {extensions}", subprotocol.as_deref().unwrap_or("-"))
        }
        ClientAction::Report(ClientReport::Message(data)) => {
            format!("message {}", data.escape_ascii())
        }
        ClientAction::Report(ClientReport::Close { code }) => {
            format!("closed {}", code.unwrap_or(0))
        }
        ClientAction::Report(ClientReport::Error(_)) => "error".to_owned(),
        ClientAction::Write(octets) => sent(octets),
    };
    actions.iter().map(word).collect()
}

fn sent(octets: &[u8]) -> String {
    let Status::Complete(frame) = Frame::parse(octets) else {
        return "request".to_owned();
    };
    assert!(frame.masked);
    match frame.opcode {
        opcode::CLOSE => format!("Close {}", frame.close_code().unwrap_or(0)),
        opcode::PONG => format!("Pong {}", frame.payload.escape_ascii()),
        _ => format!("text {}", frame.payload.escape_ascii()),
    }
}

/// What comes of these octets behind the request; the same in whatever pieces they come.
fn said(config: &ClientConfig, octets: &[u8]) -> String {
    let all = |size: usize| {
        let mut session = new(config.clone());
        session.begin();
        let actions: Vec<_> =
            octets.chunks(size).flat_map(|piece| session.receive(piece)).collect();
        words(&actions).join(", ")
    };
    let whole = all(octets.len().max(1));
    for size in [1, 2, 7] {
        assert_eq!(all(size), whole, "{}", octets.escape_ascii());
    }
    whole
}

#[test]
fn the_request_is_the_one_of_rfc6455_4_1() {
    let mut session = new(config());
    let actions = session.begin();
    let [ClientAction::Write(octets)] = &actions[..] else { panic!("{actions:?}") };
    let want = "GET /chat?x HTTP/1.1\r\nHost: localhost:81\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Key: BwcHBwcHBwcHBwcHBwcHBw==\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat, superchat\r\n\
        Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";
    assert_eq!(String::from_utf8_lossy(octets), want);
    assert_eq!(session.outcome(), &ClientEnd::Failed("there was no answer".to_owned()));
}

#[test]
fn answers_open_or_do_not() {
    let opened = "open - , text hello";
    let rows: [(Vec<u8>, &str); 10] = [
        (answer("", b""), opened),
        (answer("Sec-WebSocket-Protocol: chat\r\n", b""), "open chat , text hello"),
        ([b"HTTP/1.1 103 x\r\n\r\n", &answer("", b"")[..]].concat(), opened),
        (answer("Sec-WebSocket-Protocol: other\r\n", b"\x89\x00"), "error, end"),
        (answer("Sec-WebSocket-Extensions: x-other\r\n", b""), "error, end"),
        (
            b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n".to_vec(),
            "error, end",
        ),
        (b"HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n".to_vec(), "error, end"),
        (b"SSH-2.0-x\r\n".to_vec(), "error, end"),
        (b"HTTP/1.1 102 x\r\n\r\n".repeat(200), "error, end"),
        (b"HTTP/1.1 101 ".to_vec(), ""),
    ];
    for (octets, want) in rows {
        assert_eq!(said(&config(), &octets), want, "{}", octets.escape_ascii());
    }
}

#[test]
fn frames_are_answered_or_fail_the_connection() {
    let rows: [(&[u8], &str); 14] = [
        (b"\x89\x02up", "Pong up"),
        (b"\x81\x02up\x82\x01\xff", "message up, message \\xff"),
        (b"\x01\x01a\x89\x00\x00\x00\x80\x01b", "Pong , message ab"),
        (b"\x81\x05hello", "message hello, Close 1000, linger"),
        (
            b"\x81\x05hello\x88\x02\x03\xe8",
            "message hello, Close 1000, linger, closed 1000, linger",
        ),
        (b"\x88\x02\x03\xe8", "closed 1000, Close 1000, linger"),
        (b"\x88\x00\x81\x01a", "closed 0, Close 0, linger"),
        (b"\x88\x01\x03", "Close 1002, error, closed 0, linger"),
        (b"\x81\x81\x00\x00\x00\x00a", "Close 1002, error, closed 0, linger"),
        (b"\xc1\x01a\x89\x00", "Close 1002, error, closed 0, linger"),
        (b"\x81\x01\xff", "Close 1007, error, closed 0, linger"),
        (b"\x81\x7f\x40\0\0\0\0\0\0\0", "Close 1009, error, closed 0, linger"),
        (b"\x81\x7e\x00\x01a", "message a"),
        (b"\x8a\x01x", ""),
    ];
    for (frames, want) in rows {
        let all = said(&config(), &answer("", frames));
        let rest = all.strip_prefix("open - , text hello").unwrap();
        assert_eq!(rest.trim_start_matches(", "), want, "{}", frames.escape_ascii());
    }
}

#[test]
fn permessage_deflate_goes_by_what_was_agreed() {
    let hello = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00";
    let lines = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    let all = said(&config(), &answer(lines, hello));
    assert!(all.starts_with("open - permessage-deflate, text "), "{all}");
    assert!(!all.contains("text hello") && all.ends_with("message Hello, message Hello"), "{all}");
    let without = ClientConfig { deflate: false, ..config() };
    assert_eq!(said(&without, &answer(lines, hello)), "error, end");
}

#[test]
fn the_end_of_the_server_is_told() {
    let mut session = new(config());
    session.begin();
    assert_eq!(words(&session.end()), ["error", "end"]);
    let mut session = new(config());
    session.begin();
    session.receive(&answer("", b""));
    assert_eq!(words(&session.end()), ["error", "closed 0", "end"]);
    let mut session = new(config());
    session.begin();
    session.receive(&answer("", b"\x88\x02\x03\xe8"));
    assert_eq!(words(&session.end()), ["end"]);
    assert_eq!(session.outcome(), &ClientEnd::Ok);
}

#[test]
fn lawful_variations_follow_and_try_again() {
    let moved = b"HTTP/1.1 302 x\r\nLocation: ../b?y#z\r\nContent-Length: 0\r\n\r\n";
    let here = b"HTTP/1.1 302 x\r\nLocation: http://localhost:81/chat?x\r\n\r\n";
    let busy = b"HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n";
    let rows: [(&str, &[u8], &str); 5] = [
        ("follows-redirects", b"HTTP/1.1 307 x\r\nLocation: /b\r\n\r\n", "again /b"),
        ("follows-redirects", moved, "again /b?y"),
        ("follows-redirects", here, "error, end"),
        ("retries-once", busy, "again /chat?x"),
        ("silent", busy, "error, end"),
    ];
    for (name, octets, want) in rows {
        let config = ClientConfig { variation: ClientVariation::named(name), ..config() };
        assert_eq!(said(&config, octets), want, "{name}");
    }
}

/// What a client says over HTTP/2, frames in words, where the server writes this.
fn said_in_http2(frames: &[Vec<u8>]) -> String {
    let mut session = new(ClientConfig::for_url("wss://localhost/"));
    let mut reader = Reader::new(Party::Client);
    let mut said = Vec::new();
    let mut actions = session.begin();
    for frame in frames.iter().map(Some).chain([None]) {
        for action in actions {
            match action {
                ClientAction::Write(octets) => {
                    said.extend(reader.feed(&octets).iter().filter_map(|one| word(&one.kind)));
                }
                other => said.extend(words(&[other])),
            }
        }
        actions = frame.map(|frame| session.receive(frame)).unwrap_or_default();
    }
    said.join(", ")
}

fn word(event: &EventKind) -> Option<String> {
    match event {
        EventKind::Headers { list, .. } => {
            Some(list.pseudo(":protocol").unwrap_or_default().escape_ascii().to_string())
        }
        EventKind::Data { octets, end_stream, .. } if octets.is_empty() => {
            Some(format!("end-stream {end_stream}"))
        }
        EventKind::Data { octets, .. } => Some(sent(octets)),
        EventKind::GoAway { code, .. } => Some(format!("GOAWAY {code}")),
        EventKind::Reset(code) => Some(format!("RST {code}")),
        _ => None,
    }
}

#[test]
fn rfc8441_opens_a_stream_when_the_server_lets_it() {
    let enabled = || write::settings(&[(setting::ENABLE_CONNECT_PROTOCOL, 1)]);
    let response = |status: &str, flags| {
        write::headers(1, &HeaderList::new([(":status", status)]).block(), flags)
    };
    let ok = || response("200", 0);
    let close = || write::data(1, b"\x88\x02\x03\xe8", flag::END_STREAM);
    let opened = "websocket, open - , text hello";
    let rows = [
        (vec![write::settings(&[])], "GOAWAY NO_ERROR, again /".to_owned()),
        (vec![enabled()], "websocket".to_owned()),
        (vec![enabled(), ok()], opened.to_owned()),
        (
            vec![enabled(), ok(), write::data(1, b"\x89", 0), write::data(1, b"\x01a", 0)],
            format!("{opened}, Pong a"),
        ),
        (
            vec![enabled(), ok(), close()],
            format!(
                "{opened}, closed 1000, Close 1000, end-stream true, GOAWAY NO_ERROR, linger, end"
            ),
        ),
        (
            vec![enabled(), response("404", flag::END_STREAM)],
            "websocket, error, GOAWAY NO_ERROR, end".to_owned(),
        ),
        (
            vec![enabled(), response("101", 0)],
            "websocket, error, RST PROTOCOL_ERROR, GOAWAY NO_ERROR, end".to_owned(),
        ),
        (vec![write::data(3, b"", 0)], "error, GOAWAY PROTOCOL_ERROR, end".to_owned()),
    ];
    for (frames, want) in rows {
        assert_eq!(said_in_http2(&frames), want);
    }
}
