//! What an exchange says once its octets are read as HTTP/2.
//! Never grades anything, and never looks at a rule.

mod notes;
mod owed;
mod places;

pub use notes::{FrameNote, FrameNotes, NotedField};
pub(crate) use owed::{is_between_frames, owed};
