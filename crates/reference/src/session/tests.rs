//! What the server does on a connection, octets to actions, with and without faults.

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use proptest::prelude::*;

use super::{Action, Session};
use crate::fault::probe::{HANDSHAKE, PLAIN, Probe, added, changed, frame, frames, get, octets};
use crate::{Config, Fault, Variation};

/// What the server does after each write.
fn turns(config: &Arc<Config>, probe: &Probe) -> Vec<Vec<Action>> {
    let mut session = Session::new(Arc::clone(config));
    let received = |write: &Vec<u8>| session.receive(UNIX_EPOCH, write);
    let mut turns: Vec<_> = probe.writes.iter().map(received).collect();
    if probe.ends {
        turns.push(session.end(UNIX_EPOCH));
    }
    turns
}

/// All that the server does on a connection.
fn play(config: &Arc<Config>, probe: &Probe) -> Vec<Action> {
    turns(config, probe).concat()
}

/// What the conforming server writes, and `!` where it closes.
fn answer(octets: &[u8]) -> String {
    let probe = Probe { writes: vec![octets.to_vec()], ends: false };
    let words = play(&Arc::default(), &probe).into_iter().map(|action| match action {
        Action::Write(octets) => String::from_utf8_lossy(&octets).into_owned(),
        Action::Close => "!".into(),
        Action::Pause(_) => String::new(),
    });
    words.collect()
}

/// The status codes of the answers, and `!` where the server closes.
fn statuses(octets: &[u8]) -> String {
    let written = answer(octets);
    let codes = written.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]);
    let mut statuses = codes.collect::<Vec<_>>().join(" ");
    statuses += if written.ends_with('!') { "!" } else { "" };
    statuses
}

#[test]
fn the_handshake_is_answered_with_a_101_and_nothing_more() {
    let want = "HTTP/1.1 101 Switching Protocols\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\
                Upgrade: websocket\r\nSec-WebSocket-Accept: C/0nmHhBztSRGR1CwL6Tf4ZjwpY=\r\n\
                Connection: Upgrade\r\n\r\n";
    assert_eq!(answer(HANDSHAKE.as_bytes()), want);
}

#[test]
fn a_version_refusal_says_what_there_is() {
    let want = "HTTP/1.1 426 Upgrade Required\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\
                Content-Type: text/plain\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                Content-Length: 32\r\nConnection: Upgrade\r\n\r\n\
                this server speaks version 13\n";
    let got = answer(&changed("Version: 13", "Version: 25").writes[0]);
    assert_eq!(got, want.replace("Length: 32", "Length: 30"));
}

#[test]
fn handshakes_with_another_upgrade_or_request_line() {
    let rows = [
        ("Upgrade: websocket", "Upgrade: foo/2, WebSocket", "101"),
        ("Upgrade: websocket", "upgrade: ,websocket,", "101"),
        ("Upgrade: websocket", "Upgrade: websockets", "426"),
        ("Upgrade: websocket", "Upgrade: \"websocket\"", "426"),
        ("Upgrade: websocket\r\n", "", "426"),
        ("Upgrade: websocket", "Upgrade : websocket", "400!"),
        ("Connection: Upgrade", "Connection: keep-alive,upgrade", "101"),
        ("Connection: Upgrade", "Connection: keep-alive\r\nConnection: Upgrade", "101"),
        ("Connection: Upgrade", "Connection: close", "426!"),
        ("Connection: Upgrade", "Connection: Upgrade, close", "101"),
        ("Connection: Upgrade\r\n", "", "426"),
        ("GET", "POST", "405"),
        ("GET", "get", "501"),
        ("GET", "FOO", "501"),
        ("GET", "G@T", "400!"),
        ("GET", "HEAD", "426"),
        ("GET", "OPTIONS", "200"),
        ("HTTP/1.1", "HTTP/1.0", "426!"),
        ("HTTP/1.1", "HTTP/1.9", "101"),
        ("HTTP/1.1", "HTTP/2.0", "505!"),
        ("HTTP/1.1", "HTTP/1.", "400!"),
        ("/chat", "/chat?a=b", "101"),
        ("/chat", "http://LOCALHOST/chat", "101"),
        ("/chat", "HTTP://other.invalid:80/chat?a", "101"),
        ("/chat", "https://localhost/chat", "421!"),
        ("/chat", "ws://localhost/chat", "400!"),
        ("/chat", "http:///chat", "400!"),
        ("/chat", "/nothing", "404"),
        ("/chat", "/", "200"),
        ("/chat", "*", "400!"),
        ("/chat", "chat", "400!"),
        ("/chat", "/chat#a", "400!"),
    ];
    for (what, by, want) in rows {
        assert_eq!(statuses(&changed(what, by).writes[0]), want, "{by:?}");
    }
}

