//! `upspec connect`: what it prints and how it ends, against the reference server, both right or with a fault.

use crate::support::{Served, upspec};
use serde_json::Value;

/// Connects; the exit code, and the events by their names.
fn connect(arguments: &[&str]) -> (Option<i32>, Vec<String>, String) {
    let output = upspec(&[&["connect"], arguments].concat());
    let printed = String::from_utf8(output.stdout).unwrap();
    let name = |line: &str| {
        let event: Value = serde_json::from_str(line).unwrap();
        event["event"].as_str().unwrap().to_owned()
    };
    (output.status.code(), printed.lines().map(name).collect(), printed.clone())
}

#[test]
fn events_are_lines_and_the_exit_code_says_how_it_went() {
    let served = Served::conforming();
    let (code, events, printed) = connect(&[&served.url]);
    assert_eq!((code, events), (Some(0), ["open", "message", "close"].map(str::to_owned).into()));
    assert!(printed.contains(r#""data":"hello""#) && printed.contains(r#""code":1000"#));
    assert!(printed.contains(r#""subprotocol":"chat""#));
    let elsewhere = served.url.replace("/chat", "/none");
    let (code, events, printed) = connect(&[&elsewhere]);
    assert_eq!((code, events), (Some(3), vec!["error".to_owned()]));
    assert!(printed.contains("the server answered 404"), "{printed}");
    let (code, events, _) = connect(&["ws://127.0.0.1:1/#fragment"]);
    assert_eq!((code, events), (Some(3), vec!["error".to_owned()]));
}

#[test]
fn offers_and_text_are_those_of_the_options() {
    let served = Served::conforming();
    let more = ["--subprotocol", "superchat", "--no-deflate", "--text", "good day"];
    let (code, _, printed) = connect(&[&[&*served.url], &more[..]].concat());
    assert_eq!(code, Some(0));
    assert!(printed.contains(r#""subprotocol":"superchat""#) && printed.contains("good day"));
    assert!(printed.contains(r#""extensions":"""#), "{printed}");
}

#[test]
fn wss_goes_over_http2_where_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem").to_str().unwrap().to_owned();
    for vary in [&[][..], &["--vary", "no-extended-connect"], &["--vary", "http2-off"]] {
        let served = Served::start(&[&["--tls", "--ca-out", &ca], vary].concat());
        let (code, events, _) = connect(&[&served.url, "--ca", &ca]);
        assert_eq!(code, Some(0), "{vary:?}");
        assert_eq!(events, ["open", "message", "close"], "{vary:?}");
        let only = connect(&[&served.url, "--ca", &ca, "--vary", "http2-only"]);
        assert_eq!(only.0, Some(if vary.is_empty() { 0 } else { 3 }), "{vary:?}");
    }
}

#[test]
fn a_wrong_server_is_refused_but_by_a_client_with_the_fault() {
    let served = Served::with_fault("wrong-accept");
    let (code, events, _) = connect(&[&served.url]);
    assert_eq!((code, events), (Some(3), vec!["error".to_owned()]));
    let (code, events, _) = connect(&[&served.url, "--fault", "accept-unchecked"]);
    assert_eq!((code, &events[0][..]), (Some(0), "open"));
}

#[test]
fn faults_are_listed_and_found_by_name() {
    let output = upspec(&["connect", "--list-faults"]);
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.lines().count() >= 90, "{printed}");
    let output = upspec(&["connect", "ws://127.0.0.1:1/", "--fault", "accept-uncheckd"]);
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("accept-unchecked"), "{error}");
    assert_eq!(upspec(&["connect"]).status.code(), Some(2));
}
