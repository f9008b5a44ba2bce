//! Hunts a client: starts it for answers near a valid one, and looks for what the model does not permit.

use std::time::Duration;

use arbitrary::{Arbitrary as _, Unstructured};
use upspec_corpus::case::{Case, Outcome, Preset};
use upspec_corpus::{Bindings, Corpus};
use upspec_judge::{CaseResult, Finding};
use upspec_recipes::CaseName;
use upspec_recipes::answer::{Answer, Ask};
use upspec_runner::{CLIENT_CONTROL, ClientProber};

use crate::chase::{
    Caught, CaughtKind, Chase, ChaseEnding, ChaseEvent, ChaseState, Drawn, Quarry, Symptom,
};

/// A hunt for clients.
pub type ClientHunt = Chase<ClientQuarry>;
/// How it ended.
pub type ClientEnding = ChaseEnding<Answer>;
/// What it reports as it goes.
pub type ClientEvent = ChaseEvent<Answer>;
/// Something that a client does but must not do.
pub type ClientFinding = Caught<Answer>;
/// What that is.
pub type ClientKind = CaughtKind;
/// What such a hunt goes on from.
pub type ClientState = ChaseState<Answer>;

/// A client that is started for each answer.
pub struct ClientQuarry {
    prober: ClientProber,
    bindings: Bindings,
    presets: Vec<Preset>,
}

impl ClientQuarry {
    /// The client of this prober, and what the corpus expects of clients.
    #[must_use]
    pub fn new(prober: ClientProber, corpus: &Corpus) -> Self {
        Self { bindings: prober.bindings(), presets: corpus.presets.clone(), prober }
    }
}

impl Quarry for ClientQuarry {
    type Drawn = Answer;

    const ROLE: &'static str = "client";
    const OPTION: &'static str = "client";
    const MOST_EXAMS: u32 = 4;
    const CONTROL: &'static str = CLIENT_CONTROL;

    fn case(&self, answer: &Answer, name: CaseName<'_>) -> Case {
        let (request, bindings, presets) = (self.prober.request(), &self.bindings, &self.presets);
        answer.case(name, &Ask { request, bindings, presets })
    }

    fn plays(&self, case: &Case) -> bool {
        self.prober.plays(case)
    }

    async fn play(
        &self,
        case: &Case,
        attempt: u32,
        window: Duration,
    ) -> Result<CaseResult, String> {
        self.prober.play(case, attempt, window).await
    }

    /// Whether the client took the control for open. What rules say of its request is another matter.
    fn is_through(control: &CaseResult) -> bool {
        let outcome = control.outcome.map(|came| came.outcome);
        matches!(outcome, Some(Outcome::Opened | Outcome::WentOn | Outcome::CloseNormal))
    }

    /// What rules say of each request is the matter of `upspec client`.
    fn is_about(finding: &Finding) -> bool {
        finding.rule.is_none()
    }

    /// Only the smallest answer tells apart why a client gives up: it does not say.
    fn key(symptom: &Symptom) -> (String, String) {
        let is_told = symptom.label == OPENED || symptom.kind == CaughtKind::Death;
        let class = if is_told { &symptom.requirement } else { "not-opened" };
        (class.to_owned(), symptom.label.clone())
    }

    fn window(&self) -> Duration {
        self.prober.window()
    }

    fn timeout(&self) -> Duration {
        self.prober.settings().timeout
    }

    fn most_at_once(&self) -> usize {
        self.prober.most_at_once()
    }
}

impl Drawn for Answer {
    const STATE: &'static str = "upspec-client-fuzz-state";
    const WORD: &'static str = "answer";

    fn draw(octets: &mut Unstructured<'_>) -> Self {
        Self::arbitrary(octets).unwrap_or_default()
    }

    fn simpler(&self) -> Vec<Self> {
        Self::simpler(self)
    }

    fn includes(&self, smaller: &Self) -> bool {
        !smaller.edits.is_empty() && smaller.edits.iter().all(|edit| self.edits.contains(edit))
    }
}

/// The outcome of a client that took the connection for open.
const OPENED: &str = "opened";
