//! An edit: a verb and its arguments, with one spelling each.
//! `draft` applies it.

use std::fmt;

use upspec_corpus::words::Word;

use crate::text::Text;
use crate::words::{
    Ahead, Blank, Body, End, Field, Inside, Letters, Lines, Odd, Pace, Part, Place, Spot,
};

/// An argument of an edit.
pub(crate) trait Argument: Sized {
    /// Reads it from a token of the text.
    fn read(token: &str) -> Option<Self>;

    /// What it may be replaced by so that the edit becomes simpler, the simplest first.
    fn simpler(&self) -> Vec<Self>;
}

macro_rules! word_argument {
    ($($name:ty),+) => {
        $(impl Argument for $name {
            fn read(token: &str) -> Option<Self> {
                Self::from_word(token)
            }

            fn simpler(&self) -> Vec<Self> {
                let before = Self::WORDS.iter().take_while(|(_, word)| word != self);
                before.map(|(_, word)| *word).collect()
            }
        })+
    };
}

pub(crate) use word_argument;

word_argument!(Ahead, Blank, Body, End, Letters, Lines, Pace, Place, Spot);

/// Another field or part is another edit, not a simpler one.
macro_rules! subject_argument {
    ($($name:ty),+) => {
        $(impl Argument for $name {
            fn read(token: &str) -> Option<Self> {
                Self::from_word(token)
            }

            fn simpler(&self) -> Vec<Self> {
                Vec::new()
            }
        })+
    };
}

pub(crate) use subject_argument;

subject_argument!(Field, Inside, Odd, Part);

impl Argument for Text {
    fn read(token: &str) -> Option<Self> {
        Self::parse(token.strip_prefix('\'')?.strip_suffix('\'')?)
    }

    /// Half of it, or all but one unit.
    fn simpler(&self) -> Vec<Self> {
        let length = self.0.len();
        if length < 2 {
            return Vec::new();
        }
        let mut shorter = Vec::new();
        if length > 3 {
            shorter.push(Self(self.0[..length / 2].to_vec()));
            shorter.push(Self(self.0[length / 2..].to_vec()));
        }
        if length <= LONGEST_TO_NIBBLE {
            for left_out in 0..length {
                let mut rest = self.0.clone();
                rest.remove(left_out);
                shorter.push(Self(rest));
            }
        }
        shorter
    }
}

/// Texts up to this length are also shortened one unit at a time.
const LONGEST_TO_NIBBLE: usize = 32;

impl Argument for u16 {
    fn read(token: &str) -> Option<Self> {
        let plain = token == "0" || !token.starts_with(['0', '+']);
        token.parse().ok().filter(|_| plain)
    }

    fn simpler(&self) -> Vec<Self> {
        if *self > 1 { vec![1, *self / 2] } else { Vec::new() }
    }
}

/// Defines the edits of a kind of recipe, each with its verb.
macro_rules! edits {
    ($(#[$all:meta])*: $($(#[$doc:meta])* $variant:ident($($name:ident: $type:ty),+) = $verb:literal,)+) => {
        $(#[$all])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum Edit {
            $($(#[$doc])* $variant($($type),+),)+
        }

        impl Edit {
            /// Reads an edit from its tokens.
            pub(crate) fn read(verb: &str, arguments: &[&str]) -> Option<Self> {
                let mut arguments = arguments.iter();
                let edit = match verb {
                    $($verb => Self::$variant(
                        $({
                            let argument: $type = Argument::read(arguments.next()?)?;
                            argument
                        }),+
                    ),)+
                    _ => return None,
                };
                arguments.next().is_none().then_some(edit)
            }

            /// Edits that do less, the simplest first.
            #[must_use]
            pub fn simpler(&self) -> Vec<Self> {
                match self {
                    $(Self::$variant($($name),+) => {
                        let mut found = Vec::new();
                        edits!(@each found $variant [] $($name)+);
                        found
                    })+
                }
            }
        }

        impl fmt::Display for Edit {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$variant($($name),+) => {
                        f.write_str($verb)?;
                        $(write!(f, " {}", $name)?;)+
                        Ok(())
                    })+
                }
            }
        }
    };
    // One argument after another gives way to a simpler one.
    (@each $found:ident $variant:ident [$($before:ident)*] $name:ident $($after:ident)*) => {
        for simple in $name.simpler() {
            $found.push(Self::$variant($($before.clone(),)* simple, $($after.clone()),*));
        }
        edits!(@each $found $variant [$($before)* $name] $($after)*);
    };
    (@each $found:ident $variant:ident [$($before:ident)*]) => {};
}

pub(crate) use edits;

edits! {
    /// One change to a request.
    ///
    /// An edit of a field that the request lacks changes nothing.
    :
    /// A line of its own, without its line end, somewhere in the field section.
    Add(place: Place, line: Text) = "add",
    /// Octets behind the head and its body; only in HTTP/1.1.
    After(octets: Text) = "after",
    /// A request before it, on the same connection.
    Ahead(ahead: Ahead, pace: Pace) = "ahead",
    /// A body.
    Body(body: Body) = "body",
    /// The letters of a field's value.
    Case(field: Field, letters: Letters) = "case",
    /// So many CONTINUATION frames in HTTP/2.
    Continue(frames: u16) = "continue",
    /// A cut in the stream: a pause after so many units, counted around. In HTTP/2, a cut in the octets of the tunnel,
    /// which go out in a DATA frame each.
    Cut(units: u16) = "cut",
    /// An element of a list once more.
    Double(field: Field, place: Place) = "double",
    /// The lines of a field are left out.
    Drop(field: Field) = "drop",
    /// How lines end.
    End(lines: Lines, end: End) = "end",
    /// A value goes on in the next line.
    Fold(field: Field, place: Place) = "fold",
    /// A frame of HTTP/2 before the request.
    Frame(frame: Odd) = "frame",
    /// White space between two words of the request line, before this part.
    Gap(part: Part, blank: Blank) = "gap",
    /// A further element of a list.
    Insert(field: Field, place: Place, element: Text) = "insert",
    /// A frame on the stream of an open tunnel of HTTP/2, before what else goes into it.
    Inside(inside: Inside) = "inside",
    /// The lines of a field become one.
    Join(field: Field) = "join",
    /// Octets in front of the request line.
    Lead(octets: Text) = "lead",
    /// Another place among the lines.
    Move(field: Field, place: Place) = "move",
    /// The letters of a field's name.
    Name(field: Field, letters: Letters) = "name",
    /// Octets within a value.
    Put(field: Field, place: Place, octets: Text) = "put",
    /// An element of a list is left out.
    Remove(field: Field, place: Place) = "remove",
    /// A field's line once more, behind the first.
    Repeat(field: Field) = "repeat",
    /// Another word in the request line.
    Request(part: Part, word: Text) = "request",
    /// Another value; the field is added where it is missing.
    Set(field: Field, value: Text) = "set",
    /// White space in a field line.
    Space(field: Field, spot: Spot, blank: Blank) = "space",
    /// Octets within a field's name.
    Spell(field: Field, place: Place, octets: Text) = "spell",
    /// Each element of a list on a line of its own.
    Split(field: Field) = "split",
    /// The request ends after so many units, and with it our side of the connection; only in HTTP/1.1.
    Stop(units: u16) = "stop",
    /// Octets in the tunnel, once it is open.
    Then(octets: Text) = "then",
}
