//! Chases a quarry that is played with one exchange at a time: draws exchanges near valid ones, and looks for what the
//! model does not permit.
//!
//! [`Chase::run`] draws, plays, confirms what fails, shrinks it on the quarry and writes it as a case file.
//! [`ChaseState`] is what a later hunt goes on from, and a [`Quarry`] is whoever is hunted.

mod confirm;
mod finding;
mod hunt;
mod quarry;
mod state;

pub use finding::{Caught, CaughtKind, Symptom};
pub use hunt::{Chase, ChaseEnding, ChaseEvent};
pub use quarry::{Drawn, Quarry};
pub use state::ChaseState;
