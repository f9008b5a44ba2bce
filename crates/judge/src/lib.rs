//! Judges a record against its case. No I/O, no clock: same input, same verdict.

pub mod facts;
pub mod result;
pub mod rules;

mod awaits;
mod behaviour;
mod citations;
mod client;
mod cost;
mod death;
mod expect;
mod forwarded;
mod learn;
mod metamorphic;
mod settle;
mod text;
mod verdict;
mod versions;
mod view;

pub use awaits::{Awaits, awaits};
pub use behaviour::{Behaviour, behaviour};
pub use client::client_outcome;
pub use cost::{SLOW, answer_time, is_unanswered, shows_growth};
pub use death::{Death, Demise, RULE as SURVIVES};
pub use facts::{TargetFacts, unmet};
pub use learn::{CONTROL, DISCOVERY};
pub use result::{Aside, Came, CaseResult, Finding, Reason, Verdict};
pub use settle::{Habit, settle};
pub use verdict::{judge, judge_transcript, not_played};