#[test]
fn handshakes_with_other_fields() {
    let rows = [
        ("Host: localhost\r\n", "", "400!"),
        ("Host: localhost", "Host: a\r\nHost: a", "400!"),
        ("Host: localhost", "Host: a/b", "400!"),
        ("Host: localhost", "X-A: 1\r\n 2\r\nHost: a", "400!"),
        ("AQIDBAUGBwgJCgsMDQ4PEA==", "AQIDBAUGBwgJCgsMDQ4P", "400"),
        ("AQIDBAUGBwgJCgsMDQ4PEA==", "AQIDBAUGBwgJCgsMDQ4PEC==", "101"),
        ("AQIDBAUGBwgJCgsMDQ4PEA==", "", "400"),
        ("Version: 13", "Version: 013", "426"),
        ("Version: 13", "Version: 13\r\nSec-WebSocket-Version: 13", "426"),
        ("\r\n", "\n", "400!"),
    ];
    for (what, by, want) in rows {
        assert_eq!(statuses(&changed(what, by).writes[0]), want, "{by:?}");
    }
}

#[test]
fn additions_to_the_handshake() {
    let rows = [
        ("X-A: \u{e9}", "101"),
        ("X-A: 1\0", "400!"),
        ("X-A", "400!"),
        ("Sec-WebSocket-Protocol: x, chat", "101"),
        ("Sec-WebSocket-Protocol: a b", "400"),
        ("Sec-WebSocket-Protocol: ", "400"),
        ("Sec-WebSocket-Extensions: x-foo", "101"),
        ("Sec-WebSocket-Extensions: x-foo;", "400"),
        ("Expect: banana", "417!"),
        ("Expect: 100-continue", "100 101"),
        ("Content-Length: 0", "101"),
        ("Content-Length: 5", ""),
        ("Content-Length: 5\r\nExpect: 100-Continue", "100"),
        ("Content-Length: 5, 5", ""),
        ("Content-Length: -5", "400!"),
        ("Content-Length: 18446744073709551616", "400!"),
        ("Content-Length: 9999999999", "413!"),
        ("Content-Length: 5\r\nTransfer-Encoding: chunked", "400!"),
        ("Transfer-Encoding: gzip", "400!"),
        ("Transfer-Encoding: gzip, chunked", "501!"),
        ("Transfer-Encoding: chunked, gzip", "400!"),
    ];
    for (lines, want) in rows {
        assert_eq!(statuses(&added(lines).writes[0]), want, "{lines:?}");
    }
}

