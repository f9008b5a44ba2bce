//! Holds the field lines of a head as received, with their order, spelling and places.
//! Does not interpret values; the field grammars do.

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
    pub fn is_named(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

/// The field lines of a head, in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields<'b>(pub(super) Vec<FieldLine<'b>>);

impl<'b> Fields<'b> {
    /// All field lines.
    pub fn iter(&self) -> std::slice::Iter<'_, FieldLine<'b>> {
        self.0.iter()
    }

    /// How many field lines there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no field lines.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The field lines of this name.
    pub fn lines<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a FieldLine<'b>> {
        self.0.iter().filter(move |line| line.is_named(name))
    }

    /// The values of the field lines of this name.
    pub fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.lines(name).map(|line| line.value.as_ref())
    }

    /// Whether there is a field line of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.lines(name).next().is_some()
    }

    /// Adds a line after all others.
    pub fn push(&mut self, line: FieldLine<'b>) {
        self.0.push(line);
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
    pub fn combined(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        let mut values = self.values(name);
        let mut combined = Cow::Borrowed(values.next()?);
        for value in values {
            let joined = combined.to_mut();
            joined.extend_from_slice(b", ");
            joined.extend_from_slice(value);
        }
        Some(combined)
    }
}

/// Field lines that do not come from a head in text, such as those of an HTTP/2 header list.
impl<'b> FromIterator<FieldLine<'b>> for Fields<'b> {
    fn from_iter<I: IntoIterator<Item = FieldLine<'b>>>(lines: I) -> Self {
        Self(lines.into_iter().collect())
    }
}

impl<'a, 'b> IntoIterator for &'a Fields<'b> {
    type Item = &'a FieldLine<'b>;
    type IntoIter = std::slice::Iter<'a, FieldLine<'b>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
