//! `upspec fuzz --client`: hunts a client that is started for each answer, and tells what it finds.

use std::sync::Arc;

use crate::Embedded;
use upspec_corpus::Corpus;
use upspec_hunt::client::{ClientEnding, ClientQuarry, ClientState};
use upspec_runner::{ClientProber, ClientSettings, Command, Starter};

use crate::args::fuzz::FuzzArgs;
use crate::chase::{USUAL_JOBS, chase, conclude, state};
use crate::exit::{Exit, Trouble};
use crate::fuzz::quoted;
use crate::signals::{self, Orderly};
use crate::{secrets, selection};

/// Hunts, and writes state and findings.
pub(crate) fn fuzz(args: &FuzzArgs) -> Result<Exit, Trouble> {
    let corpus = selection::load(&[])?;
    let state = state(args)?;
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
    let command = args.cmd.clone().map(|command| format!(" --cmd {}", quoted(command)));
    let out = quoted(args.out.display().to_string());
    let again = format!("upspec client{} --cases {out}", command.unwrap_or_default());
    conclude(args, &ending, &again)
}

async fn hunt(
    args: &FuzzArgs,
    corpus: &Corpus,
    starter: Arc<dyn Starter>,
    state: ClientState,
) -> Result<ClientEnding, Trouble> {
    let settings = ClientSettings {
        jobs: args.jobs(USUAL_JOBS),
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
    chase(args, corpus, ClientQuarry::new(prober, corpus), state).await
}
