//! Plays a plan against a target: the phases of a run, from the first connection to the last control.
//! Prints nothing: what happens goes out as events.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;
use upspec_corpus::Registry;
use upspec_corpus::case::Need;
use upspec_exchange::{IoKind, Record};
use upspec_judge::{CaseResult, Reason, Verdict};

use crate::bench::{Bench, declared};
use crate::error::Error;
use crate::event::{Death, Ending, Event, RunOutcome};
use crate::health::Pulse;
use crate::plan::Plan;
use crate::results::Results;
use crate::server::Server;
use crate::settings::Settings;
use crate::target::Target;
use crate::worker::Worker;

/// Plays a plan. The order is: can the target be reached; the control; what else finds out what the
/// target can do; all other cases, `jobs` at a time; the control again.
///
/// When `cancel` completes, exchanges under way are cut and the results so far returned. Pass a
/// future that never completes if nothing can cancel the run.
pub async fn run(
    plan: Plan,
    target: Target,
    settings: Settings,
    requirements: Arc<Registry>,
    events: UnboundedSender<Event>,
    cancel: impl Future<Output = ()>,
) -> RunOutcome {
    let plan = Arc::new(plan);
    let mut cancel = pin!(cancel);
    let mut results = Results::new(Arc::clone(&plan), Arc::clone(&requirements), events.clone());
    results.tell(Event::Started { total: plan.cases().len() });
    let facts = declared(&target, &settings);
    let started = tokio::select! {
        biased;
        () = &mut cancel => Err(Ending::Interrupted),
        started = Bench::start(target, settings, requirements) => started.map_err(|error| {
            let message = error.to_string();
            results.leave_out_rest(Reason::Blocked, &message);
            Ending::Unreachable { message }
        }),
    };
    let (bench, server) = match started {
        Ok(started) => started,
        Err(ending) => return RunOutcome::new(results.finish(), facts, ending, Vec::new()),
    };
    let worker = Worker::new(plan, bench, events);
    let mut run = Run { worker, results, server, deaths: Vec::new(), lost: Vec::new() };
    let ending = tokio::select! {
        biased;
        () = &mut cancel => None,
        ending = run.play_all() => Some(ending),
    };
    run.finish(ending).await
}

/// A run under way. It survives its own cancellation: what it holds is what remains then.
pub(crate) struct Run {
    /// What each case is played by; every task has its own.
    pub(crate) worker: Worker,
    pub(crate) results: Results,
    pub(crate) server: Option<Server>,
    pub(crate) deaths: Vec<Death>,
    /// Cases whose exchange met the target's death.
    pub(crate) lost: Vec<(usize, Vec<Record>)>,
}

impl Run {
    async fn play_all(&mut self) -> Ending {
        match self.phases().await {
            Ok(()) if self.has_endpoint() => Ending::Complete,
            Ok(()) => Ending::NotSwitched,
            Err(ending) => ending,
        }
    }

    /// Whether there was something to judge: a WebSocket endpoint, or any answer at all from a target
    /// that speaks only HTTP/2.
    fn has_endpoint(&self) -> bool {
        let facts = &self.worker.bench.facts;
        facts.has(Need::Endpoint) || facts.has(Need::Http2Endpoint) || facts.http2_alone
    }

    async fn phases(&mut self) -> Result<(), Ending> {
        self.first_contact().await?;
        let (plan, jobs) = (self.plan(), self.worker.bench.settings.jobs.max(1));
        let mut discovery = plan.discovery();
        discovery.retain(|index| Some(*index) != self.worker.control);
        self.schedule(discovery, 1).await?;
        self.schedule(plan.rest(), jobs).await?;
        self.control_again().await
    }

    pub(crate) fn plan(&self) -> Arc<Plan> {
        Arc::clone(&self.worker.plan)
    }

