//! Draws recipes for a target of which something is known: also in HTTP/2 where it speaks that, behind other requests on
//! the connection, and with frames in the tunnel.

use arbitrary::{Arbitrary as _, Result, Unstructured};

use super::frames::frames;
use super::seeds;
use super::tables::{self, HTTP2_LINES, LISTS, OCTETS};
use super::{list, one_of, word};
use crate::edit::Edit;
use crate::known::Known;
use crate::recipe::Recipe;
use crate::text::Text;
use crate::words::{Ahead, Base, Field, Letters, Place};

impl Recipe {
    /// Draws a recipe for a target.
    ///
    /// # Errors
    ///
    /// When the octets do not suffice.
    pub fn near(u: &mut Unstructured<'_>, known: &Known) -> Result<Self> {
        if known.http2 && u.ratio(2, 5)? {
            return http2(u, known);
        }
        let mut recipe = match u.int_in_range(0..=15_u8)? {
            0 => Self::plain(Base::Root),
            1..=2 => Self { base: *u.choose(TUNNELS)?, edits: vec![Edit::Then(tunnel(u)?)] },
            3..=6 => seed(u, seeds::SEEDS)?,
            _ => Self::arbitrary(u)?,
        };
        if recipe.base == Base::Root && u.ratio(1, 2)? {
            recipe.edits.push(Edit::arbitrary(u)?);
        }
        if u.ratio(1, 8)? {
            for _ in 0..*u.choose(&[1, 1, 2])? {
                recipe.edits.push(Edit::Ahead(*u.choose(AHEAD)?, word(u)?));
            }
        }
        Ok(recipe)
    }

    /// One more edit of the kind that suits its base.
    ///
    /// # Errors
    ///
    /// When the octets do not suffice.
    pub fn edited(&self, u: &mut Unstructured<'_>) -> Result<Edit> {
        match self.base.over() {
            upspec_corpus::case::Over::Http1 => Edit::arbitrary(u),
            upspec_corpus::case::Over::Http2 => edit(u, self.base),
        }
    }
}

/// One of these recipes, sometimes with one more edit.
fn seed(u: &mut Unstructured<'_>, seeds: &[&str]) -> Result<Recipe> {
    let mut recipe: Recipe = u.choose(seeds)?.parse().unwrap_or_default();
    if u.ratio(1, 4)? {
        recipe.edits.push(recipe.edited(u)?);
    }
    Ok(recipe)
}

/// Octets for a tunnel.
fn tunnel(u: &mut Unstructured<'_>) -> Result<Text> {
    if u.ratio(1, 3)? { one_of(u, seeds::TUNNELS) } else { frames(u) }
}

fn http2(u: &mut Unstructured<'_>, known: &Known) -> Result<Recipe> {
    if known.announces && u.ratio(1, 4)? {
        return seed(u, seeds::HTTP2_SEEDS);
    }
    let base = if known.announces { *u.choose(HTTP2_BASES)? } else { Base::Get };
    let mut recipe = Recipe::plain(base);
    for _ in 0..*u.choose(&[0, 1, 1, 1, 1, 1, 2, 2, 3])? {
        recipe.edits.push(edit(u, base)?);
    }
    if u.ratio(1, 4)? {
        let ahead = if known.tunnels { HTTP2_AHEAD } else { PLAIN_AHEAD };
        for _ in 0..*u.choose(&[1, 1, 1, 2])? {
            recipe.edits.push(Edit::Ahead(*u.choose(ahead)?, word(u)?));
        }
    }
    if base != Base::Get && u.ratio(1, 3)? {
        recipe.edits.push(Edit::Then(tunnel(u)?));
        if u.ratio(1, 3)? {
            recipe.edits.push(Edit::Cut(u.int_in_range(1..=40)?));
        }
    }
    Ok(recipe)
}

fn edit(u: &mut Unstructured<'_>, base: Base) -> Result<Edit> {
    let field = |u: &mut Unstructured<'_>| u.choose(FIELDS).copied();
    let pseudo = |u: &mut Unstructured<'_>| u.choose(PSEUDO).copied();
    Ok(match u.int_in_range(0..=31_u8)? {
        0..=2 => Edit::Drop(pseudo(u)?),
        3 => Edit::Repeat(pseudo(u)?),
        4..=5 => Edit::Move(pseudo(u)?, Place::Last),
        6..=10 => {
            let field = pseudo(u)?;
            Edit::Set(field, one_of(u, tables::values(field))?)
        }
        11 => Edit::Name(field(u)?, Letters::Upper),
        12 => Edit::Case(field(u)?, word(u)?),
        13..=14 => Edit::Put(field(u)?, word(u)?, one_of(u, OCTETS)?),
        15 => Edit::Spell(field(u)?, word(u)?, one_of(u, OCTETS)?),
        16 => Edit::Space(field(u)?, word(u)?, word(u)?),
        17..=22 => Edit::Add(
            *u.choose(&[Place::Last, Place::Last, Place::First])?,
            one_of(u, HTTP2_LINES)?,
        ),
        23..=25 => {
            let field = *u.choose(OFFERS)?;
            Edit::Set(field, one_of(u, tables::values(field))?)
        }
        26 => Edit::Insert(list(u)?, word(u)?, one_of(u, LISTS)?),
        27 => Edit::Split(list(u)?),
        28 if base == Base::Get => Edit::Body(word(u)?),
        29 => Edit::Continue(u.int_in_range(1..=4)?),
        30 => Edit::Frame(word(u)?),
        31 if base != Base::Get => Edit::Inside(word(u)?),
        _ => Edit::Drop(field(u)?),
    })
}

const TUNNELS: &[Base] = &[Base::Handshake, Base::Handshake, Base::Browser];

const HTTP2_BASES: &[Base] = &[
    Base::Connect,
    Base::Connect,
    Base::Connect,
    Base::ConnectSubprotocols,
    Base::ConnectExtensions,
    Base::ConnectBrowser,
    Base::Get,
    Base::Get,
    Base::Get,
];

const AHEAD: &[Ahead] = &[
    Ahead::Plain,
    Ahead::Head,
    Ahead::Post,
    Ahead::Refused,
    Ahead::Rich,
    Ahead::Ignored,
    Ahead::Close,
];

const HTTP2_AHEAD: &[Ahead] = &[
    Ahead::Plain,
    Ahead::Post,
    Ahead::Refused,
    Ahead::Rich,
    Ahead::Malformed,
    Ahead::Opened,
    Ahead::Closed,
    Ahead::Reset,
    Ahead::Negotiated,
];

/// What needs no tunnel.
const PLAIN_AHEAD: &[Ahead] = &[Ahead::Plain, Ahead::Head, Ahead::Post, Ahead::Malformed];

const PSEUDO: &[Field] = &[
    Field::Method,
    Field::Wish,
    Field::Wish,
    Field::Scheme,
    Field::Authority,
    Field::Path,
    Field::Path,
];

const FIELDS: &[Field] = &[
    Field::Version,
    Field::Version,
    Field::Protocol,
    Field::Extensions,
    Field::Path,
    Field::Wish,
    Field::Scheme,
    Field::Authority,
];

const OFFERS: &[Field] =
    &[Field::Version, Field::Protocol, Field::Protocol, Field::Extensions, Field::Origin];
