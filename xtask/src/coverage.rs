//! `cargo xtask coverage`: which cases and which rules for every message speak of each requirement that binds a
//! server, and of each that binds a client.

use std::fmt::Write as _;

use serde::Serialize;
use upspec_corpus::case::{Case, Role};
use upspec_corpus::words::Word as _;
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
    let roles = [Role::Server, Role::Client].map(|role| Coverage::of(&corpus, role));
    if options.json {
        let text = serde_json::to_string_pretty(&roles).map_err(|error| vec![error.to_string()]);
        println!("{}", text?);
    } else {
        roles.iter().for_each(|coverage| print!("{}", coverage.table(&corpus, options)));
    }
    let missing = |coverage: &Coverage<'_>| {
        let rows = coverage.rows.iter().filter(|row| row.state == State::Missing);
        let role = coverage.role.word();
        rows.map(|row| format!("{}: no case for a {role} names it", row.id)).collect::<Vec<_>>()
    };
    let problems: Vec<String> = roles.iter().flat_map(missing).collect();
    match problems.is_empty() {
        true => Ok(String::new()),
        false => Err(problems),
    }
}

/// What is known of the requirements that bind one role.
#[derive(Serialize)]
struct Coverage<'c> {
    #[serde(skip)]
    role: Role,
    rows: Vec<Row<'c>>,
    totals: Totals,
}

/// How many there are of each.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Totals {
    requirements: usize,
    of_others: usize,
    of_role: usize,
    testable: usize,
    untestable: usize,
    covered_by_cases: usize,
    covered_by_rules: usize,
    elsewhere: usize,
    missing: usize,
    cases: usize,
}

/// One requirement that binds the role.
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
    /// It binds both parties of a connection, and is tested of the other; or intermediaries as well, which are both
    /// at once, and is tested of them.
    Elsewhere,
    /// Nothing speaks of it.
    Missing,
}

impl<'c> Coverage<'c> {
    fn of(corpus: &'c Corpus, role: Role) -> Self {
        let of_role = |role| corpus.cases.iter().filter(move |case| case.role == role);
        let own: Vec<&Case> = of_role(role).collect();
        let others: Vec<&Case> = of_role(Role::Intermediary).collect();
        let rows: Vec<Row<'c>> = corpus
            .requirements
            .iter()
            .filter(|requirement| binds(requirement, role))
            .map(|requirement| Row::of(requirement, role, &own, &others))
            .collect();
        let in_state = |state| rows.iter().filter(|row| row.state == state).count();
        let untestable = in_state(State::Untestable);
        let totals = Totals {
            requirements: corpus.requirements.len(),
            of_others: corpus.requirements.len() - rows.len(),
            of_role: rows.len(),
            testable: rows.len() - untestable,
            untestable,
            covered_by_cases: in_state(State::Cases),
            covered_by_rules: in_state(State::Rule),
            elsewhere: in_state(State::Elsewhere),
            missing: in_state(State::Missing),
            cases: own.len(),
        };
        Self { role, rows, totals }
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
        text.push_str(&self.totals.show(self.role));
        text
    }
}

impl Totals {
    fn show(&self, role: Role) -> String {
        let role = role.word();
        let lines = [
            (self.requirements, "requirements".to_owned()),
            (self.of_others, format!("  bind no {role}")),
            (self.of_role, format!("  bind a {role}")),
            (self.untestable, "    untestable".to_owned()),
            (self.testable, "    testable".to_owned()),
            (self.covered_by_cases, "      covered by cases".to_owned()),
            (self.covered_by_rules, "      covered only by a rule".to_owned()),
            (self.elsewhere, "      covered for another party that it binds".to_owned()),
            (self.missing, "      missing".to_owned()),
            (self.cases, format!("cases for a {role}")),
        ];
        lines.map(|(count, name)| format!("{count:5}  {name}\n")).concat()
    }
}

impl<'c> Row<'c> {
    /// `own` are the cases for the role, `others` those for intermediaries.
    fn of(requirement: &'c Requirement, role: Role, own: &[&'c Case], others: &[&Case]) -> Self {
        let id = requirement.id.as_str();
        let naming = own.iter().filter(|case| names(case, id));
        let cases: Vec<&str> = naming.map(|case| case.id.as_str()).collect();
        let citing =
            RULES.iter().filter(|rule| rule.binds == party(role) && rule.cites.contains(&id));
        let rules: Vec<&str> = citing.map(|rule| rule.name).collect();
        let state = match (&cases[..], &rules[..]) {
            _ if requirement.untestable.is_some() => State::Untestable,
            ([_, ..], _) => State::Cases,
            ([], [_, ..]) => State::Rule,
            ([], []) if role == Role::Client && requirement.binds == Binds::Both => {
                State::Elsewhere
            }
            ([], []) if others.iter().any(|case| names(case, id)) => State::Elsewhere,
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
            State::Elsewhere => "of another party".to_owned(),
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

fn binds(requirement: &Requirement, role: Role) -> bool {
    match role {
        Role::Client => matches!(requirement.binds, Binds::Client | Binds::Both),
        Role::Intermediary => requirement.binds == Binds::Intermediary,
        Role::Server => matches!(requirement.binds, Binds::Server | Binds::Both),
    }
}

fn party(role: Role) -> Party {
    match role {
        Role::Client => Party::Client,
        Role::Intermediary | Role::Server => Party::Server,
    }
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
    fn every_requirement_has_one_state() {
        let corpus = Corpus::embedded().unwrap();
        for role in [Role::Server, Role::Client] {
            let totals = Coverage::of(&corpus, role).totals;
            assert_eq!(totals.of_others + totals.of_role, totals.requirements);
            let covered = totals.covered_by_cases + totals.covered_by_rules + totals.elsewhere;
            assert_eq!(covered + totals.missing, totals.testable);
            assert_eq!(totals.testable + totals.untestable, totals.of_role);
        }
    }

    #[test]
    fn a_requirement_is_covered_by_what_names_it() {
        let corpus = Corpus::embedded().unwrap();
        let role = Role::Server;
        let servers: Vec<&Case> = corpus.cases.iter().filter(|case| case.role == role).collect();
        let key = corpus.requirements.get("rfc6455/4.2.1-key").unwrap();
        let row = Row::of(key, role, &servers, &[]);
        assert_eq!(row.state, State::Cases);
        assert!(row.cases.contains(&"server/key/fifteen-bytes"));
        assert_eq!(Row::of(key, role, &[], &[]).state, State::Missing);
        let date = corpus.requirements.get("rfc9110/6.6.1-date").unwrap();
        assert_eq!(Row::of(date, role, &[], &[]).state, State::Rule);
    }
}
