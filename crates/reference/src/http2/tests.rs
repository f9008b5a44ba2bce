//! What the server does on a connection of HTTP/2, octets to frames.

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use upspec_handshake::h2::frame::read;
use upspec_handshake::h2::hpack::Decoder;
use upspec_handshake::h2::{PREFACE, flag, kind, setting, write};

use crate::fault::probe::{GET, WEBSOCKET, frame, headers, http2};
use crate::{Action, Config, Session, Variation};

/// The frames that the server sends, in words, and `!` where it closes.
fn said(config: Config, octets: &[u8]) -> String {
    let mut session = Session::new(Arc::new(config));
    words(&session.receive(UNIX_EPOCH, octets))
}

fn words(actions: &[Action]) -> String {
    let mut decoder = Decoder::new();
    let mut said = Vec::new();
    for action in actions {
        match action {
            Action::Close => said.push("!".to_owned()),
            Action::Pause(_) => {}
            Action::Write(octets) => {
                let octets = octets.strip_prefix(SWITCH).unwrap_or(octets);
                for one in read(octets).0 {
                    let end = if one.kind <= kind::HEADERS && one.has(flag::END_STREAM) {
                        "."
                    } else {
                        ""
                    };
                    said.push(match one.kind {
                        kind::HEADERS => {
                            let section = decoder.decode(one.fragment().unwrap()).unwrap();
                            let status = String::from_utf8_lossy(&section[0].1).into_owned();
                            format!("{}:{status}{end}", one.stream)
                        }
                        kind::DATA => format!("{}:+{}{end}", one.stream, one.payload.len()),
                        kind::RST_STREAM => format!("{}:{}", one.stream, one.rst_stream().unwrap()),
                        kind::GOAWAY => format!("{}", one.goaway().unwrap().code),
                        kind::SETTINGS if one.has(flag::ACK) => "ack".to_owned(),
                        kind::WINDOW_UPDATE => continue,
                        other => kind::name(other).unwrap_or("?").to_owned(),
                    });
                }
            }
        }
    }
    said.join(" ")
}

/// The preface of HTTP/2, SETTINGS, and these frames.
fn begun(frames: &[Vec<u8>]) -> Vec<u8> {
    http2(frames).writes.concat()
}

const SWITCH: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\
      Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n";

#[test]
fn frames_are_answered() {
    let end = flag::END_STREAM;
    let open = || headers(1, WEBSOCKET, 0);
    let ping = || frame(0x89, b"Hello");
    let rows = [
        (vec![], "SETTINGS ack"),
        (vec![write::settings_ack()], "SETTINGS ack"),
        (vec![headers(1, GET, end)], "SETTINGS ack 1:200 1:+17."),
        (
            vec![headers(1, &[GET, &[("te", "gzip")]].concat(), end)],
            "SETTINGS ack 1:PROTOCOL_ERROR",
        ),
        (vec![open(), write::data(1, &ping(), 0)], "SETTINGS ack 1:200 1:+7"),
        (vec![open(), write::data(1, b"", end)], "SETTINGS ack 1:200 1:+0."),
        (vec![open(), write::data(1, &frame(0x88, b""), end)], "SETTINGS ack 1:200 1:+2 1:+0."),
        (vec![open(), headers(3, GET, end)], "SETTINGS ack 1:200 3:200 3:+17."),
        (vec![open(), headers(1, &[("x", "y")], 0)], "SETTINGS ack 1:200 1:PROTOCOL_ERROR"),
        (vec![write::ping(0, *b"upspec!!")], "SETTINGS ack PING"),
    ];
    for (frames, want) in rows {
        assert_eq!(said(Config::default(), &begun(&frames)), want);
    }
}

#[test]
fn what_no_connection_survives_is_told() {
    let end = flag::END_STREAM;
    let rows = [
        (vec![headers(2, GET, end)], "SETTINGS ack PROTOCOL_ERROR !"),
        (
            vec![headers(3, GET, end), headers(1, GET, end)],
            "SETTINGS ack 3:200 3:+17. STREAM_CLOSED !",
        ),
        (vec![write::data(1, b"", 0)], "SETTINGS ack PROTOCOL_ERROR !"),
        (vec![write::frame(kind::PING, 0, 0, b"short")], "SETTINGS ack FRAME_SIZE_ERROR !"),
        (
            vec![write::frame(kind::HEADERS, flag::END_HEADERS, 1, b"\xff\xff\xff")],
            "SETTINGS ack COMPRESSION_ERROR !",
        ),
        (vec![write::settings(&[(setting::ENABLE_PUSH, 2)])], "SETTINGS ack PROTOCOL_ERROR !"),
        (vec![write::window_update(0, 0x7fff_ffff)], "SETTINGS ack FLOW_CONTROL_ERROR !"),
    ];
    for (frames, want) in rows {
        assert_eq!(said(Config::default(), &begun(&frames)), want);
    }
}

