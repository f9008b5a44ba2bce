//! Quoted strings.
//! Allocates only for a string with a quoted pair.

use std::borrow::Cow;

/// A quoted string at the start of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted<'a> {
    /// The octets it stands for: without the quotes, each quoted pair replaced by its octet.
    pub value: Cow<'a, [u8]>,
    /// How many octets of the value it takes, the quotes included.
    pub len: usize,
    /// Whether a quoted pair stands for an octet that needs none; no sender should write that.
    pub needless_pair: bool,
}

/// ```text
/// quoted-string = DQUOTE *( qdtext / quoted-pair ) DQUOTE
/// qdtext        = HTAB / SP / %x21 / %x23-5B / %x5D-7E / obs-text
/// quoted-pair   = "\" ( HTAB / SP / VCHAR / obs-text )              RFC 9110 5.6.4
/// ```
///
/// `None` when the bytes do not begin with one, when its end is missing, or when it holds a control
/// octet.
pub fn quoted_string(bytes: &[u8]) -> Option<Quoted<'_>> {
    let len = quoted_length(bytes)?;
    let inner = &bytes[1..len - 1];
    if inner.iter().any(|&octet| octet != b'\t' && octet.is_ascii_control()) {
        return None;
    }
    if !inner.contains(&b'\\') {
        return Some(Quoted { value: Cow::Borrowed(inner), len, needless_pair: false });
    }
    let mut value = Vec::with_capacity(inner.len());
    let mut needless_pair = false;
    let mut octets = inner.iter();
    while let Some(mut octet) = octets.next() {
        if *octet == b'\\' {
            octet = octets.next()?;
            needless_pair |= !matches!(octet, b'"' | b'\\');
        }
        value.push(*octet);
    }
    Some(Quoted { value: Cow::Owned(value), len, needless_pair })
}

/// How many octets the quoted string at the start takes; `None` without a beginning or an end.
pub(super) fn quoted_length(bytes: &[u8]) -> Option<usize> {
    let [b'"', rest @ ..] = bytes else {
        return None;
    };
    let mut at = 0;
    loop {
        match rest.get(at)? {
            b'"' => return Some(at + 2),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::quoted_string;

    #[test]
    fn rfc9110_5_6_4_quoted_strings() {
        let rows = [
            (r#""""#, Some(("", 2, false))),
            (r#""a b,c";d"#, Some(("a b,c", 7, false))),
            (r#""a\"b\\""#, Some((r#"a"b\"#, 8, false))),
            (r#""1\0""#, Some(("10", 5, true))),
            ("\"a\tb\"", Some(("a\tb", 5, false))),
            ("\"a\x01b\"", None),
            ("\"a\\\x01b\"", None),
            (r#""a"#, None),
            (r#""a\""#, None),
            (r#""a\"#, None),
            ("a", None),
            ("", None),
        ];
        for (bytes, want) in rows {
            let got = quoted_string(bytes.as_bytes());
            let got = got.as_ref().map(|quoted| {
                (std::str::from_utf8(&quoted.value).unwrap(), quoted.len, quoted.needless_pair)
            });
            assert_eq!(got, want, "{bytes:?}");
        }
    }
}
