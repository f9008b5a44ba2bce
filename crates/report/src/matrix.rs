//! Many peers of one role on one page: who breaks which rule, in which case, and what passed on the wire. These types
//! are the JSON format `upspec-matrix`, version 1.

mod log;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use upspec_corpus::case::Role;
use upspec_corpus::{Corpus, HarmKind};
use upspec_judge::{CaseResult, Reason, Verdict};

use crate::diff::{Said, peer_word};
use crate::note::RequirementNote;
use crate::report::{Report, Score, Summary, Tool};
use crate::tally::Tally;
use crate::visible::counted;

pub use log::{Line, Log, Side};

/// Peers × rules, with the cases behind each cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Matrix {
    /// Always `upspec-matrix`.
    pub format: String,
    /// The version of this format: 1.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// What made the matrix.
    pub tool: Tool,
    /// What the peers are.
    pub role: Role,
    /// The peers, in the order in which they were named. All other numbers of peers are places in this list, from 0.
    pub peers: Vec<Peer>,
    /// The rules that cases of at least one peer were judged by: the most harmful first, then what most break.
    pub rules: Vec<Rule>,
    /// The cases, in the order of the corpus.
    pub cases: Vec<Case>,
}

/// A peer of the matrix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Peer {
    /// What it is called in the matrix.
    pub name: String,
    /// Where it was reached, or the command that starts it.
    pub url: String,
    /// The Server field of its answer to the control, where it has one.
    pub software: Option<String>,
    /// When its run began.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub started: Timestamp,
    /// The digest of the corpus that it was played: `sha256:…`.
    pub corpus: String,
    /// How many cases have which verdict.
    pub summary: Summary,
    /// Which share of the judged cases passes, where any was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<Score>,
}

/// A row of the matrix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The requirement's id.
    pub id: String,
    /// What the registry says of it.
    pub note: RequirementNote,
    /// What a breach can do: `smuggling`, `death`, `lockout`, `confusion`, `cosmetic`.
    pub harm: String,
    /// The peers that break it in at least one case.
    pub fail: Vec<usize>,
    /// The peers that do no worse than to draw a warning.
    pub warn: Vec<usize>,
    /// The peers of which at least one case says that they keep it, and none that they do not.
    pub pass: Vec<usize>,
}

/// A case and who did what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The case's id.
    pub id: String,
    /// One sentence that says what is expected.
    pub title: String,
    /// The title of the file that it is written in.
    pub topic: Option<String>,
    /// The id of the case's primary requirement.
    pub requirement: String,
    /// The peers by what they did and what is said of it.
    pub answers: Vec<Answer>,
    /// What passed on the wire. It is for pages alone: the reports have it as it was.
    #[serde(skip)]
    pub logs: Vec<Log>,
}

/// Peers of which the same is said in a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The peers.
    pub peers: Vec<usize>,
    /// What came: `101`, `400`, `closed`, …; null where the case was not played.
    pub outcome: Option<String>,
    /// The verdict.
    pub verdict: Verdict,
    /// Why an `inconclusive` or an `error` is one.
    pub reason: Option<Reason>,
    /// What fails or warns. Where a retry disagreed, nothing.
    pub findings: Vec<Said>,
}

impl Matrix {
    /// A matrix without peers.
    #[must_use]
    pub fn new(tool: Tool, role: Role) -> Self {
        Self {
            format: "upspec-matrix".to_owned(),
            version: 1,
            tool,
            role,
            peers: Vec::new(),
            rules: Vec::new(),
            cases: Vec::new(),
        }
    }

    /// Adds a peer by the report of a run against it. Only what a matrix needs of it stays in memory; no two peers
    /// may share a name. Call [`Self::finish`] after the last one.
    pub fn add(&mut self, name: String, report: Report) {
        let place = self.peers.len();
        self.peers.push(Peer {
            name,
            url: report.target.url,
            software: report.target.facts.server,
            started: report.started,
            corpus: report.tool.corpus,
            summary: report.summary,
            score: report.summary.score(),
        });
        for (id, note) in report.requirements {
            if self.rules.iter().all(|rule| rule.id != id) {
                self.rules.push(Rule::new(id, note));
            }
        }
        let mut known: HashMap<String, usize> = HashMap::new();
        for (at, case) in self.cases.iter().enumerate() {
            known.insert(case.id.clone(), at);
        }
        for result in report.cases {
            let at = known.get(&result.id).copied().unwrap_or_else(|| {
                let topic = report.notes.get(&result.id).and_then(|note| note.topic.clone());
                self.cases.push(Case::new(&result, topic));
                self.cases.len() - 1
            });
            self.cases[at].add(place, &result);
        }
    }

