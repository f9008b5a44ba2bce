//! What can be said only once all cases of a run are judged: a habit of the target counts once.
//! Every finding stays with the case that showed it.

use std::collections::{HashMap, HashSet};

use upspec_corpus::Registry;
use upspec_corpus::case::Outcome;

use crate::citations::Citations;
use crate::result::{Came, CaseResult, Counted, Finding, Verdict};
use crate::{freshness, versions};

/// What a target does in many cases alike: it counts once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Habit {
    /// The requirement that fits it best.
    pub requirement: String,
    /// The case in which it counts.
    pub at: String,
    /// All cases that show it, in the order of the results.
    pub cases: Vec<String>,
}

impl Habit {
    /// Whether this finding is the one that counts.
    #[must_use]
    pub fn is(&self, case: &CaseResult, finding: &Finding) -> bool {
        finding.verdict >= Verdict::Warn
            && self.at == case.id
            && self.requirement == finding.requirement
    }
}

/// Counts each warning that is a habit of the target once: in the first case that is about it, or else in
/// the first that shows it, in corpus order. There it says how many cases show it; in the others the finding
/// stays without weight, and says where it counts. Returns those that more than one case shows.
///
/// A habit is the same message about the same requirement from a rule that holds for every
/// response, such as a missing Date. A close without an answer is one if the target never answers
/// a malformed request with an error at all.
///
/// Adds what only several cases together show: a version that is accepted but not listed.
pub fn settle(results: &mut [CaseResult], registry: &Registry) -> Vec<Habit> {
    versions::check(results, &Citations::new(registry));
    freshness::check(results, &Citations::new(registry));
    let habits = shown(results, registry).into_iter().filter_map(|(key, places)| {
        let habit = count_once(results, &key, &places, registry)?;
        Some((places[0], habit))
    });
    let mut habits: Vec<_> = habits.collect();
    habits.sort_by_key(|(first, _)| *first);
    results.iter_mut().for_each(lighten);
    habits.into_iter().map(|(_, habit)| habit).collect()
}

/// Takes the weight from each finding of a case played alone that an earlier run counted in another case.
pub fn settle_as(result: &mut CaseResult, earlier: &CaseResult) {
    for finding in &mut result.findings {
        let same = earlier.findings.iter().find_map(|found| {
            let counted = found.counted.as_ref()?;
            let is_same = found.requirement == finding.requirement && found.rule == finding.rule;
            (is_same && finding.verdict <= counted.verdict).then_some(counted)
        });
        if let Some(counted) = same.filter(|_| finding.verdict >= Verdict::Warn) {
            discount(finding, counted.clone());
        }
    }
    lighten(result);
}

/// Counts each habit whose case is not among these results, which are a part of a run, where [`settle`] would count it
/// in a run of the part.
pub fn recount(part: &mut [CaseResult]) {
    let ids: HashSet<&str> = part.iter().map(|result| result.id.as_str()).collect();
    let mut lost: Vec<(Counted, Vec<At>)> = Vec::new();
    for (case, result) in part.iter().enumerate() {
        for (finding, found) in result.findings.iter().enumerate() {
            let counted = found.counted.as_ref();
            let Some(counted) = counted.filter(|one| !ids.contains(one.at.as_str())) else {
                continue;
            };
            match lost.iter_mut().find(|(known, _)| known == counted) {
                Some((_, places)) => places.push((case, finding)),
                None => lost.push((counted.clone(), vec![(case, finding)])),
            }
        }
    }
    for (counted, places) in lost {
        let about = |(case, _): &&At| part[*case].requirement == counted.requirement;
        let counts = places.iter().find(about).unwrap_or(&places[0]).0;
        let at = part[counts].id.clone();
        for (case, finding) in places {
            let result = &mut part[case];
            let finding = &mut result.findings[finding];
            let said = finding.message.strip_suffix(&elsewhere(&counted.at));
            finding.message = said.unwrap_or(&finding.message).to_owned();
            if case == counts {
                (finding.verdict, finding.counted) = (counted.verdict, None);
                result.verdict = result.verdict.max(counted.verdict);
            } else {
                discount(finding, Counted { at: at.clone(), ..counted.clone() });
            }
        }
    }
}

/// The place of a finding: that of its case and its own.
type At = (usize, usize);

/// Where each habit shows.
fn shown(results: &[CaseResult], registry: &Registry) -> HashMap<Key, Vec<At>> {
    let closes_always = !results.iter().any(answers_with_error);
    let mut places: HashMap<Key, Vec<At>> = HashMap::new();
    for (case, result) in results.iter().enumerate() {
        let came = result.outcome.map(|came| came.outcome);
        let closed = closes_always && came == Some(Outcome::Closed);
        for (finding, found) in result.findings.iter().enumerate() {
            if let Some(key) = habit(found, closed, registry) {
                places.entry(key).or_default().push((case, finding));
            }
        }
    }
    places
}

