//! The formats of a stored run, and the page that is all the evidence: it is read wherever a report is.

use std::path::Path;

use crate::support::{Served, upspec};

const BROKEN: &str = "server/key/fifteen-bytes";

/// Calls the command; exit code, standard output, standard error.
fn call(arguments: &[&str]) -> (i32, Vec<u8>, String) {
    let output = upspec(arguments);
    let error = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), output.stdout, error)
}

/// A run as JSON and as a page.
fn run(server: &Served, folder: &Path) -> (String, String) {
    let [json, page] = ["run.json", "run.html"].map(|name| folder.join(name).display().to_string());
    let (code, _, error) = call(&[
        "run",
        &server.url,
        "--seed=7",
        "--quiet",
        "--only=server/key",
        "--only=server/http2",
        &format!("--report=json={json}"),
        &format!("--report=html={page}"),
    ]);
    assert_eq!(code, 1, "{error}");
    (json, page)
}

#[test]
fn every_format_is_the_same_from_json_and_from_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let server = Served::with_fault("accept-short-key");
    let (json, page) = run(&server, folder.path());
    for format in [
        "json",
        "html",
        "junit",
        "junit-strict",
        "text",
        "markdown",
        "sarif",
        "github",
        "gitlab",
        "tap",
        "badge",
        "shields",
        "pcapng",
    ] {
        let wish = format!("--report={format}=-");
        let render = |file: &str| call(&["report", "render", file, &wish, "--quiet"]);
        let (code, octets, error) = render(&json);
        assert_eq!(code, 0, "{format}: {error}");
        assert!(!octets.is_empty(), "{format}");
        assert!(octets == render(&page).1, "{format} is not the same from the page");
    }
}

#[test]
fn the_page_is_judged_compared_and_replayed() {
    let folder = tempfile::tempdir().unwrap();
    let server = Served::with_fault("accept-short-key");
    let (json, page) = run(&server, folder.path());
    let wish = "--report=json=-";
    let judged = |file: &str| call(&["judge", file, "--quiet", wish]);
    assert_eq!(judged(&page).0, 1);
    assert!(judged(&page).1 == judged(&json).1);
    assert_eq!(call(&["report", "compare", &json, &page]).0, 0);
    let (code, out, error) = call(&["replay", &page, BROKEN]);
    let out = String::from_utf8(out).unwrap();
    assert_eq!(code, 1, "{out}{error}");
    assert!(out.contains("fail (101) in the report, fail (101) now"), "{out}");
}

#[test]
fn a_part_of_a_report_is_rendered_and_a_typing_error_told() {
    let folder = tempfile::tempdir().unwrap();
    let server = Served::with_fault("accept-short-key");
    let (json, _) = run(&server, folder.path());
    let only = format!("--only={BROKEN}");
    let (code, tap, error) = call(&["report", "render", &json, &only, "--report=tap=-", "-q"]);
    assert_eq!(code, 0, "{error}");
    let tap = String::from_utf8(tap).unwrap();
    assert!(
        tap.starts_with("TAP version 13\n1..1\nnot ok 1 - server/key/fifteen-bytes\n"),
        "{tap}"
    );
    let (code, _, error) =
        call(&["report", "render", &json, "--only=server/key/fiften-bytes", "--report=tap=-"]);
    assert_eq!(code, 2);
    assert!(error.contains("did you mean `server/key/fifteen-bytes`?"), "{error}");
}
