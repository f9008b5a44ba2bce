//! The corpus against the reference server: right, it passes everything; with a fault it is caught.
//! Never needs the network beyond loopback.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

mod support;

use support::{Served, run, upspec};

#[test]
fn the_conforming_server_passes_everything() {
    let folder = tempfile::tempdir().unwrap();
    let (code, report, error) = run("", folder.path(), &["--hazardous"]);
    let summary = &report["summary"];
    assert_eq!(code, 0, "{summary} {error}");
    for verdict in ["fail", "warn", "error"] {
        assert_eq!(summary[verdict], 0, "{verdict}: {}", not_passed(&report));
    }
    assert_eq!(report["complete"], true);
}

fn not_passed(report: &serde_json::Value) -> String {
    let cases = report["cases"].as_array().unwrap().iter();
    let odd = cases.filter(|case| case["verdict"] != "pass");
    odd.map(|case| format!("{} {}\n", case["id"], case["findings"]))
        .collect()
}

#[test]
fn one_seed_gives_one_set_of_verdicts() {
    let folder = tempfile::tempdir().unwrap();
    let server = Served::with_fault("accept-http10-upgrade");
    let verdicts = |jobs: &str| -> Vec<(String, String)> {
        let (_, report, _) = run(
            &server.url,
            folder.path(),
            &["--only", "server/h*", "--retries", jobs],
        );
        let cases = report["cases"].as_array().unwrap().iter();
        cases
            .map(|case| (case["id"].to_string(), case["verdict"].to_string()))
            .collect()
    };
    assert_eq!(verdicts("0"), verdicts("2"));
}

/// Every fault makes the run end with 1, or draws a warning where it breaks a SHOULD, and a finding
/// cites the requirement that the fault breaks.
#[test]
fn every_fault_is_caught_by_its_requirement() {
    let list = upspec(&["serve", "--list-faults"]);
    let list = String::from_utf8(list.stdout).unwrap();
    let faults: Vec<(&str, &str)> = list
        .lines()
        .filter_map(|line| {
            let mut words = line.split_ascii_whitespace();
            Some((words.next()?, words.next()?))
        })
        .collect();
    assert!(faults.len() >= 30, "{} faults", faults.len());
    let (next, missed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while let Some(&(name, requirement)) =
                    faults.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    if let Err(miss) = caught(name, requirement) {
                        missed.lock().unwrap().push(miss);
                    }
                }
            });
        }
    });
    let missed = missed.into_inner().unwrap();
    assert!(
        missed.is_empty(),
        "{} of {}:\n{}",
        missed.len(),
        faults.len(),
        missed.join("\n")
    );
}

fn caught(name: &str, requirement: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let server = Served::with_fault(name);
    let more = ["--hazardous", "--retries", "0", "--timeout", "2s", "--slim"];
    let (code, report, error) = run(&server.url, folder.path(), &more);
    let cases = report["cases"].as_array().unwrap();
    let findings = cases
        .iter()
        .flat_map(|case| case["findings"].as_array().unwrap());
    let cited: Vec<&str> = findings
        .filter(|finding| finding["requirement"] == requirement)
        .filter_map(|finding| finding["verdict"].as_str())
        .filter(|verdict| matches!(*verdict, "fail" | "warn"))
        .collect();
    if cited.is_empty() || !(code == 1 || cited.contains(&"warn")) {
        return Err(format!(
            "{name} ({requirement}): exit {code}, {} {error}",
            report["summary"]
        ));
    }
    Ok(())
}
