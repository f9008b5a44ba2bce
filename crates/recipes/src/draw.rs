//! Draws recipes from octets, so that a fuzzer, a property test and a seed give the same ones.
//! Nothing else decides what is drawn.

use arbitrary::{Arbitrary, Result, Unstructured};
use upspec_corpus::words::Word;

use crate::edit::Edit;
use crate::recipe::Recipe;
use crate::text::Text;
use crate::words::{Base, Field, Part};

mod frames;
mod near;
mod seeds;
mod tables;

use tables::{AFTER, LEADS, LINES, LISTS, OCTETS, WORDS};

impl<'a> Arbitrary<'a> for Recipe {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let base = *u.choose(BASES)?;
        // Few edits: a request with many defects is refused for the first of them.
        let count = *u.choose(&[1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 5, 6])?;
        let edits = (0..count).map(|_| Edit::arbitrary(u)).collect::<Result<_>>()?;
        Ok(Self { base, edits })
    }
}

impl<'a> Arbitrary<'a> for Edit {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        // Weights add up to 64.
        Ok(match u.int_in_range(0..=63_u8)? {
            0..=2 => Self::Drop(field(u)?),
            3..=4 => Self::Repeat(field(u)?),
            5..=6 => Self::Move(field(u)?, word(u)?),
            7..=9 => Self::Name(field(u)?, word(u)?),
            10..=12 => Self::Case(field(u)?, word(u)?),
            13..=14 => Self::Split(field(u)?),
            15 => Self::Join(field(u)?),
            16..=19 => Self::Space(field(u)?, word(u)?, word(u)?),
            20..=25 => insert(u)?,
            26 => Self::Double(list(u)?, word(u)?),
            27..=28 => Self::Remove(list(u)?, word(u)?),
            29..=39 => set(u)?,
            40..=43 => request(u)?,
            44 => Self::Gap(word(u)?, word(u)?),
            45..=47 => Self::Body(word(u)?),
            48..=49 => Self::End(word(u)?, word(u)?),
            50 => Self::Fold(field(u)?, word(u)?),
            51..=52 => Self::Put(field(u)?, word(u)?, octets(u)?),
            53 => Self::Spell(field(u)?, word(u)?, octets(u)?),
            54..=57 => Self::Add(word(u)?, one_of(u, LINES)?),
            58 => Self::Lead(one_of(u, LEADS)?),
            59 => Self::After(one_of(u, AFTER)?),
            _ => Self::Cut(u.int_in_range(1..=400)?),
        })
    }
}

fn word<W: Word>(u: &mut Unstructured<'_>) -> Result<W> {
    u.choose(W::WORDS).map(|(_, word)| *word)
}

/// The fields of the handshake more often than the others.
fn field(u: &mut Unstructured<'_>) -> Result<Field> {
    u.choose(FIELDS).copied()
}

fn list(u: &mut Unstructured<'_>) -> Result<Field> {
    u.choose(LIST_FIELDS).copied()
}

fn one_of(u: &mut Unstructured<'_>, table: &[&str]) -> Result<Text> {
    let spelt = u.choose(table)?;
    Ok(Text::parse(spelt).unwrap_or_default())
}

fn octets(u: &mut Unstructured<'_>) -> Result<Text> {
    if u.ratio(3, 4)? {
        return one_of(u, OCTETS);
    }
    let count = u.int_in_range(1..=4)?;
    Ok(Text::octets(u.bytes(count)?))
}

fn insert(u: &mut Unstructured<'_>) -> Result<Edit> {
    let field = list(u)?;
    Ok(Edit::Insert(field, word(u)?, one_of(u, LISTS)?))
}

fn set(u: &mut Unstructured<'_>) -> Result<Edit> {
    let field = field(u)?;
    let value = if u.ratio(7, 8)? { one_of(u, tables::values(field))? } else { one_of(u, LISTS)? };
    Ok(Edit::Set(field, value))
}

fn request(u: &mut Unstructured<'_>) -> Result<Edit> {
    let part: Part = word(u)?;
    Ok(Edit::Request(part, one_of(u, WORDS[part as usize])?))
}

const BASES: &[Base] = &[
    Base::Handshake,
    Base::Handshake,
    Base::Handshake,
    Base::Subprotocols,
    Base::Extensions,
    Base::Browser,
    Base::Plain,
];

const FIELDS: &[Field] = &[
    Field::Host,
    Field::Upgrade,
    Field::Upgrade,
    Field::Connection,
    Field::Connection,
    Field::Key,
    Field::Key,
    Field::Version,
    Field::Version,
    Field::Protocol,
    Field::Extensions,
    Field::Extensions,
    Field::Origin,
    Field::Length,
];

const LIST_FIELDS: &[Field] = &[
    Field::Upgrade,
    Field::Upgrade,
    Field::Connection,
    Field::Connection,
    Field::Protocol,
    Field::Extensions,
    Field::Version,
    Field::Key,
    Field::Host,
];
