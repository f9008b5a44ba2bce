//! Measures our readers beside what others do with the same octets, in turns, in one run, by processor time: the body of
//! `request_head` beside httparse; one valid exchange, read and judged, beside the checks of as much by hand
//! and beside tungstenite. Never counts the fuzzer's own work; `targets/bench-fuzz.sh` does.

mod by_hand;

use std::fs;
use std::hint::black_box;
use std::io::{self, Read, Write};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use upspec_corpus::Corpus;
use upspec_exchange::{Io, IoKind, Link, Octets, Over, Record, Transcript};
use upspec_handshake::permitted::{Endpoint, permitted};
use upspec_handshake::{Party, RequestHead};
use upspec_judge::{CONTROL, TargetFacts, judge_transcript};

use crate::seeds::Material;
use crate::{peer, request_head};

/// How often each is measured, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Rounds {
    /// How many rounds.
    pub count: usize,
    /// The processor time of a body in a round.
    pub each: Duration,
}

/// What a body took.
#[derive(Clone, Debug)]
pub struct Pace {
    /// What was done.
    pub name: &'static str,
    /// The nanoseconds that one input took, round by round.
    pub ns: Vec<f64>,
}

/// Reads JSON and keeps nothing of it, which is what reading a report costs at the least.
///
/// # Errors
///
/// Where it is no JSON.
pub fn read_json(text: &[u8]) -> Result<(), serde_json::Error> {
    serde_json::from_slice::<serde::de::IgnoredAny>(text).map(|_| ())
}

/// The heads of all requests of the corpus, ours beside httparse: ours is first.
#[must_use]
pub fn heads(corpus: &Corpus, rounds: Rounds) -> [Pace; 2] {
    let requests = Material::of_corpus(corpus).requests;
    in_turns([("request_head", &request_head), ("httparse", &peer)], &requests, rounds)
}

/// What is done with one valid exchange, or with its request head alone.
#[derive(Debug)]
pub struct Exchanges {
    /// The checks of the request head, by hand.
    pub head_by_hand: Pace,
    /// What tungstenite does with the request head.
    pub head_accepted: Pace,
    /// The request head, parsed.
    pub head_parsed: Pace,
    /// The same, with what the RFCs permit in answer to it.
    pub head_ruled: Pace,
    /// The checks of the whole exchange, by hand.
    pub by_hand: Pace,
    /// The whole exchange, parsed, with what the RFCs permit, and judged.
    pub judged: Pace,
}

/// One valid exchange, read and judged, beside what checks by hand and tungstenite do with it.
///
/// # Panics
/// Where the corpus has no control.
#[must_use]
pub fn exchanges(corpus: &Corpus, rounds: Rounds) -> Exchanges {
    let control = corpus.cases.iter().find(|case| case.id == CONTROL).expect("there is a control");
    let record = exchange();
    let facts = TargetFacts::default();
    let endpoint = Endpoint::default();
    let ruled = |octets: &[u8]| {
        let head = RequestHead::parse(octets).complete().expect("the request is whole");
        black_box(permitted(&head, &endpoint));
    };
    let by_hand = |_: &[u8]| assert_eq!(black_box(by_hand::exchange(black_box(&record))), Ok(()));
    // What `judge` does with a record, with the request that it reads at hand.
    let judged = |_: &[u8]| {
        let octets = Octets::of(black_box(&record));
        let transcript = Transcript::read(&octets);
        black_box(permitted(&transcript.talks[0].requests[0].head, &endpoint));
        black_box(judge_transcript(control, &transcript, None, &facts, &corpus.requirements));
    };
    let bodies: [Named<'_>; 6] = [
        ("httparse and checks by hand of one head", &by_hand::one_head),
        ("tungstenite's accept", &accepted),
        ("parse", &|octets| drop(black_box(RequestHead::parse(octets)))),
        ("parse, permitted", &ruled),
        ("httparse and checks by hand of the same exchange", &by_hand),
        ("parse, permitted, judge", &judged),
    ];
    let paces = in_turns(bodies, &[REQUEST.to_vec()], rounds);
    let [head_by_hand, head_accepted, head_parsed, head_ruled, by_hand, judged] = paces;
    Exchanges { head_by_hand, head_accepted, head_parsed, head_ruled, by_hand, judged }
}

