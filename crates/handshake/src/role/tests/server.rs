//! What a server decides and answers, row by row, and by the rulings of [`permitted`].

use super::{REQUEST, chat};
use crate::RequestHead;
use crate::permitted::{Endpoint, Grade, permitted};
use crate::role::table::ServerState;
use crate::role::{Answer, HEAD_LIMIT, Refusal, Server, ServerEvent};
use proptest::prelude::*;

/// What a server answers: 101, "http", or a refusal with its fields and requirement.
fn check(from: &str, to: &str, want: &str) {
    assert!(REQUEST.contains(from), "{from}");
    let bytes = REQUEST.replacen(from, to, 1);
    let mut server = chat();
    server.receive(bytes.as_bytes());
    assert_eq!(shown(server.answer()), want, "{to:?}");
    assert_eq!(server.answer(), None);
}

fn shown(answer: Option<Answer>) -> String {
    match answer {
        None => "nothing".into(),
        Some(Answer::Switch(_)) => "101".into(),
        Some(Answer::Http) => "http".into(),
        Some(Answer::Refuse(refusal)) => {
            let mut shown = refusal.status.to_string();
            for (name, value) in &refusal.fields {
                shown += &format!(", {name}: {value}");
            }
            format!("{shown} by {}", refusal.requirement)
        }
    }
}

#[test]
fn a_server_answers_as_the_rfcs_say() {
    check("", "", "101");
    check("", "\r\n", "101");
    check("/chat", "http://a/chat", "101");
    check("Upgrade: websocket", "Upgrade: h2c, WebSocket", "101");
    check("Host: a", "Host: a\r\nContent-Length: 0", "101");
    check("Upgrade: websocket", "Upgrade: h2c", "http");
    check("Upgrade: websocket\r\n", "", "http");
    check("Upgrade: websocket", "Upgrade: websocket/13", "http");
    check("Connection: Upgrade", "Connection: keep-alive", "http");
    check("Connection: Upgrade", "Connection: Upgrade, close", "http");
    check("Host: a", "Host: a\r\nContent-Length: 5", "http");
    check("Host: a", "Host: a\r\nTransfer-Encoding: chunked", "http");
    check("HTTP/1.1", "HTTP/1.0", "http");
    check("HTTP/1.1", "HTTP/2.0", "http");
    let versions = "Sec-WebSocket-Version: 13";
    let required = "426, Upgrade: websocket, Connection: Upgrade, Sec-WebSocket-Version: 13 \
                    by rfc6455/4.4-version-list";
    check(versions, "Sec-WebSocket-Version: 8", required);
    check(versions, "Sec-WebSocket-Version: 14", required);
    check(versions, "Sec-WebSocket-Version: 013", "400 by rfc6455/4.2.1-version");
}

#[test]
fn rfc6455_4_2_1_what_is_refused() {
    let rows = [
        ("GET", "POST", "400 by rfc6455/4.2.1-method"),
        ("ZQ==", "ZQ", "400 by rfc6455/4.2.1-key"),
        ("Sec-WebSocket-Key", "X-Key", "400 by rfc6455/4.2.1-key"),
        ("chat, superchat", "a b", "400 by rfc6455/4.2.1-protocol-list"),
        ("x-foo", "x-foo;", "400 by rfc6455/9.1-malformed"),
        ("Host: a\r\n", "", "400, Connection: close by rfc9112/3.2-host"),
        ("Host: a", "Host : a", "400, Connection: close by rfc9112/5.1-space-before-colon"),
        ("Host: a", "Host: a\r\n b", "400, Connection: close by rfc9112/5.2-fold-request"),
        (
            "Host: a",
            "Host: a\r\nContent-Length: x",
            "400, Connection: close by rfc9112/6.3-invalid-cl",
        ),
    ];
    for (from, to, want) in rows {
        check(from, to, want);
    }
    let both = REQUEST.replace("Version: 13", "Version: 7").replace("ZQ==", "ZQ");
    let mut server = chat();
    server.receive(both.as_bytes());
    let want = "400, Sec-WebSocket-Version: 13 by rfc6455/4.2.1-key";
    assert_eq!(shown(server.answer()), want);
}

#[test]
fn rfc6455_4_2_2_the_octets_of_the_101() {
    let mut server = chat();
    server.receive(REQUEST.as_bytes());
    let want = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\
         Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10\r\n\r\n";
    assert_eq!(server.answer(), Some(Answer::Switch(want.into())));
    let mut plain = Server::default();
    plain.receive(REQUEST.as_bytes());
    assert_eq!(plain.answer(), Some(Answer::Switch(super::SWITCH.into())));
}

