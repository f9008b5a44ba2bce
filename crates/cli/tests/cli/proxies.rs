//! `upspec proxy`: the embedded proxy, proxies with a fault, and what stands there and is none.

use std::io::{Write as _, copy};
use std::net::{SocketAddr, TcpListener, TcpStream};

use crate::support::{Served, free_address, own_address, say, target, upspec};
use serde_json::Value;

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
        let usual = ["proxy", "--seed", "1", "--report", &report];
        let output = upspec(&[&usual, more].concat());
        let text = std::fs::read(&path).unwrap_or_default();
        let (out, error) = (&output.stdout, &output.stderr);
        let printed = [out, error].map(|octets| String::from_utf8_lossy(octets)).concat();
        let report = serde_json::from_slice(&text).unwrap_or_default();
        Self { code: output.status.code(), report, printed }
    }

    /// The report as a file of this folder.
    fn stored(&self, folder: &std::path::Path, name: &str) -> String {
        let path = folder.join(name);
        std::fs::write(&path, self.report.to_string()).unwrap();
        path.display().to_string()
    }

    /// At both ends of a proxy with a fault.
    fn with_fault(fault: &str, more: &[&str]) -> Self {
        let origin = own_address();
        let (proxied, at) =
            (origin.to_string(), ["--origin-listen", &origin.to_string()].map(str::to_owned));
        let served = Served::start(&["--proxy", &proxied, "--fault", fault]);
        Self::new(&[&[&served.url, at[0].as_str(), at[1].as_str()], more].concat())
    }

    /// The case, with the requirements that it found broken.
    fn broken(&self, id: &str) -> Vec<&str> {
        let cases = self.report["cases"].as_array().unwrap();
        let case = cases.iter().find(|case| case["id"] == id).unwrap();
        let findings = case["findings"].as_array().unwrap().iter();
        let broken = findings.filter(|finding| finding["verdict"] == "fail");
        broken.map(|finding| finding["requirement"].as_str().unwrap()).collect()
    }
}

/// Copies octets to this place and back, as a relay below HTTP does.
fn relay(place: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(origin) = TcpStream::connect(place) else { continue };
            for (mut from, mut to) in [
                (client.try_clone().unwrap(), origin.try_clone().unwrap()),
                (origin.try_clone().unwrap(), client.try_clone().unwrap()),
            ] {
                std::thread::spawn(move || {
                    let _ = copy(&mut from, &mut to);
                    let _ = to.shutdown(std::net::Shutdown::Write);
                });
            }
        }
    });
    address
}

#[test]
fn a_forward_proxy_is_asked_with_the_origin_in_the_target() {
    let ran = Ran::new(&["--forward-proxy", "--only", "intermediary/forwarding"]);
    assert_eq!(ran.code, Some(0), "{}", ran.printed);
    let cases = ran.report["cases"].as_array().unwrap();
    let case = |id: &str| cases.iter().find(|case| case["id"] == id).unwrap();
    let handshake = case("intermediary/control/handshake");
    assert_eq!(handshake["verdict"], "pass");
    let first = &handshake["record"]["io"][0]["bytes"];
    // `GET http:` in base64.
    assert!(first.as_str().unwrap().starts_with("R0VUIGh0dHA6"), "{first}");
    for id in ["absolute-form", "connect-refused"] {
        let case = case(&format!("intermediary/forwarding/{id}"));
        assert_eq!(case["reason"], "not-applicable", "{case}");
    }
}

#[test]
fn the_embedded_proxy_passes() {
    let ran =
        Ran::new(&["--only", "intermediary/hop-by-hop", "--only", "intermediary/agreement/ws-*"]);
    assert_eq!(ran.code, Some(0), "{}", ran.printed);
    assert_eq!(ran.report["target"]["role"], "intermediary");
    let summary = &ran.report["summary"];
    assert_eq!([&summary["fail"], &summary["warn"], &summary["error"]], [0, 0, 0]);
}

