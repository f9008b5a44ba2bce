//! Plays single cases on a target, one connection each, for callers that choose the next case by what
//! the last one showed.
//! Never plays a case again by itself, and never grades one.

use std::sync::Arc;
use std::time::Duration;

use upspec_corpus::case::Case;
use upspec_corpus::{Bindings, Registry};
use upspec_exchange::Record;
use upspec_judge::{CaseResult, TargetFacts, judge};

use crate::bindings::{Nonces, Turn, bindings};
use crate::connect::{ConnectError, Connector};
use crate::play::{Limits, Play, play};
use crate::script::script;
use crate::server::Server;
use crate::settings::Settings;
use crate::target::Target;

/// A target that is held on to, and what is known of it.
pub struct Prober {
    target: Target,
    settings: Settings,
    requirements: Arc<Registry>,
    connector: Connector,
    facts: TargetFacts,
    server: Option<Server>,
}

impl Prober {
    /// Starts the server command, if there is one, and reaches the target.
    ///
    /// # Errors
    ///
    /// Says what stood in the way.
    pub async fn start(
        target: Target,
        settings: Settings,
        requirements: Arc<Registry>,
    ) -> Result<Self, String> {
        let server = match &settings.server_cmd {
            Some(command) => Some(Server::start(command, &target).await?),
            None => None,
        };
        let connector = Connector::reach(&target, CONNECT_PATIENCE, settings.timeout)
            .await
            .map_err(|error| error.to_string())?;
        let facts = TargetFacts {
            tls: target.tls.is_some(),
            origin: settings.origin.is_some(),
            window_ms: u64::try_from(settings.timeout.as_millis()).unwrap_or(u64::MAX),
            ..TargetFacts::default()
        };
        Ok(Self { target, settings, requirements, connector, facts, server })
    }

    /// Plays a case once and has it judged. The seed, the id and the attempt decide on its nonces.
    ///
    /// # Errors
    ///
    /// Only when there is no connection.
    pub async fn play(
        &self,
        case: &Case,
        attempt: u32,
        window: Duration,
    ) -> Result<CaseResult, ConnectError> {
        let turn = Turn { seed: self.settings.seed, case: &case.id, attempt, connection: 0 };
        let bench =
            Bench { connector: &self.connector, target: &self.target, settings: &self.settings };
        let exchange = bench.exchange(case, &self.facts, turn, window).await?;
        Ok(judge(case, Some(exchange), None, &self.requirements))
    }

    /// Judges what was played once more, as another case would.
    #[must_use]
    pub fn judge_as(&self, case: &Case, result: CaseResult) -> CaseResult {
        judge(case, result.record, result.twin, &self.requirements)
    }

    /// Plays a control or discovery case with all patience and keeps what it shows.
    ///
    /// # Errors
    ///
    /// Only when there is no connection.
    pub async fn learn(&mut self, case: &Case, attempt: u32) -> Result<CaseResult, ConnectError> {
        let result = self.play(case, attempt, self.settings.timeout).await?;
        if let Some(exchange) = result.record.as_ref() {
            self.facts.learn(case, exchange);
        }
        let answer = Duration::from_micros(self.facts.answer_us);
        let window = self.settings.window(answer);
        self.facts.window_ms = u64::try_from(window.as_millis()).unwrap_or(u64::MAX);
        Ok(result)
    }

    /// What is known of the target.
    #[must_use]
    pub fn facts(&self) -> &TargetFacts {
        &self.facts
    }

    /// The settings that it was started with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What is put in the place of bindings, with nonces of no exchange.
    #[must_use]
    pub fn bindings(&self) -> Bindings {
        let nonces =
            Nonces::of(&Turn { seed: self.settings.seed, case: "", attempt: 0, connection: 0 });
        bindings(&self.target, &self.settings, &self.facts, &nonces)
    }

    /// Whether it can be started again.
    #[must_use]
    pub fn can_restart(&self) -> bool {
        self.settings.server_cmd.is_some()
    }

    /// Ends the server command and starts it again.
    ///
    /// # Errors
    ///
    /// Says what stood in the way; then there is no server.
    pub async fn restart(&mut self) -> Result<(), String> {
        self.stop().await;
        let command = self.settings.server_cmd.clone().unwrap_or_default();
        self.server = Some(Server::start(&command, &self.target).await?);
        Ok(())
    }

    /// Ends the server command, if we started one.
    pub async fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop().await;
        }
    }
}

/// What is put in the place of bindings before anything is known of a target, with nonces of no exchange.
#[must_use]
pub fn bindings_of(target: &Target, settings: &Settings) -> Bindings {
    let nonces = Nonces::of(&Turn { seed: settings.seed, case: "", attempt: 0, connection: 0 });
    bindings(target, settings, &TargetFacts::default(), &nonces)
}

/// What an exchange needs besides its case.
pub(crate) struct Bench<'a> {
    pub(crate) connector: &'a Connector,
    pub(crate) target: &'a Target,
    pub(crate) settings: &'a Settings,
}

impl Bench<'_> {
    /// Plays the steps of a case on a connection of their own.
    pub(crate) async fn exchange(
        &self,
        case: &Case,
        facts: &TargetFacts,
        turn: Turn<'_>,
        window: Duration,
    ) -> Result<Record, ConnectError> {
        let nonces = Nonces::of(&turn);
        let filled = bindings(self.target, self.settings, facts, &nonces);
        let script = script(&case.steps, &filled);
        let limits = Limits { window, timeout: self.settings.timeout, keep: self.settings.keep };
        play(self.connector, &Play { case, script: &script, close: &nonces.close, limits }).await
    }
}

/// How long a target that refuses connections is given to come up.
const CONNECT_PATIENCE: Duration = Duration::from_secs(1);
