//! What can be wrong with the site: a link that leads nowhere, an id that is there twice, something that is loaded
//! from elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use super::Site;

/// Everything that is wrong, a line each.
pub(super) fn problems(site: &Site) -> Vec<String> {
    let mut problems = Vec::new();
    let pages: BTreeMap<&str, Tags<'_>> = site
        .iter()
        .filter(|(path, _)| path.ends_with(".html"))
        .map(|(path, text)| (path.as_str(), Tags::of(text)))
        .collect();
    for (path, tags) in &pages {
        let mut seen = BTreeSet::new();
        for id in tags.ids.iter().filter(|id| !seen.insert(**id)) {
            problems.push(format!("{path}: the id `{id}` is there twice"));
        }
        for source in &tags.loaded {
            problems.push(format!("{path}: it loads {source}"));
        }
        for href in &tags.hrefs {
            if let Some(problem) = dead(path, href, site, &pages) {
                problems.push(format!("{path}: {href}: {problem}"));
            }
        }
    }
    problems
}

/// Why a link leads nowhere.
fn dead(
    path: &str,
    href: &str,
    site: &Site,
    pages: &BTreeMap<&str, Tags<'_>>,
) -> Option<&'static str> {
    if href.contains("://") {
        let known = OUTSIDE.iter().any(|known| href.starts_with(known));
        return (!known).then_some("it leads out of the site");
    }
    let (file, id) = href.split_once('#').unwrap_or((href, ""));
    let target = if file.is_empty() { path.to_owned() } else { join(path, file) };
    if !site.contains_key(&target) {
        return Some("there is no such file");
    }
    let has = |page: &Tags<'_>| id.is_empty() || page.ids.contains(&id);
    (!pages.get(target.as_str()).is_none_or(has)).then_some("the page has no such id")
}

/// The path of a file that a page names from where it stands.
fn join(page: &str, file: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in file.split('/') {
        match part {
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// What the tags of a page say.
#[derive(Default)]
struct Tags<'p> {
    ids: Vec<&'p str>,
    hrefs: Vec<&'p str>,
    loaded: Vec<&'p str>,
}

impl<'p> Tags<'p> {
    /// Text and values have their `<` escaped, so each one begins a tag.
    fn of(text: &'p str) -> Self {
        let mut tags = Self::default();
        for tag in text.split('<').skip(1) {
            let tag = tag.split('>').next().unwrap_or_default();
            tags.ids.extend(value(tag, " id=\""));
            tags.hrefs.extend(value(tag, " href=\""));
            tags.loaded.extend(value(tag, " src=\""));
            if tag.starts_with("script") || tag.starts_with("iframe") {
                tags.loaded.push(tag);
            }
        }
        tags
    }
}

fn value<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    tag.split_once(name).and_then(|(_, rest)| rest.split('"').next())
}

/// Where links may lead that leave the site.
const OUTSIDE: [&str; 1] = ["https://www.rfc-editor.org/rfc/"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_found() {
        let page = r##"<h1 id="a">x</h1><p id="a"></p><a href="../b.html#c">y</a><a href="#a">z</a>
            <a href="gone.html">w</a><img src="x.png"><a href="https://example.com/">v</a>"##;
        let site = Site::from([
            ("s/a.html".to_owned(), page.to_owned()),
            ("b.html".to_owned(), "<p></p>".to_owned()),
        ]);
        assert_eq!(
            problems(&site),
            [
                "s/a.html: the id `a` is there twice",
                "s/a.html: it loads x.png",
                "s/a.html: ../b.html#c: the page has no such id",
                "s/a.html: gone.html: there is no such file",
                "s/a.html: https://example.com/: it leads out of the site",
            ]
        );
    }
}
