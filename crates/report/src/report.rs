//! The report of one run: what the JSON format, version 1, holds.
//! Types and counting only; how it looks is for the views.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use upspec_corpus::{Case, Corpus};
use upspec_judge::{CaseResult, Reason, TargetFacts, Verdict};

use crate::entry::{CaseEntry, RequirementNote};
use crate::redact::redact;

/// The report of one run. It is self-contained: every requirement that a case or a finding cites
/// is in `requirements`, and every octet of every connection is in `cases`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Always `upspec-report`.
    pub format: String,
    /// The version of this format: 1.
    #[schemars(range(min = 2, max = 2))]
    pub version: u32,
    /// What made the report.
    pub tool: Tool,
    /// What was tested.
    pub target: Target,
    /// The seed of every random octet of the run.
    pub seed: u64,
    /// When the run began.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub started: Timestamp,
    /// How long the run took, in milliseconds.
    pub elapsed_ms: u64,
    /// Whether the run came to its end; false when it was interrupted or the target died.
    pub complete: bool,
    /// How many cases have which verdict.
    pub summary: Summary,
    /// The requirements that the cases and findings cite, by id.
    pub requirements: BTreeMap<String, RequirementNote>,
    /// The cases, in the order of the corpus.
    pub cases: Vec<CaseEntry>,
}

/// What is known of a run besides its cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// What made the report.
    pub tool: Tool,
    /// What was tested.
    pub target: Target,
    /// The seed of every random octet of the run.
    pub seed: u64,
    /// When the run began.
    pub started: Timestamp,
    /// How long the run took, in milliseconds.
    pub elapsed_ms: u64,
    /// Whether the run came to its end.
    pub complete: bool,
}

/// What made a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// The version of upspec.
    pub version: String,
    /// The digest of the corpus: `sha256:…`.
    pub corpus: String,
}

/// What was tested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Where it was reached.
    pub url: String,
    /// What the user calls it.
    pub name: Option<String>,
    /// What it can do, found by the control or declared.
    pub facts: TargetFacts,
}

/// How many cases have which verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// The answer is lawful.
    pub pass: usize,
    /// A SHOULD is missed, or the answer harms interoperability.
    pub warn: usize,
    /// A MUST is broken.
    pub fail: usize,
    /// Nothing can be said.
    pub inconclusive: usize,
    /// We could not do our job.
    pub error: usize,
}

impl Report {
    /// Puts the report of a run together: results in the order in which they are to be shown, with
    /// what the corpus has on their cases and on the requirements that they cite. Secrets are
    /// overwritten first, those of the fields named in `secret_fields` too; see [`redact`].
    #[must_use]
    pub fn of_run(
        about: About,
        mut results: Vec<CaseResult>,
        secret_fields: &[String],
        corpus: &Corpus,
    ) -> Self {
        redact(&mut results, secret_fields);
        let by_id: HashMap<&str, &Case> = corpus.cases.iter().map(|c| (c.id.as_str(), c)).collect();
        let entries = results.into_iter().map(|result| {
            let case = by_id.get(result.id.as_str()).copied();
            let topic = corpus.topic(&result.id);
            let topic_title = topic.map(|topic| topic.title.as_str());
            CaseEntry::new(result, case, topic_title)
        });
        let cited = |id: &str| corpus.requirements.get(id).map(RequirementNote::from);
        Self::new(about, entries.collect(), cited)
    }

    /// Puts a report together. `cited` is asked for every requirement that a case or a finding
    /// cites; one that it does not know is left out of the map.
    #[must_use]
    pub fn new(
        about: About,
        cases: Vec<CaseEntry>,
        cited: impl Fn(&str) -> Option<RequirementNote>,
    ) -> Self {
        let ids = cases.iter().flat_map(CaseEntry::cites);
        let notes = ids.filter_map(|id| Some((id.to_owned(), cited(id)?)));
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            requirements: notes.collect(),
            summary: Summary::of(&cases),
            tool: about.tool,
            target: about.target,
            seed: about.seed,
            started: about.started,
            elapsed_ms: about.elapsed_ms,
            complete: about.complete,
            cases,
        }
    }

    /// Leaves everything but verdict, reason and outcome out of the cases that pass or were not played, for
    /// small files.
    pub fn slim(&mut self) {
        let is_plain = |case: &&mut CaseEntry| {
            let is_unplayed = case.record.is_none();
            case.verdict == Verdict::Pass
                || is_unplayed && case.reason == Some(Reason::NotApplicable)
        };
        for case in self.cases.iter_mut().filter(is_plain) {
            (case.record, case.twin) = (None, None);
            case.expected.clear();
            case.findings.clear();
            case.why = None;
        }
    }

    /// The report as JSON, indented, with a line feed at the end.
    #[must_use]
    pub fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self)
            .expect("string keys and no fallible Serialize impl: nothing in a report can fail");
        text.push('\n');
        text
    }
}

impl Summary {
    /// Counts the verdicts.
    #[must_use]
    pub fn of<'c>(cases: impl IntoIterator<Item = &'c CaseEntry>) -> Self {
        let mut counted = Self::default();
        for case in cases {
            *counted.slot(case.verdict) += 1;
        }
        counted
    }

    /// How many cases have this verdict.
    #[must_use]
    pub fn count(mut self, verdict: Verdict) -> usize {
        *self.slot(verdict)
    }

    /// How many cases there are.
    #[must_use]
    pub fn total(self) -> usize {
        self.pass + self.warn + self.fail + self.inconclusive + self.error
    }

    /// How many cases say something of the target.
    #[must_use]
    pub fn judged(self) -> usize {
        self.pass + self.warn + self.fail
    }

    fn slot(&mut self, verdict: Verdict) -> &mut usize {
        match verdict {
            Verdict::Pass => &mut self.pass,
            Verdict::Warn => &mut self.warn,
            Verdict::Fail => &mut self.fail,
            Verdict::Inconclusive => &mut self.inconclusive,
            Verdict::Error => &mut self.error,
        }
    }
}

/// What `format` says.
pub(crate) const FORMAT: &str = "upspec-report";

/// The version of the format that this crate writes and reads.
pub(crate) const VERSION: u32 = 2;

#[cfg(test)]
mod tests {
    use upspec_corpus::{Registry, Topic};
    use upspec_exchange::{Io, IoKind};
    use upspec_handshake::Party;

    use super::*;
    use crate::sample;

    #[test]
    fn a_run_is_told_with_its_topics_and_without_its_secrets() {
        let bytes = b"X-Secret: abc\r\nCookie: d\r\n".to_vec();
        let io = Io { link: 0, at_us: 0, kind: IoKind::Wrote, bytes };
        let result = sample::result_of(vec![io], Vec::new());
        let topic = Topic { id: "server/key".to_owned(), title: "Sec-WebSocket-Key".to_owned() };
        let corpus = Corpus {
            cases: Vec::new(),
            requirements: Registry::default(),
            presets: Vec::new(),
            topics: vec![topic],
            digest: String::new(),
        };
        let names = ["x-secret".to_owned()];
        let report = Report::of_run(sample::about(), vec![result], &names, &corpus);
        let case = &report.cases[0];
        assert_eq!(case.topic_title.as_deref(), Some("Sec-WebSocket-Key"));
        assert_eq!(
            case.record.as_ref().unwrap().sent(0, Party::Client),
            b"X-Secret: ***\r\nCookie: *\r\n"
        );
        assert_eq!(report.summary.pass, 1);
        assert!(report.requirements.is_empty());
    }
}
