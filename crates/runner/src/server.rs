//! The command that starts the target: its process group, its output, how it becomes ready, and its end.

use std::fs::File;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::connect::is_listening;
use crate::error::Error;
use crate::printed::{Printed, with_lines};
use crate::settings::{Ready, Settings};
use crate::target::Target;

/// A server that we started. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Server {
    group: Option<Group>,
    /// Set when the command has ended.
    ended: watch::Receiver<Option<ExitStatus>>,
    /// When the command ended well, something that it had started went on.
    left: Arc<AtomicBool>,
    /// The command has left a server behind and ended.
    detached: bool,
    printed: Printed,
    /// Dropping it kills the command itself.
    hold: Option<oneshot::Sender<()>>,
    /// What the processes that the command leaves behind are known by.
    mark: String,
    target: Target,
    readers: Vec<JoinHandle<()>>,
}

impl Server {
    /// Starts the command with a shell, in a process group of its own, and waits until it is ready.
    ///
    /// # Errors
    ///
    /// Says what became of the command, in a phrase with the command in it.
    pub(crate) async fn start(settings: &Settings, target: &Target) -> Result<Self, Error> {
        let command = settings.server_cmd.as_deref().unwrap_or_default();
        if !is_free(target).await {
            return Err(Error::AlreadyListening {
                target: target.to_string(),
                command: command.to_owned(),
            });
        }
        let log = settings.server_log.as_deref().map(|path| log_at(path, command)).transpose()?;
        let mut server = Self::spawn(command, target, &settings.ready, log)?;
        let until = Instant::now() + settings.ready_timeout;
        match server.wait_until_ready(settings, target, until).await {
            Ok(()) => Ok(server),
            Err(why) => {
                let why = with_lines(&why, &server.last_lines().await);
                server.kill().await;
                Err(Error::ServerCommand { command: command.to_owned(), why })
            }
        }
    }

    fn spawn(
        command: &str,
        target: &Target,
        ready: &Ready,
        log: Option<File>,
    ) -> Result<Self, Error> {
        let mut shell = Command::new("sh");
        let mark = next_mark();
        shell.args(["-c", command]).env(MARK, &mark).kill_on_drop(true);
        shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        #[cfg(unix)]
        shell.process_group(0);
        let mut child = shell.spawn().map_err(|error| Error::ServerCommand {
            command: command.to_owned(),
            why: format!("cannot be started: {error}"),
        })?;
        let group = Group::of(&child);
        let printed = Printed::waiting_for(match ready {
            Ready::Printed(text) => Some(text),
            Ready::Accepts | Ready::Port(_) => None,
        });
        if let Some(log) = log {
            printed.log_to(log);
        }
        let mut readers = Vec::new();
        readers.extend(child.stdout.take().map(|stream| printed.follow(stream)));
        readers.extend(child.stderr.take().map(|stream| printed.follow(stream)));
        let (hold, killed) = oneshot::channel();
        let left = Arc::new(AtomicBool::new(false));
        let ended = watch_over(child, killed, mark.clone(), Arc::clone(&left));
        Ok(Self {
            group,
            ended,
            left,
            detached: false,
            printed,
            hold: Some(hold),
            mark,
            target: target.clone(),
            readers,
        })
    }

    /// How the command ended, if it did and was the server itself.
    pub(crate) fn exit(&self) -> Option<ExitStatus> {
        let left = self.detached || self.left.load(Ordering::Acquire);
        if left { None } else { *self.ended.borrow() }
    }

    /// Whether the command has ended, and what serves, or served, is something that it left behind.
    pub(crate) fn leaves_behind(&mut self, serves: bool) -> bool {
        let has_ended = self.ended.borrow().is_some();
        self.detached |= has_ended && (serves || self.left.load(Ordering::Acquire));
        self.detached
    }

    /// To wait for the end of the command; nothing if it left a server behind and is over already.
    pub(crate) fn end(&self) -> Option<watch::Receiver<Option<ExitStatus>>> {
        (!self.detached).then(|| self.ended.clone())
    }

