//! Plays a plan at both ends of an intermediary: the controls, cases side by side, those about pools alone, and the
//! last control. Prints nothing: what happens goes out as events.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Instant, sleep};
use upspec_corpus::Registry;
use upspec_corpus::case::{Act, Arrival, Case, LinkName, Need, Outcome};
use upspec_judge::{CaseResult, Demise, Reason, TargetFacts, Verdict, passes_octets_unread, unmet};

use super::forward::about_gateways;
use super::origin::Origin;
use super::settings::ProxySettings;
use super::stage::Stage;
use crate::connect::Connector;
use crate::drips::Drips;
use crate::event::{Death, Ending, Event, RunOutcome};
use crate::place::Room;
use crate::plan::Plan;
use crate::results::Results;
use crate::server::Server;
use crate::settings::{Settings, jobs_when};
use crate::steps::waits as silences;
use crate::strange::Strange;
use crate::target::Target;

/// Plays a plan of cases for intermediaries. When `cancel` completes, the results so far are returned. The origin may
/// serve another run later.
pub async fn run_proxy(
    plan: Plan,
    target: Target,
    origin: impl Into<Arc<Origin>>,
    settings: ProxySettings,
    requirements: Arc<Registry>,
    events: UnboundedSender<Event>,
    cancel: impl Future<Output = ()>,
) -> RunOutcome {
    let plan = Arc::new(plan);
    let mut cancel = pin!(cancel);
    let mut results = Results::new(Arc::clone(&plan), Arc::clone(&requirements), events.clone());
    results.tell(Event::Started { total: plan.cases().len() });
    let ready = tokio::select! {
        biased;
        () = &mut cancel => Err(Ending::Interrupted),
        ready = ready(target, origin.into(), settings, requirements) => ready.map_err(|message| {
            results.leave_out_rest(Reason::Blocked, &message);
            Ending::Unreachable { message }
        }),
    };
    let (stage, server) = match ready {
        Ok(ready) => ready,
        Err(ending) => {
            let facts = TargetFacts::default();
            return RunOutcome::new(results.finish(), facts, ending, Vec::new());
        }
    };
    let mut run = ProxyRun::new(plan, stage, results, events, server);
    let ending = tokio::select! {
        biased;
        () = &mut cancel => {
            run.results.interrupt();
            Ending::Interrupted
        }
        ending = run.play_all() => ending,
    };
    if let Some(server) = run.server.take() {
        server.stop().await;
    }
    run.tell_of_strays();
    RunOutcome::new(run.results.finish(), run.stage.facts, ending, run.deaths)
}

/// Starts the intermediary if it is ours to start, and finds it.
pub(super) async fn ready(
    target: Target,
    origin: Arc<Origin>,
    settings: ProxySettings,
    requirements: Arc<Registry>,
) -> Result<(Stage, Option<Server>), String> {
    let server = start(&settings, &target, origin.address()).await?;
    let connector = Connector::reach(&target, settings.ready_timeout, settings.timeout).await;
    let connector = connector.map_err(|error| error.to_string())?;
    let mut facts = TargetFacts::default();
    facts.set(Need::ForwardProxy, settings.forward.is_some());
    let stage = Stage {
        target,
        connector,
        origin,
        settings,
        facts,
        requirements,
        drips: Drips::default(),
        promptness: Arc::default(),
        much: Arc::new(Semaphore::new(1)),
        place: None,
    };
    Ok((stage, server))
}

/// Starts the intermediary, if there is a command for it.
pub(super) async fn start(
    settings: &ProxySettings,
    target: &Target,
    origin: SocketAddr,
) -> Result<Option<Server>, String> {
    let Some(command) = &settings.command else {
        return Ok(None);
    };
    let (host, port) = target.place();
    let places = [
        ("{listen}", format!("{host}:{port}")),
        ("{listen-port}", port.to_string()),
        ("{origin}", origin.to_string()),
        ("{origin-port}", origin.port().to_string()),
    ];
    let command =
        places.iter().fold(command.clone(), |text, (name, value)| text.replace(name, value));
    let ready_timeout = settings.ready_timeout;
    let of_server = Settings { server_cmd: Some(command), ready_timeout, ..Settings::default() };
    let server = Server::start(&of_server, target).await;
    server.map(Some).map_err(|error| error.to_string())
}

