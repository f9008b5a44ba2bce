//! The Sec-WebSocket-Version field.
//! Reads any number; which versions exist is for others to say.

use super::list::elements_of;

/// Why a value is not a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VersionViolation {
    /// There is nothing.
    Empty,
    /// An octet is not a digit.
    NotDigits,
    /// A zero stands before other digits.
    LeadingZero,
    /// The number is larger than 255.
    OutOfRange,
}

/// ```text
/// version = DIGIT / (NZDIGIT DIGIT) / ("1" DIGIT DIGIT) / ("2" DIGIT DIGIT)
///           ; 0 to 255, without leading zeros                                 RFC 6455 4.3
/// ```
pub fn version(value: &[u8]) -> Result<u8, VersionViolation> {
    match value {
        [] => Err(VersionViolation::Empty),
        _ if !value.iter().all(u8::is_ascii_digit) => Err(VersionViolation::NotDigits),
        [b'0', _, ..] => Err(VersionViolation::LeadingZero),
        digits => {
            let digit = |octet: &u8| octet - b'0';
            let add = |number: u8, octet| number.checked_mul(10)?.checked_add(digit(octet));
            digits.iter().try_fold(0, add).ok_or(VersionViolation::OutOfRange)
        }
    }
}

/// `Sec-WebSocket-Version-Server = 1#version` (RFC 6455 4.3), of all lines of the field.
///
/// The list is well-formed when it has an element and each of them is a version.
pub fn versions<'a>(
    values: impl IntoIterator<Item = &'a [u8]>,
) -> impl Iterator<Item = Result<u8, VersionViolation>> {
    elements_of(values).map(version)
}

/// The version of RFC 6455.
pub const VERSION: u8 = 13;

#[cfg(test)]
mod tests {
    use super::{VersionViolation, version, versions};

    #[test]
    fn rfc6455_4_3_version() {
        let rows = [
            ("13", Ok(13)),
            ("0", Ok(0)),
            ("255", Ok(255)),
            ("256", Err(VersionViolation::OutOfRange)),
            ("99999999999999999999", Err(VersionViolation::OutOfRange)),
            ("013", Err(VersionViolation::LeadingZero)),
            ("00", Err(VersionViolation::LeadingZero)),
            ("", Err(VersionViolation::Empty)),
            ("+13", Err(VersionViolation::NotDigits)),
            ("13, 8", Err(VersionViolation::NotDigits)),
            ("13.0", Err(VersionViolation::NotDigits)),
        ];
        for (value, want) in rows {
            assert_eq!(version(value.as_bytes()), want, "{value}");
        }
    }

    #[test]
    fn rfc6455_4_4_a_list_over_several_lines() {
        let got: Vec<_> = versions([&b"13, 8"[..], b"7,x"]).collect();
        assert_eq!(got, [Ok(13), Ok(8), Ok(7), Err(VersionViolation::NotDigits)]);
    }
}
