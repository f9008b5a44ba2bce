//! Examines a reaction that did not pass: does it recur, with controls in between, and what is the smallest answer
//! that still shows it? A finding that did not recur is not written.

use std::time::Duration;

use upspec_corpus::case::Outcome;
use upspec_corpus::case_file;
use upspec_judge::CaseResult;
use upspec_recipes::answer::Answer;

use super::finding::{ClientFinding, Symptom};
use super::hunt::{ClientEvent, ClientHunt};
use crate::confirm::save;
use crate::finding::case_topic;

impl ClientHunt {
    /// Counts a reaction that is like a known one, and examines any other.
    pub(super) async fn examine(&self, answer: &Answer, symptom: &Symptom) {
        if self.count_known(answer, symptom) {
            return;
        }
        let _one_at_a_time = self.exam.lock().await;
        // Once the hunt is over only the very first finding is still worth its time.
        let found = !self.notes().state.findings.is_empty();
        if self.count_known(answer, symptom) || (found && self.course.is_over()) {
            return;
        }
        *self.notes().examined.entry(symptom.key()).or_default() += 1;
        let Some(symptom) = self.comes_again(answer, symptom).await else {
            return;
        };
        let smallest = self.shrink(answer, &symptom).await;
        if smallest == *answer {
            return self.record(answer, &symptom);
        }
        match self.comes_again(&smallest, &symptom).await {
            Some(again) => self.record(&smallest, &again),
            None => self.record(answer, &symptom),
        }
    }

    /// Counts a reaction that is like a known one or was examined often enough; returns whether it did.
    fn count_known(&self, answer: &Answer, symptom: &Symptom) -> bool {
        let key = symptom.key();
        let over = self.course.is_over();
        let mut notes = self.notes();
        let enough = notes.examined.get(&key).is_some_and(|times| *times >= MOST_EXAMS);
        let known = notes.state.findings.iter_mut().find(|known| {
            symptom.is_like(&known.requirement, &known.label)
                && (enough || over || known.is_shown_by(answer))
        });
        match known {
            Some(known) => {
                known.count += 1;
                true
            }
            None => enough,
        }
    }

    /// What comes again twice, while the controls around it are opened.
    async fn comes_again(&self, answer: &Answer, symptom: &Symptom) -> Option<Symptom> {
        let mut latest = None;
        for attempt in 1..=TWICE {
            if self.is_late() || !self.opens_control().await {
                return None;
            }
            let window = self.patience(symptom);
            latest = Some(self.shows(answer, attempt, symptom, window).await?);
        }
        latest.filter(|_| self.is_sound())
    }

    /// Plays the control; a client that no longer opens it ends the hunt, for nothing means anything any more.
    async fn opens_control(&self) -> bool {
        for attempt in 0..CONTROL_TRIES {
            // On a busy machine a client may need longer than it did at first.
            let window = if attempt == 0 { self.prober.window() } else { self.longest() };
            let result = self.prober.play(&self.control, attempt, window).await;
            if result.is_ok_and(|result| opens(&result)) {
                return true;
            }
        }
        self.give_up("the client no longer opens the control");
        false
    }

    /// The smallest answer on the way down that shows the same.
    async fn shrink(&self, answer: &Answer, symptom: &Symptom) -> Answer {
        let mut best = answer.clone();
        let mut plays = 0;
        'smaller: loop {
            for candidate in best.simpler() {
                plays += 1;
                if self.course.is_over() || plays > MOST_PLAYS {
                    break 'smaller;
                }
                if self.shows(&candidate, plays, symptom, self.prober.window()).await.is_some() {
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
        answer: &Answer,
        attempt: u32,
        symptom: &Symptom,
        window: Duration,
    ) -> Option<Symptom> {
        let case = self.case(answer, ("confirm", "one"));
        if !self.prober.plays(&case) {
            return None;
        }
        let result = self.prober.play(&case, attempt, window).await.ok()?;
        symptom.again_in(&result, self.options.least)
    }

    /// Silence has to last longer than when it was first seen.
    fn patience(&self, symptom: &Symptom) -> Duration {
        if symptom.rests_on_silence() { self.longest() } else { self.prober.window() }
    }

    fn longest(&self) -> Duration {
        let longest = self.prober.window().saturating_mul(PATIENCE).max(SHORTEST);
        longest.min(self.prober.settings().timeout)
    }

    /// Writes a finding and its case file, or counts it where the like is known.
    fn record(&self, answer: &Answer, symptom: &Symptom) {
        let mut notes = self.notes();
        let same =
            notes.state.findings.iter_mut().find(|known| {
                known.requirement == symptom.requirement && known.label == symptom.label
            });
        if let Some(known) = same {
            known.count += 1;
            return;
        }
        drop(notes);
        let finding = ClientFinding {
            kind: symptom.kind,
            requirement: symptom.requirement.clone(),
            label: symptom.label.clone(),
            message: symptom.message.clone(),
            answer: answer.clone(),
            exit: symptom.exit.clone(),
            case: self.write(answer, &symptom.requirement),
            count: 1,
        };
        self.notes().state.findings.push(finding.clone());
        self.tell(ClientEvent::Found(Box::new(finding)));
    }

    /// Writes the case file of an answer; the id of its case.
    fn write(&self, answer: &Answer, requirement: &str) -> String {
        let topic = case_topic(requirement, &answer.to_string());
        let case = self.case(answer, (&topic, "smallest"));
        let folder = self.options.out.join("client");
        let path = folder.join(format!("{topic}.toml"));
        let text = case_file("Found by upspec fuzz --client", std::slice::from_ref(&case));
        if let Err(error) = save(&folder, &path, &text) {
            self.tell(ClientEvent::Note(format!("cannot write {}: {error}", path.display())));
        }
        case.id
    }
}

/// Whether the client took the control for open. What rules say of its request is another matter.
fn opens(control: &CaseResult) -> bool {
    let outcome = control.outcome.map(|came| came.outcome);
    matches!(outcome, Some(Outcome::Opened | Outcome::WentOn | Outcome::CloseNormal))
}

/// How often reactions with a symptom are examined.
const MOST_EXAMS: u32 = 4;
/// How often a reaction must come again.
const TWICE: u32 = 2;
/// How often a control is played until it is opened.
const CONTROL_TRIES: u32 = 3;
/// The most plays that shrinking takes: each starts a client.
const MOST_PLAYS: u32 = 40;
/// How many times longer silence must last when a reaction is confirmed, and how long at least.
const PATIENCE: u32 = 5;
const SHORTEST: Duration = Duration::from_secs(3);
