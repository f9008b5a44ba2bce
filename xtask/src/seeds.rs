//! Writes the inputs that the fuzz targets start from: what the corpus and the stored reports have.
//! Never writes into a folder that git keeps.

use std::fs;
use std::path::Path;

use upspec_corpus::Corpus;
use upspec_promises::seeds::{Material, export};

use crate::{Outcome, root};

/// Writes the seeds of every target to `fuzz/corpus`.
pub(crate) fn run() -> Outcome {
    let folder = root().join(FOLDER);
    let corpus = Corpus::embedded().map_err(|error| vec![error.to_string()])?;
    let mut material = Material::of_corpus(&corpus);
    add_reports(&mut material)?;
    let written = export(&material, &folder)
        .map_err(|error| vec![format!("{}: {error}", folder.display())])?;
    let counts: Vec<String> =
        written.iter().map(|(name, count)| format!("  {count:5}  {name}")).collect();
    Ok(format!("seeds in {FOLDER}:\n{}", counts.join("\n")))
}

/// Takes the exchanges of every report in `reports/`.
fn add_reports(material: &mut Material) -> Result<(), Vec<String>> {
    for entry in fs::read_dir(root().join("reports")).into_iter().flatten().flatten() {
        let path = entry.path();
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
