//! Stored runs: compared, merged from parts, rendered, replayed, and the same file twice.

use std::path::{Path, PathBuf};

use crate::support::{Served, upspec};
use serde_json::Value;

/// Runs against the server and stores the report under a name.
fn stored(server: &Served, folder: &Path, name: &str, more: &[&str]) -> PathBuf {
    let path = folder.join(name);
    let wish = format!("json={}", path.display());
    let start = ["run", &server.url, "--seed", "7", "--quiet", "--jobs", "32", "--report", &wish];
    let output = upspec(&[&start[..], &["--name", "one"], more].concat());
    assert!(path.exists(), "{output:?}");
    path
}

/// Calls the command; exit code, standard output, standard error.
fn call(arguments: &[&str]) -> (i32, String, String) {
    let output = upspec(arguments);
    let text = |octets: Vec<u8>| String::from_utf8(octets).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Id, verdict and findings of each case.
fn cases(report: &Value) -> Vec<(String, String, String)> {
    let cases = report["cases"].as_array().unwrap().iter();
    let told = |case: &Value| {
        let findings = case["findings"].as_array().unwrap().iter();
        let findings: String = findings.map(|one| one["message"].to_string()).collect();
        (case["id"].to_string(), case["verdict"].to_string(), findings)
    };
    cases.map(told).collect()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn two_parts_make_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    // It has a habit that shows in many cases and counts in one.
    let server = Served::with_fault("no-date");
    // What depends on how fast the target is differs from run to run.
    let steady = ["--skip", "server/cost", "--skip", "server/endless"];
    let run = |name: &str, more: &[&str]| {
        stored(&server, folder.path(), name, &[&steady[..], more].concat())
    };
    let whole = run("whole.json", &[]);
    let one = run("1.json", &["--partition", "1/2"]);
    let two = run("2.json", &["--partition", "2/2"]);
    let merged = folder.path().join("merged.json");
    let wish = format!("json={}", merged.display());
    let (code, out, error) =
        call(&["report", "merge", text(&one), text(&two), "--report", &wish, "--fail-on", "warn"]);
    assert_eq!(code, 1, "{out}{error}");
    let half = folder.path().join("half.json");
    call(&["report", "merge", text(&one), "--report", &format!("json={}", half.display())]);
    let half = json(&half);
    assert_eq!(half["complete"], false);
    assert!(half["remarks"].to_string().contains("part 2 of 2 is missing"), "{}", half["remarks"]);
    let [whole, one, two, merged] = [whole, one, two, merged].map(|path| json(&path));
    let count = |report: &Value| report["cases"].as_array().unwrap().len();
    assert!(count(&one) < count(&whole) && count(&two) < count(&whole));
    let differs = cases(&merged).into_iter().zip(cases(&whole)).find(|(one, other)| one != other);
    assert_eq!(differs, None);
    assert_eq!(merged["summary"], whole["summary"]);
    let titles = |report: &Value| -> Vec<String> {
        let causes = report["causes"].as_array().unwrap().iter();
        causes.map(|cause| format!("{} {}", cause["title"], cause["cases"])).collect()
    };
    assert_eq!(titles(&merged), titles(&whole));
}

#[test]
fn two_stable_reports_are_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let server = Served::with_fault("accept-short-key");
    let more =
        ["--stable", "--only", "server/key", "--only", "server/frames", "--only", "server/http2"];
    let one = stored(&server, folder.path(), "1.json", &more);
    let two = stored(&server, folder.path(), "2.json", &more);
    let (one, two) = (std::fs::read_to_string(one).unwrap(), std::fs::read_to_string(two).unwrap());
    let differs = one.lines().zip(two.lines()).find(|(one, two)| one != two);
    assert_eq!(differs, None);
    assert!(one == two);
}

