//! The corpus against the reference server: the correct one passes everything, a faulty one is caught.

use crate::support::{Served, run, upspec};

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
    odd.map(|case| format!("{} {}\n", case["id"], case["findings"])).collect()
}

#[test]
fn one_seed_gives_one_set_of_verdicts() {
    let folder = tempfile::tempdir().unwrap();
    let server = Served::with_fault("accept-http10-upgrade");
    let verdicts = |jobs: &str| -> Vec<(String, String)> {
        let (_, report, _) =
            run(&server.url, folder.path(), &["--only", "server/h*", "--retries", jobs]);
        let cases = report["cases"].as_array().unwrap().iter();
        cases.map(|case| (case["id"].to_string(), case["verdict"].to_string())).collect()
    };
    assert_eq!(verdicts("0"), verdicts("2"));
}

/// A faulty server makes the run end with 1, or draws a warning where it breaks a SHOULD, and a finding
/// cites the requirement that the fault breaks. `cargo xtask sensitivity` has all faults; these go the
/// whole way, through the command.
#[test]
fn a_fault_is_caught_by_its_requirement() {
    let list = upspec(&["serve", "--list-faults"]);
    let list = String::from_utf8(list.stdout).unwrap();
    for (name, topic) in FAULTS {
        let row = list.lines().find(|line| line.split(' ').next() == Some(name));
        let requirement = row.unwrap().split_ascii_whitespace().nth(1).unwrap();
        caught(name, requirement, topic);
    }
}

/// One for each place where a server goes wrong: reading, refusing, switching, writing, frames; and a topic that sees it.
const FAULTS: [(&str, &str); 6] = [
    ("accept-short-key", "server/key"),
    ("fold-as-field", "server/syntax"),
    ("no-date", "server/baseline"),
    ("no-pong", "server/ping"),
    ("version-refusal-without-list", "server/websocket-version"),
    ("wrong-accept", "server/key"),
];

fn caught(name: &str, requirement: &str, topic: &str) {
    let folder = tempfile::tempdir().unwrap();
    let server = Served::with_fault(name);
    let more = ["--only", topic, "--hazardous", "--retries", "0", "--timeout", "2s", "--slim"];
    let (code, report, error) = run(&server.url, folder.path(), &more);
    let cases = report["cases"].as_array().unwrap();
    let findings = cases.iter().flat_map(|case| case["findings"].as_array().unwrap());
    let cited: Vec<&str> = findings
        .filter(|finding| finding["requirement"] == requirement)
        .filter_map(|finding| finding["verdict"].as_str())
        .filter(|verdict| matches!(*verdict, "fail" | "warn"))
        .collect();
    assert!(
        cited.contains(&"warn") || (code == 1 && cited.contains(&"fail")),
        "{name} ({requirement}): exit {code}, {} {error}",
        report["summary"]
    );
}

/// What `explain` says of a case and of a requirement; a user's case has no faults to its name.
#[test]
fn a_case_is_explained_with_the_faults_that_it_catches() {
    let rows: [(&str, &[&str]); 4] = [
        (
            "server/key/fifteen-bytes",
            &[
                r"Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4P\r\n",
                "pass: 4xx",
                "refused: ",
                "rfc6455#section-4.2.1",
                "accept-short-key: ",
            ],
        ),
        ("rfc6455/4.2.1-key", &["server/key/fifteen-bytes", "Fault accept-short-key", "caught by"]),
        (
            "intermediary/agreement/ws-426",
            &["Faults of the reference proxy", "any-answer-opens: Behind any answer"],
        ),
        ("user/mine/one", &["pass: 404"]),
    ];
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.toml"), MINE).unwrap();
    let cases = folder.path().to_str().unwrap();
    for (id, wanted) in rows {
        let output = upspec(&["explain", id, "--cases", cases]);
        let text = String::from_utf8(output.stdout).unwrap();
        for words in wanted {
            assert!(text.contains(words), "{id}: {words} is not in\n{text}");
        }
        let is_own = ["server/", "intermediary/"].iter().any(|role| id.starts_with(role));
        assert_eq!(text.contains("catches"), is_own, "{id}");
    }
}

const MINE: &str = r"
title = 'Mine'

[[case]]
name        = 'one'
title       = 'Nothing is there'
requirement = 'rfc9110/7.8-offered'

[[case.step]]
send = 'GET /nothing HTTP/1.1\r\nHost: {authority}\r\n\r\n'

[[case.expect]]
status = '404'
";

