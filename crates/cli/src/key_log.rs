//! The file of `SSLKEYLOGFILE`, to which the secrets of TLS are added: the library that writes it passes over what it
//! cannot write.

use std::ffi::OsStr;
use std::fs::OpenOptions;

use upspec_report::visible;

use crate::args::Command;
use crate::console;

/// Warns before a command that writes the file where it cannot be written.
pub(crate) fn check(command: &Command) {
    let named = std::env::var_os(VARIABLE).filter(|path| !path.is_empty());
    let warning = named.filter(|_| writes(command)).and_then(|path| warning(&path));
    if let Some(warning) = warning {
        console::remark(&warning);
    }
}

fn warning(path: &OsStr) -> Option<String> {
    let error = OpenOptions::new().append(true).create(true).open(path).err()?;
    let path = visible::text(&path.to_string_lossy());
    Some(format!("{VARIABLE}: cannot write {path}: {error}; no secrets of TLS are kept"))
}

/// Whether a command speaks TLS in the place of a peer.
fn writes(command: &Command) -> bool {
    match command {
        Command::Run(_) | Command::Client(_) | Command::Proxy(_) | Command::Init(_) => true,
        Command::Diff(_) | Command::Fuzz(_) | Command::Replay(_) => true,
        Command::Watch(_) | Command::Bisect(_) | Command::Serve(_) | Command::Connect(_) => true,
        Command::Chain(_) | Command::List(_) | Command::Explain(_) | Command::Baseline(_) => false,
        Command::Report(_) | Command::Judge(_) | Command::Completions { .. } => false,
    }
}

const VARIABLE: &str = "SSLKEYLOGFILE";
