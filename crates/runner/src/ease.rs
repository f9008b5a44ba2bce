//! Slows down where a target limits what it serves: a limit on rates, on connections at once. Goes on from another
//! address where it bans who sends bad requests.
//! What met the limit is played again; `calm` has what is left at the end.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use upspec_corpus::case::Outcome;
use upspec_judge::{CaseResult, Reason};

use crate::run::Run;

/// How gently a target is treated.
#[derive(Default)]
pub(crate) struct Ease {
    /// The least time from the beginning of one case to that of the next.
    pub(crate) pace: Duration,
    /// When the next case may begin.
    pub(crate) next: Option<Instant>,
    /// How many cases are played at once at most, where the target limits that.
    most: Option<usize>,
    /// How often it was slowed down.
    steps: u32,
    /// When the control may be asked again, and how much later after that.
    looks: Option<(Instant, Duration)>,
    /// How many controls were asked, so that each has its own nonces.
    asked: u32,
    /// How often another address was of no use.
    futile: u32,
}

/// What a target refuses that is asked for too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limit {
    /// It says so (RFC 6585 section 4, RFC 9110 section 15.6.4).
    Rate,
    /// It ends the connection.
    Connections,
}

/// What was done about a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Eased {
    /// The target is asked more gently.
    Slower,
    /// It is asked from another address.
    Elsewhere,
}

impl Eased {
    /// Whether a result is worth another try for it.
    pub(crate) fn concerns(self, result: &CaseResult) -> bool {
        match self {
            Self::Slower => meets_a_limit(result),
            Self::Elsewhere => meets_a_limit(result) || is_forbidden(result),
        }
    }
}

impl Ease {
    /// As gentle as the user asks for.
    pub(crate) fn with_pace(pace: Duration) -> Self {
        Self { pace, ..Self::default() }
    }

    /// How many cases are played at once, where so many were wanted.
    pub(crate) fn jobs(&self, wanted: usize) -> usize {
        self.most.map_or(wanted, |most| most.min(wanted))
    }

    /// Whether a limit was met, which may have spoilt results that do not show it.
    pub(crate) fn has_met_a_limit(&self) -> bool {
        self.steps > 0
    }

    /// Whether it is time to look at the control, after a result that a limit would explain.
    fn is_due(&mut self, forbidden: bool) -> bool {
        let now = Instant::now();
        let (from, pause) = self.looks.unwrap_or((now, FIRST_PAUSE));
        if now < from || self.steps == MOST_STEPS && !forbidden {
            return false;
        }
        self.looks = Some((now + pause, (pause * 2).min(LAST_PAUSE)));
        true
    }

    fn step(&mut self, limit: Limit, jobs: usize) {
        self.steps += 1;
        self.looks = None;
        match limit {
            Limit::Rate if self.pace < PACE => self.pace = PACE,
            // Some say so of connections at once.
            _ if self.most.is_none() => self.most = Some((jobs / FEWER).max(1)),
            Limit::Rate => self.pace *= 2,
            Limit::Connections => self.most = self.most.map(|most| (most / FEWER).max(1)),
        }
    }
}

impl Run {
    /// After the result of a case: what was done because the target refuses the control as well, so that what met the
    /// limit is worth another try.
    pub(crate) async fn eases(&mut self, index: usize, jobs: usize) -> Option<Eased> {
        let result = self.results.result(index)?;
        let forbidden = is_forbidden(result);
        let met = forbidden || meets_a_limit(result);
        if !met || self.worker.health.is_dead() || !self.ease.is_due(forbidden) {
            return None;
        }
        let first = self.worker.control.and_then(|control| self.results.result(control))?;
        let wanted = first.outcome.map(|came| came.outcome)?;
        let mut came = wanted;
        // One connection may be lost by chance.
        for _ in 0..SURE {
            came = self.refuses_control(wanted).await?;
        }
        // Who lets nobody in from our address (RFC 9110 section 15.5.4) does not let in who waits.
        let is_ban = came == FORBIDDEN || self.worker.bench.sources().at() > 0;
        if is_ban && self.moves_on(wanted).await {
            return Some(Eased::Elsewhere);
        }
        let limit = limit_of(came)?;
        let before = (self.ease.pace, self.ease.most, self.ease.steps);
        self.ease.step(limit, jobs);
        self.results.note("the target limits what it serves; it is asked more gently from here on");
        let until = Instant::now() + MOST_SETTLING;
        while Instant::now() < until {
            sleep(SETTLING).await;
            if self.refuses_control(wanted).await.is_none() {
                return Some(Eased::Slower);
            }
        }
        // What does not pass is a ban, which no pace prevents.
        if self.moves_on(wanted).await {
            (self.ease.pace, self.ease.most, self.ease.steps) = before;
            return Some(Eased::Elsewhere);
        }
        Some(Eased::Slower)
    }

    /// Goes on from the next of our addresses, if the control gets there what it got at first.
    pub(crate) async fn moves_on(&mut self, wanted: Outcome) -> bool {
        let bench = Arc::clone(&self.worker.bench);
        if self.ease.futile == SURE || !bench.sources().goes_on() {
            return false;
        }
        for _ in 0..SURE {
            self.ease.asked += 1;
            if self.worker.control_now(EASE + self.ease.asked).await == Some(wanted) {
                self.ease.looks = None;
                return true;
            }
        }
        bench.sources().goes_back();
        self.ease.futile += 1;
        false
    }

    /// What the control gets right now in place of what it got at first, where a limit or a ban explains it.
    async fn refuses_control(&mut self, wanted: Outcome) -> Option<Outcome> {
        self.ease.asked += 1;
        let came = self.worker.control_now(EASE + self.ease.asked).await;
        came.filter(|came| *came != wanted && may_be_a_limit(*came))
    }
}

/// Whether a result is what a limit makes of a case.
fn meets_a_limit(result: &CaseResult) -> bool {
    let is_limit = result.outcome.is_some_and(|came| limit_of(came.outcome).is_some());
    result.death.is_none()
        && (is_limit || matches!(result.reason, Some(Reason::Busy | Reason::Connect)))
}

fn is_forbidden(result: &CaseResult) -> bool {
    result.outcome.is_some_and(|came| came.outcome == FORBIDDEN)
}

/// Whether a limit on rates or connections, or a ban, may have sent this; others do, too.
#[must_use]
pub fn may_be_a_limit(outcome: Outcome) -> bool {
    outcome == FORBIDDEN || limit_of(outcome).is_some()
}

fn limit_of(outcome: Outcome) -> Option<Limit> {
    match outcome {
        Outcome::Status(429 | 503) => Some(Limit::Rate),
        Outcome::Closed => Some(Limit::Connections),
        _ => None,
    }
}

/// What a ban answers (RFC 9110, section 15.5.4).
pub const FORBIDDEN: Outcome = Outcome::Status(403);
/// How many controls in a row are refused where there is a limit.
const SURE: u32 = 2;
/// How often a target is slowed down.
const MOST_STEPS: u32 = 3;
/// At this pace a whole run takes less than half a minute.
const PACE: Duration = Duration::from_millis(30);
/// The part of the cases at once that is left at a step.
const FEWER: usize = 4;
/// The time from one look at the control to the next, first and at last.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(2);
/// How long a limit on rates may remember what was before, and how often to look.
const MOST_SETTLING: Duration = Duration::from_secs(2);
const SETTLING: Duration = Duration::from_millis(200);
/// The attempts of these controls, apart from all others.
const EASE: u32 = 4000;
