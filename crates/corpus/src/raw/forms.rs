//! Values that may be written in more than one form: a text or a list, a name or a table.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use toml::Spanned;

use super::{Alternative, Alternatives, Await, AwaitOctets, Bytes, Fragment, RawExpect};

impl<'d> Deserialize<'d> for Bytes {
    fn deserialize<D: Deserializer<'d>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(BytesVisitor)
    }
}

struct BytesVisitor;

impl<'d> Visitor<'d> for BytesVisitor {
    type Value = Bytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a list of strings")
    }

    fn visit_str<E>(self, text: &str) -> Result<Bytes, E> {
        Ok(Bytes::One(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'d>>(self, texts: A) -> Result<Bytes, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(texts)).map(Bytes::Several)
    }
}

impl<'d> Deserialize<'d> for Await {
    fn deserialize<D: Deserializer<'d>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AwaitVisitor)
    }
}

struct AwaitVisitor;

impl<'d> Visitor<'d> for AwaitVisitor {
    type Value = Await;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a table")
    }

    fn visit_str<E>(self, words: &str) -> Result<Await, E> {
        Ok(Await::Words(words.to_owned()))
    }

    fn visit_map<A: MapAccess<'d>>(self, table: A) -> Result<Await, A::Error> {
        AwaitOctets::deserialize(MapAccessDeserializer::new(table)).map(Await::Octets)
    }
}

impl<'d> Deserialize<'d> for Fragment {
    fn deserialize<D: Deserializer<'d>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(FragmentVisitor)
    }
}

struct FragmentVisitor;

impl<'d> Visitor<'d> for FragmentVisitor {
    type Value = Fragment;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a list of header fields")
    }

    fn visit_str<E>(self, text: &str) -> Result<Fragment, E> {
        Ok(Fragment::Bytes(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'d>>(self, fields: A) -> Result<Fragment, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(fields)).map(Fragment::Fields)
    }
}

impl<'d> Deserialize<'d> for Alternative {
    fn deserialize<D: Deserializer<'d>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AlternativeVisitor)
    }
}

struct AlternativeVisitor;

impl<'d> Visitor<'d> for AlternativeVisitor {
    type Value = Alternative;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table or the name of a preset")
    }

    fn visit_str<E>(self, name: &str) -> Result<Alternative, E> {
        Ok(Alternative::Preset(name.to_owned()))
    }

    fn visit_map<A: MapAccess<'d>>(self, table: A) -> Result<Alternative, A::Error> {
        let table = RawExpect::deserialize(MapAccessDeserializer::new(table))?;
        Ok(Alternative::Table(Box::new(table)))
    }
}

impl<'d> Deserialize<'d> for Alternatives {
    fn deserialize<D: Deserializer<'d>>(from: D) -> Result<Self, D::Error> {
        let forms = Spanned::<Forms>::deserialize(from)?;
        let span = forms.span();
        Ok(match forms.into_inner() {
            Forms::One(one) => Self(vec![Spanned::new(span, one)]),
            Forms::Several(several) => Self(several),
        })
    }
}

enum Forms {
    One(Alternative),
    Several(Vec<Spanned<Alternative>>),
}

impl<'d> Deserialize<'d> for Forms {
    fn deserialize<D: Deserializer<'d>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(FormsVisitor)
    }
}

struct FormsVisitor;

impl<'d> Visitor<'d> for FormsVisitor {
    type Value = Forms;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table, the name of a preset or a list of them")
    }

    fn visit_str<E>(self, name: &str) -> Result<Forms, E> {
        Ok(Forms::One(Alternative::Preset(name.to_owned())))
    }

    fn visit_map<A: MapAccess<'d>>(self, table: A) -> Result<Forms, A::Error> {
        AlternativeVisitor.visit_map(table).map(Forms::One)
    }

    fn visit_seq<A: SeqAccess<'d>>(self, several: A) -> Result<Forms, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(several)).map(Forms::Several)
    }
}
