//! Puts together what the parts of a hunt found: each kind of finding once, as one hunt would have counted it.

use upspec_recipes::Recipe;

use crate::chase::{Caught, ChaseState, Drawn, Quarry};
use crate::confirm::{MOST_ALSO, MOST_EXAMS};
use crate::finding::{Finding, Kind, Symptom};
use crate::part::Part;
use crate::state::State;

impl State {
    /// The state of the whole hunt, of states of its parts. It goes on behind the last number that a part has reached.
    ///
    /// # Errors
    ///
    /// What keeps two of them from being parts of one hunt.
    pub fn gather(parts: &[Self]) -> Result<Self, String> {
        let course = |state: &Self| (state.seed, state.part, state.next);
        let (seed, next) = whole(parts.iter().map(course))?;
        let found = parts.iter().map(|state| (state.part, state.findings.clone()));
        let findings = joined(found, Finding::known);
        Ok(Self { next, findings, ..Self::new(seed) })
    }
}

impl<D: Drawn> ChaseState<D> {
    /// The state of the whole hunt for this quarry, as [`State::gather`].
    ///
    /// # Errors
    ///
    /// What keeps two of them from being parts of one hunt.
    pub fn gather<Q: Quarry<Drawn = D>>(parts: &[Self]) -> Result<Self, String> {
        let course = |state: &Self| (state.seed, state.part, state.next);
        let (seed, next) = whole(parts.iter().map(course))?;
        let found = parts.iter().map(|state| (state.part, state.findings.clone()));
        let findings = joined(found, known::<Q>);
        Ok(Self { next, findings, ..Self::new(seed) })
    }
}

/// The seed of the parts of one hunt, and the number behind all that they have played.
fn whole(parts: impl Iterator<Item = (u64, Option<Part>, u64)>) -> Result<(u64, u64), String> {
    let mut there: Vec<(u64, Part)> = Vec::new();
    let mut last = 0;
    for (seed, part, next) in parts {
        let part = part.ok_or("a whole hunt is no part of one")?;
        if let Some((first_seed, first)) = there.first() {
            if *first_seed != seed {
                return Err(format!("part {part} is of the seed {seed}, another of {first_seed}"));
            }
            if first.of() != part.of() {
                return Err(format!("{first} and {part} are not parts of one hunt"));
            }
        }
        if there.iter().any(|(_, one)| *one == part) {
            return Err(format!("part {part} is there twice"));
        }
        there.push((seed, part));
        last = last.max(next);
    }
    there.first().map(|(seed, _)| (*seed, last)).ok_or_else(|| "there is no part".to_owned())
}

/// All findings, those that their parts came upon first before others; what `known` names takes in what comes later.
fn joined<F: Found>(
    parts: impl Iterator<Item = (Option<Part>, Vec<F>)>,
    known: impl Fn(&[F], &F) -> Option<usize>,
) -> Vec<F> {
    let mut all: Vec<(u64, Part, F)> = Vec::new();
    for (part, findings) in parts {
        let part = part.unwrap_or(Part::WHOLE);
        all.extend(findings.into_iter().map(|mut found| {
            let place = found.place_in(part);
            (place, part, found)
        }));
    }
    all.sort_by_key(|(place, part, _)| (*place, part.number()));
    let mut findings: Vec<F> = Vec::new();
    for (_, _, found) in all {
        match known(&findings, &found) {
            Some(at) => findings[at].take_in(found),
            None => findings.push(found),
        }
    }
    findings
}

/// What the findings of all hunts have in common.
trait Found {
    /// Writes down which part it is of; how many exchanges of that part came before the one that showed it.
    fn place_in(&mut self, part: Part) -> u64;

    /// Counts another one of its kind.
    fn take_in(&mut self, other: Self);
}

impl Found for Finding {
    fn place_in(&mut self, part: Part) -> u64 {
        self.part = Some(part);
        self.number.map_or(u64::MAX, |number| part.before(number))
    }

    fn take_in(&mut self, other: Self) {
        self.count += other.count;
        // Where one part had a suspect, another may have the proof.
        if other.alone && !self.alone && self.recipe == other.recipe {
            (self.alone, self.message) = (true, other.message);
        }
        let recipe = other.recipe.iter().map(ToString::to_string);
        let own = self.recipe.as_ref().map(ToString::to_string);
        for text in recipe.chain(other.also) {
            let is_new = own.as_ref() != Some(&text) && !self.also.contains(&text);
            if is_new && self.also.len() < MOST_ALSO {
                self.also.push(text);
            }
        }
    }
}

