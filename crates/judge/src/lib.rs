//! Judges a record against its case. No I/O, no clock: same input, same verdict.

pub mod facts;
pub mod result;
pub mod rules;

mod behaviour;
mod expect;
mod inflate;
mod learn;
mod metamorphic;
mod owed;
mod progress;
mod settle;
mod text;
mod verdict;
mod versions;
mod view;

pub use behaviour::{Behaviour, behaviour};
pub use facts::{TargetFacts, unmet};
pub use learn::{CONTROL, DISCOVERY};
pub use progress::{Awaits, Http2Progress, Leave, Progress, leave, progress};
pub use result::{Aside, Came, CaseResult, Finding, Reason, Verdict};
pub use settle::settle;
pub use verdict::{judge, judge_transcript, not_played};
