//! Several servers, or several clients, side by side: who does what, case by case, and with which verdict. These
//! types are the JSON format `upspec-diff`, version 1, in which each peer under test is called a server.

#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use upspec_corpus::Corpus;
use upspec_corpus::case::Role;
use upspec_judge::{CaseResult, Reason, TargetFacts, Verdict, behaviour};

use crate::note::RequirementNote;
use crate::report::{About, Report, Summary, Tool};
use crate::visible::counted;

pub use text::diff_summary;
pub(crate) use text::headline;

/// How several servers treat the same cases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Diff {
    /// Always `upspec-diff`.
    pub format: String,
    /// The version of this format: 1.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// What made the comparison.
    pub tool: Tool,
    /// The seed of every random octet: each server got the same octets.
    pub seed: u64,
    /// When the comparison began.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub started: Timestamp,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
    /// What the peers are.
    #[serde(default, skip_serializing_if = "Role::is_server")]
    pub role: Role,
    /// The servers, or whatever `role` says, in the order in which they were named.
    pub servers: Vec<Server>,
    /// How many cases were played on two servers or more.
    pub compared: usize,
    /// In how many of those the servers differ.
    pub differing: usize,
    /// The requirements that the cases and findings cite, by id.
    pub requirements: BTreeMap<String, RequirementNote>,
    /// The cases, in the order of the corpus: those that differ, or all of them.
    pub cases: Vec<ComparedCase>,
}

/// A server of a comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Its name in the groups.
    pub name: String,
    /// Where it was reached.
    pub url: String,
    /// Why cases could not be played; null when all were.
    pub trouble: Option<String>,
    /// How many cases have which verdict.
    pub summary: Summary,
    /// What it can do, found by the control or declared.
    pub facts: TargetFacts,
}

/// One case and who did what with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComparedCase {
    /// The case's id.
    pub id: String,
    /// One sentence that says what is expected.
    pub title: String,
    /// The id of the case's primary requirement.
    pub requirement: String,
    /// Whether servers that were asked behaved, or were judged, differently.
    pub differs: bool,
    /// The servers by what they did. The largest group comes first.
    pub groups: Vec<Group>,
}

/// Servers that did the same and got the same verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The names of the servers.
    pub servers: Vec<String>,
    /// What came: `101`, `400`, `closed`, …; null where the case was not played.
    pub outcome: Option<String>,
    /// Facts of the whole response and of what followed it.
    pub facts: Vec<Fact>,
    /// What the RFCs make of it.
    pub verdict: Verdict,
    /// Why an `inconclusive` or an `error` is one.
    pub reason: Option<Reason>,
    /// The findings, as the first server of the group showed them.
    pub findings: Vec<Said>,
}

/// A fact of a response: `upgrade`, `subprotocol`, `extensions`, `versions`, `connection`, `tunnel`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// What it is about.
    pub name: String,
    /// What the server did.
    pub value: String,
}

/// A finding in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// The requirement's id.
    pub requirement: String,
    /// What the finding makes of the case.
    pub verdict: Verdict,
    /// What the server did, in one phrase.
    pub message: String,
}

/// One server's run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The name of the server; no two runs share one.
    pub name: String,
    /// Why cases could not be played.
    pub trouble: Option<String>,
    /// What the run found. Secrets have been overwritten in it.
    pub report: Report,
}

/// Which cases a comparison holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every case.
    All,
    /// The cases in which servers differ.
    Differing,
}

impl Diff {
    /// Puts the runs of several peers of one role side by side. `about` describes the whole comparison; of its
    /// target the role alone counts.
    #[must_use]
    pub fn of_runs(about: About, runs: Vec<Run>, corpus: &Corpus, scope: Scope) -> Self {
        let mut cases: Vec<ComparedCase> =
            corpus.cases.iter().filter_map(|case| compared(case, &runs)).collect();
        let compared = cases.iter().filter(|case| case.asked() > 1).count();
        let differing = cases.iter().filter(|case| case.differs).count();
        if scope == Scope::Differing {
            cases.retain(|case| case.differs);
        }
        let cited = cases.iter().flat_map(ComparedCase::cites);
        let note = |id: &str| Some((id.to_owned(), corpus.requirements.get(id)?.into()));
        let requirements = cited.filter_map(note).collect();
        Self {
            format: "upspec-diff".to_owned(),
            version: 1,
            tool: about.tool,
            seed: about.seed,
            started: about.started,
            elapsed_ms: about.elapsed_ms,
            role: about.target.role,
            servers: runs.into_iter().map(Server::from).collect(),
            compared,
            differing,
            requirements,
            cases,
        }
    }

