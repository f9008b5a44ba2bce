//! Tables of heads and what they read as, and the properties that hold for any octets.

use super::{FieldLine, HeadReader, RequestHead, ResponseHead, Status, starts_like_http};
use crate::{Fields, Violation};
use proptest::prelude::*;

/// A request on one line: `METHOD|TARGET|VERSION|name=value,…|Kind@start..end …|len`.
fn request(bytes: &str) -> String {
    match RequestHead::parse(bytes.as_bytes()) {
        Status::Complete(head) => {
            let line = [head.method, head.target, head.version_bytes].map(text).join("|");
            format!("{line}|{}", rest(&head.fields, &head.violations, head.len))
        }
        Status::Partial => "partial".to_owned(),
    }
}

fn response(bytes: &str) -> String {
    match ResponseHead::parse(bytes.as_bytes()) {
        Status::Complete(head) => {
            let (version, reason) = (text(head.version_bytes), text(head.reason));
            let status = head.status.map_or("-".to_owned(), |status| status.to_string());
            let rest = rest(&head.fields, &head.violations, head.len);
            format!("{version}|{status}|{reason}|{rest}")
        }
        Status::Partial => "partial".to_owned(),
    }
}

fn rest(fields: &Fields<'_>, violations: &[Violation], len: usize) -> String {
    let fields: Vec<_> =
        fields.iter().map(|line| format!("{}={}", text(line.name), text(&line.value))).collect();
    let violations: Vec<_> =
        violations.iter().map(|v| format!("{:?}@{:?}", v.kind, v.at)).collect();
    format!("{}|{}|{len}", fields.join(","), violations.join(" "))
}

