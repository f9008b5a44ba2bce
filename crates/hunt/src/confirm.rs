//! Examines a result that did not pass: does it recur, with controls in between, and what is the
//! smallest recipe that still shows it? A finding that did not recur is not written.

use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;
use upspec_corpus::case::Case;
use upspec_corpus::case_file;
use upspec_judge::CaseResult;
use upspec_recipes::Recipe;

use crate::finding::{Finding, Kind, Symptom, case_topic};
use crate::hunt::{Event, Hunt};

/// What another play of an exchange says of its symptom.
enum Again {
    /// It is there, in these words.
    Shown(Symptom),
    Not,
    /// The controls around it did not get their switch, so that it says nothing.
    Spoilt,
}

impl Hunt {
    /// Counts a result that is like a known one, and examines any other.
    pub(crate) async fn examine(&self, (number, recipe): (u64, &Recipe), symptom: &Symptom) {
        if self.count_known(recipe, symptom) {
            return;
        }
        let _one_at_a_time = self.exam.lock().await;
        // Once the hunt is over only the very first finding is still worth its time.
        let found = !self.notes().state.findings.is_empty();
        let is_over = found && self.course.is_over() || self.is_late();
        if self.count_known(recipe, symptom) || is_over {
            return;
        }
        *self.notes().examined.entry(symptom.key()).or_default() += 1;
        let Some(symptom) = self.comes_again(recipe, symptom).await else {
            return;
        };
        if self.course.is_over() {
            // There is no time to make it smaller, and none to lose it.
            return self.record((number, recipe), &symptom);
        }
        let smallest = self.shrink(recipe, &symptom).await;
        if smallest == *recipe {
            return self.record((number, recipe), &symptom);
        }
        match self.comes_again(&smallest, &symptom).await {
            Some(again) => self.record((number, &smallest), &again),
            None => self.record((number, recipe), &symptom),
        }
    }

    /// Counts a result that is like a known one or was examined often enough; returns whether it did.
    fn count_known(&self, recipe: &Recipe, symptom: &Symptom) -> bool {
        let key = symptom.key();
        // What is left at the end is examined only if nothing like it is known.
        let over = self.course.is_over();
        let mut notes = self.notes();
        let enough = notes.examined.get(&key).is_some_and(|times| *times >= MOST_EXAMS);
        let known = notes.state.findings.iter_mut().find(|known| {
            known.kind == Kind::Violation
                && symptom.is_like(&known.requirement, &known.label)
                && (enough || over || known.is_shown_by(recipe))
        });
        match known {
            Some(known) => {
                known.count += 1;
                true
            }
            None => enough,
        }
    }

    /// Whether even an examination under way must end.
    fn is_late(&self) -> bool {
        self.course.is_late_by(LAST_EXAM)
    }

    /// What comes again in two plays out of three, while the controls between them are answered.
    async fn comes_again(&self, recipe: &Recipe, symptom: &Symptom) -> Option<Symptom> {
        let (mut seen, mut latest) = (0, None);
        for attempt in 1..=TRIES {
            if self.is_late() {
                return None;
            }
            let now = Instant::now();
            if !self.is_answered().await {
                self.check_up(Some(now)).await;
                self.forget_examination(symptom);
                return None;
            }
            let again = match self.shows(recipe, attempt, symptom, self.patience()).await {
                Again::Shown(again) => Some(again),
                Again::Not => None,
                Again::Spoilt => {
                    self.forget_examination(symptom);
                    return None;
                }
            };
            seen += u32::from(again.is_some());
            latest = again.or(latest);
            if seen == ENOUGH || attempt - seen > TRIES - ENOUGH {
                break;
            }
        }
        let stands = seen >= ENOUGH && self.is_answered().await;
        latest.filter(|_| stands)
    }

    /// It was not the exchange that did not come again.
    fn forget_examination(&self, symptom: &Symptom) {
        if let Some(times) = self.notes().examined.get_mut(&symptom.key()) {
            *times = times.saturating_sub(1);
        }
    }