/// Reports blot out the values of Cookie, which this case compares.
#[test]
fn what_a_report_blots_out_is_not_judged_again() {
    let folder = tempfile::tempdir().unwrap();
    let ran = Ran::new(&["--only", "intermediary/http2/cookie"]);
    assert_eq!(ran.code, Some(0), "{}", ran.printed);
    let stored = ran.stored(folder.path(), "cookie.json");
    let output = upspec(&["judge", &stored, "--report=text=-"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
}

#[test]
fn faults_are_found_at_either_end() {
    let rows = [
        ("named-field-kept", "hop-by-hop/nominated", "rfc9110/7.6.1-removed"),
        ("any-answer-opens", "agreement/ws-426", "rfc9110/7.6.1-removed"),
        ("unasked-switch-pooled", "agreement/not-pooled-plain", "rfc9112/9.2-outstanding"),
        ("origin-end-cuts", "tunnel/origin-ends", "rfc9110/9.3.6-tunnel-close"),
    ];
    for (fault, case, requirement) in rows {
        let id = format!("intermediary/{case}");
        let ran = Ran::with_fault(fault, &["--only", &id]);
        assert_eq!(ran.code, Some(1), "{fault}: {}", ran.printed);
        assert_eq!(ran.broken(&id), [requirement], "{fault}");
    }
}

/// A backend that refuses version 99, behind a proxy that takes any answer for a tunnel, and behind one that does not.
/// A proxy may put that connection into a pool, and another exchange may have it by then.
#[test]
fn behind_an_ordinary_answer_our_origin_writes_nothing_into_the_connection() {
    let id = "intermediary/upgrade-field/case";
    let ran = Ran::with_fault("upgrade-with-case", &["--only", id]);
    let cases = ran.report["cases"].as_array().unwrap();
    let case = cases.iter().find(|case| case["id"] == id).unwrap();
    let events = case["record"]["io"].as_array().unwrap().iter();
    let written = events.filter(|one| one["link"] == 1 && one["kind"] == "wrote");
    assert_eq!(written.count(), 1, "{}", case["record"]);
}

#[test]
fn a_chain_tells_who_believes_in_a_tunnel() {
    let folder = tempfile::tempdir().unwrap();
    let back = folder.path().join("back.json").display().to_string();
    let report = format!("json={back}");
    upspec(&["run", "--quiet", "--only", "server/websocket-version", "--report", &report]);
    let only = ["--only", "intermediary/agreement/bad-version-*"];
    let (bad, good) = (Ran::with_fault("any-answer-opens", &only), Ran::new(&only));
    for (front, code, wanted) in [
        (bad, 1, "! A handshake for version 99  426       no      yes    no"),
        (good, 0, "  A handshake for version 99  426       no      no     no"),
    ] {
        let front = front.stored(folder.path(), "front.json");
        let chain = upspec(&["chain", &front, &back]);
        let text = String::from_utf8(chain.stdout).unwrap();
        assert_eq!(chain.status.code(), Some(code), "{text}");
        assert!(text.contains(wanted), "{text}");
        let json: Value =
            serde_json::from_slice(&upspec(&["chain", &front, &back, "--json"]).stdout).unwrap();
        assert_eq!(json["passages"][0]["backend"], false);
    }
    let turned = upspec(&["chain", &back, &back]);
    assert_eq!(turned.status.code(), Some(2));
}

#[test]
fn what_is_no_intermediary_is_not_judged() {
    let origin = own_address();
    let at = ["--origin-listen", &origin.to_string()].map(str::to_owned);
    let url = format!("http://{}/", relay(origin));
    let ran = Ran::new(&[&url, &at[0], &at[1]]);
    assert_eq!(ran.code, Some(3), "{}", ran.printed);
    assert!(ran.printed.contains("no HTTP intermediary"), "{}", ran.printed);
    let server = target(|mut stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        say(stream, b"");
    });
    let ran = Ran::new(&[&format!("http://{server}/"), &at[0], &at[1], "--ready-timeout", "500ms"]);
    assert_eq!(ran.code, Some(3), "{}", ran.printed);
    assert!(ran.printed.contains("did not come to our origin"), "{}", ran.printed);
}

#[test]
fn a_proxy_that_does_not_start_is_told_once_with_its_last_words() {
    let url = format!("http://{}/", free_address());
    let command = "echo 'no such file' >&2; echo 'see the log' >&2; exit 1";
    let ran = Ran::new(&[&url, "--proxy-cmd", command, "--ready-timeout", "5s"]);
    assert_eq!(ran.code, Some(3), "{}", ran.printed);
    assert!(
        ran.printed.contains("; it printed:\n  no such file\n  see the log\n"),
        "{}",
        ran.printed
    );
    assert_eq!(ran.printed.matches("nobody listens at").count(), 1, "{}", ran.printed);
    assert_eq!(ran.report["summary"]["error"], 0);
    let trouble = ran.report["trouble"].as_str().unwrap();
    assert!(trouble.ends_with("; it printed: no such file | see the log"), "{trouble}");
}
