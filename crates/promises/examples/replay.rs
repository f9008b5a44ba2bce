//! Plays inputs to the targets, without libFuzzer: `replay FOLDER…` takes FOLDER/NAME/… for the target NAME. It is what
//! `targets/coverage-fuzz.sh` measures.
#![allow(clippy::print_stdout, reason = "it is a command")]

use std::fs;
use std::path::Path;

use upspec_promises::TARGETS;

fn main() {
    for target in TARGETS {
        let mut count = 0;
        for folder in std::env::args().skip(1) {
            for entry in fs::read_dir(Path::new(&folder).join(target.name)).into_iter().flatten() {
                let input = entry.and_then(|entry| fs::read(entry.path()));
                (target.check)(&input.expect("the folder holds nothing but inputs"));
                count += 1;
            }
        }
        println!("{count:7}  {}", target.name);
    }
}
