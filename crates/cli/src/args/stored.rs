//! The arguments of the commands on stored runs.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use upspec_report::{
    COMPARISON_FORMATS, Comparison, Docs, FORMATS, LIVING_FORMATS, Living, MATRIX_FORMATS, Matrix,
    Report,
};

use crate::args::output::docs;
use crate::args::{FailOn, Output, TrustArgs, Wish, duration, field_name, wish, wish_help};
use crate::complete;

/// What to do with stored reports.
#[derive(Debug, Subcommand)]
pub(crate) enum ReportCommand {
    /// Compare an older and a newer report of one target: what became worse, and what better.
    Compare(CompareArgs),
    /// Put the reports of the parts of a run together, as `run --partition` makes them.
    Merge(Box<MergeArgs>),
    /// Put what the parts of a hunt found into one folder, as `fuzz --partition` makes them: each kind of finding once.
    Gather(GatherArgs),
    /// Write a report in other formats, as it was judged.
    Render(RenderArgs),
    /// Put the reports of many servers, clients or proxies on one page: who breaks which rule.
    Matrix(MatrixArgs),
    /// Show how the runs of a file of --history went, and what changed from one to the next.
    History(HistoryArgs),
    /// Show the RFCs section by section: what each asks, the cases behind it, and whether a run or many keep it.
    Living(LivingArgs),
}

