//! What a hunt leaves behind so that the next one can resume.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::finding::Finding;
use crate::part::{self, Part};

/// A hunt between two runs of the command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// `upspec-fuzz-state`.
    pub format: String,
    /// 1.
    pub version: u32,
    /// What the recipes are drawn from.
    pub seed: u64,
    /// The part of a hunt that it is; none of a whole one.
    #[serde(default, with = "part::as_text", skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    /// The number of the recipe that comes next.
    pub next: u64,
    /// What was found.
    pub findings: Vec<Finding>,
}

impl State {
    /// A hunt that has yet to begin.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let format = FORMAT.to_owned();
        Self { format, version: VERSION, seed, part: None, next: 0, findings: Vec::new() }
    }

    /// Reads a state; `None` if the file does not exist yet.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is not a state.
    pub fn load(path: &Path) -> Result<Option<Self>, Error> {
        let Some(state) = read::<Self>(path)? else {
            return Ok(None);
        };
        if state.format != FORMAT || state.version != VERSION {
            return Err(wrong(path, other(&state.format, state.version, FORMAT)));
        }
        Ok(Some(state))
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

/// Reads what is kept of a hunt; `None` if the file does not exist yet.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Error> {
    let text = match upspec_corpus::text::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(why) => return Err(unusable(path, why)),
    };
    serde_json::from_str(&text).map(Some).map_err(|error| wrong(path, error.to_string()))
}

/// Writes what is kept of a hunt, beside its file first.
pub(crate) fn write(path: &Path, state: &impl Serialize) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(state).expect("a state is plain data");
    let beside = path.with_extension("new");
    std::fs::write(&beside, text)
        .and_then(|()| std::fs::rename(&beside, path))
        .map_err(|why| unusable(path, why))
}

/// A file that is no state of a hunt of this kind.
pub(crate) fn wrong(path: &Path, why: String) -> Error {
    Error::State { path: path.to_owned(), why }
}

/// Which keys of a state are not as they have to be.
pub(crate) fn other(format: &str, version: u32, ours: &str) -> String {
    format!("`format` is {format:?} and `version` {version}, not {ours:?} and {VERSION}")
}

fn unusable(path: &Path, why: std::io::Error) -> Error {
    Error::StateFile { path: path.to_owned(), why }
}

const FORMAT: &str = "upspec-fuzz-state";
const VERSION: u32 = 1;

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{Strategy, any, proptest};

    use super::*;
    use crate::client::ClientState;
    use crate::proxy::ProxyState;

    #[test]
    fn a_state_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        assert!(State::load(&path).unwrap().is_none());
        let mut state = State::new(7);
        state.next = 12;
        state.part = Part::new(2, 3);
        state.save(&path).unwrap();
        assert_eq!(State::load(&path).unwrap(), Some(state));
        std::fs::write(&path, "{}").unwrap();
        assert!(State::load(&path).unwrap_err().to_string().contains("not a state"));
    }

    /// States as hunts write them.
    const WRITTEN: [&str; 3] = [
        r#"{"format":"upspec-fuzz-state","version":1,"seed":1,"part":"2/3","next":5,"findings":[
        {"kind":"death","requirement":"rfc6455/4.2.1-key","label":"dead","message":"it died",
        "recipe":"handshake; drop key","also":["handshake; drop origin"],"case":"user/server/a/b",
        "count":3,"number":4,"alone":true,"part":"1/3"}]}"#,
        r#"{"format":"upspec-client-fuzz-state","version":1,"seed":1,"next":5,"findings":[]}"#,
        r#"{"format":"upspec-proxy-fuzz-state","version":1,"seed":1,"part":"1/2","next":5,"findings":[]}"#,
    ];

    /// One of them with some octets in the place of others.
    fn changed() -> impl Strategy<Value = Vec<u8>> {
        let octets = vec(
            proptest::prop_oneof![any::<u8>(), proptest::sample::select(b"\"{}[],:0".to_vec())],
            0..4,
        );
        (0..WRITTEN.len(), any::<proptest::sample::Index>(), 0..4_usize, octets).prop_map(
            |(which, at, gone, octets)| {
                let mut text = WRITTEN[which].as_bytes().to_vec();
                let at = at.index(text.len());
                let end = text.len().min(at + gone);
                text.splice(at..end, octets);
                text
            },
        )
    }

    /// What is read is written and read again as the same, and can be put together; else the error has the place.
    fn holds<T: PartialEq + std::fmt::Debug>(
        path: &Path,
        load: impl Fn(&Path) -> Result<Option<T>, Error>,
        save: impl Fn(&T, &Path) -> Result<(), Error>,
        gather: impl Fn(&[T]) -> Result<T, String>,
    ) {
        match load(path) {
            Ok(state) => {
                let state = state.unwrap();
                save(&state, path).unwrap();
                assert_eq!(load(path).unwrap().as_ref(), Some(&state));
                let _ = gather(&[state]);
            }
            Err(error) => assert!(error.to_string().contains(path.to_str().unwrap()), "{error}"),
        }
    }

    #[test]
    fn what_hunts_write_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        std::fs::write(&path, WRITTEN[0]).unwrap();
        assert!(State::load(&path).unwrap().unwrap().findings[0].alone);
        std::fs::write(&path, WRITTEN[1]).unwrap();
        assert!(ClientState::load(&path).unwrap().is_some());
        std::fs::write(&path, WRITTEN[2]).unwrap();
        assert!(ProxyState::load(&path).unwrap().is_some());
    }

    proptest! {
        #[test]
        fn a_changed_state_is_a_state_or_a_clear_error(text in changed()) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("state.json");
            std::fs::write(&path, &text).unwrap();
            holds(&path, State::load, State::save, State::gather);
            std::fs::write(&path, &text).unwrap();
            holds(&path, ClientState::load, ClientState::save, |parts| {
                ClientState::gather::<crate::client::ClientQuarry>(parts)
            });
            std::fs::write(&path, &text).unwrap();
            holds(&path, ProxyState::load, ProxyState::save, |parts| {
                ProxyState::gather::<crate::proxy::ProxyQuarry>(parts)
            });
        }
    }
}
