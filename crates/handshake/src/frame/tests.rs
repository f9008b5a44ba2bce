//! Tables of frames and what is wrong with them, and the properties that hold for any octets.
//! No case here opens a connection.

use super::{Compression, Frame, FrameHeader, FrameReader, opcode, write};
use crate::Party;
use crate::Status;
use proptest::prelude::*;

/// `opcode payload|violations`, or `partial`.
fn frame(bytes: &[u8]) -> String {
    match Frame::parse(bytes) {
        Status::Complete(frame) => describe(&frame),
        Status::Partial => "partial".to_owned(),
    }
}

fn describe(frame: &Frame<'_>) -> String {
    let violations: Vec<_> = frame.violations.iter().map(|kind| format!("{kind:?}")).collect();
    let payload = frame.payload.escape_ascii();
    format!("{:x} {payload}|{}", frame.opcode, violations.join(" "))
}

/// All frames of a stream, one line each.
fn stream(sender: Party, compression: Compression, mut bytes: &[u8]) -> Vec<String> {
    let mut reader = FrameReader::new(sender, compression);
    let mut lines = Vec::new();
    while let Status::Complete(frame) = reader.read(bytes) {
        lines.push(describe(&frame));
        bytes = &bytes[frame.len..];
    }
    lines
}

#[test]
fn rfc6455_5_7_examples() {
    let rows: [(&[u8], &str); 8] = [
        (b"\x81\x05Hello", "1 Hello|"),
        (b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", "1 Hello|"),
        (b"\x01\x03Hel", "1 Hel|"),
        (b"\x80\x02lo", "0 lo|"),
        (b"\x89\x05Hello", "9 Hello|"),
        (b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", "a Hello|"),
        (b"\x81\x05Hello\x81", "1 Hello|"),
        (b"\x81\x00", "1 |"),
    ];
    for (bytes, want) in rows {
        assert_eq!(frame(bytes), want);
    }
}

#[test]
fn rfc6455_5_2_headers() {
    let rows: [(&[u8], &str); 12] = [
        (b"\x83\x00", "3 |OpcodeUnknown"),
        (b"\x8b\x00", "b |OpcodeUnknown"),
        (b"\x09\x00", "9 |ControlFragmented"),
        (b"\x81\x7e\x00\x01a", "1 a|LengthNotMinimal"),
        (b"\x81\x7f\x00\x00\x00\x00\x00\x00\x00\x01a", "1 a|LengthNotMinimal"),
        (b"\x81\xfe\x00\x01\0\0\0\0a", "1 a|LengthNotMinimal"),
        (b"", "partial"),
        (b"\x81", "partial"),
        (b"\x81\x7e\x00", "partial"),
        (b"\x81\x7f\x00\x00\x00\x00\x00\x00\x00", "partial"),
        (b"\x81\x85\x37\xfa\x21", "partial"),
        (b"\x81\x05Hell", "partial"),
    ];
    for (bytes, want) in rows {
        assert_eq!(frame(bytes), want, "{bytes:x?}");
    }
}

#[test]
fn a_header_tells_what_is_wrong_before_the_payload_is_there() {
    let header = FrameHeader::parse(b"\x89\xff\x80\0\0\0\0\0\0\0abcd").complete().unwrap();
    assert_eq!((header.announced, header.len), (1 << 63, 14));
    assert_eq!(header.mask, Some(*b"abcd"));
    assert_eq!(format!("{:?}", header.violations), "[ControlTooLong, LengthTopBit]");
    assert_eq!(Frame::parse(b"\x89\x7f\xff\xff\xff\xff\xff\xff\xff\xff"), Status::Partial);
}

#[test]
fn rfc6455_5_5_1_close_frames() {
    let rows: [(&[u8], Option<u16>, &str); 14] = [
        (b"", None, ""),
        (b"\x03\xe8", Some(1000), ""),
        (b"\x03\xe8bye \xc3\xa9", Some(1000), ""),
        (b"\x03\xf6", Some(1014), ""),
        (b"\x0b\xb8", Some(3000), ""),
        (b"\x13\x87", Some(4999), ""),
        (b"\x03", None, "CloseBodyOneOctet"),
        (b"\x03\xe7", Some(999), "CloseCodeOutOfRange"),
        (b"\x13\x88", Some(5000), "CloseCodeOutOfRange"),
        (b"\x03\xed", Some(1005), "CloseCodeReserved"),
        (b"\x03\xf7", Some(1015), "CloseCodeReserved"),
        (b"\x03\xec", Some(1004), "CloseCodeUnassigned"),
        (b"\x03\xf8", Some(1016), "CloseCodeUnassigned"),
        (b"\x03\xe8\xff", Some(1000), "CloseReasonNotUtf8"),
    ];
    for (body, code, want) in rows {
        let bytes = write(opcode::CLOSE, body, None);
        let frame = Frame::parse(&bytes).complete().unwrap();
        assert_eq!(frame.close_code(), code, "{body:x?}");
        assert_eq!(describe(&frame).split_once('|').unwrap().1, want, "{body:x?}");
    }
}

#[test]
fn rfc6455_5_4_the_order_of_frames() {
    let rows: [(&[u8], &[&str]); 9] = [
        (b"\x01\x01a\x89\x00\x00\x01b\x80\x01c", &["1 a|", "9 |", "0 b|", "0 c|"]),
        (b"\x80\x01a", &["0 a|ContinuationOutsideMessage"]),
        (b"\x01\x01a\x81\x01b", &["1 a|", "1 b|DataInsideMessage"]),
        (b"\x01\x01a\x01\x01b\x80\x00", &["1 a|", "1 b|DataInsideMessage", "0 |"]),
        (b"\x88\x00\x81\x01a\x89\x00", &["8 |", "1 a|DataAfterClose", "9 |ControlAfterClose"]),
        (b"\x81\x80\0\0\0\0", &["1 |MaskedByServer"]),
        (b"\x88\x02\x03\xf2", &["8 \\x03\\xf2|CloseCodeOfClient"]),
        (b"\x81\x01\xff\x81\x01a", &["1 \\xff|TextNotUtf8", "1 a|"]),
        (b"\x82\x01\xff", &["2 \\xff|"]),
    ];
    for (bytes, want) in rows {
        assert_eq!(stream(Party::Server, Compression::None, bytes), want, "{bytes:x?}");
    }
    let client = stream(Party::Client, Compression::None, b"\x81\x00\x81\x80\0\0\0\0");
    assert_eq!(client, ["1 |UnmaskedByClient", "1 |"]);
}

#[test]
fn rfc6455_5_6_a_character_may_be_split_between_frames() {
    let rows: [(&[u8], &[&str]); 4] = [
        (b"\x01\x01\xc3\x80\x01\xa9", &["1 \\xc3|", "0 \\xa9|"]),
        (b"\x01\x01\xc3\x00\x00\x80\x01\xa9", &["1 \\xc3|", "0 |", "0 \\xa9|"]),
        (b"\x01\x01\xc3\x80\x00", &["1 \\xc3|", "0 |TextNotUtf8"]),
        (b"\x01\x01\xff\x00\x01\xff\x80\x00", &["1 \\xff|TextNotUtf8", "0 \\xff|", "0 |"]),
    ];
    for (bytes, want) in rows {
        assert_eq!(stream(Party::Server, Compression::None, bytes), want, "{bytes:x?}");
    }
}

#[test]
fn rfc7692_6_rsv1_marks_the_first_frame_of_a_message() {
    let rows: [(&[u8], &str, &str); 6] = [
        (b"\xc1\x01\xff", "1 \\xff|ReservedBits", "1 \\xff|"),
        (b"\xc2\x00", "2 |ReservedBits", "2 |"),
        (b"\xe1\x00", "1 |ReservedBits", "1 |ReservedBits"),
        (b"\x91\x00", "1 |ReservedBits", "1 |ReservedBits"),
        (b"\xc9\x00", "9 |ReservedBits", "9 |ReservedBits"),
        (b"\xc3\x00", "3 |OpcodeUnknown ReservedBits", "3 |OpcodeUnknown ReservedBits"),
    ];
    for (bytes, plain, agreed) in rows {
        assert_eq!(stream(Party::Server, Compression::None, bytes), [plain]);
        assert_eq!(stream(Party::Server, Compression::PermessageDeflate, bytes), [agreed]);
    }
}

#[test]
fn rfc6455_5_2_lengths_are_written_in_as_few_octets_as_they_need() {
    for (length, header) in [(0, 2), (125, 2), (126, 4), (0xffff, 4), (0x1_0000, 10)] {
        let payload = vec![b'a'; length];
        for (mask, extra) in [(None, 0), (Some(*b"mask"), 4)] {
            let bytes = write(opcode::BINARY, &payload, mask);
            assert_eq!(bytes.len(), header + extra + length);
            let frame = Frame::parse(&bytes).complete().unwrap();
            assert_eq!((frame.payload.as_ref(), frame.len), (&payload[..], bytes.len()));
            assert!(frame.violations.is_empty() && frame.fin && frame.masked == mask.is_some());
        }
    }
}

proptest! {
    #[test]
    fn any_octets_read_the_same_however_they_are_split(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut reader = FrameReader::new(Party::Server, Compression::None);
        let whole = reader.clone().read(&bytes);
        for end in 0..bytes.len() {
            if let Status::Complete(early) = reader.clone().read(&bytes[..end]) {
                prop_assert_eq!(Status::Complete(early), whole.clone());
            }
        }
        prop_assert_eq!(reader.read(&bytes), whole);
    }

    #[test]
    fn what_is_written_is_read(
        opcode in 0_u8..16,
        payload in prop::collection::vec(any::<u8>(), 0..300),
        mask in any::<Option<[u8; 4]>>(),
    ) {
        let bytes = write(opcode, &payload, mask);
        let frame = Frame::parse(&bytes).complete().unwrap();
        prop_assert_eq!((frame.opcode, frame.payload.as_ref()), (opcode, &payload[..]));
        for end in 0..bytes.len() {
            prop_assert_eq!(Frame::parse(&bytes[..end]), Status::Partial);
        }
    }
}
