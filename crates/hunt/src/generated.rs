//! The requests of a hunt as cases, to be played to several targets.

use upspec_corpus::Bindings;
use upspec_corpus::case::Case;
use upspec_recipes::{CaseName, Known};

use crate::options::recipe;

/// The requests with the numbers from 0 of a seed, for the target with these bindings.
#[derive(Clone, Debug)]
pub struct Generated {
    seed: u64,
    bindings: Bindings,
}

impl Generated {
    /// What the ids of the cases begin with.
    pub const TOPIC: &str = "user/server/generated";

    /// Requests that depend on the seed alone; what is lawful depends on the bindings.
    #[must_use]
    pub fn new(seed: u64, bindings: Bindings) -> Self {
        Self { seed, bindings }
    }

    /// How many cases.
    #[must_use]
    pub fn cases(&self, count: u32) -> Vec<Case> {
        let numbers = 0..count;
        numbers.map(|number| self.case(number)).collect()
    }

    fn case(&self, number: u32) -> Case {
        let name = CaseName { topic: Self::TOPIC, name: &format!("request-{number}") };
        // The milder reading: nobody knows yet what the targets negotiate.
        let known = Known::switching();
        let recipe = recipe(self.seed, u64::from(number), &known);
        let mut case = recipe.case(name, &known, &self.bindings);
        case.title = format!("{recipe}: {}", case.title);
        case
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_requests() {
        let cases = |seed| Generated::new(seed, Bindings::example()).cases(50);
        assert_eq!(cases(1), cases(1));
        assert_ne!(cases(1), cases(2));
        assert_eq!(cases(1)[..10], Generated::new(1, Bindings::example()).cases(10));
    }
}
