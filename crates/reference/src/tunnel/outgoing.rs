//! Compresses what leaves, where permessage-deflate has been agreed on (RFC 7692 7.2.1): within the window, and
//! each message by itself. Short messages leave as they are, which is always lawful (RFC 7692 6).

use upspec_handshake::deflate::{Deflater, within};

use crate::fault::{Errs, Point};

/// The messages that leave.
pub(crate) struct Outgoing {
    /// The window in bits; nothing where nothing is compressed.
    window: Option<u8>,
    /// The shortest message that is compressed.
    shortest: usize,
    /// A context that outlives a message; only a fault has one.
    context: Deflater,
}

impl Outgoing {
    /// For messages that may be compressed within a window of so many bits.
    pub(crate) fn new(window: Option<u8>) -> Self {
        Self { window, shortest: SHORTEST, context: Deflater::new() }
    }

    /// The same, where short messages are compressed too.
    pub(crate) fn eager(window: Option<u8>) -> Self {
        Self { shortest: 0, ..Self::new(window) }
    }

    /// The payload of a message that leaves compressed.
    pub(crate) fn compressed(&mut self, errs: Errs<'_>, data: &[u8]) -> Option<Vec<u8>> {
        let window = self.window.filter(|_| data.len() >= self.shortest)?;
        Some(if errs(Point::CompressedBeyondWindow) {
            Deflater::new().message(data)
        } else if errs(Point::CompressedWithTakeover) {
            self.context.message(data)
        } else if errs(Point::CompressedInName) {
            data.to_vec()
        } else {
            within(1 << window, data)
        })
    }
}

/// The length from which compressing is worth the while.
const SHORTEST: usize = 256;
/// The window without a parameter about it (RFC 7692 7.1.2.1, 7.1.2.2).
pub(crate) const WINDOW_BITS: u8 = 15;
