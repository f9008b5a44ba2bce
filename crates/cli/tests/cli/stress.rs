//! The command under stress: signals, full disks, paths that cannot be, too few descriptors. Whatever happens,
//! no older report is lost, nothing that was started lives on, and the exit code is no lie.
#![cfg(unix)]

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{BIN, Served, free_port, say, shell, target, upspec};

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| panic!("{output:?}"))
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A whole report, whatever its verdicts.
fn whole(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Completes once nobody listens at the port.
fn is_over(port: u16) -> bool {
    let until = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(("127.0.0.1", port)).is_ok() {
        if Instant::now() > until {
            return false;
        }
        std::thread::yield_now();
    }
    true
}

#[test]
fn a_signal_ends_the_run_with_its_report_and_its_server() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        // Below nohup the command inherits that it is to survive its terminal.
        if signal == Signal::HUP && hangup_is_ignored() {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let server = format!("{BIN} serve --listen 127.0.0.1:{port}");
        let mut child = Command::new(BIN)
            .args(["run", &format!("ws://127.0.0.1:{port}/chat"), "--server-cmd", &server])
            .args(["--report", "json=report.json", "--jobs", "8"])
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        // The first hundred cases are through.
        assert!(lines.by_ref().any(|line| line.unwrap().starts_with("100/")));
        kill_process(Pid::from_child(&child), signal).unwrap();
        lines.for_each(drop);
        assert_eq!(child.wait().unwrap().code(), Some(code));
        let report = whole(&folder.path().join("report.json"));
        assert_eq!(report["complete"], false);
        assert!(is_over(port), "the server lives on");
    }
}

/// Whether whoever started the tests wants a hangup to be ignored, as far as the system tells.
fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok());
    ignored.is_some_and(|signals| signals & 1 != 0)
}

#[test]
fn the_hunt_keeps_its_state_when_it_is_terminated() {
    let folder = tempfile::tempdir().unwrap();
    let server = Served::conforming();
    let mut child = Command::new(BIN)
        .args(["fuzz", &server.url, "--time", "60s", "--state", "state.json", "--seed", "1"])
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.by_ref().any(|line| line.unwrap().contains(" exchanges, ")));
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    lines.for_each(drop);
    assert_eq!(child.wait().unwrap().code(), Some(143));
    let state = whole(&folder.path().join("state.json"));
    assert!(state["next"].as_u64().unwrap() > 0);
}

#[test]
fn what_cannot_be_written_is_found_before_the_first_connection() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("file"), "old").unwrap();
    std::fs::create_dir(path("folder")).unwrap();
    std::os::unix::fs::symlink(path("file"), path("link")).unwrap();
    let rows = [
        (&["--report", "json=folder"][..], "cannot write folder"),
        (&["--report", "json=file/below"], "cannot write file/below"),
        (&["--report", "json=file", "--report", "html=./file"], "for two things"),
        (&["--report", "json=link", "--report", "html=file"], "for two things"),
        (&["--report", "json=-", "--report", "html=-"], "for two things"),
        (&["--report", "json=new", "--report", "html=folder/../new"], "for two things"),
        (&["--ca", "file", "--report", "json=file"], "for two things"),
        (&["--ca", "nowhere"], "cannot read nowhere"),
        (&["--cases", "file"], "file"),
        (&["--origin", "http://a\r\nX: y"], "control character"),
    ];
    for (more, words) in rows {
        let mut command = Command::new(BIN);
        command.args(["run", "ws://127.0.0.1:1/"]).args(more).current_dir(folder.path());
        let output = command.output().unwrap();
        assert_eq!(code(&output), 2, "{more:?}: {}", error(&output));
        assert!(error(&output).contains(words), "{more:?}: {}", error(&output));
        assert!(!error(&output).contains("cannot reach"), "{}", error(&output));
    }
    assert_eq!(std::fs::read(path("file")).unwrap(), b"old");
    let out = upspec(&["fuzz", "ws://127.0.0.1:1/", "--out", path("file").to_str().unwrap()]);
    assert_eq!(code(&out), 2, "{}", error(&out));
}

#[test]
fn a_folder_of_cases_is_read_through_links_and_without_pipes() {
    let folder = tempfile::tempdir().unwrap();
    let line = "mkdir real loop; printf \"title = 'Mine'\\n\" >real/mine.toml; \
        mkdir cases; ln -s ../real cases/linked; ln -s . cases/loop; $BIN list --cases cases --only server/key";
    let output = shell(line, folder.path());
    // It is found behind the link: it has no case.
    assert!(!error(&output).contains("no case file in this folder"), "{}", error(&output));
    for (make, name) in [("mkfifo", "pipe.toml"), ("ln -s /dev/zero", "zero.toml")] {
        let line = format!("mkdir {name}.d; {make} {name}.d/{name}; $BIN list --cases {name}.d");
        let output = shell(&line, folder.path());
        assert_eq!(code(&output), 2, "{}", error(&output));
        assert!(error(&output).contains("not a plain file"), "{}", error(&output));
    }
}

#[test]
fn without_a_place_for_the_default_reports_there_is_a_summary() {
    let folder = tempfile::tempdir().unwrap();
    let output = shell("echo >upspec-report; $BIN run --only server/key", folder.path());
    assert_eq!(code(&output), 0, "{}", error(&output));
    assert!(error(&output).contains("there will be no report"), "{}", error(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("No MUST rule is broken"));
}

#[test]
fn a_full_disk_costs_no_older_report_and_no_other_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("old.json"), "old").unwrap();
    // The JSON is larger than a file may be, the summary is not.
    let line =
        "ulimit -f 32; $BIN run --only server/key --report json=old.json --report markdown=new.md";
    let output = shell(line, folder.path());
    assert_eq!(code(&output), 2, "{}", error(&output));
    assert!(error(&output).contains("cannot write old.json"), "{}", error(&output));
    assert_eq!(std::fs::read(path("old.json")).unwrap(), b"old");
    assert!(std::fs::read_to_string(path("new.md")).unwrap().contains("## upspec"));
    assert!(String::from_utf8_lossy(&output.stdout).contains("No MUST rule is broken"));
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 2, "nothing else lies about");
}