/// Takes the weight from all findings of a habit but one, if several cases show it.
fn count_once(
    results: &mut [CaseResult],
    key: &Key,
    places: &[At],
    registry: &Registry,
) -> Option<Habit> {
    let mut cases: Vec<usize> = places.iter().map(|(case, _)| *case).collect();
    cases.dedup();
    if cases.len() < 2 {
        return None;
    }
    let about = |case: &&usize| results[**case].requirement == key.requirement;
    let counts = *cases.iter().find(about).unwrap_or(&cases[0]);
    let at = results[counts].id.clone();
    for (case, finding) in places.iter().filter(|(case, _)| *case != counts) {
        let (at, requirement) = (at.clone(), key.requirement.clone());
        let counted = Counted { at, requirement, verdict: key.verdict };
        discount(&mut results[*case].findings[*finding], counted);
    }
    for (_, finding) in places.iter().filter(|(case, _)| *case == counts) {
        let finding = &mut results[counts].findings[*finding];
        let message = match &key.message {
            Some(_) => {
                let said = finding.message.trim_end_matches('.');
                format!("{said}; so in {} cases", cases.len())
            }
            None => {
                format!("closes without an answer what it does not take: {} cases", cases.len())
            }
        };
        let told = Citations::new(registry).finding(&key.requirement, key.verdict, message, None);
        (finding.requirement, finding.message) = (told.requirement, told.message);
        (finding.sections, finding.level) = (told.sections, told.level);
    }
    let cases = cases.into_iter().map(|case| results[case].id.clone()).collect();
    Some(Habit { requirement: key.requirement.clone(), at, cases })
}

/// Takes the weight from a finding that counts elsewhere.
fn discount(finding: &mut Finding, counted: Counted) {
    finding.verdict = Verdict::Pass;
    finding.message.push_str(&elsewhere(&counted.at));
    finding.counted = Some(counted);
}

fn elsewhere(at: &str) -> String {
    format!(" (counted once, at {at})")
}

fn answers_with_error(result: &CaseResult) -> bool {
    result.outcome.is_some_and(Came::is_error_status)
}

/// What makes findings of several cases one habit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    /// The requirement that it is about.
    requirement: String,
    /// What it is worth.
    verdict: Verdict,
    /// What all of them say, but for numbers such as the status; nothing where the target closes without an answer, which has many messages.
    message: Option<String>,
}

/// The key of the habit behind a warning, if there is one.
fn habit(finding: &Finding, closed: bool, registry: &Registry) -> Option<Key> {
    let requirement = registry.get(&finding.requirement);
    let verdict = finding.verdict;
    // What a client asks with is the same whatever we answer.
    let is_of_request = finding.rule.as_deref().is_some_and(|rule| rule.starts_with(OF_REQUESTS));
    if is_of_request && matches!(verdict, Verdict::Warn | Verdict::Fail) {
        let requirement = finding.requirement.clone();
        Some(Key { requirement, verdict, message: Some(without_digits(&finding.message)) })
    } else if verdict != Verdict::Warn {
        None
    } else if requirement.is_some_and(|requirement| requirement.habit) || is_of_every_101(finding) {
        let requirement = finding.requirement.clone();
        Some(Key { requirement, verdict, message: Some(without_digits(&finding.message)) })
    } else {
        closed.then(|| Key { requirement: REFUSE.to_owned(), verdict, message: None })
    }
}

/// What the names of the rules on requests begin with.
const OF_REQUESTS: &str = "request-";

fn without_digits(message: &str) -> String {
    message.chars().filter(|c| !c.is_ascii_digit()).collect()
}

/// A warning of a rule about requirements whose breach is no habit in the cases that are about them: a
/// field too many in each 101, a version too many in each list.
fn is_of_every_101(finding: &Finding) -> bool {
    let cited = ["rfc6455/4.2.2-response", "rfc6455/4.4-version-list"];
    finding.rule.is_some() && cited.contains(&finding.requirement.as_str())
}

/// A case whose findings have all lost their weight gets the verdict that it has without them.
fn lighten(result: &mut CaseResult) {
    if result.verdict != Verdict::Warn {
        return;
    }
    let worst = result.findings.iter().map(|finding| finding.verdict).max();
    match (worst, result.reason) {
        (Some(Verdict::Warn), _) => result.reason = None,
        (_, Some(_)) => result.verdict = Verdict::Inconclusive,
        (worst, None) => result.verdict = worst.unwrap_or(Verdict::Warn),
    }
}

/// Whoever does not take a handshake answers with an error.
const REFUSE: &str = "rfc6455/4.2.1-refuse";

#[cfg(test)]
mod tests {
    use upspec_corpus::Corpus;

    use super::*;
    use crate::result::Aside;

