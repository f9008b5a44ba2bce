//! The hunt itself: draws, plays, and hands on what fails.
//! A failure counts only once it is confirmed.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;
use tokio::time::Instant;
use upspec_corpus::Corpus;
use upspec_corpus::case::Case;
use upspec_judge::CaseResult;
use upspec_recipes::CaseName;

use super::finding::{Caught, Symptom};
use super::quarry::Quarry;
use super::state::ChaseState;
use crate::course::{Course, Second};
use crate::error::Error;
use crate::options::{Options, drawn};
use crate::part::Part;

/// A hunt under way.
pub struct Chase<Q: Quarry> {
    pub(super) quarry: Q,
    pub(super) control: Case,
    pub(super) options: Options,
    /// One finding is examined at a time.
    pub(super) exam: tokio::sync::Mutex<()>,
    notes: Mutex<Notes<Q::Drawn>>,
    pub(super) course: Course,
    events: UnboundedSender<ChaseEvent<Q::Drawn>>,
}

/// What a hunt records as it goes.
pub(super) struct Notes<D> {
    pub(super) state: ChaseState<D>,
    /// How often reactions with a symptom were examined.
    pub(super) examined: HashMap<(String, String), u32>,
    /// The ends of processes that were told.
    deaths: HashSet<String>,
    /// Why the hunt could not go on.
    gone: Option<String>,
}

/// What a hunt reports as it goes.
#[derive(Clone, Debug, PartialEq)]
pub enum ChaseEvent<D> {
    /// Something new was found.
    Found(Box<Caught<D>>),
    /// Something that the user may want to know.
    Note(String),
    /// Progress.
    Tick {
        /// Exchanges so far.
        executed: u64,
        /// Exchanges in the last second.
        per_second: u64,
        /// Findings so far.
        findings: usize,
    },
}

/// How a hunt ended.
#[derive(Clone, Debug, PartialEq)]
pub struct ChaseEnding<D> {
    /// Where a later hunt resumes.
    pub state: ChaseState<D>,
    /// How many exchanges were played, without those that confirm and shrink.
    pub executed: u64,
    /// Why it ended early: it could not be started, or no longer came through the control.
    pub gone: Option<String>,
    /// Whether it was cancelled.
    pub interrupted: bool,
    /// How long it took, without the control and discovery.
    pub elapsed: Duration,
}

impl<Q: Quarry> Chase<Q> {
    /// Hunts until its runs or its time are over, the quarry comes no more, or `cancel` completes. The rate of the
    /// options is not looked at: each exchange waits for the quarry.
    ///
    /// # Errors
    ///
    /// When the corpus has no control for the quarry.
    pub async fn run(
        quarry: Q,
        corpus: &Corpus,
        options: Options,
        state: ChaseState<Q::Drawn>,
        events: UnboundedSender<ChaseEvent<Q::Drawn>>,
        cancel: impl Future<Output = ()>,
    ) -> Result<ChaseEnding<Q::Drawn>, Error> {
        let control = corpus.case(Q::CONTROL).ok_or(Error::NoControl)?.clone();
        let jobs = options.jobs.clamp(1, quarry.most_at_once());
        let hunt = Arc::new(Self::new(quarry, control, options, state, events));
        let mut workers = JoinSet::new();
        for _ in 0..jobs {
            workers.spawn(Arc::clone(&hunt).work());
        }
        hunt.watch(&mut workers, cancel).await;
        hunt.quarry.end().await;
        let notes = hunt.notes();
        Ok(ChaseEnding {
            state: notes.state.clone(),
            executed: hunt.course.executed(),
            gone: notes.gone.clone(),
            interrupted: hunt.course.is_cancelled(),
            elapsed: hunt.course.elapsed(),
        })
    }

