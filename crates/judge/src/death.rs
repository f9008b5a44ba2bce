//! What the death of a target is: how it showed, and what it makes of the case that caused it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use upspec_corpus::Registry;

use crate::citations::Citations;
use crate::result::{CaseResult, Finding, Verdict};

/// The death of a target: after this case it served nobody any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Death {
    /// How it showed.
    pub how: Demise,
    /// How the process of the server command ended, where it was seen: `exit status: 1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The other cases that may have caused it, where it could not be narrowed to one; where nothing was under way
    /// any more the likeliest of those before it, the likeliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suspects: Vec<String>,
    /// The target died while this case was under way, and it could not be played again to make sure. The other
    /// cases were waiting beside it or over shortly before, and a target may die late.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unsure: bool,
    /// The last lines that the server command printed on standard output and standard error.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output: Vec<String>,
}

/// How a death shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Demise {
    /// Its process ended.
    Exited,
    /// It takes connections and ends each without an answer.
    Closing,
    /// It takes connections, and answers none.
    Hanging,
    /// It takes no connections.
    Refusing,
    /// It took no connections for a moment: something starts it again.
    Restarted,
}

impl Death {
    /// What happened, as the second half of a sentence about the target.
    #[must_use]
    pub fn what(&self) -> String {
        match (self.how, &self.status) {
            (Demise::Exited, Some(status)) => format!("its process ended ({status})"),
            (Demise::Exited, None) => "its process ended".to_owned(),
            (Demise::Closing, _) => {
                "it still takes connections, but ends each without an answer".to_owned()
            }
            (Demise::Hanging, _) => "it hangs: it no longer answers anything".to_owned(),
            (Demise::Refusing, _) => "it takes no connections any more".to_owned(),
            (Demise::Restarted, _) => {
                "it refused connections until something had started it again".to_owned()
            }
        }
    }
}

impl CaseResult {
    /// Adds the death of the target, which fails the case whatever else its answer was worth. Where it died of this case
    /// nothing else counts.
    #[must_use]
    pub fn with_death(mut self, death: Death, registry: &Registry) -> Self {
        let what = death.what();
        let message = match &death.suspects[..] {
            [] if death.unsure => {
                format!("the target died while this case was under way: {what}")
            }
            earlier if death.unsure => {
                let earlier = some_of(earlier, FEW);
                format!(
                    "the target died while this case was under way: {what}; it cannot be played again to make \
                     sure, so one beside or before it may have done it: {earlier}"
                )
            }
            [] => format!("the target died of this case: {what}"),
            suspects => {
                let suspects = some_of(suspects, MOST_NAMED);
                format!(
                    "the target died: {what}; which case did it is open, likeliest first: {suspects}"
                )
            }
        };
        // How much of an answer came before the end is a matter of chance.
        let lightened = death.suspects.is_empty();
        for own in self.findings.iter_mut().filter(|own| lightened && own.verdict >= Verdict::Warn)
        {
            own.verdict = Verdict::Pass;
            own.message.push_str(" (of no weight beside the death)");
        }
        let finding = Citations::new(registry).finding(SURVIVES, Verdict::Fail, message, None);
        self.findings.insert(0, Finding { rule: Some(RULE.to_owned()), ..finding });
        self.verdict = Verdict::Fail;
        self.reason = None;
        // It is told what happened; whether a second death looks the same is no matter.
        self.flaky = false;
        self.death = Some(death);
        self
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

fn some_of(ids: &[String], most: usize) -> String {
    let shown = ids[..ids.len().min(most)].join(", ");
    match ids.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// The rule that a finding about a death names.
pub const RULE: &str = "survives";

/// The requirement that a death breaks: what comes in is parsed with everything in mind (RFC 9110 2.3). That
/// it fails although the text says SHOULD is a decision of ours: what is dead keeps no MUST, either.
const SURVIVES: &str = "rfc9110/2.3-defensive";

/// How many suspects a message names.
const MOST_NAMED: usize = 10;
/// How many earlier ones.
const FEW: usize = 3;
