//! The command that starts the target: its process group, its port, its end.
//! Does not read what the command prints.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use crate::connect::is_listening;
use crate::error::Error;
use crate::target::Target;

/// A server that we started. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    group: Option<Group>,
}

impl Server {
    /// Starts the command with a shell, in a process group of its own, and waits until the target
    /// accepts connections.
    ///
    /// # Errors
    ///
    /// Says what became of the command, in a phrase with the command in it.
    pub(crate) async fn start(command: &str, target: &Target) -> Result<Self, Error> {
        if is_listening(target, PROBE).await {
            return Err(Error::AlreadyListening {
                target: target.to_string(),
                command: command.to_owned(),
            });
        }
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).kill_on_drop(true);
        shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        #[cfg(unix)]
        shell.process_group(0);
        let child =
            shell.spawn().map_err(|e| failed(command, format!("cannot be started: {e}")))?;
        let group = Group::of(&child);
        let mut server = Self { child, group };
        server.wait_for_port(command, target).await?;
        Ok(server)
    }

    /// Ends the process group: asks first, then kills.
    pub(crate) async fn stop(mut self) {
        if let Some(group) = &self.group {
            group.terminate();
        }
        if timeout(GRACE, self.child.wait()).await.is_err() {
            tracing::debug!("the server command does not end by itself");
        }
        if let Some(group) = self.group.take() {
            group.kill();
        }
        if let Err(error) = self.child.kill().await {
            tracing::debug!(%error, "the server command cannot be killed");
        }
    }

    async fn wait_for_port(&mut self, command: &str, target: &Target) -> Result<(), Error> {
        let until = Instant::now() + START;
        while Instant::now() < until {
            if is_listening(target, PROBE).await {
                return Ok(());
            }
            // A command that ends well may have left a server behind it.
            match self.child.try_wait() {
                Ok(Some(status)) if !status.success() => {
                    let why = format!("ended ({status}) and nobody listens at {target}");
                    return Err(failed(command, why));
                }
                Ok(_) => {}
                Err(error) => return Err(failed(command, format!("cannot be watched: {error}"))),
            }
            sleep(BETWEEN_PROBES).await;
        }
        let why = format!("does not listen at {target} after {} s", START.as_secs());
        Err(failed(command, why))
    }
}

fn failed(command: &str, why: String) -> Error {
    Error::ServerCommand { command: command.to_owned(), why }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(group) = self.group.take() {
            group.kill();
        }
    }
}

/// The process group of a server: the shell and what it started.
#[cfg(unix)]
#[derive(Debug)]
struct Group(rustix::process::Pid);

#[cfg(unix)]
impl Group {
    fn of(child: &Child) -> Option<Self> {
        let id = i32::try_from(child.id()?).ok()?;
        rustix::process::Pid::from_raw(id).map(Self)
    }

    fn terminate(&self) {
        self.signal(rustix::process::Signal::TERM);
    }

    fn kill(self) {
        self.signal(rustix::process::Signal::KILL);
    }

    fn signal(&self, signal: rustix::process::Signal) {
        // It fails when the group is empty, which is what we want.
        let _ = rustix::process::kill_process_group(self.0, signal);
    }
}

/// Elsewhere the shell alone is killed, by its handle.
#[cfg(not(unix))]
#[derive(Debug)]
struct Group;

#[cfg(not(unix))]
impl Group {
    fn of(_child: &Child) -> Option<Self> {
        None
    }

    fn terminate(&self) {}

    fn kill(self) {}
}

/// How long a server may take until it listens.
const START: Duration = Duration::from_secs(10);
/// How long it may take to end.
const GRACE: Duration = Duration::from_secs(1);
/// How long a look at the port may take.
const PROBE: Duration = Duration::from_millis(500);
/// The pause between two looks at the port.
const BETWEEN_PROBES: Duration = Duration::from_millis(20);