    fn new(
        quarry: Q,
        control: Case,
        options: Options,
        state: ChaseState<Q::Drawn>,
        events: UnboundedSender<ChaseEvent<Q::Drawn>>,
    ) -> Self {
        let end = options.time.map(|time| Instant::now() + time);
        Self {
            quarry,
            control,
            exam: tokio::sync::Mutex::new(()),
            course: Course::begin(state.part.unwrap_or(Part::WHOLE), state.next, options.runs, end),
            options,
            notes: Mutex::new(Notes {
                state,
                examined: HashMap::new(),
                deaths: HashSet::new(),
                gone: None,
            }),
            events,
        }
    }

    /// Shows how it goes until the workers are done.
    async fn watch(&self, workers: &mut JoinSet<()>, cancel: impl Future<Output = ()>) {
        let show = async |second: Second| {
            let Second { executed, per_second, .. } = second;
            let findings = self.notes().state.findings.len();
            self.tell(ChaseEvent::Tick { executed, per_second, findings });
        };
        self.course.watch(workers, cancel, show).await;
    }

    async fn work(self: Arc<Self>) {
        while let Some(number) = self.take_number() {
            let drawn: Q::Drawn = drawn(self.options.seed, number);
            let case = self.case(&drawn, ("fuzz", &number.to_string()));
            if !self.quarry.plays(&case) {
                continue;
            }
            let result = tokio::select! {
                biased;
                result = self.quarry.play(&case, 0, self.quarry.window()) => result,
                // Silence can last longer than the whole hunt may.
                () = self.course.time_is_up() => return,
            };
            self.course.played();
            match result {
                Ok(result) => {
                    self.tell_of_death(&drawn, &result);
                    for symptom in Symptom::all::<Q>(&result, self.options.least) {
                        self.examine((number, &drawn), &symptom).await;
                    }
                }
                Err(message) => return self.give_up(&message),
            }
        }
    }

    /// Says once of each kind of end that the process died: an application may panic on any error, so that it need not
    /// be a finding.
    fn tell_of_death(&self, drawn: &Q::Drawn, result: &CaseResult) {
        let Some(exit) = Symptom::death(result) else {
            return;
        };
        if self.notes().deaths.insert(exit.clone()) {
            let note = format!("the process of the {} died ({exit}) of: {drawn}", Q::ROLE);
            self.tell(ChaseEvent::Note(note));
        }
    }

    /// The number of the next exchange, unless the hunt is over.
    fn take_number(&self) -> Option<u64> {
        let number = self.course.take_number()?;
        let mut notes = self.notes();
        notes.state.next = notes.state.next.max(self.course.after(number));
        Some(number)
    }

    /// Whether even an examination under way must end.
    pub(super) fn is_late(&self) -> bool {
        self.course.is_over_since(LAST_EXAM)
    }

    /// Ends the hunt, for nothing that follows would mean anything.
    pub(super) fn give_up(&self, why: &str) {
        self.course.stop();
        self.notes().gone.get_or_insert_with(|| why.to_owned());
    }

    /// Whether the quarry still does what the control asks of it.
    pub(super) fn is_sound(&self) -> bool {
        self.notes().gone.is_none()
    }

    /// The case of what was drawn, by its topic and name.
    pub(super) fn case(&self, drawn: &Q::Drawn, name: (&str, &str)) -> Case {
        let topic = format!("user/{}/{}", Q::ROLE, name.0);
        self.quarry.case(drawn, CaseName { topic: &topic, name: name.1 })
    }

    pub(super) fn notes(&self) -> MutexGuard<'_, Notes<Q::Drawn>> {
        match self.notes.lock() {
            Ok(notes) => notes,
            // They are whole after every statement that changes them.
            Err(poisoned) => poisoned.into_inner(),
        }
    }

    pub(super) fn tell(&self, event: ChaseEvent<Q::Drawn>) {
        // Nobody listens any longer: the hunt continues for its findings.
        let _ = self.events.send(event);
    }
}

/// How long a finding may still be examined.
const LAST_EXAM: Duration = Duration::from_secs(5);
