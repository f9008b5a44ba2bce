//! House keeping for the workspace: `cargo xtask tidy`, `cargo xtask ci`.
//! Never part of what users install.

use std::process::ExitCode;

mod ci;
mod tidy;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words[..] {
        ["tidy"] => tidy::run(),
        ["ci"] => ci::run(),
        _ => Err(vec![USAGE.to_owned()]),
    };
    match outcome {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(problems) => {
            for problem in &problems {
                eprintln!("{problem}");
            }
            ExitCode::FAILURE
        }
    }
}

/// What a task says when it went well, or everything that is wrong.
pub(crate) type Outcome = Result<String, Vec<String>>;

/// The root of the workspace.
pub(crate) fn root() -> std::path::PathBuf {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent()
        .map_or_else(|| here.to_owned(), std::path::Path::to_owned)
}

const USAGE: &str = "\
usage: cargo xtask TASK
  tidy   check the house rules: crate edges, file sizes, a `//!` line in each file
  ci     everything that CI checks beyond the README's commands: lints, docs, a browser
         on the HTML report, fuzz targets, real servers; installs what it needs";
