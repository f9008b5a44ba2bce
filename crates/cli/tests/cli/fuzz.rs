//! Hunts against the reference server: faults are found, shrunk and replayed; a conforming server
//! gives no finding.

use std::path::Path;
use std::process::Output;

use crate::support::{Served, upspec};
use serde_json::Value;

/// Hunts and returns how the command ended and its state.
fn hunt(url: &str, folder: &Path, more: &[&str]) -> (Output, Value) {
    let (state, out) = (folder.join("state.json"), folder.join("found"));
    let mut arguments = vec!["fuzz", url, "--state", state.to_str().unwrap()];
    arguments.extend(["--out", out.to_str().unwrap(), "--quiet"]);
    arguments.extend(more);
    let output = upspec(&arguments);
    let text = std::fs::read_to_string(&state).unwrap_or_else(|_| panic!("{output:?}"));
    (output, serde_json::from_str(&text).unwrap())
}

/// The number of edits of a recipe.
fn edits(recipe: &str) -> usize {
    recipe.parse::<upspec_recipes::Recipe>().unwrap().edits.len()
}

#[test]
fn faults_are_found_shrunk_and_replayed() {
    let rows = [
        ("accept-short-key", "rfc6455/4.2.1-key"),
        ("accept-version-list", "rfc6455/4.2.1-version"),
        ("accept-missing-host", "rfc9112/3.2-host"),
    ];
    for (fault, requirement) in rows {
        let served = Served::with_fault(fault);
        let folder = tempfile::tempdir().unwrap();
        let (output, state) = hunt(&served.url, folder.path(), &["--seed", "5", "--runs", "4000"]);
        assert_eq!(output.status.code(), Some(1), "{fault}: {output:?}");
        let findings = state["findings"].as_array().unwrap();
        let found = findings.iter().find(|one| one["requirement"] == requirement);
        let found = found.unwrap_or_else(|| panic!("{fault}: {findings:?}"));
        assert!(edits(found["recipe"].as_str().unwrap()) <= 3, "{fault}: {found}");
        let cases = folder.path().join("found");
        let more = ["--cases", cases.to_str().unwrap(), "--only", found["case"].as_str().unwrap()];
        let (code, report, _) = crate::support::run(&served.url, folder.path(), &more);
        assert_eq!(code, 1, "{fault}");
        let again = report["cases"].as_array().unwrap().iter();
        let again = again.filter(|case| case["id"] == found["case"]);
        let cited = again.flat_map(|case| case["findings"].as_array().unwrap().clone());
        let mut cited = cited.filter(|finding| finding["verdict"] == "fail");
        assert!(cited.any(|finding| finding["requirement"] == requirement), "{fault}");
    }
}

