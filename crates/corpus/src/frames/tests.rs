//! Exact octets of frames as steps write them, and what people are shown of them.

use super::*;
use crate::template::Part;

fn octets(text: &str) -> Template {
    Template::parse(text).unwrap()
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &str) -> Frames {
    Frames { kind, flags, stream, payload: Payload::Octets(octets(payload)) }
}

fn headers(fields: Vec<Field>, continuations: u32) -> Frames {
    Frames {
        kind: kind::HEADERS,
        flags: flag::END_STREAM,
        stream: 1,
        payload: Payload::Block { fields, continuations },
    }
}

fn line(name: &str, value: &str) -> Field {
    Field::Line(octets(name), octets(value))
}

fn rendered(frames: &Frames) -> Vec<u8> {
    let mut out = Vec::new();
    frames.render_into(&mut out, &Bindings::example());
    out
}

#[test]
fn exact_octets() {
    let rows: [(Frames, &[u8]); 7] = [
        (frame(kind::SETTINGS, 0, 0, ""), b"\0\0\0\x04\0\0\0\0\0"),
        (frame(kind::SETTINGS, flag::ACK, 0, ""), b"\0\0\0\x04\x01\0\0\0\0"),
        (frame(kind::DATA, 1, 3, "{path}"), b"\0\0\x05\0\x01\0\0\0\x03/chat"),
        (frame(0xfe, 0xff, u32::MAX, r"\x00"), b"\0\0\x01\xfe\xff\xff\xff\xff\xff\0"),
        (
            headers(vec![line(":path", "{path}"), line("A", "")], 0),
            b"\0\0\x11\x01\x05\0\0\0\x01\0\x05:path\x05/chat\0\x01A\0",
        ),
        (headers(Vec::new(), 0), b"\0\0\0\x01\x05\0\0\0\x01"),
        (
            headers(vec![line("a", "b")], 1),
            b"\0\0\x03\x01\x01\0\0\0\x01\0\x01a\0\0\x02\x09\x04\0\0\0\x01\x01b",
        ),
    ];
    for (frames, want) in rows {
        let octets = rendered(&frames);
        assert_eq!(octets, want, "{}", octets.escape_ascii());
    }
}

#[test]
fn lengths_of_strings() {
    for len in [0, 1, 126, 127, 128, 254, 255, 16_000] {
        let value = Template::from_parts([Part::Bytes(vec![b'x'; len])]);
        let field = Field::Line(octets("a"), value);
        let out = rendered(&headers(vec![field], 0));
        // The header of the frame, the octet of the literal, and the name come first.
        let (mut at, mut length) = (13, usize::from(out[12]));
        assert!(length <= 127, "{len}");
        let mut shift = 0;
        while length >= 127 || shift > 0 {
            length += usize::from(out[at] & 0x7f) << shift;
            at += 1;
            shift += 7;
            if out[at - 1] < 0x80 {
                break;
            }
        }
        assert_eq!((length, out.len() - at), (len, len));
    }
}

#[test]
fn a_long_block_goes_on_in_continuations() {
    let value = Template::from_parts([Part::Bytes(vec![b'x'; 40_000])]);
    let titles = |continuations| {
        let field = Field::Line(octets("a"), value.clone());
        let shown = headers(vec![field], continuations).show(&Bindings::example());
        let titles = shown.into_iter().map(|shown| shown.title);
        titles.collect::<Vec<_>>()
    };
    let last = "CONTINUATION stream 1 END_HEADERS";
    let between = "CONTINUATION stream 1";
    let first = "HEADERS stream 1 END_STREAM";
    assert_eq!(titles(0), [first, between, last]);
    assert_eq!(titles(3), [first, between, between, last]);
    let few = headers(vec![line("a", "")], 5).show(&Bindings::example());
    assert_eq!(few.len(), 6);
}

#[test]
fn the_targets_own_lines_are_put_in_lower_case() {
    let bindings = Bindings {
        standing: b"Origin: http://a\r\nX-Y:z\r\nCookie:  A=B; C \r\n".to_vec(),
        ..Bindings::example()
    };
    let frames = headers(vec![Field::Standing, line("X", "1")], 0);
    let shown = frames.show(&bindings);
    let lines: Vec<_> = shown[0]
        .lines
        .iter()
        .map(|(name, value)| format!("{}: {}", name.escape_ascii(), value.escape_ascii()))
        .collect();
    assert_eq!(lines, ["origin: http://a", "x-y: z", "cookie: A=B; C", "X: 1"]);
    assert_eq!(frames.bindings(), [Binding::Standing]);
    assert!(headers(vec![Field::Standing], 0).show(&Bindings::example())[0].lines.is_empty());
}

#[test]
fn what_people_are_shown() {
    let rows = [
        (frame(kind::SETTINGS, 0, 0, r"\x00\x08\x00\x00\x00\x01"), "SETTINGS"),
        (frame(kind::SETTINGS, flag::ACK, 0, ""), "SETTINGS ACK"),
        (frame(kind::RST_STREAM, 0, 3, r"\x00\x00\x00\x08"), "RST_STREAM stream 3 CANCEL"),
        (frame(kind::RST_STREAM, 0, 3, r"\x00\x00\x00\xff"), "RST_STREAM stream 3 error code 0xff"),
        (frame(kind::RST_STREAM, 0, 3, "x"), "RST_STREAM stream 3"),
        (frame(kind::WINDOW_UPDATE, 0, 0, r"\x00\x00\xff\xff"), "WINDOW_UPDATE 65535"),
        (frame(0x40, 0xff, 0, ""), "type 64"),
        (frame(2, 0xff, 1, ""), "PRIORITY stream 1"),
    ];
    for (frame, title) in rows {
        assert_eq!(frame.show(&Bindings::example())[0].title, title);
    }
    let settings =
        frame(kind::SETTINGS, 0, 0, r"\x00\x08\x00\x00\x00\x01\x7F\x7F\x00\x00\x00\x02x");
    let want = [("ENABLE_CONNECT_PROTOCOL", "1"), ("setting 32639", "2")];
    let want = want.map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()));
    assert_eq!(settings.show(&Bindings::example())[0].lines, want);
}