/// What is done with one input, and what it is called.
type Named<'b> = (&'static str, &'b dyn Fn(&[u8]));

fn in_turns<const N: usize>(
    bodies: [Named<'_>; N],
    inputs: &[Vec<u8>],
    rounds: Rounds,
) -> [Pace; N] {
    let mut paces = bodies.map(|(name, _)| Pace { name, ns: Vec::new() });
    for _ in 0..rounds.count {
        for ((_, body), pace) in bodies.iter().zip(&mut paces) {
            pace.ns.push(1e9 / rate(body, inputs, rounds.each));
        }
    }
    paces
}

/// How often a body takes an input in a second of processor time.
fn rate(body: impl Fn(&[u8]), inputs: &[Vec<u8>], least: Duration) -> f64 {
    let (from, mut runs) = (spent(), 0_u32);
    // A look at the clock takes as long as many a body.
    let between = u32::try_from(BETWEEN_LOOKS.div_ceil(inputs.len().max(1))).unwrap_or(1);
    loop {
        for _ in 0..between {
            inputs.iter().for_each(|input| body(black_box(input)));
        }
        runs += between;
        let took = spent().saturating_sub(from);
        if took >= least {
            return f64::from(runs) * inputs.len() as f64 / took.as_secs_f64();
        }
    }
}

/// How many inputs are taken between two looks at the clock, at least.
const BETWEEN_LOOKS: usize = 2000;

/// The processor time of this process; where the system does not say it, the time of the wall.
fn spent() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let ticks = fs::read_to_string("/proc/self/stat").ok().and_then(|stat| {
        // After the name, which may hold spaces: user and system time are the 12th and 13th.
        let mut fields = stat.rsplit(')').next()?.split_ascii_whitespace().skip(11);
        let mut next = || fields.next()?.parse::<u64>().ok();
        Some(next()? + next()?)
    });
    ticks.map_or_else(|| START.elapsed(), |ticks| Duration::from_millis(10 * ticks))
}

/// The valid request, the answer of a server to it, and a Ping with its Pong: the control, passed.
fn exchange() -> Record {
    let io = |at_us, kind, octets: &[u8]| Io { link: 0, at_us, kind, bytes: octets.to_vec() };
    let io = vec![
        io(0, IoKind::Wrote, REQUEST),
        io(500, IoKind::Read, ANSWER),
        io(510, IoKind::Wrote, PING),
        io(900, IoKind::Read, PONG),
        io(900, IoKind::Decided, b""),
    ];
    Record::of(Link::plain("client", Party::Client, Over::Http1), io)
}

fn accepted(octets: &[u8]) {
    struct Wire<'o>(&'o [u8]);
    impl Read for Wire<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }
    impl Write for Wire<'_> {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            Ok(octets.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    assert!(black_box(tungstenite::accept(Wire(octets))).is_ok());
}

/// As a browser sends it.
const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: server.example.com:9001\r\nConnection: keep-alive, Upgrade\r\n\
    Pragma: no-cache\r\nCache-Control: no-cache\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\n\
    Upgrade: websocket\r\nOrigin: http://example.com\r\nSec-WebSocket-Version: 13\r\nAccept-Encoding: gzip, deflate\r\n\
    Accept-Language: en\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";
const ANSWER: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
const PING: &[u8] = b"\x89\x80\x37\xfa\x21\x3d";
const PONG: &[u8] = b"\x8a\x00";

#[cfg(test)]
mod tests {
    use super::*;
    use upspec_judge::{Verdict, judge};

    #[test]
    fn the_exchange_passes() {
        let corpus = Corpus::embedded().unwrap();
        let (control, record) = (corpus.case(CONTROL).unwrap(), exchange());
        let facts = TargetFacts::default();
        let result = judge(control, Some(record), None, &facts, &corpus.requirements);
        assert_eq!((result.verdict, result.findings), (Verdict::Pass, Vec::new()));
    }

    #[test]
    fn everything_takes_the_request() {
        let corpus = Corpus::embedded().unwrap();
        let paces = exchanges(&corpus, Rounds { count: 1, each: Duration::ZERO });
        assert_eq!(paces.judged.ns.len(), 1, "{paces:?}");
    }
}
