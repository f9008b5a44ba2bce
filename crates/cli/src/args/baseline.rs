//! The arguments of `upspec baseline`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What to do with a baseline.
#[derive(Debug, Subcommand)]
pub(crate) enum BaselineCommand {
    /// Accept what a report shows: write a baseline, or add what is new to the one that is there.
    Write(WriteArgs),
    /// Say what is new, known, fixed and stale in a report; without one, whether the file is in order.
    Check(CheckArgs),
    /// Take out what is fixed or stale by a report; comments are kept.
    Prune(PruneArgs),
}

#[derive(Debug, Args)]
pub(crate) struct WriteArgs {
    /// The baseline.
    pub(crate) file: PathBuf,
    /// The JSON report of a run, or the state of a hunt.
    pub(crate) report: PathBuf,
    /// The reason of what is added. [default: a draft for each rule, to be replaced]
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// Accept only the answer that came: where another one comes later, it is new.
    #[arg(long)]
    pub(crate) answers: bool,
    /// Never loosen: refuse what is new and end with 1, else take out what is fixed or stale.
    #[arg(long, conflicts_with_all = ["reason", "answers"])]
    pub(crate) ratchet: bool,
    /// Add your own case files from this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) cases: Vec<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct CheckArgs {
    /// The baseline.
    pub(crate) file: PathBuf,
    /// The JSON report of a run.
    pub(crate) report: Option<PathBuf>,
    /// Let what is fixed end the check with 1, too, as `upspec run --strict-baseline` does.
    #[arg(long, requires = "report")]
    pub(crate) strict_baseline: bool,
    /// Add your own case files from this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) cases: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct PruneArgs {
    /// The baseline.
    pub(crate) file: PathBuf,
    /// The JSON report of a run.
    pub(crate) report: PathBuf,
    /// Add your own case files from this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) cases: Vec<PathBuf>,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    nothing is new or stale; what is fixed is told
  1    something new fails, or something is stale, or with --strict-baseline fixed
  2    bad arguments or files";
