//! What the command tells: of the cases that were asked for, of what is inconclusive, and of options that would
//! accuse a correct server.

use crate::support::{Served, upspec};

/// Standard output and standard error of a command that ends with this code.
#[track_caller]
fn told(arguments: &[&str], code: i32) -> (String, String) {
    let output = upspec(arguments);
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    let text = |octets: Vec<u8>| String::from_utf8(octets).unwrap();
    (text(output.stdout), text(output.stderr))
}

#[test]
fn verdict_reason_and_octets_of_what_was_asked_for_are_shown() {
    let served = Served::with_fault("accept-short-key");
    let run = ["run", &served.url, "--only", "server/key/fifteen-bytes", "--report=json=/dev/null"];
    let (plain, error) = told(&run, 1);
    assert!(!plain.contains("fail server/key/fifteen-bytes, 101"), "{plain}");
    assert!(error.starts_with("seed "), "{error}");
    let (short, _) = told(&[&run[..], &["-v"]].concat(), 1);
    assert!(short.starts_with("fail server/key/fifteen-bytes, 101: answered 101"), "{short}");
    assert!(!short.contains("pass server/control") && !short.contains("> GET /chat"), "{short}");
    let (long, _) = told(&[&run[..], &["-vv"]].concat(), 1);
    assert!(long.contains("> GET /chat HTTP/1.1") && long.contains("< HTTP/1.1 101"), "{long}");
    let (tls, _) =
        told(&["run", &served.url, "--only", "server/tls", "--report=json=/dev/null"], 0);
    assert!(
        tls.contains("Inconclusive:\n") && tls.contains("  the target is not reached over TLS"),
        "{tls}"
    );
}

#[test]
fn cases_are_chosen_by_rule_and_section() {
    let list = |pattern: &str| told(&["list", "--only", pattern], 0).0;
    let [rule, section] = ["rfc6455/4.2.1-key", "rfc6455/4.2.1"].map(list);
    assert!(rule.contains("server/key/fifteen-bytes") && !rule.contains("server/method"), "{rule}");
    assert!(section.contains(&rule[..40]) && section.len() > rule.len(), "{section}");
    let (_, error) = told(&["list", "--only", "rfc6455/4.2.1-kye"], 2);
    assert!(error.contains("did you mean `rfc6455/4.2.1-key`?"), "{error}");
    let (_, error) = told(&["explain", "server/h"], 2);
    assert!(error.contains("these begin so: `server/h2c`, `server/host`"), "{error}");
    let (below, _) = told(&["explain", "rfc6455/4.2.1"], 0);
    assert!(below.contains("rfc6455/4.2.1-key  must: "), "{below}");
}

#[test]
fn a_feature_that_the_target_has_to_have_is_missed() {
    let served = Served::start(&["--vary", "http2-off"]);
    let run = ["run", &served.url, "--only", "server/baseline", "--report=json=/dev/null"];
    let need =
        |feature| told(&[&run[..], &["--need", "endpoint", "--need", feature]].concat(), 1).0;
    told(&[&run[..], &["--need", "endpoint"]].concat(), 0);
    let said = need("http2");
    assert!(said.contains("the target shows no http2, which --need asks for"), "{said}");
    let (_, error) = told(&[&run[..], &["--need", "htpt2"]].concat(), 2);
    assert!(error.contains("did you mean `http2`?"), "{error}");
}

#[test]
fn a_short_time_out_accuses_nobody() {
    let served = Served::conforming();
    for time in ["1ms", "10ms"] {
        let only = ["--only", "server/key", "--only", "server/frames", "--report=json=/dev/null"];
        let run = ["run", &served.url, "--timeout", time];
        let (said, _) = told(&[&run[..], &only[..]].concat(), 0);
        assert!(said.contains("would accuse a target that answers in"), "{said}");
        assert!(said.contains("0 fail, 0 warn, 0 error"), "{said}");
    }
}

#[test]
fn a_server_is_reached_under_another_name() {
    let served = Served::conforming();
    let place = served.url.trim_start_matches("ws://").trim_end_matches("/chat");
    let run = ["run", "ws://example.org/chat", "--connect-to", place, "--only=server/key/missing"];
    let (said, _) = told(&[&run[..], &["-vv", "--report=json=/dev/null"]].concat(), 0);
    assert!(said.contains("> Host: example.org"), "{said}");
    let (_, error) = told(&["run", &served.url, "--header", "Host: example.org"], 2);
    assert!(error.contains("Host comes from the URL; --connect-to"), "{error}");
}

#[test]
fn a_server_is_reached_over_one_version_of_ip() {
    let served = Served::conforming();
    let rest = ["--only=server/key/missing", "--report=json=-"];
    let (said, _) = told(&[&["run", &served.url, "-4"][..], &rest].concat(), 0);
    assert!(said.contains("/chat --seed") && said.contains("--ipv4"), "{said}");
    let (_, error) = told(&[&["run", &served.url, "-6"][..], &rest].concat(), 3);
    assert!(error.contains("it has no IPv6 address"), "{error}");
    let (_, error) = told(&["run", "-4", "-6", &served.url], 2);
    assert!(error.contains("cannot be used with"), "{error}");
}

#[test]
fn what_is_declared_accuses_no_path_that_never_switches() {
    let served = Served::conforming();
    let elsewhere = served.url.replace("/chat", "/");
    let declared = ["--subprotocol", "chat", "--only", "server/subprotocol"];
    let run = [&["run", &elsewhere, "--report=json=/dev/null"][..], &declared].concat();
    let (said, _) = told(&run, 3);
    assert!(said.contains("0 fail, 0 warn, 0 error"), "{said}");
}
