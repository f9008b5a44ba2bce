//! Collects the results of a run as they come in, and reports them.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;
use upspec_corpus::Registry;
use upspec_corpus::case::Case;
use upspec_exchange::{IoKind, Place, Record};
use upspec_handshake::Party;
use upspec_judge::{CaseResult, Finding, Reason, Verdict, not_played};

use crate::event::Event;
use crate::plan::Plan;
use crate::printed::{in_a_line, without_lines};

/// What is left when a run is cancelled.
pub(crate) struct Results {
    plan: Arc<Plan>,
    requirements: Arc<Registry>,
    all: Vec<Option<CaseResult>>,
    /// The control at the end, where it was answered differently from the beginning.
    again: Option<CaseResult>,
    under_way: BTreeSet<usize>,
    /// What is to be said of the run as a whole.
    remarks: Vec<String>,
    /// How many octets the large records may still have in all.
    room: usize,
    events: UnboundedSender<Event>,
}

impl Results {
    pub(crate) fn new(
        plan: Arc<Plan>,
        requirements: Arc<Registry>,
        events: UnboundedSender<Event>,
    ) -> Self {
        let all = vec![None; plan.cases().len()];
        Self {
            plan,
            requirements,
            all,
            again: None,
            under_way: BTreeSet::new(),
            remarks: Vec::new(),
            room: ROOM,
            events,
        }
    }

    /// Marks that a case is being played.
    pub(crate) fn begin(&mut self, index: usize) {
        self.under_way.insert(index);
        self.tell(Event::Begun(self.plan.cases()[index].id.clone()));
    }

    /// Stores the result of a case, in place of any earlier one.
    pub(crate) fn store(&mut self, index: usize, result: CaseResult) {
        self.make_room(index);
        let result = self.bounded(result);
        self.under_way.remove(&index);
        self.tell(Event::CaseDone(Box::new(result.clone())));
        self.all[index] = Some(result);
    }

    /// Stores a result in place of one that does not count.
    pub(crate) fn replace(&mut self, index: usize, result: CaseResult) {
        self.make_room(index);
        let result = self.bounded(result);
        self.under_way.remove(&index);
        self.tell(Event::CaseDone(Box::new(result.clone())));
        let earlier = self.all[index].replace(result);
        if let Some(earlier) = earlier {
            self.tell(Event::Repeated(Box::new(earlier)));
        }
    }

    /// Stores the result of the control at the end.
    pub(crate) fn store_again(&mut self, result: CaseResult) {
        let id = format!("{}-again", result.id);
        let result = self.bounded(CaseResult { id, ..result });
        self.tell(Event::CaseDone(Box::new(result.clone())));
        self.again = Some(result);
    }

    /// A case that is not played, and why.
    pub(crate) fn leave_out(&mut self, index: usize, reason: Reason, message: &str) {
        let message = without_lines(message);
        let result = self.not_played(&self.plan.cases()[index], reason, message);
        self.store(index, result);
    }

    /// Every case that has no result yet is not played.
    pub(crate) fn leave_out_rest(&mut self, reason: Reason, message: &str) {
        for index in 0..self.all.len() {
            if self.all[index].is_none() {
                self.leave_out(index, reason, message);
            }
        }
    }

    /// The result of a case that says nothing about the target.
    pub(crate) fn not_played(&self, case: &Case, reason: Reason, message: &str) -> CaseResult {
        not_played(case, reason, message, &self.requirements)
    }

    /// The run was cancelled: what was under way has no result and never will.
    pub(crate) fn interrupt(&mut self) {
        for index in std::mem::take(&mut self.under_way) {
            let message = "interrupted before the case was over";
            self.leave_out(index, Reason::Interrupted, message);
        }
    }

    /// The result of a case, if it has one.
    pub(crate) fn result(&self, index: usize) -> Option<&CaseResult> {
        self.all[index].as_ref()
    }

    pub(crate) fn verdict(&self, index: usize) -> Option<Verdict> {
        self.all[index].as_ref().map(|result| result.verdict)
    }

    /// Whether every case has its result.
    pub(crate) fn are_complete(&self) -> bool {
        self.all.iter().all(Option::is_some)
    }

    /// Hands over the results in the order of the plan, and the remarks.
    pub(crate) fn finish(self) -> (Vec<CaseResult>, Vec<String>) {
        self.tell(Event::Finished);
        (self.all.into_iter().flatten().chain(self.again).collect(), self.remarks)
    }

    /// Says something of the run as a whole, now and in the reports.
    pub(crate) fn remark(&mut self, text: impl Into<String>) {
        let text = in_a_line(&text.into());
        if !self.remarks.contains(&text) {
            self.note(text.clone());
            self.remarks.push(text);
        }
    }

    pub(crate) fn note(&self, text: impl Into<String>) {
        self.tell(Event::Note(text.into()));
    }

    /// What an earlier result of a case holds is free again.
    fn make_room(&mut self, index: usize) {
        if let Some(earlier) = &self.all[index] {
            let records = earlier.record.iter().chain(&earlier.twin).map(weight);
            let held: usize = records.filter(|weight| *weight > SMALL).sum();
            self.room = (self.room + held).min(ROOM);
        }
    }

    /// A result as it is kept: of a peer that sends without end, all records together stay within bounds. What a
    /// finding points at is kept while there is room.
    fn bounded(&mut self, result: CaseResult) -> CaseResult {
        bounded(result, &mut self.room)
    }

    pub(crate) fn tell(&self, event: Event) {
        // Nobody listens any longer: the run continues for its results.
        let _ = self.events.send(event);
    }
}

/// A result without what no bound would leave of it: many may wait for their place in the results.
pub(crate) fn shortened(result: CaseResult) -> CaseResult {
    bounded(result, &mut { ROOM })
}

