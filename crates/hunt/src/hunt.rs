//! The hunt itself: draws, plays, and hands on what fails.
//! A failure counts only once it is confirmed.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use arbitrary::Unstructured;
use tokio::sync::RwLock;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;
use tokio::time::Instant;
use upspec_corpus::case::{Case, Need};
use upspec_corpus::{Bindings, Corpus};
use upspec_handshake::permitted::Endpoint;
use upspec_judge::{CONTROL, CaseResult, DISCOVERY};
use upspec_recipes::{CaseName, Known, Recipe};
use upspec_runner::Prober;

use crate::course::{Course, Second};
use crate::error::Error;
use crate::finding::{Finding, Kind, Symptom};
use crate::guide::Guide;
use crate::limits::Ease;
use crate::options::{Options, octets};
use crate::part::Part;
use crate::state::State;

/// A hunt under way.
pub struct Hunt {
    pub(crate) prober: RwLock<Prober>,
    pub(crate) control: Case,
    pub(crate) options: Options,
    pub(crate) known: Known,
    pub(crate) bindings: Bindings,
    pub(crate) window: Duration,
    /// One finding is examined at a time.
    pub(crate) exam: tokio::sync::Mutex<()>,
    pub(crate) notes: Mutex<Notes>,
    pub(crate) course: Course,
    events: UnboundedSender<Event>,
}

/// What a hunt records as it goes.
pub(crate) struct Notes {
    pub(crate) state: State,
    /// How often results with a symptom were examined.
    pub(crate) examined: HashMap<(String, String), u32>,
    /// The recipes that were begun since the target last answered a control, the latest last.
    pub(crate) recent: VecDeque<Numbered>,
    guide: Guide,
    /// The answer times of controls that were alone with the target.
    pub(crate) times: Vec<u64>,
    /// Deaths that no known killer explains, and those that one does.
    pub(crate) deaths: u32,
    pub(crate) known_deaths: u32,
    /// Whether the target died and was left alone.
    pub(crate) dead: bool,
    /// What the control gets in place of a switch, where that ended the hunt.
    pub(crate) shut_out: Option<u16>,
    pub(crate) ease: Ease,
    /// When the target was last looked after while nothing else was under way.
    pub(crate) checked: Option<Instant>,
}

/// A recipe with its number.
pub(crate) type Numbered = (u64, Recipe);

/// What a hunt reports as it goes.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Something new was found.
    Found(Box<Finding>),
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
pub struct Ending {
    /// Where a later hunt resumes.
    pub state: State,
    /// How many exchanges were played, without those that confirm and shrink.
    pub executed: u64,
    /// How many behaviours were seen: outcomes with their field names, endings and rough times.
    pub behaviours: usize,
    /// Whether the target died and was not started again.
    pub dead: bool,
    /// What the control got at last in place of a switch, if that ended the hunt: the target limits or bans us.
    pub shut_out: Option<u16>,
    /// Whether it was cancelled.
    pub interrupted: bool,
    /// How long it took, without the control and discovery.
    pub elapsed: Duration,
}

impl Hunt {
    /// Hunts until its runs or its time are over, the target is dead, or `cancel` completes.
    ///
    /// # Errors
    ///
    /// When the control does not show a target that switches.
    pub async fn run(
        mut prober: Prober,
        corpus: &Corpus,
        options: Options,
        state: State,
        events: UnboundedSender<Event>,
        cancel: impl Future<Output = ()>,
    ) -> Result<Ending, Error> {
        let started = Instant::now();
        // What a slow target takes to be known counts, but leaves half of the time.
        let known_by = options.time.map(|time| started + time / 2);
        let control = learn(&mut prober, corpus, known_by).await?;
        let now = Instant::now();
        let end = options.time.map(|time| (started + time).max(now + time / 2));
        let hunt = Arc::new(Self::new(prober, control, options, state, events, end));
        let mut cancel = pin!(cancel);
        hunt.course.hearing(cancel.as_mut(), hunt.check_up(None)).await;
        while !hunt.course.is_cancelled() {
            let mut workers = JoinSet::new();
            let jobs = hunt.notes().ease.most();
            for place in 0..jobs {
                workers.spawn(Arc::clone(&hunt).work(place));
            }
            hunt.watch(&mut workers, &mut cancel).await;
            // An exchange that met the target's death, or a limit, may have been the last one.
            hunt.course.hearing(cancel.as_mut(), hunt.check_up(None)).await;
            if hunt.course.is_over() || hunt.notes().ease.left() == 0 {
                break;
            }
        }
        let left = hunt.notes().ease.left();
        if left > 0 {
            hunt.tell(Event::Note(format!(
                "{left} exchanges may have met a limit, and were not played again"
            )));
        }
        hunt.prober.write().await.stop().await;
        let (state, dead, shut_out, behaviours) = {
            let notes = hunt.notes();
            (notes.state.clone(), notes.dead, notes.shut_out, notes.guide.seen())
        };
        Ok(Ending {
            state,
            executed: hunt.course.executed(),
            behaviours,
            dead,
            shut_out,
            interrupted: hunt.course.is_cancelled(),
            elapsed: hunt.course.elapsed(),
        })
    }

