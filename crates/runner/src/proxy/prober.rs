//! Plays single cases at both ends of an intermediary, for callers that choose each case by what the last one showed.
//! Repeats no case on its own, but for one that the intermediary may have died of.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::RwLock;
use tokio::sync::mpsc::unbounded_channel;
use upspec_corpus::Corpus;
use upspec_corpus::case::{Case, Outcome, Role};
use upspec_judge::{CaseResult, TargetFacts, unmet};

use super::origin::Origin;
use super::run::{ProxyRun, ready};
use super::settings::ProxySettings;
use super::stage::Stage;
use crate::connect::is_listening;
use crate::event::Ending;
use crate::plan::Plan;
use crate::results::Results;
use crate::target::Target;

/// An intermediary to play cases through, and what is known about it.
pub struct ProxyProber {
    stage: Stage,
    /// Held for reading by every exchange, and for writing by one that is to be alone with the intermediary.
    run: RwLock<ProxyRun>,
}

impl ProxyProber {
    /// Starts the intermediary if it is ours to start, and plays the control and what finds out what else it does.
    ///
    /// # Errors
    ///
    /// Says what stood in the way: it does not start, nothing comes through it, or it is a relay of octets.
    pub async fn start(
        corpus: &Corpus,
        target: Target,
        origin: Origin,
        settings: ProxySettings,
    ) -> Result<Self, String> {
        let plan = Arc::new(Plan::of(Role::Intermediary, &corpus.cases, |_| false));
        let requirements = Arc::new(corpus.requirements.clone());
        // Nobody asks how the controls go.
        let (events, _) = unbounded_channel();
        let results = Results::new(Arc::clone(&plan), Arc::clone(&requirements), events.clone());
        let (stage, server) = ready(target, Arc::new(origin), settings, requirements).await?;
        let mut run = ProxyRun::new(plan, stage, results, events, server);
        run.find_out().await.map_err(|ending| said(&ending))?;
        let frames = run.frames().into_iter().collect();
        run.learn(frames).await.map_err(|ending| said(&ending))?;
        Ok(Self { stage: run.stage.clone(), run: RwLock::new(run) })
    }

    /// Whether the intermediary has what a case needs.
    #[must_use]
    pub fn plays(&self, case: &Case) -> bool {
        unmet(case, &self.stage.facts).is_none()
    }

    /// Plays a case once and has it judged. The seed, the id and the attempt decide on its nonces. Where the
    /// intermediary is dead behind it, it is brought back and the case is played again with nothing beside it: the death
    /// is that of the case if it dies of that.
    ///
    /// # Errors
    ///
    /// Says that the intermediary does not come back.
    pub async fn play(
        &self,
        case: &Case,
        attempt: u32,
        window: Duration,
    ) -> Result<CaseResult, String> {
        {
            let _beside_others = self.run.read().await;
            if let Ok(result) = self.stage.attempt(case, attempt, window).await
                && (!is_cut(&result) || is_listening(&self.stage.target, LOOK).await)
            {
                return Ok(result);
            }
        }
        self.alone(case, attempt, window).await
    }

    async fn alone(
        &self,
        case: &Case,
        attempt: u32,
        window: Duration,
    ) -> Result<CaseResult, String> {
        let mut run = self.run.write().await;
        if !run.is_alive().await {
            run.revive(Vec::new()).await.map_err(|ending| said(&ending))?;
        }
        let result = run.stage.attempt(case, attempt, window).await;
        let result = result.map_err(|error| error.to_string())?;
        if run.outlives().await {
            return Ok(result);
        }
        let dead = run.dead(&[]).await;
        let result = result.with_death(dead, &self.stage.requirements);
        run.revive(vec![case.id.clone()]).await.map_err(|ending| said(&ending))?;
        Ok(result)
    }

    /// Ends the intermediary, if it was ours to start.
    pub async fn stop(&self) {
        let server = self.run.write().await.server.take();
        if let Some(server) = server {
            server.stop().await;
        }
    }

    /// What is known about the intermediary.
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
    pub fn settings(&self) -> &ProxySettings {
        &self.stage.settings
    }
}

/// Whether the client was left without an answer.
fn is_cut(result: &CaseResult) -> bool {
    result.outcome.is_some_and(|came| came.outcome == Outcome::Closed)
}

fn said(ending: &Ending) -> String {
    match ending {
        Ending::NotHttp { message }
        | Ending::NotSwitched { message }
        | Ending::Unreachable { message } => message.clone(),
        Ending::TargetDied { .. } => "the intermediary died and did not come back".to_owned(),
        Ending::Complete | Ending::Interrupted => "the controls were not played".to_owned(),
    }
}

/// How long a look at whether it listens may take.
const LOOK: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use upspec_judge::Verdict;
    use upspec_reference::{Proxy, ProxyConfig};

    use super::*;

    #[tokio::test]
    async fn a_death_of_which_nobody_is_guilty_alone_is_named_with_its_suspects() {
        let local = SocketAddr::from(([127, 0, 0, 1], 0));
        let origin = Origin::listen(local).await.unwrap();
        let proxy = Proxy::bind(ProxyConfig::new(local, origin.address())).await.unwrap();
        let target = Target::parse(&format!("http://{}/", proxy.local_addr())).unwrap();
        tokio::spawn(proxy.serve());
        let corpus = Corpus::embedded().unwrap();
        let settings = ProxySettings::default();
        let prober = ProxyProber::start(&corpus, target, origin, settings).await.unwrap();
        let mut run = prober.run.write().await;
        let suspects = ["intermediary/agreement/head-101", "intermediary/tunnel/octets"];
        let dead = run.dead(&suspects.map(str::to_owned)).await;
        run.leave_open(Some(dead));
        let control = run.plan.control().unwrap();
        let told = run.results.result(control).unwrap();
        assert_eq!(told.verdict, Verdict::Fail);
        let message = &told.findings[0].message;
        assert!(message.contains("which case did it is open"), "{message}");
        assert!(suspects.iter().all(|one| message.contains(one)), "{message}");
    }
}