#[test]
fn no_settings_behind_the_preface_is_an_error() {
    let octets = [PREFACE, &write::ping(0, *b"upspec!!")].concat();
    assert_eq!(said(Config::default(), &octets), "SETTINGS PROTOCOL_ERROR !");
}

#[test]
fn data_waits_for_room() {
    let none = write::settings(&[(setting::INITIAL_WINDOW_SIZE, 0)]);
    let request = headers(1, GET, flag::END_STREAM);
    let some = write::window_update(1, 10);
    let all = write::settings(&[(setting::INITIAL_WINDOW_SIZE, 100)]);
    let mut session = Session::new(Arc::default());
    let mut next = |frames: &[u8]| words(&session.receive(UNIX_EPOCH, frames));
    assert_eq!(next(&begun(&[none, request])), "SETTINGS ack ack 1:200");
    assert_eq!(next(&some), "1:+10");
    assert_eq!(next(&all), "ack 1:+7.");
}

#[test]
fn a_silent_client_is_told_goodbye() {
    let mut session = Session::new(Arc::default());
    session.receive(UNIX_EPOCH, &begun(&[]));
    assert_eq!(words(&session.silence(UNIX_EPOCH)), "NO_ERROR !");
    let mut session = Session::new(Arc::default());
    session.receive(UNIX_EPOCH, &begun(&[]));
    assert_eq!(words(&session.end(UNIX_EPOCH)), "!");
}

#[test]
fn malformed_requests_may_be_answered_otherwise() {
    let octets = begun(&[headers(1, &GET[1..], flag::END_STREAM)]);
    for (variation, want) in [
        (Variation::MalformedWith400, "SETTINGS ack 1:400 1:+25."),
        (Variation::MalformedWithGoaway, "SETTINGS ack PROTOCOL_ERROR !"),
    ] {
        let config = Config::with_variation(variation);
        assert_eq!(said(config, &octets), want, "{variation:?}");
    }
}

#[test]
fn without_http2_the_preface_is_refused() {
    let config = Config::with_variation(Variation::Http2Off);
    let mut session = Session::new(Arc::new(config));
    let actions = session.receive(UNIX_EPOCH, PREFACE);
    let Action::Write(octets) = &actions[0] else { panic!("{actions:?}") };
    assert!(octets.starts_with(b"HTTP/1.1 505 "));
    assert_eq!(actions[1], Action::Close);
}

#[test]
fn h2c_is_taken_up_when_the_offer_is_whole() {
    let offer = |lines: &str| {
        let head = format!("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\n{lines}\r\n");
        [head.as_bytes(), &begun(&[headers(3, GET, flag::END_STREAM)])].concat()
    };
    let options = "Connection: Upgrade, HTTP2-Settings\r\n";
    let settings = "HTTP2-Settings: AAMAAABkAAQAAP__\r\n";
    let varied = || Config::with_variation(Variation::H2cUpgrade);
    let whole = offer(&format!("{options}{settings}"));
    assert_eq!(said(varied(), &whole), "SETTINGS 1:200 1:+17. ack 3:200 3:+17.");
    for lines in [
        options.to_owned(),
        format!("Connection: Upgrade\r\n{settings}"),
        format!("{options}{settings}{settings}"),
        format!("{options}HTTP2-Settings: AAM=\r\n"),
    ] {
        let mut session = Session::new(Arc::new(varied()));
        let Action::Write(octets) = &session.receive(UNIX_EPOCH, &offer(&lines))[0] else {
            panic!("{lines}")
        };
        assert!(octets.starts_with(b"HTTP/1.1 200 "), "{lines}");
    }
}

#[test]
fn an_invalid_setting_in_the_offer_ends_the_connection() {
    // ENABLE_PUSH is 2.
    let head = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\n\
        Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAIAAAAC\r\n\r\n";
    let config = Config::with_variation(Variation::H2cUpgrade);
    assert_eq!(said(config, head.as_bytes()), "SETTINGS PROTOCOL_ERROR !");
}
