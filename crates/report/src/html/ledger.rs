//! What the run says of all requirements that bear on the target, RFC by RFC, folded.

use maud::{Markup, html};
use upspec_judge::Verdict;

use super::{sign, summary};
use crate::ledger::{Account, Gap};
use crate::report::{Report, Summary};
use crate::section::Section;
use crate::visible::{self, counted};
use crate::words::verdict_word;

/// The ledger; nothing in a report that has none.
pub(super) fn ledger(report: &Report) -> Markup {
    let (tested, total) = report
        .ledger
        .iter()
        .fold((0, 0), |(tested, total), one| (tested + one.tested(), total + one.total()));
    html! {
        @if total > 0 {
            section.ledger aria-labelledby="ledger" {
                h2 #ledger { "Requirements " span.number { (tested) " of " (total) " seen" } }
                p.gloss { "Everything that the RFCs ask of the target and the registry has, whether or not this run could see it." }
                @for account in &report.ledger { (row(account)) }
            }
        }
    }
}

fn row(account: &Account) -> Markup {
    let counts = Summary {
        fail: account.broken.len(),
        warn: account.warned.len(),
        pass: account.kept.len() + account.unbroken.len(),
        inconclusive: account.total() - account.tested(),
        error: 0,
    };
    let tallies = [
        (Verdict::Fail, counts.fail, "broken"),
        (Verdict::Warn, counts.warn, "warned"),
        (Verdict::Pass, account.kept.len(), "kept"),
        (Verdict::Pass, account.unbroken.len(), "with no breach seen"),
        (Verdict::Inconclusive, counts.inconclusive, "not seen"),
    ];
    html! {
        details {
            summary {
                span.name {
                    b { "RFC " (visible::text(account.rfc.trim_start_matches("rfc"))) } " " (visible::text(&account.title))
                    " " span.number { (counted(account.total(), "requirement")) }
                }
                span.bars { (summary::bar(counts)) }
                span.tallies {
                    @for (verdict, count, words) in tallies.into_iter().filter(|(_, count, _)| *count > 0) {
                        span.tally.(verdict_word(verdict)) { (sign(verdict)) (count) " " (words) } " "
                    }
                }
            }
            dl {
                (plain("Broken", &account.broken))
                (plain("Warned", &account.warned))
                (plain("Kept", &account.kept))
                (plain("Looked at with others, and no breach seen", &account.unbroken))
                (plain("Not played", &account.unplayed))
                (gaps("Not judged", &account.unjudged))
                (gaps("Without a case", &account.caseless))
            }
        }
    }
}

fn plain(title: &str, ids: &[String]) -> Markup {
    html! {
        @if !ids.is_empty() {
            dt { (title) " " span.number { (ids.len()) } }
            dd.ids { @for id in ids { (link(id)) " " } }
        }
    }
}

/// Those with the same reason stand together.
fn gaps(title: &str, gaps: &[Gap]) -> Markup {
    let mut whys: Vec<&str> = Vec::new();
    for gap in gaps {
        if !whys.contains(&gap.why.as_str()) {
            whys.push(&gap.why);
        }
    }
    html! {
        @if !gaps.is_empty() {
            dt { (title) " " span.number { (gaps.len()) } }
            @for why in whys {
                dd.ids {
                    @for gap in gaps.iter().filter(|gap| gap.why == why) { (link(&gap.id)) " " }
                    span.number { (visible::text(why)) }
                }
            }
        }
    }
}

/// A requirement, without its RFC, as a link to its section.
fn link(id: &str) -> Markup {
    let name = id.split_once('/').map_or(id, |(_, name)| name);
    html! {
        @match Section::of_requirement(id) {
            Some(section) => a href=(section.url()) rel="noreferrer" { (visible::text(name)) },
            None => span { (visible::text(name)) },
        }
    }
}