#[test]
fn every_case_is_listed_whatever_it_can_do() {
    let output = upspec(&["list", "--format", "json"]);
    let rows: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = rows.as_array().unwrap();
    let corpus = upspec_corpus::Corpus::embedded().unwrap();
    assert_eq!(rows.len(), corpus.cases.len());
    assert!(rows.iter().any(|row| row["hazard"] == true));
}

#[test]
fn a_case_is_a_program_that_fails_where_the_case_does() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("case.sh");
    let played = |server: &Served, case: &str| {
        let made = upspec(&["explain", case, "--as", "shell", "--url", &server.url]);
        assert_eq!(made.status.code(), Some(0), "{made:?}");
        std::fs::write(&file, made.stdout).unwrap();
        std::process::Command::new("bash").arg(&file).output().unwrap().status.code()
    };
    let conforming = Served::conforming();
    for case in ["server/key/fifteen-bytes", "server/baseline/sample-key"] {
        assert_eq!(played(&conforming, case), Some(0), "{case}");
    }
    let faulty = Served::with_fault("accept-any-key");
    assert_eq!(played(&faulty, "server/key/fifteen-bytes"), Some(1));
    let faulty = Served::with_fault("wrong-accept");
    assert_eq!(played(&faulty, "server/baseline/sample-key"), Some(1));

    let refused = upspec(&["explain", "server/frames/opcode-3", "--as", "node"]);
    assert_eq!(refused.status.code(), Some(2));
    let why = String::from_utf8(refused.stderr).unwrap();
    assert!(why.contains("it does more than to send one request"), "{why}");
}

#[test]
fn cases_are_selected_by_alternatives_and_by_harm() {
    let ids = |more: &[&str]| -> Vec<String> {
        let output = upspec(&[&["list", "--format", "json"], more].concat());
        let rows: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        rows.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    };
    let both = ids(&["--only", "server/{key,host}/*"]);
    assert_eq!(both, ids(&["--only", "server/key", "--only", "server/host"]));
    let harm = ids(&["--harm", "smuggling", "--harm", "death"]);
    let corpus = upspec_corpus::Corpus::embedded().unwrap();
    let kind = |id: &str| {
        let rule = &corpus.case(id).unwrap().requirement;
        corpus.requirements.get(rule).unwrap().harm.kind.to_string()
    };
    let is_meant = |kind: &str| matches!(kind, "smuggling" | "death");
    let wanted: Vec<String> = corpus.cases.iter().map(|case| case.id.clone()).collect();
    let wanted: Vec<String> = wanted.into_iter().filter(|id| is_meant(&kind(id))).collect();
    assert!(!wanted.is_empty());
    assert_eq!(harm, wanted);
}

#[test]
fn a_sample_is_played_beside_the_controls() {
    let folder = tempfile::tempdir().unwrap();
    let ids = |more: &[&str]| -> Vec<String> {
        let select = ["--only", "server/{key,host}", "--sample", "4"];
        let (code, report, error) = run("", folder.path(), &[&select, more].concat());
        assert_eq!(code, 0, "{error}");
        let said = "4 cases were asked for";
        let remarks = report["remarks"].as_array().unwrap();
        assert!(remarks.iter().any(|one| one.as_str().unwrap().starts_with(said)), "{remarks:?}");
        let cases = report["cases"].as_array().unwrap().iter();
        let ids = cases.map(|case| case["id"].as_str().unwrap().to_owned());
        ids.filter(|id| !id.starts_with("server/control/")).collect()
    };
    let drawn = ids(&[]);
    assert_eq!(drawn.len(), 4);
    let listed = ["list", "--only", "server/{key,host}", "--sample", "4", "--seed", "1"];
    let listed = String::from_utf8(upspec(&listed).stdout).unwrap();
    assert!(listed.lines().zip(&drawn).all(|(line, id)| line.starts_with(id)), "{listed}");
}