#[test]
fn what_became_worse_is_told_and_ends_with_1() {
    let folder = tempfile::tempdir().unwrap();
    let only = ["--only", "server/key"];
    let good = stored(&Served::conforming(), folder.path(), "good.json", &only);
    let bad = stored(&Served::with_fault("accept-short-key"), folder.path(), "bad.json", &only);
    let comment = folder.path().join("comment.md");
    let wish = format!("markdown={}", comment.display());
    let (code, out, error) =
        call(&["report", "compare", text(&good), text(&bad), "--report", &wish]);
    assert_eq!(code, 1, "{out}{error}");
    assert!(out.contains("pass → fail server/key/fifteen-bytes: answered 101"), "{out}");
    let comment = std::fs::read_to_string(comment).unwrap();
    assert!(
        comment.contains("| server/key/fifteen-bytes | pass → fail | 400 → 101 |"),
        "{comment}"
    );
    assert_eq!(call(&["report", "compare", text(&bad), text(&good)]).0, 0);
    assert_eq!(call(&["report", "compare", text(&good), text(&bad), "--fail-on", "never"]).0, 0);
    assert_eq!(
        call(&["report", "compare", text(&good), text(&folder.path().join("no.json"))]).0,
        2
    );
}

#[test]
fn a_report_is_rendered_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let server = Served::with_fault("accept-short-key");
    let from = stored(&server, folder.path(), "r.json", &["--only", "server/key"]);
    let again = folder.path().join("again.json");
    let mut arguments = vec!["report".to_owned(), "render".to_owned(), text(&from).to_owned()];
    for format in upspec_report::FORMATS {
        let path = match format.name {
            "json" => again.clone(),
            name => folder.path().join(format!("out.{name}")),
        };
        arguments.extend(["--report".to_owned(), format!("{}={}", format.name, path.display())]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (code, _, error) = call(&arguments);
    assert_eq!(code, 0, "{error}");
    assert_eq!(std::fs::read(&again).unwrap(), std::fs::read(&from).unwrap());
    for (name, words) in
        [("html", "<!DOCTYPE html>"), ("junit", "<testsuites"), ("markdown", "## upspec")]
    {
        let text = std::fs::read_to_string(folder.path().join(format!("out.{name}"))).unwrap();
        assert!(text.contains(words), "{name}");
    }
    let same = format!("html={}", from.display());
    assert_eq!(call(&["report", "render", text(&from), "--report", &same]).0, 2);
}

#[test]
fn a_case_is_replayed_with_its_octets() {
    let folder = tempfile::tempdir().unwrap();
    let server = Served::with_fault("accept-short-key");
    let only = ["--only", "server/key", "--only", "server/persistence", "--only", "server/expect"];
    let from = stored(&server, folder.path(), "r.json", &only);
    let (code, out, error) = call(&["replay", text(&from), "server/key/fifteen-bytes"]);
    assert_eq!(code, 1, "{out}{error}");
    assert!(out.contains("fail (101) in the report, fail (101) now"), "{out}");
    assert!(out.contains("  > Sec-WebSocket-Key: "), "{out}");
    // The octets of the report are sent, whatever the seed and the case say now.
    let stored = json(&from);
    let keys = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| line.contains("> Sec-WebSocket-Key: "));
        lines.map(|line| line.trim().to_owned()).collect()
    };
    for case in stored["cases"].as_array().unwrap() {
        let id = case["id"].as_str().unwrap();
        if case["verdict"] != "pass" || case["record"].is_null() || case["twin"].is_object() {
            continue;
        }
        let (code, out, error) = call(&["replay", text(&from), id]);
        assert_eq!(code, 0, "{id}: {out}{error}");
        assert!(out.contains("pass ("), "{id}: {out}");
        assert!(!keys(&out).is_empty() || !out.contains("Sec-WebSocket-Key: "), "{id}");
    }
    let fixed = Served::conforming();
    let (code, out, _) = call(&["replay", text(&from), "server/key/fifteen-bytes", &fixed.url]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("fail (101) in the report, pass (400) now"), "{out}");
    let (code, _, error) = call(&["replay", text(&from), "server/key/fiften-bytes"]);
    assert_eq!(code, 2);
    assert!(error.contains("did you mean `server/key/fifteen-bytes`?"), "{error}");
}

