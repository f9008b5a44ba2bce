//! The registry by RFC and section as a page, coloured by what a run or many peers make of it. It loads nothing, and it
//! is whole without its script, which filters.

use std::collections::BTreeSet;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use upspec_judge::Verdict;

use super::matrix::corpora;
use super::{head, level, sections, sign, summary};
use crate::living::{Behind, Living, Part, Played, Rule, State, Text};
use crate::places::Docs;
use crate::report::Summary;
use crate::section::Section;
use crate::tally::Tally;
use crate::visible::{self, counted};
use crate::words::{level_word, verdict_word};

/// The page.
#[must_use]
pub(crate) fn living_html(living: &Living) -> String {
    let title = title(living);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head { (head(&visible::text(&title), PAGE_STYLE, Some(SCRIPT))) }
            body {
                a.skip href="#rules" { "Skip to the requirements" }
                header.banner {
                    p.brand { "upspec" span { "HTTP Upgrade and WebSocket handshake conformance" } }
                    h1 { (visible::text(&title)) }
                    dl.meta {
                        div { dt { "Page made by upspec" } dd { (visible::text(&living.tool.version)) } }
                        (corpora(&corpora_of(living)))
                    }
                }
                main { (living_body(living)) }
                footer { p { "The wording of requirements is ours; only the linked sections are binding." } }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

/// What the page shows, for a frame of somebody else.
#[must_use]
pub fn living_body(living: &Living) -> Markup {
    let docs = living.docs.as_ref();
    html! {
        @if let Some(played) = &living.played { (overall(living, played)) }
        section.living aria-labelledby="rules" {
            h2 #rules { "Requirements by section" }
            @if living.played.is_some() { (filter(living)) }
            div.split {
                nav aria-label="Sections" { @for text in &living.texts { (contents(text)) } }
                div.chapters {
                    @for text in &living.texts {
                        h3 id=(text.rfc) { (number(&text.rfc)) ": " (text.title) }
                        @for part in &text.sections { (chapter(living, part, docs)) }
                    }
                }
            }
        }
    }
}

/// The corpora of the reports, or without them that of the registry.
fn corpora_of(living: &Living) -> Vec<(&str, usize)> {
    match &living.played {
        Some(played) => played.corpora.iter().map(|(one, count)| (one.as_str(), *count)).collect(),
        None => vec![(&living.tool.corpus, 0)],
    }
}

fn title(living: &Living) -> String {
    match &living.played {
        None => "The RFCs, requirement by requirement".to_owned(),
        Some(Played { names, .. }) if names.len() == 1 => format!("The RFCs and {}", names[0]),
        Some(played) => format!("The RFCs and {}", played.word),
    }
}

/// All requirements that say something of who was played, in numbers.
fn overall(living: &Living, played: &Played) -> Markup {
    let count = |state: &str| living.rules().filter(|rule| rule.state.word() == state).count();
    let summary = Summary {
        fail: count("broken"),
        warn: count("warned"),
        pass: count("kept") + count("no breach seen"),
        inconclusive: count("not judged") + count("not played") + count("no case"),
        error: 0,
    };
    let whole = summary.total();
    let tone = if summary.fail > 0 { "fail" } else { "pass" };
    let (who, by) = match played.names.len() {
        1 => ("it does".to_owned(), ""),
        _ => (format!("{} do", played.word), " by at least one of them"),
    };
    let all = living.rules().count();
    let broken = match summary.fail {
        0 => "none is broken".to_owned(),
        1 => format!("1 is broken{by}"),
        many => format!("{many} are broken{by}"),
    };
    html! {
        section.summary.(tone) aria-labelledby="summary" {
            h2 #summary { "Summary" }
            p.lead { "Of " (counted(whole, "requirement")) " on what " (who) ", " (broken) }
            @if all > whole {
                p.also { "The registry has " (all) " requirements. The other " (all - whole) " bind other parties: they are listed, too, without a verdict." }
            }
            (summary::bar(summary))
            ul.counts {
                @for (verdict, count, words) in [
                    (Verdict::Fail, summary.fail, "broken"), (Verdict::Warn, summary.warn, "warned"),
                    (Verdict::Pass, count("kept"), "kept"),
                    (Verdict::Pass, count("no breach seen"), "with no breach seen"),
                    (Verdict::Inconclusive, summary.inconclusive, "not seen"),
                ] {
                    li.(verdict_word(verdict)) { b { (count) } span { (sign(verdict)) (words) } }
                }
            }
        }
    }
}

fn filter(living: &Living) -> Markup {
    let states: BTreeSet<&str> = living.rules().map(|rule| rule.state.word()).collect();
    let levels = living.rules().map(|rule| level_word(&rule.note.level)).collect();
    let parties = living.rules().map(|rule| rule.note.binds.clone()).collect();
    html! {
        form.filter #filter hidden {
            label.search { span { "Containing" } input type="search" name="text" placeholder="Words, id or case"; }
            (super::results::choice("State", "state", states.into_iter().map(str::to_owned).collect()))
            (super::results::choice("Level", "level", levels))
            (super::results::choice("Binds", "binds", parties))
            output for="filter" {}
        }
    }
}

fn contents(text: &Text) -> Markup {
    html! {
        p { a href={ "#" (text.rfc) } { (number(&text.rfc)) } }
        @for part in &text.sections {
            a href={ "#" (part.place) } {
                span { (section_of(&part.place)) }
                @for (verdict, count) in counts(part) {
                    " " span.tally.(verdict_word(verdict)) { (sign(verdict)) (count) span.unseen { " " (verdict_word(verdict)) } }
                }
            }
        }
    }
}

/// How many requirements of a section have which colour.
fn counts(part: &Part) -> Vec<(Verdict, usize)> {
    let colours = [Verdict::Fail, Verdict::Warn, Verdict::Pass];
    let has = |verdict| move |rule: &&Rule| colour(rule.state) == Some(verdict);
    let counts = colours.map(|verdict| (verdict, part.rules.iter().filter(has(verdict)).count()));
    counts.into_iter().filter(|(_, count)| *count > 0).collect()
}

/// What a state looks like; `None` where nothing was played.
fn colour(state: State) -> Option<Verdict> {
    match state {
        State::Broken => Some(Verdict::Fail),
        State::Warned => Some(Verdict::Warn),
        State::Kept | State::Quiet => Some(Verdict::Pass),
        State::Open(_) | State::Unplayed | State::Caseless => Some(Verdict::Inconclusive),
        State::Other | State::Unasked => None,
    }
}

fn chapter(living: &Living, part: &Part, docs: Option<&Docs>) -> Markup {
    html! {
        div.chapter {
            h4 id=(part.place) {
                @match Section::parse(&part.place) {
                    Some(section) => a href=(section.url()) rel="noreferrer" { (section.title()) },
                    None => (section_of(&part.place)),
                }
                " " span.number { (counted(part.rules.len(), "requirement")) }
            }
            @for rule in &part.rules { (entry(living, rule, docs)) }
        }
    }
}

fn entry(living: &Living, rule: &Rule, docs: Option<&Docs>) -> Markup {
    let tone = match rule.state {
        State::Quiet => "quiet",
        state => colour(state).map_or("plain", verdict_word),
    };
    html! {
        div.rule.(tone).(share(rule.tally)) id=(rule.id) data-state=(rule.state.word())
            data-level=(level_word(&rule.note.level)) data-binds=(rule.note.binds) {
            p.asks { (state(living, rule)) (level(&rule.note.level)) (rule.note.text) }
            p.gloss {
                (sections(&rule.note.sections, Some(&rule.note))) " · "
                @match docs {
                    Some(docs) => a href=(docs.requirement(&rule.id)) { code { (rule.id) } },
                    None => code { (rule.id) },
                }
                " · binds " (bound(&rule.note.binds))
            }
            @if let Some(because) = rule.state.because() { p.gloss { (because) } }
            @if let Some(why) = &rule.untestable { p.gloss { "No probe can see it: " (why) } }
            @if rule.checked { p.gloss { "Every message is checked against it." } }
            (cases(living, rule, docs))
        }
    }
}

/// Whether a rule is kept, in words, with a bar where there are many peers.
fn state(living: &Living, rule: &Rule) -> Markup {
    let Some(verdict) = colour(rule.state) else { return html! {} };
    let many = living.played.as_ref().is_some_and(|played| played.names.len() > 1);
    let Tally { fail, warn, .. } = rule.tally;
    let of = rule.tally.judged();
    let words = match rule.state {
        State::Broken if many => format!("{fail} of {of} break it"),
        State::Warned if many => format!("{warn} of {of} warned"),
        State::Kept if many => format!("{of} keep it"),
        state => state.word().to_owned(),
    };
    html! {
        span.badge.(verdict_word(verdict)) { (words) } " "
        @if many && of > 0 { span.bars { (summary::bar(rule.tally.into())) } " " }
    }
}

/// How many of the peers break it, in steps that a colour can show.
fn share(tally: Tally) -> &'static str {
    match (tally.fail * 100).checked_div(tally.judged()) {
        None | Some(0) => "share-0",
        Some(..=10) => "share-1",
        Some(..=33) => "share-2",
        Some(..=66) => "share-3",
        Some(_) => "share-4",
    }
}

