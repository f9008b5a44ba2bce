//! Requests that tell the conforming server from each faulty one. Test data only.

/// What a client does on one connection.
pub(super) struct Probe {
    pub(super) writes: Vec<Vec<u8>>,
    /// The client ends its stream after the last write.
    pub(super) ends: bool,
}

pub(super) const HANDSHAKE: &str = "GET /chat HTTP/1.1\r\nHost: localhost\r\n\
    Upgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\nSec-WebSocket-Version: 13\r\n\r\n";

pub(super) const PLAIN: &str = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// The handshake with one text in place of another.
pub(super) fn changed(what: &str, by: &str) -> Vec<u8> {
    assert!(HANDSHAKE.contains(what), "{what}");
    HANDSHAKE.replace(what, by).into_bytes()
}

/// The handshake with further lines.
pub(super) fn added(lines: &str) -> Vec<u8> {
    changed("\r\n\r\n", &format!("\r\n{lines}\r\n\r\n"))
}

/// A frame as a client sends it.
pub(super) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = upspec_handshake::frame::write(first & 0xf, payload, Some([1, 2, 3, 4]));
    frame[0] = first;
    frame
}

pub(super) fn all() -> Vec<Probe> {
    let mut probes: Vec<Probe> =
        [heads(), bodies(), surprises()].concat().into_iter().map(alone).collect();
    probes.extend(
        in_tunnel()
            .into_iter()
            .map(|frames| Probe { writes: vec![HANDSHAKE.into(), frames], ends: false }),
    );
    let deflate = added("Sec-WebSocket-Extensions: permessage-deflate");
    probes.extend(
        compressed()
            .into_iter()
            .map(|frames| Probe { writes: vec![deflate.clone(), frames], ends: false }),
    );
    probes.extend(crate::http2::probes::all().into_iter().map(alone));
    let early = HANDSHAKE.strip_suffix("\r\n").unwrap();
    let short = added("Content-Length: 10");
    probes.push(Probe { writes: vec![early.into(), b"\r\n".to_vec()], ends: false });
    probes.push(Probe { writes: vec![short, b"half".to_vec()], ends: true });
    let (begun, rest) = (b"\x89\x80\x00".to_vec(), b"\x00\x00\x00".to_vec());
    probes.push(Probe { writes: vec![HANDSHAKE.into(), begun, rest], ends: false });
    let cut = HANDSHAKE.strip_suffix("\r\n\r\n").unwrap();
    probes.push(Probe { writes: vec![cut.into()], ends: true });
    probes.push(Probe { writes: vec![PLAIN.into(), PLAIN.into()], ends: true });
    probes
}

fn alone(octets: Vec<u8>) -> Probe {
    Probe { writes: vec![octets], ends: false }
}

/// Heads, most of them of a handshake with one change.
fn heads() -> Vec<Vec<u8>> {
    let mut heads: Vec<Vec<u8>> = CHANGES.iter().map(|(what, by)| changed(what, by)).collect();
    heads.extend(ADDITIONS.iter().map(|lines| added(lines)));
    heads.extend(WHOLE.iter().map(|head| head.as_bytes().to_vec()));
    heads.push(HANDSHAKE.into());
    heads.push([&b"\r\n"[..], HANDSHAKE.as_bytes()].concat());
    heads.push(added("X-A: 1\u{10a}Upgrade: websocket"));
    heads.push(changed("Upgrade: websocket\r\n", "X-A: 1\u{10a}Upgrade: websocket\r\n"));
    heads.push(changed("websocket\r\n", "websocket\0x\r\n"));
    heads.push([b"\x16\x03\x01\x02\x00\x01".to_vec(), vec![0; 512]].concat());
    heads.push(changed("/chat", &format!("/chat?{}", "a".repeat(7970))));
    heads.push(changed("/chat", &format!("/{}", "a".repeat(100_000))));
    heads.push(added(&format!("X-Big: {}", "a".repeat(100_000))));
    heads.push([PLAIN, PLAIN].concat().into());
    heads.push([PLAIN, HANDSHAKE].concat().into());
    heads
}

