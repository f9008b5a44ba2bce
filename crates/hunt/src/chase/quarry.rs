//! Who is hunted, and what is drawn for it.

use std::fmt::Display;
use std::future::Future;
use std::str::FromStr;
use std::time::Duration;

use arbitrary::Unstructured;
use upspec_corpus::case::Case;
use upspec_judge::{CaseResult, Finding};
use upspec_recipes::CaseName;

use super::finding::Symptom;

/// What an exchange is made from. Printed, it is one line that reads back as the same.
pub trait Drawn:
    Clone + PartialEq + Display + FromStr<Err: Display> + Send + Sync + 'static
{
    /// The format of the states that have findings with it.
    const STATE: &'static str;

    /// What one is called.
    const WORD: &'static str;

    /// Draws one; octets that do not suffice give a plain one.
    fn draw(octets: &mut Unstructured<'_>) -> Self;

    /// Those that do less, the boldest first.
    fn simpler(&self) -> Vec<Self>;

    /// Whether it does all that a smaller one does.
    fn includes(&self, smaller: &Self) -> bool;
}

/// Whoever is hunted.
pub trait Quarry: Send + Sync + 'static {
    /// What its exchanges are made from.
    type Drawn: Drawn;

    /// The word for its role: the folder of its case files.
    const ROLE: &'static str;

    /// The option of `upspec fuzz` that hunts it.
    const OPTION: &'static str;

    /// How often exchanges with one symptom are examined.
    const MOST_EXAMS: u32;

    /// The id of the case that it has to come through for anything to mean something.
    const CONTROL: &'static str;

    /// The case that plays this.
    fn case(&self, drawn: &Self::Drawn, name: CaseName<'_>) -> Case;

    /// Whether it has what a case needs.
    fn plays(&self, case: &Case) -> bool;

    /// Plays a case once and has it judged. An error ends the hunt.
    fn play(
        &self,
        case: &Case,
        attempt: u32,
        window: Duration,
    ) -> impl Future<Output = Result<CaseResult, String>> + Send;

    /// Whether it has come through the control.
    fn is_through(control: &CaseResult) -> bool;

    /// Whether a finding of the judge is about what was drawn.
    fn is_about(finding: &Finding) -> bool;

    /// What symptoms of one kind have in common.
    fn key(symptom: &Symptom) -> (String, String);

    /// How long silence must last to count.
    fn window(&self) -> Duration;

    /// How long an exchange may take.
    fn timeout(&self) -> Duration;

    /// How many exchanges may be under way at once.
    fn most_at_once(&self) -> usize;

    /// Leaves it when the hunt is over.
    fn end(&self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}
