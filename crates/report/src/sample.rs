//! The one report that the tests of all views share: every verdict, and a target that is hostile.

use std::collections::BTreeMap;

use upspec_corpus::Registry;
use upspec_corpus::case::{Need, Role};
use upspec_exchange::{Io, IoKind, Link, Over, Place, Record};
use upspec_handshake::Party;
use upspec_judge::{Aside, Came, CaseResult, Death, Demise, Finding, Reason, TargetFacts, Verdict};

use crate::expected::Expected;
use crate::matrix::{Line, Side};
use crate::note::{CaseNote, Example, RequirementNote};
use crate::prevalence::Prevalence;
use crate::report::{About, Demand, Report, Target, Tool};
use crate::section::Section;

/// What a hostile target may put into anything that it sends.
pub(crate) const HOSTILE: &[u8] = b"<script>alert(1)</script>\x1b[31m\x1b]0;owned\x07\0]]>--><!--\
    &amp;\"'`|\xff\xfe\xc3\xa4\x7f</pre></details>{{7*7}}${x}";

/// The report: one case for every verdict and some more.
pub(crate) fn report() -> Report {
    let mut report = Report::new(about(), cases(), case_note, note);
    report.find_causes(&[], &Registry::default(), &[], &others());
    report
}

/// What others do, which does not change with those that were played.
pub(crate) fn others() -> Prevalence {
    Prevalence {
        role: Role::Server,
        played: "2026-11-23".to_owned(),
        peers: ["one", "two", "three"].map(str::to_owned).to_vec(),
        rules: BTreeMap::new(),
        cases: BTreeMap::new(),
    }
}

/// What is known of the run, with a target that calls itself something hostile.
/// A demand that a run did not meet.
pub(crate) fn demand() -> Demand {
    Demand { option: "need".to_owned(), said: "the target shows no http2".to_owned() }
}

pub(crate) fn about() -> About {
    let facts = TargetFacts {
        capabilities: [Need::Endpoint, Need::Echo, Need::KeepAlive, Need::Plain, Need::Pong].into(),
        subprotocols: vec!["chat".to_owned(), "<b>soap</b>".to_owned()],
        answer_us: 412,
        window_ms: 500,
        server: Some("evil/1.0 <img src=x onerror=alert(2)>\u{202e}".to_owned()),
        ..TargetFacts::default()
    };
    let url = "ws://127.0.0.1:9001/chat?<i>&x='y'".to_owned();
    About {
        tool: Tool { version: "0.1.0".to_owned(), corpus: "sha256:5f70bf18a08660".to_owned() },
        target: Target {
            role: Role::Server,
            url,
            name: Some("café <b>\u{1b}[1m".to_owned()),
            facts,
        },
        seed: 42,
        again: Some("upspec run 'ws://127.0.0.1:9001/chat?<i>' --seed 42 --jobs 4".to_owned()),
        started: "2026-11-23T10:00:00Z".parse().unwrap(),
        elapsed_ms: 812,
        complete: true,
        trouble: None,
        remarks: vec!["the target was <b>restarted</b> by \u{1b}[1msomebody".to_owned()],
    }
}

/// A report of as many cases as a full run has, with answers of a usual size.
pub(crate) fn full_report(number: usize) -> Report {
    let shapes = [(passed(), 12), (missed(), 1), (inapplicable(), 2), (broken(), 1)];
    let shapes: Vec<_> = shapes.iter().flat_map(|(case, often)| vec![case; *often]).collect();
    let cases = (0..number).map(|at| {
        let id = format!("server/topic-{}/case-{at}", at / 16);
        let requirement = IDS[at / 16 % IDS.len()].to_owned();
        CaseResult { id, requirement, ..shapes[at % shapes.len()].clone() }
    });
    let noted = shapes.iter().find_map(|case| case_note(&case.id));
    Report::new(about(), cases.collect(), |_| noted.clone(), note)
}

/// A result of one connection and nothing else.
pub(crate) fn result_of(io: Vec<Io>, findings: Vec<Finding>) -> CaseResult {
    CaseResult {
        id: "server/key/absent".to_owned(),
        title: "A handshake without a key is refused".to_owned(),
        requirement: "rfc6455/4.2.1-key".to_owned(),
        verdict: Verdict::Pass,
        reason: None,
        outcome: None,
        flaky: false,
        elapsed_ms: 1,
        findings,
        record: Some(record(io)),
        twin: None,
        death: None,
        aside: Aside::default(),
    }
}

