//! What is lawful, row by row, and the properties that hold for every request.

use proptest::prelude::*;

use super::{Answer, Endpoint, Grade, permitted};
use crate::RequestHead;

const LINES: [&str; 6] = [
    "GET /chat HTTP/1.1",
    "Host: a",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
];

const SWITCHES: Endpoint =
    Endpoint { switches: true, negotiates_subprotocols: true, negotiates_extensions: true };

/// The grades of all answers in the order of [`Answer::ALL`], a letter each.
fn grades(request: &str) -> String {
    let head = RequestHead::parse(request.as_bytes()).complete().unwrap();
    let permitted = permitted(&head, &SWITCHES);
    let letter = |answer| match permitted.ruling(answer).grade {
        Grade::Lawful => 'l',
        Grade::Discouraged => 'd',
        Grade::Forbidden => 'f',
    };
    Answer::ALL.into_iter().map(letter).collect()
}

fn with(line: &str, instead: &str) -> String {
    let lines: Vec<&str> =
        LINES.iter().map(|one| if one.starts_with(line) { instead } else { one }).collect();
    format!("{}\r\n\r\n", lines.join("\r\n").replace("\r\n\r\n", "\r\n"))
}

#[test]
fn answers_are_graded() {
    //             101 2xx 3xx 400 4xx 5xx close silence junk
    let rows = [
        ("GET", "GET /chat HTTP/1.1", "lddddddff"),
        ("Upgrade", "Upgrade: foo/2, websocket", "lddddddff"),
        ("GET", "GET /chat HTTP/1.0", "fllllldff"),
        ("Connection", "Connection: close", "fllllldff"),
        ("Upgrade", "Upgrade: h2c", "fllllldff"),
        ("Host", "", "fffldddff"),
        ("GET", "POST /chat HTTP/1.1", "fddllddff"),
        ("Sec-WebSocket-Key", "Sec-WebSocket-Key: x", "fddllddff"),
        ("Sec-WebSocket-Version", "Sec-WebSocket-Version: 8", "dddllddff"),
        ("Host", "Host: a\r\nX: b\r\n c", "lddldddff"),
        ("Host", "Host: a\r\nbad line", "dddldddff"),
        ("GET", "GET /chat HTTP/2.0", "dddllldff"),
        ("Host", "Host: a\r\nContent-Length: 0", "lddddddff"),
        ("Host", "Host: a\r\nContent-Length: 5", "lddllddff"),
        ("Host", "Host: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked", "dddllddff"),
        ("Host", "Host: a\r\nTransfer-Encoding: chunked, gzip", "fffldddff"),
        ("Host", "Host: a\r\nTransfer-Encoding: chunked, chunked", "dddldddff"),
        ("Host", "Host: a\r\nTransfer-Encoding: chunked;q=1", "dddldddff"),
        ("Host", "Host: a\r\nSec-WebSocket-Extensions: ;", "fddlldlff"),
        ("Host", "Host: a\r\nSec-WebSocket-Protocol: a b", "fddllddff"),
        ("Host", "Host: a\r\nSec-WebSocket-Protocol: a, a", "lddllddff"),
    ];
    for (line, instead, want) in rows {
        assert_eq!(grades(&with(line, instead)), want, "{instead}");
    }
}

#[test]
fn every_ruling_names_its_requirements() {
    for line in LINES {
        let request = with(line, "X: y");
        let head = RequestHead::parse(request.as_bytes()).complete();
        let Some(head) = head else { continue };
        let permitted = permitted(&head, &SWITCHES);
        assert!(
            Answer::ALL.iter().all(|answer| !permitted.ruling(*answer).by.is_empty()),
            "{line}"
        );
    }
}

proptest! {
    #[test]
    fn it_is_total_and_deterministic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut request = bytes;
        request.extend_from_slice(b"\r\n\r\n");
        if let Some(head) = RequestHead::parse(&request).complete() {
            prop_assert_eq!(permitted(&head, &SWITCHES), permitted(&head, &SWITCHES));
        }
    }

    /// A further field line never makes a 101 better than it was on the same request without it.
    #[test]
    fn a_defect_never_helps(drop in 0..LINES.len()) {
        let whole = grades(&with("none", ""));
        let less = grades(&with(LINES[drop], "X: y"));
        prop_assert!(drop == 0 || less.as_bytes()[0] >= b'd' || whole.as_bytes()[0] == b'l');
    }
}
