//! `cargo xtask coverage`: which cases and which rules for every response speak of each requirement
//! that binds a server.

use std::fmt::Write as _;

use serde::Serialize;
use upspec_corpus::case::{Case, Role};
use upspec_corpus::{Binds, Corpus, Requirement};
use upspec_handshake::Party;
use upspec_judge::rules::RULES;

use crate::Outcome;

/// What the task was asked to do.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// Whether the ids of the cases are shown.
    pub(crate) cases: bool,
    /// Whether it prints JSON.
    pub(crate) json: bool,
}

/// Prints the table, and names each requirement that nothing covers.
pub(crate) fn run(options: &Options) -> Outcome {
    let corpus = Corpus::embedded().map_err(|error| vec![error.to_string()])?;
    let coverage = Coverage::of(&corpus);
    if options.json {
        let text = serde_json::to_string_pretty(&coverage).map_err(|error| vec![error.to_string()]);
        println!("{}", text?);
    } else {
        print!("{}", coverage.table(&corpus, options));
    }
    let missing = coverage.rows.iter().filter(|row| row.state == State::Missing);
    let problems: Vec<String> =
        missing.map(|row| format!("{}: no case names it", row.id)).collect();
    match problems.is_empty() {
        true => Ok(String::new()),
        false => Err(problems),
    }
}

/// What is known of the requirements that bind a server.
#[derive(Serialize)]
struct Coverage<'c> {
    rows: Vec<Row<'c>>,
    totals: Totals,
}

/// How many there are of each.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Totals {
    requirements: usize,
    of_clients: usize,
    of_intermediaries: usize,
    of_servers: usize,
    testable: usize,
    untestable: usize,
    covered_by_cases: usize,
    covered_by_rules: usize,
    missing: usize,
    cases: usize,
}

/// One requirement that binds a server.
#[derive(Serialize)]
struct Row<'c> {
    id: &'c str,
    level: String,
    binds: String,
    state: State,
    cases: Vec<&'c str>,
    rules: Vec<&'static str>,
}

/// Whether a requirement is covered, and by what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// A case names it.
    Cases,
    /// No case names it, but a rule for every response does.
    Rule,
    /// No probe can see whether it is kept.
    Untestable,
    /// Nothing speaks of it.
    Missing,
}

impl<'c> Coverage<'c> {
    fn of(corpus: &'c Corpus) -> Self {
        let servers: Vec<&Case> = corpus.cases.iter().filter(is_of_server).collect();
        let rows: Vec<Row<'c>> = corpus
            .requirements
            .iter()
            .filter(|requirement| binds_server(requirement))
            .map(|requirement| Row::of(requirement, &servers))
            .collect();
        let in_state = |state| rows.iter().filter(|row| row.state == state).count();
        let bound_by = |binds| {
            let all = corpus.requirements.iter();
            all.filter(|requirement| requirement.binds == binds).count()
        };
        let untestable = in_state(State::Untestable);
        let totals = Totals {
            requirements: corpus.requirements.len(),
            of_clients: bound_by(Binds::Client),
            of_intermediaries: bound_by(Binds::Intermediary),
            of_servers: rows.len(),
            testable: rows.len() - untestable,
            untestable,
            covered_by_cases: in_state(State::Cases),
            covered_by_rules: in_state(State::Rule),
            missing: in_state(State::Missing),
            cases: servers.len(),
        };
        Self { rows, totals }
    }

    fn table(&self, corpus: &Corpus, options: &Options) -> String {
        let mut text = String::new();
        for document in corpus.requirements.documents() {
            let prefix = format!("{}/", document.rfc);
            let rows = self.rows.iter().filter(|row| row.id.starts_with(&prefix));
            let lines: String = rows.map(|row| row.show(options)).collect();
            if !lines.is_empty() {
                let _ = writeln!(text, "{}  {}\n{lines}", document.rfc, document.title);
            }
        }
        text.push_str(&self.totals.show());
        text
    }
}

