//! The Upgrade field.

use super::Malformed;
use super::list::elements_of;
use super::token::{is_token, same_in_any_case};
use crate::Fields;

/// A protocol to switch to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Protocol<'a> {
    /// The name as it was spelled.
    pub name: &'a [u8],
    /// What follows the slash, if there is one.
    pub version: Option<&'a [u8]>,
}

impl<'a> Protocol<'a> {
    /// ```text
    /// protocol         = protocol-name ["/" protocol-version]
    /// protocol-name    = token
    /// protocol-version = token                                RFC 9110 7.8
    /// ```
    pub fn parse(element: &'a [u8]) -> Option<Self> {
        let mut parts = element.splitn(2, |&octet| octet == b'/');
        let (name, version) = (parts.next()?, parts.next());
        let well_formed = is_token(name) && version.is_none_or(is_token);
        well_formed.then_some(Self { name, version })
    }

    /// Whether this is `websocket` without a version, in any case (RFC 6455 4.2.1, 11.2).
    pub fn is_websocket(&self) -> bool {
        self.version.is_none() && same_in_any_case(self.name, b"websocket")
    }
}

/// `Upgrade = #protocol` (RFC 9110 7.8), of all lines of the field.
pub fn protocols<'a>(
    values: impl IntoIterator<Item = &'a [u8]>,
) -> impl Iterator<Item = Result<Protocol<'a>, Malformed<'a>>> {
    elements_of(values).map(|element| Protocol::parse(element).ok_or(Malformed(element)))
}

/// The value where one line says websocket and nothing else, as most do; it then needs no reading.
#[inline]
pub fn websocket_alone<'a>(fields: &'a Fields<'_>) -> Option<&'a [u8]> {
    fields.only("Upgrade").filter(|value| same_in_any_case(value, b"websocket"))
}

#[cfg(test)]
mod tests {
    use super::{Protocol, protocols, websocket_alone};
    use crate::{FieldLine, Fields};

    #[test]
    fn rfc9110_7_8_protocols() {
        let rows = [
            ("websocket", Some(("websocket", None))),
            ("IRC/6.9", Some(("IRC", Some("6.9")))),
            ("a/", None),
            ("/a", None),
            ("a/b/c", None),
            ("a b", None),
            ("a /b", None),
            ("\"a\"", None),
            ("", None),
        ];
        for (element, want) in rows {
            let want = want.map(|(name, version): (&str, Option<&str>)| Protocol {
                name: name.as_bytes(),
                version: version.map(str::as_bytes),
            });
            assert_eq!(Protocol::parse(element.as_bytes()), want, "{element}");
        }
        assert_eq!(
            protocols([&b"websocket, IRC/6.9"[..], b"x y"]).filter(Result::is_err).count(),
            1
        );
    }

    #[test]
    fn one_line_may_name_websocket_and_nothing_else() {
        let rows: [(&[&str], bool); 7] = [
            (&["websocket"], true),
            (&["WebSocket"], true),
            (&[], false),
            (&[""], false),
            (&["websocket/13"], false),
            (&["websocket, h2c"], false),
            (&["websocket", "websocket"], false),
        ];
        for (values, want) in rows {
            let line = |value: &&'static str| FieldLine::new(b"upgrade", value.as_bytes());
            let fields: Fields<'_> = values.iter().map(line).collect();
            assert_eq!(websocket_alone(&fields).is_some(), want, "{values:?}");
        }
    }

    #[test]
    fn rfc6455_4_2_1_websocket_in_any_case() {
        for (element, want) in [
            ("websocket", true),
            ("WebSocket", true),
            ("websocket/13", false),
            ("websockets", false),
        ] {
            let protocol = Protocol::parse(element.as_bytes()).unwrap();
            assert_eq!(protocol.is_websocket(), want, "{element}");
        }
    }
}
