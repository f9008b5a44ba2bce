//! Every answer to every offer of h2c: what is ruled lawful by RFC 7540 3.2 and RFC 9110 7.8 passes, and
//! what they forbid does not. Written without a look at what the cases expect.

use upspec_corpus::case::{Act, Case, Need};
use upspec_corpus::{Bindings, Corpus};
use upspec_exchange::{Io, IoKind, Link, Octets, Over, Record, Talk};
use upspec_handshake::Party;
use upspec_handshake::field::connection::contains_option;
use upspec_handshake::field::upgrade::protocols;
use upspec_handshake::h2::{PREFACE, flag, hpack, write};
use upspec_handshake::{RequestHead, Version};
use upspec_judge::{Awaits, Verdict, awaits, judge};

/// What a server does about the offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Close,
    /// A 101 to h2c, and all that RFC 7540 3.2 asks for behind it.
    H2c,
    /// The same, with the answer before the SETTINGS.
    H2cAnswerFirst,
    /// The same, with the answer on another stream.
    H2cOtherStream,
    /// A 101 to h2c, and SETTINGS behind it, but no answer.
    H2cUnanswered,
    /// A 101 to h2c, and an answer without SETTINGS.
    H2cWithoutSettings,
    Silence,
    Status(u16),
    /// A 101 that names another protocol.
    To(&'static str),
}

