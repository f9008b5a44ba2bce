//! The report of one run: what the JSON format, version 2, holds. How it looks is for the views.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use upspec_corpus::case::Role;
use upspec_corpus::{Bindings, Case, Corpus, Registry};
use upspec_judge::{CaseResult, Habit, Reason, TargetFacts, Verdict};

use crate::agreement::{self, Pair};
use crate::baseline::{Mark, Standing};
use crate::browsers::{self, Browsers};
use crate::cause::{self, Cause, Suspect};
use crate::expected::Expected;
use crate::ledger::{self, Account};
use crate::note::{CaseNote, RequirementNote};
use crate::places::Docs;
use crate::prevalence::Prevalence;
use crate::program::Program;
use crate::redact::{Secrets, blot_url, redact};
use crate::traffic::Traffic;

/// The report of one run. It is self-contained: every requirement that a case or a finding cites
/// is in `requirements`, what the corpus says of a case in `notes`, and every octet of every connection in
/// `cases`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Always `upspec-report`.
    pub format: String,
    /// The version of this format: 2.
    #[schemars(range(min = 2, max = 2))]
    pub version: u32,
    /// What made the report.
    pub tool: Tool,
    /// What was tested.
    pub target: Target,
    /// The seed of every random octet of the run.
    pub seed: u64,
    /// The command that plays the run again, for a shell; a variable such as `${UPSPEC_AUTHORIZATION}` stands for
    /// a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<String>,
    /// Where the documentation of cases, requirements and faults is, if that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub docs: Option<String>,
    /// When the run began.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub started: Timestamp,
    /// How long the run took, in milliseconds.
    pub elapsed_ms: u64,
    /// Whether the run came to its end; false when it was interrupted or the target died.
    pub complete: bool,
    /// Why a run could not judge what it was to judge, and what to try next: one or two sentences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// What is to be said of the run as a whole, each one sentence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
    /// Whether each browser can connect: `pass` says yes, `fail` and `warn` no, `inconclusive` that nothing is
    /// known. `http2` is every browser that speaks WebSocket over HTTP/2.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub browsers: Browsers,
    /// How many cases have which verdict.
    pub summary: Summary,
    /// Which share of the judged cases passes, where any was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<Score>,
    /// What went over the connections of the cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic: Option<Traffic>,
    /// What the baseline says of the run, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Standing>,
    /// The file, and perhaps the line, of the user's repository to which formats point that must name one.
    #[serde(skip)]
    pub locate: Option<String>,
    /// What is a failure to formats that know no warning.
    #[serde(skip)]
    pub fail_on: FailOn,
    /// Whether it is one also where it is flaky.
    #[serde(skip)]
    pub strict_flaky: bool,
    /// What fails the run besides its cases.
    #[serde(skip)]
    pub demands: Vec<Demand>,
    /// What is behind the cases that fail or warn: what breaks a MUST first, then by harm, then what few others
    /// do, then by the number of cases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Cause>,
    /// Who believes that the tunnel is up, at an intermediary: for each pair of a request and the origin's answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agreement: Vec<Pair>,
    /// Each requirement that bears on the target, RFC by RFC: whether the run shows it kept or broken, or why not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ledger: Vec<Account>,
    /// The requirements that the cases and findings cite, by id.
    pub requirements: BTreeMap<String, RequirementNote>,
    /// What the corpus says of the cases, by id.
    pub notes: BTreeMap<String, CaseNote>,
    /// The cases, in the order of the corpus.
    pub cases: Vec<CaseResult>,
}

/// Which verdicts are failures, where a format has no more words for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FailOn {
    /// A broken MUST.
    #[default]
    Fail,
    /// None.
    Never,
    /// Also a missed SHOULD.
    Warn,
}

/// Something that the user asks for, that the run does not show, and that no case is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    /// The option that asks for it, without its dashes.
    pub option: String,
    /// What is amiss, in a sentence.
    pub said: String,
}

