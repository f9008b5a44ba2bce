//! The set of lawful answers: it exists for every request, is the same each time, is no better for a
//! worse request, and contains what our own server decides.

use upspec_handshake::peer::{Compression, Decision, Service, Transport};
use upspec_handshake::permitted::{Answer, Endpoint, Grade, permitted as lawful};
use upspec_handshake::{RequestHead, Status, Version, ViolationKind};

use crate::planted;

/// Checks one input of the target `permitted`.
pub fn permitted(octets: &[u8]) {
    let Status::Complete(head) = RequestHead::parse(octets) else {
        return;
    };
    for endpoint in endpoints() {
        total(&head, &endpoint);
    }
    statuses(&head);
    decisions(&head);
    for worse in worsened(octets, &head) {
        let Status::Complete(worse) = RequestHead::parse(&worse) else {
            panic!("a line more or less made the head incomplete");
        };
        for endpoint in [Endpoint::default(), ALL_KNOWN] {
            let (before, after) = (switch(&head, &endpoint), switch(&worse, &endpoint));
            assert!(after >= before, "{after:?} is better than {before:?}");
        }
    }
}

/// Each answer has a ruling with a reason, and at least one is lawful.
fn total(head: &RequestHead<'_>, endpoint: &Endpoint) {
    let permitted = lawful(head, endpoint);
    assert_eq!(permitted, lawful(head, endpoint), "not the same twice");
    assert!(permitted.lawful().next().is_some(), "no lawful answer");
    for answer in Answer::ALL {
        let ruling = permitted.ruling(answer);
        assert!(!ruling.by.is_empty(), "{answer:?} without a requirement");
        let is_listed = permitted.lawful().any(|one| one == answer);
        assert_eq!(is_listed, ruling.grade < Grade::Forbidden);
    }
    for answer in [Answer::Silence, Answer::Junk] {
        let grade = permitted.ruling(answer).grade;
        assert_eq!(grade, Grade::Forbidden, "{answer:?} serves nobody");
    }
}

/// A status is worth what its class is.
fn statuses(head: &RequestHead<'_>) {
    let permitted = lawful(head, &ALL_KNOWN);
    for status in [100, 101, 200, 302, 400, 401, 499, 500, 599, 600] {
        let of_class = Answer::to(head, status).map(|answer| permitted.ruling(answer));
        assert_eq!(permitted.ruling_on(head, status), of_class);
    }
}

/// What our server decides is among the lawful answers, whatever it speaks.
fn decisions(head: &RequestHead<'_>) {
    for compression in [Compression::Declined, Compression::Deflate] {
        let service = Service {
            transport: Transport::Clear,
            subprotocols: vec![b"chat".to_vec()],
            compression,
        };
        let endpoint = Endpoint {
            switches: true,
            negotiates_subprotocols: true,
            negotiates_extensions: compression == Compression::Deflate,
        };
        let decision = Decision::of(head, &service);
        let answers: &[Answer] = match &decision {
            Decision::Handshake(_) => &[Answer::Switch],
            Decision::Request => &[Answer::ClientError, Answer::ServerError],
            Decision::Refuse(refusal) => match refusal.status {
                400 => &[Answer::BadRequest],
                500.. => &[Answer::ServerError],
                _ => &[Answer::ClientError],
            },
        };
        for &answer in answers {
            let permitted = lawful(head, &endpoint);
            let ruling = permitted.ruling(answer);
            assert_ne!(ruling.grade, Grade::Forbidden, "{decision:?} {ruling:?}");
        }
    }
}

fn switch(head: &RequestHead<'_>, endpoint: &Endpoint) -> Grade {
    planted::switch(head, lawful(head, endpoint).ruling(Answer::Switch).grade)
}

fn endpoints() -> impl Iterator<Item = Endpoint> {
    (0..8_u8).map(|bits| Endpoint {
        switches: bits & 1 != 0,
        negotiates_subprotocols: bits & 2 != 0,
        negotiates_extensions: bits & 4 != 0,
    })
}

/// The same request with one more defect, in each way that applies.
///
/// Only heads with a plain request line are made worse: where white space splits it in several
/// ways, what counts as a defect depends on the split (RFC 9112 3).
fn worsened(octets: &[u8], head: &RequestHead<'_>) -> Vec<Vec<u8>> {
    let in_line = |kind| REQUEST_LINE.contains(&kind);
    if head.violations.iter().any(|one| in_line(one.kind)) {
        return Vec::new();
    }
    let mut worse = Vec::new();
    // After the last field line, so that no line is taken for a fold of it.
    for line in ADDED {
        let name = line.split(|octet| *octet == b':').next().unwrap_or(line);
        let once = std::str::from_utf8(name).is_ok_and(|name| head.fields.contains(name));
        if once || !REPEATED.contains(line) {
            worse.push(with_line(octets, head, line));
        }
    }
    for name in ["Upgrade", "Connection", "Sec-WebSocket-Key"] {
        worse.push(without(octets, head, name));
    }
    // Only there a Host that is missing is as bad as one that is malformed (RFC 9112 3.2).
    if head.version == Some(Version::HTTP_11) {
        worse.push(without(octets, head, "Host"));
    }
    worse
}

fn with_line(octets: &[u8], head: &RequestHead<'_>, line: &[u8]) -> Vec<u8> {
    let end = fields_end(head);
    let rest = &octets[end..head.len];
    // The line end of the last line stays what it was.
    let break_at = rest.iter().position(|octet| *octet == b'\n').map_or(0, |at| at + 1);
    let (line_end, empty_line) = rest.split_at(break_at);
    [&octets[..end], line_end, line, b"\r\n", empty_line].concat()
}

fn fields_end(head: &RequestHead<'_>) -> usize {
    let last = head.fields.iter().last();
    last.map_or(head.line.end, |line| line.line.end)
}

/// The head without the lines of a name, each with what ends it.
fn without(octets: &[u8], head: &RequestHead<'_>, name: &str) -> Vec<u8> {
    let mut left = Vec::new();
    let mut from = 0;
    for line in head.fields.lines(name) {
        left.extend_from_slice(&octets[from..line.line.start]);
        let rest = &octets[line.line.end..head.len];
        let end = rest.iter().position(|octet| *octet == b'\n');
        from = line.line.end + end.map_or(0, |at| at + 1);
    }
    left.extend_from_slice(&octets[from..head.len]);
    left
}

/// An endpoint that has shown all it can.
const ALL_KNOWN: Endpoint =
    Endpoint { switches: true, negotiates_subprotocols: true, negotiates_extensions: true };

/// What can be wrong with the first line, and so with the split of it.
const REQUEST_LINE: [ViolationKind; 6] = [
    ViolationKind::BareCr,
    ViolationKind::MethodNotToken,
    ViolationKind::Nul,
    ViolationKind::RequestLineShape,
    ViolationKind::TargetOctet,
    ViolationKind::VersionMalformed,
];

/// Lines that are a defect wherever they stand, or where there is one of that name.
const ADDED: &[&[u8]] = &[
    b"no colon at all",
    b"X-Odd : 1",
    b"X-Nul: a\0b",
    b": nameless",
    HOST,
    KEY,
    VERSION,
    b"Connection: close",
    b"Transfer-Encoding: gzip",
];

const REPEATED: &[&[u8]] = &[HOST, KEY, VERSION];
const HOST: &[u8] = b"Host: other.example.com";
const KEY: &[u8] = b"Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==";
const VERSION: &[u8] = b"Sec-WebSocket-Version: 13";
