//! The schema that editors complete and check case files with.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::raw::{CaseFile, FragmentFile, PresetFile, RequirementFile};

/// The JSON Schema of case files. The other kinds of file are beside it, below `$defs`.
#[must_use]
pub fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    generator.subschema_for::<FragmentFile>();
    generator.subschema_for::<PresetFile>();
    generator.subschema_for::<RequirementFile>();
    let mut schema = generator.into_root_schema_for::<CaseFile>().to_value();
    tidy(&mut schema);
    schema
}

/// TOML has no null: a key that may be left out is not one that may be null. And a line break in a
/// comment of ours is none in what it says.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Object(keys) => {
            keys.values_mut().for_each(tidy);
            tidy_keys(keys);
        }
        _ => {}
    }
}

fn tidy_keys(keys: &mut Map<String, Value>) {
    if keys.get("default").is_some_and(|default| *default == Value::Null || *default == json!([])) {
        keys.remove("default");
    }
    if let Some(Value::String(text)) = keys.get_mut("description") {
        *text = text.replace('\n', " ");
    }
    if let Some(Value::Array(words)) = keys.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
    if let Some(Value::Array(types)) = keys.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = &types[..] {
            let only = only.clone();
            keys.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(ways)) = keys.get_mut("anyOf") {
        ways.retain(|way| way.get("type") != Some(&Value::from("null")));
        if let [Value::Object(only)] = &ways[..] {
            let only = only.clone();
            keys.remove("anyOf");
            keys.extend(only);
        }
    }
}
