//! The reference handshake model: what the RFCs permit, read from and written to plain octets.
//! It does no I/O, reads no clock, and does not panic on any octets.
//!
//! The model has no error type. What a peer does wrong is data: a [`Violation`] of a head, and
//! others of fields, frames, header lists and responses that switch. "Not enough octets yet" is
//! [`Status::Partial`].

pub mod deflate;
pub mod field;
pub mod frame;
pub mod h2;
pub mod head;
pub mod inflate;
pub mod negotiate;
pub mod opening;
mod party;
pub mod peer;
pub mod permitted;
mod violation;

pub use head::{
    FieldLine, Fields, HeadReader, RequestHead, ResponseHead, Status, Version, starts_like_http,
};
pub use party::{Over, Party};
pub use violation::{Violation, ViolationKind};
