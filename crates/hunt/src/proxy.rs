//! Hunts an intermediary: plays pairs of a request and an answer near valid ones at both of its ends, and looks for where
//! the ends do not agree whether there is a tunnel, and for what may not pass.

use std::time::Duration;

use arbitrary::{Arbitrary as _, Unstructured};
use upspec_corpus::Corpus;
use upspec_corpus::case::{Case, Outcome};
use upspec_judge::{CaseResult, Finding};
use upspec_recipes::CaseName;
use upspec_recipes::pair::{Pair, Scene};
use upspec_runner::{PROXY_CONTROL, ProxyProber};

use crate::chase::{Caught, Chase, ChaseEnding, ChaseEvent, ChaseState, Drawn, Quarry, Symptom};

/// A hunt for intermediaries.
pub type ProxyHunt = Chase<ProxyQuarry>;
/// How it ended.
pub type ProxyEnding = ChaseEnding<Pair>;
/// What it reports as it goes.
pub type ProxyEvent = ChaseEvent<Pair>;
/// Something that an intermediary does but must not do.
pub type ProxyFinding = Caught<Pair>;
/// What such a hunt goes on from.
pub type ProxyState = ChaseState<Pair>;

/// An intermediary between a client and an origin of ours.
pub struct ProxyQuarry {
    prober: ProxyProber,
    scene: Scene,
}

impl ProxyQuarry {
    /// The intermediary of this prober; `None` if the corpus has no controls of intermediaries.
    #[must_use]
    pub fn new(prober: ProxyProber, corpus: &Corpus) -> Option<Self> {
        Some(Self { prober, scene: Scene::of(corpus)? })
    }
}

impl Quarry for ProxyQuarry {
    type Drawn = Pair;

    const ROLE: &'static str = "intermediary";
    const OPTION: &'static str = "proxy";
    // The symptom says more of the cause than that of a client does.
    const MOST_EXAMS: u32 = 2;
    const CONTROL: &'static str = PROXY_CONTROL;

    fn case(&self, pair: &Pair, name: CaseName<'_>) -> Case {
        pair.case(name, &self.scene)
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

    /// Whether a plain request came to our origin and back.
    fn is_through(control: &CaseResult) -> bool {
        control.outcome.is_some_and(|came| came.outcome == Outcome::Status(200))
    }

    /// What rules say of each message counts as well: the intermediary writes them anew.
    fn is_about(_: &Finding) -> bool {
        true
    }

    /// What a requirement is broken by is said behind what came of the request.
    fn key(symptom: &Symptom) -> (String, String) {
        let said = symptom.message.split_once(": ").map(|(_, said)| said.to_owned());
        let how = symptom.rule.clone().or(said);
        (symptom.requirement.clone(), how.unwrap_or_else(|| symptom.label.clone()))
    }

    fn window(&self) -> Duration {
        self.prober.window()
    }

    fn timeout(&self) -> Duration {
        self.prober.settings().timeout
    }

    fn most_at_once(&self) -> usize {
        self.prober.settings().jobs.max(1)
    }

    async fn end(&self) {
        self.prober.stop().await;
    }
}

impl Drawn for Pair {
    const STATE: &'static str = "upspec-proxy-fuzz-state";
    const WORD: &'static str = "pair";

    fn draw(octets: &mut Unstructured<'_>) -> Self {
        Self::arbitrary(octets).unwrap_or_default()
    }

    fn simpler(&self) -> Vec<Self> {
        Self::simpler(self)
    }

    fn includes(&self, smaller: &Self) -> bool {
        Self::includes(self, smaller)
    }
}
