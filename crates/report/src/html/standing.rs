//! What the baseline says of the run: what is new stands first, what is known has its reason.

use maud::{Markup, html};

use super::badge;
use crate::baseline::{Mark, Row};
use crate::report::Report;
use crate::visible::{self, counted};

/// What is new, known, fixed, stale and no longer judged; nothing without a baseline.
pub(super) fn standing(report: &Report) -> Markup {
    let Some(standing) = &report.baseline else {
        return html! {};
    };
    html! {
        section.rules.baseline aria-labelledby="baseline" {
            h2 #baseline { "Against the baseline " span.number { (standing.new.len()) " new" } }
            p.gloss { (standing.headline()) }
            @if !standing.new.is_empty() {
                ul.cases {
                    @for (id, new) in &standing.new {
                        li {
                            (badge(new.verdict)) " " a href={ "#" (id) } { (visible::text(id)) } " "
                            @for requirement in &new.requirements { code { (visible::text(requirement)) } " " }
                            @if let Some(said) = report.case(id).and_then(|case| new.otherwise(case)) { (said) }
                        }
                    }
                }
            }
            (folded("known", standing.known.len(), &html! {
                @for (id, excuse) in &standing.known {
                    li {
                        a href={ "#" (id) } { (visible::text(id)) } ": " (visible::text(&excuse.reason))
                        @if let Some(link) = &excuse.link { " " code { (visible::text(link)) } }
                        @if let Some(until) = &excuse.until { ", until " (visible::text(until)) }
                    }
                }
            }))
            (folded("fixed", standing.fixed.len(), &rows(&standing.fixed)))
            (folded("stale", standing.stale.len(), &rows(&standing.stale)))
            (folded("no longer judged", standing.lost.len(), &html! {
                @for id in &standing.lost { li { a href={ "#" (id) } { (visible::text(id)) } } }
            }))
        }
    }
}

/// The word of the baseline on a case, as a tag.
pub(super) fn tag(mark: Option<Mark<'_>>) -> Markup {
    html! { @if let Some(word) = word(mark) { span.label { (word) } } }
}

/// The word of the baseline on a case.
pub(super) fn word(mark: Option<Mark<'_>>) -> Option<&'static str> {
    Some(match mark? {
        Mark::New(_) => "new",
        Mark::Known(_) => "known",
        Mark::Lost => "no longer judged",
    })
}

fn folded(word: &str, number: usize, items: &Markup) -> Markup {
    html! {
        @if number > 0 { details { summary { (number) " " (word) } ul.cases { (items) } } }
    }
}

fn rows(rows: &[Row]) -> Markup {
    html! {
        @for row in rows {
            li {
                code { (visible::text(&row.requirement)) } " in " (visible::text(&row.cases))
                ": " (visible::text(&row.why))
            }
        }
    }
}

/// What of a cause is new; nothing without a baseline.
pub(super) fn new_of(report: &Report, cases: &[String]) -> Option<String> {
    let standing = report.baseline.as_ref()?;
    let new = cases.iter().filter(|id| standing.new.contains_key(*id)).count();
    Some(match new {
        0 => "all known".to_owned(),
        new => format!("{} new", counted(new, "case")),
    })
}