#[test]
fn a_target_that_is_down_costs_no_older_report() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("r.json"), "old").unwrap();
    let url = format!("ws://127.0.0.1:{}/", free_port());
    let line = format!("$BIN run {url} --report json=r.json");
    let output = shell(&line, folder.path());
    assert_eq!(code(&output), 3, "{}", error(&output));
    assert_eq!(std::fs::read(path("r.json")).unwrap(), b"old");
    assert_eq!(whole(&path("r.unjudged.json"))["summary"]["pass"], 0);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("wrote r.unjudged.json; r.json is of an earlier run"), "{said}");
}

#[test]
fn few_descriptors_mean_few_jobs() {
    let folder = tempfile::tempdir().unwrap();
    let line = "ulimit -n 64; $BIN run --only server/key --jobs 200 --report json=r.json";
    let output = shell(line, folder.path());
    assert_eq!(code(&output), 0, "{}", error(&output));
    assert_eq!(whole(&folder.path().join("r.json"))["summary"]["error"], 0);
}

#[test]
fn an_error_is_no_success() {
    let folder = tempfile::tempdir().unwrap();
    let server = Served::conforming();
    let json = format!("{}/r.json", folder.path().display());
    let wish = format!("json={json}");
    upspec(&["run", &server.url, "--only", "server/key", "--report", &wish]);
    let mut report = whole(Path::new(&json));
    let last = report["cases"].as_array_mut().unwrap().last_mut().unwrap();
    assert_eq!(last["verdict"], "pass");
    last["verdict"] = "error".into();
    last["reason"] = "connect".into();
    last["record"] = serde_json::Value::Null;
    let passed = report["summary"]["pass"].as_u64().unwrap();
    report["summary"]["pass"] = (passed - 1).into();
    report["summary"]["error"] = 1.into();
    std::fs::write(&json, report.to_string()).unwrap();
    for fail_on in ["fail", "never"] {
        let wish = format!("markdown={}/r.md", folder.path().display());
        let output = upspec(&["judge", &json, "--fail-on", fail_on, "--report", &wish]);
        assert_eq!(code(&output), 3, "{}", error(&output));
    }
}

#[test]
fn output_that_could_not_be_written_is_no_success() {
    let folder = tempfile::tempdir().unwrap();
    for command in
        ["list", "list --format json", "explain server/key/absent-twice", "completions bash"]
    {
        let command = command.replace("server/key/absent-twice", "rfc6455/4.2.1-key");
        let output = shell(&format!("$BIN {command} >/dev/full"), folder.path());
        assert_eq!(code(&output), 2, "{command}: {}", error(&output));
        // A reader that has seen enough is no matter.
        let output = shell(&format!("($BIN {command}; echo $? >&2) | head -n 1"), folder.path());
        assert_eq!(error(&output).trim(), "0", "{command}");
    }
}

#[test]
fn a_doctored_report_does_not_reach_the_terminal_raw() {
    let folder = tempfile::tempdir().unwrap();
    let server = Served::conforming();
    let json = folder.path().join("r.json");
    let (wish, other) = (format!("json={}", json.display()), format!("json={}.2", json.display()));
    upspec(&["run", &server.url, "--only", "server/key", "--report", &wish]);
    let text = std::fs::read_to_string(&json).unwrap();
    let text = text.replace("server/key/", "server/key/\\u001b]0;x\\u0007\\u202e");
    std::fs::write(&json, text).unwrap();
    let output = upspec(&["judge", json.to_str().unwrap(), "--report", &other]);
    let shown = [output.stdout, output.stderr].concat();
    let shown = String::from_utf8(shown).unwrap();
    assert!(shown.contains("no longer has this case"), "{shown}");
    assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{shown:?}");
}

#[test]
fn a_pipe_without_a_reader_does_not_hold_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new("mkfifo").arg("pipe").current_dir(folder.path()).status().unwrap();
    assert!(made.success());
    let mut child = Command::new(BIN)
        .args(["run", "--report", "json=pipe", "--jobs", "64"])
        .current_dir(folder.path())
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.by_ref().any(|line| line.unwrap().starts_with("100/")));
    let pid = Pid::from_child(&child);
    let until = Instant::now() + Duration::from_secs(60);
    // A signal in the middle of the run ends that; the next one ends the wait for a reader.
    while child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < until, "it stands for ever");
        let _ = kill_process(pid, Signal::INT);
        std::thread::yield_now();
    }
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn a_report_goes_to_standard_output_alone() {
    let output = upspec(&["run", "--only", "server/key", "--report", "json=-"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["summary"]["fail"], 0);
    assert!(error(&output).contains("No MUST rule is broken"), "{}", error(&output));
}

#[test]
fn what_a_target_says_of_itself_is_escaped_everywhere() {
    let address =
        target(|stream, _| say(stream, b"HTTP/1.1 200 \x1b]0;x\x07\r\nContent-Length: 0\r\n\r\n"));
    let folder = tempfile::tempdir().unwrap();
    let output = shell(&format!("$BIN run ws://{address}/ --report json=r.json"), folder.path());
    let shown = [output.stdout, output.stderr].concat();
    assert!(!shown.contains(&0x1b) && !shown.contains(&7));
}
