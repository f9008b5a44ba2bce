//! Reports: JSON is the source, the others are views of it.
//! Never reads a socket, and never trusts an octet that a target sent.

/// Where no schema is asked for, its derive writes nothing.
#[cfg(not(feature = "schema"))]
extern crate upspec_noschema as schemars;

pub mod agreement;
pub mod baseline;
pub mod browsers;
pub mod cause;
pub mod chain;
pub mod compare;
pub mod diff;
pub mod expected;
pub mod ledger;
pub mod living;
pub mod matrix;
pub mod note;
pub mod places;
pub mod prevalence;
pub mod program;
pub mod read;
pub mod redact;
pub mod report;
#[cfg(feature = "schema")]
pub mod schema;
pub mod text;

mod annotations;
mod badge;
mod carried;
mod changed;
mod command;
pub mod history;
mod html;
mod items;
mod junit;

mod keep;
mod listing;
mod markdown;
mod messages;
mod overview;
mod pcapng;
mod sarif;
mod section;
mod seen;
mod stable;
mod tally;
mod tap;
mod traffic;
pub mod visible;
mod words;

#[cfg(test)]
mod sample;

use std::io;

pub use baseline::{Baseline, BaselineError, Standing};
pub use cause::{Cause, Suspect};
pub use chain::Chain;
pub use compare::Comparison;
pub use diff::{Diff, diff_summary};
pub use expected::Expected;
pub use expected::describe;
pub use html::{LIVING_STYLE, STYLE, living_body};
pub use junit::wire;
pub use ledger::Account;
pub use listing::listing;
pub use living::Living;
pub use matrix::Matrix;
pub use note::{CaseNote, RequirementNote};
pub use places::Docs;
pub use prevalence::Prevalence;
pub use read::ReadError;
pub use redact::{Secrets, blot_url, redact, without_credentials};
pub use report::{About, Demand, FailOn, Report, Score, Summary, Target, Tool};
#[cfg(feature = "schema")]
pub use schema::{comparison_schema, diff_schema, matrix_schema, schema};
pub use tally::Tally;
pub use text::{Style, standing, summary};
pub use traffic::Traffic;
pub use words::verdict_word;

/// A format that a file can be written in.
#[derive(Debug)]
pub struct Format<R: 'static> {
    /// What the user calls it.
    pub name: &'static str,
    /// What it is for, in a phrase.
    pub about: &'static str,
    /// Puts a report or a comparison into it.
    pub write: Write<R>,
}

/// How a format is written.
#[derive(Debug)]
pub enum Write<R: 'static> {
    /// As text.
    Text(fn(&R) -> String),
    /// As octets that are no text.
    Octets(fn(&R) -> Vec<u8>),
    /// Bit by bit, since it is long.
    Parts(fn(&R, &mut dyn io::Write) -> io::Result<()>),
}

impl<R> Format<R> {
    /// A report or a comparison in this format, as a whole.
    #[cfg(test)]
    pub(crate) fn octets(&self, of: &R) -> Vec<u8> {
        let mut octets = Vec::new();
        self.write_to(of, &mut octets).expect("a vector takes it all");
        octets
    }

    /// Writes a report or a comparison in this format.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_to(&self, of: &R, out: &mut dyn io::Write) -> io::Result<()> {
        match self.write {
            Write::Text(write) => out.write_all(write(of).as_bytes()),
            Write::Octets(write) => out.write_all(&write(of)),
            Write::Parts(write) => write(of, out),
        }
    }
}

/// The formats of a report. A new one is a module and a row here.
pub const FORMATS: &[Format<Report>] = &[
    Format {
        name: "json",
        about: "the source of the others",
        write: Write::Parts(Report::write_json),
    },
    text("html", "one self-contained page", html::html),
    text("junit", "for a CI system", junit::junit),
    text("junit-strict", "valid by the schemas of Ant and Jenkins", junit::strict),
    text("text", "what a run prints at its end", text::plain),
    text("markdown", "for a job summary", markdown::markdown),
    text("sarif", "for code scanning", sarif::sarif),
    text("github", "annotations in the log of a job", annotations::github),
    text("gitlab", "code quality", annotations::gitlab),
    text("tap", "version 13", tap::tap),
    text("badge", "an SVG image", badge::svg),
    text("shields", "JSON of a badge endpoint", badge::shields),
    Format {
        name: "pcapng",
        about: "the exchanges, for Wireshark",
        write: Write::Octets(pcapng::pcapng),
    },
];

/// The formats of an older report beside a newer one.
pub const COMPARISON_FORMATS: &[Format<Comparison>] = &[
    text("json", "for programs", Comparison::json),
    text("markdown", "for a pull request", Comparison::markdown),
];

/// The formats of a comparison of servers.
pub const DIFF_FORMATS: &[Format<Diff>] = &[
    text("json", "for programs", Diff::json),
    text("html", "one self-contained page", html::diff_html),
];

/// The formats of a matrix.
pub const MATRIX_FORMATS: &[Format<Matrix>] = &[
    text("json", "for programs", Matrix::json),
    text("html", "one self-contained page", html::matrix_html),
];

/// The formats of the registry with what is made of it.
pub const LIVING_FORMATS: &[Format<Living>] =
    &[text("html", "one self-contained page", html::living_html)];

const fn text<R>(name: &'static str, about: &'static str, write: fn(&R) -> String) -> Format<R> {
    Format { name, about, write: Write::Text(write) }
}