    /// The last lines that it printed. A server that has ended is given a moment to say its last words.
    pub(crate) async fn last_lines(&self) -> Vec<String> {
        if self.exit().is_some() {
            // A grandchild that holds the pipe open has nothing to do with it.
            let _ = timeout(LAST_WORDS, self.printed.ended()).await;
        }
        self.printed.last_lines()
    }

    /// Ends the process group: asks first, then kills.
    pub(crate) async fn stop(mut self) {
        if let Some(group) = &self.group {
            group.terminate();
        }
        if timeout(GRACE, over(&mut self.ended)).await.is_err() {
            tracing::debug!("the server command does not end by itself");
        }
        self.kill().await;
    }

    /// Kills the process group: what hangs does not hear anything else.
    pub(crate) async fn kill(mut self) {
        self.kill_all();
        if timeout(GRACE, over(&mut self.ended)).await.is_err() {
            tracing::debug!("the server command cannot be killed");
        }
        // Who is not ours to wait for holds the port until it is gone.
        if self.detached && !is_free(&self.target).await {
            tracing::debug!("somebody still listens at the target");
        }
    }

    fn kill_all(&mut self) {
        if let Some(group) = self.group.take() {
            group.kill();
        }
        self.hold = None;
        if self.detached {
            kill_marked(MARK, &self.mark);
        }
    }

    async fn wait_until_ready(
        &mut self,
        settings: &Settings,
        target: &Target,
        until: Instant,
    ) -> Result<(), String> {
        let seconds = settings.ready_timeout.as_secs_f32();
        let port = match &settings.ready {
            Ready::Port(port) => {
                Target { via: Some((target.place().0.to_owned(), *port)), ..target.clone() }
            }
            Ready::Accepts | Ready::Printed(_) => target.clone(),
        };
        if let Ready::Printed(text) = &settings.ready {
            let mut ended = self.ended.clone();
            tokio::select! {
                biased;
                () = self.printed.ready() => {}
                // What it printed may still be on its way.
                status = over(&mut ended) => {
                    if timeout(LAST_WORDS, self.printed.ready()).await.is_err() {
                        return Err(format!("ended ({}) and never printed `{text}`", words(status)));
                    }
                }
                () = tokio::time::sleep_until(until) => {
                    return Err(format!("does not print `{text}` within {seconds} s"));
                }
            }
        }
        while Instant::now() < until {
            // A port that is waited for may be some other service of the command.
            if is_listening(&port, PROBE).await {
                self.detached = self.ended.borrow().is_some();
                return Ok(());
            }
            let status = *self.ended.borrow();
            // A command that ends well may have left a server behind it.
            if let Some(status) = status.filter(|status| !status.success()) {
                return Err(format!("ended ({status}) and nobody listens at {}", named(&port)));
            }
            let _ = timeout_at(until, sleep(BETWEEN_PROBES)).await;
        }
        Err(format!("does not listen at {} within {seconds} s", named(&port)))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill_all();
        for reader in &self.readers {
            reader.abort();
        }
    }
}

/// The file to which what a command prints is added.
fn log_at(path: &Path, command: &str) -> Result<File, Error> {
    let file = File::options().create(true).append(true).open(path);
    file.map_err(|error| Error::ServerCommand {
        command: command.to_owned(),
        why: format!("cannot be logged to {}: {error}", path.display()),
    })
}

/// Whether nobody listens at the target, once what is ending there has ended.
async fn is_free(target: &Target) -> bool {
    let until = Instant::now() + GRACE;
    while is_listening(target, PROBE).await {
        if Instant::now() >= until {
            return false;
        }
        sleep(BETWEEN_PROBES).await;
    }
    true
}

/// A value that no other server of this machine is marked with.
pub(crate) fn next_mark() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Kills what has left the process group of its command, such as a daemon: it still has the mark.
#[cfg(target_os = "linux")]
pub(crate) fn kill_marked(variable: &str, mark: &str) {
    for process in marked(variable, mark) {
        // It fails when the process is gone, which is what we want.
        let _ = rustix::process::kill_process(process, rustix::process::Signal::KILL);
    }
}

