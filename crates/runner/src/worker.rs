//! Brings a case to its result: its exchanges, a check that the target survived, and the
//! repeats needed until the result stands.
//! Compares the judge's verdicts, and gives none itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;
use upspec_corpus::case::{Case, Need, Outcome};
use upspec_exchange::{Ending, IoKind, Octets, Record, Transcript};
use upspec_judge::{CaseResult, Demise, Reason, TargetFacts, Verdict};

use crate::bench::{Bench, answer_us, millis};
use crate::bindings::Turn;
use crate::burst::Lived;
use crate::cost;
use crate::cut::is_switch;
use crate::doubt::shows_more;
use crate::error::Error;
use crate::event::Event;
use crate::health::{Control, Health, Patience, Pulse};
use crate::place::{Place, Promptness};
use crate::plan::{Plan, is_control, pulse};
use crate::results::shortened;

/// What a case is played with. A clone sees the facts as they are when it is made.
#[derive(Clone)]
pub(crate) struct Worker {
    pub(crate) plan: Arc<Plan>,
    pub(crate) bench: Arc<Bench>,
    /// The case that every target of this kind answers.
    pub(crate) control: Option<usize>,
    pub(crate) health: Arc<Health>,
    /// What measuring cost has taken and found.
    pub(crate) measured: Arc<cost::Measured>,
    /// An answer came only when it was waited for with patience.
    late: Arc<AtomicBool>,
    /// How fast answers come while much is under way.
    pub(crate) promptness: Arc<Promptness>,
    /// The place of the case that it plays, where that is one of many.
    place: Option<Place>,
    /// It plays beside all others: nobody waits for it, and nobody is suspected of what it does.
    is_aside: bool,
    events: UnboundedSender<Event>,
}

/// How playing a case ended.
pub(crate) enum Played {
    /// The target died; these are the exchanges up to then.
    Died(Vec<Record>),
    /// It has its result.
    Judged(Box<CaseResult>),
    /// It has a result that another look has to confirm, which takes long.
    Open(Box<CaseResult>),
}

/// Why an attempt has no result.
pub(crate) enum Failed {
    Connect(Error),
    Died(Vec<Record>),
}

impl Worker {
    pub(crate) fn new(plan: Arc<Plan>, bench: Bench, events: UnboundedSender<Event>) -> Self {
        let alone = bench.facts.http2_alone;
        let control = if alone { plan.http2_control() } else { plan.control() };
        let (health, measured, late) = (Arc::default(), Arc::default(), Arc::default());
        let (promptness, bench) = (Arc::default(), Arc::new(bench));
        let (place, is_aside) = (None, false);
        Self { plan, bench, control, health, measured, late, promptness, place, is_aside, events }
    }

    /// One for a case that has this place.
    pub(crate) fn at(&self, place: Place) -> Self {
        Self { place: Some(place), ..self.clone() }
    }

    /// One that plays beside all others.
    pub(crate) fn aside(&self) -> Self {
        Self { is_aside: true, ..self.clone() }
    }

    /// Whether answers are late now and then, or always, so that silence in a short wait says little.
    pub(crate) fn is_late(&self) -> bool {
        self.bench.is_late()
            || self.late.load(Ordering::Relaxed)
            || self.promptness.is_late_by_chance(self.bench.answer())
    }

    /// The bench, to store what was learnt about the target.
    pub(crate) fn bench_mut(&mut self) -> &mut Bench {
        Arc::make_mut(&mut self.bench)
    }

    /// Plays a case. A result that another look has to confirm is open where that look would take long, unless
    /// the case finds out what the target can do.
    pub(crate) async fn play(&self, index: usize) -> Played {
        let begun = Instant::now();
        let mut result = match self.attempt(index, 0, self.bench.window()).await {
            Ok(result) => result,
            Err(failed) => return self.unplayed(index, failed),
        };
        let took = begun.elapsed();
        result.elapsed_ms = millis(took);
        let result = Box::new(result);
        if !self.is_open(index, &result) {
            return Played::Judged(result);
        }
        let is_paced = !self.bench.settings.delay.is_zero();
        let is_dear =
            is_paced || took >= self.bench.window() / 2 || self.wants_patience(index, &result);
        match is_dear && !is_control(&self.plan.cases()[index]) {
            true => Played::Open(result),
            false if self.died_meanwhile(&result).await => {
                Played::Died(result.record.into_iter().chain(result.twin).collect())
            }
            false => self.look_again(index, *result).await,
        }
    }

    /// Whether an exchange that the peer ended met its death, which another case brought: whoever plays again then
    /// would be suspected of it.
    async fn died_meanwhile(&self, result: &CaseResult) -> bool {
        let ended = result.record.as_ref().is_some_and(|record| record.ended_by_peer(0));
        ended && self.check_now().await == Pulse::Dead
    }

