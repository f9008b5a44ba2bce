//! The phases of a run, and the results as they come in.
//! Never plays an exchange itself.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;
use upspec_corpus::Registry;
use upspec_corpus::case::Case;
use upspec_exchange::{IoKind, Record};
use upspec_judge::{CaseResult, Reason, TargetFacts, Verdict, judge, not_played};

use crate::bindings::Turn;
use crate::connect::{ConnectError, Connector};
use crate::context::{Context, Settled};
use crate::event::{Death, Ending, Event, RunOutcome};
use crate::health::{Health, Pulse};
use crate::needs::obstacle;
use crate::plan::{Plan, is_control};
use crate::server::Server;
use crate::settings::Settings;
use crate::target::Target;

/// A run under way. It survives its own cancellation: what is in here is what is left then.
pub(crate) struct Session {
    pub(crate) plan: Arc<Plan>,
    pub(crate) target: Arc<Target>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) requirements: Arc<Registry>,
    pub(crate) facts: TargetFacts,
    /// The case that shows that the target answers at all.
    control: Option<usize>,
    pub(crate) server: Option<Server>,
    pub(crate) deaths: Vec<Death>,
    /// Cases whose exchange met the target's death.
    pub(crate) lost: Vec<(usize, Vec<Record>)>,
    results: Vec<Option<CaseResult>>,
    again: Option<CaseResult>,
    pub(crate) in_flight: BTreeSet<usize>,
    events: UnboundedSender<Event>,
}

impl Session {
    pub(crate) fn new(
        plan: Arc<Plan>,
        target: Arc<Target>,
        settings: Arc<Settings>,
        requirements: Arc<Registry>,
        events: UnboundedSender<Event>,
    ) -> Self {
        let http2_alone = target.scheme.is_http2_alone();
        let control = if http2_alone { plan.http2_control() } else { plan.control() };
        let facts = TargetFacts {
            tls: target.tls.is_some(),
            http2_alone,
            origin: settings.origin.is_some(),
            window_ms: millis(settings.timeout),
            ..TargetFacts::default()
        };
        let results = vec![None; plan.cases().len()];
        Self {
            plan,
            target,
            settings,
            requirements,
            facts,
            control,
            server: None,
            deaths: Vec::new(),
            lost: Vec::new(),
            results,
            again: None,
            in_flight: BTreeSet::new(),
            events,
        }
    }

    /// All phases, in order.
    pub(crate) async fn play_all(&mut self) -> Ending {
        self.tell(Event::Started { total: self.plan.cases().len() });
        match self.phases().await {
            Ok(()) if self.has_endpoint() => Ending::Complete,
            Ok(()) => Ending::NotSwitched,
            Err(ending) => ending,
        }
    }

    /// Whether there was something to judge: a WebSocket endpoint, or any answer at all where HTTP/2 is
    /// all that is spoken.
    fn has_endpoint(&self) -> bool {
        let facts = &self.facts;
        facts.endpoint == Some(true) || facts.http2_endpoint || facts.http2_alone
    }

    /// The run was cancelled: what was under way has no result and never will.
    pub(crate) fn interrupt(&mut self) -> Ending {
        for index in std::mem::take(&mut self.in_flight) {
            let message = "interrupted before the case was over";
            self.leave_out(index, Reason::Interrupted, message);
        }
        Ending::Interrupted
    }

    /// Ends what we started and hands over the results.
    pub(crate) async fn finish(mut self, ending: Ending) -> RunOutcome {
        if let Some(server) = self.server.take() {
            server.stop().await;
        }
        self.tell(Event::Finished);
        let complete = matches!(ending, Ending::Complete | Ending::NotSwitched);
        let results = self.results.into_iter().flatten().chain(self.again).collect();
        RunOutcome { results, facts: self.facts, complete, ending, deaths: self.deaths }
    }

    async fn phases(&mut self) -> Result<(), Ending> {
        let connector = match self.reach().await {
            Ok(connector) => connector,
            Err(message) => {
                self.leave_out_rest(Reason::Blocked, &message);
                return Err(Ending::Unreachable { message });
            }
        };
        let context = self.first_contact(connector).await?;
        let mut discovery = self.plan.discovery();
        discovery.retain(|index| Some(*index) != self.control);
        self.schedule(&context, discovery, 1).await?;
        self.schedule(&context, self.plan.rest(), self.settings.jobs.max(1)).await?;
        self.control_again(&context).await
    }

    fn context(&self, connector: Connector) -> Context {
        Context {
            plan: Arc::clone(&self.plan),
            target: Arc::clone(&self.target),
            settings: Arc::clone(&self.settings),
            requirements: Arc::clone(&self.requirements),
            connector,
            control: self.control,
            health: Health::default(),
            events: self.events.clone(),
            window_ms: AtomicU64::new(self.facts.window_ms),
        }
    }

