//! A baseline: what a team accepts of its server for now, rule by rule, each with the reason. It is TOML, so
//! that it can be read, reviewed and commented. What it says of a run is in `standing`.

mod standing;

use jiff::civil::Date;
use serde::Deserialize;
use thiserror::Error;
use toml::Spanned;
use upspec_corpus::text::toml_error;
use upspec_judge::{Came, Verdict};

pub(crate) use standing::Mark;
pub use standing::{Excuse, NewCase, Row, Standing, shown, shown_elsewhere};

/// What is accepted of a target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// Name or URL of the target, where the file says it.
    pub target: Option<String>,
    /// The digest of the corpus that it was written with, where the file says it.
    pub corpus: Option<String>,
    /// The cases of which nothing could be said, as patterns; without it nobody counts those.
    pub unjudged: Option<Vec<String>>,
    /// What is accepted, in the order of the file.
    pub known: Vec<Known>,
}

/// A rule that is broken in some cases, and why that is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The id of the requirement.
    pub requirement: String,
    /// The cases as `--only` takes them: ids, prefixes, or patterns with `*`, `?` and `{a,b}`.
    pub cases: Vec<String>,
    /// The worst verdict that is accepted: `warn` or `fail`.
    pub verdict: Verdict,
    /// What has to come for it to be accepted; anything where nothing is said.
    pub answer: Option<Came>,
    /// Why it is accepted.
    pub reason: String,
    /// Where more is said about it.
    pub link: Option<String>,
    /// The last day on which it is accepted.
    pub until: Option<Date>,
}

/// Why a baseline cannot be read.
#[derive(Debug, Error)]
pub enum BaselineError {
    /// It is a report.
    #[error(
        "this is JSON, and a baseline is TOML; `upspec baseline write FILE REPORT` makes one from a report"
    )]
    Json,
    /// It is not TOML, or has a key that is missing, unknown or of another type.
    #[error("not a baseline: {0}")]
    Toml(String),
    /// Its version is not ours.
    #[error("version {found} of a baseline: this upspec reads version {VERSION} only")]
    Version {
        /// What it says.
        found: u32,
    },
    /// An entry is of no use.
    #[error("line {line}: {what}")]
    Entry {
        /// Where the entry begins, from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
}

impl Baseline {
    /// Reads a baseline.
    ///
    /// # Errors
    ///
    /// It is not TOML, has an unknown key, or an entry without rule, cases or reason.
    pub fn read(text: &str) -> Result<Self, BaselineError> {
        if text.trim_start().starts_with('{') {
            return Err(BaselineError::Json);
        }
        let raw: Raw =
            toml::from_str(text).map_err(|error| BaselineError::Toml(toml_error(&error, text)))?;
        if raw.version != VERSION {
            return Err(BaselineError::Version { found: raw.version });
        }
        let known = raw.known.into_iter().map(|entry| {
            let line = text[..entry.span().start.min(text.len())].matches('\n').count() + 1;
            entry.into_inner().checked().map_err(|what| BaselineError::Entry { line, what })
        });
        Ok(Self {
            target: raw.target,
            corpus: raw.corpus,
            unjudged: raw.unjudged,
            known: known.collect::<Result<_, _>>()?,
        })
    }
}

/// The file as TOML has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    version: u32,
    target: Option<String>,
    corpus: Option<String>,
    unjudged: Option<Vec<String>>,
    #[serde(default)]
    known: Vec<Spanned<RawKnown>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKnown {
    requirement: String,
    cases: Vec<String>,
    verdict: Verdict,
    answer: Option<String>,
    reason: String,
    link: Option<String>,
    until: Option<toml::value::Datetime>,
}

impl RawKnown {
    fn checked(self) -> Result<Known, String> {
        if !matches!(self.verdict, Verdict::Warn | Verdict::Fail) {
            return Err("`verdict` is `warn` or `fail`: nothing else can be excused".to_owned());
        }
        let blank = |text: &String| text.trim().is_empty();
        if blank(&self.reason) {
            return Err(format!("{} needs a `reason`", self.requirement));
        }
        if self.cases.is_empty() || self.cases.iter().any(blank) {
            return Err(format!("{} names no case in `cases`", self.requirement));
        }
        let answer = self.answer.map(|word| {
            let words =
                "`answer` is a word of the reports, such as `101`, `4xx`, `closed` or `silent`";
            word.parse().map_err(|wrong| format!("{wrong}: {words}"))
        });
        let until = self.until.map(|until| date(&until).ok_or("`until` is a day: 2027-01-31"));
        Ok(Known {
            requirement: self.requirement,
            cases: self.cases,
            verdict: self.verdict,
            answer: answer.transpose()?,
            reason: self.reason,
            link: self.link,
            until: until.transpose()?,
        })
    }
}

/// A day without a time.
fn date(from: &toml::value::Datetime) -> Option<Date> {
    let date = from.date.filter(|_| from.time.is_none() && from.offset.is_none())?;
    Date::new(
        i16::try_from(date.year).ok()?,
        date.month.try_into().ok()?,
        date.day.try_into().ok()?,
    )
    .ok()
}

/// The version of the format that this crate reads.
pub const VERSION: u32 = 1;

#[cfg(test)]
mod tests;
