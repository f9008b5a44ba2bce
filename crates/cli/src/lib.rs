//! What the command shares with the workspace's own tasks: the judge of a run, and which faults of
//! the reference server each case catches.
//! Never reads arguments and never prints.

mod arbiter;
mod caught;

pub use arbiter::Arbiter;
pub use caught::Caught;