/// What the corpus says of the sample's cases.
fn case_note(id: &str) -> Option<CaseNote> {
    let (line, expected) = match id {
        "server/control/handshake" => {
            (7, vec![expected(Verdict::Pass, "101, and the Ping gets its Pong")])
        }
        "server/key/fifteen-bytes" => {
            let because = "A 5xx blames the server for the client's mistake.".to_owned();
            let grades = vec![
                expected(Verdict::Pass, "4xx"),
                Expected { because: Some(because), ..expected(Verdict::Warn, "5xx") },
                expected(Verdict::Warn, "closed without an answer"),
            ];
            (470, grades)
        }
        "server/version/twelve" => {
            (12, vec![expected(Verdict::Pass, "4xx with Sec-WebSocket-Version holding 13")])
        }
        "server/close/announced" => {
            (31, vec![expected(Verdict::Pass, "400, then the connection is closed")])
        }
        _ => return None,
    };
    let is_key = id.starts_with("server/key/");
    let (file, _) = id.rsplit_once('/')?;
    Some(CaseNote {
        topic: is_key.then(|| "Sec-WebSocket-Key".to_owned()),
        source: Some(format!("cases/{file}.toml:{line}")),
        why: is_key
            .then(|| "A lenient decoder lets clients in that speak no WebSocket.".to_owned()),
        expected,
        right: (id == "server/key/fifteen-bytes").then(|| Example {
            peer: "<b>one".to_owned(),
            of: 2,
            lines: vec![Line { side: Side::Received, text: "HTTP/1.1 400 <i>\\r\\n".to_owned() }],
        }),
        worth: Vec::new(),
    })
}

/// The requirements that the sample cites.
fn note(id: &str) -> Option<RequirementNote> {
    let (level, text, older) = match id {
        "rfc6455/4.2.1-key" => ("must", "The handshake carries one key of 16 bytes.", None),
        "rfc6455/4.4-version-list" => {
            ("must", "A refused version is answered with the list.", None)
        }
        "rfc9110/7.8-http10" => {
            ("must", "Upgrade in an HTTP/1.0 request is ignored.", Some("rfc7230/6.7"))
        }
        "rfc9110/15.5.22-upgrade" => ("must", "A 426 names a protocol in Upgrade.", None),
        "rfc9112/9.6-close" => ("should", "A sender of close closes.", Some("rfc7230/6.6")),
        "rfc6455/4.2.2-accept" => ("must", "The accept value is computed from the key.", None),
        _ => return None,
    };
    let section = Section::of_requirement(id)?;
    let current = id.split('-').next()?.to_owned();
    Some(RequirementNote {
        level: level.to_owned(),
        text: text.to_owned(),
        sections: std::iter::once(current).chain(older.map(str::to_owned)).collect(),
        url: section.url(),
        binds: "server".to_owned(),
    })
}

fn cases() -> Vec<CaseResult> {
    vec![passed(), broken(), deadly(), hostile(), missed(), inapplicable(), flaky(), unreachable()]
}

fn passed() -> CaseResult {
    let answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x8a\x08\x00\x01\x02\x03\x04\x05\x06\x07";
    let io = vec![
        io(12, IoKind::Wrote, &request("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")),
        io(498, IoKind::Read, answer),
        io(530, IoKind::WroteLeave, b"\x88\x82\x01\x02\x03\x04\x02\xea"),
        io(611, IoKind::Read, b"\x88\x02\x03\xe8"),
        io(640, IoKind::ReadEnd, b""),
        io(655, IoKind::Closed, b""),
    ];
    CaseResult {
        outcome: came("101"),
        ..entry("server/control/handshake", "A valid handshake is answered with 101", IDS[5], io)
    }
}

fn broken() -> CaseResult {
    let key = "Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0O\r\n";
    let answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n";
    let io = vec![
        io(9, IoKind::Wrote, &request(key)),
        io(401, IoKind::Read, answer),
        io(455, IoKind::Read, b"Connection: Upgrade\r\n\r\n"),
        io(500_455, IoKind::Deadline, b""),
        io(500_470, IoKind::Closed, b""),
    ];
    CaseResult {
        verdict: Verdict::Fail,
        outcome: came("101"),
        elapsed_ms: 500,
        findings: vec![
            finding(
                IDS[0],
                "must",
                Verdict::Fail,
                "answered 101 to a key of 15 bytes",
                Some(0..32),
            ),
            finding(IDS[5], "must", Verdict::Fail, "no Sec-WebSocket-Accept in the 101", None),
        ],
        ..entry("server/key/fifteen-bytes", "A key of 15 bytes is refused", IDS[0], io)
    }
}

fn deadly() -> CaseResult {
    let io = vec![io(9, IoKind::Wrote, &request("X: y\r\n")), io(700, IoKind::Reset, b"")];
    let trace = ["Error: <i>boom</i>", "    at \u{1b}[31mupgrade\u{202e} (server.js:7:3)", "]]>&"];
    let death = Death {
        how: Demise::Exited,
        status: Some("exit status: 1".to_owned()),
        suspects: Vec::new(),
        unsure: false,
        output: trace.map(str::to_owned).to_vec(),
    };
    let case = entry("server/key/deadly", "A field that nobody knows is ignored", IDS[1], io);
    let mut case =
        CaseResult { outcome: came("closed"), ..case }.with_death(death, &Registry::default());
    case.findings[0].level = "should".to_owned();
    case.findings[0].sections = vec!["rfc9110/2.3".to_owned()];
    case
}

