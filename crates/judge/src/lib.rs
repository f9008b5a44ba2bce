//! Judges an exchange against its case. No I/O, no clock: same input, same verdict.

pub mod exchange;
pub mod facts;
pub mod result;

mod behaviour;
mod expect;
mod http2;
mod inflate;
mod learn;
mod metamorphic;
mod progress;
mod reading;
mod settle;
mod text;
mod tunnel;
mod validate;
mod verdict;
mod versions;

pub use behaviour::{Behaviour, behaviour};
pub use exchange::{End, Exchange, Io, IoKind, Over};
pub use facts::TargetFacts;
pub use http2::{FrameNote, FrameNotes, NotedField};
pub use learn::{CONTROL, DISCOVERY};
pub use progress::{Awaits, Http2Progress, Leave, Progress, leave, progress};
pub use result::{CaseResult, Finding, Place, Reason, Verdict};
pub use settle::settle;
pub use validate::{VALIDATORS, Validator};
pub use verdict::{judge, not_played, rests_on_silence, unmet};

/// Octets as base64 in JSON.
mod base64_bytes {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(bytes))
    }

    pub(crate) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        STANDARD.decode(text).map_err(D::Error::custom)
    }
}
