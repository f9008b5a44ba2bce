//! Simpler recipes near a recipe, the boldest first.
//! Whether they still show the finding is for the caller to check.

use upspec_corpus::words::Word as _;

use crate::recipe::Recipe;
use crate::words::Base;

impl Recipe {
    /// Recipes that do less: without half of the edits, without one of them, from a simpler base,
    /// with a simpler edit. None of it goes in circles, so that shrinking
    /// comes to an end.
    pub fn simpler(&self) -> Vec<Self> {
        let mut found = Vec::new();
        let count = self.edits.len();
        if count > 3 {
            found.push(self.with_edits(0, count / 2));
            found.push(self.with_edits(count / 2, count));
        }
        for left_out in 0..count {
            let mut fewer = self.clone();
            fewer.edits.remove(left_out);
            found.push(fewer);
        }
        let bases = Base::WORDS.iter().map(|(_, base)| *base);
        for base in bases
            .take_while(|base| *base != self.base)
            .filter(|base| base.over() == self.base.over())
        {
            found.push(Self { base, edits: self.edits.clone() });
        }
        for (at, edit) in self.edits.iter().enumerate() {
            for simple in edit.simpler() {
                let mut other = self.clone();
                other.edits[at] = simple;
                found.push(other);
            }
        }
        found
    }

    fn with_edits(&self, from: usize, to: usize) -> Self {
        Self { base: self.base, edits: self.edits[from..to].to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        /// Whichever simpler recipe is taken, the way down has an end.
        #[test]
        fn shrinking_ends(mut recipe in crate::strategy::recipes(), turns in any::<[u8; 32]>()) {
            let mut steps = 0;
            loop {
                let simpler = recipe.simpler();
                if simpler.is_empty() {
                    break;
                }
                let turn = usize::from(turns[steps % turns.len()]);
                recipe = simpler[turn % simpler.len()].clone();
                steps += 1;
                prop_assert!(steps < 10_000, "{}", recipe);
            }
        }
    }
}
