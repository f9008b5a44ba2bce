//! The faults of the reference server, client and proxy: what each does, which rule it breaks, which cases see it.

use maud::{Markup, html};
use upspec_corpus::case::Role;
use upspec_corpus::words::Word as _;

use super::book::{Book, Flaw, ROLES};
use super::page::{Page, Up};

/// The pages on faults.
pub(super) fn pages(book: &Book) -> Vec<Page> {
    ROLES.into_iter().map(|role| page(role, book)).chain([index()]).collect()
}

fn index() -> Page {
    let path = "faults/index.html".to_owned();
    let up = Up::from(&path);
    let body = html! {
        div.sheet {
            p {
                "Each fault is one thing that the reference server, client or proxy does wrong when it is told to. "
                "They show that a case can fail, and what its failing looks like."
            }
            ul.contents {
                @for role in ROLES {
                    li {
                        a href=(up.to(&format!("faults/{}.html", role.word()))) { "Faults of the " (reference(role)) }
                        " " span.number { (Book::faults(role).len()) } " " code { (command(role)) }
                    }
                }
            }
        }
    };
    Page { path, title: "Faults".to_owned(), body }
}

fn page(role: Role, book: &Book) -> Page {
    let path = format!("faults/{}.html", role.word());
    let up = Up::from(&path);
    let body = html! {
        div.sheet {
            p { "Plant one: " code { (command(role)) } }
        }
        div.sheet {
            @for flaw in Book::faults(role) { (entry(&flaw, book, &up)) }
        }
    };
    Page { path, title: format!("Faults of the {}", reference(role)), body }
}

fn entry(flaw: &Flaw, book: &Book, up: &Up) -> Markup {
    let cases = book.catching(flaw);
    html! {
        article.rule id=(flaw.name) {
            h2 { a href={ "#" (flaw.name) } { (flaw.name) } }
            p { (flaw.summary) }
            p.gloss { "Breaks " (up.requirement(book, flaw.breaks)) }
            @if !flaw.also.is_empty() {
                p.gloss { "And with it " @for id in flaw.also { (up.requirement(book, id)) " " } }
            }
            details {
                summary { "Cases that catch it: " (cases.len()) }
                ul.contents.ids { @for id in cases.iter().take(MOST_SHOWN) { li { (up.case(id)) } } }
                @if cases.len() > MOST_SHOWN { p.gloss { "And " (cases.len() - MOST_SHOWN) " more." } }
            }
        }
    }
}

fn reference(role: Role) -> &'static str {
    match role {
        Role::Client => "reference client",
        Role::Intermediary => "reference proxy",
        Role::Server => "reference server",
    }
}

fn command(role: Role) -> &'static str {
    match role {
        Role::Client => "upspec connect URL --fault NAME",
        Role::Intermediary => "upspec serve --proxy --fault NAME",
        Role::Server => "upspec serve --fault NAME",
    }
}

/// A fault that shows in most answers is caught by hundreds of cases.
const MOST_SHOWN: usize = 60;