#[derive(Debug, Args)]
pub(crate) struct HistoryArgs {
    /// The file to which runs with --history added a line each.
    pub(crate) file: PathBuf,
    /// Only the runs against this target, by its name or URL as the table has it.
    #[arg(long, value_name = "NAME")]
    pub(crate) target: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct LivingArgs {
    /// The JSON report of a run; or those of many, each with the name of its peer before it; or a matrix in JSON.
    /// Without any the page shows the requirements alone.
    #[arg(value_name = "[NAME=]REPORT")]
    pub(crate) reports: Vec<String>,
    #[arg(long, value_name = "FORMAT=PATH", value_parser = |text: &str| wish(text, LIVING_FORMATS))]
    #[arg(help = wish_help(LIVING_FORMATS), default_value = "html=upspec-living.html")]
    pub(crate) report: Vec<Wish<Living>>,
    /// Where the documentation is: requirements and cases link to its pages.
    #[arg(long, value_name = "URL", value_parser = docs)]
    pub(crate) docs: Option<Docs>,
    /// Add your own case files from this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) cases: Vec<PathBuf>,
    /// Print nothing but errors.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct MatrixArgs {
    /// The JSON reports, each with the name of its peer before it. [default name: that of the run, else that of the
    /// file]
    #[arg(required = true, num_args = 1.., value_name = "[NAME=]REPORT")]
    pub(crate) reports: Vec<String>,
    #[arg(long, value_name = "FORMAT=PATH", value_parser = |text: &str| wish(text, MATRIX_FORMATS))]
    #[arg(help = wish_help(MATRIX_FORMATS), default_value = "html=upspec-matrix.html")]
    pub(crate) report: Vec<Wish<Matrix>>,
    /// Add your own case files from this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) cases: Vec<PathBuf>,
    /// Print nothing but errors.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct CompareArgs {
    /// The older JSON report.
    pub(crate) old: PathBuf,
    /// The newer JSON report.
    pub(crate) new: PathBuf,
    #[arg(long, value_name = "FORMAT=PATH", value_parser = |text: &str| wish(text, COMPARISON_FORMATS))]
    #[arg(help = wish_help(COMPARISON_FORMATS))]
    pub(crate) report: Vec<Wish<Comparison>>,
    /// The least verdict of a regression that makes the comparison end with 1.
    #[arg(long, value_enum, default_value = "fail", value_name = "VERDICT")]
    pub(crate) fail_on: FailOn,
    /// Print nothing but errors.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
#[command(after_help = CHAIN_EXIT_CODES)]
pub(crate) struct ChainArgs {
    /// The JSON report of the proxy, as `upspec proxy` makes it.
    pub(crate) front: PathBuf,
    /// The JSON report of the backend, as `upspec run` makes it.
    pub(crate) back: PathBuf,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

const CHAIN_EXIT_CODES: &str =
    "Exit codes: 0 they agree on every tunnel, 1 they do not, 2 bad input";

#[derive(Debug, Args)]
pub(crate) struct MergeArgs {
    /// The JSON reports.
    #[arg(required = true, num_args = 1.., value_name = "REPORT")]
    pub(crate) parts: Vec<PathBuf>,
    /// Add your own case files from this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) cases: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
#[command(after_help = GATHER_EXIT_CODES)]
pub(crate) struct GatherArgs {
    /// The folders that the parts wrote what they found to, each with its state (part-M-of-N.json).
    #[arg(required = true, num_args = 1.., value_name = "DIR")]
    pub(crate) parts: Vec<PathBuf>,
    /// Write the case files of the findings to this folder.
    #[arg(long, value_name = "DIR", default_value = "upspec-found")]
    pub(crate) out: PathBuf,
    /// Write the state of the whole hunt to this file, for `baseline write FILE STATE`, and for `fuzz --state`, which goes
    /// on behind the last number that a part has reached.
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Findings that this baseline accepts do not make the command end with 1. For hunts at servers.
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Print nothing but findings and errors.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

const GATHER_EXIT_CODES: &str = "\
Exit codes:
  0    no part found anything
  1    something was found that the baseline does not accept
  2    bad arguments or files
  3    nothing was found, and parts are missing";

#[derive(Debug, Args)]
pub(crate) struct RenderArgs {
    /// The JSON report.
    pub(crate) file: PathBuf,
    #[arg(long, value_name = "FORMAT=PATH", value_parser = |text: &str| wish(text, FORMATS))]
    #[arg(help = wish_help(FORMATS), required = true)]
    pub(crate) report: Vec<Wish<Report>>,
    /// The file of your repository at which SARIF, annotations and code quality point. [default: the
    /// baseline of the run, else upspec.toml if it is there, else README.md]
    #[arg(long, value_name = "FILE[:LINE]")]
    pub(crate) locate: Option<String>,
    /// Where the documentation is: findings in the HTML report link to its pages. [default: that of the run]
    #[arg(long, value_name = "URL", value_parser = docs)]
    pub(crate) docs: Option<Docs>,
    /// Only these cases: an id, a prefix, or a pattern with `*`, `?` and `{a,b}`; may be repeated.
    #[arg(long, value_name = "PATTERN", add = complete::case())]
    pub(crate) only: Vec<String>,
    /// For cases that passed or were not played, report only verdict, reason and outcome.
    #[arg(long)]
    pub(crate) slim: bool,
    /// Leave out what differs from run to run: times, dates, and where the network cut the octets.
    #[arg(long)]
    pub(crate) stable: bool,
    /// Print nothing but errors.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// The arguments of a replay.
#[derive(Debug, Args)]
#[command(after_help = REPLAY_EXIT_CODES)]
pub(crate) struct ReplayArgs {
    /// A JSON report that holds the octets of the case.
    pub(crate) file: PathBuf,
    /// The id of the case.
    #[arg(add = complete::case())]
    pub(crate) case: String,
    /// Another target than that of the report.
    pub(crate) url: Option<String>,
    /// Add your own case files from this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) cases: Vec<PathBuf>,
    /// The longest wait for an answer.
    #[arg(long, default_value = "5500ms", value_parser = duration, value_name = "TIME")]
    pub(crate) timeout: Duration,
    /// Blot out the values of this field, too.
    #[arg(long, value_name = "NAME", value_parser = field_name)]
    pub(crate) secret_header: Vec<String>,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    nothing became worse
  1    there is a regression
  2    bad arguments or files";

const REPLAY_EXIT_CODES: &str = "\
Exit codes:
  0    the answer breaks no MUST
  1    the case fails
  2    bad arguments or files
  3    the target is unreachable";
