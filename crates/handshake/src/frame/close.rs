//! The body of a Close frame: RFC 6455 sections 5.5.1 and 7.4.

use super::FrameViolation;

/// The status code, if the body is long enough for one.
pub(super) fn code(body: &[u8]) -> Option<u16> {
    body.first_chunk().map(|&octets| u16::from_be_bytes(octets))
}

/// A Close body is empty, or a code of two octets and a reason in UTF-8 (RFC 6455 5.5.1).
pub(super) fn violations(body: &[u8]) -> impl Iterator<Item = FrameViolation> {
    let of_code = match code(body) {
        None => (!body.is_empty()).then_some(FrameViolation::CloseBodyOneOctet),
        Some(code) => of_code(code),
    };
    let reason = body.get(2..).unwrap_or_default();
    let of_reason = std::str::from_utf8(reason).is_err();
    of_code.into_iter().chain(of_reason.then_some(FrameViolation::CloseReasonNotUtf8))
}

/// RFC 6455 7.4.1 and 7.4.2; IANA has registered 1012 to 1014 since.
fn of_code(code: u16) -> Option<FrameViolation> {
    match code {
        1005 | 1006 | 1015 => Some(FrameViolation::CloseCodeReserved),
        1004 | 1016..=2999 => Some(FrameViolation::CloseCodeUnassigned),
        1000..=4999 => None,
        _ => Some(FrameViolation::CloseCodeOutOfRange),
    }
}
