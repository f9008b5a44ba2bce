//! What a hunt found: one entry for each requirement and minimal shape. Requests with the same cause
//! share an entry.

use serde::{Deserialize, Serialize};
use upspec_judge::{Came, CaseResult, Finding as CaseFinding, Verdict};
use upspec_recipes::words::Base;
use upspec_recipes::{Recipe, is_spelling};
use upspec_runner::{fnv1a, may_be_a_limit};

use crate::part::{self, Part};

/// Something that the target does but must not do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// The requirement that is broken; for a death that of the case that was played.
    pub requirement: String,
    /// The outcome that breaks it: `101`, `silent`, …
    pub label: String,
    /// What the target did, in one phrase.
    pub message: String,
    /// The smallest recipe that shows it; none where no single request does.
    #[serde(with = "as_text")]
    pub recipe: Option<Recipe>,
    /// Some further ones of the same shape.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// The case that replays it, as `upspec run --cases DIR --only ID` takes it.
    pub case: String,
    /// How many exchanges showed it.
    pub count: u64,
    /// The number of the first exchange that showed it, where it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// Whether the exchange killed the target alone; of a death without it, it is but the latest suspect.
    #[serde(default, skip_serializing_if = "is_not")]
    pub alone: bool,
    /// The part that found it first, where parts were put together.
    #[serde(default, with = "part::as_text", skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
}

impl Finding {
    /// The recipe that kills the target alone, unless that is the plain handshake.
    fn killer(&self) -> Option<&Recipe> {
        let kills = self.kind == Kind::Death && self.alone;
        self.recipe.as_ref().filter(|recipe| kills && **recipe != Recipe::default())
    }

    /// Whether a recipe is one that kills the target alone, and more.
    pub(crate) fn is_killer_in(&self, recipe: &Recipe) -> bool {
        self.killer().is_some_and(|killer| killer.base == recipe.base && has_all(recipe, killer))
    }

    /// Whether a target that dies among others of this recipe has died of the same: what kills in a plain handshake does so
    /// in any.
    pub(crate) fn explains(&self, recipe: &Recipe) -> bool {
        let in_any = |killer: &&Recipe| killer.base == Base::Handshake && has_all(recipe, killer);
        self.is_killer_in(recipe) || self.killer().filter(in_any).is_some()
    }

    /// Whether a recipe does all that the smallest one does.
    pub(crate) fn is_shown_by(&self, recipe: &Recipe) -> bool {
        self.recipe.as_ref().is_some_and(|known| !known.edits.is_empty() && has_all(recipe, known))
    }
}

/// What a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The target no longer answers controls.
    Death,
    /// Its answers take longer and longer.
    Slower,
    /// An answer that the model does not permit.
    Violation,
}

/// What makes two results the same finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Symptom {
    pub(crate) requirement: String,
    pub(crate) label: String,
    pub(crate) message: String,
}

impl Symptom {
    /// Every finding of a result that is at least this bad.
    pub(crate) fn all(result: &CaseResult, least: Verdict) -> impl Iterator<Item = Self> + '_ {
        bad(result, least).map(|finding| Self::of(finding, result))
    }

    /// Those that a recipe shows for certain. Where requests are not waited for, who answers out of turn has answers
    /// taken for those to other requests, and is to blame for the turn alone.
    pub(crate) fn shown_by(recipe: &Recipe, result: &CaseResult, least: Verdict) -> Vec<Self> {
        let is_sure = |finding: &&CaseFinding| {
            !recipe.is_pipelined()
                || finding.rule.is_none()
                || OF_TURN.contains(&finding.requirement.as_str())
        };
        bad(result, least).filter(is_sure).map(|finding| Self::of(finding, result)).collect()
    }

    fn of(finding: &CaseFinding, result: &CaseResult) -> Self {
        Self {
            requirement: finding.requirement.clone(),
            label: result.outcome.map(|came| came.to_string()).unwrap_or_default(),
            message: finding.message.clone(),
        }
    }

    /// The same symptom in another result, in that result's words.
    pub(crate) fn again_in(&self, result: &CaseResult, least: Verdict) -> Option<Self> {
        Self::all(result, least).find(|other| self.is_like(&other.requirement, &other.label))
    }

    pub(crate) fn is_like(&self, requirement: &str, label: &str) -> bool {
        class(&self.requirement) == class(requirement) && self.label == label
    }

    /// Whether it rests on what a limit may have sent.
    pub(crate) fn may_be_a_limit(&self) -> bool {
        self.label.parse::<Came>().is_ok_and(|came| may_be_a_limit(came.outcome))
    }

    /// Symptoms with the same key are counted together.
    pub(crate) fn key(&self) -> (String, String) {
        (class(&self.requirement).to_owned(), self.label.clone())
    }
}

fn bad(result: &CaseResult, least: Verdict) -> impl Iterator<Item = &CaseFinding> {
    let is_bad = move |one: &&CaseFinding| (least..=Verdict::Fail).contains(&one.verdict);
    result.findings.iter().filter(is_bad)
}

/// The requirements on the order of answers.
const OF_TURN: [&str; 2] = ["rfc9112/9.3.2-pipeline-order", "rfc9110/15.2.2-101-upgrade"];

/// One name for the requirements that only the smallest recipe tells apart.
fn class(requirement: &str) -> &str {
    if is_spelling(requirement) { "spelling" } else { requirement }
}

/// The name of the case that replays a recipe: the slug of the requirement and a hash.
pub(crate) fn case_topic(requirement: &str, recipe: &str) -> String {
    let slug = requirement.rsplit('/').next().unwrap_or_default();
    let slug: String =
        slug.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("found-{slug}-{:08x}", fnv1a(recipe.as_bytes()) >> 32)
}

fn has_all(recipe: &Recipe, known: &Recipe) -> bool {
    known.edits.iter().all(|edit| recipe.edits.contains(edit))
}

/// What is not written where it is usual.
fn is_not(it: &bool) -> bool {
    !*it
}

/// A recipe in its one-line spelling, or an empty text.
mod as_text {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};
    use upspec_recipes::Recipe;

    pub(super) fn serialize<S: Serializer>(
        recipe: &Option<Recipe>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(&recipe.as_ref().map(Recipe::to_string).unwrap_or_default())
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(
        from: D,
    ) -> Result<Option<Recipe>, D::Error> {
        let text = String::deserialize(from)?;
        let recipe = (!text.is_empty()).then(|| text.parse().map_err(D::Error::custom));
        recipe.transpose()
    }
}
