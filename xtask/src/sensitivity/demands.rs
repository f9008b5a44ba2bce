//! What the runs must show: nothing against a server that does nothing wrong, each fault caught by
//! the requirement that it breaks, and some fault for each case.

use std::collections::{BTreeMap, BTreeSet};

use upspec_cli::Caught;
use upspec_corpus::Corpus;
use upspec_corpus::case::{Case, Grade, Role};
use upspec_corpus::words::Word as _;
use upspec_judge::Verdict;

use super::is_timed;
use super::subject::{Flaw, Noted, Played, Subject};

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
            problems.extend(of_side_effects(&fault, &side_effects(corpus, played)));
        }
    }
    problems
}

/// What a fault breaks besides is what its row declares, no more and no less.
fn of_side_effects(fault: &Flaw, found: &BTreeMap<&str, Vec<&str>>) -> Vec<String> {
    let name = fault.name;
    let undeclared = found.iter().filter(|(requirement, _)| !fault.also.contains(requirement));
    let undeclared = undeclared.map(|(requirement, cases)| {
        format!(
            "{name} breaks {requirement}, too, and its row does not say so: {}",
            cases.join(" ")
        )
    });
    let is_sure = |requirement: &&&str| !BY_CHANCE.contains(&(name, **requirement));
    let unseen = fault.also.iter().filter(is_sure);
    let unseen = unseen.filter(|requirement| !found.contains_key(*requirement));
    let unseen = unseen
        .map(|requirement| format!("{name} is said to break {requirement}, too: no case shows it"));
    undeclared.chain(unseen).collect()
}

/// A peer that does nothing wrong gets nothing but passes, and warnings about advice that it neglects. The conforming one can do all that a
/// case may need, so each case decides something there.
fn of_lawful_run(played: &Played) -> Vec<String> {
    let name = played.subject.name();
    let is_free = |noted: &Noted| {
        let neglects = played.subject.neglects();
        noted.verdict == Verdict::Warn
            && noted.cited.iter().all(|cited| neglects.contains(&cited.as_str()))
    };
    let caught = played.noted.iter();
    let caught = caught.filter(|(_, noted)| noted.is_caught() && !is_free(noted));
    let blamed = caught.map(|(case, noted)| {
        let (verdict, said) = (noted.verdict, noted.said());
        let cited: Vec<&str> = noted.cited.iter().map(String::as_str).collect();
        let cited = cited.join(", ");
        format!("{name} does nothing wrong, but {case}: {verdict:?} under {cited}: {said}")
    });
    let decides_all = matches!(played.subject, Subject::Conforming);
    let undecided = played.undecided.iter().filter(|_| decides_all);
    blamed
        .chain(undecided.map(|(case, why)| format!("{name}: {case} decides nothing: {why}")))
        .collect()
}

/// What of a run is to be played again.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// These cases, by their ids.
    Cases(BTreeSet<String>),
    /// All of it.
    Everything,
}

/// What is out of order in a run, or differs from what the table has.
pub(super) fn doubt(corpus: &Corpus, played: &Played, known: &Caught) -> Option<Doubt> {
    let mut cases: BTreeSet<String> = BTreeSet::new();
    if let Some(fault) = played.subject.fault() {
        // A fault of a client may have the name of one of a server.
        let is_own = |id: &&str| id.starts_with(played.subject.role().word());
        // Time decides who catches these.
        let is_sure = |id: &&str| corpus.case(id).is_none_or(|case| !is_timed(case));
        let before: BTreeSet<&str> =
            known.catching(fault.name).filter(is_own).filter(is_sure).collect();
        let now = played.caught().into_iter().filter(is_sure).collect();
        cases.extend(before.symmetric_difference(&now).map(|case| (*case).to_owned()));
    }
    if !of_run(corpus, played).is_empty() {
        let is_lawful = played.subject.fault().is_none();
        let noted = played.noted.iter();
        let noted = noted.filter(|(_, one)| is_lawful || one.verdict == Verdict::Error);
        cases.extend(noted.map(|(case, _)| case.clone()));
        if !is_lawful || matches!(played.subject, Subject::Conforming) {
            return Some(Doubt::Everything);
        }
    }
    (!cases.is_empty()).then_some(Doubt::Cases(cases))
}

/// The cases of the roles that were played that no fault makes fail or warn, and those that no lawful peer passes.
pub(super) fn of_corpus(corpus: &Corpus, played: &[Played]) -> Vec<String> {
    let caught: BTreeSet<&str> = faulty(played).flat_map(Played::caught).collect();
    let unable = tested(corpus, played)
        .filter(|case| !caught.contains(case.id.as_str()) && can_be_caught(case));
    let unable = unable.map(|case| format!("{}: no fault makes it fail or warn", case.id));
    let decides = |case: &Case, one: &Played| {
        one.subject.fault().is_none()
            && one.subject.role() == case.role
            && !one.undecided.contains_key(&case.id)
    };
    let undecided =
        tested(corpus, played).filter(|case| !played.iter().any(|one| decides(case, one)));
    unable.chain(undecided.map(|case| format!("{}: no lawful peer decides it", case.id))).collect()
}

/// Side effects that show or not: whose request gets a connection out of the pool is chance.
const BY_CHANCE: [(&str, &str); 1] = [("unasked-switch-pooled", "rfc9110/15.2.2-101-upgrade")];

/// Whether an alternative has a grade that catches anybody: some cases only find something out.
fn can_be_caught(case: &Case) -> bool {
    case.role == Role::Server
        || case.expect.iter().any(|one| matches!(one.grade, Grade::Fail | Grade::Warn))
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
    tested(corpus, played)
        .filter(|case| !faulty(played).any(|one| breaks(case, one)))
        .map(|case| case.id.as_str())
        .collect()
}

/// The cases of the roles that were played.
fn tested<'c>(corpus: &'c Corpus, played: &[Played]) -> impl Iterator<Item = &'c Case> {
    let is_played = |case: &&Case| played.iter().any(|one| one.subject.role() == case.role);
    corpus.cases.iter().filter(is_played)
}

fn faulty(played: &[Played]) -> impl Iterator<Item = &Played> {
    played.iter().filter(|one| one.subject.fault().is_some())
}

#[cfg(test)]
mod tests {
    use upspec_reference::{Fault, Variation};

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
        let doubtful = Doubt::Cases(BTreeSet::from([CASE.to_owned()]));
        assert_eq!(doubt(&corpus, &one, &known), Some(doubtful));
        known.insert(CASE, fault.name);
        assert_eq!(doubt(&corpus, &one, &known), None);
        let other = played(Subject::Faulty(fault), Verdict::Fail, "rfc9110/6.6.1-date");
        assert_eq!(doubt(&corpus, &other, &known), Some(Doubt::Everything));
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
        let all = tested(&corpus, std::slice::from_ref(&own)).count();
        let unable = of_corpus(&corpus, std::slice::from_ref(&own));
        let unable = unable.iter().filter(|problem| problem.contains("no fault"));
        assert_eq!(unable.count(), all - 1);
        assert_eq!(caught_by_rules_alone(&corpus, &[own]).len(), all - 1);
        let by_rule = played(Subject::Faulty(fault), Verdict::Fail, "rfc9110/6.6.1-date");
        assert_eq!(caught_by_rules_alone(&corpus, &[by_rule]).len(), all);
    }
}
