//! Where and when something was measured.

use std::process::Command;
use std::{fmt, fs};

use serde::{Deserialize, Serialize};

/// Where it was measured.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Machine {
    cpu: String,
    cores: usize,
    kernel: String,
    rustc: String,
    /// How many processes wanted a core in the minute before the end: what is more than the cores disturbs the times.
    load: String,
}

impl Machine {
    /// This one, now.
    pub(crate) fn this() -> Result<Self, String> {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let cpus = read("/proc/cpuinfo");
        let cpu = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split(':').nth(1));
        Ok(Self {
            cpu: cpu.unwrap_or("unknown processor").trim().to_owned(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            rustc: said("rustc", &["--version"])?,
            load: read("/proc/loadavg").split(' ').next().unwrap_or_default().to_owned(),
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cpu, cores, kernel, rustc, load } = self;
        write!(f, "{cpu}, {cores} cores, Linux {kernel}, {rustc}, load {load}")
    }
}

/// The day, as `2026-11-29`.
pub(crate) fn today() -> Result<String, String> {
    said("date", &["+%F"])
}

fn said(program: &str, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(program).args(arguments).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
