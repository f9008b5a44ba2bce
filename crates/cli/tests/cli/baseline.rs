//! The baseline, from the first report to a CI that fails on what is new alone.

use std::path::{Path, PathBuf};

use crate::support::{Served, upspec};

/// A folder with a server in it that is lenient with keys.
struct Bench {
    folder: tempfile::TempDir,
    served: Served,
}

/// What a command did.
struct Did {
    code: i32,
    out: String,
    error: String,
}

impl Bench {
    fn new() -> Self {
        let served = Served::with_fault("accept-short-key");
        Self { folder: tempfile::tempdir().unwrap(), served }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn shown(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Runs the cases on keys against the server.
    fn run(&self, more: &[&str]) -> Did {
        let url = &self.served.url;
        let mut arguments = vec!["run", url, "--only", "server/key", "--name", "mine"];
        arguments.extend(more);
        did(&arguments)
    }

    /// The report of such a run.
    fn report(&self) -> String {
        let report = self.shown("report.json");
        self.run(&["--report", &format!("json={report}")]);
        report
    }
}

fn did(arguments: &[&str]) -> Did {
    let output = upspec(arguments);
    let text = |octets: Vec<u8>| String::from_utf8(octets).unwrap();
    let code = output.status.code().unwrap();
    Did { code, out: text(output.stdout), error: text(output.stderr) }
}

fn edit(path: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    std::fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn what_is_accepted_is_excused_and_nothing_else() {
    let bench = Bench::new();
    let (report, file) = (bench.report(), bench.shown("upspec.toml"));
    let wrote = did(&["baseline", "write", &file, &report]);
    assert_eq!(wrote.code, 0, "{}", wrote.error);
    let text = bench.read("upspec.toml");
    for words in ["target = \"mine\"", "requirement = \"rfc6455/4.2.1-key\"", "Not looked into yet"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    let (junit, html) = (bench.shown("r.xml"), bench.shown("r.html"));
    let (junit, html) = (format!("junit={junit}"), format!("html={html}"));
    let all = ["--baseline", &file, "--report", &junit, "--report", &html];
    let known = bench.run(&all);
    assert_eq!(known.code, 0, "{}{}", known.out, known.error);
    assert!(known.out.contains(": 0 new fail, "), "{}", known.out);
    assert!(!bench.read("r.xml").contains("<failure"));
    assert!(bench.read("r.html").contains("0 new fail, "));

    // A case that only warned there, and one that was not in it, are new.
    edit(&bench.path("upspec.toml"), "verdict = \"fail\"", "verdict = \"warn\"");
    let worse = bench.run(&all);
    assert_eq!(worse.code, 1, "{}", worse.out);
    assert!(worse.out.contains("new fail server/key/"), "{}", worse.out);
    assert!(bench.read("r.xml").contains("<failure"));

    // What expired yesterday excuses nothing.
    edit(
        &bench.path("upspec.toml"),
        "verdict = \"warn\"",
        "verdict = \"fail\"\nuntil = 2020-01-01",
    );
    let late = bench.run(&all);
    assert_eq!(late.code, 1, "{}", late.out);
    assert!(late.out.contains("its last day was 2020-01-01"), "{}", late.out);
}

#[test]
fn an_answer_is_pinned_where_that_is_asked_for() {
    let bench = Bench::new();
    let (report, file) = (bench.report(), bench.shown("upspec.toml"));
    did(&["baseline", "write", &file, &report]);
    assert!(!bench.read("upspec.toml").contains("\nanswer = "));
    std::fs::remove_file(bench.path("upspec.toml")).unwrap();
    let wrote = did(&["baseline", "write", &file, &report, "--answers"]);
    assert!(wrote.out.contains("it accepts 1 rule in "), "{}{}", wrote.out, wrote.error);
    assert!(bench.read("upspec.toml").contains("\nanswer = \"101\"\n"));
    assert_eq!(did(&["baseline", "check", &file, &report]).code, 0);
    edit(&bench.path("upspec.toml"), "answer = \"101\"", "answer = \"closed\"");
    let other = did(&["baseline", "check", &file, &report]);
    assert_eq!(other.code, 1, "{}", other.out);
    assert!(other.out.contains("rfc6455/4.2.1-key; 101 in place of closed\n"), "{}", other.out);
}

#[test]
fn what_is_fixed_is_told_and_pruned_and_comments_stay() {
    let bench = Bench::new();
    let (report, file) = (bench.report(), bench.shown("upspec.toml"));
    did(&["baseline", "write", &file, &report, "--reason", "our clients need it"]);
    let own = "\n# A note.\n[[known]]\nrequirement = 'rfc6455/4.2.1-key'\n\
        cases = ['server/key/accepted-once-more', 'server/host']\nverdict = 'fail'\nreason = 'x' # why\n";
    let text = bench.read("upspec.toml") + own;
    std::fs::write(bench.path("upspec.toml"), &text).unwrap();
    let check = did(&["baseline", "check", &file]);
    assert_eq!(check.code, 1, "{}", check.out);
    assert!(check.out.contains("no case of the corpus is called that"), "{}", check.out);
    let fixed = Served::conforming();
    let good = bench.shown("good.json");
    let wish = format!("json={good}");
    let arguments =
        ["run", &fixed.url, "--only", "server/key", "--baseline", &file, "--report", &wish];
    let run = did(&arguments);
    assert_eq!(run.code, 0, "{}", run.out);
    assert!(run.out.contains("  fixed rfc6455/4.2.1-key in server/key/"), "{}", run.out);
    assert!(run.error.contains("was written for mine"), "{}", run.error);
    let strict = did(&[&arguments[..], &["--strict-baseline"]].concat());
    assert_eq!(strict.code, 1, "{}", strict.out);
    assert!(strict.out.contains("accepts what is no longer so"), "{}", strict.out);
    let [junit, tap] = ["junit", "tap"].map(|format| bench.shown(format));
    let views = [format!("junit={junit}"), format!("tap={tap}")];
    let views = ["--strict-baseline", "--report", &views[0], "--report", &views[1]];
    did(&[&arguments[..], &views].concat());
    assert!(bench.read("junit").contains("<testcase name=\"strict-baseline\""));
    assert!(bench.read("tap").contains(" - strict-baseline: the baseline accepts"));
    let check = ["baseline", "check", &file, &good, "--strict-baseline"];
    assert_eq!(did(&check).code, 1);
    let prune = did(&["baseline", "prune", &file, &good]);
    assert_eq!(prune.code, 0, "{}", prune.error);
    assert_eq!(did(&[&arguments[..], &["--strict-baseline"]].concat()).code, 0);
    let text = bench.read("upspec.toml");
    assert!(
        !text.contains("our clients need it") && !text.contains("accepted-once-more"),
        "{text}"
    );
    assert!(text.contains("# A note.") && text.contains("# why"), "{text}");
    assert!(text.contains("'server/host'"), "{text}");
    assert_eq!(did(&check).code, 0);
}

#[test]
fn a_ratchet_does_not_loosen() {
    let bench = Bench::new();
    let (report, file) = (bench.report(), bench.shown("upspec.toml"));
    std::fs::write(bench.path("upspec.toml"), "version = 1\n# nothing\n").unwrap();
    let refused = did(&["baseline", "write", "--ratchet", &file, &report]);
    assert_eq!(refused.code, 1, "{}", refused.error);
    assert_eq!(bench.read("upspec.toml"), "version = 1\n# nothing\n");
    assert_eq!(did(&["baseline", "check", &file, &report]).code, 1);
    assert_eq!(did(&["baseline", "write", &file, &report]).code, 0);
    assert!(bench.read("upspec.toml").starts_with("version = 1\n# nothing\n"));
    assert_eq!(did(&["baseline", "check", &file, &report]).code, 0);
    assert_eq!(did(&["baseline", "write", "--ratchet", &file, &report]).code, 0);
}

#[test]
fn a_lost_ability_is_told() {
    let bench = Bench::new();
    let (report, file) = (bench.report(), bench.shown("upspec.toml"));
    did(&["baseline", "write", &file, &report]);
    edit(&bench.path("report.json"), "\"verdict\": \"pass\"", "\"verdict\": \"inconclusive\"");
    let text = bench.read("report.json");
    let count = |word: &str| text.matches(&format!("\n      \"verdict\": \"{word}\"")).count();
    let summary = |word: &str| {
        let at = text.find("\"summary\"").unwrap();
        text[at..].lines().find(|line| line.contains(&format!("\"{word}\""))).unwrap().to_owned()
    };
    for word in ["pass", "inconclusive"] {
        let line = summary(word);
        let end = if line.ends_with(',') { "," } else { "" };
        let new = format!("    \"{word}\": {}{end}", count(word));
        edit(&bench.path("report.json"), &line, &new);
    }
    let check = did(&["baseline", "check", &file, &report]);
    assert!(check.out.contains("1 no longer judged"), "{}{}", check.out, check.error);
}

#[test]
fn what_is_wrong_with_a_baseline_is_found_before_the_run() {
    let bench = Bench::new();
    let report = bench.report();
    let broken = bench.shown("broken.toml");
    std::fs::write(&broken, "version = 1\n[[known]]\nrequirement = 'x'\n").unwrap();
    let nowhere = bench.shown("nowhere.toml");
    let folder = bench.folder.path().display().to_string();
    let json = format!("json={report}");
    let rows = [
        (vec!["--baseline", &report], "`upspec baseline write FILE REPORT`"),
        (vec!["--baseline", &broken], "missing field"),
        (vec!["--baseline", &nowhere], "cannot read"),
        (vec!["--baseline", &folder], "cannot read"),
        (vec!["--report", &json, "--baseline", &nowhere], "cannot read"),
    ];
    let before = bench.read("report.json");
    for (more, words) in rows {
        // Nobody listens there, and nobody is asked.
        let arguments = [&["run", "ws://127.0.0.1:1/"], &more[..]].concat();
        let did = did(&arguments);
        assert_eq!(did.code, 2, "{}", did.error);
        assert!(did.error.contains(words) && !did.error.contains("reach"), "{}", did.error);
    }
    assert_eq!(bench.read("report.json"), before);
}

#[test]
fn a_habit_that_is_accepted_is_known_in_a_part_of_the_cases() {
    let bench = Bench { served: Served::with_fault("no-date"), ..Bench::new() };
    let (url, file) = (&bench.served.url, bench.shown("upspec.toml"));
    let all = ["--only", "server/key", "--only", "server/host", "--only", "server/method"];
    let run = |only: &[&str], more: &[&str]| {
        let words = [&["run", url, "--fail-on", "warn"], only, more].concat();
        did(&words)
    };
    let report = bench.shown("report.json");
    let first = run(&all, &["--report", &format!("json={report}")]);
    assert_eq!(first.code, 1, "{}", first.error);
    let wrote = did(&["baseline", "write", &file, &report]);
    assert_eq!(wrote.code, 0, "{}", wrote.error);
    for only in [&all[..], &all[..2], &all[2..4], &all[4..]] {
        let did = run(only, &["--baseline", &file, "--strict-baseline"]);
        assert_eq!(did.code, 0, "{only:?}: {}{}", did.out, did.error);
    }
}
