//! Brings one case to its result: its exchanges, the look whether the target survived them, and the
//! attempts it takes until the result stands.
//! Compares the verdicts that the judge gives, and gives none.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;
use upspec_corpus::Registry;
use upspec_corpus::case::Case;
use upspec_exchange::{IoKind, Octets, Record, Transcript};
use upspec_judge::{CaseResult, Reason, TargetFacts, Verdict, judge, not_played};

use crate::bindings::Turn;
use crate::connect::{ConnectError, Connector, Opening};
use crate::event::Event;
use crate::health::{Control, Health, Patience, Pulse};
use crate::plan::{Plan, is_control};
use crate::prober::Bench;
use crate::settings::Settings;
use crate::target::Target;

/// What the exchanges of a run share.
pub(crate) struct Context {
    pub(crate) plan: Arc<Plan>,
    pub(crate) target: Arc<Target>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) requirements: Arc<Registry>,
    pub(crate) connector: Connector,
    /// The case that every target of this kind answers.
    pub(crate) control: Option<usize>,
    pub(crate) health: Health,
    pub(crate) events: UnboundedSender<Event>,
    /// How long silence is waited for: the facts' window, for controls that nobody judges.
    pub(crate) window_ms: AtomicU64,
}

/// What became of a case.
pub(crate) enum Settled {
    /// It has its result.
    Judged(Box<CaseResult>),
    /// The target died; these are the exchanges up to then.
    Lost(Vec<Record>),
}

/// Why an attempt came to no result.
enum Failed {
    Connect(ConnectError),
    Died(Vec<Record>),
}

impl Context {
    /// Plays a case until its result stands. One that rests on silence is played again with the full
    /// timeout, a `fail` is played again as often as the settings ask for; when a retry disagrees the
    /// first result is kept and marked as flaky.
    pub(crate) async fn settle(&self, index: usize, facts: &TargetFacts) -> Settled {
        let begun = Instant::now();
        let case = &self.plan.cases()[index];
        let mut settled = match self.stand(index, facts).await {
            Ok(result) => result,
            Err(Failed::Died(exchanges)) => return Settled::Lost(exchanges),
            Err(Failed::Connect(error)) => {
                let message = error.to_string();
                not_played(case, Reason::Connect, &message, &self.requirements)
            }
        };
        settled.elapsed_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        Settled::Judged(Box::new(settled))
    }

    async fn stand(&self, index: usize, facts: &TargetFacts) -> Result<CaseResult, Failed> {
        let timeout = self.settings.timeout;
        let mut window = Duration::from_millis(facts.window_ms);
        let mut retries = self.settings.retries;
        let mut attempt = 0;
        let mut result = self.attempt(index, facts, attempt, window).await?;
        let case = &self.plan.cases()[index];
        if window < timeout
            && patience_may_pay(case, &result, facts)
            && result.aside.rests_on_silence
        {
            window = timeout;
            attempt += 1;
            let patient = self.attempt(index, facts, attempt, window).await?;
            if patient.verdict == result.verdict {
                retries = retries.saturating_sub(1);
            }
            // The first wait was too short to mean anything, so a difference is not flakiness.
            self.repeated(std::mem::replace(&mut result, patient));
        }
        while result.verdict == Verdict::Fail && !result.flaky && retries > 0 {
            retries -= 1;
            attempt += 1;
            match self.attempt(index, facts, attempt, window).await {
                Ok(again) => {
                    result.flaky = again.verdict != result.verdict;
                    self.repeated(again);
                }
                Err(Failed::Connect(_)) => break,
                Err(died) => return Err(died),
            }
        }
        Ok(result)
    }

    /// Hands on a result that another one of the same case replaces.
    pub(crate) fn repeated(&self, result: CaseResult) {
        let _ = self.events.send(Event::Repeated(Box::new(result)));
    }

    /// Plays a case once, with its partner if it has one, and has it judged. The two are played at the
    /// same time, since silence takes long, unless one connection at a time is all that is wanted.
    async fn attempt(
        &self,
        index: usize,
        facts: &TargetFacts,
        attempt: u32,
        window: Duration,
    ) -> Result<CaseResult, Failed> {
        let case = &self.plan.cases()[index];
        let turn =
            |connection| Turn { seed: self.settings.seed, case: &case.id, attempt, connection };
        let own = self.connection(index, case, facts, turn(0), window);
        let exchanges = match self.plan.partner(case) {
            None => vec![own.await?],
            Some(partner) => {
                let other = self.connection(index, partner, facts, turn(1), window);
                if self.settings.jobs > 1 {
                    let (own, other) = tokio::join!(own, other);
                    both(own, other)?
                } else {
                    let own = own.await;
                    both(own, other.await)?
                }
            }
        };
        Ok(judged(case, exchanges, &self.requirements))
    }

