//! Judges one case: its own expectation, the rules that hold for every response, and the case
//! that it must agree with. The one place where requirement levels become verdicts.

use upspec_corpus::Registry;
use upspec_corpus::case::{Case, Expectation, Grade, Outcome, Outcomes, Over, Role};
use upspec_exchange::frames::frames;
use upspec_exchange::http2::Scope;
use upspec_exchange::{BodyState, Exit, Http2, Octets, Record, Response, Transcript};
use upspec_handshake::Party;
use upspec_handshake::field::framing::Framing;
use upspec_handshake::h2::ErrorCode;

use crate::blame;
use crate::citations::Citations;
use crate::cost;
use crate::counting::counting;
use crate::expect::{Matched, describe, echoed as came_back, matched};
use crate::facts::TargetFacts;
use crate::learn::{CONTROL, DISCOVERY};
use crate::mark::answer_place;
use crate::metamorphic;
use crate::passage::Passage;
use crate::result::{Aside, Came, CaseResult, Finding, Reason, Verdict};
use crate::rules::{Exchange, breaches, breaches_across, compression};
use crate::versions;
use crate::view::View;

/// Judges what happened when a case was played. `twin` is what happened when the case of `same-as`,
/// which means the same, was played beside it. The facts decide which alternatives count.
#[must_use]
pub fn judge(
    case: &Case,
    record: Option<Record>,
    twin: Option<Record>,
    facts: &TargetFacts,
    registry: &Registry,
) -> CaseResult {
    let octets = record.as_ref().map(Octets::of).unwrap_or_default();
    let twin_octets = twin.as_ref().map(Octets::of);
    let other = twin_octets.as_deref().map(Transcript::read);
    let transcript = Transcript::read(&octets);
    let mut result = judge_transcript(case, &transcript, other.as_ref(), facts, registry);
    drop(other);
    if let Some(record) = record.as_ref().filter(|_| case.role == Role::Client) {
        let exchange = Exchange { talks: &transcript.talks, record };
        let citations = Citations::new(registry);
        let found = breaches_across(&exchange).into_iter();
        let found = found.map(|(link, rule, breach)| citations.finding_of(rule, &breach, link));
        result.findings.extend(found);
        conclude(&mut result);
    }
    if let Some(record) = record.as_ref().filter(|_| case.is_about_cost()) {
        cost::weigh(case, record, &Citations::new(registry), &mut result);
        conclude(&mut result);
    }
    (result.record, result.twin) = (record, twin);
    result
}

/// Judges what was said when a case was played; the result has no record.
#[must_use]
pub fn judge_transcript(
    case: &Case,
    transcript: &Transcript<'_>,
    twin: Option<&Transcript<'_>>,
    facts: &TargetFacts,
    registry: &Registry,
) -> CaseResult {
    let counting = counting(case, transcript, facts);
    let case = counting.as_deref().unwrap_or(case);
    let mut result = blank(case);
    let Some(view) = View::of(case, transcript) else {
        result.verdict = Verdict::Error;
        result.reason = Some(Reason::Connect);
        return result;
    };
    let citations = Citations::new(registry);
    let matched = matched(case, &view);
    result.outcome = Some(Came { outcome: view.outcome(), code: view.code() });
    let busy = busy(case, &view, &matched, facts);
    let mut own = own_expectation(case, &view, &matched, busy, &citations, &mut result);
    let mut rules = Vec::new();
    let talks = transcript.talks.iter().filter(|_| !case.is_about_cost());
    for (link, talk) in talks.enumerate() {
        let found = blame::own(case, talk, &transcript.talks, facts, breaches(talk));
        let found = found.iter().map(|(rule, breach)| citations.finding_of(rule, breach, link));
        rules.extend(found);
    }
    // A rule for every message points at the octets; the case need not repeat it.
    let is_told = |own: &Finding| {
        let same =
            |rule: &Finding| rule.requirement == own.requirement && rule.verdict == own.verdict;
        own.verdict == Verdict::Warn && rules.iter().any(same)
    };
    if own.as_ref().is_some_and(is_told) {
        own = None;
    }
    let twin = twin.filter(|_| case.same_as.is_some()).and_then(|twin| View::of(case, twin));
    if let (Some(twin), Some(own), true) = (&twin, &mut own, fails(case, &matched)) {
        blame_twin(case, twin, own, &mut result);
    }
    result.findings.extend(own);
    result.findings.append(&mut rules);
    result.findings.extend(died(case, &view, facts, &citations));
    if let Some(twin) = &twin {
        result.findings.extend(metamorphic::difference(case, &view, twin, &citations));
    }
    conclude(&mut result);
    if case.role != Role::Intermediary {
        result.aside = versions::aside(&view, twin.as_ref());
        result.aside.is_due_soon = crate::awaits::is_due_soon(case, &view);
    }
    result.aside.rests_on_silence =
        rests_on_silence(case, &view, &matched, busy, &result.findings, registry);
    result
}

