//! The faults of the gateway, as rows: what it does wrong, which requirement that breaks, and where and how it acts.
//! To add one, add its row.
//!
//! The rows stand in [`rows`] by subject, and what they may do in [`Effect`].

mod effect;
pub(super) mod rows;
pub(super) mod scene;

use std::fmt;

pub(super) use effect::{Effect, Point};
pub use scene::{Scene, Step};

use super::variation::Way;

/// One thing that the gateway does wrong.
pub struct ProxyFault {
    /// Its name, as an option of a command names it.
    pub name: &'static str,
    /// What the gateway does.
    pub summary: &'static str,
    /// The requirement that it breaks.
    pub breaks: &'static str,
    /// Requirements of other rules that it inevitably breaks too.
    pub also: &'static [&'static str],
    /// What it does besides, lawfully, so that the fault shows.
    pub(super) beside: &'static [Way],
    scene: fn() -> Scene,
    effects: [Option<Effect>; MOST_EFFECTS],
}

impl ProxyFault {
    /// Every fault.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        rows::TABLES.iter().copied().flatten()
    }

    /// The fault of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::all().find(|fault| fault.name == name)
    }

    /// What the clients and the origin do to see the fault, and where it shows.
    pub fn scene(&self) -> Scene {
        (self.scene)()
    }

    pub(super) fn effects(&self) -> impl Iterator<Item = &Effect> {
        self.effects.iter().flatten()
    }

    const fn breaks(self, requirement: &'static str) -> Self {
        Self { breaks: requirement, ..self }
    }

    const fn also(self, requirements: &'static [&'static str]) -> Self {
        Self { also: requirements, ..self }
    }

    const fn beside(self, ways: &'static [Way]) -> Self {
        Self { beside: ways, ..self }
    }

    /// An exchange in which the fault shows.
    const fn shown_by(self, scene: fn() -> Scene) -> Self {
        Self { scene, ..self }
    }

    /// Adds an effect.
    const fn by(mut self, effect: Effect) -> Self {
        let mut place = 0;
        while self.effects[place].is_some() {
            place += 1;
        }
        self.effects[place] = Some(effect);
        self
    }

    /// Adds a place where the gateway asks whether it errs.
    const fn at(self, point: Point) -> Self {
        self.by(Effect::At(point))
    }
}

/// The beginning of a row.
const fn fault(name: &'static str, summary: &'static str) -> ProxyFault {
    let effects = [None; MOST_EFFECTS];
    ProxyFault { name, summary, breaks: "", also: &[], beside: &[], scene: scene::plain, effects }
}

/// Names are unique.
impl PartialEq for ProxyFault {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for ProxyFault {}

impl fmt::Debug for ProxyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

const MOST_EFFECTS: usize = 3;

#[cfg(test)]
pub(super) mod tests;
