//! The report as one HTML page that loads nothing. No octet of a target becomes markup; a policy in the page
//! stops what slips through.

mod agreement;
mod causes;
mod diff;
mod ledger;
mod living;
mod matrix;
mod programs;
mod results;
mod standing;
mod summary;
mod wire;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};
use upspec_judge::Verdict;

use crate::carried;
use crate::note::RequirementNote;
use crate::report::Report;
use crate::section::Section;
use crate::visible;
use crate::words::{level_beside, level_word, verdict_word};

pub(crate) use diff::diff_html;
pub(crate) use living::living_html;
pub use living::{LIVING_STYLE, living_body};
pub(crate) use matrix::matrix_html;

/// The report as HTML.
#[must_use]
pub(crate) fn html(report: &Report) -> String {
    let name = report.target.name.as_ref().unwrap_or(&report.target.url);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head { (head(&visible::text(name), STYLE, Some(SCRIPT))) }
            body {
                a.skip href="#results" { "Skip to the results" }
                (summary::banner(report))
                main {
                    (summary::counts(report))
                    (standing::standing(report))
                    (causes::causes(report, Verdict::Fail))
                    (causes::causes(report, Verdict::Warn))
                    (agreement::agreement(report))
                    (summary::rules(report, Verdict::Fail))
                    (summary::rules(report, Verdict::Warn))
                    (summary::facts(report))
                    (ledger::ledger(report))
                    (results::results(report))
                }
                (summary::colophon(report))
                (programs::languages(report))
                (carried::element(&report.json()))
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

/// The head of a page. Its policy forbids everything but its style and its script, if it has one.
fn head(title: &str, style: &str, script: Option<&str>) -> Markup {
    html! {
        meta charset="utf-8";
        meta http-equiv="Content-Security-Policy" content=(policy(style, script));
        meta name="viewport" content="width=device-width, initial-scale=1";
        meta name="referrer" content="no-referrer";
        meta name="color-scheme" content="light dark";
        title { "upspec: " (title) }
        style { (PreEscaped(style)) }
    }
}

fn policy(style: &str, script: Option<&str>) -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    let style = hash(style);
    let script =
        script.map(|text| format!("script-src 'sha256-{}'; ", hash(text))).unwrap_or_default();
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; {script}base-uri 'none'; form-action 'none'"
    )
}

/// A verdict as a word. The style sheet puts a sign before it, for readers who see no colour: a page has thousands.
fn badge(verdict: Verdict) -> Markup {
    let word = verdict_word(verdict);
    html! { span.badge.(word) { (word) } }
}

fn sign(verdict: Verdict) -> Markup {
    let sign = match verdict {
        Verdict::Pass => "✓",
        Verdict::Warn => "!",
        Verdict::Fail => "✕",
        Verdict::Inconclusive => "?",
        Verdict::Error => "⊘",
    };
    html! { span.sign aria-hidden="true" { (sign) } " " }
}

fn level(level: &str) -> Markup {
    html! { span.level { (visible::text(&level_word(level))) } }
}

/// The level of a rule beside what is said of it.
fn level_of(level: &str, verdict: Verdict) -> Markup {
    html! { span.level { (visible::text(&level_beside(level, verdict))) } }
}

/// The sections that have to do with a requirement, each a link: its own, to the sentence where that is known, then
/// newer and older ones.
fn sections(references: &[String], note: Option<&RequirementNote>) -> Markup {
    let own = references.first().and_then(|own| Section::parse(own)).map(|own| own.rfc);
    html! {
        @for (position, reference) in references.iter().enumerate() {
            @if position > 0 {
                @let rfc = Section::parse(reference).map(|section| section.rfc);
                @if rfc < own { " · before: " } @else { " · now: " }
            }
            (section(reference, note.filter(|_| position == 0)))
        }
    }
}

/// The id of a requirement, as a link to the documentation where there is one.
fn rule_id(report: &Report, id: &str) -> Markup {
    html! {
        @match report.documentation() {
            Some(docs) => a href=(docs.requirement(id)) rel="noreferrer" { code { (visible::text(id)) } },
            None => code { (visible::text(id)) },
        }
    }
}

/// A link to a section of an RFC, or to a sentence of it. Any other reference is shown as text, so that addresses are
/// only made of numbers and of words that can do no harm.
fn section(reference: &str, note: Option<&RequirementNote>) -> Markup {
    let Some(section) = Section::parse(reference) else {
        return html! { span { (visible::text(reference)) } };
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "%,".contains(c);
    let is_sentence = |url: &&str| {
        let words = url.strip_prefix(&section.url()).and_then(|rest| rest.strip_prefix(":~:text="));
        words.is_some_and(|words| words.chars().all(is_plain))
    };
    let sentence = note.map(|note| note.url.as_str()).filter(is_sentence);
    let url = sentence.map_or_else(|| section.url(), str::to_owned);
    html! { a href=(url) rel="noreferrer" { (section.name()) } }
}

/// The look of a page, which other pages of ours share.
pub const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = concat!(include_str!("html/jump.js"), include_str!("html/script.js"));

#[cfg(test)]
mod tests;
