//! Where case files come from: the binary and folders.

use std::fs::{self, FileType};
use std::path::{Path, PathBuf};

use crate::problem::{LoadError, Problem};
use crate::text;

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
    let mut found = Found { prefix, files: &mut files, problems: &mut problems, seen: Vec::new() };
    found.walk(dir, "");
    if files.is_empty() && problems.is_empty() {
        problems.push(Problem::unreadable(dir.to_string_lossy(), "no case file in this folder"));
    }
    if !problems.is_empty() {
        return Err(LoadError { problems });
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// What a walk through folders has found.
struct Found<'a> {
    prefix: &'static str,
    files: &'a mut Vec<File>,
    problems: &'a mut Vec<Problem>,
    /// The folders so far, without links, so that a loop of links has an end.
    seen: Vec<PathBuf>,
}

impl Found<'_> {
    fn walk(&mut self, dir: &Path, below: &str) {
        let shown = dir.to_string_lossy();
        let entries = fs::canonicalize(dir).and_then(|real| Ok((real, fs::read_dir(dir)?)));
        let entries = match entries {
            Ok((real, _)) if self.seen.contains(&real) => return,
            Ok((real, entries)) => {
                self.seen.push(real);
                entries
            }
            Err(error) => {
                let problem = Problem::unreadable(shown, format!("cannot read: {error}"));
                return self.problems.push(problem);
            }
        };
        for entry in entries.flatten() {
            let name = format!("{below}{}", entry.file_name().to_string_lossy());
            // Links are followed; one that leads nowhere has no kind.
            let kind = fs::metadata(entry.path()).map(|there| there.file_type());
            if kind.as_ref().is_ok_and(FileType::is_dir) {
                self.walk(&entry.path(), &format!("{name}/"));
            } else if name.ends_with(".toml") {
                self.take(&entry.path(), name, kind.is_ok_and(|kind| !kind.is_file()));
            }
        }
    }

    /// Reads a file; a pipe or a device might have no end.
    fn take(&mut self, at: &Path, path: String, is_special: bool) {
        let shown = at.to_string_lossy().into_owned();
        let text = match is_special {
            true => Err("not a plain file".to_owned()),
            false => text::read(at).map_err(|error| format!("cannot read: {error}")),
        };
        match text {
            Ok(text) => self.files.push(File { prefix: self.prefix, path, shown, text }),
            Err(why) => self.problems.push(Problem::unreadable(shown, why)),
        }
    }
}

// Path and text of every TOML file of `cases/`, in the order of paths, and the digest of them all.
include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
