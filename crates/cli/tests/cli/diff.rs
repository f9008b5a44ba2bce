//! `upspec diff` against reference servers with faults: who differs where, and what the RFCs make
//! of it.

use std::path::Path;

use serde_json::Value;

use crate::support::{Served, upspec};

/// Compares, and returns the exit code, the comparison and what went to standard output and error.
fn diff(folder: &Path, more: &[&str]) -> (i32, Value, String) {
    let path = folder.join("diff.json");
    let wish = format!("json={}", path.display());
    let mut arguments = vec!["diff", "--seed", "1", "--report", &wish];
    arguments.extend(more);
    let output = upspec(&arguments);
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    let json = std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("no report: {said}"));
    (output.status.code().unwrap(), serde_json::from_str(&json).unwrap(), said)
}

fn case<'d>(diff: &'d Value, id: &str) -> &'d Value {
    let mut cases = diff["cases"].as_array().unwrap().iter();
    cases.find(|case| case["id"] == id).unwrap_or_else(|| panic!("{id} is not in {diff:#}"))
}

/// The groups of a case: the servers, the outcome and the verdict of each.
fn groups(case: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let groups = case["groups"].as_array().unwrap().iter();
    groups
        .map(|group| {
            let servers: Vec<String> =
                group["servers"].as_array().unwrap().iter().map(text).collect();
            (servers.join(" "), text(&group["outcome"]), text(&group["verdict"]))
        })
        .collect()
}

/// The five servers differ about the upgrade in HTTP/1.0, and the verdict says who is right.
#[test]
fn five_servers_disagree_about_http10() {
    let folder = tempfile::tempdir().unwrap();
    let faults = ["accept-http10-upgrade", "no-date", "accept-short-key", "no-pong", "wrong-pong"];
    let served = faults.map(Served::with_fault);
    let mut arguments: Vec<String> = faults
        .iter()
        .zip(&served)
        .map(|(fault, served)| format!("{fault}={}", served.url))
        .collect();
    let page = folder.path().join("diff.html");
    arguments.extend(["--report".to_owned(), format!("html={}", page.display())]);
    arguments.extend(["--only".to_owned(), "server/http-version".to_owned()]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (code, diff, said) = diff(folder.path(), &arguments);
    assert_eq!(code, 1, "{said}");
    assert_eq!(diff["format"], "upspec-diff");
    assert_eq!(diff["servers"].as_array().unwrap().len(), 5);

    let all = diff["cases"].as_array().unwrap();
    assert!(all.iter().all(|case| case["differs"] == true), "{diff:#}");
    let http10 = all.iter().filter(|case| case["requirement"] == "rfc9110/7.8-http10");
    let groups = groups(http10.clone().next().unwrap());
    let lenient = groups.iter().find(|(servers, ..)| servers == "accept-http10-upgrade").unwrap();
    assert_eq!((lenient.1.as_str(), lenient.2.as_str()), ("101", "fail"), "{groups:?}");
    let others = groups.iter().find(|(servers, ..)| servers.starts_with("no-date")).unwrap();
    assert_eq!(others.0, "no-date accept-short-key no-pong wrong-pong", "{groups:?}");
    assert_eq!(others.2, "pass");
    assert!(said.contains("forbidden   101"), "{said}");
    assert!(said.contains("5 servers differ in"), "{said}");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("forbidden") && page.contains("accept-http10-upgrade"));
}

#[test]
fn generated_requests_part_servers_as_cases_do() {
    let folder = tempfile::tempdir().unwrap();
    let faults = ["accept-any-method", "accept-any-version"];
    let served = faults.map(Served::with_fault);
    let right = Served::conforming();
    let named: Vec<String> = ["method", "version", "right"]
        .iter()
        .zip([&served[0], &served[1], &right])
        .map(|(name, served)| format!("{name}={}", served.url))
        .collect();
    let mut arguments: Vec<&str> = named.iter().map(String::as_str).collect();
    arguments.extend(["--generated", "400", "--fail-on", "difference"]);
    let (code, diff, said) = diff(folder.path(), &arguments);
    assert_eq!(code, 1, "{said}");
    let failed = |position: usize| diff["servers"][position]["summary"]["fail"].as_u64().unwrap();
    assert!(failed(0) > 0 && failed(1) > 0, "{said}");
    assert_eq!(failed(2), 0, "{said}");
    let differing = diff["cases"].as_array().unwrap().iter();
    let own = differing.filter(|case| case["id"].as_str().unwrap().contains("/generated/"));
    assert!(own.count() > 0, "{said}");
}

