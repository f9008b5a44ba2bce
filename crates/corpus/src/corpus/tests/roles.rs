//! Cases for clients and for intermediaries: who acts in a step, and what cannot be done there.

use super::*;
use crate::case::LinkName;

const CLIENT: &str = r#"title = "Accept"

[[case]]
name        = "good"
title       = "A conforming answer opens"
requirement = "rfc6455/4.2.1-key"
step        = [
  { await = "request" },
  { send = 'HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: {accept}\r\n\r\n' },
]
expect      = { status = "opened" }
"#;

const INTERMEDIARY: &str = r#"title = "Agreement"

[[case]]
name        = "ws-426"
title       = "A valid handshake that the origin answers with 426"
requirement = "rfc6455/4.2.1-key"
step        = [
  { at = "client", send = 'GET / HTTP/1.1\r\n\r\n' },
  { at = "origin", await = "request" },
  { at = "origin", send = 'HTTP/1.1 426 No\r\n\r\n{accept}' },
  { at = "client", await = "any" },
  { at = "client-2", send = 'x' },
]
expect      = "refused"
"#;

fn load_at(path: &str, cases: &str) -> Result<Corpus, String> {
    let files =
        [("requirements/rfc6455.toml", REQUIREMENTS), ("presets.toml", PRESETS), (path, cases)];
    Corpus::from_texts(&files).map_err(|error| error.to_string())
}

#[test]
fn every_role_has_its_links() {
    let rows = [
        ("client/accept.toml", CLIENT, vec![LinkName::Origin; 2]),
        (
            "intermediary/agreement.toml",
            INTERMEDIARY,
            vec![
                LinkName::Client,
                LinkName::Origin,
                LinkName::Origin,
                LinkName::Client,
                LinkName::Client2,
            ],
        ),
    ];
    for (path, cases, want) in rows {
        let corpus = load_at(path, cases).unwrap_or_else(|error| panic!("{error}"));
        let case = &corpus.cases[0];
        let links: Vec<LinkName> = case.steps.iter().map(|step| step.at).collect();
        assert_eq!(links, want, "{path}");
        let printed = crate::case_file("Printed", &corpus.cases);
        let again = load_at(path, &printed).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(again.cases[0].steps, case.steps, "{printed}");
    }
}

#[test]
fn errors_of_roles() {
    let server = [
        (
            "send = ['{get}', 'A: b\\r\\n\\r\\n']",
            "at = \"origin\"\nsend = '{get}'",
            "server/key.toml:12:1: a step at `origin` in a case for a server; such a case acts at `client`",
            "[[case.step]]",
        ),
        (
            "wait = \"50ms\"",
            "await = \"request\"",
            "server/key.toml:28:1: a wait for what a client does, where we are the client; write the statuses to wait for",
            "[[case.step]]",
        ),
        (
            "A: b",
            "A: {accept}",
            "server/key.toml:12:1: `{accept}` where we are the client; only a server answers a request; write the octets",
            "[[case.step]]",
        ),
    ];
    check(CASES, |cases| load(REQUIREMENTS, PRESETS, cases), &server);
}

#[test]
fn errors_of_what_is_of_clients_alone() {
    let of_clients_alone = [
        (
            "needs = []",
            "again = \"same\"",
            "server/key.toml:19:8: case `server/key/two`: `again` in a case for a server; only a client is given a \
             URL and makes further connections: leave it out",
            "\"two\"",
        ),
        (
            "status = \"101\"",
            "status = \"101\"\ntarget = '/'",
            "server/key.toml:19:8: case `server/key/two`: requests that come at `client`, where we send them; ask for \
             `request`, `requests`, `target`, `messages` and `before-answer` where we are the server",
            "\"two\"",
        ),
        (
            "equals = 'b'",
            "equals = '{port}'",
            "server/key.toml:33:34: binding `{port}` in a field matcher; a stored response is judged without what the \
             run filled in: write the octets",
            "'{port}'",
        ),
    ];
    check(CASES, |cases| load(REQUIREMENTS, PRESETS, cases), &of_clients_alone);
}

#[test]
fn errors_of_clients_and_intermediaries() {
    let client = [(
        "\"request\"",
        "\"101\"",
        "client/accept.toml:8:3: a wait for a response where we are the server; write `await = \"request\"`",
        "{ await = \"101\" }",
    )];
    check(CLIENT, |cases| load_at("client/accept.toml", cases), &client);
    let intermediary = [
        (
            "at = \"client-2\", ",
            "",
            "intermediary/agreement.toml:12:3: a step without `at` in a case for an intermediary; say who acts: `client`, `client-2` or `origin`",
            "{ send = 'x' }",
        ),
        (
            "client-2",
            "clent-2",
            "intermediary/agreement.toml:12:10: unknown link `clent-2`; did you mean `client-2`?",
            "\"clent-2\"",
        ),
    ];
    check(INTERMEDIARY, |cases| load_at("intermediary/agreement.toml", cases), &intermediary);
}
