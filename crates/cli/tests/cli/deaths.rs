//! Targets that die: the killer is named in every format, and the exit code is 1.
//! The target is this very test binary, asked to serve by its environment.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic, and a target print"
)]

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use upspec_reference::{Config, Server};

use crate::support::upspec;

/// What a run told of a death.
struct Told {
    code: Option<i32>,
    report: Value,
    console: String,
    html: String,
    junit: String,
}

/// Runs the cases about frames.
fn told(url: &str, more: &[&str]) -> Told {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let wish = |format: &str| format!("{format}={}", path(format).display());
    let (json, html, junit) = (wish("json"), wish("html"), wish("junit"));
    let mut arguments = vec!["run", url, "--seed", "1", "--only", "server/frames"];
    arguments.extend(["--report", &json, "--report", &html, "--report", &junit]);
    arguments.extend(more);
    let output = upspec(&arguments);
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    Told {
        code: output.status.code(),
        report: serde_json::from_str(&read(&path("json"))).unwrap(),
        console: String::from_utf8_lossy(&output.stdout).into_owned(),
        html: read(&path("html")),
        junit: read(&path("junit")),
    }
}

impl Told {
    /// The ids of the cases with a death, and of those that it left without a verdict.
    fn ids(&self, wanted: impl Fn(&Value) -> bool) -> Vec<&str> {
        let cases = self.report["cases"].as_array().unwrap();
        let wanted = cases.iter().filter(|case| wanted(case));
        wanted.map(|case| case["id"].as_str().unwrap()).collect()
    }

    fn assert_named(&self, words: &str, output: Option<&str>) {
        assert_eq!(self.code, Some(1), "{}", self.console);
        assert_eq!(self.ids(|case| !case["death"].is_null()), [KILLER]);
        for text in [&self.console, &self.html, &self.junit] {
            assert!(text.contains(KILLER) || text.contains("unmasked-text"), "{text}");
            assert!(text.contains(words), "no `{words}` in {text}");
            assert!(output.is_none_or(|output| text.contains(output)), "{text}");
        }
    }
}

/// A free address, and the command that serves there.
fn command(how: &str) -> (SocketAddr, String) {
    let address = crate::support::free_address();
    let exe = std::env::current_exe().unwrap();
    let command = format!(
        "{SERVE_AT}={address} {DIES_BY}={how} exec '{}' --exact deaths::serves_when_it_is_asked_to --nocapture",
        exe.display()
    );
    (address, command)
}

#[test]
fn with_a_command_the_killer_is_named_with_its_last_words() {
    let (address, command) = command("exit");
    let told = told(&format!("ws://{address}/chat"), &["--server-cmd", &command]);
    told.assert_named("arget died of this case", Some(LAST_WORDS));
    assert!(told.ids(|case| case["reason"] == "target-died").is_empty());
}

#[test]
fn a_target_that_hangs_is_started_again() {
    let (address, command) = command("hang");
    let more = ["--server-cmd", &command, "--timeout", "600ms", "--window", "200ms"];
    let told = told(&format!("ws://{address}/chat"), &more);
    told.assert_named("hangs", None);
    assert!(told.ids(|case| case["reason"] == "target-died").is_empty());
}

#[test]
fn without_a_command_the_killer_is_named_and_few_verdicts_are_lost() {
    let (address, command) = command("exit");
    let _served = Served::start(&command, address);
    let told = told(&format!("ws://{address}/chat"), &["--ready-timeout", "1s"]);
    told.assert_named("arget died while this case was under way", None);
    let lost = told.ids(|case| case["reason"] == "target-died");
    assert!(lost.len() <= 20, "{lost:?}");
    let cases = told.report["cases"].as_array().unwrap();
    let death = cases.iter().map(|case| &case["death"]).find(|death| !death.is_null()).unwrap();
    let others = death["suspects"].as_array().map_or(0, Vec::len);
    assert!(others <= 2, "{death}");
}

