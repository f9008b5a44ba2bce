//! The causes, for a maintainer who asks what to mend first.

use maud::{Markup, html};
use upspec_judge::Verdict;

use super::{level_of, rule_id, sections, standing};
use crate::cause::Cause;
use crate::command;
use crate::overview::{self, Behind};
use crate::report::Report;
use crate::visible::{self, counted};
use crate::words::verdict_word;

/// The causes of this verdict, the worst first; nothing where the report has none.
pub(super) fn causes(report: &Report, verdict: Verdict) -> Markup {
    let causes = overview::causes(report, verdict);
    let (id, title, gloss) = match verdict {
        Verdict::Fail => (
            "causes",
            "What to mend",
            "Cases that fail or warn for the same reason are one cause. The most harmful come first.",
        ),
        _ => (
            "warning-causes",
            "What to look at",
            "The causes of the warnings. None of them breaks a MUST beyond doubt.",
        ),
    };
    html! {
        @if !causes.is_empty() {
            section.causes.(verdict_word(verdict)) aria-labelledby=(id) {
                h2 #(id) { (title) " " span.number { (causes.len()) } }
                p.gloss { (gloss) }
                ol { @for behind in causes.iter().take(MANY) { (item(report, behind)) } }
                @if causes.len() > MANY {
                    details {
                        summary { (counted(causes.len() - MANY, "more cause")) }
                        ol { @for behind in causes.iter().skip(MANY) { (item(report, behind)) } }
                    }
                }
            }
        }
    }
}

fn item(report: &Report, behind: &Behind<'_>) -> Markup {
    let cause = behind.cause;
    let again = command::of_cause(report, cause);
    let cases = html! {
        ul.cases {
            @for id in &cause.cases { li { a href={ "#" (id) } { (visible::text(id)) } } }
        }
    };
    html! {
        li {
            p.harm { span { (visible::text(&cause.harm)) } }
            div {
                h3 { (visible::text(&cause.title)) }
                p.meta {
                    (level_of(behind.level, cause.verdict)) (sections(behind.sections, report.requirements.get(&cause.requirement)))
                    " · " (rule_id(report, &cause.requirement))
                    @if let (Some(docs), Some(fault)) = (report.documentation(), &cause.fault) {
                        " · as the fault "
                        a href=(docs.fault(report.target.role, fault)) rel="noreferrer" { code { (visible::text(fault)) } }
                    }
                    @if let Some(new) = standing::new_of(report, &cause.cases) { " · " b { (new) } }
                }
                @if let Some(rule) = behind.rule { p.rule { (visible::text(rule)) } }
                p.why { (visible::text(&cause.why)) @if let Some(others) = &cause.others { " " b { (visible::text(others)) } } }
                @if let Some(case) = behind.example {
                    p.example {
                        a href={ "#" (case.id) } { (visible::text(&case.id)) }
                        @if case.flaky { " " span.flaky { "flaky" } }
                        @if let Some(message) = behind.message { ": " (visible::text(message)) }
                    }
                }
                p.again {
                    "Run it again" @if let Some(part) = &again.part { " (" (part) ")" } ": " code { (again.command) }
                }
                @if cause.cases.len() > 1 {
                    details { summary { "All " (cause.cases.len()) " cases" } (cases) }
                }
            }
            (count(cause))
        }
    }
}

/// How many cases say what; all of them in one number where the report is old.
fn count(cause: &Cause) -> Markup {
    let rows = [(cause.fail, "fail"), (cause.warn, "warn")];
    let rest = cause.cases.len() - cause.shown().len();
    html! {
        p.count {
            @if cause.fail == 0 && cause.warn == 0 { (counted(cause.cases.len(), "case")) }
            @for (number, word) in rows.into_iter().filter(|(number, _)| *number > 0) {
                span.(word) { b { (number) } " " (word) } " "
            }
            @if rest > 0 { span { b { (rest) } " more show it" } }
        }
    }
}

/// The most causes that are shown without a click.
const MANY: usize = 20;
