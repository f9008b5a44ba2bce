//! A comparison of servers as one HTML page that loads nothing and has no script. No octet of a server
//! becomes markup.

use maud::{DOCTYPE, Markup, html};
use upspec_judge::Verdict;

use super::{head, level, sections, sign};
use crate::diff::{ComparedCase, Diff, Group, Server, headline, peers, permitted_word};
use crate::visible;
use crate::words::{BY_URGENCY, verdict_word};

/// The comparison as HTML.
#[must_use]
pub(crate) fn diff_html(diff: &Diff) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head { (head(&format!("{} side by side", peers(diff)), STYLE, None)) }
            body {
                a.skip href="#cases" { "Skip to the cases" }
                (banner(diff))
                main { (servers(diff)) (cases(diff)) }
                footer { p {
                    "Those in one row did the same: the outcome and every named fact are equal. "
                    "Several behaviours of a case can be permitted, where the cited requirements leave room."
                } }
            }
        }
    };
    page.into_string()
}

fn banner(diff: &Diff) -> Markup {
    html! {
        header.banner {
            p.brand { "upspec" span { "HTTP Upgrade and WebSocket handshake conformance" } }
            h1 { (headline(diff)) }
            dl.meta {
                div { dt { "Started" } dd { (diff.started.strftime("%Y-%m-%d %H:%M:%S UTC")) } }
                div { dt { "Took" } dd { (diff.elapsed_ms / 1000) "." (diff.elapsed_ms % 1000 / 100) " s" } }
                div { dt { "Seed" } dd { (diff.seed) } }
                div { dt { "upspec" } dd { (visible::text(&diff.tool.version)) } }
                div.wide { dt { "Corpus" } dd { code { (visible::text(&diff.tool.corpus)) } } }
            }
        }
    }
}

fn servers(diff: &Diff) -> Markup {
    html! {
        section.servers aria-labelledby="servers" {
            h2 #servers { (peers(diff)) }
            ul { @for server in &diff.servers { (server_item(server)) } }
        }
    }
}

fn server_item(server: &Server) -> Markup {
    html! {
        li {
            h3 { (visible::text(&server.name)) " " code { (visible::text(&server.url)) } }
            @if let Some(trouble) = &server.trouble { p.trouble { (visible::text(trouble)) } }
            ul.counts {
                @for verdict in BY_URGENCY {
                    li.(verdict_word(verdict)) {
                        b { (server.summary.count(verdict)) }
                        span { (sign(verdict)) (verdict_word(verdict)) }
                    }
                }
            }
        }
    }
}

fn cases(diff: &Diff) -> Markup {
    html! {
        section aria-labelledby="cases" {
            h2 #cases { "The cases " span.number { (diff.cases.len()) } }
            p.gloss { "One row for each behaviour, with a verdict on it." }
            @for case in &diff.cases { (case_article(diff, case)) }
        }
    }
}

fn case_article(diff: &Diff, case: &ComparedCase) -> Markup {
    let note = diff.requirements.get(&case.requirement);
    html! {
        article.compared id=(visible::text(&case.id)) {
            h3 { (visible::text(&case.title)) }
            p.meta {
                @if let Some(note) = note { (level(&note.level)) }
                code { (visible::text(&case.id)) } " · "
                @match note {
                    Some(note) => { (visible::text(&case.requirement)) " " (sections(&note.sections, Some(note))) }
                    None => { (visible::text(&case.requirement)) }
                }
            }
            ul.groups { @for group in &case.groups { (group_item(group)) } }
        }
    }
}

fn group_item(group: &Group) -> Markup {
    html! {
        li {
            span.badge.(verdict_word(group.verdict)) { (sign(group.verdict)) (permitted_word(group.verdict)) }
            div {
                p {
                    b { (visible::text(group.outcome.as_deref().unwrap_or("not asked"))) }
                    @for fact in &group.facts {
                        span.fact { (visible::text(&fact.name)) " " (visible::text(&fact.value)) }
                    }
                }
                p.who { (names(group)) }
                @for finding in group.findings.iter().filter(|one| one.verdict >= Verdict::Warn) {
                    p.said {
                        span.sign aria-hidden="true" { (sign(finding.verdict)) }
                        (visible::text(&finding.message)) " (" (visible::text(&finding.requirement)) ")"
                    }
                }
            }
        }
    }
}

fn names(group: &Group) -> String {
    let names: Vec<String> = group.servers.iter().map(|name| visible::text(name)).collect();
    names.join(", ")
}

const STYLE: &str = concat!(include_str!("style.css"), include_str!("diff.css"));