impl<D: Drawn> Found for Caught<D> {
    fn place_in(&mut self, part: Part) -> u64 {
        self.part = Some(part);
        self.number.map_or(u64::MAX, |number| part.before(number))
    }

    fn take_in(&mut self, other: Self) {
        self.count += other.count;
    }
}

impl Finding {
    /// Which of the findings a hunt would have counted this one as.
    fn known(known: &[Self], found: &Self) -> Option<usize> {
        let key = (found.kind, found.symptom().key());
        let alike = |one: &&Self| (one.kind, one.symptom().key()) == key;
        let position =
            |is: &dyn Fn(&Self) -> bool| known.iter().position(|one| alike(&one) && is(one));
        let recipe = found.recipe.as_ref();
        let shape = recipe.map(Recipe::shape);
        match found.kind {
            Kind::Slower => position(&|_| true),
            Kind::Death => known.iter().position(|one| {
                one.kind == Kind::Death
                    && recipe.is_some_and(|recipe| {
                        one.recipe.as_ref() == Some(recipe) || one.explains(recipe)
                    })
            }),
            Kind::Violation => {
                let same = |one: &Self| one.recipe.as_ref().map(Recipe::shape) == shape;
                let shown = |one: &Self| recipe.is_some_and(|recipe| one.is_shown_by(recipe));
                let enough = known.iter().filter(alike).count() >= MOST_EXAMS as usize;
                position(&same).or_else(|| position(&shown)).or_else(|| position(&|_| enough))
            }
        }
    }

    fn symptom(&self) -> Symptom {
        Symptom {
            requirement: self.requirement.clone(),
            label: self.label.clone(),
            message: self.message.clone(),
        }
    }
}

