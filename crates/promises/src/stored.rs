//! Files that we read back, however broken: reports, matrices, baselines, histories and lines of a hunt. No panic; what
//! cannot be read is said with its place; what can be read can be shown in every format, and compared.

mod mutate;

use std::io::sink;
use std::sync::LazyLock;

use jiff::civil::date;
use serde_json::Value;
use upspec_corpus::{Bindings, Corpus};
use upspec_judge::{TargetFacts, judge};
use upspec_recipes::Recipe;
use upspec_recipes::answer::Answer;
use upspec_recipes::pair::Pair;
use upspec_report::{
    Baseline, Chain, Comparison, FORMATS, MATRIX_FORMATS, Matrix, Report, Style, history, summary,
};

use crate::both_ends::{REGISTRY, corpus};
use crate::planted;
use crate::seeds::Material;

/// Checks one input of the target `stored`: the first octet says what the others are.
pub fn stored(octets: &[u8]) {
    let Some((kind, rest)) = octets.split_first() else { return };
    let text = String::from_utf8_lossy(rest);
    match kind % 6 {
        0 => report(&text),
        1 => matrix(&text),
        2 => baseline(&text),
        3 => past(&text),
        4 => lines(&text),
        _ => {
            let mut changed = SAMPLE.clone();
            mutate::mutate(&mut changed, rest);
            report(&changed.to_string());
        }
    }
}

fn report(text: &str) {
    match Report::read(text) {
        Ok(report) => shown(report),
        Err(error) => has_place(&error.to_string(), text),
    }
}

/// Every view of a report.
fn shown(mut report: Report) {
    for format in FORMATS {
        format.write_to(&report, &mut sink()).expect("a sink takes it all");
    }
    let again = Report::read(&planted::stored(as_json(&report))).expect("what we write we read");
    assert_eq!(again, report, "a report is what was written");
    assert!(!summary(&report, Style::Plain).is_empty());
    let _ = history::Entry::of(&report).line();
    let _ = Comparison::of(&report, &again);
    let _ = Chain::of(&report, &again);
    let mut matrix = Matrix::new(report.tool.clone(), report.target.role);
    matrix.add("one".to_owned(), report.clone());
    matrix.add("two".to_owned(), again);
    matrix.finish(&CORPUS);
    for format in MATRIX_FORMATS {
        format.write_to(&matrix, &mut sink()).expect("a sink takes it all");
    }
    judged(&report);
    report.stabilize();
    report.slim();
    let _ = as_json(&report);
}

/// What a report has of a case can be judged again, as that case or as any other.
fn judged(report: &Report) {
    let corpus = corpus();
    for (at, stored) in report.cases.iter().enumerate() {
        let Some(record) = &stored.record else { continue };
        let case = corpus.cases.iter().find(|case| case.id == stored.id);
        let case = case.unwrap_or(&corpus.cases[at % corpus.cases.len()]);
        let (record, twin) = (record.clone(), stored.twin.clone());
        let facts = &report.target.facts;
        let _ = judge(case, Some(record.clone()), twin, facts, &corpus.requirements);
        TargetFacts::default().learn(case, &record);
    }
}

fn as_json(report: &Report) -> String {
    let mut octets = Vec::new();
    let json = FORMATS.iter().find(|format| format.name == "json").expect("there is JSON");
    json.write_to(report, &mut octets).expect("a vector takes it all");
    String::from_utf8(octets).expect("JSON is text")
}

fn matrix(text: &str) {
    match Matrix::read(text) {
        Some(Ok(matrix)) => {
            for format in MATRIX_FORMATS {
                format.write_to(&matrix, &mut sink()).expect("a sink takes it all");
            }
        }
        Some(Err(error)) => has_place(&error.to_string(), text),
        None => {}
    }
}

fn baseline(text: &str) {
    match Baseline::read(text) {
        Ok(baseline) => {
            let standing = baseline.standing("f", &REPORT.cases, &CORPUS, date(2026, 1, 1));
            let _ = (standing.headline(), standing.advice());
        }
        Err(error) => has_place(&error.to_string(), text),
    }
}

fn past(text: &str) {
    match history::read(text) {
        Ok(entries) => drop(history::table(&entries)),
        Err(wrong) => assert!(wrong.starts_with("line "), "{wrong}"),
    }
}

/// Recipes, answers and pairs as a hunt keeps them: one spelling each, and octets of a bounded number.
fn lines(text: &str) {
    if let Ok(recipe) = text.parse::<Recipe>() {
        assert_eq!(recipe.to_string().parse(), Ok(recipe.clone()), "{recipe}");
        let _ = recipe.octets(&Bindings::example());
    }
    if let Ok(answer) = text.parse::<Answer>() {
        assert_eq!(answer.to_string().parse(), Ok(answer.clone()), "{answer}");
    }
    if let Ok(pair) = text.parse::<Pair>() {
        assert_eq!(pair.to_string().parse(), Ok(pair.clone()), "{pair}");
    }
}

