//! Writes the table of the case files that are embedded in the crate, and their digest.
//! Never reads what is in them: a mistake in a case file is the loader's to report.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

#[path = "src/digest.rs"]
mod digest;

fn main() -> io::Result<()> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let cases = manifest.join("../../cases");
    println!("cargo::rerun-if-changed={}", cases.display());
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/digest.rs");

    let mut files = Vec::new();
    gather(&cases, "", &mut files)?;
    files.sort();

    let mut table = String::from("static EMBEDDED: &[(&str, &str)] = &[\n");
    let mut texts = Vec::new();
    for (name, path) in &files {
        writeln!(table, "    ({name:?}, include_str!({path:?})),").expect("a string takes it all");
        texts.push((name.as_str(), fs::read_to_string(path)?));
    }
    let digest = digest::digest(texts.iter().map(|(name, text)| (*name, text.as_str())));
    writeln!(table, "];\npub(crate) static EMBEDDED_DIGEST: &str = {digest:?};")
        .expect("a string takes it all");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("embedded.rs"), table)
}

/// Adds the TOML files of a folder and of those below it, under names with `/` on every system.
fn gather(folder: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let path = entry.path();
        if path.is_dir() {
            gather(&path, &format!("{name}/"), files)?;
        } else if path.extension().is_some_and(|suffix| suffix == "toml") {
            files.push((name, path));
        }
    }
    Ok(())
}
