//! Plays a plan with a client: the control, what finds out what the client does, all other cases, the control again.
//! Prints nothing: what happens goes out as events.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio::time::Instant;
use upspec_corpus::Registry;
use upspec_corpus::case::{Case, Need, Outcome, Over};
use upspec_exchange::{IoKind, Octets, Record, Talk};
use upspec_judge::{CaseResult, Reason, TargetFacts, Verdict, unmet};

use super::certificates::Certificates;
use super::settings::ClientSettings;
use super::stage::Stage;
use super::starter::Starter;
use crate::drips::Drips;
use crate::event::{Ending, Event, RunOutcome};
use crate::place::Place;
use crate::plan::Plan;
use crate::printed::with_lines;
use crate::results::Results;
use crate::steps::waits;
use crate::strange::Strange;

/// Plays a plan of cases for clients. When `cancel` completes, the clients under way are ended and the results so
/// far returned.
pub async fn run_clients(
    plan: Plan,
    starter: Arc<dyn Starter>,
    settings: ClientSettings,
    requirements: Arc<Registry>,
    events: UnboundedSender<Event>,
    cancel: impl Future<Output = ()>,
) -> RunOutcome {
    let plan = Arc::new(plan);
    let mut cancel = pin!(cancel);
    let mut results = Results::new(Arc::clone(&plan), Arc::clone(&requirements), events.clone());
    results.tell(Event::Started { total: plan.cases().len() });
    let control = plan.control().map(|index| plan.cases()[index].clone());
    let stage = match control {
        Some(control) => stage(control, starter, settings, requirements).await,
        None => Err("the corpus has no control for clients".to_owned()),
    };
    let stage = match stage {
        Ok(stage) => stage,
        Err(message) => {
            results.leave_out_rest(Reason::Blocked, &message);
            let ending = Ending::Unreachable { message };
            return RunOutcome::new(results.finish(), TargetFacts::default(), ending, Vec::new());
        }
    };
    let (strange, last) = (Strange::default(), JoinSet::new());
    let mut run = ClientRun { plan, stage, results, events, strange, last };
    let ending = tokio::select! {
        biased;
        () = &mut cancel => {
            run.results.interrupt();
            Ending::Interrupted
        }
        ending = run.play_all() => ending,
    };
    RunOutcome::new(run.results.finish(), run.stage.facts, ending, Vec::new())
}