    async fn reach(&mut self) -> Result<Connector, String> {
        if let Some(command) = &self.settings.server_cmd {
            self.server = Some(Server::start(command, &self.target).await?);
        }
        let reached = Connector::reach(&self.target, CONNECT_PATIENCE, self.settings.timeout).await;
        reached.map_err(|error| error.to_string())
    }

    /// Plays the control, and that of HTTP/2 where a TLS handshake for HTTP/1.1 does not come about.
    async fn first_contact(&mut self, connector: Connector) -> Result<Arc<Context>, Ending> {
        let context = Arc::new(self.context(connector.clone()));
        let error = match self.control(&context).await {
            Ok(()) => return Ok(context),
            Err(NoContact::Ends(ending)) => return Err(ending),
            Err(NoContact::Connect(error)) => error,
        };
        let refused = matches!(error, ConnectError::Tls { .. }) && !self.facts.http2_alone;
        let Some(other) = self.plan.http2_control().filter(|_| refused) else {
            return Err(self.unreachable(error.to_string()));
        };
        self.control = Some(other);
        self.facts.http2_alone = true;
        let context = Arc::new(self.context(connector));
        match self.control(&context).await {
            Ok(()) => {
                self.note("the target refuses HTTP/1.1 inside TLS; only HTTP/2 is judged");
                Ok(context)
            }
            Err(NoContact::Ends(ending)) => Err(ending),
            Err(NoContact::Connect(_)) => {
                self.control = self.plan.control();
                self.facts.http2_alone = false;
                Err(self.unreachable(error.to_string()))
            }
        }
    }

    /// The positive control. Whatever it shows is a fact; when the answer is no HTTP, the run is over.
    async fn control(&mut self, context: &Context) -> Result<(), NoContact> {
        let Some(index) = self.control else {
            return Ok(());
        };
        self.in_flight.insert(index);
        let plan = Arc::clone(&self.plan);
        let case = &plan.cases()[index];
        let mut first: Option<CaseResult> = None;
        for attempt in 0..=self.settings.retries {
            let exchange = match self.play_control(context, index, attempt).await {
                Ok(exchange) => exchange,
                Err(error) if first.is_none() => return Err(NoContact::Connect(error)),
                Err(_) => break,
            };
            self.learn_control(context, index, &exchange);
            let silent = exchange.saw(IoKind::Deadline);
            let result = judge(case, Some(exchange), None, &self.requirements);
            let failed = result.verdict == Verdict::Fail;
            match &mut first {
                None => first = Some(result),
                Some(first) => {
                    first.flaky |= first.verdict != result.verdict;
                    context.repeated(result);
                }
            }
            if !failed || silent {
                break;
            }
        }
        let Some(result) = first else { return Ok(()) };
        let answered = result.record.as_ref().is_some_and(|record| context.has_response(record));
        let message = result
            .outcome
            .map_or_else(|| "no HTTP response".to_owned(), |outcome| outcome.to_string());
        self.store(index, result);
        if answered || self.facts.endpoint == Some(true) {
            return Ok(());
        }
        let message = format!("the control got no HTTP response: {message}");
        self.leave_out_rest(Reason::Blocked, &message);
        Err(NoContact::Ends(Ending::NotHttp { message }))
    }

    async fn play_control(
        &self,
        context: &Context,
        index: usize,
        attempt: u32,
    ) -> Result<Record, ConnectError> {
        let case = &self.plan.cases()[index];
        let turn = Turn { seed: self.settings.seed, case: &case.id, attempt, connection: 0 };
        context.exchange(case, &self.facts, turn, self.settings.timeout).await
    }

    fn learn_control(&mut self, context: &Context, index: usize, exchange: &Record) {
        self.facts.learn(&self.plan.cases()[index], exchange);
        self.facts.answer_us = answer_us(exchange).unwrap_or(0);
        let answer = Duration::from_micros(self.facts.answer_us);
        self.facts.window_ms = millis(self.settings.window(answer));
        context.window_ms.store(self.facts.window_ms, Ordering::Relaxed);
    }

    fn unreachable(&mut self, message: String) -> Ending {
        if let Some(control) = self.control {
            self.leave_out(control, Reason::Connect, &message);
        }
        self.leave_out_rest(Reason::Blocked, &message);
        Ending::Unreachable { message }
    }

    /// Plays the cases of a phase, so many at a time, through any death that can be healed.
    async fn schedule(
        &mut self,
        context: &Arc<Context>,
        cases: Vec<usize>,
        jobs: usize,
    ) -> Result<(), Ending> {
        let mut queue = VecDeque::from(cases);
        loop {
            self.pass(context, &mut queue, jobs).await;
            if context.health.is_dead() {
                self.aftermath(context).await?;
            } else if queue.is_empty() {
                return Ok(());
            }
        }
    }

