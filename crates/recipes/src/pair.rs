//! A request and the origin's answer to it, both near valid ones, for an intermediary between the two.
//! Uses no randomness of its own: the choices come from the caller's octets.

use std::fmt;
use std::str::FromStr;

use crate::answer::Answer;
use crate::recipe::{Recipe, RecipeError, unquoted};
use crate::words::Base;

mod case;
mod draw;
mod expect;
mod fields;
#[cfg(test)]
mod tests;

pub use case::Scene;

/// A request and the origin's answer to it.
///
/// Printed, they stand beside each other: `handshake; drop key | switch; drop upgrade`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Pair {
    /// What the client sends.
    pub request: Recipe,
    /// What the origin answers.
    pub answer: Answer,
}

impl Pair {
    /// Pairs that do less: with one side as plain as can be, then with less on one of them. Texts stay as they are. None
    /// of it goes in circles, so that shrinking comes to an end.
    #[must_use]
    pub fn simpler(&self) -> Vec<Self> {
        let is_other = |request: &Recipe| request.shape() != self.request.shape();
        let plain = [Recipe::default(), Recipe::plain(Base::Plain)].into_iter();
        let requests = plain
            .filter(|plain| plain.edits.len() < self.request.edits.len())
            .chain(self.request.simpler().into_iter().filter(is_other));
        let answers = [Answer::default()].into_iter();
        let answers = answers
            .filter(|plain| plain.edits.len() < self.answer.edits.len())
            .chain(self.answer.simpler());
        let asked = requests.map(|request| Self { request, answer: self.answer.clone() });
        let said = answers.map(|answer| Self { request: self.request.clone(), answer });
        let mut all: Vec<Self> = asked.chain(said).collect();
        all.sort_by_key(|one| one.request.edits.len() + one.answer.edits.len());
        all
    }

    /// Whether it has all edits of another one.
    #[must_use]
    pub fn includes(&self, other: &Self) -> bool {
        let asks = other.request.edits.iter().all(|edit| self.request.edits.contains(edit));
        let answers = other.answer.edits.iter().all(|edit| self.answer.edits.contains(edit));
        asks && answers && other.request.base == self.request.base
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} | {}", self.request, self.answer)
    }
}

impl FromStr for Pair {
    type Err = RecipeError;

    fn from_str(text: &str) -> Result<Self, RecipeError> {
        match unquoted(text, '|')[..] {
            [request, answer] => {
                Ok(Self { request: request.trim().parse()?, answer: answer.trim().parse()? })
            }
            _ => Err(RecipeError::Base(text.to_owned())),
        }
    }
}