/// What exchanges with a client need, with this control.
pub(crate) async fn stage(
    control: Case,
    starter: Arc<dyn Starter>,
    settings: ClientSettings,
    requirements: Arc<Registry>,
) -> Result<Stage, String> {
    let certificates =
        Certificates::fresh().map_err(|error| format!("cannot make certificates: {error}"))?;
    if let Some(path) = &settings.ca_out {
        let written = certificates.write_to(path);
        written.map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    // There may be more later.
    let at_once = starter.starting_at_once().clamp(1, Semaphore::MAX_PERMITS / 2);
    let mut stage = Stage {
        starter,
        settings,
        facts: TargetFacts::default(),
        requirements,
        certificates: Arc::new(certificates),
        pace: Arc::default(),
        drips: Drips::default(),
        place: None,
        starting: Arc::new(Semaphore::new(at_once)),
        control: Arc::new(control),
        earlier_key: Vec::new(),
    };
    let has_ipv6 = tokio::net::TcpListener::bind((std::net::Ipv6Addr::LOCALHOST, 0)).await.is_ok();
    stage.declare(has_ipv6);
    Ok(stage)
}

/// A run under way. It survives its own cancellation: what it holds is what remains then.
pub(super) struct ClientRun {
    pub(super) plan: Arc<Plan>,
    pub(super) stage: Stage,
    pub(super) results: Results,
    events: UnboundedSender<Event>,
    pub(super) strange: Strange,
    /// The control at the end, while it is played beside the cases that began last.
    last: JoinSet<Result<CaseResult, String>>,
}

impl ClientRun {
    async fn play_all(&mut self) -> Ending {
        match self.play_in_phases().await {
            Ok(()) => Ending::Complete,
            Err(ending) => ending,
        }
    }

    async fn play_in_phases(&mut self) -> Result<(), Ending> {
        let control = self.plan.control().unwrap_or_default();
        if let Err(message) = self.control(control).await {
            self.results.leave_out_rest(Reason::Blocked, &message);
            return Err(Ending::Unreachable { message });
        }
        let mut left: Vec<usize> =
            self.plan.discovery().into_iter().filter(|index| *index != control).collect();
        while !left.is_empty() {
            // What builds on nothing that the others find out goes on beside them.
            let is_ready = |index: &usize| self.left_out(&self.plan.cases()[*index]).is_none();
            left.sort_by_key(|index| !is_ready(index));
            let ready = left.iter().filter(|index| is_ready(index)).count();
            let ready: Vec<usize> = left.drain(..ready.max(1)).collect();
            self.play(ready.clone(), None).await?;
            ready.into_iter().for_each(|index| self.learn(index));
        }
        // What waits begins first, so that no long case is left over at the end; in HTTP/2 there is more to say.
        let mut rest = self.plan.rest();
        rest.sort_by_key(|index| {
            let case = &self.plan.cases()[*index];
            Reverse((waits(&case.steps, PATIENT), case.over == Over::Http2))
        });
        let last = self.stage.facts.has(Need::Opens).then_some(control);
        self.play(rest, last).await?;
        let opened = self.opened_beside_others(control).await;
        let played = self.play_calmly().await;
        if !self.stage.facts.has(Need::Opens) {
            return Err(Ending::NotSwitched { message: self.what_came(control) });
        }
        if !opened || played {
            self.control_again(control).await;
        }
        Ok(())
    }

    async fn control(&mut self, index: usize) -> Result<(), String> {
        self.results.begin(index);
        let case = self.plan.cases()[index].clone();
        let result = play_control(&mut self.stage, &case).await?;
        let trouble = result.record.as_ref().and_then(no_contact);
        self.results.store(index, result);
        trouble.map_or(Ok(()), Err)
    }

    fn learn(&mut self, index: usize) {
        let record = self.results.result(index).and_then(|result| result.record.clone());
        if let Some(record) = record {
            self.stage.facts.learn(&self.plan.cases()[index], &record);
        }
    }

    /// Plays cases, so many at a time, and the last control behind them; those whose needs are not met are left out.
    ///
    /// # Errors
    ///
    /// When the client is no longer what it was.
    async fn play(&mut self, cases: Vec<usize>, last: Option<usize>) -> Result<(), Ending> {
        let mut left = cases.into_iter();
        let mut running = JoinSet::new();
        let most = self.stage.starter.most_at_once().max(1);
        let jobs = self.stage.settings.jobs.min(most).max(1);
        // Those that merely wait take no place, up to as many as there are places, unless one at a time is all that is wanted.
        let most = if jobs > 1 { most.min(jobs * 2) } else { 1 };
        let mut last = last.filter(|_| jobs > 1);
        let (mut places, free) = (BTreeMap::<usize, Place>::new(), Arc::<Notify>::default());
        let mut is_other = false;
        loop {
            // Who still opens the control beside all others does so alone, and nobody has to wait for that.
            if self.strange.is_much() && !is_other && !running.is_empty() {
                is_other = self.look().await.is_err();
            }
            while running.len() < most
                && places.values().filter(|place| !place.is_watched()).count() < jobs
                && !self.strange.is_much()
            {
                let Some(index) = left.next() else {
                    if let Some(control) = last.take() {
                        self.begin_last(control);
                    }
                    break;
                };
                let Some((place, player)) = self.begin(index, &free) else {
                    continue;
                };
                places.insert(index, place);
                running.spawn(async move { (index, player.play(index).await) });
            }
            let joined = tokio::select! {
                joined = running.join_next() => joined,
                () = free.notified() => continue,
            };
            if let Some(Ok((index, _))) = &joined {
                places.remove(index);
            }
            match joined {
                Some(Ok((index, Ok(result)))) => {
                    self.strange.note(index, &result);
                    self.results.store(index, result);
                }
                Some(Ok((index, Err(message)))) => {
                    self.results.leave_out(index, Reason::Connect, &message);
                }
                Some(Err(panicked)) => tracing::error!("a case was lost: {panicked}"),
                None if self.strange.is_much() => {
                    self.look_at_control().await?;
                    is_other = false;
                }
                None => return Ok(()),
            }
        }
    }

    /// Whoever plays a case that is to begin, and its place; nobody where its needs are not met.
    fn begin(&mut self, index: usize, free: &Arc<Notify>) -> Option<(Place, Player)> {
        if let Some((reason, message)) = self.left_out(&self.plan.cases()[index]) {
            self.results.leave_out(index, reason, message);
            return None;
        }
        self.results.begin(index);
        self.strange.begin(index);
        let place = Place::taken(free);
        let stage = Stage { place: Some(place.clone()), ..self.stage.clone() };
        let (plan, events) = (Arc::clone(&self.plan), self.events.clone());
        Some((place, Player { stage, plan, events }))
    }

    fn left_out(&self, case: &Case) -> Option<(Reason, &'static str)> {
        if case.hazard.is_some() && !self.stage.settings.hazardous {
            return Some((Reason::NotApplicable, "off unless hazards are asked for (--hazardous)"));
        }
        unmet(case, &self.stage.facts)
    }

    /// Begins the last control beside the cases that are still under way.
    fn begin_last(&mut self, control: usize) {
        let (stage, case) = (self.stage.clone(), self.plan.cases()[control].clone());
        let window = self.control_window();
        self.last.spawn(async move { stage.attempt(&case, None, BESIDE, window).await });
    }

    /// Whether the control beside the last cases came out as at first, and each of these passed or was followed by one
    /// that did: who opens it beside others does so alone.
    async fn opened_beside_others(&mut self, control: usize) -> bool {
        match self.last.join_next().await {
            Some(Ok(Ok(result))) => {
                self.strange.is_empty() && Some(result.verdict) == self.results.verdict(control)
            }
            _ => false,
        }
    }

    /// A client that opens no longer what it opened at first makes all that came between doubtful.
    async fn control_again(&mut self, index: usize) {
        let case = self.plan.cases()[index].clone();
        let Ok(result) = self.stage.attempt(&case, None, AGAIN, self.control_window()).await else {
            return;
        };
        if Some(result.verdict) != self.results.verdict(index) {
            self.results.store_again(result);
        }
    }

    fn control_window(&self) -> Duration {
        self.stage.settings.timeout.min(CONTROL_WINDOW)
    }

    /// What the control met that was not opened, in a sentence.
    fn what_came(&self, control: usize) -> String {
        let result = self.results.result(control);
        let came = result.and_then(|result| result.outcome).map(|came| came.to_string());
        format!(
            "the client did not show that it took the control for open ({}); if it sends nothing and answers no Ping, have \
             it print events as lines of JSON, such as {{\"event\":\"open\"}}",
            came.unwrap_or_else(|| "nothing came".to_owned())
        )
    }
}

/// Plays the control until it is opened, a few times at most: the first start of a client may be a slow one. Keeps
/// what it shows.
async fn play_control(stage: &mut Stage, case: &Case) -> Result<CaseResult, String> {
    let mut attempt = 0;
    let result = loop {
        let window = stage.settings.timeout.min(CONTROL_WINDOW);
        let result = stage.attempt(case, None, attempt, window).await?;
        attempt += 1;
        // Who has come and asked, and then does nothing, is not late.
        let is_decided = result.verdict != Verdict::Inconclusive || rests_on_silence(&result);
        if is_decided || attempt == CONTROL_TRIES {
            break result;
        }
    };
    if let Some(record) = &result.record {
        stage.pace.learn(record);
        stage.earlier_key = key_of(record);
        stage.facts.learn(case, record);
        let answer = stage.pace.answer();
        stage.facts.answer_us = u64::try_from(answer.as_micros()).unwrap_or(u64::MAX);
        let window = stage.pace.window(&stage.settings);
        stage.facts.window_ms = u64::try_from(window.as_millis()).unwrap_or(u64::MAX);
    }
    Ok(result)
}

/// As [`play_control`]; an error where the control came to no request.
pub(crate) async fn learn_control(stage: &mut Stage, case: &Case) -> Result<CaseResult, String> {
    let result = play_control(stage, case).await?;
    result.record.as_ref().and_then(no_contact).map_or(Ok(result), Err)
}

/// Brings one case to its result.
struct Player {
    stage: Stage,
    plan: Arc<Plan>,
    events: UnboundedSender<Event>,
}

impl Player {
    /// Plays a case; a `fail` is played again as often as the settings ask for. When a retry disagrees the first
    /// result is kept and marked as flaky.
    async fn play(&self, index: usize) -> Result<CaseResult, String> {
        let begun = Instant::now();
        let case = &self.plan.cases()[index];
        let partner = self.plan.partner(case);
        let window = Duration::from_millis(self.stage.facts.window_ms);
        let mut window = window;
        let mut result = self.stage.attempt(case, partner, 0, window).await?;
        if stayed_away(&result) {
            // Nobody is judged for one start that went wrong.
            let again = self.stage.attempt(case, partner, ONCE_MORE, window).await?;
            let absent = std::mem::replace(&mut result, again);
            let _ = self.events.send(Event::Repeated(Box::new(absent)));
        }
        let mut retries = self.stage.settings.retries;
        let patient = self.stage.settings.timeout.min(PATIENT);
        if rests_on_silence(&result) && window < patient {
            // The first wait was too short to accuse anybody, so a difference is no flakiness.
            window = patient;
            let again = self.stage.attempt(case, partner, PATIENTLY, window).await?;
            let is_confirmed = again.verdict == result.verdict;
            retries = retries.saturating_sub(u32::from(is_confirmed));
            let hasty = std::mem::replace(&mut result, again);
            let _ = self.events.send(Event::Repeated(Box::new(hasty)));
        }
        for attempt in 1..=retries {
            if result.verdict != Verdict::Fail || result.flaky {
                break;
            }
            let again = self.stage.attempt(case, partner, attempt, window).await?;
            result.flaky = again.verdict != result.verdict;
            let _ = self.events.send(Event::Repeated(Box::new(again)));
        }
        result.elapsed_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(result)
    }
}

/// Whether a verdict that counts against a client is that nothing more came, or whether none was reached because
/// the client still held its connection.
pub(super) fn rests_on_silence(result: &CaseResult) -> bool {
    let Some(came) = &result.outcome else { return false };
    match result.verdict {
        Verdict::Fail | Verdict::Warn => {
            matches!(came.outcome, Outcome::Held | Outcome::Silent | Outcome::Waits)
        }
        Verdict::Inconclusive => came.outcome == Outcome::Held,
        Verdict::Pass | Verdict::Error => false,
    }
}

/// Whether a client that should have come never did.
fn stayed_away(result: &CaseResult) -> bool {
    let came = result.outcome.as_ref();
    result.verdict != Verdict::Pass
        && came.is_some_and(|came| came.outcome == Outcome::NoConnection)
}

/// The key of the request in a record; empty without one.
fn key_of(record: &Record) -> Vec<u8> {
    let octets = Octets::of(record);
    let talk = octets.first().map(Talk::read);
    let request = talk.as_ref().and_then(|talk| talk.requests.first());
    let key = request.and_then(|request| request.head.fields.values("Sec-WebSocket-Key").next());
    key.map(<[u8]>::to_vec).unwrap_or_default()
}

/// Why nothing can be judged, if the control came to no request.
fn no_contact(record: &Record) -> Option<String> {
    let printed = record.io.iter().rev().find(|io| io.kind == IoKind::Printed);
    let text = printed.map(|io| String::from_utf8_lossy(&io.bytes).into_owned());
    let lines: Vec<String> = text.unwrap_or_default().lines().map(str::to_owned).collect();
    let exit = record.io.iter().find(|io| io.kind == IoKind::Exited);
    let exit = exit.map(|io| String::from_utf8_lossy(&io.bytes).into_owned());
    if record.saw(IoKind::NotOpened) {
        let why = match exit {
            Some(exit) => format!("the client ended ({exit}) and opened no connection"),
            None => "the client opened no connection in time".to_owned(),
        };
        return Some(with_lines(&why, &lines));
    }
    let octets = Octets::of(record);
    let talk = Talk::read(&octets[0]);
    talk.requests.is_empty().then(|| with_lines("the client sent no request of HTTP/1.1", &lines))
}

/// How long the control's outcome is waited for.
const CONTROL_WINDOW: Duration = Duration::from_secs(5);
/// How often the control is played at most.
const CONTROL_TRIES: u32 = 3;
/// How long silence lasts before it is held against a client on a busy machine.
pub(super) const PATIENT: Duration = Duration::from_secs(3);
/// The attempt with a client that is started once more.
const ONCE_MORE: u32 = 997;
/// The attempt of a case that is played patiently.
const PATIENTLY: u32 = 998;
/// The attempts of the control at the end: beside others, and with nothing beside it.
const BESIDE: u32 = 996;
const AGAIN: u32 = 999;
