//! Reads a stored report or matrix, or says why it cannot be read.

use serde::Deserialize;
use thiserror::Error;

use crate::carried;
use crate::matrix::Matrix;
use crate::report::{FORMAT, Report, Summary, VERSION};

/// Why a stored report cannot be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// It is a page without a report in it.
    #[error("{0}")]
    Page(&'static str),
    /// The text is not JSON.
    #[error("not JSON: {0}")]
    Json(#[source] serde_json::Error),
    /// The JSON is not a report.
    #[error("not an upspec report: `format` is {found}, not \"{FORMAT}\"")]
    Format {
        /// What `format` holds instead.
        found: String,
    },
    /// The `version` is missing or not a number.
    #[error("not an upspec report: `version` is {found}, not a number")]
    Version {
        /// What `version` holds instead.
        found: String,
    },
    /// The report was written by a newer upspec, or by one that was never released.
    #[error("report version {found}: this upspec reads version {VERSION} only{}", hint(*found))]
    OtherVersion {
        /// The report's version.
        found: u64,
    },
    /// A part of the report is missing, unknown or of the wrong type.
    #[error("broken report of version {VERSION}: {0}")]
    Shape(#[source] serde_json::Error),
    /// The summary does not count the cases.
    #[error(
        "broken report of version {VERSION}: `summary` does not agree with the verdicts of `cases`"
    )]
    Summary,
    /// A matrix speaks of a peer that it does not have.
    #[error("broken matrix: `cases` speak of a peer that `peers` does not have")]
    Peers,
}

impl Report {
    /// Reads a report of version 2 from JSON, or from an HTML page that carries it.
    ///
    /// # Errors
    ///
    /// The text is not JSON, not a report, a report of another version, or broken.
    pub fn read(text: &str) -> Result<Self, ReadError> {
        if carried::is_page(text) {
            return Self::read(&carried::json_of(text).map_err(ReadError::Page)?);
        }
        let json = text;
        let report: Self = match serde_json::from_str(json) {
            Ok(report) => report,
            Err(error) => return Err(Head::problem(json).unwrap_or(ReadError::Shape(error))),
        };
        if report.format != FORMAT || report.version != VERSION {
            return Err(Head::problem(json).unwrap_or(ReadError::Summary));
        }
        if report.summary != Summary::of(&report.cases) {
            return Err(ReadError::Summary);
        }
        Ok(report)
    }
}

impl Matrix {
    /// Reads a matrix of version 1 from JSON. `None` when the text is something else.
    #[must_use]
    pub fn read(text: &str) -> Option<Result<Self, ReadError>> {
        let head: Head = serde_json::from_str(text).ok()?;
        if head.format != "upspec-matrix" {
            return None;
        }
        let read = serde_json::from_str(text).map_err(ReadError::Shape);
        Some(read.and_then(|matrix: Self| {
            let peers = matrix.peers.len();
            let answers = matrix.cases.iter().flat_map(|case| &case.answers);
            let all_known = answers.flat_map(|answer| &answer.peers).all(|place| *place < peers);
            if all_known { Ok(matrix) } else { Err(ReadError::Peers) }
        }))
    }
}

/// As much of a report as every version has.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    format: serde_json::Value,
    #[serde(default)]
    version: serde_json::Value,
}

impl Head {
    /// What is wrong with the text before anything of a report is in it.
    fn problem(json: &str) -> Option<ReadError> {
        let head: Self = match serde_json::from_str(json) {
            Ok(head) => head,
            Err(error) if error.is_data() => {
                return Some(ReadError::Format { found: "missing".to_owned() });
            }
            Err(error) => return Some(ReadError::Json(error)),
        };
        if head.format != FORMAT {
            return Some(ReadError::Format { found: spelled(&head.format) });
        }
        match head.version.as_u64() {
            Some(found) if found == u64::from(VERSION) => None,
            Some(found) => Some(ReadError::OtherVersion { found }),
            None => Some(ReadError::Version { found: spelled(&head.version) }),
        }
    }
}

fn hint(found: u64) -> &'static str {
    if found > u64::from(VERSION) { "; use a newer one" } else { "" }
}

fn spelled(value: &serde_json::Value) -> String {
    if value.is_null() {
        return "missing".to_owned();
    }
    let text = value.to_string();
    match text.char_indices().nth(SPELLED) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text,
    }
}

/// How much of a foreign value is repeated in an error.
const SPELLED: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_written_report_is_read_back() {
        let report = sample::report();
        assert_eq!(Report::read(&report.json()).unwrap(), report);
    }

    #[test]
    fn what_is_no_report_is_said_clearly() {
        let good = sample::report().json();
        let rows = [
            ("", "not JSON: EOF while parsing a value at line 1 column 0"),
            ("<testsuites/>", "not JSON: expected value at line 1 column 1"),
            ("[]", "not an upspec report: `format` is missing, not \"upspec-report\""),
            ("{}", "not an upspec report: `format` is missing, not \"upspec-report\""),
            (
                r#"{"format":"upspec-exchange","version":1}"#,
                "not an upspec report: `format` is \"upspec-exchange\", not \"upspec-report\"",
            ),
            (
                r#"{"format":"upspec-report","version":"1"}"#,
                "not an upspec report: `version` is \"1\", not a number",
            ),
            (
                r#"{"format":"upspec-report","version":3,"new":true}"#,
                "report version 3: this upspec reads version 2 only; use a newer one",
            ),
            (
                r#"{"format":"upspec-report","version":1}"#,
                "report version 1: this upspec reads version 2 only",
            ),
            (
                r#"{"format":"upspec-report","version":2}"#,
                "broken report of version 2: missing field `tool` at line 1 column 38",
            ),
            (
                &good.replacen("\"pass\": ", "\"pass\": 9", 1),
                "broken report of version 2: `summary` does not agree with the verdicts of `cases`",
            ),
        ];
        for (json, message) in rows {
            assert_eq!(Report::read(json).unwrap_err().to_string(), message, "{json:.60}");
        }
    }
}
