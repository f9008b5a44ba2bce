//! What was measured, as it is kept: JSON for programs and the next run, and a table for people.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::machine::{Machine, today};

/// All that one run of the bench measured.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sheet {
    /// Always `upspec-bench`.
    format: String,
    version: u32,
    /// The day, as `2026-11-29`.
    date: String,
    machine: Machine,
    pub(super) rows: Vec<Row>,
}

/// What was measured so far. Each row is printed as it comes, beside what it was the last time.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) all: Vec<Row>,
    pub(super) last: Option<Sheet>,
}

impl Rows {
    pub(super) fn push(&mut self, row: Row) {
        println!("{}", row.told(self.last.as_ref()));
        self.all.push(row);
    }
}

/// One thing that was measured, beside another one.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Row {
    /// What it is; the next run looks for the same name.
    pub(super) name: String,
    /// What it is beside.
    pub(super) beside: String,
    pub(super) unit: Unit,
    pub(super) own: Spread,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) other: Option<Spread>,
    /// How many times as much ours is, round by round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ratio: Option<Spread>,
    /// The memory at the peak, in MB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) memory: Option<f64>,
    /// What else there is to know.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) note: String,
}

/// What the figures count.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Unit {
    /// Milliseconds by the clock on the wall.
    WallMs,
    /// Milliseconds of processor time.
    CpuMs,
    /// Nanoseconds of processor time.
    CpuNs,
}

/// The median of some rounds, and the least and the most.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Spread {
    median: f64,
    least: f64,
    most: f64,
    rounds: usize,
}

impl Spread {
    pub(super) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |place: usize| values.get(place).copied().unwrap_or_default();
        let last = values.len().saturating_sub(1);
        let rounds = values.len();
        Self {
            median: rounded(at(rounds / 2)),
            least: rounded(at(0)),
            most: rounded(at(last)),
            rounds,
        }
    }

    fn told(&self) -> String {
        let Self { median, least, most, .. } = self;
        if least == most {
            figure(*median)
        } else {
            format!("{} ({}–{})", figure(*median), figure(*least), figure(*most))
        }
    }
}

impl Row {
    /// A row without anything to stand beside.
    pub(super) fn alone(name: impl Into<String>, unit: Unit, own: Vec<f64>) -> Self {
        Self {
            name: name.into(),
            beside: String::new(),
            unit,
            own: Spread::of(own),
            other: None,
            ratio: None,
            memory: None,
            note: String::new(),
        }
    }

    /// A row beside another thing, of which there are as many rounds.
    pub(super) fn beside(self, beside: &str, own: &[f64], other: Vec<f64>) -> Self {
        let ratio = own.iter().zip(&other).map(|(own, other)| own / other.max(f64::EPSILON));
        Self {
            beside: beside.to_owned(),
            ratio: Some(Spread::of(ratio.collect())),
            other: Some(Spread::of(other)),
            ..self
        }
    }

    pub(super) fn memory(self, octets: u64) -> Self {
        let megabytes = octets as f64 / f64::from(1 << 20);
        Self { memory: (octets > 0).then(|| rounded(megabytes)), ..self }
    }

    pub(super) fn note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }

    /// One line for the terminal, with what it was the last time.
    fn told(&self, last: Option<&Sheet>) -> String {
        let mut told = format!("{:56} {} {}", self.name, self.own.told(), self.unit.told());
        if let Some(ratio) = &self.ratio {
            told += &format!(", {} times {}", ratio.told(), self.beside);
        }
        if let Some(memory) = self.memory {
            told += &format!(", {} MB", figure(memory));
        }
        let before = last.and_then(|last| last.rows.iter().find(|row| row.name == self.name));
        if let Some(before) = before {
            let was = before.ratio.as_ref().map_or_else(
                || format!("{} {}", before.own.told(), before.unit.told()),
                |ratio| format!("{} times", ratio.told()),
            );
            told += &format!("; last: {was}");
        }
        told
    }
}

impl Unit {
    fn told(self) -> &'static str {
        match self {
            Self::WallMs => "ms",
            Self::CpuMs => "ms CPU",
            Self::CpuNs => "ns CPU",
        }
    }
}

impl Sheet {
    pub(super) fn of(rows: Vec<Row>) -> Result<Self, String> {
        let (date, machine) = (today()?, Machine::this()?);
        Ok(Self { format: FORMAT.to_owned(), version: 1, date, machine, rows })
    }

    /// The latest sheet of a folder, by its name.
    pub(super) fn last(folder: &Path) -> Result<Option<Self>, String> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|one| one.path());
        let Some(path) =
            entries.filter(|path| path.extension().is_some_and(|kind| kind == "json")).max()
        else {
            return Ok(None);
        };
        let text = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let sheet = serde_json::from_slice(&text);
        sheet.map(Some).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Writes the sheet and its table; a second one of a day takes the place of the first.
    pub(super) fn write(&self, folder: &Path) -> Result<PathBuf, String> {
        let path = folder.join(format!("{}.json", self.date));
        let json = serde_json::to_string_pretty(self).map_err(|error| error.to_string())? + "\n";
        let write = || {
            fs::create_dir_all(folder)?;
            fs::write(&path, json)?;
            fs::write(folder.join("README.md"), self.table())
        };
        write().map_err(|error: std::io::Error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }

    fn table(&self) -> String {
        let mut table = format!(
            "# What upspec costs\n\n\
            Written by `cargo xtask bench` on {}: {}. Each figure is a \
            median, with the least and the most of the rounds. A ratio says how many times as much we take as what stands beside \
            us; both were taken in turns. `ms` is by the clock, `ms CPU` processor time, but by the clock below 100 ms. CONTRIBUTING.md says \
            what the rows are.\n\n\
            | what | ours | beside | ratio | memory, MB | |\n|---|---|---|---|---|---|\n",
            self.date, self.machine
        );
        for row in &self.rows {
            let other = row.other.as_ref().map_or_else(String::new, |other| {
                format!("{} {}: {}", other.told(), row.unit.told(), row.beside)
            });
            let ratio = row.ratio.as_ref().map_or_else(String::new, Spread::told);
            let memory = row.memory.map_or_else(String::new, figure);
            table += &format!(
                "| {} | {} {} | {other} | {ratio} | {memory} | {} |\n",
                row.name,
                row.own.told(),
                row.unit.told(),
                row.note
            );
        }
        table
    }
}

/// So that the stored figures have no more digits than they are worth.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

fn figure(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

const FORMAT: &str = "upspec-bench";
