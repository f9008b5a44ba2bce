//! What a baseline says of a run: what is new, known, fixed, stale, or no longer judged.

use std::collections::BTreeMap;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use upspec_corpus::case::Role;
use upspec_corpus::{Corpus, select};
use upspec_judge::{Came, CaseResult, Counted, Reason, Verdict};

use super::{Baseline, Known};
use crate::visible::{self, counted};
use crate::words::verdict_word;

/// What a baseline says of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// The file of the baseline.
    pub file: String,
    /// The cases that fail or warn for something that the baseline does not excuse, by id.
    pub new: BTreeMap<String, NewCase>,
    /// The cases of which all that fails or warns is excused, by id.
    pub known: BTreeMap<String, Excuse>,
    /// What the baseline excuses and is no longer there: each a rule and its cases.
    pub fixed: Vec<Row>,
    /// What the baseline says in vain: of cases and rules that the corpus does not have, or after its last day.
    pub stale: Vec<Row>,
    /// The ids of the cases that cannot be judged, which the baseline does not expect.
    pub lost: Vec<String>,
}

/// What is new in a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCase {
    /// The worst verdict of what is new.
    pub verdict: Verdict,
    /// The requirements that it is about.
    pub requirements: Vec<String>,
    /// The answer that the baseline accepts of the case, where another one came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_answer: Option<String>,
}

/// Why what a case shows is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Excuse {
    /// The reason of the baseline.
    pub reason: String,
    /// Where more is said about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The last day on which it is accepted: `2027-01-31`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// A rule and cases of the baseline that excuse nothing now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Which `[[known]]` of the file it is in, from 1.
    pub entry: usize,
    /// The id of the requirement.
    pub requirement: String,
    /// The cases, as the baseline names them.
    pub cases: String,
    /// Why it excuses nothing, in a phrase.
    pub why: String,
}

/// What the baseline makes of one case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark<'r> {
    /// Something is new.
    New(&'r NewCase),
    /// All is excused.
    Known(&'r Excuse),
    /// It is no longer judged.
    Lost,
}

impl Standing {
    /// What the baseline makes of a case; nothing where it passes or was never judged.
    pub(crate) fn mark(&self, id: &str) -> Option<Mark<'_>> {
        let new = self.new.get(id).map(Mark::New);
        let known = || self.known.get(id).map(Mark::Known);
        let lost = || self.lost.iter().any(|lost| lost == id).then_some(Mark::Lost);
        new.or_else(known).or_else(lost)
    }

    /// The whole in one line: `Against upspec.toml: 1 new fail, 63 known, 2 fixed.`
    #[must_use]
    pub fn headline(&self) -> String {
        let new = |verdict| self.new.values().filter(|case| case.verdict == verdict).count();
        let mut said: Vec<String> = [Verdict::Fail, Verdict::Warn]
            .into_iter()
            .filter(|verdict| *verdict == Verdict::Fail || new(*verdict) > 0)
            .map(|verdict| format!("{} new {}", new(verdict), verdict_word(verdict)))
            .collect();
        said.push(format!("{} known", self.known.len()));
        said.push(format!("{} fixed", self.fixed.len()));
        let more = [(self.stale.len(), "stale"), (self.lost.len(), "no longer judged")];
        said.extend(more.iter().filter(|one| one.0 > 0).map(|(n, word)| format!("{n} {word}")));
        format!("Against {}: {}.", visible::text(&self.file), said.join(", "))
    }

    /// What a maintainer of the baseline may do; nothing if it is as short as it can be.
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        let number = self.fixed.len() + self.stale.len();
        let entries =
            counted(number, "line of cases").replacen("line of casess", "lines of cases", 1);
        (number > 0).then(|| format!("`upspec baseline prune` takes {entries} out of it."))
    }
}

impl NewCase {
    /// Which answer came in place of which that the baseline knows: `closed in place of 101`.
    pub(crate) fn otherwise(&self, case: &CaseResult) -> Option<String> {
        let known = self.known_answer.as_ref()?;
        let came = case.outcome.map_or("nothing".to_owned(), |came| came.to_string());
        Some(format!("{} in place of {}", visible::text(&came), visible::text(known)))
    }
}

