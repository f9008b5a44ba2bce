//! What is done with stored reports, beside reading their JSON and keeping nothing of it.

use std::fs;
use std::path::{Path, PathBuf};

use upspec_report::{Report, Summary};

use super::command::{here, upspec};
use super::peers::workplace;
use super::runs::read;
use super::sheet::{Row, Rows, Unit};
use super::{Bound, Measure};

pub(super) fn measure(measure: Measure, rows: &mut Rows) -> Result<(), String> {
    let (_folder, within) = workplace()?;
    let (path, out) = (within("report.json"), within("out"));
    upspec(&["run", "--quiet", "--seed", "1", "--report", &format!("json={}", path.display())])?;
    let bound = measure.bound();
    let formats: &[&str] =
        if measure.quick { &["html"] } else { &["html", "junit", "markdown", "sarif", "pcapng"] };
    for format in formats {
        let words = vec!["report".to_owned(), "render".to_owned(), path.display().to_string()];
        rows.push(row(
            &format!("render {format}"),
            words,
            &format!("{format}={}", out.display()),
            &[&path],
            bound,
        )?);
    }
    let words = vec!["judge".to_owned(), path.display().to_string()];
    rows.push(row("judge", words, &format!("json={}", out.display()), &[&path], bound)?);
    let counts: &[usize] = if measure.quick { &[1, 10] } else { &[1, 10, 100] };
    for &count in counts {
        let parts = parts(&path, count, &within)?;
        let words = ["report", "merge"].map(str::to_owned).into_iter();
        let words = words.chain(parts.iter().map(|part| part.display().to_string())).collect();
        let parts: Vec<&Path> = parts.iter().map(PathBuf::as_path).collect();
        rows.push(row(
            &format!("merge, {count} parts"),
            words,
            &format!("json={}", out.display()),
            &parts,
            bound,
        )?);
    }
    for &count in counts {
        let words = ["report", "matrix"].map(str::to_owned).into_iter();
        let peers = (0..count).map(|number| format!("peer-{number}={}", path.display()));
        let (words, parts) = (words.chain(peers).collect(), vec![path.as_path(); count]);
        rows.push(row(
            &format!("matrix, {count} targets"),
            words,
            &format!("html={}", out.display()),
            &parts,
            bound,
        )?);
    }
    Ok(())
}

/// A command beside reading the reports that it is given.
fn row(
    name: &str,
    mut words: Vec<String>,
    report: &str,
    reports: &[&Path],
    bound: Bound,
) -> Result<Row, String> {
    words.extend(["--report".to_owned(), report.to_owned()]);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut memory = 0;
    let timed = bound.each(|| {
        let spent = upspec(&words)?;
        memory = memory.max(spent.memory);
        let read = here(|| reports.iter().try_for_each(|path| ignore(path)))?;
        Ok((spent.cpu_ms(), read))
    })?;
    let (own, other): (Vec<f64>, Vec<f64>) = timed.into_iter().unzip();
    let row = Row::alone(name, Unit::CpuMs, own.clone());
    Ok(row.beside("reading the JSON", &own, other).memory(memory))
}

fn ignore(path: &Path) -> Result<(), String> {
    let text = fs::read(path).map_err(|error| error.to_string())?;
    upspec_promises::speed::read_json(&text).map_err(|error| error.to_string())
}

/// The report as so many parts of a run.
fn parts(
    path: &Path,
    count: usize,
    within: &impl Fn(&str) -> PathBuf,
) -> Result<Vec<PathBuf>, String> {
    let whole = read(path)?;
    let part = |number: usize| {
        let cases = whole.cases.iter().enumerate().filter(|(at, _)| at % count == number);
        let cases: Vec<_> = cases.map(|(_, case)| case.clone()).collect();
        let part = Report { summary: Summary::of(&cases), cases, ..whole.clone() };
        let path = within(&format!("part-{count}-{number}.json"));
        let json = serde_json::to_vec_pretty(&part).map_err(|error| error.to_string())?;
        fs::write(&path, json).map_err(|error| error.to_string())?;
        Ok(path)
    };
    (0..count).map(part).collect()
}
