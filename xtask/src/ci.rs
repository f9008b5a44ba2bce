//! What CI checks beyond the README's commands. Each step is a command that a person can type; the first
//! failure ends the run.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::{Outcome, root};

/// Runs all steps in order.
pub(crate) fn run() -> Outcome {
    let root = root();
    for step in STEPS {
        println!("--- {step}");
        let from = Instant::now();
        if !shell(&root, step) {
            return Err(vec![format!("failed: {step}")]);
        }
        println!("--- {:.0} s", from.elapsed().as_secs_f64());
    }
    Ok(format!("ci: {} steps passed", STEPS.len()))
}

const STEPS: &[&str] = &[
    "cargo fmt --all --check",
    "cargo clippy --workspace --all-targets --quiet -- --deny warnings",
    "cargo xtask tidy",
    "cargo xtask docs --check",
    "cargo xtask coverage",
    // What only computes takes the time that the others wait, here and below.
    "RUSTDOCFLAGS='--deny warnings' nice -n 19 cargo doc --workspace --no-deps --quiet & docs=$!; \
     cargo xtask sensitivity --role server && wait $docs",
    // All three wait for the most part.
    "cargo xtask sensitivity --role client & clients=$!; \
     cargo xtask sensitivity --role intermediary & proxies=$!; \
     targets/install.sh && wait $clients && wait $proxies",
    // Makes the binary and the page that the next steps look at.
    "cargo run --release --quiet -- run --quiet",
    // It prints how fast everything is beside the last time, and never fails for being slow.
    "cargo xtask bench --quick",
    "targets/check-servers.sh",
    // These wait for a browser for the most part, and the last step needs what is built meanwhile. The pages are those
    // of the step before.
    "nice -n 19 targets/check-fuzz.sh --build & fuzz=$!; \
     targets/check-html.sh upspec-report/index.html && \
     targets/check-formats.sh && \
     targets/check-docs.sh && \
     targets/check-pages.sh && \
     python3 targets/check-hunt.py --quick && \
     python3 targets/many.py --quick && \
     target/servers/differ/bin/python targets/differ.py --recipes 1000 >/dev/null && \
     cargo test --quiet --package upspec-promises --features planted --test replay && \
     wait $fuzz",
    // What is drawn anew is for the night: a landing must not fail by luck.
    "UPSPEC_FUZZ_SECONDS=20 UPSPEC_FUZZ_RUNS=50000 UPSPEC_FUZZ_SEED=1 targets/check-fuzz.sh",
];

/// Runs a line as if a person had typed it: what cargo told this program of its own package would have some
/// dependencies built again.
fn shell(root: &Path, line: &str) -> bool {
    let mut command = Command::new("bash");
    let line = format!("{TRAP}{line}");
    command.args(["-c", &line]).current_dir(root);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PKG_") || TOLD.iter().any(|told| name == *told)
        {
            command.env_remove(name);
        }
    }
    command.status().is_ok_and(|status| status.success())
}

/// Nothing goes on in the background when a step has failed.
const TRAP: &str = "trap 'jobs -p | xargs -r kill 2>/dev/null || :' EXIT; ";

/// What cargo tells a program that it runs, beside what it says of the package.
const TOLD: [&str; 3] = ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_MANIFEST_LINKS"];
