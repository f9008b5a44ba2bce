//! Cases over HTTP/2 and over TLS: what their keys mean, and what can be wrong with them.
//! Each row is one change to a good file.

use upspec_handshake::h2::ErrorCode;

use super::*;
use crate::Bindings;
use crate::case::{Alpn, Awaited, Outcome, Over, Tls};

const HTTP2: &str = r#"title = "HTTP/2"
over = "http2"
needs = ["http2"]

[fragments]
preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

[[case]]
name = "one"
title = "One is refused"
requirement = "rfc6455/4.2.1-key"

[[case.step]]
send = '{preface}'

[[case.step]]
h2 = { settings = [[8, 1]] }

[[case.step]]
await = "settings"

[[case.step]]
h2 = { headers = [[':path', '{path}'], '{standing}', ['A', 'b\x00']], stream = 3, end-stream = true, continuation = 1 }

[[case.step]]
h2 = { rst-stream = "CANCEL", stream = 3 }

[[case.expect]]
status = "stream-error connection-error"
code = "PROTOCOL_ERROR CANCEL"

[[case.expect]]
status = "4xx"
alpn = "none"

[[case]]
name = "two"
title = "Two is refused"
requirement = "rfc6455/4.2.1-key"
over = "http1"
alpn = ["h2", "http/1.1"]
tls = "off"
needs = ["tls"]

[[case.step]]
h2 = { frame = { type = 9, flags = 4, stream = 1, payload = '{fill-3}' } }

[[case.step]]
h2 = { ping = '12345678', ack = true }

[[case.expect]]
status = "101"
tunnel = "h2c"
"#;

fn load_http2(cases: &str) -> Result<Corpus, String> {
    load(REQUIREMENTS, PRESETS, cases)
}

#[test]
fn keys_of_http2() {
    let corpus = load_http2(HTTP2).unwrap_or_else(|error| panic!("{error}"));
    let [one, two] = &corpus.cases[..] else { panic!() };
    assert_eq!((one.over, one.tls), (Over::Http2, Tls::AsTarget));
    assert_eq!(one.alpn, ["h2"]);
    assert_eq!((two.over, two.tls), (Over::Http1, Tls::Off));
    assert_eq!(two.alpn, ["h2", "http/1.1"]);
    assert_eq!(one.steps[2].act, Act::AwaitOther(Awaited::Settings));
    let [first, second] = &one.expect[..] else { panic!() };
    let outcomes = [Outcome::StreamError, Outcome::ConnectionError];
    assert_eq!(first.wants.status.0, outcomes);
    assert_eq!(first.wants.code, [ErrorCode::PROTOCOL_ERROR, ErrorCode::CANCEL]);
    assert_eq!(second.wants.alpn, Some(Alpn::None));
}

#[test]
fn alpn_has_a_default_and_can_be_left_out() {
    let rows =
        [("", vec!["h2"]), ("alpn = []", vec![]), ("alpn = [\"h2c\", \"x\"]", vec!["h2c", "x"])];
    for (line, want) in rows {
        let cases = HTTP2.replacen("over = \"http2\"", &format!("over = \"http2\"\n{line}"), 1);
        let corpus = load_http2(&cases).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(corpus.cases[0].alpn, want, "{line}");
    }
    let corpus = load(REQUIREMENTS, PRESETS, CASES).unwrap();
    assert_eq!(corpus.cases[0].alpn, ["http/1.1"]);
}

