//! The server's side of a tunnel, read off RFC 6455 5 and 7: Ping gets its Pong, Close its Close, a
//! message comes back, and what breaks a rule ends the connection.
//! Never inflates: what came compressed goes back as it came.

use upspec_handshake::Party;
use upspec_handshake::Status;
use upspec_handshake::frame::{Compression, FrameHeader, FrameReader, opcode, write};

/// How a server behaves in a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conduct {
    /// As the RFC asks.
    Lawful(Compression),
    /// It never says anything.
    Mute,
}

/// A tunnel and what is known of its messages.
pub(crate) struct Tunnel {
    conduct: Conduct,
    reader: FrameReader,
    pending: Vec<u8>,
    ended: bool,
}

/// What the server does about some frames.
#[derive(Default)]
pub(crate) struct Reaction {
    pub(crate) octets: Vec<u8>,
    pub(crate) ends: bool,
}

impl Tunnel {
    pub(crate) fn new(conduct: Conduct) -> Self {
        let compression = match conduct {
            Conduct::Lawful(compression) => compression,
            Conduct::Mute => Compression::None,
        };
        Self {
            conduct,
            reader: FrameReader::new(Party::Client, compression),
            pending: Vec::new(),
            ended: false,
        }
    }

    pub(crate) fn is_mute(&self) -> bool {
        self.conduct == Conduct::Mute
    }

    /// Takes octets of the client.
    pub(crate) fn take(&mut self, octets: &[u8]) -> Reaction {
        let mut reaction = Reaction::default();
        if self.conduct == Conduct::Mute || self.ended {
            return reaction;
        }
        self.pending.extend_from_slice(octets);
        let pending = std::mem::take(&mut self.pending);
        let mut at = 0;
        while let Status::Complete(frame) = self.reader.read(&pending[at..]) {
            at += frame.len;
            if !frame.violations.is_empty() {
                reaction.octets.extend(write(opcode::CLOSE, &CODE, None));
                reaction.ends = true;
            } else if frame.opcode == opcode::CLOSE {
                reaction.octets.extend(write(opcode::CLOSE, &frame.payload, None));
                reaction.ends = true;
            } else if frame.opcode == opcode::PING {
                reaction.octets.extend(write(opcode::PONG, &frame.payload, None));
            } else if !opcode::is_control(frame.opcode) {
                let mut echo = write(frame.opcode, &frame.payload, None);
                echo[0] = u8::from(frame.fin) << 7 | frame.rsv << 4 | frame.opcode;
                reaction.octets.extend(echo);
            }
            if reaction.ends {
                self.ended = true;
                return reaction;
            }
        }
        // What is wrong with a header need not wait for its payload.
        if let Status::Complete(header) = FrameHeader::parse(&pending[at..])
            && !(header.violations.is_empty() && header.mask.is_some())
        {
            reaction.octets.extend(write(opcode::CLOSE, &CODE, None));
            reaction.ends = true;
            self.ended = true;
        }
        self.pending = pending[at..].to_vec();
        reaction
    }
}

/// 1002, protocol error (RFC 6455 7.4.1).
const CODE: [u8; 2] = 1002_u16.to_be_bytes();
