//! A page for each RFC: what its sections ask, in our words, with the cases and faults of each requirement.

use maud::{Markup, html};
use upspec_corpus::registry::Document;
use upspec_corpus::words::Word as _;
use upspec_corpus::{Requirement, Weight};
use upspec_judge::rules::RULES;
use upspec_report::{Docs, Living, Tool, living_body};

use super::book::{Book, Flaw, ROLES, fault_place, tested as under_test};
use super::page::{Page, Up, level, rfc_link, rule_link};

/// The pages on requirements.
pub(super) fn pages(book: &Book) -> Vec<Page> {
    let flaws: Vec<Flaw> = ROLES.into_iter().flat_map(Book::faults).collect();
    let documents = book.corpus.requirements.documents().iter();
    let pages = documents.map(|document| page(document, &flaws, book));
    pages.chain([index(book), living(book)]).collect()
}

/// All RFCs on one page, section by section.
fn living(book: &Book) -> Page {
    let tool =
        Tool { version: env!("CARGO_PKG_VERSION").to_owned(), corpus: book.corpus.digest.clone() };
    let living = Living { docs: Some(Docs::here()), ..Living::of(&book.corpus, None, tool) };
    let body = html! {
        div.sheet {
            p { "What each section asks, in our words, with links into its text, and the cases behind it." }
            p.gloss { "Coloured by what your own server, client or proxy does: " code { "upspec report living REPORT" } }
        }
        (living_body(&living))
    };
    Page { path: LIVING.to_owned(), title: "The RFCs, requirement by requirement".to_owned(), body }
}

const LIVING: &str = "living.html";

fn index(book: &Book) -> Page {
    let path = "requirements/index.html".to_owned();
    let up = Up::from(&path);
    let body = html! {
        div.sheet {
            p { "All on one page, by section: " a href=(up.to(LIVING)) { "the RFCs, requirement by requirement" } "." }
            p { "What the RFCs ask, in our words. Every verdict cites one of these; a fail needs a MUST or a grammar." }
            table {
                thead { tr { th { "RFC" } th { "title" } th { "requirements" } th { "of them binding" } th { "that no probe sees" } } }
                tbody {
                    @for document in book.corpus.requirements.documents() {
                        @let own: Vec<&Requirement> = book.requirements_of(&document.rfc).collect();
                        tr {
                            td { a href=(up.to(&format!("requirements/{}.html", document.rfc))) { (spoken(&document.rfc)) } }
                            td { (document.title) }
                            td { (own.len()) }
                            td { (own.iter().filter(|one| one.level.weight() == Weight::Must).count()) }
                            td { (own.iter().filter(|one| one.untestable.is_some()).count()) }
                        }
                    }
                }
            }
        }
    };
    Page { path, title: "Requirements".to_owned(), body }
}

fn spoken(rfc: &str) -> String {
    format!("RFC {}", rfc.trim_start_matches("rfc"))
}

fn page(document: &Document, flaws: &[Flaw], book: &Book) -> Page {
    let path = format!("requirements/{}.html", document.rfc);
    let up = Up::from(&path);
    let mut sections: Vec<(&str, Vec<&Requirement>)> = Vec::new();
    for one in book.requirements_of(&document.rfc) {
        match sections.iter_mut().find(|(section, _)| *section == one.section()) {
            Some((_, own)) => own.push(one),
            None => sections.push((one.section(), vec![one])),
        }
    }
    let body = html! {
        div.sheet {
            p { (document.title) }
            ul.contents.sections {
                @for (section, own) in &sections {
                    li { a href={ "#section-" (section) } { "Section " (section) } " " span.number { (own.len()) } }
                }
            }
        }
        @for (section, own) in &sections {
            section id={ "section-" (section) } {
                h2 { "Section " (section) }
                @if let Some(first) = own.first() { p.gloss { "Its text: " (rfc_link(first.place())) } }
                @for one in own { (entry(one, flaws, book, &up)) }
            }
        }
    };
    Page { path, title: spoken(&document.rfc), body }
}

fn entry(one: &Requirement, flaws: &[Flaw], book: &Book, up: &Up) -> Markup {
    let anchor = one.id.split_once('/').map_or("", |(_, rest)| rest);
    html! {
        article.rule id=(anchor) {
            h3 { a href={ "#" (anchor) } { (one.text) } }
            p.gloss { (level(one.level)) code { (one.id) } ", binds: " (one.binds.word()) ", its text: " (rule_link(one)) }
            p.gloss {
                "Harm of a breach: " (one.harm.kind.word()) ". " (one.harm.because)
                @if one.harm.needs_open { " It takes a connection that stays open." }
            }
            (history(one))
            @if one.derived {
                p.gloss { "Derived: the duty is that of RFC 6455 to refuse, or to fail on, what does not match its description." }
            }
            @if let Some(why) = &one.untestable { p.gloss { "No probe can see it: " (why) } }
            (tested(one, book, up))
            @for flaw in flaws.iter().filter(|flaw| flaw.breaks == one.id) {
                p.gloss { "Fault of " (under_test(flaw.role)) ": " a href=(up.to(&fault_place(flaw.role, flaw.name))) { code { (flaw.name) } } " " (flaw.summary) }
            }
        }
    }
}

/// What older and newer texts say.
fn history(one: &Requirement) -> Markup {
    html! {
        @if let Some(successor) = &one.successor { p.gloss { "Now: " (rfc_link(successor)) } }
        @if !one.older.is_empty() {
            p.gloss { "Before: " @for (at, older) in one.older.iter().enumerate() { @if at > 0 { "; " } (rfc_link(older)) } }
        }
        @if let Some(changed) = &one.changed { p.gloss { "What changed: " (changed) } }
    }
}

/// What looks at it: cases, and rules for every message.
fn tested(one: &Requirement, book: &Book, up: &Up) -> Markup {
    let cases: Vec<_> =
        book.corpus.cases.iter().filter(|case| case.requirement == one.id).collect();
    let bearing: Vec<_> =
        book.corpus.cases.iter().filter(|case| case.see.contains(&one.id)).collect();
    let rules = RULES.iter().filter(|rule| rule.cites.contains(&one.id.as_str()));
    let rules: Vec<&str> = rules.map(|rule| rule.name).collect();
    html! {
        @if !rules.is_empty() {
            p.gloss { "Every message is checked against it: " (rules.join(", ")) "." }
        }
        @for (name, cases) in [("Cases about it", cases), ("Cases that it bears on", bearing)] {
            @if !cases.is_empty() {
                details {
                    summary { (name) ": " (cases.len()) }
                    ul.contents { @for case in cases { li { (up.case(&case.id)) " " (case.title) } } }
                }
            }
        }
    }
}
