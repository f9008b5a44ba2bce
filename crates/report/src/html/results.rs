//! The cases by section, each with its findings, what was expected, and the log of its connections.

use std::collections::BTreeSet;

use maud::{Markup, html};
use upspec_judge::{CaseResult, Death, Finding, Verdict};

use super::{badge, level, level_of, programs, rule_id, sections, sign, standing, summary, wire};
use crate::command;
use crate::matrix::{Line, Side};
use crate::overview::{self, Chapter};
use crate::report::Report;
use crate::section::{Section, rfc_title};
use crate::seen::Told;
use crate::visible;
use crate::words::{self, BY_URGENCY, reason_text, reason_word, verdict_word};

/// All cases, with a filter (for those with scripts) and a list of the sections.
pub(super) fn results(report: &Report) -> Markup {
    let chapters = overview::chapters(report);
    let mut budget = wire::Budget::default();
    html! {
        section.results aria-labelledby="results" {
            h2 #results { "Results by section" }
            (filter(report))
            div.split {
                nav aria-label="Sections" { (contents(&chapters)) }
                div.chapters {
                    @for (position, chapter) in chapters.iter().enumerate() {
                        @let before = position.checked_sub(1).and_then(|at| rfc(&chapters[at]));
                        @if position == 0 || rfc(chapter) != before { h3 { (part_title(chapter)) } }
                        (chapter_section(report, chapter, &mut budget))
                    }
                }
            }
        }
    }
}

/// The filter, hidden until its script shows it.
fn filter(report: &Report) -> Markup {
    html! {
        form.filter #filter hidden {
            fieldset {
                legend { "Show" }
                @for verdict in BY_URGENCY {
                    @let word = verdict_word(verdict);
                    label.(word) {
                        input type="checkbox" name="verdict" value=(word) checked;
                        span { (sign(verdict)) (word) " " (report.summary.count(verdict)) }
                    }
                }
            }
            label.search {
                span { "Containing" }
                input type="search" name="text" placeholder="Title, id, rule or octets";
            }
            (choice("RFC", "rfc", report.cases.iter().filter_map(rfc_of).collect()))
            (choice("Level", "level", report.cases.iter().filter_map(|case| level_word_of(report, case)).collect()))
            (choice("Topic", "topic", report.cases.iter().filter_map(|case| topic_of(report, case)).collect()))
            @if report.baseline.is_some() {
                (choice("Known", "mark", ["new", "known"].map(str::to_owned).into()))
            }
            button type="button" name="open" { "Open shown" }
            button type="button" name="close" { "Close all" }
            output for="filter" {}
        }
    }
}

/// A choice of one of these words, or of all.
pub(super) fn choice(title: &str, name: &str, words: BTreeSet<String>) -> Markup {
    html! {
        @if words.len() > 1 {
            label.choice { (title) " " select name=(name) {
                option value="" { "all" }
                @for word in words { option { (visible::text(&word)) } }
            } }
        }
    }
}

fn rfc_of(case: &CaseResult) -> Option<String> {
    Section::of_requirement(&case.requirement).map(|section| section.rfc.to_string())
}

fn level_word_of(report: &Report, case: &CaseResult) -> Option<String> {
    report.requirements.get(&case.requirement).map(|note| words::level_word(&note.level))
}

fn topic_of(report: &Report, case: &CaseResult) -> Option<String> {
    report.notes.get(&case.id)?.topic.clone()
}

fn contents(chapters: &[Chapter<'_>]) -> Markup {
    html! {
        @for (position, chapter) in chapters.iter().enumerate() {
            @let before = position.checked_sub(1).and_then(|at| rfc(&chapters[at]));
            @if position == 0 || rfc(chapter) != before { p { (part_name(chapter)) } }
            @let counts = some_counts(chapter);
            a href={ "#" (anchor(chapter)) } {
                span { (chapter.section.as_ref().map_or("other".to_owned(), Section::number)) }
                @for (verdict, count) in counts {
                    " " span.tally.(verdict_word(verdict)) { (sign(verdict)) (count) span.unseen { " " (verdict_word(verdict)) } }
                }
            }
        }
    }
}

fn chapter_section(report: &Report, chapter: &Chapter<'_>, budget: &mut wire::Budget) -> Markup {
    let counts: Vec<String> = some_counts(chapter).iter().map(summary::words).collect();
    html! {
        div.chapter {
            h4 #(anchor(chapter)) {
                @match &chapter.section {
                    Some(section) => a href=(section.url()) rel="noreferrer" { (section.title()) },
                    None => (chapter_title(chapter)),
                }
                " " span.number { (counts.join(", ")) }
            }
            @for case in &chapter.cases { (case_details(report, case, budget)) }
        }
    }
}

