//! The targets of runs: the reference server as a process of its own, the real servers that `targets/install.sh` sets up,
//! and one that is silent on what is malformed. All listen on loopback, and end with their `Peer`.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{command, silent};
use crate::root;

/// A server that runs.
pub(super) struct Peer {
    pub(super) name: &'static str,
    pub(super) address: SocketAddr,
    processes: Vec<Child>,
    /// Where it writes; it is held until the end.
    folder: Option<tempfile::TempDir>,
    /// What serves in this process.
    serving: Option<tokio::runtime::Runtime>,
}

impl Peer {
    /// Whether it says nothing to much of what it is sent.
    pub(super) fn is_silent(&self) -> bool {
        self.serving.is_some()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        for process in self.processes.iter_mut().rev() {
            // As nginx wants to be asked, which has a process of its own to end.
            let _ = Command::new("kill").arg(process.id().to_string()).status();
            let _ = process.wait();
        }
    }
}

/// Starts a peer; `None` when its software is not installed.
pub(super) type Start = fn() -> Result<Option<Peer>, String>;

pub(super) const SERVERS: &[(&str, Start)] = &[
    ("reference server", || reference().map(Some)),
    ("node-ws", node_ws),
    ("nginx before node-ws", nginx),
    ("silent on what is malformed", || silent_one().map(Some)),
];

pub(super) fn reference() -> Result<Peer, String> {
    let port = free()?;
    let mut command = Command::new(command::binary());
    command.args(["serve", "--listen", &port.to_string()]);
    started("reference server", port, &mut command)
}

/// Where node finds `ws`, if it was installed.
fn modules() -> Option<PathBuf> {
    let modules = root().join("target/servers/node-ws/node_modules");
    modules.join("ws").is_dir().then_some(modules)
}

/// The command of a client on `ws`, as `--cmd` takes it.
pub(super) fn node_client() -> Option<String> {
    let (modules, script) = (modules()?, root().join("targets/node-ws/client.js"));
    Some(format!("env 'NODE_PATH={}' node '{}' {{url}}", modules.display(), script.display()))
}

fn node_ws() -> Result<Option<Peer>, String> {
    let Some(modules) = modules() else { return Ok(None) };
    let port = free()?;
    let mut command = Command::new("node");
    command.arg(root().join("targets/node-ws/server.js"));
    command.env("PORT", port.port().to_string()).env("NODE_PATH", modules);
    started("node-ws", port, &mut command).map(Some)
}

fn nginx() -> Result<Option<Peer>, String> {
    let Some(mut origin) = node_ws()? else { return Ok(None) };
    let Some(mut peer) = nginx_before("nginx before node-ws", origin.address)? else {
        return Ok(None);
    };
    peer.processes.splice(0..0, std::mem::take(&mut origin.processes));
    Ok(Some(peer))
}

/// An nginx that forwards to this origin.
pub(super) fn nginx_before(name: &'static str, origin: SocketAddr) -> Result<Option<Peer>, String> {
    let program = [Path::new("/usr/sbin/nginx"), Path::new("/usr/bin/nginx")];
    let Some(program) = program.into_iter().find(|path| path.is_file()) else { return Ok(None) };
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let (port, other) = (free()?, free()?);
    let template = root().join("targets/nginx/nginx.conf.in");
    let template = fs::read_to_string(&template).map_err(|error| error.to_string())?;
    let filled = template
        .replace("@PORT@", &port.port().to_string())
        .replace("@H2_PORT@", &other.port().to_string())
        .replace("@ORIGIN@", &origin.port().to_string())
        .replace("@DIR@", &folder.path().to_string_lossy());
    let config = folder.path().join("nginx.conf");
    fs::write(&config, filled).map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    command.arg("-e").arg(folder.path().join("error.log")).arg("-c").arg(config);
    let mut peer = started(name, port, &mut command)?;
    peer.folder = Some(folder);
    Ok(Some(peer))
}

fn silent_one() -> Result<Peer, String> {
    let mut behind = reference()?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    let listener = runtime.block_on(tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
    let listener = listener.map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    runtime.spawn(silent::serve(listener, behind.address));
    Ok(Peer {
        name: "silent on what is malformed",
        address,
        processes: std::mem::take(&mut behind.processes),
        folder: None,
        serving: Some(runtime),
    })
}

/// Starts a process, and waits until it listens.
fn started(name: &'static str, address: SocketAddr, command: &mut Command) -> Result<Peer, String> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let process = command.spawn().map_err(|error| format!("{name}: {error}"))?;
    let mut peer = Peer { name, address, processes: vec![process], folder: None, serving: None };
    let begun = Instant::now();
    while TcpStream::connect(address).is_err() {
        let has_ended = peer.processes.iter_mut().any(|one| !matches!(one.try_wait(), Ok(None)));
        if has_ended || begun.elapsed() > STARTING {
            return Err(format!("{name} does not listen on {address}"));
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
    Ok(peer)
}

/// A port that nobody listens on.
pub(super) fn free() -> Result<SocketAddr, String> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| error.to_string())?;
    listener.local_addr().map_err(|error| error.to_string())
}

/// A folder for what a part of the bench writes; it goes with it.
pub(super) fn workplace() -> Result<(tempfile::TempDir, impl Fn(&str) -> PathBuf + use<>), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let path = folder.path().to_owned();
    Ok((folder, move |name: &str| path.join(name)))
}

const STARTING: Duration = Duration::from_secs(20);