/// Which of the findings a hunt for this quarry would have counted this one as.
fn known<Q: Quarry>(known: &[Caught<Q::Drawn>], found: &Caught<Q::Drawn>) -> Option<usize> {
    let key = Q::key(&found.symptom());
    let alike = |one: &&Caught<Q::Drawn>| Q::key(&one.symptom()) == key;
    let enough = known.iter().filter(alike).count() >= Q::MOST_EXAMS as usize;
    let position = |is: &dyn Fn(&Caught<Q::Drawn>) -> bool| {
        known.iter().position(|one| alike(&one) && is(one))
    };
    position(&|one| one.requirement == found.requirement)
        .or_else(|| position(&|one| one.is_shown_by(&found.drawn)))
        .or_else(|| position(&|_| enough))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chase::CaughtKind;
    use crate::client::{ClientQuarry, ClientState};

    fn finding(requirement: &str, label: &str, recipe: &str, number: u64) -> Finding {
        Finding {
            kind: Kind::Violation,
            requirement: requirement.to_owned(),
            label: label.to_owned(),
            message: String::new(),
            recipe: Some(recipe.parse().unwrap()),
            also: Vec::new(),
            case: String::new(),
            count: 2,
            number: Some(number),
            alone: false,
            part: None,
        }
    }

    fn death(recipe: &str, alone: bool, number: u64) -> Finding {
        let message = if alone { "alone" } else { "suspected" }.to_owned();
        let found = finding("rfc6455/4.2.1-key", "dead", recipe, number);
        Finding { kind: Kind::Death, alone, message, ..found }
    }

    #[test]
    fn a_suspect_explains_no_death_and_takes_in_the_proof() {
        let suspect = || death("handshake; drop key", false, 3);
        let other = death("handshake; drop key; drop host", true, 30);
        let same = death("handshake; drop key", true, 60);
        let one = part("1/3", vec![suspect()]);
        let (two, three) = (part("2/3", vec![other]), part("3/3", vec![same]));
        let whole = State::gather(&[one, two, three]).unwrap();
        let told: Vec<_> = whole.findings.iter().map(|one| (one.alone, &*one.message)).collect();
        assert_eq!(told, [(true, "alone"), (true, "alone")]);
        assert_eq!(whole.findings[0].count, 4);
    }

    #[test]
    fn what_kills_in_a_plain_handshake_explains_the_death_of_any() {
        let plain = death("handshake; drop key", true, 3);
        let browser = death("browser; drop key", true, 3);
        let recipe = |text: &str| text.parse::<Recipe>().unwrap();
        let (of_plain, of_browser) =
            (recipe("handshake; drop key; drop host"), recipe("browser; drop key; drop host"));
        assert!(plain.is_killer_in(&of_plain) && browser.is_killer_in(&of_browser));
        assert!(!plain.is_killer_in(&of_browser) && plain.explains(&of_browser));
        assert!(!browser.is_killer_in(&of_plain) && !browser.explains(&of_plain));
        let suspected = death("handshake; drop key", false, 3);
        assert!(!suspected.is_killer_in(&of_plain) && !suspected.explains(&of_plain));
    }

    fn part(text: &str, findings: Vec<Finding>) -> State {
        let part = Some(text.parse().unwrap());
        State { part, next: 100, findings, ..State::new(7) }
    }

    #[test]
    fn each_kind_is_there_once_with_the_part_that_was_first() {
        let key = "rfc6455/4.2.1-key";
        let one = part("1/3", vec![finding(key, "101", "handshake; drop key", 90)]);
        let two = part(
            "2/3",
            vec![
                finding(key, "101", "handshake; drop key; drop origin", 61),
                finding(key, "101", "handshake; drop key", 31),
                finding("rfc6455/4.2.1-host", "101", "handshake; drop host", 4),
            ],
        );
        let three = part("3/3", vec![finding(key, "200", "handshake; drop key", 2)]);
        let whole = State::gather(&[one, two, three]).unwrap();
        let told: Vec<_> = whole
            .findings
            .iter()
            .map(|one| {
                (one.label.as_str(), one.count, one.part.unwrap().number(), one.number.unwrap())
            })
            .collect();
        assert_eq!(told, [("200", 2, 3, 2), ("101", 2, 2, 4), ("101", 6, 2, 31)]);
        assert_eq!(whole.findings[2].also, ["handshake; drop key; drop origin"]);
        assert_eq!((whole.seed, whole.next, whole.part), (7, 100, None));
    }

    #[test]
    fn no_more_of_a_symptom_are_kept_than_one_hunt_examines() {
        let edits =
            ["drop key", "drop host", "drop origin", "drop version", "drop upgrade", "lead 'a'"];
        let findings = edits.iter().zip(0..).map(|(edit, number)| {
            finding("rfc6455/4.2.1-key", "101", &format!("handshake; {edit}"), number)
        });
        let parts: Vec<State> = findings
            .zip(1..)
            .map(|(one, number)| part(&format!("{number}/6"), vec![one]))
            .collect();
        let whole = State::gather(&parts).unwrap();
        let counts: Vec<u64> = whole.findings.iter().map(|one| one.count).collect();
        assert_eq!(counts, [6, 2, 2, 2]);
    }

    #[test]
    fn what_is_of_no_one_hunt_is_refused() {
        let (one, two) = (part("1/3", Vec::new()), part("2/3", Vec::new()));
        let other = State { seed: 8, ..two.clone() };
        for (parts, why) in [
            (vec![], "no part"),
            (vec![State::new(7)], "whole hunt"),
            (vec![one.clone(), other], "seed 8"),
            (vec![one.clone(), part("2/4", Vec::new())], "not parts of one hunt"),
            (vec![one.clone(), two, one], "part 1/3 is there twice"),
        ] {
            let error = State::gather(&parts).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn clients_are_counted_by_what_their_hunt_counts_them_by() {
        let caught = |requirement: &str, answer: &str, number| Caught {
            kind: CaughtKind::Violation,
            requirement: requirement.to_owned(),
            label: "opened".to_owned(),
            message: "opened the connection".to_owned(),
            rule: None,
            drawn: answer.parse().unwrap(),
            exit: None,
            case: String::new(),
            count: 1,
            number: Some(number),
            part: None,
        };
        let part = |text: &str, findings| {
            let part = Some(text.parse().unwrap());
            ClientState { part, findings, ..ClientState::new(7) }
        };
        let accept = "rfc6455/4.1-check-accept";
        let parts = [
            part("1/2", vec![caught(accept, "switch; drop accept", 8)]),
            part(
                "2/2",
                vec![
                    caught(accept, "switch; drop accept", 3),
                    caught("rfc6455/4.1-check-upgrade", "switch; drop upgrade", 5),
                ],
            ),
        ];
        let whole = ClientState::gather::<ClientQuarry>(&parts).unwrap();
        let told = whole.findings.iter();
        let told: Vec<_> =
            told.map(|one| (one.count, one.number, one.part.unwrap().number())).collect();
        assert_eq!(told, [(2, Some(3), 2), (1, Some(5), 2)]);
    }
}