/// A pattern of an entry, and what came of it.
struct Line<'b> {
    entry: usize,
    known: &'b Known,
    pattern: &'b str,
    /// Whether a case shows the rule.
    is_live: bool,
}

impl Baseline {
    /// Compares a run with this baseline. `today` decides what has expired.
    #[must_use]
    pub fn standing(
        &self,
        file: &str,
        cases: &[CaseResult],
        corpus: &Corpus,
        today: Date,
    ) -> Standing {
        let mut lines: Vec<Line<'_>> = Vec::new();
        for (before, known) in self.known.iter().enumerate() {
            let line = |pattern| Line { entry: before + 1, known, pattern, is_live: false };
            lines.extend(known.cases.iter().map(|pattern| line(pattern)));
        }
        let mut standing = Standing { file: file.to_owned(), ..Standing::default() };
        for case in cases {
            if matches!(case.verdict, Verdict::Warn | Verdict::Fail) {
                standing.place(case, &mut lines, today);
            } else if case.verdict == Verdict::Inconclusive && self.is_lost(case) {
                standing.lost.push(case.id.clone());
            }
        }
        for (case, counted) in shown_elsewhere(cases) {
            let is_about = |line: &&mut Line<'_>| line.is_about(&counted.requirement, case);
            for line in lines.iter_mut().filter(is_about) {
                line.is_live = true;
            }
        }
        for line in &lines {
            standing.settle(line, cases, corpus, today);
        }
        standing
    }

    /// Why it is accepted that a case breaks a rule, if it is, whatever the answer is.
    #[must_use]
    pub fn excuse(
        &self,
        requirement: &str,
        case: &str,
        verdict: Verdict,
        today: Date,
    ) -> Option<Excuse> {
        let known = self.known.iter().find(|known| {
            let names = |pattern: &String| select::matches(pattern, case);
            known.requirement == requirement
                && known.verdict >= verdict
                && !known.is_over(today)
                && known.cases.iter().any(names)
        });
        known.map(Excuse::of)
    }

    fn is_lost(&self, case: &CaseResult) -> bool {
        let expected = self.unjudged.as_ref().is_none_or(|patterns| {
            patterns.iter().any(|pattern| select::matches(pattern, &case.id))
        });
        !expected && case.reason != Some(Reason::Interrupted)
    }
}

