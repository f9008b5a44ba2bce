//! The table of hostile intermediaries.

use super::behaviours::Do::{self, *};
use super::behaviours::Over::{Http2, Tcp};
use super::behaviours::Since::{self, Connection, FirstOctet};
use super::behaviours::{Behaviour, Right};
use super::http2::Flood as Frames;

const fn row(name: &'static str, from: Since, does: &'static [Do], right: Right) -> Behaviour {
    Behaviour { name, over: Tcp, from, does, right }
}

/// To those who speak HTTP/2 alone.
const fn over_http2(name: &'static str, does: &'static [Do], right: Right) -> Behaviour {
    Behaviour { name, over: Http2, from: FirstOctet, does, right }
}

/// The controls come through before.
const LATER: Since = Connection(10);
const KB: &[u8] = &[b'a'; 1024];
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n";
const CHUNKED: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
const EMPTY: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const HINTS: &[u8] = b"HTTP/1.1 103 Early Hints\r\n\r\n";
const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
/// A frame of SETTINGS, and one that opens no stream.
const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";
const HEADERS: &[u8] = b"\0\0\x04\x01\x05\0\0\0\x01\x82\x84\x86\x84";
const PING: &[u8] = b"\x89\x01a";

pub(crate) const PROXIES: &[Behaviour] = &[
    // From the first octet on.
    row("proxy: mute", FirstOctet, &[Hold], Right::NotHttp),
    row("proxy: closes", FirstOctet, &[], Right::NotHttp),
    row("proxy: resets", FirstOctet, &[Reset], Right::NotHttp),
    row("proxy: garbage without end", FirstOctet, &[Endless(&[0xA7; 1024])], Right::NotHttp),
    row("proxy: never forwards", FirstOctet, &[Read, Write(EMPTY), Hold], Right::NotHttp),
    row("proxy: endless answers", FirstOctet, &[Read, Endless(EMPTY)], Right::NotHttp),
    row("proxy: endless 1xx", FirstOctet, &[Read, Endless(HINTS)], Right::NotHttp),
    row(
        "proxy: endless body",
        FirstOctet,
        &[Read, Write(OK), Write(b"\r\n"), Endless(KB)],
        Right::NotHttp,
    ),
    row(
        "proxy: garbage to the origin",
        FirstOctet,
        &[Read, AtOrigin(&[Endless(&[0xA7; 1024])])],
        Right::NotHttp,
    ),
    row(
        "proxy: connections to the origin without end",
        FirstOctet,
        &[Read, AtOriginForEver(&[])],
        Right::NotHttp,
    ),
    row(
        "proxy: forwards, and never answers",
        FirstOctet,
        &[Read, AtOrigin(&[Pass, Hold])],
        Right::NotHttp,
    ),
    // The controls come through, and everything else does not.
    row("proxy, later: mute", LATER, &[Hold], Right::Death),
    row("proxy, later: closes", LATER, &[], Right::Death),
    row("proxy, later: resets", LATER, &[Reset], Right::Death),
    row(
        "proxy, later: resets both sides",
        LATER,
        &[Read, AtOrigin(&[Pass, Reset]), Reset],
        Right::Fails,
    ),
    row("proxy, later: never forwards", LATER, &[Read, Write(EMPTY), Hold], Right::Fails),
    row("proxy, later: forwards thrice", LATER, &[Read, Forward(3), Hold], Right::Fails),
    row("proxy, later: answers of others", LATER, &[Read, ForwardMixed, Hold], Right::Fails),
    row("proxy, later: endless answers", LATER, &[Read, Endless(EMPTY)], Right::Fails),
    row("proxy, later: endless 1xx", LATER, &[Read, Endless(HINTS)], Right::Fails),
    row(
        "proxy, later: endless field lines",
        LATER,
        &[Read, Write(OK), Endless(b"X-A: b\r\n")],
        Right::Fails,
    ),
    row(
        "proxy, later: endless body",
        LATER,
        &[Read, Write(OK), Write(b"\r\n"), Endless(KB)],
        Right::Fails,
    ),
    row(
        "proxy, later: head of 250 KB",
        LATER,
        &[
            Read,
            Write(OK),
            Write(b"X: "),
            Times(KB, 250),
            Write(b"\r\nContent-Length: 0\r\n\r\n"),
            Hold,
        ],
        Right::Fails,
    ),
    row("proxy, later: Pings without end", LATER, &[Read, Switch, Endless(PING)], Right::Fails),
    row(
        "proxy, later: an octet in 20 ms",
        LATER,
        &[Read, Switch, Drip(&[0x89; 4096], 20)],
        Right::Fails,
    ),
    row("proxy, later: never reads", LATER, &[AtOrigin(&[Hold])], Right::Told),
    row(
        "proxy, later: garbage to the origin",
        LATER,
        &[Read, AtOrigin(&[Endless(&[0xA7; 1024])])],
        Right::Told,
    ),
    row(
        "proxy, later: garbage behind the request",
        LATER,
        &[Read, AtOrigin(&[Pass, Endless(&[0xA7; 1024])])],
        Right::Fails,
    ),
    row(
        "proxy, later: requests behind without end",
        LATER,
        &[Read, AtOrigin(&[Pass, Endless(GET)])],
        Right::Fails,
    ),
    row(
        "proxy, later: the request without end",
        LATER,
        &[Read, AtOriginForEver(&[Pass])],
        Right::Fails,
    ),
    row(
        "proxy, later: content without end",
        LATER,
        &[Read, AtOrigin(&[Write(CHUNKED), Endless(b"1\r\na\r\n")])],
        Right::Told,
    ),
    row(
        "proxy, later: field lines to the origin without end",
        LATER,
        &[Read, AtOrigin(&[Write(b"GET / HTTP/1.1\r\n"), Endless(b"X-A: b\r\n")])],
        Right::Told,
    ),
    row(
        "proxy, later: the request in drops",
        LATER,
        &[Read, AtOrigin(&[Drip(GET, 20), Hold])],
        Right::Told,
    ),
    row("proxy, later: connections without end", LATER, &[Read, AtOriginForEver(&[])], Right::Told),
    row(
        "proxy, later: HTTP/2 to the origin without end",
        LATER,
        &[Read, AtOrigin(&[Write(PREFACE), Endless(SETTINGS)])],
        Right::Told,
    ),
    row(
        "proxy, later: streams to the origin without end",
        LATER,
        &[Read, AtOrigin(&[Write(PREFACE), Endless(HEADERS)])],
        Right::Told,
    ),
    row(
        "proxy, later: nothing behind the preface of HTTP/2 to the origin",
        LATER,
        &[Read, AtOrigin(&[Write(PREFACE), Hold])],
        Right::Told,
    ),
    // HTTP/2 in front, beside an HTTP/1.1 that is in order.
    over_http2("proxy, HTTP/2: mute", &[Hold], Right::Clean),
    over_http2("proxy, HTTP/2: resets", &[Reset], Right::Clean),
    over_http2("proxy, HTTP/2: garbage without end", &[Endless(&[0xA7; 1024])], Right::Clean),
    over_http2("proxy, HTTP/2: PING without end", &[Flood(Frames::Ping)], Right::Clean),
    over_http2("proxy, HTTP/2: streams without end", &[Flood(Frames::Streams)], Right::Clean),
    over_http2("proxy, HTTP/2: answers without end", &[Flood(Frames::Answers)], Right::Told),
    // One that is in order, and does something else besides, or is limited.
    row(
        "proxy: one in ten floods the origin",
        FirstOctet,
        &[OneIn(10, &[AtOriginForEver(&[Write(GET)])])],
        Right::Remarked("the intermediary sends what no client has sent"),
    ),
    row("proxy: five at once, others get 503", FirstOctet, &[AtMost(5, UNAVAILABLE)], Right::Clean),
    row("proxy: late by 400 ms", FirstOctet, &[Serve(400)], Right::Clean),
    row("proxy: late by 2 s", FirstOctet, &[Serve(2000)], Right::Clean),
    row("proxy: seven octets in a millisecond", FirstOctet, &[Slowly(7)], Right::Clean),
    row("proxy: work of 50 ms each", FirstOctet, &[Work(50)], Right::Clean),
    row("proxy: one in ten is mute", FirstOctet, &[OneIn(10, &[Hold])], Right::Lost),
    row("proxy: dies", Connection(100), &[Read, Die(None)], Right::Death),
    row("proxy: dies, and is back in 3 s", Connection(100), &[Read, Die(Some(3000))], Right::Told),
    row("proxy: hangs", Connection(100), &[Read, Hang], Right::Death),
];

const UNAVAILABLE: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
    Retry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