fn hostile() -> CaseResult {
    let mut answer = b"HTTP/1.1 426 ".to_vec();
    answer.extend(HOSTILE);
    answer.extend(b"\r\nX: ");
    answer.extend([b'a'; 300]);
    answer.extend(b"\r\n\r\n");
    let message = format!("no Upgrade in: {}", String::from_utf8_lossy(HOSTILE));
    let end = answer.len();
    let io = vec![
        io(8, IoKind::Wrote, &request("Sec-WebSocket-Version: 12\r\n")),
        io(300, IoKind::Read, &answer[..20]),
        io(302, IoKind::Read, &answer[20..]),
        io(303, IoKind::Read, HOSTILE),
        io(350, IoKind::Reset, b""),
    ];
    CaseResult {
        verdict: Verdict::Fail,
        outcome: came("426"),
        findings: vec![
            finding(IDS[3], "must", Verdict::Fail, &message, Some(13..end + 1000)),
            finding(IDS[4], "should", Verdict::Warn, "the connection was reset", None),
        ],
        ..entry("server/version/twelve", "Version 12 is refused, with a list", IDS[1], io)
    }
}

fn missed() -> CaseResult {
    let answer = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    let io = vec![
        io(7, IoKind::Wrote, &request("Upgrade: h2c\r\n")),
        io(288, IoKind::Read, answer),
        io(500_288, IoKind::Deadline, b""),
    ];
    CaseResult {
        verdict: Verdict::Warn,
        outcome: came("400"),
        findings: vec![finding(
            IDS[4],
            "should",
            Verdict::Warn,
            "announced close, stayed open",
            Some(26..43),
        )],
        ..entry("server/close/announced", "An announced close is a close", IDS[4], io)
    }
}

fn inapplicable() -> CaseResult {
    CaseResult {
        verdict: Verdict::Inconclusive,
        reason: Some(Reason::NotApplicable),
        elapsed_ms: 0,
        record: None,
        ..entry("server/http10/upgrade", "An HTTP/1.0 request is not upgraded", IDS[2], Vec::new())
    }
}

fn flaky() -> CaseResult {
    let io = vec![io(10, IoKind::Wrote, &request("")), io(2_000, IoKind::ReadEnd, b"")];
    CaseResult {
        verdict: Verdict::Fail,
        flaky: true,
        findings: vec![finding(IDS[0], "must", Verdict::Fail, "closed without an answer", None)],
        ..entry("server/key/absent", "A handshake without a key is refused", IDS[0], io)
    }
}

fn unreachable() -> CaseResult {
    CaseResult {
        verdict: Verdict::Error,
        reason: Some(Reason::Connect),
        record: None,
        ..entry("odd", "A requirement that the report does not hold", "house rule", Vec::new())
    }
}

fn entry(id: &str, title: &str, requirement: &str, io: Vec<Io>) -> CaseResult {
    CaseResult {
        id: id.to_owned(),
        title: title.to_owned(),
        requirement: requirement.to_owned(),
        ..result_of(io, Vec::new())
    }
}

fn came(outcome: &str) -> Option<Came> {
    Some(outcome.parse().unwrap())
}

/// A record of one link over HTTP/1.1, on which we are the client.
pub(crate) fn record(io: Vec<Io>) -> Record {
    Record::of(Link::plain("front", Party::Client, Over::Http1), io)
}

/// The same over HTTP/2, with these octets.
pub(crate) fn over_http2(octets: Vec<(IoKind, Vec<u8>)>) -> Record {
    let io = octets.into_iter().map(|(kind, bytes)| io(0, kind, &bytes));
    Record::of(Link::plain("front", Party::Client, Over::Http2), io.collect())
}

pub(crate) fn finding(
    id: &str,
    level: &str,
    verdict: Verdict,
    message: &str,
    at: Option<std::ops::Range<usize>>,
) -> Finding {
    Finding {
        requirement: id.to_owned(),
        sections: note(id).map(|note| note.sections).unwrap_or_default(),
        level: level.to_owned(),
        verdict,
        message: message.to_owned(),
        rule: None,
        at: at.map(|at| Place { link: 0, from: Party::Server, start: at.start, end: at.end }),
        counted: None,
    }
}

fn expected(grade: Verdict, text: &str) -> Expected {
    Expected { grade, text: text.to_owned(), because: None }
}

/// An event on the first link.
pub(crate) fn io(at_us: u64, kind: IoKind, bytes: &[u8]) -> Io {
    Io { link: 0, at_us, kind, bytes: bytes.to_vec() }
}

fn request(lines: &str) -> Vec<u8> {
    let head = "GET /chat HTTP/1.1\r\nHost: 127.0.0.1:9001\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n";
    format!("{head}{lines}\r\n").into_bytes()
}

const IDS: [&str; 6] = [
    "rfc6455/4.2.1-key",
    "rfc6455/4.4-version-list",
    "rfc9110/7.8-http10",
    "rfc9110/15.5.22-upgrade",
    "rfc9112/9.6-close",
    "rfc6455/4.2.2-accept",
];
