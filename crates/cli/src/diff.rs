//! `upspec diff`: plays the same cases to several servers, or reads the reports of runs that were, and shows where
//! they differ. Trouble with one server does not stop the others.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use tokio::task::JoinSet;
use upspec_corpus::Corpus;
use upspec_corpus::case::Case;
use upspec_corpus::case::Role;
use upspec_hunt::Generated;
use upspec_judge::{recount, settle};
use upspec_report::diff::{Run, Scope};
use upspec_report::text::Style;
use upspec_report::{About, Diff, Report, Secrets, Summary, blot_url, diff_summary};
use upspec_runner::{Ending, Plan, RunOutcome, Settings, Target, bindings_of};

use crate::args::diff::{DiffArgs, DiffFailOn, Named};
use crate::exit::{Exit, Trouble};
use crate::outputs::read;
use crate::run::{drive, settings, suspicion, target};
use crate::sinks::Sinks;
use crate::{console, outputs, secrets, selection};

/// Compares the servers and writes what was asked for.
pub(crate) fn diff(args: &DiffArgs) -> Result<Exit, Trouble> {
    let mut corpus = selection::load(&args.selection.cases)?;
    args.selection.check(&corpus)?;
    let urls = args.servers.iter().map(String::as_str);
    let secrets = secrets::of(&args.secret_header, Some(&args.wants), urls);
    let servers = args.named().map_err(Trouble::usage)?;
    let (mut targets, mut stored) = (Vec::new(), Vec::new());
    let mut names = BTreeSet::new();
    for (place, mut server) in servers.into_iter().enumerate() {
        let report = server.report().map(read).transpose()?;
        if let Some(name) = report.as_ref().and_then(|report| report.target.name.as_ref())
            && server.is_unnamed
        {
            server.name.clone_from(name);
        }
        if !names.insert(server.name.clone()) {
            let why = format!("two servers have the name {}; give one another: NAME=", server.name);
            return Err(Trouble::usage(why + &server.url));
        }
        match report {
            None => targets.push((place, target(&args.trust, &server.url)?, server)),
            Some(report) => stored.push((place, report, server)),
        }
    }
    let role = role_of(&stored, !targets.is_empty())?;
    if let Some(left_out) = args.selection.other_roles(&corpus, role) {
        console::remark(&left_out);
    }
    if let (Some(_), Some((_, _, server))) = (args.generated, stored.first()) {
        let why = format!("--generated plays requests, and {} is a report", server.url);
        return Err(Trouble::usage(why));
    }
    let reports: Vec<PathBuf> =
        stored.iter().map(|(_, _, server)| PathBuf::from(&server.url)).collect();
    let others = args.selection.cases.iter().chain(args.trust.files()).chain(&reports);
    let sinks = Sinks::prepare(&args.report, others)?;
    let settings = settings(&args.selection, &args.wants, &args.pace);
    let chosen = args.selection.chosen(&corpus, role, settings.seed)?;
    let (at, from) = (Timestamp::now(), Instant::now());
    let started = Started { secrets, seed: settings.seed, role, at, from };
    if let (Some(count), Some((_, first, _))) = (args.generated, targets.first()) {
        // For the titles alone; each server gets and is judged by cases of its own.
        let generated = Generated::new(settings.seed, bindings_of(first, &settings));
        corpus.extend(generated.cases(count));
    }
    let corpus = Arc::new(corpus);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Trouble::usage(format!("cannot start: {error}")))?;
    let played = runtime.block_on(play_all(args, &corpus, &chosen, targets, &settings));
    let interrupted = played.iter().any(|(_, one)| one.outcome.ending == Ending::Interrupted);
    let mut runs: Vec<(usize, Run)> =
        played.into_iter().map(|(place, one)| (place, run_of(&corpus, &started, one))).collect();
    let plan = Plan::sharing(role, &corpus.cases, |case| chosen.contains(&case.id));
    let played: BTreeSet<&str> = plan.cases().iter().map(|case| case.id.as_str()).collect();
    for (place, report, server) in stored {
        runs.push((place, stored_run(&played, report, server)));
    }
    runs.sort_by_key(|(place, _)| *place);
    let runs = runs.into_iter().map(|(_, run)| run).collect();
    conclude(args, &corpus, &started, runs, interrupted, &sinks)
}

/// What the peers are. Those of several roles have no case in common.
fn role_of(stored: &[(usize, Report, Named)], plays: bool) -> Result<Role, Trouble> {
    let mut roles: Vec<(Role, &str)> =
        stored.iter().map(|(_, report, named)| (report.target.role, named.url.as_str())).collect();
    if plays {
        roles.push((Role::Server, "a URL"));
    }
    let (first, name) = roles.first().copied().unwrap_or((Role::Server, ""));
    match roles.iter().find(|(role, _)| *role != first) {
        None => Ok(first),
        Some((role, other)) => Err(Trouble::usage(format!(
            "{name} is about a {first}, and {other} about a {role}: they have no case in common"
        ))),
    }
}

/// A run of which the report was stored, as far as the selection goes, with the controls that each run has.
fn stored_run(played: &BTreeSet<&str>, mut report: Report, server: Named) -> Run {
    report.cases.retain(|case| {
        let again = case.id.strip_suffix("-again");
        [Some(case.id.as_str()), again].iter().flatten().any(|id| played.contains(id))
    });
    recount(&mut report.cases);
    report.summary = Summary::of(&report.cases);
    let trouble = report.trouble.clone().filter(|_| !report.complete);
    Run { name: server.name, trouble, report }
}

