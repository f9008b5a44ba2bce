//! Where case files come from: the binary and folders.

use std::fs;
use std::path::Path;

use crate::problem::{LoadError, Problem};

/// A TOML file of a corpus.
pub(crate) struct File {
    /// What goes before its path in ids: nothing, or `user/`.
    pub(crate) prefix: &'static str,
    /// Its path within the corpus, with `/` on every system: `server/key.toml`.
    pub(crate) path: String,
    /// Its path as messages show it.
    pub(crate) shown: String,
    /// What is in it.
    pub(crate) text: String,
}

impl File {
    /// A file that no folder holds.
    pub(crate) fn in_memory(path: &str, text: &str) -> Self {
        Self { prefix: "", path: path.into(), shown: path.into(), text: text.into() }
    }

    pub(crate) fn is_registry(&self) -> bool {
        self.path.starts_with("requirements/")
    }

    pub(crate) fn is_presets(&self) -> bool {
        self.path == "presets.toml"
    }

    pub(crate) fn is_fragments(&self) -> bool {
        self.path == "fragments.toml"
    }

    pub(crate) fn is_cases(&self) -> bool {
        !self.is_registry() && !self.is_presets() && !self.is_fragments()
    }

    /// What the ids of its cases start with: `server/key`.
    pub(crate) fn topic(&self) -> String {
        let stem = self.path.strip_suffix(".toml").unwrap_or(&self.path);
        format!("{}{stem}", self.prefix)
    }
}

/// The files that are part of the binary.
pub(crate) fn embedded() -> Vec<File> {
    let file = |(path, text): &(&str, &str)| File {
        shown: format!("cases/{path}"),
        ..File::in_memory(path, text)
    };
    EMBEDDED.iter().map(file).collect()
}

/// The TOML files of a folder and of those below it, in the order of their paths.
pub(crate) fn gather(dir: &Path, prefix: &'static str) -> Result<Vec<File>, LoadError> {
    let mut files = Vec::new();
    let mut problems = Vec::new();
    walk(dir, "", prefix, &mut files, &mut problems);
    if files.is_empty() && problems.is_empty() {
        problems.push(Problem::unreadable(dir.to_string_lossy(), "no case file in this folder"));
    }
    if !problems.is_empty() {
        return Err(LoadError { problems });
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn walk(
    dir: &Path,
    below: &str,
    prefix: &'static str,
    files: &mut Vec<File>,
    problems: &mut Vec<Problem>,
) {
    let shown = dir.to_string_lossy();
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) => {
            return problems.push(Problem::unreadable(shown, format!("cannot read: {error}")));
        }
    };
    for entry in entries.flatten() {
        let path = format!("{below}{}", entry.file_name().to_string_lossy());
        // A link to a folder is not followed, so that a loop of links has an end.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            walk(&entry.path(), &format!("{path}/"), prefix, files, problems);
        } else if path.ends_with(".toml") {
            let shown = entry.path().to_string_lossy().into_owned();
            match fs::read_to_string(entry.path()) {
                Ok(text) => files.push(File { prefix, path, shown, text }),
                Err(error) => {
                    problems.push(Problem::unreadable(shown, format!("cannot read: {error}")));
                }
            }
        }
    }
}

// Path and text of every TOML file of `cases/`, in the order of paths, and the digest of them all.
include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
