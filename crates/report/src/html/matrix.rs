//! Many peers × rules as one HTML page that loads nothing. The table and the peers are whole without its script, which
//! filters, sorts and shows the cases and the octets behind a cell. No octet of a peer becomes markup.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use miniz_oxide::deflate::compress_to_vec_zlib;
use serde_json::json;
use upspec_judge::Verdict;

use super::{head, level, sections, sign, summary};
use crate::matrix::{Case, Matrix, Peer, Rule, Side};
use crate::section::Section;
use crate::tally::Tally;
use crate::visible::{self, counted, write_to};
use crate::words::{BY_URGENCY, reason_text, verdict_word};

/// The matrix as HTML.
#[must_use]
pub(crate) fn matrix_html(matrix: &Matrix) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head { (head(&format!("{} side by side", matrix.peers_word()), STYLE, Some(SCRIPT))) }
            body {
                a.skip href="#rules" { "Skip to the rules" }
                (banner(matrix))
                main { (peers(matrix)) (rules(matrix)) }
                footer { p {
                    "A cell counts the cases in which a peer breaks a rule (✕), draws a warning under it (!), or else "
                    "says that it keeps it (✓); a dot says that its cases could not be played. "
                    "The number before a row is that of the peers that break the rule."
                } }
                dialog #cell aria-labelledby="cell-title" {}
                template #upspec-cases { (packed(&cases(matrix))) }
                template #upspec-logs { (packed_logs(matrix)) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

fn banner(matrix: &Matrix) -> Markup {
    let first = matrix.peers.iter().map(|peer| peer.started).min();
    html! {
        header.banner {
            p.brand { "upspec" span { "HTTP Upgrade and WebSocket handshake conformance" } }
            h1 { (matrix.headline()) }
            dl.meta {
                @if let Some(first) = first {
                    div { dt { "First run" } dd { (first.strftime("%Y-%m-%d %H:%M UTC")) } }
                }
                div { dt { "Cases" } dd { (matrix.cases.len()) } }
                div { dt { "Page made by upspec" } dd { (visible::text(&matrix.tool.version)) } }
                (corpora(&matrix.corpora()))
            }
        }
    }
}

/// The corpora that reports were made with, with a warning where there are several.
pub(super) fn corpora(corpora: &[(&str, usize)]) -> Markup {
    html! {
        @if !corpora.is_empty() {
            div.wide {
                dt {
                    @if let [(_, 0)] = corpora { "Corpus" }
                    @else if corpora.len() == 1 { "Corpus of the reports" }
                    @else { "The reports are of " (corpora.len()) " corpora: the same case may have asked for something else" }
                }
                @for (corpus, count) in corpora {
                    dd { code { (visible::text(corpus)) } @if corpora.len() > 1 { " in " (counted(*count, "report")) } }
                }
            }
        }
    }
}

/// The peers as a chart: what share of their cases has which verdict, those that break least first, and apart from
/// them those of which too little is known.
fn peers(matrix: &Matrix) -> Markup {
    let mut order: Vec<&Peer> = matrix.peers.iter().collect();
    order.sort_by_key(|peer| (peer.summary.fail, peer.summary.warn, peer.name.as_str()));
    let (whole, parts): (Vec<&Peer>, Vec<&Peer>) =
        order.into_iter().partition(|peer| matrix.is_whole(peer));
    let (judged, open): (Vec<&Peer>, Vec<&Peer>) =
        whole.into_iter().partition(|peer| peer.is_judged());
    let most = matrix.most_cases();
    html! {
        section.chart aria-labelledby="peers" {
            h2 #peers { "Who keeps the rules" }
            details open {
                summary { (matrix.peers_word()) ", those that fail the fewest cases first" }
                p.legend {
                    @for verdict in BY_URGENCY {
                        span { svg viewBox="0 0 10 10" aria-hidden="true" { rect.(verdict_word(verdict)) width="10" height="10" {} } " " (sign(verdict)) (verdict_word(verdict)) }
                    }
                    span.gloss { "A bar is all cases of a peer, from 0 to 100 %; the number behind it is the share of those that were judged that passes." }
                }
                ol { @for peer in judged { (bar(peer, None)) } }
                @if !open.is_empty() {
                    p.gloss { "Too few cases could be judged to compare these with the others." }
                    ol { @for peer in open { (bar(peer, None)) } }
                }
                @if !parts.is_empty() {
                    p.gloss { "These met a part of the " (most) " cases, so that their numbers say nothing beside those of the others." }
                    ol { @for peer in parts { (bar(peer, Some(most))) } }
                }
            }
        }
    }
}

/// The bar of a peer; with how many cases it has met where it has not met most of so many.
fn bar(peer: &Peer, of: Option<usize>) -> Markup {
    html! {
        li {
            span.name {
                (visible::text(&peer.name))
                @if let Some(most) = of { " " span.part { (peer.summary.total()) " of " (most) } }
            }
            (summary::bar(peer.summary))
            span.tallies {
                span.score { @if let Some(score) = peer.score { (score.percent) " %" } }
                @for verdict in [Verdict::Fail, Verdict::Warn, Verdict::Pass] {
                    span.tally.(verdict_word(verdict)) { (sign(verdict)) (peer.summary.count(verdict)) span.unseen { " " (verdict_word(verdict)) } }
                }
            }
        }
    }
}

fn rules(matrix: &Matrix) -> Markup {
    let cells = matrix.cells();
    let none = vec![Tally::default(); matrix.peers.len()];
    html! {
        section aria-labelledby="rules" {
            h2 #rules { "Who breaks which rule" }
            p.gloss { "The most harmful rules first, then those that most break. Choose a cell for its cases and octets." }
            (filter(matrix))
            div.scroll tabindex="0" role="region" aria-label="The table of rules and peers" {
                table.matrix {
                    thead { tr {
                        th scope="col" { "Rule" }
                        th scope="col" { "Broken by" }
                        @for peer in &matrix.peers { th.peer scope="col" { span { (visible::text(&peer.name)) } } }
                    } }
                    tbody { @for rule in &matrix.rules {
                        (row(rule, cells.get(rule.id.as_str()).unwrap_or(&none)))
                    } }
                }
            }
        }
    }
}

fn row(rule: &Rule, cells: &[Tally]) -> Markup {
    let rfc = Section::of_requirement(&rule.id).map_or(0, |section| section.rfc);
    let broken = rule.fail.len() + rule.warn.len();
    html! {
        tr data-rule=(visible::text(&rule.id)) data-level=(visible::text(&rule.note.level)) data-harm=(rule.harm)
            data-rfc=(rfc) data-worst=(if !rule.fail.is_empty() { "fail" } else if broken > 0 { "warn" } else { "pass" }) {
            th scope="row" {
                span.text { (visible::text(&rule.note.text)) }
                span.meta {
                    (level(&rule.note.level)) span.harm { (rule.harm) } " "
                    code { (visible::text(&rule.id)) } " " (sections(rule.note.sections.get(..1).unwrap_or_default(), Some(&rule.note)))
                }
            }
            td.count { b { (rule.fail.len()) } " of " (rule.judged()) }
            (PreEscaped(marks(cells)))
        }
    }
}

/// The cells of a row, without the markup that nobody reads: there are tens of thousands.
fn marks(cells: &[Tally]) -> String {
    let mut marks = String::with_capacity(cells.len() * 16);
    for cell in cells {
        match cell.worst() {
            Some(Verdict::Fail) => write_to(&mut marks, format_args!("<td class=f>✕{}", cell.fail)),
            Some(Verdict::Warn) => write_to(&mut marks, format_args!("<td class=w>!{}", cell.warn)),
            Some(Verdict::Pass) => marks.push_str("<td class=p>✓"),
            Some(_) => marks.push_str("<td>·"),
            None => marks.push_str("<td>"),
        }
    }
    marks
}

fn filter(matrix: &Matrix) -> Markup {
    let mut rfcs: Vec<u32> = matrix
        .rules
        .iter()
        .filter_map(|rule| Some(Section::of_requirement(&rule.id)?.rfc))
        .collect();
    rfcs.sort_unstable();
    rfcs.dedup();
    let mut levels: Vec<&str> = matrix.rules.iter().map(|rule| rule.note.level.as_str()).collect();
    levels.sort_unstable();
    levels.dedup();
    html! {
        form.filter #filter hidden aria-label="Filter and sort" {
            label.search { span { "Rule" } input type="search" name="text" autocomplete="off"; }
            (choice("worst", "Show", &[("", "broken or warned"), ("fail", "broken"), ("all", "all rules")]))
            label.choice { "RFC " select name="rfc" {
                option value="" { "all" }
                @for rfc in rfcs { option value=(rfc) { (rfc) } }
            } }
            label.choice { "Level " select name="level" {
                option value="" { "all" }
                @for level in levels { option { (visible::text(level)) } }
            } }
            label.choice { "Harm " select name="harm" {
                option value="" { "all" }
                @for harm in ["smuggling", "death", "lockout", "confusion", "cosmetic"] { option { (harm) } }
            } }
            (choice("rules", "Rules by", &[("", "harm"), ("count", "number of peers"), ("section", "section")]))
            (choice("columns", "Peers by", &[("", "as given"), ("name", "name"), ("least", "fewest failing cases"), ("most", "most failing cases")]))
            output aria-live="polite" {}
        }
    }
}

