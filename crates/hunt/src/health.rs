//! Watches the target: does it still answer, has it become slow, and what killed it?
//! Blames only an exchange that was alone with the target.

use std::time::Duration;

use tokio::time::Instant;
use upspec_recipes::Recipe;
use upspec_recipes::words::Base;
use upspec_runner::Prober;

use crate::finding::{Finding, Kind};
use crate::hunt::{Event, Hunt, Notes, Numbered};
use crate::limits::Standing;

impl Notes {
    /// Whether the target was left alone.
    fn has_ended(&self) -> bool {
        self.dead || self.shut_out.is_some()
    }

    /// Counts a death that one of the suspects is known to cause.
    fn count_known_killer(&mut self, suspects: &[Numbered]) -> bool {
        let mut findings = self.state.findings.iter_mut();
        let known = findings.find(|known| suspects.iter().any(|(_, it)| known.explains(it)));
        known.map(|known| known.count += 1).is_some()
    }
}

impl Hunt {
    /// Plays the control while nothing else is under way, and sees to the consequences. Where it was refused beside others,
    /// it is told since when.
    pub(crate) async fn check_up(&self, refused: Option<Instant>) {
        let mut prober = self.prober.write().await;
        {
            let notes = self.notes();
            // Somebody else may have seen to it while this waited.
            if notes.has_ended() || refused < notes.checked && refused.is_some() {
                return;
            }
        }
        match self.standing(&mut prober).await {
            Standing::Sound { refused: often } => {
                if refused.is_some() || often {
                    self.ask_more_gently();
                }
                self.note_answer(prober.facts().answer_us);
            }
            Standing::Refuses(status) => self.bear_refusals(&mut prober, status).await,
            standing => self.bear_absence(&mut prober, standing).await,
        }
        self.notes().checked = Some(Instant::now());
    }

    /// No control gets an answer: a ban or a limit, or else a death.
    async fn bear_absence(&self, prober: &mut Prober, standing: Standing) {
        // Who is hanging is soonest found out by a start.
        let may_be_a_ban = standing != Standing::Silent || !prober.can_restart();
        if may_be_a_ban && self.goes_elsewhere(prober).await {
            return;
        }
        // Who cannot be started again is given the time to forget, where somebody is there.
        let may_forget = standing == Standing::Ends
            && !prober.can_restart()
            && self.notes().ease.bears_another_outage();
        if may_forget && self.settles(prober).await {
            self.tell(Event::Note(
                "the target ended every connection for a while: a limit, or somebody started it again"
                    .to_owned(),
            ));
            return self.ask_more_gently();
        }
        self.after_death(prober).await;
    }

    /// The target lives, and answered in so many microseconds.
    fn note_answer(&self, time: u64) {
        let slower = {
            let mut notes = self.notes();
            notes.recent.clear();
            notes.times.push(time);
            is_slower(&notes.times)
        };
        if slower {
            self.note_slowness();
        }
    }

    /// Whether the control gets its switch beside whatever else is under way; one connection may be lost by chance.
    pub(crate) async fn is_answered(&self) -> bool {
        let prober = self.prober.read().await;
        self.is_answered_by(&prober).await
    }

    pub(crate) async fn is_answered_by(&self, prober: &Prober) -> bool {
        prober.switches(&self.control, CONTROL_ATTEMPT).await
            || prober.switches(&self.control, CONTROL_ATTEMPT).await
    }

    /// The target is dead. Where it can be started again, each suspect is played alone.
    async fn after_death(&self, prober: &mut Prober) {
        let (suspects, is_known) = {
            let mut notes = self.notes();
            let suspects: Vec<Numbered> = notes.recent.drain(..).rev().collect();
            let is_known = notes.count_known_killer(&suspects);
            let count = if is_known { &mut notes.known_deaths } else { &mut notes.deaths };
            *count += 1;
            (suspects, is_known)
        };
        let again = prober.can_restart() && {
            let notes = self.notes();
            notes.deaths < MOST_DEATHS && notes.known_deaths < MOST_KNOWN_DEATHS
        };
        if !again {
            self.give_up();
            self.name_suspects(&suspects);
            return;
        }
        if !is_known {
            self.tell(Event::Note(
                "the target died; starting it again to find what killed it".to_owned(),
            ));
        }
        if !self.restart(prober).await {
            self.name_suspects(&suspects);
            return;
        }
        if is_known {
            return;
        }
        for (number, suspect) in &suspects {
            if self.course.is_cancelled() {
                break;
            }
            if self.kills(prober, suspect).await {
                let smallest = self.smallest_killer(prober, suspect.clone()).await;
                self.name_killer((*number, &smallest));
                self.restart(prober).await;
                return;
            }
        }
        self.name_suspects(&suspects);
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
        matches!(self.standing(prober).await, Standing::Ends | Standing::Shut | Standing::Silent)
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
                let enough = restarts > MOST_RESTARTS || self.course.is_cancelled();
                if enough || !self.restart(prober).await {
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
        self.add(self.death(killer, true, message.to_owned()));
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
        self.add(self.death((*number, latest), false, message));
    }

    /// A death, of an exchange that caused it alone or is the latest suspect.
    fn death(&self, (number, recipe): (u64, &Recipe), alone: bool, message: String) -> Finding {
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
            alone,
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
            alone: false,
            part: None,
        });
    }
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
pub(crate) const PAUSES: [Duration; 4] =
    [Duration::ZERO, Duration::ZERO, Duration::from_millis(300), Duration::from_millis(700)];
/// After this many deaths that no known killer explains the target is left alone.
const MOST_DEATHS: u32 = 20;
/// The same for deaths that one explains.
const MOST_KNOWN_DEATHS: u32 = 500;
/// How often the target is started again to find the smallest killer.
const MOST_RESTARTS: u32 = 12;
/// How often it is tried to start the target again.
const MOST_STARTS: u32 = 3;
/// How many suspects get a case file.
const MOST_WRITTEN: usize = 8;
const SUSPECT: &str = "death";
/// Apart from the attempts of discovery.
pub(crate) const CONTROL_ATTEMPT: u32 = 1000;

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
