//! What can be wrong with a file that is spelt well: words, names, and whole cases.
//! Each row is one change to a good file.

use super::*;

const MEANING: &[Row] = &[
    (
        "4.2.1-key",
        "4.2.1-kye",
        "server/key.toml:10:15: unknown requirement `rfc6455/4.2.1-kye`; did you mean `rfc6455/4.2.1-key`?",
        "\"rfc6455/4.2.1-kye\"",
    ),
    (
        "4.2.1-key",
        "9-x",
        "server/key.toml:10:15: unknown requirement `rfc6455/9-x`; add it to `requirements/`, or cite one that is there",
        "\"rfc6455/9-x\"",
    ),
    (
        "\"endpoint\"",
        "\"endpiont\"",
        "server/key.toml:2:10: unknown need `endpiont`; did you mean `endpoint`?",
        "\"endpiont\"",
    ),
    (
        "\"refused\"",
        "\"refuse\"",
        "server/key.toml:16:10: unknown preset `refuse`; did you mean `refused`?",
        "\"refuse\"",
    ),
    (
        "\"refused\"",
        "\"x\"",
        "server/key.toml:16:10: unknown preset `x`; known are `refused`",
        "\"x\"",
    ),
    (
        "\"refused\"",
        "\"refused\"\nwarn = \"Hm.\"",
        "server/key.toml:17:8: `warn` beside `preset`; the preset has its own `warn`; write another alternative",
        "\"Hm.\"",
    ),
    (
        "equals = 'b'",
        "equals = 'b{host}'",
        "server/key.toml:33:34: binding `{host}` in a field matcher; a stored response is judged without what the run filled in: write the octets",
        "'b{host}'",
    ),
    (
        "\"101\"",
        "\"101 slient\"",
        "server/key.toml:32:15: unknown outcome `slient`; did you mean `silent`?",
        "slient",
    ),
    (
        "\"101\"",
        "\"\"",
        "server/key.toml:32:10: unknown outcome ``; known are `101`, `4xx`, `400 426`, `401-499`, `any`, `asked`, `closed`, `silent`, `not-http`, `stream-error`, `connection-error`, `no-request`, `opened`, `went-on`, `close-frame`, `close-normal`, `close-reserved`, `failed`, `waits`, `held`, `request-again`, `request-here`, `no-connection`, `loops`, `sent`, `junk`",
        "\"\"",
    ),
    (
        "\"101\"",
        "\"101\"\nwarn = \"Hm.\"\npass = \"Well.\"",
        "server/key.toml:33:8: an alternative with `pass` and `warn`; keep one of them",
        "\"Hm.\"",
    ),
    (
        "\"101\"",
        "\"101\"\nfail = \" \"",
        "server/key.toml:33:8: empty text; write one sentence",
        "\" \"",
    ),
    (
        "\"101\"",
        "\"101\"\nconnection = \"close\"",
        "server/key.toml:33:14: unknown connection `close`; did you mean `closed`?",
        "\"close\"",
    ),
    (
        "\"101\"",
        "\"101\"\ntunnel = \"pingpong\"",
        "server/key.toml:33:10: unknown tunnel `pingpong`; did you mean `ping-pong`?",
        "\"pingpong\"",
    ),
    (
        "status = \"101\"",
        "",
        "server/key.toml:31:1: an alternative without `status` or `preset`; say which outcomes it covers, such as `status = \"4xx\"`",
        "[[case.expect]]",
    ),
    (
        "equals = 'b'",
        "present = false",
        "server/key.toml:33:35: `present = false`; write `absent = true`",
        "false",
    ),
    (
        "equals = 'b'",
        "equals = 'b', token = 'c'",
        "server/key.toml:33:11: a field matcher with `equals` and `token` at once; keep one of them",
        "{ name = 'A', equals = 'b', token = 'c' }",
    ),
    (
        ", equals = 'b'",
        "",
        "server/key.toml:33:11: a field matcher without any of `present`, `absent`, `equals`, `token`, `no-token`, `extension`, `contains`, `list`, `repeated`, `key`, `accept`, `added`; write exactly one of them",
        "{ name = 'A' }",
    ),
    (
        "name = 'A'",
        "name = 'A:'",
        "server/key.toml:33:20: `A:` is not a field name; a field name is a token, without the colon",
        "'A:'",
    ),
    (
        "wait = \"50ms\"",
        "wait = \"50ms\"\nshutdown = \"write\"",
        "server/key.toml:28:1: a step with `wait` and `shutdown` at once; keep one of them",
        "[[case.step]]",
    ),
    (
        "wait = \"50ms\"",
        "",
        "server/key.toml:28:1: a step without any of `send`, `repeat`, `grow`, `endless`, `h2`, `flow`, `send-bytewise`, `wait`, `pause-reading`, `await`, `shutdown`; write exactly one of them",
        "[[case.step]]",
    ),
    (
        "\"50ms\"",
        "\"50\"",
        "server/key.toml:29:8: `50` is not a pause; write milliseconds or seconds up to a minute, such as `50ms` or `1s`",
        "\"50\"",
    ),
    (
        "wait = \"50ms\"",
        "await = \"closed\"",
        "server/key.toml:29:9: `closed` is not a status; write the statuses to wait for, such as `101`, `4xx 5xx` or `any`",
        "\"closed\"",
    ),
    (
        "wait = \"50ms\"",
        "shutdown = \"read\"",
        "server/key.toml:29:12: unknown side `read`; known are `write`, `both`, `reset`",
        "\"read\"",
    ),
    (
        "times = 2",
        "times = 0",
        "server/key.toml:26:20: `times = 0`; write a number from 1 to 1000000",
        "0",
    ),
    (
        "['{get}', 'A: b\\r\\n\\r\\n']",
        "[]",
        "server/key.toml:13:8: a `send` of nothing; write bytes, or leave the step out",
        "[]",
    ),
    (
        "name = \"one\"",
        "name = \"One\"",
        "server/key.toml:8:8: `One` is not a name; write lower-case letters and digits with hyphens between them",
        "\"One\"",
    ),
    (
        "needs = []",
        "hazard = \"resources\"",
        "server/key.toml:22:10: unknown hazard `resources`; did you mean `resource`?",
        "\"resources\"",
    ),
    (
        "get = ",
        "key = 'x'\nget = ",
        "server/key.toml:5:1: a fragment with the name of `{key}`; a binding has that name; take another",
        "key",
    ),
    (
        "get = ",
        "hi = '{ho}'\nho = '{hi}'\nget = ",
        "server/key.toml:5:1: fragment `hi` uses itself; `hi` uses `ho` uses `hi`: write the bytes of one of them",
        "hi",
    ),
];

