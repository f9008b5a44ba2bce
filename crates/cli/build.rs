//! Reads what the binary carries, the case files and `caught.toml`, so that no run of the command has to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::{env, fs, io};

use serde::Deserialize;
use upspec_corpus::Corpus;

/// The file, as `src/caught.rs` describes it.
#[derive(Deserialize)]
struct File {
    sets: BTreeMap<String, Vec<String>>,
    cases: BTreeMap<String, Vec<String>>,
}

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=caught.toml");
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("caught.rs"), caught(&fs::read_to_string("caught.toml")?)?)?;
    // A mistake in a case file is the loader's to report, when the command runs.
    let corpus = Corpus::embedded().ok().and_then(|corpus| corpus.packed());
    fs::write(out.join("corpus.postcard"), corpus.unwrap_or_default())
}

/// The table as Rust: the ids of the cases, and for each fault their places in it.
fn caught(text: &str) -> io::Result<String> {
    let file: File = toml::from_str(text).map_err(io::Error::other)?;
    let ids: Vec<&str> = file.cases.keys().map(String::as_str).collect();
    let mut by_fault: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for (place, words) in file.cases.values().enumerate() {
        for word in words {
            let set = file.sets.get(word);
            for fault in set.map_or(std::slice::from_ref(word), Vec::as_slice) {
                by_fault.entry(fault).or_default().insert(place);
            }
        }
    }
    let caught: Vec<String> = by_fault
        .iter()
        .map(|(fault, cases)| format!("({fault:?}, &{:?})", cases.iter().collect::<Vec<_>>()))
        .collect();
    let caught = caught.join(",\n");
    Ok(format!(
        "static CASES: &[&str] = &{ids:?};\nstatic CAUGHT: &[(&str, &[u16])] = &[{caught}];\n"
    ))
}
