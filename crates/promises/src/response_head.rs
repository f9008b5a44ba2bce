//! Any octets as a response head: no panic, places inside the head, the status in the octets,
//! and the same reading without what follows. Whether a response is lawful is not asked.

use upspec_handshake::field::framing::Framing;
use upspec_handshake::{ResponseHead, Status, ViolationKind, starts_like_http};

use crate::pieces::is_within;
use crate::planted;

/// Checks one input of the target `response_head`.
pub fn response_head(octets: &[u8]) {
    let Status::Complete(head) = ResponseHead::parse(octets) else {
        return;
    };
    assert!(0 < head.len && head.len <= octets.len());
    for violation in &head.violations {
        assert!(is_within(&violation.at, head.len), "{violation:?}");
        let kind = violation.kind;
        assert!(!kind.describe().is_empty() && kind.section().starts_with("rfc"), "{kind:?}");
    }
    status(octets, &head);
    let alone = &octets[..head.len];
    assert_eq!(ResponseHead::parse(alone), Status::Complete(head.clone()));
    assert_eq!(
        ResponseHead::parse(&alone[..head.len - 1]),
        Status::Partial,
        "the last octet completes the head"
    );
    if head.violations.is_empty() {
        assert_eq!(starts_like_http(octets), Status::Complete(true));
    }
    for method in [&b"GET"[..], b"HEAD", b"CONNECT"] {
        let framing = Framing::of_response(&head, method);
        let bare = matches!(head.status, Some(100..=199 | 204 | 304)) || method == b"HEAD";
        let is_none = framing == Framing::None;
        assert!(!bare || is_none, "{framing:?} of a response without a body");
    }
}

/// `status-code = 3DIGIT` (RFC 9112 4): the number is the one on the wire, and every other spelling
/// is a violation.
fn status(octets: &[u8], head: &ResponseHead<'_>) {
    let noted = |kind| head.violations.iter().any(|one| one.kind == kind);
    let line = &octets[head.line.clone()];
    match planted::status(head) {
        Some(code) => {
            let digits = format!("{code:03}");
            let found = line.windows(3).any(|three| three == digits.as_bytes());
            assert!(found, "{code} is not in the status line");
            let out_of_range = !(100..=599).contains(&code);
            assert_eq!(noted(ViolationKind::StatusOutOfRange), out_of_range);
        }
        None => assert!(noted(ViolationKind::StatusNotThreeDigits), "{head:?}"),
    }
    assert_eq!(head.version.is_none(), noted(ViolationKind::VersionMalformed));
}
