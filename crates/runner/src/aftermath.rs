//! After the target has died: who did it, and how the run goes on.
//! Never calls a case the killer that was not alone with the target.

use std::collections::BTreeSet;

use upspec_exchange::Record;
use upspec_judge::Reason;

use crate::context::judged;

use crate::context::{Context, Settled};
use crate::event::{Death, Ending};
use crate::health::Pulse;
use crate::server::Server;
use crate::session::Session;

impl Session {
    /// With a server command the target is started again, every suspect is played alone with a
    /// control after it, and the run goes on. Without one the run is over.
    pub(crate) async fn aftermath(&mut self, context: &Context) -> Result<(), Ending> {
        let suspects = context.health.suspects();
        if self.settings.server_cmd.is_none() || self.deaths.len() >= MOST_DEATHS {
            self.record_death(&suspects);
            return Err(self.bury(&suspects));
        }
        self.note("the target died; starting it again to find the case that killed it");
        if let Err(ending) = self.restart(context, &suspects).await {
            self.record_death(&suspects);
            return Err(ending);
        }
        // What an exchange with a dying target shows means nothing, so all of them are played again.
        let lost = std::mem::take(&mut self.lost).into_iter().map(|(index, _)| index);
        let mut found = false;
        for index in unique(suspects.iter().copied().chain(lost)) {
            self.in_flight.insert(index);
            let settled = context.settle(index, &self.facts).await;
            let survived =
                matches!(settled, Settled::Judged(_)) && context.check_now().await == Pulse::Alive;
            if survived {
                self.take(index, settled);
                continue;
            }
            found = true;
            self.convict(index, settled);
            self.restart(context, &[index]).await?;
        }
        if !found {
            self.record_death(&suspects);
        }
        Ok(())
    }

    /// The run ends here. The exchange of a lone suspect is judged; with several, none of those that
    /// met the death says anything about the case that it belongs to.
    fn bury(&mut self, suspects: &[usize]) -> Ending {
        for (index, exchanges) in std::mem::take(&mut self.lost) {
            if suspects == [index] {
                self.judge_last(index, exchanges);
                continue;
            }
            let case = &self.plan.cases()[index];
            let message = "the target died while this case was under way";
            let mut result = self.not_played(case, Reason::TargetDied, message);
            let mut records = exchanges.into_iter();
            (result.record, result.twin) = (records.next(), records.next());
            self.store(index, result);
        }
        let message = "the target had died before this case was played";
        self.leave_out_rest(Reason::TargetDied, message);
        Ending::TargetDied { suspects: self.ids(suspects) }
    }

    /// This case was alone with the target when it died.
    fn convict(&mut self, index: usize, settled: Settled) {
        self.record_death(&[index]);
        match settled {
            Settled::Judged(_) => self.take(index, settled),
            Settled::Lost(exchanges) => self.judge_last(index, exchanges),
        }
    }

    fn judge_last(&mut self, index: usize, exchanges: Vec<Record>) {
        let case = &self.plan.cases()[index];
        if exchanges.is_empty() {
            let message = "the target died before it took a connection for this case";
            self.leave_out(index, Reason::TargetDied, message);
        } else {
            let result = judged(case, exchanges, &self.requirements);
            self.store(index, result);
        }
    }

    async fn restart(&mut self, context: &Context, suspects: &[usize]) -> Result<(), Ending> {
        if let Some(server) = self.server.take() {
            server.stop().await;
        }
        let command = self.settings.server_cmd.clone().unwrap_or_default();
        match Server::start(&command, &self.target).await {
            Ok(server) => {
                self.server = Some(server);
                context.health.revive();
                Ok(())
            }
            Err(message) => {
                self.note(message);
                Err(self.bury(suspects))
            }
        }
    }

    fn record_death(&mut self, suspects: &[usize]) {
        let suspects = self.ids(suspects);
        self.note(match &suspects[..] {
            [one] => format!("the target died of {one}"),
            many => format!("the target died; any of {} cases may have killed it", many.len()),
        });
        self.deaths.push(Death { suspects });
    }

    fn ids(&self, cases: &[usize]) -> Vec<String> {
        cases.iter().map(|index| self.plan.cases()[*index].id.clone()).collect()
    }
}

/// Each number once, where it first stands.
fn unique(numbers: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut seen = BTreeSet::new();
    numbers.filter(|number| seen.insert(*number)).collect()
}

/// After so many deaths the target is left alone.
const MOST_DEATHS: usize = 50;
