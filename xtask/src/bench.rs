//! `cargo xtask bench`: what we cost beside others who do as much, as ratios with their spread: runs in every role beside a
//! bare loop of the same octets, our readers beside those of others, commands, reports, and how all of it grows. It asserts
//! nothing: a ratio is there to be read, and to be compared with the last one in `reports/bench/`.

use std::time::{Duration, Instant};

use upspec_promises::speed::Rounds;

use crate::{Outcome, root};
use sheet::{Rows, Sheet};

mod bare;
mod command;
mod growth;
mod one;
mod peers;
mod readers;
mod runs;
mod sheet;
mod silent;
mod stored;

pub(crate) use one::{Options, run as one};

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measure {
    quick: bool,
}

impl Measure {
    pub(crate) const FULL: Self = Self { quick: false };
    pub(crate) const QUICK: Self = Self { quick: true };

    /// How often a thing is done at most, and until when another round begins.
    fn bound(self) -> Bound {
        match self.quick {
            true => Bound { rounds: 2, time: Duration::from_secs(2) },
            false => Bound { rounds: 5, time: Duration::from_secs(12) },
        }
    }

    fn rounds(self) -> Rounds {
        match self.quick {
            true => Rounds { count: 3, each: Duration::from_millis(60) },
            false => Rounds { count: 7, each: Duration::from_millis(300) },
        }
    }
}

/// A bound of rounds and of time: what comes first ends the loop, but not before the first round.
#[derive(Clone, Copy, Debug)]
struct Bound {
    rounds: usize,
    time: Duration,
}

impl Bound {
    /// Does the same again and again.
    fn each<T>(self, mut once: impl FnMut() -> Result<T, String>) -> Result<Vec<T>, String> {
        let begun = Instant::now();
        let mut all = vec![once()?];
        while all.len() < self.rounds && begun.elapsed() < self.time {
            all.push(once()?);
        }
        Ok(all)
    }
}

/// One part of the bench.
type Part = fn(Measure, &mut Rows) -> Result<(), String>;

const PARTS: &[(&str, Part)] = &[
    ("readers", readers::measure),
    ("commands", command::measure),
    ("runs", runs::measure),
    ("stored reports", stored::measure),
    ("growth", growth::measure),
];

/// Measures runs against the peers whose name holds this word. Writes nothing.
pub(crate) fn of_peers(word: &str) -> Outcome {
    let mut rows = Rows { all: Vec::new(), last: last()? };
    runs::of_peers(word, Measure::FULL, &mut rows).map_err(|error| vec![error])?;
    match rows.all.len() {
        0 => Err(vec![format!("no peer of the bench has `{word}` in its name")]),
        count => Ok(format!("bench: {count} rows; nothing is written")),
    }
}

fn last() -> Result<Option<Sheet>, Vec<String>> {
    if !command::binary().is_file() {
        return Err(vec!["build it first: cargo build --release".to_owned()]);
    }
    Sheet::last(&root().join("reports/bench")).map_err(|error| vec![error])
}

/// Measures everything, prints it beside what was measured last, and writes it to `reports/bench/` unless it is quick.
pub(crate) fn suite(measure: Measure) -> Outcome {
    let (begun, mut rows) = (Instant::now(), Rows { all: Vec::new(), last: last()? });
    for (name, part) in PARTS {
        println!("--- {name}");
        part(measure, &mut rows).map_err(|error| vec![format!("{name}: {error}")])?;
    }
    let took = begun.elapsed().as_secs();
    if measure.quick {
        return Ok(format!("bench: {} rows in {took} s; nothing is written", rows.all.len()));
    }
    let sheet = Sheet::of(rows.all).map_err(|error| vec![error])?;
    let path = sheet.write(&root().join("reports/bench")).map_err(|error| vec![error])?;
    Ok(format!("bench: {} rows in {took} s, written to {}", sheet.rows.len(), path.display()))
}