/// What is known of a run besides its cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// What made the report.
    pub tool: Tool,
    /// What was tested.
    pub target: Target,
    /// The seed of every random octet of the run.
    pub seed: u64,
    /// The command that plays the run again, without its secrets.
    pub again: Option<String>,
    /// When the run began.
    pub started: Timestamp,
    /// How long the run took, in milliseconds.
    pub elapsed_ms: u64,
    /// Whether the run came to its end.
    pub complete: bool,
    /// Why it could not judge what it was to judge, and what to try next.
    pub trouble: Option<String>,
    /// What is to be said of the run as a whole, each one sentence.
    pub remarks: Vec<String>,
}

/// What made a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// The version of upspec.
    pub version: String,
    /// The digest of the corpus: `sha256:…`.
    pub corpus: String,
}

/// What was tested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// What it is; left out for a server.
    #[serde(default, skip_serializing_if = "Role::is_server")]
    pub role: Role,
    /// Where it was reached, or the command that starts it.
    pub url: String,
    /// What the user calls it.
    pub name: Option<String>,
    /// What it can do, found by the control or declared.
    pub facts: TargetFacts,
}

/// How many cases have which verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// The answer is lawful.
    pub pass: usize,
    /// A SHOULD is missed, or the answer harms interoperability.
    pub warn: usize,
    /// A MUST is broken.
    pub fail: usize,
    /// Nothing can be said.
    pub inconclusive: usize,
    /// We could not do our job.
    pub error: usize,
}

/// Which share of the judged cases passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// How many cases say something of the target: those that pass, warn or fail.
    pub judged: usize,
    /// How many of them pass.
    pub passed: usize,
    /// How many of a hundred pass, rounded down: 100 only where all do.
    #[schemars(range(max = 100))]
    pub percent: u8,
}

impl Report {
    /// Puts the report of a run together: results in the order in which they are to be shown, with
    /// what the corpus has on their cases and on the requirements that they cite. Secrets are
    /// overwritten first; see [`redact`].
    #[must_use]
    pub fn of_run(
        mut about: About,
        mut results: Vec<CaseResult>,
        secrets: &Secrets,
        corpus: &Corpus,
    ) -> Self {
        let found = redact(&mut results, secrets);
        about.target.url = blot_url(&about.target.url);
        let facts = &mut about.target.facts;
        let texts = about.trouble.iter_mut().chain(&mut about.remarks).chain(&mut facts.server);
        for text in texts.chain(&mut facts.subprotocols).chain(&mut facts.declared_subprotocols) {
            *text = found.blot(text);
        }
        let by_id: HashMap<&str, &Case> = corpus.cases.iter().map(|c| (c.id.as_str(), c)).collect();
        let topics: HashMap<&str, &str> =
            corpus.topics.iter().map(|topic| (topic.id.as_str(), topic.title.as_str())).collect();
        let note = |id: &str| {
            let topic = id.rsplit_once('/').and_then(|(topic, _)| topics.get(topic).copied());
            Some(CaseNote::new(by_id.get(id)?, topic))
        };
        let cited = |id: &str| corpus.requirements.get(id).map(RequirementNote::from);
        let mut report = Self::new(about, results, note, cited);
        let others = Prevalence::of(report.target.role);
        let is_bad = |case: &&CaseResult| matches!(case.verdict, Verdict::Fail | Verdict::Warn);
        for case in report.cases.iter().filter(is_bad) {
            if let Some(note) = report.notes.get_mut(&case.id) {
                note.right = others.example(&case.id);
                let program = by_id.get(case.id.as_str());
                let program = program.map(|case| Program::of(case, &Bindings::example()));
                note.worth = program.and_then(Result::ok).map_or_else(Vec::new, |made| made.worth);
            }
        }
        report.ledger = ledger::ledger(&report, corpus);
        report
    }

