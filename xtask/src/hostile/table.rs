//! What all behaviours cost, as it is kept in `reports/HOSTILE.md`.

use std::fs;
use std::path::Path;

use crate::machine::{Machine, today};

use super::behaviours::Right;
use super::hunts::Hunted;
use super::{LARGEST, LONGEST, MOST_MEMORY, Seen};

/// The rows so far, and the most that any of them took.
#[derive(Default)]
pub(super) struct Table {
    rows: String,
    hunts: String,
    count: usize,
    seconds: f64,
    memory: u64,
    report: u64,
}

impl Table {
    /// Adds what a run against a behaviour cost, and what of that is not as it has to be.
    pub(super) fn add(&mut self, name: &str, seen: &Seen, right: Right, wrong: &[String]) {
        let seconds = seen.took.as_secs_f64();
        let count = |verdict: &str| seen.count(|case| case["verdict"] == verdict);
        let exit = seen.exit.map_or("-".to_owned(), |exit| exit.to_string());
        let (memory, report) = (seen.memory >> 20, seen.report >> 10);
        let (fails, warns, lost) = (count("fail"), count("warn"), seen.count(super::is_lost));
        let due = if wrong.is_empty() { due(right).to_owned() } else { wrong.join("; ") };
        self.rows += &format!(
            "| {name} | {exit} | {seconds:.1} | {memory} | {report} | {fails} | {warns} | {lost} | {due} |\n"
        );
        self.count += 1;
        self.seconds = self.seconds.max(seconds);
        self.memory = self.memory.max(memory);
        self.report = self.report.max(report);
    }

    /// Adds what a hunt cost.
    pub(super) fn add_hunt(&mut self, name: &str, seen: &Hunted, right: Right, wrong: &[String]) {
        let seconds = seen.took.as_secs_f64();
        let exit = seen.exit.map_or("-".to_owned(), |exit| exit.to_string());
        let (memory, played) = (seen.memory >> 20, seen.played());
        let (deaths, others) = seen.counts();
        let due = match right {
            _ if !wrong.is_empty() => wrong.join("; "),
            Right::Death => "a death, and nothing else".to_owned(),
            _ => "nobody is accused".to_owned(),
        };
        self.hunts += &format!(
            "| {name} | {exit} | {seconds:.1} | {memory} | {played} | {deaths} | {others} | {due} |\n"
        );
        self.seconds = self.seconds.max(seconds);
        self.memory = self.memory.max(memory);
    }

    /// Writes it.
    pub(super) fn write(&self, path: &Path) -> Result<(), String> {
        let Self { rows, hunts, count, seconds, memory, report } = self;
        let text = format!(
            "# What hostile peers cost\n\n\
            Written by `cargo xtask hostile` on {}: {}. Each row is a run of the whole corpus of a role against one of {count} \
            behaviours, all options as they are by default: how it ended, how long it took, the memory that it had at its peak, its JSON report, \
            and its fails, warnings, and cases that are without a verdict for another reason than that they do not apply.\n\n\
            The longest took {seconds:.1} s (the bound is {}), the largest {memory} MB ({}), and the largest report has {report} KB \
            ({}).\n\n\
            | behaviour | exit | s | MB | report, KB | fail | warn | lost | as it has to be |\n\
            |---|---|---|---|---|---|---|---|---|\n{rows}\n\
            Hunts of servers that limit, ban, are late or die: how many exchanges were begun, and how many deaths and other findings \
            came of it.\n\n\
            | behaviour | exit | s | MB | exchanges | deaths | others | as it has to be |\n\
            |---|---|---|---|---|---|---|---|\n{hunts}",
            today()?,
            Machine::this()?,
            LONGEST.as_secs(),
            MOST_MEMORY >> 20,
            LARGEST >> 10,
        );
        fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
    }
}

/// What a run has to come to, in words.
fn due(right: Right) -> &'static str {
    match right {
        Right::NotHttp => "told as no HTTP",
        Right::Fails => "accused",
        Right::Told => "accused, or told as no HTTP",
        Right::Clean => "clean, and judged",
        Right::Lost => "nobody is accused",
        Right::Remarked(_) => "nobody is accused, and the report has a remark",
        Right::Death => "a death, with its case",
        Right::DeathOf(_) => "a death, and the case that kills is among those named",
        Right::Crash => "a process that died, with its case",
    }
}
