//! Several rounds of the same cases as one run: of each case the worst result, and which cases differ.

use std::collections::{BTreeMap, HashMap};

use upspec_judge::{CaseResult, Verdict};
use upspec_report::verdict_word;
use upspec_runner::{Ending, RunOutcome};

use crate::args::rounds::Rounds as Wanted;
use crate::console;

/// The rounds so far.
pub(crate) struct Rounds {
    wanted: usize,
    quiet: bool,
    played: usize,
    whole: Option<RunOutcome>,
    /// What was said of each case, and how often.
    told: BTreeMap<String, BTreeMap<Verdict, usize>>,
}

impl Rounds {
    /// Begins the first of as many rounds as are wanted.
    pub(crate) fn begin(wanted: &Wanted, quiet: bool) -> Self {
        let rounds =
            Self { wanted: wanted.repeat, quiet, played: 0, whole: None, told: BTreeMap::new() };
        rounds.announce();
        rounds
    }

    /// Takes in what a round left behind; whether another one follows. None follows one that came to no good end.
    pub(crate) fn take(&mut self, round: RunOutcome) -> bool {
        let goes_on = round.ending == Ending::Complete;
        self.played += 1;
        for result in round.results.iter().filter(|result| is_judged(result.verdict)) {
            let told = self.told.entry(result.id.clone()).or_default();
            *told.entry(result.verdict).or_default() += 1;
        }
        match &mut self.whole {
            Some(whole) => join(whole, round),
            None => self.whole = Some(round),
        }
        let follows = goes_on && self.played < self.wanted;
        if follows {
            self.announce();
        }
        follows
    }

    /// All rounds as one. Call it behind the last [`Self::take`].
    pub(crate) fn end(self) -> RunOutcome {
        let remark = self.remark();
        let mut whole = self.whole.expect("there is no run without a round");
        whole.remarks.extend(remark);
        whole
    }

    fn announce(&self) {
        if self.wanted > 1 && !self.quiet {
            console::remark(&format!("round {} of {}", self.played + 1, self.wanted));
        }
    }

    /// Which cases differ, where there are rounds to differ.
    fn remark(&self) -> Option<String> {
        if self.wanted == 1 {
            return None;
        }
        let differ: Vec<_> = self.told.iter().filter(|(_, told)| told.len() > 1).collect();
        let in_all = match self.played {
            1 => "after one round".to_owned(),
            rounds => format!("in {rounds} rounds"),
        };
        let said = |(id, told): &(&String, &BTreeMap<Verdict, usize>)| {
            let told = told.iter().rev();
            let counts = told.map(|(verdict, times)| format!("{times} {}", verdict_word(*verdict)));
            format!("{id} ({})", counts.collect::<Vec<_>>().join(", "))
        };
        let named: Vec<String> = differ.iter().take(MOST_NAMED).map(said).collect();
        let more = match differ.len().saturating_sub(MOST_NAMED) {
            0 => String::new(),
            left => format!(" and {left} more"),
        };
        Some(match differ.len() {
            0 => format!("{in_all} no verdict differed"),
            1 => format!("{in_all} the verdict of 1 case differed: {}", named.join(", ")),
            number => {
                format!(
                    "{in_all} the verdicts of {number} cases differed: {}{more}",
                    named.join(", ")
                )
            }
        })
    }
}

/// Joins a later round to those before it.
fn join(whole: &mut RunOutcome, round: RunOutcome) {
    let places: HashMap<String, usize> =
        whole.results.iter().enumerate().map(|(at, one)| (one.id.clone(), at)).collect();
    for result in round.results {
        match places.get(&result.id) {
            Some(at) => keep_worst(&mut whole.results[*at], result),
            None => whole.results.push(result),
        }
    }
    for remark in round.remarks {
        if !whole.remarks.contains(&remark) {
            whole.remarks.push(remark);
        }
    }
    whole.deaths.extend(round.deaths);
    whole.complete &= round.complete;
    whole.ending = round.ending;
}

/// Keeps the worse of two results of a case; it is flaky if they disagree, but a death is one however often it comes.
pub(crate) fn keep_worst(known: &mut CaseResult, result: CaseResult) {
    let both = is_judged(known.verdict) && is_judged(result.verdict);
    let flaky = known.flaky || result.flaky || both && known.verdict != result.verdict;
    if rank(result.verdict) > rank(known.verdict) {
        *known = result;
    }
    known.flaky = flaky && known.death.is_none();
}

fn is_judged(verdict: Verdict) -> bool {
    rank(verdict) > 1
}

/// What says most of a target comes last; from 2 on it is a judgement.
fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Error => 0,
        Verdict::Inconclusive => 1,
        Verdict::Pass => 2,
        Verdict::Warn => 3,
        Verdict::Fail => 4,
    }
}

/// The most cases that the remark names; the report has them all.
const MOST_NAMED: usize = 12;

#[cfg(test)]
mod tests {
    use upspec_corpus::Corpus;
    use upspec_judge::{Reason, TargetFacts, not_played};

    use super::*;

    fn outcome(results: &[(&str, Verdict)], ending: Ending) -> RunOutcome {
        let corpus = Corpus::embedded().unwrap();
        let result = |(id, verdict): &(&str, Verdict)| {
            let blank = not_played(&corpus.cases[0], Reason::Connect, "", &corpus.requirements);
            CaseResult { id: (*id).to_owned(), verdict: *verdict, ..blank }
        };
        RunOutcome {
            results: results.iter().map(result).collect(),
            facts: TargetFacts::default(),
            complete: ending == Ending::Complete,
            ending,
            deaths: Vec::new(),
            remarks: vec!["slow".to_owned()],
        }
    }

    #[test]
    fn the_worst_of_all_rounds_stands() {
        use Verdict::{Fail, Inconclusive, Pass, Warn};
        let mut rounds = Rounds::begin(&Wanted { repeat: 3 }, true);
        let first = [("a", Pass), ("b", Fail), ("c", Inconclusive), ("d", Warn)];
        assert!(rounds.take(outcome(&first, Ending::Complete)));
        let second = [("a", Pass), ("b", Pass), ("c", Pass), ("d", Warn), ("e", Fail)];
        assert!(rounds.take(outcome(&second, Ending::Complete)));
        assert!(!rounds.take(outcome(&first[..2], Ending::Complete)));
        let whole = rounds.end();
        let told: Vec<_> =
            whole.results.iter().map(|one| (one.id.as_str(), one.verdict, one.flaky)).collect();
        let want = [
            ("a", Pass, false),
            ("b", Fail, true),
            ("c", Pass, false),
            ("d", Warn, false),
            ("e", Fail, false),
        ];
        assert_eq!(told, want);
        let differ = "in 3 rounds the verdict of 1 case differed: b (2 fail, 1 pass)";
        assert_eq!(whole.remarks, ["slow", differ]);
    }

    #[test]
    fn nothing_follows_a_round_that_was_cut_short() {
        let mut rounds = Rounds::begin(&Wanted { repeat: 3 }, true);
        assert!(rounds.take(outcome(&[], Ending::Complete)));
        assert!(!rounds.take(outcome(&[], Ending::Interrupted)));
        let whole = rounds.end();
        assert_eq!((whole.complete, whole.ending), (false, Ending::Interrupted));
        assert!(whole.remarks.contains(&"in 2 rounds no verdict differed".to_owned()));
    }
}
