//! The causes, for a maintainer who asks what to mend first.

use maud::{Markup, html};
use upspec_judge::{CaseResult, Verdict};

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
                p.gloss { span.broad { (gloss) " " } @if verdict == Verdict::Fail { "By harm: " (overview::HARMS) "." } }
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
    html! {
        li {
            p.harm { span { (visible::text(&cause.harm)) } }
            div {
                h3 { (visible::text(&cause.title)) }
                @if let Some(mend) = overview::mend(cause) { p.mend { b { "Mend: " } (mend) } }
                @if let Some(case) = behind.example { (example(report, behind, case)) }
                p.why { (visible::text(&cause.why)) @if let Some(others) = &cause.others { " " b { (visible::text(others)) } } }
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
                @if cause.cases.len() > 1 { (all_cases(report, cause)) }
            }
            (count(cause))
        }
    }
}

/// The case that shows a cause best: how to play it again, what came and what should have come.
fn example(report: &Report, behind: &Behind<'_>, case: &CaseResult) -> Markup {
    html! {
        p.again {
            "See " a href={ "#" (case.id) } { (visible::text(&case.id)) }
            @if case.flaky { " " span.flaky { "flaky" } }
            " again" (condition(report)) ": " (shell(&command::of_case(report, &case.id)))
        }
        @if behind.seen.is_some() || behind.expected.is_some() {
            dl.pair {
                @if let Some(seen) = &behind.seen { dt { "Seen" } dd { (seen) } }
                @if let Some(expected) = &behind.expected { dt { "Expected" } dd { (expected) } }
            }
        } @else if let Some(message) = behind.message {
            p.example { (visible::text(message)) }
        }
        @if let Some(why) = behind.reason { p.reason { (visible::text(why)) } }
    }
}

/// All cases of a cause, each with its verdict, and the command that plays them.
fn all_cases(report: &Report, cause: &Cause) -> Markup {
    let again = command::of_cause(report, cause);
    let verdict = |id: &str| report.case(id).map(|case| case.verdict);
    html! {
        details {
            summary { "All " (cause.cases.len()) " cases" }
            ul.cases {
                @for id in &cause.cases {
                    li {
                        @if let Some(verdict) = verdict(id) { (super::sign(verdict)) (verdict_word(verdict)) " " }
                        a href={ "#" (id) } { (visible::text(id)) }
                    }
                }
            }
            p.again { "Play " @if let Some(part) = &again.part { (part) } @else { "them" } " again" (condition(report)) ": " (shell(&again.command)) }
        }
    }
}

/// What has to be so for a command, in brackets.
pub(super) fn condition(report: &Report) -> Markup {
    html! { @if let Some(condition) = command::condition(report) { " (" (condition) ")" } }
}

/// A command whose words are not broken at a hyphen or a slash, unless one is longer than a line.
pub(super) fn shell(command: &str) -> Markup {
    html! {
        code {
            @for (at, word) in command.split(' ').enumerate() {
                @if at > 0 { " " }
                @if word.contains(['-', '/']) { span { (word) } } @else { (word) }
            }
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
            @if rest > 0 { span { b { (rest) } " more, not counted" } }
        }
    }
}

/// The most causes that are shown without a click.
const MANY: usize = 20;
