//! What a judgement is: verdict, findings, label. Types only; the judging is elsewhere.

use serde::{Deserialize, Serialize};

use crate::exchange::Exchange;

/// The judged outcome of one case against one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseResult {
    /// The case's id.
    pub id: String,
    /// The case's title.
    pub title: String,
    /// The case's primary requirement.
    pub requirement: String,
    /// The worst of the findings' verdicts.
    pub verdict: Verdict,
    /// Why an `inconclusive` or an `error` is one.
    pub reason: Option<Reason>,
    /// Which of the lawful branches the target took: `101`, `400`, `closed`, …
    pub label: Option<String>,
    /// Whether a retry disagreed.
    pub flaky: bool,
    /// How long the case took, in milliseconds.
    pub elapsed_ms: u64,
    /// What is to be said about the answer; empty when it is simply right.
    pub findings: Vec<Finding>,
    /// The connections of the case: the first is the one that is judged.
    pub exchanges: Vec<Exchange>,
}

/// What a case or a finding says of the target, from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The answer is lawful.
    Pass,
    /// Nothing can be said.
    Inconclusive,
    /// A SHOULD is missed, or the answer harms interoperability.
    Warn,
    /// A MUST is broken.
    Fail,
    /// We could not do our job.
    Error,
}

/// Why nothing can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The control did not hold, so the answer would prove nothing.
    Blocked,
    /// The target could not be reached for this case.
    Connect,
    /// The run was interrupted before the case was over.
    Interrupted,
    /// No answer came where no rule says when to answer.
    NoAnswer,
    /// The target lacks a capability that the case needs.
    NotApplicable,
    /// The target had died before the case was played.
    TargetDied,
}

/// One thing that an answer does, with the requirement that speaks of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The requirement's id.
    pub requirement: String,
    /// The sections that carry it, the current one first: `rfc9110/7.8`, `rfc7230/6.7`.
    pub sections: Vec<String>,
    /// The requirement's level as the registry spells it: `must`, `should-not`, …
    pub level: String,
    /// What the finding makes of the case.
    pub verdict: Verdict,
    /// What the target did, in one phrase.
    pub message: String,
    /// The octets of the exchange that show it, if they can be pointed at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Place>,
}

/// Octets of an exchange: an offset into all that was read, or all that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Which exchange of the case, counted from 0.
    pub exchange: usize,
    /// The first octet, counted from 0 over all that was read.
    pub start: usize,
    /// The octet after the last.
    pub end: usize,
}
