//! Where the values of a header block stand among its octets (RFC 7541 6).
//! Decodes no value; the decoder does.

use std::ops::Range;

/// Where the value of a field stands in its header block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ValueAt {
    /// Its octets in the block; empty if it comes from a table.
    pub(crate) octets: Range<usize>,
    /// Whether they are Huffman-coded.
    pub(crate) huffman: bool,
}

/// A place for each field of a block, in their order, as far as the block can be read.
pub(crate) fn places(block: &[u8]) -> Vec<ValueAt> {
    let mut places = Vec::new();
    let mut at = 0;
    while let Some(place) = next(block, &mut at) {
        places.extend(place);
    }
    places
}

/// The next representation: `Some(None)` for a table size update, which is not a field.
fn next(block: &[u8], at: &mut usize) -> Option<Option<ValueAt>> {
    let first = *block.get(*at)?;
    let prefix = match first {
        0x80.. => 7,
        0x40..0x80 => 6,
        0x20..0x40 => 5,
        _ => 4,
    };
    let index = integer(block, at, prefix)?;
    let none = *at..*at;
    match prefix {
        7 => {
            return Some(Some(ValueAt { octets: none, huffman: false }));
        }
        5 => return Some(None),
        _ => {}
    }
    if index == 0 {
        string(block, at)?;
    }
    string(block, at).map(Some)
}

/// `String Literal` of RFC 7541 5.2.
fn string(block: &[u8], at: &mut usize) -> Option<ValueAt> {
    let huffman = block.get(*at)? & 0x80 != 0;
    let length = integer(block, at, 7)?;
    let end = at.checked_add(length).filter(|end| *end <= block.len())?;
    let octets = *at..end;
    *at = end;
    Some(ValueAt { octets, huffman })
}

/// An integer with a prefix of this many bits (RFC 7541 5.1).
fn integer(block: &[u8], at: &mut usize, prefix: u32) -> Option<usize> {
    let most = (1 << prefix) - 1;
    let mut value = usize::from(*block.get(*at)?) & most;
    *at += 1;
    if value < most {
        return Some(value);
    }
    for shift in [0, 7, 14, 21] {
        let octet = *block.get(*at)?;
        *at += 1;
        value += usize::from(octet & 0x7f) << shift;
        if octet & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_representation_has_its_place() {
        let block = [
            &[0x88][..],                           // indexed: 8
            &[0x3f, 0xe1, 0x1f],                   // table size 4096
            &[0x40, 1, b'a', 2, b'b', b'c'],       // a: bc, to be indexed
            &[0x0f, 0x28, 0x83, 0xf9, 0xf9, 0xf9], // name 55 from the table, Huffman
            &[0x10, 1, b'n', 0],                   // never indexed, empty
        ]
        .concat();
        let want = [(1..1, false), (8..10, false), (13..16, true), (20..20, false)];
        let want = want.map(|(octets, huffman)| ValueAt { octets, huffman });
        assert_eq!(places(&block), want);
    }

    #[test]
    fn what_is_cut_has_no_place() {
        for block in [&[0x00][..], &[0x00, 0x7f], &[0x00, 1], &[0xff, 0xff, 0xff, 0xff, 0xff]] {
            assert_eq!(places(block), [], "{block:x?}");
        }
    }
}