    /// Whether a first result needs another look: a `fail`, or anything that rests on a short silence.
    fn is_open(&self, index: usize, result: &CaseResult) -> bool {
        self.wants_patience(index, result)
            || result.verdict == Verdict::Fail && self.bench.settings.retries > 0
    }

    /// Whether a result rests on a silence that was too short to mean much.
    pub(crate) fn wants_patience(&self, index: usize, result: &CaseResult) -> bool {
        let window = self.bench.window();
        window < self.bench.settings.timeout
            && is_worth_patience(&self.plan.cases()[index], result, &self.bench.facts)
            && result.aside.rests_on_silence
            && !result.record.as_ref().is_some_and(goes_on)
    }

    /// Plays a case again whose first result is open. One that rests on silence is played with the full
    /// timeout, a `fail` as often as the settings ask for; when a retry disagrees the first result is kept
    /// and marked as flaky.
    pub(crate) async fn look_again(&self, index: usize, first: CaseResult) -> Played {
        let (begun, before) = (Instant::now(), first.elapsed_ms);
        let mut repeats = Vec::new();
        let came = self.further_attempts(index, first, 0, &mut repeats).await;
        repeats.into_iter().for_each(|repeat| self.put_aside(repeat));
        match came {
            Ok(mut result) => {
                result.elapsed_ms = before.saturating_add(millis(begun.elapsed()));
                Played::Judged(Box::new(result))
            }
            Err(failed) => self.unplayed(index, failed),
        }
    }

    /// The result of a case that is played again, with attempts from this number on, and what does not count.
    pub(crate) async fn further_attempts(
        &self,
        index: usize,
        first: CaseResult,
        mut attempt: u32,
        repeats: &mut Vec<CaseResult>,
    ) -> Result<CaseResult, Failed> {
        let mut window = self.bench.window();
        let mut retries = self.bench.settings.retries;
        let mut result = first;
        if self.wants_patience(index, &result) {
            let is_prompt = !self.is_late() && self.promptness.is_as_at_first(self.bench.answer());
            window = self.bench.patience(&result, is_prompt);
            attempt += 1;
            let began = Instant::now();
            let patient = self.attempt(index, attempt, window).await?;
            let at_once = began.elapsed() < self.bench.window();
            if patient.verdict == result.verdict {
                retries = retries.saturating_sub(1);
            } else if at_once
                && is_in_order(&patient)
                && shows_more(&result, &patient)
                && !self.is_aside
            {
                // What a timer of its own ends takes as long each time; what comes in another order races.
                self.late.store(true, Ordering::Relaxed);
            }
            // The first wait was too short to mean anything, so a difference is not flakiness.
            repeats.push(std::mem::replace(&mut result, patient));
        }
        while result.verdict == Verdict::Fail && !result.flaky && retries > 0 {
            retries -= 1;
            attempt += 1;
            match self.attempt(index, attempt, window).await {
                Ok(again) => {
                    result.flaky = again.verdict != result.verdict;
                    repeats.push(again);
                }
                Err(Failed::Connect(_)) => break,
                Err(died) => return Err(died),
            }
        }
        Ok(result)
    }

    fn unplayed(&self, index: usize, failed: Failed) -> Played {
        match failed {
            Failed::Died(exchanges) => Played::Died(exchanges),
            Failed::Connect(error) => {
                let case = &self.plan.cases()[index];
                let told = self.bench.not_played(case, Reason::Connect, &error.to_string());
                Played::Judged(Box::new(told))
            }
        }
    }

    /// Hands on a result that does not count.
    pub(crate) fn put_aside(&self, result: CaseResult) {
        let _ = self.events.send(Event::Repeated(Box::new(result)));
    }

    /// Plays a case once, with its partner if it has one, and has it judged. The two are played at the
    /// same time, since silence takes long, unless one connection at a time is all that is wanted.
    async fn attempt(
        &self,
        index: usize,
        attempt: u32,
        window: Duration,
    ) -> Result<CaseResult, Failed> {
        let case = &self.plan.cases()[index];
        let turn = self.bench.turn(case, attempt);
        if cost::grows(case) {
            let record = self.measure(index, turn).await?;
            return Ok(shortened(self.bench.judge(case, vec![record])));
        }
        let own = self.exchange(index, case, turn, window);
        let exchanges = match self.plan.partner(case) {
            None => vec![own.await?],
            Some(partner) => {
                let turn = Turn { connection: 1, ..turn };
                let other = self.exchange(index, partner, turn, window);
                if self.bench.settings.jobs > 1 {
                    let _further = self.place.as_ref().map(Place::further);
                    let (own, other) = tokio::join!(own, other);
                    both(own, other)?
                } else {
                    let own = own.await;
                    both(own, other.await)?
                }
            }
        };
        Ok(shortened(self.bench.judge(case, exchanges)))
    }