#[test]
fn a_matrix_says_who_breaks_what() {
    let folder = tempfile::tempdir().unwrap();
    let key = ["--only", "server/key", "--only", "server/baseline"];
    let right = stored(&Served::conforming(), folder.path(), "right.json", &key);
    let wrong = stored(&Served::with_fault("accept-any-key"), folder.path(), "wrong.json", &key);
    let made = folder.path().join("matrix.json");
    let wish = format!("json={}", made.display());
    let named = [format!("right={}", right.display()), format!("wrong={}", wrong.display())];
    let (code, out, error) = call(&["report", "matrix", &named[0], &named[1], "--report", &wish]);
    assert_eq!(code, 0, "{error}");
    assert!(out.starts_with("2 servers, 1 rule broken, 1 keeps them all\n"), "{out}");
    let made = json(&made);
    assert_eq!(made["peers"][1]["name"], "wrong");
    assert_eq!(made["rules"][0]["fail"], serde_json::json!([1]));
    assert_eq!(made["rules"][0]["pass"], serde_json::json!([0]));

    let (code, _, error) = call(&["report", "matrix", text(&right), text(&wrong)]);
    assert_eq!(code, 2, "both runs have one name");
    assert!(error.contains("two peers have the name one"), "{error}");
}

#[test]
fn the_rfcs_are_coloured_by_a_run_by_many_or_by_a_matrix() {
    let folder = tempfile::tempdir().unwrap();
    let key = ["--only", "server/key", "--only", "server/baseline"];
    let right = stored(&Served::conforming(), folder.path(), "right.json", &key);
    let wrong = stored(&Served::with_fault("accept-any-key"), folder.path(), "wrong.json", &key);
    let page = folder.path().join("living.html");
    let wish = format!("html={}", page.display());
    let of = |reports: &[&str]| {
        let (code, _, error) =
            call(&[&["report", "living"], reports, &["--report", &wish]].concat());
        assert_eq!(code, 0, "{error}");
        std::fs::read_to_string(&page).unwrap()
    };
    let rule = "id=\"rfc6455/4.2.1-key\" data-state=\"broken\"";
    assert!(of(&[text(&wrong)]).contains(rule));
    assert!(!of(&[text(&right)]).contains(rule));
    let named = [format!("right={}", right.display()), format!("wrong={}", wrong.display())];
    let both = of(&[&named[0], &named[1]]);
    assert!(both.contains(rule) && both.contains("1 of 2 break it"));

    let matrix = folder.path().join("matrix.json");
    let made = format!("json={}", matrix.display());
    assert_eq!(call(&["report", "matrix", &named[0], &named[1], "--report", &made]).0, 0);
    assert_eq!(of(&[text(&matrix)]), both);
    assert!(!of(&[]).contains("data-state=\"broken\""));
}

#[test]
fn runs_add_up_to_a_history() {
    let folder = tempfile::tempdir().unwrap();
    let (good, bad) = (Served::conforming(), Served::with_fault("accept-short-key"));
    let file = folder.path().join("runs/history.jsonl").display().to_string();
    let report = format!("json={}", folder.path().join("r.json").display());
    for server in [&bad, &good] {
        let run = ["run", &server.url, "--name", "mine", "--only", "server/key", "--stable"];
        let output =
            upspec(&[&run[..], &["--quiet", "--report", &report, "--history", &file]].concat());
        assert!(output.status.code() < Some(2), "{output:?}");
    }
    // Nothing was judged there.
    let away = ["run", "ws://127.0.0.1:1/", "--quiet", "--report", &report, "--history", &file];
    assert_eq!(upspec(&away).status.code(), Some(3));
    let output = upspec(&["report", "history", &file]);
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((output.status.code(), lines.len()), (Some(0), 3), "{text}");
    assert!(lines[1].contains("  mine    ") && !lines[1].starts_with("1970"), "{text}");
    assert!(lines[2].contains("  100 %     0 ") && lines[2].ends_with(" fail"), "{text}");
    let output = upspec(&["report", "history", &file, "--target", "other"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let report = folder.path().join("r.json").display().to_string();
    assert_eq!(upspec(&["report", "history", &report]).status.code(), Some(2));
}
