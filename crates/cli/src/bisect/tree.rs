//! The work tree in which commits are built. The user's checkout, index and branches are never touched.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::console;
use crate::exit::Trouble;

/// A commit of the range.
pub(super) struct Commit {
    pub(super) id: String,
    pub(super) short: String,
    pub(super) subject: String,
    pub(super) author: String,
    pub(super) date: String,
}

/// A work tree of the repository. Dropping it takes it away again.
pub(super) struct Tree {
    repo: PathBuf,
    path: PathBuf,
    _folder: TempDir,
}

impl Tree {
    /// The commits of a range, from old to new, and a work tree at the first one.
    pub(super) fn of(repo: &Path, range: &str) -> Result<(Vec<Commit>, Self), Trouble> {
        let (old, new) = range
            .split_once("..")
            .filter(|(old, new)| !old.is_empty() && !new.is_empty() && !new.starts_with('.'))
            .ok_or_else(|| Trouble::usage(format!("`{range}` is no range; write OLD..NEW")))?;
        let [old, new] = [commit_of(repo, old)?, commit_of(repo, new)?];
        if git(repo, &["merge-base", "--is-ancestor", &old, &new]).is_err() {
            return Err(Trouble::usage(format!(
                "in `{range}` the second commit does not descend from the first"
            )));
        }
        let list = format!("{old}..{new}");
        let format = format!("--format={FORMAT}");
        let told = |arguments: &[&str]| git(repo, arguments).map_err(Trouble::usage);
        let first = told(&["log", "--no-walk", &format, &old])?;
        let rest = told(&["log", "--first-parent", "--reverse", &format, &list])?;
        let commits: Vec<Commit> = first.lines().chain(rest.lines()).filter_map(commit).collect();
        if commits.len() < 2 {
            return Err(Trouble::usage(format!("`{range}` holds no two commits")));
        }
        let folder = tempfile::Builder::new()
            .prefix("upspec-bisect-")
            .tempdir()
            .map_err(|error| Trouble::usage(format!("cannot make a folder: {error}")))?;
        let path = folder.path().join("tree");
        let shown = path.to_string_lossy().into_owned();
        told(&["worktree", "add", "--quiet", "--detach", &shown, &old])?;
        Ok((commits, Self { repo: repo.to_owned(), path, _folder: folder }))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts the files of a commit there; what a build left stays, as long as it is no file of the commit.
    pub(super) fn check_out(&self, id: &str) -> Result<(), String> {
        git(&self.path, &["checkout", "--quiet", "--force", "--detach", id]).map(drop)
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let shown = self.path.to_string_lossy();
        if let Err(error) = git(&self.repo, &["worktree", "remove", "--force", &shown]) {
            console::complain(&format!(
                "{error}; `git worktree prune` takes away what git still knows of {shown}"
            ));
        }
    }
}

/// The full id of the commit that a name means.
fn commit_of(repo: &Path, name: &str) -> Result<String, Trouble> {
    let name = format!("{name}^{{commit}}");
    git(repo, &["rev-parse", "--verify", "--end-of-options", &name])
        .map(|id| id.trim().to_owned())
        .map_err(Trouble::usage)
}

fn commit(line: &str) -> Option<Commit> {
    let mut parts = line.split('\0').map(str::to_owned);
    let mut next = || parts.next();
    Some(Commit { id: next()?, short: next()?, date: next()?, author: next()?, subject: next()? })
}

/// What git prints, or what it says is wrong.
fn git(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new("git");
    // A hook of the user's is not to act on a work tree that he never sees.
    command.arg("-C").arg(folder).args(["-c", "core.hooksPath=/dev/null"]).args(arguments);
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"] {
        command.env_remove(name);
    }
    let Output { status, stdout, stderr } = command
        .env("GIT_TERMINAL_PROMPT", "0")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot run git: {error}"))?;
    match status.success() {
        true => Ok(String::from_utf8_lossy(&stdout).into_owned()),
        false => {
            let stderr = String::from_utf8_lossy(&stderr);
            let line = stderr.lines().last().unwrap_or("it does not say why");
            let line = line.trim_start_matches("fatal: ").trim_start_matches("error: ");
            Err(format!("git {}: {line}", arguments.first().unwrap_or(&"")))
        }
    }
}

/// A path as one word of a shell.
pub(super) fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', "'\\''"))
}

/// What is asked for of each commit.
const FORMAT: &str = "%H%x00%h%x00%as%x00%an%x00%s";
