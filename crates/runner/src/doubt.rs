//! What load, a limit or chance may explain in a result.

use upspec_corpus::case::Outcome;
use upspec_exchange::{IoKind, Octets, Talk};
use upspec_judge::{CaseResult, Reason, Verdict};

/// Whether load may explain a result. Under load a refusal that passes is no better than one that fails.
pub(crate) fn is_doubtful(result: &CaseResult, loaded: bool) -> bool {
    let bad = matches!(result.verdict, Verdict::Warn | Verdict::Fail | Verdict::Error);
    if result.flaky || matches!(result.reason, Some(Reason::Busy | Reason::Connect)) {
        return result.death.is_none();
    }
    match result.outcome.map(|came| came.outcome) {
        _ if result.death.is_some() => false,
        Some(Outcome::Closed) if is_timed_out(result) => bad && loaded,
        Some(Outcome::Closed | Outcome::Status(403 | 429 | 503)) => bad || loaded,
        Some(Outcome::Silent) => bad || is_left_early(result),
        _ => bad && loaded,
    }
}

/// Whether a result says nothing because we reset the connection before an answer came.
pub(crate) fn is_left_early(result: &CaseResult) -> bool {
    let we_reset = result.record.as_ref().is_some_and(|it| it.saw(IoKind::WeReset));
    result.verdict == Verdict::Inconclusive && is_silent(result) && we_reset
}

/// Whether a result is what a limit makes of any case.
pub(crate) fn looks_like_a_limit(result: &CaseResult) -> bool {
    let outcome = result.outcome.map(|came| came.outcome);
    let limited = matches!(
        outcome,
        Some(
            Outcome::Closed | Outcome::NotHttp | Outcome::Silent | Outcome::Status(403 | 429 | 503)
        )
    );
    limited || matches!(result.reason, Some(Reason::Busy | Reason::Connect))
}

/// Whether no limit, and no trouble that passes, explains that the control gets this in place of what it got at first.
pub(crate) fn is_strange(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Status(status) if status < 500 && ![403, 408, 429].contains(&status))
}

/// Whether what counts against the target is that nothing more came behind a first answer.
pub(crate) fn fell_silent(result: &CaseResult) -> bool {
    let bad = matches!(result.verdict, Verdict::Warn | Verdict::Fail);
    bad && result.aside.rests_on_silence && !is_silent(result)
}

/// Whether a further try may bring another result.
pub(crate) fn may_be_chance(result: &CaseResult) -> bool {
    let closed = result.outcome.is_some_and(|came| came.outcome == Outcome::Closed);
    closed && !is_timed_out(result) || matches!(result.reason, Some(Reason::Busy | Reason::Connect))
}

/// Whether a timer of the target's own has closed the connection, long after our last octet: a limit closes at once.
fn is_timed_out(result: &CaseResult) -> bool {
    let io = result.record.as_ref().map_or(&[][..], |record| &record.io);
    let end = io.iter().position(|io| io.kind.peer_end().is_some());
    end.is_some_and(|end| {
        let wrote = io[..end].iter().rfind(|io| io.kind == IoKind::Wrote);
        io[end].at_us.saturating_sub(wrote.map_or(0, |io| io.at_us)) >= TIMER_US
    })
}

/// Whether what came is no whole answer, as far as one look tells.
pub(crate) fn is_cut_short(result: &CaseResult) -> bool {
    result.flaky || result.outcome.is_some_and(|came| came.outcome == Outcome::NotHttp)
}

pub(crate) fn is_silent(result: &CaseResult) -> bool {
    result.outcome.is_some_and(|came| came.outcome == Outcome::Silent)
}

/// Whether the second look shows the same responses as the first one, in the same order, and perhaps others behind them.
pub(crate) fn shows_more(first: &CaseResult, second: &CaseResult) -> bool {
    let statuses = |result: &CaseResult| -> Vec<Option<u16>> {
        let octets = result.record.as_ref().map(Octets::of).unwrap_or_default();
        let talk = octets.first().map(Talk::read);
        talk.iter().flat_map(|talk| &talk.responses).map(|response| response.head.status).collect()
    };
    statuses(second).starts_with(&statuses(first))
}

/// A connection that lives for so long is closed by a timer.
const TIMER_US: u64 = 800_000;

#[cfg(test)]
mod tests {
    use upspec_corpus::case::Over;
    use upspec_exchange::{Io, Link, Record};
    use upspec_handshake::Party;
    use upspec_judge::{Aside, Came};

    use super::*;

    /// A result that warns of a connection that was closed after so many milliseconds.
    fn closed(after: u64) -> CaseResult {
        let end = Io { link: 0, at_us: after * 1000, kind: IoKind::ReadEnd, bytes: Vec::new() };
        let link = Link::plain("client", Party::Client, Over::Http1);
        CaseResult {
            id: "server/a/closed".to_owned(),
            title: String::new(),
            requirement: String::new(),
            verdict: Verdict::Warn,
            reason: None,
            outcome: Some(Came { outcome: Outcome::Closed, code: None }),
            flaky: false,
            elapsed_ms: after,
            findings: Vec::new(),
            record: Some(Record::of(link, vec![end])),
            twin: None,
            death: None,
            aside: Aside::default(),
        }
    }

    #[test]
    fn what_comes_in_another_order_is_not_late() {
        let answered = |heads: &[&str]| {
            let read = |head: &&str| Io {
                link: 0,
                at_us: 1,
                kind: IoKind::Read,
                bytes: format!("HTTP/1.1 {head}\r\n\r\n").into_bytes(),
            };
            let ask = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec();
            let mut io = vec![Io { link: 0, at_us: 0, kind: IoKind::Wrote, bytes: ask }];
            io.extend(heads.iter().map(read));
            let link = Link::plain("client", Party::Client, Over::Http1);
            CaseResult { record: Some(Record::of(link, io)), ..closed(1) }
        };
        let (switch, both) = (answered(&["101 S"]), answered(&["100 C", "101 S"]));
        assert!(!shows_more(&switch, &both));
        assert!(shows_more(&answered(&["100 C"]), &both));
        assert!(shows_more(&answered(&[]), &switch));
    }

    #[test]
    fn what_a_timer_closes_is_no_sign_of_a_limit() {
        for (after, at_once) in [(1, true), (500, true), (5_000, false)] {
            let result = closed(after);
            assert_eq!(may_be_chance(&result), at_once, "{after}");
            assert_eq!(is_doubtful(&result, false), at_once, "{after}");
            assert!(is_doubtful(&result, true), "{after}");
        }
    }
}