fn bounded(mut result: CaseResult, room: &mut usize) -> CaseResult {
    shorten(&mut result.findings);
    let shown: Vec<Place> = result.findings.iter().filter_map(|finding| finding.at).collect();
    for record in result.record.iter_mut().chain(&mut result.twin) {
        bound(record, &shown, room);
    }
    result
}

/// Keeps the worst findings of an answer that says the same time and again; the last of them tells how many more there
/// were.
fn shorten(findings: &mut Vec<Finding>) {
    keep_few_alike(findings);
    let more = findings.len().saturating_sub(MOST_FINDINGS);
    if more > 0 {
        findings.sort_by_key(|finding| Reverse(finding.verdict));
        findings.truncate(MOST_FINDINGS);
        if let Some(last) = findings.last_mut() {
            last.message.push_str(&format!("; {more} more findings are not kept"));
        }
    }
    // They stay to the end of the run, and the room for thousands would stay with them.
    findings.shrink_to_fit();
}

/// Of findings that differ in their places alone keeps the first few; the last of those tells how many more there were.
fn keep_few_alike(findings: &mut Vec<Finding>) {
    if findings.len() <= MOST_ALIKE {
        return;
    }
    let mut kept: Vec<(Finding, usize)> = Vec::new();
    for finding in findings.drain(..) {
        let mut alike = kept.iter_mut().filter(|(one, _)| is_alike(one, &finding));
        match alike.nth(MOST_ALIKE - 1) {
            Some((_, more)) => *more += 1,
            None => kept.push((finding, 0)),
        }
    }
    findings.extend(kept.into_iter().map(|(mut finding, more)| {
        if more > 0 {
            finding.message.push_str(&format!("; {more} more times"));
        }
        finding
    }));
}

fn is_alike(one: &Finding, other: &Finding) -> bool {
    fn said(it: &Finding) -> (Verdict, &str, &str, Option<(usize, Party)>) {
        (it.verdict, &it.requirement, &it.message, it.at.map(|at| (at.link, at.from)))
    }
    said(one) == said(other)
}

/// Shortens a record to what there is room for, and takes that from the room.
fn bound(record: &mut Record, shown: &[Place], room: &mut usize) {
    let size = weight(record);
    let most = SMALL.max(*room / SHARE);
    if size > most {
        record.shorten(|link| {
            let ends = shown.iter().filter(|place| place.link == link);
            ends.map(|place| place.end).max().unwrap_or(0).clamp(most, most.max(*room))
        });
    }
    if size > SMALL {
        *room = room.saturating_sub(weight(record));
    }
}

/// How many octets of a record the peer is to answer for.
fn weight(record: &Record) -> usize {
    let is_due = |kind: IoKind| matches!(kind, IoKind::Read | IoKind::Reported | IoKind::WroteOwed);
    record.io.iter().filter(|io| is_due(io.kind)).map(|io| io.bytes.len()).sum()
}

/// How many findings of a case may say the same.
const MOST_ALIKE: usize = 4;
/// How many findings a case may have.
const MOST_FINDINGS: usize = 24;

/// What a record may have in any case, in octets.
const SMALL: usize = 4 * 1024;
/// What all larger ones may have together, and the share of what is left that one may have.
const ROOM: usize = 2 * 1024 * 1024;
const SHARE: usize = 32;

#[cfg(test)]
mod tests {
    use upspec_exchange::{Io, Link};
    use upspec_handshake::Over;

    use super::*;

    #[test]
    fn an_answer_that_says_the_same_time_and_again_has_few_findings() {
        let finding = |verdict, message: String| Finding {
            requirement: "rfc9110/7.8".to_owned(),
            sections: Vec::new(),
            level: "must".to_owned(),
            verdict,
            message,
            rule: None,
            at: None,
            counted: None,
        };
        let numbered = (0..100).map(|n| finding(Verdict::Warn, format!("{n}")));
        let mut findings: Vec<Finding> = numbered.collect();
        findings.push(finding(Verdict::Fail, "so it is".to_owned()));
        let mut alike = vec![finding(Verdict::Warn, "so it is".to_owned()); 100];
        alike.push(finding(Verdict::Fail, "so it is".to_owned()));
        shorten(&mut findings);
        assert_eq!((findings.len(), findings[0].verdict), (MOST_FINDINGS, Verdict::Fail));
        assert_eq!(findings[23].message, "22; 77 more findings are not kept");
        shorten(&mut alike);
        assert_eq!((alike.len(), &*alike[3].message), (5, "so it is; 96 more times"));
        for findings in [&mut findings, &mut alike] {
            let before = findings.clone();
            shorten(findings);
            assert_eq!(*findings, before);
            assert!(findings.capacity() <= MOST_FINDINGS, "{}", findings.capacity());
        }
    }

    #[test]
    fn all_records_together_stay_within_bounds() {
        let link = Link::plain("target", Party::Client, Over::Http1);
        let read = |size| Io { link: 0, at_us: 1, kind: IoKind::Read, bytes: vec![b'a'; size] };
        let record = |size| Record::of(link.clone(), vec![read(size)]);
        let shown = [Place { link: 0, from: Party::Server, start: 0, end: 100_000 }];
        let (mut room, mut total) = (ROOM, 0);
        for n in 0..1000 {
            let mut large = record(256 * 1024);
            bound(&mut large, if n == 1 { &shown } else { &[] }, &mut room);
            assert!(n != 1 || weight(&large) == 100_000, "what a finding points at is kept");
            total += weight(&large);
            let mut small = record(SMALL);
            bound(&mut small, &[], &mut room);
            assert_eq!(weight(&small), SMALL);
        }
        assert!((1000 * SMALL..1000 * SMALL + ROOM + SMALL).contains(&total), "{total}");
    }
}
