//! The manual pages: one for `upspec` and one for each of its commands.

use std::path::Path;

use crate::Outcome;

/// Writes them to a folder.
pub(crate) fn run(folder: &Path) -> Outcome {
    let trouble = |error: std::io::Error| vec![format!("{}: {error}", folder.display())];
    std::fs::create_dir_all(folder).map_err(trouble)?;
    clap_mangen::generate_to(upspec_cli::command(), folder).map_err(trouble)?;
    Ok(format!("wrote the manual pages to {}", folder.display()))
}