fn text(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

fn check(read: fn(&str) -> String, rows: &[(&str, &str)]) {
    let wrong: Vec<_> = rows
        .iter()
        .map(|(bytes, want)| (bytes, read(bytes), want))
        .filter(|(_, got, want)| got != *want)
        .map(|(bytes, got, want)| format!("{bytes:?}\n  got  {got}\n  want {want}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rfc9112_3_request_line() {
    check(
        request,
        &[
            ("GET / HTTP/1.1\r\n\r\n", "GET|/|HTTP/1.1|||18"),
            ("GET / HTTP/1.1\r\n\r\nmore", "GET|/|HTTP/1.1|||18"),
            ("OPTIONS * HTTP/1.0\r\n\r\n", "OPTIONS|*|HTTP/1.0|||22"),
            ("GET  / HTTP/1.1\r\n\r\n", "GET|/|HTTP/1.1||RequestLineShape@0..15|19"),
            ("GET\t/ HTTP/1.1\r\n\r\n", "GET|/|HTTP/1.1||RequestLineShape@0..14|18"),
            (" GET / HTTP/1.1\r\n\r\n", "GET|/|HTTP/1.1||RequestLineShape@0..15|19"),
            ("GET / HTTP/1.1 \r\n\r\n", "GET|/|HTTP/1.1||RequestLineShape@0..15|19"),
            (
                "GET /a b HTTP/1.1\r\n\r\n",
                "GET|/a b|HTTP/1.1||RequestLineShape@0..17 TargetOctet@6..7|21",
            ),
            ("GET /\r\n\r\n", "GET|/|||RequestLineShape@0..5 VersionMalformed@5..5|9"),
            ("GET HTTP/1.1\r\n\r\n", "GET||HTTP/1.1||RequestLineShape@0..12|16"),
            ("GET\r\n\r\n", "GET||||RequestLineShape@0..3 VersionMalformed@3..3|7"),
            ("  \r\n\r\n", "||||RequestLineShape@0..2 MethodNotToken@2..2 VersionMalformed@2..2|6"),
        ],
    );
}

#[test]
fn rfc9112_3_elements_of_the_request_line() {
    check(
        request,
        &[
            ("G(T / HTTP/1.1\r\n\r\n", "G(T|/|HTTP/1.1||MethodNotToken@0..3|18"),
            ("GET /#f HTTP/1.1\r\n\r\n", "GET|/#f|HTTP/1.1||TargetOctet@5..6|20"),
            ("GET /é HTTP/1.1\r\n\r\n", "GET|/\\xc3\\xa9|HTTP/1.1||TargetOctet@5..7|20"),
            ("GET / http/1.1\r\n\r\n", "GET|/|http/1.1||VersionMalformed@6..14|18"),
            ("GET / HTTP/1.10\r\n\r\n", "GET|/|HTTP/1.10||VersionMalformed@6..15|19"),
            ("GET / HTTP/2.0\r\n\r\n", "GET|/|HTTP/2.0|||18"),
            ("GET /\0 HTTP/1.1\r\n\r\n", "GET|/\\x00|HTTP/1.1||TargetOctet@5..6 Nul@5..6|19"),
            (
                "GET / HTTP/1.1\r\r\n\r\n",
                "GET|/|HTTP/1.1\\r||VersionMalformed@6..15 BareCr@14..15|19",
            ),
        ],
    );
}

#[test]
fn rfc9112_2_2_line_ends_and_empty_lines() {
    check(
        request,
        &[
            ("\r\nGET / HTTP/1.1\r\n\r\n", "GET|/|HTTP/1.1||LeadingEmptyLine@0..2|20"),
            ("\r\n\n\r\nGET / HTTP/1.1\r\n\r\n", "GET|/|HTTP/1.1||LeadingEmptyLine@0..5|23"),
            (
                "GET / HTTP/1.1\nHost: a\n\n",
                "GET|/|HTTP/1.1|Host=a|BareLf@14..15 BareLf@22..23 BareLf@23..24|24",
            ),
            ("GET / HTTP/1.1\r\nHost: a\r\n\n", "GET|/|HTTP/1.1|Host=a|BareLf@25..26|26"),
            ("GET / HTTP/1.1\r\rHost: a\r\n", "partial"),
            ("GET / HTTP/1.1\r\na: b\rc\r\n\r\n", "GET|/|HTTP/1.1|a=b\\rc|BareCr@20..21|26"),
            (
                "GET / HTTP/1.1\r\n\r\r\n\r\n",
                "GET|/|HTTP/1.1|=\\r|FieldWithoutColon@16..17 BareCr@16..17|21",
            ),
            (
                "GET / HTTP/1.1\r\n x: 1\r\n\ty\r\na: b\r\n\r\n",
                "GET|/|HTTP/1.1|a=b|SpaceLedFirstLine@16..25|35",
            ),
            ("GET / HTTP/1.1\r\n \r\n\r\n", "GET|/|HTTP/1.1||SpaceLedFirstLine@16..17|21"),
            ("", "partial"),
            ("\r\n\r\n", "partial"),
            ("GET / HTTP/1.1\r\n\r", "partial"),
            ("GET / HTTP/1.1\r\n", "partial"),
        ],
    );
}

#[test]
fn rfc9112_5_field_lines() {
    check(
        |fields| request(&format!("GET / HTTP/1.1\r\n{fields}\r\n"))[15..].to_owned(),
        &[
            ("a:b\r\n", "a=b||23"),
            ("a: \t b c \t\r\nA:\r\n", "a=b c,A=||34"),
            ("a:b:c\r\n", "a=b:c||25"),
            ("Host : x\r\n", "Host=x|SpaceBeforeColon@20..21|28"),
            ("Ho st \t: x\r\n", "Ho st=x|FieldNameNotToken@18..19 SpaceBeforeColon@21..23|30"),
            ("H\\(): x\r\n", "H\\\\()=x|FieldNameNotToken@17..20|27"),
            (": x\r\n", "=x|FieldNameEmpty@16..16|23"),
            ("a b\r\nc: d\r\n", "=a b,c=d|FieldWithoutColon@16..19|29"),
            ("Host\r\n", "=Host|FieldWithoutColon@16..20|24"),
            ("a: b\r\n c\r\n\td \r\n", "a=b c d|ObsFold@20..23 ObsFold@24..27|33"),
            ("a:\r\n b\r\n", "a=b|ObsFold@18..21|26"),
            ("a: b\r\n \r\n c\r\nd: e\r\n", "a=b c,d=e|ObsFold@20..23 ObsFold@23..26|37"),
            ("a: b\n c\r\n", "a=b c|BareLf@20..21 ObsFold@20..22|27"),
            ("a b\r\n c\r\n", "=a b c|FieldWithoutColon@16..19 ObsFold@19..22|27"),
            ("a: é\x7f\x01\tb\x02\r\n", "a=\\xc3\\xa9\\x7f\\x01\\tb\\x02|ControlOctet@21..23|30"),
            ("a: \0\0b\r\n", "a=\\x00\\x00b|Nul@19..21|26"),
            ("a\0: b\r\n", "a\\x00=b|FieldNameNotToken@17..18 Nul@17..18|25"),
        ],
    );
}

#[test]
fn rfc9112_4_status_line() {
    check(
        response,
        &[
            ("HTTP/1.1 101 Switching Protocols\r\n\r\n", "HTTP/1.1|101|Switching Protocols|||36"),
            ("HTTP/1.1 200 \r\n\r\n", "HTTP/1.1|200||||17"),
            ("HTTP/1.1 200\r\n\r\n", "HTTP/1.1|200|||SpaceAfterStatusMissing@12..12|16"),
            ("HTTP/1.1 200  é\r\n\r\n", "HTTP/1.1|200| \\xc3\\xa9|||20"),
            ("HTTP/1.1  200 OK\r\n\r\n", "HTTP/1.1|200|OK||StatusLineShape@0..16|20"),
            ("HTTP/1.1 200\tOK\r\n\r\n", "HTTP/1.1|200|OK||StatusLineShape@0..15|19"),
            (" HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1|200|OK||StatusLineShape@0..16|20"),
        ],
    );
}

#[test]
fn rfc9112_4_elements_of_the_status_line() {
    check(
        response,
        &[
            ("HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1|-|OK||StatusNotThreeDigits@9..13|20"),
            ("HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1|-|OK||StatusNotThreeDigits@9..12|19"),
            ("HTTP/1.1 099 OK\r\n\r\n", "HTTP/1.1|99|OK||StatusOutOfRange@9..12|19"),
            ("HTTP/1.1 600 OK\r\n\r\n", "HTTP/1.1|600|OK||StatusOutOfRange@9..12|19"),
            ("HTTP/1.1 \r\n\r\n", "HTTP/1.1|-|||StatusNotThreeDigits@9..9|13"),
            ("HTTP/1.1\r\n\r\n", "HTTP/1.1|-|||StatusLineShape@0..8 StatusNotThreeDigits@8..8|12"),
            ("ICY 200 OK\r\na: b\r\n\r\n", "ICY|200|OK|a=b|VersionMalformed@0..3|20"),
            ("HTTP/1.1 200 a\x01\r\n\r\n", "HTTP/1.1|200|a\\x01||ReasonOctet@14..15|19"),
            ("HTTP/1.1 200 a\0\rb\r\n\r\n", "HTTP/1.1|200|a\\x00\\rb||Nul@14..15 BareCr@15..16|21"),
            ("\r\nHTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1|200|OK||LeadingEmptyLine@0..2|21"),
        ],
    );
}

#[test]
fn rfc9110_5_3_lines_of_one_name_make_one_value() {
    let bytes = b"GET / HTTP/1.1\r\nA: 1\r\nb: 2\r\na: 3\r\n\r\n";
    let head = RequestHead::parse(bytes).complete().unwrap();
    assert_eq!(head.fields.len(), 3);
    assert_eq!(head.fields.combined("a").as_deref(), Some(&b"1, 3"[..]));
    assert_eq!(head.fields.combined("B").as_deref(), Some(&b"2"[..]));
    assert_eq!(head.fields.combined("c"), None);
    assert!(head.fields.contains("B") && !head.fields.contains("c"));
    assert_eq!(head.fields.values("A").collect::<Vec<_>>(), [b"1", b"3"]);
    assert_eq!(head.fields.lines("a").map(|line| line.value_at).collect::<Vec<_>>(), [19, 31]);
    assert_eq!(head.line, 0..14);
}

#[test]
fn a_stream_starts_like_http_or_not() {
    for (bytes, want) in [
        ("", None),
        ("HTT", None),
        ("HTTP/", Some(true)),
        ("HTTP/1.1 200", Some(true)),
        ("http/1.1", Some(false)),
        ("\r\nHTTP/", Some(false)),
    ] {
        assert_eq!(starts_like_http(bytes.as_bytes()).complete(), want, "{bytes:?}");
    }
}

#[test]
fn a_reader_that_is_given_less_than_before_starts_over() {
    let whole = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut reader = HeadReader::default();
    assert_eq!(reader.request(&whole[..20]), Status::Partial);
    assert_eq!(reader.request(b"GET /b"), Status::Partial);
    let head = reader.request(b"GET /b HTTP/1.1\r\n\r\n").complete().unwrap();
    assert_eq!(head.target, b"/b");
    assert_eq!(reader.request(b"GET /b HTTP/1.1\r\n\r\nmore").complete(), Some(head));
}

/// Octets that look like a head more often than chance would have it.
fn octets() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("\r\n".as_bytes().to_vec()),
        Just("\r\n\r\n".as_bytes().to_vec()),
        Just(b"GET / HTTP/1.1\r\n".to_vec()),
        Just(b"HTTP/1.1 101 \r\n".to_vec()),
        Just(b"Upgrade: websocket\r\n".to_vec()),
        prop::collection::vec(prop::sample::select(&b"\r\n :\ta,\0\x7f"[..]), 0..6),
        prop::collection::vec(any::<u8>(), 0..6),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn a_head_reads_the_same_however_it_is_split(bytes in octets(), cut in any::<prop::sample::Index>()) {
        let cut = cut.index(bytes.len() + 1);
        let (request, response) = (RequestHead::parse(&bytes), ResponseHead::parse(&bytes));
        for cuts in [vec![cut], (0..bytes.len()).collect()] {
            let (mut requests, mut responses) = (HeadReader::default(), HeadReader::default());
            for cut in cuts {
                if let Status::Complete(early) = requests.request(&bytes[..cut]) {
                    prop_assert_eq!(Status::Complete(early), request.clone());
                }
                if let Status::Complete(early) = responses.response(&bytes[..cut]) {
                    prop_assert_eq!(Status::Complete(early), response.clone());
                }
            }
            prop_assert_eq!(requests.request(&bytes), request.clone());
            prop_assert_eq!(responses.response(&bytes), response.clone());
        }
    }

    #[test]
    fn a_complete_head_does_not_change_when_octets_follow(bytes in octets(), more in octets()) {
        let longer = [bytes.as_slice(), &more].concat();
        if let Status::Complete(head) = RequestHead::parse(&bytes) {
            prop_assert_eq!(RequestHead::parse(&longer), Status::Complete(head.clone()));
            let exact = RequestHead::parse(&bytes[..head.len]);
            prop_assert_eq!(exact, Status::Complete(head));
        }
        if let Status::Complete(head) = ResponseHead::parse(&bytes) {
            prop_assert_eq!(ResponseHead::parse(&longer), Status::Complete(head));
        }
    }

    #[test]
    fn places_point_at_what_they_name(bytes in octets()) {
        let Status::Complete(head) = RequestHead::parse(&bytes) else { return Ok(()) };
        prop_assert!(head.violations.is_sorted_by_key(|violation| violation.at.start));
        for violation in &head.violations {
            prop_assert!(violation.at.end <= head.len);
        }
        for line in &head.fields {
            prop_assert!(line.line.end <= head.len);
            prop_assert_eq!(&bytes[line.name_at..][..line.name.len()], line.name);
            if let std::borrow::Cow::Borrowed(value) = line.value {
                prop_assert_eq!(&bytes[line.value_at..][..value.len()], value);
            }
        }
    }
}

#[test]
fn what_is_written_reads_back() {
    let mut request = RequestHead::new(b"GET", b"/chat");
    request.fields.push(FieldLine::new(b"Host", &b"a"[..]));
    request.fields.push(FieldLine::new(b"X", b"1, 2".to_vec()));
    let octets = request.octets();
    assert_eq!(octets, b"GET /chat HTTP/1.1\r\nHost: a\r\nX: 1, 2\r\n\r\n");
    let read = RequestHead::parse(&octets).complete().unwrap();
    assert_eq!(read.octets(), octets);
    assert_eq!((read.len, read.violations.len()), (octets.len(), 0));
    let response = ResponseHead::new(101);
    let octets = response.octets();
    assert_eq!(octets, b"HTTP/1.1 101 Switching Protocols\r\n\r\n");
    let read = ResponseHead::parse(&octets).complete().unwrap();
    assert_eq!((read.octets(), read.violations.len()), (octets.clone(), 0));
}
