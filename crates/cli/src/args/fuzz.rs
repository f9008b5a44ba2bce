//! The arguments of `upspec fuzz`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::args::{ServerArgs, TrustArgs, Wants, duration};

/// The arguments of a hunt.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct FuzzArgs {
    /// The target: ws://host:port/path, wss://…, http://… or https://….
    pub(crate) url: String,
    /// How long to hunt. [default: 60s, unless --runs is given]
    #[arg(long, value_parser = duration, value_name = "TIME")]
    pub(crate) time: Option<Duration>,
    /// How many exchanges to play.
    #[arg(long, value_name = "N")]
    pub(crate) runs: Option<u64>,
    /// The most exchanges per second.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate: Option<u32>,
    /// The seed of all requests and nonces. [default: a fresh one, which is printed]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// How many exchanges to play at a time.
    #[arg(short, long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: u16,
    /// Continue the hunt that this file describes, with its seed, and update the file at the end.
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Findings that this baseline accepts do not make the hunt end with 1.
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Write findings as case files to this folder; replay them with `upspec run URL --cases DIR`.
    #[arg(long, value_name = "DIR", default_value = "upspec-found")]
    pub(crate) out: PathBuf,
    /// The least verdict that counts as a finding.
    #[arg(long, value_enum, default_value = "fail", value_name = "VERDICT")]
    pub(crate) fail_on: FuzzFailOn,
    /// The longest wait for an answer.
    #[arg(long, default_value = "5s", value_parser = duration, value_name = "TIME")]
    pub(crate) timeout: Duration,
    /// The shortest wait before silence counts as an answer; a replay five times as long confirms it.
    #[arg(long, default_value = "200ms", value_parser = duration, value_name = "TIME")]
    pub(crate) window: Duration,
    #[command(flatten)]
    pub(crate) wants: Wants,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// Blot out the values of this field in all output, besides those of Authorization, Cookie, X-Api-Key and
    /// the like, and of the URL's query.
    #[arg(long, value_name = "NAME")]
    pub(crate) secret_header: Vec<String>,
    /// Print nothing but findings and errors.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// What counts as a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FuzzFailOn {
    /// A broken MUST.
    Fail,
    /// Also a missed SHOULD.
    Warn,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    nothing was found
  1    something was found that the baseline does not accept
  2    bad arguments or files
  3    the target is unreachable or does not switch protocols
  130  interrupted (143 by SIGTERM, 129 by SIGHUP); state and findings so far are written";
