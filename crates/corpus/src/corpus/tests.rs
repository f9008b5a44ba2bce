//! Tests of whole sets of files: the embedded corpus, and one row for each thing that can be wrong.

use std::collections::HashSet;
use std::fs;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::case::{Act, Connection, FieldTest, Grade, Need};

mod fixtures;
mod forms;
mod http2;
mod meaning;
mod roles;
mod spelling;

const REQUIREMENTS: &str = r#"
title = "The WebSocket Protocol"
rfc = "rfc6455"

[[requirement]]
id = "rfc6455/4.2.1-key"
level = "must"
binds = "server"
text = "A key has 16 bytes."
older = []
"#;

const PRESETS: &str = r#"
[[preset]]
name = "refused"
text = "For what is malformed."

[[preset.expect]]
status = "4xx"

[[preset.expect]]
status = "5xx closed"
warn = "It refuses."
"#;

const CASES: &str = r#"title = "Keys"
needs = ["endpoint"]

[fragments]
get = 'GET {path} HTTP/1.1\r\n{standing}'

[[case]]
name = "one"
title = "One is refused"
requirement = "rfc6455/4.2.1-key"

[[case.step]]
send = ['{get}', 'A: b\r\n\r\n']

[[case.expect]]
preset = "refused"

[[case]]
name = "two"
title = "Two is refused"
requirement = "rfc6455/4.2.1-key"
needs = []
same-as = "server/key/one"

[[case.step]]
repeat = { times = 2, bytes = 'x' }

[[case.step]]
wait = "50ms"

[[case.expect]]
status = "101"
fields = [{ name = 'A', equals = 'b' }]
"#;

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = TempDir::new().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn load(requirements: &str, presets: &str, cases: &str) -> Result<Corpus, String> {
    let files = [
        ("requirements/rfc6455.toml", requirements),
        ("presets.toml", presets),
        ("server/key.toml", cases),
    ];
    Corpus::from_texts(&files).map_err(|error| error.to_string())
}

/// One row: what is changed in a good file, into what, the first line of the message, and the text
/// that the carets underline.
type Row = (&'static str, &'static str, &'static str, &'static str);

