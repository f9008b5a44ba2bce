//! Single decisions of the judge, a row each: what came, and what it is worth.

use upspec_corpus::Corpus;
use upspec_corpus::case::Case;
use upspec_exchange::IoKind;
use upspec_handshake::field::key::accept;
use upspec_judge::{CaseResult, Reason, Verdict, judge};

use crate::scripted::{After, Reply, play};
use crate::tunnel::Conduct;

/// Plays a case whose requests are answered with these octets, one after another; `{accept}` stands
/// for the accept value. With the last of them the connection ends, unless it is a 101.
fn judged(corpus: &Corpus, id: &str, answers: &[&[&[u8]]]) -> CaseResult {
    let case: &Case = corpus.case(id).unwrap();
    let record = play(case, &mut |asked| {
        let key = asked.head.fields.values("Sec-WebSocket-Key").next();
        let accept = accept(key.unwrap_or_default());
        let octets = answers.get(asked.number).copied().unwrap_or_default().concat();
        let octets = replaced(&octets, b"{accept}", &accept);
        let after = if octets.starts_with(b"HTTP/1.1 101") {
            After::Tunnel(Conduct::Mute)
        } else if asked.number + 1 < answers.len() {
            After::Persist
        } else {
            After::End
        };
        Reply { octets, after }
    });
    judge(case, Some(record), None, &crate::facts(), &corpus.requirements)
}

fn replaced(octets: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    match octets.windows(from.len()).position(|part| part == from) {
        Some(at) => [&octets[..at], to, &octets[at + from.len()..]].concat(),
        None => octets.to_vec(),
    }
}

const SWITCH: &[u8] = b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: {accept}\r\n\r\n";
const DEFLATE: &[u8] = b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
const BUSY: &[u8] = b"HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n";
const REFUSED: &[u8] = b"HTTP/1.1 400 x\r\nDate: Tue, 15 Nov 1994 08:12:31 GMT\r\n\
    Sec-WebSocket-Version: 13\r\nContent-Length: 0\r\n\r\n";

const ENDLESS: &[u8] = b"HTTP/1.1 400 x\r\nDate: Tue, 15 Nov 1994 08:12:31 GMT\r\n\
    Sec-WebSocket-Version: 13\r\n\r\nno";

/// Hello and World, compressed (RFC 7692 7.2.3.1).
const HELLO: &[u8] = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00";
const GARBAGE: &[u8] = b"\xc1\x05Hello";
const STORED_HELLO: &[u8] = b"\xc1\x0b\x00\x05\x00\xfa\xffHello\x00";
const STORED_WORLD: &[u8] = b"\xc1\x0b\x00\x05\x00\xfa\xffWorld\x00";

