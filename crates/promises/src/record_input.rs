//! A record of one link as octets: every input reads as a record, and every short record of a report
//! can be written as an input. A length beyond the end of the input is cut there.

use upspec_exchange::{Io, IoKind, Link, Over, Record};
use upspec_handshake::Party;

/// Which case, and what happened.
pub(crate) struct RecordInput {
    pub(crate) case: usize,
    pub(crate) record: Record,
}

/// Reads an input: two octets for the case, one for the connection, then events. An event is an octet
/// for its kind, and two for the length of what was written or read.
pub(crate) fn read(input: &[u8]) -> Option<RecordInput> {
    let [low, high, over, rest @ ..] = input else {
        return None;
    };
    let mut rest = rest;
    let mut io = Vec::new();
    while let [kind, after @ ..] = rest {
        let kind = KINDS[usize::from(*kind) % KINDS.len()];
        rest = after;
        let mut bytes = Vec::new();
        if has_bytes(kind) {
            let [low, high, after @ ..] = rest else { break };
            let length = usize::from(u16::from_le_bytes([*low, *high])).min(after.len());
            let (taken, after) = after.split_at(length);
            bytes = taken.to_vec();
            rest = after;
        }
        io.push(Io { link: 0, at_us: 100 * (io.len() as u64 + 1), kind, bytes });
    }
    Some(RecordInput {
        case: usize::from(u16::from_le_bytes([*low, *high])),
        record: Record::of(link(*over), io),
    })
}

/// Bit 0 makes us the server, bit 1 puts TLS around the link.
fn link(bits: u8) -> Link {
    let we = if bits & 1 == 0 { Party::Client } else { Party::Server };
    Link { tls: bits & 2 != 0, ..Link::plain("target", we, Over::Http1) }
}

/// Writes an input that reads as this case and record; `None` when one of them is too long.
pub(crate) fn write(case: usize, record: &Record) -> Option<Vec<u8>> {
    let mut out = u16::try_from(case).ok()?.to_le_bytes().to_vec();
    let [link] = &record.links[..] else {
        return None;
    };
    let server = u8::from(link.we == Party::Server);
    out.push(server | u8::from(link.tls) << 1);
    for io in &record.io {
        let kind = KINDS.iter().position(|kind| *kind == io.kind)?;
        out.push(u8::try_from(kind).ok()?);
        if has_bytes(io.kind) {
            out.extend_from_slice(&u16::try_from(io.bytes.len()).ok()?.to_le_bytes());
            out.extend_from_slice(&io.bytes);
        }
    }
    Some(out)
}

fn has_bytes(kind: IoKind) -> bool {
    matches!(kind, IoKind::Wrote | IoKind::WroteLeave | IoKind::Read)
}

const KINDS: [IoKind; 16] = [
    IoKind::Wrote,
    IoKind::Read,
    IoKind::WroteLeave,
    IoKind::ShutWrite,
    IoKind::ReadEnd,
    IoKind::ReadEndUnclean,
    IoKind::Reset,
    IoKind::WriteFailed,
    IoKind::Deadline,
    IoKind::CapReached,
    IoKind::TlsAlert,
    IoKind::Closed,
    IoKind::Decided,
    IoKind::WeReset,
    IoKind::WroteUnkept,
    IoKind::ReadUnkept,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let io = |at_us, kind, bytes: &[u8]| Io { link: 0, at_us, kind, bytes: bytes.to_vec() };
        let io = vec![
            io(100, IoKind::Wrote, b"GET / HTTP/1.1\r\n\r\n"),
            io(200, IoKind::Read, b"HTTP/1.1 200 OK\r\n\r\n"),
            io(300, IoKind::ReadEnd, b""),
        ];
        let record = Record::of(link(2), io);
        let input = read(&write(300, &record).unwrap()).unwrap();
        assert_eq!((input.case, input.record), (300, record));
    }

    #[test]
    fn every_beginning_of_an_input_is_read() {
        let input = [1, 0, 0, 0, 4, 0, b'G', b'E', b'T', b' ', 1, 255, 255, b'H', 8];
        for end in 3..=input.len() {
            assert!(read(&input[..end]).is_some(), "{end}");
        }
        assert!(read(&input[..2]).is_none());
    }
}
