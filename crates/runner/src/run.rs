//! Plays a plan against a target: the phases of a run, from the first connection to the last control.
//! Prints nothing: what happens goes out as events.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;
use upspec_corpus::Registry;
use upspec_corpus::case::Need;
use upspec_exchange::{IoKind, Record};
use upspec_judge::{CaseResult, Reason, Verdict};

use crate::bench::{Bench, declared};
use crate::burst::FEW_NAMES;
use crate::calm::Calm;
use crate::contact;
use crate::death::Deaths;
use crate::early::Early;
use crate::ease::Ease;
use crate::error::Error;
use crate::event::{Ending, Event, RunOutcome};
use crate::health::Pulse;
use crate::idle;
use crate::place::Room;
use crate::plan::Plan;
use crate::queue::{MUTE, Round, UnderWay};
use crate::results::Results;
use crate::risk::{Risk, by_risk};
use crate::server::Server;
use crate::settings::Settings;
use crate::target::Target;
use crate::trouble;
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
    let named = target.clone();
    let rules = Arc::clone(&requirements);
    let started = tokio::select! {
        biased;
        () = &mut cancel => Err(Ending::Interrupted),
        started = Bench::start(target, settings, requirements) => started.map_err(|error| {
            let message = trouble::told(&error, &named, None);
            results.leave_out_rest(Reason::Blocked, &message);
            Ending::Unreachable { message }
        }),
    };
    let (bench, server) = match started {
        Ok(started) => started,
        Err(ending) => return RunOutcome::new(results.finish(), facts, ending, Vec::new()),
    };
    let worker = Worker::new(plan, bench, events);
    worker.health.revive(server.as_ref().and_then(Server::end));
    let deaths = Deaths::default();
    let ease = Ease::with_pace(worker.bench.settings.delay);
    let room = Room::of(worker.bench.settings.jobs);
    let (calm, early, under_way) = (Calm::default(), Early::default(), UnderWay::default());
    let (open, lost, refused) = (BTreeSet::new(), Vec::new(), String::new());
    let mut run = Run {
        worker,
        results,
        server,
        requirements: rules,
        deaths,
        ease,
        calm,
        early,
        open,
        room,
        last_begun: None,
        mute: 0,
        under_way,
        lost,
        refused,
    };
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
    pub(crate) requirements: Arc<Registry>,
    pub(crate) deaths: Deaths,
    pub(crate) ease: Ease,
    pub(crate) calm: Calm,
    pub(crate) early: Early,
    /// Cases with a result that another look has to confirm.
    pub(crate) open: BTreeSet<usize>,
    pub(crate) room: Room,
    /// When the last case began that was neither looked at again nor measured.
    pub(crate) last_begun: Option<Instant>,
    /// How often the target said nothing, where nothing made a case expect that, and lived.
    pub(crate) mute: usize,
    /// What a round has left under way.
    pub(crate) under_way: UnderWay,
    /// Cases whose exchange met the target's death.
    pub(crate) lost: Vec<(usize, Vec<Record>)>,
    /// What the control got where it was answered without a switch.
    refused: String,
}

impl Run {
    async fn play_all(&mut self) -> Ending {
        let ended = match self.phases().await {
            Err(ending @ (Ending::NotHttp { .. } | Ending::Unreachable { .. })) => {
                Err(self.unless_it_died(ending).await)
            }
            ended => ended,
        };
        match ended {
            Ok(()) if self.has_endpoint() => Ending::Complete,
            Ok(()) => Ending::NotSwitched { message: std::mem::take(&mut self.refused) },
            Err(ending) => ending,
        }
    }

    /// A target that took connections and takes none after the control died of that.
    async fn unless_it_died(&mut self, ending: Ending) -> Ending {
        if self.worker.bench.takes_tcp(DEAD_OR_ALIVE).await {
            return ending;
        }
        let scene = self.scene().await;
        self.blame_control(scene)
    }

    /// Whether there was something to judge: a WebSocket endpoint, or any answer at all from a target
    /// that speaks only HTTP/2.
    fn has_endpoint(&self) -> bool {
        let facts = &self.worker.bench.facts;
        facts.has(Need::Endpoint) || facts.has(Need::Http2Endpoint) || facts.http2_alone
    }

    async fn phases(&mut self) -> Result<(), Ending> {
        self.first_contact().await?;
        let (plan, bench) = (self.plan(), Arc::clone(&self.worker.bench));
        let jobs = bench.settings.jobs_when(bench.answer());
        let mut discovery = plan.discovery();
        discovery.retain(|index| Some(*index) != self.worker.control);
        self.discover(discovery.clone(), jobs).await?;
        self.discover_again(&discovery).await;
        let cases = by_risk(&plan, &self.worker.bench);
        self.play_cases(cases, jobs).await?;
        let over = Instant::now();
        let jobs = self.worker.bench.settings.jobs_when(bench.answer());
        // Who watches what merely waits disturbs nobody.
        if self.waits_for_early() {
            self.again_in_calm().await?;
        }
        self.outlast(over, jobs).await?;
        self.tell_of_burst();
        self.again_in_calm().await?;
        self.tell_of_calm().await;
        // A control more is dear where answers come late.
        match self.worker.bench.is_late() && self.is_settled() {
            true => Ok(()),
            false => self.control_again().await,
        }
    }

