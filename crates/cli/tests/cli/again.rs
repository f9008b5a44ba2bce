//! Runs that come again: `watch` after a change, `bisect` from an old server to a new one.
#![cfg(unix)]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::support::{BIN, free_port, shell};

const CASE: &str = "server/syntax/bare-cr-in-upgrade";
/// A fault that the case shows.
const FAULT: &str = "--fault bare-cr-dropped";

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

fn expect(output: &Output, code: i32, words: &[&str]) {
    let said = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    for word in words {
        assert!(said.contains(word), "{word}: {said}");
    }
}

/// What starts a server, with more options.
fn serve(port: u16, more: &str) -> String {
    format!("{BIN} serve --listen 127.0.0.1:{port} {more}")
}

/// A repository of five commits: the second does not build, and from the fourth on the server has a fault.
fn repository(folder: &Path, port: u16) {
    let git = "git -c user.name=A -c user.email=a@example.com";
    let mut lines = "git init -q . && ".to_owned();
    for number in 1..=5 {
        let fault = if number > 3 { FAULT } else { "" };
        let build = if number == 2 { "echo no compiler; exit 1" } else { "cp start built" };
        lines.push_str(&format!(
            "echo 'exec {} # {number}' >start && echo '{build}' >build && {git} add . && \
             {git} commit -qm 'Change {number}' && ",
            serve(port, fault)
        ));
    }
    let output = shell(&format!("{lines}git tag v1 HEAD~4"), folder);
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn the_commit_that_flipped_a_case_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let (here, port) = (folder.path(), free_port());
    repository(here, port);
    // What the user is in the middle of stays so.
    std::fs::write(here.join("start"), "half").unwrap();
    std::fs::write(here.join("new"), "mine").unwrap();
    let state = "git status --porcelain; git rev-parse HEAD; git for-each-ref; git worktree list; ls -A .git";
    let before = shell(state, here);
    let url = format!("ws://127.0.0.1:{port}/chat");
    let bisect = format!("$BIN bisect {CASE} {url} --build 'sh build' --server-cmd 'sh built'");
    let output = shell(&format!("{bisect} --range v1..HEAD"), here);
    expect(&output, 0, &["pass up to", "fail from", "Change 4 on\n", "author A"]);
    expect(&shell(&format!("{bisect} --range v1..HEAD~2"), here), 1, &["pass at both ends"]);
    expect(
        &shell(&format!("{bisect} --range v1..HEAD~3"), here),
        3,
        &["is an end of the search", "it printed: no compiler"],
    );
    let after = shell(&format!("rmdir .git/worktrees 2>/dev/null; {state}"), here);
    assert_eq!(text(&before.stdout), text(&after.stdout));
    assert_eq!(std::fs::read_to_string(here.join("start")).unwrap(), "half");
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err(), "a server lives on");
}

#[test]
fn a_list_of_commands_is_searched() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let (good, bad) = (serve(port, ""), serve(port, FAULT));
    let line = format!(
        "$BIN bisect {CASE} ws://127.0.0.1:{port}/chat --candidate '{good}' --candidate 'exit 3' --candidate '{bad}'"
    );
    let output = shell(&line, folder.path());
    expect(&output, 1, &["it changed in one of these", "skipped: ", "exit status: 3"]);
}

#[test]
fn a_search_that_cannot_be_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    repository(here, 1);
    let rows = [
        ("--range v1..HEAD", "--range needs --server-cmd"),
        ("--server-cmd x --range HEAD..v1", "does not descend from the first"),
        ("--server-cmd x --range v1..v1", "holds no two commits"),
        ("--server-cmd x --range v1", "write OLD..NEW"),
        ("--server-cmd x --range v1...HEAD", "write OLD..NEW"),
        ("--server-cmd x --range nope..HEAD", "git rev-parse: "),
        ("--server-cmd x --range=--all..HEAD", "git rev-parse: "),
        ("--server-cmd x --range v1..HEAD --repo nowhere", "git rev-parse: "),
        ("--candidate x", "needs two --candidate"),
    ];
    for (more, words) in rows {
        expect(&shell(&format!("$BIN bisect {CASE} ws://127.0.0.1:1/ {more}"), here), 2, &[words]);
    }
    let line = format!("$BIN bisect {CASE}s ws://127.0.0.1:1/ --candidate x");
    expect(&shell(&line, here), 2, &["did you mean"]);
}

