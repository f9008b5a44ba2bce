//! Holds the field lines of a head as received, with their order, spelling and places.
//! Does not interpret values; the field grammars do.

use crate::field::same_in_any_case;
use std::borrow::Cow;
use std::ops::Range;

/// One field line.
///
/// `field-line = field-name ":" OWS field-value OWS` (RFC 9112 5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldLine<'b> {
    /// The name as it was spelled, without white space before the colon. Empty when the line has
    /// no colon: such a line is kept, but no lookup by name finds it.
    pub name: &'b [u8],
    /// The value without the white space around it. Each fold (RFC 9112 5.2) is one SP; a folded
    /// line of white space alone adds nothing. The whole line, when it has no colon.
    pub value: Cow<'b, [u8]>,
    /// Where the name begins in the buffer.
    pub name_at: usize,
    /// Where the value begins in the buffer, or would begin.
    pub value_at: usize,
    /// The line in the buffer without its line end; with the lines folded into it, if any.
    pub line: Range<usize>,
}

impl<'b> FieldLine<'b> {
    /// A line that is not read from octets.
    pub fn new(name: &'b [u8], value: impl Into<Cow<'b, [u8]>>) -> Self {
        Self { name, value: value.into(), name_at: 0, value_at: 0, line: 0..0 }
    }

    /// Whether the line has this name, in any case (RFC 9110 5.1).
    #[inline]
    pub fn is_named(&self, name: &str) -> bool {
        same_in_any_case(self.name, name.as_bytes())
    }
}

/// The field lines of a head, in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields<'b> {
    lines: Vec<FieldLine<'b>>,
    index: Index,
}

impl<'b> Fields<'b> {
    /// Room for so many lines.
    pub(super) fn with_capacity(lines: usize) -> Self {
        Self { lines: Vec::with_capacity(lines), index: Index::default() }
    }

    /// All field lines.
    pub fn iter(&self) -> std::slice::Iter<'_, FieldLine<'b>> {
        self.lines.iter()
    }

    /// How many field lines there are.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there are no field lines.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The field lines of this name.
    #[inline]
    pub fn lines<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a FieldLine<'b>> {
        let lines = self.lines.get(self.index.range(name.as_bytes(), self.lines.len()));
        lines.unwrap_or_default().iter().filter(move |line| line.is_named(name))
    }

    /// The values of the field lines of this name.
    #[inline]
    pub fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.lines(name).map(|line| line.value.as_ref())
    }

    /// The value of the one field line of this name; nothing where several have it.
    #[inline(always)]
    pub fn only(&self, name: &str) -> Option<&[u8]> {
        match self.index.only(name.as_bytes()) {
            Some(at) => {
                let line = self.lines.get(at)?;
                line.is_named(name).then_some(&line.value)
            }
            None => self.only_of_some(name),
        }
    }

    fn only_of_some(&self, name: &str) -> Option<&[u8]> {
        let mut values = self.values(name);
        let value = values.next()?;
        values.next().is_none().then_some(value)
    }

    /// Whether there is a field line of this name.
    #[inline]
    pub fn contains(&self, name: &str) -> bool {
        self.index.can_have(name.as_bytes()) && self.lines(name).next().is_some()
    }

    /// Whether several lines can have one name: where not, none comes twice.
    pub fn may_repeat(&self) -> bool {
        self.index.shared != 0
    }

    /// The last line, to which a folded one belongs.
    pub(super) fn last_mut(&mut self) -> Option<&mut FieldLine<'b>> {
        self.lines.last_mut()
    }

    /// Adds a line after all others.
    #[inline]
    pub fn push(&mut self, line: FieldLine<'b>) {
        self.index.add(line.name, self.lines.len());
        self.lines.push(line);
    }

    /// Writes the lines and the empty line after them (RFC 9112 5).
    pub(super) fn write(&self, octets: &mut Vec<u8>) {
        for line in self {
            for part in [line.name, b": ", &line.value, b"\r\n"] {
                octets.extend_from_slice(part);
            }
        }
        octets.extend_from_slice(b"\r\n");
    }

    /// The field value: the values of all lines of this name, joined with comma and SP
    /// (RFC 9110 5.2, 5.3).
    #[inline]
    pub fn combined(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        // Most lookups are for a field that is not there.
        if self.index.can_have(name.as_bytes()) { self.combine(name) } else { None }
    }

    fn combine(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        let mut values = self.values(name);
        let first = values.next()?;
        match values.next() {
            None => Some(Cow::Borrowed(first)),
            Some(second) => Some(Cow::Owned(joined([first, second].into_iter().chain(values)))),
        }
    }
}

fn joined<'a>(values: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut joined = Vec::new();
    for (number, value) in values.enumerate() {
        joined.extend_from_slice(if number > 0 { b", " } else { b"" });
        joined.extend_from_slice(value);
    }
    joined
}

/// Where the lines with a name can be, so that few names are compared: most lookups are for a name that no line has, or
/// one has.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Index {
    /// The slots that a line has.
    taken: u64,
    /// The slots that several lines have.
    shared: u64,
    /// The first line of each slot that is taken.
    first: [u8; 64],
}

impl Default for Index {
    fn default() -> Self {
        Self { taken: 0, shared: 0, first: [0; 64] }
    }
}

impl Index {
    #[inline]
    fn add(&mut self, name: &[u8], at: usize) {
        let slot = slot(name);
        let bit = 1 << slot;
        let number = u8::try_from(at).unwrap_or(u8::MAX);
        if self.taken & bit == 0 {
            self.first[slot] = number;
        }
        // Behind the lines that can be counted each may stand for others.
        let is_shared = self.taken & bit != 0 || number == u8::MAX;
        self.shared |= if is_shared { bit } else { 0 };
        self.taken |= bit;
    }

    /// Whether a line can have this name.
    #[inline]
    fn can_have(&self, name: &[u8]) -> bool {
        self.taken & 1 << slot(name) != 0
    }

    /// The only line that can have this name, if there is one.
    #[inline]
    fn only(&self, name: &[u8]) -> Option<usize> {
        let slot = slot(name);
        let is_one = self.taken & !self.shared & 1 << slot != 0;
        is_one.then_some(usize::from(self.first[slot]))
    }

    /// The lines that can have this name, of so many.
    #[inline]
    fn range(&self, name: &[u8], lines: usize) -> Range<usize> {
        let slot = slot(name);
        let bit = 1 << slot;
        let first = usize::from(self.first[slot]);
        match (self.taken & bit, self.shared & bit) {
            (0, _) => 0..0,
            (_, 0) => first..first + 1,
            _ => first..lines,
        }
    }
}

/// One of 64 slots that all spellings of a name share: by its length, its first and its last octet.
#[inline]
fn slot(name: &[u8]) -> usize {
    let [first, .., last] = name else { return 0 };
    let octets = usize::from(first | CASE) * 5 + usize::from(last | CASE) * 3;
    (octets + name.len()) % 64
}

/// The bit in which a capital letter differs from a small one.
const CASE: u8 = 0x20;

/// Field lines that do not come from a head in text, such as those of an HTTP/2 header list.
impl<'b> FromIterator<FieldLine<'b>> for Fields<'b> {
    fn from_iter<I: IntoIterator<Item = FieldLine<'b>>>(lines: I) -> Self {
        let mut fields = Self::default();
        lines.into_iter().for_each(|line| fields.push(line));
        fields
    }
}

impl<'a, 'b> IntoIterator for &'a Fields<'b> {
    type Item = &'a FieldLine<'b>;
    type IntoIter = std::slice::Iter<'a, FieldLine<'b>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
