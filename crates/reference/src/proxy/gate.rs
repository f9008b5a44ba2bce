//! Lets frames of one sender through as they are, up to the first that is none (RFC 6455 5.2): a gateway with keys of
//! its own is the client of the origin and answers for what it sends there.

use upspec_handshake::frame::FrameHeader;
use upspec_handshake::{Party, Status};

/// The way of one sender's frames.
#[derive(Debug)]
pub(super) struct Gate {
    sender: Party,
    /// Reserved bits have a meaning to somebody.
    is_extended: bool,
    /// How much of the payload of a frame is still to come.
    left: u64,
    /// The beginning of a header.
    held: Vec<u8>,
}

/// What stands at the end of the octets that a gate has let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passed {
    /// Nothing wrong.
    All,
    /// No frame: the connection is to be failed (RFC 6455 7.1.7).
    UpToFault,
}

impl Gate {
    pub(super) fn new(sender: Party, is_extended: bool) -> Self {
        Self { sender, is_extended, left: 0, held: Vec::new() }
    }

    /// Takes octets: those that go on.
    pub(super) fn pass(&mut self, octets: &[u8]) -> (Vec<u8>, Passed) {
        let mut octets = [&std::mem::take(&mut self.held), octets].concat();
        let mut at = 0;
        while at < octets.len() {
            let rest = &octets[at..];
            if self.left > 0 {
                let here = rest.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
                self.left -= here as u64;
                at += here;
                continue;
            }
            let Status::Complete(header) = FrameHeader::parse(rest) else {
                self.held = octets.split_off(at);
                break;
            };
            if !self.is_right(&header) {
                octets.truncate(at);
                return (octets, Passed::UpToFault);
            }
            self.left = header.announced;
            at += header.len;
        }
        (octets, Passed::All)
    }

    fn is_right(&self, header: &FrameHeader) -> bool {
        header.violations.is_empty()
            && header.mask.is_some() == (self.sender == Party::Client)
            && (header.rsv == 0 || self.is_extended)
    }
}

#[cfg(test)]
mod tests {
    use super::{Gate, Passed};
    use upspec_handshake::Party;

    #[test]
    fn rfc6455_5_2_frames_pass_and_nothing_else() {
        let rows: [(&[u8], &[u8], Passed); 5] = [
            (
                b"\x81\x82\0\0\0\0ab\x89\x80\0\0\0\0",
                b"\x81\x82\0\0\0\0ab\x89\x80\0\0\0\0",
                Passed::All,
            ),
            (b"\x81\x82\0", b"", Passed::All),
            (b"\x81\x81\0\0\0\0a\x83\x80\0\0\0\0", b"\x81\x81\0\0\0\0a", Passed::UpToFault),
            (b"\x81\x02ab", b"", Passed::UpToFault),
            (b"\xc1\x81\0\0\0\0a", b"", Passed::UpToFault),
        ];
        for (octets, want, passed) in rows {
            for split in 0..=octets.len() {
                let mut gate = Gate::new(Party::Client, false);
                let (mut got, mut last) = gate.pass(&octets[..split]);
                if last == Passed::All {
                    let (more, now) = gate.pass(&octets[split..]);
                    got.extend(more);
                    last = now;
                }
                assert_eq!((&got[..], last), (want, passed), "{octets:?} at {split}");
            }
        }
    }
}
