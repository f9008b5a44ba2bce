//! Any octets as a request head: no panic, places inside the head, and the same reading however
//! the octets are split or followed. Never compares with another parser.

#![no_main]

use libfuzzer_sys::fuzz_target;
use upspec_handshake::permitted::{Endpoint, permitted};
use upspec_handshake::{HeadReader, RequestHead, Status};

fuzz_target!(|bytes: &[u8]| {
    let Status::Complete(head) = RequestHead::parse(bytes) else {
        return;
    };
    assert!(head.len <= bytes.len());
    for violation in &head.violations {
        assert!(violation.at.start <= violation.at.end && violation.at.end <= head.len);
    }
    // What follows the head changes nothing, and the last octet is what completes it.
    assert_eq!(RequestHead::parse(&bytes[..head.len]), Status::Complete(head.clone()));
    assert_eq!(RequestHead::parse(&bytes[..head.len - 1]), Status::Partial);
    // Nor does it matter how the octets arrive: the first octet says where to split.
    let step = usize::from(bytes[0]).max(1);
    let mut reader = HeadReader::default();
    for end in (step..head.len).step_by(step) {
        assert_eq!(reader.request(&bytes[..end]), Status::Partial);
    }
    assert_eq!(reader.request(bytes), Status::Complete(head.clone()));
    let endpoint = Endpoint { switches: true, ..Endpoint::default() };
    assert_eq!(permitted(&head, &endpoint), permitted(&head, &endpoint));
});
