//! Reports: JSON is the source, the others are views of it.
//! Never reads a socket, and never trusts an octet that a target sent.

pub mod baseline;
pub mod browsers;
pub mod cause;
pub mod compare;
pub mod diff;
pub mod expected;
pub mod note;
pub mod read;
pub mod redact;
pub mod report;
pub mod schema;
pub mod text;

mod annotations;
mod badge;
mod carried;
mod html;
mod items;
mod junit;
mod listing;
mod markdown;
mod overview;
mod sarif;
mod section;
mod seen;
mod stable;
mod tap;
pub mod visible;
mod words;

#[cfg(test)]
mod sample;

pub use baseline::{Baseline, BaselineError, Standing};
pub use cause::{Cause, Suspect};
pub use compare::Comparison;
pub use diff::{Diff, diff_summary};
pub use expected::Expected;
pub use expected::describe;
pub use junit::wire;
pub use listing::listing;
pub use note::{CaseNote, RequirementNote};
pub use read::ReadError;
pub use redact::{Secrets, blot_url, redact, without_credentials};
pub use report::{About, Report, Summary, Target, Tool};
pub use schema::{comparison_schema, diff_schema, schema};
pub use text::{Style, standing, summary};

/// A format that a file can be written in.
#[derive(Debug)]
pub struct Format<R: 'static> {
    /// What the user calls it.
    pub name: &'static str,
    /// What it is for, in a phrase.
    pub about: &'static str,
    /// Puts a report or a comparison into it.
    pub write: fn(&R) -> String,
}

/// The formats of a report. A new one is a module and a row here.
pub const FORMATS: &[Format<Report>] = &[
    Format { name: "json", about: "the source of the others", write: Report::json },
    Format { name: "html", about: "one self-contained page", write: html::html },
    Format { name: "junit", about: "for a CI system", write: junit::junit },
    Format { name: "markdown", about: "for a job summary", write: markdown::markdown },
    Format { name: "sarif", about: "for code scanning", write: sarif::sarif },
    Format { name: "github", about: "annotations in the log of a job", write: annotations::github },
    Format { name: "gitlab", about: "code quality", write: annotations::gitlab },
    Format { name: "tap", about: "version 14", write: tap::tap },
    Format { name: "badge", about: "an SVG image", write: badge::svg },
    Format { name: "shields", about: "JSON of a badge endpoint", write: badge::shields },
];

/// The formats of an older report beside a newer one.
pub const COMPARISON_FORMATS: &[Format<Comparison>] = &[
    Format { name: "json", about: "for programs", write: Comparison::json },
    Format { name: "markdown", about: "for a pull request", write: Comparison::markdown },
];

/// The formats of a comparison of servers.
pub const DIFF_FORMATS: &[Format<Diff>] = &[
    Format { name: "json", about: "for programs", write: Diff::json },
    Format { name: "html", about: "one self-contained page", write: html::diff_html },
];
