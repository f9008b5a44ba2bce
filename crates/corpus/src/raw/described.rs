//! How the schema describes values that may be written in more than one form.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{Alternatives, Await, AwaitOctets, Bytes, Fragment, RawExpect};

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