fn choice(name: &str, title: &str, values: &[(&str, &str)]) -> Markup {
    html! {
        label.choice { (title) " " select name=(name) {
            @for (value, words) in values { option value=(value) { (words) } }
        } }
    }
}

/// What the script shows of the cases: peers, and each case with its answers.
fn cases(matrix: &Matrix) -> serde_json::Value {
    let peers: Vec<_> = matrix
        .peers
        .iter()
        .map(|peer| json!([visible::text(&peer.name), peer.summary.fail, matrix.compares(peer)]))
        .collect();
    let cases: Vec<_> = matrix.cases.iter().map(case).collect();
    json!({ "peers": peers, "cases": cases })
}

fn case(case: &Case) -> serde_json::Value {
    let answers = case.answers.iter().map(|answer| {
        let said = answer.findings.iter().map(|said| {
            json!([said.requirement, verdict_word(said.verdict), visible::text(&said.message)])
        });
        json!([
            answer.peers,
            answer.outcome.as_deref().map(visible::text),
            verdict_word(answer.verdict),
            answer.reason.map(reason_text),
            said.collect::<Vec<_>>(),
        ])
    });
    json!([case.id, visible::text(&case.title), case.requirement, answers.collect::<Vec<_>>()])
}

/// The logs of each case, packed one by one, since nobody opens more than a few.
fn packed_logs(matrix: &Matrix) -> Markup {
    let logs = matrix.cases.iter().map(|case| {
        let logs = case.logs.iter().map(|log| {
            let lines = log.lines.iter().map(|line| {
                let side = match line.side {
                    Side::Sent => "put",
                    Side::Received => "got",
                    Side::Event => "",
                };
                json!([side, line.text])
            });
            json!([log.peers, lines.collect::<Vec<_>>()])
        });
        json!(logs.collect::<Vec<_>>())
    });
    html! { @for log in logs { (packed(&log)) " " } }
}

