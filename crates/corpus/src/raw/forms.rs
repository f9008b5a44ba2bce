//! Values that may be written in more than one form: a text or a list, a name or a table.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
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

impl JsonSchema for Await {
    fn schema_name() -> Cow<'static, str> {
        "Await".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let octets = generator.subschema_for::<AwaitOctets>();
        json_schema!({
            "description": "What is waited for: statuses, a name, or octets.",
            "anyOf": [{ "type": "string" }, octets],
        })
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

impl JsonSchema for Bytes {
    fn schema_name() -> Cow<'static, str> {
        "Bytes".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Bytes in our escapes, or several texts that are joined.",
            "anyOf": [
                { "type": "string" },
                { "type": "array", "items": { "type": "string" }, "minItems": 1 },
            ],
        })
    }
}

impl JsonSchema for Fragment {
    fn schema_name() -> Cow<'static, str> {
        "Fragment".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let fields = generator.subschema_for::<Vec<HeaderField>>();
        json_schema!({
            "description": "Bytes in our escapes, or a list of header fields of HTTP/2.",
            "anyOf": [{ "type": "string" }, fields],
        })
    }
}

impl JsonSchema for Alternatives {
    fn schema_name() -> Cow<'static, str> {
        "Alternatives".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<RawExpect>();
        let one = json_schema!({ "anyOf": [{ "type": "string" }, table] });
        json_schema!({
            "description": "An alternative or a list of them, each a table or the name of a preset.",
            "anyOf": [{ "type": "string" }, table, { "type": "array", "items": one, "minItems": 1 }],
        })
    }
}

/// Stands for a field of a header list in the schema.
pub(super) struct HeaderField;

impl JsonSchema for HeaderField {
    fn schema_name() -> Cow<'static, str> {
        "HeaderField".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let pair = json_schema!({ "type": "array", "items": { "type": "string" }, "minItems": 2, "maxItems": 2 });
        json_schema!({
            "description": "A name and a value, or `{name}`: a fragment of header fields, or `{standing}` or `{standing-but-origin}`.",
            "anyOf": [{ "type": "string" }, pair],
        })
    }
}
