//! `upspec run`: plays the corpus against a target and reports what it does.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rand::TryRng as _;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;
use upspec_corpus::case::Role;
use upspec_corpus::{Case, Corpus, Registry};
use upspec_judge::{CONTROL, Verdict};
use upspec_reference::{Config, Server};
use upspec_report::Report;
use upspec_runner::{ClientCertificate, Ending, Event, Plan, RunOutcome, Settings, Target, Trust};

use crate::args::{Pace, RunArgs, Selection, TrustArgs, Wants};
use crate::begun::{Begun, Called, ended, free};
use crate::console::{self, Progress};
use crate::exit::{Exit, Trouble};
use crate::limit::Limit;
use crate::outputs::{self, Outputs};
use crate::rounds::Rounds;
use crate::signals::{self, Orderly};
use crate::{again, descriptors, secrets, selection};

/// Runs the corpus and writes the reports.
pub(crate) fn run(args: &RunArgs) -> Result<Exit, Trouble> {
    played(args).1
}

/// Runs the corpus: what became of it in a line, where it was played, and how it ended.
pub(crate) fn played(args: &RunArgs) -> (Option<String>, Result<Exit, Trouble>) {
    match round(args, &Round::default()) {
        Ok(played) => (Some(played.told), played.ended),
        Err(trouble) => (None, Err(trouble)),
    }
}

/// A run as one of several of the same target.
#[derive(Default)]
pub(crate) struct Round {
    /// The cases that are played first.
    pub(crate) first: BTreeSet<String>,
    /// A new value makes the run end and leave no report.
    pub(crate) stop: Option<watch::Receiver<u64>>,
    /// The summary is left to the caller.
    pub(crate) is_brief: bool,
}

impl Round {
    /// Completes when the run is to leave no report.
    async fn stopped(&self) {
        match &self.stop {
            // A sender that is gone stops nothing.
            Some(stop) if stop.clone().changed().await.is_ok() => {}
            _ => std::future::pending().await,
        }
    }

    fn is_stopped(&self) -> bool {
        self.stop.as_ref().is_some_and(|stop| stop.has_changed().unwrap_or(false))
    }
}

/// What became of a run.
pub(crate) struct Played {
    /// It in a line.
    pub(crate) told: String,
    /// How it ended.
    pub(crate) ended: Result<Exit, Trouble>,
    /// What fails it: cases, each with what it did.
    pub(crate) failing: BTreeMap<String, String>,
    /// It was stopped, and left no report.
    pub(crate) is_stopped: bool,
}

/// Runs the corpus once.
///
/// # Errors
///
/// What stood in the way of the first connection.
pub(crate) fn round(args: &RunArgs, round: &Round) -> Result<Played, Trouble> {
    let mut corpus = selection::load(&args.selection.cases)?;
    args.selection.check(&corpus)?;
    if let Some(left_out) = args.selection.other_roles(&corpus, Role::Server) {
        console::remark(&left_out);
    }
    corpus.keep_names_of_others(Role::Server);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Trouble::usage(format!("cannot start: {error}")))?;
    let others: Vec<&PathBuf> = args.selection.cases.iter().chain(args.trust.files()).collect();
    let others = others.into_iter().chain(&args.server.server_log).collect::<Vec<_>>();
    let mut outputs = Outputs::prepare(&args.output, &others)?;
    args.server.begin_log()?;
    let settings = args.server.on(settings(&args.selection, &args.wants, &args.pace));
    let chosen = args.selection.chosen(&corpus, Role::Server, settings.seed)?;
    outputs.asked = args.selection.asked(&chosen);
    outputs.is_brief = round.is_brief;
    let plan = plan(&chosen, &corpus, &round.first);
    let played = runtime.block_on(play(args, &corpus, &outputs, round, plan, settings));
    drop(runtime);
    free(corpus);
    played
}

