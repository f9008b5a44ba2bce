//! Typical cases for clients and intermediaries: read, printed, and read again as the same.

use super::*;

const REGISTRY: [(&str, &str); 2] = [
    (
        "requirements/rfc6455.toml",
        "title = \"x\"\nrfc = \"rfc6455\"\n[[requirement]]\nid = \"rfc6455/4.1-check-accept\"\n\
         level = \"must\"\nbinds = \"client\"\ntext = \"x\"\n",
    ),
    (
        "requirements/rfc9110.toml",
        "title = \"x\"\nrfc = \"rfc9110\"\n[[requirement]]\nid = \"rfc9110/7.6.1-removed\"\n\
         level = \"must\"\nbinds = \"intermediary\"\ntext = \"x\"\n",
    ),
];

const CLIENT: (&str, &str) =
    ("client/answers.toml", include_str!("../../../tests/fixtures/client.toml"));
const INTERMEDIARY: (&str, &str) =
    ("intermediary/passing.toml", include_str!("../../../tests/fixtures/intermediary.toml"));

fn read(path: &str, text: &str) -> Result<Corpus, String> {
    let files = [REGISTRY[0], REGISTRY[1], (path, text)];
    Corpus::from_texts(&files).map_err(|error| error.to_string())
}

#[test]
fn cases_of_every_role_are_printed_and_read_again() {
    for (path, text) in [CLIENT, INTERMEDIARY] {
        let corpus = read(path, text).unwrap_or_else(|error| panic!("{error}"));
        let printed = crate::case_file("Printed", &corpus.cases);
        let again = read(path, &printed).unwrap_or_else(|error| panic!("{error}"));
        let placeless = |case: &Case| Case { source: Source::default(), ..case.clone() };
        let all = |corpus: &Corpus| corpus.cases.iter().map(placeless).collect::<Vec<_>>();
        assert_eq!(all(&again), all(&corpus), "{printed}");
    }
}

#[test]
fn mistakes_of_these_roles_have_a_place() {
    let of_client = [
        (
            "\"!sends\"",
            "\"!sendz\"",
            "client/answers.toml:49:13: unknown need `!sendz`; did you mean `!sends`?",
            "\"!sendz\"",
        ),
        (
            "await = \"opened\" },\n]\nexpect      = [\n  { status = \"opened\" },",
            "await = \"openned\" },\n]\nexpect      = [\n  { status = \"opened\" },",
            "client/answers.toml:13:14: unknown outcome `openned`; did you mean `opened`?",
            "openned",
        ),
        (
            "status = \"waits failed\"",
            "status = \"waits 404\"",
            "client/answers.toml:93:15: case `client/answers/end-at-once`: `404` at `origin`, where the other end \
             is a client; a server answers with a status, `closed` or `silent`; a client has `opened`, `failed` and \
             the like",
            "\"end-at-once\"",
        ),
    ];
    check(CLIENT.1, |text| read(CLIENT.0, text), &of_client);
    let of_intermediary = [
        (
            "request-2 = \"raw\"",
            "request-2 = \"rawr\"",
            "intermediary/passing.toml:37:29: unknown arrival `rawr`; did you mean `raw`?",
            "rawr",
        ),
        (
            "origin = { request = \"absent\" }, inc",
            "orgin = { request = \"absent\" }, inc",
            "intermediary/passing.toml:19:5: unknown key `orgin`; did you mean `origin`?",
            "orgin",
        ),
    ];
    check(INTERMEDIARY.1, |text| read(INTERMEDIARY.0, text), &of_intermediary);
}
