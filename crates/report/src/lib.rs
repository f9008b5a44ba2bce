//! Reports: JSON is the source, the others are views of it.
//! Never reads a socket, and never trusts an octet that a target sent.

pub mod diff;
pub mod entry;
pub mod expected;
pub mod html;
pub mod junit;
pub mod markdown;
pub mod read;
pub mod redact;
pub mod report;
pub mod schema;
pub mod text;

mod overview;
mod section;
mod seen;
mod visible;

#[cfg(test)]
mod sample;

pub use diff::{Diff, diff_summary};
pub use entry::{CaseEntry, Expected, RequirementNote};
pub use expected::describe;
pub use html::{diff_html, html};
pub use junit::junit;
pub use markdown::markdown;
pub use read::ReadError;
pub use redact::redact;
pub use report::{About, Report, Summary, Target, Tool};
pub use schema::{diff_schema, schema};
pub use text::{Style, summary};
