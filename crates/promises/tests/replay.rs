//! Replays the seeds of every target, and each input that once broke something.
//! Never makes new inputs: that is the fuzzer's work.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

use upspec_corpus::Corpus;
use upspec_promises::seeds::{Material, export};
use upspec_promises::{TARGETS, Target};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The corpus and the stored reports.
fn material() -> Material {
    let mut material = Material::of_corpus(&Corpus::embedded().unwrap());
    for entry in fs::read_dir(root().join("reports")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.ends_with(".json") && !name.ends_with("schema.json") {
            let text = fs::read_to_string(&path).unwrap();
            material.add_report(&text).unwrap();
        }
    }
    material
}

/// Also with the feature `planted`: a bug that a seed shows would prove nothing of the fuzzer.
#[test]
fn every_target_takes_its_seeds() {
    let material = material();
    let mut broken = Vec::new();
    for target in TARGETS {
        let seeds = (target.seeds)(&material);
        assert!(seeds.len() > 3, "{} has {} seeds", target.name, seeds.len());
        broken.extend(seeds.iter().filter_map(|seed| broken_by(target, seed)));
    }
    assert!(broken.is_empty(), "{} seeds:\n{}", broken.len(), broken.join("\n"));
}

/// The input in words if it breaks the target; all are named at once.
fn broken_by(target: &Target, input: &[u8]) -> Option<String> {
    let outcome = std::panic::catch_unwind(|| (target.check)(input));
    let shown = || format!("{}: {:?}", target.name, String::from_utf8_lossy(input));
    outcome.err().map(|_| shown())
}

#[test]
fn every_target_takes_what_once_broke_something() {
    for target in TARGETS {
        let folder = root().join("fuzz/regressions").join(target.name);
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let input = fs::read(entry.path()).unwrap();
            eprintln!("{}", entry.path().display());
            (target.check)(&input);
        }
    }
}

#[test]
fn every_target_takes_nothing_and_little() {
    for target in TARGETS {
        (target.check)(b"");
        for octet in 0..=255 {
            (target.check)(&[octet]);
            (target.check)(&[octet, b'\n', b'\n']);
        }
    }
}

/// A target is a row of the table and a file for libFuzzer, under one name.
#[test]
fn table_and_fuzz_targets_agree() {
    let folder = root().join("fuzz/fuzz_targets");
    let mut files: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .filter(|name| name != "peer_httparse")
        .collect();
    files.sort();
    let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(files, names);
}

#[test]
fn seeds_are_written_once_each() {
    let folder = tempfile::tempdir().unwrap();
    let material = Material::of_corpus(&Corpus::embedded().unwrap());
    for (name, count) in export(&material, folder.path()).unwrap() {
        let files = fs::read_dir(folder.path().join(name)).unwrap().count();
        assert_eq!(files, count, "{name}");
    }
}
