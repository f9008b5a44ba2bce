//! Header blocks: decoded with the connection's state, encoded without any (RFC 7541).
//! The decoded list is bounded, however far a block expands.

/// Decodes the header blocks of one direction of a connection, in their order.
pub struct Decoder {
    inner: loona_hpack::Decoder<'static>,
    /// How much may still be decoded on this connection, counted as lists are.
    left: usize,
    /// A block could not be decoded: what follows cannot be either.
    lost: bool,
}

/// Why a block has no header list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockViolation {
    /// It is not a header block: a connection error of type COMPRESSION_ERROR (RFC 9113 4.3).
    Malformed,
    /// It expands to more than [`MAX_LIST`], or all blocks so far to more than [`MAX_LISTS`]. Those
    /// are our limits, not faults of the peer.
    TooLarge,
}

/// Names and values, in their order.
pub type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder with the dynamic table of 4096 octets that every connection starts with.
    pub fn new() -> Self {
        let mut inner = loona_hpack::Decoder::new();
        inner.set_max_allowed_table_size(TABLE_SIZE);
        Self { inner, left: MAX_LISTS, lost: false }
    }

    /// The header list of a complete block. After a block that fails, all others fail.
    pub fn decode(&mut self, block: &[u8]) -> Result<Pairs, BlockViolation> {
        if self.lost {
            return Err(BlockViolation::Malformed);
        }
        self.lost = true;
        if block.len() > MAX_BLOCK {
            return Err(BlockViolation::TooLarge);
        }
        let most = MAX_LIST.min(self.left);
        let mut pairs = Pairs::new();
        let mut size: usize = 0;
        let decoded = self.inner.decode_with_cb(block, |name, value| {
            // The size of a list as RFC 7541 4.1 counts it, so that many empty fields count.
            size += name.len() + value.len() + ENTRY_OVERHEAD;
            if size <= most {
                pairs.push((name.into_owned(), value.into_owned()));
            }
        });
        if decoded.is_err() {
            return Err(BlockViolation::Malformed);
        }
        if size > most {
            return Err(BlockViolation::TooLarge);
        }
        self.left -= size;
        self.lost = false;
        Ok(pairs)
    }
}

/// A header block of literals without indexing and without Huffman coding (RFC 7541 6.2.2): it
/// means the same in every state of a connection, and shows its octets as they are.
pub fn encode<'f>(fields: impl IntoIterator<Item = (&'f [u8], &'f [u8])>) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(LITERAL);
        string(&mut block, name);
        string(&mut block, value);
    }
    block
}

/// A string literal: a length with a prefix of seven bits, and the octets (RFC 7541 5.1, 5.2).
fn string(block: &mut Vec<u8>, octets: &[u8]) {
    match u8::try_from(octets.len()) {
        Ok(short) if short < LENGTH_PREFIX => block.push(short),
        _ => {
            block.push(LENGTH_PREFIX);
            let mut rest = octets.len() - usize::from(LENGTH_PREFIX);
            while rest >= 0x80 {
                block.push(0x80 | (rest & 0x7f) as u8);
                rest >>= 7;
            }
            block.push(rest as u8);
        }
    }
    block.extend_from_slice(octets);
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").field("lost", &self.lost).finish()
    }
}

/// The longest header list, counted as RFC 7541 4.1 counts a table.
pub const MAX_LIST: usize = 64 << 10;
/// The longest header block in octets.
pub const MAX_BLOCK: usize = 64 << 10;
/// All header lists of one direction of a connection together: a few octets can stand for a long
/// list, so the length of the input is not a bound.
pub const MAX_LISTS: usize = 1 << 20;
/// What a field counts for beyond its octets (RFC 7541 4.1).
const ENTRY_OVERHEAD: usize = 32;
/// SETTINGS_HEADER_TABLE_SIZE as it is until a peer says otherwise (RFC 9113 6.5.2).
const TABLE_SIZE: usize = 4096;
/// A literal without indexing whose name is a string (RFC 7541 6.2.2).
const LITERAL: u8 = 0;
/// The highest number that says that more octets of the length follow.
const LENGTH_PREFIX: u8 = 127;

#[cfg(test)]
mod tests;
