//! What a hunt found: one entry for each requirement and outcome. Exchanges with the same cause share an entry.

use serde::{Deserialize, Serialize};
use upspec_exchange::IoKind;
use upspec_judge::{CaseResult, Verdict};

use super::quarry::{Drawn, Quarry};
use crate::part::{self, Part};

/// Something that the quarry does but must not do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound = "D: Drawn")]
pub struct Caught<D> {
    /// What it is.
    pub kind: CaughtKind,
    /// The requirement that is broken.
    pub requirement: String,
    /// The outcome that breaks it: `opened`, `failed`, `101`, …; of a death how the process ended.
    pub label: String,
    /// What was done, in one phrase.
    pub message: String,
    /// The rule for every message that found it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The smallest of what was drawn that shows it.
    #[serde(with = "as_text", alias = "answer")]
    pub drawn: D,
    /// How the process ended by itself: `exit 3`, `signal 11`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<String>,
    /// The case that replays it, as `--cases DIR --only ID` takes it.
    pub case: String,
    /// How many exchanges showed it.
    pub count: u64,
    /// The number of the first exchange that showed it, where it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// The part that found it first, where parts were put together.
    #[serde(default, with = "part::as_text", skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
}

/// What a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaughtKind {
    /// The process died of it.
    Death,
    /// What the model does not permit.
    Violation,
}

impl<D: Drawn> Caught<D> {
    /// Whether an exchange does all that the smallest one does.
    pub(crate) fn is_shown_by(&self, drawn: &D) -> bool {
        drawn.includes(&self.drawn)
    }

    /// What makes another result the same finding.
    pub(crate) fn symptom(&self) -> Symptom {
        Symptom {
            kind: self.kind,
            requirement: self.requirement.clone(),
            label: self.label.clone(),
            message: self.message.clone(),
            rule: self.rule.clone(),
            exit: self.exit.clone(),
        }
    }
}

/// What makes two results the same finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symptom {
    /// What it is.
    pub kind: CaughtKind,
    /// The requirement that is broken.
    pub requirement: String,
    /// The outcome; of a death how the process ended.
    pub label: String,
    /// What was done, in one phrase.
    pub message: String,
    /// The rule for every message that found it.
    pub rule: Option<String>,
    /// How the process ended by itself.
    pub exit: Option<String>,
}

impl Symptom {
    /// Every finding of a result that is at least this bad and about what was drawn.
    pub(super) fn all<Q: Quarry>(result: &CaseResult, least: Verdict) -> Vec<Self> {
        let exit = exit(result);
        let about_it = result.findings.iter().filter(|found| Q::is_about(found));
        let bad = about_it.filter(|found| (least..=Verdict::Fail).contains(&found.verdict));
        bad.map(|found| {
            let kind = match found.requirement == DEATH {
                true => CaughtKind::Death,
                false => CaughtKind::Violation,
            };
            let came = result.outcome.map(|came| came.to_string());
            let label = if kind == CaughtKind::Death { exit.clone() } else { came };
            Self {
                kind,
                requirement: found.requirement.clone(),
                label: label.unwrap_or_default(),
                message: found.message.clone(),
                rule: found.rule.clone(),
                exit: exit.clone(),
            }
        })
        .collect()
    }

    /// How the process died, whatever that counts for.
    pub(super) fn death(result: &CaseResult) -> Option<String> {
        let died =
            result.findings.iter().any(|found| found.requirement == DEATH && found.rule.is_none());
        exit(result).filter(|_| died)
    }

    /// The same symptom in another result, in that result's words.
    pub(super) fn again_in<Q: Quarry>(&self, result: &CaseResult, least: Verdict) -> Option<Self> {
        let key = Q::key(self);
        Self::all::<Q>(result, least).into_iter().find(|other| Q::key(other) == key)
    }

    /// Whether it is that nothing came for as long as was waited.
    pub(super) fn rests_on_silence(&self) -> bool {
        ["held", "silent", "waits"].contains(&self.label.as_str())
    }
}

/// How the process ended by itself.
fn exit(result: &CaseResult) -> Option<String> {
    let record = result.record.as_ref()?;
    let exit = record.io.iter().find(|io| io.kind == IoKind::Exited)?;
    Some(String::from_utf8_lossy(&exit.bytes).into_owned())
}

/// What the judge cites where a client's process died.
pub(crate) const DEATH: &str = "rfc6455/10.7-validate";

/// What was drawn in its one-line spelling.
mod as_text {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<T: Display, S: Serializer>(
        drawn: &T,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_str(drawn)
    }

    pub(super) fn deserialize<'d, T, D>(from: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'d>,
    {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}