    /// Puts a report together. `note` is asked for every case, and `cited` for every requirement that a
    /// case or a finding cites; what they do not know is left out.
    pub(crate) fn new(
        about: About,
        cases: Vec<CaseResult>,
        note: impl Fn(&str) -> Option<CaseNote>,
        cited: impl Fn(&str) -> Option<RequirementNote>,
    ) -> Self {
        let ids: BTreeSet<&str> = cases.iter().flat_map(cites).collect();
        let summary = Summary::of(&cases);
        let requirements =
            ids.into_iter().filter_map(|id| Some((id.to_owned(), cited(id)?))).collect();
        let notes = cases.iter().filter_map(|case| Some((case.id.clone(), note(&case.id)?)));
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            requirements,
            notes: notes.collect(),
            browsers: browsers::of_cases(&cases),
            summary,
            score: summary.score(),
            traffic: Traffic::of(&cases),
            baseline: None,
            locate: None,
            fail_on: FailOn::default(),
            strict_flaky: false,
            demands: Vec::new(),
            causes: Vec::new(),
            agreement: agreement::of_cases(&cases),
            ledger: Vec::new(),
            tool: about.tool,
            target: about.target,
            seed: about.seed,
            again: about.again,
            docs: None,
            started: about.started,
            elapsed_ms: about.elapsed_ms,
            complete: about.complete,
            trouble: about.trouble,
            remarks: about.remarks,
            cases,
        }
    }

    /// Finds the causes behind the cases; the requirements that they cite come with them. It needs the
    /// octets of the cases: do it before [`Self::slim`].
    pub fn find_causes(
        &mut self,
        habits: &[Habit],
        registry: &Registry,
        suspects: &[Suspect<'_>],
        others: &Prevalence,
    ) {
        self.causes = cause::causes(&self.cases, habits, registry, suspects, others);
        for cause in &self.causes {
            if let Some(known) = registry.get(&cause.requirement) {
                self.requirements.entry(known.id.clone()).or_insert_with(|| known.into());
            }
        }
    }

    /// Keeps only verdict, reason and outcome of cases that passed or were not played, for small files.
    pub fn slim(&mut self) {
        let is_plain = |case: &&mut CaseResult| {
            let is_unplayed = case.record.is_none();
            case.verdict == Verdict::Pass
                || is_unplayed && case.reason == Some(Reason::NotApplicable)
        };
        for case in self.cases.iter_mut().filter(is_plain) {
            case.record = None;
            case.twin = None;
            case.findings.clear();
            if let Some(note) = self.notes.get_mut(&case.id) {
                note.why = None;
                note.expected.clear();
            }
        }
    }

    /// The documentation, where its address is known and is one.
    pub(crate) fn documentation(&self) -> Option<Docs> {
        self.docs.as_deref().and_then(Docs::at)
    }

    /// The case with this id.
    pub(crate) fn case(&self, id: &str) -> Option<&CaseResult> {
        self.cases.iter().find(|case| case.id == id)
    }

    /// What the corpus expected of a case.
    pub(crate) fn expected(&self, case: &CaseResult) -> &[Expected] {
        self.notes.get(&case.id).map_or(&[], |note| &note.expected)
    }

    /// What the baseline makes of a case.
    pub(crate) fn mark(&self, case: &CaseResult) -> Option<Mark<'_>> {
        self.baseline.as_ref()?.mark(&case.id)
    }

    /// Whether a verdict is a failure to formats that know no warning.
    pub(crate) fn is_failure(&self, verdict: Verdict) -> bool {
        match self.fail_on {
            FailOn::Fail => verdict == Verdict::Fail,
            FailOn::Never => false,
            FailOn::Warn => matches!(verdict, Verdict::Fail | Verdict::Warn),
        }
    }

    /// Whether a case is a failure to them.
    pub(crate) fn fails(&self, case: &CaseResult) -> bool {
        self.is_failure(case.verdict) && (!case.flaky || self.strict_flaky)
    }

    /// Where a case is written: `cases/server/key.toml:470`.
    pub(crate) fn source(&self, case: &CaseResult) -> Option<&str> {
        self.notes.get(&case.id)?.source.as_deref()
    }

    /// The report as JSON, indented, with a line feed at the end.
    #[must_use]
    pub fn json(&self) -> String {
        let mut text = Vec::new();
        self.write_json(&mut text).expect("a vector takes it all");
        String::from_utf8(text).expect("JSON is UTF-8")
    }

    /// Writes that JSON, of which memory never holds more than a part.
    pub(crate) fn write_json(&self, mut out: &mut dyn io::Write) -> io::Result<()> {
        // String keys and no fallible Serialize impl: only `out` can fail.
        serde_json::to_writer_pretty(&mut out, self)?;
        out.write_all(b"\n")
    }
}

