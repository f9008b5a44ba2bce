//! What the hunts for clients and for intermediaries share: the state to go on from, the hunt as it is shown, and what is
//! told at its end.

use upspec_corpus::Corpus;
use upspec_hunt::Options;
use upspec_hunt::chase::{
    Caught, CaughtKind, Chase, ChaseEnding, ChaseEvent, ChaseState, Drawn, Quarry,
};

use crate::args::fuzz::FuzzArgs;
use crate::console;
use crate::exit::{Exit, Trouble};
use crate::fuzz::{Display, options};
use crate::parts::{find_places, first_by, fresh, goes_on, kept_at, tell_course};
use crate::signals;

/// The state to go on from.
pub(crate) fn state<D: Drawn>(args: &FuzzArgs) -> Result<ChaseState<D>, Trouble> {
    let stored = match &args.state {
        Some(path) => ChaseState::load(path).map_err(Trouble::usage)?,
        None => None,
    };
    let state: ChaseState<D> = match stored {
        Some(state) => goes_on(args, state.seed, state.part).map(|()| state)?,
        None => ChaseState { part: args.part(), ..ChaseState::new(fresh(args)?) },
    };
    find_places(args, state.part)?;
    Ok(state)
}

/// Hunts, and shows how it goes.
pub(crate) async fn chase<Q: Quarry>(
    args: &FuzzArgs,
    corpus: &Corpus,
    quarry: Q,
    state: ChaseState<Q::Drawn>,
) -> Result<ChaseEnding<Q::Drawn>, Trouble> {
    tell_course(args, state.seed, state.part, state.next);
    let (send, mut receive) = tokio::sync::mpsc::unbounded_channel();
    let quiet = args.quiet;
    let shown = tokio::spawn(async move {
        let mut display = Display::new(quiet);
        while let Some(event) = receive.recv().await {
            match event {
                ChaseEvent::Found(found) => {
                    let Caught { requirement, message, drawn, .. } = *found;
                    display.line(&format!("found {requirement}: {message}  [{drawn}]"));
                }
                ChaseEvent::Note(note) => display.line(&note),
                ChaseEvent::Tick { executed, per_second, findings } => {
                    display.tick(executed, per_second, findings);
                }
            }
        }
        display.finish();
    });
    let options = Options { jobs: args.jobs(USUAL_JOBS), ..options(args, state.seed) };
    let ending = Chase::run(quarry, corpus, options, state, send, signals::told()).await;
    let _ = shown.await;
    ending.map_err(|error| Trouble::unreachable(error.to_string()))
}

/// Stores the state, and prints what was found, all hunts of the state together. `again` is the command that replays a
/// finding, up to the folder of its case.
pub(crate) fn conclude<D: Drawn>(
    args: &FuzzArgs,
    ending: &ChaseEnding<D>,
    again: &str,
) -> Result<Exit, Trouble> {
    for path in kept_at(args, ending.state.part) {
        ending.state.save(&path).map_err(Trouble::usage)?;
    }
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
    tell_findings(findings, again);
    match (&ending.gone, ending.interrupted, findings.is_empty()) {
        (_, true, _) => Ok(Exit::Interrupted),
        (Some(why), _, true) => Err(Trouble::unreachable(format!("the hunt ended early: {why}"))),
        (Some(why), ..) => Err(Trouble::new(Exit::Failed, format!("the hunt ended early: {why}"))),
        (None, _, true) => Ok(Exit::Conforming),
        (None, _, false) => Ok(Exit::Failed),
    }
}

/// Prints each finding, with the beginning of the command that replays it.
pub(crate) fn tell_findings<D: Drawn>(findings: &[Caught<D>], again: &str) {
    let mut sorted: Vec<&Caught<D>> = findings.iter().collect();
    sorted.sort_by(|a, b| a.requirement.cmp(&b.requirement));
    for finding in sorted {
        console::say(&format!("{}\n", console::safe(told(finding, again).trim_end())));
    }
}

/// A finding in a few lines, with how to play it again.
fn told<D: Drawn>(finding: &Caught<D>, again: &str) -> String {
    let kind = match finding.kind {
        CaughtKind::Death => "death",
        CaughtKind::Violation => "violation",
    };
    let Caught { requirement, count, message, drawn, exit, case, number, part, .. } = finding;
    let first = first_by(*part, *number);
    let exit = exit.as_ref().map_or_else(String::new, |exit| format!("; its process: {exit}"));
    let what = D::WORD;
    format!(
        "{kind} {requirement}, {count} times{first}\n  {message}{exit}\n  {what}: {drawn}\n  again:  {again} --only '{case}'\n"
    )
}

/// How many exchanges are under way at a time, unless something else is asked for.
pub(crate) const USUAL_JOBS: u16 = 16;
