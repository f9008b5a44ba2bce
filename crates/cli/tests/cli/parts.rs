//! Hunts in parts, as many machines play them: together they are the whole hunt, and what they found is gathered.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::support::{Served, upspec};

fn json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Hunts one part into a folder of its own.
fn hunt(url: &str, part: &str, out: &Path, more: &[&str]) -> Output {
    let mut arguments = vec!["fuzz", url, "--partition", part, "--quiet"];
    arguments.extend(["--out", out.to_str().unwrap()]);
    arguments.extend(more);
    upspec(&arguments)
}

fn gather(folders: &[&Path], out: &Path, more: &[&str]) -> (Option<i32>, String, String) {
    let mut arguments = vec!["report", "gather", "--out", out.to_str().unwrap()];
    arguments.extend(folders.iter().map(|folder| folder.to_str().unwrap()));
    arguments.extend(more);
    let output = upspec(&arguments);
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn parts_find_what_the_whole_finds_and_are_gathered() {
    let served = Served::with_fault("accept-any-method");
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let parts = [("1/3", at("one")), ("2/3", at("two")), ("3/3", at("three"))];
    for (part, out) in &parts {
        let more = ["--seed", "5", "--runs", "150", "--jobs", "1"];
        let output = hunt(&served.url, part, out, &more);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{part}: {output:?}");
    }
    let [one, two, three] = parts.map(|(_, out)| out);
    let next = |folder: &Path, file: &str| json(&folder.join(file))["next"].as_u64().unwrap();
    assert_eq!(next(&one, "part-1-of-3.json"), 450);
    assert_eq!(next(&two, "part-2-of-3.json"), 451);
    let (all, state) = (at("all"), at("whole.json"));
    let more = ["--state", state.to_str().unwrap()];
    let (code, told, error) = gather(&[&one, &two, &three], &all, &more);
    assert_eq!(code, Some(1), "{told}{error}");
    assert!(told.contains("450 exchanges in 3 parts, 150 in each; "), "{told}");
    assert!(told.contains("; part 3 found it first by its exchange 15\n"), "{told}");
    assert!(!error.contains("missing"), "{error}");
    let (whole, alone) = (json(&state), alone(&served.url, folder.path()));
    assert_eq!((&whole["next"], whole.get("part")), (&452.into(), None));
    assert_eq!(first_of_each(&whole), first_of_each(&alone));
    // The case files are those of the findings, and replay them.
    let findings = whole["findings"].as_array().unwrap();
    assert_eq!(std::fs::read_dir(all.join("server")).unwrap().count(), findings.len());
    let case = findings[0]["case"].as_str().unwrap();
    let more = ["--cases", all.to_str().unwrap(), "--only", case];
    assert_eq!(crate::support::run(&served.url, folder.path(), &more).0, 1);
    // A baseline made of the whole accepts what the parts found.
    let baseline = at("baseline.toml");
    let more = ["--baseline", baseline.to_str().unwrap()];
    upspec(&["baseline", "write", more[1], state.to_str().unwrap()]);
    let (code, told, _) = gather(&[&one, &two, &three], &at("known"), &more);
    assert_eq!(code, Some(0), "{told}");
    let (code, _, error) = gather(&[&one, &three], &at("known"), &more);
    assert_eq!(code, Some(3), "{error}");
    assert!(error.contains("part 2 of 3 is missing, and its requests with it"), "{error}");
}

/// The state of one hunt for as much as all of the parts.
fn alone(url: &str, folder: &Path) -> Value {
    let (out, state) = (folder.join("alone"), folder.join("alone.json"));
    let mut arguments = vec!["fuzz", url, "--seed", "5", "--runs", "450", "--jobs", "1", "--quiet"];
    arguments.extend(["--out", out.to_str().unwrap(), "--state", state.to_str().unwrap()]);
    upspec(&arguments);
    json(&state)
}

/// The requirements that were found broken, each with the first number that showed it.
fn first_of_each(state: &Value) -> BTreeMap<String, u64> {
    let mut first = BTreeMap::new();
    for finding in state["findings"].as_array().unwrap() {
        let number = finding["number"].as_u64().unwrap();
        let known = first.entry(finding["requirement"].to_string()).or_insert(number);
        *known = number.min(*known);
    }
    first
}

#[test]
fn parts_of_clients_are_gathered_and_one_folder_can_hold_them_all() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("found");
    for part in ["1/2", "2/2"] {
        let arguments = ["fuzz", "--client", "--seed", "3", "--runs", "20", "--partition", part];
        let output = upspec(&[&arguments[..], &["--out", out.to_str().unwrap(), "-q"]].concat());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }
    let (code, told, error) = gather(&[&out], &folder.path().join("all"), &[]);
    assert_eq!(code, Some(0), "{told}{error}");
    assert!(told.contains("40 exchanges in 2 parts, 20 in each; 0 findings"), "{told}");
}

#[test]
fn a_part_goes_on_as_what_it_is() {
    let served = Served::conforming();
    let folder = tempfile::tempdir().unwrap();
    let (state, out) = (folder.path().join("state.json"), folder.path().join("found"));
    let (kept, url) = (state.to_str().unwrap(), &served.url);
    let go = |more: &[&str]| {
        let arguments = ["fuzz", url, "--runs", "50", "--state", kept, "--quiet"];
        let output = upspec(&[&arguments[..], &["--out", out.to_str().unwrap()], more].concat());
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(go(&["--seed", "9", "--partition", "2/4"]).0, Some(0));
    assert_eq!(go(&[]).0, Some(0));
    let went = json(&state);
    assert_eq!((&went["next"], &went["part"]), (&401.into(), &"2/4".into()));
    let (code, error) = go(&["--partition", "3/4"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("the state is of part 2/4"), "{error}");
    std::fs::remove_file(&state).unwrap();
    assert_eq!(go(&["--seed", "9"]).0, Some(0));
    let (code, error) = go(&["--partition", "3/4"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("of a whole hunt"), "{error}");
}

#[test]
fn what_is_no_part_is_refused() {
    let rows = [
        (&["--partition", "4/3", "--seed", "1"][..], "write it as M/N, with M from 1 to N"),
        (&["--partition", "0/3", "--seed", "1"], "write it as M/N, with M from 1 to N"),
        (&["--partition", "1/3"], "--partition needs --seed, the same one for each part"),
        (&["--partition", "1/3", "--seed", "1", "--guided"], "cannot be used with"),
    ];
    for (more, words) in rows {
        let output = upspec(&[&["fuzz", "ws://127.0.0.1:9/"][..], more].concat());
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(words), "{error}");
    }
    let folder = tempfile::tempdir().unwrap();
    let (code, _, error) = gather(&[folder.path()], &folder.path().join("all"), &[]);
    assert_eq!(code, Some(2));
    assert!(error.contains("no folder has the state of a part"), "{error}");
}