const CHANGES: &[(&str, &str)] = &[
    ("GET", "get"),
    ("GET", "POST"),
    ("GET", "PUT"),
    ("HTTP/1.1", "HTTP/1.0"),
    ("HTTP/1.1", "HTTP/0.9"),
    ("HTTP/1.1", "HTTP/1.2"),
    ("HTTP/1.1", "HTTP/2.0"),
    ("HTTP/1.1", "http/1.1"),
    (" HTTP/1.1", ""),
    ("/chat", "/chat x"),
    ("/chat", "/chat#frag"),
    ("/chat", "/chat\x7f"),
    ("/chat", "*"),
    ("/chat", "localhost:80"),
    ("/chat", "chat"),
    ("/chat", "http://localhost/chat"),
    ("/chat", "http://other.invalid/chat"),
    ("/chat", "https://localhost/chat"),
    ("/chat", "http:///chat"),
    ("/chat", "http://user@localhost/chat"),
    ("Host: localhost\r\n", ""),
    ("Host: localhost\r\n", "Host: localhost\r\nHost: localhost\r\n"),
    ("Host: localhost", "Host: a b"),
    ("Host: localhost", "Host: a_b"),
    ("Host: localhost", "HOST: localhost"),
    ("Host: localhost\r\n", " X-A: 1\r\nHost: localhost\r\n"),
    ("Host: localhost\r\nUpgrade: websocket\r\n", "Upgrade: websocket\r\nHost: localhost\r\n"),
    ("Upgrade: websocket", "Upgrade : websocket"),
    ("Upgrade: websocket", "Upgrade:websocket"),
    ("Upgrade: websocket", "Upgrade: \twebsocket\t"),
    ("Upgrade: websocket", "X-A: 1\rUpgrade: websocket"),
    ("Upgrade: websocket", "X-A: 1\r\n Upgrade: websocket"),
    ("Upgrade: websocket", "Upgrade: web\rsocket"),
    ("Upgrade: websocket", "Upgrade: websocket,"),
    ("Upgrade: websocket", "Upgrade: foo/2, websocket"),
    ("Upgrade: websocket", "Upgrade: foo/2\r\nUpgrade: websocket"),
    ("Upgrade: websocket", "Upgrade: websocket\r\nUpgrade: foo/2"),
    ("Upgrade: websocket", "Upgrade: WebSocket"),
    ("Upgrade: websocket", "Upgrade: foo/2"),
    ("Upgrade: websocket", "Upgrade: websockets"),
    ("Upgrade: websocket", "Upgrade: \"websocket\""),
    ("Upgrade: websocket", "Upgrade: websoc\u{212a}et"),
    ("Upgrade: websocket\r\n", ""),
    ("Connection: Upgrade\r\n", ""),
    ("Connection: Upgrade", "Connection: keep-alive"),
    ("Connection: Upgrade", "Connection: keep-alive, Upgrade"),
    ("Connection: Upgrade", "Connection: upgrade"),
    ("Connection: Upgrade", "Connection: Upgrades"),
    ("Connection: Upgrade", "Connection: \"Upgrade\""),
    ("Connection: Upgrade", "Proxy-Connection: Upgrade"),
    ("Connection: Upgrade", "Connection: close"),
    ("Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n", ""),
    ("Sec-WebSocket-Key", "Sec_WebSocket_Key"),
    ("Key: AQIDBAUGBwgJCgsMDQ4PEA==", "Key: AQIDBAUGBwgJ\r\n CgsMDQ4PEA=="),
    ("Key: AQIDBAUGBwgJCgsMDQ4PEA==", "Key:  \tAQIDBAUGBwgJCgsMDQ4PEA== "),
    ("AQIDBAUGBwgJCgsMDQ4PEA==", ""),
    ("AQIDBAUGBwgJCgsMDQ4PEA==", "AQIDBAUGBwgJCgsMDQ4P"),
    ("AQIDBAUGBwgJCgsMDQ4PEA==", "AQIDBAUGBwgJCgsMDQ4PEBE="),
    ("AQIDBAUGBwgJCgsMDQ4PEA==", "AQIDBAUGBwgJCgsMDQ4PEA"),
    ("AQIDBAUGBwgJCgsMDQ4PEA==", "-_-_-_-_-_-_-_-_-_-_-g=="),
    ("Version: 13\r\n", "Version: 25\r\n"),
    ("Version: 13\r\n", "Version: 8\r\n"),
    ("Version: 13\r\n", "Version: 013\r\n"),
    ("Version: 13\r\n", "Version: abc\r\n"),
    ("Version: 13\r\n", "Version: 13, 8\r\n"),
    ("Version: 13\r\n", "Version: 13\r\nSec-WebSocket-Version: 8\r\n"),
    ("Sec-WebSocket-Version: 13\r\n", ""),
];

