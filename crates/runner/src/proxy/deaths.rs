//! Plays cases while the intermediary lives. When it takes no connections any more it is brought back, and the cases that
//! may have done it are played again one by one: who kills it alone is blamed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use upspec_corpus::case::Need;
use upspec_exchange::{Octets, Record, Talk};
use upspec_judge::{CaseResult, Death as Dead, Demise, Reason};

use super::beside::{Beside, Next};
use super::player::Player;
use super::run::{ProxyRun, asks_for_frames, is_about_pools, start};
use super::stage::Stage;
use crate::connect::is_listening;
use crate::event::{Death, Ending};
use crate::plan::PROXY_CONTROL;

impl ProxyRun {
    /// Plays cases, so many at a time; those whose needs are not met are left out.
    ///
    /// # Errors
    ///
    /// When the intermediary died and does not come back.
    pub(super) async fn play(&mut self, cases: Vec<usize>, jobs: usize) -> Result<(), Ending> {
        let mut left = VecDeque::from(cases);
        while let Some(suspects) = self.side_by_side(&mut left, jobs.min(self.jobs)).await {
            let ids: Vec<String> =
                suspects.iter().map(|index| self.plan.cases()[*index].id.clone()).collect();
            let lives = self.gone.is_none() && self.is_alive().await;
            let dead = if lives { None } else { Some(self.dead(&ids).await) };
            if let Err(ending) = self.revive(ids).await {
                self.leave_open(dead);
                return Err(ending);
            }
            let mut is_found = false;
            let mut cleared = Vec::new();
            for index in suspects {
                // What was cut of the others says nothing; if one of them kills as well, it is found in its turn.
                if is_found && !is_about_pools(&self.plan.cases()[index]) {
                    cleared.push(index);
                } else {
                    is_found |= self.alone(index).await?;
                }
            }
            cleared.into_iter().rev().for_each(|index| left.push_front(index));
            // What no case does alone may happen again: then nothing is beside it.
            if !is_found {
                self.jobs = 1;
                self.leave_open(dead);
            }
        }
        Ok(())
    }

    /// Plays cases until all are over, or until one meets nobody: then which cases may have to do with it.
    async fn side_by_side(
        &mut self,
        left: &mut VecDeque<usize>,
        jobs: usize,
    ) -> Option<Vec<usize>> {
        let mut beside = Beside::default();
        let mut suspects: Option<Vec<usize>> = None;
        let mut is_silent = false;
        loop {
            // What answers the control beside all others does so alone, and nobody has to wait for that.
            if suspects.is_none() && self.strange.is_much() && !is_silent && beside.count() > 0 {
                is_silent = self.unanswered().await.is_some();
                if !is_silent {
                    self.strange.is_the_same();
                }
            }
            let goes_on = suspects.is_none() && !self.strange.is_much();
            if goes_on {
                self.fill_up(left, &mut beside, jobs);
            }
            match beside.next().await {
                Next::Free => {}
                Next::Over(index, Ok(result)) => {
                    self.strange.note(index, &result);
                    self.keep(index, *result);
                    self.recent.push_back(index);
                    while self.recent.len() > beside.most() {
                        self.recent.pop_front();
                    }
                }
                Next::Over(_, Err(_)) if suspects.is_some() => {}
                Next::Over(_, Err(_)) => suspects = Some(beside.suspects(&mut self.recent)),
                Next::Lost(panicked) => tracing::error!("a case was lost: {panicked}"),
                Next::Nothing if goes_on || suspects.is_some() => return suspects,
                Next::Nothing => match self.no_answer().await {
                    None => {
                        self.strange.is_the_same();
                        is_silent = false;
                    }
                    Some(how) => return Some(self.found_gone(how, jobs + beside.most())),
                },
            }
        }
    }

