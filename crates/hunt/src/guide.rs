//! What a hunt has seen of the target's behaviour, and the recipes that showed something new of it. Such a recipe is
//! worth another one near it.

use std::collections::{BTreeSet, HashSet};

use arbitrary::{Result, Unstructured};
use upspec_exchange::{Octets, Record, Transcript};
use upspec_handshake::Party;
use upspec_recipes::{Known, Recipe};

/// What was seen, and by which recipes.
#[derive(Debug, Default)]
pub(crate) struct Guide {
    seen: HashSet<Behaviour>,
    /// The latest last.
    news: Vec<Recipe>,
}

/// What tells two answers apart: the outcome, the statuses and field names, whether the target ended the connection, and
/// how long it took, roughly.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Behaviour {
    outcome: String,
    statuses: Vec<u16>,
    names: BTreeSet<Vec<u8>>,
    is_ended: bool,
    time: usize,
}

impl Guide {
    /// Keeps a recipe whose exchange showed something new.
    pub(crate) fn notice(&mut self, recipe: &Recipe, outcome: String, record: &Record) {
        let octets = Octets::of(record);
        let transcript = Transcript::read(&octets);
        let Some(talk) = transcript.talks.first() else { return };
        let fields = talk.responses.iter().flat_map(|response| response.head.fields.iter());
        let behaviour = Behaviour {
            outcome,
            statuses: talk.statuses().collect(),
            names: fields.map(|line| line.name.to_ascii_lowercase()).collect(),
            is_ended: talk.ending.of_party(Party::Server).is_some(),
            time: class(record.io.last().map_or(0, |io| io.at_us)),
        };
        // One that is waited for is not worth as many others in the same time.
        let is_quick = behaviour.time == 0;
        if self.seen.len() < MOST_SEEN && self.seen.insert(behaviour) && is_quick {
            if self.news.len() == MOST_NEWS {
                self.news.remove(0);
            }
            self.news.push(recipe.clone());
        }
    }

    /// How many behaviours were seen.
    pub(crate) fn seen(&self) -> usize {
        self.seen.len()
    }

    /// A recipe near one that showed something new, as these octets have it; half of the time it is none.
    pub(crate) fn near(&self, u: &mut Unstructured<'_>, known: &Known) -> Result<Option<Recipe>> {
        if self.news.is_empty() || u.ratio(1, 2)? {
            return Ok(None);
        }
        let mut recipe = u.choose(&self.news)?.clone();
        let count = recipe.edits.len();
        match u.int_in_range(0..=3_u8)? {
            0 if count > 1 => {
                recipe.edits.remove(u.choose_index(count)?);
            }
            1 if count > 0 => {
                let at = u.choose_index(count)?;
                recipe.edits[at] = recipe.edited(u)?;
            }
            // The edits of another recipe on top.
            2 => {
                let other = Recipe::near(u, known)?;
                if other.base.over() == recipe.base.over() {
                    recipe.edits.extend(other.edits);
                }
            }
            _ => recipe.edits.push(recipe.edited(u)?),
        }
        recipe.edits.truncate(MOST_EDITS);
        Ok(Some(recipe))
    }
}

/// At once, soon, late or very late.
fn class(micros: u64) -> usize {
    CLASSES.iter().filter(|most| micros > **most).count()
}

/// The times between the classes, in microseconds: what a busy machine does to an answer is in the first one.
const CLASSES: [u64; 3] = [50_000, 150_000, 1_000_000];

const MOST_SEEN: usize = 10_000;
const MOST_NEWS: usize = 256;
const MOST_EDITS: usize = 8;