fn cases(living: &Living, rule: &Rule, docs: Option<&Docs>) -> Markup {
    let many = living.played.as_ref().is_some_and(|played| played.names.len() > 1);
    let count = rule.cases.iter().filter(|case| !case.bears).count();
    let others = rule.cases.len() - count;
    html! {
        @if !rule.cases.is_empty() {
            details {
                summary {
                    @if count > 0 { (counted(count, "case")) " about it" }
                    @if count > 0 && others > 0 { ", " }
                    @if others > 0 { (others) " that it bears on" }
                }
                ul.cases { @for case in &rule.cases { (line(case, many, docs)) } }
            }
        }
    }
}

fn line(case: &Behind, many: bool, docs: Option<&Docs>) -> Markup {
    let worst = case.tally.worst();
    html! {
        li {
            @if let Some(verdict) = worst {
                @if many {
                    @for (verdict, count) in verdicts(case.tally) {
                        span.tally.(verdict_word(verdict)) { (sign(verdict)) (count) span.unseen { " " (verdict_word(verdict)) } } " "
                    }
                } @else {
                    span.tally.(verdict_word(verdict)) { (sign(verdict)) span.unseen { (verdict_word(verdict)) } } " "
                }
            }
            @match docs {
                Some(docs) => a href=(docs.case(&case.id)) { (case.title) },
                None => (case.title),
            }
            " " code { (case.id) }
            @if case.bears { span.number { " (about another)" } }
        }
    }
}

