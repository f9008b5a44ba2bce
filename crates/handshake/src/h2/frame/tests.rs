//! Frames by type: what each payload means, and what none of them is.
//! Never part of the library.

use super::*;
use crate::h2::write;
use proptest::prelude::*;

/// Type, flags, payload, and what is left of it.
type Row<'r> = (u8, u8, &'r [u8], Option<&'r [u8]>);

fn only(octets: &[u8]) -> Frame<'_> {
    let (frames, rest_at) = read(octets);
    assert_eq!((frames.len(), rest_at), (1, octets.len()));
    frames[0]
}

#[test]
fn a_header_of_nine_octets() {
    let octets = b"\x00\x00\x02\x01\x25\x80\x00\x00\x03abc";
    let frame = only(&octets[..11]);
    let want = (kind::HEADERS, 0x25, 3, &b"ab"[..], 11);
    assert_eq!((frame.kind, frame.flags, frame.stream, frame.payload, frame.len), want);
    for cut in 0..11 {
        assert_eq!(read(&octets[..cut]), (Vec::new(), 0), "{cut}");
    }
    assert_eq!(read(octets).1, 11);
}

#[test]
fn what_payloads_mean() {
    let settings = write::settings(&[(8, 1), (0xffff, u32::MAX)]);
    let want = vec![(8, 1), (0xffff, u32::MAX)];
    assert_eq!(only(&settings).settings(), Some(want));
    let reset = write::rst_stream(1, ErrorCode::CANCEL);
    assert_eq!(only(&reset).rst_stream(), Some(ErrorCode::CANCEL));
    let goaway = write::goaway(u32::MAX, ErrorCode(99), b"why");
    let want = GoAway { last_stream: 0x7fff_ffff, code: ErrorCode(99), debug: b"why" };
    assert_eq!(only(&goaway).goaway(), Some(want));
    let ping = write::ping(flag::ACK, *b"12345678");
    assert_eq!(only(&ping).ping(), Some(*b"12345678"));
    let window = write::window_update(0, 0x8000_0001);
    assert_eq!(only(&window).window_update(), Some(1));
}

#[test]
fn payloads_of_the_wrong_length_mean_nothing() {
    for len in [0, 1, 3, 5, 7, 9, 11] {
        let payload = vec![0; len];
        let of = |kind| write::frame(kind, 0, 1, &payload);
        assert_eq!(only(&of(kind::RST_STREAM)).rst_stream(), None, "{len}");
        assert_eq!(only(&of(kind::PING)).ping(), None, "{len}");
        assert_eq!(only(&of(kind::WINDOW_UPDATE)).window_update(), None, "{len}");
        let settings = only(&of(kind::SETTINGS)).settings().is_some();
        assert_eq!(settings, len % 6 == 0, "{len}");
        let goaway = only(&of(kind::GOAWAY)).goaway().is_some();
        assert_eq!(goaway, len >= 8, "{len}");
    }
    let data = write::data(1, b"12345678", 0);
    let frame = only(&data);
    assert_eq!((frame.ping(), frame.goaway()), (None, None));
    assert_eq!((frame.settings(), frame.rst_stream()), (None, None));
}

#[test]
fn padding_and_priority_are_taken_off() {
    let padded = flag::PADDED;
    let both = flag::PADDED | flag::PRIORITY;
    let rows: [Row<'_>; 12] = [
        (kind::HEADERS, 0, b"abc", Some(b"abc")),
        (kind::HEADERS, padded, b"\x02abc", Some(b"a")),
        (kind::HEADERS, padded, b"\x03abc", Some(b"")),
        (kind::HEADERS, padded, b"\x04abc", None),
        (kind::HEADERS, padded, b"", None),
        (kind::HEADERS, flag::PRIORITY, b"12345abc", Some(b"abc")),
        (kind::HEADERS, flag::PRIORITY, b"1234", None),
        (kind::HEADERS, both, b"\x0112345abc", Some(b"ab")),
        (kind::PUSH_PROMISE, padded, b"\x011234abc", Some(b"ab")),
        (kind::PUSH_PROMISE, 0, b"123", None),
        (kind::CONTINUATION, 0xff, b"abc", Some(b"abc")),
        (kind::DATA, 0, b"abc", None),
    ];
    for (kind, flags, payload, want) in rows {
        let octets = write::frame(kind, flags, 1, payload);
        assert_eq!(only(&octets).fragment(), want, "{kind} {flags} {payload:?}");
    }
    let rows: [Row<'_>; 3] = [
        (kind::DATA, 0, b"abc", Some(b"abc")),
        (kind::DATA, padded, b"\x01abc", Some(b"ab")),
        (kind::DATA, padded, b"\xffabc", None),
    ];
    for (kind, flags, payload, want) in rows {
        let octets = write::frame(kind, flags, 1, payload);
        assert_eq!(only(&octets).data(), want, "{flags} {payload:?}");
    }
}

#[test]
fn long_blocks_and_data_take_several_frames() {
    let block = vec![b'x'; 40_000];
    let octets = write::headers(3, &block, flag::END_STREAM);
    let (frames, rest) = read(&octets);
    let seen: Vec<_> =
        frames.iter().map(|frame| (frame.kind, frame.flags, frame.payload.len())).collect();
    assert_eq!(
        seen,
        [
            (kind::HEADERS, flag::END_STREAM, 16_384),
            (kind::CONTINUATION, 0, 16_384),
            (kind::CONTINUATION, flag::END_HEADERS, 7_232),
        ]
    );
    assert_eq!(rest, octets.len());
    let octets = write::data(3, &block, flag::END_STREAM);
    let flags: Vec<_> = frames_of(&octets).map(|frame| frame.flags).collect();
    assert_eq!(flags, [0, 0, flag::END_STREAM]);
    assert_eq!(frames_of(&write::data(1, b"", 0)).count(), 1);
}

fn frames_of(octets: &[u8]) -> Frames<'_> {
    frames(octets)
}

proptest! {
    #[test]
    fn what_is_written_reads_back(kind in any::<u8>(), flags in any::<u8>(), stream in 0..1u32 << 31, payload in prop::collection::vec(any::<u8>(), 0..40)) {
        let octets = write::frame(kind, flags, stream, &payload);
        let frame = only(&octets);
        prop_assert_eq!((frame.kind, frame.flags, frame.stream, frame.payload), (kind, flags, stream, &payload[..]));
        let _ = (frame.settings(), frame.rst_stream(), frame.goaway(), frame.ping());
        let _ = (frame.window_update(), frame.data(), frame.fragment());
    }
}