async fn play(
    args: &RunArgs,
    corpus: &Corpus,
    outputs: &Outputs<'_>,
    round: &Round,
    plan: Plan,
    settings: Settings,
) -> Result<Played, Trouble> {
    let embedded = match &args.url {
        Some(_) => None,
        None => Some(embedded().await?),
    };
    let url = match (&args.url, &embedded) {
        (Some(url), _) => url.clone(),
        (None, Some(url)) => url.clone(),
        (None, None) => return Err(Trouble::usage("no target")),
    };
    let secrets = secrets::of(&args.output.secret_header, Some(&args.wants), [url.as_str()]);
    let target = target(&args.trust, &url)?;
    let seed = settings.seed;
    let begun = Begun::now(Role::Server, seed, args.output.quiet);
    let mut rounds = Rounds::begin(&args.rounds, args.output.quiet);
    let limit = loop {
        let progress = Progress::new(args.output.quiet, Arc::new(corpus.requirements.clone()));
        let progress = progress.telling_of(&round.first);
        let (mut limit, progress) = Limit::of(&args.stop, outputs, corpus, progress);
        let cancel = async {
            tokio::select! {
                () = limit.or_signal() => {}
                () = round.stopped() => {}
            }
        };
        let (plan, target, settings) = (plan.clone(), target.clone(), settings.clone());
        let played = drive_until(plan, target, settings, corpus, progress, cancel).await;
        if !rounds.take(played) {
            break limit;
        }
    };
    let mut outcome = rounds.end();
    limit.tell(&mut outcome);
    in_order(&mut outcome, corpus, round);
    let called = Called {
        url: url.clone(),
        name: args.name.clone().or_else(|| embedded.map(|_| "reference server".to_owned())),
        again: again::command(args, seed, &secrets),
    };
    let mut report = begun.report(&mut outcome, called, &secrets, corpus);
    let is_stopped = outcome.ending == Ending::Interrupted && round.is_stopped();
    let written = if is_stopped { Ok(()) } else { outputs.publish(&mut report, corpus) };
    let concluded = || conclude(&outcome, &report, &url, outputs.exit(&report));
    let ended = ended(written, limit.ended(concluded));
    let (told, failing) = (outputs::line(&report), outputs.failing(&report));
    free((report, outcome));
    Ok(Played { told, ended, failing, is_stopped })
}

/// The chosen cases, these before all others.
fn plan(chosen: &BTreeSet<String>, corpus: &Corpus, first: &BTreeSet<String>) -> Plan {
    let wants = |case: &Case| chosen.contains(&case.id);
    if first.is_empty() {
        return Plan::sharing(Role::Server, &corpus.cases, wants);
    }
    let mut cases = corpus.cases.to_vec();
    cases.sort_by_key(|case| !first.contains(&case.id));
    Plan::new(&cases, wants)
}

/// Puts the results into the order of the corpus again, where others came first.
fn in_order(outcome: &mut RunOutcome, corpus: &Corpus, round: &Round) {
    if round.first.is_empty() {
        return;
    }
    let places: BTreeMap<&str, usize> =
        corpus.cases.iter().enumerate().map(|(at, case)| (case.id.as_str(), at)).collect();
    let place = |id: &str| places.get(id).copied().unwrap_or(usize::MAX);
    outcome.results.sort_by_key(|result| place(&result.id));
}

/// The embedded reference server on a free loopback port; it ends with the process.
async fn embedded() -> Result<String, Trouble> {
    let listen = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let config = Config::default();
    let path = config.path.clone();
    let server = Server::bind(listen, config)
        .await
        .map_err(|error| Trouble::usage(format!("cannot start the reference server: {error}")))?;
    let url = format!("ws://{}{path}", server.addr());
    tokio::spawn(server.run(std::future::pending()));
    Ok(url)
}

/// The target, and whose certificates are believed there.
pub(crate) fn target(args: &TrustArgs, url: &str) -> Result<Target, Trouble> {
    let target = Target::parse(url).map_err(Trouble::usage)?;
    for path in args.files() {
        outputs::text_of(path)?;
    }
    let trust = match (&args.ca, args.insecure) {
        (_, true) => Trust::Anything,
        (Some(path), _) => Trust::CaFile(path.clone()),
        (None, false) => Trust::System,
    };
    let shown = args.client_cert.as_ref().map(|chain| ClientCertificate {
        chain: chain.clone(),
        key: args.client_key.as_ref().unwrap_or(chain).clone(),
    });
    let target = target.trusting(trust).showing(shown).over(args.family());
    let target = target.coming_from(args.from.clone());
    let target = match &args.server_name {
        Some(_) if target.tls.is_none() => {
            let why = "--server-name: there is no TLS at this URL; try wss:// or https://";
            return Err(Trouble::usage(why));
        }
        Some(name) => target
            .called(name)
            .map_err(|error| Trouble::usage(format!("--server-name: {error}")))?,
        None => target,
    };
    match &args.connect_to {
        Some(place) => target.reached_at(place).map_err(Trouble::usage),
        None => Ok(target),
    }
}

/// The knobs of a run, but for the command that starts the target.
pub(crate) fn settings(selection: &Selection, wants: &Wants, pace: &Pace) -> Settings {
    if pace.window > pace.timeout && pace.window != SHORTEST_WINDOW {
        console::remark("--window is longer than --timeout, and ends with it");
    }
    let required = wants.require_subprotocol;
    let jobs = pace.jobs.map(usize::from);
    Settings {
        jobs: allowed(jobs.unwrap_or(JOBS)),
        most_jobs: allowed(jobs.unwrap_or(MOST_JOBS)),
        most_watched: allowed(jobs.unwrap_or(JOBS).saturating_mul(EACH_WATCHES).min(MOST_WATCHED)),
        timeout: pace.timeout,
        window_floor: pace.window,
        retries: pace.retries,
        delay: pace.delay.unwrap_or_default(),
        seed: pace.seed.unwrap_or_else(fresh_seed),
        headers: wants.header.clone(),
        origin: wants.origin.clone(),
        subprotocols: wants.subprotocol.clone(),
        required_subprotocol: required.then(|| wants.subprotocol.first().cloned()).flatten(),
        hazardous: selection.hazardous,
        ..Settings::default()
    }
}

