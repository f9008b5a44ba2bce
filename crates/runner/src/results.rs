//! Collects the results of a run as they come in, and reports them.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;
use upspec_corpus::Registry;
use upspec_corpus::case::Case;
use upspec_judge::{CaseResult, Reason, Verdict, not_played};

use crate::event::Event;
use crate::plan::Plan;

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
        self.under_way.remove(&index);
        self.tell(Event::CaseDone(Box::new(result.clone())));
        self.all[index] = Some(result);
    }

    /// Stores a result in place of one that does not count.
    pub(crate) fn replace(&mut self, index: usize, result: CaseResult) {
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
        let result = CaseResult { id, ..result };
        self.tell(Event::CaseDone(Box::new(result.clone())));
        self.again = Some(result);
    }

    /// A case that is not played, and why.
    pub(crate) fn leave_out(&mut self, index: usize, reason: Reason, message: &str) {
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

    /// Hands over the results in the order of the plan, and the remarks.
    pub(crate) fn finish(self) -> (Vec<CaseResult>, Vec<String>) {
        self.tell(Event::Finished);
        (self.all.into_iter().flatten().chain(self.again).collect(), self.remarks)
    }

    /// Says something of the run as a whole, now and in the reports.
    pub(crate) fn remark(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.remarks.contains(&text) {
            self.note(text.clone());
            self.remarks.push(text);
        }
    }

    pub(crate) fn note(&self, text: impl Into<String>) {
        self.tell(Event::Note(text.into()));
    }

    pub(crate) fn tell(&self, event: Event) {
        // Nobody listens any longer: the run continues for its results.
        let _ = self.events.send(event);
    }
}
