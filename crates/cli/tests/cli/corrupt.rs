//! Files of ours that were cut, changed or made by somebody else: a clear error that names file and place, fast, and never
//! a copy of the file.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::upspec;

/// A file that a command reads, whole, and the command, in which `FILE` stands for it.
const READERS: &[(&str, &str, &[&[&str]])] = &[
    (
        "file.toml",
        "version = 1\n[[known]]\nrequirement = \"rfc6455/4.2.1-key\"\ncases = [\"server/key/*\"]\n\
        verdict = \"fail\"\nreason = \"Known.\"\n",
        &[&["baseline", "check", "FILE"]],
    ),
    (
        "file.toml",
        "[run]\njobs = 4\n[target.a]\nurl = \"ws://127.0.0.1:9/\"\n",
        &[&["list", "--config", "FILE"]],
    ),
    (
        "file.json",
        "{\"format\":\"upspec-fuzz-state\",\"version\":1,\"seed\":1,\"next\":5,\"findings\":[]}",
        &[&["fuzz", "ws://127.0.0.1:9/", "--time", "1s", "--state", "FILE"]],
    ),
    (
        "file.jsonl",
        "{\"format\":\"upspec-history\",\"version\":1,\"started\":\"2026-11-23T10:00:00Z\"}\n",
        &[&["report", "history", "FILE"]],
    ),
    (
        "file.json",
        "{\"format\":\"upspec-report\",\"version\":2,\"tool\":{\"version\":\"0.1.0\"}}",
        &[
            &["judge", "FILE"],
            &["report", "render", "FILE", "--report", "junit=-"],
            &["report", "compare", "FILE", "FILE"],
            &["report", "merge", "FILE"],
            &["report", "matrix", "FILE", "--report", "json=-"],
            &["report", "living", "FILE", "--report", "html=-"],
            &["replay", "FILE", "server/key/missing"],
            &["chain", "FILE", "FILE"],
        ],
    ),
];

#[test]
fn a_broken_file_is_named_with_the_place() {
    let folder = tempfile::tempdir().unwrap();
    for (name, whole, commands) in READERS {
        let path = folder.path().join(name);
        for (what, octets) in broken(whole.as_bytes()) {
            std::fs::write(&path, &octets).unwrap();
            for command in *commands {
                refused(command, &path, &format!("{what} of {name}"), octets.len());
            }
        }
    }
}

#[test]
fn a_folder_and_nothing_are_no_files() {
    let folder = tempfile::tempdir().unwrap();
    let none = folder.path().join("none");
    for (_, _, commands) in READERS {
        for command in commands.iter().filter(|command| command[0] != "fuzz") {
            refused(command, &none, "none", 0);
            refused(command, folder.path(), "a folder", 0);
        }
    }
}

/// What can happen to a file.
fn broken(whole: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let half = whole.len() / 2;
    let put = |octets: &[u8]| [&whole[..half], octets, &whole[half..]].concat();
    vec![
        ("less", whole[..whole.len() - 3].to_vec()),
        ("NUL", put(b"\0")),
        ("no UTF-8", put(b"\xff")),
        ("arrays without end", b"[".repeat(100_000)),
        ("tables without end", b"{\"a\":".repeat(100_000)),
        ("a long line", [b"a = ".to_vec(), b"x".repeat(1_000_000)].concat()),
        ("escapes of a terminal", b"\x1b[2J\x1b]0;x\x07\n".to_vec()),
    ]
}

fn refused(command: &[&str], path: &Path, what: &str, length: usize) {
    let path = path.to_str().unwrap();
    let words: Vec<&str> =
        command.iter().map(|word| if *word == "FILE" { path } else { word }).collect();
    let begun = Instant::now();
    let output = upspec(&words);
    let error = String::from_utf8_lossy(&output.stderr);
    let told = format!("{what}, {command:?}: {error:.500}");
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(error.contains(path), "{told}");
    let has_place = ["line ", "`", "`--", "os error"].iter().any(|word| error.contains(word));
    assert!(has_place, "{told}");
    assert!(!error.contains("panicked") && !error.contains('\u{1b}'), "{told}");
    assert!(error.len() < 2000, "{told}");
    assert!(begun.elapsed() < LONGEST, "{told}: {length} octets");
}

/// Time enough for a machine with much else to do.
const LONGEST: Duration = Duration::from_secs(30);
