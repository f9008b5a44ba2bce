//! Octets with bindings between them, one unit each, so that edits can count and cut them.
//! A [`Template`] renders it.

use std::fmt;

use upspec_corpus::Template;
use upspec_corpus::template::{Binding, Part};

use crate::words::{Letters, Place};

/// An octet, or a binding that counts as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// An octet.
    Octet(u8),
    /// What the run fills in.
    Binding(Binding),
}

/// Octets with bindings between them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Text(pub(crate) Vec<Unit>);

impl Text {
    /// These octets.
    pub fn octets(octets: &[u8]) -> Self {
        Self(octets.iter().copied().map(Unit::Octet).collect())
    }

    /// Reads the spelling of case files; `None` if it is malformed.
    pub fn parse(text: &str) -> Option<Self> {
        let template = Template::parse(text).ok()?;
        let mut units = Vec::new();
        for part in template.parts {
            match part {
                Part::Bytes(octets) => units.extend(octets.into_iter().map(Unit::Octet)),
                Part::Binding(binding) => units.push(Unit::Binding(binding)),
            }
        }
        Some(Self(units))
    }

    /// The same as a template.
    pub fn template(&self) -> Template {
        Template::from_parts(self.0.iter().map(|unit| match unit {
            Unit::Octet(octet) => Part::Bytes(vec![*octet]),
            Unit::Binding(binding) => Part::Binding(*binding),
        }))
    }

    pub(crate) fn append(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }

    pub(crate) fn insert(&mut self, place: Place, other: &Self) {
        let at = match place {
            Place::First => 0,
            Place::Middle => self.0.len() / 2,
            Place::Last => self.0.len(),
        };
        self.0.splice(at..at, other.0.iter().copied());
    }

    pub(crate) fn recase(&mut self, letters: Letters) {
        for unit in &mut self.0 {
            if let Unit::Octet(octet) = unit {
                *octet = recase(*octet, letters);
            }
        }
    }

    /// The parts between these octets.
    pub(crate) fn split(&self, octet: u8) -> Vec<Self> {
        let parts = self.0.split(|unit| *unit == Unit::Octet(octet));
        parts.map(|part| Self(part.to_vec())).collect()
    }

    pub(crate) fn trim(&self) -> Self {
        let blank = |unit: &Unit| matches!(unit, Unit::Octet(b' ' | b'\t'));
        let Some(start) = self.0.iter().position(|unit| !blank(unit)) else {
            return Self::default();
        };
        let end = self.0.iter().rposition(|unit| !blank(unit));
        Self(self.0[start..=end.unwrap_or(start)].to_vec())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::octets(text.as_bytes())
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", self.template())
    }
}

fn recase(octet: u8, letters: Letters) -> u8 {
    match letters {
        Letters::Lower => octet.to_ascii_lowercase(),
        Letters::Upper => octet.to_ascii_uppercase(),
        Letters::Swapped if octet.is_ascii_alphabetic() => octet ^ 0x20,
        Letters::Swapped => octet,
    }
}