/// What --window is where nobody gives it.
const SHORTEST_WINDOW: Duration = Duration::from_millis(500);

/// How many cases are played at a time, and how many where answers come late.
const JOBS: usize = 16;
const MOST_JOBS: usize = 96;

/// How many cases may merely wait for each that is being served, and in all.
const EACH_WATCHES: usize = 16;
const MOST_WATCHED: usize = 256;

/// As many cases at a time as there are file descriptors for.
fn allowed(jobs: usize) -> usize {
    usize::from(descriptors::jobs(u16::try_from(jobs).unwrap_or(u16::MAX)))
}

/// A seed from the system's entropy; 32 bits, so that it can be typed.
pub(crate) fn fresh_seed() -> u64 {
    u64::from(rand::rngs::SysRng.try_next_u32().expect("the system has entropy to give"))
}

/// Plays the plan while the console shows how it goes. A signal ends the run, not the report.
pub(crate) async fn drive(
    plan: Plan,
    target: Target,
    settings: Settings,
    corpus: &Corpus,
    quiet: bool,
) -> RunOutcome {
    let progress = Progress::new(quiet, Arc::new(corpus.requirements.clone()));
    drive_until(plan, target, settings, corpus, progress, signals::told()).await
}

/// Plays the plan until it is over, or `cancel` completes.
async fn drive_until(
    plan: Plan,
    target: Target,
    settings: Settings,
    corpus: &Corpus,
    progress: Progress,
    cancel: impl Future<Output = ()>,
) -> RunOutcome {
    shown(corpus, progress, |requirements, events| {
        upspec_runner::run(plan, target, settings, requirements, events, cancel)
    })
    .await
}

/// Plays while the console shows how it goes.
pub(crate) async fn shown<F: Future<Output = RunOutcome>>(
    corpus: &Corpus,
    mut progress: Progress,
    play: impl FnOnce(Arc<Registry>, UnboundedSender<Event>) -> F,
) -> RunOutcome {
    let (send, mut receive) = tokio::sync::mpsc::unbounded_channel();
    let shown = tokio::spawn(async move {
        while let Some(event) = receive.recv().await {
            progress.show(&event);
            progress.pass_on(event);
        }
    });
    let _orderly = Orderly::begin();
    let outcome = play(Arc::new(corpus.requirements.clone()), send).await;
    let _ = shown.await;
    outcome
}

/// The exit code, and a word on what stood in the way of judging.
fn conclude(
    outcome: &RunOutcome,
    report: &Report,
    url: &str,
    verdict: Exit,
) -> Result<Exit, Trouble> {
    match &outcome.ending {
        Ending::Complete => Ok(verdict),
        Ending::Interrupted => Ok(Exit::Interrupted),
        // A handshake that was answered wrongly is a finding; any other answer leaves nothing to judge.
        Ending::NotSwitched { message } if control_failed(report) => {
            Err(Trouble { exit: verdict, message: message.clone() })
        }
        Ending::NotSwitched { message } => Err(Trouble::unreachable(message)),
        Ending::NotHttp { message } => {
            Err(Trouble::unreachable(format!("nothing could be judged: {message}")))
        }
        Ending::Unreachable { message } => {
            Err(Trouble::unreachable(format!("cannot reach {url}: {message}")))
        }
        Ending::TargetDied { suspects } => Err(Trouble {
            exit: Exit::Failed,
            message: match &suspects[..] {
                [only] if is_unsure(report, only) => format!(
                    "the target died, most likely of {only}; with --server-cmd upspec restarts it and makes sure"
                ),
                [] | [_] => format!("the target died; {}", suspicion(suspects)),
                _ => format!(
                    "the target died; {}; with --server-cmd upspec restarts it and finds the case",
                    suspicion(suspects)
                ),
            },
        }),
    }
}

/// Whether a case that is named alone could not be played again to make sure.
fn is_unsure(report: &Report, id: &str) -> bool {
    let named = report.cases.iter().find(|case| case.id == id);
    named.and_then(|case| case.death.as_ref()).is_some_and(|death| death.unsure)
}

fn control_failed(report: &Report) -> bool {
    report.cases.iter().any(|case| case.id == CONTROL && case.verdict == Verdict::Fail)
}

/// Names the cases that can have killed the target, a few of them if there are many.
pub(crate) fn suspicion(suspects: &[String]) -> String {
    match suspects {
        [] => "no case was under way".to_owned(),
        [only] => format!("{only} killed it"),
        [first, second, third, rest @ ..] if rest.len() > 2 => {
            format!("one of {first}, {second}, {third} and {} more killed it", rest.len())
        }
        _ => format!("one of {} killed it", suspects.join(", ")),
    }
}