#[test]
fn cases_are_selected_by_their_tags() {
    let folder = tempfile::tempdir().unwrap();
    let file = "title = \"Mine\"\ntags = [\"own\"]\n\n[[case]]\nname = \"one\"\ntitle = \"One\"\n\
                requirement = \"rfc6455/4.2.1-key\"\ntags = [\"first\"]\nsend = '{get}\\r\\n'\nexpect = \"refused\"\n\n\
                [[case]]\nname = \"two\"\ntitle = \"Two\"\nrequirement = \"rfc6455/4.2.1-key\"\n\
                send = '{get}\\r\\n'\nexpect = \"refused\"\n";
    std::fs::create_dir(folder.path().join("server")).unwrap();
    std::fs::write(folder.path().join("server/mine.toml"), file).unwrap();
    let cases = folder.path().to_str().unwrap();
    let list = |tags: &[&str]| {
        let output = upspec(&[&["list", "--format", "json", "--cases", cases], tags].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        let rows: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        let row = |row: &serde_json::Value| format!("{} {}", row["id"], row["tags"]);
        rows.iter().map(row).collect::<Vec<_>>()
    };
    let one = "\"user/server/mine/one\" [\"own\",\"first\"]";
    let two = "\"user/server/mine/two\" [\"own\"]";
    assert_eq!(list(&["--tag", "first"]), [one]);
    assert_eq!(list(&["--tag", "own"]), [one, two]);
    assert!(list(&["--tag", "quick", "--tag", "first"]).len() > 50);
    let output = upspec(&["run", "--tag", "quikc"]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("no case has the tag `quikc`; did you mean `quick`?"), "{error}");
    let output = upspec(&["run", "--tag", "z"]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("no case has the tag `z`; known are `quick`"), "{error}");
    let output = upspec(&["explain", "server/key/one-byte"]);
    assert!(String::from_utf8(output.stdout).unwrap().contains("\nTags: quick\n"));
}

#[test]
fn a_run_stops_once_so_many_cases_fail() {
    let folder = tempfile::tempdir().unwrap();
    let server = Served::with_fault("accept-any-key");
    let path = folder.path().join("report.json");
    let wish = format!("json={}", path.display());
    let played = |more: &[&str]| -> (Option<i32>, serde_json::Value) {
        let run = ["run", &server.url, "--only", "server/key", "--jobs", "1", "--retries", "0"];
        let output = upspec(&[&run[..], &["--quiet", "--report", &wish], more].concat());
        let report = std::fs::read_to_string(&path).unwrap();
        (output.status.code(), serde_json::from_str(&report).unwrap())
    };
    let fail = |report: &serde_json::Value| report["summary"]["fail"].as_u64().unwrap();
    let (code, whole) = played(&[]);
    let is_key =
        |case: &&serde_json::Value| case["id"].as_str().unwrap().starts_with("server/key/");
    let asked = whole["cases"].as_array().unwrap().iter().filter(is_key).count();
    let failing = fail(&whole);
    assert!(code == Some(1) && failing > 3, "{}", whole["summary"]);
    for (option, least) in [(&["--fail-fast"][..], 1), (&["--max-fail", "2"], 2)] {
        let (code, report) = played(option);
        assert_eq!((code, report["complete"].as_bool()), (Some(1), Some(false)), "{option:?}");
        assert!((least..failing).contains(&fail(&report)), "{option:?} {}", report["summary"]);
        let remarks = report["remarks"].to_string();
        assert!(remarks.contains("the run was stopped once"), "{remarks}");
        let number = format!("{asked} cases were asked for, and ");
        assert!(remarks.contains(&number) && remarks.contains(" of them played"), "{remarks}");
    }
    let (code, report) = played(&["--fail-fast", "--fail-on", "never"]);
    assert_eq!((code, report["complete"].as_bool()), (Some(0), Some(true)));
    assert_eq!(fail(&report), failing);
}

#[test]
fn a_delay_parts_the_beginnings_of_cases() {
    let folder = tempfile::tempdir().unwrap();
    let only = ["--only", "server/method", "--sample", "5", "--delay", "50ms"];
    let (code, report, error) = run("", folder.path(), &only);
    assert_eq!(code, 0, "{error}");
    let cases = report["cases"].as_array().unwrap().iter();
    let played = cases.filter(|case| !case["record"].is_null()).count() as u64;
    // The control stands at the beginning and waits for nobody, nor does anybody wait for it.
    let least = (played - 2) * 50;
    assert!(report["elapsed_ms"].as_u64().unwrap() >= least, "{played}: {}", report["elapsed_ms"]);
}

#[test]
fn what_cases_send_first_is_written_for_fuzzers() {
    let folder = tempfile::tempdir().unwrap();
    let seeds = folder.path().join("seeds");
    let octets = ["list", "--only", "server/key", "--octets", seeds.to_str().unwrap()];
    let output = upspec(&octets);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let written = std::fs::read(seeds.join("server.key.fifteen-bytes")).unwrap();
    let text = String::from_utf8(written).unwrap();
    assert!(text.starts_with("GET ") && text.contains("\r\nSec-WebSocket-Key: AQID"), "{text}");
    let told = String::from_utf8(output.stdout).unwrap();
    let number = std::fs::read_dir(&seeds).unwrap().count();
    assert!(number > 10 && told.starts_with(&format!("wrote {number} files to ")), "{told}");
}
