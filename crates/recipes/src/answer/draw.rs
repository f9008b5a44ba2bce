//! Draws answers from octets, so that a property test and a seed give the same ones.
//! Nothing else decides what is drawn.

use arbitrary::{Arbitrary, Result, Unstructured};
use upspec_corpus::words::Word;

use super::Answer;
use super::edit::{Edit, Value};
use super::words::Field;
use crate::text::Text;

mod tables;

use tables::{AFTER, ELEMENTS, LINES, OCTETS, WORDS, values};

impl<'a> Arbitrary<'a> for Answer {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        // Few edits: an answer with many defects is refused for the first of them.
        let count = *u.choose(&[1, 1, 1, 1, 2, 2, 2, 3, 3, 4])?;
        let edits = (0..count).map(|_| Edit::arbitrary(u)).collect::<Result<_>>()?;
        Ok(Self { edits })
    }
}

impl<'a> Arbitrary<'a> for Edit {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        // Weights add up to 64.
        Ok(match u.int_in_range(0..=63_u8)? {
            0..=3 => Self::Drop(field(u)?),
            4..=5 => Self::Repeat(field(u)?),
            6..=9 => also(u)?,
            10..=12 => Self::Name(field(u)?, word(u)?),
            13..=16 => Self::Case(field(u)?, word(u)?),
            17..=29 => set(u)?,
            30..=34 => Self::Insert(field(u)?, word(u)?, one_of(u, ELEMENTS)?),
            35..=37 => Self::Space(field(u)?, word(u)?, word(u)?),
            38..=39 => Self::Fold(field(u)?, word(u)?),
            40..=41 => Self::Put(field(u)?, word(u)?, one_of(u, OCTETS)?),
            42..=43 => Self::Spell(field(u)?, word(u)?, one_of(u, OCTETS)?),
            44..=50 => status(u)?,
            51..=52 => Self::End(word(u)?, word(u)?),
            53..=54 => Self::Interim(word(u)?),
            55..=56 => Self::Add(word(u)?, one_of(u, LINES)?),
            57..=59 => Self::After(one_of(u, AFTER)?),
            60..=61 => Self::Cut(u.int_in_range(1..=200)?),
            _ => Self::Stop(u.int_in_range(1..=200)?),
        })
    }
}

fn word<W: Word>(u: &mut Unstructured<'_>) -> Result<W> {
    u.choose(W::WORDS).map(|(_, word)| *word)
}

fn field(u: &mut Unstructured<'_>) -> Result<Field> {
    word(u)
}

fn one_of(u: &mut Unstructured<'_>, table: &[&str]) -> Result<Value> {
    let spelt = u.choose(table)?;
    Ok(Value(Text::parse(spelt).unwrap_or_default()))
}

fn set(u: &mut Unstructured<'_>) -> Result<Edit> {
    let field = field(u)?;
    Ok(Edit::Set(field, one_of(u, values(field))?))
}

fn also(u: &mut Unstructured<'_>) -> Result<Edit> {
    let field = field(u)?;
    Ok(Edit::Also(field, word(u)?, one_of(u, values(field))?))
}

fn status(u: &mut Unstructured<'_>) -> Result<Edit> {
    let part = word(u)?;
    Ok(Edit::Status(part, one_of(u, WORDS[part as usize])?))
}
