//! What a hunt found of a client: one entry for each requirement and outcome. Answers with the same cause share
//! an entry.

use serde::{Deserialize, Serialize};
use upspec_exchange::IoKind;
use upspec_judge::{CaseResult, Verdict};
use upspec_recipes::answer::Answer;

/// Something that the client does but must not do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientFinding {
    /// What it is.
    pub kind: ClientKind,
    /// The requirement that is broken.
    pub requirement: String,
    /// The outcome that breaks it: `opened`, `failed`, …; of a death how the process ended.
    pub label: String,
    /// What the client did, in one phrase.
    pub message: String,
    /// The smallest answer that shows it.
    #[serde(with = "as_text")]
    pub answer: Answer,
    /// How the client's process ended by itself: `exit 3`, `signal 11`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<String>,
    /// The case that replays it, as `upspec client --cases DIR --only ID` takes it.
    pub case: String,
    /// How many exchanges showed it.
    pub count: u64,
}

/// What a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientKind {
    /// The client's process died of an answer.
    Death,
    /// A reaction that the model does not permit.
    Violation,
}

impl ClientFinding {
    /// Whether an answer does all that the smallest one does.
    pub(super) fn is_shown_by(&self, answer: &Answer) -> bool {
        let known = &self.answer.edits;
        !known.is_empty() && known.iter().all(|edit| answer.edits.contains(edit))
    }
}

/// What makes two results the same finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Symptom {
    pub(super) kind: ClientKind,
    pub(super) requirement: String,
    pub(super) label: String,
    pub(super) message: String,
    pub(super) exit: Option<String>,
}

impl Symptom {
    /// Every finding of a result that is at least this bad and about the answer: what rules say of each request is
    /// the matter of `upspec client`.
    pub(super) fn all(result: &CaseResult, least: Verdict) -> Vec<Self> {
        let exit = exit(result);
        let about_it = result.findings.iter().filter(|found| found.rule.is_none());
        let bad = about_it.filter(|found| (least..=Verdict::Fail).contains(&found.verdict));
        bad.map(|found| {
            let kind = match found.requirement == DEATH {
                true => ClientKind::Death,
                false => ClientKind::Violation,
            };
            let came = result.outcome.map(|came| came.to_string());
            let label = if kind == ClientKind::Death { exit.clone() } else { came };
            Self {
                kind,
                requirement: found.requirement.clone(),
                label: label.unwrap_or_default(),
                message: found.message.clone(),
                exit: exit.clone(),
            }
        })
        .collect()
    }

    /// How the client's process died, whatever that counts for.
    pub(super) fn death(result: &CaseResult) -> Option<String> {
        let died =
            result.findings.iter().any(|found| found.requirement == DEATH && found.rule.is_none());
        exit(result).filter(|_| died)
    }

    /// The same symptom in another result, in that result's words.
    pub(super) fn again_in(&self, result: &CaseResult, least: Verdict) -> Option<Self> {
        Self::all(result, least)
            .into_iter()
            .find(|other| self.is_like(&other.requirement, &other.label))
    }

    pub(super) fn is_like(&self, requirement: &str, label: &str) -> bool {
        self.label == label && class(&self.requirement, label) == class(requirement, label)
    }

    /// Whether it is that nothing came for as long as was waited.
    pub(super) fn rests_on_silence(&self) -> bool {
        ["held", "silent", "waits"].contains(&self.label.as_str())
    }

    /// Symptoms with the same key are counted together.
    pub(super) fn key(&self) -> (String, String) {
        (class(&self.requirement, &self.label).to_owned(), self.label.clone())
    }
}

/// One name for the requirements that only the smallest answer tells apart: why a client gives up, it does not say.
fn class<'r>(requirement: &'r str, label: &str) -> &'r str {
    match label == OPENED || requirement == DEATH {
        true => requirement,
        false => "not-opened",
    }
}

/// How the client's process ended by itself.
fn exit(result: &CaseResult) -> Option<String> {
    let record = result.record.as_ref()?;
    let exit = record.io.iter().find(|io| io.kind == IoKind::Exited)?;
    Some(String::from_utf8_lossy(&exit.bytes).into_owned())
}

/// What the judge cites where a client's process died.
const DEATH: &str = "rfc6455/10.7-validate";
/// The outcome of a client that took the connection for open.
const OPENED: &str = "opened";

/// An answer in its one-line spelling.
mod as_text {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};
    use upspec_recipes::answer::Answer;

    pub(super) fn serialize<S: Serializer>(answer: &Answer, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(answer)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Answer, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}
