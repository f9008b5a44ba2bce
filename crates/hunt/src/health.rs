//! Watches the target: does it still answer, has it become slow, and what killed it?
//! Blames only an exchange that was alone with the target.

use std::time::Duration;

use tokio::time::sleep;
use upspec_corpus::case::Outcome;
use upspec_judge::Came;
use upspec_recipes::Recipe;
use upspec_recipes::words::Base;
use upspec_runner::Prober;

use crate::finding::{Finding, Kind};
use crate::hunt::{Event, Hunt, Numbered};

impl Hunt {
    /// Plays the control while nothing else is under way, and sees to the consequences.
    pub(crate) async fn check_up(&self) {
        let mut prober = self.prober.write().await;
        if self.notes().dead {
            return;
        }
        if self.answers(&mut prober).await {
            let time = prober.facts().answer_us;
            let slower = {
                let mut notes = self.notes();
                notes.recent.clear();
                notes.times.push(time);
                is_slower(&notes.times)
            };
            if slower {
                self.note_slowness();
            }
            return;
        }
        self.after_death(&mut prober).await;
    }

    /// Whether the control is answered beside whatever else is under way.
    pub(crate) async fn is_answered(&self) -> bool {
        let prober = self.prober.read().await;
        let patience = prober.settings().timeout;
        let played = prober.play(&self.control, CONTROL_ATTEMPT, patience).await;
        played.is_ok_and(|result| is_status(result.outcome))
    }

    /// Several tries in about a second at a target that nobody else talks to.
    async fn answers(&self, prober: &mut Prober) -> bool {
        for pause in PAUSES {
            sleep(pause).await;
            let played = prober.learn(&self.control, CONTROL_ATTEMPT).await;
            if played.is_ok_and(|result| is_status(result.outcome)) {
                return true;
            }
        }
        false
    }

    /// The target is dead. Where it can be started again, each suspect is played alone.
    async fn after_death(&self, prober: &mut Prober) {
        let suspects: Vec<Numbered> = {
            let mut notes = self.notes();
            notes.deaths += 1;
            notes.recent.drain(..).rev().collect()
        };
        let again = prober.can_restart() && self.notes().deaths < MOST_DEATHS;
        if !again {
            self.give_up();
            self.name_suspects(&suspects);
            return;
        }
        self.tell(Event::Note(
            "the target died; starting it again to find what killed it".to_owned(),
        ));
        if !self.restart(prober).await {
            self.name_suspects(&suspects);
            return;
        }
        if self.is_known_killer(&suspects) {
            return;
        }
        for (number, suspect) in &suspects {
            if self.kills(prober, suspect).await {
                let smallest = self.smallest_killer(prober, suspect.clone()).await;
                self.name_killer((*number, &smallest));
                self.restart(prober).await;
                return;
            }
        }
        self.name_suspects(&suspects);
    }

    /// Counts a death that one of the suspects is known to cause.
    fn is_known_killer(&self, suspects: &[Numbered]) -> bool {
        let mut notes = self.notes();
        let mut deaths = notes.state.findings.iter_mut();
        let known = deaths.find(|known| {
            known.kind == Kind::Death
                && suspects.iter().any(|(_, recipe)| known.is_shown_by(recipe))
        });
        known.map(|known| known.count += 1).is_some()
    }

    async fn restart(&self, prober: &mut Prober) -> bool {
        for _ in 0..MOST_STARTS {
            match prober.restart().await {
                Ok(()) => return true,
                // What is dying may hold the port for a while.
                Err(error) => self.tell(Event::Note(error.to_string())),
            }
        }
        self.give_up();
        false
    }

    fn give_up(&self) {
        self.notes().dead = true;
        self.course.stop();
    }

    /// Whether the target is dead after this exchange alone.
    async fn kills(&self, prober: &mut Prober, suspect: &Recipe) -> bool {
        let case = self.case(suspect, ("suspect", "one"));
        // Its answer does not matter.
        let _ = prober.play(&case, 0, self.window).await;
        !self.answers(prober).await
    }

