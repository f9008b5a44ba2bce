//! Events of whole connections, and the properties that hold for any octets and any cuts.
//! Never part of the library.

use super::*;
use crate::Party;
use crate::h2::{hpack, write};
use proptest::prelude::*;

fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let fields = fields.iter();
    hpack::encode(fields.map(|(name, value)| (name.as_bytes(), value.as_bytes())))
}

/// Events in short: place, stream, and what was said.
fn events(side: Party, octets: &[u8]) -> Vec<String> {
    let events = Reader::new(side).feed(octets);
    events.iter().map(short).collect()
}

fn short(event: &Event) -> String {
    let what = match &event.kind {
        EventKind::Data { octets, flow, end_stream } => {
            format!("data {} {flow} {end_stream}", octets.escape_ascii())
        }
        EventKind::Violation(kind) => format!("{kind:?}"),
        EventKind::GoAway { code, .. } => format!("goaway {code}"),
        EventKind::Headers { list, end_stream } => {
            let fields = list.fields.iter().map(|field| {
                let (name, value) = (field.name.escape_ascii(), field.value.escape_ascii());
                format!("{name}={value}")
            });
            let fields: Vec<_> = fields.collect();
            format!("headers {} {end_stream}", fields.join(" "))
        }
        EventKind::Push { promised, .. } => format!("push {promised}"),
        EventKind::Reset(code) => format!("reset {code}"),
        other => format!("{other:?}"),
    };
    format!("{}..{} {} {what}", event.at, event.end, event.stream)
}

#[test]
fn a_client_begins_with_its_preface() {
    let octets = [
        PREFACE,
        &write::settings(&[(2, 0)]),
        &write::headers(1, &block(&[(":method", "GET")]), flag::END_STREAM),
        &write::window_update(1, 7),
    ]
    .concat();
    assert_eq!(
        events(Party::Client, &octets),
        [
            "0..24 0 Preface",
            "24..39 0 Settings([(2, 0)])",
            "39..61 1 headers :method=GET true",
            "61..74 1 WindowUpdate(7)",
        ]
    );
}

#[test]
fn what_is_no_preface() {
    let rows: [(Party, &[u8], &[&str], bool); 7] = [
        (Party::Client, b"GET / HTTP/1.1\r\n", &["0..0 0 PrefaceWrong"], true),
        (Party::Client, b"PRI * HTTP/2.0\r\n\r\nSM\r\r", &["0..0 0 PrefaceWrong"], true),
        (Party::Client, b"PRI * HTTP/2.0\r\n\r\nSM\r\n", &[], false),
        (
            Party::Server,
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            &["0..0 825110816 PrefaceWrong", "0..0 825110816 FrameTooLong"],
            true,
        ),
        (Party::Server, b"HTTP/1.1", &[], false),
        (
            Party::Server,
            b"\x00\x00\x04\x08\x00\x00\x00\x00\x00\x00\x00\x00\x01",
            &["0..0 0 PrefaceWrong", "0..13 0 WindowUpdate(1)"],
            false,
        ),
        (
            Party::Server,
            b"\x00\x00\x00\x04\x01\x00\x00\x00\x00",
            &["0..0 0 PrefaceWrong", "0..9 0 SettingsAck"],
            false,
        ),
    ];
    for (side, octets, want, lost) in rows {
        let mut reader = Reader::new(side);
        let seen: Vec<_> = reader.feed(octets).iter().map(short).collect();
        assert_eq!(seen, want, "{}", octets.escape_ascii());
        assert_eq!(reader.is_lost(), lost, "{}", octets.escape_ascii());
    }
}

/// Frames of a server after its empty SETTINGS, which takes nine octets.
fn after_settings(frames: &[Vec<u8>]) -> Vec<String> {
    let octets = [write::settings(&[]), frames.concat()].concat();
    let mut seen = events(Party::Server, &octets);
    assert_eq!(seen.remove(0), "0..9 0 Settings([])");
    seen
}

#[test]
fn frames_and_their_faults() {
    let rows: [(Vec<u8>, &str); 17] = [
        (write::settings_ack(), "9..18 0 SettingsAck"),
        (write::frame(kind::SETTINGS, flag::ACK, 0, b"x"), "9..19 0 LengthWrong"),
        (write::frame(kind::SETTINGS, 0, 0, b"x"), "9..19 0 LengthWrong"),
        (write::frame(kind::SETTINGS, 0, 1, b""), "9..18 1 StreamUnwanted"),
        (write::frame(kind::PING, 0, 0, b"x"), "9..19 0 LengthWrong"),
        (write::ping(0, [7; 8]), "9..26 0 Ping([7, 7, 7, 7, 7, 7, 7, 7])"),
        (write::data(0, b"x", 0), "9..19 0 StreamMissing"),
        (write::data(1, b"x", 1), "9..19 1 data x 1 true"),
        (write::frame(kind::DATA, flag::PADDED, 1, b"\x01xy"), "9..21 1 data x 3 false"),
        (write::frame(kind::DATA, flag::PADDED, 1, b"\x03xy"), "9..21 1 PaddingTooLong"),
        (write::rst_stream(1, ErrorCode::CANCEL), "9..22 1 reset CANCEL"),
        (write::goaway(0, ErrorCode(77), b""), "9..26 0 goaway error code 0x4d"),
        (write::frame(kind::CONTINUATION, 4, 1, b""), "9..18 1 ContinuationStray"),
        (write::frame(kind::PRIORITY, 0, 1, b"12345"), "9..23 1 Priority"),
        (write::frame(kind::PRIORITY, 0, 1, b"1234"), "9..22 1 LengthWrong"),
        (write::frame(0xfe, 0xff, 9, b"any"), "9..21 9 Unknown(254)"),
        (write::headers(1, b"\x80", 0), "9..19 1 BlockMalformed"),
    ];
    for (frame, want) in rows {
        assert_eq!(after_settings(&[frame]), [want]);
    }
}