    /// A matrix with the peer of a report alone, without octets: who breaks what can be asked of its cells.
    pub(crate) fn of_one(report: &Report) -> Self {
        let mut matrix = Self::new(report.tool.clone(), report.target.role);
        matrix.peers.push(Peer {
            name: report.target.name.clone().unwrap_or_default(),
            url: report.target.url.clone(),
            software: report.target.facts.server.clone(),
            started: report.started,
            corpus: report.tool.corpus.clone(),
            summary: report.summary,
            score: report.summary.score(),
        });
        for result in &report.cases {
            let mut case = Case::new(result, None);
            case.answers.push(Answer { peers: vec![0], ..Answer::of(result) });
            matrix.cases.push(case);
        }
        matrix
    }

    /// Puts cases and rules in order, and finds out who breaks what. The corpus says what harms.
    pub fn finish(&mut self, corpus: &Corpus) {
        let order: HashMap<&str, usize> =
            corpus.cases.iter().enumerate().map(|(at, case)| (case.id.as_str(), at)).collect();
        self.cases.sort_by_key(|case| order.get(case.id.as_str()).copied().unwrap_or(usize::MAX));
        let mut rules = std::mem::take(&mut self.rules);
        let cells = self.cells();
        for rule in &mut rules {
            let known = corpus.requirements.get(&rule.id);
            rule.harm = known.map_or(HarmKind::Confusion, |known| known.harm.kind).to_string();
            let empty = Vec::new();
            let row = cells.get(rule.id.as_str()).unwrap_or(&empty);
            for (peer, cell) in row.iter().enumerate() {
                match cell.worst() {
                    Some(Verdict::Fail) => rule.fail.push(peer),
                    Some(Verdict::Warn) => rule.warn.push(peer),
                    Some(Verdict::Pass) => rule.pass.push(peer),
                    _ => {}
                }
            }
        }
        rules.retain(|rule| rule.judged() > 0);
        let harm = |rule: &Rule| corpus.requirements.get(&rule.id).map(|known| known.harm.kind);
        rules.sort_by(|one, other| {
            let key = |rule: &Rule| (rule.fail.is_empty(), rule.warn.is_empty(), harm(rule));
            let count = |rule: &Rule| std::cmp::Reverse((rule.fail.len(), rule.warn.len()));
            (key(one), count(one), &one.id).cmp(&(key(other), count(other), &other.id))
        });
        self.rules = rules;
    }

    /// The cells of each rule, one for each peer. A case counts under its own rule when it is in order, and else under
    /// those that its findings name.
    #[must_use]
    pub fn cells(&self) -> BTreeMap<&str, Vec<Tally>> {
        let mut cells: BTreeMap<&str, Vec<Tally>> = BTreeMap::new();
        for case in &self.cases {
            for answer in &case.answers {
                let mut worst: BTreeMap<&str, Verdict> = BTreeMap::new();
                for said in &answer.findings {
                    let known = worst.entry(&said.requirement).or_insert(said.verdict);
                    *known = said.verdict.max(*known);
                }
                worst.entry(&case.requirement).or_insert(match answer.verdict {
                    Verdict::Pass | Verdict::Warn | Verdict::Fail if !answer.is_flaky() => {
                        Verdict::Pass
                    }
                    _ => Verdict::Inconclusive,
                });
                for (rule, verdict) in worst {
                    let row = cells
                        .entry(rule)
                        .or_insert_with(|| vec![Tally::default(); self.peers.len()]);
                    for &peer in &answer.peers {
                        row[peer].add(verdict, 1);
                    }
                }
            }
        }
        cells
    }

