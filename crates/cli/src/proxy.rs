//! `upspec proxy`: plays the corpus at both ends of an intermediary, and reports what it does with what passes.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use upspec_corpus::Corpus;
use upspec_corpus::case::Role;
use upspec_judge::Verdict;
use upspec_reference::{Proxy, ProxyConfig, ProxyFault};
use upspec_report::Report;
use upspec_runner::{Ending, Origin, PROXY_CONTROL, Plan, ProxySettings, RunOutcome, run_proxy};

use crate::args::proxy::ProxyArgs;
use crate::begun::{Begun, Called, ended, free};
use crate::console::{self, Progress};
use crate::exit::{Exit, Trouble};
use crate::limit::Limit;
use crate::outputs::Outputs;
use crate::rounds::Rounds;
use crate::run::{fresh_seed, shown, suspicion, target};
use crate::{again, descriptors, secrets, selection};

/// Runs the corpus and writes the reports.
pub(crate) fn proxy(args: &ProxyArgs) -> Result<Exit, Trouble> {
    let mut corpus = selection::load(&args.selection.cases)?;
    args.selection.check(&corpus)?;
    if let Some(left_out) = args.selection.other_roles(&corpus, Role::Intermediary) {
        console::remark(&left_out);
    }
    corpus.keep_names_of_others(Role::Intermediary);
    let others: Vec<&PathBuf> = args.selection.cases.iter().chain(args.trust.files()).collect();
    let mut outputs = Outputs::prepare(&args.output, &others)?;
    let seed = args.pace.seed.unwrap_or_else(fresh_seed);
    let chosen = args.selection.chosen(&corpus, Role::Intermediary, seed)?;
    outputs.asked = args.selection.asked(&chosen);
    let plan = Plan::sharing(Role::Intermediary, &corpus.cases, |case| chosen.contains(&case.id));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Trouble::usage(format!("cannot start: {error}")))?;
    let ended = runtime.block_on(play(args, &corpus, &outputs, plan, seed));
    drop(runtime);
    free(corpus);
    ended
}

async fn play(
    args: &ProxyArgs,
    corpus: &Corpus,
    outputs: &Outputs<'_>,
    plan: Plan,
    seed: u64,
) -> Result<Exit, Trouble> {
    let origin = origin(args.origin_listen, args.url.is_none() || args.proxy_cmd.is_some()).await?;
    let embedded = match &args.url {
        Some(_) => None,
        None => Some(embedded(origin.address(), None).await?),
    };
    let url = args.url.clone().or_else(|| embedded.clone()).unwrap_or_default();
    let fields = args.header.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let secrets = secrets::of_fields(&args.output.secret_header, fields, [url.as_str()]);
    let target = target(&args.trust, &url)?;
    let settings = settings(args, origin.address(), seed);
    let begun = Begun::now(Role::Intermediary, seed, args.output.quiet);
    let origin = Arc::new(origin);
    let mut rounds = Rounds::begin(&args.rounds, args.output.quiet);
    let limit = loop {
        let progress = Progress::new(args.output.quiet, Arc::new(corpus.requirements.clone()));
        let (mut limit, progress) = Limit::of(&args.stop, outputs, corpus, progress);
        let (plan, target, settings) = (plan.clone(), target.clone(), settings.clone());
        let origin = Arc::clone(&origin);
        let played = shown(corpus, progress, |requirements, events| {
            run_proxy(plan, target, origin, settings, requirements, events, limit.or_signal())
        });
        if !rounds.take(played.await) {
            break limit;
        }
    };
    let mut outcome = rounds.end();
    limit.tell(&mut outcome);
    let called = Called {
        url: url.clone(),
        name: args.name.clone().or_else(|| embedded.map(|_| "reference proxy".to_owned())),
        again: again::proxy_command(args, seed, &secrets),
    };
    let mut report = begun.report(&mut outcome, called, &secrets, corpus);
    let written = outputs.publish(&mut report, corpus);
    let ended =
        ended(written, limit.ended(|| conclude(&outcome, &report, &url, outputs.exit(&report))));
    free((report, outcome));
    ended
}

/// Our origin; for the embedded proxy, and for one that we start, any free port will do.
pub(crate) async fn origin(at: Option<SocketAddr>, is_ours: bool) -> Result<Origin, Trouble> {
    let at = match at {
        Some(at) => at,
        None if is_ours => SocketAddr::new(USUAL_ORIGIN.ip(), 0),
        None => USUAL_ORIGIN,
    };
    let origin = Origin::listen(at).await;
    origin
        .map_err(|error| Trouble::usage(format!("--origin-listen: cannot listen at {at}: {error}")))
}

/// Starts a reference proxy on a free port in front of our origin, conforming or with a fault; its URL.
pub(crate) async fn embedded(
    origin: SocketAddr,
    fault: Option<&'static ProxyFault>,
) -> Result<String, Trouble> {
    let listen = SocketAddr::new(USUAL_ORIGIN.ip(), 0);
    let proxy = Proxy::bind(ProxyConfig { fault, ..ProxyConfig::new(listen, origin) })
        .await
        .map_err(|error| Trouble::usage(format!("cannot start the embedded proxy: {error}")))?;
    let url = format!("http://{}/ws", proxy.local_addr());
    tokio::spawn(proxy.serve());
    Ok(url)
}

/// Where our origin listens if nothing else is said.
const USUAL_ORIGIN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9000);
/// How many cases are played at a time where answers come late.
const MOST_JOBS: u16 = 64;
/// How many cases are under way for each of them, those counted that merely wait.
const EACH_WATCHES: u16 = 4;

fn settings(args: &ProxyArgs, origin: SocketAddr, seed: u64) -> ProxySettings {
    let named = || args.origin_authority.clone().unwrap_or_else(|| origin.to_string());
    ProxySettings {
        forward: args.forward_proxy.then(named),
        command: args.proxy_cmd.clone(),
        jobs: usize::from(descriptors::jobs(args.pace.jobs())),
        most_jobs: usize::from(descriptors::jobs(args.pace.jobs.unwrap_or(MOST_JOBS))),
        most_watched: usize::from(descriptors::jobs(args.pace.jobs().saturating_mul(EACH_WATCHES))),
        timeout: args.pace.timeout,
        window_floor: args.pace.window,
        retries: args.pace.retries,
        seed,
        headers: args.header.clone(),
        hazardous: args.selection.hazardous,
        ready_timeout: args.ready_timeout,
        ..ProxySettings::default()
    }
}

/// The exit code, and a word on what stood in the way of judging.
fn conclude(
    outcome: &RunOutcome,
    report: &Report,
    url: &str,
    verdict: Exit,
) -> Result<Exit, Trouble> {
    let control_failed = || {
        report.cases.iter().any(|case| case.id == PROXY_CONTROL && case.verdict == Verdict::Fail)
    };
    match &outcome.ending {
        Ending::Complete => Ok(verdict),
        Ending::TargetDied { suspects } => Err(Trouble {
            exit: Exit::Failed,
            message: format!(
                "the target died; {}; with --proxy-cmd upspec restarts it and finds the case",
                suspicion(suspects)
            ),
        }),
        Ending::Interrupted => Ok(Exit::Interrupted),
        Ending::NotHttp { message } | Ending::NotSwitched { message } if control_failed() => {
            Err(Trouble { exit: verdict, message: message.clone() })
        }
        Ending::NotHttp { message } | Ending::NotSwitched { message } => {
            Err(Trouble::unreachable(format!("nothing could be judged: {message}")))
        }
        Ending::Unreachable { message } => {
            Err(Trouble::unreachable(format!("cannot play through {url}: {message}")))
        }
    }
}
