//! Sec-WebSocket-Key and Sec-WebSocket-Accept.
//! Generates no nonce: the caller supplies its octets.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha1::{Digest, Sha1};

/// The client's nonce: 16 octets, base64 on the wire (RFC 6455 4.1, 4.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key([u8; 16]);

/// Why a value is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyViolation {
    /// There is nothing.
    Empty,
    /// It is not base64: an octet outside of the alphabet, or wrong padding.
    NotBase64,
    /// It is base64, of this many octets.
    Length(usize),
}

impl Key {
    /// ```text
    /// base64-value-non-empty = (1*base64-data [ base64-padding ]) / base64-padding
    /// base64-data            = 4base64-character
    /// base64-padding         = (2base64-character "==") / (3base64-character "=")
    /// base64-character       = ALPHA / DIGIT / "+" / "/"               RFC 6455 4.3
    /// ```
    ///
    /// The bits of the last character that no octet needs may be anything: RFC 4648 3.5 leaves it
    /// open whether a decoder looks at them.
    pub fn parse(value: &[u8]) -> Result<Self, KeyViolation> {
        if value.is_empty() {
            return Err(KeyViolation::Empty);
        }
        let mut octets = [0; SHORT];
        if value.len() <= SHORT {
            let decoded = BASE64.decode_slice(value, &mut octets);
            let length = decoded.map_err(|_| KeyViolation::NotBase64)?;
            let nonce = octets[..length].try_into().map_err(|_| KeyViolation::Length(length))?;
            return Ok(Self(nonce));
        }
        let decoded = BASE64.decode(value).map_err(|_| KeyViolation::NotBase64)?;
        Err(KeyViolation::Length(decoded.len()))
    }

    /// Whether a value is a key, without a look at its octets: 22 characters and the padding.
    pub fn is_one(value: &[u8]) -> bool {
        let Some((characters, b"==")) = value.split_first_chunk::<22>() else {
            return false;
        };
        let ([first, ..], [last]) =
            (characters.as_chunks::<16>().0, characters.as_rchunks::<16>().1)
        else {
            return false;
        };
        let both = first.iter().zip(last);
        both.fold(true, |all, (one, other)| all & is_character(*one) & is_character(*other))
    }

    /// The key of these octets.
    pub fn new(nonce: [u8; 16]) -> Self {
        Self(nonce)
    }

    /// The octets that the value stands for.
    pub fn nonce(&self) -> &[u8; 16] {
        &self.0
    }

    /// The value to send.
    pub fn value(&self) -> [u8; 24] {
        encoded(&self.0)
    }
}

/// The Sec-WebSocket-Accept value that answers a Sec-WebSocket-Key value (RFC 6455 4.2.2).
///
/// It is computed from the octets as they were sent, not from the nonce: two spellings of one nonce
/// have different answers, and a malformed key has an answer too.
pub fn accept(key_value: &[u8]) -> [u8; 28] {
    encoded(&sha1([key_value, GUID]))
}

/// The digest of these octets, one part behind the other. What a wrong Sec-WebSocket-Accept is made from, too.
pub fn sha1<'o>(parts: impl IntoIterator<Item = &'o [u8]>) -> [u8; 20] {
    let mut hash = Sha1::new();
    parts.into_iter().for_each(|part| hash.update(part));
    hash.finalize().into()
}

/// Base64 with padding. `N` is the length that `bytes` encodes to.
fn encoded<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut value = [b'='; N];
    let written = BASE64.encode_slice(bytes, &mut value);
    debug_assert_eq!(written, Ok(N));
    value
}

/// `base64-character` of RFC 6455 4.3. Without a branch or a table, so that 16 octets are looked at in one step.
#[inline]
fn is_character(octet: u8) -> bool {
    ((octet | 0x20).wrapping_sub(b'a') < 26)
        | (octet.wrapping_sub(b'0') < 10)
        | (octet == b'+')
        | (octet == b'/')
}

/// Longer than any key; what it encodes fits in as many octets.
const SHORT: usize = 32;

/// What RFC 6455 1.3 appends to the key.
pub const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

#[cfg(test)]
mod tests {
    use super::{Key, KeyViolation, accept};

    #[test]
    fn rfc6455_4_2_1_a_key_is_16_octets() {
        let rows = [
            ("dGhlIHNhbXBsZSBub25jZQ==", Ok(*b"the sample nonce")),
            (
                "AQIDBAUGBwgJCgsMDQ4PEA==",
                Ok([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]),
            ),
            (
                "AQIDBAUGBwgJCgsMDQ4PEC==",
                Ok([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]),
            ),
            ("", Err(KeyViolation::Empty)),
            ("AAECAwQFBgcICQoLDA0O", Err(KeyViolation::Length(15))),
            ("AAECAwQFBgcICQoLDA0ODxA=", Err(KeyViolation::Length(17))),
            ("dGhlIHNhbXBsZSBub25jZQ", Err(KeyViolation::NotBase64)),
            ("dGhlIHNhbXBsZSBub25jZQ=", Err(KeyViolation::NotBase64)),
            ("dGhlIHNhbXBsZSBub25jZQ===", Err(KeyViolation::NotBase64)),
            ("dGhlIHNhbXBsZSBub25j-_==", Err(KeyViolation::NotBase64)),
            ("dGhlIHNhbXBs ZSBub25jZQ==", Err(KeyViolation::NotBase64)),
            ("dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==", Err(KeyViolation::NotBase64)),
        ];
        for (value, want) in rows {
            assert_eq!(Key::parse(value.as_bytes()).map(|key| *key.nonce()), want, "{value}");
            assert_eq!(Key::is_one(value.as_bytes()), want.is_ok(), "{value}");
        }
    }

    #[test]
    fn rfc6455_1_3_the_accept_value_of_the_sample_key() {
        assert_eq!(&accept(b"dGhlIHNhbXBsZSBub25jZQ=="), b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_ne!(accept(b"AQIDBAUGBwgJCgsMDQ4PEA=="), accept(b"AQIDBAUGBwgJCgsMDQ4PEC=="));
    }

    #[test]
    fn a_key_is_written_as_it_is_read() {
        assert_eq!(&Key::new(*b"the sample nonce").value(), b"dGhlIHNhbXBsZSBub25jZQ==");
    }
}
