//! The house rules as a check: crate edges, file sizes, first lines, stray white space.
//! Never changes a file.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{Outcome, root};

/// Checks all house rules and lists every breach.
pub(crate) fn run() -> Outcome {
    let root = root();
    let mut problems = Vec::new();
    let manifests = manifests(&root);
    for (name, path) in &manifests {
        check_edges(name, path, &mut problems);
    }
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

/// Which crate of the workspace may depend on which; dev-dependencies are free.
const EDGES: &[(&str, &[&str])] = &[
    ("handshake", &[]),
    ("corpus", &[]),
    ("judge", &["handshake", "corpus"]),
    ("reference", &["handshake"]),
    ("runner", &["corpus", "judge"]),
    ("report", &["judge", "corpus"]),
    ("recipes", &["handshake", "corpus"]),
    ("hunt", &["handshake", "corpus", "judge", "recipes", "runner"]),
    ("cli", &["handshake", "corpus", "hunt", "judge", "reference", "runner", "report", "recipes"]),
    (
        "xtask",
        &[
            "cli",
            "handshake",
            "corpus",
            "promises",
            "judge",
            "reference",
            "runner",
            "report",
            "recipes",
        ],
    ),
    ("promises", &["handshake", "corpus", "judge"]),
    ("fuzz", &["promises"]),
];

/// The longest that a source file may be, in lines.
const MOST_LINES: usize = 500;

/// Files that may be longer, and why.
const TABLES: &[(&str, &str)] = &[(
    "crates/reference/src/fault/table.rs",
    "one table, whose rows are the variants of one enum",
)];

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

fn check_edges(name: &str, path: &Path, problems: &mut Vec<String>) {
    let text = fs::read_to_string(path).unwrap_or_default();
    let Ok(manifest) = text.parse::<toml::Table>() else {
        problems.push(format!("{}: cannot be read as TOML", path.display()));
        return;
    };
    let Some((_, allowed)) = EDGES.iter().find(|(known, _)| *known == name) else {
        problems.push(format!("{}: the crate is not in the table of edges", path.display()));
        return;
    };
    let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
    let ours =
        dependencies.into_iter().flatten().filter_map(|(key, _)| key.strip_prefix("upspec-"));
    for dependency in ours.filter(|dependency| !allowed.contains(dependency)) {
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
    let is_table = TABLES.iter().any(|(table, _)| path.ends_with(table));
    if lines > MOST_LINES && !is_table {
        problems.push(format!("{shown}: {lines} lines, {MOST_LINES} at most: split it by subject"));
    }
    for (number, line) in text.lines().enumerate() {
        if line.ends_with([' ', '\t']) {
            problems.push(format!("{shown}:{}: white space at the end of the line", number + 1));
        }
    }
}
