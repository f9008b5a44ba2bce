//! Hunts a client: starts it for answers near a valid one, and looks for what the model does not permit.
//!
//! [`ClientHunt::run`] draws answers, plays them, confirms what fails, shrinks it on the client and writes it as a
//! case file. [`ClientState`] is what a later hunt goes on from.

mod confirm;
mod finding;
mod hunt;
mod state;

pub use finding::{ClientFinding, ClientKind};
pub use hunt::{ClientEnding, ClientEvent, ClientHunt};
pub use state::ClientState;
