//! What the tests of the command share: calls of the binary, and targets that misbehave.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU8, AtomicU16, Ordering};

use serde_json::Value;

/// The command under test.
pub(crate) const BIN: &str = env!("CARGO_BIN_EXE_upspec");

/// What a shell makes of a line in a folder, with `$BIN` for the command.
pub(crate) fn shell(line: &str, folder: &Path) -> Output {
    let mut command = Command::new("sh");
    // No configuration of whoever runs the tests gets in.
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    command.args(["-c", line]).env("BIN", BIN).current_dir(folder).output().unwrap()
}

/// A free address of loopback; nobody listens there. It lies below the ports that systems give to who asks for none,
/// so that no other test is given it meanwhile.
pub(crate) fn free_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = u16::try_from(std::process::id() % 500).unwrap() * 20;
    let ports = std::iter::repeat_with(|| {
        20_000 + own.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000
    });
    let listeners = ports.take(10_000).map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)));
    listeners.flatten().next().unwrap().local_addr().unwrap()
}

/// The same, which stays free: where loopback has many hosts, it is on one of its own, whose ports no connection of
/// another test goes out from.
pub(crate) fn own_address() -> SocketAddr {
    if !cfg!(target_os = "linux") {
        return free_address();
    }
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    let host = Ipv4Addr::new(127, NEXT.fetch_add(1, Ordering::Relaxed).max(1), high, low | 1);
    TcpListener::bind((host, 0)).unwrap().local_addr().unwrap()
}

/// A free port of loopback.
pub(crate) fn free_port() -> u16 {
    free_address().port()
}

/// Calls the command, in a folder where the reports may land that nobody asked for, and waits for its end.
pub(crate) fn upspec(arguments: &[&str]) -> Output {
    let mut command = Command::new(BIN);
    command.args(arguments).current_dir(env!("CARGO_TARGET_TMPDIR")).output().unwrap()
}

/// Runs the corpus against a target; the exit code, the report, and what went to standard error.
pub(crate) fn run(url: &str, folder: &Path, more: &[&str]) -> (i32, Value, String) {
    let path = folder.join("report.json");
    let wish = format!("json={}", path.display());
    let mut arguments =
        vec!["run", url, "--seed", "1", "--jobs", "64", "--quiet", "--report", &wish];
    arguments.extend(more);
    arguments.retain(|argument| !argument.is_empty());
    let output = upspec(&arguments);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("no report: {error}"));
    (output.status.code().unwrap(), serde_json::from_str(&report).unwrap(), error)
}

/// The reference server as a process of its own; it ends with this value.
pub(crate) struct Served {
    child: Child,
    pub(crate) url: String,
}

impl Served {
    pub(crate) fn conforming() -> Self {
        Self::start(&[])
    }

    pub(crate) fn with_fault(name: &str) -> Self {
        Self::start(&["--fault", name])
    }

    pub(crate) fn start(more: &[&str]) -> Self {
        let mut child = Command::new(BIN)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, url: line.trim().to_owned() }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A target that does this with every connection, after it has read a request head if `reads`.
pub(crate) fn target(answer: fn(TcpStream, &[u8])) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let (stream, head) = request(stream);
                answer(stream, &head);
            });
        }
    });
    address
}

/// Reads up to the first empty line, or to the end.
fn request(mut stream: TcpStream) -> (TcpStream, Vec<u8>) {
    let mut head = Vec::new();
    let mut chunk = [0; 4096];
    let mut is_whole = false;
    while !is_whole {
        // What was looked at before is not looked at again: some heads are long.
        let new = head.len().saturating_sub(3);
        match stream.read(&mut chunk) {
            Ok(read) if read > 0 => head.extend_from_slice(&chunk[..read]),
            _ => break,
        }
        is_whole = head[new..].windows(4).any(|four| four == b"\r\n\r\n");
    }
    (stream, head)
}

/// Writes and leaves; a peer that is gone is no matter.
pub(crate) fn say(mut stream: TcpStream, octets: &[u8]) {
    let _ = stream.write_all(octets);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let _ = stream.read(&mut [0; 1024]);
}