/// The process of a client died of what it got: not in the way in which it ends after any refusal. Where the case
/// can fail for another reason this fails, too (RFC 6455 10.7); elsewhere it warns.
fn died(
    case: &Case,
    view: &View<'_, '_>,
    facts: &TargetFacts,
    citations: &Citations<'_>,
) -> Option<Finding> {
    let exit = view.ending().exit.filter(|exit| is_fatal(*exit))?;
    if facts.refused_exit.as_deref() == Some(&exit.to_string()) {
        return None;
    }
    let can_fail = case.expect.iter().any(|one| one.grade == Grade::Fail);
    let rule = "rfc6455/10.7-validate";
    // A panic or an abort may be what the application makes of any error.
    let verdict = match can_fail && is_overrun(exit) {
        true => citations.worst(rule),
        false => Verdict::Warn,
    };
    let message = format!("the client's process died: {exit}");
    Some(citations.finding(rule, verdict, message, None))
}

/// Whether a process ended by a signal that a fault of its own raises, as a shell tells it, or by a panic.
fn is_fatal(exit: Exit) -> bool {
    let is_fault = |signal: i32| FAULTS.contains(&signal);
    match exit {
        Exit::Signal(signal) => is_fault(signal),
        Exit::Status(PANICKED) => true,
        Exit::Status(status) => is_fault(status - 128),
    }
}

/// Whether memory was used that nobody has.
fn is_overrun(exit: Exit) -> bool {
    let (Exit::Signal(signal) | Exit::Status(signal)) = exit;
    [7, 11].contains(&if signal > 128 { signal - 128 } else { signal })
}

/// SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV and SIGSYS.
const FAULTS: [i32; 7] = [4, 5, 6, 7, 8, 11, 31];
/// What a program in Rust ends with when it panics.
const PANICKED: i32 = 101;

/// A case that was not played, and why; the sentence is optional.
#[must_use]
pub fn not_played(case: &Case, reason: Reason, message: &str, registry: &Registry) -> CaseResult {
    let mut result = blank(case);
    result.reason = Some(reason);
    result.verdict = match reason {
        Reason::Connect => Verdict::Error,
        _ => Verdict::Inconclusive,
    };
    if !message.is_empty() {
        let citations = Citations::new(registry);
        let finding =
            citations.finding(&case.requirement, result.verdict, message.to_owned(), None);
        result.findings.push(finding);
    }
    result
}

fn blank(case: &Case) -> CaseResult {
    CaseResult {
        id: case.id.clone(),
        title: case.title.clone(),
        requirement: case.requirement.clone(),
        verdict: Verdict::Pass,
        reason: None,
        outcome: None,
        flaky: false,
        elapsed_ms: 0,
        findings: Vec::new(),
        record: None,
        twin: None,
        death: None,
        aside: Aside::default(),
    }
}