    /// Begins as many cases as may be under way.
    fn fill_up(&mut self, left: &mut VecDeque<usize>, beside: &mut Beside, jobs: usize) {
        while self.has_place(beside, jobs) {
            let is_due = |index: &usize| !self.is_too_early(*index, beside);
            let Some(index) = left.front().copied().filter(is_due) else {
                return;
            };
            left.pop_front();
            if let Some((reason, message)) = self.left_out(&self.plan.cases()[index]) {
                self.results.leave_out(index, reason, message);
                continue;
            }
            self.results.begin(index);
            beside.begin(index, self.player());
        }
    }

    /// Whether another case may be under way beside these. Those that merely wait take no place while requests come
    /// through as soon as at first, unless one at a time is all that is wanted; but who has died is to have few
    /// suspects.
    fn has_place(&mut self, beside: &Beside, jobs: usize) -> bool {
        let (under_way, jobs) = (beside.count(), jobs.max(1));
        if jobs == 1 || !self.deaths.is_empty() {
            return under_way < jobs;
        }
        let Stage { settings, facts, promptness, .. } = &self.stage;
        let loads = (under_way, jobs, settings.most_watched);
        let room = self.room.look(loads, Duration::from_micros(facts.answer_us), promptness);
        under_way < room && beside.served() < jobs
    }

    /// Whether a case asks for what is being found out.
    fn is_too_early(&self, index: usize, beside: &Beside) -> bool {
        let is_open = self.frames().is_some_and(|frames| beside.has(frames));
        is_open && asks_for_frames(&self.plan.cases()[index])
    }

    /// How the intermediary is gone, if the control gets no answer at all in a few tries.
    async fn no_answer(&mut self) -> Option<Demise> {
        let mut how = Demise::Refusing;
        for _ in 0..TRIES {
            how = self.unanswered().await?;
        }
        Some(how)
    }

    /// The same in one try.
    async fn unanswered(&mut self) -> Option<Demise> {
        let control = self.plan.control().unwrap_or_default();
        let case = self.plan.cases()[control].clone();
        let attempt = self.strange.next_look();
        match self.stage.exchange(&case, attempt, PATIENT).await {
            Ok(record) if is_answered(&record) => None,
            Ok(record) if record.ended_by_peer(0) => Some(Demise::Closing),
            Ok(_) => Some(Demise::Hanging),
            Err(_) => Some(Demise::Refusing),
        }
    }

    /// Nothing is answered any more: what came to nothing since the last case that passed says nothing, and the first of
    /// those cases may have done it.
    fn found_gone(&mut self, how: Demise, most: usize) -> Vec<usize> {
        self.gone = Some(how);
        let strange = self.strange.take();
        for &index in &strange {
            let answered = |result: &CaseResult| result.record.as_ref().is_some_and(is_answered);
            if !self.results.result(index).is_some_and(answered) {
                self.results.leave_out(index, Reason::TargetDied, "nothing was answered any more");
            }
        }
        self.recent.drain(..).chain(strange).take(most).collect()
    }

    /// Plays a case with nothing beside it; whether the intermediary died of it.
    async fn alone(&mut self, index: usize) -> Result<bool, Ending> {
        let result = self.player().play(index).await;
        self.gone = if self.was_gone { self.no_answer().await } else { None };
        let lives = self.gone.is_none() && self.outlives().await;
        let result = match result {
            Ok(result) if lives => {
                self.keep(index, result);
                return Ok(false);
            }
            Ok(result) => result,
            Err(message) => {
                self.results.leave_out(index, Reason::TargetDied, &message);
                self.revive(Vec::new()).await?;
                return Ok(false);
            }
        };
        let dead = self.dead(&[]).await;
        let id = result.id.clone();
        self.results.store(index, result.with_death(dead, &self.stage.requirements));
        self.revive(vec![id]).await?;
        Ok(true)
    }

    /// A death, and the cases of which one may have done it.
    pub(super) async fn dead(&self, suspects: &[String]) -> Dead {
        let usual = if self.server.is_some() { Demise::Exited } else { Demise::Refusing };
        let how = self.gone.unwrap_or(usual);
        let (status, output) = self.last_words().await;
        Dead { how, status, suspects: suspects.to_vec(), unsure: false, output }
    }

