//! Hunts of targets that limit, ban, are late or die: none of them is accused of a limit, and a death is told.

use std::fmt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::runtime::Runtime;

use super::behaviours::{BEHAVIOURS, Behaviour, Do, FIRST, Over, Right};
use super::peer::Peer;
use super::{LONGEST, MOST_MEMORY, watched};

/// The servers of the table that are hunted as well: those in order, with what limits them, and those that die.
const HUNTED: [&str; 19] = [
    "limit: five at once, others get 503",
    "limit: five at once, others are closed",
    "limit: five at once, others are reset",
    "limit: 50 a second, others get 429",
    "limit: 50 a second, others get 503",
    "limit: one at a time, others wait",
    "limit: work of 50 ms each",
    "limit: banned for ever",
    "limit: banned for 10 s",
    "limit: banned for ever with 429",
    "limit: banned for ever and closed",
    "one in ten is mute",
    "one in ten is closed",
    "one in ten is reset",
    "one in seven is late by 1.5 s",
    "late by 400 ms",
    "late by 20 ms",
    "dies",
    "hangs",
];

/// A server that a request kills, as few do.
const FRAIL: Behaviour = Behaviour {
    name: "dies of a POST",
    over: Over::Tcp,
    from: FIRST,
    does: &[Do::If(b"POST ", &[Do::Die(None)])],
    right: Right::Death,
};

/// All servers that are hunted.
pub(super) fn all() -> impl Iterator<Item = &'static Behaviour> {
    let known = BEHAVIOURS.iter().filter(|behaviour| HUNTED.contains(&behaviour.name));
    known.chain(std::iter::once(&FRAIL))
}

/// What a hunt cost, and how it ended.
pub(super) struct Hunted {
    pub(super) exit: Option<i32>,
    pub(super) took: Duration,
    /// Octets at the peak.
    pub(super) memory: u64,
    state: Value,
}

impl Hunted {
    fn findings(&self) -> &[Value] {
        self.state["findings"].as_array().map_or(&[], Vec::as_slice)
    }

    /// How many findings are deaths, and how many are not.
    pub(super) fn counts(&self) -> (usize, usize) {
        let deaths = self.findings().iter().filter(|one| one["kind"] == "death").count();
        (deaths, self.findings().len() - deaths)
    }

    /// How many exchanges were begun.
    pub(super) fn played(&self) -> u64 {
        self.state["next"].as_u64().unwrap_or(0)
    }

    /// What is not as it has to be.
    pub(super) fn wrong(&self, right: Right) -> Vec<String> {
        let mut wrong = Vec::new();
        if self.took > LONGEST {
            wrong.push(format!("took more than {} s", LONGEST.as_secs()));
        }
        if self.memory > MOST_MEMORY {
            wrong.push(format!("took more than {} MB", MOST_MEMORY >> 20));
        }
        let (deaths, others) = self.counts();
        let is_right = match right {
            Right::Death => self.exit == Some(1) && deaths == 1 && others == 0,
            _ => self.exit == Some(0) && deaths + others == 0 && self.played() >= ENOUGH,
        };
        if !is_right {
            wrong.push(format!("exit {:?}, {deaths} deaths, {others} others", self.exit));
        }
        wrong
    }
}

impl fmt::Display for Hunted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exit = self.exit.map_or("-".to_owned(), |exit| exit.to_string());
        let (took, memory) = (self.took.as_secs_f64(), self.memory >> 20);
        let ((deaths, others), played) = (self.counts(), self.played());
        write!(f, "{exit:>5} {took:>7.1} {memory:>6} {played:>9} {deaths:>5} {others:>5}")
    }
}

/// Hunts one of them.
pub(super) fn hunted(
    runtime: &Runtime,
    binary: &Path,
    behaviour: &'static Behaviour,
) -> std::io::Result<Hunted> {
    let folder = tempfile::tempdir()?;
    let peer = runtime.block_on(Peer::bind(behaviour, None))?;
    let (url, state) = (format!("ws://{}/chat", peer.addr()), folder.path().join("state.json"));
    let serving = runtime.spawn(peer.run());
    let mut command = Command::new(binary);
    command.args(["fuzz", &url, "--quiet", "--seed", "1", "--runs", RUNS, "--time", TIME]);
    command.arg("--state").arg(&state).arg("--out").arg(folder.path().join("found"));
    let begun = Instant::now();
    let (exit, memory) = watched(&mut command, begun)?;
    serving.abort();
    let (took, text) = (begun.elapsed(), std::fs::read(&state).unwrap_or_default());
    Ok(Hunted { exit, took, memory, state: serde_json::from_slice(&text).unwrap_or_default() })
}

/// How many exchanges a hunt has at most, and how much time; what is late and limited leaves room for few.
const RUNS: &str = "2000";
const TIME: &str = "25s";
/// How many it has at least.
const ENOUGH: u64 = 100;
