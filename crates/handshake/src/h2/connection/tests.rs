//! What a server said, in order by stream.
//! Never part of the library.

use super::*;
use crate::Party;
use crate::h2::{FramingViolationKind, flag, hpack, setting, write};

fn headers(stream: u32, fields: &[(&str, &str)], flags: u8) -> Vec<u8> {
    let fields = fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    write::headers(stream, &hpack::encode(fields), flags)
}

#[test]
fn streams_are_kept_apart() {
    let octets = [
        write::settings(&[(8, 1)]),
        headers(1, &[(":status", "103")], 0),
        headers(1, &[(":status", "200")], 0),
        write::data(1, b"ab", 0),
        headers(3, &[(":status", "404")], flag::END_STREAM),
        write::data(1, b"", 0),
        write::data(1, b"cde", 0),
        headers(1, &[("trailer", "x")], flag::END_STREAM),
        write::rst_stream(5, ErrorCode::PROTOCOL_ERROR),
    ]
    .concat();
    let connection = Connection::read(&octets, Party::Server);
    assert_eq!(connection.violations, []);
    let one = connection.stream(1).unwrap();
    assert_eq!((one.data.as_slice(), one.heads.len()), (&b"abcde"[..], 3));
    assert_eq!(one.final_head().unwrap().list.status(), Some(200));
    assert_eq!(one.interim_heads().count(), 1);
    assert_eq!(one.heads[2].data_before, 5);
    assert!(one.is_over() && one.reset.is_none());
    assert!(connection.stream(3).unwrap().ended.is_some());
    let reset = connection.stream(5).unwrap().reset.unwrap();
    assert_eq!(reset.1, ErrorCode::PROTOCOL_ERROR);
    assert_eq!(connection.stream(7), None);
}

#[test]
fn the_connection_as_a_whole() {
    let octets = [
        write::settings(&[(8, 1), (3, 5)]),
        write::settings_ack(),
        write::settings(&[(8, 0)]),
        write::ping(0, [1; 8]),
        write::ping(flag::ACK, [2; 8]),
        write::goaway(1, ErrorCode::NO_ERROR, b""),
        write::goaway(1, ErrorCode::PROTOCOL_ERROR, b"bad"),
        write::frame(0, 0, 0, b""),
    ]
    .concat();
    let connection = Connection::read(&octets, Party::Server);
    let id = setting::ENABLE_CONNECT_PROTOCOL;
    assert_eq!(connection.setting_values(id).collect::<Vec<_>>(), [1, 0]);
    assert_eq!(connection.setting(3), Some(5));
    assert_eq!(connection.setting(4), None);
    assert_eq!((connection.pings.len(), connection.ping_acks.len()), (1, 1));
    assert_eq!(connection.settings_acks, [21]);
    let error = connection.connection_error().unwrap();
    assert_eq!((error.code, error.debug.as_slice()), (ErrorCode::PROTOCOL_ERROR, &b"bad"[..]));
    assert_eq!(connection.violations[0].kind, FramingViolationKind::StreamMissing);
}

#[test]
fn reading_begins_where_it_is_told_to() {
    let octets = [b"HTTP/1.1 101 X\r\n\r\n".to_vec(), write::settings(&[])].concat();
    let connection = Connection::read_from(&octets, 18, Party::Server);
    assert_eq!(connection.settings, [(18, Vec::new())]);
    assert!(Connection::read_from(&octets, 999, Party::Server).settings.is_empty());
}