#[test]
fn a_decision_can_be_overruled_until_it_is_answered() {
    let with = |change: fn(&mut Server), bytes: &str| {
        let mut server = chat();
        server.receive(bytes.as_bytes());
        change(&mut server);
        (server.state(), shown(server.answer()))
    };
    assert_eq!(with(Server::ignore, REQUEST), (ServerState::Http, "nothing".into()));
    assert_eq!(with(Server::refuse, REQUEST), (ServerState::Refused, "nothing".into()));
    let bad = REQUEST.replace("Host: a\r\n", "");
    let (state, answer) = with(Server::ignore, &bad);
    assert_eq!(state, ServerState::Decided);
    assert!(answer.starts_with("400"));
}

#[test]
fn a_head_without_an_end_is_refused() {
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(HEAD_LIMIT));
    for piece in [1000, long.len()] {
        let mut server = chat();
        let events: Vec<_> =
            long.as_bytes().chunks(piece).map(|part| server.receive(part)).collect();
        let refused = ServerEvent::Refuse(Refusal::too_long());
        assert_eq!(events.iter().filter(|event| **event == refused).count(), 1);
        assert_eq!([server.head(), server.trailing()].concat(), long.as_bytes());
    }
}

#[test]
fn a_head_is_read_as_far_as_the_limit() {
    let mut server = chat();
    let octets = "a".repeat(HEAD_LIMIT - 1);
    assert_eq!(server.receive(octets.as_bytes()), ServerEvent::NeedMore);
    assert_eq!(server.state(), ServerState::Head);
    let refused = ServerEvent::Refuse(Refusal::too_long());
    assert_eq!(server.receive(b"a"), refused);
}

proptest! {
    /// The oracle is the set of all answers that no MUST forbids.
    #[test]
    fn a_server_never_answers_what_is_forbidden(bytes in requests(), piece in 1_usize..9) {
        let mut server = chat();
        let mut split = chat();
        server.receive(&bytes);
        for piece in bytes.chunks(piece) {
            split.receive(piece);
        }
        prop_assert_eq!(server.state(), split.state());
        prop_assert_eq!(server.head(), split.head());
        prop_assert_eq!(server.trailing(), split.trailing());
        let answer = server.answer();
        prop_assert_eq!(&answer, &split.answer());
        let Some(head) = RequestHead::parse(&bytes).complete() else {
            prop_assert_eq!(answer, None);
            return Ok(());
        };
        let status = match answer {
            Some(Answer::Switch(_)) => 101,
            Some(Answer::Http) => 200,
            Some(Answer::Refuse(refusal)) => refusal.status,
            None => 0,
        };
        let endpoint = Endpoint {
            switches: true,
            negotiates_subprotocols: true,
            negotiates_extensions: true,
        };
        let permitted = permitted(&head, &endpoint);
        let grade = permitted.ruling_on(status).map(|ruling| ruling.grade);
        prop_assert!(grade.is_some_and(|grade| grade < Grade::Forbidden), "{}", status);
    }
}

/// Handshakes with some pieces changed, and octets of any kind after them.
fn requests() -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::sample::select(vec![
        ("GET", "POST"),
        ("/chat", "*"),
        ("/chat", "http://a/"),
        ("HTTP/1.1", "HTTP/1.0"),
        ("HTTP/1.1", "HTTP/2.0"),
        ("HTTP/1.1", "http/1.1"),
        ("Host: a", "Host: a\r\nHost: a"),
        ("Host: a", "Host:"),
        ("Host: a", "Host : a"),
        ("Host: a", "Host: a\r\nContent-Length: 5"),
        ("Host: a", "Host: a\r\nTransfer-Encoding: x"),
        ("Host: a", "Host: a\r\n: b"),
        ("Host: a\r\n", "Host: a\n"),
        ("Upgrade: websocket", "Upgrade: websocket, a b"),
        ("Upgrade: websocket", "Upgrade: foo"),
        ("Upgrade: websocket", "Upgrade: websocket/13"),
        ("Version: 13", "Version: 14"),
        ("Connection: Upgrade", "Connection: upgrade, close"),
        ("Connection: Upgrade", "Connection: x"),
        ("Connection: Upgrade", "Connection: upgrade, a b"),
        ("ZQ==", ""),
        ("Version: 13", "Version: 8"),
        ("Version: 13", "Version: 13\r\nSec-WebSocket-Version: 13"),
        ("chat, superchat", "chat, chat"),
        ("chat, superchat", "\""),
        ("x-foo", "="),
    ]);
    let octets = prop::collection::vec(any::<u8>(), 0..9);
    (prop::collection::vec(changes, 0..4), octets).prop_map(|(changes, octets)| {
        let change = |bytes: String, (from, to): (&str, &str)| bytes.replacen(from, to, 1);
        let head = changes.into_iter().fold(REQUEST.to_owned(), change);
        [head.as_bytes(), &octets].concat()
    })
}
