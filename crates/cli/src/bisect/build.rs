//! Builds a commit: a command in a folder, with an end in sight.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, ChildStdout, Command};

use crate::signals;

/// Builds, or says why it could not be built, with the last line that the command printed.
pub(super) async fn build(command: &str, folder: &Path, most: Duration) -> Result<(), String> {
    let mut shell = Command::new("sh");
    // Both streams go into one pipe, in their order.
    shell.args(["-c", &format!("exec 2>&1\n{command}")]).current_dir(folder);
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    #[cfg(unix)]
    shell.process_group(0);
    let mut child =
        shell.spawn().map_err(|error| format!("`{command}` cannot be started: {error}"))?;
    let group = child.id();
    let ended = tokio::select! {
        ended = ended(&mut child) => ended,
        () = tokio::time::sleep(most) => {
            Err(format!("`{command}` takes longer than {} s", most.as_secs_f32()))
        }
        () = signals::told() => Err("interrupted".to_owned()),
    };
    // Whatever it left running would hold files of the work tree.
    kill(group);
    ended.map_err(|why| format!("it does not build: {why}"))
}

async fn ended(child: &mut Child) -> Result<(), String> {
    let mut last = Vec::new();
    let mut stream = child.stdout.take();
    let status = {
        let reading = read(&mut stream, &mut last);
        let mut reading = std::pin::pin!(reading);
        let status = tokio::select! {
            () = &mut reading => child.wait().await,
            status = child.wait() => {
                // What it left running may hold the pipe open.
                let _ = tokio::time::timeout(LAST_WORDS, reading).await;
                status
            }
        };
        status.map_err(|error| error.to_string())?
    };
    let text = String::from_utf8_lossy(&last);
    let line = text.lines().rev().find(|line| !line.trim().is_empty());
    match (status.success(), line) {
        (true, _) => Ok(()),
        (false, Some(line)) => Err(format!("{status}; it printed: {}", line.trim())),
        (false, None) => Err(status.to_string()),
    }
}

/// Reads to the end, and keeps what came last.
async fn read(stream: &mut Option<ChildStdout>, last: &mut Vec<u8>) {
    let Some(stream) = stream else { return };
    let mut chunk = vec![0; CHUNK];
    while let Ok(read @ 1..) = stream.read(&mut chunk).await {
        last.extend_from_slice(&chunk[..read]);
        let surplus = last.len().saturating_sub(KEPT);
        last.drain(..surplus);
    }
}

#[cfg(unix)]
fn kill(group: Option<u32>) {
    use rustix::process::{Pid, Signal, kill_process_group};

    let id = group.and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(id) = id {
        // It fails when the group is empty, which is what we want.
        let _ = kill_process_group(id, Signal::KILL);
    }
}

/// Elsewhere the shell alone is killed, by its handle.
#[cfg(not(unix))]
fn kill(_group: Option<u32>) {}

/// How much is read at a time, and kept of what came last.
const CHUNK: usize = 8192;
const KEPT: usize = 16384;
/// How long its output may lag behind its end.
const LAST_WORDS: Duration = Duration::from_millis(500);
