//! Tokens and white space, on which every other grammar builds.
//! Keeps case as it is: whoever compares tokens decides whether it matters.

/// ```text
/// tchar = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" / "`" / "|" / "~"
///       / DIGIT / ALPHA                                              RFC 9110 5.6.2
/// ```
#[inline]
pub fn is_tchar(octet: u8) -> bool {
    TCHAR[usize::from(octet)]
}

/// `token = 1*tchar` (RFC 9110 5.6.2).
pub fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && leading_tchars(bytes) == bytes.len()
}

/// How many octets of a token the octets begin with: several at a time, as most names are long.
#[inline]
pub(crate) fn leading_tchars(bytes: &[u8]) -> usize {
    let mut length = 0;
    // Most names have nothing but letters and dashes.
    while let Some(octets) = bytes[length..].first_chunk() {
        let others = !letters_and_dashes(word(octets)) & (EACH * 0x80);
        if others != 0 {
            length += others.trailing_zeros() as usize / 8;
            break;
        }
        // Not what was counted, so that the next octets need not wait for it.
        length += octets.len();
    }
    if bytes.get(length) == Some(&b':') {
        return length;
    }
    length + bytes[length..].iter().take_while(|&&octet| is_tchar(octet)).count()
}

/// The top bit of each octet that is a letter or a dash. No sum carries from one octet into the next.
#[inline]
fn letters_and_dashes(word: u64) -> u64 {
    let dash = word ^ (EACH * b'-' as u64);
    let is_no_dash = ((dash & (EACH * 0x7f)) + EACH * 0x7f) | dash;
    (letters(word) | !is_no_dash) & (EACH * 0x80)
}

/// The top bit of each octet that is a letter.
#[inline]
fn letters(word: u64) -> u64 {
    let low_bits = (word | (EACH * CASE)) & (EACH * 0x7f);
    let from_a = low_bits + EACH * (0x80 - b'a' as u64);
    let behind_z = low_bits + EACH * (0x7f - b'z' as u64);
    from_a & !behind_z & !word & (EACH * 0x80)
}

/// One in each octet.
const EACH: u64 = u64::MAX / 0xff;

/// `OWS = *( SP / HTAB )` (RFC 9110 5.6.3): the octets without it at either end.
#[inline]
pub fn trim_ows(bytes: &[u8]) -> &[u8] {
    let leading = leading_ows(bytes);
    trim_ows_end(&bytes[leading..])
}

/// The octets without white space at the end.
#[inline]
pub fn trim_ows_end(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// How many octets of white space the octets begin with.
#[inline]
pub(crate) fn leading_ows(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|octet| matches!(octet, b' ' | b'\t')).count()
}

/// Whether two strings differ in nothing but the case of letters. Most are spelled alike, and most often one of them is
/// known where this is compiled, so that this comparison is a matter of a word or two.
#[inline(always)]
pub fn same_in_any_case(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && (one == other || same_but_for_case(one, other))
}

/// The same for two strings of one length: several octets at a time, as most names are long.
fn same_but_for_case(one: &[u8], other: &[u8]) -> bool {
    if let (Some(first), Some(last)) = (one.first_chunk(), one.last_chunk())
        && let (Some(other_first), Some(other_last)) = (other.first_chunk(), other.last_chunk())
    {
        // The last word may overlap the one before it.
        let middle = || one.as_chunks().0.iter().zip(other.as_chunks().0).skip(1);
        return same_word(word(first), word(other_first))
            && same_word(word(last), word(other_last))
            && (one.len() <= 16 || middle().all(|(one, other)| same_word(word(one), word(other))));
    }
    match (ends(one), ends(other)) {
        (Some(one), Some(other)) => same_word(one, other),
        _ => one.eq_ignore_ascii_case(other),
    }
}

/// The first and the last four octets, if there are as many.
#[inline]
fn ends(octets: &[u8]) -> Option<u64> {
    let (first, last) = (octets.first_chunk()?, octets.last_chunk()?);
    Some(u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32)
}

#[inline]
fn word(octets: &[u8; 8]) -> u64 {
    u64::from_le_bytes(*octets)
}

/// The same for eight octets.
#[inline]
fn same_word(one: u64, other: u64) -> bool {
    let differs = one ^ other;
    // The bit of the case comes to stand where the top bit is.
    differs == 0 || differs & !(EACH * CASE) == 0 && (differs << 2) & !letters(one) == 0
}

/// The bit in which a capital letter differs from a small one.
const CASE: u64 = 0x20;

/// A table of the letters, the digits and these other octets.
pub(crate) const fn alphanumeric_and(others: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut octet = 0;
    while octet < 128 {
        table[octet] = (octet as u8).is_ascii_alphanumeric();
        octet += 1;
    }
    let mut index = 0;
    while index < others.len() {
        table[others[index] as usize] = true;
        index += 1;
    }
    table
}

static TCHAR: [bool; 256] = alphanumeric_and(b"!#$%&'*+-.^_`|~");

#[cfg(test)]
mod tests {
    use super::{is_tchar, is_token, leading_tchars, same_in_any_case, trim_ows};

    #[test]
    fn a_tchar_is_any_visible_octet_but_the_delimiters() {
        for octet in 0..=u8::MAX {
            let want = octet.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(&octet);
            assert_eq!(is_tchar(octet), want, "{octet:#04x}");
        }
    }

    #[test]
    fn a_token_has_one_tchar_or_more() {
        for (bytes, want) in
            [("a", true), ("x-y.z!", true), ("", false), ("a b", false), ("a/b", false)]
        {
            assert_eq!(is_token(bytes.as_bytes()), want, "{bytes}");
        }
    }

    #[test]
    fn a_token_ends_wherever_another_octet_stands() {
        for octet in 0..=u8::MAX {
            for at in 0..20 {
                let mut octets = [b'a'; 20];
                octets[at] = octet;
                let want = if is_tchar(octet) { 20 } else { at };
                assert_eq!(leading_tchars(&octets), want, "{octet:#04x} at {at}");
            }
        }
    }

    #[test]
    fn letters_alone_have_a_case() {
        for length in 0..20_usize {
            for place in 0..length {
                for octet in 0..=u8::MAX {
                    let mut one = vec![b'k'; length];
                    one[place] = octet;
                    for other_octet in [octet ^ 0x20, octet ^ 0x80, octet ^ 1, octet ^ 0x30, octet]
                    {
                        let mut other = one.to_ascii_uppercase();
                        other[place] = other_octet;
                        let want = one.eq_ignore_ascii_case(&other);
                        assert_eq!(same_in_any_case(&one, &other), want, "{one:?} {other:?}");
                    }
                }
            }
        }
        assert!(!same_in_any_case(b"upgrade", b"upgrades"));
    }

    #[test]
    fn only_space_and_tab_are_trimmed() {
        assert_eq!(trim_ows(b" \t a \t"), b"a");
        assert_eq!(trim_ows(b" \t "), b"");
        assert_eq!(trim_ows(b"\x0b a\r"), b"\x0b a\r");
    }
}
