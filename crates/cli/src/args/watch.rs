//! The arguments of `upspec watch`.

use std::path::PathBuf;

use clap::Args;

use crate::args::RunArgs;

#[derive(Debug, Args)]
#[command(after_help = NOTES, mut_arg("target", |arg| arg.hide(true)), mut_arg("all_targets", |arg| arg.hide(true)))]
pub(crate) struct WatchArgs {
    /// Run again when this file, or something in this folder, changes; may be repeated. [default: the files that
    /// --server-cmd names]
    #[arg(long, value_name = "PATH")]
    pub(crate) path: Vec<PathBuf>,
    /// End after so many runs, with the exit code of the last one. [default: go on until Ctrl-C]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: Option<u32>,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

const NOTES: &str = "\
Own case files, the baseline, the file of --ca and upspec.toml are watched, too. Of folders, what is hidden, and what
lies in target, node_modules, __pycache__ or the folder of a report, is not. With --server-cmd the server is started
for each run. What [run] of upspec.toml says holds here, too.";
