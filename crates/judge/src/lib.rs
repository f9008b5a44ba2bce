//! Judges a record against its case. No I/O, no clock: same input, same verdict.

/// Where no schema is asked for, its derive writes nothing.
#[cfg(not(feature = "schema"))]
extern crate upspec_noschema as schemars;

pub mod facts;
pub mod result;
pub mod rules;

mod agreement;
mod awaits;
mod behaviour;
mod blame;
mod citations;
mod client;
mod cost;
mod counting;
mod death;
mod expect;
mod fields;
mod filled;
mod forwarded;
mod freshness;
mod learn;
mod learn_client;
mod learn_proxy;
mod mark;
mod message;
mod metamorphic;
mod passage;
mod settle;
mod text;
mod verdict;
mod versions;
mod view;

pub use agreement::{Agreement, agreement};
pub use awaits::{Awaits, awaits};
pub use behaviour::{Behaviour, behaviour};
pub use client::client_outcome;
pub use cost::{SLOW, answer_time, is_costly, is_unanswered, shows_growth};
pub use death::{Death, Demise, RULE as SURVIVES};
pub use facts::{TargetFacts, unmet};
pub use learn::{CONTROL, DISCOVERY};
pub use learn_client::CLIENT_DISCOVERY;
pub use learn_proxy::{PROXY_DISCOVERY, PROXY_SHOWS};
pub use passage::{carries_both_ways, passes_octets_unread};
pub use result::{Aside, Came, CaseResult, Counted, Finding, Reason, Verdict};
pub use settle::{Habit, recount, settle, settle_as};
pub use verdict::{judge, judge_transcript, not_played};