    /// One exchange of a case, and a check that the target survived it.
    pub(crate) async fn exchange(
        &self,
        index: usize,
        played: &Case,
        turn: Turn<'_>,
        window: Duration,
    ) -> Result<Record, Failed> {
        if self.is_aside {
            self.health.begin_aside(index);
            let exchange = self.bench.exchange(played, turn, window);
            return exchange.await.map_err(Failed::Connect);
        }
        let source = self.bench.sources().at();
        let again = || self.suspected(index, played, turn, window);
        let exchange = match again().await {
            Ok(exchange) => exchange,
            Err(error) if !error.hints_at_death() => return Err(Failed::Connect(error)),
            Err(_) if self.check_now().await == Pulse::Dead => {
                return Err(Failed::Died(Vec::new()));
            }
            Err(Error::Refused(_)) if self.bench.sources().at() == source => {
                self.health.was_away();
                return Err(Failed::Died(Vec::new()));
            }
            // It lives: whatever stood in the way may have passed.
            Err(_) => again().await.map_err(Failed::Connect)?,
        };
        if !hints_at_death(&exchange) {
            return Ok(exchange);
        }
        match self.check_now().await {
            Pulse::Dead => Err(Failed::Died(vec![exchange])),
            Pulse::Alive if self.bench.sources().at() == source => Ok(exchange),
            // It was our address that was not let in.
            Pulse::Alive => again().await.map_err(Failed::Connect),
        }
    }

    /// One exchange that the case is suspected for, should the target die.
    async fn suspected(
        &self,
        index: usize,
        played: &Case,
        turn: Turn<'_>,
        window: Duration,
    ) -> Result<Record, Error> {
        let _guard = self.health.begin(index).await;
        let began = Instant::now();
        let outcome = self.bench.exchange_at(self.place.as_ref(), played, turn, window).await;
        if let Ok(record) = &outcome {
            // What costs much takes its time.
            if let Some(after) = answer_us(record).filter(|_| !played.is_about_cost()) {
                self.promptness.came(Duration::from_micros(after), is_switch(record));
            }
            self.health.lived(Lived::of(index, began, record));
            if let Some(read) = record.io.iter().rfind(|io| io.kind == IoKind::Read) {
                self.health.heard(began, began + Duration::from_micros(read.at_us));
            }
        }
        match &outcome {
            // It said nothing to the target.
            Err(Error::Refused(_) | Error::TimedOut { .. }) => self.health.take_back(index),
            _ => self.health.end(index),
        }
        outcome
    }

    /// Plays a case once while nothing else is under way. `None` where it got no connection, or where the
    /// target died.
    pub(crate) async fn play_in_calm(
        &self,
        index: usize,
        attempt: u32,
        patience: Patience,
    ) -> Option<CaseResult> {
        let limit = match patience {
            Patience::Timeout => self.bench.settings.timeout,
            Patience::Window => self.bench.window(),
        };
        self.attempt(index, attempt, limit).await.ok()
    }

    /// The outcome of the control right now.
    pub(crate) async fn control_now(&self, attempt: u32) -> Option<Outcome> {
        let case = &self.plan.cases()[self.control?];
        let record = self.bench.exchange(case, self.bench.turn(case, attempt), self.bench.window());
        self.bench.judge(case, vec![record.await.ok()?]).outcome.map(|came| came.outcome)
    }

    /// Plays a case once, for what it does to the target: its result is not wanted.
    pub(crate) async fn play_once(&self, index: usize) {
        let case = &self.plan.cases()[index];
        let turn = self.bench.turn(case, AGAIN);
        let _ = self.exchange(index, case, turn, self.bench.window()).await;
    }

    /// Whether the target answers a control right now.
    pub(crate) async fn answers(&self) -> bool {
        self.answered(self.health.next_control(), Patience::Window).await.is_ok()
    }

    /// Finds out whether the target lives, after everything that happened so far.
    pub(crate) async fn check_now(&self) -> Pulse {
        self.health.check(self, Instant::now()).await
    }

    /// Whether an exchange got as far as a response head, which only HTTP has.
    pub(crate) fn has_response(record: &Record) -> bool {
        let octets = Octets::of(record);
        let transcript = Transcript::read(&octets);
        transcript.talks.iter().any(|talk| talk.statuses().next().is_some())
    }

    /// Whether it got as far as one that nothing has to follow (RFC 9110 section 15).
    fn has_final_response(record: &Record) -> bool {
        let octets = Octets::of(record);
        let transcript = Transcript::read(&octets);
        transcript.talks.iter().any(|talk| talk.finals().next().is_some())
    }
}

