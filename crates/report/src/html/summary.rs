//! The head of the page, for a reader who has a minute: what was tested, and what is wrong.

use maud::{Markup, html};
use upspec_corpus::case::Need;
use upspec_corpus::words::Word as _;
use upspec_judge::Verdict;

use super::{level_of, rule_id, sections, sign};
use crate::browsers;
use crate::command;
use crate::overview::{self, Rule};
use crate::report::{Report, Summary};
use crate::traffic::Traffic;
use crate::visible::{self, counted};
use crate::words::{BY_URGENCY, verdict_word};

/// What was tested, when, and how to do it again.
pub(super) fn banner(report: &Report) -> Markup {
    let url = visible::text(&report.target.url);
    let name = report.target.name.as_deref().map(visible::text);
    html! {
        header.banner {
            p.brand { "upspec" span { "HTTP Upgrade and WebSocket handshake conformance" } }
            h1 { (name.as_ref().unwrap_or(&url)) }
            dl.meta {
                div.wide.obvious { dt { "Target" } dd { code { (url) } } }
                @if let Some(server) = &report.target.facts.server {
                    div.later { dt { "Server field" } dd { code { (visible::text(server)) } } }
                }
                div.obvious { dt { "Started" } dd { (started(report)) } }
                div.obvious { dt { "Took" } dd { (seconds(report.elapsed_ms)) } }
                (origin(report, "later"))
            }
        }
    }
}

/// What a run is made again from. On a narrow screen it stands behind what was found.
fn origin(report: &Report, class: &str) -> Markup {
    html! {
        div.(class) { dt { "Seed" } dd { (report.seed) } }
        div.(class) { dt { "upspec" } dd { (visible::text(&report.tool.version)) } }
        div.wide.(class) { dt { "Corpus" } dd { code { (short(&report.tool.corpus)) } } }
        div.wide.(class) { dt { "Run it again" (super::causes::condition(report)) } dd { code { (command::of_run(report)) } } }
    }
}

/// The verdicts in one sentence, in numbers and as a bar.
pub(super) fn counts(report: &Report) -> Markup {
    let summary = report.summary;
    let said = overview::headline(report);
    let (lead, rest) = said.split_first().map_or(("", &[][..]), |(lead, rest)| (lead, rest));
    let unclear = overview::unclear(report);
    let tone = worst(summary).map_or("inconclusive", verdict_word);
    html! {
        section.summary.(tone) aria-labelledby="summary" {
            h2 #summary { "Summary" }
            @if let Some(line) = browsers::line(report) { p.also { b { (line) } } }
            p.lead { (lead) }
            @if !rest.is_empty() {
                p.also {
                    @for said in rest {
                        @if said.starts_with(overview::FIRST) { span.broad { (said) " " } } @else { (said) " " }
                    }
                }
            }
            @for remark in &report.remarks { p.also { "Note: " (visible::text(remark)) } }
            (bar(summary))
            ul.counts {
                @for verdict in BY_URGENCY {
                    li.(verdict_word(verdict)) {
                        b { (summary.count(verdict)) }
                        span { (sign(verdict)) (verdict_word(verdict)) }
                    }
                }
            }
            @if !unclear.is_empty() {
                details {
                    summary { "Why cases are inconclusive" }
                    ul.why { @for (count, why) in &unclear { li { b { (count) } " " (why) } } }
                }
            }
        }
    }
}

/// The rules that findings of this verdict cite, each with what was seen and where.
pub(super) fn rules(report: &Report, verdict: Verdict) -> Markup {
    let rules = overview::rules(report, verdict);
    let (id, title, gloss) = match verdict {
        Verdict::Fail => ("broken", "Broken rules", "What the target must do but does not."),
        _ => (
            "warned",
            "Warnings",
            "What the target should do but does not, or what harms interoperability.",
        ),
    };
    html! {
        @if !rules.is_empty() {
            section.rules.(verdict_word(verdict)) aria-labelledby=(id) {
                h2 #(id) { (title) " " span.number { (rules.len()) } }
                p.gloss { (gloss) }
                @if report.causes.is_empty() {
                    ol { @for rule in &rules { (rule_item(report, rule, verdict)) } }
                } @else {
                    details {
                        summary { "Rule by rule, with all cases" }
                        ol { @for rule in &rules { (rule_item(report, rule, verdict)) } }
                    }
                }
            }
        }
    }
}

