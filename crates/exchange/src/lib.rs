//! What happened when a case was played, as data: the [`Record`] of every octet and event on every
//! link, and the [`Transcript`] of what each party said, read from it once. It grades nothing.

/// Where no schema is asked for, its derive writes nothing.
#[cfg(not(feature = "schema"))]
extern crate upspec_noschema as schemars;

mod base64_bytes;
mod ending;
pub mod frames;
pub mod http2;
mod notes;
mod octets;
mod places;
mod record;
mod report;
mod tag;
mod transcript;

pub use ending::{Ending, Exit};
pub use http2::Http2;
pub use notes::{FrameNote, FrameNotes, NotedField};
pub use octets::Octets;
pub use record::{End, Io, IoKind, Link, Place, Record};
pub use report::{Report, Reported};
pub use tag::Tag;
pub use transcript::{BodyState, Request, Response, Talk, Transcript, Tunnel, tls_records};
pub use upspec_handshake::Over;
