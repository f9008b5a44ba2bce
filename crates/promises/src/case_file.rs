//! Any text as a case file and as a template: no panic, every problem has a place, and what loads
//! prints and loads again as the same cases. Does not read the embedded corpus: loading it is slow.

use upspec_corpus::template::escape;
use upspec_corpus::{Bindings, Case, Corpus, Source, Template, case_file as print, show};

use crate::both_ends::REGISTRY;
use crate::planted;
use crate::seeds::Material;

/// Checks one input of the target `case_file`.
pub fn case_file(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else {
        let escaped = escape(octets);
        let template = Template::parse(&escaped).expect("escaped octets are a template");
        assert_eq!(template.render(&Bindings::example()), octets);
        return;
    };
    template(text);
    match load(text) {
        Ok(corpus) => reload(&corpus),
        Err(error) => {
            assert!(!error.problems.is_empty());
            for problem in &error.problems {
                let lines = text.split('\n').count();
                assert!(problem.place.line <= lines.max(1), "{problem:?}");
            }
            assert!(!error.to_string().is_empty());
        }
    }
}

/// A template has one spelling, which means the same.
fn template(text: &str) {
    match Template::parse(text) {
        Ok(template) => {
            let spelled = template.to_string();
            assert_eq!(Template::parse(&spelled), Ok(template), "{spelled}");
            assert!(!spelled.contains('\''), "it stands between single quotes");
        }
        Err(error) => {
            assert!(error.offset + error.length <= text.len(), "{error:?}");
            assert!(text.is_char_boundary(error.offset), "{error:?}");
        }
    }
}

fn reload(corpus: &Corpus) {
    let shown: Vec<Case> = corpus.cases.iter().map(planted::printed).collect();
    let again = load(&print("Printed", &shown)).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(placeless(&again.cases), placeless(&corpus.cases));
    for case in corpus.cases.iter() {
        if case.steps.iter().all(is_small) {
            assert!(!show(case, &Bindings::example()).is_empty());
        }
    }
}

/// Whether a step is small; large ones would fill megabytes only to be looked at.
fn is_small(step: &upspec_corpus::case::Step) -> bool {
    use upspec_corpus::case::Act;
    use upspec_corpus::template::Binding;
    let fills = |binding| matches!(binding, Binding::Fill(length) if length > 10_000);
    let repeats = matches!(step.act, Act::Repeat { times, .. } | Act::Endless { times, .. } if times > 10_000);
    !repeats && !step.act.bindings().into_iter().any(fills)
}

fn placeless(cases: &[Case]) -> Vec<Case> {
    let nowhere = |case: &Case| Case { source: Source::default(), ..case.clone() };
    cases.iter().map(nowhere).collect()
}

fn load(text: &str) -> Result<Corpus, upspec_corpus::LoadError> {
    Corpus::from_texts(&[
        ("requirements/rfc6455.toml", REGISTRY),
        ("presets.toml", PRESETS),
        ("server/fuzzed.toml", text),
    ])
}

/// Each case of the corpus as a file of its own that cites the one requirement there is.
pub(crate) fn seeds(material: &Material) -> Vec<Vec<u8>> {
    let cases = material.cases.iter().map(|case| {
        let mut case = case.clone();
        case.requirement = REQUIREMENT.to_owned();
        case.see = case.see.iter().map(|_| REQUIREMENT.to_owned()).collect();
        case.same_as = None;
        for one in &mut case.expect {
            one.requirement = one.requirement.as_ref().map(|_| REQUIREMENT.to_owned());
        }
        print("Printed", std::slice::from_ref(&case)).into_bytes()
    });
    cases.chain([EXAMPLE.as_bytes().to_vec()]).collect()
}

const REQUIREMENT: &str = "rfc6455/4.2.1-key";

const PRESETS: &str = r#"[[preset]]
name = "refused"
text = "For a bad handshake."
[[preset.expect]]
status = "4xx"
"#;

/// A seed with what the printed cases do not have: fragments, presets, long forms, comments.
const EXAMPLE: &str = r#"# A file of cases.
title = "Key"
needs = ["endpoint", "pong"]
[fragments]
line = 'GET {path} HTTP/1.1\r\n'
get = '{line}Host: {authority}\r\n{standing}'
h2-get = [[':method', 'GET'], '{standing}']
[[case]]
name = "short"
title = "A short key is refused"
requirement = "rfc6455/4.2.1-key"
see = ["rfc6455/4.2.1-key"]
why = """A lenient
decoder."""
hazard = "resource"
[[case.step]]
send = ['{get}', 'Sec-WebSocket-Key: \x41{random}{{}}\r\n', "\r\n"]
[[case.step]]
repeat = { times = 3, bytes = 'a{fill-80}\r\n' }
[[case.step]]
wait = "50ms"
[[case.step]]
await = "4xx 5xx"
[[case.step]]
shutdown = "write"
[[case.expect]]
preset = "refused"
connection = "closed"
fields = [{ name = "Upgrade", no-token = 'websocket' }]
[[case.expect]]
status = "101"
tunnel = "ping-pong"
warn = "Harmless."
[[case]]
name = "short-form"
title = "A frame is answered"
requirement = "rfc6455/4.2.1-key"
h2 = { headers = ['{h2-get}', ['a', '{line}']], end-stream = true }
expect = ["refused", { status = "101", fail = "No.", requirement = "rfc6455/4.2.1-key" }]
"#;
