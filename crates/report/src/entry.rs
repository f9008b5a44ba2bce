//! One case as a report shows it: the judgement, and what was expected.
//! Never judges: a verdict comes in and is passed on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use upspec_corpus::{Case, Requirement};
use upspec_exchange::Record;
use upspec_judge::{Came, CaseResult, Finding, Reason, Verdict};

use crate::expected;

/// One case: how it was judged, what was expected, and every octet that was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseEntry {
    /// The case's id.
    pub id: String,
    /// The case's title: one sentence that says what is expected.
    pub title: String,
    /// The title of the file that the case is written in.
    pub topic_title: Option<String>,
    /// Why the case exists.
    pub why: Option<String>,
    /// The id of the case's primary requirement.
    pub requirement: String,
    /// The worst of the findings' verdicts.
    pub verdict: Verdict,
    /// Why an `inconclusive` or an `error` is one.
    pub reason: Option<Reason>,
    /// What came of the request: `101`, `400`, `closed`, `stream-error CANCEL`; null where the case was
    /// not played.
    pub outcome: Option<Came>,
    /// Whether a retry disagreed.
    pub flaky: bool,
    /// How long the case took, in milliseconds.
    pub elapsed_ms: u64,
    /// The graded alternatives of the case; an answer that none of them describes fails.
    pub expected: Vec<Expected>,
    /// What is to be said about the answer; empty when it is simply right.
    pub findings: Vec<Finding>,
    /// What happened; nothing where the case was not played.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Record>,
    /// What happened when the case that means the same was played beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub twin: Option<Record>,
}

/// One graded alternative, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// What such an answer is worth: `pass`, `warn` or `inconclusive`.
    pub grade: Verdict,
    /// What the answer looks like.
    pub text: String,
    /// Why it is graded so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
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
    /// The URL of its own section.
    pub url: String,
    /// Who is bound: `server`, `client`, `both` or `intermediary`.
    pub binds: String,
}

impl CaseEntry {
    /// A judged case with what its case file expected. Without the case only the judgement is known.
    #[must_use]
    pub fn new(result: CaseResult, case: Option<&Case>, topic_title: Option<&str>) -> Self {
        let expect = case.map_or(&[][..], |case| &case.expect);
        Self {
            id: result.id,
            title: result.title,
            topic_title: topic_title.map(str::to_owned),
            why: case.and_then(|case| case.why.clone()),
            requirement: result.requirement,
            verdict: result.verdict,
            reason: result.reason,
            outcome: result.outcome,
            flaky: result.flaky,
            elapsed_ms: result.elapsed_ms,
            expected: expect.iter().map(expected::graded).collect(),
            findings: result.findings,
            record: result.record,
            twin: result.twin,
        }
    }

    /// What was recorded: of the case itself, and of its twin.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.record.iter().chain(&self.twin)
    }

    /// The topic: the id up to the last slash.
    #[must_use]
    pub fn topic(&self) -> &str {
        self.id.rsplit_once('/').map_or(&self.id, |(topic, _)| topic)
    }

    /// What is said first about the case: the first finding of the case's own verdict, or else the
    /// reason. `None` when there is nothing to say.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        let own = self.findings.iter().find(|finding| finding.verdict == self.verdict);
        let first = own.or(self.findings.first()).map(|finding| finding.message.as_str());
        first.or(self.reason.map(reason_text))
    }

    /// The ids of the requirements that the case and its findings cite.
    pub(crate) fn cites(&self) -> impl Iterator<Item = &str> {
        let found = self.findings.iter().map(|finding| finding.requirement.as_str());
        std::iter::once(self.requirement.as_str()).chain(found)
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

/// A verdict as JSON spells it.
pub(crate) fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Warn => "warn",
        Verdict::Fail => "fail",
        Verdict::Inconclusive => "inconclusive",
        Verdict::Error => "error",
    }
}

/// A reason as JSON spells it.
pub(crate) fn reason_word(reason: Reason) -> &'static str {
    match reason {
        Reason::Blocked => "blocked",
        Reason::Connect => "connect",
        Reason::Interrupted => "interrupted",
        Reason::NoAnswer => "no-answer",
        Reason::NotApplicable => "not-applicable",
        Reason::TargetDied => "target-died",
    }
}

/// A reason in a phrase.
pub(crate) fn reason_text(reason: Reason) -> &'static str {
    match reason {
        Reason::Blocked => "the control did not hold, so the answer would prove nothing",
        Reason::Connect => "the target could not be reached for this case",
        Reason::Interrupted => "the run was interrupted before the case was over",
        Reason::NoAnswer => "no answer came, and no rule says when to answer",
        Reason::NotApplicable => "the target lacks a capability that the case needs",
        Reason::TargetDied => "the target had died before the case was played",
    }
}

/// A level as RFC 2119 writes it: `must-not` is `MUST NOT`.
pub(crate) fn level_word(level: &str) -> String {
    level.replace('-', " ").to_uppercase()
}

/// The verdicts in the order in which a reader wants them: what is wrong comes first.
pub(crate) const BY_URGENCY: [Verdict; 5] =
    [Verdict::Fail, Verdict::Warn, Verdict::Error, Verdict::Inconclusive, Verdict::Pass];
