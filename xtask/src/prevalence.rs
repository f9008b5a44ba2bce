//! Makes the built-in figures of a role anew, from the reports of runs against many peers.

use std::path::Path;

use upspec_corpus::Corpus;
use upspec_report::{Matrix, Prevalence, Report, Tool};

use crate::{Outcome, root};

/// Reads the reports, each named after its file, and writes the figures.
pub(crate) fn run(paths: &[&str]) -> Outcome {
    let corpus = Corpus::embedded().map_err(|problem| vec![problem.to_string()])?;
    let mut made: Option<Matrix> = None;
    for path in paths {
        let text = std::fs::read_to_string(path).map_err(|why| vec![format!("{path}: {why}")])?;
        let report = Report::read(&text).map_err(|why| vec![format!("{path}: {why}")])?;
        let tool = Tool { version: String::new(), corpus: String::new() };
        let matrix = made.get_or_insert_with(|| Matrix::new(tool, report.target.role));
        if matrix.role != report.target.role {
            return Err(vec![format!("{path} is about another role than the first report")]);
        }
        let name = Path::new(path).file_stem().unwrap_or_default().to_string_lossy();
        matrix.add(name.into_owned(), report);
    }
    let Some(mut matrix) = made else { return Err(vec!["no report".to_owned()]) };
    matrix.finish(&corpus);
    let figures = Prevalence::of_matrix(&matrix);
    let place = root().join(format!("crates/report/prevalence/{}.json", matrix.role));
    std::fs::write(&place, figures.json()).map_err(|why| vec![why.to_string()])?;
    Ok(format!(
        "{}: {}, {} rules, {} examples",
        place.display(),
        matrix.peers_word(),
        figures.rules.len(),
        figures.cases.len()
    ))
}