fn check(good: &str, load: impl Fn(&str) -> Result<Corpus, String>, rows: &[Row]) {
    let mut wrong = Vec::new();
    for (from, to, message, underlined) in rows {
        assert!(good.contains(from), "{from}");
        let Err(error) = load(&good.replacen(from, to, 1)) else {
            wrong.push(format!("no error: {to}"));
            continue;
        };
        let lines: Vec<&str> = error.lines().collect();
        let carets: String = match lines[..] {
            [_, _, line, carets, ..] => {
                // A caret may stand right after the end of the line.
                let pairs = line.chars().chain([' ']).zip(carets.chars());
                pairs.filter(|(_, caret)| *caret == '^').map(|(under, _)| under).collect()
            }
            _ => String::new(),
        };
        if (lines[0], carets.as_str()) != (*message, *underlined) {
            wrong.push(format!("want {message}\n     {underlined}\n{error}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
}

#[test]
fn the_embedded_corpus_loads() {
    let corpus = Corpus::embedded().unwrap_or_else(|error| panic!("{error}"));
    let ids: HashSet<&str> = corpus.cases.iter().map(|case| case.id.as_str()).collect();
    assert_eq!(ids.len(), corpus.cases.len());
    assert!(corpus.cases.iter().all(|case| corpus.topic(&case.id).is_some()));
    assert!(corpus.cases.iter().all(|case| corpus.case(&case.id) == Some(case)));
}

#[test]
fn a_folder_becomes_a_corpus() {
    let files = [
        ("server/key.toml", CASES),
        ("presets.toml", PRESETS),
        ("requirements/rfc6455.toml", REQUIREMENTS),
        ("server/notes.txt", "not a case file"),
    ];
    let corpus = Corpus::load_dir(folder(&files).path()).unwrap_or_else(|error| panic!("{error}"));
    let [one, two] = &corpus.cases[..] else { panic!("{:?}", corpus.cases) };
    assert_eq!((one.id.as_str(), one.role), ("server/key/one", Role::Server));
    assert_eq!((one.source.line, one.source.column), (7, 1));
    assert_eq!((one.needs.as_slice(), two.needs.as_slice()), (&[Need::Endpoint][..], &[][..]));
    let [step] = &one.steps[..] else { panic!("{:?}", one.steps) };
    let Act::Send(bytes) = &step.act else { panic!("{step:?}") };
    assert_eq!(bytes.to_string(), r"GET {path} HTTP/1.1\r\n{standing}A: b\r\n\r\n");
    assert_eq!(one.expect.len(), 2);
    assert_eq!(two.steps.len(), 2);
    assert_eq!(corpus.topic(&one.id).unwrap().title, "Keys");
    assert_eq!(corpus.select("server/key").count(), 2);
    assert_eq!(corpus.select("*/one").count(), 1);
    assert_eq!(corpus.digest.len(), "sha256:".len() + 64);
}

#[test]
fn what_stands_beside_a_preset_goes_to_what_passes() {
    let beside = "preset = \"refused\"\nconnection = \"closed\"\n\
                  fields = [{ name = 'Allow', token = 'GET' }]";
    let cases = CASES.replacen("preset = \"refused\"", beside, 1);
    let corpus = load(REQUIREMENTS, PRESETS, &cases).unwrap();
    let [pass, warn] = &corpus.cases[0].expect[..] else { panic!() };
    assert_eq!((pass.grade, pass.wants.connection), (Grade::Pass, Some(Connection::Closed)));
    assert!(matches!(pass.wants.fields[0].test, FieldTest::Token(_)));
    assert_eq!(
        (warn.grade, warn.wants.connection, warn.wants.fields.len()),
        (Grade::Warn, None, 0)
    );
}

#[test]
fn the_digest_follows_every_file() {
    let digest = |presets: &str| load(REQUIREMENTS, presets, CASES).unwrap().digest;
    assert_eq!(digest(PRESETS), digest(PRESETS));
    assert_ne!(digest(PRESETS), digest(&PRESETS.replace("malformed", "wrong")));
}

#[test]
fn a_users_folder_joins_ours() {
    let own = "title = \"Mine\"\n[[case]]\nname = \"one\"\ntitle = \"One\"\n\
               requirement = \"rfc6455/4.2.1-key\"\n[[case.step]]\nsend = 'x'\n\
               [[case.expect]]\nstatus = \"4xx\"\n";
    let ours = folder(&[
        ("requirements/rfc6455.toml", REQUIREMENTS),
        ("presets.toml", PRESETS),
        ("server/key.toml", CASES),
    ]);
    let of_client = own.replace("4xx", "opened");
    let theirs = folder(&[("deep/mine.toml", own), ("client/one.toml", &of_client)]);
    let mut all = files::gather(ours.path(), "").unwrap();
    all.extend(files::gather(theirs.path(), "user/").unwrap());
    let corpus = Corpus::load(&all).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(corpus.case("user/deep/mine/one").unwrap().role, Role::Server);
    assert_eq!(corpus.case("user/client/one/one").unwrap().role, Role::Client);
    assert_eq!(corpus.select("user").count(), 2);
    let error = Corpus::embedded_with(&[theirs.path().join("none")]).unwrap_err();
    assert!(error.to_string().contains("none: cannot read: "), "{error}");
}

#[test]
fn every_problem_is_told_at_once() {
    let cases = CASES.replace("\"101\"", "\"999\"").replace("wait = \"50ms\"", "wait = \"1h\"");
    let error = load(REQUIREMENTS, PRESETS, &cases).unwrap_err();
    insta::assert_snapshot!(error, @r#"
    server/key.toml:29:8: `1h` is not a pause; write milliseconds or seconds up to a minute, such as `50ms` or `1s`
       |
    29 | wait = "1h"
       |        ^^^^

    server/key.toml:32:11: unknown outcome `999`; known are `101`, `4xx`, `400 426`, `401-499`, `any`, `asked`, `closed`, `silent`, `not-http`, `stream-error`, `connection-error`, `no-request`, `opened`, `went-on`, `close-frame`, `close-normal`, `close-reserved`, `failed`, `waits`, `held`, `request-again`, `request-here`, `no-connection`, `loops`, `sent`, `junk`
       |
    32 | status = "999"
       |           ^^^
    "#);
}

#[test]
fn a_file_in_the_wrong_folder() {
    let dir = folder(&[("servers/key.toml", "title = \"Keys\"")]);
    let error = Corpus::load_dir(dir.path()).unwrap_err().to_string();
    let want = "key.toml: a case file outside the folders of roles; put it below `server/`, `client/` or `intermediary/`";
    assert!(error.ends_with(want), "{error}");
    let empty = TempDir::new().unwrap();
    let error = Corpus::load_dir(empty.path()).unwrap_err().to_string();
    assert!(error.ends_with("no case file in this folder"), "{error}");
}

proptest! {
    #[test]
    fn no_text_makes_the_loader_panic(
        at in 0..CASES.len(),
        cut in 0..40usize,
        put in "[\\x00-\\x7f\u{e9}\u{2028}]{0,6}|\\[\\[|'''|\"\"\"|\\{\\{|\\\\x|\\{fill-9\\}",
    ) {
        let end = (at + cut).min(CASES.len());
        let cases = format!("{}{put}{}", &CASES[..at], &CASES[end..]);
        if let Err(error) = load(REQUIREMENTS, PRESETS, &cases) {
            prop_assert!(error.starts_with("server/key.toml:"), "{error}");
            prop_assert!(error.lines().all(|line| !line.contains(char::is_control)), "{error}");
        }
    }
}