impl Totals {
    fn show(&self) -> String {
        let lines = [
            (self.requirements, "requirements"),
            (self.of_clients, "  bind only clients"),
            (self.of_intermediaries, "  bind only proxies and gateways"),
            (self.of_servers, "  bind servers"),
            (self.untestable, "    untestable"),
            (self.testable, "    testable"),
            (self.covered_by_cases, "      covered by cases"),
            (self.covered_by_rules, "      covered only by a rule"),
            (self.missing, "      missing"),
            (self.cases, "cases for servers"),
        ];
        lines.map(|(count, name)| format!("{count:5}  {name}\n")).concat()
    }
}

impl<'c> Row<'c> {
    fn of(requirement: &'c Requirement, servers: &[&'c Case]) -> Self {
        let id = requirement.id.as_str();
        let naming = servers.iter().filter(|case| names(case, id));
        let cases: Vec<&str> = naming.map(|case| case.id.as_str()).collect();
        let citing =
            RULES.iter().filter(|rule| rule.binds == Party::Server && rule.cites.contains(&id));
        let rules: Vec<&str> = citing.map(|rule| rule.name).collect();
        let state = match (&cases[..], &rules[..]) {
            _ if requirement.untestable.is_some() => State::Untestable,
            ([_, ..], _) => State::Cases,
            ([], [_, ..]) => State::Rule,
            ([], []) => State::Missing,
        };
        Self {
            id,
            level: requirement.level.to_string(),
            binds: requirement.binds.to_string(),
            state,
            cases,
            rules,
        }
    }

    fn show(&self, options: &Options) -> String {
        let covered = match self.state {
            State::Untestable => "untestable".to_owned(),
            State::Missing => "MISSING".to_owned(),
            State::Rule => "rule".to_owned(),
            State::Cases if self.cases.len() == 1 => "1 case".to_owned(),
            State::Cases => format!("{} cases", self.cases.len()),
        };
        let by = match &self.rules[..] {
            [] => String::new(),
            names => format!(" ({})", names.join(", ")),
        };
        let mut text =
            format!("  {:42} {:10} {:6}  {covered}{by}\n", self.id, self.level, self.binds);
        for case in self.cases.iter().filter(|_| options.cases) {
            let _ = writeln!(text, "    {case}");
        }
        text
    }
}

fn is_of_server(case: &&Case) -> bool {
    case.role == Role::Server
}

fn binds_server(requirement: &Requirement) -> bool {
    matches!(requirement.binds, Binds::Server | Binds::Both)
}

/// Whether a case is about a requirement, bears on it, or has an alternative that breaks it.
fn names(case: &Case, id: &str) -> bool {
    let mut alternatives = case.expect.iter();
    case.requirement == id
        || case.see.iter().any(|see| see == id)
        || alternatives.any(|one| one.requirement.as_deref() == Some(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_requirement_of_servers_has_one_state() {
        let corpus = Corpus::embedded().unwrap();
        let coverage = Coverage::of(&corpus);
        let totals = &coverage.totals;
        let parts = totals.of_clients + totals.of_intermediaries + totals.of_servers;
        assert_eq!(parts, totals.requirements);
        let covered = totals.covered_by_cases + totals.covered_by_rules;
        assert_eq!(covered + totals.missing, totals.testable);
        assert_eq!(totals.testable + totals.untestable, totals.of_servers);
    }

    #[test]
    fn a_requirement_is_covered_by_what_names_it() {
        let corpus = Corpus::embedded().unwrap();
        let servers: Vec<&Case> = corpus.cases.iter().filter(is_of_server).collect();
        let key = corpus.requirements.get("rfc6455/4.2.1-key").unwrap();
        let row = Row::of(key, &servers);
        assert_eq!(row.state, State::Cases);
        assert!(row.cases.contains(&"server/key/fifteen-bytes"));
        assert_eq!(Row::of(key, &[]).state, State::Missing);
        let date = corpus.requirements.get("rfc9110/6.6.1-date").unwrap();
        assert_eq!(Row::of(date, &[]).state, State::Rule);
    }
}
