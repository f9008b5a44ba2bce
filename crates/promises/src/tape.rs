//! An exchange as octets: every input is an exchange, and every exchange of the corpus is an input.
//! Never fails to read an input; lengths that are too long end with the input.

use upspec_judge::{End, Exchange, Io, IoKind, Over};

/// Which case, and what happened.
pub(crate) struct Tape {
    pub(crate) case: usize,
    pub(crate) exchange: Exchange,
}

/// Reads a tape: two octets for the case, one for the connection, then events. An event is an octet
/// for its kind, and two for the length of what was written or read.
pub(crate) fn read(input: &[u8]) -> Option<Tape> {
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
        io.push(Io { at_us: 100 * (io.len() as u64 + 1), kind, bytes });
    }
    Some(Tape {
        case: usize::from(u16::from_le_bytes([*low, *high])),
        exchange: Exchange {
            end: if over & 1 == 0 { End::Client } else { End::Server },
            over: Over::Http1,
            tls: over & 2 != 0,
            alpn: None,
            io,
        },
    })
}

/// Writes a tape that reads as this case and exchange; `None` when one of them is too long.
pub(crate) fn write(case: usize, exchange: &Exchange) -> Option<Vec<u8>> {
    let mut out = u16::try_from(case).ok()?.to_le_bytes().to_vec();
    let server = u8::from(exchange.end == End::Server);
    out.push(server | u8::from(exchange.tls) << 1);
    for io in &exchange.io {
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

const KINDS: [IoKind; 12] = [
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
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let io = |at_us, kind, bytes: &[u8]| Io { at_us, kind, bytes: bytes.to_vec() };
        let exchange = Exchange {
            end: End::Client,
            over: Over::Http1,
            tls: true,
            alpn: None,
            io: vec![
                io(100, IoKind::Wrote, b"GET / HTTP/1.1\r\n\r\n"),
                io(200, IoKind::Read, b"HTTP/1.1 200 OK\r\n\r\n"),
                io(300, IoKind::ReadEnd, b""),
            ],
        };
        let tape = read(&write(300, &exchange).unwrap()).unwrap();
        assert_eq!((tape.case, tape.exchange), (300, exchange));
    }

    #[test]
    fn every_beginning_of_a_tape_is_read() {
        let input = [1, 0, 0, 0, 4, 0, b'G', b'E', b'T', b' ', 1, 255, 255, b'H', 8];
        for end in 3..=input.len() {
            assert!(read(&input[..end]).is_some(), "{end}");
        }
        assert!(read(&input[..2]).is_none());
    }
}
