//! Secrets: a token in a field, a cookie and a token in the query, repeated by the server wherever it can, are
//! in no output of any command.

use std::path::Path;
use std::process::Output;

use crate::support::{say, target, upspec};
use upspec_handshake::field::key::accept;
use upspec_report::{COMPARISON_FORMATS, DIFF_FORMATS, FORMATS};

const SECRETS: [&str; 7] = [
    "tok3n-in-a-field",
    "c00kie-of-a-session",
    "qu3ry-of-the-url",
    "marked-by-the-user",
    "dG9rM24taW4tYS1maWVsZ",
    "746f6b336e2d696e2d612d6669656c64",
    "open-sesame-door",
];

/// Takes every handshake, and repeats the request wherever an answer has a place.
fn echoing() -> String {
    let address = target(|stream, head| {
        let text = String::from_utf8_lossy(head);
        let key = text.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
        let line = text.lines().next().unwrap_or_default();
        let spelled = match text.contains("tok3n-in-a-field") {
            true => "dG9rM24taW4tYS1maWVsZA== 746f6b336e2d696e2d612d6669656c64 tok3n-in-a-field",
            false => "",
        };
        let fields = format!("Server: {line} {spelled}\r\nX-Path: {line}\r\n");
        let answer = match key {
            Some(key) => format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: {}\r\n{fields}\r\n{text}",
                String::from_utf8_lossy(&accept(key.trim().as_bytes()))
            ),
            None => format!("HTTP/1.1 200 OK\r\nX: y\r\n{fields}Connection: close\r\n\r\n{text}"),
        };
        say(stream, answer.as_bytes());
    });
    format!("ws://{address}/chat?room=1&access_token=qu3ry-of-the-url")
}

const WANTS: [&str; 8] = [
    "--header=Authorization: Bearer tok3n-in-a-field",
    "--header=Cookie: a=b; id=c00kie-of-a-session",
    "--header=X-Mine: marked-by-the-user",
    "--header=Proxy-Authorization: Basic dXNlcjpvcGVuLXNlc2FtZS1kb29y",
    "--secret-header=X-Mine",
    "--seed=1",
    "--jobs=32",
    "--window=100ms",
];

/// Calls the command, and looks at what it prints.
fn call(arguments: &[&str]) -> Output {
    let output = upspec(arguments);
    for octets in [&output.stdout, &output.stderr] {
        clean(&arguments.join(" "), &String::from_utf8_lossy(octets));
    }
    output
}

#[track_caller]
fn clean(what: &str, text: &str) {
    for secret in SECRETS {
        let at = text.find(secret);
        let around = at.map(|at| text[at..].chars().take(150).collect::<String>());
        assert_eq!(around, None, "{secret} in {what}");
    }
}

/// Looks at every file below a folder; how many there are.
fn look(folder: &Path) -> usize {
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            seen += look(&path);
        } else {
            let octets = std::fs::read(&path).unwrap();
            clean(&path.display().to_string(), &String::from_utf8_lossy(&octets));
            seen += 1;
        }
    }
    seen
}

/// One `--report` for each format, with its file in this folder.
fn reports<'n>(names: impl IntoIterator<Item = &'n str>, folder: &Path, stem: &str) -> Vec<String> {
    let wish =
        |name| format!("--report={name}={}", folder.join(stem).with_extension(name).display());
    names.into_iter().map(wish).collect()
}

#[test]
fn no_secret_is_in_any_output() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let url = echoing();
    let all = |stem| reports(FORMATS.iter().map(|format| format.name), folder, stem);
    let with = |start: &[&str], more: &[String]| {
        let more = more.iter().map(String::as_str);
        call(&start.iter().copied().chain(more).collect::<Vec<_>>())
    };
    let cases = ["--only=server/control", "--only=server/key", "--only=server/host"];
    let options = [&WANTS[..], &cases[..]].concat();
    let run = with(&[&["run", &url], &options[..]].concat(), &all("run"));
    let made = folder.join("run.json");
    assert!(made.exists(), "{run:?}");
    let report = std::fs::read_to_string(&made).unwrap();
    assert!(report.contains("/chat?room=*&access_token=****************"), "the URL is told");
    let (json, html) = (made.to_str().unwrap(), folder.join("run.html"));
    with(&["judge", json], &all("judge"));
    with(&["report", "merge", json, json], &all("merge"));
    with(&["report", "render", html.to_str().unwrap()], &all("render"));
    let old = folder.join("render.json");
    let compared = reports(COMPARISON_FORMATS.iter().map(|one| one.name), folder, "compare");
    with(&["report", "compare", old.to_str().unwrap(), json], &compared);
    let again = call(&["replay", json, "server/key/missing", &url, "--timeout=1s"]);
    assert!(!again.stdout.is_empty(), "{again:?}");
    let others = reports(DIFF_FORMATS.iter().map(|one| one.name), folder, "diff");
    with(&[&["diff", &url, &url.replace("room=1", "room=2")], &options[..]].concat(), &others);
    let (state, found) = (folder.join("state.json"), folder.join("found"));
    let hunt = ["--runs=60", "--fail-on=warn", "--state", state.to_str().unwrap()];
    let hunt = [&["fuzz", &url, "--out", found.to_str().unwrap()], &WANTS[..], &hunt[..]].concat();
    call(&hunt);
    assert!(look(folder) > 4 * FORMATS.len());
}

#[test]
fn a_refused_url_keeps_its_password() {
    for command in ["run", "fuzz"] {
        let output = call(&[command, "ws://user:open-sesame-door@127.0.0.1:1/"]);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
    }
}
