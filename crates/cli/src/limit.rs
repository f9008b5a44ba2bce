//! Stops a run once so many cases fail it. What the run would look at again before it counts is not counted.

use std::collections::{BTreeMap, BTreeSet};

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use upspec_corpus::Corpus;
use upspec_judge::{CaseResult, Verdict, settle};
use upspec_runner::{Event, RunOutcome};

use crate::args::Stop;
use crate::console::Progress;
use crate::exit::{Exit, Trouble};
use crate::outputs::Outputs;
use crate::signals;

/// How many cases may fail a run, and how many do so far.
pub(crate) struct Limit<'a> {
    most: usize,
    outputs: &'a Outputs<'a>,
    corpus: &'a Corpus,
    /// What happens; nothing without a limit.
    events: UnboundedReceiver<Event>,
    /// The cases that fail or warn, without octets.
    results: BTreeMap<String, CaseResult>,
    /// The cases whose next result is looked at again.
    open: BTreeSet<String>,
    is_reached: bool,
}

impl<'a> Limit<'a> {
    /// The limit that is wanted, and a progress that tells it what happens.
    pub(crate) fn of(
        stop: &Stop,
        outputs: &'a Outputs<'a>,
        corpus: &'a Corpus,
        progress: Progress,
    ) -> (Self, Progress) {
        let (send, events) = unbounded_channel();
        let most = stop.max_fail.or(stop.fail_fast.then_some(1));
        let progress = if most.is_some() { progress.passing_on(send) } else { progress };
        let (results, open) = (BTreeMap::new(), BTreeSet::new());
        let most = most.unwrap_or(usize::MAX);
        (Self { most, outputs, corpus, events, results, open, is_reached: false }, progress)
    }

    /// Completes once the limit is reached, or when a signal comes.
    pub(crate) async fn or_signal(&mut self) {
        tokio::select! {
            () = signals::told() => {}
            () = self.reached() => {}
        }
    }

    async fn reached(&mut self) {
        while let Some(event) = self.events.recv().await {
            if self.count(event) >= self.most {
                self.is_reached = true;
                return;
            }
        }
        std::future::pending::<()>().await;
    }

    /// How many cases fail the run behind an event.
    fn count(&mut self, event: Event) -> usize {
        match event {
            Event::Open(id) => {
                self.open.insert(id);
                return 0;
            }
            Event::CaseDone(result) => {
                let is_open = self.open.remove(&result.id);
                let counts = matches!(result.verdict, Verdict::Fail | Verdict::Warn) && !is_open;
                let light = CaseResult { record: None, twin: None, ..*result };
                let before = self.results.remove(&light.id);
                if counts {
                    self.results.insert(light.id.clone(), light);
                } else if before.is_none() {
                    return 0;
                }
            }
            _ => return 0,
        }
        let mut results: Vec<CaseResult> = self.results.values().cloned().collect();
        settle(&mut results, &self.corpus.requirements);
        self.outputs.how_many_fail(&results, self.corpus)
    }

    /// Says in the report why the run came to no end.
    pub(crate) fn tell(&self, outcome: &mut RunOutcome) {
        if self.is_reached {
            let cases = match self.most {
                1 => "a case".to_owned(),
                most => format!("{most} cases"),
            };
            outcome.remarks.push(format!(
                "the run was stopped once {cases} failed, as --fail-fast and --max-fail ask; what was not played by then is \
                 not in the report"
            ));
        }
    }

    /// The exit code, where the limit was reached; or else what the run ended with.
    pub(crate) fn ended(
        &self,
        ended: impl FnOnce() -> Result<Exit, Trouble>,
    ) -> Result<Exit, Trouble> {
        if self.is_reached { Ok(Exit::Failed) } else { ended() }
    }
}