/// The finding of the case's own expectation, if any.
fn own_expectation(
    case: &Case,
    view: &View<'_, '_>,
    matched: &Matched<'_>,
    busy: Option<(Reason, &'static str)>,
    citations: &Citations<'_>,
    result: &mut CaseResult,
) -> Option<Finding> {
    let place = || answer_place(case, view);
    let hidden = || beside_the_point(case, view, matched).or_else(|| cut_off(case, view, matched));
    if let Some((reason, why)) = busy.or_else(hidden) {
        let message = format!("{}: {why}", describe(view));
        result.verdict = Verdict::Inconclusive;
        result.reason = Some(reason);
        return Some(citations.finding(&case.requirement, Verdict::Inconclusive, message, place()));
    }
    match matched {
        Matched::Alternative(expectation) => match expectation.grade {
            Grade::Pass => None,
            Grade::Warn => Some(graded(case, expectation, view, citations, Verdict::Warn)),
            Grade::Fail => {
                let requirement = expectation.requirement.as_ref().unwrap_or(&case.requirement);
                let verdict = citations.worst(requirement);
                Some(graded(case, expectation, view, citations, verdict))
            }
            Grade::Inconclusive => {
                result.verdict = Verdict::Inconclusive;
                result.reason = Some(undecided(case, view.outcome()));
                None
            }
        },
        Matched::Nothing(_) if case.role.unnamed() != Grade::Fail => {
            result.verdict = Verdict::Inconclusive;
            result.reason = Some(undecided(case, view.outcome()));
            None
        }
        Matched::Nothing(seen) => {
            let verdict = citations.worst(&case.requirement);
            let message = format!("{seen}. Expected: {}", case.title);
            Some(citations.finding(&case.requirement, verdict, message, place()))
        }
    }
}

/// Why an answer, lawful or not, says nothing about what the case looks at.
fn beside_the_point(
    case: &Case,
    view: &View<'_, '_>,
    matched: &Matched<'_>,
) -> Option<(Reason, &'static str)> {
    let Some(answer) = view.answer() else {
        // Nothing but the request of the control was written, and a stream may be refused.
        let refused = matches!(
            view.outcome(),
            Outcome::Closed | Outcome::ConnectionError | Outcome::StreamError
        );
        let blocked = case.over == Over::Http2 && refused && is_about_tunnel(case);
        return blocked.then_some((Reason::Blocked, NO_TUNNEL));
    };
    let status = answer.head.status?;
    if !opens(case, status) {
        // Any handshake may be refused (RFC 9110 7.8).
        let response = (200..600).contains(&status);
        return (response && is_about_tunnel(case)).then_some((Reason::Blocked, NO_TUNNEL));
    }
    let tunnel = view.talk.tunnel.as_ref();
    if is_about_compressing(case)
        && tunnel.is_some_and(|tunnel| !compression::is_any_compressed(tunnel, Party::Server))
        && came_back(view)
    {
        return Some((Reason::NotApplicable, "what came back was not compressed"));
    }
    // A 101 to an earlier request is no answer to the one that the case is about.
    (view.is_cut_short() && !fails(case, matched)).then_some((
        Reason::NotApplicable,
        "the request that the case is about comes behind this one",
    ))
}

/// Why an answer says only that the target has too much to do: asked again later, it may be another.
fn busy(
    case: &Case,
    view: &View<'_, '_>,
    matched: &Matched<'_>,
    facts: &TargetFacts,
) -> Option<(Reason, &'static str)> {
    let failed = fails(case, matched);
    // A gateway that asked its origin says what became of that.
    let asked = case.role == Role::Intermediary && Passage::of(view.talks).arrived(1).is_some();
    let may_pass = failed && !asked && !facts.never_available.contains(&case.id);
    let asks_for_time = |answer: &Response<'_>| match answer.head.status {
        // RFC 6585 4.
        Some(429) => true,
        // RFC 9110 15.6.4: with Retry-After it is a matter of time. Gateways say so always.
        Some(503) => may_pass && answer.head.fields.contains("Retry-After"),
        _ => false,
    };
    if view.talk.finals().any(asks_for_time) {
        return Some((Reason::Busy, "the server asks for a pause"));
    }
    let failure = view.http2().and_then(Http2::failure);
    // RFC 9113 8.7: nothing was done about the request, and it may be sent again.
    let refused =
        failure.is_some_and(|it| it.scope == Scope::Stream && it.code == ErrorCode::REFUSED_STREAM);
    (refused && view.answer().is_none() && failed)
        .then_some((Reason::Busy, "the server asks to send the request again"))
}

