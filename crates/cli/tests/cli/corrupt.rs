//! Files of ours that were cut, changed or made by somebody else: a clear error that names file and place, fast, and never
//! a copy of the file.

use std::path::Path;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

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

/// Also one of several files of a folder of cases.
#[test]
fn what_is_changed_at_random_is_read_or_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let mut rng = StdRng::seed_from_u64(1);
    let config = folder.path().join("upspec.toml");
    let text = "[run]\njobs = 4\nonly = ['server/key/*']\nreport = ['json=r.json']\nseed = 7\n[profile.ci]\n\
                retries = 2\n[target.a]\nurl = 'ws://127.0.0.1:9/'\nheader = ['X-Token: ${TOKEN}']\n";
    let command = ["list", "--only", "server/key", "--config", config.to_str().unwrap()];
    std::fs::write(&config, text).unwrap();
    assert_eq!(upspec(&command).status.code(), Some(0));
    for _ in 0..CHANGES {
        std::fs::write(&config, changed(text.as_bytes(), &mut rng)).unwrap();
        read_or_refused(&command, &config);
    }
    let cases = folder.path().join("cases");
    std::fs::create_dir_all(cases.join("server/deeper")).unwrap();
    let files = ["key", "host", "deeper/upgrade"].map(|topic| {
        let path = cases.join(format!("server/{topic}.toml"));
        let own = Path::new(CASES).join("server").join(path.file_name().unwrap());
        std::fs::copy(own, &path).unwrap();
        path
    });
    let place = cases.to_str().unwrap();
    assert_eq!(upspec(&["list", "--cases", place]).status.code(), Some(0));
    for number in 0..CHANGES {
        let path = &files[number % files.len()];
        let whole = std::fs::read(path).unwrap();
        std::fs::write(path, changed(&whole, &mut rng)).unwrap();
        read_or_refused(&["list", "--cases", place], path);
        std::fs::write(path, whole).unwrap();
    }
}

/// With up to three octets in the place of others, at up to two places.
fn changed(whole: &[u8], rng: &mut StdRng) -> Vec<u8> {
    let mut octets = whole.to_vec();
    for _ in 0..rng.random_range(1..=2) {
        let at = rng.random_range(0..octets.len());
        let end = octets.len().min(at + rng.random_range(0..4));
        let pick = |rng: &mut StdRng| match rng.random_bool(0.5) {
            true => rng.random(),
            false => ODD[rng.random_range(0..ODD.len())],
        };
        let new: Vec<u8> = (0..rng.random_range(0..4)).map(|_| pick(rng)).collect();
        octets.splice(at..end, new);
    }
    octets
}

fn read_or_refused(words: &[&str], path: &Path) {
    let output = upspec(words);
    let error = String::from_utf8_lossy(&output.stderr);
    let told =
        || format!("{error:.500}\n{}", String::from_utf8_lossy(&std::fs::read(path).unwrap()));
    match output.status.code() {
        Some(0) => {}
        Some(2) => {
            let is_clear = error.contains(path.to_str().unwrap()) && !error.contains('\u{1b}');
            assert!(is_clear && error.len() < 2000, "{}", told());
        }
        code => panic!("{code:?}: {}", told()),
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

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../cases");
/// Octets that mean something in TOML.
const ODD: &[u8] = b"\"'{}[]=,.#$\n0a";
const CHANGES: usize = 24;
/// Time enough for a machine with much else to do.
const LONGEST: Duration = Duration::from_secs(30);
