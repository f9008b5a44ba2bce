//! The JSON Schemas of reports and comparisons.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

use crate::compare::Comparison;
use crate::diff::Diff;
use crate::matrix::Matrix;
use crate::report::Report;

/// The JSON Schema of reports, as it is published in `reports/schema.json`.
#[must_use]
pub fn schema() -> String {
    schema_of::<Report>()
}

/// The JSON Schema of comparisons, as it is published in `reports/diff-schema.json`.
#[must_use]
pub fn diff_schema() -> String {
    schema_of::<Diff>()
}

/// The JSON Schema of a report beside an older one, as it is published in `reports/comparison-schema.json`.
#[must_use]
pub fn comparison_schema() -> String {
    schema_of::<Comparison>()
}

/// The JSON Schema of a matrix, as it is published in `reports/matrix-schema.json`.
#[must_use]
pub fn matrix_schema() -> String {
    schema_of::<Matrix>()
}

fn schema_of<T: JsonSchema>() -> String {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let schema = generator.into_root_schema_for::<T>();
    let mut text = serde_json::to_string_pretty(&schema)
        .expect("a schema is a JSON value already: writing it cannot fail");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::{Value, json};

    use super::*;
    use crate::sample;

    #[test]
    fn the_published_schema_is_fresh() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reports");
        let rows = [
            ("schema.json", schema()),
            ("diff-schema.json", diff_schema()),
            ("comparison-schema.json", comparison_schema()),
            ("matrix-schema.json", matrix_schema()),
        ];
        for (name, schema) in rows {
            let path = folder.join(name);
            if std::env::var_os("UPSPEC_UPDATE").is_some() {
                std::fs::write(&path, &schema).unwrap();
            }
            let published = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(published == schema, "reports/{name} is stale; run with UPSPEC_UPDATE=1");
        }
    }

    #[test]
    fn a_report_fits_the_schema_and_an_unknown_key_does_not() {
        let validator = jsonschema::validator_for(&parse(&schema())).unwrap();
        let report = parse(&sample::report().json());
        let errors: Vec<_> = validator.iter_errors(&report).map(|e| e.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());
        let places = ["", "/target/facts", "/cases/1/findings/0", "/cases/1/findings/0/at"];
        for place in places.into_iter().chain([
            "/cases/1/record/io/0",
            "/cases/1/record/links/0",
            "/summary",
        ]) {
            let mut odd = report.clone();
            odd.pointer_mut(place).unwrap()["unknown"] = json!(1);
            assert!(!validator.is_valid(&odd), "an unknown key in {place:?}");
        }
    }

    #[test]
    fn the_stored_sample_is_a_report() {
        let text = include_str!("../../../reports/sample.json");
        let validator = jsonschema::validator_for(&parse(&schema())).unwrap();
        let errors: Vec<_> =
            validator.iter_errors(&parse(text)).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());
        assert!(Report::read(text).is_ok());
    }

    fn parse(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }
}
