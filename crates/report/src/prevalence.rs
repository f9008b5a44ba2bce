//! How others do: which of many real servers, clients and proxies break a rule, and who does right in a case, with its
//! octets. The figures are built in; `cargo xtask prevalence` makes them anew from reports.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use upspec_corpus::case::Role;
use upspec_judge::Verdict;

use crate::diff::peer_word;
use crate::matrix::{Case, Line, Matrix};
use crate::note::Example;

/// What was seen of the peers of a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prevalence {
    /// What the peers are.
    pub role: Role,
    /// The day of the first run, `2026-11-27`; empty where nothing was played.
    pub played: String,
    /// The names of the peers. Numbers of peers are places in this list, from 0.
    pub peers: Vec<String>,
    /// The rules that somebody breaks or draws a warning under, by id.
    pub rules: BTreeMap<String, Spread>,
    /// The cases in which somebody fails or draws a warning, and somebody does right, by id.
    pub cases: BTreeMap<String, Right>,
}

/// Who breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// The peers that break it.
    pub fail: Vec<usize>,
    /// The peers that do no worse than to draw a warning.
    pub warn: Vec<usize>,
    /// Of how many peers something can be said.
    pub judged: usize,
}

/// Somebody who does right in a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Right {
    /// The peer.
    pub peer: usize,
    /// How many do right.
    pub of: usize,
    /// What passed between us and it.
    pub lines: Vec<Line>,
}

impl Prevalence {
    /// The built-in figures for a role.
    #[must_use]
    pub fn of(role: Role) -> &'static Self {
        match role {
            Role::Server => &SERVERS,
            Role::Client => &CLIENTS,
            Role::Intermediary => &PROXIES,
        }
    }

    /// The figures that a matrix gives.
    #[must_use]
    pub fn of_matrix(matrix: &Matrix) -> Self {
        let broken = |rule: &&crate::matrix::Rule| !(rule.fail.is_empty() && rule.warn.is_empty());
        let rules = matrix.rules.iter().filter(broken).map(|rule| {
            let (fail, warn) = (rule.fail.clone(), rule.warn.clone());
            (rule.id.clone(), Spread { fail, warn, judged: rule.judged() })
        });
        let cases = matrix.cases.iter().filter_map(|case| Some((case.id.clone(), right(case)?)));
        let first = matrix.peers.iter().map(|peer| peer.started).min();
        Self {
            role: matrix.role,
            played: first.map(|day| day.strftime("%Y-%m-%d").to_string()).unwrap_or_default(),
            peers: matrix.peers.iter().map(|peer| peer.name.clone()).collect(),
            rules: rules.collect(),
            cases: cases.collect(),
        }
    }

    /// What is known of a rule.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&Spread> {
        self.rules.get(id).filter(|_| !self.peers.is_empty())
    }

    /// How common it is to break a rule, or to draw a warning under it, as a sentence; `None` where nothing was played.
    /// Where it is rare, the others have their names. Of a few peers, and of what all of them do, nothing is said.
    #[must_use]
    pub fn said(&self, id: &str, verdict: Verdict) -> Option<String> {
        if self.peers.is_empty() {
            return None;
        }
        let noun = match self.role {
            Role::Intermediary => "proxies".to_owned(),
            role => format!("{}s", peer_word(role)),
        };
        // What is not among the figures may be newer than they are.
        let spread = self.rule(id)?;
        let (with, does) = match verdict {
            Verdict::Fail => (&spread.fail, "break this rule"),
            _ => (&spread.warn, "draw this warning"),
        };
        let judged = spread.judged;
        if judged < ENOUGH || with.is_empty() || with.len() == judged {
            return None;
        }
        // Not everybody speaks all that rules are about.
        let noun = match judged == self.peers.len() {
            true => format!("{noun} tested"),
            false => format!("{noun} that it bears on"),
        };
        Some(match &with[..] {
            few if few.len() <= FEW && few.len() * 4 <= judged => {
                let names: Vec<&str> = few.iter().map(|&peer| self.name(peer)).collect();
                format!("{} of the {judged} {noun} {does}: {}.", few.len(), names.join(", "))
            }
            many => format!("{} of the {judged} {noun} {does}.", many.len()),
        })
    }

    /// How rare it is to break a rule, the rarest first: a few of a hundred, some, most, or nobody knows.
    #[must_use]
    pub fn rarity(&self, id: &str) -> u8 {
        let Some(spread) = self.rule(id) else { return u8::from(self.peers.is_empty()) * 2 };
        let share = (spread.fail.len() + spread.warn.len()) * 100 / spread.judged.max(1);
        match share {
            0..10 => 0,
            10..50 => 1,
            _ => 2,
        }
    }

    /// Somebody who does right in a case that others fail.
    #[must_use]
    pub fn example(&self, case: &str) -> Option<Example> {
        let right = self.cases.get(case)?;
        let (peer, lines) = (self.name(right.peer).to_owned(), right.lines.clone());
        Some(Example { peer, of: right.of, lines })
    }

    /// The name of a peer.
    #[must_use]
    pub fn name(&self, peer: usize) -> &str {
        self.peers.get(peer).map_or("", String::as_str)
    }

    /// The figures as JSON, a line for each rule and case, so that a change of one is a change of a line.
    #[must_use]
    pub fn json(&self) -> String {
        let rows = |rows: Vec<String>| match rows.is_empty() {
            true => "{}".to_owned(),
            false => format!("{{\n{}\n}}", rows.join(",\n")),
        };
        let rules = self.rules.iter().map(|(id, spread)| format!("{}:{}", line(id), line(spread)));
        let cases = self.cases.iter().map(|(id, right)| format!("{}:{}", line(id), line(right)));
        format!(
            "{{\"role\":{},\"played\":{},\n\"peers\":{},\n\"rules\":{},\n\"cases\":{}}}\n",
            line(&self.role),
            line(&self.played),
            line(&self.peers),
            rows(rules.collect()),
            rows(cases.collect()),
        )
    }
}