const ANSWERS: [Answer; 18] = [
    Answer::Close,
    Answer::H2c,
    Answer::H2cAnswerFirst,
    Answer::H2cOtherStream,
    Answer::H2cUnanswered,
    Answer::H2cWithoutSettings,
    Answer::Silence,
    Answer::Status(200),
    Answer::Status(204),
    Answer::Status(302),
    Answer::Status(400),
    Answer::Status(404),
    Answer::Status(421),
    Answer::Status(500),
    Answer::Status(503),
    Answer::To("h2"),
    Answer::To("websocket"),
    Answer::To("h2c, h2"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grade {
    Lawful,
    Discouraged,
    Forbidden,
}

/// What this answer is to a request. A client that does not go on in HTTP/2 cannot tell which answer
/// would have come.
fn grade(head: &RequestHead<'_>, tls: bool, goes_on: bool, answer: Answer) -> Grade {
    let answer = match answer {
        Answer::H2cOtherStream | Answer::H2cUnanswered if !goes_on => Answer::H2c,
        answer => answer,
    };
    let fields = &head.fields;
    let mut offered = protocols(fields.values("Upgrade")).flatten();
    let offered = offered.any(|protocol| protocol.name.eq_ignore_ascii_case(b"h2c"));
    let settings: Vec<&[u8]> = fields.values("HTTP2-Settings").collect();
    let forbidden =
        tls || !offered || settings.len() != 1 || head.version != Some(Version::HTTP_11);
    let option = |name: &str| contains_option(fields.values("Connection"), name);
    let listed = option("upgrade") && option("http2-settings");
    let clean = listed && settings.first().is_some_and(|value| is_payload(value));
    match answer {
        Answer::Status(_) => Grade::Lawful,
        Answer::Close | Answer::Silence => Grade::Discouraged,
        Answer::H2c if forbidden => Grade::Forbidden,
        Answer::H2c if clean => Grade::Lawful,
        Answer::H2c => Grade::Discouraged,
        // What cannot be read as settings may end in an error.
        Answer::H2cUnanswered | Answer::H2cOtherStream if !forbidden && !clean => {
            Grade::Discouraged
        }
        _ => Grade::Forbidden,
    }
}

/// Whether the value is the payload of a SETTINGS frame in base64url (RFC 7540 3.2.1). What has the
/// length of one without padding is not measured further.
fn is_payload(value: &[u8]) -> bool {
    let alphabet = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
    !value.is_empty() && value.len().is_multiple_of(8) && value.iter().all(alphabet)
}

/// The 101, and what comes before and after the preface of the client.
fn octets(answer: Answer) -> (Vec<u8>, Vec<u8>) {
    let switch =
        |to: &str| format!("HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: {to}\r\n\r\n");
    let fields = [(&b":status"[..], &b"200"[..]), (b"date", b"Tue, 15 Nov 1994 08:12:31 GMT")];
    let head = |stream| write::headers(stream, &hpack::encode(fields), flag::END_STREAM);
    let h2c = switch("h2c").into_bytes();
    let settings = write::settings(&[(3, 100)]);
    let ack = [write::settings_ack(), write::ping(flag::ACK, *b"after101")].concat();
    match answer {
        Answer::Close | Answer::Silence => (Vec::new(), Vec::new()),
        Answer::H2c => ([h2c, settings].concat(), [ack, head(1)].concat()),
        Answer::H2cAnswerFirst => ([h2c, head(1), settings].concat(), ack),
        Answer::H2cOtherStream => ([h2c, settings].concat(), [ack, head(3)].concat()),
        Answer::H2cUnanswered => ([h2c, settings].concat(), ack),
        Answer::H2cWithoutSettings => ([h2c, head(1)].concat(), ack),
        Answer::Status(status) => {
            let (location, length) = match status {
                204 => ("", ""),
                302 => ("Location: /x\r\n", "Content-Length: 0\r\n"),
                _ => ("", "Content-Length: 0\r\n"),
            };
            let date = "Date: Tue, 15 Nov 1994 08:12:31 GMT\r\n";
            let head = format!("HTTP/1.1 {status} x\r\n{date}{location}{length}\r\n");
            (head.into_bytes(), Vec::new())
        }
        Answer::To(protocol) => (switch(protocol).into_bytes(), Vec::new()),
    }
}

/// The record that comes of a case when its one request gets this answer.
fn play(case: &Case, answer: Answer) -> Record {
    let tls = case.needs.contains(&Need::Tls);
    let mut parts = case.steps.split(|step| matches!(step.act, Act::Await(_)));
    let mut rendered = || {
        let mut octets = Vec::new();
        for step in parts.next().unwrap_or_default() {
            step.act.render_into(&mut octets, &Bindings::example());
        }
        octets
    };
    let (request, after) = (rendered(), rendered());
    let (head, mut behind) = octets(answer);
    // A request on stream 3 gets what stream 1 gets.
    let asks_again = after.windows(4).any(|four| four == 3_u32.to_be_bytes());
    if asks_again && answer == Answer::H2c {
        let answered = hpack::encode([(&b":status"[..], &b"204"[..])]);
        behind.extend(write::headers(3, &answered, flag::END_STREAM));
    }
    let switched = head.starts_with(b"HTTP/1.1 101");
    let mut io = vec![(IoKind::Wrote, request), (IoKind::Read, head)];
    if switched && after.starts_with(PREFACE) {
        io.extend([(IoKind::Wrote, after), (IoKind::Read, behind)]);
    }
    let of = |wanted| {
        let octets = io.iter().filter(|(kind, _)| *kind == wanted);
        octets.flat_map(|(_, octets)| octets.clone()).collect::<Vec<_>>()
    };
    let awaited = {
        let (written, read) = (of(IoKind::Wrote), of(IoKind::Read));
        let link = Link::plain("target", Party::Client, Over::Http1);
        awaits(case, &Talk::read(&Octets::under_way(&link, &written, &read)), false)
    };
    if awaited == Awaits::Nothing {
        io.push((IoKind::Decided, Vec::new()));
    }
    io.push(match (awaited, answer) {
        (Awaits::Nothing, _) => (IoKind::Closed, Vec::new()),
        (_, Answer::Close) => (IoKind::ReadEnd, Vec::new()),
        _ => (IoKind::Deadline, Vec::new()),
    });
    let io = io.into_iter().filter(|(kind, octets)| *kind != IoKind::Read || !octets.is_empty());
    let link = Link {
        tls,
        alpn: tls.then(|| "http/1.1".to_owned()),
        ..Link::plain("target", Party::Client, Over::Http1)
    };
    Record::of(link, io.map(|(kind, bytes)| Io { link: 0, at_us: 0, kind, bytes }).collect())
}

/// Whether the case is one request in HTTP/1.1 that offers h2c, or h2.
fn is_offer(case: &Case) -> bool {
    let refusal = case.id.starts_with("server/http2-refusal/h2");
    let several =
        matches!(&*case.id, "server/http2-refusal/h2c-then-http1" | "server/h2c/expect-continue");
    let offers = case.id.starts_with("server/h2c/") || refusal;
    offers && !several && case.over == Over::Http1
}

#[test]
fn answers_to_offers_are_judged_as_they_are_ruled() {
    let corpus = Corpus::embedded().unwrap();
    let mut differences = Vec::new();
    let mut unused: Vec<usize> = (0..DIFFERENCES.len()).collect();
    let mut seen = 0;
    for case in corpus.cases.iter().filter(|case| is_offer(case)) {
        seen += 1;
        for answer in ANSWERS {
            let record = play(case, answer);
            let written = record.io[0].bytes.clone();
            let head = RequestHead::parse(&written).complete().unwrap();
            let goes_on = case.steps.iter().any(|step| matches!(step.act, Act::Await(_)));
            let grade = grade(&head, record.links[0].tls, goes_on, answer);
            let result =
                judge(case, Some(record.clone()), None, &crate::facts(), &corpus.requirements);
            let agrees = match grade {
                Grade::Lawful => result.verdict == Verdict::Pass,
                Grade::Discouraged => result.verdict <= Verdict::Warn,
                Grade::Forbidden => result.verdict == Verdict::Fail,
            };
            let excuse =
                |row: &&Difference| case.id == row.0 && answer == row.1 && result.verdict == row.2;
            let row = DIFFERENCES.iter().position(|row| excuse(&row));
            match row {
                _ if agrees => {}
                Some(row) => unused.retain(|unused| *unused != row),
                None => differences.push(format!(
                    "{} draws {:?} for {answer:?}, which is {grade:?}: {:?}",
                    case.id, result.verdict, result.findings
                )),
            }
        }
    }
    let count = differences.len();
    assert!(count == 0, "{count} differences:\n{}", differences.join("\n"));
    assert!(unused.is_empty(), "rows that excuse nothing: {unused:?}");
    assert!(seen > 15, "only {seen} cases were played");
}

/// A case, an answer, what it draws, and why that is meant.
type Difference = (&'static str, Answer, Verdict, &'static str);

const DIFFERENCES: &[Difference] = &[(
    "server/h2c/valid",
    Answer::Status(400),
    Verdict::Warn,
    "400 calls a request malformed that is in order; any other status may be the resource's own.",
)];
