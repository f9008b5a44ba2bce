//! Loads the corpus and selects the cases that the arguments name.

use std::collections::BTreeSet;
use std::path::PathBuf;

use upspec_corpus::case::{Case, Hazard, Role};
use upspec_corpus::{Corpus, Weight, select};
use upspec_runner::{fnv1a, is_control};

use crate::args::{LevelArg, Partition, Selection};
use crate::exit::Trouble;

/// Loads the embedded corpus and the user's folders.
pub(crate) fn load(dirs: &[PathBuf]) -> Result<Corpus, Trouble> {
    let built = if dirs.is_empty() { Corpus::unpack(BUILT) } else { None };
    if let Some(corpus) = built {
        return Ok(corpus);
    }
    Corpus::embedded_with(dirs).map_err(|error| Trouble::usage(error.to_string().trim_end()))
}

impl Partition {
    /// Whether a case is in it. It depends on the id alone, so that another case more moves none.
    fn has(self, id: &str) -> bool {
        fnv1a(id.as_bytes()) % self.of == self.part - 1
    }
}

impl Selection {
    /// Whether this case is wanted. A pattern that names no case is an error, see [`Self::check`].
    pub(crate) fn wants(&self, case: &Case, corpus: &Corpus) -> bool {
        let safe = self.hazardous || case.hazard != Some(Hazard::Resource);
        safe && self.names(case, corpus)
    }

    /// Whether the patterns, the level, the harm and the tags name this case, whatever it can do to a server.
    pub(crate) fn names(&self, case: &Case, corpus: &Corpus) -> bool {
        let named = |patterns: &[String]| patterns.iter().any(|pattern| is_meant(pattern, case));
        let chosen = self.only.is_empty() || named(&self.only);
        let is_part = self.partition.is_none_or(|partition| partition.has(&case.id));
        let is_harmful = self.harm.is_empty() || {
            let rule = corpus.requirements.get(&case.requirement);
            rule.is_some_and(|rule| self.harm.contains(&rule.harm.kind))
        };
        let is_tagged = self.tag.is_empty() || case.tags.iter().any(|own| self.tag.contains(own));
        let is_apt = is_tagged && is_harmful && self.strong_enough(case, corpus);
        chosen && is_part && !named(&self.skip) && is_apt
    }

    /// Refuses a pattern or a tag that selects nothing: a typing error would otherwise pass for success.
    pub(crate) fn check(&self, corpus: &Corpus) -> Result<(), Trouble> {
        self.check_tags(corpus)?;
        let patterns = || self.only.iter().chain(&self.skip);
        if let Some(pattern) = patterns().find(|pattern| select::has_empty_alternative(pattern)) {
            return Err(Trouble::usage(format!("`{pattern}`: an alternative in braces is empty")));
        }
        let Some(pattern) = patterns()
            .flat_map(|pattern| select::alternatives(pattern))
            .find(|pattern| !corpus.cases.iter().any(|case| is_meant(pattern, case)))
        else {
            return Ok(());
        };
        let topics = corpus.topics.iter().map(|topic| topic.id.as_str());
        let rules = corpus.requirements.iter().map(|rule| rule.id.as_str());
        let known = topics.chain(corpus.cases.iter().map(|case| case.id.as_str())).chain(rules);
        Err(Trouble::unknown(
            &format!("`{pattern}` selects no case"),
            pattern.trim_end_matches("/*"),
            known,
            "`upspec list` shows all ids, and with --requirements all rules",
        ))
    }

    fn check_tags(&self, corpus: &Corpus) -> Result<(), Trouble> {
        let tags = corpus.cases.iter().flat_map(|case| case.tags.iter().map(String::as_str));
        let tags: BTreeSet<&str> = tags.collect();
        match self.tag.iter().find(|tag| !tags.contains(tag.as_str())) {
            Some(tag) => {
                let names: Vec<String> = tags.iter().map(|tag| format!("`{tag}`")).collect();
                let hint = format!("known are {}", names.join(", "));
                Err(Trouble::unknown(&format!("no case has the tag `{tag}`"), tag, tags, &hint))
            }
            None => Ok(()),
        }
    }

    /// The cases that are played to peers of a role, besides the controls: those that are wanted, or as many of them
    /// as `--sample` says.
    ///
    /// # Errors
    ///
    /// Where there is none: a run of controls alone would pass for success. A part of few cases may be empty.
    pub(crate) fn chosen(
        &self,
        corpus: &Corpus,
        role: Role,
        seed: u64,
    ) -> Result<BTreeSet<String>, Trouble> {
        let own = || corpus.cases.iter().filter(|case| case.role == role);
        let wanted: Vec<&Case> = own().filter(|case| self.wants(case, corpus)).collect();
        if wanted.is_empty() && self.partition.is_none() {
            let hurts = own().any(|case| self.names(case, corpus));
            let advice = if hurts { "; --hazardous plays those that can hurt" } else { "" };
            return Err(Trouble::usage(format!(
                "no case for this role ({role}) is selected{advice}"
            )));
        }
        Ok(self.drawn(wanted, seed).into_iter().map(|case| case.id.clone()).collect())
    }

