//! Records in which we are the server, and such with both ends, judged by the fixtures of `corpus`.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod connections;
mod slow;

use upspec_corpus::Corpus;
use upspec_corpus::case::Need;
use upspec_exchange::{Io, IoKind, Link, Over, Record};
use upspec_handshake::Party;
use upspec_handshake::frame::{opcode, write};
use upspec_judge::{CaseResult, TargetFacts, Verdict, judge, settle};

const REQUEST: &[u8] =
    b"GET /?upspec=1-abcdefghijklmnop HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";
const SWITCH: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n";
const MASK: Option<[u8; 4]> = Some([1, 2, 3, 4]);
const NOTHING: &[u8] = b"";

/// What happened on a link, and its octets.
type Event<'o> = (usize, IoKind, &'o [u8]);
/// The same where there is one link.
type Alone<'o> = (IoKind, &'o [u8]);

fn corpus() -> Corpus {
    let requirements = |rfc: &str, sections: &[&str]| {
        let each = sections.iter().map(|section| {
            format!(
                "[[requirement]]\nid = \"{rfc}/{section}\"\nlevel = \"must\"\nbinds = \"both\"\ntext = \"x\"\n"
            )
        });
        format!("title = \"x\"\nrfc = \"{rfc}\"\n{}", each.collect::<String>())
    };
    let files = [
        ("requirements/rfc6455.toml", &*requirements("rfc6455", &["4.1-check-accept"])),
        (
            "requirements/rfc9110.toml",
            &*requirements("rfc9110", &["7.6.1-removed", "15.2.2-101-upgrade"]),
        ),
        ("requirements/rfc9112.toml", &*requirements("rfc9112", &["3-request-line"])),
        ("client/answers.toml", include_str!("../../../corpus/tests/fixtures/client.toml")),
        (
            "intermediary/passing.toml",
            include_str!("../../../corpus/tests/fixtures/intermediary.toml"),
        ),
    ];
    Corpus::from_texts(&files).unwrap_or_else(|error| panic!("{error}"))
}

