//! Compresses what leaves, where permessage-deflate has been agreed on (RFC 7692 7.2.1): within the window, and
//! each message by itself. Short messages leave as they are, which is always lawful (RFC 7692 6).

use upspec_handshake::deflate::{Deflater, within};
use upspec_handshake::field::deflate::Answer;

use crate::config::Config;
use crate::fault::Point;

/// The messages that leave.
pub(super) struct Outgoing {
    agreed: Option<Answer>,
    /// A context that outlives a message; only a fault has one.
    context: Deflater,
}

impl Outgoing {
    pub(super) fn new(agreed: Option<Answer>) -> Self {
        Self { agreed, context: Deflater::new() }
    }

    /// The payload of a message that leaves compressed.
    pub(super) fn compressed(&mut self, config: &Config, data: &[u8]) -> Option<Vec<u8>> {
        let agreed = self.agreed.filter(|_| data.len() >= SHORTEST)?;
        Some(if config.errs_at(Point::CompressedBeyondWindow) {
            Deflater::new().message(data)
        } else if config.errs_at(Point::CompressedWithTakeover) {
            self.context.message(data)
        } else if config.errs_at(Point::CompressedInName) {
            data.to_vec()
        } else {
            within(1 << agreed.server_max_window_bits.unwrap_or(WINDOW_BITS), data)
        })
    }
}

/// The length from which compressing is worth the while.
const SHORTEST: usize = 256;
/// The window without a parameter about it (RFC 7692 7.1.2.1).
const WINDOW_BITS: u8 = 15;