/// What is known of the target.
pub(super) fn facts(report: &Report) -> Markup {
    let facts = &report.target.facts;
    let shown = |need: &Need| need.is_of_servers() || facts.has(*need);
    let rows = Need::WORDS.iter().filter(|(_, need)| shown(need)).map(|(_, need)| {
        let fact = match need {
            Need::Http2 if facts.http2_alone && facts.has(Need::Http2) => "only",
            need if facts.has(*need) => "yes",
            _ => "no",
        };
        (ability(*need), fact)
    });
    let names: Vec<String> = facts.subprotocols.iter().map(|name| visible::text(name)).collect();
    let names = if names.is_empty() { "none found".to_owned() } else { names.join(", ") };
    html! {
        section.facts aria-labelledby="facts" {
            h2 #facts { "The target" }
            p.gloss { "Found by the control, or declared. Cases that need anything else are inconclusive." }
            dl {
                @for (name, fact) in rows { div.(fact) { dt { (name) } dd { (fact) } } }
                div { dt { "Control answered in" } dd { (facts.answer_us / 1000) "." (format!("{:03}", facts.answer_us % 1000)) " ms" } }
                div { dt { "Waits for silence" } dd { (facts.window_ms) " ms" } }
                div.wide { dt { "Subprotocols" } dd { (names) } }
                @if let Some(server) = &facts.server {
                    div.wide { dt { "Server field" } dd { code { (visible::text(server)) } } }
                }
                (wire(report))
                (origin(report, "narrow"))
            }
        }
    }
}

/// What went over the connections of the cases.
fn wire(report: &Report) -> Markup {
    let made = report.traffic.is_none().then(|| Traffic::of(&report.cases)).flatten();
    let traffic = report.traffic.as_ref().or(made.as_ref());
    html! {
        @for (name, said) in traffic.map(Traffic::said).unwrap_or_default() {
            div.wide { dt { (name) } dd { (said) } }
        }
    }
}

fn ability(need: Need) -> &'static str {
    match need {
        Need::Close => "Answers a Close",
        Need::Echo => "Echoes text messages",
        Need::Endpoint => "Switches to WebSocket",
        Need::ExtendedConnect => "Announces extended CONNECT",
        Need::Http2 => "Speaks HTTP/2",
        Need::Http2Endpoint => "Opens WebSockets in HTTP/2",
        Need::Http2Resource => "Answers GET / in HTTP/2",
        Need::HostRewritten => "Rewrites Host",
        Need::ForwardProxy => "Is a forward proxy",
        Need::Http2Origin => "Speaks HTTP/2 to its origin",
        Need::OriginConnect => "Asks its origin by extended CONNECT",
        Need::Browser => "Is a browser",
        Need::Ca => "Can be told whom to trust",
        Need::Connects => "Sends an extended CONNECT",
        Need::Credentials => "Sends the credentials of its URL",
        Need::DeflateAsks => "Asks how the server compresses",
        Need::DeflateHints => "Says that it keeps no context",
        Need::DeflateOpens => "Opens with permessage-deflate",
        Need::DeflateTakeover => "Lets the server keep its context",
        Need::Driver => "Reports messages",
        Need::H2Opens => "Opens WebSockets in HTTP/2",
        Need::Interim => "Opens behind an interim response",
        Need::Ipv6 => "::1 can be listened on",
        Need::OffersClientBits => "Offers client_max_window_bits",
        Need::OffersDeflate => "Offers permessage-deflate",
        Need::OffersExtensions => "Offers an extension",
        Need::OffersH2 => "Offers h2 by ALPN",
        Need::OffersSubprotocol => "Offers a subprotocol",
        Need::OffersTwoSubprotocols => "Offers two subprotocols",
        Need::Opens => "Opens the connection",
        Need::Redirects => "Follows a redirect",
        Need::TlsOpens => "Opens inside TLS",
        Need::Parses => "Reads the frames of a tunnel",
        Need::Relays => "Relays requests",
        Need::Reframes => "Writes requests anew",
        Need::Sends => "Sends by itself",
        Need::StaysOpen => "Stays open",
        Need::Terminates => "Terminates WebSocket connections",
        Need::Upgrade => "Passes handshakes on",
        Need::KeepAlive => "Keeps connections alive",
        Need::Origin => "Allowed origins declared",
        Need::PermessageDeflate => "Accepts permessage-deflate",
        Need::Plain => "Reached without TLS",
        Need::PlainResource => "Answers GET / with 2xx",
        Need::Pong => "Answers a Ping",
        Need::Subprotocol => "Knows a subprotocol",
        Need::Tls => "Reached over TLS",
        Need::TwoSubprotocols => "Knows two subprotocols",
    }
}

