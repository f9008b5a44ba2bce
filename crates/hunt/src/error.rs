//! Why a hunt could not start, or could not resume from its state.

use std::path::PathBuf;

/// What kept us from hunting.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There was no connection.
    #[error("cannot reach the target: {0}")]
    Connect(#[from] upspec_runner::Error),
    /// The corpus lacks the control.
    #[error("the corpus has no control")]
    NoControl,
    /// The control was answered with something other than a switch; what it met, and what to try.
    #[error("{0}")]
    NotSwitched(String),
    /// The file holds something other than a state of a known version.
    #[error("{} is not a state of a hunt: {why}", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The file of a state cannot be read or written.
    #[error("cannot use {}: {why}", path.display())]
    StateFile {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: std::io::Error,
    },
}