    /// The matrix as JSON, indented, with a line feed at the end.
    #[must_use]
    pub fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self)
            .expect("string keys and no fallible Serialize impl: nothing in it can fail");
        text.push('\n');
        text
    }

    /// What it shows, in a sentence.
    #[must_use]
    pub fn headline(&self) -> String {
        let broken = self.rules.iter().filter(|rule| !rule.fail.is_empty()).count();
        let is_clean = |peer: &&Peer| self.compares(peer) && peer.summary.fail == 0;
        let clean = self.peers.iter().filter(is_clean).count();
        let clean = match clean {
            0 => "nobody keeps them all".to_owned(),
            1 => "1 keeps them all".to_owned(),
            count => format!("{count} keep them all"),
        };
        format!("{}, {} broken, {clean}", self.peers_word(), counted(broken, "rule"))
    }

    /// Whether a peer has met about as many cases as the one that met most.
    #[must_use]
    pub fn is_whole(&self, peer: &Peer) -> bool {
        peer.summary.total() * 10 >= self.most_cases() * 9
    }

    /// Whether the numbers of a peer can be held against those of the others.
    #[must_use]
    pub fn compares(&self, peer: &Peer) -> bool {
        peer.is_judged() && self.is_whole(peer)
    }

    /// Who has met a part of the cases alone, and how many, in a sentence.
    #[must_use]
    pub fn of_parts(&self) -> Option<String> {
        let parts = self.peers.iter().filter(|peer| !self.is_whole(peer));
        let parts: Vec<String> =
            parts.map(|peer| format!("{} ({})", peer.name, peer.summary.total())).collect();
        let most = self.most_cases();
        (!parts.is_empty()).then(|| {
            format!(
                "only a part of the {most} cases, so not ranked with the others: {}",
                parts.join(", ")
            )
        })
    }

    /// How many cases the peer has met that met most.
    #[must_use]
    pub fn most_cases(&self) -> usize {
        self.peers.iter().map(|peer| peer.summary.total()).max().unwrap_or(0)
    }

    /// The corpora that the peers were played, each with the number of peers, the most frequent first.
    #[must_use]
    pub fn corpora(&self) -> Vec<(&str, usize)> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for peer in &self.peers {
            *counts.entry(&peer.corpus).or_default() += 1;
        }
        let mut corpora: Vec<_> = counts.into_iter().collect();
        corpora.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        corpora
    }

    /// So many peers, in words.
    #[must_use]
    pub fn peers_word(&self) -> String {
        match (self.role, self.peers.len()) {
            (Role::Intermediary, count) if count != 1 => format!("{count} proxies"),
            (role, count) => counted(count, peer_word(role)),
        }
    }
}

impl Peer {
    /// Whether so much can be said of it that to have no failing case means something.
    #[must_use]
    pub fn is_judged(&self) -> bool {
        self.summary.judged() * 4 > self.summary.total()
    }
}

impl Rule {
    fn new(id: String, note: RequirementNote) -> Self {
        let harm = String::new();
        Self { id, note, harm, fail: Vec::new(), warn: Vec::new(), pass: Vec::new() }
    }

    /// Of how many peers something can be said.
    #[must_use]
    pub fn judged(&self) -> usize {
        self.fail.len() + self.warn.len() + self.pass.len()
    }
}

impl Case {
    fn new(result: &CaseResult, topic: Option<String>) -> Self {
        Self {
            id: result.id.clone(),
            title: result.title.clone(),
            topic,
            requirement: result.requirement.clone(),
            answers: Vec::new(),
            logs: Vec::new(),
        }
    }

    fn add(&mut self, peer: usize, result: &CaseResult) {
        let answer = Answer::of(result);
        match self.answers.iter_mut().find(|known| known.is_like(&answer)) {
            Some(known) => known.peers.push(peer),
            None => self.answers.push(Answer { peers: vec![peer], ..answer }),
        }
        let Some(record) = &result.record else { return };
        let lines = log::lines(record);
        match self.logs.iter_mut().find(|known| known.lines == lines) {
            Some(known) => known.peers.push(peer),
            None => self.logs.push(Log { peers: vec![peer], lines }),
        }
    }
}

impl Answer {
    fn of(result: &CaseResult) -> Self {
        let counts = |verdict| matches!(verdict, Verdict::Warn | Verdict::Fail);
        let found = result.findings.iter().filter(|one| counts(one.verdict) && !result.flaky);
        Self {
            peers: Vec::new(),
            outcome: result.outcome.map(|came| came.to_string()),
            verdict: result.verdict,
            reason: result.reason,
            findings: found
                .map(|one| Said {
                    requirement: one.requirement.clone(),
                    verdict: one.verdict,
                    message: one.message.clone(),
                })
                .collect(),
        }
    }

    fn is_like(&self, other: &Self) -> bool {
        (&self.outcome, self.verdict, self.reason, &self.findings)
            == (&other.outcome, other.verdict, other.reason, &other.findings)
    }

    /// Whether a retry disagreed, so that its verdict counts for nothing.
    fn is_flaky(&self) -> bool {
        matches!(self.verdict, Verdict::Warn | Verdict::Fail) && self.findings.is_empty()
    }
}
