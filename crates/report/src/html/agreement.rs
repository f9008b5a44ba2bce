//! The table of who believes that the tunnel is up, for the report of an intermediary: a row for each answer of the
//! origin, a column for each request, and in each cell the three parties.

use maud::{Markup, html};

use crate::agreement::{Pair, words};
use crate::report::Report;
use crate::visible;

/// The table; nothing for a target with one end.
pub(super) fn agreement(report: &Report) -> Markup {
    let pairs = &report.agreement;
    let asked = distinct(pairs, |pair| &pair.asked);
    let answered = distinct(pairs, |pair| &pair.answered);
    let apart = pairs.iter().filter(|pair| !pair.agreement().is_mutual()).count();
    html! {
        @if !pairs.is_empty() {
            section.agreement aria-labelledby="agreement" {
                h2 #agreement { "Who believes that the tunnel is up? " span.number { (pairs.len()) } }
                p.gloss {
                    "Behind each request and its answer, whether client, proxy and origin take what follows for octets "
                    "of a tunnel. Where they differ (" (apart) " times) a request can hide from one of them. Each cell "
                    "leads to the octets."
                }
                div.scroll tabindex="0" role="region" aria-label="The table of answers and requests" {
                    table {
                        thead {
                            tr {
                                th scope="col" { "The origin answers with" }
                                @for asked in &asked { th scope="col" { (visible::text(asked)) } }
                            }
                        }
                        tbody {
                            @for answered in &answered {
                                tr {
                                    th scope="row" { (visible::text(answered)) }
                                    @for asked in &asked { (cell(pairs, asked, answered)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn cell(pairs: &[Pair], asked: &str, answered: &str) -> Markup {
    let pair = pairs.iter().find(|pair| pair.asked == asked && pair.answered == answered);
    html! {
        @match pair {
            None => td {},
            Some(pair) => td.apart[!pair.agreement().is_mutual()] {
                a href={ "#" (pair.case) } {
                    @for (party, word) in PARTIES.into_iter().zip(words(pair.agreement())) {
                        span.inside[word == "yes"] { (party) " " b { (word) } }
                    }
                }
            },
        }
    }
}

/// Each value once, in the order in which it comes.
fn distinct<'p>(pairs: &'p [Pair], of: impl Fn(&'p Pair) -> &'p String) -> Vec<&'p str> {
    let mut found: Vec<&str> = Vec::new();
    for value in pairs.iter().map(|pair| of(pair).as_str()) {
        if !found.contains(&value) {
            found.push(value);
        }
    }
    found
}

const PARTIES: [&str; 3] = ["client", "proxy", "origin"];
