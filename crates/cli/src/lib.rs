//! What the command shares with the workspace's own tasks: which faults of the reference server each
//! case catches.

mod caught;

pub use caught::Caught;
