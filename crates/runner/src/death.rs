//! After the target has died: which case killed it, and how the run goes on.
//! Blames only a case that was alone with the target.

use std::collections::BTreeSet;

use upspec_exchange::Record;
use upspec_judge::Reason;

use crate::event::{Death, Ending};
use crate::health::Pulse;
use crate::run::Run;
use crate::server::Server;
use crate::worker::Played;

impl Run {
    /// With a server command the target is started again, every suspect is played alone with a
    /// control after it, and the run goes on. Without one the run is over.
    pub(crate) async fn after_death(&mut self) -> Result<(), Ending> {
        let suspects = self.worker.health.suspects();
        let no_command = self.worker.bench.settings.server_cmd.is_none();
        if no_command || self.deaths.len() >= MOST_DEATHS {
            self.note_death(&suspects);
            return Err(self.end_with_death(&suspects));
        }
        self.results.note("the target died; starting it again to find the case that killed it");
        if let Err(ending) = self.restart(&suspects).await {
            self.note_death(&suspects);
            return Err(ending);
        }
        // What an exchange with a dying target shows means nothing, so all of them are played again.
        let lost = std::mem::take(&mut self.lost).into_iter().map(|(index, _)| index);
        let mut found = false;
        for index in unique(suspects.iter().copied().chain(lost)) {
            self.results.begin(index);
            let played = self.worker.play(index).await;
            let survived = matches!(played, Played::Judged(_))
                && self.worker.check_now().await == Pulse::Alive;
            if survived {
                self.take(index, played);
                continue;
            }
            found = true;
            self.note_death(&[index]);
            match played {
                Played::Judged(_) => self.take(index, played),
                Played::Died(exchanges) => self.judge_killer(index, exchanges),
            }
            self.restart(&[index]).await?;
        }
        if !found {
            self.note_death(&suspects);
        }
        Ok(())
    }

    /// The exchange of a lone suspect is judged; with several, none of those that met the death says
    /// anything about the case that it belongs to.
    fn end_with_death(&mut self, suspects: &[usize]) -> Ending {
        for (index, exchanges) in std::mem::take(&mut self.lost) {
            if suspects == [index] {
                self.judge_killer(index, exchanges);
                continue;
            }
            let message = "the target died while this case was under way";
            let case = &self.worker.plan.cases()[index];
            let mut result = self.results.not_played(case, Reason::TargetDied, message);
            let mut records = exchanges.into_iter();
            (result.record, result.twin) = (records.next(), records.next());
            self.results.store(index, result);
        }
        let message = "the target had died before this case was played";
        self.results.leave_out_rest(Reason::TargetDied, message);
        Ending::TargetDied { suspects: self.ids(suspects) }
    }

    /// This case was alone with the target when it died.
    fn judge_killer(&mut self, index: usize, exchanges: Vec<Record>) {
        if exchanges.is_empty() {
            let message = "the target died before it took a connection for this case";
            self.results.leave_out(index, Reason::TargetDied, message);
        } else {
            let result = self.worker.bench.judge(&self.worker.plan.cases()[index], exchanges);
            self.results.store(index, result);
        }
    }

    async fn restart(&mut self, suspects: &[usize]) -> Result<(), Ending> {
        if let Some(server) = self.server.take() {
            server.stop().await;
        }
        let bench = &self.worker.bench;
        let command = bench.settings.server_cmd.as_deref().unwrap_or_default();
        match Server::start(command, &bench.target).await {
            Ok(server) => {
                self.server = Some(server);
                self.worker.health.revive();
                Ok(())
            }
            Err(error) => {
                self.results.note(error.to_string());
                Err(self.end_with_death(suspects))
            }
        }
    }

    fn note_death(&mut self, suspects: &[usize]) {
        let suspects = self.ids(suspects);
        self.results.note(match &suspects[..] {
            [one] => format!("the target died of {one}"),
            many => format!("the target died; any of {} cases may have killed it", many.len()),
        });
        self.deaths.push(Death { suspects });
    }

    fn ids(&self, cases: &[usize]) -> Vec<String> {
        cases.iter().map(|index| self.worker.plan.cases()[*index].id.clone()).collect()
    }
}

/// Each number once, where it first stands.
fn unique(numbers: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut seen = BTreeSet::new();
    numbers.filter(|number| seen.insert(*number)).collect()
}

/// After this many deaths the target is left alone.
const MOST_DEATHS: usize = 50;