    fn new(
        prober: Prober,
        control: Case,
        options: Options,
        state: State,
        events: UnboundedSender<Event>,
        end: Option<Instant>,
    ) -> Self {
        let facts = prober.facts();
        let known = Known {
            endpoint: Endpoint {
                switches: true,
                negotiates_subprotocols: !facts.subprotocols.is_empty(),
                negotiates_extensions: facts.has(Need::PermessageDeflate),
            },
            http2: facts.has(Need::Http2),
            resource: facts.has(Need::Http2Resource),
            announces: facts.has(Need::ExtendedConnect),
            tunnels: facts.has(Need::Http2Endpoint),
            plain: facts.has(Need::PlainResource),
            pongs: facts.has(Need::Pong),
            echoes: facts.has(Need::Echo),
            subprotocols: facts.subprotocols.clone(),
        };
        let ease = Ease::new(options.jobs, options.rate);
        Self {
            known,
            bindings: prober.bindings(),
            window: Duration::from_millis(facts.window_ms),
            prober: RwLock::new(prober),
            control,
            exam: tokio::sync::Mutex::new(()),
            course: Course::begin(state.part.unwrap_or(Part::WHOLE), state.next, options.runs, end),
            options,
            notes: Mutex::new(Notes {
                state,
                examined: HashMap::new(),
                recent: VecDeque::new(),
                guide: Guide::default(),
                times: Vec::new(),
                deaths: 0,
                known_deaths: 0,
                dead: false,
                shut_out: None,
                ease,
                checked: None,
            }),
            events,
        }
    }

    /// Shows how it goes and looks after the target until the workers are done.
    async fn watch(&self, workers: &mut JoinSet<()>, cancel: impl Future<Output = ()>) {
        let show = async |second: Second| {
            let Second { executed, per_second, number } = second;
            let findings = self.notes().state.findings.len();
            self.tell(Event::Tick { executed, per_second, findings });
            if number.is_multiple_of(BETWEEN_CHECKS) {
                self.check_up(None).await;
            }
        };
        self.course.watch(workers, cancel, show).await;
    }

    /// Plays one exchange after the other, as long as so many may be under way at once.
    async fn work(self: Arc<Self>, place: usize) {
        while let Some((number, recipe)) = self.next(place) {
            self.wait_for_turn().await;
            self.remember(number, &recipe);
            let name = number.to_string();
            let outcome = tokio::select! {
                biased;
                outcome = self.play(&recipe, ("fuzz", &name), 0, self.window) => outcome,
                // Silence can last longer than the whole hunt may.
                () = self.course.time_is_up() => return,
            };
            self.course.played();
            match outcome {
                Ok(result) => {
                    self.notice(&recipe, &result);
                    self.look_for_limits(&result).await;
                    for symptom in Symptom::shown_by(&recipe, &result, self.options.least) {
                        self.examine((number, &recipe), &symptom).await;
                    }
                }
                Err(_) => self.look().await,
            }
        }
    }