#[test]
fn bodies_are_read_before_the_next_request() {
    let smuggled = "GET /smuggled HTTP/1.1\r\nX: y\r\n";
    let refused = "GET /chat HTTP/1.1\r\nHost: a\r\n";
    let rows = [
        (format!("{refused}Content-Length: 30\r\n\r\n{smuggled}{PLAIN}"), "426 200"),
        (
            format!(
                "{refused}Transfer-Encoding: chunked\r\n\r\n1e\r\n{smuggled}\r\n0\r\nX: y\r\n\r\n{PLAIN}"
            ),
            "426 200",
        ),
        (format!("{refused}Transfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n{PLAIN}"), "400!"),
        (format!("{PLAIN}{PLAIN}{HANDSHAKE}"), "200 200 101"),
        (format!("\r\n{PLAIN}\r\n{PLAIN}"), "200 200"),
        (format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n{PLAIN}"), "200!"),
        (format!("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n{PLAIN}"), "405!"),
        (format!("CONNECT a:99999 HTTP/1.1\r\nHost: a\r\n\r\n{PLAIN}"), "400!"),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n".into(), "200"),
        ("GET / HTTP/1.0\r\n\r\n".into(), "200!"),
        ("HTTP/1.1 101 Switching Protocols\r\n\r\n".into(), "400!"),
        ("\0\u{1}garbage".into(), "400!"),
        (format!("GET /{} HTTP/1.1\r\n", "a".repeat(20_000)), "414!"),
        (format!("GET / HTTP/1.1\r\nX: {}", "a".repeat(70_000)), "431!"),
    ];
    for (octets, want) in rows {
        assert_eq!(statuses(octets.as_bytes()), want, "{octets:.80}");
    }
}

#[test]
fn frames_are_answered() {
    let open = |frames: Vec<u8>| {
        let probe = Probe { writes: vec![HANDSHAKE.into(), frames], ends: false };
        play(&Arc::default(), &probe).split_off(1)
    };
    let wrote = |octets: &[u8]| Action::Write(octets.to_vec());
    let failed =
        |code: u16| vec![wrote(&[&[0x88, 2][..], &code.to_be_bytes()].concat()), Action::Close];
    let rows = [
        (frame(0x89, b"Hello"), vec![wrote(b"\x8a\x05Hello")]),
        (frame(0x81, b"Hello"), vec![wrote(b"\x81\x05Hello")]),
        (
            [frame(0x02, b"Hel"), frame(0x89, b"p"), frame(0x80, b"lo")].concat(),
            vec![wrote(b"\x8a\x01p"), wrote(b"\x82\x05Hello")],
        ),
        (frame(0x88, b"\x03\xe8bye"), failed(1000)),
        (frame(0x88, b""), vec![wrote(b"\x88\x00"), Action::Close]),
        (frame(0x88, b"\x03\xed"), failed(1002)),
        (frame(0x88, b"\x03\xe8\xff"), failed(1007)),
        (frame(0x81, b"\xff"), failed(1007)),
        (frame(0xc1, b"Hello"), failed(1002)),
        (b"\x81\x00".to_vec(), failed(1002)),
        (b"\x82\xff\0\0\0\0\0\x20\0\0\0\0\0\0".to_vec(), failed(1009)),
        (b"\x82\xff\x80\0\0\0\0\0\0\0\0\0\0\0".to_vec(), failed(1002)),
        (PLAIN.into(), failed(1002)),
    ];
    for (frames, want) in rows {
        assert_eq!(open(frames.clone()), want, "{}", frames.escape_ascii());
    }
}

/// What shows the faults that have no probe of their own.
fn common() -> Vec<Probe> {
    let refused = changed("Version: 13", "Version: 25");
    vec![frames(&[(0x89, b"Hello")]), octets(PLAIN), refused, get(&[])]
}

#[test]
fn every_fault_changes_what_the_server_does() {
    let with_origins =
        |config| Arc::new(Config { origins: vec!["http://good.example".into()], ..config });
    let conforming = with_origins(Config::default());
    // Those of TLS, deaths and cost need a server and a clock, which `cargo xtask sensitivity` has.
    let needs_server = |name: &str| {
        name.starts_with("tls-")
            || name == "h2c-in-tls"
            || name.ends_with("-deadly")
            || name.ends_with("-cost")
    };
    let mut wrong = Vec::new();
    for fault in Fault::all().filter(|fault| !needs_server(fault.name)) {
        let faulty = with_origins(Config::with_fault(fault));
        let is_shown = |probe: &Probe| turns(&faulty, probe) != turns(&conforming, probe);
        match (fault.probe(), common().iter().any(is_shown)) {
            (Some(probe), _) if !is_shown(&probe) => wrong.push((fault, "its probe shows nothing")),
            (Some(_), true) => wrong.push((fault, "it needs no probe of its own")),
            (None, false) => wrong.push((fault, "it needs a probe: shown_by")),
            _ => {}
        }
    }
    assert_eq!(wrong, []);
}

#[test]
fn every_variation_switches_and_refuses() {
    for variation in Variation::ALL {
        let config = Arc::new(Config::with_variation(variation));
        for (probe, class) in
            [(octets(HANDSHAKE), b'1'), (changed("Version: 13", "Version: 8"), b'4')]
        {
            let actions = play(&config, &probe);
            let Action::Write(octets) = &actions[0] else { panic!("{variation:?}") };
            assert_eq!(octets[9], class, "{variation:?}");
        }
    }
}

proptest! {
    #[test]
    fn answers_do_not_depend_on_how_octets_arrive(index in any::<prop::sample::Index>(), cut: prop::sample::Index) {
        let own = Fault::all().filter_map(Fault::probe);
        let all: Vec<Probe> = own.chain(common()).collect();
        let octets: Vec<u8> = index.get(&all).writes.concat();
        let (first, second) = octets.split_at(cut.index(octets.len()));
        let config: Arc<Config> = Arc::default();
        let written = |writes: Vec<Vec<u8>>| {
            let actions = play(&config, &Probe { writes, ends: true });
            let writes = actions.into_iter().filter_map(|action| match action {
                Action::Write(octets) => Some(octets),
                _ => None,
            });
            writes.collect::<Vec<_>>().concat()
        };
        prop_assert_eq!(
            written(vec![first.to_vec(), second.to_vec()]),
            written(vec![octets.clone()])
        );
    }

    #[test]
    fn any_octets_are_survived(octets: Vec<u8>, cut: prop::sample::Index, fault: prop::sample::Index) {
        let faults: Vec<&Fault> = Fault::all().collect();
        let config = Arc::new(Config::with_fault(faults[fault.index(faults.len())]));
        let whole = [HANDSHAKE.as_bytes(), &octets].concat();
        let at = cut.index(HANDSHAKE.len());
        let broken = [&HANDSHAKE.as_bytes()[..at], &octets, &HANDSHAKE.as_bytes()[at..]].concat();
        for octets in [whole, broken, octets] {
            play(&config, &Probe { writes: vec![octets], ends: true });
        }
    }
}
