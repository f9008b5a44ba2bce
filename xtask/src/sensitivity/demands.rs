//! What the runs must show: nothing against a server that does nothing wrong, each fault caught by
//! the requirement that it breaks, and some fault for each case.

use std::collections::{BTreeMap, BTreeSet};

use upspec_cli::Caught;
use upspec_corpus::Corpus;
use upspec_corpus::case::{Case, Role};
use upspec_judge::Verdict;
use upspec_reference::Fault;

use super::subject::{Noted, Played, Subject};

/// What is wrong with one run.
pub(super) fn of_run(corpus: &Corpus, played: &Played) -> Vec<String> {
    let name = played.subject.name();
    let mut problems: Vec<String> = played
        .noted
        .iter()
        .filter(|(_, noted)| noted.verdict == Verdict::Error)
        .map(|(case, noted)| format!("{name}: {case} is an error: {}", noted.said()))
        .collect();
    match played.subject.fault() {
        None => problems.extend(of_lawful_run(played)),
        Some(fault) => {
            let cites = |noted: &Noted| noted.cited.contains(fault.breaks);
            if !played.noted.values().any(cites) {
                let requirement = fault.breaks;
                problems.push(format!("{name}: no finding cites {requirement}"));
            }
            problems.extend(of_side_effects(fault, &side_effects(corpus, played)));
        }
    }
    problems
}

/// What a fault breaks besides is what its row declares, no more and no less.
fn of_side_effects(fault: &Fault, found: &BTreeMap<&str, Vec<&str>>) -> Vec<String> {
    let name = fault.name;
    let undeclared = found.iter().filter(|(requirement, _)| !fault.also.contains(requirement));
    let undeclared = undeclared.map(|(requirement, cases)| {
        format!(
            "{name} breaks {requirement}, too, and its row does not say so: {}",
            cases.join(" ")
        )
    });
    let unseen = fault.also.iter().filter(|requirement| !found.contains_key(*requirement));
    let unseen = unseen
        .map(|requirement| format!("{name} is said to break {requirement}, too: no case shows it"));
    undeclared.chain(unseen).collect()
}

/// A server that does nothing wrong gets nothing but passes. The conforming one can do all that a
/// case may need, so each case decides something there.
fn of_lawful_run(played: &Played) -> Vec<String> {
    let name = played.subject.name();
    let caught = played.noted.iter().filter(|(_, noted)| noted.is_caught());
    let blamed = caught.map(|(case, noted)| {
        let verdict = noted.verdict;
        format!("{name} does nothing wrong, but {case}: {verdict:?}: {}", noted.said())
    });
    let decides_all = matches!(played.subject, Subject::Conforming);
    let undecided = played.undecided.iter().filter(|_| decides_all);
    blamed
        .chain(undecided.map(|(case, why)| format!("{name}: {case} decides nothing: {why}")))
        .collect()
}

/// Whether a run is out of order, or shows something else than the table has.
pub(super) fn is_doubtful(corpus: &Corpus, played: &Played, known: &Caught) -> bool {
    let differs = played.subject.fault().is_some_and(|fault| {
        let before: BTreeSet<&str> = known.catching(fault.name).collect();
        before != played.caught()
    });
    differs || !of_run(corpus, played).is_empty()
}

/// The cases that no fault makes fail or warn.
pub(super) fn of_corpus(corpus: &Corpus, played: &[Played]) -> Vec<String> {
    let caught: BTreeSet<&str> = faulty(played).flat_map(Played::caught).collect();
    let unable = of_servers(corpus).filter(|case| !caught.contains(case.id.as_str()));
    unable.map(|case| format!("{}: no fault makes it fail or warn", case.id)).collect()
}

/// What a fault breaks besides its own requirement: each requirement that a rule for every response
/// finds broken, and the cases that show it. What a case is about itself is no side effect.
pub(super) fn side_effects<'p>(
    corpus: &Corpus,
    played: &'p Played,
) -> BTreeMap<&'p str, Vec<&'p str>> {
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let Some(fault) = played.subject.fault() else {
        return found;
    };
    for (id, noted) in played.noted.iter().filter(|(_, noted)| noted.is_caught()) {
        let case = corpus.cases.iter().find(|case| case.id == *id);
        let is_own = |cited: &str| case.is_some_and(|case| own(case).any(|own| own == cited));
        for cited in noted.cited.iter().filter(|cited| *cited != fault.breaks) {
            if !is_own(cited) {
                found.entry(cited).or_default().push(id);
            }
        }
    }
    found
}

/// The requirements that a case is about: its own, and those of its alternatives.
fn own(case: &Case) -> impl Iterator<Item = &str> {
    let alternatives = case.expect.iter().filter_map(|one| one.requirement.as_deref());
    std::iter::once(case.requirement.as_str()).chain(alternatives)
}

