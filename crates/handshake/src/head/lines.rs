//! Finds the control octets of a head, among them all line ends: many octets at a time, as there are few.

use std::slice;

/// The places of line ends, without an allocation for those of most heads.
#[derive(Clone, Debug, Default)]
pub(super) struct LineEnds {
    few: [usize; FEW],
    count: usize,
    /// All of them, once there are more.
    many: Vec<usize>,
}

impl LineEnds {
    #[inline]
    pub(super) fn push(&mut self, lf: usize) {
        match self.few.get_mut(self.count) {
            Some(free) => *free = lf,
            None => {
                if self.many.is_empty() {
                    self.many.extend_from_slice(&self.few);
                }
                self.many.push(lf);
            }
        }
        self.count += 1;
    }

    #[inline]
    pub(super) fn as_slice(&self) -> &[usize] {
        self.few.get(..self.count).unwrap_or(&self.many)
    }
}

/// As many lines as most heads have.
const FEW: usize = 24;

/// The places of the control octets (RFC 5234, appendix B.1: CTL) of a buffer, in order.
pub(super) struct Controls<'b> {
    words: slice::Iter<'b, [u8; AT_ONCE]>,
    /// The octets behind the last whole word.
    rest: &'b [u8],
    /// Those of the word that are still ahead.
    found: u128,
    word_at: usize,
    next_at: usize,
}

impl<'b> Controls<'b> {
    #[inline]
    pub(super) fn of(buffer: &'b [u8], from: usize) -> Self {
        let (words, rest) = buffer[from..].as_chunks();
        Self { words: words.iter(), rest, found: 0, word_at: from, next_at: from }
    }

    #[inline]
    pub(super) fn next(&mut self) -> Option<usize> {
        if self.found == 0 {
            self.look_on()?;
        }
        let place = self.found.trailing_zeros() as usize / 8;
        self.found &= self.found - 1;
        Some(self.word_at + place)
    }

    /// Goes to the next word that has any.
    #[inline]
    fn look_on(&mut self) -> Option<()> {
        for word in self.words.by_ref() {
            (self.word_at, self.next_at) = (self.next_at, self.next_at + AT_ONCE);
            self.found = marked(u128::from_le_bytes(*word));
            if self.found != 0 {
                return Some(());
            }
        }
        // Most heads end before.
        let last = last_word(std::mem::take(&mut self.rest))?;
        self.found = marked(u128::from_le_bytes(last));
        self.word_at = self.next_at;
        (self.found != 0).then_some(())
    }

    /// Passes over the next one where it stands in the same word; whether it does.
    #[inline]
    pub(super) fn skip_in_word(&mut self) -> bool {
        let is_there = self.found != 0;
        self.found &= self.found.wrapping_sub(1);
        is_there
    }
}

/// The octets behind the last whole word, filled up with spaces.
fn last_word(rest: &[u8]) -> Option<[u8; AT_ONCE]> {
    let mut word = [b' '; AT_ONCE];
    word.get_mut(..rest.len())?.copy_from_slice(rest);
    (!rest.is_empty()).then_some(word)
}

/// The top bit of each octet that is a control octet. No sum carries from one octet into the next.
#[inline]
fn marked(word: u128) -> u128 {
    const EACH: u128 = u128::MAX / 0xff;
    const LOW_BITS: u128 = EACH * 0x7f;
    // DEL comes to stand before all others, and SP behind 0x20.
    let moved = ((word & LOW_BITS) + EACH) & LOW_BITS;
    let is_other = moved + EACH * (0x80 - 0x21);
    !(is_other | word) & (EACH * 0x80)
}

/// How many octets a word has.
const AT_ONCE: usize = 16;

#[cfg(test)]
mod tests {
    use super::{Controls, LineEnds};

    #[test]
    fn line_ends_are_kept_in_order_however_many_there_are() {
        let mut line_ends = LineEnds::default();
        for count in 0..100 {
            assert!(line_ends.as_slice().iter().copied().eq(0..count), "{count}");
            line_ends.push(count);
        }
    }

    fn controls(octets: &[u8], from: usize) -> Vec<usize> {
        let mut controls = Controls::of(octets, from);
        std::iter::from_fn(|| controls.next()).collect()
    }

    #[test]
    fn every_control_octet_is_found_wherever_it_stands() {
        for octet in 0..=u8::MAX {
            for at in 0..40 {
                let mut octets = [b'a'; 40];
                octets[at] = octet;
                let want: Vec<usize> = octet.is_ascii_control().then_some(at).into_iter().collect();
                assert_eq!(controls(&octets, 0), want, "{octet:#04x}");
                let want: Vec<usize> = want.into_iter().filter(|at| *at >= 3).collect();
                assert_eq!(controls(&octets, 3), want, "{octet:#04x}");
            }
        }
        let all: Vec<usize> = (0..29).collect();
        assert_eq!(controls(&[0; 29], 0), all);
    }
}
