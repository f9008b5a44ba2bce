//! Cases, frames and exchanges of HTTP/2, made by hand.
//! Never judges more than it is asked to.

use upspec_corpus::Corpus;
use upspec_corpus::case::{Case, Expectation, Outcomes, Over, Tunnel};
use upspec_exchange::{Io, IoKind, Link, Octets, Record, Talk};
use upspec_handshake::Party;
use upspec_handshake::h2::{PREFACE, flag, hpack, write};
use upspec_judge::{Awaits, CaseResult, judge};

pub(super) const END: u8 = flag::END_STREAM;
pub(super) const DATE: &str = "Tue, 24 Nov 2026 04:00:00 GMT";

/// A case over HTTP/2 that passes these outcomes.
pub(super) fn case(outcomes: &str) -> Case {
    Case {
        id: "server/control/http2".to_owned(),
        title: "as expected".to_owned(),
        requirement: "rfc9113/8.1.1-malformed".to_owned(),
        over: Over::Http2,
        alpn: vec!["h2".to_owned()],
        expect: vec![Expectation::of(Outcomes::from_words(outcomes).unwrap())],
        ..Case::default()
    }
}

pub(super) fn tunnel_case(want: Tunnel) -> Case {
    let mut case = case("2xx");
    case.expect[0].wants.tunnel = Some(want);
    case
}

pub(super) fn list(fields: &[(&str, &str)]) -> Vec<u8> {
    let octets = |&(name, value)| (str::as_bytes(name), str::as_bytes(value));
    hpack::encode(fields.iter().map(octets))
}

pub(super) fn opened(rest: &[Vec<u8>]) -> Vec<u8> {
    let parts = [PREFACE.to_vec(), write::settings(&[])];
    [&parts[..], rest].concat().concat()
}

pub(super) fn get() -> Vec<u8> {
    let fields = [(":method", "GET"), (":scheme", "http"), (":path", "/")];
    write::headers(1, &list(&fields), END)
}

pub(super) fn connect() -> Vec<u8> {
    let fields = [
        (":method", "CONNECT"),
        (":protocol", "websocket"),
        (":scheme", "http"),
        (":path", "/"),
        (":authority", "a"),
        ("sec-websocket-protocol", "chat"),
    ];
    write::headers(1, &list(&fields), 0)
}

/// What a server says first.
pub(super) fn hello() -> Vec<u8> {
    [write::settings(&[(8, 1)]), write::settings_ack()].concat()
}

pub(super) fn answer(status: &str, more: &[(&str, &str)], flags: u8) -> Vec<u8> {
    let fields = [(":status", status), ("date", DATE)];
    let fields: Vec<_> = fields.iter().chain(more).copied().collect();
    write::headers(1, &list(&fields), flags)
}

pub(super) fn exchange(written: &[u8], read: &[u8], end: IoKind) -> Record {
    let io = |kind, bytes: &[u8]| Io { link: 0, at_us: 0, kind, bytes: bytes.to_vec() };
    let io = vec![io(IoKind::Wrote, written), io(IoKind::Read, read), io(end, b"")];
    Record::of(Link::plain("target", Party::Client, Over::Http2), io)
}

pub(super) fn judged(case: &Case, written: &[u8], read: &[u8], end: IoKind) -> CaseResult {
    let registry = Corpus::embedded().unwrap().requirements;
    judge(
        case,
        Some(exchange(written, read, end)),
        None,
        &upspec_judge::TargetFacts::default(),
        &registry,
    )
}

/// What is still waited for on a link on which this was written and read.
pub(super) fn awaits(case: &Case, written: &[u8], read: &[u8]) -> Awaits {
    talked(case, written, read, |talk| upspec_judge::awaits(case, talk, false))
}

pub(super) fn talked<T>(
    case: &Case,
    written: &[u8],
    read: &[u8],
    look: impl FnOnce(&Talk<'_>) -> T,
) -> T {
    let link = Link::plain("target", Party::Client, case.over);
    look(&Talk::read(&Octets::under_way(&link, written, read)))
}
