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
    let all = |octets: &[u8]| octets.iter().fold(true, |all, &octet| all & is_tchar(octet));
    let whole = bytes.chunks_exact(AT_ONCE).take_while(|octets| all(octets)).count() * AT_ONCE;
    let rest = &bytes[whole..];
    whole + rest.iter().take_while(|&&octet| is_tchar(octet)).count()
}

const AT_ONCE: usize = 4;

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
    use super::{is_tchar, is_token, trim_ows};

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
    fn only_space_and_tab_are_trimmed() {
        assert_eq!(trim_ows(b" \t a \t"), b"a");
        assert_eq!(trim_ows(b" \t "), b"");
        assert_eq!(trim_ows(b"\x0b a\r"), b"\x0b a\r");
    }
}