const ADDITIONS: &[&str] = &[
    "X-A",
    "X-A: \u{e9}",
    "X-A: 1",
    "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==",
    "Sec-WebSocket-Protocol: a b",
    "Sec-WebSocket-Protocol: x-unknown",
    "Sec-WebSocket-Protocol: chat, superchat",
    "Sec-WebSocket-Protocol: chat, chat",
    "Sec-WebSocket-Protocol: CHAT",
    "Sec-WebSocket-Protocol: chats",
    "Sec-WebSocket-Protocol: x-unknown\r\nSec-WebSocket-Protocol: chat",
    "WebSocket-Protocol: chat",
    "Origin: http://other.example",
    "Origin: http://good.example.other.example",
    "Origin: http://other.example/http://good.example",
    "Origin: http://good.example\r\nOrigin: http://other.example",
    "Sec-WebSocket-Extensions: x-foo",
    "Sec-WebSocket-Extensions: permessage-deflate;",
    "Sec-WebSocket-Extensions: permessage-deflate",
    "Sec-WebSocket-Extensions: x-foo, permessage-deflate",
    "Sec-WebSocket-Extensions: x-foo\r\nSec-WebSocket-Extensions: permessage-deflate",
    "Sec-WebSocket-Extensions: permessage-deflate, permessage-deflate",
    "Sec-WebSocket-Extensions: permessage-deflate; foo",
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=16",
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
    "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=8",
    "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; \
        server_no_context_takeover",
    "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover",
    "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover",
];

