//! The Sec-WebSocket-Protocol field.

use super::Malformed;
use super::list::tokens;
use super::token::is_token;
use std::collections::BTreeSet;

/// The subprotocols that a client offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offers<'a> {
    /// The well-formed names in the order of the client, repetitions included.
    pub names: Vec<&'a [u8]>,
    /// The elements that are not tokens.
    pub malformed: Vec<Malformed<'a>>,
    /// The second and further occurrences of a name; no client may send them (RFC 6455 4.1).
    pub repeated: Vec<&'a [u8]>,
}

impl<'a> Offers<'a> {
    /// `Sec-WebSocket-Protocol-Client = 1#token` (RFC 6455 4.3), of all lines of the field.
    pub fn parse(values: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut offers = Self::default();
        let mut seen = BTreeSet::new();
        for element in tokens(values) {
            match element {
                Ok(name) => {
                    offers.names.push(name);
                    if !seen.insert(name) {
                        offers.repeated.push(name);
                    }
                }
                Err(malformed) => offers.malformed.push(malformed),
            }
        }
        offers
    }

    /// Whether there is a name and nothing is malformed.
    pub fn is_well_formed(&self) -> bool {
        !self.names.is_empty() && self.malformed.is_empty()
    }

    /// Whether this name is offered. Names are case-sensitive (RFC 6455 1.9, 4.1).
    pub fn contains(&self, name: &[u8]) -> bool {
        self.names.contains(&name)
    }
}

/// `Sec-WebSocket-Protocol-Server = token` (RFC 6455 4.3).
pub fn answer(value: &[u8]) -> Result<&[u8], Malformed<'_>> {
    if is_token(value) { Ok(value) } else { Err(Malformed(value)) }
}

#[cfg(test)]
mod tests {
    use super::{Malformed, Offers, answer};

    #[test]
    fn rfc6455_4_3_offers() {
        let offers = Offers::parse([&b"chat, superchat"[..], b"Chat,,chat, a b"]);
        assert_eq!(offers.names, [&b"chat"[..], b"superchat", b"Chat", b"chat"]);
        assert_eq!(offers.malformed, [Malformed(b"a b")]);
        assert_eq!(offers.repeated, [b"chat"]);
        assert!(offers.contains(b"superchat") && !offers.contains(b"SUPERCHAT"));
        for (value, want) in
            [("a", true), ("a,,b", true), ("", false), (",", false), ("a/b", false)]
        {
            assert_eq!(Offers::parse([value.as_bytes()]).is_well_formed(), want, "{value}");
        }
    }

    #[test]
    fn rfc6455_4_3_an_answer_is_one_token() {
        assert_eq!(answer(b"chat"), Ok(&b"chat"[..]));
        for value in [&b""[..], b"a, b", b"a b", b"\"a\""] {
            assert_eq!(answer(value), Err(Malformed(value)));
        }
    }
}
