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
    at: usize,
    /// No octet of the head needs a second look; most heads are like that.
    plain: bool,
}

impl<'b, 'e> Cursor<'b, 'e> {
    /// `line_ends` holds the place of each LF of `head`, which has so many control octets.
    pub(super) fn new(head: &'b [u8], line_ends: &'e [usize], controls: usize) -> Self {
        let plain = is_plain(head, line_ends, controls);
        Self { head, violations: Vec::new(), line_ends, at: 0, plain }
    }

    /// How many lines are left, the empty one included.
    pub(super) fn lines_left(&self) -> usize {
        self.line_ends.len()
    }

    /// The first line that is not empty. Empty lines before it are noted.
    pub(super) fn start_line(&mut self) -> Range<usize> {
        loop {
            let from = self.at;
            let line = self.line();
            if !line.is_empty() || self.line_ends.is_empty() {
                if from > 0 {
                    self.note(ViolationKind::LeadingEmptyLine, 0..from);
                }
                self.check_line_end(&line);
                return line;
            }
        }
    }

    /// The next line of the field section, `None` at the empty line that ends it.
    #[inline]
    pub(super) fn field_line(&mut self) -> Option<Range<usize>> {
        let line = self.line();
        self.check_line_end(&line);
        (!line.is_empty()).then_some(line)
    }

    pub(super) fn note(&mut self, kind: ViolationKind, at: Range<usize>) {
        self.violations.push(Violation { kind, at });
    }

    /// Notes what no line may hold: a bare CR, a NUL.
    #[inline]
    pub(super) fn check_line(&mut self, line: &Range<usize>) {
        if self.plain || !self.holds_control(line) {
            return;
        }
        self.check(line, ViolationKind::BareCr, &IS_CR);
        self.check(line, ViolationKind::Nul, &IS_NUL);
    }

    /// Notes any other control octet, under the name that it has in this element.
    #[inline]
    pub(super) fn check_controls(&mut self, range: &Range<usize>, kind: ViolationKind) {
        if !self.plain && self.holds_control(range) {
            self.check(range, kind, &IS_OTHER_CONTROL);
        }
    }

    /// Whether any check can find something: most lines need only this one look.
    fn holds_control(&self, range: &Range<usize>) -> bool {
        let octets = self.head[range.clone()].iter();
        octets.fold(false, |held, &octet| held | IS_CONTROL[usize::from(octet)])
    }

    fn check(&mut self, range: &Range<usize>, kind: ViolationKind, belongs: &Set) {
        let octets = &self.head[range.clone()];
        if let Some(run) = first_run(octets, |octet| belongs[usize::from(octet)]) {
            self.note(kind, range.start + run.start..range.start + run.end);
        }
    }

    /// The next line without its end; an empty one after the last.
    #[inline]
    fn line(&mut self) -> Range<usize> {
        let start = self.at;
        let Some((&lf, rest)) = self.line_ends.split_first() else {
            return start..start;
        };
        self.line_ends = rest;
        self.at = lf + 1;
        if self.plain {
            return start..lf - 1;
        }
        match self.head[start..lf].split_last() {
            Some((b'\r', before)) => start..start + before.len(),
            _ => start..lf,
        }
    }

    /// Notes a line that ends with LF alone.
    #[inline]
    fn check_line_end(&mut self, line: &Range<usize>) {
        if !self.plain && self.head.get(line.end) == Some(&b'\n') {
            self.note(ViolationKind::BareLf, line.end..line.end + 1);
        }
    }
}

/// The first run of octets for which `belongs` holds.
pub(super) fn first_run(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> Option<Range<usize>> {
    let start = bytes.iter().position(|&octet| belongs(octet))?;
    let length = bytes[start..].iter().position(|&octet| !belongs(octet));
    Some(start..length.map_or(bytes.len(), |length| start + length))
}

/// Whether a head has no control octets but those of its line ends.
///
/// Counting is cheaper than looking for bad octets line by line. Each line has an LF; when there are as many other control octets as lines, and each line
/// ends with CR, then there are no others. A head with HTAB is valid, but not plain.
fn is_plain(head: &[u8], line_ends: &[usize], controls: usize) -> bool {
    controls == 2 * line_ends.len()
        && line_ends.iter().all(|&lf| lf > 0 && head.get(lf - 1) == Some(&b'\r'))
}

/// A set of octets. A table costs the same for every octet, and under a fuzzer, which takes note of
/// every comparison, far less than comparing.
type Set = [bool; 256];

static IS_CR: Set = set_of(b"\r");
static IS_NUL: Set = set_of(b"\0");
/// Control octets other than HTAB.
static IS_CONTROL: Set = controls_without(b"\t");
/// Control octets other than HTAB, CR and NUL.
static IS_OTHER_CONTROL: Set = controls_without(b"\t\r\0");

const fn set_of(octets: &[u8]) -> Set {
    let mut set = [false; 256];
    let mut index = 0;
    while index < octets.len() {
        set[octets[index] as usize] = true;
        index += 1;
    }
    set
}

const fn controls_without(octets: &[u8]) -> Set {
    let left_out = set_of(octets);
    let mut set = [false; 256];
    let mut octet = 0;
    while octet < 128 {
        set[octet] = (octet as u8).is_ascii_control() && !left_out[octet];
        octet += 1;
    }
    set
}