const WHOLE: &[&str] = &[
    PLAIN,
    "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    "GET /chat HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.0\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: example/1\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: TLS/1.2\r\n\r\n",
    "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "\u{16}\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\
     Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\nSec-WebSocket-Version: 8\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nX(A: 1\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
];

/// Handshakes with a body, or with something that speaks of one.
/// Requests that are lawful and unusual.
fn surprises() -> Vec<Vec<u8>> {
    vec![
        HANDSHAKE.replace("\r\n", "\n").into(),
        format!("\r\n\r\n{HANDSHAKE}").into(),
        changed("/chat", "/%20"),
        changed("/chat", "/nothing"),
        added("Expect: x"),
        changed("HTTP/1.1", "HTTP/3"),
        changed("Host: localhost", "Host: LOCALHOST"),
        added("Sec-WebSocket-Protocol: chat"),
        added("Origin:"),
        added("Content-Length: 0"),
        changed("Upgrade: websocket", "Upgrade: TLS/1.0"),
        [HANDSHAKE.as_bytes(), &frame(0x89, b"early")].concat(),
        added("Sec-WebSocket-Extensions: X-Unknown"),
        added("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=\"9\""),
    ]
}

fn bodies() -> Vec<Vec<u8>> {
    let rows = [
        ("Content-Length: 5", "hello"),
        ("Content-Length: 5, 6", "hello"),
        ("Content-Length: abc", "hello"),
        ("Content-Length: 5\r\nContent-Length: 6", "hello!"),
        ("Content-Length: 18446744073709551616", ""),
        ("Content-Length: 4\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n"),
        ("Transfer-Encoding: Chunked", "5\r\nhello\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "5;a=b\r\nhello\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "5 ; a = b\r\nhello\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "FFFFFFFFFFFFFFFF5\r\nhello\r\n0\r\n\r\n"),
        ("Transfer-Encoding: identity", "0\r\n\r\n"),
        ("Transfer-Encoding: xyzzy, chunked", "0\r\n\r\n"),
        ("Transfer-Encoding: chunked;q=1", "0\r\n\r\n"),
        ("Expect: 100-continue\r\nContent-Length: 5", ""),
        ("Expect: 100-continue\r\nContent-Length: 5", "hello"),
        ("Expect: 100-Continue", ""),
    ];
    let mut bodies: Vec<Vec<u8>> = rows
        .iter()
        .map(|(lines, body)| [added(lines), body.as_bytes().to_vec()].concat())
        .collect();
    bodies.push(
        b"GET /chat HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\
          Upgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            .to_vec(),
    );
    bodies.push(
        b"GET /chat HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello"
            .to_vec(),
    );
    bodies
}

/// Frames after a handshake without extensions.
fn in_tunnel() -> Vec<Vec<u8>> {
    vec![
        frame(0x89, b"Hello"),
        frame(0x81, b"Hello"),
        frame(0x81, b"\xff"),
        frame(0x83, b""),
        frame(0x8a, b""),
        frame(0x80, b"a"),
        frame(0xc9, b"Hello"),
        frame(0x09, b"Hello"),
        frame(0x82, &[b'a'; 126]),
        frame(0x89, &[b'a'; 125]),
        [frame(0x89, b"1"), frame(0x89, b"2")].concat(),
        b"\x82\xff\x80\0\0\0\0\0\0\0\0\0\0\0".to_vec(),
        b"\x82\xff\0\0\x01\0\0\0\0\0\0\0\0\0".to_vec(),
        b"\x81\xfe\0\x01\0\0\0\x01a".to_vec(),
        b"\x89\x81\0\0\0\0a".to_vec(),
        frame(0x82, b"nine octet"),
        frame(0x89, &[b'a'; 126]),
        frame(0x88, &[0x03, 0xe8]),
        frame(0x88, &[0x03, 0xed]),
        frame(0x88, &[0x03]),
        b"\x89\x00".to_vec(),
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
        [frame(0x01, b"Hel"), frame(0x89, b"p"), frame(0x80, b"lo")].concat(),
        [frame(0x01, b"\xc3"), frame(0x80, b"\xa9")].concat(),
        [frame(0x01, b"a"), frame(0x81, b"b")].concat(),
        [frame(0x83, b""), frame(0x89, b"Hello")].concat(),
        [frame(0x88, &[0x03, 0xe8]), frame(0x81, b"late")].concat(),
    ]
}

/// Frames after a handshake that agreed on permessage-deflate.
fn compressed() -> Vec<Vec<u8>> {
    let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    let again = [0xf2, 0x00, 0x11, 0x00, 0x00];
    // A stored block of 8503 octets, and a reference to the first three of them.
    let long = [&[0, 0x37, 0x21, 0xc8, 0xde][..], b"bcd", &[b'a'; 8500], &[0]].concat();
    let far = [0x02, 0x2e, 0x9b, 0x00, 0x00];
    vec![
        [frame(0xc1, &long), frame(0xc1, &far)].concat(),
        frame(0xc1, &hello),
        [frame(0xc1, &hello), frame(0xc1, &again)].concat(),
        frame(0x81, b"Hello"),
        frame(0xc9, b"Hello"),
    ]
}
