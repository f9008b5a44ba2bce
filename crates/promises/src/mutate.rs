//! Changes a request head as the recipes change a handshake: by whole lines, among those that recipes write. libFuzzer's
//! own mutation knows octets only.

use std::sync::LazyLock;

use arbitrary::Unstructured;
use upspec_corpus::Bindings;
use upspec_recipes::{CaseName, Known, Recipe};

use crate::seeds::written;

/// Makes another head of the `len` octets at the beginning of `octets`, in place, and returns its length; `None` where that
/// is to be left to libFuzzer, which it is in half of the calls. `octets` bounds what fits.
pub fn mutate_head(octets: &mut [u8], len: usize, seed: u32) -> Option<usize> {
    let mut dice = Dice(seed);
    if *IS_PLAIN || dice.below(2) == 0 {
        return None;
    }
    let recipe = &DRAWN[dice.below(DRAWN.len())];
    let head = match dice.below(8) {
        // A handshake as a recipe writes it.
        0 => recipe.concat(),
        _ => changed(&octets[..len], recipe, &mut dice),
    };
    octets.get_mut(..head.len())?.copy_from_slice(&head);
    Some(head.len())
}

/// The head with a line of a recipe in it, or without one of its own.
fn changed(head: &[u8], recipe: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = head.split_inclusive(|octet| *octet == b'\n').collect();
    let line = recipe[dice.below(recipe.len())].as_slice();
    let (at, behind) = (dice.below(lines.len()), dice.below(lines.len() + 1));
    match dice.below(8) {
        _ if lines.is_empty() => lines.push(line),
        0 => {
            lines.remove(at);
        }
        1 => lines.insert(behind, lines[at]),
        2 => lines.swap(at, behind.min(at.max(1) - 1)),
        3..=5 => lines.insert(behind, line),
        _ => lines[at] = line,
    }
    lines.concat()
}

/// Whether all is left to libFuzzer, to compare.
static IS_PLAIN: LazyLock<bool> = LazyLock::new(|| std::env::var_os("UPSPEC_FUZZ_PLAIN").is_some());

/// Requests that recipes write, as lines with their ends.
static DRAWN: LazyLock<Vec<Vec<Vec<u8>>>> = LazyLock::new(|| {
    let (known, bindings) = (Known::switching(), Bindings::example());
    let drawn = (0..MOST).filter_map(|number| {
        let octets: Vec<u8> =
            (0..OCTETS).map(|at| Dice(number * OCTETS + at).next().to_le_bytes()[0]).collect();
        let recipe = Recipe::near(&mut Unstructured::new(&octets), &known).ok()?;
        let case =
            recipe.case(CaseName { topic: "user/server/fuzz", name: "one" }, &known, &bindings);
        let lines =
            written(&case)?.split_inclusive(|octet| *octet == b'\n').map(<[u8]>::to_vec).collect();
        Some(lines)
    });
    drawn.filter(|lines: &Vec<_>| !lines.is_empty()).collect()
});

/// Numbers that depend on a seed alone.
struct Dice(u32);

impl Dice {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9);
        let mut mixed = self.0;
        for factor in [0x21F0_AAAD, 0x735A_2D97] {
            mixed = (mixed ^ (mixed >> 16)).wrapping_mul(factor);
        }
        mixed ^ (mixed >> 15)
    }

    /// A number below this one; 0 below 0.
    fn below(&mut self, bound: usize) -> usize {
        self.next() as usize % bound.max(1)
    }
}

/// How many recipes are drawn, and from how many octets each.
const MOST: u32 = 1000;
const OCTETS: u32 = 256;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const HEAD: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n";

    fn mutated(head: &[u8], seed: u32, room: usize) -> Option<Vec<u8>> {
        let mut octets = vec![0; room];
        octets[..head.len()].copy_from_slice(head);
        let len = mutate_head(&mut octets, head.len(), seed)?;
        octets.truncate(len);
        Some(octets)
    }

    #[test]
    fn a_seed_gives_the_same_head_and_seeds_give_many() {
        let heads: Vec<Vec<u8>> = (0..400).filter_map(|seed| mutated(HEAD, seed, 4096)).collect();
        assert_eq!(
            heads,
            (0..400).filter_map(|seed| mutated(HEAD, seed, 4096)).collect::<Vec<_>>()
        );
        assert!((100..300).contains(&heads.len()), "{}", heads.len());
        assert!(BTreeSet::from_iter(&heads).len() > 50);
    }

    #[test]
    fn any_octets_and_any_room_will_do() {
        for seed in 0..2000 {
            for head in [HEAD, b"", b"\n", b"\xFF\0x"] {
                for room in [head.len(), head.len() + 20, 4096] {
                    assert!(mutated(head, seed, room).is_none_or(|head| head.len() <= room));
                }
            }
        }
    }
}