/// A case. Its body is markup where no script runs; else it is text that is read when the case is opened, because a browser
/// takes longer to read the bodies of all cases than all the rest of the page.
fn case_details(report: &Report, case: &CaseResult, budget: &mut wire::Budget) -> Markup {
    html! {
        details.case id=(case.id) data-verdict=(verdict_word(case.verdict)) data-rfc=[rfc_of(case)]
            data-level=[level_word_of(report, case)] data-topic=[topic_of(report, case).map(|topic| visible::text(&topic))]
            data-mark=[standing::word(report.mark(case))] {
            summary {
                (badge(case.verdict))
                span.title {
                    (visible::text(&case.title))
                    @if let (true, Some(message)) = (is_bad(case), words::message(case)) { em { (visible::text(message)) } }
                }
                span.tags {
                    (standing::tag(report.mark(case)))
                    @if case.flaky { span.flaky { "flaky" } }
                    @if let Some(reason) = case.reason { span { (reason_word(reason)) } }
                    @if let Some(outcome) = &case.outcome { span.label { (visible::text(&outcome.to_string())) } }
                }
            }
            noscript { (case_body(report, case, budget)) }
        }
    }
}

fn is_bad(case: &CaseResult) -> bool {
    matches!(case.verdict, Verdict::Fail | Verdict::Warn | Verdict::Error)
}

fn case_body(report: &Report, case: &CaseResult, budget: &mut wire::Budget) -> Markup {
    budget.begin_case();
    let note = report.notes.get(&case.id);
    let records: Vec<Told<'_>> = case.record.iter().chain(&case.twin).map(Told::of).collect();
    html! {
        div.body {
            p.id {
                a href={ "#" (case.id) } { code { (visible::text(&case.id)) } }
                @if let Some(topic) = note.and_then(|note| note.topic.as_ref()) { " · " (visible::text(topic)) }
                @if let Some(source) = report.source(case) { " · " code { (visible::text(source)) } }
                @if let Some(docs) = report.documentation() {
                    " · " a href=(docs.case(&case.id)) rel="noreferrer" { "documentation" }
                }
                " · " (case.elapsed_ms) " ms"
            }
            @if !records.is_empty() {
                p.again { "Run it again" (super::causes::condition(report)) ": " (super::causes::shell(&command::of_case(report, &case.id))) }
            }
            @if let Some(why) = note.and_then(|note| note.why.as_ref()) { p.why { (visible::text(why)) } }
            @if let Some(reason) = case.reason { p { (reason_text(reason)) "." } }
            (findings(report, case))
            @if let Some(death) = &case.death { (last_words(death)) }
            (comparison(report, case, &records))
            @for (position, told) in records.iter().enumerate() {
                h5 {
                    @if position == 0 { "On the wire" } @else { "What means the same, on the wire" }
                    " " span.number { (told.links().join("; ")) }
                }
                @let findings = if position == 0 { &case.findings[..] } else { &[] };
                (wire::log(told, findings, budget))
            }
            @if is_bad(case) {
                (programs::program(report, case))
                (example(report, case))
            }
        }
    }
}

/// Somebody who does right in a case, with its octets.
fn example(report: &Report, case: &CaseResult) -> Markup {
    html! {
        @if let Some(right) = report.notes.get(&case.id).and_then(|note| note.right.as_ref()) {
            details.right {
                summary {
                    b { (visible::text(&right.peer)) } " does right here"
                    @if right.of > 1 { ", as " (visible::counted(right.of - 1, "other")) " do" @if right.of == 2 { "es" } }
                }
                ol.wire { @for line in &right.lines { (line_item(line)) } }
            }
        }
    }
}

