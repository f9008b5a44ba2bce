//! Examines a reaction that did not pass: does it recur, with controls in between, and what is the smallest exchange
//! that still shows it? A finding that did not recur is not written.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use upspec_corpus::case_file;

use super::finding::{Caught, Symptom};
use super::hunt::{Chase, ChaseEvent};
use super::quarry::{Drawn as _, Quarry};
use crate::confirm::save;
use crate::finding::case_topic;

/// The plays of one shrinking: how many there were, and those under way. What comes of one is told with its number, from 1.
#[derive(Default)]
struct Plays {
    begun: usize,
    under_way: JoinSet<(usize, bool)>,
}

impl<Q: Quarry> Chase<Q> {
    /// Counts a reaction that is like a known one, and examines any other.
    pub(super) async fn examine(
        self: &Arc<Self>,
        (number, drawn): (u64, &Q::Drawn),
        symptom: &Symptom,
    ) {
        if self.count_known(drawn, symptom) {
            return;
        }
        let _one_at_a_time = self.exam.lock().await;
        // Once the hunt is over only the very first finding is still worth its time.
        let found = !self.notes().state.findings.is_empty();
        if self.count_known(drawn, symptom) || (found && self.course.is_over()) {
            return;
        }
        *self.notes().examined.entry(Q::key(symptom)).or_default() += 1;
        let Some(symptom) = self.comes_again(drawn, symptom).await else {
            return;
        };
        let smallest = self.shrink(drawn, &symptom).await;
        if smallest == *drawn {
            return self.record((number, drawn), &symptom);
        }
        match self.comes_again(&smallest, &symptom).await {
            Some(again) => self.record((number, &smallest), &again),
            None => self.record((number, drawn), &symptom),
        }
    }

    /// Counts a reaction that is like a known one or was examined often enough; returns whether it did.
    fn count_known(&self, drawn: &Q::Drawn, symptom: &Symptom) -> bool {
        let key = Q::key(symptom);
        let over = self.course.is_over();
        let mut notes = self.notes();
        let enough = notes.examined.get(&key).is_some_and(|times| *times >= Q::MOST_EXAMS);
        let known = notes.state.findings.iter_mut().find(|known| {
            Q::key(&known.symptom()) == key && (enough || over || known.is_shown_by(drawn))
        });
        match known {
            Some(known) => {
                known.count += 1;
                true
            }
            None => enough,
        }
    }

    /// What comes again twice, while it comes through the controls around it.
    async fn comes_again(&self, drawn: &Q::Drawn, symptom: &Symptom) -> Option<Symptom> {
        let mut latest = None;
        for attempt in 1..=TWICE {
            if self.is_late() || !self.comes_through().await {
                return None;
            }
            let window = self.patience(symptom);
            latest = Some(self.shows(drawn, attempt, symptom, window).await?);
        }
        latest.filter(|_| self.is_sound())
    }

    /// Plays the control; a quarry that no longer comes through ends the hunt, for nothing means anything any more.
    async fn comes_through(&self) -> bool {
        for attempt in 0..CONTROL_TRIES {
            // On a busy machine it may need longer than it did at first.
            let window = if attempt == 0 { self.quarry.window() } else { self.longest() };
            let result = self.quarry.play(&self.control, attempt, window).await;
            if result.is_ok_and(|result| Q::is_through(&result)) {
                return true;
            }
        }
        self.give_up(&format!("the {} no longer comes through the control", Q::ROLE));
        false
    }

    /// The smallest exchange on the way down that shows the same.
    async fn shrink(self: &Arc<Self>, drawn: &Q::Drawn, symptom: &Symptom) -> Q::Drawn {
        let mut best = drawn.clone();
        let mut plays = Plays::default();
        loop {
            let mut simpler = best.simpler();
            let Some(first) = self.first_that_shows(&simpler, symptom, &mut plays).await else {
                break;
            };
            best = simpler.swap_remove(first);
        }
        // What is confirmed next has nothing beside it.
        while plays.under_way.join_next().await.is_some() {}
        best
    }

