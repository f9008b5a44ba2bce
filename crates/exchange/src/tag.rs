//! The tag by which requests are told apart behind an intermediary: a query parameter with the number of the request
//! in its case and a nonce of the exchange.

use std::fmt;

/// A tag: `upspec=1-abcdefghijklmnop`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag<'o> {
    /// The number of the request in its case, from 1 to 3.
    pub number: u8,
    /// What the exchange is known by: 16 lower-case letters.
    pub nonce: &'o [u8],
}

impl<'o> Tag<'o> {
    /// The first tag in these octets, and where it begins.
    #[must_use]
    pub fn find(octets: &'o [u8]) -> Option<(usize, Self)> {
        let begins = octets.windows(KEY.len()).enumerate().filter(|(_, window)| *window == KEY);
        begins.into_iter().find_map(|(at, _)| Some((at, Self::read(&octets[at + KEY.len()..])?)))
    }

    fn read(octets: &'o [u8]) -> Option<Self> {
        let [number @ b'1'..=b'9', b'-', rest @ ..] = octets else {
            return None;
        };
        let nonce = rest.get(..NONCE).filter(|nonce| nonce.iter().all(u8::is_ascii_lowercase))?;
        Some(Self { number: number - b'0', nonce })
    }

    /// Whether these octets hold it.
    #[must_use]
    pub fn is_in(&self, octets: &[u8]) -> bool {
        let own = self.to_string();
        octets.windows(own.len()).any(|window| window == own.as_bytes())
    }
}

impl fmt::Display for Tag<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "upspec={}-{}", self.number, self.nonce.escape_ascii())
    }
}

const KEY: &[u8] = b"upspec=";
/// How many letters a nonce has.
const NONCE: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_wherever_it_stands() {
        let nonce = &b"abcdefghijklmnop"[..];
        let tag = Tag { number: 2, nonce };
        assert_eq!(tag.to_string(), "upspec=2-abcdefghijklmnop");
        let rows = [
            ("GET /ws?upspec=2-abcdefghijklmnop HTTP/1.1", Some((8, tag))),
            ("upspec=2-abc upspec=2-abcdefghijklmnopq", Some((13, tag))),
            ("upspec=2-abcdefghijklmno", None),
            ("upspec=0-abcdefghijklmnop", None),
            ("", None),
        ];
        for (octets, found) in rows {
            assert_eq!(Tag::find(octets.as_bytes()), found, "{octets}");
        }
        assert!(tag.is_in(b"/?a&upspec=2-abcdefghijklmnop"));
    }
}
