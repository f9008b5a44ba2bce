//! Undoes permessage-deflate (RFC 7692 7.2.2): compressed messages in, their data out.
//! Never compresses: messages may be sent as they are (RFC 7692 6), and ours are.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_HAS_MORE_INPUT;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

/// Why a message could not be inflated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InflateFault {
    /// The octets are no DEFLATE data.
    Malformed,
    /// The data grows beyond the limit.
    TooLong,
}

/// Inflates the messages of one connection; the window is kept from message to message.
///
/// A client that does not take its context over refers to nothing in it, so one way serves both.
pub(crate) struct Inflater {
    state: Box<DecompressorOxide>,
    /// The last 32 KiB of data: the largest window that can be agreed on, which serves any.
    window: Vec<u8>,
    at: usize,
}

impl Inflater {
    /// An inflater with an empty window.
    pub(crate) fn new() -> Self {
        Self::with_window(WINDOW)
    }

    /// An inflater with an empty window of `size` octets, a power of two.
    pub(crate) fn with_window(size: usize) -> Self {
        Self { state: Box::default(), window: vec![0; size], at: 0 }
    }

    /// How many octets the window holds.
    pub(crate) fn window(&self) -> usize {
        self.window.len()
    }

    /// The data of a compressed message, of `limit` octets at most.
    pub(crate) fn message(
        &mut self,
        payload: &[u8],
        limit: usize,
    ) -> Result<Vec<u8>, InflateFault> {
        let mut data = Vec::new();
        self.part(payload, limit, &mut data)?;
        self.part(&TAIL, limit, &mut data)?;
        Ok(data)
    }

    fn part(
        &mut self,
        mut input: &[u8],
        limit: usize,
        data: &mut Vec<u8>,
    ) -> Result<(), InflateFault> {
        loop {
            let (status, read, made) = decompress(
                &mut self.state,
                input,
                &mut self.window,
                self.at,
                TINFL_FLAG_HAS_MORE_INPUT,
            );
            data.extend_from_slice(&self.window[self.at..self.at + made]);
            self.at = (self.at + made) % self.window.len();
            input = &input[read..];
            if data.len() > limit {
                return Err(InflateFault::TooLong);
            }
            match status {
                TINFLStatus::HasMoreOutput => {}
                TINFLStatus::NeedsMoreInput => return Ok(()),
                // A block with BFINAL set ends the stream but not the window (RFC 7692 7.2.3.4).
                TINFLStatus::Done => self.state.init(),
                _ => return Err(InflateFault::Malformed),
            }
        }
    }
}

const WINDOW: usize = 32 * 1024;

/// What the sender cut off the end of the compressed data (RFC 7692 7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

#[cfg(test)]
mod tests {
    use super::{InflateFault, Inflater};

    const HELLO: [u8; 7] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    const HELLO_FROM_WINDOW: [u8; 5] = [0xf2, 0x00, 0x11, 0x00, 0x00];
    const HELLO_STORED: [u8; 11] = [0, 5, 0, 0xfa, 0xff, b'H', b'e', b'l', b'l', b'o', 0];
    const HELLO_FINAL: [u8; 8] = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00];
    const HELLO_TWO_BLOCKS: [u8; 13] =
        [0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00];

    #[test]
    fn the_examples_of_rfc_7692_7_2_3_are_understood_on_one_connection() {
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
    fn a_message_that_cannot_be_inflated_is_malformed_and_a_long_one_too_long() {
        assert_eq!(Inflater::new().message(&[0xff; 8], 100), Err(InflateFault::Malformed));
        assert_eq!(Inflater::new().message(&HELLO, 4), Err(InflateFault::TooLong));
    }
}