    /// As many of these cases as `--sample` says, in their order. A case is drawn by the seed and its own id, so that
    /// another case more takes the place of one at most.
    pub(crate) fn drawn<'c>(&self, mut cases: Vec<&'c Case>, seed: u64) -> Vec<&'c Case> {
        let Some(number) = self.sample else { return cases };
        let others = cases.iter().filter(|case| !is_control(case));
        let mut drawn: Vec<&str> = others.map(|case| case.id.as_str()).collect();
        drawn.sort_by_key(|id| (mixed(fnv1a(format!("{seed} {id}").as_bytes())), *id));
        drawn.truncate(number);
        let drawn: BTreeSet<&str> = drawn.into_iter().collect();
        cases.retain(|case| drawn.contains(case.id.as_str()));
        cases
    }

    /// The chosen cases, where few are asked for.
    pub(crate) fn asked(&self, chosen: &BTreeSet<String>) -> Option<BTreeSet<String>> {
        let is_few = !self.only.is_empty() || !self.tag.is_empty() || self.sample.is_some();
        is_few.then(|| chosen.clone())
    }

    /// The chosen cases that test something else, so that no run leaves them out in silence. Those that are built
    /// in have a command of their own; only where they are asked for it is to be said.
    pub(crate) fn other_roles(&self, corpus: &Corpus, role: Role) -> Option<String> {
        let is_named = !self.only.is_empty() || !self.tag.is_empty();
        let is_meant = |case: &&Case| is_named || case.id.starts_with("user/");
        let others = corpus.cases.iter().filter(|case| case.role != role).filter(is_meant);
        let ids: Vec<&str> =
            others.filter(|case| self.wants(case, corpus)).map(|case| case.id.as_str()).collect();
        let (first, count) = (ids.first()?, ids.len());
        if count == 1 {
            return Some(format!("{first} tests no {role}, and is not played"));
        }
        let rest = format!(" and {} more", count - 1);
        Some(format!("{first}{rest} test no {role}, and are not played"))
    }

    fn strong_enough(&self, case: &Case, corpus: &Corpus) -> bool {
        let weight = corpus.requirements.get(&case.requirement).map(|one| one.level.weight());
        match self.level {
            None => true,
            Some(LevelArg::Must) => weight == Some(Weight::Must),
            Some(LevelArg::Should) => matches!(weight, Some(Weight::Must | Weight::Should)),
            Some(LevelArg::May) => weight != Some(Weight::Info),
        }
    }
}

/// Spreads a hash over all its bits, so that ids that end alike are not drawn together: the finalizer of MurmurHash3.
fn mixed(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    hash ^ (hash >> 33)
}

/// Whether a pattern means a case: by its id, or by the rule or section that it is about.
fn is_meant(pattern: &str, case: &Case) -> bool {
    select::matches(pattern, &case.id) || select::matches_rule(pattern, &case.requirement)
}

/// The embedded corpus as the build script read it. Empty where the case files have a mistake.
static BUILT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/corpus.postcard"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_drawn_by_the_seed() {
        let corpus = Corpus::unpack(BUILT).unwrap();
        let sample = |number, seed| {
            let selection = Selection { sample: Some(number), ..Selection::default() };
            selection.chosen(&corpus, Role::Server, seed).unwrap_or_default()
        };
        let ten = sample(10, 1);
        assert_eq!(ten.len(), 10);
        assert_eq!(ten, sample(10, 1));
        assert_ne!(ten, sample(10, 2));
        assert!(ten.is_subset(&sample(20, 1)));
        assert!(sample(100_000, 1).iter().all(|id| !is_control(corpus.case(id).unwrap())));
        let topic = |id: &String| id.rsplit_once('/').map(|(topic, _)| topic.to_owned());
        let topics: BTreeSet<_> = sample(40, 1).iter().map(topic).collect();
        assert!(topics.len() > 15, "{topics:?}");
    }

    /// The cases that CI plays at each change have to be few, and to catch much.
    #[test]
    fn what_is_quick_is_a_smoke_test() {
        let corpus = Corpus::unpack(BUILT).unwrap();
        let quick = Selection { tag: vec!["quick".to_owned()], ..Selection::default() };
        let ids = quick.chosen(&corpus, Role::Server, 1).unwrap_or_default();
        assert!((50..=70).contains(&ids.len()), "{}", ids.len());
        let caught = crate::Caught::embedded();
        let faults: BTreeSet<&str> = ids.iter().flat_map(|id| caught.by(id)).collect();
        assert!(faults.len() > 150, "{}", faults.len());
        for role in [Role::Client, Role::Intermediary] {
            assert!(quick.chosen(&corpus, role, 1).is_err(), "{role}");
        }
    }

    #[test]
    fn the_corpus_that_was_built_is_the_one_that_is_read() {
        assert!(Corpus::unpack(BUILT).unwrap() == Corpus::embedded().unwrap());
    }
}
