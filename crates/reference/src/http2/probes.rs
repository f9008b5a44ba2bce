//! Connections of HTTP/2 that tell the conforming server from each faulty one. Test data only.

use upspec_handshake::h2::{ErrorCode, PREFACE, flag, hpack, kind, setting, write};

/// What a client sends on one connection.
pub(crate) fn all() -> Vec<Vec<u8>> {
    let mut probes: Vec<Vec<u8>> = lists().iter().map(|list| begun(&[get(list)])).collect();
    probes.extend(CONNECTS.iter().map(|list| begun(&[connect(list)])));
    probes.extend(frames().iter().map(|frames| begun(frames)));
    let offer = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n\
        Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n";
    probes.push([offer.as_bytes(), &begun(&[])].concat());
    probes
}

/// The preface, SETTINGS, and these frames.
pub(super) fn begun(frames: &[Vec<u8>]) -> Vec<u8> {
    let start = [PREFACE.to_vec(), write::settings(&[])];
    [&start[..], frames].concat().concat()
}

/// A header section on a stream.
pub(super) fn headers(stream: u32, fields: &[(&str, &str)], flags: u8) -> Vec<u8> {
    let octets = |&(name, value)| (str::as_bytes(name), str::as_bytes(value));
    write::headers(stream, &hpack::encode(fields.iter().map(octets)), flags)
}

fn get(list: &[(&str, &str)]) -> Vec<u8> {
    headers(1, list, flag::END_STREAM)
}

fn connect(list: &[(&str, &str)]) -> Vec<u8> {
    headers(1, list, 0)
}

/// The request of an ordinary resource, and what may be wrong with one.
fn lists() -> Vec<Vec<(&'static str, &'static str)>> {
    let with = |more: (&'static str, &'static str)| [GET, &[more]].concat();
    let mut lists: Vec<_> = MORE.iter().map(|more| with(*more)).collect();
    lists.push(GET.to_vec());
    lists.push(GET[1..].to_vec());
    lists.push([&[("x-a", "1")][..], GET].concat());
    lists.push([&GET[..3], &[(":path", "")]].concat());
    lists.push([&GET[..3], &[(":path", "/nothing")]].concat());
    lists.push(vec![(":method", "CONNECT"), (":authority", "a:1")]);
    lists.push([&[(":method", "CONNECT")], &GET[1..]].concat());
    lists
}

/// Frames behind the preface.
fn frames() -> Vec<Vec<Vec<u8>>> {
    let open = || connect(CONNECTS[0]);
    let hello = || frame(0x81, b"Hello");
    let ping = || frame(0x89, b"Hello");
    let data = |octets: &[u8]| write::data(1, octets, 0);
    let padded = [&[4][..], &hello(), &[0; 4]].concat();
    let over = GET.iter().chain(&[(":path", "/")]).copied();
    let over: Vec<_> = over.collect();
    vec![
        vec![open(), data(&ping())],
        vec![open(), data(&hello()[..3]), data(&hello()[3..])],
        vec![open(), data(&[hello(), ping()].concat())],
        vec![open(), data(b""), data(&ping())],
        vec![open(), write::frame(kind::DATA, flag::PADDED, 1, &padded), data(&ping())],
        vec![open(), headers(3, CONNECTS[0], 0), write::data(3, &ping(), 0)],
        vec![open(), headers(3, GET, flag::END_STREAM)],
        vec![open(), write::rst_stream(1, ErrorCode::CANCEL), headers(3, GET, flag::END_STREAM)],
        vec![open(), write::data(1, b"", flag::END_STREAM)],
        vec![open(), headers(1, &[("x-a", "1")], 0)],
        vec![get(&over), headers(3, GET, flag::END_STREAM)],
        vec![write::settings(&[(setting::ENABLE_CONNECT_PROTOCOL, 1)])],
        vec![write::ping(0, *b"upspec!!")],
    ]
}

/// A frame of WebSocket as a client sends it.
pub(super) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = upspec_handshake::frame::write(first & 0xf, payload, Some([1, 2, 3, 4]));
    frame[0] = first;
    frame
}

pub(super) const GET: &[(&str, &str)] =
    &[(":method", "GET"), (":scheme", "http"), (":authority", "localhost"), (":path", "/")];

const MORE: &[(&str, &str)] = &[
    ("connection", "close"),
    ("upgrade-insecure-requests", "1"),
    ("te", "gzip"),
    ("te", "trailers"),
    ("X-A", "1"),
    ("x a", "1"),
    ("x-a", " 1"),
    (":path", "/"),
    (":x-a", "1"),
    (":status", "200"),
    ("host", "b"),
    ("content-length", "5"),
    ("sec-websocket-key", "AQIDBAUGBwgJCgsMDQ4PEA=="),
    ("http2-settings", "AAMAAABkAAQAAP__"),
];

/// Extended CONNECT as it is in order, and otherwise.
pub(super) const CONNECTS: &[&[(&str, &str)]] = &[
    &[
        (":method", "CONNECT"),
        (":protocol", "websocket"),
        (":scheme", "http"),
        (":authority", "localhost"),
        (":path", "/chat"),
        ("sec-websocket-version", "13"),
    ],
    &[
        (":method", "CONNECT"),
        (":protocol", "websocket"),
        (":authority", "localhost"),
        ("sec-websocket-version", "13"),
    ],
    &[
        (":method", "CONNECT"),
        (":protocol", "websocket-x"),
        (":scheme", "http"),
        (":authority", "localhost"),
        (":path", "/chat"),
        ("sec-websocket-version", "13"),
    ],
    &[
        (":method", "CONNECT"),
        (":protocol", "websocket"),
        (":scheme", "http"),
        (":authority", "localhost"),
        (":path", "/nothing"),
        ("sec-websocket-version", "13"),
    ],
    &[
        (":method", "CONNECT"),
        (":protocol", "websocket"),
        (":scheme", "http"),
        (":authority", "localhost"),
        (":path", "/chat"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "AQIDBAUGBwgJCgsMDQ4PEA=="),
    ],
    &[
        (":method", "CONNECT"),
        (":protocol", "websocket"),
        (":scheme", "http"),
        (":authority", "localhost"),
        (":path", "/chat"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "x"),
        ("upgrade", "websocket"),
    ],
    &[
        (":method", "CONNECT"),
        (":protocol", "websocket"),
        (":scheme", "http"),
        (":authority", "localhost"),
        (":path", "/chat"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "x"),
    ],
];
