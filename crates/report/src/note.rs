//! What a report says of cases and requirements, so that it needs no corpus beside it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use upspec_corpus::{Case, Requirement};

use crate::expected::{self, Expected};
use crate::matrix::Line;
use crate::program::Worth;

/// What the corpus says of a case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseNote {
    /// The title of the file that the case is written in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// File and line: `cases/server/key.toml:470`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Why the case exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The graded alternatives; an answer that none of them describes fails.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expected: Vec<Expected>,
    /// Of a case that fails or warns: somebody who does right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<Example>,
    /// Of a case that fails or warns, and is one request over HTTP/1.1: what each outcome is worth. A program that
    /// sends the octets needs no more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub worth: Vec<Worth>,
}

/// One of many peers that were played for comparison, and does right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// Its name.
    pub peer: String,
    /// How many do right.
    pub of: usize,
    /// What passed between us and it.
    pub lines: Vec<Line>,
}

/// A requirement as the registry has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequirementNote {
    /// The level as the registry spells it: `must`, `should-not`, `grammar`, …
    pub level: String,
    /// Our own paraphrase of the requirement.
    pub text: String,
    /// The sections that have to do with it, its own first, then newer and older ones:
    /// `rfc9110/7.8`, `rfc7230/6.7`.
    pub sections: Vec<String>,
    /// The URL of its sentence by a text fragment, where that is known, and else of its own section.
    pub url: String,
    /// Who is bound: `server`, `client`, `both` or `intermediary`.
    pub binds: String,
}

impl CaseNote {
    /// What a case and the title of its file say.
    #[must_use]
    pub fn new(case: &Case, topic: Option<&str>) -> Self {
        let source = &case.source;
        Self {
            topic: topic.map(str::to_owned),
            source: (source.line > 0).then(|| format!("{}:{}", source.file, source.line)),
            why: case.why.clone(),
            expected: case.expect.iter().map(expected::graded).collect(),
            right: None,
            worth: Vec::new(),
        }
    }
}

impl From<&Requirement> for RequirementNote {
    fn from(requirement: &Requirement) -> Self {
        Self {
            level: requirement.level.to_string(),
            text: requirement.text.clone(),
            sections: requirement.sections().into_iter().map(str::to_owned).collect(),
            url: requirement.url(),
            binds: requirement.binds.to_string(),
        }
    }
}