#[test]
fn one_server_that_is_not_there_does_not_cost_the_others_their_turn() {
    let folder = tempfile::tempdir().unwrap();
    let served = ["accept-short-key", "accept-long-key"].map(Served::with_fault);
    // Bound and dropped: nobody listens there.
    let free = crate::support::free_address();
    let gone = format!("ws://{free}/");
    let only = "server/key/fifteen-bytes";
    let arguments = [
        served[0].url.as_str(),
        &gone,
        &served[1].url,
        "--name",
        "short",
        "--name",
        "gone",
        "--name",
        "right",
        "--only",
        only,
    ];
    let (code, diff, said) = diff(folder.path(), &arguments);
    assert_eq!(code, 3, "{said}");
    let trouble: Vec<bool> = diff["servers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|server| server["trouble"].is_string())
        .collect();
    assert_eq!(trouble, [false, true, false]);
    let played: Vec<_> =
        groups(case(&diff, only)).into_iter().filter(|(_, outcome, _)| outcome != "-").collect();
    let group = |name: &str, outcome: &str, verdict: &str| {
        (name.to_owned(), outcome.to_owned(), verdict.to_owned())
    };
    assert_eq!(played, [group("short", "101", "fail"), group("right", "400", "pass")]);
}

#[test]
fn servers_that_agree_are_listed_with_all_only() {
    let folder = tempfile::tempdir().unwrap();
    let served = ["accept-short-key", "accept-long-key"].map(Served::with_fault);
    let urls = [served[0].url.as_str(), &served[1].url];
    let only = ["--only", "server/upgrade"];
    let (code, some, said) = diff(folder.path(), &[&urls[..], &only].concat());
    assert_eq!(code, 0, "{said}");
    assert_eq!(some["differing"], 0, "{said}");
    assert_eq!(some["cases"].as_array().unwrap().len(), 0);
    let (_, all, _) = diff(folder.path(), &[&urls[..], &only, &["--all"]].concat());
    assert!(all["cases"].as_array().unwrap().len() > 10);
    assert_eq!(all["compared"], some["compared"]);
}

#[test]
fn a_wrong_call_is_said() {
    let rows: [(&[&str], &str); 4] = [
        (&["diff", "ws://127.0.0.1:1/"], "required"),
        (&["diff", "ws://a/", "ws://a/"], "two servers have the name ws://a/"),
        (&["diff", "ws://a/", "nonsense"], "does not begin with"),
        (&["diff", "ws://a/", "ws://b/", "--all", "--differing"], "cannot be used with"),
    ];
    for (arguments, message) in rows {
        let output = upspec(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        let needs_more = message == "required" && error.contains("values required");
        assert!(error.contains(message) || needs_more, "{arguments:?}: {error}");
    }
}

/// Reports of runs stand for the clients that they are about; those of another role have no case in common.
#[test]
fn reports_of_clients_are_compared() {
    let folder = tempfile::tempdir().unwrap();
    let stored = |name: &str, command: &[&str]| {
        let path = folder.path().join(format!("{name}.json")).display().to_string();
        let wish = format!("json={path}");
        let mut arguments = command.to_vec();
        arguments.extend(["--quiet", "--seed", "1", "--report", &wish]);
        upspec(&arguments);
        path
    };
    let faulty = format!("'{}' connect {{url}} --fault accept-unchecked", crate::support::BIN);
    let only = "client/check-accept/other-key";
    let right = stored("right", &["client", "--only", only]);
    let wrong = stored("wrong", &["client", "--only", only, "--cmd", &faulty]);
    let (code, found, said) = diff(folder.path(), &[&right, &wrong]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("2 clients differ in"), "{said}");
    assert_eq!(found["role"], "client");
    let groups = groups(case(&found, only));
    assert!(groups.iter().any(|(who, _, verdict)| who == "wrong" && verdict == "fail"));
    let server = stored("server", &["run", "--only", "server/control"]);
    let output = upspec(&["diff", &right, &server]);
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("about a client") && error.contains("about a server"), "{error}");
}

/// A report stands for its target under the name that it has there, and is as a run of the same cases.
#[test]
fn a_report_and_a_run_of_one_server_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::with_fault("no-date");
    let path = folder.path().join("report.json").display().to_string();
    let wish = format!("json={path}");
    let only = ["--only", "server/baseline", "--only", "server/key"];
    let run = ["run", &served.url, "--name", "stored", "--quiet", "--report", &wish];
    upspec(&[&run[..], &only].concat());
    let live = format!("live={}", served.url);
    let (code, found, said) = diff(folder.path(), &[&path, &live, "--only", "server/key"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("stored (ws://"), "{said}");
    assert_eq!(found["differing"], 0, "{found:#}");
    assert_eq!(found["servers"][0]["summary"], found["servers"][1]["summary"], "{said}");
    let output = upspec(&["diff", &path, &path]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("two servers have the name stored; give one another"), "{error}");
}
