//! Comma-separated lists, and the tokens in them.
//! Reports every empty element: a recipient ignores it, but no sender may write it.

use super::quoted::quoted_length;
use super::token::{is_token, leading_ows, leading_tchars, trim_ows, trim_ows_end};
use memchr::memchr2;

/// An element of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// The element without the white space around it.
    pub bytes: &'a [u8],
    /// Where it begins in the value.
    pub at: usize,
}

impl Element<'_> {
    /// Whether nothing stands between the commas. Such an element does not count.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

/// A piece of a value that its grammar does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed<'a>(
    /// The piece as it was written.
    pub &'a [u8],
);

/// ```text
/// #element => [ element ] *( OWS "," OWS [ element ] )   RFC 9110 5.6.1.2
/// ```
///
/// Splits at commas outside of quoted strings; a quoted string without an end reaches to the end of
/// the value. A value of only white space has no element, not even an empty one.
#[inline]
pub fn elements(value: &[u8]) -> impl Iterator<Item = Element<'_>> {
    let mut next = (!trim_ows(value).is_empty()).then_some(0);
    std::iter::from_fn(move || {
        let start = next?;
        let length = length_before(b',', &value[start..]);
        next = (start + length < value.len()).then_some(start + length + 1);
        let bytes = &value[start..start + length];
        let leading = leading_ows(bytes);
        Some(Element { bytes: trim_ows_end(&bytes[leading..]), at: start + leading })
    })
}

/// The elements that are not empty, of all lines of a field.
#[inline]
pub fn elements_of<'a>(
    values: impl IntoIterator<Item = &'a [u8]>,
) -> impl Iterator<Item = &'a [u8]> {
    values
        .into_iter()
        .flat_map(elements)
        .filter(|element| !element.is_empty())
        .map(|element| element.bytes)
}

/// `#token` (RFC 9110 5.6.1, 5.6.2), of all lines of a field.
#[inline]
pub fn tokens<'a>(
    values: impl IntoIterator<Item = &'a [u8]>,
) -> impl Iterator<Item = Result<&'a [u8], Malformed<'a>>> {
    elements_of(values).map(
        |element| {
            if is_token(element) { Ok(element) } else { Err(Malformed(element)) }
        },
    )
}

/// Gives every token of a list that has nothing but tokens, as most lists do. False where it has anything else, perhaps
/// after some tokens: [`elements`] then gives all.
#[inline]
pub(crate) fn plain_tokens<'a>(value: &'a [u8], take: &mut impl FnMut(&'a [u8])) -> bool {
    let mut rest = value;
    loop {
        let (token, behind) = rest.split_at(leading_tchars(rest));
        let is_last = match behind {
            [] => true,
            [b',', ..] => false,
            _ => return false,
        };
        if token.is_empty() {
            return false;
        }
        take(token);
        if is_last {
            return true;
        }
        rest = &behind[1..];
        rest = &rest[leading_ows(rest)..];
    }
}

/// The distance to the next separator outside of quoted strings, or to the end.
pub(super) fn length_before(separator: u8, rest: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = separator_or_quote(separator, &rest[at..]) {
        at += found;
        if rest[at] == separator {
            return at;
        }
        at += quoted_length(&rest[at..]).unwrap_or(rest.len() - at);
    }
    rest.len()
}

/// Where the next of both is. Most values are too short for a search of many octets at a time to pay off.
#[inline]
fn separator_or_quote(separator: u8, rest: &[u8]) -> Option<usize> {
    if rest.len() > SHORT {
        return memchr2(separator, b'"', rest);
    }
    rest.iter().position(|&octet| octet == separator || octet == b'"')
}

const SHORT: usize = 32;

#[cfg(test)]
mod tests {
    use super::{Malformed, elements, plain_tokens, tokens};

    #[test]
    fn rfc9110_5_6_1_lists() {
        let rows: [(&str, &[(&str, usize)]); 11] = [
            ("", &[]),
            (" \t", &[]),
            ("foo,bar", &[("foo", 0), ("bar", 4)]),
            ("foo ,bar,", &[("foo", 0), ("bar", 5), ("", 9)]),
            ("foo , ,bar,charlie", &[("foo", 0), ("", 6), ("bar", 7), ("charlie", 11)]),
            (",", &[("", 0), ("", 1)]),
            (",   ,", &[("", 0), ("", 4), ("", 5)]),
            (r#"a="b,c",d"#, &[(r#"a="b,c""#, 0), ("d", 8)]),
            (r#""a\",b",c"#, &[(r#""a\",b""#, 0), ("c", 8)]),
            (r#"a,"b,c"#, &[("a", 0), (r#""b,c"#, 2)]),
            (r#"a,"b,c\"#, &[("a", 0), (r#""b,c\"#, 2)]),
        ];
        for (value, want) in rows {
            let got: Vec<_> = elements(value.as_bytes())
                .map(|element| (std::str::from_utf8(element.bytes).unwrap(), element.at))
                .collect();
            assert_eq!(got, want, "{value}");
        }
    }

    #[test]
    fn a_list_of_nothing_but_tokens_is_read_as_any_other() {
        let parts = ["a", "b-c", ",", ", ", " ,", "\t", " ", "\"", "\\", "/", "keep-alive-as-long"];
        let pairs = parts.iter().flat_map(|one| parts.map(|other| format!("{one}{other}")));
        let pairs: Vec<String> = pairs.collect();
        for value in pairs.iter().flat_map(|one| pairs.iter().map(move |two| format!("{one}{two}")))
        {
            let mut got = Vec::new();
            let is_plain = plain_tokens(value.as_bytes(), &mut |token| got.push(Ok(token)));
            let want: Vec<_> = tokens([value.as_bytes()]).collect();
            assert!(if is_plain { want == got } else { want.starts_with(&got) }, "{value}");
        }
        assert!(plain_tokens(b"keep-alive, Upgrade", &mut |_| ()));
    }

    #[test]
    fn rfc9110_5_6_2_tokens_of_all_lines() {
        let got: Vec<_> = tokens([&b"a, b c"[..], b"", b",d"]).collect();
        assert_eq!(got, [Ok(&b"a"[..]), Err(Malformed(b"b c")), Ok(b"d")]);
    }
}
