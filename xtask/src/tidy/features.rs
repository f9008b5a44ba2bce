//! Checks that each crate, tested alone, has its dependencies with the same features as the whole workspace;
//! otherwise `cargo test -p CRATE` would build them again.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Names each dependency whose features differ.
pub(super) fn check(root: &Path, packages: &[String], problems: &mut Vec<String>) {
    let shared = dependencies(root, &["--workspace"]);
    for name in packages {
        for dependency in dependencies(root, &["--package", name]).difference(&shared) {
            problems.push(format!(
                "{name} alone has {dependency}, the workspace has more features: add the dependency that \
                 switches them on to crates/features/Cargo.toml"
            ));
        }
    }
}

/// The dependencies of these packages, each with its features; our own crates are left out.
fn dependencies(root: &Path, packages: &[&str]) -> BTreeSet<String> {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--edges", "normal,build,dev", "--prefix", "none"])
        .args(["--format", "{p} {f}"])
        .args(packages)
        .current_dir(root)
        .output();
    let text = tree.map(|tree| tree.stdout).unwrap_or_default();
    let lines = String::from_utf8_lossy(&text);
    let lines = lines.lines().map(|line| line.trim_end_matches(" (*)"));
    lines.filter(|line| !line.is_empty() && !is_ours(line)).map(str::to_owned).collect()
}

fn is_ours(line: &str) -> bool {
    line.starts_with("upspec-") || line.starts_with("xtask")
}
