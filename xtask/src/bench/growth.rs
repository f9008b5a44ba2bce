//! How time and memory grow with ten and a hundred times the cases, and with targets: each size beside ten times the one
//! before, so that 1 is growth in step.

use std::fs;
use std::path::{Path, PathBuf};

use super::command::{milliseconds, upspec};
use super::peers::{reference, workplace};
use super::sheet::{Row, Rows, Unit};
use super::{Bound, Measure};
use crate::root;

pub(super) fn measure(measure: Measure, rows: &mut Rows) -> Result<(), String> {
    let (_folder, within) = workplace()?;
    cases(measure, &within, rows)?;
    targets(measure, &within, rows)
}

/// A command, said in words of which some stand for paths.
type Words = &'static [&'static str];

/// The commands that read case folders or the reports of many cases.
const COMMANDS: &[(&str, Words)] = &[
    ("list", &["list", "--cases", CASES]),
    ("explain", &["explain", "--cases", CASES, "user/server/key-1/missing"]),
    (
        "run",
        &[
            "run",
            URL,
            "--cases",
            CASES,
            "--only",
            "user/server",
            "--seed",
            "1",
            "--quiet",
            "--report",
            WRITE,
        ],
    ),
    ("judge", &["judge", READ, "--cases", CASES, "--quiet", "--report", "json=OUT"]),
    ("render html", &["report", "render", READ, "--report", "html=OUT"]),
    ("compare", &["report", "compare", READ, READ, "--quiet"]),
    ("matrix", &["report", "matrix", READ, "--cases", CASES, "--quiet", "--report", "html=OUT"]),
];
const CASES: &str = "CASES";
const URL: &str = "URL";
const READ: &str = "REPORT";
const WRITE: &str = "json=REPORT";

fn cases(
    measure: Measure,
    within: &impl Fn(&str) -> PathBuf,
    rows: &mut Rows,
) -> Result<(), String> {
    let peer = reference()?;
    let url = format!("ws://{}/chat", peer.address);
    let sizes: &[usize] = if measure.quick { &[3, 31] } else { &[3, 31, 313] };
    let mut grown = vec![Grown::default(); COMMANDS.len()];
    for &size in sizes {
        let folder = within(&format!("cases-{size}"));
        let count = copies(&folder, size)?;
        let report = within(&format!("cases-{size}.json"));
        let fill = |word: &&str| {
            let word = word.replace(CASES, &folder.to_string_lossy()).replace(URL, &url);
            let word = word.replace(READ, &report.to_string_lossy());
            word.replace("OUT", &within("out").to_string_lossy())
        };
        for ((name, words), grown) in COMMANDS.iter().zip(&mut grown) {
            let words: Vec<String> = words.iter().map(fill).collect();
            let name = format!("{name}, {count} cases");
            rows.push(grown.next(name, &words, bound(measure))?);
        }
    }
    Ok(())
}

/// A folder with so many copies of a topic of the corpus, each of which has cases of its own; how many cases those are.
fn copies(folder: &Path, count: usize) -> Result<usize, String> {
    let text = fs::read_to_string(root().join("cases/server/key.toml"));
    let text = text.map_err(|error| error.to_string())?;
    let server = folder.join("server");
    fs::create_dir_all(&server).map_err(|error| error.to_string())?;
    for number in 1..=count {
        let path = server.join(format!("key-{number}.toml"));
        fs::write(path, &text).map_err(|error| error.to_string())?;
    }
    Ok(count * text.matches("[[case]]").count())
}

/// Matrices and comparisons of ever more targets, whose reports are slim, and the history of as many runs.
fn targets(
    measure: Measure,
    within: &impl Fn(&str) -> PathBuf,
    rows: &mut Rows,
) -> Result<(), String> {
    let (report, history) = (within("slim.json"), within("history"));
    let (json, past) = (format!("json={}", report.display()), history.display().to_string());
    upspec(&["run", "--quiet", "--slim", "--seed", "1", "--report", &json, "--history", &past])?;
    let line = fs::read_to_string(&history).map_err(|error| error.to_string())?;
    let counts: &[usize] = if measure.quick { &[10, 100] } else { &[10, 100, 1000] };
    let (mut matrix, mut runs) = (Grown::default(), Grown::default());
    let out = format!("html={}", within("out").display());
    for &count in counts {
        let mut words =
            vec!["report".to_owned(), "matrix".to_owned(), "--report".to_owned(), out.clone()];
        words.extend((0..count).map(|number| format!("peer-{number}={}", report.display())));
        rows.push(matrix.next(format!("matrix, {count} slim targets"), &words, bound(measure))?);
        fs::write(&history, line.repeat(count)).map_err(|error| error.to_string())?;
        let words = ["report".to_owned(), "history".to_owned(), past.clone()];
        rows.push(runs.next(format!("history, {count} runs"), &words, bound(measure))?);
    }
    Ok(())
}

/// A command as it grows.
#[derive(Clone, Default)]
struct Grown {
    /// What ten times the size before would take.
    before: Option<f64>,
}

impl Grown {
    fn next(&mut self, name: String, words: &[String], bound: Bound) -> Result<Row, String> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut memory = 0;
        let times = bound.each(|| {
            let spent = upspec(&words)?;
            memory = memory.max(spent.memory);
            // The clock of processor time tells steps of 10 ms only.
            let is_short = spent.cpu.as_millis() < 100;
            Ok(if is_short { milliseconds(spent.wall) } else { spent.cpu_ms() })
        })?;
        let least = times.iter().copied().fold(f64::INFINITY, f64::min);
        let row = Row::alone(name, Unit::CpuMs, times.clone()).memory(memory);
        let row = match self.before.replace(10.0 * least) {
            None => row,
            Some(before) => {
                let other = vec![before; times.len()];
                row.beside("ten times the size before", &times, other)
            }
        };
        Ok(row)
    }
}

fn bound(measure: Measure) -> Bound {
    let bound = measure.bound();
    Bound { rounds: bound.rounds.min(3), time: bound.time / 3 }
}
