//! `upspec fuzz --proxy`: hunts an intermediary at both of its ends, and tells what it finds.

use upspec_corpus::Corpus;
use upspec_hunt::proxy::{ProxyEnding, ProxyQuarry, ProxyState};
use upspec_reference::ProxyFault;
use upspec_runner::{ProxyProber, ProxySettings};

use crate::args::fuzz::FuzzArgs;
use crate::chase::{USUAL_JOBS, chase, conclude, state};
use crate::exit::{Exit, Trouble};
use crate::fuzz::quoted;
use crate::proxy::{embedded, origin};
use crate::run::target;
use crate::serve::fault;
use crate::signals::{self, Orderly};
use crate::{secrets, selection};

/// Hunts, and writes state and findings.
pub(crate) fn fuzz(args: &FuzzArgs) -> Result<Exit, Trouble> {
    let corpus = selection::load(&[])?;
    let state = state(args)?;
    let fault = args.fault.as_deref().map(fault).transpose()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Trouble::usage(format!("cannot start: {error}")))?;
    let mut ending = runtime.block_on(hunt(args, &corpus, fault, state))?;
    let secrets = secrets::of(&args.secret_header, Some(&args.wants), [args.url()]);
    for finding in &mut ending.state.findings {
        finding.message = secrets.blot(&finding.message);
    }
    let again = format!(
        "upspec proxy{} --cases {}",
        secrets.blot(&again(args)),
        quoted(args.out.display().to_string())
    );
    conclude(args, &ending, &again)
}

/// The intermediary that the hunt was for, as arguments of `upspec proxy`.
fn again(args: &FuzzArgs) -> String {
    let command = args.proxy_cmd.clone().or_else(|| {
        let fault = args.fault.as_deref()?;
        Some(format!("upspec serve --proxy {{origin}} --listen {{listen}} --fault {fault}"))
    });
    let url = match (&args.url, &command) {
        (None, Some(_)) => Some(ANYWHERE.to_owned()),
        (url, _) => url.clone(),
    };
    let parts = [
        url.map(quoted),
        args.origin_listen.map(|at| format!("--origin-listen {at}")),
        command.map(|command| format!("--proxy-cmd {}", quoted(command))),
    ];
    parts.into_iter().flatten().map(|part| format!(" {part}")).collect()
}

async fn hunt(
    args: &FuzzArgs,
    corpus: &Corpus,
    fault: Option<&'static ProxyFault>,
    state: ProxyState,
) -> Result<ProxyEnding, Trouble> {
    let is_ours = args.url.is_none() || args.proxy_cmd.is_some();
    let origin = origin(args.origin_listen, is_ours).await?;
    let url = match &args.url {
        Some(url) => url.clone(),
        None => embedded(origin.address(), fault).await?,
    };
    let target = target(&args.trust, &url)?;
    let settings = ProxySettings {
        command: args.proxy_cmd.clone(),
        jobs: args.jobs(USUAL_JOBS),
        timeout: args.timeout,
        window_floor: args.window,
        seed: state.seed,
        headers: args.wants.header.clone(),
        ready_timeout: args.server.ready_timeout,
        ..ProxySettings::default()
    };
    let _orderly = Orderly::begin();
    let prober = tokio::select! {
        // What was started until then ends when it is dropped.
        () = signals::told() => return Err(Trouble::new(Exit::Interrupted, "interrupted")),
        prober = ProxyProber::start(corpus, target, origin, settings) => prober,
    };
    let prober = prober
        .map_err(|message| Trouble::unreachable(format!("cannot play through {url}: {message}")))?;
    let quarry = ProxyQuarry::new(prober, corpus)
        .ok_or_else(|| Trouble::usage("the corpus has no controls of intermediaries"))?;
    chase(args, corpus, quarry, state).await
}

/// Where a reference proxy with a fault is started to play a finding again.
const ANYWHERE: &str = "http://127.0.0.1:9001/ws";
