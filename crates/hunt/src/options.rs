//! The options of a hunt, and which recipe has which number.
//! Reads no clock.

use std::path::PathBuf;
use std::time::Duration;

use arbitrary::Unstructured;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use upspec_judge::Verdict;
use upspec_recipes::words::Base;
use upspec_recipes::{Known, Recipe};

use crate::chase::Drawn;

/// The options of a hunt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What the recipes are drawn from.
    pub seed: u64,
    /// How many exchanges are under way at once.
    pub jobs: usize,
    /// After how many exchanges the hunt ends.
    pub runs: Option<u64>,
    /// After which time the hunt ends.
    pub time: Option<Duration>,
    /// How many exchanges a second at most.
    pub rate: Option<u32>,
    /// The folder that case files are written to.
    pub out: PathBuf,
    /// Whether recipes are also drawn near those that showed something new.
    pub guided: bool,
    /// Whether the hunt ends with its first violation or death.
    pub until_found: bool,
    /// The verdict from which a result is a finding.
    pub least: Verdict,
}

/// The recipe with this number. It depends only on seed, number and what is known of the target.
pub(crate) fn recipe(seed: u64, number: u64, known: &Known) -> Recipe {
    Recipe::near(&mut Unstructured::new(&octets(seed, number)), known)
        .unwrap_or_else(|_| Recipe::plain(Base::Handshake))
}

/// What is drawn for the quarry of a chase with this number, as [`recipe`].
pub(crate) fn drawn<D: Drawn>(seed: u64, number: u64) -> D {
    D::draw(&mut Unstructured::new(&octets(seed, number)))
}

/// What is drawn from for this number: enough for any recipe.
pub(crate) fn octets(seed: u64, number: u64) -> [u8; OCTETS] {
    let mut from = [0; 32];
    from[..8].copy_from_slice(&seed.to_le_bytes());
    from[8..16].copy_from_slice(&number.to_le_bytes());
    let mut octets = [0; OCTETS];
    StdRng::from_seed(from).fill_bytes(&mut octets);
    octets
}

const OCTETS: usize = 256;