impl Summary {
    /// Counts the verdicts.
    #[must_use]
    pub fn of<'c>(cases: impl IntoIterator<Item = &'c CaseResult>) -> Self {
        let mut counted = Self::default();
        for case in cases {
            *counted.slot(case.verdict) += 1;
        }
        counted
    }

    /// How many cases have this verdict.
    #[must_use]
    pub fn count(mut self, verdict: Verdict) -> usize {
        *self.slot(verdict)
    }

    /// How many cases there are.
    #[must_use]
    pub fn total(self) -> usize {
        self.pass + self.warn + self.fail + self.inconclusive + self.error
    }

    /// How many cases say something of the target.
    #[must_use]
    pub fn judged(self) -> usize {
        self.pass + self.warn + self.fail
    }

    /// Which share of them passes; nothing where none was judged.
    #[must_use]
    pub fn score(self) -> Option<Score> {
        let (judged, passed) = (self.judged(), self.pass);
        let percent = u8::try_from((passed * 100).checked_div(judged)?).ok()?;
        Some(Score { judged, passed, percent })
    }

    fn slot(&mut self, verdict: Verdict) -> &mut usize {
        match verdict {
            Verdict::Pass => &mut self.pass,
            Verdict::Warn => &mut self.warn,
            Verdict::Fail => &mut self.fail,
            Verdict::Inconclusive => &mut self.inconclusive,
            Verdict::Error => &mut self.error,
        }
    }
}

/// The ids of the requirements that a case and its findings cite.
fn cites(case: &CaseResult) -> impl Iterator<Item = &str> {
    let found = case.findings.iter().map(|finding| finding.requirement.as_str());
    std::iter::once(case.requirement.as_str()).chain(found)
}

/// What `format` says.
pub(crate) const FORMAT: &str = "upspec-report";

/// The version of the format that this crate writes and reads.
pub(crate) const VERSION: u32 = 2;

#[cfg(test)]
mod tests {
    use upspec_exchange::IoKind;
    use upspec_handshake::Party;

    use super::*;
    use crate::sample;

    #[test]
    fn a_score_is_full_only_where_all_pass() {
        let score = |pass, warn| Summary { pass, warn, inconclusive: 7, ..Summary::default() };
        let score = |pass, warn| score(pass, warn).score().map(|score| score.percent);
        assert_eq!([score(0, 0), score(3, 0)], [None, Some(100)]);
        assert_eq!([score(999, 1), score(0, 4)], [Some(99), Some(0)]);
    }

    #[test]
    fn a_run_is_told_with_its_topics_and_without_its_secrets() {
        let io = sample::io(0, IoKind::Wrote, b"X-Secret: abc\r\nCookie: d\r\n");
        let corpus = Corpus::embedded().unwrap();
        let case = corpus.select("server/key").next().unwrap();
        let result = CaseResult { id: case.id.clone(), ..sample::result_of(vec![io], Vec::new()) };
        let names = Secrets::new(&["x-secret".to_owned()]);
        let report = Report::of_run(sample::about(), vec![result], &names, &corpus);
        let case = &report.cases[0];
        let note = &report.notes[&case.id];
        assert_eq!(note.topic.as_deref(), Some("Sec-WebSocket-Key"));
        assert!(note.source.as_deref().unwrap().starts_with("cases/server/key.toml:"), "{note:?}");
        let record = case.record.as_ref().unwrap();
        assert_eq!(record.sent(0, Party::Client), b"X-Secret: ***\r\nCookie: *\r\n");
        assert_eq!(report.summary.pass, 1);
        assert!(report.requirements.contains_key("rfc6455/4.2.1-key"));
    }
}
