//! Requests near a valid opening handshake, and answers to one, as recipes: a base and a list of edits.
//! Uses no randomness of its own: the choices come from the caller's octets.
//!
//! A [`Recipe`] renders to octets, prints to one line of text and parses back, shrinks
//! ([`Recipe::simpler`]), and becomes a [`Case`](upspec_corpus::Case) whose expectations are what
//! the model permits. `arbitrary` gives recipes. An [`Answer`](answer::Answer) is the same for a client, and a
//! [`Pair`](pair::Pair) of both for an intermediary.

pub mod answer;
mod case;
mod draft;
mod draw;
mod edit;
mod expect;
mod http2;
mod known;
mod list;
pub mod pair;
mod recipe;
mod render;
mod shrink;
#[cfg(test)]
mod strategy;
mod text;
pub mod words;

pub use case::CaseName;
pub use edit::Edit;
pub use expect::is_spelling;
pub use known::Known;
pub use recipe::{Recipe, RecipeError};
pub use text::{Text, Unit};
