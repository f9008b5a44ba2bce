//! What the command shares with the workspace's own tasks: which faults of the reference server, client and proxy
//! each case catches, and the reference client as a client under test.

mod caught;
mod embedded;

pub use caught::Caught;
pub use embedded::Embedded;
