//! Walks through the lines of a complete head and collects its violations.

use crate::{Violation, ViolationKind};
use std::ops::Range;

/// The current place in a head, and the violations on the way there.
pub(super) struct Cursor<'b, 'e> {
    /// The octets of the head, which end with an empty line.
    pub(super) head: &'b [u8],
    pub(super) violations: Vec<Violation>,
    /// The line ends still ahead: the place of each LF.
    line_ends: &'e [usize],
    /// The control octets ahead that belong to no line end, HTAB left out; most heads have none.
    odd: &'e [usize],
    /// Those of them in the line before `at`.
    odd_here: &'e [usize],
    at: usize,
}

impl<'b, 'e> Cursor<'b, 'e> {
    /// `line_ends` holds the place of each LF of `head`; `odd` the other control octets, HTAB and the CR of each
    /// line end left out.
    pub(super) fn new(head: &'b [u8], line_ends: &'e [usize], odd: &'e [usize]) -> Self {
        Self { head, violations: Vec::new(), line_ends, odd, odd_here: &[], at: 0 }
    }

    /// How many lines are left, the empty one included.
    pub(super) fn lines_left(&self) -> usize {
        self.line_ends.len()
    }

    /// The first line that is not empty. Empty lines before it are noted.
    pub(super) fn start_line(&mut self) -> Range<usize> {
        loop {
            let from = self.at;
            let (octets, ends_in_crlf) = self.line();
            if !octets.is_empty() || self.line_ends.is_empty() {
                if from > 0 {
                    self.note(ViolationKind::LeadingEmptyLine, 0..from);
                }
                let line = from..from + octets.len();
                self.check_line_end(line.end, ends_in_crlf);
                return line;
            }
        }
    }

    /// The next line of the field section and where it begins, `None` at the empty line that ends it.
    #[inline]
    pub(super) fn field_line(&mut self) -> Option<(usize, &'b [u8])> {
        let from = self.at;
        let (octets, ends_in_crlf) = self.line();
        self.check_line_end(from + octets.len(), ends_in_crlf);
        (!octets.is_empty()).then_some((from, octets))
    }

    pub(super) fn note(&mut self, kind: ViolationKind, at: Range<usize>) {
        self.violations.push(Violation { kind, at });
    }

    /// Notes what no line may hold: a bare CR, a NUL. The line is the one that was read last.
    #[inline]
    pub(super) fn check_line(&mut self, line: &Range<usize>) {
        if !self.odd_here.is_empty() {
            self.check(line, ViolationKind::BareCr, &IS_CR);
            self.check(line, ViolationKind::Nul, &IS_NUL);
        }
    }

    /// Notes any other control octet of that line, under the name that it has in this element.
    #[inline]
    pub(super) fn check_controls(&mut self, range: &Range<usize>, kind: ViolationKind) {
        if !self.odd_here.is_empty() {
            self.check(range, kind, &IS_OTHER_CONTROL);
        }
    }

    /// Notes the first run of octets that belong; all of them are odd.
    fn check(&mut self, range: &Range<usize>, kind: ViolationKind, belongs: &Set) {
        let in_range = self.odd_here.iter().filter(|at| range.contains(at)).copied();
        let mut wanted = in_range.filter(|at| belongs[usize::from(self.head[*at])]);
        let Some(start) = wanted.next() else { return };
        let mut end = start + 1;
        while wanted.next() == Some(end) {
            end += 1;
        }
        self.note(kind, start..end);
    }

    /// The next line without its end, and whether that is CRLF; an empty one after the last.
    #[inline]
    fn line(&mut self) -> (&'b [u8], bool) {
        let start = self.at;
        let Some((&lf, rest)) = self.line_ends.split_first() else {
            return (b"", true);
        };
        self.line_ends = rest;
        self.at = lf + 1;
        if !self.odd.is_empty() {
            let here = self.odd.iter().take_while(|at| **at < lf).count();
            (self.odd_here, self.odd) = self.odd.split_at(here);
        } else {
            self.odd_here = &[];
        }
        match &self.head[start..lf] {
            [before @ .., b'\r'] => (before, true),
            octets => (octets, false),
        }
    }

    /// Notes a line that ends with LF alone.
    #[inline]
    fn check_line_end(&mut self, lf: usize, ends_in_crlf: bool) {
        if !ends_in_crlf {
            self.note(ViolationKind::BareLf, lf..lf + 1);
        }
    }
}

/// The first run of octets for which `belongs` holds.
pub(super) fn first_run(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> Option<Range<usize>> {
    let start = bytes.iter().position(|&octet| belongs(octet))?;
    let length = bytes[start..].iter().position(|&octet| !belongs(octet));
    Some(start..length.map_or(bytes.len(), |length| start + length))
}

/// A set of octets. A table costs the same for every octet, and under a fuzzer, which takes note of
/// every comparison, far less than comparing.
type Set = [bool; 256];

static IS_CR: Set = set_of(b"\r");
static IS_NUL: Set = set_of(b"\0");
/// Control octets other than HTAB, CR and NUL.
static IS_OTHER_CONTROL: Set = other_controls();

const fn set_of(octets: &[u8]) -> Set {
    let mut set = [false; 256];
    let mut index = 0;
    while index < octets.len() {
        set[octets[index] as usize] = true;
        index += 1;
    }
    set
}

const fn other_controls() -> Set {
    let left_out = set_of(b"\t\r\0");
    let mut set = [false; 256];
    let mut octet = 0;
    while octet < 128 {
        set[octet] = (octet as u8).is_ascii_control() && !left_out[octet];
        octet += 1;
    }
    set
}