impl Standing {
    /// Puts a case that fails or warns where it belongs.
    fn place(&mut self, case: &CaseResult, lines: &mut [Line<'_>], today: Date) {
        let mut excuse: Option<&Known> = None;
        let mut new: Option<NewCase> = None;
        let mut known_answer: Option<Came> = None;
        for (requirement, verdict) in shown(case) {
            let (mut is_excused, mut otherwise) = (false, None);
            for line in lines.iter_mut().filter(|line| line.is_about(requirement, &case.id)) {
                line.is_live = true;
                let counts = line.known.verdict >= verdict && !line.known.is_over(today);
                if counts && line.known.accepts(case.outcome) {
                    is_excused = true;
                    excuse.get_or_insert(line.known);
                } else if counts {
                    otherwise = otherwise.or(line.known.answer);
                }
            }
            if !is_excused {
                known_answer = known_answer.or(otherwise);
                let fresh = NewCase { verdict, requirements: Vec::new(), known_answer: None };
                let new = new.get_or_insert(fresh);
                new.verdict = new.verdict.max(verdict);
                if new.requirements.iter().all(|one| one != requirement) {
                    new.requirements.push(requirement.to_owned());
                }
            }
        }
        match (new, excuse) {
            (Some(new), _) => {
                let known_answer = known_answer.map(|answer| answer.to_string());
                self.new.insert(case.id.clone(), NewCase { known_answer, ..new });
            }
            (None, Some(known)) => {
                self.known.insert(case.id.clone(), Excuse::of(known));
            }
            (None, None) => {}
        }
    }

    /// Tells a line that excuses nothing any more.
    fn settle(&mut self, line: &Line<'_>, cases: &[CaseResult], corpus: &Corpus, today: Date) {
        let known = line.known;
        let row = |why: String| Row {
            entry: line.entry,
            requirement: known.requirement.clone(),
            cases: line.pattern.to_owned(),
            why,
        };
        let names = |id: &str| select::matches(line.pattern, id);
        let is_known = cases.iter().map(|case| &case.id).chain(corpus.cases.iter().map(|c| &c.id));
        if let Some(until) = known.until.filter(|_| known.is_over(today)) {
            self.stale.push(row(format!("its last day was {until}")));
        } else if line.is_live {
            // It does what it is there for.
        } else if line.pattern.starts_with(OWN) && !is_known.clone().any(|id| names(id)) {
            // Cases of one's own, and those of a hunt, need not be there in each run.
        } else if !is_known.into_iter().any(|id| names(id)) {
            self.stale.push(row("no case of the corpus is called that".to_owned()));
        } else if corpus.requirements.get(&known.requirement).is_none() {
            self.stale.push(row("the corpus has no such requirement".to_owned()));
        } else if all_judged(names, cases, corpus) {
            self.fixed.push(row(format!("no {} there any more", verdict_word(known.verdict))));
        }
    }
}

/// Whether all cases of the corpus that these names mean were judged, and one at least.
fn all_judged(names: impl Fn(&str) -> bool, cases: &[CaseResult], corpus: &Corpus) -> bool {
    let played: Vec<&CaseResult> = cases.iter().filter(|case| names(&case.id)).collect();
    let mut ordinary = corpus
        .cases
        .iter()
        .filter(|case| case.role == Role::Server && case.hazard.is_none() && names(&case.id));
    !played.is_empty()
        && played.iter().all(|case| is_judged(case))
        && ordinary.all(|case| played.iter().any(|one| one.id == case.id))
}

impl Line<'_> {
    fn is_about(&self, requirement: &str, id: &str) -> bool {
        self.known.requirement == requirement && select::matches(self.pattern, id)
    }
}

impl Known {
    /// Whether it excuses a case of which this came.
    fn accepts(&self, came: Option<Came>) -> bool {
        self.answer.is_none_or(|answer| came.is_some_and(|came| came.is_named_by(answer)))
    }

    fn is_over(&self, today: Date) -> bool {
        self.until.is_some_and(|until| until < today)
    }
}

impl Excuse {
    fn of(known: &Known) -> Self {
        Self {
            reason: known.reason.clone(),
            link: known.link.clone(),
            until: known.until.map(|until| until.to_string()),
        }
    }
}

/// What a case fails or warns for: each requirement with its verdict, its own where no finding says more.
pub fn shown(case: &CaseResult) -> impl Iterator<Item = (&str, Verdict)> {
    let counts = |verdict: Verdict| matches!(verdict, Verdict::Warn | Verdict::Fail);
    let found = case.findings.iter().filter(move |finding| counts(finding.verdict));
    let bare = found.clone().all(|finding| finding.verdict < case.verdict);
    let own = bare.then_some((case.requirement.as_str(), case.verdict));
    found.map(|finding| (finding.requirement.as_str(), finding.verdict)).chain(own)
}

/// What cases show of habits that count in another one: the case, and where it counts.
pub fn shown_elsewhere(cases: &[CaseResult]) -> impl Iterator<Item = (&str, &Counted)> {
    cases.iter().flat_map(|case| {
        let counted = case.findings.iter().filter_map(|finding| finding.counted.as_ref());
        counted.map(|counted| (case.id.as_str(), counted))
    })
}

/// What the ids of a user's cases start with.
const OWN: &str = "user/";

fn is_judged(case: &CaseResult) -> bool {
    matches!(case.verdict, Verdict::Pass | Verdict::Warn | Verdict::Fail)
}
