//! Judges one case: its own expectation, the rules that hold for every response, and the case
//! that it must agree with. The one place where requirement levels become verdicts.

use upspec_corpus::case::{Case, Expectation, Grade, Need, Outcome, Outcomes, Over};
use upspec_corpus::{Registry, Weight};

use crate::exchange::Exchange;
use crate::expect::{Matched, describe, label, matched};
use crate::facts::TargetFacts;
use crate::learn::{CONTROL, DISCOVERY};
use crate::metamorphic;
use crate::reading::{Ending, FRAME_HEADER, Http2, Octets, Reading};
use crate::result::{CaseResult, Finding, Place, Reason, Verdict};
use crate::validate::{Cap, Remark, remarks};

/// Judges what happened when a case was played. The first exchange is the case's own; a case with
/// `same-as` has the other spelling's exchange as its second.
#[must_use]
pub fn judge(case: &Case, exchanges: Vec<Exchange>, registry: &Registry) -> CaseResult {
    let mut result = blank(case);
    let Some(exchange) = exchanges.first() else {
        result.verdict = Verdict::Error;
        result.reason = Some(Reason::Connect);
        return result;
    };
    let octets = Octets::of(exchange);
    let reading = Reading::of(case, &octets, Ending::of(exchange));
    let book = Book::new(registry);
    result.label = Some(label(&reading));
    own_expectation(case, &reading, &book, &mut result);
    let rules: Vec<Finding> =
        remarks(&reading).iter().map(|remark| book.finding_of(remark)).collect();
    // A rule for every response points at the octets; the case need not say the same once more.
    let told = |own: &Finding| {
        let same =
            |rule: &Finding| rule.requirement == own.requirement && rule.verdict == own.verdict;
        own.verdict == Verdict::Warn && rules.iter().any(same)
    };
    result.findings.retain(|own| !told(own));
    result.findings.extend(rules);
    if let (Some(other), Some(_)) = (exchanges.get(1), &case.same_as) {
        let other_octets = Octets::of(other);
        let other = Reading::of(case, &other_octets, Ending::of(other));
        blame_twin(case, &other, &mut result);
        result.findings.extend(metamorphic::difference(case, &reading, &other, &book));
    }
    result.exchanges = exchanges;
    conclude(&mut result);
    result
}

/// A case that was not played, and why, in a sentence if there is one.
#[must_use]
pub fn not_played(case: &Case, reason: Reason, message: &str, registry: &Registry) -> CaseResult {
    let mut result = blank(case);
    result.reason = Some(reason);
    result.verdict = match reason {
        Reason::Connect | Reason::TargetDied => Verdict::Error,
        _ => Verdict::Inconclusive,
    };
    if !message.is_empty() {
        let book = Book::new(registry);
        let finding = book.finding(&case.requirement, result.verdict, message.to_owned(), None);
        result.findings.push(finding);
    }
    result
}

/// Why a case cannot be played on a target of which this is known; `None` when it can.
#[must_use]
pub fn unmet(case: &Case, facts: &TargetFacts) -> Option<Reason> {
    if facts.http2_alone && case.over == Over::Http1 {
        return Some(Reason::NotApplicable);
    }
    let blocked =
        facts.endpoint != Some(true) && case.needs.iter().any(|need| needs_endpoint(*need));
    if blocked || (case.needs.contains(&Need::Pong) && !facts.pong) {
        return Some(Reason::Blocked);
    }
    let lacking = case.needs.iter().any(|need| !facts.has(*need));
    lacking.then_some(Reason::NotApplicable)
}

fn needs_endpoint(need: Need) -> bool {
    matches!(
        need,
        Need::Echo
            | Need::Endpoint
            | Need::PermessageDeflate
            | Need::Pong
            | Need::Subprotocol
            | Need::TwoSubprotocols
    )
}

fn blank(case: &Case) -> CaseResult {
    CaseResult {
        id: case.id.clone(),
        title: case.title.clone(),
        requirement: case.requirement.clone(),
        verdict: Verdict::Pass,
        reason: None,
        label: None,
        flaky: false,
        elapsed_ms: 0,
        findings: Vec::new(),
        exchanges: Vec::new(),
    }
}