    fn warned(id: &str, about: &str, came: &str, requirement: &str, message: &str) -> CaseResult {
        let corpus = Corpus::embedded().unwrap();
        let citations = Citations::new(&corpus.requirements);
        let message = message.to_owned();
        CaseResult {
            id: id.to_owned(),
            title: String::new(),
            requirement: about.to_owned(),
            verdict: Verdict::Warn,
            reason: None,
            outcome: Some(came.parse().unwrap()),
            flaky: false,
            elapsed_ms: 0,
            findings: vec![citations.finding(requirement, Verdict::Warn, message, None)],
            record: None,
            twin: None,
            aside: Aside::default(),
            death: None,
        }
    }

    fn settled(results: &mut [CaseResult]) -> Vec<Habit> {
        settle(results, &Corpus::embedded().unwrap().requirements)
    }

    #[test]
    fn closing_on_everything_is_one_finding_with_its_count_and_its_rule() {
        let rows = [("a", "rfc6455/4.4-version-list"), ("b", REFUSE), ("c", "rfc6455/4.2.1-key")];
        let mut results =
            rows.map(|(id, about)| warned(id, about, "closed", about, "closed without an answer"));
        let habits = settled(&mut results);
        let cases = ["a", "b", "c"].map(str::to_owned).to_vec();
        let want = Habit { requirement: REFUSE.to_owned(), at: "b".to_owned(), cases };
        assert_eq!(habits, [want]);
        assert_eq!(
            results.map(|result| (result.verdict, result.findings[0].message.clone())),
            [
                (Verdict::Pass, "closed without an answer (counted once, at b)".to_owned()),
                (
                    Verdict::Warn,
                    "closes without an answer what it does not take: 3 cases".to_owned()
                ),
                (Verdict::Pass, "closed without an answer (counted once, at b)".to_owned()),
            ]
        );
    }

    #[test]
    fn who_answers_with_an_error_somewhere_has_no_habit_of_closing() {
        let about = "rfc6455/4.2.1-key";
        let mut results = [
            warned("a", about, "closed", about, "closed"),
            warned("b", about, "closed", about, "closed"),
            warned("c", about, "400", about, "400"),
        ];
        assert_eq!(settled(&mut results), []);
        assert!(results.iter().all(|result| result.verdict == Verdict::Warn));
    }

    #[test]
    fn a_habit_does_not_hang_on_the_status_and_one_case_is_none() {
        let date = "rfc9110/6.6.1-date";
        let key = "rfc6455/4.2.1-key";
        let mut results = [
            warned("a", key, "400", date, "the 400 has no Date"),
            warned("b", key, "405", date, "the 405 has no Date"),
        ];
        let alone = settled(&mut results[..1]);
        assert_eq!((alone, &results[0].findings[0].message[..]), (vec![], "the 400 has no Date"));
        let habits = settled(&mut results);
        assert_eq!(habits[0].cases, ["a", "b"]);
        assert_eq!(results[0].findings[0].message, "the 400 has no Date; so in 2 cases");
        assert_eq!(results[1].verdict, Verdict::Pass);
    }

    #[test]
    fn a_part_of_a_run_counts_a_habit_as_a_run_of_the_part_does() {
        let (date, key) = ("rfc9110/6.6.1-date", "rfc6455/4.2.1-key");
        let rows = [("a", date), ("b", key), ("c", key)];
        let played = rows.map(|(id, about)| warned(id, about, "400", date, "the 400 has no Date"));
        let (mut whole, mut part) = (played.clone(), played[1..].to_vec());
        settled(&mut whole);
        settled(&mut part);
        recount(&mut whole[1..]);
        let shown = |results: &[CaseResult]| {
            let each = results.iter();
            each.map(|one| (one.verdict, one.findings[0].counted.clone())).collect::<Vec<_>>()
        };
        assert_eq!(shown(&whole[1..]), shown(&part));
        assert_eq!(whole[2].findings[0].message, "the 400 has no Date (counted once, at b)");
        let before = part.clone();
        recount(&mut part);
        assert_eq!(part, before, "what counts in the part stays there");
    }

    #[test]
    fn a_case_played_alone_counts_what_the_run_before_it_counted() {
        let (date, key) = ("rfc9110/6.6.1-date", "rfc6455/4.2.1-key");
        let rows = [("a", date), ("b", key)];
        let played = rows.map(|(id, about)| warned(id, about, "400", date, "the 400 has no Date"));
        let mut stored = played.clone();
        settled(&mut stored);
        for (mut alone, stored) in played.into_iter().zip(&stored) {
            settle_as(&mut alone, stored);
            assert_eq!(alone.verdict, stored.verdict);
            assert_eq!(alone.findings[0].counted, stored.findings[0].counted);
        }
        let mut other = warned("b", key, "400", "rfc9112/9.6-close", "closes");
        settle_as(&mut other, &stored[1]);
        assert_eq!(other.verdict, Verdict::Warn, "what is new counts");
    }
}
