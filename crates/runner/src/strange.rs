//! Counts the cases in a row that did not pass. Where they are many, the target may no longer be what it was in its
//! control, which is played again then: one that does nothing any more is not asked hundreds of times.

use std::collections::BTreeMap;

use upspec_judge::{CaseResult, Verdict};

/// The cases since the last one that passed.
#[derive(Debug)]
pub(crate) struct Strange {
    cases: Vec<usize>,
    /// When each case began, by the number of those before it.
    begun: BTreeMap<usize, usize>,
    /// How many of them are enough for a look at the control.
    enough: usize,
    /// How often the control was played for that.
    looks: u32,
}

impl Default for Strange {
    fn default() -> Self {
        Self { cases: Vec::new(), begun: BTreeMap::new(), enough: FIRST, looks: 0 }
    }
}

impl Strange {
    /// A case began; of those of which nobody tells it, any one that passes counts for all.
    pub(crate) fn begin(&mut self, index: usize) {
        self.begun.insert(index, self.begun.len());
    }

    /// A case that passed says nothing of what the target is since it began.
    pub(crate) fn note(&mut self, index: usize, result: &CaseResult) {
        let begun = &self.begun;
        match result.verdict {
            Verdict::Pass => self.cases.retain(|other| begun.get(other) > begun.get(&index)),
            _ => self.cases.push(index),
        }
    }

    /// Whether it is time for a look at the control.
    pub(crate) fn is_much(&self) -> bool {
        self.cases.len() >= self.enough
    }

    /// Whether no case since the last one that passed did not pass.
    pub(crate) fn is_empty(&self) -> bool {
        self.cases.is_empty()
    }

    /// The attempt of the next control.
    pub(crate) fn next_look(&mut self) -> u32 {
        self.looks += 1;
        LOOKS + self.looks
    }

    /// The control came out as at first: it takes more until the next look.
    pub(crate) fn is_the_same(&mut self) {
        self.cases.clear();
        self.enough *= 2;
    }

    /// Hands over the cases.
    pub(crate) fn take(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.cases)
    }
}

/// So many cases in a row are enough for the first look.
const FIRST: usize = 16;
/// The attempts of these controls, apart from all others.
const LOOKS: u32 = 3000;
