//! What the command shares with the workspace's own tasks: which faults of the reference server each
//! case catches.
//! Never reads arguments and never prints.

mod caught;

pub use caught::Caught;
