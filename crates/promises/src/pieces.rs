//! Cuts octets into pieces at places that the beginning of an input gives.
//! No octet is lost, and no piece is empty.

use std::ops::Range;

/// Where to cut: read off the first octets of an input.
pub(crate) struct Cuts<'a> {
    steps: &'a [u8],
}

impl<'a> Cuts<'a> {
    /// Takes the steps from the start of the input; the rest is what is to be cut. The first octet
    /// says how many steps follow, seven at most, so that an input stays readable.
    pub(crate) fn take(input: &'a [u8]) -> (Self, &'a [u8]) {
        let (count, rest) = match input.split_first() {
            Some((count, rest)) => (usize::from(count % 8).min(rest.len()), rest),
            None => (0, input),
        };
        let (steps, rest) = rest.split_at(count);
        (Self { steps }, rest)
    }

    /// The ends of the pieces of so many octets. The steps are taken in turn; a step of zero, or no
    /// step at all, goes to the end.
    pub(crate) fn ends(&self, length: usize) -> Vec<usize> {
        let mut ends = Vec::new();
        let mut steps = self.steps.iter().cycle();
        let mut at = 0;
        while at < length && ends.len() < MOST_PIECES {
            at = match steps.next() {
                Some(&step) if step > 0 => length.min(at + usize::from(step)),
                _ => length,
            };
            ends.push(at);
        }
        if at < length {
            ends.push(length);
        }
        ends
    }

    /// The pieces.
    pub(crate) fn of<'b>(&self, octets: &'b [u8]) -> impl Iterator<Item = &'b [u8]> {
        let mut from = 0;
        let ends = self.ends(octets.len());
        ends.into_iter().map(move |end| &octets[std::mem::replace(&mut from, end)..end])
    }
}

/// Whether a range lies within so many octets.
pub(crate) fn is_within(range: &Range<usize>, length: usize) -> bool {
    range.start <= range.end && range.end <= length
}

/// More pieces would only cost time.
const MOST_PIECES: usize = 96;
