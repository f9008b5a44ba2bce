//! Writes `caught.toml` as a table of Rust, so that no run of the command has to read it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::{env, fs, io};

use serde::Deserialize;

/// The file, as `src/caught.rs` describes it.
#[derive(Deserialize)]
struct File {
    sets: BTreeMap<String, Vec<String>>,
    cases: BTreeMap<String, Vec<String>>,
}

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=caught.toml");
    println!("cargo::rerun-if-changed=build.rs");
    let file: File =
        toml::from_str(&fs::read_to_string("caught.toml")?).map_err(io::Error::other)?;
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
    let table = format!(
        "static CASES: &[&str] = &{ids:?};\nstatic CAUGHT: &[(&str, &[u16])] = &[{caught}];\n"
    );
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("caught.rs"), table)
}
