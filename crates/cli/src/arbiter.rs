//! Lets the runner ask the judge. Never judges anything itself.

use upspec_corpus::Registry;
use upspec_corpus::case::Case;
use upspec_judge as judge;
use upspec_judge::{CaseResult, Exchange, Leave, Progress, Reason, TargetFacts, Verdict};
use upspec_runner::Judge;

/// The judge of a run, with the requirements that it cites.
pub struct Arbiter {
    /// The requirements.
    pub requirements: Registry,
}

impl Judge for Arbiter {
    fn judge(&self, case: &Case, exchanges: Vec<Exchange>, _: &TargetFacts) -> CaseResult {
        judge::judge(case, exchanges, &self.requirements)
    }

    fn not_played(&self, case: &Case, _: Verdict, reason: Reason, message: &str) -> CaseResult {
        judge::not_played(case, reason, message, &self.requirements)
    }

    fn learn(&self, case: &Case, exchange: &Exchange, facts: &mut TargetFacts) {
        facts.learn(case, exchange);
    }

    fn rests_on_silence(&self, case: &Case, result: &CaseResult) -> bool {
        judge::rests_on_silence(case, result)
    }

    fn progress(&self, case: &Case, written: &[u8], read: &[u8]) -> Progress {
        judge::progress(case, written, read)
    }

    fn leave(&self, case: &Case, written: &[u8], read: &[u8], close: &[u8]) -> Leave {
        judge::leave(case, written, read, close)
    }
}
