//! Changes that have the same rules behind them, as one: a server that breaks one rule may break it in hundreds of cases.

use std::collections::HashMap;

use upspec_judge::Verdict;

use super::Change;

/// Changes with one cause, as far as their rules tell.
pub(super) struct Group<'c> {
    /// The first of them.
    pub(super) first: &'c Change,
    pub(super) number: usize,
}

/// The groups of a list: what is worst first, then what shows in most cases.
pub(super) fn groups(changes: &[Change]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut places: HashMap<(&[String], Verdict), usize> = HashMap::new();
    for change in changes {
        let place = *places.entry((&change.requirements, change.worst)).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.number += 1,
            None => groups.push(Group { first: change, number: 1 }),
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse((group.first.worst, group.number)));
    groups
}
