//! Bears with a target that limits what it serves, or bans who sends bad requests: asks it more gently, goes on from
//! another address, and plays again what a limit may have spoilt. Accuses nobody of a limit.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};
use upspec_corpus::case::Outcome;
use upspec_judge::CaseResult;
use upspec_runner::{FORBIDDEN, Prober, may_be_a_limit};

use crate::health::{CONTROL_ATTEMPT, PAUSES};
use crate::hunt::{Event, Hunt, Numbered};

/// How gently the target is asked.
#[derive(Debug)]
pub(crate) struct Ease {
    /// How many exchanges are under way at once.
    most: usize,
    /// The least time from the beginning of one exchange to that of the next.
    gap: Duration,
    /// When the next exchange may begin.
    next: Instant,
    /// How often it was slowed down.
    steps: usize,
    /// When the target was last looked at because of what an exchange met.
    looked: Option<Instant>,
    /// What is played again.
    again: VecDeque<Numbered>,
    /// How often something was played again.
    replays: usize,
    /// Whether it was told that another address is used.
    moved: bool,
    /// How often nobody was let in for a while.
    outages: u32,
}

/// What the control shows of a target that nobody else talks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It switches; whether it refused that more often than by chance before.
    Sound { refused: bool },
    /// It answers with another status.
    Refuses(u16),
    /// It ends the connections.
    Ends,
    /// It lets no connection in.
    Shut,
    /// It does not answer.
    Silent,
}

impl Ease {
    /// With so many exchanges at once, and so many a second at most.
    pub(crate) fn new(jobs: usize, rate: Option<u32>) -> Self {
        Self {
            most: jobs.max(1),
            gap: rate.map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate.max(1)),
            next: Instant::now(),
            steps: 0,
            looked: None,
            again: VecDeque::new(),
            replays: 0,
            moved: false,
            outages: 0,
        }
    }

    /// How many exchanges may be under way at once.
    pub(crate) fn most(&self) -> usize {
        self.most
    }

    /// What is to be played again.
    pub(crate) fn take_again(&mut self) -> Option<Numbered> {
        self.again.pop_front()
    }

    /// How much is to be played again.
    pub(crate) fn left(&self) -> usize {
        self.again.len()
    }

    /// Has these played again, unless that was done too often.
    pub(crate) fn play_again(&mut self, spoilt: impl ExactSizeIterator<Item = Numbered>) {
        self.replays += spoilt.len();
        if self.replays <= MOST_REPLAYS {
            self.again.extend(spoilt);
        }
    }

    /// Whether one more time without anybody let in may be a limit: asked gently enough, no limit does that again.
    pub(crate) fn bears_another_outage(&mut self) -> bool {
        self.outages += 1;
        self.outages <= MOST_OUTAGES
    }

    /// When the next exchange begins, if that is not at once.
    fn turn(&mut self) -> Option<Instant> {
        if self.gap.is_zero() {
            return None;
        }
        let turn = self.next.max(Instant::now());
        self.next = turn + self.gap;
        Some(turn)
    }

    /// Whether it is time to look at the target again.
    fn is_due(&mut self) -> bool {
        let now = Instant::now();
        let due = self.looked.is_none_or(|looked| now >= looked + BETWEEN_LOOKS);
        if due {
            self.looked = Some(now);
        }
        due
    }

    /// Whether it can be asked more gently, which it is from now on.
    fn step(&mut self) -> bool {
        let Some(gap) = GAPS.get(self.steps) else { return false };
        self.steps += 1;
        self.gap = self.gap.max(*gap);
        self.most = (self.most / FEWER).max(1);
        true
    }
}

impl Hunt {
    /// Waits until the next exchange may begin.
    pub(crate) async fn wait_for_turn(&self) {
        let turn = self.notes().ease.turn();
        if let Some(turn) = turn {
            sleep_until(turn).await;
        }
    }

    /// After what a limit may have sent: finds out whether the control meets it as well.
    pub(crate) async fn look_for_limits(&self, result: &CaseResult) {
        let met = result.outcome.is_some_and(|came| may_be_a_limit(came.outcome));
        if met && self.notes().ease.is_due() {
            self.look().await;
        }
    }

