//! HTTP/2 as far as upgrades and tunnels need it: frames, header lists, messages (RFC 9113, 8441).
//! Keeps no session state: flow control, priorities and required answers are not here.
//!
//! [`frame`] reads and writes frames, [`hpack`] header blocks, [`reader`] turns octets into events
//! that one side sent, [`connection`] puts the events of a whole exchange in order by stream, and
//! [`message`] says what is wrong with a header list.

pub mod connection;
pub mod frame;
pub mod hpack;
mod list;
pub mod message;
mod names;
pub mod reader;
mod violation;
pub mod write;

pub use connection::{Connection, Stream};
pub use frame::{Frame, FrameHeader, GoAway};
pub use list::{HeaderField, HeaderList};
pub use message::{ListViolation, ListViolationKind};
pub use names::{ErrorCode, flag, kind, setting};
pub use reader::{Event, EventKind, Reader};
pub use violation::{FramingViolation, FramingViolationKind};

/// The first octets from a client (RFC 9113 3.4). A SETTINGS frame follows them.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The longest payload that a peer may send which was promised no more (RFC 9113 6.5.2).
pub const MAX_FRAME: usize = 16_384;
