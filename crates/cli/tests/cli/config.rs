//! `upspec.toml` and the environment: what they add, what overrides them, and what is wrong with them.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::Served;

/// Calls the command in a folder, with these variables.
fn call(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(crate::support::BIN);
    command.args(arguments).current_dir(folder).envs(variables.iter().copied());
    command.output().unwrap()
}

fn file(folder: &Path, text: &str) {
    std::fs::write(folder.join("upspec.toml"), text).unwrap();
}

#[test]
fn the_file_says_what_the_command_line_leaves_open() {
    let folder = tempfile::tempdir().unwrap();
    let server = Served::with_fault("accept-short-key");
    let text = format!(
        "[target.mine]\nurl = '{}'\nheader = ['X-Token: ${{TOKEN}}']\n[run]\nonly = ['server/key']\n\
         report = ['json=r.json']\nseed = 7\nslim = true\nquiet = true\n",
        server.url
    );
    file(folder.path(), &text);
    let token = [("TOKEN", "abc")];
    let report = || -> serde_json::Value {
        let text = std::fs::read(folder.path().join("r.json")).unwrap();
        serde_json::from_slice(&text).unwrap()
    };
    // The only target is taken, under its name, with all that its table and that of the command say.
    let output = call(folder.path(), &["run"], &token);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(output.stdout, b"");
    assert_eq!((&report()["seed"], &report()["target"]["name"]), (&7.into(), &"mine".into()));
    // The command line comes before a variable, and that before the file.
    let output = call(folder.path(), &["run", "mine"], &[token[0], ("UPSPEC_SEED", "8")]);
    assert_eq!((output.status.code(), &report()["seed"]), (Some(1), &8.into()), "{output:?}");
    let variables = [token[0], ("UPSPEC_SEED", "8"), ("UPSPEC_QUIET", "0")];
    let output = call(folder.path(), &["run", "--seed", "9", "--only", "server/host"], &variables);
    assert_eq!((output.status.code(), &report()["seed"]), (Some(0), &9.into()), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("No MUST rule is broken"));
    // Another target than those of the file.
    let output = call(folder.path(), &["run", "ws://127.0.0.1:1/"], &[]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    // Commands without such options are not concerned.
    assert_eq!(call(folder.path(), &["list", "--only", "server/key"], &[]).status.code(), Some(0));
    assert_eq!(call(folder.path(), &["--version"], &[]).status.code(), Some(0));
}

#[test]
fn what_is_wrong_with_the_file_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let rows = [
        ("[run]\nonyl = 'x'", "[run] has no option `onyl`; did you mean `only`?"),
        ("[rnu]\n", "there is no table `[rnu]`; did you mean `run`?"),
        ("run = 1", "`run` is no table"),
        ("[run", "upspec.toml: TOML parse error"),
        ("[target.a]\njobs = 1", "[target.a] has no `url`"),
        (
            "[target.a]\nurl = 'ws://a/'\n[target.b]\nurl = 'ws://b/'",
            "which target? There are a, b",
        ),
        ("[target.a]\nurl = 'ws://${NOT_SET_AT_ALL}/'", "the variable NOT_SET_AT_ALL"),
        ("[run]\njobs = 'many'", "not from the command line: --jobs ([run] of upspec.toml)"),
        ("[run]\njobs = { a = 1 }", "`jobs` is a text, a number, true, or a list"),
    ];
    for (text, words) in rows {
        file(folder.path(), text);
        let output = call(folder.path(), &["run", "--only", "server/key/fifteen-bytes"], &[]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}: {error}");
        assert!(error.contains(words), "{text}: {error}");
    }
    let output = call(folder.path(), &["run", "--config", "nowhere.toml"], &[]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

#[test]
fn a_profile_is_a_set_of_options() {
    let folder = tempfile::tempdir().unwrap();
    let server = Served::conforming();
    let text = format!(
        "[target.mine]\nurl = '{}'\nname = 'own'\n[run]\nonly = ['server/host']\nreport = ['json=r.json']\nseed = 1\n\
         [profile.quick]\nonly = ['server/key']\nseed = 2\nname = 'quick'\norigin-listen = '127.0.0.1:1'\n",
        server.url
    );
    file(folder.path(), &text);
    let played = |arguments: &[&str], variables: &[(&str, &str)]| {
        let output = call(folder.path(), &[&["run", "--quiet"], arguments].concat(), variables);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let text = std::fs::read(folder.path().join("r.json")).unwrap();
        let report: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let of_keys = report["cases"].to_string().contains("server/key/");
        (report["seed"].as_u64().unwrap(), report["target"]["name"].clone(), of_keys)
    };
    let name = |name: &str| serde_json::Value::from(name);
    assert_eq!(played(&[], &[]), (1, name("own"), false));
    // It comes behind the target's table and before the command's.
    assert_eq!(played(&["--profile", "quick"], &[]), (2, name("own"), true));
    let variables = [("UPSPEC_PROFILE", "quick"), ("UPSPEC_SEED", "3")];
    assert_eq!(played(&[], &variables), (3, name("own"), true));
    assert_eq!(played(&["--seed", "4"], &variables), (4, name("own"), true));
    let rows = [
        (text.as_str(), "there is no profile `quikc` in upspec.toml; did you mean `quick`?"),
        ("[profile.a]\nurl = 'ws://a/'", "[profile.a] has no option `url`"),
        ("[profile.a]\nonyl = 'x'", "[profile.a] has no option `onyl`; did you mean `only`?"),
        ("[profile]\na = 1", "`profile.a` is no table"),
        ("[run]\nprofile = 'a'", "[run] has no option `profile`"),
    ];
    for (text, words) in rows {
        file(folder.path(), text);
        let output = call(folder.path(), &["run", "--profile", "quikc"], &[]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}: {error}");
        assert!(error.contains(words), "{text}: {error}");
    }
}

#[test]
fn a_project_begins_with_one_command() {
    let folder = tempfile::tempdir().unwrap();
    let port = crate::support::free_port();
    let server =
        format!("{} serve --listen 127.0.0.1:{port} --fault accept-short-key", crate::support::BIN);
    let url = format!("ws://127.0.0.1:{port}/chat");
    let begin = ["init", &url, "--server-cmd", &server, "-H", "Cookie: a=secret", "--ci", "github"];
    let output = call(folder.path(), &begin, &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = std::fs::read_to_string(folder.path().join("upspec.toml")).unwrap();
    assert!(text.contains("[target.server]") && text.contains("${UPSPEC_COOKIE}"), "{text}");
    assert!(!text.contains("secret"), "{text}");
    let job = std::fs::read_to_string(folder.path().join(".github/workflows/upspec.yml")).unwrap();
    assert!(job.contains("      UPSPEC_COOKIE: ${{ secrets.UPSPEC_COOKIE }}\n"), "{job}");
    assert!(job.contains("run: ~/.cargo/bin/upspec run\n") && !job.contains("Start your"), "{job}");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("- set UPSPEC_COOKIE where upspec runs\n"), "{said}");
    let baseline = std::fs::read_to_string(folder.path().join("upspec-baseline.toml")).unwrap();
    assert!(baseline.contains("\nreason = "), "{baseline}");
    let output = call(folder.path(), &["run", "--only", "server/key"], &[("UPSPEC_COOKIE", "a=b")]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(said.contains("Against upspec-baseline.toml: 0 new fail, 2 known"), "{said}");
    let again = call(folder.path(), &begin, &[]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("upspec.toml is there already"));
}

#[test]
fn many_targets_have_a_report_each_and_one_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let (good, bad) = (Served::conforming(), Served::with_fault("accept-short-key"));
    let text = format!(
        "[target.good]\nurl = '{}'\n[target.bad]\nurl = '{}'\n[target.away]\nurl = 'ws://127.0.0.1:1/'\n\
         [run]\nonly = ['server/key']\nreport = ['json=out/r.json', 'tap={{target}}.tap']\n",
        good.url, bad.url
    );
    file(folder.path(), &text);
    let output = call(folder.path(), &["run", "--target", "good", "--target", "bad"], &[]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("2 of 2 targets were run:\n  good  ok: 0 fail"), "{said}");
    assert!(said.contains("  bad   failed: 2 fail"), "{said}");
    for name in ["good", "bad"] {
        let report = std::fs::read(folder.path().join(format!("out/{name}/r.json"))).unwrap();
        let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
        assert_eq!(report["target"]["name"], name);
        assert!(folder.path().join(format!("{name}.tap")).exists());
    }
    let output = call(folder.path(), &["run", "--all-targets"], &[]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        said.contains("  away  not judged: the connection to 127.0.0.1:1 was refused"),
        "{said}"
    );
    for (arguments, words) in [
        (
            &["run", "--target", "goof"][..],
            "there is no target `goof` in upspec.toml; did you mean `good`?",
        ),
        (&["run", "goof"], "there is no target `goof` in upspec.toml; did you mean `good`?"),
        (&["run", "ws://a/", "--target", "good"], "two ways to say one thing"),
        (&["run", "--all-targets", "--report", "json=-"], "takes the report of one target alone"),
    ] {
        let output = call(folder.path(), arguments, &[]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && error.contains(words), "{arguments:?}: {error}");
    }
}

#[test]
fn what_nobody_follows_is_told() {
    let folder = tempfile::tempdir().unwrap();
    file(
        folder.path(),
        "[run]\nonly = ['server/key']\nheader = ['X-Token: ${UPSPEC_HEADERS}']\nquiet = true\n\
         [target.mine]\nurl = 'ws://127.0.0.1:1/'\nskip = ['server/key/missing']\n",
    );
    let variables = [
        ("UPSPEC_TIMOUT", "3s"),
        ("UPSPEC_HEADERS", "x"),
        ("UPSPEC_UPDATE", "1"),
        ("UPSPEC_JOBS", "2"),
    ];
    let output = call(folder.path(), &["list", "--only", "server/key"], &variables);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let want = "the variable UPSPEC_TIMOUT is of no option and changes nothing; did you mean UPSPEC_TIMEOUT?\n\
                `upspec run` also selects by `only` of [run] in upspec.toml, and a list does not\n\
                `upspec run` also selects by `skip` of [target.mine] in upspec.toml, and a list does not\n";
    assert_eq!(said, want);
}

#[test]
fn help_of_help_is_help() {
    let folder = tempfile::tempdir().unwrap();
    let [long, short] =
        [["help", "--help"], ["help", "list"]].map(|words| call(folder.path(), &words, &[]));
    assert_eq!(long.status.code(), Some(0), "{long:?}");
    assert!(String::from_utf8_lossy(&long.stdout).contains("Usage: upspec [OPTIONS] <COMMAND>"));
    assert!(String::from_utf8_lossy(&short.stdout).contains("Usage: upspec list"));
}
