//! Our server answers, our client reads the answer, and the judge watches: what the server writes
//! must satisfy both. Nothing here is random.

use std::sync::OnceLock;

use upspec_corpus::{Case, Corpus};
use upspec_exchange::{Io, IoKind, Link, Over, Record};
use upspec_handshake::peer::{Client, ClientEvent, Decision, Refusal, Server, Service};
use upspec_handshake::{FieldLine, Party, RequestHead, ResponseHead, Status};
use upspec_judge::{CaseResult, Verdict};

/// The corpus that is part of the crate, read once.
pub(crate) fn corpus() -> &'static Corpus {
    static CORPUS: OnceLock<Corpus> = OnceLock::new();
    CORPUS.get_or_init(|| Corpus::embedded().expect("the tests of the corpus have read it"))
}

/// A server with these octets behind it.
pub(crate) struct Answered {
    pub(crate) decision: Decision,
    /// Where the head of the request ends.
    pub(crate) head_len: usize,
    /// The whole answer; empty without a complete request head.
    pub(crate) octets: Vec<u8>,
}

/// Gives the request to our server; `None` while its head is incomplete.
pub(crate) fn answer(request: &[u8], service: &Service) -> Option<Answered> {
    let mut server = Server::new(service.clone());
    let head_len = match server.read(request) {
        Status::Partial => return None,
        Status::Complete(Ok(head)) => {
            server.decide(&head);
            head.len
        }
        Status::Complete(Err(_)) => request.len(),
    };
    let decision = server.answer()?;
    assert_eq!(server.answer(), None, "there is one answer");
    let octets = match &decision {
        Decision::Handshake(agreement) => agreement.head().octets(),
        Decision::Request => response(404, &[]),
        Decision::Refuse(refusal) => refused(refusal),
    };
    Some(Answered { decision, head_len, octets })
}

fn refused(refusal: &Refusal) -> Vec<u8> {
    response(refusal.status, &refusal.fields)
}

/// A final answer after which the connection ends.
fn response(status: u16, fields: &[(&'static str, String)]) -> Vec<u8> {
    let mut head = ResponseHead::new(status);
    let mut line = |name: &'static str, value: &str| {
        head.fields.push(FieldLine::new(name.as_bytes(), value.as_bytes().to_vec()));
    };
    line("Date", "Mon, 23 Nov 2026 10:00:00 GMT");
    line("Content-Length", "0");
    for (name, value) in fields.iter().filter(|(name, _)| *name != "Connection") {
        line(name, value);
    }
    let upgrades = fields.iter().any(|(name, _)| *name == "Upgrade");
    line("Connection", if upgrades { "close, Upgrade" } else { "close" });
    head.octets()
}

/// How a client with this request reads a whole answer.
pub(crate) fn read_by_client(
    request: &RequestHead<'_>,
    octets: &[u8],
    answer: &[u8],
) -> ClientRead {
    let mut client = Client::new(&octets[..request.len]).complete().expect("the head is complete");
    client.send();
    let events = client.receive(answer);
    ClientRead { client, events }
}

/// A client that has read an answer.
pub(crate) struct ClientRead {
    pub(crate) client: Client,
    pub(crate) events: Vec<ClientEvent>,
}

/// The judge's result for these octets in a case that expects nothing in particular.
pub(crate) fn judged(request: &[u8], answer: &[u8]) -> CaseResult {
    let is_switch = answer.starts_with(b"HTTP/1.1 101");
    let end = if is_switch { IoKind::Closed } else { IoKind::ReadEnd };
    let io = |at_us, kind, bytes: &[u8]| Io { link: 0, at_us, kind, bytes: bytes.to_vec() };
    let io = vec![io(1, IoKind::Wrote, request), io(2, IoKind::Read, answer), io(3, end, b"")];
    let record = Record::of(Link::plain("target", Party::Client, Over::Http1), io);
    upspec_judge::judge(
        any_answer(),
        Some(record),
        None,
        &upspec_judge::TargetFacts::default(),
        &corpus().requirements,
    )
}

/// The findings that break a MUST, in words.
pub(crate) fn failures(result: &CaseResult) -> Vec<String> {
    let failing = result.findings.iter().filter(|one| one.verdict == Verdict::Fail);
    failing.map(|finding| format!("{}: {}", finding.requirement, finding.message)).collect()
}

/// A case to which any answer is right, so that only the rules for every response apply.
fn any_answer() -> &'static Case {
    static CASE: OnceLock<Corpus> = OnceLock::new();
    let load = || Corpus::from_texts(ANY_ANSWER).expect("the files are in order");
    &CASE.get_or_init(load).cases[0]
}

const ANY_ANSWER: &[(&str, &str)] = &[
    ("requirements/rfc6455.toml", REGISTRY),
    (
        "server/any.toml",
        r#"title = "Any answer"
        [[case]]
        name = "any-answer"
        title = "Any answer is right"
        requirement = "rfc6455/4.2.1-key"
        step = [{ send = 'any octets' }]
        expect = [{ status = "100-599 closed silent not-http" }]
        "#,
    ),
];

pub(crate) const REGISTRY: &str = r#"title = "The WebSocket Protocol"
rfc = "rfc6455"
[[requirement]]
id = "rfc6455/4.2.1-key"
level = "must"
binds = "server"
text = "The key is there."
"#;
