//! Which faults of the reference server, client or proxy each case catches: the generated table, read and written.
//! `cargo xtask sensitivity --update` plays the corpus and writes it.
//!
//! A fault that shows in every answer, such as a folded line, is caught by most cases. So the file
//! has each set of such faults once, with a name, and the case names its set.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Deserialize;

/// Case by case, the faults that make it fail or warn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caught {
    by_case: BTreeMap<String, BTreeSet<String>>,
}

impl Caught {
    /// The table that is part of the binary.
    #[must_use]
    pub fn embedded() -> Self {
        let mut caught = Self::default();
        for (fault, _) in CAUGHT {
            for case in Self::embedded_for(fault) {
                caught.insert(case, fault);
            }
        }
        caught
    }

    /// The cases that catch a fault in the table that is part of the binary, in the order of their ids.
    pub fn embedded_for(fault: &str) -> impl Iterator<Item = &'static str> + use<> {
        let place = CAUGHT.binary_search_by_key(&fault, |(name, _)| name);
        let cases = place.map_or(&[][..], |place| CAUGHT[place].1);
        cases.iter().map(|case| CASES[usize::from(*case)])
    }

    /// Reads a table; `None` when the text is not one.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let file: File = toml::from_str(text).ok()?;
        let faults = |word: String| match file.sets.get(&word) {
            Some(set) => set.clone(),
            None => vec![word],
        };
        let by_case = file
            .cases
            .into_iter()
            .map(|(case, words)| (case, words.into_iter().flat_map(faults).collect()))
            .collect();
        Some(Self { by_case })
    }

    /// Notes that a case catches a fault.
    pub fn insert(&mut self, case: &str, fault: &str) {
        let faults = self.by_case.entry(case.to_owned()).or_default();
        faults.insert(fault.to_owned());
    }

    /// The faults that a case catches, in the order of their names; none for a user's case.
    pub fn by<'c>(&'c self, case: &str) -> impl Iterator<Item = &'c str> + use<'c> {
        let faults = self.by_case.get(case).into_iter().flatten();
        faults.map(String::as_str)
    }

    /// The cases that catch a fault, in the order of their ids.
    pub fn catching<'c>(&'c self, fault: &'c str) -> impl Iterator<Item = &'c str> + 'c {
        let cases = self.by_case.iter();
        cases.filter(move |(_, faults)| faults.contains(fault)).map(|(case, _)| case.as_str())
    }

    /// All pairs of a case and a fault that it catches, in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.by_case.iter().flat_map(|(case, faults)| {
            faults.iter().map(move |fault| (case.as_str(), fault.as_str()))
        })
    }

    /// The table without some cases.
    #[must_use]
    pub fn without(&self, is_left_out: impl Fn(&str) -> bool) -> Self {
        let by_case = self.by_case.iter().filter(|(case, _)| !is_left_out(case));
        Self { by_case: by_case.map(|(case, faults)| (case.clone(), faults.clone())).collect() }
    }

    /// Whether so many cases like this one catch a fault that it says little of one of them.
    #[must_use]
    pub fn is_common(&self, case: &str, fault: &str) -> bool {
        let alike = self.catching(fault).filter(|other| letter(other) == letter(case));
        alike.count() >= COMMON
    }

    /// The table as a file: one line for each case, sorted, so that a diff shows what a change does.
    #[must_use]
    pub fn write(&self) -> String {
        let kinds = LETTERS.map(|letter| Kind::new(letter, self));
        let mut text = format!("{HEAD}\n[sets]\n");
        for kind in &kinds {
            for (place, set) in kind.sets.iter().enumerate() {
                let _ = writeln!(text, "{} = {}", kind.name(place), list(set.iter().copied()));
            }
        }
        text.push_str("\n[cases]\n");
        for (case, faults) in &self.by_case {
            let kind = kinds.iter().find(|kind| kind.letter == letter(case));
            let words = kind.map(|kind| kind.words(faults)).unwrap_or_default();
            let _ = writeln!(text, "{case:?} = {words}");
        }
        text
    }
}