    /// The smallest recipe on the way down that shows the same.
    async fn shrink(&self, recipe: &Recipe, symptom: &Symptom) -> Recipe {
        let until = Instant::now() + MOST_TIME;
        let mut best = recipe.clone();
        let mut plays = 0;
        'smaller: loop {
            for candidate in best.simpler() {
                plays += 1;
                if self.course.is_over() || plays > MOST_PLAYS || Instant::now() >= until {
                    break 'smaller;
                }
                let again = self.shows(&candidate, plays, symptom, self.window).await;
                if let Again::Shown(_) = again {
                    best = candidate;
                    continue 'smaller;
                }
            }
            break;
        }
        best
    }

    async fn shows(
        &self,
        recipe: &Recipe,
        attempt: u32,
        symptom: &Symptom,
        window: Duration,
    ) -> Again {
        let case = self.case(recipe, ("confirm", "one"));
        let result = if symptom.may_be_a_limit() {
            let Some(result) = self.play_alone(&case, attempt, window).await else {
                return Again::Spoilt;
            };
            Some(result)
        } else {
            self.prober.read().await.play(&case, attempt, window).await.ok()
        };
        let again = result.and_then(|result| symptom.again_in(&result, self.options.least));
        again.map_or(Again::Not, Again::Shown)
    }

    /// What comes of an exchange that has nothing beside it, where the controls before and after it get their switch: no
    /// limit has sent it.
    async fn play_alone(&self, case: &Case, attempt: u32, window: Duration) -> Option<CaseResult> {
        let prober = self.prober.write().await;
        if !self.is_answered_by(&prober).await {
            return None;
        }
        let result = prober.play(case, attempt, window).await.ok()?;
        self.is_answered_by(&prober).await.then_some(result)
    }

    /// Silence has to last longer than when it was first seen.
    fn patience(&self) -> Duration {
        self.window.saturating_mul(PATIENCE)
    }

    /// Writes a finding and its case file, or counts it where the same shape is known. The recipe is the smallest one, and
    /// the number that of the first.
    fn record(&self, (number, recipe): (u64, &Recipe), symptom: &Symptom) {
        let (text, shape) = (recipe.to_string(), recipe.shape());
        let mut notes = self.notes();
        let same = notes.state.findings.iter_mut().find(|known| {
            let is_alike = symptom.is_like(&known.requirement, &known.label);
            is_alike && known.recipe.as_ref().is_some_and(|known| known.shape() == shape)
        });
        if let Some(known) = same {
            known.count += 1;
            let is_new = known.recipe.as_ref() != Some(recipe) && !known.also.contains(&text);
            if is_new && known.also.len() < MOST_ALSO {
                known.also.push(text);
            }
            return;
        }
        drop(notes);
        let case = self.write(recipe, &symptom.requirement);
        self.add(Finding {
            kind: Kind::Violation,
            requirement: symptom.requirement.clone(),
            label: symptom.label.clone(),
            message: symptom.message.clone(),
            recipe: Some(recipe.clone()),
            also: Vec::new(),
            case,
            count: 1,
            number: Some(number),
            alone: false,
            part: None,
        });
    }

    /// Writes the case file of a recipe; the id of its case.
    pub(crate) fn write(&self, recipe: &Recipe, requirement: &str) -> String {
        let topic = case_topic(requirement, &recipe.to_string());
        let case = self.case(recipe, (&topic, "smallest"));
        let folder = self.options.out.join("server");
        let path = folder.join(format!("{topic}.toml"));
        let text = case_file("Found by upspec fuzz", std::slice::from_ref(&case));
        if let Err(error) = save(&folder, &path, &text) {
            self.tell(Event::Note(format!("cannot write {}: {error}", path.display())));
        }
        case.id
    }
}

pub(crate) fn save(folder: &Path, path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    std::fs::write(path, text)
}

/// How many further recipes of one shape a finding names.
pub(crate) const MOST_ALSO: usize = 3;
/// How often results with a symptom are examined.
pub(crate) const MOST_EXAMS: u32 = 4;
/// How often a result is played again, and how often it must come.
const TRIES: u32 = 3;
const ENOUGH: u32 = 2;
/// The most plays and the most time that shrinking takes.
const MOST_PLAYS: u32 = 300;
const MOST_TIME: Duration = Duration::from_secs(10);
/// How long a result may still be examined once the hunt is over.
const LAST_EXAM: Duration = Duration::from_secs(5);
/// How many times longer silence must last when a result is confirmed.
const PATIENCE: u32 = 5;
