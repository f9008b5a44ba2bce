//! What a server decides and answers, row by row, and by the rulings of [`permitted`].

use super::{REQUEST, chat, decide};
use crate::RequestHead;
use crate::h2::HeaderList;
use crate::peer::table::ServerState;
use crate::peer::{Decision, HEAD_LIMIT, LINE_LIMIT, Refusal, Server, check as violations};
use crate::permitted::{Endpoint, Grade, permitted};
use proptest::prelude::*;

/// What a server answers: 101, "http", or a refusal with its fields and requirement.
fn check(from: &str, to: &str, want: &str) {
    assert!(REQUEST.contains(from), "{from}");
    let bytes = REQUEST.replacen(from, to, 1);
    let mut server = chat();
    decide(&mut server, bytes.as_bytes());
    assert_eq!(shown(server.answer()), want, "{to:?}");
    assert_eq!(server.answer(), None);
}

fn shown(answer: Option<Decision>) -> String {
    match answer {
        None => "nothing".into(),
        Some(Decision::Handshake(agreement)) => agreement.head().status.unwrap().to_string(),
        Some(Decision::Request) => "http".into(),
        Some(Decision::Refuse(refusal)) => {
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
    check("Connection: Upgrade", "Connection: Upgrade, close", "101");
    check("Host: a", "Host: a\r\nContent-Length: 5", "101");
    check("Host: a", "Host: a\r\nTransfer-Encoding: chunked", "101");
    check("HTTP/1.1", "HTTP/1.0", "http");
    check("HTTP/1.1", "HTTP/2.0", "505, Connection: close by rfc9110/6.2-505");
    let versions = "Sec-WebSocket-Version: 13";
    let required = "426, Upgrade: websocket, Connection: Upgrade, Sec-WebSocket-Version: 13 \
                    by rfc6455/4.4-version-list";
    check(versions, "Sec-WebSocket-Version: 8", required);
    check(versions, "Sec-WebSocket-Version: 14", required);
    check(versions, "Sec-WebSocket-Version: 013", required);
    check(versions, "X: 13", required);
    check("/chat", "https://a/chat", "421, Connection: close by rfc9110/7.4-421");
    check("Host: a", "Host: a\r\nExpect: x", "417, Connection: close by rfc9110/10.1.1-417");
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
    decide(&mut server, both.as_bytes());
    assert!(shown(server.answer()).starts_with("426"));
}

#[test]
fn rfc6455_4_2_2_the_octets_of_the_101() {
    let octets = |mut server: Server| match decide(&mut server, REQUEST.as_bytes()) {
        Some((Decision::Handshake(agreement), _)) => {
            String::from_utf8(agreement.head().octets()).unwrap()
        }
        other => panic!("{other:?}"),
    };
    let want = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\
         Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10\r\n\r\n";
    assert_eq!(octets(chat()), want);
    assert_eq!(octets(Server::default()), super::SWITCH);
}

/// The request of RFC 8441 5.1, and what may be wrong with it.
#[test]
fn rfc8441_5_an_extended_connect_is_an_opening_handshake() {
    let fields = [
        (":method", "CONNECT"),
        (":protocol", "websocket"),
        (":scheme", "http"),
        (":path", "/chat"),
        (":authority", "a"),
        ("sec-websocket-protocol", "chat, superchat"),
        ("sec-websocket-extensions", "permessage-deflate"),
        ("sec-websocket-version", "13"),
    ];
    let rows = [
        ("", "", "200"),
        (":method", "GET", "http"),
        (":protocol", "connect-udp", "501 by rfc8441/5-protocol"),
        (":scheme", "https", "421, Connection: close by rfc9110/7.4-421"),
        (":path", "chat", "400, Connection: close by rfc9112/3.2-invalid-request-line"),
        ("sec-websocket-protocol", "a b", "400 by rfc6455/4.2.1-protocol-list"),
        ("sec-websocket-extensions", ";", "400 by rfc6455/9.1-malformed"),
        (
            "sec-websocket-version",
            "8",
            "400, Sec-WebSocket-Version: 13 by rfc6455/4.4-version-list",
        ),
    ];
    for (name, value, want) in rows {
        let changed = fields.map(|(own, kept)| (own, if own == name { value } else { kept }));
        let list = HeaderList::new(changed);
        let head = list.request();
        let mut server = chat();
        let decision = server.decide(&head).clone();
        if let Decision::Handshake(agreement) = &decision {
            let answer = agreement.head();
            assert_eq!(violations(&answer, Some(&head)), []);
            let lines: Vec<_> = answer.fields.iter().map(|line| line.name).collect();
            assert_eq!(lines, [&b"Sec-WebSocket-Protocol"[..], b"Sec-WebSocket-Extensions"]);
        }
        let answer = shown(server.answer());
        assert_eq!(answer, want, "{name}: {value}");
        let status = answer.get(..3).and_then(|status| status.parse().ok());
        let permitted = permitted(&head, &Endpoint::default());
        let ruling = permitted.ruling_on(&head, status.unwrap_or(404)).unwrap();
        assert!(ruling.grade < Grade::Forbidden, "{ruling:?}");
    }
}

#[test]
fn a_decision_can_be_overruled_until_it_is_answered() {
    let with = |change: fn(&mut Server), bytes: &str| {
        let mut server = chat();
        decide(&mut server, bytes.as_bytes());
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
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(LINE_LIMIT));
    let many = format!("GET / HTTP/1.1\r\n{}", "X: a\r\n".repeat(HEAD_LIMIT / 6));
    for (octets, want) in [(long, Refusal::long_target()), (many, Refusal::too_long())] {
        for piece in [1000, octets.len()] {
            let mut server = chat();
            let ends = (piece..octets.len()).step_by(piece).chain([octets.len()]);
            let decided: Vec<_> =
                ends.filter_map(|end| decide(&mut server, &octets.as_bytes()[..end])).collect();
            let [(decision, _)] = &decided[..] else { panic!("{decided:?}") };
            assert_eq!(*decision, Decision::Refuse(want.clone()));
        }
    }
}

#[test]
fn a_head_is_read_as_far_as_the_limit() {
    let head = |length: usize| {
        let start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
        format!("{start}{}\r\n\r\n", "a".repeat(length - start.len() - 4))
    };
    let most = head(HEAD_LIMIT);
    let mut server = chat();
    assert_eq!(decide(&mut server, &most.as_bytes()[..HEAD_LIMIT - 1]), None);
    assert_eq!(server.state(), ServerState::Head);
    assert_eq!(decide(&mut server, most.as_bytes()), Some((Decision::Request, HEAD_LIMIT)));
    let more = head(HEAD_LIMIT + 1);
    let refused = Decision::Refuse(Refusal::too_long());
    let (decision, _) = decide(&mut chat(), &more.as_bytes()[..HEAD_LIMIT]).unwrap();
    assert_eq!(decision, refused);
}

proptest! {
    /// The oracle is the set of all answers that no MUST forbids.
    #[test]
    fn a_server_never_answers_what_is_forbidden(bytes in requests(), piece in 1_usize..9) {
        let mut server = chat();
        let mut split = chat();
        decide(&mut server, &bytes);
        for end in (piece..bytes.len()).step_by(piece).chain([bytes.len()]) {
            decide(&mut split, &bytes[..end]);
        }
        prop_assert_eq!(server.state(), split.state());
        let answer = server.answer();
        prop_assert_eq!(&answer, &split.answer());
        let Some(head) = RequestHead::parse(&bytes).complete() else {
            prop_assert_eq!(answer, None);
            return Ok(());
        };
        let status = match answer {
            Some(Decision::Handshake(_)) => 101,
            Some(Decision::Request) => 200,
            Some(Decision::Refuse(refusal)) => refusal.status,
            None => 0,
        };
        let endpoint = Endpoint {
            switches: true,
            negotiates_subprotocols: true,
            negotiates_extensions: true,
        };
        let permitted = permitted(&head, &endpoint);
        let grade = permitted.ruling_on(&head, status).map(|ruling| ruling.grade);
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
