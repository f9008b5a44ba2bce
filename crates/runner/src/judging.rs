//! What the runner asks of whoever judges.
//! Never answers: the answers are the judge's.

use upspec_corpus::case::Case;
use upspec_judge::{CaseResult, Exchange, Leave, Progress, Reason, TargetFacts, Verdict};

/// What the runner asks of the judge. The judge answers from its arguments alone: it is called from
/// many tasks at once, and the same arguments must get the same answer.
pub trait Judge: Send + Sync {
    /// Judges a case that was played. `exchanges` has one entry per connection in the order in which
    /// they were played: the case's own, then that of the case named by `same-as`. The result owns
    /// them. `flaky` and `elapsed_ms` are the runner's to fill in.
    fn judge(&self, case: &Case, exchanges: Vec<Exchange>, facts: &TargetFacts) -> CaseResult;

    /// The result of a case that was not played, or whose exchange says nothing.
    fn not_played(
        &self,
        case: &Case,
        verdict: Verdict,
        reason: Reason,
        message: &str,
    ) -> CaseResult;

    /// Adds what the exchange of a case below `server/control/` shows of the target. Called for each
    /// such case in the order of the corpus, with the first exchange of the result that stands, and
    /// for the control with each exchange until it does not fail any more. The control itself must set
    /// `endpoint` to `Some`, also when it was set before. `answer_us` and `window_ms` are the
    /// runner's. Not called where there was no connection.
    fn learn(&self, case: &Case, exchange: &Exchange, facts: &mut TargetFacts);

    /// Whether a result may become another one when the target is given more time to answer. Asked of
    /// results that are no `pass`; those of which it is true are played again with the full timeout.
    fn rests_on_silence(&self, case: &Case, result: &CaseResult) -> bool;

    /// How far the exchange has come, given all that was written by the steps and all that was read.
    /// Called after every read and whenever a wait begins, also while steps are still to be played.
    /// Bounded work please: `read` is at most the cap long, and a drip calls this for each octet.
    ///
    /// `heads` has the status of each response head that is complete, in order, interim ones included.
    /// The runner uses it two ways. The n-th `await` takes the n-th head, and skips 1xx heads other
    /// than 101 that it does not name; it counts anew when `http2.stream` changes. A control with any
    /// head at all comes from a target that speaks HTTP, and is alive.
    ///
    /// `http2.owed` is written, as far as it was not written before, whenever a wait begins.
    ///
    /// `awaits` says what can still change the outcome. While steps are left, the runner goes on with
    /// them whatever it says, but for an `await` that meets `Nothing` without any head.
    ///
    /// * `Octets`: the answer is not there, or not whole. The wait lasts until nothing has been
    ///   written or read for one window.
    /// * `End`: the response is whole, but the case, or a response that announced `close`, asks what
    ///   becomes of the connection. The wait is one window long, whatever arrives in it.
    /// * `Nothing`: the response is there with its body, or the tunnel with what the case asks of it,
    ///   or what was read is clearly not HTTP. The exchange ends at once.
    fn progress(&self, case: &Case, written: &[u8], read: &[u8]) -> Progress;

    /// How to leave a connection whose case is over, given all that was written by the steps and all
    /// that was read. `close` is a masked Close frame, for a WebSocket connection.
    fn leave(&self, case: &Case, written: &[u8], read: &[u8], close: &[u8]) -> Leave;
}