#[test]
fn a_change_brings_another_run() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let start = folder.path().join("start.sh");
    std::fs::write(&start, format!("exec {}\n", serve(port, FAULT))).unwrap();
    let mut child = Command::new(BIN)
        .args(["watch", &format!("ws://127.0.0.1:{port}/chat"), "--only", "server/syntax"])
        .args(["--server-cmd", "exec sh start.sh", "--rounds", "2", "--jobs", "64"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    // The first run is told; mend the server.
    let first: Vec<String> =
        lines.by_ref().take_while(|line| !line.contains(" inconclusive, ")).collect();
    assert!(first.iter().any(|line| line.contains(&format!("new     {CASE}"))), "{first:?}");
    // A program that writes a new file and puts it in the place of the old one.
    let beside = folder.path().join("start.new");
    std::fs::write(&beside, format!("exec {}\n", serve(port, ""))).unwrap();
    std::fs::rename(&beside, &start).unwrap();
    let second: Vec<String> = lines.collect();
    let output = child.wait_with_output().unwrap();
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{second:?} {error}");
    assert!(second.contains(&format!("  mended  {CASE}")), "{second:?}");
    assert!(error.contains("watching start.sh"), "{error}");
    assert!(error.contains("that failed before, 0 still do"), "{error}");
    let report = std::fs::read(folder.path().join("upspec-report/report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(report["summary"]["fail"], 0);
    // What was played first stands in its place again.
    let ids: Vec<&str> = report["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| case["id"].as_str().unwrap())
        .collect();
    assert!(ids[0].starts_with("server/control/"), "{ids:?}");
}

#[test]
fn a_watch_says_what_it_lacks() {
    let folder = tempfile::tempdir().unwrap();
    for (more, words) in [
        ("", "Say --path; without --server-cmd it is not known"),
        ("--server-cmd 'cargo run'", "`cargo run` names no file"),
        ("--path nowhere", "cannot watch nowhere"),
    ] {
        let line = format!("$BIN watch ws://127.0.0.1:1/ --rounds 1 {more}");
        expect(&shell(&line, folder.path()), 2, &[words]);
    }
}

#[test]
fn rounds_that_differ_make_cases_flaky() {
    let folder = tempfile::tempdir().unwrap();
    let place = crate::support::free_address();
    let serve = format!("exec '{BIN}' serve --listen {place}");
    // The first start is conforming, and every later one has a fault.
    let script =
        format!("[ -e started ] && {serve} --fault accept-any-key\ntouch started\n{serve}\n");
    std::fs::write(folder.path().join("start.sh"), script).unwrap();
    let run = |more: &str| {
        let _ = std::fs::remove_file(folder.path().join("started"));
        let line = format!(
            "$BIN run ws://{place}/chat --server-cmd 'exec sh start.sh' --only server/key --seed 1 --repeat 3 \
             --report json=report.json {more}"
        );
        shell(&line, folder.path())
    };
    let output = run("");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("round 3 of 3"), "{output:?}");
    assert!(told.contains("Note: in 3 rounds the verdicts of "), "{told}");
    assert!(told.contains(" (2 fail, 1 pass)"), "{told}");
    assert_eq!(run("--strict-flaky --quiet").status.code(), Some(1));
    let report = std::fs::read_to_string(folder.path().join("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let cases = report["cases"].as_array().unwrap();
    let failing: Vec<_> = cases.iter().filter(|case| case["verdict"] == "fail").collect();
    assert!(failing.len() > 3, "{}", report["summary"]);
    assert!(failing.iter().all(|case| case["flaky"] == true && !case["record"].is_null()));
    assert!(report["again"].as_str().unwrap().contains(" --repeat 3 "), "{}", report["again"]);
    for (role, only) in [("client", "client/url"), ("proxy", "intermediary/interim")] {
        let line =
            format!("$BIN {role} --only {only} --repeat 2 --seed 1 --report json=other.json");
        let output = shell(&line, folder.path());
        let told = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert!(told.contains("Note: in 2 rounds no verdict differed"), "{told}");
    }
}
