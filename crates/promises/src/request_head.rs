//! Any octets as a request head: no panic, and every place lies inside the head, in order.
//! One pass over the octets: this target is for speed, others ask the hard questions.

use upspec_handshake::{RequestHead, Status};

use crate::pieces::is_within;
use crate::planted;

/// Checks one input of the target `request_head`.
pub fn request_head(octets: &[u8]) {
    let Status::Complete(head) = RequestHead::parse(octets) else {
        return;
    };
    let len = planted::request_len(&head);
    assert!(0 < len && len <= octets.len(), "the head ends in the octets");
    assert_eq!(octets[len - 1], b'\n', "a head ends with an empty line");
    assert!(is_within(&head.line, len), "{:?}", head.line);
    let mut from = head.line.end;
    for line in &head.fields {
        assert!(is_within(&line.line, len), "{line:?}");
        assert!(line.line.start > from, "{line:?} is not after {from}");
        assert!(line.line.contains(&line.name_at), "{line:?}");
        // The name is borrowed from its place: no octet has to be compared.
        let named = octets[line.name_at..].as_ptr();
        let is_there = line.name.is_empty() || named == line.name.as_ptr();
        assert!(is_there, "the name is not where it says");
        assert!(line.name_at <= line.value_at && line.value_at <= line.line.end, "{line:?}");
        from = line.line.end;
    }
    let mut at = 0;
    for violation in &head.violations {
        assert!(is_within(&violation.at, len), "{violation:?}");
        assert!(at <= violation.at.start, "{violation:?} is out of order");
        at = violation.at.start;
    }
}