    /// Plays from the queue until it is empty or the target is dead, and lets what is under way end.
    async fn pass(&mut self, context: &Arc<Context>, queue: &mut VecDeque<usize>, jobs: usize) {
        let mut running = JoinSet::new();
        let mut unchecked = 0;
        loop {
            while running.len() < jobs && !context.health.is_dead() {
                let Some(index) = queue.pop_front() else {
                    break;
                };
                if !self.is_playable(index) {
                    continue;
                }
                self.in_flight.insert(index);
                let (context, facts) = (Arc::clone(context), self.facts.clone());
                running.spawn(async move { (index, context.settle(index, &facts).await) });
            }
            match running.join_next().await {
                None => return,
                Some(Ok((index, settled))) => self.take(index, settled),
                // Nobody aborts a task of ours, so it is a bug, and it stays one.
                Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
            }
            unchecked += 1;
            if unchecked == BETWEEN_CHECKS {
                unchecked = 0;
                context.check_now().await;
            }
        }
    }

    /// Whether the target's facts let a case be played; if not, says so as its result.
    fn is_playable(&mut self, index: usize) -> bool {
        match obstacle(&self.plan.cases()[index], &self.facts, &self.settings) {
            None => true,
            Some(found) => {
                self.leave_out(index, found.reason, &found.message);
                false
            }
        }
    }

    /// What became of a case that was played.
    pub(crate) fn take(&mut self, index: usize, settled: Settled) {
        match settled {
            Settled::Judged(result) => {
                let case = &self.plan.cases()[index];
                if let (true, Some(exchange)) = (is_control(case), result.record.as_ref()) {
                    self.facts.learn(case, exchange);
                }
                self.store(index, *result);
            }
            Settled::Lost(exchanges) => self.lost.push((index, exchanges)),
        }
    }

    /// The control once more: a target that has changed under way is not the one that was judged.
    async fn control_again(&mut self, context: &Arc<Context>) -> Result<(), Ending> {
        let Some(index) = self.control else {
            return Ok(());
        };
        let case = &self.plan.cases()[index];
        let before = self.results[index].as_ref().map(|result| result.verdict);
        let result = match self.play_control(context, index, LAST_ATTEMPT).await {
            Ok(exchange) if context.has_response(&exchange) => {
                judge(case, Some(exchange), None, &self.requirements)
            }
            _ if context.check_now().await == Pulse::Dead => return self.aftermath(context).await,
            _ => return Ok(()),
        };
        if before.is_some_and(|before| before != result.verdict) {
            self.note("at the end the target answered the control differently from the beginning");
            let id = format!("{}-again", result.id);
            let result = CaseResult { id, ..result };
            self.tell(Event::CaseDone(Box::new(result.clone())));
            self.again = Some(result);
        } else {
            context.repeated(result);
        }
        Ok(())
    }

    /// A case that is not played, and why.
    pub(crate) fn leave_out(&mut self, index: usize, reason: Reason, message: &str) {
        let result = self.not_played(&self.plan.cases()[index], reason, message);
        self.store(index, result);
    }

    pub(crate) fn not_played(&self, case: &Case, reason: Reason, message: &str) -> CaseResult {
        not_played(case, reason, message, &self.requirements)
    }

    /// Every case that has no result yet is not played.
    pub(crate) fn leave_out_rest(&mut self, reason: Reason, message: &str) {
        for index in 0..self.results.len() {
            if self.results[index].is_none() {
                self.leave_out(index, reason, message);
            }
        }
    }

    pub(crate) fn store(&mut self, index: usize, result: CaseResult) {
        self.in_flight.remove(&index);
        let told = Box::new(result.clone());
        let event = match self.control {
            Some(control) if control == index => Event::ControlDone(told),
            _ => Event::CaseDone(told),
        };
        self.tell(event);
        self.results[index] = Some(result);
    }

    pub(crate) fn note(&self, text: impl Into<String>) {
        self.tell(Event::Note(text.into()));
    }

    fn tell(&self, event: Event) {
        // Nobody listens any more: the run goes on for its results.
        let _ = self.events.send(event);
    }
}

/// Why there is no control to go by.
enum NoContact {
    /// No connection came about.
    Connect(ConnectError),
    /// The run is over.
    Ends(Ending),
}

/// From the last octet of the request to the first of the answer.
fn answer_us(exchange: &Record) -> Option<u64> {
    let read = exchange.io.iter().position(|io| io.kind == IoKind::Read)?;
    let wrote = exchange.io[..read].iter().rfind(|io| io.kind == IoKind::Wrote)?;
    Some(exchange.io[read].at_us.saturating_sub(wrote.at_us))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// How long a target that refuses connections is given to come up.
const CONNECT_PATIENCE: Duration = Duration::from_secs(1);
/// After how many cases the control is played even when nothing looks suspicious: it keeps the list
/// of suspects short.
const BETWEEN_CHECKS: usize = 50;
/// The attempt of the control at the end, apart from those at the beginning.
const LAST_ATTEMPT: u32 = 999;
