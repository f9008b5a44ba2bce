//! What a chase leaves behind so that the next one can resume.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::finding::Caught;
use super::quarry::Drawn;
use crate::error::Error;
use crate::part::{self, Part};
use crate::state::{other, read, write, wrong};

/// A hunt between two runs of the command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound = "D: Drawn")]
pub struct ChaseState<D> {
    /// `upspec-client-fuzz-state` or `upspec-proxy-fuzz-state`.
    pub format: String,
    /// 1.
    pub version: u32,
    /// What the exchanges are drawn from.
    pub seed: u64,
    /// The part of a hunt that it is; none of a whole one.
    #[serde(default, with = "part::as_text", skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    /// The number of the exchange that comes next.
    pub next: u64,
    /// What was found.
    pub findings: Vec<Caught<D>>,
}

impl<D: Drawn> ChaseState<D> {
    /// A hunt that has yet to begin.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let format = D::STATE.to_owned();
        Self { format, version: VERSION, seed, part: None, next: 0, findings: Vec::new() }
    }

    /// Reads a state; `None` if the file does not exist yet.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is not a state of such a hunt.
    pub fn load(path: &Path) -> Result<Option<Self>, Error> {
        let state: Option<Self> = read(path)?;
        match state {
            Some(state) if state.format != D::STATE || state.version != VERSION => {
                Err(wrong(path, other(&state.format, state.version, D::STATE)))
            }
            state => Ok(state),
        }
    }

    /// Writes the state, beside its file first, so that an interruption leaves one of the two whole.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        write(path, self)
    }
}

const VERSION: u32 = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chase::CaughtKind;
    use crate::client::ClientState;
    use crate::state::State;

    #[test]
    fn a_state_is_read_as_it_was_written_and_is_none_of_a_server() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        assert!(ClientState::load(&path).unwrap().is_none());
        let mut state = ClientState::new(7);
        state.findings.push(Caught {
            kind: CaughtKind::Violation,
            requirement: "rfc6455/4.1-check-accept".to_owned(),
            label: "opened".to_owned(),
            message: "opened the connection".to_owned(),
            rule: None,
            drawn: "switch; drop accept".parse().unwrap(),
            exit: None,
            case: "user/client/found/smallest".to_owned(),
            count: 2,
            number: Some(5),
            part: None,
        });
        state.save(&path).unwrap();
        assert_eq!(ClientState::load(&path).unwrap(), Some(state));
        assert!(State::load(&path).is_err());
        State::new(7).save(&path).unwrap();
        assert!(ClientState::load(&path).unwrap_err().to_string().contains("not a state"));
    }
}