/// The cases whose sets have one letter, and the faults that are common among them.
struct Kind<'c> {
    letter: char,
    common: BTreeSet<&'c str>,
    /// The sets of common faults that cases catch, those of most cases first.
    sets: Vec<Vec<&'c str>>,
}

impl<'c> Kind<'c> {
    fn new(of: char, caught: &'c Caught) -> Self {
        let own = || caught.by_case.iter().filter(|(case, _)| letter(case) == of);
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for fault in own().flat_map(|(_, faults)| faults) {
            *counts.entry(fault).or_default() += 1;
        }
        counts.retain(|_, count| *count >= COMMON);
        let common: BTreeSet<&str> = counts.into_keys().collect();
        let mut counts: BTreeMap<Vec<&str>, usize> = BTreeMap::new();
        for (_, faults) in own() {
            *counts.entry(in_common(faults, &common)).or_default() += 1;
        }
        counts.remove(&Vec::new());
        let mut sets: Vec<_> = counts.into_iter().collect();
        sets.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let sets = sets.into_iter().map(|(set, _)| set).collect();
        Self { letter: of, common, sets }
    }

    /// No fault is called so: their names are in lower case.
    fn name(&self, place: usize) -> String {
        format!("{}{}", self.letter, place + 1)
    }

    /// The faults of a case as the file has them.
    fn words(&self, faults: &BTreeSet<String>) -> String {
        let shared = in_common(faults, &self.common);
        let set = self.sets.iter().position(|set| *set == shared).map(|place| self.name(place));
        let own = faults.iter().map(String::as_str).filter(|fault| !self.common.contains(fault));
        list(set.as_deref().into_iter().chain(own))
    }
}

/// The letter of the sets of a case: proxies have their own, so that what they do changes no other line.
fn letter(case: &str) -> char {
    if case.starts_with("intermediary/") { 'P' } else { 'S' }
}

/// The table as the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    sets: BTreeMap<String, Vec<String>>,
    cases: BTreeMap<String, Vec<String>>,
}

fn in_common<'c>(faults: &'c BTreeSet<String>, common: &BTreeSet<&str>) -> Vec<&'c str> {
    let faults = faults.iter().map(String::as_str);
    faults.filter(|fault| common.contains(fault)).collect()
}

fn list<'w>(words: impl Iterator<Item = &'w str>) -> String {
    let words: Vec<String> = words.map(|word| format!("{word:?}")).collect();
    format!("[{}]", words.join(", "))
}

/// A fault that so many cases catch goes into sets.
const COMMON: usize = 50;

const LETTERS: [char; 2] = ['P', 'S'];

const HEAD: &str = "\
# The faults of the reference server, client or proxy that make each case fail or warn.
# Written by `cargo xtask sensitivity --update`, which plays every case against every fault.
";

// `CASES`, the ids, and `CAUGHT`, for each fault the places of the cases in it; both sorted.
include!(concat!(env!("OUT_DIR"), "/caught.rs"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_table_is_as_it_is_written() {
        let text = include_str!("../caught.toml");
        assert_eq!(Caught::embedded().write(), text);
        assert_eq!(Caught::read(text), Some(Caught::embedded()));
    }

    #[test]
    fn a_table_is_read_as_it_was_written() {
        let mut caught = Caught::default();
        for (case, fault) in [("b", "y"), ("b", "x"), ("a", "y")] {
            caught.insert(case, fault);
        }
        for number in 0..COMMON {
            caught.insert(&format!("c/{number}"), "common");
        }
        assert_eq!(Caught::read(&caught.write()), Some(caught.clone()));
        assert_eq!(caught.by("b").collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(caught.catching("y").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(caught.by("user/a").count(), 0);
        assert!(caught.is_common("a", "common") && !caught.is_common("a", "y"));
        assert!(!caught.is_common("intermediary/a", "common"));
        let rest = caught.without(|case| case == "b");
        assert_eq!(rest.by("a").chain(rest.by("b")).collect::<Vec<_>>(), ["y"]);
    }
}