    /// Takes the plain handshake for the base and leaves out edits as long as the rest kills; the target
    /// is dead before and after.
    async fn smallest_killer(&self, prober: &mut Prober, killer: Recipe) -> Recipe {
        let mut best = killer;
        let mut restarts = 0;
        'smaller: loop {
            let mut candidates = vec![Recipe { base: Base::Handshake, edits: best.edits.clone() }];
            for left_out in 0..best.edits.len() {
                let mut fewer = best.clone();
                fewer.edits.remove(left_out);
                candidates.push(fewer);
            }
            candidates.retain(|candidate| *candidate != best);
            for fewer in candidates {
                restarts += 1;
                if restarts > MOST_RESTARTS || !self.restart(prober).await {
                    break 'smaller;
                }
                if self.kills(prober, &fewer).await {
                    best = fewer;
                    continue 'smaller;
                }
            }
            break;
        }
        best
    }

    fn name_killer(&self, killer: (u64, &Recipe)) {
        let message = "the target answered no control after this exchange was played alone";
        self.add(self.death(killer, message.to_owned()));
    }

    /// Names the latest of the suspects where none killed it alone, and writes the last few.
    fn name_suspects(&self, suspects: &[Numbered]) {
        let mut recipes = suspects.iter().take(MOST_WRITTEN);
        let Some((number, latest)) = recipes.next() else {
            self.tell(Event::Note("the target died with nothing under way".to_owned()));
            return;
        };
        for (_, other) in recipes {
            self.write(other, SUSPECT);
        }
        let message = format!(
            "the target no longer answers controls; any of {} exchanges may have killed it, the \
             last {} are written",
            suspects.len(),
            suspects.len().min(MOST_WRITTEN)
        );
        self.add(self.death((*number, latest), message));
    }

    fn death(&self, (number, recipe): (u64, &Recipe), message: String) -> Finding {
        let case = self.write(recipe, SUSPECT);
        let requirement = self.case(recipe, ("suspect", "one")).requirement;
        Finding {
            kind: Kind::Death,
            requirement,
            label: "dead".to_owned(),
            message,
            recipe: Some(recipe.clone()),
            also: Vec::new(),
            case,
            count: 1,
            number: Some(number),
            part: None,
        }
    }

    fn note_slowness(&self) {
        let (first, last, known) = {
            let notes = self.notes();
            let known = notes.state.findings.iter().any(|one| one.kind == Kind::Slower);
            let times = &notes.times;
            (median(&times[..FEW]), median(&times[times.len() - FEW..]), known)
        };
        if known {
            return;
        }
        self.add(Finding {
            kind: Kind::Slower,
            requirement: self.control.requirement.clone(),
            label: "slower".to_owned(),
            message: format!("the control took {first} us at first and takes {last} us now"),
            recipe: None,
            also: Vec::new(),
            case: self.control.id.clone(),
            count: 1,
            number: None,
            part: None,
        });
    }
}

/// Whether a response came.
fn is_status(outcome: Option<Came>) -> bool {
    outcome.is_some_and(|came| matches!(came.outcome, Outcome::Status(_)))
}

/// Ten times as slow as at first, and by more than what a busy machine does to it.
fn is_slower(times: &[u64]) -> bool {
    if times.len() < 2 * FEW {
        return false;
    }
    let (first, last) = (median(&times[..FEW]), median(&times[times.len() - FEW..]));
    last > first.saturating_mul(10).max(first + NOISE_US)
}

fn median(times: &[u64]) -> u64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or(0)
}

/// How many controls a median is taken over.
const FEW: usize = 3;
const NOISE_US: u64 = 50_000;
/// The pause before each try at a target that may be dead.
const PAUSES: [Duration; 4] =
    [Duration::ZERO, Duration::ZERO, Duration::from_millis(300), Duration::from_millis(700)];
/// After this many deaths the target is left alone.
const MOST_DEATHS: u32 = 20;
/// How often the target is started again to find the smallest killer.
const MOST_RESTARTS: u32 = 12;
/// How often it is tried to start the target again.
const MOST_STARTS: u32 = 3;
/// How many suspects get a case file.
const MOST_WRITTEN: usize = 8;
const SUSPECT: &str = "death";
/// Apart from the attempts of discovery.
const CONTROL_ATTEMPT: u32 = 1000;

#[cfg(test)]
mod tests {
    use super::is_slower;

    #[test]
    fn only_a_lasting_slowness_counts() {
        let ms = 1000;
        assert!(!is_slower(&[ms, ms, ms]));
        assert!(!is_slower(&[ms, ms, ms, ms, 900 * ms, ms]));
        assert!(!is_slower(&[ms, ms, ms, 20 * ms, 20 * ms, 20 * ms]));
        assert!(is_slower(&[ms, ms, ms, 80 * ms, 90 * ms, 100 * ms]));
    }
}
