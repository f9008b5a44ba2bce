//! `upspec fuzz --client`: hunts a client that is started for each answer, and tells what it finds.

use std::sync::Arc;

use upspec_cli::Embedded;
use upspec_corpus::Corpus;
use upspec_hunt::Options;
use upspec_hunt::client::{
    ClientEnding, ClientEvent, ClientFinding, ClientHunt, ClientKind, ClientState,
};
use upspec_runner::{ClientProber, ClientSettings, Command, Starter};

use crate::args::fuzz::FuzzArgs;
use crate::console;
use crate::exit::{Exit, Trouble};
use crate::files::Place;
use crate::fuzz::{Display, options, quoted};
use crate::run::fresh_seed;
use crate::signals::{self, Orderly};
use crate::{secrets, selection};

/// Hunts, and writes state and findings.
pub(crate) fn fuzz(args: &FuzzArgs) -> Result<Exit, Trouble> {
    let corpus = selection::load(&[])?;
    let state = state(args)?;
    // The hunt is long; what it finds must have a place.
    Place::find(&args.out.join("upspec.toml"))?;
    args.state.as_deref().map(Place::find).transpose()?;
    let starter: Arc<dyn Starter> = match &args.cmd {
        Some(command) => {
            let command = Command::parse(command);
            Arc::new(command.map_err(|error| Trouble::usage(format!("--cmd: {error}")))?)
        }
        None => Arc::new(Embedded::default()),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Trouble::usage(format!("cannot start: {error}")))?;
    let ended = runtime.block_on(hunt(args, &corpus, starter, state));
    // A client that hears nothing must not keep us.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    let mut ending = ended?;
    let secrets = secrets::of(&args.secret_header, None, [args.cmd.as_deref().unwrap_or_default()]);
    for finding in &mut ending.state.findings {
        finding.message = secrets.blot(&finding.message);
    }
    if let Some(path) = &args.state {
        ending.state.save(path).map_err(Trouble::usage)?;
    }
    conclude(args, &ending)
}

/// The state to go on from.
fn state(args: &FuzzArgs) -> Result<ClientState, Trouble> {
    let stored = match &args.state {
        Some(path) => ClientState::load(path).map_err(Trouble::usage)?,
        None => None,
    };
    match stored {
        Some(state) if args.seed.is_some_and(|seed| seed != state.seed) => {
            Err(Trouble::usage(format!(
                "the state was drawn from the seed {}; leave --seed out to go on with it",
                state.seed
            )))
        }
        Some(state) => Ok(state),
        None => Ok(ClientState::new(args.seed.unwrap_or_else(fresh_seed))),
    }
}

async fn hunt(
    args: &FuzzArgs,
    corpus: &Corpus,
    starter: Arc<dyn Starter>,
    state: ClientState,
) -> Result<ClientEnding, Trouble> {
    let jobs = args.jobs(USUAL_JOBS);
    let settings = ClientSettings {
        jobs,
        timeout: args.timeout,
        window_floor: args.window,
        seed: state.seed,
        ..ClientSettings::default()
    };
    let _orderly = Orderly::begin();
    let prober = tokio::select! {
        // What was started until then ends when it is dropped.
        () = signals::told() => return Err(Trouble::new(Exit::Interrupted, "interrupted")),
        prober = ClientProber::start(corpus, starter, settings) => prober,
    };
    let prober = prober.map_err(Trouble::unreachable)?;
    if !args.quiet {
        console::remark(&format!("seed {}, from number {}", state.seed, state.next));
    }
    let (send, mut receive) = tokio::sync::mpsc::unbounded_channel();
    let quiet = args.quiet;
    let shown = tokio::spawn(async move {
        let mut display = Display::new(quiet);
        while let Some(event) = receive.recv().await {
            match event {
                ClientEvent::Found(found) => {
                    display.line(&format!(
                        "found {}: {}  [{}]",
                        found.requirement, found.message, found.answer
                    ));
                }
                ClientEvent::Note(note) => display.line(&note),
                ClientEvent::Tick { executed, per_second, findings } => {
                    display.tick(executed, per_second, findings);
                }
            }
        }
        display.finish();
    });
    let options = Options { jobs, ..options(args, state.seed) };
    let ending = ClientHunt::run(prober, corpus, options, state, send, signals::told()).await;
    let _ = shown.await;
    ending.map_err(|error| Trouble::unreachable(error.to_string()))
}

/// Prints what was found, all hunts of the state together.
fn conclude(args: &FuzzArgs, ending: &ClientEnding) -> Result<Exit, Trouble> {
    let findings = &ending.state.findings;
    if !args.quiet {
        let seconds = ending.elapsed.as_secs_f64();
        let rate = ending.executed as f64 / seconds.max(f64::MIN_POSITIVE);
        console::say(&format!(
            "{} exchanges in {seconds:.1} s, {rate:.0} a second; {} findings; next number {}\n",
            ending.executed,
            findings.len(),
            ending.state.next,
        ));
    }
    let mut sorted: Vec<&ClientFinding> = findings.iter().collect();
    sorted.sort_by(|a, b| a.requirement.cmp(&b.requirement));
    for finding in &sorted {
        console::say(&format!("{}\n", console::safe(told(finding, args).trim_end())));
    }
    match (&ending.gone, ending.interrupted, sorted.is_empty()) {
        (_, true, _) => Ok(Exit::Interrupted),
        (Some(why), _, true) => Err(Trouble::unreachable(format!("the hunt ended early: {why}"))),
        (Some(why), ..) => Err(Trouble::new(Exit::Failed, format!("the hunt ended early: {why}"))),
        (None, _, true) => Ok(Exit::Conforming),
        (None, _, false) => Ok(Exit::Failed),
    }
}

/// A finding in a few lines, with how to play it again.
fn told(finding: &ClientFinding, args: &FuzzArgs) -> String {
    let kind = match finding.kind {
        ClientKind::Death => "death",
        ClientKind::Violation => "violation",
    };
    let ClientFinding { requirement, count, message, answer, exit, case, .. } = finding;
    let exit = exit.as_ref().map_or_else(String::new, |exit| format!("; its process: {exit}"));
    let command = args.cmd.clone().map(|command| format!(" --cmd {}", quoted(command)));
    let out = quoted(args.out.display().to_string());
    format!(
        "{kind} {requirement}, {count} times\n  {message}{exit}\n  answer: {answer}\n  again:  upspec client{} \
         --cases {out} --only '{case}'\n",
        command.unwrap_or_default()
    )
}

/// How many clients are started at a time, unless something else is asked for.
const USUAL_JOBS: u16 = 16;
