//! A recipe, and its one-line spelling.
//! `render` turns it into a request.

use std::fmt;
use std::str::FromStr;

use upspec_corpus::case::Over;
use upspec_corpus::words::Word as _;

use crate::edit::Edit;
use crate::words::{Base, Pace};

/// A request near an opening handshake.
///
/// Printed, it is a base and its edits: `handshake; drop host; set key 'x'`. Texts are spelt as in
/// case files.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Recipe {
    /// What it starts from.
    pub base: Base,
    /// What is changed, in order.
    pub edits: Vec<Edit>,
}

/// A text that is not a recipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecipeError {
    /// The first word is not a base.
    Base(String),
    /// This is not an edit.
    Edit(String),
    /// It has more edits than any recipe may have.
    TooLong,
}

impl Recipe {
    /// The most edits that a recipe may have.
    pub const MOST_EDITS: usize = 64;

    /// A base as it is.
    #[must_use]
    pub fn plain(base: Base) -> Self {
        Self { base, edits: Vec::new() }
    }

    /// Whether a request of HTTP/1.1 is not waited for before the next one is sent.
    #[must_use]
    pub fn is_pipelined(&self) -> bool {
        let is_ahead = |edit: &Edit| matches!(edit, Edit::Ahead(_, Pace::Pipelined));
        self.base.over() == Over::Http1 && self.edits.iter().any(is_ahead)
    }

    /// What it does, without the texts that it does it with: what recipes of one kind have in common.
    #[must_use]
    pub fn shape(&self) -> String {
        let without_texts = |edit: &Edit| {
            let text = edit.to_string();
            let parts: Vec<&str> = text.split('\'').step_by(2).collect();
            parts.concat()
        };
        let mut edits: Vec<String> = self.edits.iter().map(without_texts).collect();
        edits.sort();
        edits.dedup();
        format!("{}; {}", self.base, edits.join("; "))
    }
}

/// The handshake as it is.
impl Default for Recipe {
    fn default() -> Self {
        Self::plain(Base::Handshake)
    }
}

impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.base)?;
        self.edits.iter().try_for_each(|edit| write!(f, "; {edit}"))
    }
}

impl FromStr for Recipe {
    type Err = RecipeError;

    fn from_str(text: &str) -> Result<Self, RecipeError> {
        let mut parts = unquoted(text, ';').into_iter();
        let base = parts.next().unwrap_or_default().trim();
        let base = Base::from_word(base).ok_or_else(|| RecipeError::Base(base.to_owned()))?;
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
        Ok(Self { base, edits })
    }
}

/// The parts of a text between these marks, those within quotes not counted. A text in quotes holds
/// no quote: case files spell it as an escape.
pub(crate) fn unquoted(text: &str, mark: char) -> Vec<&str> {
    let mut quoted = false;
    text.split(|c| {
        quoted ^= c == '\'';
        c == mark && !quoted
    })
    .collect()
}

impl fmt::Display for RecipeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Base(word) => write!(f, "`{word}` is no base"),
            Self::Edit(text) => write!(f, "`{text}` is no edit"),
            Self::TooLong => write!(f, "more than {} edits", Recipe::MOST_EDITS),
        }
    }
}

impl std::error::Error for RecipeError {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_recipe_reads_as_it_prints() {
        let text = r"browser; drop host; set key '{key};\x27 x'; space upgrade colon tab; cut 17";
        assert_eq!(text.parse::<Recipe>().unwrap().to_string(), text);
        assert_eq!("plain".parse(), Ok(Recipe::plain(Base::Plain)));
    }

    #[test]
    fn what_is_not_waited_for_is_pipelined() {
        let rows = [
            ("handshake; ahead plain pipelined", true),
            ("handshake; ahead plain awaited; ahead head pipelined", true),
            ("handshake; ahead plain awaited", false),
            ("handshake; drop host", false),
        ];
        for (text, is_pipelined) in rows {
            assert_eq!(text.parse::<Recipe>().unwrap().is_pipelined(), is_pipelined, "{text}");
        }
    }

    #[test]
    fn a_shape_has_neither_texts_nor_order() {
        let rows = [
            (r"handshake; set key '\x27 x'; drop host", r"handshake; drop host; set key 'y'"),
            ("plain; add first 'a'", "plain; add first 'b'; add first 'c'"),
        ];
        for (one, other) in rows {
            let shape = |text: &str| text.parse::<Recipe>().unwrap().shape();
            assert_eq!(shape(one), shape(other));
        }
    }

    #[test]
    fn what_is_no_recipe_is_named() {
        let rows = [
            ("nothing", "`nothing` is no base"),
            ("plain; jump host", "`jump host` is no edit"),
            ("plain; drop", "`drop` is no edit"),
            ("plain; drop host host", "`drop host host` is no edit"),
            ("plain; set key 'x", "`set key 'x` is no edit"),
            ("plain; cut 070", "`cut 070` is no edit"),
            ("plain;", "`` is no edit"),
        ];
        for (text, message) in rows {
            let error = text.parse::<Recipe>().unwrap_err();
            assert_eq!(error.to_string(), message, "{text}");
        }
    }

    proptest! {
        #[test]
        fn print_then_parse_is_identity(recipe in crate::strategy::recipes()) {
            prop_assert_eq!(recipe.to_string().parse(), Ok(recipe));
        }

        #[test]
        fn parsing_is_total(text in "[a-z ;'{}\\\\x0-9]{0,40}") {
            let _ = text.parse::<Recipe>();
        }
    }
}
