//! What can be said only once all cases of a run are judged: a habit of the target counts once.
//! Every finding stays with the case that showed it.

use std::collections::HashMap;

use upspec_corpus::Registry;
use upspec_corpus::case::Outcome;

use crate::citations::Citations;
use crate::result::{Came, CaseResult, Finding, Verdict};
use crate::versions;

/// Counts each warning that is a habit of the target once: in the first case that shows it, in
/// corpus order. In the others the finding stays without weight, and says where it counts.
///
/// A habit is the same message about the same requirement from a rule that holds for every
/// response, such as a missing Date. A close without an answer is one if the target never answers
/// a malformed request with an error at all.
///
/// Adds what only several cases together show: a version that is accepted but not listed.
pub fn settle(results: &mut [CaseResult], registry: &Registry) {
    versions::check(results, &Citations::new(registry));
    let closes_always = !results.iter().any(answers_with_error);
    let mut first: HashMap<String, String> = HashMap::new();
    for result in results {
        let came = result.outcome.map(|came| came.outcome);
        let closed = closes_always && came == Some(Outcome::Closed);
        for finding in &mut result.findings {
            let Some(key) = habit(finding, closed, registry) else {
                continue;
            };
            let counted = first.entry(key).or_insert_with(|| result.id.clone());
            if *counted != result.id {
                finding.verdict = Verdict::Pass;
                finding.message.push_str(&format!(" (counted once, at {counted})"));
            }
        }
        lighten(result);
    }
}

fn answers_with_error(result: &CaseResult) -> bool {
    result.outcome.is_some_and(Came::is_error_status)
}

/// The key of the habit behind a warning, if there is one.
fn habit(finding: &Finding, closed: bool, registry: &Registry) -> Option<String> {
    let requirement = registry.get(&finding.requirement);
    if finding.verdict != Verdict::Warn {
        None
    } else if requirement.is_some_and(|requirement| requirement.habit) || is_of_every_101(finding) {
        Some(format!("{} {}", finding.requirement, finding.message))
    } else {
        closed.then(|| "closed".to_owned())
    }
}

/// A warning of a rule about requirements whose breach is no habit in the cases that are about them: a
/// field too many in each 101, a version too many in each list.
fn is_of_every_101(finding: &Finding) -> bool {
    let cited = ["rfc6455/4.2.2-response", "rfc6455/4.4-version-list"];
    finding.rule.is_some() && cited.contains(&finding.requirement.as_str())
}

/// A case whose findings have all lost their weight gets the verdict that it has without them.
fn lighten(result: &mut CaseResult) {
    if result.verdict != Verdict::Warn {
        return;
    }
    let worst = result.findings.iter().map(|finding| finding.verdict).max();
    match (worst, result.reason) {
        (Some(Verdict::Warn), _) => result.reason = None,
        (_, Some(_)) => result.verdict = Verdict::Inconclusive,
        (worst, None) => result.verdict = worst.unwrap_or(Verdict::Warn),
    }
}
