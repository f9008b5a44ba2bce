//! `upspec client`: the embedded client and clients that a command starts, well-behaved or not.

use crate::support::upspec;
use serde_json::Value;

/// A few cases, so that each run takes a second.
const FEW: [&str; 4] = ["--only", "client/check-accept/missing", "--only", "client/status/204"];

/// What became of a run: exit code, report, what was printed.
struct Ran {
    code: Option<i32>,
    report: Value,
    printed: String,
}

impl Ran {
    fn new(more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        let report = format!("json={}", path.display());
        let output = upspec(&[&["client", "--report", &report, "--seed", "1"], more].concat());
        let text = std::fs::read(&path).unwrap_or_default();
        Self {
            code: output.status.code(),
            report: serde_json::from_slice(&text).unwrap_or_default(),
            printed: format!(
                "{}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            ),
        }
    }

    /// A client that the command of a shell is, which has the URL as `$1` and the command under test as `$U`.
    fn of_shell(script: &str, more: &[&str]) -> Self {
        let command = format!("env U={} sh -c '{script}' client {{url}}", crate::support::BIN);
        Self::new(&[&["--cmd", &command], more].concat())
    }

    fn verdict(&self, id: &str) -> &str {
        let cases = self.report["cases"].as_array().unwrap();
        let case = cases.iter().find(|case| case["id"] == id);
        case.map_or("none", |case| case["verdict"].as_str().unwrap())
    }
}

#[test]
fn the_embedded_client_breaks_no_rule() {
    let ran = Ran::new(&[]);
    assert_eq!(ran.code, Some(0), "{}", ran.printed);
    assert_eq!(ran.report["target"]["role"], "client");
    let count = |verdict: &str| ran.report["summary"][verdict].as_u64().unwrap();
    assert_eq!((count("fail"), count("warn"), count("error")), (0, 0, 0), "{}", ran.printed);
    assert!(count("pass") > 300, "{}", ran.printed);
}

#[cfg(unix)]
#[test]
fn a_client_of_a_command_is_judged() {
    let good = Ran::of_shell(r#"exec "$U" connect "$1""#, &FEW);
    assert_eq!(good.code, Some(0), "{}", good.printed);
    let script = r#"exec "$U" connect "$1" --fault accept-unchecked"#;
    let faulty = Ran::of_shell(script, &FEW);
    assert_eq!(faulty.code, Some(1), "{}", faulty.printed);
    assert_eq!(faulty.verdict("client/check-accept/missing"), "fail");
    assert_eq!(faulty.verdict("client/status/204"), "pass");
}

#[cfg(unix)]
#[test]
fn what_no_client_should_do_is_bounded_and_told() {
    let hasty = ["--timeout", "500ms", "--window", "100ms"];
    let rows = [
        ("exit 3", "ended (exit 3) and opened no connection"),
        ("echo no such host >&2; exit 1", "it printed: no such host"),
        ("exec sleep 100", "opened no connection in time"),
    ];
    for (script, told) in rows {
        let ran = Ran::of_shell(script, &[&hasty[..], &FEW].concat());
        assert_eq!(ran.code, Some(3), "{script}: {}", ran.printed);
        assert!(ran.printed.contains(told), "{script}: {}", ran.printed);
    }
    let unknown = Ran::new(&["--cmd", "/nowhere/client {url}"]);
    assert_eq!(unknown.code, Some(3), "{}", unknown.printed);
    assert!(unknown.printed.contains("cannot start /nowhere/client"), "{}", unknown.printed);
    let nowhere = Ran::new(&["--cmd", "client"]);
    assert_eq!(nowhere.code, Some(2), "{}", nowhere.printed);
}

#[cfg(unix)]
#[test]
fn a_client_that_misbehaves_beside_is_judged_all_the_same() {
    let rows = [
        // It prints without end, and what it prints is no event.
        r#"head -c 20000000 /dev/zero | tr "\0" x; exec "$U" connect "$1""#,
        // It cannot be asked to end, and leaves something behind.
        r#"trap "" TERM; sleep 60 & "$U" connect "$1"; sleep 60"#,
    ];
    for script in rows {
        let ran = Ran::of_shell(script, &FEW);
        assert_eq!(ran.code, Some(0), "{script}: {}", ran.printed);
    }
}

#[cfg(unix)]
#[test]
fn a_client_that_asks_without_end_is_bounded() {
    let script = r#"exec "$U" connect "$1" --fault retries-forever"#;
    let ran = Ran::of_shell(script, &["--only", "client/retry", "--window", "200ms"]);
    assert_eq!(ran.report["complete"], true, "{}", ran.printed);
    let summary = &ran.report["summary"];
    assert_eq!(summary["error"], 0, "{}", ran.printed);
}

#[cfg(unix)]
#[test]
fn a_start_that_went_wrong_once_is_no_verdict() {
    let folder = tempfile::tempdir().unwrap();
    // The second start, behind that of the control, opens no connection.
    let script = format!(
        r#"n={}/starts; echo x >> $n; [ $(wc -l < $n) = 2 ] && exit 1; exec "$U" connect "$1""#,
        folder.path().display()
    );
    let ran = Ran::of_shell(&script, &[&FEW[..], &["--jobs", "1"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.printed);
    assert_eq!(ran.verdict("client/check-accept/missing"), "pass", "{}", ran.printed);
}