fn record(links: &[(&str, Party)], io: &[Event<'_>]) -> Record {
    let links = links.iter().map(|(name, we)| Link::plain(name, *we, Over::Http1)).collect();
    let io = (1..).zip(io).map(|(at_us, (link, kind, bytes))| Io {
        link: *link,
        at_us,
        kind: *kind,
        bytes: bytes.to_vec(),
    });
    Record { links, io: io.collect() }
}

/// The verdict of the case itself; rules for every message cite what this registry lacks.
fn judged(id: &str, record: Record, facts: &[Need]) -> CaseResult {
    let corpus = corpus();
    let mut known = TargetFacts::default();
    facts.iter().for_each(|need| known.set(*need, true));
    judge(corpus.case(id).unwrap(), Some(record), None, &known, &corpus.requirements)
}

fn own(result: &CaseResult) -> Verdict {
    let own = result.findings.iter().filter(|finding| finding.rule.is_none());
    own.map(|finding| finding.verdict).max().unwrap_or(match result.reason {
        Some(_) => Verdict::Inconclusive,
        None => Verdict::Pass,
    })
}

#[test]
fn what_a_client_makes_of_an_answer() {
    use IoKind::{Deadline, Read, ReadEnd, Reported, Reset, ShutWrite, WeReset, Wrote};
    let pong = write(opcode::PONG, b"12345678", MASK);
    let failing = write(opcode::CLOSE, &1002_u16.to_be_bytes(), MASK);
    let done = write(opcode::CLOSE, &1000_u16.to_be_bytes(), MASK);
    let reserved = write(opcode::CLOSE, &1006_u16.to_be_bytes(), MASK);
    let unmasked = write(opcode::TEXT, b"x", None);
    let (error, closed) = (br#"{"event":"error"}"#, br#"{"event":"close","code":1006}"#);
    let rows: [(&[Alone<'_>], &str, Verdict); 15] = [
        (&[(Read, &pong)], "opened", Verdict::Fail),
        (&[(ReadEnd, NOTHING)], "failed", Verdict::Pass),
        (&[(Reset, NOTHING)], "failed", Verdict::Pass),
        (&[(Read, &failing), (ReadEnd, NOTHING)], "close-frame", Verdict::Pass),
        (&[(Read, &done)], "close-normal", Verdict::Warn),
        (&[(Read, &reserved)], "close-reserved", Verdict::Inconclusive),
        (&[(Deadline, NOTHING), (ShutWrite, NOTHING), (ReadEnd, NOTHING)], "waits", Verdict::Pass),
        (&[(Deadline, NOTHING), (ShutWrite, NOTHING)], "held", Verdict::Warn),
        (&[(WeReset, NOTHING)], "held", Verdict::Warn),
        (&[(WeReset, NOTHING), (Reported, error)], "failed", Verdict::Pass),
        (&[(WeReset, NOTHING), (Reported, closed)], "failed", Verdict::Pass),
        (&[(Deadline, NOTHING)], "silent", Verdict::Inconclusive),
        (&[(Read, REQUEST)], "request-here", Verdict::Inconclusive),
        (&[(Read, &unmasked)], "junk", Verdict::Inconclusive),
        (&[(Read, &pong[..6])], "silent", Verdict::Inconclusive),
    ];
    for (after, outcome, verdict) in rows {
        let mut io = vec![(0, Read, REQUEST), (0, Wrote, SWITCH)];
        io.extend(after.iter().map(|(kind, octets)| (0, *kind, *octets)));
        let record = record(&[("origin", Party::Server)], &io);
        let result = judged("client/answers/swapped-accept", record, &[Need::Opens]);
        assert_eq!(result.outcome.unwrap().to_string(), outcome);
        assert_eq!(own(&result), verdict, "{outcome}: {:?}", result.findings);
    }
}

#[test]
fn frames_are_no_requests_whatever_their_masks_hold() {
    use IoKind::{Read, Wrote};
    let text = write(opcode::TEXT, b"a: b", Some(*b"\n\n\n\n"));
    let mut compressed_part = write(opcode::BINARY, b"a: b", Some(*b"\n\n\n\n"));
    compressed_part[0] = b'B';
    for frame in [text, compressed_part] {
        // An empty line too many does not make a request either.
        for (between, outcome) in [(NOTHING, "opened"), (b"\r\n", "junk")] {
            let io =
                [(0, Read, REQUEST), (0, Read, between), (0, Wrote, SWITCH), (0, Read, &frame)];
            let record = record(&[("origin", Party::Server)], &io);
            let result = judged("client/answers/swapped-accept", record, &[Need::Opens]);
            assert_eq!(result.outcome.unwrap().to_string(), outcome, "{frame:?}");
        }
    }
}

#[test]
fn what_a_client_does_before_and_after() {
    use IoKind::{Deadline, Read, ReadEnd, ShutWrite, Wrote};
    let text = write(opcode::TEXT, b"x", MASK);
    let failing = write(opcode::CLOSE, &1002_u16.to_be_bytes(), MASK);
    let (ping, pong) = (write(opcode::PING, b"later", None), write(opcode::PONG, b"later", MASK));
    let bad = [b"\xC1\x01x".as_slice(), &ping].concat();
    let early: [Event<'_>; 3] = [(0, Read, REQUEST), (0, Read, &text), (0, Wrote, SWITCH)];
    let late: [Event<'_>; 3] = [(0, Read, REQUEST), (0, Wrote, SWITCH), (0, Read, &text)];
    let went_on = [&late[..], &[(0, Wrote, &bad), (0, Read, &pong)]].concat();
    let gave_up = [&late[..], &[(0, Wrote, &bad), (0, ReadEnd, NOTHING)]].concat();
    // What it says of our end says nothing about the frames.
    let our_end = [(0, Deadline, NOTHING), (0, ShutWrite, NOTHING), (0, Read, &failing[..])];
    let complained = [&went_on[..], &our_end].concat();
    let refused: [Event<'_>; 3] = [
        (0, Read, REQUEST),
        (0, Wrote, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
        (0, Read, REQUEST),
    ];
    let sends = &[Need::Opens, Need::Sends][..];
    let rows = [
        ("held-answer", &early[..], sends, Verdict::Fail),
        ("held-answer", &late, sends, Verdict::Pass),
        ("held-answer", &late, &[], Verdict::Inconclusive),
        ("reserved-bit", &went_on, sends, Verdict::Fail),
        ("reserved-bit", &complained, sends, Verdict::Fail),
        ("reserved-bit", &gave_up, sends, Verdict::Warn),
        ("not-found", &refused, &[], Verdict::Pass),
        ("version", &refused[..1], &[], Verdict::Pass),
    ];
    for (name, io, facts, verdict) in rows {
        let record = record(&[("origin", Party::Server)], io);
        let result = judged(&format!("client/answers/{name}"), record, facts);
        assert_eq!(own(&result), verdict, "{name}: {result:?}");
    }
}

const BOTH: [(&str, Party); 2] = [("client", Party::Client), ("origin", Party::Server)];

#[test]
fn what_passes_through_an_intermediary() {
    use IoKind::{Read, ReadEnd, Wrote};
    let second = b"GET /?upspec=2-abcdefghijklmnop HTTP/1.1\r\nhOst:  a\r\nConnection: x-hop\r\nX-Hop: 1\r\n\r\n";
    let reframed = b"GET /?upspec=2-abcdefghijklmnop HTTP/1.1\r\nHost: a\r\n\r\n";
    let no = b"HTTP/1.1 426 No\r\nContent-Length: 0\r\n\r\n";
    let yes = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let refused: [Event<'_>; 5] = [
        (0, Wrote, REQUEST),
        (1, Read, REQUEST),
        (1, Wrote, no),
        (0, Read, no),
        (0, Wrote, second),
    ];
    let rows: [(&[Event<'_>], &[Need], Verdict); 4] = [
        (&[(1, Read, second)], &[], Verdict::Fail),
        (&[(1, Read, reframed), (1, Wrote, yes), (0, Read, yes)], &[], Verdict::Pass),
        (&[(0, ReadEnd, NOTHING)], &[], Verdict::Warn),
        (&[(0, Read, yes)], &[Need::Terminates], Verdict::Warn),
    ];
    for (after, facts, verdict) in rows {
        let io = [&refused[..], after].concat();
        let result = judged("intermediary/passing/refused-then-get", record(&BOTH, &io), facts);
        assert_eq!(own(&result), verdict, "{result:?}");
    }
    let alone = record(&BOTH[..1], &[(0, Wrote, REQUEST), (0, Read, no)]);
    let result = judged("intermediary/passing/relay", alone, &[]);
    assert_eq!(own(&result), Verdict::Inconclusive, "{result:?}");
}

#[test]
fn a_request_behind_content_begins_where_that_ends() {
    use IoKind::{Read, Wrote};
    let first =
        b"GET /?upspec=1-abcdefghijklmnop HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    let second = b"GET /?upspec=2-abcdefghijklmnop HTTP/1.1\r\nhOst:  a\r\nX-Hop: 1\r\n\r\n";
    let no = b"HTTP/1.1 426 No\r\nContent-Length: 0\r\n\r\n";
    let io: [Event<'_>; 6] = [
        (0, Wrote, first),
        (1, Read, first),
        (1, Wrote, no),
        (0, Read, no),
        (0, Wrote, second),
        (1, Read, second),
    ];
    let result = judged("intermediary/passing/refused-then-get", record(&BOTH, &io), &[]);
    assert_eq!(own(&result), Verdict::Fail, "{result:?}");
}

#[test]
fn rfc6455_4_1_an_intermediary_draws_each_key_of_its_own_anew() {
    use IoKind::{Read, Wrote};
    let with = |key: &str| {
        let text = String::from_utf8_lossy(REQUEST).replace("AAECAwQFBgcICQoLDA0ODw==", key);
        text.into_bytes()
    };
    let (own, other) = (with("dGhlIHNhbXBsZSBub25jZQ=="), with("AAAAAAAAAAAAAAAAAAAAAA=="));
    // What our clients sent is theirs to draw.
    let rows =
        [([&own, &own], 1), ([&own, &other], 0), ([&REQUEST.to_vec(), &REQUEST.to_vec()], 0)];
    for (came, count) in rows {
        let played = came.map(|came| {
            let io: [Event<'_>; 2] = [(0, Wrote, REQUEST), (1, Read, came)];
            judged("intermediary/passing/relay", record(&BOTH, &io), &[])
        });
        let mut results = played.to_vec();
        settle(&mut results, &corpus().requirements);
        let all = results.iter().flat_map(|result| &result.findings);
        let keys = all.filter(|finding| finding.message.contains("connections"));
        assert_eq!(keys.count(), count, "{results:?}");
    }
}

#[test]
fn rfc9110_7_8_what_is_left_of_a_handshake_is_a_plain_request() {
    use IoKind::{Read, Wrote};
    let left = b"GET /?upspec=1-abcdefghijklmnop HTTP/1.1\r\nHost: a\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let io: [Event<'_>; 2] = [(0, Wrote, REQUEST), (1, Read, left)];
    let result = judged("intermediary/passing/relay", record(&BOTH, &io), &[Need::Terminates]);
    let of_handshake = |finding: &&upspec_judge::Finding| finding.requirement.contains("/4.1-");
    assert_eq!(result.findings.iter().find(of_handshake), None);
}

#[test]
fn what_our_ends_say_in_a_tunnel_is_not_the_intermediarys() {
    use IoKind::{Read, Wrote};
    let second = b"GET /?upspec=2-abcdefghijklmnop HTTP/1.1\r\nHost: a\r\n\r\n";
    let yes = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let page = b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n";
    let other = String::from_utf8_lossy(SWITCH).replace("websocket", "bar").into_bytes();
    let rows = [
        ([&second[..], yes, yes], &[][..]),
        ([&second[9..], yes, yes], &[]),
        ([second, b"later", page], &["rfc9110/15.2.2-101-upgrade"]),
    ];
    for ([came, wrote, back], broken) in rows {
        let io: [Event<'_>; 8] = [
            (0, Wrote, REQUEST),
            (1, Read, REQUEST),
            (1, Wrote, &other),
            (0, Read, SWITCH),
            (0, Wrote, second),
            (1, Read, came),
            (1, Wrote, wrote),
            (0, Read, back),
        ];
        let result = judged("intermediary/passing/tunnel", record(&BOTH, &io), &[]);
        let of_rules = result.findings.iter().filter(|finding| finding.rule.is_some());
        let found: Vec<&str> = of_rules.map(|finding| finding.requirement.as_str()).collect();
        assert_eq!(found, broken, "{:?}", result.findings);
    }
}

#[test]
fn rfc9110_15_6_4_a_gateway_that_asked_its_origin_is_not_short_of_time() {
    use IoKind::{Read, Wrote};
    let early = [REQUEST, b"early octets"].concat();
    let no = b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n";
    let later = b"HTTP/1.1 503 No\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n";
    let io: [Event<'_>; 4] =
        [(0, Wrote, &early), (1, Read, &early), (1, Wrote, no), (0, Read, later)];
    let result = judged("intermediary/passing/early-data", record(&BOTH, &io), &[]);
    assert_eq!((own(&result), result.reason), (Verdict::Fail, None), "{:?}", result.findings);
}

#[test]
fn what_a_tunnel_brings() {
    use IoKind::{Read, Wrote};
    let (ping, back) = (write(opcode::PING, b"there", MASK), write(opcode::BINARY, b"back", None));
    let masked_anew = write(opcode::PING, b"there", Some([9, 9, 9, 9]));
    let changed = write(opcode::PING, b"THERE", MASK);
    let rows = [
        (&ping, &[][..], Verdict::Pass),
        (&masked_anew, &[], Verdict::Pass),
        (&changed, &[], Verdict::Fail),
        (&changed, &[Need::Parses], Verdict::Inconclusive),
    ];
    for (came, facts, verdict) in rows {
        let io: [Event<'_>; 8] = [
            (0, Wrote, REQUEST),
            (1, Read, REQUEST),
            (1, Wrote, SWITCH),
            (0, Read, SWITCH),
            (0, Wrote, &ping),
            (1, Read, came),
            (1, Wrote, &back),
            (0, Read, &back),
        ];
        let result = judged("intermediary/passing/tunnel", record(&BOTH, &io), facts);
        assert_eq!(own(&result), verdict, "{result:?}");
    }
}
