//! What a report has against a target, one item for each rule in each case, for the formats that list those.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use upspec_judge::{CaseResult, Finding, Verdict};

use crate::baseline::Mark;
use crate::report::Report;
use crate::section::Section;

/// A rule that a case breaks or misses.
pub(crate) struct Item<'r> {
    /// The case.
    pub(crate) case: &'r CaseResult,
    /// The requirement's id.
    pub(crate) requirement: &'r str,
    /// `warn` or `fail`.
    pub(crate) verdict: Verdict,
    /// What the target did, in a phrase.
    pub(crate) said: &'r str,
    /// Why it is accepted, if it is.
    pub(crate) accepted: Option<&'r str>,
}

/// All of them, in the order of the report.
pub(crate) fn items(report: &Report) -> Vec<Item<'_>> {
    let bad = |case: &&CaseResult| matches!(case.verdict, Verdict::Warn | Verdict::Fail);
    report.cases.iter().filter(bad).flat_map(|case| of_case(report, case)).collect()
}

/// The items of a case, the worst finding of each rule.
fn of_case<'r>(report: &'r Report, case: &'r CaseResult) -> Vec<Item<'r>> {
    let counts = |finding: &&Finding| matches!(finding.verdict, Verdict::Warn | Verdict::Fail);
    let mut by_rule: BTreeMap<&str, (Verdict, &str)> = BTreeMap::new();
    for finding in case.findings.iter().filter(counts) {
        let own = (finding.verdict, finding.message.as_str());
        let known = by_rule.entry(&finding.requirement).or_insert(own);
        if own.0 > known.0 {
            *known = own;
        }
    }
    if by_rule.values().all(|(verdict, _)| *verdict < case.verdict) {
        by_rule.insert(&case.requirement, (case.verdict, &case.title));
    }
    let items = by_rule.into_iter().map(|(requirement, (verdict, said))| {
        let accepted = accepted(report, case, requirement);
        Item { case, requirement, verdict, said, accepted }
    });
    items.collect()
}

fn accepted<'r>(report: &'r Report, case: &CaseResult, requirement: &str) -> Option<&'r str> {
    match report.mark(case)? {
        Mark::Known(excuse) => Some(&excuse.reason),
        Mark::New(new) if new.requirements.iter().any(|one| one == requirement) => None,
        Mark::New(_) => Some("accepted by the baseline"),
        Mark::Lost => None,
    }
}

impl Item<'_> {
    /// What stays the same as long as the case breaks the rule.
    pub(crate) fn fingerprint(&self) -> String {
        let digest = Sha256::digest(format!("{}\n{}", self.requirement, self.case.id));
        digest.iter().take(16).map(|octet| format!("{octet:02x}")).collect()
    }
}

/// Where the rule can be read, if its section has an address.
pub(crate) fn url(report: &Report, requirement: &str) -> Option<String> {
    let note = report.requirements.get(requirement);
    let own = note.and_then(|note| note.sections.first());
    let section = own.and_then(|own| Section::parse(own));
    section.or_else(|| Section::of_requirement(requirement)).map(|section| section.url())
}

/// The file and line of the user's repository to which the formats point that must name one: none of them is
/// to blame for what a server answers.
pub(crate) fn located(report: &Report) -> (String, usize) {
    let named = report.locate.as_deref();
    let file = named.or(report.baseline.as_ref().map(|standing| standing.file.as_str()));
    let file = file.unwrap_or(NO_FILE);
    let split = file.rsplit_once(':').and_then(|(file, line)| Some((file, line.parse().ok()?)));
    let (file, line) = split.filter(|(_, line)| *line > 0).unwrap_or((file, 1));
    (file.trim_start_matches("./").to_owned(), line)
}

/// What most repositories have.
const NO_FILE: &str = "README.md";
