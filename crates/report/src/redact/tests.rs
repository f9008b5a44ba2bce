//! Redaction: the shapes that a secret can take in a record, and what must stay as it is.

use proptest::prelude::*;
use upspec_exchange::{Io, Link, Over};
use upspec_judge::{Death, Demise, Finding, Verdict};

use super::*;
use crate::sample;

/// Redacts a request and an answer, each whole and cut into single octets, and compares the whole.
#[track_caller]
fn check(wrote: &str, read: &str, want_wrote: &str, want_read: &str) {
    for size in [usize::MAX, 1, 3] {
        let mut results = [sample::result_of(parts(IoKind::Wrote, wrote, size), Vec::new())];
        results[0].record.as_mut().unwrap().io.extend(parts(IoKind::Read, read, size));
        redact(&mut results, &Secrets::new(&["X-Api-Key".to_owned()]));
        let record = results[0].record.as_ref().unwrap();
        for (party, want) in [(Party::Client, want_wrote), (Party::Server, want_read)] {
            assert_eq!(String::from_utf8_lossy(&record.sent(0, party)), want, "cut at {size}");
        }
    }
}

fn parts(kind: IoKind, text: &str, size: usize) -> Vec<Io> {
    let chunks = text.as_bytes().chunks(size.min(text.len().max(1)));
    chunks.map(|bytes| sample::io(0, kind, bytes)).collect()
}

#[test]
fn values_of_secret_fields_are_overwritten() {
    let rows = [
        ("Authorization: Bearer abc\r\nHost: a\r\n", "Authorization: ****** ***\r\nHost: a\r\n"),
        ("aUTHORIZATION:x\r\n", "aUTHORIZATION:*\r\n"),
        ("X-Api-Key: 1\r\nX-Api-Key-2: 1\r\n", "X-Api-Key: *\r\nX-Api-Key-2: 1\r\n"),
        ("Cookie: a=b; c=d\r\n\r\nbody", "Cookie: **** ***\r\n\r\nbody"),
        ("Proxy-Authorization : Basic x\n\n", "Proxy-Authorization : ***** *\n\n"),
        (" \tCookie: a\r\n", " \tCookie: *\r\n"),
        ("Cookie: a\r\n b\r\n\tc\r\nHost: a", "Cookie: *\r\n *\r\n\t*\r\nHost: a"),
        ("Cookie: a\rb\r\nHost: a", "Cookie: *\r*\r\nHost: a"),
        ("A: b\rCookie: c\r\nHost: a", "A: b\rCookie: *\r\nHost: a"),
        ("Cookie: unfinished", "Cookie: **********"),
        ("Cookie:", "Cookie:"),
        ("Cookies: a\r\nNo-Cookie: b\r\nCookie c: d", "Cookies: a\r\nNo-Cookie: b\r\nCookie c: d"),
        ("GET /Cookie: HTTP/1.1\r\n", "GET /Cookie: HTTP/1.1\r\n"),
    ];
    for (text, want) in rows {
        check(text, "", want, "");
        check("", text, "", want);
    }
    check("", "Set-Cookie: id=1; Path=/\r\n", "", "Set-Cookie: ***** ******\r\n");
}

#[test]
fn a_secret_that_comes_back_is_overwritten() {
    check(
        "GET / HTTP/1.1\r\nAuthorization: Bearer abcdefgh\r\nCookie: id=12345678; x=y\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n{\"auth\": \"abcdefgh\", \"id\": \"12345678\", \"x\": \"y\"}",
        "GET / HTTP/1.1\r\nAuthorization: ****** ********\r\nCookie: ************ ***\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n{\"auth\": \"********\", \"id\": \"********\", \"x\": \"y\"}",
    );
}

#[test]
fn a_finding_does_not_tell_the_secret() {
    let io = parts(IoKind::Wrote, "X-Api-Key: hunter2hunter2\r\n", usize::MAX);
    let finding = Finding {
        requirement: "rfc9110/7.8-a".to_owned(),
        sections: Vec::new(),
        level: "must".to_owned(),
        verdict: Verdict::Fail,
        message: "the body repeats hunter2hunter2".to_owned(),
        at: None,
        counted: None,
        rule: None,
    };
    let mut results = [sample::result_of(io, vec![finding])];
    redact(&mut results, &Secrets::new(&["x-api-key".to_owned()]));
    assert_eq!(results[0].findings[0].message, "the body repeats **************");
}