/// A run under way. It survives its own cancellation: what it holds is what remains then.
pub(super) struct ProxyRun {
    pub(super) plan: Arc<Plan>,
    pub(super) stage: Stage,
    pub(super) results: Results,
    pub(super) events: UnboundedSender<Event>,
    /// The intermediary, where it is ours to start.
    pub(super) server: Option<Server>,
    /// How many cases are played at once.
    pub(super) jobs: usize,
    /// How many are under way, those counted that merely wait.
    pub(super) room: Room,
    /// The cases that were over last.
    pub(super) recent: VecDeque<usize>,
    pub(super) strange: Strange,
    /// How it is gone that takes connections and answers nothing.
    pub(super) gone: Option<Demise>,
    /// It was so before.
    pub(super) was_gone: bool,
    pub(super) deaths: Vec<Death>,
}

impl ProxyRun {
    /// A run in which nothing was played yet.
    pub(super) fn new(
        plan: Arc<Plan>,
        stage: Stage,
        results: Results,
        events: UnboundedSender<Event>,
        server: Option<Server>,
    ) -> Self {
        let jobs = stage.settings.jobs;
        Self {
            plan,
            stage,
            results,
            events,
            server,
            jobs,
            room: Room::of(jobs * 2),
            recent: VecDeque::new(),
            strange: Strange::default(),
            gone: None,
            was_gone: false,
            deaths: Vec::new(),
        }
    }

    /// Tells of requests that no client of ours has sent. A few are health checks, or those of an exchange that is
    /// over; many are the intermediary's own.
    fn tell_of_strays(&mut self) {
        let (strays, cases) = (self.stage.origin.take_strays(), self.plan.cases().len());
        let told = format!("{strays} requests came to our origin that belong to no case");
        if strays > cases * MOST_STRAYS {
            self.results.remark(format!("{told}: the intermediary sends what no client has sent"));
        } else if strays > 0 {
            self.results.note(told);
        }
    }

    async fn play_all(&mut self) -> Ending {
        match self.play_in_phases().await {
            Ok(()) => Ending::Complete,
            Err(ending) => ending,
        }
    }

    async fn play_in_phases(&mut self) -> Result<(), Ending> {
        self.find_out().await?;
        let last: Vec<usize> =
            (0..self.plan.cases().len()).filter(|one| self.is_end(*one)).collect();
        let (alone, mut together): (Vec<usize>, Vec<usize>) = self
            .plan
            .rest()
            .into_iter()
            .partition(|index| is_about_pools(&self.plan.cases()[*index]));
        // What waits most begins first, so that no long case is left over at the end.
        let window = Duration::from_millis(self.stage.facts.window_ms);
        together.sort_by_key(|index| {
            let case = &self.plan.cases()[*index];
            (asks_for_frames(case), Reverse((silences(&case.steps, window), waits(case))))
        });
        // First, while no tunnel of another case is left.
        self.play_alone(alone, &together).await?;
        let together = self.frames().into_iter().chain(together).collect();
        // What one exchange does in HTTP/2 can end the connection of all.
        let is_shared = self.stage.facts.has(Need::Http2Origin);
        self.play(together, if is_shared { 1 } else { self.jobs }).await?;
        self.play(self.refused(), 1).await?;
        self.play(last, 1).await
    }

    /// What a limit on what goes on at once may have spoilt.
    fn refused(&self) -> Vec<usize> {
        let is_refused = |index: &usize| {
            self.results.result(*index).is_some_and(|result| {
                let came = result.outcome.map(|came| came.outcome);
                matches!(result.verdict, Verdict::Warn | Verdict::Fail)
                    && matches!(came, Some(Outcome::Status(429 | 503)))
            })
        };
        self.plan.rest().into_iter().filter(is_refused).collect()
    }

    /// The case that finds out whether the frames of a tunnel are read: it waits for long, and few others ask for that.
    pub(super) fn frames(&self) -> Option<usize> {
        self.plan.cases().iter().position(|case| case.id == FRAMES)
    }

