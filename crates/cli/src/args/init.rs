//! The arguments of `upspec init`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::args::{ServerArgs, TrustArgs, Wants, field_name};

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The target: ws://host:port/path, wss://…, http://… or https://….
    pub(crate) url: String,
    /// What the target is called in the file and in reports.
    #[arg(long, default_value = "server")]
    pub(crate) name: String,
    /// The baseline that is written for it.
    #[arg(long, value_name = "FILE", default_value = "upspec-baseline.toml")]
    pub(crate) baseline: PathBuf,
    /// Also write the file that runs upspec in this CI system.
    #[arg(long, value_enum, value_name = "SYSTEM")]
    pub(crate) ci: Option<System>,
    /// Split each run there into so many jobs side by side, with one behind them that merges their reports.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "ci", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) parts: u16,
    /// Blot out the values of this field in all output, and leave them out of upspec.toml.
    #[arg(long, value_name = "NAME", value_parser = field_name)]
    pub(crate) secret_header: Vec<String>,
    #[command(flatten)]
    pub(crate) wants: Wants,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

/// A CI system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum System {
    /// Forgejo and Gitea Actions.
    Forgejo,
    /// GitHub Actions.
    Github,
    /// GitLab CI.
    Gitlab,
}