fn own_expectation(case: &Case, reading: &Reading<'_>, book: &Book<'_>, result: &mut CaseResult) {
    if let Some((reason, why)) = beside_the_point(case, reading) {
        let message = format!("{}: {why}", describe(reading));
        let place = answer_place(reading);
        let finding = book.finding(&case.requirement, Verdict::Inconclusive, message, place);
        result.findings.push(finding);
        result.verdict = Verdict::Inconclusive;
        result.reason = Some(reason);
        return;
    }
    match matched(case, reading) {
        Matched::Alternative(expectation) => match expectation.grade {
            Grade::Pass => {}
            Grade::Warn => {
                result.findings.push(graded(case, expectation, Verdict::Warn, reading, book));
            }
            Grade::Fail => {
                let requirement = expectation.requirement.as_ref().unwrap_or(&case.requirement);
                let verdict = book.worst(requirement);
                result.findings.push(graded(case, expectation, verdict, reading, book));
            }
            Grade::Inconclusive => {
                result.verdict = Verdict::Inconclusive;
                result.reason = Some(undecided(case, reading.outcome()));
            }
        },
        Matched::Nothing(seen) => {
            let verdict = book.worst(&case.requirement);
            let message = format!("{seen}{EXPECTED}{}", case.title);
            let place = answer_place(reading);
            result.findings.push(book.finding(&case.requirement, verdict, message, place));
        }
    }
}

/// Why an answer, lawful or not, says nothing about what the case looks at.
fn beside_the_point(case: &Case, reading: &Reading<'_>) -> Option<(Reason, &'static str)> {
    let Some(answer) = reading.answer() else {
        // Nothing but the request of the control was written, and a stream may be refused.
        let refused = matches!(
            reading.outcome(),
            Outcome::Closed | Outcome::ConnectionError | Outcome::StreamError
        );
        let blocked = case.over == Over::Http2 && refused && is_about_tunnel(case);
        return blocked.then_some((Reason::Blocked, NO_TUNNEL));
    };
    let status = answer.head.status?;
    if !opening(case).covers(Outcome::Status(status)) {
        // Any handshake may be refused (RFC 9110 7.8).
        let response = (200..600).contains(&status);
        return (response && is_about_tunnel(case)).then_some((Reason::Blocked, NO_TUNNEL));
    }
    // A 101 to an earlier request is no answer to the one that the case is about.
    let matches = match matched(case, reading) {
        Matched::Alternative(found) => found.grade != Grade::Fail,
        Matched::Nothing(_) => false,
    };
    (reading.is_cut_short() && matches).then_some((
        Reason::NotApplicable,
        "the request that the case is about comes behind this one",
    ))
}

const NO_TUNNEL: &str = "the handshake was not accepted, so that there is no tunnel to look at";

/// What opens a tunnel: a 101, and in HTTP/2 a 2xx (RFC 8441 5).
fn opening(case: &Case) -> Outcomes {
    Outcomes(vec![match case.over {
        Over::Http1 => Outcome::Status(101),
        Over::Http2 => Outcome::Class(2),
    }])
}

/// Whether every alternative wants the tunnel open, and what comes behind that is what counts.
fn is_about_tunnel(case: &Case) -> bool {
    let open = opening(case);
    let only = |one: &Expectation| one.outcomes == open;
    let behind = |one: &Expectation| one.tunnel.is_some() || one.connection.is_some();
    case.expect.iter().all(only) && case.expect.iter().any(behind)
}

/// What an alternative says of the answer that it covers.
fn graded(
    case: &Case,
    expectation: &Expectation,
    verdict: Verdict,
    reading: &Reading<'_>,
    book: &Book<'_>,
) -> Finding {
    let requirement = expectation.requirement.as_ref().unwrap_or(&case.requirement);
    let because = expectation.because.as_deref().unwrap_or("lawful, but not what serves clients");
    let message = format!("{}: {because}", describe(reading));
    book.finding(requirement, verdict, message, answer_place(reading))
}

/// A spelling is not to blame where the plain one fares no better: the case of the twin says so.
/// The finding stays, without weight; the case's own expectation comes first.
fn blame_twin(case: &Case, twin: &Reading<'_>, result: &mut CaseResult) {
    let failed = |finding: &&mut Finding| {
        finding.requirement == case.requirement && finding.message.contains(EXPECTED)
    };
    let own = result.findings.first_mut().filter(failed);
    if let (Some(own), Matched::Nothing(_)) = (own, matched(case, twin)) {
        own.verdict = Verdict::Inconclusive;
        own.message.push_str(" (the plain spelling fares no better)");
        result.verdict = Verdict::Inconclusive;
        result.reason = Some(Reason::Blocked);
    }
}

/// Parts what was seen from what was expected.
const EXPECTED: &str = ". Expected: ";

/// Why an answer decides nothing.
fn undecided(case: &Case, outcome: Outcome) -> Reason {
    match outcome {
        _ if case.id == CONTROL => Reason::Blocked,
        _ if case.over == Over::Http2 && case.id.starts_with(DISCOVERY) => Reason::NotApplicable,
        Outcome::Silent | Outcome::Closed => Reason::NoAnswer,
        _ => Reason::NotApplicable,
    }
}