#[test]
fn a_hunt_goes_on_when_it_knows_what_kills() {
    let (address, command) = command("post");
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (url, state, out) = (format!("ws://{address}/chat"), path("state.json"), path("found"));
    let places = ["fuzz", &url, "--state", &state, "--out", &out, "--server-cmd", &command];
    let more = ["--seed", "3", "--runs", "500", "--jobs", "16", "--timeout", "600ms"];
    let output = upspec(&[&places[..], &more].concat());
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let state: Value = serde_json::from_slice(&std::fs::read(&state).unwrap()).unwrap();
    assert_eq!(state["next"], 500, "{output:?}");
    let findings = state["findings"].as_array().unwrap();
    assert!(
        !findings.is_empty() && findings.iter().all(|one| one["kind"] == "death"),
        "{findings:?}"
    );
    let killer = findings[0]["recipe"].as_str().unwrap().to_lowercase();
    assert!(killer.contains("post") && !killer.contains("; also"), "{killer}");
    let deaths: u64 = findings.iter().map(|one| one["count"].as_u64().unwrap()).sum();
    assert!(deaths > 1, "{findings:?}");
}

/// A process that serves; it ends with this value.
struct Served(Child);

impl Served {
    fn start(command: &str, address: SocketAddr) -> Self {
        let child = Command::new("sh").args(["-c", command]).stdout(Stdio::null()).spawn();
        let served = Self(child.unwrap());
        let until = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < until, "it does not listen");
            std::thread::yield_now();
        }
        served
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Not a test: the target of the tests above, when this binary is started as one. It is the reference server
/// behind a relay that dies of an unmasked text.
#[test]
fn serves_when_it_is_asked_to() {
    let Ok(address) = std::env::var(SERVE_AT) else {
        return;
    };
    let stops = match std::env::var(DIES_BY).as_deref() {
        Ok("hang") => hang_on_text,
        Ok("post") => exit_on_post,
        _ => exit_on_text,
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(Server::bind("127.0.0.1:0", Config::default())).unwrap();
    let behind = server.addr();
    runtime.spawn(server.run(std::future::pending()));
    let listener = TcpListener::bind(address).unwrap();
    for stream in listener.incoming().flatten() {
        let other = TcpStream::connect(behind).unwrap();
        relay(&other, &stream, |_| false);
        relay(&stream, &other, stops);
    }
}

/// Passes octets on until it is told to stop.
fn relay(from: &TcpStream, to: &TcpStream, mut stops: impl FnMut(&[u8]) -> bool + Send + 'static) {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    std::thread::spawn(move || {
        let mut chunk = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut chunk) {
            if stops(&chunk[..count]) || to.write_all(&chunk[..count]).is_err() {
                return;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}

fn is_deadly(octets: &[u8]) -> bool {
    octets.starts_with(b"\x81\x05Hello")
}

fn exit_on_text(octets: &[u8]) -> bool {
    if is_deadly(octets) {
        eprintln!("{LAST_WORDS}");
        std::process::exit(7);
    }
    false
}

fn exit_on_post(octets: &[u8]) -> bool {
    if octets.starts_with(b"POST ") {
        std::process::exit(7);
    }
    false
}

/// From then on nobody gets an answer.
fn hang_on_text(octets: &[u8]) -> bool {
    static HUNG: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);
    HUNG.fetch_or(is_deadly(octets), std::sync::atomic::Ordering::Relaxed) || is_deadly(octets)
}

const KILLER: &str = "server/frames/unmasked-text";
/// What the target prints when it dies.
const LAST_WORDS: &str = "Error: boom at server.rs:1";
/// The environment variable that turns this binary into a target.
const SERVE_AT: &str = "UPSPEC_TEST_SERVE_AT";
/// How it dies.
const DIES_BY: &str = "UPSPEC_TEST_DIES_BY";

#[test]
fn all_that_a_server_prints_goes_to_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("server.log");
    std::fs::write(&log, "of an earlier run").unwrap();
    let file = log.display().to_string();
    let address = crate::support::free_address();
    let command = format!("echo begins; exec '{}' serve --listen {address}", crate::support::BIN);
    let told =
        told(&format!("ws://{address}/chat"), &["--server-cmd", &command, "--server-log", &file]);
    assert_eq!(told.code, Some(0), "{}", told.console);
    let printed = std::fs::read_to_string(&log).unwrap();
    assert_eq!(printed, format!("begins\nws://{address}/chat\n"));
}
