//! upspec as process 1, as in a container: a PID namespace of its own, in which a signal that nobody handles is lost.
//! Skipped, and said so, where no such namespace may be made.
#![cfg(target_os = "linux")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{BIN, free_port};

/// What makes the namespace, as root or as a user who may; the first process in it dies with `unshare`.
const WAYS: [&[&str]; 2] = [
    &["--pid", "--fork", "--mount-proc", "--kill-child"],
    &["--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "--kill-child"],
];

fn way() -> Option<&'static [&'static str]> {
    let works = |way: &&&[&str]| {
        let tried = Command::new("unshare").args(**way).arg("true").stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    };
    WAYS.iter().find(works).copied()
}

/// The one child of a process.
fn child_of(parent: u32) -> Pid {
    let path = format!("/proc/{parent}/task/{parent}/children");
    let children = std::fs::read_to_string(path).unwrap();
    Pid::from_raw(children.trim().parse().unwrap()).unwrap()
}

#[test]
fn as_process_one_it_ends_in_order() {
    let Some(way) = way() else {
        // Past the capture of the harness, so that a log of CI has it.
        let _ = writeln!(std::io::stderr(), "SKIPPED: no PID namespace may be made here");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    // The server is a grandchild, and does not hear the signal that ends it.
    let server = format!("trap '' TERM; {BIN} serve --listen 127.0.0.1:{port}; true");
    let mut child = Command::new("unshare")
        .args(way)
        .args([BIN, "run", &format!("ws://127.0.0.1:{port}/chat"), "--server-cmd", &server])
        .args(["--report", "json=report.json", "--jobs", "4"])
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.by_ref().any(|line| line.unwrap().starts_with("100/")));
    let first = child_of(child.id());
    let inside =
        std::fs::read_to_string(format!("/proc/{}/status", first.as_raw_nonzero())).unwrap();
    let number = inside.lines().find(|line| line.starts_with("NSpid:")).unwrap();
    assert_eq!(number.split_whitespace().last(), Some("1"), "{number}");
    kill_process(first, Signal::TERM).unwrap();
    lines.for_each(drop);
    assert_eq!(child.wait().unwrap().code(), Some(143));
    let report = std::fs::read(folder.path().join("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(report["complete"], false);
    assert!(report["summary"]["pass"].as_u64().unwrap() > 50, "{}", report["summary"]);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "the server lives on");
}
