//! Connections that somebody else opens: each is announced as a line with its case and its URL, for a test suite that
//! reads them, or for a client that is driven by hand.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde_json::json;
use tokio::sync::{mpsc, watch};
use upspec_runner::{Call, Started, Starter};

/// Writes down what is to be opened.
pub(crate) struct Plan {
    out: Mutex<Box<dyn Write + Send>>,
}

impl Plan {
    /// Writes to this file, or to standard output for `-`.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        let out: Box<dyn Write + Send> = match path.to_str() {
            Some("-") => Box::new(io::stdout()),
            _ => Box::new(File::create(path)?),
        };
        Ok(Self { out: Mutex::new(out) })
    }
}

impl Starter for Plan {
    fn start(&self, call: &Call) -> Result<Started, String> {
        let url = String::from_utf8_lossy(&call.url);
        let line = json!({ "case": call.case, "url": url, "ca": call.ca });
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let written = writeln!(out, "{line}").and_then(|()| out.flush());
        drop(out);
        written.map_err(|error| format!("cannot write the plan: {error}"))?;
        // Nobody reports, and nobody is seen to end.
        let (_, reports) = mpsc::channel(1);
        let (hold, ended) = watch::channel(None);
        Ok(Started { reports, ended, last_lines: Box::new(Vec::new), hold: Box::new(hold) })
    }

    fn takes_ca(&self) -> bool {
        true
    }
}
