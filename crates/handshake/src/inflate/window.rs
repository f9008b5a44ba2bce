//! How far compressed messages refer back (RFC 7692 7.1.2).
//! Whether they are DEFLATE data at all is for the [`Inflater`](super::Inflater) to say, which comes first.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_HAS_MORE_INPUT;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

use super::TAIL;

/// Inflates the messages of one direction of a connection into a ring that is as large as the window, so that a
/// reference beyond it cannot be followed.
pub struct WindowCheck {
    state: Box<DecompressorOxide>,
    ring: Vec<u8>,
    at: usize,
}

impl WindowCheck {
    /// For a window of two to the power of `bits` octets; `bits` from 8 to 15.
    pub fn new(bits: u8) -> Self {
        Self { state: Box::default(), ring: vec![0; 1 << bits.clamp(8, 15)], at: 0 }
    }

    /// Whether a message, of `limit` octets of data at most, keeps to the window. The messages before it kept to
    /// it, too; after one that does not there is nothing more to learn.
    pub fn keeps(&mut self, payload: &[u8], limit: usize) -> bool {
        let mut left = limit;
        [payload, &TAIL].into_iter().all(|part| self.part(part, &mut left))
    }

    fn part(&mut self, mut input: &[u8], left: &mut usize) -> bool {
        loop {
            let (status, read, made) = decompress(
                &mut self.state,
                input,
                &mut self.ring,
                self.at,
                TINFL_FLAG_HAS_MORE_INPUT,
            );
            input = &input[read..];
            self.at = (self.at + made) % self.ring.len();
            let Some(rest) = left.checked_sub(made) else {
                return true;
            };
            *left = rest;
            match status {
                TINFLStatus::HasMoreOutput => {}
                TINFLStatus::NeedsMoreInput => return true,
                TINFLStatus::Done => self.state.init(),
                _ => return false,
            }
        }
    }
}

impl std::fmt::Debug for WindowCheck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WindowCheck").field("window", &self.ring.len()).finish_non_exhaustive()
    }
}
