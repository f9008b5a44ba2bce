//! Targets that speak no WebSocket, or are hostile: the run ends soon and says why, and
//! nothing that they sent acts on the reader.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::{own_address, run, say, target, upspec};

/// Runs against the address and expects exit 3 with this message, and nothing judged that needs an
/// upgrade.
fn nothing_to_judge(url: &str, message: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (code, report, error) = run(url, folder.path(), &[]);
    assert_eq!(code, 3, "{error}");
    assert!(error.contains(message), "{error}");
    let needy: Vec<String> = needs_endpoint();
    for case in report["cases"].as_array().unwrap() {
        let id = case["id"].as_str().unwrap();
        assert!(case["verdict"] != "pass" || !needy.iter().any(|needy| needy == id), "{id} passed");
    }
}

fn needs_endpoint() -> Vec<String> {
    let list = upspec(&["list", "--format", "json"]);
    let list: Vec<serde_json::Value> = serde_json::from_slice(&list.stdout).unwrap();
    let needy = list
        .iter()
        .filter(|case| case["needs"].as_array().unwrap().iter().any(|n| n == "endpoint"));
    needy.map(|case| case["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_plain_http_server() {
    let address = target(|stream, _| {
        say(stream, b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    });
    nothing_to_judge(&format!("ws://{address}/"), "the control got 404");
}

#[test]
fn a_server_that_never_answers() {
    let address = target(|mut stream, _| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    nothing_to_judge(&format!("ws://{address}/"), "sent nothing within");
}

#[test]
fn a_server_that_closes_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || listener.incoming().for_each(drop));
    nothing_to_judge(&format!("ws://{address}/"), "the control got no HTTP response: the server");
}

#[test]
fn a_closed_port() {
    nothing_to_judge(&format!("ws://{}/", own_address()), "cannot reach");
}

/// What the greediest connection took, in octets.
static TAKEN: AtomicUsize = AtomicUsize::new(0);

/// Sends these octets, and then more of the same without end.
fn without_end(mut stream: TcpStream, begin: &[u8]) {
    let mut taken = 0;
    let mut sent = stream.write_all(begin);
    while sent.is_ok() {
        sent = stream.write_all(&[b'x'; 65536]);
        taken += 65536;
    }
    TAKEN.fetch_max(taken, Ordering::Relaxed);
}

#[test]
fn endless_answers_are_bounded() {
    let content = target(|stream, _| without_end(stream, b"HTTP/1.1 200 OK\r\n\r\n"));
    nothing_to_judge(&format!("ws://{content}/"), "the control got 200");
    let head = target(|stream, _| without_end(stream, b"HTTP/1.1 200 OK\r\nX: "));
    nothing_to_judge(&format!("ws://{head}/"), "nothing could be judged");
    let taken = TAKEN.load(Ordering::Relaxed);
    assert!(taken < 32 << 20, "{taken} octets were taken from one connection");
}

#[test]
fn hostile_octets_stay_text() {
    let address = target(|stream, _| {
        say(
            stream,
            b"HTTP/1.1 200 <script>alert(1)</script>\x1b[31m\r\nX: <script>alert(2)</script>\x1b]0;a\x07\x00\r\n\
              Server: \x1b[2J]]>\xff\r\nContent-Length: 0\r\n\r\n",
        );
    });
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (html, junit) = (
        format!("html={}", path("a.html").display()),
        format!("junit={}", path("a.xml").display()),
    );
    let url = format!("ws://{address}/");
    let output = upspec(&["run", &url, "--color", "always", "--report", &html, "--report", &junit]);
    let shown = [output.stdout, output.stderr].concat();
    let shown = String::from_utf8_lossy(&shown).replace("\x1b[0m", "");
    for sequence in ["\x1b[31m\r", "\x1b]0;", "\x1b[2J", "\x07", "\x00"] {
        assert!(!shown.contains(sequence), "{sequence:?}");
    }
    let page = std::fs::read_to_string(path("a.html")).unwrap();
    assert!(!page.contains("<script>alert"), "the page holds a script of the target's");
    let xml = std::fs::read_to_string(path("a.xml")).unwrap();
    assert!(
        !xml.chars().any(|c| c.is_control() && !c.is_whitespace()),
        "control octets in the XML"
    );
}