fn passes(matched: &Matched<'_>) -> bool {
    matches!(matched, Matched::Alternative(found) if found.grade == Grade::Pass)
}

/// Why an answer that the case does not pass cannot be told: a response is still coming, or nobody can
/// say where an earlier one ends.
fn cut_off(
    case: &Case,
    view: &View<'_, '_>,
    matched: &Matched<'_>,
) -> Option<(Reason, &'static str)> {
    if passes(matched) {
        return None;
    }
    if let Some(octets) = view.tunnel_octets() {
        let whole: usize = frames(octets).iter().map(|frame| frame.len).sum();
        let begun = whole < octets.len();
        let comes = view.ending().at_the_last || view.ending().still_coming;
        return (begun && comes).then_some((Reason::NoAnswer, "a frame is still coming"));
    }
    if view.http2().is_some() {
        return None;
    }
    let last = view.talk.responses.last()?;
    let missing = view.answer().is_none();
    let about_end = |one: &Expectation| one.wants.connection.is_some();
    if !missing && !case.expect.iter().any(about_end) {
        return None;
    }
    let endless = last.framing == Framing::UntilClose && last.head.status >= Some(300);
    match last.body_state {
        _ if view.ending().cap => Some((Reason::NoAnswer, "more came than is kept")),
        BodyState::Partial if !view.is_ended() && !endless => {
            Some((Reason::NoAnswer, "a response is still coming"))
        }
        BodyState::Malformed if missing => Some((Reason::Blocked, NO_END)),
        // What would follow is its content.
        BodyState::Partial if missing && !view.is_ended() => Some((Reason::Blocked, NO_END)),
        BodyState::Complete if missing && view.talk.stray.is_some() => {
            Some((Reason::Blocked, NO_END))
        }
        _ => None,
    }
}

const NO_END: &str =
    "an earlier response is framed so that nobody can tell where the next one begins";

/// Whether a case is about how the target compresses, which it need not do (RFC 7692 6).
fn is_about_compressing(case: &Case) -> bool {
    ["rfc7692/7.2.1-window", "rfc7692/7.2.1-no-takeover"].contains(&case.requirement.as_str())
}

const NO_TUNNEL: &str = "the handshake was not accepted, so there is no tunnel to look at";

/// What opens a tunnel: a 101, and in HTTP/2 a 2xx (RFC 8441 5).
fn opening(case: &Case) -> Outcome {
    match case.over {
        Over::Http1 => Outcome::Status(101),
        Over::Http2 => Outcome::Class(2),
    }
}

fn opens(case: &Case, status: u16) -> bool {
    match opening(case) {
        Outcome::Class(class) => status / 100 == u16::from(class),
        opening => opening == Outcome::Status(status),
    }
}

/// Whether every alternative wants the tunnel open, so that what follows the switch counts.
fn is_about_tunnel(case: &Case) -> bool {
    let open = opening(case);
    let only = |one: &Expectation| one.wants.status.0 == [open];
    let behind = |one: &Expectation| one.wants.tunnel.is_some() || one.wants.connection.is_some();
    case.expect.iter().all(only) && case.expect.iter().any(behind)
}

/// The finding of an alternative that is graded, and why it is.
fn graded(
    case: &Case,
    expectation: &Expectation,
    view: &View<'_, '_>,
    citations: &Citations<'_>,
    verdict: Verdict,
) -> Finding {
    let requirement = expectation.requirement.as_ref().unwrap_or(&case.requirement);
    let because = expectation.because.as_deref().unwrap_or("lawful, but not what serves clients");
    let mut message = format!("{}: {because}", describe(view));
    if verdict == Verdict::Warn && citations.worst(requirement) == Verdict::Fail {
        message.push_str(only_a_warning(case, view));
    }
    citations.finding(requirement, verdict, message, answer_place(case, view))
}