/// What the page is made from.
pub(super) fn colophon(report: &Report) -> Markup {
    html! {
        footer {
            p {
                "Made by upspec " (visible::text(&report.tool.version))
                ". This page carries its JSON report: " code { "upspec report render" } ", "
                code { "judge" } " and " code { "replay" } " take it. Secrets are overwritten with stars. "
                "The wording of requirements is ours; only the linked sections are binding."
            }
        }
    }
}

/// A bar with one part per verdict, as wide as its share.
pub(super) fn bar(summary: Summary) -> Markup {
    let total = summary.total().max(1);
    let parts = BY_URGENCY.map(|verdict| (verdict, summary.count(verdict)));
    let label: Vec<String> = parts.iter().filter(|(_, count)| *count > 0).map(words).collect();
    let mut spans = Vec::new();
    let mut left = 0;
    for (verdict, count) in parts {
        let start = left * 1000 / total;
        left += count;
        spans.push((verdict, start, left * 1000 / total - start));
    }
    html! {
        svg.bar role="img" aria-label=(label.join(", ")) viewBox="0 0 1000 10" preserveAspectRatio="none" {
            @for (verdict, start, width) in spans.into_iter().filter(|(_, _, width)| *width > 0) {
                rect.(verdict_word(verdict)) x=(start) y="0" width=(width) height="10" vector-effect="non-scaling-stroke" {}
            }
        }
    }
}

/// `3 fail`.
pub(super) fn words((verdict, count): &(Verdict, usize)) -> String {
    format!("{count} {}", verdict_word(*verdict))
}

fn rule_item(report: &Report, rule: &Rule<'_>, verdict: Verdict) -> Markup {
    let text = rule.note.map_or(rule.id, |note| note.text.as_str());
    let first = rule.shown.first().map(|(_, message)| visible::text(message));
    let links = html! {
        ul.cases {
            @for (case, _) in &rule.shown {
                li {
                    a href={ "#" (case.id) } { (visible::text(&case.title)) }
                    " " code { (visible::text(&case.id)) }
                    @if case.flaky { " " span.flaky { "flaky" } }
                }
            }
        }
    };
    html! {
        li {
            h3 { (visible::text(text)) }
            p.meta { (level_of(rule.level, verdict)) (sections(rule.sections, rule.note)) " · " (rule_id(report, rule.id)) }
            @if let Some(message) = first { p.seen { b { "Seen: " } (message) } }
            @if rule.shown.len() <= FEW {
                (links)
            } @else {
                details { summary { "Shown by " (counted(rule.shown.len(), "case")) } (links) }
            }
        }
    }
}

fn worst(summary: Summary) -> Option<Verdict> {
    BY_URGENCY.into_iter().find(|verdict| summary.count(*verdict) > 0)
}

fn started(report: &Report) -> Markup {
    let shown = report.started.strftime("%-d %B %Y, %H:%M:%S UTC").to_string();
    // HTML knows no more than milliseconds.
    let exact = report.started.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    html! { time datetime=(exact) { (shown) } }
}

fn seconds(elapsed_ms: u64) -> String {
    format!("{}.{} s", elapsed_ms / 1000, elapsed_ms % 1000 / 100)
}

/// The first digits tell one digest from another.
fn short(corpus: &str) -> String {
    match corpus.char_indices().nth("sha256:".len() + 12) {
        Some((cut, _)) => format!("{}…", visible::text(&corpus[..cut])),
        None => visible::text(corpus),
    }
}

/// The most cases that are listed without a click.
const FEW: usize = 3;