/// An error says where: line and column, or the key that is amiss.
fn has_place(error: &str, text: &str) {
    let said = ["line ", "`", "version", "JSON", "page"];
    assert!(said.iter().any(|word| error.contains(word)), "{error}");
    assert!(error.len() < 2000 + 4 * text.len(), "an error is no copy of the file");
}

pub(crate) fn seeds(_: &Material) -> Vec<Vec<u8>> {
    let with = |kind: u8, text: &str| [&[kind], text.as_bytes()].concat();
    let mut seeds = vec![with(0, &as_json(&SMALL)), with(2, BASELINE), with(0, "<!doctype html>")];
    let html = FORMATS.iter().find(|format| format.name == "html").expect("there is HTML");
    let mut page = Vec::new();
    html.write_to(&SMALL, &mut page).expect("a vector takes it all");
    if let Some(at) = page.windows(10).rposition(|ten| ten == b"<template ") {
        seeds.push([b"\0<!doctype html>", &page[at..]].concat());
    }
    let mut matrix = Matrix::new(SMALL.tool.clone(), SMALL.target.role);
    matrix.add("one".to_owned(), SMALL.clone());
    matrix.finish(&CORPUS);
    seeds.push(with(1, &serde_json::to_string(&matrix).expect("a matrix is plain data")));
    let line = history::Entry::of(&SMALL).line();
    seeds.push(with(3, &format!("{line}\n{line}")));
    let known = [Recipe::default().to_string(), Answer::default().to_string()];
    seeds.extend(known.iter().map(|line| with(4, line)));
    seeds.push(with(4, &Pair::default().to_string()));
    // What takes parts of the sample away, cuts texts, and makes numbers large.
    seeds.extend((0..64_u8).map(|seed| {
        let entropy = (0..12_u8).map(|at| seed.wrapping_mul(37) ^ at.wrapping_mul(seed | 1));
        [5].into_iter().chain(entropy).collect()
    }));
    seeds
}

/// The stored sample with a few of its cases.
static REPORT: LazyLock<Report> = LazyLock::new(|| {
    let mut report = Report::read(include_str!("../../../reports/sample.json"))
        .expect("a test of the schema has read it");
    let cases: Vec<String> = report
        .cases
        .iter()
        .filter(|case| case.record.is_some())
        .step_by(17)
        .take(8)
        .map(|case| case.id.clone())
        .collect();
    report.keep(&cases);
    report
});

/// The same with two cases, as a seed.
static SMALL: LazyLock<Report> = LazyLock::new(|| {
    let mut report = REPORT.clone();
    let cases: Vec<String> = report.cases.iter().take(2).map(|case| case.id.clone()).collect();
    report.keep(&cases);
    report.ledger.truncate(2);
    report
});

static SAMPLE: LazyLock<Value> =
    LazyLock::new(|| serde_json::to_value(&*REPORT).expect("a report is plain data"));

/// A corpus that is read fast.
static CORPUS: LazyLock<Corpus> = LazyLock::new(|| {
    Corpus::from_texts(&[("requirements/rfc6455.toml", REGISTRY)]).expect("it is in order")
});

const BASELINE: &str = "version = 1\ntarget = \"t\"\ncorpus = \"sha256:0\"\nunjudged = [\"server/tls/*\"]\n\
    [[known]]\nrequirement = \"rfc6455/4.2.1-key\"\ncases = [\"server/{key,host}/*\"]\nverdict = \"fail\"\n\
    answer = \"101\"\nreason = \"Known.\"\nlink = \"https://example.com/1\"\nuntil = 2027-01-31\n";

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_report_changed_anywhere_is_refused_or_shown(entropy in vec(any::<u8>(), 6..31)) {
            stored(&[&[5], &entropy[..]].concat());
        }

        #[test]
        fn a_file_cut_or_changed_anywhere_is_refused_or_shown(
            seed in any::<prop::sample::Index>(),
            at in any::<prop::sample::Index>(),
            octets in vec(any::<u8>(), 0..3),
            is_cut in any::<bool>(),
        ) {
            let seeds = seeds(&Material::default());
            let mut file = seeds[seed.index(seeds.len())].clone();
            let at = 1 + at.index(file.len() - 1);
            if is_cut {
                file.truncate(at);
            }
            let end = file.len().min(at + octets.len());
            file.splice(at.min(end)..end, octets);
            stored(&file);
        }
    }
}
