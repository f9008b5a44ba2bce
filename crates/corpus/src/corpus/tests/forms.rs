//! The short forms of a case, and what it may name: fragments and openings of its file and of all files.

use super::*;

const FRAGMENTS: &str = r#"
[fragments]
start = '{line}{standing}'
line  = 'GET {path} HTTP/1.1\r\n'
h2    = [[':method', 'GET'], '{more}', '{standing}']
more  = [[':path', '{path}'], ['x', '{line}']]

[openings]
early = [{ send = '{start}\r\n' }, { await = "101" }]
"#;

const HEAD: &str = "title = \"Keys\"\n[fragments]\nown = 'A: {line}'\n[[case]]\nname = \"one\"\n\
                    title = \"One\"\nrequirement = \"rfc6455/4.2.1-key\"\n";

fn load_case(rest: &str) -> Result<Corpus, String> {
    load_files(&format!("{HEAD}{rest}"), FRAGMENTS)
}

fn load_files(cases: &str, fragments: &str) -> Result<Corpus, String> {
    let files = [
        ("requirements/rfc6455.toml", REQUIREMENTS),
        ("presets.toml", PRESETS),
        ("fragments.toml", fragments),
        ("server/key.toml", cases),
    ];
    Corpus::from_texts(&files).map_err(|error| error.to_string())
}

#[test]
fn short_forms_mean_the_same_as_long_ones() {
    let long = "[[case.step]]\nsend = '{start}\\r\\n'\n[[case.step]]\nawait = \"101\"\n";
    let rows = [
        ("send = ['{start}', 'x']", "[[case.step]]\nsend = '{start}x'"),
        ("step = [{ send = '{start}' }]", "send = '{start}'"),
        ("send = '{own}{standing}'", "send = 'A: GET {path} HTTP/1.1\\r\\n{standing}'"),
        ("h2 = { headers = ['{h2}'] }", "[[case.step]]\nh2 = { headers = ['{h2}'] }"),
        (
            "h2 = { headers = ['{h2}', ['y', 'z']] }",
            "h2 = { headers = [[':method', 'GET'], [':path', '{path}'], ['x', '{line}'], '{standing}', ['y', 'z']] }",
        ),
        ("open = \"early\"", long),
        ("open = \"early\"\nsend = 'x'", &format!("{long}[[case.step]]\nsend = 'x'")),
    ];
    for (short, same) in rows {
        let [one, other] = [short, same].map(|step| {
            let corpus = load_case(&format!("expect = \"refused\"\n{step}"));
            corpus.unwrap_or_else(|error| panic!("{error}")).cases[0].clone()
        });
        assert_eq!(one, other, "{short}");
    }
    let alternatives = [
        ("\"refused\"", "[\"refused\"]"),
        ("{ preset = \"refused\" }", "[{ preset = \"refused\" }]"),
        (
            "[\"refused\", { status = \"101\" }]",
            "[{ status = \"4xx\" }, { status = \"5xx closed\", warn = \"It refuses.\" }, { status = \"101\" }]",
        ),
    ];
    for (short, same) in alternatives {
        let [one, other] = [short, same].map(|expect| {
            let corpus = load_case(&format!("send = '{{start}}'\nexpect = {expect}\n"));
            corpus.unwrap_or_else(|error| panic!("{error}")).cases[0].clone()
        });
        assert_eq!(one, other, "{short}");
    }
}

