//! Captures read back, block by block and packet by packet.

use etherparse::{PacketHeaders, TransportHeader};
use upspec_exchange::{IoKind, Link, Over};
use upspec_handshake::Party;

use super::*;
use crate::sample;

/// The packets of a capture: time, TCP header, data, comment.
struct Read {
    at_us: u64,
    header: etherparse::TcpHeader,
    data: Vec<u8>,
    comment: String,
}

fn word(octets: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(octets[at..at + 4].try_into().unwrap())
}

fn read(octets: &[u8]) -> Vec<Read> {
    let (mut rest, mut packets, mut kinds) = (octets, Vec::new(), Vec::new());
    while !rest.is_empty() {
        let length = word(rest, 4) as usize;
        let (block, after) = rest.split_at(length);
        assert_eq!(length % 4, 0);
        assert_eq!(word(block, length - 4) as usize, length);
        kinds.push(word(block, 0));
        if word(block, 0) == ENHANCED_PACKET {
            packets.push(packet(block));
        }
        rest = after;
    }
    assert_eq!(kinds[..2], [SECTION_HEADER, INTERFACE_DESCRIPTION]);
    packets
}

fn packet(block: &[u8]) -> Read {
    let length = word(block, 20) as usize;
    let octets = &block[28..28 + length];
    let options = &block[28 + length.next_multiple_of(4)..block.len() - 4];
    let comment = options.get(4..).map(|text| {
        let length = usize::from(u16::from_le_bytes([options[2], options[3]]));
        String::from_utf8(text[..length].to_vec()).unwrap()
    });
    let headers = PacketHeaders::from_ethernet_slice(octets).unwrap();
    let Some(TransportHeader::Tcp(header)) = headers.transport else { panic!("no TCP") };
    let data = headers.payload.slice().to_vec();
    let at_us = u64::from(word(block, 12)) << 32 | u64::from(word(block, 16));
    Read { at_us, header, data, comment: comment.unwrap_or_default() }
}

#[test]
fn a_connection_is_a_stream_with_its_octets_and_times() {
    let head = [b"GET / HTTP/1.1\r\n".as_slice(), &[b'a'; 2000]].concat();
    let io = vec![
        sample::io(10, IoKind::Wrote, &head),
        sample::io(500, IoKind::Read, b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        sample::io(600, IoKind::ReadEnd, b""),
        sample::io(700, IoKind::Closed, b""),
    ];
    let mut report = sample::report();
    report.cases = vec![sample::result_of(io, Vec::new())];
    let packets = read(&pcapng(&report));
    let flags: Vec<_> = packets.iter().map(|one| (one.header.syn, one.header.fin)).collect();
    let plain = (false, false);
    let (syn, fin) = ((true, false), (false, true));
    assert_eq!(flags, [syn, syn, plain, plain, plain, plain, fin, fin]);
    let sent = |port: u16| -> Vec<u8> {
        let own = packets.iter().filter(|one| one.header.source_port == port);
        own.flat_map(|one| one.data.clone()).collect()
    };
    assert_eq!(sent(49152), head);
    assert_eq!(sent(80), b"HTTP/1.1 400 Bad Request\r\n\r\n");
    assert_eq!(packets[5].at_us - packets[4].at_us, 490);
    assert!(packets[0].comment.starts_with("server/key/absent: pass: "), "{}", packets[0].comment);
    // Every octet and both ends are counted.
    let last = &packets[7].header;
    assert_eq!(last.sequence_number as usize, 1 + head.len());
    assert_eq!(last.acknowledgment_number, 1 + 28 + 1);
}

#[test]
fn where_a_client_connects_it_is_the_client() {
    let io = vec![sample::io(3, IoKind::Read, b"GET / HTTP/1.1\r\n\r\n")];
    let mut case = sample::result_of(io, Vec::new());
    let record = case.record.as_mut().unwrap();
    record.links = vec![Link::plain("down", Party::Server, Over::Http1)];
    let report = Report { cases: vec![case], ..sample::report() };
    let packets = read(&pcapng(&report));
    assert_eq!(packets[3].header.destination_port, 80);
}

#[test]
fn nothing_of_a_target_gets_into_a_comment_raw() {
    let packets = read(&pcapng(&sample::report()));
    assert!(packets.len() > 8);
    assert!(packets.iter().all(|one| !one.comment.contains(['\u{1b}', '\n', '\u{202e}'])));
}