    /// A death of which none of the suspects is guilty alone: the first control has it.
    pub(super) fn leave_open(&mut self, dead: Option<Dead>) {
        let control = self.plan.control().unwrap_or_default();
        let known = self.results.result(control).filter(|known| known.death.is_none()).cloned();
        if let (Some(known), Some(dead)) = (known, dead) {
            self.results.store(control, known.with_death(dead, &self.stage.requirements));
        }
    }

    /// How the process ended, and what it printed at the last.
    async fn last_words(&self) -> (Option<String>, Vec<String>) {
        match &self.server {
            None => (None, Vec::new()),
            Some(server) => {
                let status = server.exit().map(|status| status.to_string());
                (status, server.last_lines().await)
            }
        }
    }

    fn player(&self) -> Player {
        let (stage, plan) = (self.stage.clone(), Arc::clone(&self.plan));
        Player { stage, plan, events: self.events.clone() }
    }

    pub(super) async fn is_alive(&self) -> bool {
        sleep(LAST_BREATH).await;
        is_listening(&self.stage.target, PROBE).await
    }

    /// Whether it is there for a while: a process that has met its case may print for long before it ends.
    pub(super) async fn outlives(&self) -> bool {
        for _ in 0..BREATHS {
            if !self.is_alive().await {
                return false;
            }
        }
        true
    }

    /// Starts the intermediary again, or waits until somebody does, and until requests come through it.
    pub(super) async fn revive(&mut self, suspects: Vec<String>) -> Result<(), Ending> {
        let patience = self.stage.settings.ready_timeout;
        let is_gone = self.gone.take().is_some();
        self.was_gone |= is_gone;
        // Nobody starts again what still takes connections.
        let is_lost = is_gone && self.server.is_none();
        let until = Instant::now() + if is_lost { patience.min(COMES_TO) } else { patience };
        if is_gone || !self.is_alive().await {
            self.deaths.push(Death { suspects: suspects.clone() });
            let (settings, target) = (&self.stage.settings, &self.stage.target);
            if let Some(server) = self.server.take() {
                server.kill().await;
                let origin = self.stage.origin.address();
                self.server = start(settings, target, origin).await.unwrap_or(None);
            }
        }
        while Instant::now() < until {
            if self.relays().await {
                return Ok(());
            }
            sleep(BETWEEN_TRIES).await;
        }
        self.results.leave_out_rest(Reason::TargetDied, "the intermediary had died before");
        Err(Ending::TargetDied { suspects })
    }

    async fn relays(&self) -> bool {
        let Some(control) = self.plan.cases().iter().find(|case| case.id == PROXY_CONTROL) else {
            return false;
        };
        let attempt = u32::try_from(self.deaths.len()).unwrap_or(u32::MAX).saturating_add(REVIVED);
        let mut facts = self.stage.facts.clone();
        let played = self.stage.exchange(control, attempt, PROBE).await;
        played.is_ok_and(|record| {
            facts.learn(control, &record);
            facts.has(Need::Relays)
        })
    }
}

/// Whether our client got a response head.
fn is_answered(record: &Record) -> bool {
    let octets = Octets::of(record);
    octets.first().is_some_and(|first| Talk::read(first).statuses().next().is_some())
}

/// How often, and how long, an answer to the control is waited for before what gives none hangs.
const TRIES: usize = 2;
const PATIENT: Duration = Duration::from_secs(2);
/// How long what hangs may take to come to.
const COMES_TO: Duration = Duration::from_secs(5);
/// The attempts of the control after deaths.
const REVIVED: u32 = 2000;
/// How long a process may take to end that has met its case.
const LAST_BREATH: Duration = Duration::from_millis(50);
/// How many such times are waited for where the case is suspected.
const BREATHS: usize = 8;
/// How long a look at it may take.
const PROBE: Duration = Duration::from_millis(500);
const BETWEEN_TRIES: Duration = Duration::from_millis(200);
