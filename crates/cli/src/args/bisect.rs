//! The arguments of `upspec bisect`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::args::{Pace, ServerArgs, TrustArgs, Wants, duration, field_name};
use crate::complete;

#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(crate) struct BisectArgs {
    /// The id of the case whose verdict changed.
    #[arg(add = complete::case())]
    pub(crate) case: String,
    /// Where the server listens once it is started, or a target of upspec.toml.
    pub(crate) url: String,
    /// Two commits: the case has one verdict at OLD, which NEW descends from, and another one at NEW.
    #[arg(
        long,
        value_name = "OLD..NEW",
        required_unless_present = "candidate",
        conflicts_with = "candidate"
    )]
    pub(crate) range: Option<String>,
    /// A command that starts a server; given at least twice, the oldest first.
    #[arg(long, value_name = "CMD")]
    pub(crate) candidate: Vec<String>,
    /// The repository of --range.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) repo: PathBuf,
    /// Build each commit with this command, in a work tree of its own.
    #[arg(long, value_name = "CMD", conflicts_with = "candidate")]
    pub(crate) build: Option<String>,
    /// How long a build may take.
    #[arg(long, default_value = "10m", value_parser = duration, value_name = "TIME")]
    pub(crate) build_timeout: Duration,
    /// Add your own case files from this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) cases: Vec<PathBuf>,
    /// Blot out the values of this field in all output, besides those of Authorization, Cookie, X-Api-Key and
    /// the like, and of the URL's query.
    #[arg(long, value_name = "NAME", value_parser = field_name)]
    pub(crate) secret_header: Vec<String>,
    #[command(flatten)]
    pub(crate) wants: Wants,
    #[command(flatten)]
    pub(crate) pace: Pace,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

const NOTES: &str = "\
With --range, --server-cmd starts the server, in the top folder of a work tree that git makes below the folder for
temporary files, and that is gone at the end: your checkout, its index and your branches stay as they are. What one
build leaves there the next one finds, so that it has little to do. Merges count as one commit (--first-parent).
A commit that cannot be built, started or judged is skipped.

Exit codes:
  0    it is found
  1    the verdict is the same at both ends, or skipped commits hide where it changed
  2    bad arguments, or git refuses
  3    an end of the range cannot be built, started or judged";
