//! The frame around each page, and links that hold wherever the page stands.

use maud::{DOCTYPE, Markup, html};
use upspec_corpus::Requirement;
use upspec_corpus::words::Word as _;

use super::book::{Book, case_place, requirement_place};

/// A page before its frame is around it.
pub(super) struct Page {
    /// Where it stands in the site.
    pub(super) path: String,
    pub(super) title: String,
    pub(super) body: Markup,
}

impl Page {
    /// The whole page.
    pub(super) fn into_html(self, book: &Book) -> String {
        let up = Up::from(&self.path);
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="referrer" content="no-referrer";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) " · upspec" }
                    link rel="stylesheet" href=(up.to("style.css"));
                }
                body {
                    a.skip href="#the-page" { "Skip to the content" }
                    header.banner {
                        p.brand {
                            a href=(up.to("index.html")) { "upspec" }
                            span { "HTTP Upgrade and the WebSocket opening handshake" }
                        }
                        nav.site aria-label="Parts of the site" {
                            ul {
                                @for (path, name, under) in PARTS {
                                    li { (part(&self.path, &up, path, name, under)) }
                                }
                            }
                        }
                    }
                    main #the-page {
                        h1 { (self.title) }
                        (self.body)
                    }
                    footer {
                        p { "upspec " (env!("CARGO_PKG_VERSION")) ", corpus " code { (book.corpus.digest) } }
                    }
                }
            }
        };
        page.into_string()
    }
}

/// A link to a part of the site, which says whether the page is that part or in it.
fn part(page: &str, up: &Up, path: &str, name: &str, under: &str) -> Markup {
    let inside = !under.is_empty() && page.starts_with(under);
    let current = match () {
        () if page == path => Some("page"),
        () if inside => Some("true"),
        () => None,
    };
    html! { a href=(up.to(path)) aria-current=[current] { (name) } }
}

/// The way from a page to the root of the site.
pub(super) struct Up(String);

impl Up {
    /// From the page at this path.
    pub(super) fn from(path: &str) -> Self {
        Self("../".repeat(path.matches('/').count()))
    }

    /// The address of a place in the site.
    pub(super) fn to(&self, place: &str) -> String {
        format!("{}{place}", self.0)
    }

    /// A case by its id.
    pub(super) fn case(&self, id: &str) -> Markup {
        html! { a href=(self.to(&case_place(id))) { code { (id) } } }
    }

    /// A requirement by its id, with its level.
    pub(super) fn requirement(&self, book: &Book, id: &str) -> Markup {
        let level = book.corpus.requirements.get(id).map(|one| level(one.level));
        html! { @if let Some(level) = level { (level) } a href=(self.to(&requirement_place(id))) { code { (id) } } }
    }
}

/// How binding a requirement is.
pub(super) fn level(level: upspec_corpus::Level) -> Markup {
    let word = level.word().replace('-', " ").to_uppercase();
    html! { span.level { (word) } " " }
}

/// The section of a requirement, as a link to its sentence where that is known.
pub(super) fn rule_link(one: &Requirement) -> Markup {
    let number = one.rfc().trim_start_matches("rfc");
    html! { a href=(one.url()) rel="noreferrer" { "RFC " (number) ", " (one.section()) } }
}

/// A section of an RFC, as a link to its text.
pub(super) fn rfc_link(place: &str) -> Markup {
    let (rfc, section) = place.split_once('/').unwrap_or((place, ""));
    let number = rfc.trim_start_matches("rfc");
    html! { a href=(upspec_corpus::section_url(place)) rel="noreferrer" { "RFC " (number) ", " (section) } }
}

/// The parts of the site: page, name, and what their pages' paths start with.
const PARTS: [(&str, &str, &str); 9] = [
    ("index.html", "Start", "start-"),
    ("get-it.html", "Get it", ""),
    ("ci.html", "In CI", ""),
    ("commands/index.html", "Commands", "commands/"),
    ("cases/index.html", "Cases", "cases/"),
    ("requirements/index.html", "Requirements", "requirements/"),
    ("faults/index.html", "Faults", "faults/"),
    ("policy.html", "Policy", ""),
    ("formats/index.html", "Formats", "formats/"),
];

/// What the pages have beyond the stylesheet of the report.
pub(super) const STYLE: &str = include_str!("docs.css");
