//! The client role: starts the client under test once for each exchange, with a URL of ours, and plays the
//! server.
//!
//! A [`Starter`] brings clients to life: a command, one that is part of this program, or a page in a browser. A
//! `Door` listens for the exchange, a `Stage` plays it, and [`run`](run::run) plays a whole plan.

mod calm;
mod certificates;
mod changed;
mod command;
mod door;
mod further;
mod pace;
mod prober;
mod run;
mod settings;
mod stage;
mod starter;

pub use command::{Command, CommandError};
pub use prober::ClientProber;
pub use run::run_clients;
pub use settings::ClientSettings;
pub use starter::{Call, Started, Starter};
