//! Header blocks: what RFC 7541 has as examples, what is none, and what would grow without bounds.
//! Never part of the library.

use super::*;
use proptest::prelude::*;

fn decoded(block: &[u8]) -> Result<Vec<(String, String)>, BlockViolation> {
    let text = |octets: Vec<u8>| String::from_utf8(octets).unwrap();
    let pairs = Decoder::new().decode(block)?;
    Ok(pairs.into_iter().map(|(name, value)| (text(name), text(value))).collect())
}

#[test]
fn blocks_of_the_rfc() {
    // RFC 7541 C.2.1, C.2.2, C.2.4 and C.4.1, the last with Huffman coding.
    let rows: [(&[u8], &str, &str); 4] = [
        (b"\x40\x0acustom-key\x0dcustom-header", "custom-key", "custom-header"),
        (b"\x04\x0c/sample/path", ":path", "/sample/path"),
        (b"\x82", ":method", "GET"),
        (
            b"\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff",
            ":authority",
            "www.example.com",
        ),
    ];
    for (block, name, value) in rows {
        let want = vec![(name.to_owned(), value.to_owned())];
        assert_eq!(decoded(block), Ok(want), "{name}");
    }
}

#[test]
fn the_table_lives_as_long_as_the_connection() {
    let mut decoder = Decoder::new();
    decoder.decode(b"\x40\x01a\x01b").unwrap();
    let pairs = decoder.decode(b"\xbe").unwrap();
    assert_eq!(pairs, [(b"a".to_vec(), b"b".to_vec())]);
}

#[test]
fn what_is_no_block() {
    let rows: [(&str, &[u8]); 9] = [
        ("index 0", b"\x80"),
        ("an index beyond the tables", b"\xc6"),
        ("a name index beyond the tables", b"\x7f\x00\x01a"),
        ("a name that ends early", b"\x00\x05abc"),
        ("a value that ends early", b"\x00\x01a\x05b"),
        ("no value", b"\x00\x01a"),
        ("an endless number", b"\xff\xff\xff\xff\xff\xff\xff"),
        ("a table larger than was agreed", b"\x3f\xe2\x1f\x82"),
        ("Huffman padding of ones that is too long", b"\x00\x82\xff\xff\x01a"),
    ];
    for (what, block) in rows {
        assert_eq!(decoded(block), Err(BlockViolation::Malformed), "{what}");
    }
}

#[test]
fn nothing_is_decoded_after_a_fault() {
    let mut decoder = Decoder::new();
    assert_eq!(decoder.decode(b"\x80"), Err(BlockViolation::Malformed));
    assert_eq!(decoder.decode(b"\x82"), Err(BlockViolation::Malformed));
}

#[test]
fn what_is_written_reads_back() {
    let long = vec![b'x'; 40_000];
    let fields: [(&[u8], &[u8]); 6] = [
        (b":path", b"/"),
        (b"Upper", b" spaced "),
        (b"", b""),
        (b"a:b", b"\r\n\0\xff"),
        (&long[..127], &long[..128]),
        (b"long", &long),
    ];
    let pairs = Decoder::new().decode(&encode(fields)).unwrap();
    let want = fields.map(|(name, value)| (name.to_vec(), value.to_vec()));
    assert_eq!(pairs, want);
}

#[test]
fn lists_are_bounded() {
    let mut block = b"\x40\x01a\x7f\xa1\x1e".to_vec();
    block.resize(block.len() + 4000, b'x');
    let one = block.len();
    block.resize(one + 1000, 0xbe);
    assert_eq!(decoded(&block), Err(BlockViolation::TooLarge));
    assert_eq!(decoded(&vec![0x82; MAX_BLOCK + 1]), Err(BlockViolation::TooLarge));
    assert_eq!(decoded(&[0x82; MAX_BLOCK]), Err(BlockViolation::TooLarge));
    // Each list is short enough, and all of them together are not.
    block.truncate(one + 10);
    let mut decoder = Decoder::new();
    let taken = (0..1000).take_while(|_| decoder.decode(&block).is_ok());
    assert_eq!(taken.count(), MAX_LISTS / (11 * (1 + 4000 + 32)));
}

proptest! {
    #[test]
    fn no_block_makes_it_panic(blocks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..4)) {
        let mut decoder = Decoder::new();
        for block in blocks {
            let _ = decoder.decode(&block);
        }
    }

    #[test]
    fn every_list_survives(pairs in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..300), prop::collection::vec(any::<u8>(), 0..300)), 0..8)) {
        let block = encode(pairs.iter().map(|(name, value)| (&name[..], &value[..])));
        prop_assert_eq!(Decoder::new().decode(&block).unwrap(), pairs);
    }
}
