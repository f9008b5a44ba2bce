//! Has a target back that has died: starts it again, or waits until somebody else has.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use upspec_judge::{Death as Scene, Demise};

use crate::event::Ending;
use crate::run::Run;
use crate::server::Server;

/// Why the target is not back.
enum Gone {
    /// It dies of the control alone.
    OfControl,
    /// It stays away, or cannot be started.
    Stays(String),
}

impl Run {
    /// Has the target back: starts it again, or waits for whoever else does. If it stays away the run ends
    /// with the death, which is put down to the suspects.
    pub(crate) async fn revive(&mut self, scene: &Scene, suspects: &[usize]) -> Result<(), Ending> {
        let gone = match self.bring_back(scene).await {
            Ok(()) => return Ok(()),
            Err(gone) => gone,
        };
        match gone {
            Gone::OfControl => {
                let scene = self.scene().await;
                Err(self.blame_control(scene))
            }
            Gone::Stays(why) => {
                self.results.remark(why);
                // A killer that was found is blamed already.
                let mut accused = suspects.to_vec();
                let known = |index: &usize| self.deaths.killers.contains(index);
                if suspects.is_empty() || !suspects.iter().all(known) {
                    accused = self.accuse(scene.clone(), accused);
                }
                Err(self.end(&accused))
            }
        }
    }

    async fn bring_back(&mut self, scene: &Scene) -> Result<(), Gone> {
        let bench = &self.worker.bench;
        let until = Instant::now() + bench.settings.ready_timeout;
        let mut process = None;
        if bench.settings.server_cmd.is_some() {
            match self.server.take() {
                // What hangs would only be waited for.
                Some(server) if scene.how == Demise::Hanging => server.kill().await,
                Some(server) => server.stop().await,
                None => {}
            }
            let started = Server::start(&bench.settings, &bench.target).await;
            let server = started.map_err(|error| Gone::Stays(error.to_string()))?;
            process = server.end();
            self.server = Some(server);
        }
        let of_control = loop {
            let answered = self.worker.answers().await;
            let ended = process.as_ref().is_some_and(|end| end.borrow().is_some());
            if answered && self.outlives_controls().await {
                break false;
            }
            if (answered || ended) && bench.settings.server_cmd.is_some() {
                break true;
            }
            if Instant::now() >= until {
                let seconds = bench.settings.ready_timeout.as_secs_f32();
                return Err(Gone::Stays(format!(
                    "the target did not come back within {seconds} s"
                )));
            }
            sleep(BETWEEN_TRIES).await;
        };
        if of_control {
            return Err(Gone::OfControl);
        }
        self.deaths.outlives_controls = true;
        self.deaths.replayed = 0;
        self.worker.health.revive(process);
        Ok(())
    }

    /// Whether further controls are answered: the first time as many as a case that is played again has
    /// exchanges, since a target that takes only so many connections would die of any case.
    async fn outlives_controls(&self) -> bool {
        let number = if self.deaths.outlives_controls { 1 } else { A_ROW_OF_CONTROLS };
        for _ in 0..number {
            if !self.worker.answers().await {
                return false;
            }
        }
        true
    }
}

/// How many exchanges playing a case again has at most, but for one.
const A_ROW_OF_CONTROLS: usize = 5;
/// The pause between two looks at a target that is away.
const BETWEEN_TRIES: Duration = Duration::from_millis(100);
