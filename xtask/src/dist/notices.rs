//! The licences of what is linked into the binary, as its crates carry them: most ask to be passed on with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

/// All texts, each once, with the crates that it is of.
pub(super) fn notices(root: &Path, triple: &str) -> Result<String, String> {
    let mut by_text: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in packages(root, triple)? {
        let texts = texts(&package);
        if texts.is_empty() {
            let licence = package.license.clone().unwrap_or_default();
            by_text
                .entry(format!("(no text; it says: {licence})\n"))
                .or_default()
                .insert(package.name());
        }
        for text in texts {
            by_text.entry(text).or_default().insert(package.name());
        }
    }
    by_text.entry(MUSL.to_owned()).or_default().insert("musl, where the target is musl".to_owned());
    let mut all =
        String::from("What is inside the binary `upspec`, with the licences that came with it.\n");
    for (text, names) in by_text {
        let names = names.into_iter().collect::<Vec<_>>().join("\n");
        let _ = write!(all, "\n{RULE}\n{names}\n{RULE}\n\n{}\n", text.trim());
    }
    Ok(all)
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Clone, Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    manifest_path: String,
    source: Option<String>,
}

impl Package {
    fn name(&self) -> String {
        format!("{} {}", self.name, self.version)
    }
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    /// `build` or `dev`; nothing for what is linked.
    kind: Option<String>,
}

/// The crates of others that the command is linked with.
fn packages(root: &Path, triple: &str) -> Result<Vec<Package>, String> {
    let said = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--format-version", "1", "--filter-platform", triple])
        .current_dir(root)
        .output()
        .map_err(|error| format!("cargo metadata: {error}"))?;
    let all: Metadata =
        serde_json::from_slice(&said.stdout).map_err(|error| format!("cargo metadata: {error}"))?;
    let first = all.packages.iter().find(|one| one.name == "upspec-cli");
    let mut open: Vec<&str> = first.iter().map(|one| one.id.as_str()).collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        let node = all.resolve.nodes.iter().find(|node| node.id == id);
        let linked = |edge: &&Edge| edge.dep_kinds.iter().any(|kind| kind.kind.is_none());
        let edges = node.iter().flat_map(|node| &node.deps).filter(linked);
        open.extend(edges.map(|edge| edge.pkg.as_str()));
    }
    let others = |one: &&Package| one.source.is_some() && seen.contains(one.id.as_str());
    Ok(all.packages.iter().filter(others).cloned().collect())
}

/// The licences in the folder of a crate.
fn texts(package: &Package) -> Vec<String> {
    let Some(folder) = Path::new(&package.manifest_path).parent() else { return Vec::new() };
    let mut names: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().collect();
    names.sort_by_key(fs::DirEntry::file_name);
    let is_licence = |entry: &fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().to_uppercase();
        ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE"]
            .iter()
            .any(|one| name.starts_with(one))
    };
    let files = names.into_iter().filter(is_licence);
    let texts = files.filter_map(|entry| fs::read_to_string(entry.path()).ok());
    texts.map(|text| text.replace("\r\n", "\n")).collect()
}

const RULE: &str = "----------------------------------------------------------------------------";

const MUSL: &str = "musl as a whole is licensed under the standard MIT license.
Copyright © 2005-2020 Rich Felker, et al.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_linked_is_named_and_nothing_else() {
        let text = notices(&crate::root(), "x86_64-unknown-linux-musl").unwrap();
        let names: Vec<&str> = text.lines().filter_map(|line| line.split(' ').next()).collect();
        for linked in ["rustls", "ring", "libmimalloc-sys", "tokio"] {
            assert!(names.contains(&linked), "{linked}");
        }
        for other in ["insta", "proptest", "upspec-judge"] {
            assert!(!names.contains(&other), "{other}");
        }
    }
}
