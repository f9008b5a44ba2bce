//! Runs over HTTP/2 and TLS against the reference server: every scheme, and a target that has neither.

use crate::support::{BIN, Served, run, upspec};
use serde_json::Value;

/// The cases of a report that are about HTTP/2, or need it.
fn of_http2(report: &Value) -> Vec<&Value> {
    let topics = ["server/http2/", "server/extended-connect/", "server/h2c/"];
    let cases = report["cases"].as_array().unwrap().iter();
    let is_of = |case: &&Value| {
        let id = case["id"].as_str().unwrap();
        topics.iter().any(|topic| id.starts_with(topic))
    };
    cases.filter(is_of).collect()
}

fn verdicts<'r>(cases: &[&'r Value]) -> Vec<(&'r str, &'r str)> {
    let text = |case: &'r Value, key: &str| case[key].as_str().unwrap_or_default();
    cases.iter().map(|case| (text(case, "verdict"), text(case, "reason"))).collect()
}

/// A reference server with TLS, and the file by which it is trusted.
fn secure(folder: &std::path::Path) -> (Served, String) {
    let file = folder.join("ca.pem").to_str().unwrap().to_owned();
    let served = Served::start(&["--tls", "--ca-out", &file]);
    (served, file)
}

#[test]
fn a_target_without_http2_neither_passes_nor_fails_in_it() {
    let served = Served::start(&["--vary", "http2-off"]);
    let folder = tempfile::tempdir().unwrap();
    let (code, report, error) = run(&served.url, folder.path(), &[]);
    assert_eq!(code, 0, "{error}");
    let cases = of_http2(&report);
    assert!(cases.len() >= 100, "{}", cases.len());
    for (case, verdict) in cases.iter().zip(verdicts(&cases)) {
        assert_eq!(verdict, ("inconclusive", "not-applicable"), "{}", case["id"]);
    }
}

#[test]
fn wss_plays_http2_as_alpn_agrees_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let (served, file) = secure(folder.path());
    assert!(served.url.starts_with("wss://"), "{}", served.url);
    let (code, report, error) = run(&served.url, folder.path(), &["--ca", &file]);
    assert_eq!(code, 0, "{error}");
    let passes = verdicts(&of_http2(&report));
    let passes = passes.iter().filter(|(verdict, _)| *verdict == "pass");
    assert!(passes.count() >= 80);
    let tls = report["cases"].as_array().unwrap().iter();
    let tls: Vec<&Value> =
        tls.filter(|case| case["id"].as_str().unwrap().starts_with("server/tls/")).collect();
    assert_eq!(tls.len(), 7);
    for (case, verdict) in tls.iter().zip(verdicts(&tls)) {
        assert_eq!(verdict.0, "pass", "{}", case["id"]);
    }
}

#[test]
fn a_certificate_of_nobody_is_refused_unless_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let (served, _) = secure(folder.path());
    let only = ["run", &served.url, "--only", "server/control/handshake", "--quiet"];
    let wish = format!("json={}", folder.path().join("report.json").display());
    let refused = upspec(&[&only[..], &["--report", &wish]].concat());
    assert_eq!(refused.status.code(), Some(3));
    let error = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(error.contains("certificate"), "{error}");
    let trusted = upspec(&[&only[..], &["--report", &wish, "--insecure"]].concat());
    assert_eq!(trusted.status.code(), Some(0), "{trusted:?}");
}

#[test]
fn tls_may_ask_for_another_name() {
    let folder = tempfile::tempdir().unwrap();
    let (served, file) = secure(folder.path());
    let only = ["run", &served.url, "--ca", &file, "--only", "server/control/handshake", "--quiet"];
    let wish = format!("json={}", folder.path().join("report.json").display());
    let rows = [("localhost", Some(0)), ("other.example", Some(3)), ("a b", Some(2))];
    for (name, code) in rows {
        let output = upspec(&[&only[..], &["--report", &wish, "--server-name", name]].concat());
        assert_eq!(output.status.code(), code, "{name}: {output:?}");
    }
}

#[test]
fn h2c_speaks_http2_and_nothing_else() {
    let served = Served::conforming();
    let folder = tempfile::tempdir().unwrap();
    let url = served.url.replace("ws://", "h2c://");
    let (code, report, error) = run(&url, folder.path(), &[]);
    assert_eq!(code, 0, "{error}");
    let cases = report["cases"].as_array().unwrap().iter();
    let of_topic = |topic: &str| {
        let cases = cases.clone();
        let own = cases.filter(|case| case["id"].as_str().unwrap().starts_with(topic));
        verdicts(&own.collect::<Vec<_>>())
    };
    assert!(of_topic("server/http2/").iter().all(|(verdict, _)| *verdict == "pass"));
    assert!(
        of_topic("server/key/")
            .iter()
            .all(|verdict| *verdict == ("inconclusive", "not-applicable"))
    );
}

#[test]
fn the_secrets_of_tls_go_to_the_file_that_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (served, ca) = secure(folder.path());
    let log = folder.path().join("keys.log");
    let mut command = std::process::Command::new(BIN);
    command.args(["run", &served.url, "--ca", &ca, "--only", "server/control/handshake"]);
    command.args(["--quiet", "--report", "json=report.json"]);
    let output = command.current_dir(folder.path()).env("SSLKEYLOGFILE", &log).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let keys = std::fs::read_to_string(&log).unwrap();
    let is_secret = |line: &str| line.starts_with("CLIENT_TRAFFIC_SECRET_0 ");
    assert!(keys.lines().any(is_secret), "{keys}");
    let output = command.env("SSLKEYLOGFILE", "no/such/keys.log").output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{error}");
    assert!(error.contains("SSLKEYLOGFILE: cannot write no/such/keys.log: "), "{error}");
}