/// A case, what answers its requests, and what comes of it.
type Row = (&'static str, Answers, Verdict, Option<Reason>);
type Answers = &'static [&'static [&'static [u8]]];

const ROWS: [Row; 16] = [
    // A refusal, even a passing one, leaves no tunnel to look at.
    ("server/ping/empty-ping", &[&[BUSY]], Verdict::Inconclusive, Some(Reason::Blocked)),
    ("server/close/end-of-connection", &[&[BUSY]], Verdict::Inconclusive, Some(Reason::Blocked)),
    ("server/ping/empty-ping", &[&[SWITCH]], Verdict::Fail, None),
    // The 101 answers the refused handshake, and the valid one is never written.
    (AFTER_REFUSAL, &[&[SWITCH]], Verdict::Inconclusive, Some(Reason::NotApplicable)),
    (AFTER_REFUSAL, &[&[REFUSED], &[SWITCH]], Verdict::Pass, None),
    // Where the refusal has no end, what would answer the next request is its content.
    (AFTER_REFUSAL, &[&[ENDLESS], &[], &[]], Verdict::Warn, Some(Reason::Blocked)),
    // With the 100 before the 101 its duty is done, whatever the tunnel does.
    (
        "server/expect/before-switch",
        &[&[SWITCH]],
        Verdict::Inconclusive,
        Some(Reason::NotApplicable),
    ),
    // A Pong may come unsolicited; the one with the Ping's data is its answer.
    ("server/frames/length-of-a-tebibyte", &[&[SWITCH, b"\x8a\x05World"]], Verdict::Pass, None),
    ("server/frames/length-of-a-tebibyte", &[&[SWITCH, b"\x8a\x05Hello"]], Verdict::Fail, None),
    ("server/ping/ping-with-data", &[&[SWITCH, b"\x8a\x05World"]], Verdict::Warn, None),
    (
        "server/ping/ping-with-data",
        &[&[SWITCH]],
        Verdict::Inconclusive,
        Some(Reason::NotApplicable),
    ),
    // What comes back compressed is read.
    ("server/compression/text", &[&[DEFLATE, HELLO]], Verdict::Pass, None),
    ("server/compression/text", &[&[DEFLATE, STORED_HELLO]], Verdict::Pass, None),
    ("server/compression/text", &[&[DEFLATE, STORED_WORLD]], Verdict::Fail, None),
    // What cannot be read breaks a rule, whatever the case is about; without an echo nothing is decided.
    ("server/compression/server-window-of-9-bits", &[&[DEFLATE, GARBAGE]], Verdict::Fail, None),
    (
        "server/compression/server-window-of-its-own",
        &[&[DEFLATE, HELLO]],
        Verdict::Inconclusive,
        Some(Reason::NotApplicable),
    ),
];

const AFTER_REFUSAL: &str = "server/persistence/handshake-after-refusal";

#[test]
fn verdicts() {
    let corpus = Corpus::embedded().unwrap();
    for (id, answers, verdict, reason) in ROWS {
        let result = judged(&corpus, id, answers);
        let got = (result.verdict, result.reason);
        assert_eq!(got, (verdict, reason), "{id}: {:?}", result.findings);
    }
}

#[test]
fn the_pong_that_answers_is_the_last_thing_to_wait_for() {
    let corpus = Corpus::embedded().unwrap();
    for (pong, is_waited_for) in [(&b"\x8a\x05Hello"[..], false), (b"\x8a\x05World", true)] {
        let result = judged(&corpus, "server/ping/ping-with-data", &[&[SWITCH, pong]]);
        let record = result.record.unwrap();
        assert_eq!(record.saw(IoKind::Deadline), is_waited_for, "{:?}", record.io);
    }
}

#[test]
fn one_close_is_one_finding() {
    let corpus = Corpus::embedded().unwrap();
    let result = judged(&corpus, "server/expect/on-refused-handshake", &[&[REFUSED]]);
    let announced = |id: &str| id == "rfc9112/9.6-announce";
    let told = result.findings.iter().filter(|one| announced(&one.requirement));
    assert_eq!(told.count(), 1, "{:?}", result.findings);
    assert_eq!(result.verdict, Verdict::Warn);
}

#[test]
fn a_switch_without_the_100_is_told_as_such() {
    let corpus = Corpus::embedded().unwrap();
    for (id, cited) in [
        ("server/expect/before-switch", true),
        ("server/expect/other-case", true),
        ("server/expect/body-at-once", false),
        ("server/expect/in-list", false),
        ("server/http-version/http10-expect", false),
    ] {
        let case = corpus.case(id).unwrap();
        let mut record = play(case, &mut |_| Reply {
            octets: SWITCH.to_vec(),
            after: After::Tunnel(Conduct::Mute),
        });
        record.io.truncate(2);
        record.io[1].bytes = SWITCH.to_vec();
        let result = judge(case, Some(record), None, &crate::facts(), &corpus.requirements);
        let rule = "rfc9110/7.8-continue-first";
        let told = result.findings.iter().any(|one| one.requirement == rule);
        assert_eq!(told, cited, "{id}: {:?}", result.findings);
    }
}

#[test]
fn a_switch_out_of_turn_breaks_the_order_of_a_pipeline() {
    let corpus = Corpus::embedded().unwrap();
    let result = judged(&corpus, "server/persistence/handshake-behind-two", &[&[SWITCH]]);
    let cited: Vec<&str> = result.findings.iter().map(|one| one.requirement.as_str()).collect();
    assert!(cited.contains(&"rfc9112/9.3.2-pipeline-order"), "{cited:?}");
    assert!(!cited.contains(&"rfc9110/7.8-offered"), "{cited:?}");
    assert_eq!(result.verdict, Verdict::Fail);
}

#[test]
fn what_a_tunnel_owes_at_once_is_no_matter_of_timers() {
    let corpus = Corpus::embedded().unwrap();
    for (id, is_due_soon) in [
        ("server/body/ping-frame", true),
        ("server/body/pong-header", true),
        ("server/close/end-of-connection", false),
        ("server/frames/unmasked-text", false),
        ("server/persistence/request-in-tunnel", false),
    ] {
        let result = judged(&corpus, id, &[&[SWITCH]]);
        assert_eq!(result.aside.is_due_soon, is_due_soon, "{id}: {:?}", result.findings);
    }
    // Where nothing has switched a timer may be what brings the answer.
    assert!(!judged(&corpus, "server/body/ping-frame", &[&[]]).aside.is_due_soon);
}