    /// Plays the cases by what they send: what should hurt nobody, what is measured, and what kills most often.
    pub(crate) async fn play_by_risk(
        &mut self,
        cases: &[(usize, Option<Risk>)],
        jobs: usize,
    ) -> Result<(), Ending> {
        if self.worker.bench.is_late() {
            // Nothing can be measured, and whatever ends a phase takes long.
            return self.schedule(vec![cases.to_vec()], jobs, Round::Whole).await;
        }
        let (few, others) =
            cases.split_at(cases.partition_point(|(_, risk)| *risk < Some(Risk::Cost)));
        let (measured, most) =
            others.split_at(others.partition_point(|(_, risk)| *risk <= Some(Risk::Cost)));
        self.schedule(vec![few.to_vec()], jobs, Round::Leaving).await?;
        // Whoever dies of what comes now is not to be blamed for what load has spoilt before.
        self.again_in_calm().await?;
        self.check_all().await?;
        // At a silent target the others wait long enough for what is measured to come last.
        if self.mute >= MUTE {
            self.schedule(vec![most.to_vec()], jobs, Round::Leaving).await?;
            self.measure_all(measured, jobs).await?;
        } else {
            self.measure_all(measured, jobs).await?;
            // What comes now may kill it, and what was under way would have no answer.
            self.end_those_left().await;
            self.check_all().await?;
            self.schedule(vec![most.to_vec()], jobs, Round::Leaving).await?;
        }
        self.end_those_left().await;
        self.check_all().await
    }

    /// Plays the cases about cost: one at a time is timed, the others wait for it, or for silence to end.
    async fn measure_all(
        &mut self,
        measured: &[(usize, Option<Risk>)],
        jobs: usize,
    ) -> Result<(), Ending> {
        // Where answers are late by chance a few cases tell as much as all.
        let alone = if self.worker.is_late() { FEW_MEASURED } else { measured.len() };
        let (alone, together) = measured.split_at(alone.min(measured.len()));
        let at_once = if self.worker.is_late() { 1 } else { jobs };
        self.schedule(vec![alone.to_vec()], at_once, Round::Leaving).await?;
        self.schedule(vec![together.to_vec()], jobs, Round::Leaving).await
    }

    /// Waits for a death that comes late, of which a process of ours tells by itself, and meanwhile looks again at
    /// what is open. All cases were over by then.
    async fn outlast(&mut self, over: Instant, jobs: usize) -> Result<(), Ending> {
        let (bench, now) = (Arc::clone(&self.worker.bench), Instant::now());
        // What kills has been sent by the time the last case began; what was under way since merely waited.
        let until = (self.last_begun.unwrap_or(over) + LATE_DEATH).max(over + SOON_DEATH);
        let left = until.saturating_duration_since(now);
        let recent = self.worker.health.recent(LATE_DEATH);
        let watched = bench.settings.server_cmd.is_none().then(|| {
            let bench = Arc::clone(&bench);
            tokio::spawn(async move { idle::are_cut_together(&bench, left).await })
        });
        self.look_again(jobs).await?;
        let mut cut = false;
        if let Some(watched) = watched {
            cut = watched.await.unwrap_or(false);
        }
        self.worker.health.outlast(until).await;
        if cut && self.worker.bench.takes_tcp(DEAD_OR_ALIVE).await {
            let (plan, likeliest) = (self.plan(), self.likeliest_first(recent, usize::MAX));
            let ids = likeliest.iter().map(|index| plan.cases()[*index].id.as_str());
            let ids: Vec<&str> = ids.take(FEW_NAMES).collect();
            self.results.remark(format!(
                "behind the last case the target cut all idle connections at one moment: something may restart it at \
                 once when it dies, so a death may have passed unseen; likeliest of: {}",
                ids.join(", ")
            ));
        }
        Ok(())
    }

    /// Results that rest on a short silence which no other look has confirmed say nothing about the target.
    pub(crate) fn leave_open_ones(&mut self, reason: Reason, message: &str) {
        let plan = self.plan();
        for index in std::mem::take(&mut self.open) {
            let first = self.results.result(index);
            if first.is_some_and(|first| !self.worker.wants_patience(index, first)) {
                continue;
            }
            let mut result = self.results.not_played(&plan.cases()[index], reason, message);
            if let Some(first) = self.results.result(index) {
                (result.record, result.twin) = (first.record.clone(), first.twin.clone());
            }
            self.results.store(index, result);
        }
    }

    pub(crate) fn plan(&self) -> Arc<Plan> {
        Arc::clone(&self.worker.plan)
    }

