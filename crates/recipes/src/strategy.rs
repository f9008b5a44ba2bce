//! Recipes for property tests.
//! They shrink by [`Recipe::simpler`] alone.

use arbitrary::Unstructured;
use proptest::prelude::Rng as _;
use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::known::Known;
use crate::recipe::Recipe;

/// Any recipe.
pub(crate) fn recipes() -> Recipes {
    Recipes
}

/// The strategy behind [`recipes`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recipes;

/// A recipe that shrinks.
#[derive(Clone, Debug)]
pub(crate) struct RecipeTree {
    /// The simplest recipe so far that still fails.
    settled: Recipe,
    /// Simpler ones that are still to be tried, the next one last.
    untried: Vec<Recipe>,
    /// The recipe to try.
    current: Recipe,
}

impl Strategy for Recipes {
    type Tree = RecipeTree;
    type Value = Recipe;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let mut octets = [0; OCTETS];
        runner.rng().fill_bytes(&mut octets);
        let recipe = Recipe::near(&mut Unstructured::new(&octets), &all())
            .map_err(|error| error.to_string())?;
        Ok(RecipeTree { untried: untried(&recipe), settled: recipe.clone(), current: recipe })
    }
}

impl ValueTree for RecipeTree {
    type Value = Recipe;

    fn current(&self) -> Recipe {
        self.current.clone()
    }

    fn simplify(&mut self) -> bool {
        // The current one fails: from here on it is the one to beat.
        if self.current != self.settled {
            self.settled = self.current.clone();
            self.untried = untried(&self.settled);
        }
        self.next()
    }

    fn complicate(&mut self) -> bool {
        if self.current == self.settled {
            return false;
        }
        self.next() || {
            self.current = self.settled.clone();
            true
        }
    }
}

impl RecipeTree {
    fn next(&mut self) -> bool {
        let next = self.untried.pop();
        next.map(|next| self.current = next).is_some()
    }
}

fn untried(recipe: &Recipe) -> Vec<Recipe> {
    let mut simpler = recipe.simpler();
    simpler.reverse();
    simpler
}

/// As many octets as the longest recipe draws, and more.
const OCTETS: usize = 512;

/// A target that does all that there is.
fn all() -> Known {
    Known { http2: true, announces: true, tunnels: true, ..Known::switching() }
}