/// What all servers have in common.
struct Started {
    secrets: Secrets,
    seed: u64,
    role: Role,
    at: Timestamp,
    from: Instant,
}

/// A server and what became of its run.
struct Played {
    server: Named,
    outcome: RunOutcome,
}

/// Plays to all servers at once, each at the pace of a run of its own.
async fn play_all(
    args: &DiffArgs,
    corpus: &Arc<Corpus>,
    chosen: &BTreeSet<String>,
    targets: Vec<(usize, Target, Named)>,
    settings: &Settings,
) -> Vec<(usize, Played)> {
    let mut runs = JoinSet::new();
    for (place, target, server) in targets {
        let generated = Generated::new(settings.seed, bindings_of(&target, settings));
        let plan = plan(args, corpus, chosen, &generated);
        let (corpus, settings, quiet) = (Arc::clone(corpus), settings.clone(), args.quiet);
        runs.spawn(async move {
            let mut outcome = drive(plan, target, settings, &corpus, true).await;
            settle(&mut outcome.results, &corpus.requirements);
            if !quiet {
                console::remark(&format!(
                    "{}: {} cases",
                    blot_url(&server.name),
                    outcome.results.len()
                ));
            }
            (place, Played { server, outcome })
        });
    }
    let mut played = Vec::new();
    while let Some(run) = runs.join_next().await {
        match run {
            Ok(run) => played.push(run),
            Err(error) => console::complain(&format!("a run broke off: {error}")),
        }
    }
    played
}

/// What is played to one server: the corpus, or generated requests and what finds out whether they mean
/// anything.
fn plan(
    args: &DiffArgs,
    corpus: &Corpus,
    chosen: &BTreeSet<String>,
    generated: &Generated,
) -> Plan {
    let Some(count) = args.generated else {
        return Plan::sharing(Role::Server, &corpus.cases, |case| chosen.contains(&case.id));
    };
    let is_own = |case: &Case| case.id.starts_with(Generated::TOPIC);
    let others = corpus.cases.iter().filter(|case| !is_own(case)).cloned();
    let cases: Vec<Case> = others.chain(generated.cases(count)).collect();
    Plan::new(&cases, is_own)
}

/// Puts the runs side by side, shows and writes the comparison, and decides the exit code.
fn conclude(
    args: &DiffArgs,
    corpus: &Corpus,
    started: &Started,
    runs: Vec<Run>,
    interrupted: bool,
    sinks: &Sinks<Diff>,
) -> Result<Exit, Trouble> {
    let scope = if args.all { Scope::All } else { Scope::Differing };
    let diff = Diff::of_runs(about(corpus, started, None), runs, corpus, scope);
    let judged = diff.servers.iter().any(|server| server.summary.judged() > 0);
    let written = sinks.write(&diff, judged);
    if !args.quiet {
        sinks.tell(&diff_summary(&diff, Style::Coloured));
        sinks.tell(&written.told);
    }
    written.result.map(|()| exit(args, &diff, interrupted))
}

fn exit(args: &DiffArgs, diff: &Diff, interrupted: bool) -> Exit {
    let failed = diff.servers.iter().any(|server| server.summary.fail > 0);
    let counts = match args.fail_on {
        DiffFailOn::Difference => failed || diff.differing > 0,
        DiffFailOn::Fail => failed,
        DiffFailOn::Never => false,
    };
    if interrupted {
        Exit::Interrupted
    } else if diff.servers.iter().any(|server| server.trouble.is_some()) {
        Exit::Unreachable
    } else if counts {
        Exit::Failed
    } else {
        Exit::Conforming
    }
}

fn run_of(corpus: &Corpus, started: &Started, mut played: Played) -> Run {
    let results = std::mem::take(&mut played.outcome.results);
    let about = about(corpus, started, Some(&played));
    let report = Report::of_run(about, results, &started.secrets, corpus);
    let trouble = trouble(&played.outcome);
    if let Some(trouble) = &trouble {
        console::complain(&format!("{}: {trouble}", played.server.name));
    }
    Run {
        name: blot_url(&played.server.name),
        trouble: trouble.map(|trouble| console::blot(&trouble)),
        report,
    }
}

/// Why a server was not asked everything.
fn trouble(outcome: &RunOutcome) -> Option<String> {
    Some(match &outcome.ending {
        Ending::Complete => return None,
        Ending::Interrupted => "interrupted".to_owned(),
        Ending::NotSwitched { message } => message.clone(),
        Ending::NotHttp { message } => format!("nothing could be judged: {message}"),
        Ending::Unreachable { message } => format!("cannot be reached: {message}"),
        Ending::TargetDied { suspects } => format!("it died; {}", suspicion(suspects)),
    })
}

/// What is known of a run, or of the whole comparison.
fn about(corpus: &Corpus, started: &Started, played: Option<&Played>) -> About {
    let named = played.map(|played| &played.server);
    About {
        tool: outputs::tool(corpus),
        target: upspec_report::Target {
            role: started.role,
            url: named.map(|server| server.url.clone()).unwrap_or_default(),
            name: named.map(|server| server.name.clone()),
            facts: played.map(|played| played.outcome.facts.clone()).unwrap_or_default(),
        },
        seed: started.seed,
        again: None,
        started: started.at,
        elapsed_ms: u64::try_from(started.from.elapsed().as_millis()).unwrap_or(u64::MAX),
        complete: played.is_none_or(|played| played.outcome.complete),
        trouble: played.and_then(|played| played.outcome.ending.trouble()),
        remarks: played.map(|played| played.outcome.remarks.clone()).unwrap_or_default(),
    }
}
