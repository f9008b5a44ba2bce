//! What is to be explained: each thing that speaks against a case.

use std::collections::{BTreeMap, BTreeSet};

use upspec_corpus::case::Outcome;
use upspec_exchange::{IoKind, Link, Over};
use upspec_handshake::Party;
use upspec_judge::{CONTROL, CaseResult, Finding, Verdict};

use super::difference::{Difference, Plain};

/// A finding that gives a case its verdict, the first of its requirement.
#[derive(Clone, Copy)]
pub(super) struct Unit<'r> {
    /// The place of the case in the report.
    pub(super) place: usize,
    /// The case.
    pub(super) case: &'r CaseResult,
    /// The finding.
    pub(super) finding: &'r Finding,
    /// What came of the request, where the finding is about that; nothing where a rule for every message
    /// found it.
    pub(super) way: Option<Way>,
}

/// What came of a request, roughly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    /// It opened a WebSocket, or whatever it asked for.
    Switched,
    /// The same, and what came over it is wrong.
    Spoiled,
    /// It was answered with a status of this class.
    Status(u16),
    /// Its connection or stream was ended.
    Ended,
    /// Nothing came.
    Silent,
    /// Anything else.
    Else,
}

impl Unit<'_> {
    /// Whether the target ended each connection behind its answer, without a tunnel and before we did, so that nothing
    /// that comes later can be misread. Nobody can say it of an intermediary, which has another connection behind it.
    pub(super) fn is_last_of_its_connection(&self) -> bool {
        let Some(record) = &self.case.record else {
            return false;
        };
        let is_tunnel = matches!(self.way, Some(Way::Switched | Way::Spoiled | Way::Silent))
            || self.case.outcome.is_some_and(|came| came.outcome == Outcome::Status(101));
        let ends = |(at, link): (usize, &Link)| {
            let mut ends = record.on(at).map(|io| io.kind).filter(|kind| is_end(*kind));
            let first = ends.next().and_then(IoKind::peer_end);
            link.we == Party::Client && link.over == Over::Http1 && first.is_some()
        };
        !is_tunnel && record.links.iter().enumerate().all(ends)
    }
}

/// What ends a connection, or our waiting for its end.
fn is_end(kind: IoKind) -> bool {
    use IoKind::{Deadline, ShutWrite, WeReset, WroteLeave};
    kind.peer_end().is_some() || matches!(kind, Deadline | ShutWrite | WeReset | WroteLeave)
}

/// All units of a report, but for those that belong to a habit, in the order of the cases.
pub(super) fn units<'r>(
    cases: &'r [CaseResult],
    is_habit: impl Fn(&CaseResult, &Finding) -> bool,
) -> Vec<Unit<'r>> {
    let mut units = Vec::new();
    for (place, case) in cases.iter().enumerate().filter(|(_, case)| speaks_against(case)) {
        let mut cited = BTreeSet::new();
        for finding in case.findings.iter().filter(|finding| finding.verdict == case.verdict) {
            if !is_habit(case, finding) && cited.insert(&finding.requirement) {
                let way = finding.rule.is_none().then(|| way(case, finding));
                units.push(Unit { place, case, finding, way });
            }
        }
    }
    units
}

/// Whether a case fails or warns.
pub(super) fn speaks_against(case: &CaseResult) -> bool {
    matches!(case.verdict, Verdict::Fail | Verdict::Warn)
}

/// What came of a case's request.
fn way(case: &CaseResult, finding: &Finding) -> Way {
    let link = case.record.as_ref().and_then(|record| record.links.first());
    let over_http2 = link.is_some_and(|link| link.over == Over::Http2);
    let switched = match finding.message.split_once(", but ") {
        Some((_, what)) if !what.starts_with("with ") => Way::Spoiled,
        _ => Way::Switched,
    };
    match case.outcome.map(|came| came.outcome) {
        Some(Outcome::Status(101)) => switched,
        Some(Outcome::Status(200..=299)) if over_http2 => switched,
        Some(Outcome::Status(status)) => Way::Status(status / 100),
        Some(Outcome::Closed | Outcome::ConnectionError | Outcome::StreamError) => Way::Ended,
        Some(Outcome::Silent) => Way::Silent,
        _ => Way::Else,
    }
}

/// The one part in which the request of each case differs from the control's, by the case's place.
pub(super) fn differences(cases: &[CaseResult], units: &[Unit<'_>]) -> BTreeMap<usize, Difference> {
    let control = cases.iter().find(|case| case.id == CONTROL);
    let plain = control.and_then(|case| Plain::of(case.record.as_ref()?));
    let Some(plain) = plain else {
        return BTreeMap::new();
    };
    let found = units
        .iter()
        .filter_map(|unit| Some((unit.place, plain.only_difference(unit.case.record.as_ref()?)?)));
    found.collect()
}