#[test]
fn a_conforming_server_gives_no_finding_and_the_state_goes_on() {
    let served = Served::conforming();
    let folder = tempfile::tempdir().unwrap();
    for (seed, next) in [(Some("9"), 2000), (None, 4000)] {
        let mut more = vec!["--runs", "2000"];
        more.extend(seed.iter().flat_map(|seed| ["--seed", seed]));
        let (output, state) = hunt(&served.url, folder.path(), &more);
        assert_eq!(output.status.code(), Some(0), "{output:?}\n{state}");
        assert_eq!((&state["next"], &state["seed"]), (&next.into(), &9.into()));
    }
    let more = ["--seed", "8", "--runs", "1"];
    let (output, _) = hunt(&served.url, folder.path(), &more);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn what_a_hunt_found_once_is_known_the_next_time() {
    let served = Served::with_fault("accept-short-key");
    let folder = tempfile::tempdir().unwrap();
    let (output, _) = hunt(&served.url, folder.path(), &["--seed", "5", "--runs", "3000"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (file, state) = (path("upspec.toml"), path("state.json"));
    let refused = upspec(&["baseline", "write", "--ratchet", &file, &state]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert_eq!(upspec(&["baseline", "write", &file, &state]).status.code(), Some(0));
    assert_eq!(upspec(&["baseline", "check", &file]).status.code(), Some(0));
    std::fs::remove_file(&state).unwrap();
    // Another seed finds it by other requests.
    let more = ["--seed", "8", "--runs", "3000", "--baseline", &file];
    let (output, state) = hunt(&served.url, folder.path(), &more);
    assert_eq!(output.status.code(), Some(0), "{output:?}\n{state}");
    assert!(!state["findings"].as_array().unwrap().is_empty());
}

#[test]
fn a_target_that_does_not_switch_is_no_target() {
    let address = crate::support::target(|stream, _| {
        crate::support::say(stream, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    });
    let output = upspec(&["fuzz", &format!("ws://{address}/"), "--runs", "10"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("got 404"), "{output:?}");
}

/// A target that answers until a POST kills it.
#[test]
fn a_death_is_a_finding() {
    use std::sync::atomic::{AtomicBool, Ordering};
    static DEAD: AtomicBool = AtomicBool::new(false);
    let served = Served::conforming();
    let (front, address, upstream) = before(&served);
    std::thread::spawn(move || {
        for client in front.incoming().flatten() {
            if DEAD.load(Ordering::Acquire) {
                continue;
            }
            std::thread::spawn(move || relay(client, upstream, Some(&DEAD)));
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let more = ["--seed", "3", "--runs", "3000", "--jobs", "4", "--timeout", "500ms"];
    let (output, state) = hunt(&format!("ws://{address}/chat"), folder.path(), &more);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let findings = state["findings"].as_array().unwrap();
    assert!(findings.iter().any(|one| one["kind"] == "death"), "{findings:?}");
}

/// What listens in front of a server, its address, and the server's.
fn before(served: &Served) -> (std::net::TcpListener, std::net::SocketAddr, std::net::SocketAddr) {
    let upstream = served.url.trim_start_matches("ws://").trim_end_matches("/chat");
    let front = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = front.local_addr().unwrap();
    (front, address, upstream.parse().unwrap())
}

/// Hands octets on in both directions; where that is deadly, a POST is the last thing that is read.
fn relay(
    client: std::net::TcpStream,
    upstream: std::net::SocketAddr,
    dead: Option<&'static std::sync::atomic::AtomicBool>,
) {
    use std::io::{Read as _, Write as _};
    let mut server = std::net::TcpStream::connect(upstream).unwrap();
    let (mut back, mut answers) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut answers, &mut back);
        let _ = back.shutdown(std::net::Shutdown::Write);
    });
    let mut client = client;
    let mut chunk = [0; 4096];
    while let Ok(read @ 1..) = client.read(&mut chunk) {
        if let Some(dead) = dead
            && chunk[..read].windows(5).any(|five| five == b"POST ")
        {
            dead.store(true, std::sync::atomic::Ordering::Release);
            return;
        }
        let _ = server.write_all(&chunk[..read]);
    }
    let _ = server.shutdown(std::net::Shutdown::Write);
}

/// A target that lets nobody in any more once it was asked often.
#[test]
fn a_limit_is_no_finding() {
    use std::sync::atomic::{AtomicU32, Ordering};
    let served = Served::conforming();
    let (front, address, upstream) = before(&served);
    std::thread::spawn(move || {
        let taken = AtomicU32::new(0);
        for client in front.incoming().flatten() {
            let is_let_in = taken.fetch_add(1, Ordering::Relaxed) < 80;
            std::thread::spawn(move || match is_let_in {
                true => relay(client, upstream, None),
                false => crate::support::say(client, TOO_MANY),
            });
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let more = ["--seed", "3", "--runs", "300", "--jobs", "4", "--fail-on", "warn"];
    let (output, state) = hunt(&format!("ws://{address}/chat"), folder.path(), &more);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{output:?}\n{state}");
    assert!(said.contains("it now answers 429; it limits or bans"), "{said}");
    assert_eq!(state["findings"], serde_json::json!([]), "{said}");
}

/// A target that ends all connections for a while once it was asked often, from whatever address.
#[test]
fn a_limit_that_ends_connections_is_no_death() {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::{Duration, Instant};
    static REFUSED: AtomicU32 = AtomicU32::new(0);
    let served = Served::conforming();
    let (front, address, upstream) = before(&served);
    std::thread::spawn(move || {
        let (mut taken, mut shut) = (0, None);
        for client in front.incoming().flatten() {
            taken += 1;
            if taken == 80 {
                shut = Some(Instant::now());
            }
            let is_shut = shut.is_some_and(|since| since.elapsed() < Duration::from_secs(3));
            if is_shut {
                REFUSED.fetch_add(1, Ordering::Relaxed);
            } else {
                std::thread::spawn(move || relay(client, upstream, None));
            }
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let more = ["--seed", "3", "--runs", "200", "--jobs", "4", "--fail-on", "warn"];
    let (output, state) = hunt(&format!("ws://{address}/chat"), folder.path(), &more);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{output:?}\n{state}");
    assert!(REFUSED.load(Ordering::Relaxed) > 4, "nobody was refused");
    assert_eq!(state["findings"], serde_json::json!([]), "{said}");
}

const TOO_MANY: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n";