const ERRORS_OF_SHORT_FORMS: [Row; 9] = [
    (
        "\"early\"",
        "\"earyl\"",
        "server/key.toml:8:8: unknown opening `earyl`; did you mean `early`?",
        "\"earyl\"",
    ),
    (
        "send = 'x'",
        "send = 'x'\nh2 = { data = 'x' }",
        "server/key.toml:10:6: a case with `send` and `h2`; write all that is done in `step`",
        "{ data = 'x' }",
    ),
    (
        "send = 'x'",
        "step = [{ send = 'x' }, { wiat = \"5ms\" }]",
        "server/key.toml:9:27: unknown key `wiat`; did you mean `wait`?",
        "wiat",
    ),
    (
        "\"refused\"",
        "[\"refused\", \"refusde\"]",
        "server/key.toml:10:22: unknown preset `refusde`; did you mean `refused`?",
        "\"refusde\"",
    ),
    (
        "\"refused\"",
        "{ staus = \"4xx\" }",
        "server/key.toml:10:12: unknown key `staus`; did you mean `status`?",
        "staus",
    ),
    (
        "\"refused\"",
        "3",
        "server/key.toml:10:10: invalid type: integer `3`, expected a table, the name of a preset or a list of them",
        "3",
    ),
    (
        "own =",
        "line =",
        "server/key.toml:3:1: a second fragment `line`; `fragments.toml` has one of that name; use it, or take another name",
        "line",
    ),
    (
        "send = 'x'",
        "h2 = { headers = ['{line}'] }",
        "server/key.toml:9:19: `{line}` is not a list of header fields; write `['name', 'value']`, or one of `'{h2}'`, `'{more}'`, `'{standing}'`",
        "'{line}'",
    ),
    (
        "expect = \"refused\"",
        "expect = { status = \"101\", fail = \"No.\", requirement = \"rfc6455/1-may\" }",
        "server/key.toml:10:56: `fail` by `rfc6455/1-may`, which is not a MUST; write `warn`, or cite a MUST, a MUST NOT or a grammar",
        "\"rfc6455/1-may\"",
    ),
];

#[test]
fn errors_of_short_forms() {
    let good = format!("{HEAD}open = \"early\"\nsend = 'x'\nexpect = \"refused\"\n");
    let may = "\n[[requirement]]\nid = \"rfc6455/1-may\"\nlevel = \"may\"\nbinds = \"server\"\ntext = \"T.\"\n";
    let requirements = format!("{REQUIREMENTS}{may}");
    let load = |cases: &str| {
        let files = [
            ("requirements/rfc6455.toml", requirements.as_str()),
            ("presets.toml", PRESETS),
            ("fragments.toml", FRAGMENTS),
            ("server/key.toml", cases),
        ];
        Corpus::from_texts(&files).map_err(|error| error.to_string())
    };
    check(&good, load, &ERRORS_OF_SHORT_FORMS);
}

#[test]
fn a_fragment_does_not_use_itself() {
    let rows = [
        ("a = '{b}'\nb = '{a}'", "`a` uses `b` uses `a`"),
        ("a = '{a}'", "`a` uses `a`"),
        ("a = [['x', '{b}'], '{a}']\nb = 'y'", "`a` uses `a`"),
    ];
    for (fragments, round) in rows {
        let error = load_files("title = \"T\"", &format!("[fragments]\n{fragments}")).unwrap_err();
        assert!(error.contains(round), "{error}");
        assert!(!error.contains("unknown"), "{error}");
    }
    let fine = "[fragments]\na = '{{b}}{c}'\nc = '{{a}}'";
    assert!(load_files("title = \"T\"", fine).is_ok());
}

#[test]
fn a_users_folder_may_name_our_fragments_and_have_its_own() {
    let ours = folder(&[
        ("requirements/rfc6455.toml", REQUIREMENTS),
        ("presets.toml", PRESETS),
        ("fragments.toml", FRAGMENTS),
    ]);
    let uses = |line: &str| {
        let case = "[[case]]\nname = \"one\"\ntitle = \"One\"\nrequirement = \"rfc6455/4.2.1-key\"\n\
                    send = '{line}{standing}'\nexpect = \"refused\"\n";
        format!("title = \"T\"\n{line}{case}")
    };
    let first = |theirs: TempDir| {
        let mut all = files::gather(ours.path(), "").unwrap();
        all.extend(files::gather(theirs.path(), "user/").unwrap());
        let corpus = Corpus::load(&all).unwrap_or_else(|error| panic!("{error}"));
        let Act::Send(bytes) = &corpus.cases[0].steps[0].act else { panic!() };
        bytes.to_string()
    };
    let plain = ("server/a.toml", &uses("") as &str);
    assert_eq!(first(folder(&[plain])), r"GET {path} HTTP/1.1\r\n{standing}");
    let shared = ("fragments.toml", "[fragments]\nline = 'X'");
    assert_eq!(first(folder(&[shared, plain])), "X{standing}");
    let own = ("server/a.toml", &uses("[fragments]\nline = 'Y'\n") as &str);
    assert_eq!(first(folder(&[own])), "Y{standing}");
}
