//! Undoes permessage-deflate (RFC 7692 7.2.2), to compare what came back with what was sent.
//! Never grows beyond its limit, and never says that a message is wrong: it has no data then.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

/// Inflates the messages of one direction. All their data stays in one buffer, so that a message may
/// refer to those before it, as it does unless its sender starts afresh each time.
pub(crate) struct Inflater {
    state: Box<DecompressorOxide>,
    data: Vec<u8>,
    at: usize,
}

impl Inflater {
    pub(crate) fn new() -> Self {
        Self { state: Box::default(), data: Vec::new(), at: 0 }
    }

    /// The data of a compressed message; `None` when it is no DEFLATE data or beyond the limit.
    pub(crate) fn message(&mut self, payload: &[u8]) -> Option<Vec<u8>> {
        self.data.resize(LIMIT, 0);
        let start = self.at;
        self.part(payload)?;
        self.part(&TAIL)?;
        Some(self.data[start..self.at].to_vec())
    }

    fn part(&mut self, mut input: &[u8]) -> Option<()> {
        let flags = TINFL_FLAG_HAS_MORE_INPUT | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        loop {
            let (status, read, made) =
                decompress(&mut self.state, input, &mut self.data, self.at, flags);
            self.at += made;
            input = &input[read..];
            match status {
                TINFLStatus::NeedsMoreInput => return Some(()),
                // A block with BFINAL set ends the stream but not the window (RFC 7692 7.2.3.4).
                TINFLStatus::Done => self.state.init(),
                _ => return None,
            }
        }
    }
}

/// More data than any message of a case has.
const LIMIT: usize = 256 * 1024;

/// What the sender cut off the end of the compressed data (RFC 7692 7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

#[cfg(test)]
mod tests {
    use super::{Inflater, LIMIT};

    #[test]
    fn rfc7692_7_2_3_examples_on_one_connection() {
        let mut inflater = Inflater::new();
        let rows: [&[u8]; 5] = [
            &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00],
            &[0xf2, 0x00, 0x11, 0x00, 0x00],
            &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00],
            &[0xf2, 0x00, 0x11, 0x00, 0x00],
            &[0, 5, 0, 0xfa, 0xff, b'H', b'e', b'l', b'l', b'o', 0],
        ];
        for row in rows {
            let data = inflater.message(row);
            assert_eq!(data.as_deref(), Some(&b"Hello"[..]), "{row:x?}");
        }
    }

    #[test]
    fn what_cannot_be_inflated_has_no_data() {
        let from_nowhere = [0xf2, 0x00, 0x11, 0x00, 0x00];
        assert_eq!(Inflater::new().message(&from_nowhere), None);
        assert_eq!(Inflater::new().message(&[0xff; 8]), None);
        // A stored block of 65535 octets, again and again.
        let block = [&[0, 0xff, 0xff, 0, 0][..], &[b'a'; 65535]].concat();
        let long = block.repeat(LIMIT / 65535 + 1);
        assert_eq!(Inflater::new().message(&long), None);
    }
}
