//! What can be wrong with the spelling of a file: TOML, keys, types, and bytes.
//! Each row is one change to a good file.

use super::*;

const SHAPE: &[Row] = &[
    (
        "title = \"Keys\"",
        "title = 'Keys",
        "server/key.toml:1:14: invalid literal string, expected `'`",
        " ",
    ),
    (
        "title = \"Keys\"",
        "title = 3",
        "server/key.toml:1:9: invalid type: integer `3`, expected a string",
        "3",
    ),
    ("title = \"Keys\"", "", "server/key.toml:1:1: missing key `title`", " "),
    (
        "requirement",
        "requirment",
        "server/key.toml:10:1: unknown key `requirment`; did you mean `requirement`?",
        "requirment",
    ),
    (
        "send = ",
        "sent = ",
        "server/key.toml:13:1: unknown key `sent`; did you mean `send`?",
        "sent",
    ),
    (
        "same-as",
        "same_as",
        "server/key.toml:23:1: unknown key `same_as`; did you mean `same-as`?",
        "same_as",
    ),
    ("equals", "is", "server/key.toml:33:25: unknown key `is`", "is"),
    ("name = \"one\"", "", "server/key.toml:7:1: missing key `name`", "[[case]]"),
    (
        "name = \"one\"",
        "name = \"one\"\nname = \"two\"",
        "server/key.toml:9:1: duplicate key",
        "name",
    ),
    (
        "['{get}', 'A: b\\r\\n\\r\\n']",
        "7",
        "server/key.toml:13:8: invalid type: integer `7`, expected a string or a list of strings",
        "7",
    ),
    (
        "times = 2",
        "times = -2",
        "server/key.toml:26:20: invalid value: integer `-2`, expected a whole number",
        "-2",
    ),
    (
        "'A: b",
        "'A:\u{1}b",
        "server/key.toml:13:21: raw control character U+0001; write `\\x01`",
        "\u{fffd}",
    ),
    (
        "[\"endpoint\"]",
        "\"endpoint\"",
        "server/key.toml:2:9: invalid type: string \"endpoint\", expected a list",
        "\"endpoint\"",
    ),
];

#[test]
fn errors_of_shape() {
    check(CASES, |cases| load(REQUIREMENTS, PRESETS, cases), SHAPE);
}

const BYTES: &[Row] = &[
    (
        "A: b",
        "A: \\q",
        "server/key.toml:13:22: unknown escape `\\q`; known are `\\r`, `\\n`, `\\t`, `\\\\` and `\\xHH`",
        "\\q",
    ),
    (
        "A: b",
        "A: \\x4g",
        "server/key.toml:13:22: unfinished escape; write `\\xHH` with two hexadecimal digits, or `\\\\` for a backslash",
        "\\x",
    ),
    ("A: b", "A: \t", "server/key.toml:13:22: raw control character U+0009; write `\\t`", " "),
    (
        "A: b",
        "A: \u{e9}",
        "server/key.toml:13:22: raw non-ASCII character U+00E9; write its octets, in UTF-8 `\\xC3\\xA9`",
        "\u{e9}",
    ),
    (
        "A: b",
        "A: {kee}",
        "server/key.toml:13:22: unknown binding `{kee}`; did you mean `{key}`?",
        "{kee}",
    ),
    (
        "{get}",
        "{gte}",
        "server/key.toml:13:10: unknown binding `{gte}`; did you mean `{get}`?",
        "{gte}",
    ),
    (
        "{get}",
        "{nothing}",
        "server/key.toml:13:10: unknown binding `{nothing}`; name a binding or a fragment, or write `{{` for a brace",
        "{nothing}",
    ),
    (
        "A: b",
        "A: {fill-x}",
        "server/key.toml:13:22: unknown binding `{fill-x}`; write `{fill-N}` with a number such as 8000",
        "{fill-x}",
    ),
    (
        "A: b",
        "A: {fill-99999999}",
        "server/key.toml:13:22: `{fill-N}` takes at most 16777216; write 16777216 or less",
        "{fill-99999999}",
    ),
    (
        "A: b",
        "A: {key",
        "server/key.toml:13:22: unclosed `{`; close it with `}`, or write `{{` for a brace",
        "{",
    ),
    ("A: b", "A: }", "server/key.toml:13:22: stray `}`; write `}}` for a brace", "}"),
    (
        "'A: b\\r\\n\\r\\n'",
        "\"\\r\\n\"",
        "server/key.toml:13:18: escapes between double quotes, where TOML reads them first; write bytes between single quotes",
        "\"\\r\\n\"",
    ),
    (
        "'A: b\\r\\n\\r\\n'",
        "'''\nA:\n'''",
        "server/key.toml:14:3: raw control character U+000A; write `\\n`",
        " ",
    ),
];

#[test]
fn errors_of_bytes_point_into_the_string() {
    check(CASES, |cases| load(REQUIREMENTS, PRESETS, cases), BYTES);
}
