//! What is published beside the case files agrees with the code: the schema and the README.
//! Run with `UPSPEC_UPDATE=1` to write the generated parts anew.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::Value;
use upspec_corpus::case::{
    Again, Alpn, Arrival, Awaited, Before, Certificate, Ends, FieldMatcher, FieldTest, First, Got,
    Grade, Hazard, Interim, Line, Need, Outcome, Over, Preset, Requests, Sent, Spelling, Surplus,
    Tls, Told, Tunnel, Version, When, Where,
};
use upspec_corpus::template::Binding;
use upspec_corpus::words::Word;
use upspec_corpus::{Corpus, Level, schema};

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases")
}

/// Compares a file with what it should be, or makes it so.
fn check_fresh(name: &str, want: &str) {
    let path = cases().join(name);
    if env::var_os("UPSPEC_UPDATE").is_some() {
        fs::write(&path, want).expect("cases/ can be written");
    }
    let have = fs::read_to_string(&path).unwrap_or_default();
    assert!(have == want, "cases/{name} is stale; run this test with UPSPEC_UPDATE=1");
}

#[test]
fn the_schema_is_fresh() {
    check_fresh("schema.json", &format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap()));
}

#[test]
fn the_schema_takes_every_file() {
    let mut wrong = Vec::new();
    let files = |below: &str| {
        let entries = fs::read_dir(cases().join(below)).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
    };
    let rows = [
        (files("server"), None),
        (files("client"), None),
        (files("intermediary"), None),
        (files("requirements"), Some("RequirementFile")),
        (vec![cases().join("presets.toml")], Some("PresetFile")),
        (vec![cases().join("fragments.toml")], Some("FragmentFile")),
    ];
    for (files, kind) in rows {
        let validator = validator(kind);
        for path in files {
            let file: Value = toml::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            let errors = validator.iter_errors(&file).map(|error| error.to_string());
            wrong.extend(errors.map(|error| format!("{}: {error}", path.display())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_schema_finds_mistakes() {
    let rows = [
        "title = 3",
        "name = 'x'",
        "title = 'x'\nneeds = ['endpiont']",
        "title = 'x'\n[[case]]\nname = 'x'",
        "title = 'x'\nneeds = []\nfragments = { a = 1 }",
        "title = 'x'\nover = 'http3'",
        "title = 'x'\nalpn = 'h2'",
        "title = 'x'\nfragments = { a = [['x']] }",
        "title = 'x'\n[[case]]\nname = 'x'\ntitle = 'x'\nrequirement = 'x'\nexpect = [3]",
    ];
    let validator = validator(None);
    for text in rows {
        let file: Value = toml::from_str(text).unwrap();
        assert!(!validator.is_valid(&file), "{text}");
    }
}

#[test]
fn the_readme_names_every_word() {
    let readme = fs::read_to_string(cases().join("README.md")).unwrap();
    let bindings = Binding::NAMES.iter().map(|(name, _)| format!("`{{{name}}}`"));
    let words = [
        words::<Need>(),
        words::<Hazard>(),
        words::<Over>(),
        words::<Tls>(),
        words::<Alpn>(),
        words::<Tunnel>(),
        words::<Awaited>(),
        words::<Ends>(),
        words::<Arrival>(),
        words::<Before>(),
        words::<Got>(),
        words::<Requests>(),
        words::<First>(),
        words::<Interim>(),
        words::<Line>(),
        words::<Sent>(),
        words::<Spelling>(),
        words::<Surplus>(),
        words::<Told>(),
        words::<Version>(),
        words::<When>(),
        words::<Where>(),
        words::<Certificate>(),
        words::<Again>(),
        Outcome::WORDS.map(|(word, _)| word).to_vec(),
        words::<Grade>(),
        words::<Level>(),
    ];
    let words = words.concat().into_iter().map(|word| format!("`{word}`"));
    let missing: Vec<String> =
        bindings.chain(words).filter(|word| !readme.contains(word)).collect();
    assert!(missing.is_empty(), "cases/README.md lacks {missing:?}");
}

#[test]
fn the_readmes_table_of_presets_is_fresh() {
    let corpus = Corpus::embedded().unwrap_or_else(|error| panic!("{error}"));
    let readme = fs::read_to_string(cases().join("README.md")).unwrap();
    let (before, rest) = readme.split_once(TABLE_BEGIN).unwrap();
    let (_, after) = rest.split_once(TABLE_END).unwrap();
    let table = table(&corpus.presets);
    check_fresh("README.md", &format!("{before}{TABLE_BEGIN}\n{table}{TABLE_END}{after}"));
}

fn validator(kind: Option<&str>) -> jsonschema::Validator {
    let mut schema = schema();
    if let Some(kind) = kind {
        let keys = schema.as_object_mut().expect("a schema is an object");
        keys.retain(|key, _| matches!(key.as_str(), "$schema" | "$defs"));
        keys.insert("$ref".into(), format!("#/$defs/{kind}").into());
    }
    jsonschema::validator_for(&schema).expect("schemars writes valid schemas")
}

fn words<W: Word>() -> Vec<&'static str> {
    W::WORDS.iter().map(|(word, _)| *word).collect()
}

fn table(presets: &[Preset]) -> String {
    let grades = [Grade::Pass, Grade::Warn, Grade::Inconclusive, Grade::Fail];
    let used = |grade: &Grade| presets.iter().any(|preset| !outcomes(preset, *grade).is_empty());
    let grades: Vec<Grade> = grades.into_iter().filter(used).collect();
    let heads: String = grades.iter().map(|grade| format!(" {grade} |")).collect();
    let rule = "---|".repeat(grades.len());
    let mut table = format!("| preset |{heads} use |\n|---|{rule}---|\n");
    let is_of_both_ends = |preset: &&Preset| preset.expect.iter().any(|one| !one.ends.is_empty());
    for preset in presets.iter().filter(|preset| !is_of_both_ends(preset)) {
        let cells: String =
            grades.iter().map(|grade| format!(" {} |", outcomes(preset, *grade))).collect();
        let Preset { name, text, .. } = preset;
        writeln!(table, "| `{name}` |{cells} {text} |").expect("a string takes it all");
    }
    table.push_str("\n| preset for intermediaries | use |\n|---|---|\n");
    for Preset { name, text, .. } in presets.iter().filter(is_of_both_ends) {
        writeln!(table, "| `{name}` | {text} |").expect("a string takes it all");
    }
    table
}

/// The outcomes of one grade, each with what it asks for besides.
fn outcomes(preset: &Preset, grade: Grade) -> String {
    let alternatives = preset.expect.iter().filter(|expectation| expectation.grade == grade);
    let texts = alternatives.map(|expectation| {
        let mut text = expectation.wants.status.to_string();
        for (index, code) in expectation.wants.code.iter().enumerate() {
            let joint = if index == 0 { "with" } else { "or" };
            write!(text, " {joint} {code}").expect("a string takes it all");
        }
        if let Some(alpn) = expectation.wants.alpn {
            write!(text, ", ALPN {alpn}").expect("a string takes it all");
        }
        for FieldMatcher { name, test } in &expectation.wants.fields {
            let test = match test {
                FieldTest::Present => "present".into(),
                FieldTest::Absent => "absent".into(),
                FieldTest::Equals(value) => format!("equal to `{value}`"),
                FieldTest::Token(token) => format!("with `{token}`"),
                FieldTest::NoToken(token) => format!("without `{token}`"),
                FieldTest::Extension(token) => format!("with extension `{token}`"),
                FieldTest::Contains(octets) => format!("containing `{octets}`"),
                FieldTest::List(members) => format!("of `{members}`"),
                FieldTest::Repeated => "repeated".into(),
                FieldTest::Key => "of 16 octets".into(),
                FieldTest::NotKey => "not of 16 octets".into(),
                FieldTest::Accept => "for the client's key".into(),
                FieldTest::Added => "added by itself".into(),
            };
            write!(text, ", {name} {test}").expect("a string takes it all");
        }
        if let Some(connection) = expectation.wants.connection {
            write!(text, ", then {connection}").expect("a string takes it all");
        }
        if let Some(tunnel) = expectation.wants.tunnel {
            write!(text, ", tunnel {tunnel}").expect("a string takes it all");
        }
        text
    });
    texts.collect::<Vec<_>>().join("; ")
}

const TABLE_BEGIN: &str = "<!-- presets: written by the tests of crates/corpus -->";
const TABLE_END: &str = "<!-- end of presets -->";