impl Control for Worker {
    async fn answered(&self, number: u32, patience: Patience) -> Result<(), Demise> {
        let limit = match patience {
            Patience::Timeout => self.bench.settings.timeout,
            Patience::Window => self.bench.window(),
        };
        let Some(index) = self.control else {
            let connected = self.bench.is_connectable(limit).await;
            return if connected { Ok(()) } else { Err(Demise::Refusing) };
        };
        let pulse = pulse(&self.plan.cases()[index]);
        let turn = self.bench.turn(&pulse, HEALTH_ATTEMPTS + number);
        match self.bench.exchange(&pulse, turn, limit).await {
            Ok(record) if Self::has_final_response(&record) => Ok(()),
            // Interim responses without end are as good as silence.
            Ok(record) if record.saw(IoKind::Deadline) || record.saw(IoKind::CapReached) => {
                Err(Demise::Hanging)
            }
            Ok(_) => Err(Demise::Closing),
            Err(Error::TimedOut { .. }) => Err(Demise::Hanging),
            Err(_) => Err(Demise::Refusing),
        }
    }

    async fn is_banned(&self, [there, here]: [u32; 2]) -> bool {
        let sources = self.bench.sources();
        if !sources.goes_on() {
            return false;
        }
        let is_welcome = self.answered(there, Patience::Window).await.is_ok();
        sources.goes_back();
        // A target that is back by now lets everybody in.
        let is_banned = is_welcome && self.answered(here, Patience::Window).await.is_err();
        is_banned && sources.goes_on()
    }

    fn has_been_banned(&self) -> bool {
        self.bench.sources().at() > 0
    }
}

/// Both exchanges of a pair, or what became of them; a death keeps what was recorded until then.
fn both(own: Result<Record, Failed>, other: Result<Record, Failed>) -> Result<Vec<Record>, Failed> {
    match (own, other) {
        (Ok(own), Ok(other)) => Ok(vec![own, other]),
        (Err(Failed::Died(mut own)), other) => {
            // The case's own exchange comes first; its partner's alone would be taken for it.
            if !own.is_empty() {
                own.extend(other.ok());
            }
            Err(Failed::Died(own))
        }
        (Ok(own), Err(Failed::Died(other))) => {
            Err(Failed::Died([own].into_iter().chain(other).collect()))
        }
        (Err(failed), _) | (_, Err(failed)) => Err(failed),
    }
}

/// Whether an exchange can be the target's last: reset, or over or silent without an octet.
fn hints_at_death(exchange: &Record) -> bool {
    let silent = exchange.ended_by_peer(0) || exchange.saw(IoKind::Deadline);
    exchange.saw(IoKind::Reset) || (silent && !exchange.saw(IoKind::Read))
}

/// Whether more patience may improve a result. If the control was not a switch, or the case merely
/// finds out what the target can do, an `inconclusive` stands.
fn is_worth_patience(case: &Case, result: &CaseResult, facts: &TargetFacts) -> bool {
    match result.verdict {
        Verdict::Fail | Verdict::Warn => true,
        Verdict::Inconclusive => facts.has(Need::Endpoint) && !is_control(case),
        Verdict::Error | Verdict::Pass => false,
    }
}

/// Whether an exchange was cut although octets kept coming: more of it would be no different.
fn goes_on(record: &Record) -> bool {
    Ending::of(record, 0).still_coming
}

/// The attempt of cases that are played again after a death.
const AGAIN: u32 = 998;

/// Controls that look after the target's health count their attempts from here, so that their keys
/// are not those of the control itself.
const HEALTH_ATTEMPTS: u32 = 1000;

/// Whether a case got what it wants; an end for want of patience on the other side is nothing that it wants.
fn is_in_order(result: &CaseResult) -> bool {
    let outcome = result.outcome.map(|came| came.outcome);
    let gave_up = matches!(outcome, Some(Outcome::Silent | Outcome::Closed | Outcome::Status(408)));
    result.verdict == Verdict::Pass && !gave_up
}

#[cfg(test)]
mod tests {
    use upspec_corpus::case::Over;
    use upspec_exchange::{Io, Link};
    use upspec_handshake::Party;

    use super::*;

    #[test]
    fn what_came_once_within_the_window_does_not_go_on() {
        let rows = [
            // A Close frame a little behind the 101, and no end for half a second: some wait for a whole one.
            (&[752, 7_879][..], false),
            (&[1_000, 100_000, 200_000, 300_000, 400_000, 500_000], true),
        ];
        for (reads, wanted) in rows {
            let event = |at_us, kind| Io { link: 0, at_us, kind, bytes: Vec::new() };
            let mut io: Vec<Io> = reads.iter().map(|at| event(*at, IoKind::Read)).collect();
            io.push(event(502_098, IoKind::Deadline));
            let record = Record::of(Link::plain("client", Party::Client, Over::Http1), io);
            assert_eq!(goes_on(&record), wanted, "{reads:?}");
        }
    }
}
