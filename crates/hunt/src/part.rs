//! One of the parts that many machines split a hunt into: every so manieth number of one stream.

use std::fmt;
use std::str::FromStr;

/// Part M of N: the numbers M-1, M-1+N, M-1+2N and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    number: u64,
    of: u64,
}

impl Part {
    /// The only part of a whole hunt.
    pub const WHOLE: Self = Self { number: 1, of: 1 };

    /// Part `number`, from 1, `of` so many; `None` where there is no such part.
    #[must_use]
    pub fn new(number: u64, of: u64) -> Option<Self> {
        (1..=of).contains(&number).then_some(Self { number, of })
    }

    /// Which part it is, from 1.
    #[must_use]
    pub fn number(self) -> u64 {
        self.number
    }

    /// Of how many parts.
    #[must_use]
    pub fn of(self) -> u64 {
        self.of
    }

    /// Its first number from `next` on.
    #[must_use]
    pub fn from(self, next: u64) -> u64 {
        let first = self.number - 1;
        match next.checked_sub(first) {
            None => first,
            Some(beyond) => first.saturating_add(beyond.div_ceil(self.of).saturating_mul(self.of)),
        }
    }

    /// How many of its numbers come before `next`.
    #[must_use]
    pub fn before(self, next: u64) -> u64 {
        next.saturating_sub(self.number - 1).div_ceil(self.of)
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Part {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers = text.split_once('/');
        let numbers = numbers.and_then(|(m, n)| Some((m.parse().ok()?, n.parse().ok()?)));
        let part = numbers.and_then(|(number, of)| Self::new(number, of));
        part.ok_or("write it as M/N, with M from 1 to N")
    }
}

/// A part as `2/3`.
pub(crate) mod as_text {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use super::Part;

    pub(crate) fn serialize<S: Serializer>(part: &Option<Part>, to: S) -> Result<S::Ok, S::Error> {
        match part {
            Some(part) => to.collect_str(part),
            None => to.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Option<Part>, D::Error> {
        String::deserialize(from)?.parse().map(Some).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_disjoint_and_their_union_is_the_whole() {
        for of in 1..=9 {
            for runs in 0..=7_u64 {
                let numbers = |number| {
                    let part = Part::new(number, of).unwrap();
                    (0..runs).scan(part.from(0), move |next, _| {
                        let now = *next;
                        *next = part.from(now + 1);
                        Some(now)
                    })
                };
                let mut all: Vec<u64> = (1..=of).flat_map(numbers).collect();
                all.sort_unstable();
                assert_eq!(all, (0..of * runs).collect::<Vec<_>>(), "{runs} runs of {of} parts");
            }
        }
    }

    #[test]
    fn a_part_goes_on_from_any_number_and_counts_its_own() {
        for of in 1..=7 {
            for number in 1..=of {
                let part = Part::new(number, of).unwrap();
                let is_own = |one: &u64| one % of == number - 1;
                for next in 0..40 {
                    let own = (0..next).filter(is_own).count() as u64;
                    assert_eq!(part.before(next), own, "{part} before {next}");
                    assert_eq!(
                        part.from(next),
                        (next..).find(is_own).unwrap(),
                        "{part} from {next}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_no_part_is_refused() {
        for text in ["", "1", "0/3", "4/3", "1/0", "-1/3", "1/3/5", "a/b"] {
            assert!(text.parse::<Part>().is_err(), "{text}");
        }
        assert_eq!("2/3".parse::<Part>().unwrap().to_string(), "2/3");
        let last = Part::new(u64::MAX, u64::MAX).unwrap();
        assert_eq!((last.from(0), last.from(u64::MAX)), (u64::MAX - 1, u64::MAX));
    }
}
