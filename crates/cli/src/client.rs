//! `upspec client`: plays the corpus to a client that is started for each case, and reports what it does.

use std::path::PathBuf;
use std::sync::Arc;

use crate::Embedded;
use upspec_corpus::Corpus;
use upspec_corpus::case::{Need, Role};
use upspec_judge::Verdict;
use upspec_report::Report;
use upspec_runner::{
    CLIENT_CONTROL, ClientSettings, Command, Ending, Plan, RunOutcome, Starter, run_clients,
};

use crate::args::client::ClientArgs;
use crate::begun::{Begun, Called, ended, free};
use crate::console::{self, Progress};
use crate::exit::{Exit, Trouble};
use crate::limit::Limit;
use crate::outputs::Outputs;
use crate::page::Page;
use crate::rounds::Rounds;
use crate::run::{fresh_seed, shown};
use crate::{again, descriptors, plan, secrets, selection, signals};

/// Runs the corpus and writes the reports.
pub(crate) fn client(args: &ClientArgs) -> Result<Exit, Trouble> {
    let mut corpus = selection::load(&args.selection.cases)?;
    args.selection.check(&corpus)?;
    if let Some(left_out) = args.selection.other_roles(&corpus, Role::Client) {
        console::remark(&left_out);
    }
    corpus.keep_names_of_others(Role::Client);
    let files = args.plan.iter().chain(&args.ca_out);
    let others: Vec<&PathBuf> = args.selection.cases.iter().chain(files).collect();
    let mut outputs = Outputs::prepare(&args.output, &others)?;
    let seed = args.pace.seed.unwrap_or_else(fresh_seed);
    let chosen = args.selection.chosen(&corpus, Role::Client, seed)?;
    outputs.asked = args.selection.asked(&chosen);
    let plan = Plan::sharing(Role::Client, &corpus.cases, |case| chosen.contains(&case.id));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Trouble::usage(format!("cannot start: {error}")))?;
    let ended = runtime.block_on(play(args, &corpus, &outputs, plan, seed));
    // A client that hears nothing must not keep us.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    free(corpus);
    ended
}

async fn play(
    args: &ClientArgs,
    corpus: &Corpus,
    outputs: &Outputs<'_>,
    plan: Plan,
    seed: u64,
) -> Result<Exit, Trouble> {
    let settings = settings(args, seed);
    let page = page(args).await?;
    let starter = match &page {
        Some(page) => Arc::new(page.clone()),
        None => starter(args)?,
    };
    let begun = Begun::now(Role::Client, seed, args.output.quiet);
    let mut rounds = Rounds::begin(&args.rounds, args.output.quiet);
    let limit = loop {
        let progress = Progress::new(args.output.quiet, Arc::new(corpus.requirements.clone()));
        let (mut limit, progress) = Limit::of(&args.stop, outputs, corpus, progress);
        let (plan, starter, settings) = (plan.clone(), Arc::clone(&starter), settings.clone());
        let played = shown(corpus, progress, |requirements, events| {
            run_clients(plan, starter, settings, requirements, events, limit.or_signal())
        });
        if !rounds.take(played.await) {
            break limit;
        }
    };
    let mut outcome = rounds.end();
    limit.tell(&mut outcome);
    if let Some(page) = &page {
        page.end().await;
    }
    let url = match (&args.cmd, &page) {
        (Some(command), _) => command.clone(),
        (None, Some(page)) => format!("the browser at http://{}/", page.addr()),
        (None, None) if args.plan.is_some() => "a client that somebody else starts".to_owned(),
        (None, None) => "the embedded reference client".to_owned(),
    };
    let secrets = secrets::of(&args.output.secret_header, None, [url.as_str()]);
    let again = again::client_command(args, seed, &secrets);
    let called = Called { url, name: args.name.clone(), again };
    let mut report = begun.report(&mut outcome, called, &secrets, corpus);
    let written = outputs.publish(&mut report, corpus);
    let ended = ended(written, limit.ended(|| conclude(&outcome, &report, outputs.exit(&report))));
    free((report, outcome));
    ended
}

fn settings(args: &ClientArgs, seed: u64) -> ClientSettings {
    ClientSettings {
        jobs: usize::from(descriptors::jobs(args.pace.jobs())),
        timeout: args.pace.timeout,
        window_floor: args.pace.window,
        retries: args.pace.retries,
        seed,
        hazardous: args.selection.hazardous,
        declared: if args.browser || args.page { vec![Need::Browser] } else { Vec::new() },
        host: args.listen.map_or(ClientSettings::default().host, |listen| listen.ip()),
        ca_out: args.ca_out.clone(),
        ..ClientSettings::default()
    }
}

/// The page, once a browser has come to it.
async fn page(args: &ClientArgs) -> Result<Option<Page>, Trouble> {
    let Some(listen) = args.listen else {
        return Ok(None);
    };
    if listen.ip().is_unspecified() {
        return Err(Trouble::usage(
            "--listen: name the address at which the browser finds this machine",
        ));
    }
    let page = Page::serve(listen).await;
    let page =
        page.map_err(|error| Trouble::usage(format!("cannot listen at {listen}: {error}")))?;
    console::remark(&format!("open http://{}/ in the browser", page.addr()));
    tokio::select! {
        () = page.visited() => Ok(Some(page)),
        () = signals::told() => Err(Trouble { exit: Exit::Interrupted, message: "no browser came".to_owned() }),
    }
}

fn starter(args: &ClientArgs) -> Result<Arc<dyn Starter>, Trouble> {
    if let Some(path) = &args.plan {
        let plan = plan::Plan::at(path);
        let plan = plan
            .map_err(|error| Trouble::usage(format!("cannot write {}: {error}", path.display())))?;
        return Ok(Arc::new(plan));
    }
    match &args.cmd {
        Some(command) => {
            let command = Command::parse(command)
                .map_err(|error| Trouble::usage(format!("--cmd: {error}")))?;
            Ok(Arc::new(command))
        }
        None => Ok(Arc::new(Embedded::default())),
    }
}

/// The exit code, and a word on what stood in the way of judging.
fn conclude(outcome: &RunOutcome, report: &Report, verdict: Exit) -> Result<Exit, Trouble> {
    let control_failed = || {
        report.cases.iter().any(|case| case.id == CLIENT_CONTROL && case.verdict == Verdict::Fail)
    };
    match &outcome.ending {
        Ending::Complete => Ok(verdict),
        Ending::TargetDied { .. } => Err(Trouble {
            exit: if verdict == Exit::Conforming { Exit::Unreachable } else { verdict },
            message: "the client no longer does what it did at first, so the rest was not played"
                .to_owned(),
        }),
        Ending::Interrupted => Ok(Exit::Interrupted),
        Ending::NotSwitched { message } if control_failed() => {
            Err(Trouble { exit: verdict, message: message.clone() })
        }
        Ending::NotSwitched { message }
        | Ending::NotHttp { message }
        | Ending::Unreachable { message } => {
            Err(Trouble::unreachable(format!("nothing could be judged: {message}")))
        }
    }
}