    /// The comparison as JSON, indented, with a line feed at the end.
    #[must_use]
    pub fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self)
            .expect("string keys and no fallible Serialize impl: nothing in it can fail");
        text.push('\n');
        text
    }
}

impl From<Run> for Server {
    fn from(run: Run) -> Self {
        Self {
            name: run.name,
            url: run.report.target.url,
            trouble: run.trouble,
            summary: run.report.summary,
            facts: run.report.target.facts,
        }
    }
}

impl ComparedCase {
    /// How many servers were asked.
    fn asked(&self) -> usize {
        let played = self.groups.iter().filter(|group| group.outcome.is_some());
        played.map(|group| group.servers.len()).sum()
    }

    fn cites(&self) -> impl Iterator<Item = &str> {
        let findings = self.groups.iter().flat_map(|group| &group.findings);
        let cited = findings.map(|finding| finding.requirement.as_str());
        cited.chain([self.requirement.as_str()])
    }
}

/// One case on all servers; `None` when no run has it.
fn compared(case: &upspec_corpus::Case, runs: &[Run]) -> Option<ComparedCase> {
    let mut groups: Vec<(Group, Verdict)> = Vec::new();
    for run in runs {
        let found = run.report.cases.iter().find(|entry| entry.id == case.id);
        let Some(entry) = found else { continue };
        let mut group = Group::of(case, entry);
        // Where a habit counts is no difference.
        let counted = entry.findings.iter().filter_map(|finding| finding.counted.as_ref());
        let worst = counted.map(|counted| counted.verdict).max();
        let weight = worst.map_or(entry.verdict, |worst| worst.max(entry.verdict));
        let is_like = |(known, other): &&mut (Group, Verdict)| {
            known.is_like(&group) && (known.verdict == group.verdict || *other == weight)
        };
        match groups.iter_mut().find(is_like) {
            Some((known, _)) => known.servers.push(run.name.clone()),
            None => {
                group.servers.push(run.name.clone());
                groups.push((group, weight));
            }
        }
    }
    let mut groups: Vec<Group> = groups.into_iter().map(|(group, _)| group).collect();
    let played = groups.iter().filter(|group| group.outcome.is_some()).count();
    // Those that were not asked come last; a larger group comes before a smaller one.
    groups.sort_by_key(|group| (group.outcome.is_none(), std::cmp::Reverse(group.servers.len())));
    (!groups.is_empty()).then(|| ComparedCase {
        id: case.id.clone(),
        title: case.title.clone(),
        requirement: case.requirement.clone(),
        differs: played > 1,
        groups,
    })
}

impl Group {
    fn of(case: &upspec_corpus::Case, entry: &CaseResult) -> Self {
        let did = entry.record.as_ref().and_then(|record| behaviour(case, record));
        let said = entry.findings.iter().filter(|one| one.verdict > Verdict::Inconclusive);
        let facts = did.iter().flat_map(|did| &did.facts);
        Self {
            servers: Vec::new(),
            outcome: did.as_ref().map(|did| did.outcome.clone()),
            facts: facts
                .map(|(name, value)| Fact { name: (*name).to_owned(), value: value.clone() })
                .collect(),
            verdict: entry.verdict,
            reason: entry.reason,
            findings: said
                .map(|finding| Said {
                    requirement: finding.requirement.clone(),
                    verdict: finding.verdict,
                    message: finding.message.clone(),
                })
                .collect(),
        }
    }

    /// The same behaviour, judged by the same means. Messages may differ in what was seen.
    fn is_like(&self, other: &Self) -> bool {
        self.outcome == other.outcome && self.facts == other.facts && self.reason == other.reason
    }

    /// What the servers did, in a phrase: `101, subprotocol "chat", connection kept`.
    #[must_use]
    pub fn did(&self) -> String {
        let Some(outcome) = &self.outcome else {
            return "not asked".to_owned();
        };
        let facts = self.facts.iter().map(|fact| format!(", {} {}", fact.name, fact.value));
        format!("{outcome}{}", facts.collect::<String>())
    }
}

/// What the peers of a comparison are, in one word.
pub(crate) fn peer_word(role: Role) -> &'static str {
    match role {
        Role::Client => "client",
        Role::Intermediary => "proxy",
        Role::Server => "server",
    }
}

/// So many of them, in words.
pub(crate) fn peers(diff: &Diff) -> String {
    match (diff.role, diff.servers.len()) {
        (Role::Intermediary, count) if count != 1 => format!("{count} proxies"),
        (role, count) => counted(count, peer_word(role)),
    }
}

/// A verdict on a behaviour, in one word.
#[must_use]
pub fn permitted_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "permitted",
        Verdict::Warn => "discouraged",
        Verdict::Fail => "forbidden",
        Verdict::Inconclusive => "undecided",
        Verdict::Error => "not judged",
    }
}