#[test]
fn a_header_block_in_parts() {
    let block = block(&[(":status", "200"), ("a", "b")]);
    let (first, rest) = block.split_at(5);
    let begin = write::frame(kind::HEADERS, flag::END_STREAM, 1, first);
    let end = write::frame(kind::CONTINUATION, flag::END_HEADERS, 1, rest);
    let whole = "9..45 1 headers :status=200 a=b true";
    assert_eq!(after_settings(&[begin.clone(), end.clone()]), [whole]);
    let stranger = write::frame(kind::CONTINUATION, flag::END_HEADERS, 3, rest);
    let ping = write::frame(0xfe, 0, 0, b"");
    for between in [stranger, ping] {
        let seen = after_settings(&[begin.clone(), between, end.clone()]);
        assert!(seen[0].ends_with(" ContinuationMissing"), "{seen:?}");
        assert!(seen[2].ends_with(" ContinuationStray"), "{seen:?}");
    }
    let promise = [&b"\0\0\0\x02"[..], &block].concat();
    let push = write::frame(kind::PUSH_PROMISE, flag::END_HEADERS, 1, &promise);
    assert_eq!(after_settings(&[push]), ["9..40 1 push 2"]);
}

#[test]
fn a_frame_that_is_too_long_ends_reading() {
    let mut octets = write::settings(&[]);
    octets.extend(b"\x00\x40\x01\x00\x00\x00\x00\x00\x01");
    let mut reader = Reader::new(Party::Server);
    let seen: Vec<_> = reader.feed(&octets).iter().map(short).collect();
    assert_eq!(seen[1], "9..9 1 FrameTooLong");
    assert!(reader.is_lost() && reader.feed(&write::settings_ack()).is_empty());
    assert_eq!(reader.rest_at(), 9);
}

#[test]
fn an_endless_block_takes_bounded_room() {
    let mut reader = Reader::new(Party::Server);
    reader.feed(&write::settings(&[]));
    reader.feed(&write::frame(kind::HEADERS, 0, 1, b""));
    let part = write::frame(kind::CONTINUATION, 0, 1, &[0x82; MAX_FRAME]);
    for _ in 0..20 {
        assert!(reader.feed(&part).is_empty());
    }
    let kept = reader.block.as_ref().map(|block| block.octets.len());
    assert_eq!(kept, Some(MAX_BLOCK + 1));
    assert!(reader.is_flooded());
    let end = write::frame(kind::CONTINUATION, flag::END_HEADERS, 1, b"");
    let seen = reader.feed(&end);
    assert_eq!(seen[0].kind, EventKind::Violation(FramingViolationKind::BlockTooLarge));
}

#[test]
fn places_count_from_where_it_begins() {
    let mut reader = Reader::from_place(Party::Server, 100);
    let seen = reader.feed(&write::settings(&[]));
    assert_eq!((seen[0].at, seen[0].end), (100, 109));
    assert!(reader.is_established());
}

fn frame_octets() -> impl Strategy<Value = Vec<u8>> {
    let payload = prop::collection::vec(any::<u8>(), 0..24);
    let frame = (0..12u8, any::<u8>(), 0..4u32, payload);
    let frames = prop::collection::vec(frame, 0..8);
    (frames, any::<bool>()).prop_map(|(frames, settled)| {
        let mut octets = if settled { write::settings(&[]) } else { Vec::new() };
        for (kind, flags, stream, payload) in frames {
            octets.extend(write::frame(kind, flags, stream, &payload));
        }
        octets
    })
}

proptest! {
    #[test]
    fn cuts_change_nothing(octets in frame_octets(), client in any::<bool>(), cuts in prop::collection::vec(0..200usize, 0..5)) {
        let (side, octets) = if client {
            (Party::Client, [PREFACE, &octets].concat())
        } else {
            (Party::Server, octets)
        };
        let whole = Reader::new(side).feed(&octets);
        let mut reader = Reader::new(side);
        let mut events = Vec::new();
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(octets.len())).collect();
        cuts.extend([0, octets.len()]);
        cuts.sort_unstable();
        for pair in cuts.windows(2) {
            events.extend(reader.feed(&octets[pair[0]..pair[1]]));
        }
        prop_assert_eq!(events, whole);
    }

    #[test]
    fn one_octet_at_a_time(octets in frame_octets()) {
        let whole = Reader::new(Party::Server).feed(&octets);
        let mut reader = Reader::new(Party::Server);
        let events: Vec<_> = octets.iter().flat_map(|octet| reader.feed(&[*octet])).collect();
        prop_assert_eq!(events, whole);
    }

    #[test]
    fn no_octets_make_it_panic(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        Reader::new(Party::Server).feed(&octets);
        Reader::new(Party::Client).feed(&[PREFACE, &octets].concat());
    }
}