/// The processes with a mark in their environment. One that is over and not waited for has none.
#[cfg(target_os = "linux")]
fn marked(variable: &str, mark: &str) -> impl Iterator<Item = rustix::process::Pid> {
    let mark = format!("{variable}={mark}").into_bytes();
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let has_mark = move |number: &i32| {
        let environment = std::fs::read(format!("/proc/{number}/environ")).unwrap_or_default();
        environment.split(|octet| *octet == 0).any(|pair| pair == mark)
    };
    numbers.filter(has_mark).filter_map(rustix::process::Pid::from_raw)
}

#[cfg(target_os = "linux")]
fn is_anything_marked(mark: &str) -> bool {
    marked(MARK, mark).next().is_some()
}

/// Elsewhere a daemon cannot be told from other processes.
#[cfg(not(target_os = "linux"))]
pub(crate) fn kill_marked(_variable: &str, _mark: &str) {}

#[cfg(not(target_os = "linux"))]
fn is_anything_marked(_mark: &str) -> bool {
    false
}

/// Waits for the command in a task of its own, and kills it when nobody holds the other end any more.
fn watch_over(
    mut child: Child,
    killed: oneshot::Receiver<()>,
    mark: String,
    left: Arc<AtomicBool>,
) -> watch::Receiver<Option<ExitStatus>> {
    let (tell, ended) = watch::channel(None);
    tokio::spawn(async move {
        tokio::select! {
            status = child.wait() => {
                if status.as_ref().is_ok_and(ExitStatus::success) {
                    left.store(is_anything_marked(&mark), Ordering::Release);
                }
                tell.send_replace(status.ok());
            }
            // It comes as an error: the sender is only ever dropped.
            _ = killed => {
                let _ = child.kill().await;
            }
        }
    });
    ended
}

/// Completes when the command has ended; how, if that is known.
pub(crate) async fn over(ended: &mut watch::Receiver<Option<ExitStatus>>) -> Option<ExitStatus> {
    ended.wait_for(Option::is_some).await.ok().and_then(|status| *status)
}

fn words(status: Option<ExitStatus>) -> String {
    status.map_or_else(|| "status unknown".to_owned(), |status| status.to_string())
}

/// Host and port, for messages.
fn named(target: &Target) -> String {
    match &target.via {
        Some((host, port)) => format!("{host}:{port}"),
        None => format!("{}:{}", target.host, target.port),
    }
}

/// The process group of a server: the shell and what it started.
#[cfg(unix)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group(rustix::process::Pid);

#[cfg(unix)]
impl Group {
    pub(crate) fn of(child: &Child) -> Option<Self> {
        let id = i32::try_from(child.id()?).ok()?;
        rustix::process::Pid::from_raw(id).map(Self)
    }

    pub(crate) fn terminate(&self) {
        self.signal(rustix::process::Signal::TERM);
    }

    pub(crate) fn kill(&self) {
        self.signal(rustix::process::Signal::KILL);
    }

    fn signal(&self, signal: rustix::process::Signal) {
        // It fails when the group is empty, which is what we want.
        let _ = rustix::process::kill_process_group(self.0, signal);
    }
}

/// Elsewhere the shell alone is killed, by its handle.
#[cfg(not(unix))]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group;

#[cfg(not(unix))]
impl Group {
    pub(crate) fn of(_child: &Child) -> Option<Self> {
        None
    }

    pub(crate) fn terminate(&self) {}

    pub(crate) fn kill(&self) {}
}

/// The environment variable that marks what we started.
const MARK: &str = "UPSPEC_SERVER";
/// How long it may take to end.
const GRACE: Duration = Duration::from_secs(1);
/// How long a look at the port may take.
const PROBE: Duration = Duration::from_millis(500);
/// The pause between two looks at the port.
const BETWEEN_PROBES: Duration = Duration::from_millis(20);
/// How long the output of a command may lag behind its end.
const LAST_WORDS: Duration = Duration::from_millis(500);
