//! What stands in the schema for texts that have a choice of words.

use std::marker::PhantomData;

#[cfg(feature = "schema")]
pub(super) use described::Yes;

/// Stands for one of the words of a choice in the schema.
pub(crate) struct OneOf<W>(PhantomData<W>);

#[cfg(feature = "schema")]
mod described {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use super::OneOf;
    use crate::words::Word;

    impl<W: Word> JsonSchema for OneOf<W> {
        fn schema_name() -> Cow<'static, str> {
            W::WHAT.into()
        }

        fn inline_schema() -> bool {
            true
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            let words: Vec<&str> = W::WORDS.iter().map(|(word, _)| *word).collect();
            json_schema!({ "type": "string", "enum": words })
        }
    }

    /// Stands for `true` in the schema.
    pub(in crate::raw) struct Yes;

    impl JsonSchema for Yes {
        fn schema_name() -> Cow<'static, str> {
            "yes".into()
        }

        fn inline_schema() -> bool {
            true
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({ "const": true })
        }
    }
}
