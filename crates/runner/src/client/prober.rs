//! Plays single cases with a client, one start each, for callers that choose each case by what the last one
//! showed. Repeats no case on its own.

use std::sync::Arc;
use std::time::Duration;

use upspec_corpus::case::{Case, Need};
use upspec_corpus::{Bindings, Corpus};
use upspec_exchange::{Octets, Talk};
use upspec_handshake::RequestHead;
use upspec_judge::{CLIENT_DISCOVERY, CaseResult, TargetFacts, unmet};

use super::run::{learn_control, stage};
use super::settings::ClientSettings;
use super::stage::Stage;
use super::starter::Starter;
use crate::answers::answering;
use crate::bindings::{Nonces, Turn};
use crate::plan::CLIENT_CONTROL;

/// A client to play cases with, and what is known about it.
pub struct ClientProber {
    stage: Stage,
    request: Vec<u8>,
}

impl ClientProber {
    /// Plays the control, and what finds out what else the client does with an answer on a connection without TLS.
    ///
    /// # Errors
    ///
    /// Says what stood in the way: there are no listeners, the client does not start, does not come, or does not
    /// open the connection.
    pub async fn start(
        corpus: &Corpus,
        starter: Arc<dyn Starter>,
        settings: ClientSettings,
    ) -> Result<Self, String> {
        let control = corpus.case(CLIENT_CONTROL).ok_or("the corpus has no control for clients")?;
        let requirements = Arc::new(corpus.requirements.clone());
        let mut stage = stage(control.clone(), starter, settings, requirements).await?;
        let result = learn_control(&mut stage, control).await?;
        if !stage.facts.has(Need::Opens) {
            let came =
                result.outcome.map_or_else(|| "nothing came".to_owned(), |came| came.to_string());
            return Err(format!(
                "the client did not show that it took the control for open ({came})"
            ));
        }
        let octets = result.record.as_ref().map(Octets::of).unwrap_or_default();
        let talk = octets.first().map(Talk::read);
        let head =
            talk.as_ref().and_then(|talk| talk.requests.first()).map(|one| one.head.octets());
        let mut prober = Self { stage, request: head.unwrap_or_default() };
        for name in FINDS_OUT {
            let Some(case) = corpus.case(&format!("{CLIENT_DISCOVERY}{name}")) else {
                continue;
            };
            if prober.plays(case) {
                let result = prober.play(case, 0, prober.window()).await?;
                if let Some(record) = &result.record {
                    prober.stage.facts.learn(case, record);
                }
            }
        }
        Ok(prober)
    }

    /// Whether the client has what a case needs.
    #[must_use]
    pub fn plays(&self, case: &Case) -> bool {
        unmet(case, &self.stage.facts).is_none()
    }

    /// Plays a case once and has it judged. The seed, the id and the attempt decide on its nonces.
    ///
    /// # Errors
    ///
    /// Says why no client could be started, or nowhere be listened.
    pub async fn play(
        &self,
        case: &Case,
        attempt: u32,
        window: Duration,
    ) -> Result<CaseResult, String> {
        self.stage.attempt(case, None, attempt, window).await
    }

    /// What is known about the client.
    #[must_use]
    pub fn facts(&self) -> &TargetFacts {
        &self.stage.facts
    }

    /// How long silence must last to count.
    #[must_use]
    pub fn window(&self) -> Duration {
        Duration::from_millis(self.stage.facts.window_ms)
    }

    /// The settings that it was started with.
    #[must_use]
    pub fn settings(&self) -> &ClientSettings {
        &self.stage.settings
    }

    /// How many clients can be started at once.
    #[must_use]
    pub fn most_at_once(&self) -> usize {
        self.stage.settings.jobs.min(self.stage.starter.most_at_once()).max(1)
    }

    /// The head of the request with which the client came in the control.
    #[must_use]
    pub fn request(&self) -> &[u8] {
        &self.request
    }

    /// What stands in the place of bindings in an answer to that request.
    #[must_use]
    pub fn bindings(&self) -> Bindings {
        let seed = self.stage.settings.seed;
        let nonces = Nonces::of(&Turn { seed, case: "", attempt: 0, connection: 0 });
        match RequestHead::parse(&self.request).complete() {
            Some(request) => answering(&request, &nonces.bindings()),
            None => nonces.bindings(),
        }
    }
}

/// What is played beside the control: how the client ends when nothing is wrong with it, and what it reads.
const FINDS_OUT: [&str; 3] = ["refused", "permessage-deflate", "interim"];