    /// One connection of a case, and the look whether the target has survived it.
    async fn connection(
        &self,
        index: usize,
        played: &Case,
        facts: &TargetFacts,
        turn: Turn<'_>,
        window: Duration,
    ) -> Result<Record, Failed> {
        let exchange = match self.guarded(index, played, facts, turn, window).await {
            Ok(exchange) => exchange,
            Err(error) if !error.hints_at_death() => return Err(Failed::Connect(error)),
            Err(_) if self.check_now().await == Pulse::Dead => {
                return Err(Failed::Died(Vec::new()));
            }
            // It lives: whatever stood in the way may have passed.
            Err(_) => {
                self.guarded(index, played, facts, turn, window).await.map_err(Failed::Connect)?
            }
        };
        if hints_at_death(&exchange) && self.check_now().await == Pulse::Dead {
            return Err(Failed::Died(vec![exchange]));
        }
        Ok(exchange)
    }

    /// Finds out whether the target lives, after all that happened up to now.
    pub(crate) async fn check_now(&self) -> Pulse {
        self.health.check(self, Instant::now()).await
    }

    /// One exchange that health knows of.
    async fn guarded(
        &self,
        index: usize,
        played: &Case,
        facts: &TargetFacts,
        turn: Turn<'_>,
        window: Duration,
    ) -> Result<Record, ConnectError> {
        let _guard = self.health.begin(index).await;
        let outcome = self.exchange(played, facts, turn, window).await;
        self.health.end(index);
        outcome
    }

    /// Plays the steps of a case on a connection of their own.
    pub(crate) async fn exchange(
        &self,
        case: &Case,
        facts: &TargetFacts,
        turn: Turn<'_>,
        window: Duration,
    ) -> Result<Record, ConnectError> {
        let bench =
            Bench { connector: &self.connector, target: &self.target, settings: &self.settings };
        bench.exchange(case, facts, turn, window).await
    }

    /// Whether an exchange got as far as a response head, which only HTTP has.
    pub(crate) fn has_response(&self, record: &Record) -> bool {
        let octets = Octets::of(record);
        Transcript::read(&octets).talks.iter().any(|talk| talk.statuses().next().is_some())
    }
}

impl Control for Context {
    async fn is_answered(&self, number: u32, patience: Patience) -> bool {
        let limit = match patience {
            Patience::Timeout => self.settings.timeout,
            Patience::Window => Duration::from_millis(self.window_ms.load(Ordering::Relaxed)),
        };
        let Some(index) = self.control else {
            let any = Opening::AsTarget { alpn: &[] };
            return self.connector.open(any, limit).await.is_ok();
        };
        let case = &self.plan.cases()[index];
        let attempt = HEALTH_ATTEMPTS + number;
        let turn = Turn { seed: self.settings.seed, case: &case.id, attempt, connection: 0 };
        match self.exchange(case, &TargetFacts::default(), turn, limit).await {
            Ok(exchange) => self.has_response(&exchange),
            Err(_) => false,
        }
    }
}

/// Judges what was recorded of a case: its own exchange first, then that of the case of `same-as`.
pub(crate) fn judged(case: &Case, records: Vec<Record>, registry: &Registry) -> CaseResult {
    let mut records = records.into_iter();
    judge(case, records.next(), records.next(), registry)
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

/// Whether more patience may pay: where the control was no switch, and in what merely finds out what
/// the target can do, an `inconclusive` is taken as it is.
fn patience_may_pay(case: &Case, result: &CaseResult, facts: &TargetFacts) -> bool {
    match result.verdict {
        Verdict::Fail | Verdict::Warn => true,
        Verdict::Inconclusive => facts.endpoint == Some(true) && !is_control(case),
        Verdict::Error | Verdict::Pass => false,
    }
}

/// Controls that look after the target's health count their attempts from here, so that their keys
/// are not those of the control itself.
const HEALTH_ATTEMPTS: u32 = 1000;
