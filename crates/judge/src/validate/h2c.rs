//! What follows a 101 to h2c: the connection of HTTP/2 as its server begins it (RFC 7540 3.2).
//! Never asks whether the switch was lawful, nor whether the request was answered; cases do.

use upspec_handshake::Party;
use upspec_handshake::field::upgrade::protocols;
use upspec_handshake::h2::{Connection, FaultKind};

use super::{Remark, http2};
use crate::reading::{FRAME_HEADER, Reading};

/// SETTINGS come first, and the frames and header lists are as HTTP/2 has them.
pub(super) fn after_switch(reading: &Reading<'_>, remarks: &mut Vec<Remark>) {
    let (Some(tunnel), true) = (&reading.tunnel, is_to_h2c(reading)) else {
        return;
    };
    let from = tunnel.place(0..tunnel.got.len()).start;
    let got = Connection::read_from(
        &reading.read[..from + tunnel.got_in_time().len()],
        from,
        Party::Server,
    );
    for fault in &got.faults {
        let (requirement, message) = match fault.kind {
            FaultKind::BlockTooLarge => break,
            FaultKind::PrefaceWrong => (
                "rfc7540/3.2-after-101",
                "the first frame after the 101 to h2c is not SETTINGS".to_owned(),
            ),
            kind => ("rfc9113/4.2-frame-sent", format!("the server sent {}", kind.describe())),
        };
        let at = fault.at..fault.at + FRAME_HEADER;
        remarks.push(Remark::new(requirement, message).at(at));
    }
    for stream in got.streams.values() {
        http2::lists(stream, remarks);
    }
}

/// Whether HTTP/1.1 ended with a 101 that names h2c.
fn is_to_h2c(reading: &Reading<'_>) -> bool {
    let last = reading.responses.last();
    let mut named =
        last.into_iter().flat_map(|last| protocols(last.head.fields.values("Upgrade")).flatten());
    reading.http2.is_none() && named.any(|protocol| protocol.name.eq_ignore_ascii_case(b"h2c"))
}

/// Every requirement that a remark of this file can cite.
pub(super) const CITES: &[&str] = &["rfc7540/3.2-after-101", "rfc9113/4.2-frame-sent"];