    /// What is played next, unless the hunt is over, or fewer may be under way. What includes a killer is not.
    fn next(&self, place: usize) -> Option<Numbered> {
        loop {
            let again = {
                let mut notes = self.notes();
                if place >= notes.ease.most() || self.course.is_over() {
                    return None;
                }
                notes.ease.take_again()
            };
            let (number, recipe) = match again {
                Some(again) => again,
                None => {
                    let number = self.take_number()?;
                    (number, self.draw(number))
                }
            };
            if !self.notes().state.findings.iter().any(|known| known.is_killer_in(&recipe)) {
                return Some((number, recipe));
            }
        }
    }

    /// The number of the next recipe, unless the hunt is over.
    fn take_number(&self) -> Option<u64> {
        let number = self.course.take_number()?;
        let mut notes = self.notes();
        notes.state.next = notes.state.next.max(self.course.after(number));
        Some(number)
    }

    /// Plays a recipe and has it judged.
    pub(crate) async fn play(
        &self,
        recipe: &Recipe,
        name: (&str, &str),
        attempt: u32,
        window: Duration,
    ) -> Result<CaseResult, upspec_runner::Error> {
        let case = self.case(recipe, name);
        self.prober.read().await.play(&case, attempt, window).await
    }

    /// The case of a recipe, by its topic and name.
    pub(crate) fn case(&self, recipe: &Recipe, name: (&str, &str)) -> Case {
        let topic = format!("user/server/{}", name.0);
        let name = CaseName { topic: &topic, name: name.1 };
        recipe.case(name, &self.known, &self.bindings)
    }

    /// The recipe with this number, or one near what has shown something new.
    fn draw(&self, number: u64) -> Recipe {
        let octets = octets(self.options.seed, number);
        let mut octets = Unstructured::new(&octets);
        let near = match self.options.guided {
            true => self.notes().guide.near(&mut octets, &self.known).unwrap_or_default(),
            false => None,
        };
        near.unwrap_or_else(|| Recipe::near(&mut octets, &self.known).unwrap_or_default())
    }

    fn notice(&self, recipe: &Recipe, result: &CaseResult) {
        let outcome = result.outcome.map(|came| came.to_string()).unwrap_or_default();
        if let Some(record) = &result.record {
            self.notes().guide.notice(recipe, outcome, record);
        }
    }

    fn remember(&self, number: u64, recipe: &Recipe) {
        let mut notes = self.notes();
        if notes.recent.len() == MOST_RECENT {
            notes.recent.pop_front();
        }
        notes.recent.push_back((number, recipe.clone()));
    }

    pub(crate) fn notes(&self) -> MutexGuard<'_, Notes> {
        match self.notes.lock() {
            Ok(notes) => notes,
            // They are whole after every statement that changes them.
            Err(poisoned) => poisoned.into_inner(),
        }
    }

    pub(crate) fn tell(&self, event: Event) {
        // Nobody listens any longer: the hunt continues for its findings.
        let _ = self.events.send(event);
    }

    /// Adds a finding.
    pub(crate) fn add(&self, finding: Finding) {
        self.notes().state.findings.push(finding.clone());
        self.tell(Event::Found(Box::new(finding.clone())));
        if self.options.until_found && finding.kind != Kind::Slower {
            self.course.stop();
        }
    }
}

/// Plays the control and, as long as there is time, the discovery cases; the control.
async fn learn(
    prober: &mut Prober,
    corpus: &Corpus,
    until: Option<Instant>,
) -> Result<Case, Error> {
    let control = corpus.case(CONTROL).ok_or(Error::NoControl)?.clone();
    let result = prober.learn(&control, 0).await?;
    if !prober.facts().has(Need::Endpoint) {
        let met = result.record.as_ref().map(|record| prober.met(record));
        return Err(Error::NotSwitched(met.unwrap_or_default()));
    }
    let discovery = corpus.cases.iter();
    for case in discovery.filter(|case| case.id.starts_with(DISCOVERY) && case.id != CONTROL) {
        if until.is_some_and(|until| Instant::now() >= until) {
            break;
        }
        prober.learn(case, 0).await?;
    }
    Ok(control)
}

/// After how many seconds the target is looked after when nothing looks suspicious.
const BETWEEN_CHECKS: u32 = 5;
/// How many recipes can be suspected of a death.
const MOST_RECENT: usize = 512;
