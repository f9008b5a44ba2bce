//! The search itself: which candidate is looked at next, and what follows from what was seen.

use std::collections::BTreeMap;

use upspec_judge::Verdict;

/// What was seen of a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// The case has a verdict.
    Judged {
        /// It.
        verdict: Verdict,
        /// What the server did.
        message: String,
    },
    /// It has none: why.
    Skipped(String),
}

/// What the search ends with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The verdict changed with this candidate.
    Flipped { at: usize, from: Verdict, to: Verdict },
    /// It changed after the one and at the latest with the other; what lies between could not be judged.
    Hidden { after: usize, by: usize },
    /// Both ends have this verdict.
    Same(Verdict),
    /// An end could not be judged.
    Blind { at: usize, why: String },
}

/// A search among candidates from old to new, at least two.
pub(super) struct Search {
    count: usize,
    seen: BTreeMap<usize, Look>,
}

impl Search {
    pub(super) fn new(count: usize) -> Self {
        Self { count, seen: BTreeMap::new() }
    }

    /// The candidate to look at next; nothing where no look would tell more.
    pub(super) fn next(&self) -> Option<usize> {
        for end in [0, self.count - 1] {
            match self.seen.get(&end) {
                None => return Some(end),
                Some(Look::Skipped(_)) => return None,
                Some(Look::Judged { .. }) => {}
            }
        }
        let (old, new) = self.bounds();
        if self.verdict(old) == self.verdict(new) {
            return None;
        }
        let middle = old.midpoint(new);
        let open = (old + 1..new).filter(|at| !self.seen.contains_key(at));
        open.min_by_key(|at| at.abs_diff(middle))
    }

    /// Notes what was seen.
    pub(super) fn seen(&mut self, at: usize, look: Look) {
        self.seen.insert(at, look);
    }

    /// What the search ended with.
    pub(super) fn found(&self) -> Found {
        for at in [0, self.count - 1] {
            match self.seen.get(&at) {
                Some(Look::Judged { .. }) => {}
                Some(Look::Skipped(why)) => return Found::Blind { at, why: why.clone() },
                None => return Found::Blind { at, why: "it was not played".to_owned() },
            }
        }
        let (old, new) = self.bounds();
        match (self.verdict(old), self.verdict(new)) {
            (Some(from), Some(to)) if from == to => Found::Same(from),
            (Some(from), Some(to)) if new == old + 1 => Found::Flipped { at: new, from, to },
            _ => Found::Hidden { after: old, by: new },
        }
    }

    /// The newest candidate known to be as the oldest one is, and the oldest one after it that is known not to be.
    fn bounds(&self) -> (usize, usize) {
        let first = self.verdict(0);
        let (mut old, mut new) = (0, self.count - 1);
        for (at, _) in self.seen.range(1..self.count - 1) {
            match self.verdict(*at) {
                None => {}
                verdict if verdict == first => old = *at,
                _ => {
                    new = *at;
                    break;
                }
            }
        }
        (old, new)
    }

    fn verdict(&self, at: usize) -> Option<Verdict> {
        match self.seen.get(&at) {
            Some(Look::Judged { verdict, .. }) => Some(*verdict),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Searches among candidates: `p` passes, `f` fails, `-` cannot be judged. What is found, after how many looks.
    fn search(row: &str) -> (Found, usize) {
        let row = row.as_bytes();
        let mut search = Search::new(row.len());
        while let Some(at) = search.next() {
            let judged = |verdict| Look::Judged { verdict, message: String::new() };
            search.seen(
                at,
                match row[at] {
                    b'p' => judged(Verdict::Pass),
                    b'w' => judged(Verdict::Warn),
                    b'f' => judged(Verdict::Fail),
                    _ => Look::Skipped("it does not build".to_owned()),
                },
            );
        }
        (search.found(), search.seen.len())
    }

    fn flipped(at: usize) -> Found {
        Found::Flipped { at, from: Verdict::Pass, to: Verdict::Fail }
    }

    #[test]
    fn the_first_that_differs_is_found() {
        for count in 2..40 {
            for at in 1..count {
                let row = "p".repeat(at) + &"f".repeat(count - at);
                let (found, looks) = search(&row);
                assert_eq!(found, flipped(at), "{row}");
                assert!(
                    looks <= usize::try_from(super::super::most(count)).unwrap(),
                    "{row}: {looks}"
                );
            }
        }
    }

    #[test]
    fn what_cannot_be_judged_is_gone_around() {
        assert_eq!(search("pp-pf").0, flipped(4));
        assert_eq!(search("p---pff").0, flipped(5));
        assert_eq!(search("pp--ff").0, Found::Hidden { after: 1, by: 4 });
        assert_eq!(search("p-").0, Found::Blind { at: 1, why: "it does not build".to_owned() });
        // An end that says nothing ends it at once.
        assert_eq!(search("-pppf").1, 1);
    }

    #[test]
    fn equal_ends_are_told() {
        assert_eq!(search("ppfpp"), (Found::Same(Verdict::Pass), 2));
    }

    #[test]
    fn a_third_verdict_is_a_change() {
        let found = Found::Flipped { at: 2, from: Verdict::Pass, to: Verdict::Warn };
        assert_eq!(search("ppwff").0, found);
    }
}
