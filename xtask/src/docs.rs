//! The documentation as a static site: made of the corpus, the registry, the tables of faults, the texts of the
//! repository and the command line. It loads nothing from elsewhere, and each of its links leads somewhere.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{Outcome, root};

mod book;
mod cases;
mod check;
mod commands;
mod faults;
mod guides;
mod markdown;
mod page;
mod requirements;

use book::Book;

/// What to do with the site.
pub(crate) enum Options {
    /// Look only for what is wrong with it.
    Check,
    /// Write it to this folder.
    Write(PathBuf),
}

/// Makes the site, checks its links, and writes it.
pub(crate) fn run(options: &Options) -> Outcome {
    let site = site()?;
    let problems = check::problems(&site);
    if !problems.is_empty() {
        return Err(problems);
    }
    match options {
        Options::Check => Ok(format!("docs: {} files, and every link leads somewhere", site.len())),
        Options::Write(folder) => write(&site, folder)
            .map(|()| format!("wrote {} files to {}", site.len(), folder.display()))
            .map_err(|error| vec![format!("{}: {error}", folder.display())]),
    }
}

/// Where the site goes when nobody says it.
pub(crate) fn usual_folder() -> PathBuf {
    root().join("target/docs")
}

/// The files of the site by their path.
type Site = BTreeMap<String, String>;

fn site() -> Result<Site, Vec<String>> {
    let book = Book::open(&root())?;
    let mut pages = guides::pages(&book)?;
    pages.extend(cases::pages(&book));
    pages.extend(requirements::pages(&book));
    pages.extend(faults::pages(&book));
    pages.extend(commands::pages(&book));
    let mut site: Site =
        pages.into_iter().map(|page| (page.path.clone(), page.into_html(&book))).collect();
    let style = [upspec_report::STYLE, upspec_report::LIVING_STYLE, page::STYLE].join("\n");
    site.insert("style.css".to_owned(), style);
    Ok(site)
}

/// Writes the site as a whole: a page of an earlier one that this one lacks goes.
fn write(site: &Site, folder: &Path) -> std::io::Result<()> {
    let is_ours = |folder: &Path| folder.join("style.css").exists();
    if folder.exists() && is_ours(folder) {
        fs::remove_dir_all(folder)?;
    }
    for (path, text) in site {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_of_the_site_leads_somewhere() {
        let site = site().unwrap();
        assert_eq!(check::problems(&site), Vec::<String>::new());
        assert!(site["cases/server/key.html"].contains(r#"id="fifteen-bytes""#));
        assert!(site["requirements/rfc6455.html"].contains(r#"id="4.2.1-key""#));
        assert!(site["living.html"].contains(r#"id="rfc6455/4.2.1-key""#));
        assert!(site["policy.html"].contains(r#"id="P12""#));
        assert!(site["commands/run.html"].contains(r#"id="only""#));
    }
}
