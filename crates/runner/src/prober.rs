//! Plays single cases on a target, one connection each, for callers that choose each case by what
//! the last one showed.
//! Repeats no case on its own.

use std::sync::Arc;
use std::time::Duration;

use upspec_corpus::case::{Case, Outcome};
use upspec_corpus::{Bindings, Registry};
use upspec_exchange::Record;
use upspec_judge::{CaseResult, TargetFacts};

use crate::bench::{Bench, declared};
use crate::bindings::{Nonces, Turn, bindings};
use crate::contact;
use crate::error::Error;
use crate::plan::CONTROL;
use crate::server::Server;
use crate::settings::Settings;
use crate::target::Target;

/// A target to play cases on, and what is known about it.
pub struct Prober {
    bench: Bench,
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
    ) -> Result<Self, Error> {
        let (bench, server) = Bench::start(target, settings, requirements).await?;
        Ok(Self { bench, server })
    }

    /// Plays a case once and has it judged. The seed, the id and the attempt decide on its nonces.
    ///
    /// # Errors
    ///
    /// Only without a connection.
    pub async fn play(
        &self,
        case: &Case,
        attempt: u32,
        window: Duration,
    ) -> Result<CaseResult, Error> {
        let turn = self.bench.turn(case, attempt);
        let exchange = self.bench.exchange(case, turn, window).await?;
        Ok(self.bench.judge(case, vec![exchange]))
    }

    /// Plays a control or discovery case with all patience and keeps what it shows.
    ///
    /// # Errors
    ///
    /// Only without a connection.
    pub async fn learn(&mut self, case: &Case, attempt: u32) -> Result<CaseResult, Error> {
        let result = self.play(case, attempt, self.bench.settings.timeout).await?;
        self.keep(case, &result);
        Ok(result)
    }

    /// Keeps what a control or discovery case has shown.
    pub fn keep(&mut self, case: &Case, result: &CaseResult) {
        match result.record.as_ref() {
            Some(exchange) if case.id == CONTROL => self.bench.learn_control(case, exchange),
            Some(exchange) => self.bench.facts.learn(case, exchange),
            None => {}
        }
    }

    /// Whether the control gets its switch where it comes from the next of our addresses, if there is one, and still not
    /// from this one: the target bans this one, and the next is used from now on.
    pub async fn is_let_in_elsewhere(&self, control: &Case, attempt: u32) -> bool {
        let sources = self.bench.sources();
        if !sources.goes_on() {
            return false;
        }
        let is_welcome = self.switches(control, attempt).await;
        sources.goes_back();
        // A target that is back by now lets everybody in.
        is_welcome && !self.switches(control, attempt).await && sources.goes_on()
    }

    /// Whether the control gets its switch.
    pub async fn switches(&self, control: &Case, attempt: u32) -> bool {
        let played = self.play(control, attempt, self.bench.settings.timeout).await;
        let came = played.ok().and_then(|result| result.outcome);
        came.is_some_and(|came| came.outcome == Outcome::Status(101))
    }

    /// What a control without a switch met, and what to try next.
    #[must_use]
    pub fn met(&self, record: &Record) -> String {
        contact::met(record, &self.bench.target, false)
    }

    /// What is known about the target.
    #[must_use]
    pub fn facts(&self) -> &TargetFacts {
        &self.bench.facts
    }

    /// The settings that it was started with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.bench.settings
    }

    /// What is put in the place of bindings, with nonces of no exchange.
    #[must_use]
    pub fn bindings(&self) -> Bindings {
        self.bench.bindings(&nonces_of_no_exchange(&self.bench.settings))
    }

    /// Whether it can be started again.
    #[must_use]
    pub fn can_restart(&self) -> bool {
        self.bench.settings.server_cmd.is_some()
    }

    /// Ends the server command and starts it again.
    ///
    /// # Errors
    ///
    /// Says what stood in the way; no server is running then.
    pub async fn restart(&mut self) -> Result<(), Error> {
        self.stop().await;
        self.server = Some(Server::start(&self.bench.settings, &self.bench.target).await?);
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
    let facts = declared(target, settings);
    bindings(target, settings, &facts, &nonces_of_no_exchange(settings))
}

fn nonces_of_no_exchange(settings: &Settings) -> Nonces {
    Nonces::of(&Turn { seed: settings.seed, case: "", attempt: 0, connection: 0 })
}
