//! Writes the inputs that the fuzz targets start from, made of the corpus and the stored reports.

use std::fs;
use std::path::Path;

use upspec_corpus::Corpus;
use upspec_promises::seeds::{Material, export};

use crate::{Outcome, root};

/// Writes the seeds of every target to `fuzz/corpus`.
pub(crate) fn run(reports: &[&str]) -> Outcome {
    let folder = root().join(FOLDER);
    let corpus = Corpus::embedded().map_err(|error| vec![error.to_string()])?;
    let mut material = Material::of_corpus(&corpus);
    add_reports(&mut material, &root().join("reports"))?;
    for reports in reports {
        add_reports(&mut material, Path::new(reports))?;
    }
    let written = export(&material, &folder)
        .map_err(|error| vec![format!("{}: {error}", folder.display())])?;
    let counts: Vec<String> =
        written.iter().map(|(name, count)| format!("  {count:5}  {name}")).collect();
    Ok(format!("seeds in {FOLDER}:\n{}", counts.join("\n")))
}

/// Takes what was recorded from every report in a folder.
fn add_reports(material: &mut Material, folder: &Path) -> Result<(), Vec<String>> {
    let entries = fs::read_dir(folder);
    let entries = entries.map_err(|error| vec![format!("{}: {error}", folder.display())])?;
    for path in entries.flatten().map(|entry| entry.path()) {
        let is_json = path.extension().is_some_and(|extension| extension == "json");
        if !is_json || is_schema(&path) {
            continue;
        }
        let says = |error: String| vec![format!("{}: {error}", path.display())];
        let text = fs::read_to_string(&path).map_err(|error| says(error.to_string()))?;
        material.add_report(&text).map_err(|error| says(error.to_string()))?;
    }
    Ok(())
}

fn is_schema(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().ends_with("schema.json")
}

const FOLDER: &str = "fuzz/corpus";
