//! The faults, as rows: what the server does wrong, which requirement that breaks, and where
//! and how it acts. To add one, add its row.
//!
//! The rows stand in [`rows`] by subject, and what they may do in [`Effect`]. At each place where it
//! can go wrong the server asks a function of [`reading`], [`answering`] or, for frames, of `faults`
//! in `tunnel` and `http2`; these look for the effects of the fault that the server is set up with.

pub(crate) mod answering;
pub(crate) mod cost;
mod effect;
pub(crate) mod probe;
pub(crate) mod reading;
mod rows;
mod seen;

use std::fmt;

pub(crate) use effect::{Effect, Point};
pub use probe::Probe;
pub(crate) use seen::{Seen, field};

/// Says whether a fault gets a decision wrong.
pub(crate) type Errs<'a> = &'a dyn Fn(Point) -> bool;

/// One thing that the server does wrong.
pub struct Fault {
    /// Its name, as an option of a command names it.
    pub name: &'static str,
    /// What the server does.
    pub summary: &'static str,
    /// The requirement that it breaks.
    pub breaks: &'static str,
    /// Requirements of other rules that it inevitably breaks too.
    pub also: &'static [&'static str],
    probe: Option<fn() -> Probe>,
    effects: [Option<Effect>; MOST_EFFECTS],
}

impl Fault {
    /// Every fault.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        rows::TABLES.iter().copied().flatten()
    }

    /// The fault of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::all().find(|fault| fault.name == name)
    }

    /// What a client does to see the fault, if a handshake, a Ping and a plain GET do not show it.
    pub fn probe(&self) -> Option<Probe> {
        self.probe.map(|probe| probe())
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

    const fn shown_by(self, probe: fn() -> Probe) -> Self {
        Self { probe: Some(probe), ..self }
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

    /// Adds a place where the server asks whether it errs.
    const fn at(self, point: Point) -> Self {
        self.by(Effect::At(point))
    }
}

/// The beginning of a row.
const fn fault(name: &'static str, summary: &'static str) -> Fault {
    Fault { name, summary, breaks: "", also: &[], probe: None, effects: [None; MOST_EFFECTS] }
}

/// Names are unique.
impl PartialEq for Fault {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Fault {}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

const MOST_EFFECTS: usize = 3;

#[cfg(test)]
mod tests;