    /// Plays the control, and what finds out what else the intermediary does, but for the frames of a tunnel.
    ///
    /// # Errors
    ///
    /// When nothing comes through it, or it is a relay of octets.
    pub(super) async fn find_out(&mut self) -> Result<(), Ending> {
        let control = self.plan.control().unwrap_or_default();
        if let Err(ending) = self.control(control).await {
            self.results.leave_out_rest(Reason::Blocked, "no request comes through to our origin");
            return Err(ending);
        }
        let (discovery, frames) = (self.plan.discovery().into_iter(), self.frames());
        let is_now =
            |index: &usize| *index != control && !self.is_end(*index) && Some(*index) != frames;
        let mut left: Vec<usize> = discovery.filter(is_now).collect();
        while !left.is_empty() {
            // Where answers are late, all that can be played by now goes side by side.
            let ready = |index: &usize| self.left_out(&self.plan.cases()[*index]).is_none();
            let many =
                if self.is_late() { left.iter().filter(|one| ready(one)).count() } else { 0 };
            if many > 1 {
                left.sort_by_key(|index| !ready(index));
            }
            for index in self.learn(left.drain(..many.max(1)).collect()).await? {
                if self.is_relay_of_octets(index) {
                    self.results.leave_out_rest(Reason::Blocked, RELAY);
                    return Err(Ending::NotHttp { message: RELAY.to_owned() });
                }
            }
        }
        Ok(())
    }

    fn is_end(&self, index: usize) -> bool {
        self.plan.cases()[index].id == END
    }

    /// A plain request, tried for a while: some intermediaries take an origin that they met dead for dead.
    async fn control(&mut self, index: usize) -> Result<(), Ending> {
        self.results.begin(index);
        let case = self.plan.cases()[index].clone();
        let until = Instant::now() + self.stage.settings.ready_timeout;
        let mut attempt = 0;
        loop {
            let window = self.stage.settings.timeout.min(CONTROL_WINDOW);
            let begun = Instant::now();
            let result = self.stage.attempt(&case, attempt, window).await;
            let result = match result {
                Ok(result) => result,
                Err(error) if Instant::now() >= until => {
                    return Err(Ending::Unreachable { message: error.to_string() });
                }
                Err(_) => {
                    sleep(BETWEEN_TRIES).await;
                    continue;
                }
            };
            if let Some(record) = &result.record {
                self.stage.facts.learn(&case, record);
            }
            let relays = self.stage.facts.has(Need::Relays);
            if relays || Instant::now() >= until {
                self.note_pace(begun.elapsed());
                let came = result.outcome.map_or_else(String::new, |came| came.to_string());
                self.results.store(index, result);
                return if relays { Ok(()) } else { Err(not_relayed(&came)) };
            }
            attempt += 1;
            sleep(BETWEEN_TRIES).await;
        }
    }

    fn note_pace(&mut self, answer: Duration) {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let floor = self.stage.settings.window_floor;
        self.jobs = jobs_when(answer, self.stage.settings.jobs, self.stage.settings.most_jobs);
        let window = window(answer).max(floor).min(self.stage.settings.timeout);
        self.stage.facts.answer_us = micros(answer);
        self.stage.facts.window_ms = micros(window) / 1000;
    }

    /// Plays cases that show what the intermediary does.
    pub(super) async fn learn(&mut self, cases: Vec<usize>) -> Result<Vec<usize>, Ending> {
        self.play(cases.clone(), cases.len().min(self.jobs)).await?;
        cases.iter().for_each(|index| self.learn_from(*index));
        Ok(cases)
    }

    fn learn_from(&mut self, index: usize) {
        let record = self.results.result(index).and_then(|result| result.record.clone());
        if let Some(record) = record {
            self.stage.facts.learn(&self.plan.cases()[index], &record);
        }
    }

    /// Stores the result of a case that was played, and learns what others ask for that are still to come.
    pub(super) fn keep(&mut self, index: usize, result: CaseResult) {
        self.results.store(index, result);
        if Some(index) == self.frames() {
            self.learn_from(index);
        }
    }

    /// Whether answers take so long that nobody waits for them one after the other.
    fn is_late(&self) -> bool {
        Duration::from_micros(self.stage.facts.answer_us) >= LATE
    }

    /// Plays cases with nothing beside them. Where answers are late, and others wait, as many as there is time for.
    async fn play_alone(&mut self, mut cases: Vec<usize>, others: &[usize]) -> Result<(), Ending> {
        if !self.is_late() || others.is_empty() {
            return self.play(cases, 1).await;
        }
        cases.sort_by_key(|index| waits(&self.plan.cases()[*index]));
        let begun = Instant::now();
        for index in cases {
            let is_played = self.left_out(&self.plan.cases()[index]).is_none();
            if !is_played || begun.elapsed() < MOST_ALONE {
                self.play(vec![index], 1).await?;
            } else {
                self.results.leave_out(index, Reason::NoAnswer, NO_TIME);
            }
        }
        Ok(())
    }

