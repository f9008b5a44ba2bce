//! The arguments of `upspec init`.

use std::path::PathBuf;

use clap::Args;

use crate::args::{ServerArgs, TrustArgs, Wants};

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
    #[command(flatten)]
    pub(crate) wants: Wants,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}
