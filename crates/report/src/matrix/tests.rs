//! Tests of the matrix: who breaks what, and what is shared.

use upspec_corpus::Corpus;
use upspec_corpus::case::Role;

use super::*;
use crate::sample;

fn matrix() -> Matrix {
    let mut matrix = Matrix::new(sample::report().tool, Role::Server);
    let mut clean = sample::report();
    for case in &mut clean.cases {
        case.verdict = Verdict::Pass;
        case.findings.clear();
        case.flaky = false;
    }
    clean.summary = Summary::of(&clean.cases);
    matrix.add("odd".to_owned(), sample::report());
    matrix.add("clean".to_owned(), clean);
    matrix.finish(&Corpus::embedded().unwrap());
    matrix
}

#[test]
fn a_rule_says_who_breaks_it_and_who_keeps_it() {
    let matrix = matrix();
    let broken: Vec<&Rule> = matrix.rules.iter().filter(|rule| !rule.fail.is_empty()).collect();
    assert!(!broken.is_empty());
    assert!(broken.iter().all(|rule| rule.fail == [0]), "{broken:?}");
    assert!(matrix.rules[0].fail == [0], "what is broken comes first");
    let cells = matrix.cells();
    let row = &cells[broken[0].id.as_str()];
    assert_eq!(row[0].worst(), Some(Verdict::Fail));
    assert_ne!(row[1].worst(), Some(Verdict::Fail));
    assert_eq!(
        matrix.headline(),
        format!("2 servers, {} broken, 1 keeps them all", counted(broken.len(), "rule"))
    );
}

#[test]
fn those_that_did_the_same_share_a_log() {
    let matrix = matrix();
    let logged: Vec<&Case> = matrix.cases.iter().filter(|case| !case.logs.is_empty()).collect();
    assert!(!logged.is_empty());
    assert!(logged.iter().all(|case| case.logs.len() == 1 && case.logs[0].peers == [0, 1]));
    let lines = logged.iter().flat_map(|case| &case.logs[0].lines);
    assert!(lines.clone().any(|line| line.side == Side::Sent));
    assert!(lines.clone().all(|line| !line.text.contains('\u{1b}')), "controls are escaped");
}
