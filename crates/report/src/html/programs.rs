//! What the page needs to write programs of cases by its script: the languages once, and beside each case what its
//! outcomes are worth. The octets are those of its log.

use maud::{Markup, html};
use upspec_exchange::Record;
use upspec_handshake::Party;
use upspec_judge::CaseResult;

use crate::program::{Escape, LANGUAGES, Place, accept_of};
use crate::report::Report;
use crate::visible;

/// The languages, and where programs connect to; nothing when no case becomes a program.
pub(super) fn languages(report: &Report) -> Markup {
    let place = Place::of_url(&report.target.url);
    let (host, port, tls) = place.as_ref().map_or(("127.0.0.1", 9001, false), Place::parts);
    html! {
        @if report.notes.values().any(|note| !note.worth.is_empty()) {
            template #upspec-programs data-host=(host) data-port=(port) data-tls=(tls) {
                @for one in &LANGUAGES {
                    pre data-title=(one.title) data-escape=(escape(one.escape)) { (one.template) }
                }
            }
        }
    }
}

/// What stands in the place of an octet's number: the script counts the signs.
fn escape(escape: Escape) -> &'static str {
    match escape {
        Escape::Hex => "\\x",
        Escape::Octal => "\\",
        Escape::Printf => "\\0",
    }
}

/// The case as a program, to be written when it is opened.
pub(super) fn program(report: &Report, case: &CaseResult) -> Markup {
    let worth = report.notes.get(&case.id).map_or(&[][..], |note| &note.worth);
    let rows: Vec<String> = worth
        .iter()
        .map(|one| format!("{} {} {}", visible::verdict(one.grade), one.from, one.to))
        .collect();
    let accept = case.record.as_ref().and_then(|record| accept_of(&asked(record)));
    html! {
        @if !rows.is_empty() && case.record.is_some() {
            details.program data-worth=(rows.join(",")) data-accept=[accept] {
                summary { "As a program: a shell script, or a unit test" }
                p { code { "upspec explain " (visible::text(&case.id)) " --as node" } }
            }
        }
    }
}

/// What we sent.
fn asked(record: &Record) -> Vec<u8> {
    record.sent(0, Party::Client)
}