fn verdicts(tally: Tally) -> impl Iterator<Item = (Verdict, usize)> {
    let Summary { fail, warn, pass, inconclusive, .. } = tally.into();
    let counts = [
        (Verdict::Fail, fail),
        (Verdict::Warn, warn),
        (Verdict::Pass, pass),
        (Verdict::Inconclusive, inconclusive),
    ];
    counts.into_iter().filter(|(_, count)| *count > 0)
}

impl From<Tally> for Summary {
    fn from(Tally { fail, warn, pass, open }: Tally) -> Self {
        Self { pass, warn, fail, inconclusive: open, error: 0 }
    }
}

/// Whom a requirement binds, in the plural.
fn bound(binds: &str) -> &str {
    match binds {
        "both" => "clients and servers",
        "client" => "clients",
        "intermediary" => "intermediaries",
        "server" => "servers",
        other => other,
    }
}

fn number(rfc: &str) -> String {
    format!("RFC {}", rfc.trim_start_matches("rfc"))
}

fn section_of(place: &str) -> &str {
    place.split_once('/').map_or(place, |(_, section)| section)
}

/// The look of what the page shows, beyond the style of all pages.
pub const LIVING_STYLE: &str = include_str!("living.css");
const PAGE_STYLE: &str = concat!(include_str!("style.css"), include_str!("living.css"));
const SCRIPT: &str = concat!(include_str!("jump.js"), include_str!("living.js"));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Matrix;
    use crate::sample;
    use upspec_corpus::Corpus;
    use upspec_corpus::case::Role;

    fn living(names: &[&str]) -> Living {
        let corpus = Corpus::embedded().unwrap();
        let mut matrix = Matrix::new(sample::report().tool, Role::Server);
        for name in names {
            matrix.add((*name).to_owned(), sample::report());
        }
        matrix.finish(&corpus);
        let matrix = (!names.is_empty()).then_some(&matrix);
        Living::of(&corpus, matrix, sample::report().tool)
    }

    #[test]
    fn every_address_is_a_section_or_in_the_page() {
        let page = living_html(&living(&["<script>a"]));
        assert_eq!(page.matches("<script").count(), 1);
        for address in page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            let known = match address.strip_prefix('#') {
                Some(id) => page.contains(&format!("id=\"{id}\"")),
                None => address.starts_with("https://www.rfc-editor.org/"),
            };
            assert!(known, "{address}");
        }
    }

    #[test]
    fn one_peer_breaks_it_or_so_many_of_them() {
        let page = living_html(&living(&["one"]));
        assert!(page.contains("data-state=\"broken\"") && page.contains("</span> broken</span>"));
        let page = living_html(&living(&["one", "two"]));
        assert!(page.contains("2 of 2 break it") && page.contains("share-4"));
    }

    #[test]
    fn without_a_run_it_has_no_verdict_and_links_to_the_documentation() {
        let living = Living { docs: Some(Docs::here()), ..living(&[]) };
        let body = living_body(&living).into_string();
        assert!(!body.contains("badge") && !body.contains("tally") && !body.contains("filter"));
        assert!(body.contains("href=\"requirements/rfc6455.html#4.2.1-key\""));
        assert!(body.contains("href=\"cases/server/key.html#fifteen-bytes\""));
    }
}
