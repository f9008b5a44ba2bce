//! The faults of the client, as rows: what it does wrong, which requirement that breaks, and where and how it
//! acts. To add one, add its row.
//!
//! The rows stand in [`rows`] by subject, and what they may do in [`Effect`].

mod effect;
mod rows;
pub(crate) mod scene;

use std::fmt;

pub(crate) use effect::{Effect, Point};
pub(crate) use rows::contains;
pub use scene::Scene;

use super::variation::Way;

/// One thing that the client does wrong.
pub struct ClientFault {
    /// Its name, as an option of a command names it.
    pub name: &'static str,
    /// What the client does.
    pub summary: &'static str,
    /// The requirement that it breaks.
    pub breaks: &'static str,
    /// Requirements of other rules that it inevitably breaks too.
    pub also: &'static [&'static str],
    /// What it does besides, lawfully, so that the fault shows.
    pub(crate) beside: &'static [Way],
    scene: Option<fn() -> Scene>,
    effects: [Option<Effect>; MOST_EFFECTS],
}

impl ClientFault {
    /// Every fault.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        rows::TABLES.iter().copied().flatten()
    }

    /// The fault of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::all().find(|fault| fault.name == name)
    }

    /// What a server does to see the fault, if a conforming answer, a Ping, a message and a Close do not show it.
    pub fn scene(&self) -> Option<Scene> {
        self.scene.map(|scene| scene())
    }

    pub(crate) fn effects(&self) -> impl Iterator<Item = &Effect> {
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

    const fn shown_by(self, scene: fn() -> Scene) -> Self {
        Self { scene: Some(scene), ..self }
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

    /// Adds a place where the client asks whether it errs.
    const fn at(self, point: Point) -> Self {
        self.by(Effect::At(point))
    }
}

/// The beginning of a row.
const fn fault(name: &'static str, summary: &'static str) -> ClientFault {
    let effects = [None; MOST_EFFECTS];
    ClientFault { name, summary, breaks: "", also: &[], beside: &[], scene: None, effects }
}

/// Names are unique.
impl PartialEq for ClientFault {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for ClientFault {}

impl fmt::Debug for ClientFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

const MOST_EFFECTS: usize = 3;

#[cfg(test)]
mod tests;