    /// Plays the control, and that of HTTP/2 where a TLS handshake for HTTP/1.1 does not come about.
    async fn first_contact(&mut self) -> Result<(), Ending> {
        let error = match self.control().await {
            Ok(()) => return Ok(()),
            Err(NoContact::Ends(ending)) => return Err(ending),
            Err(NoContact::Connect(error)) => error,
        };
        let first = self.worker.control;
        let http2_alone = self.worker.bench.facts.http2_alone;
        let refused = matches!(error, Error::Tls { .. }) && !http2_alone;
        if let Some(other) = self.plan().http2_control().filter(|_| refused) {
            self.worker.control = Some(other);
            self.worker.bench_mut().facts.http2_alone = true;
            match self.control().await {
                Ok(()) => {
                    let note = "the target refuses HTTP/1.1 inside TLS; only HTTP/2 is judged";
                    self.results.note(note);
                    return Ok(());
                }
                Err(NoContact::Ends(ending)) => return Err(ending),
                Err(NoContact::Connect(_)) => {
                    self.worker.control = first;
                    self.worker.bench_mut().facts.http2_alone = false;
                }
            }
        }
        let message = error.to_string();
        if let Some(control) = first {
            self.results.leave_out(control, Reason::Connect, &message);
        }
        self.results.leave_out_rest(Reason::Blocked, &message);
        Err(Ending::Unreachable { message })
    }

    /// The positive control. Whatever it shows is a fact; if the answer is not HTTP, the run is over.
    async fn control(&mut self) -> Result<(), NoContact> {
        let Some(index) = self.worker.control else {
            return Ok(());
        };
        self.results.begin(index);
        let plan = self.plan();
        let case = &plan.cases()[index];
        let mut first: Option<CaseResult> = None;
        for attempt in 0..=self.worker.bench.settings.retries {
            let exchange = match self.play_control(index, attempt).await {
                Ok(exchange) => exchange,
                Err(error) if first.is_none() => return Err(NoContact::Connect(error)),
                Err(_) => break,
            };
            self.worker.bench_mut().learn_control(case, &exchange);
            let silent = exchange.saw(IoKind::Deadline);
            let result = self.worker.bench.judge(case, vec![exchange]);
            let failed = result.verdict == Verdict::Fail;
            match &mut first {
                None => first = Some(result),
                Some(first) => {
                    first.flaky |= first.verdict != result.verdict;
                    self.results.tell(Event::Repeated(Box::new(result)));
                }
            }
            if !failed || silent {
                break;
            }
        }
        let Some(result) = first else { return Ok(()) };
        let answered = result.record.as_ref().is_some_and(Worker::has_response);
        let message = result
            .outcome
            .map_or_else(|| "no HTTP response".to_owned(), |outcome| outcome.to_string());
        self.results.store(index, result);
        if answered || self.worker.bench.facts.has(Need::Endpoint) {
            return Ok(());
        }
        let message = format!("the control got no HTTP response: {message}");
        self.results.leave_out_rest(Reason::Blocked, &message);
        Err(NoContact::Ends(Ending::NotHttp { message }))
    }

    async fn play_control(&self, index: usize, attempt: u32) -> Result<Record, Error> {
        let (bench, case) = (&self.worker.bench, &self.worker.plan.cases()[index]);
        bench.exchange(case, bench.turn(case, attempt), bench.settings.timeout).await
    }

    /// The control once more: a target that changed during the run is not the target that was judged.
    async fn control_again(&mut self) -> Result<(), Ending> {
        let Some(index) = self.worker.control else {
            return Ok(());
        };
        let plan = self.plan();
        let case = &plan.cases()[index];
        let result = match self.play_control(index, LAST_ATTEMPT).await {
            Ok(exchange) if Worker::has_response(&exchange) => {
                self.worker.bench.judge(case, vec![exchange])
            }
            _ if self.worker.check_now().await == Pulse::Dead => return self.after_death().await,
            _ => return Ok(()),
        };
        if self.results.verdict(index).is_some_and(|before| before != result.verdict) {
            let note = "at the end the target answered the control differently from the beginning";
            self.results.note(note);
            self.results.store_again(result);
        } else {
            self.results.tell(Event::Repeated(Box::new(result)));
        }
        Ok(())
    }

    /// Ends what we started and hands over the results. Without an ending the run was cancelled.
    async fn finish(mut self, ending: Option<Ending>) -> RunOutcome {
        let ending = ending.unwrap_or_else(|| {
            self.results.interrupt();
            Ending::Interrupted
        });
        if let Some(server) = self.server.take() {
            server.stop().await;
        }
        let facts = self.worker.bench.facts.clone();
        RunOutcome::new(self.results.finish(), facts, ending, self.deaths)
    }
}

/// Why the run stops at the control.
enum NoContact {
    /// There was no connection.
    Connect(Error),
    /// The run is over.
    Ends(Ending),
}

/// The attempt of the control at the end, apart from those at the beginning.
const LAST_ATTEMPT: u32 = 999;