/// A part of the figures in a line.
fn line(part: &impl Serialize) -> String {
    serde_json::to_string(part)
        .expect("string keys and no fallible Serialize impl: nothing in it can fail")
}

/// The one to hold up as an example: whoever does as most of those do that do right, and whose log is short.
fn right(case: &Case) -> Option<Right> {
    let is_wrong = |verdict| matches!(verdict, Verdict::Fail | Verdict::Warn);
    if !case.answers.iter().any(|answer| is_wrong(answer.verdict)) {
        return None;
    }
    let right: Vec<usize> = case
        .answers
        .iter()
        .filter(|answer| answer.verdict == Verdict::Pass)
        .flat_map(|answer| answer.peers.iter().copied())
        .collect();
    let passing = |answer: &&crate::matrix::Answer| answer.verdict == Verdict::Pass;
    let usual = case.answers.iter().filter(passing).max_by_key(|answer| answer.peers.len())?;
    let logs = usual.peers.iter().filter_map(|peer| {
        let log = case.logs.iter().find(|log| log.peers.contains(peer))?;
        Some((log.lines.iter().map(|line| line.text.len()).sum::<usize>(), *peer, log))
    });
    let (_, peer, log) = logs.min_by_key(|(length, peer, _)| (*length, *peer))?;
    let lines =
        log.lines.iter().take(MOST_LINES).map(|line| Line { text: cut(&line.text), ..*line });
    Some(Right { peer, of: right.len(), lines: lines.collect() })
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// How many peers it takes to say how common something is.
const ENOUGH: usize = 10;

/// How many peers are named where few do something.
const FEW: usize = 4;

/// How many lines of an exchange are kept, and how much of each.
const MOST_LINES: usize = 8;
const MOST: usize = 600;

static SERVERS: LazyLock<Prevalence> =
    LazyLock::new(|| parse(include_str!("../prevalence/server.json")));
static CLIENTS: LazyLock<Prevalence> =
    LazyLock::new(|| parse(include_str!("../prevalence/client.json")));
static PROXIES: LazyLock<Prevalence> =
    LazyLock::new(|| parse(include_str!("../prevalence/intermediary.json")));

fn parse(json: &str) -> Prevalence {
    serde_json::from_str(json).expect("a test reads each of the three files")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_figures_are_read_and_written_alike() {
        for role in [Role::Server, Role::Client, Role::Intermediary] {
            let known = Prevalence::of(role);
            assert_eq!(known.role, role);
            assert_eq!(&parse(&known.json()), known);
            let places =
                known.rules.values().flat_map(|spread| spread.fail.iter().chain(&spread.warn));
            assert!(
                places
                    .chain(known.cases.values().map(|right| &right.peer))
                    .all(|&at| at < known.peers.len())
            );
        }
    }

    #[test]
    fn what_is_rare_has_names() {
        let spread =
            |fail: &[usize], judged| Spread { fail: fail.to_vec(), warn: Vec::new(), judged };
        let known = Prevalence {
            role: Role::Server,
            played: "2026-11-27".to_owned(),
            peers: ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"]
                .map(str::to_owned)
                .to_vec(),
            rules: [
                ("rare".to_owned(), spread(&[1, 3], 12)),
                ("common".to_owned(), spread(&[0, 1, 2, 4, 5, 6], 10)),
                ("few".to_owned(), spread(&[0, 1, 2], 9)),
            ]
            .into(),
            cases: BTreeMap::new(),
        };
        let said = |id| known.said(id, Verdict::Fail).unwrap();
        assert_eq!(said("rare"), "2 of the 12 servers tested break this rule: b, d.");
        let common = "6 of the 10 servers that it bears on break this rule.";
        assert_eq!(said("common"), common);
        assert_eq!(known.said("new", Verdict::Fail), None);
        assert_eq!(known.said("few", Verdict::Fail), None);
        assert_eq!(known.said("rare", Verdict::Warn), None, "somebody does, and it fails");
        assert!(known.rarity("rare") < known.rarity("common"));
        let unknown = Prevalence { peers: Vec::new(), rules: BTreeMap::new(), ..known };
        assert_eq!(unknown.said("rare", Verdict::Fail), None);
    }
}
