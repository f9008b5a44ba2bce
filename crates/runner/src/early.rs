//! Looks again at what took long while the other cases are played, since it costs time and nothing else.
//! An early look can only confirm: whatever else it shows may come of what goes on beside it, and is looked at once
//! more when that is over.

use std::collections::BTreeSet;

use tokio::task::{JoinError, JoinHandle, JoinSet};
use tokio::time::Instant;
use upspec_exchange::{IoKind, Octets, Transcript};
use upspec_handshake::Party;
use upspec_handshake::frame::opcode;
use upspec_judge::CaseResult;

use crate::again::is_answered;
use crate::bench::millis;
use crate::health::Pulse;
use crate::run::Run;
use crate::worker::{Played, Worker};

/// The early looks of a run.
#[derive(Default)]
pub(crate) struct Early {
    looks: JoinSet<Look>,
    /// The cases of those that are under way, and of those that ended because the target may be dead.
    pub(crate) under_way: BTreeSet<usize>,
    /// Completes when the control gets something else than at first.
    watched: Option<JoinHandle<()>>,
    /// How many may be under way, and how many answers had come when that became more.
    room: usize,
    since: usize,
}

/// How an early look ended.
struct Look {
    index: usize,
    end: End,
}

enum End {
    /// It shows the same.
    Confirmed(Confirmed),
    /// It shows something else, or nothing.
    Other,
    /// The target may be dead.
    Doubt,
}

/// A result that another look has confirmed.
struct Confirmed {
    result: Box<CaseResult>,
    /// What came before it and does not count.
    repeats: Vec<CaseResult>,
}

impl Run {
    /// Begins an early look at a case whose first result is open, where the target bears it.
    pub(crate) fn look_early(&mut self, index: usize, first: &CaseResult) {
        let case = &self.worker.plan.cases()[index];
        // What others say may come to anybody: a fail is confirmed beside them only where nothing came behind an answer.
        let is_fit = (self.worker.wants_patience(index, first) || is_quiet(first))
            && !case.is_about_cost()
            && !sends_messages(first);
        if !is_fit || !self.bears_early_looks() || !self.has_room_for_early() {
            return;
        }
        let Some(wanted) = self.wanted() else { return };
        if self.early.watched.is_none() {
            let worker = self.worker.clone();
            let watched = tokio::spawn(async move { is_answered(&worker, wanted, WATCHING).await });
            self.early.watched = Some(watched);
        }
        let (worker, first) = (self.worker.aside(), first.clone());
        if self.early.looks.is_empty() {
            self.early.under_way.clear();
        }
        self.early.under_way.insert(index);
        self.early.looks.spawn(async move {
            let end = tokio::select! {
                biased;
                () = worker.health.doubt() => End::Doubt,
                end = confirm(&worker, index, first) => end.map_or(End::Other, End::Confirmed),
            };
            Look { index, end }
        });
    }

    /// Whether there is room for another early look: for as many as for cases, and for twice as many each time that a
    /// row of answers has come as soon as at first beside those under way.
    fn has_room_for_early(&mut self) -> bool {
        let (early, promptness) = (&mut self.early, &self.worker.promptness);
        let (bears, came) = (self.room.for_early(), promptness.count());
        let is_full = early.looks.len() >= early.room.max(bears);
        if is_full
            && came >= early.since + A_ROW
            && promptness.is_as_at_first(self.worker.bench.answer())
        {
            early.room = (early.room.max(bears) * 2)
                .min(self.worker.bench.settings.most_watched)
                .min(MOST_EARLY);
            early.since = came;
        }
        bears > 0 && early.looks.len() < early.room.max(bears)
    }

    /// Takes the results of the early looks that are over, and ends the others where the target does not bear them.
    pub(crate) fn take_early(&mut self) {
        while let Some(joined) = self.early.looks.try_join_next() {
            self.take_look(joined);
        }
        if !self.bears_early_looks() {
            self.early.looks.abort_all();
        }
    }

