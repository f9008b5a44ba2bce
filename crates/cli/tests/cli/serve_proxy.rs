//! `upspec serve --proxy`: the corpus of servers, played through the reference proxy to the reference server.

use crate::support::{Served, run, upspec};

#[test]
fn a_conforming_server_conforms_behind_a_conforming_proxy() {
    let folder = tempfile::tempdir().unwrap();
    let server = Served::start(&["--vary", "http2-off"]);
    let origin = server.url.strip_prefix("ws://").unwrap().strip_suffix("/chat").unwrap();
    let proxy = Served::start(&["--proxy", origin]);
    let url = format!("{}chat", proxy.url);
    let (code, report, error) =
        run(&url, folder.path(), &["--only", "server/key", "--only", "server/extended-connect"]);
    assert_eq!(code, 0, "{error}");
    assert!(report["cases"].as_array().unwrap().len() > 40);
}

#[test]
fn faults_of_the_proxy_are_listed() {
    let output = upspec(&["serve", "--proxy", "--list-faults"]);
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.lines().count() >= 60, "{printed}");
    assert!(printed.contains("via-missing  rfc9110/7.6.3-via-gateway  "));
}
