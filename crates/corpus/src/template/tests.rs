//! Tests of templates: each spelling, each error with its place, and parse against print.

use proptest::prelude::*;

use super::*;

fn bytes(octets: &[u8]) -> Part {
    Part::Bytes(octets.to_vec())
}

#[test]
fn spellings() {
    let rows: [(&str, Vec<Part>); 9] = [
        ("", vec![]),
        ("abc", vec![bytes(b"abc")]),
        (r"\r\n\t\\", vec![bytes(b"\r\n\t\\")]),
        (r"\x00\xfF", vec![bytes(b"\x00\xff")]),
        ("{{}}", vec![bytes(b"{}")]),
        ("{key}", vec![Part::Binding(Binding::Key)]),
        ("{{{key}}}", vec![bytes(b"{"), Part::Binding(Binding::Key), bytes(b"}")]),
        ("{subprotocol-2}", vec![Part::Binding(Binding::SubprotocolSecond)]),
        ("a{fill-8000}b", vec![bytes(b"a"), Part::Binding(Binding::Fill(8000)), bytes(b"b")]),
    ];
    for (text, parts) in rows {
        assert_eq!(Template::parse(text), Ok(Template { parts }), "{text}");
    }
}

#[test]
fn errors_with_their_place() {
    let rows = [
        (r"ab\q", "unknown escape `\\q` at offset 2"),
        (r"ab\", "unfinished escape at offset 2"),
        (r"ab\x4", "unfinished escape at offset 2"),
        (r"ab\x+1", "unfinished escape at offset 2"),
        ("ab\u{e9}", "raw non-ASCII character U+00E9 at offset 2"),
        ("ab\t", "raw control character U+0009 at offset 2"),
        ("ab\x7f", "raw control character U+007F at offset 2"),
        ("ab{key", "unclosed `{` at offset 2"),
        ("ab{k y}", "unclosed `{` at offset 2"),
        ("ab}", "stray `}` at offset 2"),
        ("ab{kee}", "unknown binding `{kee}` at offset 2"),
        ("ab{}", "unknown binding `{}` at offset 2"),
        ("ab{fill-0}", "unknown binding `{fill-0}` at offset 2"),
        ("ab{fill-}", "unknown binding `{fill-}` at offset 2"),
        ("ab{fill-99999999999}", "unknown binding `{fill-99999999999}` at offset 2"),
        ("{fill-99999999}", "`{fill-N}` takes at most 16777216 at offset 0"),
    ];
    for (text, message) in rows {
        let error = Template::parse(text).expect_err(text);
        assert_eq!(error.to_string(), message, "{text}");
        assert!(text.get(error.offset..error.offset + error.length).is_some(), "{text}");
    }
}

#[test]
fn fragments_are_spliced_in() {
    let mut fragments = Fragments::new();
    fragments.insert("get".into(), Template::parse("GET {path}").unwrap());
    let spliced = Template::parse_with("<{get}>", &fragments).unwrap();
    assert_eq!(spliced.to_string(), "<GET {path}>");
}

#[test]
fn fill_makes_the_line_as_long_as_asked() {
    let bindings = Bindings { key: b"kk".to_vec(), ..Bindings::default() };
    let rows = [
        ("{fill-5}", "aaaaa"),
        (r"X: {fill-8}\r\nY", "X: aaaaa\r\nY"),
        (r"q\r\nX: {fill-8}z{key}\r\n", "q\r\nX: aazkk\r\n"),
        (r"{fill-4}\r{key}\n", "a\rkk\n"),
        (r"{fill-2}abc\n", "abc\n"),
        (r"{fill-4}{fill-4}\n", "aaaa\n"),
        (r"{fill-3}\n\r\n", "aaa\n\r\n"),
    ];
    for (text, want) in rows {
        let got = Template::parse(text).unwrap().render(&bindings);
        assert_eq!(String::from_utf8_lossy(&got), want, "{text}");
    }
}

#[test]
fn fill_counts_what_the_write_has_already() {
    let mut out = b"GET / HTTP/1.1\r\nX: ".to_vec();
    let rest = Template::parse(r"{fill-6}\r\n").unwrap();
    rest.render_into(&mut out, &Bindings::default());
    assert_eq!(out, b"GET / HTTP/1.1\r\nX: aaa\r\n");
}

#[test]
fn rfc7692_7_an_acceptance_names_nothing_twice() {
    let deflate =
        b"permessage-deflate; server_no_context_takeover; server_max_window_bits=10".to_vec();
    let bindings = Bindings { deflate, ..Bindings::default() };
    let rows = [
        (
            r"{deflate}\r\n",
            "permessage-deflate; server_no_context_takeover; server_max_window_bits=10\r\n",
        ),
        (
            r"{deflate}; server_max_window_bits=9\r\n",
            "permessage-deflate; server_no_context_takeover; server_max_window_bits=9\r\n",
        ),
        (
            r"{deflate};server_no_context_takeover\r\nX: server_max_window_bits\r\n",
            "permessage-deflate; server_max_window_bits=10;server_no_context_takeover\r\nX: server_max_window_bits\r\n",
        ),
    ];
    for (text, want) in rows {
        let got = Template::parse(text).unwrap().render(&bindings);
        assert_eq!(String::from_utf8_lossy(&got), want, "{text}");
    }
}

#[test]
fn every_binding_has_its_own_octets() {
    for (name, binding) in Binding::NAMES {
        assert_eq!(binding.to_string(), name);
        assert_eq!(Binding::from_name(name), Some(binding));
    }
}

fn any_part() -> impl Strategy<Value = Part> {
    let names: Vec<Binding> = Binding::NAMES.into_iter().map(|(_, binding)| binding).collect();
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..12).prop_map(Part::Bytes),
        prop::sample::select(names).prop_map(Part::Binding),
        (1..=MAX_FILL).prop_map(|length| Part::Binding(Binding::Fill(length))),
    ]
}

proptest! {
    #[test]
    fn print_then_parse_gives_the_same(parts in prop::collection::vec(any_part(), 0..8)) {
        let template = Template::from_parts(parts);
        let printed = template.to_string();
        prop_assert!(printed.bytes().all(|b| matches!(b, b' '..=b'~') && b != b'\''));
        prop_assert_eq!(Template::parse(&printed), Ok(template));
    }

    #[test]
    fn any_text_parses_or_says_where(text in "[a-z{}\\\\x0-9\\-\u{80}-\u{fff}\u{0}-\u{20}]{0,40}") {
        match Template::parse(&text) {
            Ok(template) => {
                prop_assert_eq!(Template::parse(&template.to_string()), Ok(template));
            }
            Err(error) => {
                prop_assert!(text.get(error.offset..error.offset + error.length).is_some());
            }
        }
    }

    #[test]
    fn a_filled_line_is_never_too_long_by_the_fill(before in "[a-z]{0,9}", after in "[a-z]{0,9}", n in 1u32..30) {
        let text = format!("{before}{{fill-{n}}}{after}\\r\\n");
        let line = Template::parse(&text).unwrap().render(&Bindings::default());
        prop_assert_eq!(line.len() - 2, (n as usize).max(before.len() + after.len()));
    }
}
