//! Words that all views have for verdicts, reasons and levels.

use upspec_judge::{CaseResult, Reason, Verdict};

/// What to say first about a case: the first finding of the case's own verdict, or else the
/// reason. `None` when there is nothing to say.
pub(crate) fn message(case: &CaseResult) -> Option<&str> {
    let own = case.findings.iter().find(|finding| finding.verdict == case.verdict);
    let first = own.or(case.findings.first()).map(|finding| finding.message.as_str());
    first.or(case.reason.map(reason_text))
}

/// A verdict as JSON spells it.
#[must_use]
pub fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Warn => "warn",
        Verdict::Fail => "fail",
        Verdict::Inconclusive => "inconclusive",
        Verdict::Error => "error",
    }
}

/// A reason as JSON spells it.
pub(crate) fn reason_word(reason: Reason) -> &'static str {
    match reason {
        Reason::Blocked => "blocked",
        Reason::Busy => "busy",
        Reason::Connect => "connect",
        Reason::Interrupted => "interrupted",
        Reason::NoAnswer => "no-answer",
        Reason::NotApplicable => "not-applicable",
        Reason::TargetDied => "target-died",
    }
}

/// A reason in a phrase.
pub(crate) fn reason_text(reason: Reason) -> &'static str {
    match reason {
        Reason::Blocked => "the control failed, so the answer would prove nothing",
        Reason::Busy => "the target said that it has too much to do",
        Reason::Connect => "the target could not be reached for this case",
        Reason::Interrupted => "the run was interrupted before the case was over",
        Reason::NoAnswer => "no answer came, and no rule says when to answer",
        Reason::NotApplicable => "the target lacks a capability that the case needs",
        Reason::TargetDied => {
            "the target was dead, or died of another case, when this one was played"
        }
    }
}

/// A level as RFC 2119 writes it: `must-not` is `MUST NOT`.
pub(crate) fn level_word(level: &str) -> String {
    level.replace('-', " ").to_uppercase()
}

/// The level of a rule beside a verdict on it. A warning says that a rule with a MUST may well be kept: the answer
/// is another one than it asks for, or nobody can see from outside whether its condition holds.
pub(crate) fn level_beside(level: &str, verdict: Verdict) -> String {
    let word = match level {
        "grammar" => "MUST (by the grammar)".to_owned(),
        level => level_word(level),
    };
    match verdict {
        Verdict::Warn if level == "grammar" => "MUST (by the grammar, not shown broken)".to_owned(),
        Verdict::Warn if word.starts_with("MUST") => format!("{word} (not shown broken)"),
        _ => word,
    }
}

/// The verdicts in the order in which a reader wants them: what is wrong comes first.
pub(crate) const BY_URGENCY: [Verdict; 5] =
    [Verdict::Fail, Verdict::Warn, Verdict::Error, Verdict::Inconclusive, Verdict::Pass];