    /// Plays the control, and that of HTTP/2 where a TLS handshake for HTTP/1.1 does not come about.
    /// Without an answer the run is over, and its ending says what was met and what to try.
    async fn first_contact(&mut self) -> Result<(), Ending> {
        let failure = match self.control().await {
            Ok(()) => return Ok(()),
            Err(failure) => failure,
        };
        let first = self.worker.control;
        let tried = match &failure {
            NoContact::Connect(error) if error.is_of_tls() => {
                let other = self.plan().http2_control().filter(|other| Some(*other) != first);
                if other.is_some() && self.speaks_http2_alone(other).await {
                    return Ok(());
                }
                other
            }
            _ => None,
        };
        let message = self.explain(&failure).await;
        let ending = match failure {
            NoContact::Connect(_) => Ending::Unreachable { message: message.clone() },
            NoContact::NotHttp(_) => Ending::NotHttp { message: message.clone() },
        };
        match (first, failure) {
            (Some(control), NoContact::NotHttp(result)) => {
                self.tell_refused(control, *result, &message);
            }
            (Some(control), NoContact::Connect(_)) => {
                self.results.leave_out(control, Reason::Connect, &message);
            }
            (None, _) => {}
        }
        if let Some(other) = tried {
            self.results.leave_out(other, Reason::Blocked, &message);
        }
        self.results.leave_out_rest(Reason::Blocked, &message);
        Err(ending)
    }

    /// Stores the result of a control that got no switch, with what it met.
    fn tell_refused(&mut self, control: usize, mut result: CaseResult, message: &str) {
        let case = &self.worker.plan.cases()[control];
        let told = self.worker.bench.not_played(case, Reason::Blocked, message);
        result.findings.extend(told.findings);
        self.results.store(control, result);
    }

    /// Whether HTTP/2 is spoken inside TLS where HTTP/1.1 is refused; then nothing else is judged.
    async fn speaks_http2_alone(&mut self, other: Option<usize>) -> bool {
        let first = std::mem::replace(&mut self.worker.control, other);
        self.worker.bench_mut().facts.http2_alone = true;
        if self.control().await.is_ok() {
            self.results.note("the target refuses HTTP/1.1 inside TLS; only HTTP/2 is judged");
            return true;
        }
        self.worker.control = first;
        self.worker.bench_mut().facts.http2_alone = false;
        false
    }

    /// What kept the control from an answer, and what to try next. Looks whether the other of TLS
    /// and clear text is spoken.
    async fn explain(&self, failure: &NoContact) -> String {
        let bench = &self.worker.bench;
        match failure {
            NoContact::Connect(error) => {
                let clear = match self.worker.control {
                    Some(control) if error.is_of_tls() && !error.is_of_certificate() => {
                        bench.in_clear_text(&self.worker.plan.cases()[control]).await
                    }
                    _ => None,
                };
                trouble::told(error, &bench.target, clear.as_deref())
            }
            NoContact::NotHttp(result) => {
                let Some(record) = &result.record else {
                    return "the control has no record".to_owned();
                };
                let tls = !contact::is_spoken_to(record) && bench.is_tls_spoken().await;
                contact::met(record, &bench.target, tls)
            }
        }
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
        if let Some(haste) = self.worker.bench.haste() {
            self.results.remark(haste);
        }
        let Some(result) = first else { return Ok(()) };
        let facts = &self.worker.bench.facts;
        let (switched, alone) = (facts.has(Need::Endpoint), facts.http2_alone);
        match &result.record {
            Some(record) if !switched && !Worker::has_response(record) => {
                return Err(NoContact::NotHttp(Box::new(result)));
            }
            Some(record) if !switched && !alone => {
                let bench = &self.worker.bench;
                let tls = contact::is_bad_request(record) && bench.is_tls_spoken().await;
                self.refused = contact::met(record, &bench.target, tls);
                self.tell_refused(index, result, &self.refused.clone());
            }
            _ => self.results.store(index, result),
        }
        Ok(())
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
        self.end_early();
        let ending = ending.unwrap_or_else(|| {
            self.results.interrupt();
            self.leave_open_ones(
                Reason::Interrupted,
                "interrupted before the case was looked at again",
            );
            Ending::Interrupted
        });
        if let Some(server) = self.server.take() {
            server.stop().await;
        }
        debug_assert!(ending != Ending::Complete || self.results.are_complete());
        let facts = self.worker.bench.facts.clone();
        RunOutcome::new(self.results.finish(), facts, ending, self.deaths.all)
    }
}

/// Why the run stops at the control.
enum NoContact {
    /// There was no connection.
    Connect(Error),
    /// No HTTP came.
    NotHttp(Box<CaseResult>),
}

/// How many cases about cost are played one by one where answers are late by chance.
const FEW_MEASURED: usize = 4;

/// How long a connection may take that shows whether the target lives.
const DEAD_OR_ALIVE: Duration = Duration::from_secs(1);

/// How long after the last case began a target may die of one: those that kill most often come last.
pub const LATE_DEATH: Duration = Duration::from_millis(1200);

/// So long at least behind the end of the last case: a reset of ours may have come as late as that.
const SOON_DEATH: Duration = Duration::from_millis(500);

/// The attempt of the control at the end, apart from those at the beginning.
const LAST_ATTEMPT: u32 = 999;