/// The cases that no fault breaks in what they are about: rules for every response alone catch
/// something there.
pub(super) fn caught_by_rules_alone<'c>(corpus: &'c Corpus, played: &[Played]) -> Vec<&'c str> {
    let breaks = |case: &Case, one: &Played| {
        let noted = one.noted.get(&case.id).filter(|noted| noted.is_caught());
        noted.is_some_and(|noted| own(case).any(|id| noted.cited.contains(id)))
    };
    of_servers(corpus)
        .filter(|case| !faulty(played).any(|one| breaks(case, one)))
        .map(|case| case.id.as_str())
        .collect()
}

fn of_servers(corpus: &Corpus) -> impl Iterator<Item = &Case> {
    corpus.cases.iter().filter(|case| case.role == Role::Server)
}

fn faulty(played: &[Played]) -> impl Iterator<Item = &Played> {
    played.iter().filter(|one| one.subject.fault().is_some())
}

#[cfg(test)]
mod tests {
    use upspec_reference::Variation;

    use super::*;

    const CASE: &str = "server/key/fifteen-bytes";

    fn short_key() -> &'static Fault {
        Fault::named("accept-short-key").unwrap()
    }

    fn played(subject: Subject, verdict: Verdict, cited: &str) -> Played {
        let noted = Noted {
            verdict,
            cited: BTreeSet::from([cited.to_owned()]),
            messages: vec!["answered 101".to_owned()],
        };
        Played {
            subject,
            noted: BTreeMap::from([(CASE.to_owned(), noted)]),
            undecided: BTreeMap::new(),
        }
    }

    #[test]
    fn a_run_is_in_order_or_says_what_is_not() {
        let fault = Subject::Faulty(short_key());
        let varied = Subject::Varied(Variation::NoReason);
        let key = short_key().breaks;
        let rows = [
            (fault, Verdict::Fail, key, None),
            (fault, Verdict::Warn, key, None),
            (fault, Verdict::Fail, "rfc9110/6.6.1-date", Some("no finding cites")),
            (fault, Verdict::Error, key, Some("is an error")),
            (varied, Verdict::Warn, key, Some("does nothing wrong")),
            (Subject::Conforming, Verdict::Fail, key, Some("does nothing wrong")),
        ];
        let corpus = Corpus::embedded().unwrap();
        for (subject, verdict, cited, wanted) in rows {
            let problems = of_run(&corpus, &played(subject, verdict, cited)).join("\n");
            match wanted {
                None => assert_eq!(problems, ""),
                Some(words) => assert!(problems.contains(words), "{words}: {problems}"),
            }
        }
    }

    #[test]
    fn the_conforming_server_decides_every_case() {
        let corpus = Corpus::embedded().unwrap();
        for (subject, count) in [(Subject::Conforming, 1), (Subject::OfAnyOrigin, 0)] {
            let mut one = played(subject, Verdict::Pass, "");
            one.noted.clear();
            one.undecided.insert(CASE.to_owned(), String::new());
            assert_eq!(of_run(&corpus, &one).len(), count, "{subject:?}");
        }
    }

    #[test]
    fn another_catch_than_the_one_in_the_table_is_doubtful() {
        let fault = short_key();
        let one = played(Subject::Faulty(fault), Verdict::Fail, fault.breaks);
        let (corpus, mut known) = (Corpus::embedded().unwrap(), Caught::default());
        assert!(is_doubtful(&corpus, &one, &known));
        known.insert(CASE, fault.name);
        assert!(!is_doubtful(&corpus, &one, &known));
    }

    #[test]
    fn what_a_fault_breaks_besides_is_declared() {
        let corpus = Corpus::embedded().unwrap();
        let fault = Fault::named("switch-without-upgrade").unwrap();
        let rows = [
            (fault.also, None),
            (&[], Some("no case shows it")),
            (&["rfc9110/6.6.1-date", fault.also[0]], Some("does not say so")),
        ];
        for (cited, wanted) in rows {
            let mut one = played(Subject::Faulty(fault), Verdict::Fail, fault.breaks);
            let noted = one.noted.get_mut(CASE).unwrap();
            noted.cited.extend(cited.iter().map(|id| (*id).to_owned()));
            let problems = of_run(&corpus, &one).join("\n");
            match wanted {
                None => assert_eq!(problems, ""),
                Some(words) => assert!(problems.contains(words), "{words}: {problems}"),
            }
        }
    }

    #[test]
    fn a_case_that_nothing_breaks_is_named() {
        let corpus = Corpus::embedded().unwrap();
        let fault = short_key();
        let own = played(Subject::Faulty(fault), Verdict::Fail, fault.breaks);
        let all = corpus.cases.len();
        assert_eq!(of_corpus(&corpus, std::slice::from_ref(&own)).len(), all - 1);
        assert_eq!(caught_by_rules_alone(&corpus, &[own]).len(), all - 1);
        let by_rule = played(Subject::Faulty(fault), Verdict::Fail, "rfc9110/6.6.1-date");
        assert_eq!(caught_by_rules_alone(&corpus, &[by_rule]).len(), all);
    }
}