/// Why an answer under a MUST only warns, by what the case asks for and what it got.
fn only_a_warning(case: &Case, view: &View<'_, '_>) -> &'static str {
    let open = Outcomes(vec![opening(case)]);
    let got = view.outcome();
    let opened = matches!(got, Outcome::Status(status) if opens(case, status));
    let passes = case.expect.iter().filter(|one| one.grade == Grade::Pass);
    let wants_open =
        passes.clone().any(|one| one.wants.status.0.iter().any(|one| open.covers(*one)));
    let refused = match got {
        Outcome::Status(status) => status >= 400,
        Outcome::Closed | Outcome::StreamError | Outcome::ConnectionError => true,
        _ => false,
    };
    match (wants_open, opened, refused) {
        (true, false, _) => " (a warning, for any upgrade may be declined)",
        (false, false, true) => {
            " (a warning, for it was refused all the same, in another form than HTTP asks for)"
        }
        _ => " (a warning, for no MUST is known to be broken)",
    }
}

/// Whether the answer is one that the case fails.
fn fails(case: &Case, matched: &Matched<'_>) -> bool {
    let grade = match matched {
        Matched::Alternative(found) => found.grade,
        Matched::Nothing(_) => case.role.unnamed(),
    };
    grade == Grade::Fail
}

/// A spelling is not to blame if the plain one fares no better, which the twin's case shows. The
/// finding stays, without weight.
fn blame_twin(case: &Case, twin: &View<'_, '_>, own: &mut Finding, result: &mut CaseResult) {
    if fails(case, &matched(case, twin)) {
        own.verdict = Verdict::Inconclusive;
        own.message.push_str(" (the plain spelling fares no better)");
        result.verdict = Verdict::Inconclusive;
        result.reason = Some(Reason::Blocked);
    }
}

/// Why an answer decides nothing.
fn undecided(case: &Case, outcome: Outcome) -> Reason {
    match outcome {
        _ if case.id == CONTROL => Reason::Blocked,
        _ if case.over == Over::Http2 && case.id.starts_with(DISCOVERY) => Reason::NotApplicable,
        Outcome::Silent | Outcome::Closed => Reason::NoAnswer,
        _ => Reason::NotApplicable,
    }
}

/// The verdict of a case is that of its worst finding; without findings it stays as it is.
fn conclude(result: &mut CaseResult) {
    let worst = result.findings.iter().map(|finding| finding.verdict).max();
    if let Some(worst) = worst.filter(|worst| *worst >= Verdict::Warn) {
        result.verdict = worst;
        // A warning may still lose its weight; an undecided case is then undecided again.
        if worst > Verdict::Warn {
            result.reason = None;
        }
    }
}

/// Whether the outcome rests on silence: such a case is played again with more patience before its
/// result stands.
fn rests_on_silence(
    case: &Case,
    view: &View<'_, '_>,
    matched: &Matched<'_>,
    busy: Option<(Reason, &'static str)>,
    findings: &[Finding],
    registry: &Registry,
) -> bool {
    if !view.ending().deadline {
        return false;
    }
    let no_end_came = |finding: &Finding| {
        finding.verdict >= Verdict::Warn
            && registry.get(&finding.requirement).is_some_and(|found| found.needs_end)
    };
    let no_acknowledgement = view.http2().is_some_and(|http2| http2.unacknowledged().is_some());
    if no_acknowledgement || findings.iter().any(no_end_came) {
        return true;
    }
    if busy.is_some() || cut_off(case, view, matched).is_some() {
        return false;
    }
    if fails(case, matched) {
        let outcome = view.outcome();
        let near = case.expect.iter().any(|alternative| alternative.covers(outcome));
        return near || outcome == Outcome::Silent;
    }
    matches!(matched, Matched::Alternative(found) if found.grade == Grade::Warn)
}
