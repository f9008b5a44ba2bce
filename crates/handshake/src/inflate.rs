//! Undoes permessage-deflate (RFC 7692 7.2.2): compressed messages in, their data out.
//! [`WindowCheck`] tells whether a sender keeps to the window that was agreed on.

mod window;

pub use window::WindowCheck;

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

/// Why a message could not be inflated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InflateViolation {
    /// The octets are not DEFLATE data, or refer to data that does not exist.
    Malformed,
    /// The data grows beyond the limit.
    TooLong,
}

/// Inflates the messages of one direction of a connection; the window is kept from message to
/// message.
///
/// A sender that does not take its context over refers to nothing in it, so one way serves both.
pub struct Inflater {
    state: Box<DecompressorOxide>,
    /// How much of the data a message may refer to.
    window: usize,
    /// The data that may be referred to, then that of the message.
    data: Vec<u8>,
}

impl Default for Inflater {
    fn default() -> Self {
        Self::new()
    }
}

impl Inflater {
    /// An inflater with an empty window: the largest that can be agreed on, which serves any.
    pub fn new() -> Self {
        Self::with_window(WINDOW)
    }

    /// An inflater with an empty window of `size` octets.
    pub fn with_window(size: usize) -> Self {
        Self { state: Box::default(), window: size, data: Vec::new() }
    }

    /// How many octets the window holds.
    pub fn window(&self) -> usize {
        self.window
    }

    /// The data of a compressed message, of `limit` octets at most.
    pub fn message(&mut self, payload: &[u8], limit: usize) -> Result<Vec<u8>, InflateViolation> {
        let excess = self.data.len().saturating_sub(self.window);
        self.data.drain(..excess);
        let start = self.data.len();
        for part in [payload, &TAIL] {
            self.part(part, start + limit)?;
        }
        Ok(self.data[start..].to_vec())
    }

    /// Appends the data of a part of a message, up to this length.
    fn part(&mut self, mut input: &[u8], most: usize) -> Result<(), InflateViolation> {
        let flags = TINFL_FLAG_HAS_MORE_INPUT | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        loop {
            let at = self.data.len();
            self.data.resize(at + STEP, 0);
            let (status, read, made) =
                decompress(&mut self.state, input, &mut self.data, at, flags);
            self.data.truncate(at + made);
            input = &input[read..];
            if self.data.len() > most {
                return Err(InflateViolation::TooLong);
            }
            match status {
                TINFLStatus::HasMoreOutput => {}
                TINFLStatus::NeedsMoreInput => return Ok(()),
                // A block with BFINAL set ends the stream but not the window (RFC 7692 7.2.3.4).
                TINFLStatus::Done => self.state.init(),
                _ => return Err(InflateViolation::Malformed),
            }
        }
    }
}

impl std::fmt::Debug for Inflater {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inflater").field("window", &self.window).finish()
    }
}

/// The largest window that can be agreed on (RFC 7692 7.1.2).
const WINDOW: usize = 32 * 1024;

/// How much room there is for what one step makes.
const STEP: usize = 4 * 1024;

/// What the sender cut off the end of the compressed data (RFC 7692 7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

#[cfg(test)]
mod tests {
    use super::{InflateViolation, Inflater};

    const HELLO: [u8; 7] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    const HELLO_FROM_WINDOW: [u8; 5] = [0xf2, 0x00, 0x11, 0x00, 0x00];
    const HELLO_STORED: [u8; 11] = [0, 5, 0, 0xfa, 0xff, b'H', b'e', b'l', b'l', b'o', 0];
    const HELLO_FINAL: [u8; 8] = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00];
    const HELLO_TWO_BLOCKS: [u8; 13] =
        [0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00];

    #[test]
    fn rfc7692_7_2_3_examples_on_one_connection() {
        let mut inflater = Inflater::new();
        for payload in [
            &HELLO[..],
            &HELLO_FROM_WINDOW,
            &HELLO_STORED,
            &HELLO_FINAL,
            &HELLO_FROM_WINDOW,
            &HELLO_TWO_BLOCKS,
        ] {
            assert_eq!(inflater.message(payload, 5), Ok(b"Hello".to_vec()));
        }
        assert_eq!(inflater.message(&[0], 5), Ok(Vec::new()));
    }

    #[test]
    fn what_cannot_be_inflated_is_malformed_and_what_is_long_too_long() {
        let malformed = Err(InflateViolation::Malformed);
        assert_eq!(Inflater::new().message(&[0xff; 8], 100), malformed);
        assert_eq!(Inflater::new().message(&HELLO_FROM_WINDOW, 100), malformed);
        assert_eq!(Inflater::new().message(&HELLO, 4), Err(InflateViolation::TooLong));
        // A stored block of 65535 octets, again and again.
        let block = [&[0, 0xff, 0xff, 0, 0][..], &[b'a'; 65535]].concat();
        let long = Inflater::new().message(&block.repeat(5), 256 * 1024);
        assert_eq!(long, Err(InflateViolation::TooLong));
    }

    #[test]
    fn a_window_ends_where_it_ends() {
        let stored = [&[0, 0, 0x80, 0xff, 0x7f][..], &[b'a'; 32768], &[0]].concat();
        let mut small = Inflater::with_window(3);
        assert!(small.message(&stored, 40_000).is_ok());
        assert!(small.message(&HELLO, 5).is_ok());
        assert_eq!(small.message(&HELLO_FROM_WINDOW, 5), Err(InflateViolation::Malformed));
    }
}
