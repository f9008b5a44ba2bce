//! An edit of an answer: a verb and its arguments, with one spelling each.
//! `draft` applies it.

use std::fmt;

use upspec_corpus::words::Word as _;

use super::words::{Field, Interim, Lines, Part, Spot};
use crate::edit::{Argument, edits, subject_argument, word_argument};
use crate::text::Text;
use crate::words::{Blank, End, Letters, Place};

/// A text of a table, which says more whole than in part: shrinking leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Value(pub Text);

impl Argument for Value {
    fn read(token: &str) -> Option<Self> {
        Text::read(token).map(Self)
    }

    fn simpler(&self) -> Vec<Self> {
        Vec::new()
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

word_argument!(Interim, Lines, Spot);
subject_argument!(Field, Part);

edits! {
    /// One change to an answer.
    ///
    /// An edit of a field that the answer lacks changes nothing.
    :
    /// A line of its own, without its line end, somewhere in the field section.
    Add(place: Place, line: Value) = "add",
    /// Octets behind the head.
    After(octets: Value) = "after",
    /// A second line of a field, before or behind the first.
    Also(field: Field, place: Place, value: Value) = "also",
    /// The letters of a field's value.
    Case(field: Field, letters: Letters) = "case",
    /// A cut in the stream: a pause after so many units, counted around.
    Cut(units: u16) = "cut",
    /// The lines of a field are left out.
    Drop(field: Field) = "drop",
    /// How lines end.
    End(lines: Lines, end: End) = "end",
    /// A value goes on in the next line.
    Fold(field: Field, place: Place) = "fold",
    /// A further element of a list.
    Insert(field: Field, place: Place, element: Value) = "insert",
    /// A response before this one.
    Interim(response: Interim) = "interim",
    /// The letters of a field's name.
    Name(field: Field, letters: Letters) = "name",
    /// Octets within a value.
    Put(field: Field, place: Place, octets: Value) = "put",
    /// A field's line once more, behind the first.
    Repeat(field: Field) = "repeat",
    /// Another value; the field is added where it is missing.
    Set(field: Field, value: Value) = "set",
    /// White space in a field line.
    Space(field: Field, spot: Spot, blank: Blank) = "space",
    /// Octets within a field's name.
    Spell(field: Field, place: Place, octets: Value) = "spell",
    /// Another word in the status line.
    Status(part: Part, word: Value) = "status",
    /// The stream ends after so many units, counted around.
    Stop(units: u16) = "stop",
}
