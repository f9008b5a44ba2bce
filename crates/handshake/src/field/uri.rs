//! The parts of RFC 3986 that Host and the request target use.
//! Does not decode percent-encoding.

use super::token::alphanumeric_and;

/// ```text
/// pct-encoded = "%" HEXDIG HEXDIG   RFC 3986 2.1
/// ```
///
/// Where the first octet is that is neither allowed nor part of a percent-encoding. No percent sign is allowed by itself.
pub(super) fn first_odd(bytes: &[u8], allowed: &[bool; 256]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += bytes[at..].iter().position(|octet| !allowed[usize::from(*octet)])?;
        match bytes[at..] {
            [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => at += 3,
            _ => return Some(at),
        }
    }
}

/// `reg-name = *( unreserved / pct-encoded / sub-delims )` (RFC 3986 3.2.2).
pub(super) static REG_NAME: [bool; 256] = alphanumeric_and(b"-._~!$&'()*+,;=");

/// `userinfo = *( unreserved / pct-encoded / sub-delims / ":" )` (RFC 3986 3.2.1), and the octets
/// of IPvFuture.
pub(super) static USERINFO: [bool; 256] = alphanumeric_and(b"-._~!$&'()*+,;=:");

/// `pchar = unreserved / pct-encoded / sub-delims / ":" / "@"` (RFC 3986 3.3), and the slash.
pub(super) static PATH: [bool; 256] = alphanumeric_and(b"-._~!$&'()*+,;=:@/");

/// `query = *( pchar / "/" / "?" )` (RFC 3986 3.4).
pub(super) static QUERY: [bool; 256] = alphanumeric_and(b"-._~!$&'()*+,;=:@/?");

/// `scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." )` (RFC 3986 3.1).
pub(super) fn is_scheme(bytes: &[u8]) -> bool {
    let [first, rest @ ..] = bytes else {
        return false;
    };
    first.is_ascii_alphabetic()
        && rest.iter().all(|octet| octet.is_ascii_alphanumeric() || b"+-.".contains(octet))
}