#[test]
fn frames_are_rendered_and_shown() {
    let corpus = load_http2(HTTP2).unwrap();
    insta::assert_snapshot!(crate::show(&corpus.cases[0], &Bindings::example()), @r"
    connect for HTTP/2
    send
      PRI * HTTP/2.0\r\n
      \r\n
      SM\r\n
      \r\n
    send SETTINGS
      ENABLE_CONNECT_PROTOCOL: 1
      = \x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x08\x00\x00\x00\x01
    await settings
    send HEADERS stream 3 END_STREAM
      :path: /chat
      A: b\x00
      = \x00\x00\n\x01\x01\x00\x00\x00\x03\x00\x05:path\x05/c
    send CONTINUATION stream 3 END_HEADERS
      = \x00\x00\t\t\x04\x00\x00\x00\x03hat\x00\x01A\x02b\x00
    send RST_STREAM stream 3 CANCEL
      = \x00\x00\x04\x03\x00\x00\x00\x00\x03\x00\x00\x00\x08
    ");
    insta::assert_snapshot!(crate::show(&corpus.cases[1], &Bindings::example()), @r"
    connect without TLS
    send CONTINUATION stream 1 END_HEADERS
      = \x00\x00\x03\t\x04\x00\x00\x00\x01aaa
    send PING ACK
      = \x00\x00\x08\x06\x01\x00\x00\x00\x0012345678
    ");
}

const ROWS: &[Row] = &[
    (
        "over = \"http2\"",
        "over = \"http3\"",
        "server/key.toml:2:8: unknown protocol `http3`; did you mean `http1`?",
        "\"http3\"",
    ),
    (
        "over = \"http1\"",
        "over = \"h2\"",
        "server/key.toml:40:8: unknown protocol `h2`; known are `http1`, `http2`",
        "\"h2\"",
    ),
    (
        "tls = \"off\"\nneeds = [\"tls\"]",
        "tls = \"off\"",
        "server/key.toml:37:8: case `server/key/two` leaves TLS out and does not need it; write `needs = [\"tls\"]`",
        "\"two\"",
    ),
    (
        "[\"h2\", \"http/1.1\"]",
        "[\"\"]",
        "server/key.toml:41:9: a name that ALPN cannot offer; write 1 to 255 octets, such as `h2` or `http/1.1`",
        "\"\"",
    ),
    (
        "settings = [[8, 1]]",
        "settings = [[8, 1]], data = 'x'",
        "server/key.toml:17:6: an `h2` step with `data` and `settings` at once; keep one of them",
        "{ settings = [[8, 1]], data = 'x' }",
    ),
    (
        "settings = [[8, 1]]",
        "",
        "server/key.toml:17:6: an `h2` step without any of `headers`, `data`, `settings`, `rst-stream`, `ping`, `window-update`, `frame`; write exactly one of them",
        "{  }",
    ),
    (
        "settings = [[8, 1]]",
        "settings = [[8, 1]], stream = 1",
        "server/key.toml:17:38: `stream` beside `settings`; leave it out; `frame` writes any frame",
        "1",
    ),
    (
        "settings = [[8, 1]]",
        "setings = [[8, 1]]",
        "server/key.toml:17:8: unknown key `setings`; did you mean `settings`?",
        "setings",
    ),
    (
        "\"CANCEL\"",
        "\"CANCELED\"",
        "server/key.toml:26:21: unknown error code `CANCELED`; did you mean `CANCEL`?",
        "\"CANCELED\"",
    ),
    (
        "[':path', '{path}']",
        "[':path']",
        "server/key.toml:23:19: a header field that is not a pair; write `['name', 'value']`",
        "[':path']",
    ),
    (
        "'{standing}', ",
        "",
        "server/key.toml:9:8: case `server/key/one` reaches `{path}` without `{standing}`; write `{standing}` after a field line, so that the target gets what it wants on every request",
        "\"one\"",
    ),
    (
        "b\\x00",
        "b\\y",
        "server/key.toml:23:62: unknown escape `\\y`; known are `\\r`, `\\n`, `\\t`, `\\\\` and `\\xHH`",
        "\\y",
    ),
    (
        "continuation = 1",
        "continuation = 1001",
        "server/key.toml:23:117: `continuation = 1001`; write 1000 or less",
        "1001",
    ),
    (
        "PROTOCOL_ERROR CANCEL",
        "PROTOCOL_EROR",
        "server/key.toml:30:9: unknown error code `PROTOCOL_EROR`; did you mean `PROTOCOL_ERROR`?",
        "PROTOCOL_EROR",
    ),
    (
        "alpn = \"none\"",
        "code = \"CANCEL\"",
        "server/key.toml:34:8: `code` without an outcome that has one; it belongs to `stream-error` and `connection-error`",
        "\"CANCEL\"",
    ),
    (
        "alpn = \"none\"",
        "alpn = \"http1\"",
        "server/key.toml:34:8: unknown outcome of ALPN `http1`; known are `h2`, `http/1.1`, `none`",
        "\"http1\"",
    ),
    (
        "status = \"101\"",
        "preset = \"refused\"\ncode = \"CANCEL\"",
        "server/key.toml:53:8: `code` beside `preset`; the preset has its own `code`; write another alternative",
        "\"CANCEL\"",
    ),
];

#[test]
fn errors_of_http2() {
    check(HTTP2, load_http2, ROWS);
}

proptest! {
    #[test]
    fn no_text_makes_the_loader_panic(
        at in 0..HTTP2.len(),
        cut in 0..40usize,
        put in "[\\x00-\\x7f\u{e9}]{0,6}|\\[\\[|'''|h2 = \\{|4294967295|-1",
    ) {
        let end = (at + cut).min(HTTP2.len());
        let cases = format!("{}{put}{}", &HTTP2[..at], &HTTP2[end..]);
        if let Ok(corpus) = load_http2(&cases) {
            for case in corpus.cases.iter() {
                let _ = crate::show(case, &Bindings::example());
            }
        }
    }
}
