//! Plays the cases that find out what a target can do.

use upspec_judge::{Verdict, unmet};

use crate::event::Ending;
use crate::queue::Round;
use crate::run::Run;

impl Run {
    /// Plays what finds out what the target can do, one by one; where answers come late, the control fails, or it
    /// takes leave slowly, beside each other what builds on nothing that the others find out.
    pub(crate) async fn discover(
        &mut self,
        mut left: Vec<usize>,
        jobs: usize,
    ) -> Result<(), Ending> {
        let plan = self.plan();
        let control = self.worker.control.and_then(|index| self.results.result(index));
        let fails = control.is_some_and(|control| control.verdict == Verdict::Fail);
        let ended = control.and_then(|control| Some(control.record.as_ref()?.io.last()?.at_us));
        let lingers = ended.is_some_and(|at| at / 1000 >= self.worker.bench.facts.window_ms);
        while jobs > if fails || lingers { 1 } else { self.worker.bench.settings.jobs } {
            let facts = &self.worker.bench.facts;
            let (mut ready, mut rest) = (Vec::<usize>::new(), Vec::new());
            for index in left {
                let case = &plan.cases()[index];
                // Of two that send the same, the second says something else once the first is answered.
                let is_first = ready.iter().all(|before| plan.cases()[*before].steps != case.steps);
                let round =
                    if is_first && unmet(case, facts).is_none() { &mut ready } else { &mut rest };
                round.push(index);
            }
            left = rest;
            if ready.is_empty() {
                break;
            }
            let ready = ready.into_iter().map(|index| (index, None)).collect();
            let at_once = if lingers && !fails { jobs.min(FEW_AT_ONCE) } else { jobs };
            self.play_round(ready, at_once, Round::Whole).await?;
        }
        let rounds = left.into_iter().map(|index| vec![(index, None)]);
        self.schedule(rounds.collect(), 1, Round::Whole).await
    }
}

/// How many find out at the same time what the target can do, where each takes long to end.
const FEW_AT_ONCE: usize = 4;