    /// Whether the canary has come octet for octet: then nothing here is HTTP.
    fn is_relay_of_octets(&self, index: usize) -> bool {
        self.plan.cases()[index].id == BYTE_RELAY
            && self
                .results
                .result(index)
                .and_then(|result| result.record.as_ref())
                .is_some_and(passes_octets_unread)
    }

    pub(super) fn left_out(&self, case: &Case) -> Option<(Reason, &'static str)> {
        if case.hazard.is_some() && !self.stage.settings.hazardous {
            return Some((Reason::NotApplicable, "off unless hazards are asked for (--hazardous)"));
        }
        let gateway = self.stage.settings.forward.as_ref().and_then(|_| about_gateways(case));
        match gateway {
            Some(why) => Some((Reason::NotApplicable, why)),
            None => unmet(case, &self.stage.facts),
        }
    }
}

/// Whether a case looks at what becomes of one connection to the origin when another client comes, or when the next
/// request does behind content that is not all there: one of another case may take its place.
pub(super) fn is_about_pools(case: &Case) -> bool {
    let is_inside = |all: &Vec<Arrival>| all.contains(&Arrival::Content);
    let mut ends = case.expect.iter().flat_map(|one| &one.ends);
    case.steps.iter().any(|step| step.at == LinkName::Client2)
        || ends.any(|(_, asked)| is_inside(&asked.request_2) || is_inside(&asked.request_3))
}

/// Whether the verdict of a case may depend on whether the frames of a tunnel are read.
pub(super) fn asks_for_frames(case: &Case) -> bool {
    let is_it = |need: &Need| *need == Need::Parses;
    let mut facts = case.expect.iter().flat_map(|one| &one.when);
    case.needs.iter().chain(&case.without).any(is_it) || facts.any(|fact| is_it(&fact.need))
}

/// How many steps of a case wait for something.
fn waits(case: &Case) -> usize {
    let awaits = |act: &Act| {
        matches!(
            act,
            Act::Await(_)
                | Act::AwaitCount(_)
                | Act::AwaitOctets(_)
                | Act::AwaitOther(_)
                | Act::PauseReading(_)
                | Act::Wait(_)
        )
    };
    case.steps.iter().filter(|step| awaits(&step.act)).count()
}

fn not_relayed(came: &str) -> Ending {
    let message = format!(
        "a plain GET got {came} and did not come to our origin and back; check that the intermediary forwards to \
         --origin-listen"
    );
    Ending::NotHttp { message }
}

/// Where it shows whether the frames of a tunnel are read.
const FRAMES: &str = "intermediary/tunnel/octets";
/// Where a relay of octets shows.
const BYTE_RELAY: &str = "intermediary/control/byte-relay";
/// The control at the end.
const END: &str = "intermediary/control/end";
const RELAY: &str = "this is no HTTP intermediary: a request arrives octet for octet, with the fields that end at the \
                     first one";
/// The window of the control, of which nobody knows yet how fast it is answered.
const CONTROL_WINDOW: Duration = Duration::from_secs(2);
/// From when on answers are late, and how long cases are played then that have to be alone.
const LATE: Duration = Duration::from_secs(1);
const MOST_ALONE: Duration = Duration::from_secs(12);
const NO_TIME: &str = "left out for want of time: the intermediary answers late, and nothing may go on beside this case; \
                       it is played where it is asked for alone (--only)";
/// How many requests that belong to none are usual for each case.
const MOST_STRAYS: usize = 4;
/// The pause between two tries of the control.
const BETWEEN_TRIES: Duration = Duration::from_millis(200);
/// How long silence is waited for where the control's answer took so long.
fn window(answer: Duration) -> Duration {
    let patient = answer.saturating_mul(PATIENCE);
    patient.min(LONG_ENOUGH.max(answer.saturating_mul(LEAST_PATIENCE)))
}

/// How many times as long as the control's answer silence is waited for; where that is longer than this, how many times
/// at least.
const PATIENCE: u32 = 20;
const LONG_ENOUGH: Duration = Duration::from_millis(5500);
const LEAST_PATIENCE: u32 = 3;

#[cfg(test)]
mod tests {
    use super::window;
    use std::time::Duration;

    #[test]
    fn the_window_grows_more_slowly_where_answers_are_late() {
        for (answer, wanted) in [(1, 20), (100, 2000), (275, 5500), (500, 5500), (2000, 6000)] {
            let got = window(Duration::from_millis(answer));
            assert_eq!(got, Duration::from_millis(wanted), "{answer}");
        }
    }
}