    /// The first of the candidates that shows the same. They are played side by side, but which one it is does not hang on
    /// which is over first.
    async fn first_that_shows(
        self: &Arc<Self>,
        candidates: &[Q::Drawn],
        symptom: &Symptom,
        plays: &mut Plays,
    ) -> Option<usize> {
        let before = plays.begun;
        let mut came: Vec<Option<bool>> = Vec::new();
        loop {
            while let Some(candidate) = candidates.get(came.len())
                && plays.under_way.len() < AT_ONCE.min(self.quarry.most_at_once())
                && plays.begun < MOST_PLAYS
                && !self.course.is_over()
            {
                came.push(None);
                self.begin(candidate, symptom, plays);
            }
            if let Some(first) = came.iter().position(|came| *came != Some(false))
                && came[first] == Some(true)
            {
                return Some(first);
            }
            // Nothing is under way when all were played, or no more may be.
            let (number, shows) = match plays.under_way.join_next().await? {
                Ok(came) => came,
                // Nobody aborts a task of ours, so it is a bug, and it stays one.
                Err(error) => std::panic::resume_unwind(error.into_panic()),
            };
            if let Some(number) = number.checked_sub(before + 1) {
                came[number] = Some(shows);
            }
        }
    }

    /// Begins to play a candidate.
    fn begin(self: &Arc<Self>, candidate: &Q::Drawn, symptom: &Symptom, plays: &mut Plays) {
        plays.begun += 1;
        let (number, window) = (plays.begun, self.quarry.window());
        let (hunt, candidate, symptom) = (Arc::clone(self), candidate.clone(), symptom.clone());
        plays.under_way.spawn(async move {
            let attempt = u32::try_from(number).unwrap_or(u32::MAX);
            (number, hunt.shows(&candidate, attempt, &symptom, window).await.is_some())
        });
    }

    async fn shows(
        &self,
        drawn: &Q::Drawn,
        attempt: u32,
        symptom: &Symptom,
        window: Duration,
    ) -> Option<Symptom> {
        let case = self.case(drawn, ("confirm", &attempt.to_string()));
        if !self.quarry.plays(&case) {
            return None;
        }
        let result = self.quarry.play(&case, attempt, window).await.ok()?;
        symptom.again_in::<Q>(&result, self.options.least)
    }

    /// Silence has to last longer than when it was first seen.
    fn patience(&self, symptom: &Symptom) -> Duration {
        if symptom.rests_on_silence() { self.longest() } else { self.quarry.window() }
    }

    fn longest(&self) -> Duration {
        let longest = self.quarry.window().saturating_mul(PATIENCE).max(SHORTEST);
        longest.min(self.quarry.timeout())
    }

    /// Writes a finding and its case file, or counts it where the like is known. What was drawn is the smallest, and the
    /// number that of the first.
    fn record(&self, (number, drawn): (u64, &Q::Drawn), symptom: &Symptom) {
        let mut notes = self.notes();
        let same = notes.state.findings.iter_mut().find(|known| {
            known.requirement == symptom.requirement && Q::key(&known.symptom()) == Q::key(symptom)
        });
        if let Some(known) = same {
            known.count += 1;
            return;
        }
        drop(notes);
        let finding = Caught {
            kind: symptom.kind,
            requirement: symptom.requirement.clone(),
            label: symptom.label.clone(),
            message: symptom.message.clone(),
            rule: symptom.rule.clone(),
            drawn: drawn.clone(),
            exit: symptom.exit.clone(),
            case: self.write(drawn, &symptom.requirement),
            count: 1,
            number: Some(number),
            part: None,
        };
        self.notes().state.findings.push(finding.clone());
        self.tell(ChaseEvent::Found(Box::new(finding)));
        if self.options.until_found {
            self.course.stop();
        }
    }

    /// Writes the case file of an exchange; the id of its case.
    fn write(&self, drawn: &Q::Drawn, requirement: &str) -> String {
        let topic = case_topic(requirement, &drawn.to_string());
        let case = self.case(drawn, (&topic, "smallest"));
        let folder = self.options.out.join(Q::ROLE);
        let path = folder.join(format!("{topic}.toml"));
        let text = case_file(
            &format!("Found by upspec fuzz --{}", Q::OPTION),
            std::slice::from_ref(&case),
        );
        if let Err(error) = save(&folder, &path, &text) {
            self.tell(ChaseEvent::Note(format!("cannot write {}: {error}", path.display())));
        }
        case.id
    }
}

/// How often a reaction must come again.
const TWICE: u32 = 2;
/// How often a control is played until it is through.
const CONTROL_TRIES: u32 = 3;
/// The most plays that shrinking takes, and how many of them are under way at once.
const MOST_PLAYS: usize = 40;
const AT_ONCE: usize = 4;
/// How many times longer silence must last when a reaction is confirmed, and how long at least.
const PATIENCE: u32 = 5;
const SHORTEST: Duration = Duration::from_secs(3);
