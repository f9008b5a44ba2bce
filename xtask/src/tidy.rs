//! The house rules as a check: crate edges, features, file sizes, first lines, stray white space.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{Outcome, root};

mod features;

/// Checks all house rules and lists every breach.
pub(crate) fn run() -> Outcome {
    let root = root();
    let mut problems = Vec::new();
    let manifests = manifests(&root);
    let edges = edges(&fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap_or_default());
    for (name, path) in &manifests {
        check_edges(name, path, &edges, &mut problems);
    }
    for name in edges.keys().filter(|name| !manifests.contains_key(*name)) {
        problems.push(format!(
            "ARCHITECTURE.md: the table of edges has a crate `{name}`, which is not there"
        ));
    }
    features::check(&root, &packages(&manifests), &mut problems);
    let mut files = Vec::new();
    for folder in ["crates", "xtask", "fuzz"] {
        rust_files(&root.join(folder), &mut files);
    }
    for file in &files {
        check_file(&root, file, &mut problems);
    }
    if problems.is_empty() {
        Ok(format!("tidy: {} crates and {} files are in order", manifests.len(), files.len()))
    } else {
        Err(problems)
    }
}

/// The longest that a source file may be, in lines.
const MOST_LINES: usize = 500;

/// Which crate of the workspace may depend on which, as the table in ARCHITECTURE.md has it: on the left
/// the crates, on the right what they may use. Dev-dependencies are free.
fn edges(architecture: &str) -> BTreeMap<String, Vec<String>> {
    let section = architecture.split(EDGES).nth(1).unwrap_or_default();
    let section = section.split("\n#").next().unwrap_or_default();
    let names = |cell: &str| -> Vec<String> {
        cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    let mut edges = BTreeMap::new();
    for row in section.lines().filter(|line| line.starts_with("| `")) {
        let [_, crates, on, ..] = row.split('|').collect::<Vec<_>>()[..] else { continue };
        edges.extend(names(crates).into_iter().map(|name| (name, names(on))));
    }
    edges
}

/// The heading of the table of edges.
const EDGES: &str = "### Who may depend on whom";

fn manifests(root: &Path) -> BTreeMap<String, PathBuf> {
    let mut manifests = BTreeMap::new();
    for folder in ["xtask", "fuzz"] {
        manifests.insert(folder.to_owned(), root.join(folder).join("Cargo.toml"));
    }
    for entry in fs::read_dir(root.join("crates")).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        manifests.insert(name, entry.path().join("Cargo.toml"));
    }
    manifests
}

/// The packages of the workspace, by the name that cargo knows them under.
fn packages(manifests: &BTreeMap<String, PathBuf>) -> Vec<String> {
    let ours = manifests.keys().filter(|name| *name != "fuzz");
    ours.map(|name| if name == "xtask" { name.clone() } else { format!("upspec-{name}") }).collect()
}

fn check_edges(
    name: &str,
    path: &Path,
    edges: &BTreeMap<String, Vec<String>>,
    problems: &mut Vec<String>,
) {
    let text = fs::read_to_string(path).unwrap_or_default();
    let Ok(manifest) = text.parse::<toml::Table>() else {
        problems.push(format!("{}: cannot be read as TOML", path.display()));
        return;
    };
    let Some(allowed) = edges.get(name) else {
        problems.push(format!(
            "{}: the crate is not in the table of edges in ARCHITECTURE.md",
            path.display()
        ));
        return;
    };
    let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
    let ours =
        dependencies.into_iter().flatten().filter_map(|(key, _)| key.strip_prefix("upspec-"));
    for dependency in ours.filter(|dependency| !allowed.iter().any(|one| one == dependency)) {
        problems.push(format!("{}: {name} must not depend on {dependency}", path.display()));
    }
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && path.file_name().is_none_or(|name| name != "target") {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn check_file(root: &Path, path: &Path, problems: &mut Vec<String>) {
    let text = fs::read_to_string(path).unwrap_or_default();
    let shown = path.strip_prefix(root).unwrap_or(path).display();
    if !text.starts_with("//!") {
        problems.push(format!("{shown}:1: the file does not open with a `//!` line"));
    }
    let lines = text.lines().count();
    if lines > MOST_LINES {
        problems.push(format!("{shown}: {lines} lines, {MOST_LINES} at most: split it by subject"));
    }
    for (number, line) in text.lines().enumerate() {
        if line.ends_with([' ', '\t']) {
            problems.push(format!("{shown}:{}: white space at the end of the line", number + 1));
        }
    }
}