    /// Sees to the target if its control is not answered beside the others.
    pub(crate) async fn look(&self) {
        let now = Instant::now();
        if !self.course.is_over() && !self.is_answered().await {
            self.check_up(Some(now)).await;
        }
    }

    /// What comes of several controls in about a second, while nobody else talks to the target.
    pub(crate) async fn standing(&self, prober: &mut Prober) -> Standing {
        let patience = prober.settings().timeout;
        let (mut standing, mut said, mut refusals) = (Standing::Silent, None, 0);
        for pause in PAUSES {
            sleep(pause).await;
            let played = prober.play(&self.control, CONTROL_ATTEMPT, patience).await;
            standing = match &played {
                Ok(result) => match result.outcome.map(|came| came.outcome) {
                    Some(Outcome::Status(101)) => {
                        prober.keep(&self.control, result);
                        return Standing::Sound { refused: refusals > 1 };
                    }
                    Some(Outcome::Status(status)) => {
                        said = Some(status);
                        Standing::Refuses(status)
                    }
                    Some(Outcome::Silent) | None => Standing::Silent,
                    Some(_) => Standing::Ends,
                },
                Err(upspec_runner::Error::TimedOut { .. }) => Standing::Silent,
                Err(_) => Standing::Shut,
            };
            // Who refuses the connection itself may be dying, which is no limit.
            refusals += u32::from(played.is_ok() && standing != Standing::Silent);
        }
        // Who has answered lives.
        said.map_or(standing, Standing::Refuses)
    }

    /// The target is in order, and does not serve all that it is asked for.
    pub(crate) fn ask_more_gently(&self) {
        let stepped = {
            let mut notes = self.notes();
            let notes = &mut *notes;
            notes.ease.play_again(notes.recent.drain(..));
            notes.ease.step()
        };
        if stepped {
            self.tell(Event::Note(
                "the target limits what it serves; it is asked more gently from here on".to_owned(),
            ));
        }
    }

    /// Nothing but refusals comes: a limit that passes, a ban, or the end of the hunt.
    pub(crate) async fn bear_refusals(&self, prober: &mut Prober, status: u16) {
        if Outcome::Status(status) == FORBIDDEN && self.goes_elsewhere(prober).await {
            return;
        }
        self.ask_more_gently();
        if !self.settles(prober).await && !self.goes_elsewhere(prober).await {
            self.notes().shut_out = Some(status);
            self.course.stop();
        }
    }

    /// Whether the control gets its switch once a limit has forgotten what was before.
    pub(crate) async fn settles(&self, prober: &Prober) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < self.patience_with_limits() {
            sleep(SETTLING).await;
            if prober.switches(&self.control, CONTROL_ATTEMPT).await {
                return true;
            }
        }
        false
    }

    fn patience_with_limits(&self) -> Duration {
        if self.course.is_cancelled() {
            Duration::ZERO
        } else if self.course.is_over() {
            LAST_SETTLING
        } else {
            MOST_SETTLING
        }
    }

    /// Goes on from another of our addresses, where the target lets that in.
    pub(crate) async fn goes_elsewhere(&self, prober: &Prober) -> bool {
        if !prober.is_let_in_elsewhere(&self.control, CONTROL_ATTEMPT).await {
            return false;
        }
        let is_first = {
            let mut notes = self.notes();
            let notes = &mut *notes;
            notes.ease.play_again(notes.recent.drain(..));
            !std::mem::replace(&mut notes.ease.moved, true)
        };
        if is_first {
            self.tell(Event::Note(
                "the target bans who sends bad requests; the hunt goes on from another address"
                    .to_owned(),
            ));
        }
        true
    }
}

/// The least time from one exchange to the next, step for step: the last is less than many limits.
const GAPS: [Duration; 3] =
    [Duration::from_millis(10), Duration::from_millis(30), Duration::from_millis(90)];
/// The part of the exchanges at once that is left at a step.
const FEWER: usize = 4;
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);
/// How often nobody may be let in for a while.
const MOST_OUTAGES: u32 = 4;
/// How much is played again at most.
const MOST_REPLAYS: usize = 10_000;
/// How long a limit may remember what was before, and how often to look.
const MOST_SETTLING: Duration = Duration::from_secs(15);
/// The same once the hunt is over.
const LAST_SETTLING: Duration = Duration::from_secs(3);
const SETTLING: Duration = Duration::from_millis(500);