fn packed(value: &serde_json::Value) -> Markup {
    html! { (STANDARD.encode(compress_to_vec_zlib(value.to_string().as_bytes(), PACKING))) }
}

/// The slowest packing is the smallest, and a matrix is made once and opened often.
const PACKING: u8 = 9;

const STYLE: &str = concat!(include_str!("style.css"), include_str!("matrix.css"));
const SCRIPT: &str = include_str!("matrix.js");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Summary;
    use crate::sample;
    use upspec_corpus::Corpus;
    use upspec_corpus::case::Role;

    #[test]
    fn no_octet_of_a_peer_is_markup() {
        let report = sample::report();
        let mut matrix = Matrix::new(report.tool.clone(), Role::Server);
        matrix.add("<script>a".to_owned(), report);
        matrix.finish(&Corpus::embedded().unwrap());
        let page = matrix_html(&matrix);
        assert_eq!(page.matches("<script").count(), 1);
        assert!(!page.contains("<b>soap") && !page.contains("<img"), "{page}");
        assert!(page.contains("class=f>✕"), "no cell fails");
    }

    #[test]
    fn who_met_a_part_of_the_cases_is_ranked_behind_those_who_met_all() {
        let mut matrix = Matrix::new(sample::report().tool, Role::Server);
        let mut part = sample::report();
        part.cases.retain(|case| case.verdict == Verdict::Pass);
        part.summary = Summary::of(&part.cases);
        let numbers = format!("{} of {}", part.cases.len(), sample::report().cases.len());
        matrix.add("part".to_owned(), part);
        matrix.add("whole".to_owned(), sample::report());
        matrix.finish(&Corpus::embedded().unwrap());
        assert!(matrix.headline().ends_with("nobody keeps them all"), "{}", matrix.headline());
        let said = matrix.of_parts().unwrap();
        assert!(said.contains("part (") && !said.contains("whole ("), "{said}");
        let page = matrix_html(&matrix);
        let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("no {text}"));
        assert!(at("class=\"name\">whole<") < at("class=\"name\">part <"), "{page}");
        assert!(at("These met a part") < at(&numbers));
    }

    #[test]
    fn the_corpora_are_those_of_the_reports() {
        let mut matrix = Matrix::new(sample::report().tool, Role::Server);
        matrix.tool.corpus = "sha256:ours".to_owned();
        for (name, corpus) in [("a", "sha256:one"), ("b", "sha256:one"), ("c", "sha256:two")] {
            let mut report = sample::report();
            report.tool.corpus = corpus.to_owned();
            matrix.add(name.to_owned(), report);
        }
        matrix.finish(&Corpus::embedded().unwrap());
        let page = matrix_html(&matrix);
        assert!(!page.contains("sha256:ours"));
        for wanted in
            ["of 2 corpora", "sha256:one</code> in 2 reports", "sha256:two</code> in 1 report"]
        {
            assert!(page.contains(wanted), "{wanted}");
        }
    }
}
