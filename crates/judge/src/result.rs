//! What a judgement is: verdict, findings, outcome. Types only; the judging is elsewhere.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use upspec_corpus::case::{Outcome, Outcomes};
use upspec_exchange::{Place, Record};
use upspec_handshake::h2::ErrorCode;

use crate::death::Death;

/// The judged outcome of one case against one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    /// What came of the request: `101`, `400`, `closed`, `stream-error CANCEL`; null where the case was
    /// not played.
    pub outcome: Option<Came>,
    /// Whether a retry disagreed.
    pub flaky: bool,
    /// How long the case took, in milliseconds.
    pub elapsed_ms: u64,
    /// What is to be said about the answer; empty when it is simply right.
    pub findings: Vec<Finding>,
    /// What happened; nothing where the case was not played.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Record>,
    /// What happened when the case that means the same was played beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub twin: Option<Record>,
    /// Set when the target died of the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub death: Option<Death>,
    /// What the rest of a run asks of it, and no report shows.
    #[serde(skip)]
    pub aside: Aside,
}

/// What a result tells the rest of its run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aside {
    /// The outcome rests on nothing having come, so that more patience may change it.
    pub rests_on_silence: bool,
    /// If it rests on silence, only a Pong or the answer to a Close can change it. No timer of the target ends that
    /// wait: both are due as soon as is practical (RFC 6455 5.5.1, 5.5.2).
    pub is_due_soon: bool,
    /// The versions of WebSocket that a refusal lists (RFC 6455 4.4).
    pub versions_listed: Vec<u8>,
    /// The version of the handshake that was answered with 101.
    pub version_taken: Option<u8>,
}

/// What a case or a finding says of the target, from good to bad.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The control did not hold, or an earlier response cannot be read, so the answer would prove nothing.
    Blocked,
    /// The target said that it has too much to do (429, or 503 with Retry-After; REFUSED_STREAM).
    Busy,
    /// The target could not be reached for this case.
    Connect,
    /// The run was interrupted before the case was over.
    Interrupted,
    /// No answer came where no rule says when to answer.
    NoAnswer,
    /// The target lacks a capability that the case needs.
    NotApplicable,
    /// The target was dead, or died of another case, when the case was played.
    TargetDied,
}

/// What came of a request, with the error code where HTTP/2 gave one. In JSON it is spelled as
/// `status` in a case file, with the code behind it: `stream-error CANCEL`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Came {
    /// What came.
    pub outcome: Outcome,
    /// The error code of a stream or connection error (RFC 9113 7).
    pub code: Option<ErrorCode>,
}

/// One thing that an answer does, with the requirement that speaks of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    /// The rule for every message that found it; nothing where the case itself says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The octets of the record that show it, if they can be pointed at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Place>,
    /// Where it counts, if it shows a habit of the target that counts once, in another case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<Counted>,
}

/// Where a habit of the target counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Counted {
    /// The id of the case.
    pub at: String,
    /// The requirement that is cited there.
    pub requirement: String,
    /// What it makes of that case.
    pub verdict: Verdict,
}

impl Came {
    /// Whether a server answered with an error status.
    #[must_use]
    pub fn is_error_status(self) -> bool {
        matches!(self.outcome, Outcome::Status(400..=599))
    }

    /// Whether it is what another one names: of `4xx` any status of the class, and without a code any code.
    #[must_use]
    pub fn is_named_by(self, named: Self) -> bool {
        let code = named.code.is_none() || named.code == self.code;
        code && Outcomes(vec![named.outcome]).covers(self.outcome)
    }
}

impl fmt::Display for Came {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.outcome)?;
        match self.code {
            Some(code) => write!(f, " {code}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Came {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (word, code) = match text.split_once(' ') {
            Some((word, code)) => (word, Some(code)),
            None => (text, None),
        };
        let unknown = || format!("`{text}` is not an outcome");
        let outcome = match (word.parse(), Outcomes::from_words(word)) {
            // A target may send a status that no case file can name, such as 999.
            (Ok(status), _) => Outcome::Status(status),
            (Err(_), Ok(outcomes)) if outcomes.0.len() == 1 => outcomes.0[0],
            _ => return Err(unknown()),
        };
        let code = code.map(|code| code.parse().map_err(|_| unknown())).transpose()?;
        Ok(Self { outcome, code })
    }
}

impl Serialize for Came {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'d> Deserialize<'d> for Came {
    fn deserialize<D: Deserializer<'d>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(feature = "schema")]
impl JsonSchema for Came {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Came".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "What came of a request: a status, or a word such as `closed`; behind \
                `stream-error` and `connection-error` the error code of RFC 9113 7."
        })
    }
}
