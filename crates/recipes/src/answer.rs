//! Answers near the 101 that opens a WebSocket connection, as recipes: a list of edits of the valid one.
//! Uses no randomness of its own: the choices come from the caller's octets.

use std::fmt;
use std::str::FromStr;

use crate::recipe::{RecipeError, unquoted};

mod case;
mod draft;
mod draw;
mod edit;
mod expect;
mod mild;
mod readings;
mod render;
#[cfg(test)]
mod tests;
pub mod words;

pub use case::Ask;
pub use edit::{Edit, Value};
pub(crate) use readings::Parts;

/// An answer near the one that opens a WebSocket connection.
///
/// Printed, it is `switch` and its edits: `switch; drop accept; set upgrade 'h2c'`. Texts are spelt as in case
/// files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Answer {
    /// What is changed, in order.
    pub edits: Vec<Edit>,
}

impl Answer {
    /// The most edits that an answer may have.
    pub const MOST_EDITS: usize = 64;

    /// Answers that do less: without half of the edits, without one of them, with a simpler edit. None of it
    /// goes in circles, so that shrinking comes to an end.
    #[must_use]
    pub fn simpler(&self) -> Vec<Self> {
        let mut found = Vec::new();
        let count = self.edits.len();
        let part = |edits: &[Edit]| Self { edits: edits.to_vec() };
        if count > 3 {
            found.push(part(&self.edits[..count / 2]));
            found.push(part(&self.edits[count / 2..]));
        }
        for left_out in 0..count {
            let mut fewer = self.clone();
            fewer.edits.remove(left_out);
            found.push(fewer);
        }
        for (at, edit) in self.edits.iter().enumerate() {
            for simple in edit.simpler() {
                let mut other = self.clone();
                other.edits[at] = simple;
                found.push(other);
            }
        }
        found
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(BASE)?;
        self.edits.iter().try_for_each(|edit| write!(f, "; {edit}"))
    }
}

impl FromStr for Answer {
    type Err = RecipeError;

    fn from_str(text: &str) -> Result<Self, RecipeError> {
        let mut parts = unquoted(text, ';').into_iter();
        let base = parts.next().unwrap_or_default().trim();
        if base != BASE {
            return Err(RecipeError::Base(base.to_owned()));
        }
        let mut edits = Vec::new();
        for part in parts {
            if edits.len() == Self::MOST_EDITS {
                return Err(RecipeError::TooLong);
            }
            let words: Vec<&str> =
                unquoted(part, ' ').into_iter().filter(|word| !word.is_empty()).collect();
            let edit = match &words[..] {
                [verb, arguments @ ..] => Edit::read(verb, arguments),
                [] => None,
            };
            edits.push(edit.ok_or_else(|| RecipeError::Edit(part.trim().to_owned()))?);
        }
        Ok(Self { edits })
    }
}

const BASE: &str = "switch";