proptest! {
    #[test]
    fn nothing_changes_but_octets_into_stars(
        chunks in prop::collection::vec((any::<bool>(), "(Cookie|X-Api-Key|: |\r|\n|[ -~]){0,6}"), 0..8),
    ) {
        let io = chunks.iter().map(|(read, text)| {
            let kind = if *read { IoKind::Read } else { IoKind::Wrote };
            sample::io(0, kind, text.as_bytes())
        });
        let before = [sample::result_of(io.collect(), Vec::new())];
        let mut after = before.clone();
        redact(&mut after, &Secrets::new(&["X-Api-Key".to_owned()]));
        let events = |results: &[CaseResult]| results[0].record.clone().unwrap().io;
        let pairs = events(&before).into_iter().zip(events(&after));
        for (old, new) in pairs {
            prop_assert_eq!(old.bytes.len(), new.bytes.len());
            prop_assert!(old.bytes.iter().zip(&new.bytes).all(|(a, b)| a == b || *b == b'*'));
        }
        let once = after.clone();
        redact(&mut after, &Secrets::new(&["X-Api-Key".to_owned()]));
        prop_assert_eq!(once, after);
    }
}

#[test]
fn values_in_header_lists_are_overwritten() {
    // Literals of HPACK: a name from the static table, and a name and a value spelled out.
    let wrote = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x1e\x01\x05\0\0\0\x01\
        \x0f\x08\x11Bearer longsecret\0\x06cookie\x01a";
    // `set-cookie` with a Huffman-coded value of three octets, then a server that repeats a secret.
    let read = b"\0\0\x18\x01\x05\0\0\0\x01\x88\x0f\x28\x83\x18\xc6\x3f\x0f\x27\x0esee longsecret";
    let mut results = [sample::result_of(Vec::new(), Vec::new())];
    let octets = vec![(IoKind::Wrote, wrote.to_vec()), (IoKind::Read, read.to_vec())];
    results[0].record = Some(sample::over_http2(octets));
    redact(&mut results, &Secrets::new(&[]));
    let notes = FrameNotes::of(results[0].record.as_ref().unwrap(), 0);
    let values = |notes: &[FrameNote]| -> Vec<String> {
        let fields = notes.iter().flat_map(|note| &note.fields);
        fields.map(|field| String::from_utf8_lossy(&field.value).into_owned()).collect()
    };
    assert_eq!(values(&notes.client), ["****** **********", "*"]);
    assert_eq!(values(&notes.server), ["200", "***", "see **********"]);
}

#[test]
fn secrets_of_a_client_under_test_are_overwritten() {
    let mut results = [sample::result_of(Vec::new(), Vec::new())];
    results[0].record = Some(Record::of(
        Link::plain("back", Party::Server, Over::Http1),
        vec![
            sample::io(
                0,
                IoKind::Read,
                b"GET / HTTP/1.1\r\nAuthorization: Bearer abcdefgh\r\n\r\n",
            ),
            sample::io(1, IoKind::Wrote, b"HTTP/1.1 200 OK\r\n\r\nabcdefgh"),
        ],
    ));
    redact(&mut results, &Secrets::new(&[]));
    let record = results[0].record.as_ref().unwrap();
    let sent = [Party::Client, Party::Server].map(|party| record.sent(0, party));
    assert_eq!(sent[0], b"GET / HTTP/1.1\r\nAuthorization: ****** ********\r\n\r\n");
    assert_eq!(sent[1], b"HTTP/1.1 200 OK\r\n\r\n********");
}

#[test]
fn what_a_server_printed_keeps_no_secret() {
    let secrets = Secrets::new(&[])
        .with_url("ws://h/chat?room=1&access_token=qu3ry-token")
        .with_field("X-Api-Key", "k3y-of-the-user");
    let lines = ["GET /chat?room=1&access_token=qu3ry-token", "key k3y-of-the-user", "cookie: a=b"];
    let mut results = [sample::result_of(Vec::new(), Vec::new())];
    results[0].death = Some(Death {
        how: Demise::Exited,
        status: None,
        suspects: Vec::new(),
        unsure: false,
        output: lines.map(str::to_owned).to_vec(),
    });
    let found = redact(&mut results, &secrets);
    let want = ["GET /chat?room=*&access_token=***********", "key ***************", "cookie: ***"];
    assert_eq!(results[0].death.as_ref().unwrap().output, want);
    assert_eq!(found.blot("it said k3y-of-the-user"), "it said ***************");
}
