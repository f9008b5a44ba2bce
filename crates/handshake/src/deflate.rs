//! Compresses messages as permessage-deflate has it (RFC 7692 7.2.1), within the window that was agreed on and
//! without a context from message to message; and, for those who look for faults, beyond both.

use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, compress, create_comp_flags_from_zip_params,
};

/// Compresses the messages of one direction of a connection.
pub struct Deflater {
    state: Box<CompressorOxide>,
}

impl Default for Deflater {
    fn default() -> Self {
        Self::new()
    }
}

impl Deflater {
    /// One with an empty window.
    pub fn new() -> Self {
        // A negative number of bits leaves the header of zlib away.
        let flags = create_comp_flags_from_zip_params(LEVEL, -WINDOW_BITS, 0);
        Self { state: Box::new(CompressorOxide::new(flags)) }
    }

    /// The payload of a message, which may refer back 32768 octets, to earlier messages too.
    pub fn message(&mut self, data: &[u8]) -> Vec<u8> {
        let mut payload = self.flushed(data);
        payload.truncate(payload.len().saturating_sub(TAIL));
        payload
    }

    /// The blocks of these data, with an empty block at the end.
    fn flushed(&mut self, data: &[u8]) -> Vec<u8> {
        // Room for what does not get shorter, and for the flush.
        let mut blocks = vec![0; data.len() + data.len() / 8 + SPARE];
        let (_, _, made) = compress(&mut self.state, data, &mut blocks, TDEFLFlush::Sync);
        blocks.truncate(made);
        blocks
    }
}

/// The payload of a message that refers back fewer than `window` octets, and to no other message: each part that
/// the window holds is compressed by itself.
pub fn within(window: usize, data: &[u8]) -> Vec<u8> {
    let parts = data.chunks(window.max(1));
    let mut payload: Vec<u8> = parts.flat_map(|part| Deflater::new().flushed(part)).collect();
    payload.truncate(payload.len().saturating_sub(TAIL));
    payload
}

impl std::fmt::Debug for Deflater {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deflater").finish_non_exhaustive()
    }
}

const LEVEL: i32 = 6;
const WINDOW_BITS: i32 = 15;
const SPARE: usize = 256;

/// The length of what is cut off the end (RFC 7692 7.2.1).
const TAIL: usize = 4;

#[cfg(test)]
mod tests {
    use super::{Deflater, within};
    use crate::inflate::{Inflater, WindowCheck};

    /// As many letters, none of them predictable.
    fn letters(count: usize) -> Vec<u8> {
        let mut state = 7_u32;
        let mut letter = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            b'a' + u8::try_from(state >> 24).unwrap() % 23
        };
        (0..count).map(|_| letter()).collect()
    }

    #[test]
    fn what_is_compressed_is_inflated_and_kept_to_its_window() {
        let once = letters(600);
        let twice = once.repeat(2);
        for bits in 8..=15 {
            let payload = within(1 << bits, &twice);
            let mut check = WindowCheck::new(bits);
            assert!(check.keeps(&payload, 9000), "{bits}");
            assert!(check.keeps(&payload, 9000), "{bits}");
            assert_eq!(Inflater::new().message(&payload, 9000), Ok(twice.clone()));
        }
        assert_eq!(Inflater::new().message(&within(256, b""), 1), Ok(Vec::new()));
    }

    #[test]
    fn a_reference_beyond_the_window_and_one_into_the_message_before_are_seen() {
        let once = letters(600);
        let payload = Deflater::new().message(&once.repeat(2));
        for (bits, keeps) in [(8, false), (9, false), (10, true), (15, true)] {
            assert_eq!(WindowCheck::new(bits).keeps(&payload, 9000), keeps, "{bits}");
        }
        let mut deflater = Deflater::new();
        let [first, second] = [0, 1].map(|_| deflater.message(&once));
        let mut inflater = Inflater::new();
        assert!(inflater.message(&first, 9000).is_ok());
        assert_eq!(inflater.message(&second, 9000), Ok(once));
        assert!(Inflater::new().message(&second, 9000).is_err());
        let mut wide = WindowCheck::new(10);
        assert!(wide.keeps(&first, 9000) && wide.keeps(&second, 9000));
        assert!(!WindowCheck::new(9).keeps(&second, 9000));
    }
}
