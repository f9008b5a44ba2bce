//! Mistakes of the user: each is named with its place, and ends the command with 2.

use crate::support::upspec;

const CASE: &str = "title = 'Mine'\n\n[[case]]\nname = 'one'\ntitle = 'One'\n\
     requirement = 'rfc6455/4.2.1-key'\n[[case.step]]\nsend = 'GET / HTTP/1.1\\r\\n\\r\\n'\n\
     [[case.expect]]\npreset = 'refused'\n";

/// Puts a case file into a folder, changed in one place, and expects the error.
fn rejected(from: &str, to: &str, place: &str, words: &str) {
    let folder = tempfile::tempdir().unwrap();
    assert!(CASE.contains(from), "{from}");
    std::fs::write(folder.path().join("mine.toml"), CASE.replacen(from, to, 1)).unwrap();
    let output = upspec(&["list", "--cases", folder.path().to_str().unwrap()]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains(place) && error.contains(words), "{place} {words}: {error}");
}

#[test]
fn case_files_are_checked() {
    rejected("requirement =", "requirment =", "mine.toml:6:1", "did you mean `requirement`");
    rejected("\\r\\n\\r\\n", "\\q", "mine.toml:8:23", "escape");
    rejected("GET / ", "GET /\u{1} ", "mine.toml:8:", "control");
    rejected("GET / ", "GET /\u{e9} ", "mine.toml:8:", "\\x");
    rejected("4.2.1-key", "4.2.1-kex", "mine.toml:6:", "rfc6455/4.2.1-key");
    rejected("'refused'", "'refusd'", "mine.toml:10:", "refused");
    let long = format!("repeat = {{ times = 1000000, bytes = '{}' }}", "a".repeat(200));
    let words = "200000000 octets are repeated; write at most 134217728";
    rejected("send = 'GET / HTTP/1.1\\r\\n\\r\\n'", &long, "mine.toml:8:20", words);
    let twice = CASE.replacen("title = 'Mine'\n", "", 1);
    rejected(
        "preset = 'refused'\n",
        &format!("preset = 'refused'\n{twice}"),
        "mine.toml:13:8",
        "duplicate case",
    );
}

#[test]
fn good_user_cases_join_the_corpus() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.toml"), CASE).unwrap();
    let output = upspec(&["list", "--only", "user/*", "--cases", folder.path().to_str().unwrap()]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "user/mine/one  One\n");
}

#[test]
fn a_case_that_tests_no_server_is_not_left_out_in_silence() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("client")).unwrap();
    let steps = "step = [{ await = 'request' }, { send = 'HTTP/1.1 101 X\\r\\n\\r\\n' }]\n";
    let case = CASE.replacen("[[case.step]]\nsend = 'GET / HTTP/1.1\\r\\n\\r\\n'\n", steps, 1);
    let case = case.replacen("preset = 'refused'", "status = 'failed'", 1);
    std::fs::write(folder.path().join("client").join("mine.toml"), case).unwrap();
    let cases = folder.path().to_str().unwrap();
    let report = format!("json={cases}/report.json");
    let output =
        upspec(&["run", "--only", "user", "--cases", cases, "--report", &report, "--quiet"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("user/client/mine/one tests no server"), "{error}");
}

#[test]
fn arguments_are_checked() {
    for (arguments, words) in [
        (&["run", "ftp://a"][..], "ws://"),
        (&["run", "ws://a", "--only", "server/quite-another/*"], "upspec list"),
        (&["run", "ws://a", "--only", "server/kye/*"], "did you mean `server/key`?"),
        (&["run", "ws://a", "--skip", "server/key/fiften-bytes"], "`server/key/fifteen-bytes`?"),
        (&["run", "ws://a", "--only", "server/{key,hots}"], "`server/hots` selects no case"),
        (&["run", "ws://a", "--only", "server/{key,}"], "an alternative in braces is empty"),
        (&["run", "ws://a", "--only", "client/check-accept"], "no case for this role (server)"),
        (&["client", "--cmd", "true {url}", "--tag", "quick"], "no case for this role (client)"),
        (&["run", "ws://a", "--server-name", "b"], "--server-name: there is no TLS"),
        (&["list", "--harm", "lokout"], "'lockout'"),
        (&["serve", "--fault", "nothing-like-it"], "--list-faults"),
        (&["serve", "--fault", "accept-short-keys"], "did you mean `accept-short-key`?"),
        (&["serve", "--proxy", "--fault", "via-mising"], "did you mean `via-missing`?"),
        (&["serve", "--proxy", "--vary", "http2-off"], "is one of the server"),
        (&["serve", "--vary", "no-pool"], "needs --proxy"),
        (&["explain", "nothing"], "upspec list"),
        (&["explain", "rfc6455/4.2.1-keys"], "did you mean `rfc6455/4.2.1-key`?"),
        (&["serve", "--vary", "http2-of"], "a similar value exists: 'http2-off'"),
        (&["judge", "r.json", "--report", "htm=x"], "did you mean `html`?"),
        (&["judge", "/nowhere/report.json"], "cannot read"),
    ] {
        let output = upspec(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(words), "{error}");
    }
}