fn line_item(line: &Line) -> Markup {
    let (class, title) = match line.side {
        Side::Sent => ("put", "→ sent"),
        Side::Received => ("got", "← received"),
        Side::Event => ("", ""),
    };
    html! {
        @if class.is_empty() { li { p { b { "· " (visible::text(&line.text)) } } } }
        @else { li.(class) { p { b { (title) } } pre { (line.text) } } }
    }
}

/// The findings, or the rule that the target kept.
fn findings(report: &Report, case: &CaseResult) -> Markup {
    let own = report.requirements.get(&case.requirement);
    html! {
        ul.findings {
            @for finding in &case.findings { (finding_item(report, finding)) }
            @if case.findings.is_empty() {
                li {
                    @if let Some(note) = own {
                        p.rule { (level(&note.level)) (visible::text(&note.text)) }
                        p.meta { (sections(&note.sections, own)) " · " (rule_id(report, &case.requirement)) }
                    } @else {
                        p.meta { (rule_id(report, &case.requirement)) }
                    }
                }
            }
        }
    }
}

/// What the server printed before it died.
fn last_words(death: &Death) -> Markup {
    html! {
        @if !death.output.is_empty() {
            h5 { "What the server printed last" }
            pre.printed { @for line in &death.output { (visible::text(line)) "\n" } }
        }
    }
}

fn finding_item(report: &Report, finding: &Finding) -> Markup {
    let note = report.requirements.get(&finding.requirement);
    html! {
        li.(verdict_word(finding.verdict)) {
            p.message { (badge(finding.verdict)) (visible::text(&finding.message)) }
            p.rule { (level_of(&finding.level, finding.verdict)) @if let Some(note) = note { (visible::text(&note.text)) } }
            p.meta { (sections(&finding.sections, note)) " · " (rule_id(report, &finding.requirement)) }
        }
    }
}

/// Expected against seen.
fn comparison(report: &Report, case: &CaseResult, records: &[Told<'_>]) -> Markup {
    let expected = report.expected(case);
    html! {
        div.compare {
            @if !expected.is_empty() {
                div {
                    h5 { "Expected" }
                    ul {
                        @for expected in expected {
                            li {
                                (badge(expected.grade)) span {
                                    (visible::text(&expected.text))
                                    @if let Some(because) = &expected.because { small { (visible::text(because)) } }
                                }
                            }
                        }
                        li { (badge(Verdict::Fail)) span { "anything else" } }
                    }
                }
            }
            div {
                h5 { "Seen" }
                ul {
                    @for seen in records.iter().flat_map(Told::seen) { li { (seen) } }
                    @if records.is_empty() { li { "Nothing: the case was not played." } }
                }
            }
        }
    }
}

fn rfc(chapter: &Chapter<'_>) -> Option<u32> {
    chapter.section.as_ref().map(|section| section.rfc)
}

fn part_name(chapter: &Chapter<'_>) -> String {
    rfc(chapter).map_or_else(|| "Other".to_owned(), |rfc| format!("RFC {rfc}"))
}

fn part_title(chapter: &Chapter<'_>) -> Markup {
    let title = rfc(chapter).and_then(rfc_title);
    html! { (part_name(chapter)) @if let Some(title) = title { ": " (title) } }
}

fn chapter_title(chapter: &Chapter<'_>) -> String {
    chapter.section.as_ref().map_or_else(|| "No section".to_owned(), Section::name)
}

fn anchor(chapter: &Chapter<'_>) -> String {
    let section = chapter.section.as_ref();
    section.map_or_else(
        || "section-other".to_owned(),
        |section| format!("section-rfc{}-{}", section.rfc, section.number()),
    )
}

fn some_counts(chapter: &Chapter<'_>) -> Vec<(Verdict, usize)> {
    let counts = BY_URGENCY.map(|verdict| (verdict, chapter.summary.count(verdict)));
    counts.into_iter().filter(|(_, count)| *count > 0).collect()
}
