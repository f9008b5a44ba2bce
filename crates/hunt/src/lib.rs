//! Hunts a live target for answers that the model does not permit, and shrinks what it finds; or a client for answers
//! of ours on which it does what the model does not permit; or an intermediary between two ends of ours.
//! Each exchange is a case, and the judge grades it.
//!
//! [`Hunt::run`] draws recipes, plays them, confirms what fails, shrinks it on the target and writes
//! it as a case file. [`State`] is what a later hunt goes on from; those of the [`Part`]s of one hunt are gathered to one. [`client::ClientHunt`] is the same for clients, and
//! [`proxy::ProxyHunt`] for intermediaries.

pub mod chase;
pub mod client;
mod confirm;
mod course;
mod error;
mod finding;
mod gather;
mod generated;
mod guide;
mod health;
mod hunt;
mod limits;
mod options;
mod part;
pub mod proxy;
mod state;

pub use error::Error;
pub use finding::{Finding, Kind};
pub use generated::Generated;
pub use hunt::{Ending, Event, Hunt};
pub use options::Options;
pub use part::Part;
pub use state::State;
