//! No two cases ask the same question: what they send, and under which conditions, differs. Controls are apart, for they
//! find out what the cases beside them judge, and so is a case that means to repeat another one.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::collections::BTreeMap;

use upspec_corpus::case::{Act, Case, Need, Role};
use upspec_corpus::{Bindings, Corpus};

#[test]
fn no_two_cases_send_the_same_octets_under_the_same_conditions() {
    let corpus = Corpus::embedded().unwrap();
    let mut twins: BTreeMap<String, Vec<&Case>> = BTreeMap::new();
    for case in corpus.cases.iter().filter(|case| !case.id.contains("/control/")) {
        twins.entry(asked(case)).or_default().push(case);
    }
    let ids = |cases: &[&Case]| cases.iter().map(|case| case.id.clone()).collect::<Vec<_>>();
    let repeated = |cases: &[&Case]| {
        let is_of_another =
            |case: &&Case| cases.iter().any(|other| case.same_as.as_ref() == Some(&other.id));
        cases.iter().filter(|case| !is_of_another(case)).count() <= 1
    };
    let found = twins.values().filter(|cases| !repeated(cases));
    assert_eq!(found.map(|cases| ids(cases)).collect::<Vec<_>>(), Vec::<Vec<String>>::new());
}

/// What a case does on its connections, and on which.
fn asked(case: &Case) -> String {
    let apart = [Need::Tls, Need::Plain, Need::Http2Origin, Need::OriginConnect];
    let apart = apart.map(|need| case.needs.contains(&need));
    let role = case.id.split('/').next().unwrap_or_default();
    let mut asked = format!("{role} {:?} {:?} {:?} {apart:?}", case.over, case.alpn, case.tls);
    // What a client is given and shown is half of the question, and what it offers the other half.
    asked += &format!(" {:?} {:?} {:?}", case.url, case.certificate, case.again);
    if case.role == Role::Client {
        asked += &format!(" {:?} {:?}", case.needs, case.without);
    }
    let mut write = Vec::new();
    for step in &case.steps {
        match &step.act {
            // What stands side by side is one write.
            Act::Send(_) | Act::Repeat { .. } | Act::H2(_) => {
                for _ in 0..step.act.rounds() {
                    step.act.render_into(&mut write, &bindings());
                }
            }
            act => {
                asked += &format!(" {} {:?} {act:?}", write.escape_ascii(), step.at);
                write.clear();
            }
        }
    }
    asked + &format!(" {}", write.escape_ascii())
}

/// Each has a value of its own, and one that no case spells out.
fn bindings() -> Bindings {
    let octets = |text: &str| text.as_bytes().to_vec();
    Bindings {
        authority: octets("host.example:9001"),
        key: octets("AAECAwQFBgcICQoLDA0ODw=="),
        standing: octets("X-Standing: 1\r\nOrigin: http://allowed.example\r\n"),
        standing_but_origin: octets("X-Standing: 1\r\n"),
        subprotocol: octets("first"),
        subprotocol_second: octets("second"),
        subprotocol_candidates: octets("first, second, third"),
        subprotocol_swapped: octets("FIRST"),
        ..Bindings::example()
    }
}