fn answer_place(reading: &Reading<'_>) -> Option<Place> {
    let Some(answer) = reading.answer() else {
        let at = reading.http2.and_then(Http2::failure_at)?;
        return Some(Place { exchange: 0, start: at, end: at + FRAME_HEADER });
    };
    let line = &answer.head.line;
    Some(Place { exchange: 0, start: answer.at + line.start, end: answer.at + line.end })
}

/// The verdict of a case is the worst of its findings; nothing found leaves what was there.
fn conclude(result: &mut CaseResult) {
    let worst = result.findings.iter().map(|finding| finding.verdict).max();
    if let Some(worst) = worst.filter(|worst| *worst >= Verdict::Warn) {
        result.verdict = worst;
        // A warning may yet lose its weight; what was undecided is then undecided again.
        if worst > Verdict::Warn {
            result.reason = None;
        }
    }
}

/// Whether the outcome of a result rests on nothing having come: such a result is looked at again
/// with more patience before it stands.
#[must_use]
pub fn rests_on_silence(case: &Case, result: &CaseResult) -> bool {
    let Some(exchange) = result.exchanges.first() else {
        return false;
    };
    if !Ending::of(exchange).deadline {
        return false;
    }
    let octets = Octets::of(exchange);
    let reading = Reading::of(case, &octets, Ending::of(exchange));
    let no_end_came = |finding: &Finding| {
        finding.verdict >= Verdict::Warn && NEEDS_THE_END.contains(&finding.requirement.as_str())
    };
    let no_acknowledgement = reading.http2.is_some_and(|http2| http2.unacknowledged().is_some());
    if no_acknowledgement || result.findings.iter().any(no_end_came) {
        return true;
    }
    match matched(case, &reading) {
        Matched::Nothing(_) => {
            let outcome = reading.outcome();
            let near = case.expect.iter().any(|alternative| alternative.outcomes.covers(outcome));
            near || outcome == Outcome::Silent
        }
        Matched::Alternative(found) => matches!(found.grade, Grade::Warn | Grade::Fail),
    }
}

/// Rules for every response that are broken when no end of the connection comes. No RFC says how soon
/// it is due, and servers leave the client a second or so to close first.
const NEEDS_THE_END: &[&str] = &["rfc9112/9.3-persistence-rules", "rfc9112/9.6-close-sent"];

/// Turns requirement ids into findings with level and sections.
pub(crate) struct Book<'r> {
    registry: &'r Registry,
}

impl<'r> Book<'r> {
    pub(crate) fn new(registry: &'r Registry) -> Self {
        Self { registry }
    }

    /// The worst verdict that breaking this requirement can earn. A MAY never fails.
    pub(crate) fn worst(&self, id: &str) -> Verdict {
        match self.registry.get(id).map(|requirement| requirement.level.weight()) {
            Some(Weight::Must) => Verdict::Fail,
            Some(Weight::Should | Weight::May | Weight::Info) | None => Verdict::Warn,
        }
    }

    pub(crate) fn finding(
        &self,
        id: &str,
        verdict: Verdict,
        mut message: String,
        at: Option<Place>,
    ) -> Finding {
        let requirement = self.registry.get(id);
        let derived = requirement.is_some_and(|requirement| requirement.derived);
        if derived && verdict == Verdict::Fail {
            message.push_str(DERIVED);
        }
        Finding {
            requirement: id.to_owned(),
            sections: requirement.map(|found| owned(&found.sections())).unwrap_or_default(),
            level: requirement.map(|found| found.level.to_string()).unwrap_or_default(),
            verdict,
            message,
            at,
        }
    }

    fn finding_of(&self, remark: &Remark) -> Finding {
        let worst = self.worst(remark.requirement);
        let verdict = match remark.cap {
            Cap::Level => worst,
            Cap::Warn => worst.min(Verdict::Warn),
            Cap::Note => Verdict::Pass,
        };
        let place =
            remark.at.as_ref().map(|at| Place { exchange: 0, start: at.start, end: at.end });
        self.finding(remark.requirement, verdict, remark.message.clone(), place)
    }
}

fn owned(sections: &[&str]) -> Vec<String> {
    sections.iter().map(|&section| section.to_owned()).collect()
}

/// Said of a duty that exists only because a server refuses what does not match the description.
const DERIVED: &str =
    " (derived: RFC 6455 4.2.1 has the server refuse what does not match its description)";