    fn take_look(&mut self, joined: Result<Look, JoinError>) {
        match joined {
            Ok(Look { end: End::Doubt, .. }) => {}
            Ok(Look { index, end }) => {
                self.early.under_way.remove(&index);
                if let End::Confirmed(confirmed) = end {
                    self.take_confirmed(index, confirmed);
                }
            }
            Err(error) if error.is_cancelled() => {}
            // It is a bug, and it stays one.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    /// The open cases at which no early look is under way.
    pub(crate) fn open_and_waiting(&self) -> Vec<usize> {
        let is_aside =
            |index: &usize| !self.early.looks.is_empty() && self.early.under_way.contains(index);
        self.open.iter().copied().filter(|index| !is_aside(index)).collect()
    }

    /// Whether early looks are under way, which the target bears.
    pub(crate) fn waits_for_early(&mut self) -> bool {
        self.take_early();
        !self.early.looks.is_empty() && self.bears_early_looks()
    }

    /// Waits for the first few of the early looks, as long as the target bears them; whether others are under way.
    pub(crate) async fn await_some_early(&mut self) -> bool {
        let before = self.early.looks.len();
        while self.early.looks.len() + FEW > before
            && self.bears_early_looks()
            && let Some(joined) = self.early.looks.join_next().await
        {
            self.take_look(joined);
        }
        self.waits_for_early()
    }

    /// Waits for the early looks, as long as the target bears them.
    pub(crate) async fn await_early(&mut self) {
        while self.bears_early_looks()
            && let Some(joined) = self.early.looks.join_next().await
        {
            self.take_look(joined);
        }
        self.end_early();
    }

    /// Ends the early looks. Those that have confirmed nothing stay open.
    pub(crate) fn end_early(&mut self) {
        self.take_early();
        let early = std::mem::take(&mut self.early);
        if let Some(watched) = early.watched {
            watched.abort();
        }
    }

    fn take_confirmed(&mut self, index: usize, Confirmed { result, repeats }: Confirmed) {
        if self.open.contains(&index) && self.bears_early_looks() {
            repeats.into_iter().for_each(|repeat| self.worker.put_aside(repeat));
            self.take(index, Played::Judged(result));
        }
    }

    /// Whether the target has shown no sign yet that what goes on at once is too much for it.
    fn bears_early_looks(&self) -> bool {
        let settings = &self.worker.bench.settings;
        settings.jobs > 1
            && settings.delay.is_zero()
            && !self.ease.has_met_a_limit()
            && !self.worker.is_late()
            && self.deaths.all.is_empty()
            && !self.worker.health.is_dead()
            && !self.early.watched.as_ref().is_some_and(JoinHandle::is_finished)
    }
}

/// Plays a case again with all patience; its result where that is what it was, from a target that lives.
async fn confirm(worker: &Worker, index: usize, first: CaseResult) -> Option<Confirmed> {
    let (verdict, outcome, was_quiet) = (first.verdict, first.outcome, is_quiet(&first));
    let (began, before) = (Instant::now(), first.elapsed_ms);
    let mut repeats = Vec::new();
    let mut result = worker.further_attempts(index, first, EARLY, &mut repeats).await.ok()?;
    let is_same = result.verdict == verdict
        && result.outcome == outcome
        && was_quiet == is_quiet(&result)
        && !result.flaky;
    let lives = is_same && worker.check_now().await == Pulse::Alive;
    result.elapsed_ms = before.saturating_add(millis(began.elapsed()));
    lives.then(|| Confirmed { result: Box::new(result), repeats })
}

/// Whether the target answered at once, and then said nothing more.
fn is_quiet(result: &CaseResult) -> bool {
    let record = result.record.as_ref().filter(|record| record.saw(IoKind::Deadline));
    record.is_some_and(|record| record.io.iter().filter(|io| io.kind == IoKind::Read).count() == 1)
}

/// Whether we sent a message: some servers hand it on to everybody.
fn sends_messages(result: &CaseResult) -> bool {
    let Some(record) = &result.record else { return false };
    let octets = Octets::of(record);
    let transcript = Transcript::read(&octets);
    let ours = transcript.talks.first().and_then(|talk| talk.tunnel_octets(Party::Client));
    let first = ours.and_then(<[u8]>::first);
    first.is_some_and(|first| [opcode::TEXT, opcode::BINARY].contains(&(first & 0x0F)))
}

/// How many early looks are under way at most, after how many answers there may be more, and how many are few.
const MOST_EARLY: usize = 96;
const A_ROW: usize = 16;
const FEW: usize = 3;

/// The attempts of early looks, and those of the controls beside them, apart from all others.
const EARLY: u32 = 7000;
const WATCHING: u32 = 6500;
