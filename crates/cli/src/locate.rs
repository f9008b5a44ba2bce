//! The file of the user's repository at which code scanning and annotations point, as a path from its root.

use std::path::{Path, PathBuf};

use upspec_report::Report;

use crate::files::identity;

/// Tells the report at which file to point: the one that the user names, else the baseline, else the
/// configuration, if there is one.
pub(crate) fn locate(report: &mut Report, wanted: Option<&str>) {
    let baseline = report.baseline.as_ref().map(|standing| standing.file.as_str());
    let config = Path::new(CONFIG).is_file().then_some(CONFIG);
    let root = ROOTS.iter().find_map(std::env::var_os).map(PathBuf::from);
    let root = root.or_else(|| std::env::current_dir().ok());
    report.locate = wanted.or(baseline).or(config).map(|file| from_root(file, root.as_deref()));
}

/// The path from the root of the repository, if the file lies there; a line behind it stays.
fn from_root(wanted: &str, root: Option<&Path>) -> String {
    let line = wanted.rsplit_once(':').filter(|(_, line)| line.parse::<usize>().is_ok());
    let (file, line) = line.map_or((wanted, None), |(file, line)| (file, Some(line)));
    let real = root.map(identity).zip(Some(identity(Path::new(file))));
    let inside = real.as_ref().and_then(|(root, file)| file.strip_prefix(root).ok());
    let path = inside.map_or_else(|| file.to_owned(), |inside| inside.display().to_string());
    line.map_or(path.clone(), |line| format!("{path}:{line}"))
}

const CONFIG: &str = "upspec.toml";
/// Where the jobs of GitHub, Forgejo and GitLab say that the repository lies.
const ROOTS: [&str; 2] = ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_starts_at_the_root_of_the_repository() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a/../upspec.toml");
        std::fs::create_dir(folder.path().join("a")).unwrap();
        std::fs::write(folder.path().join("upspec.toml"), "").unwrap();
        let wanted = format!("{}:7", file.display());
        assert_eq!(from_root(&wanted, Some(folder.path())), "upspec.toml:7");
        assert_eq!(from_root("b/c.toml", Some(Path::new("/nowhere"))), "b/c.toml");
        assert_eq!(from_root("b/c.toml:x", None), "b/c.toml:x");
    }
}
