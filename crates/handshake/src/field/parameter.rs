//! Parameters: the names and values that follow an element after semicolons.

use super::list::{Element, length_before};
use super::quoted::quoted_string;
use super::token::{is_token, leading_ows, trim_ows, trim_ows_end};
use std::borrow::Cow;

/// One parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter<'a> {
    /// The name as it was spelled.
    pub name: &'a [u8],
    /// The value, if there is an equals sign; a quoted string without its quoting.
    pub value: Option<Cow<'a, [u8]>>,
    /// White space stands before or after the equals sign.
    pub space_around_equals: bool,
    /// A quoted pair stands for an octet that needs none.
    pub needless_pair: bool,
}

/// Why something is not a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ParameterViolation {
    /// Nothing stands between the semicolons.
    Missing,
    /// The name is not a token.
    NameNotToken,
    /// A quoted string has no end, a control octet, or octets after it.
    QuoteMalformed,
    /// Nothing stands after the equals sign.
    ValueMissing,
    /// The value is neither a token nor a quoted string.
    ValueNotToken,
}

impl<'a> Parameter<'a> {
    /// ```text
    /// parameter = token [ "=" ( token / quoted-string ) ]   RFC 6455 9.1; RFC 9110 5.6.6, 10.1.4
    /// ```
    ///
    /// White space around the equals sign is noted, not refused: RFC 6455 has it from the implied
    /// white space of RFC 2616, and RFC 9110 10.1.4 as "bad" white space.
    pub fn parse(segment: &'a [u8]) -> Result<Self, ParameterViolation> {
        if segment.is_empty() {
            return Err(ParameterViolation::Missing);
        }
        let equals = segment.iter().position(|&octet| octet == b'=');
        let before = &segment[..equals.unwrap_or(segment.len())];
        let name = trim_ows_end(before);
        if !is_token(name) {
            return Err(ParameterViolation::NameNotToken);
        }
        let plain = Self { name, value: None, space_around_equals: false, needless_pair: false };
        let Some(equals) = equals else {
            return Ok(plain);
        };
        let after = &segment[equals + 1..];
        let written = trim_ows(after);
        let (value, needless_pair) = value(written)?;
        let space_around_equals = name.len() < before.len() || leading_ows(after) > 0;
        Ok(Self { value: Some(value), space_around_equals, needless_pair, ..plain })
    }
}

/// The pieces between semicolons outside of quoted strings, without white space around them. The
/// first is what the parameters belong to.
pub fn segments(element: &[u8]) -> impl Iterator<Item = Element<'_>> {
    let mut next = Some(0);
    std::iter::from_fn(move || {
        let start = next?;
        let length = length_before(b';', &element[start..]);
        next = (start + length < element.len()).then_some(start + length + 1);
        let bytes = &element[start..start + length];
        Some(Element { bytes: trim_ows(bytes), at: start + leading_ows(bytes) })
    })
}

/// A token or a quoted string, and whether the latter has a needless pair.
fn value(written: &[u8]) -> Result<(Cow<'_, [u8]>, bool), ParameterViolation> {
    match written {
        [] => Err(ParameterViolation::ValueMissing),
        [b'"', ..] => match quoted_string(written) {
            Some(quoted) if quoted.len == written.len() => Ok((quoted.value, quoted.needless_pair)),
            _ => Err(ParameterViolation::QuoteMalformed),
        },
        token if is_token(token) => Ok((Cow::Borrowed(token), false)),
        _ => Err(ParameterViolation::ValueNotToken),
    }
}

#[cfg(test)]
mod tests {
    use super::{Parameter, ParameterViolation, segments};

    #[test]
    fn parameters_with_and_without_a_value() {
        let rows = [
            ("a", Ok(("a", None, false, false))),
            ("a=b", Ok(("a", Some("b"), false, false))),
            ("a=\"b c\"", Ok(("a", Some("b c"), false, false))),
            ("a=\"1\\0\"", Ok(("a", Some("10"), false, true))),
            ("a=\"\"", Ok(("a", Some(""), false, false))),
            ("a =b", Ok(("a", Some("b"), true, false))),
            ("a= b", Ok(("a", Some("b"), true, false))),
            ("", Err(ParameterViolation::Missing)),
            ("a=", Err(ParameterViolation::ValueMissing)),
            ("=b", Err(ParameterViolation::NameNotToken)),
            ("a b", Err(ParameterViolation::NameNotToken)),
            ("\"a\"", Err(ParameterViolation::NameNotToken)),
            ("a=b=c", Err(ParameterViolation::ValueNotToken)),
            ("a=b c", Err(ParameterViolation::ValueNotToken)),
            ("a=\"b", Err(ParameterViolation::QuoteMalformed)),
            ("a=\"b\"c", Err(ParameterViolation::QuoteMalformed)),
        ];
        for (segment, want) in rows {
            let got = Parameter::parse(segment.as_bytes());
            let got = got.as_ref().map_err(|violation| *violation).map(|parameter| {
                let text = |bytes| std::str::from_utf8(bytes).unwrap();
                let value = parameter.value.as_deref().map(text);
                let (space, pair) = (parameter.space_around_equals, parameter.needless_pair);
                (text(parameter.name), value, space, pair)
            });
            assert_eq!(got, want, "{segment}");
        }
    }

    #[test]
    fn semicolons_part_segments_outside_of_quotes() {
        let got: Vec<_> = segments(b"a ; b=\";\";;c").map(|s| (s.bytes, s.at)).collect();
        assert_eq!(got, [(&b"a"[..], 0), (b"b=\";\"", 4), (b"", 10), (b"c", 11)]);
        assert_eq!(segments(b"").count(), 1);
    }
}