#[test]
fn errors_of_meaning() {
    check(CASES, |cases| load(REQUIREMENTS, PRESETS, cases), MEANING);
}

const WHOLE_CASES: &[Row] = &[
    (
        "name = \"two\"",
        "name = \"one\"",
        "server/key.toml:19:8: duplicate case `server/key/one`; the first one is at server/key.toml:7",
        "\"one\"",
    ),
    (
        "same-as = \"server/key/one\"",
        "same-as = \"server/key/on\"",
        "server/key.toml:23:11: unknown case `server/key/on`; did you mean `server/key/one`?",
        "\"server/key/on\"",
    ),
    (
        "{standing}",
        "",
        "server/key.toml:8:8: case `server/key/one` reaches `{path}` without `{standing}`; write `{standing}` after a field line, so that the target gets what it wants on every request",
        "\"one\"",
    ),
    (
        "[[case.step]]\nsend = ['{get}', 'A: b\\r\\n\\r\\n']",
        "",
        "server/key.toml:8:8: case `server/key/one` has no step; say what is done in `send`, `h2` or `step`",
        "\"one\"",
    ),
    (
        "[[case.expect]]\npreset = \"refused\"",
        "",
        "server/key.toml:8:8: case `server/key/one` has no expect; say what may follow in `expect`",
        "\"one\"",
    ),
];

#[test]
fn errors_of_whole_cases() {
    check(CASES, |cases| load(REQUIREMENTS, PRESETS, cases), WHOLE_CASES);
}

#[test]
fn errors_of_presets() {
    let again = "[[preset]]\nname = \"refused\"\ntext = \"T\"\n[[preset.expect]]\nstatus = \"4xx\"\n[[preset]]";
    let rows: [Row; 3] = [
        (
            "[[preset]]",
            again,
            "presets.toml:8:8: duplicate preset `refused`; the first one is at presets.toml:2",
            "\"refused\"",
        ),
        (
            "status = \"4xx\"",
            "preset = \"refused\"",
            "presets.toml:7:10: unknown preset `refused`; a preset names no other: write its alternatives",
            "\"refused\"",
        ),
        ("warn", "wran", "presets.toml:11:1: unknown key `wran`; did you mean `warn`?", "wran"),
    ];
    check(PRESETS, |presets| load(REQUIREMENTS, presets, CASES), &rows);
}

#[test]
fn errors_of_requirements() {
    let again = "[[requirement]]\nid = \"rfc6455/4.2.1-key\"\nlevel = \"may\"\nbinds = \"both\"\ntext = \"T.\"\n[[requirement]]";
    let rows: [Row; 6] = [
        (
            "[[requirement]]",
            again,
            "requirements/rfc6455.toml:11:6: duplicate requirement `rfc6455/4.2.1-key`; the first one is at requirements/rfc6455.toml:5",
            "\"rfc6455/4.2.1-key\"",
        ),
        (
            "\"must\"",
            "\"mus\"",
            "requirements/rfc6455.toml:7:9: unknown level `mus`; did you mean `must`?",
            "\"mus\"",
        ),
        (
            "\"server\"",
            "\"sever\"",
            "requirements/rfc6455.toml:8:9: unknown party `sever`; did you mean `server`?",
            "\"sever\"",
        ),
        (
            "rfc6455/4.2.1-key",
            "rfc9110/4.2.1-key",
            "requirements/rfc6455.toml:6:6: `rfc9110/4.2.1-key` is not a requirement id of rfc6455; write the section and a slug, such as `rfc6455/4.2.1-key`",
            "\"rfc9110/4.2.1-key\"",
        ),
        (
            "older = []",
            "older = [\"7230/6.7\"]",
            "requirements/rfc6455.toml:10:10: `7230/6.7` is not a section of an RFC; write `rfc7230/6.7`",
            "\"7230/6.7\"",
        ),
        (
            "rfc = \"rfc6455\"",
            "rfc = \"6455\"",
            "requirements/rfc6455.toml:3:7: `6455` is not an RFC; write `rfc6455`",
            "\"6455\"",
        ),
    ];
    check(REQUIREMENTS, |requirements| load(requirements, PRESETS, CASES), &rows);
}
