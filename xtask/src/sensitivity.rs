//! `cargo xtask sensitivity`: the whole corpus against the conforming reference server, client and proxy, their
//! lawful variations, and each of their faults, in the clear and over TLS, within this process.
//! What is lawful passes everything, each fault is caught, each case can fail; nothing is excused.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use upspec_cli::Caught;
use upspec_corpus::Corpus;
use upspec_corpus::case::{Act, Case, Role};

use crate::{Outcome, root};

mod demands;
mod matrix;
mod play;
mod subject;

use demands::Doubt;
use play::{Pace, Secret, Shared, play_those};
use subject::{Played, Subject};

/// What the task was asked to do.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// The faults that it is limited to.
    pub(crate) faults: Vec<String>,
    /// The role that it is limited to.
    pub(crate) role: Option<Role>,
    /// Where the whole matrix goes.
    pub(crate) matrix: Option<PathBuf>,
    /// Whether the table of caught faults is written.
    pub(crate) update: bool,
}

/// Plays everything, prints what each fault is caught by, and lists what is out of order.
pub(crate) fn run(options: &Options) -> Outcome {
    let begun = Instant::now();
    let corpus = Corpus::embedded().map_err(|error| vec![error.to_string()])?;
    let subjects = chosen(options)?;
    let known = table()?;
    let runtime =
        tokio::runtime::Runtime::new().map_err(|error| vec![format!("cannot start: {error}")])?;
    let secret =
        Secret::fresh().map_err(|error| vec![format!("cannot make a certificate: {error}")])?;
    let shared = Arc::new(Shared { corpus, secret });
    let mut played = Vec::new();
    for role in [Role::Server, Role::Client, Role::Intermediary] {
        let own: Vec<Subject> =
            subjects.iter().copied().filter(|subject| subject.role() == role).collect();
        played.extend(runtime.block_on(play_until_sure(role, &own, &shared, &known)));
    }
    let corpus = &shared.corpus;
    print!("{}", matrix::table(&played));
    if let Some(path) = &options.matrix {
        write(path, &matrix::json(corpus, &played))?;
    }
    let mut problems: Vec<String> =
        played.iter().flat_map(|one| demands::of_run(corpus, one)).collect();
    if options.faults.is_empty() {
        print!("{}", matrix::totals(corpus, &played));
        problems.extend(demands::of_corpus(corpus, &played));
        problems.extend(compare(&played, &known, corpus, options)?);
    }
    if problems.is_empty() {
        let seconds = begun.elapsed().as_secs_f64();
        Ok(format!("sensitivity: in order, after {seconds:.0} s"))
    } else {
        Err(problems)
    }
}

/// The table as it is now: another role may have been written since the binary was built.
fn table() -> Result<Caught, Vec<String>> {
    let text = std::fs::read_to_string(root().join(TABLE));
    let text = text.map_err(|error| vec![format!("{TABLE}: {error}")])?;
    Caught::read(&text).ok_or_else(|| vec![format!("{TABLE} is no table: --update writes it anew")])
}

/// The servers to play against; a single fault is played with the conforming server beside it.
fn chosen(options: &Options) -> Result<Vec<Subject>, Vec<String>> {
    let faults = &options.faults;
    let is_called = |one: &Subject, name: &str| one.fault().is_some_and(|it| it.name == name);
    let all = Subject::all();
    let unknown = faults.iter().filter(|name| !all.iter().any(|one| is_called(one, name)));
    let unknown: Vec<String> = unknown.map(|name| format!("no fault is called `{name}`")).collect();
    if !unknown.is_empty() {
        return Err(unknown);
    }
    let is_of_role = |one: &Subject| options.role.is_none_or(|role| one.role() == role);
    let is_wanted = |one: &Subject| {
        (faults.is_empty() && is_of_role(one))
            || (matches!(one, Subject::Conforming | Subject::Client(None) | Subject::Proxy(None))
                && is_of_role(one))
            || faults.iter().any(|name| is_called(one, name))
    };
    Ok(all.into_iter().filter(is_wanted).collect())
}

/// Plays against each server. What is not as it should be, or not as it was, is played again and
/// patiently before it counts: on a busy machine a wait may have been too short. First the cases in doubt alone, then
/// whole runs, where only a few are left.
async fn play_until_sure(
    role: Role,
    subjects: &[Subject],
    shared: &Arc<Shared>,
    known: &Caught,
) -> Vec<Played> {
    let begun = Instant::now();
    let wholly = subjects.iter().map(|subject| (*subject, None)).collect();
    let hasty = if role == Role::Intermediary { BETWEEN } else { HASTY };
    let mut played = play_all(wholly, shared, hasty).await;
    for pace in [PATIENT, ALONE] {
        let doubts = played.iter().enumerate();
        let doubts = doubts
            .filter_map(|(index, one)| Some((index, demands::doubt(&shared.corpus, one, known)?)));
        let doubts: Vec<(usize, Doubt)> = doubts.collect();
        if doubts.is_empty() || pace == ALONE && doubts.len() > A_FEW {
            break;
        }
        let seconds = begun.elapsed().as_secs_f64();
        eprintln!(
            "{} of {} once more, patiently, after {seconds:.0} s",
            doubts.len(),
            played.len()
        );
        let places: Vec<usize> = doubts.iter().map(|(index, _)| *index).collect();
        let again = doubts.into_iter().map(|(index, doubt)| match doubt {
            Doubt::Cases(cases) if pace != ALONE => (subjects[index], Some(cases)),
            _ => (subjects[index], None),
        });
        let again: Vec<_> = again.collect();
        let seconds = play_all(again.clone(), shared, pace).await;
        for ((index, (_, cases)), second) in places.into_iter().zip(again).zip(seconds) {
            match cases {
                None => played[index] = second,
                Some(cases) => played[index].replace(&cases, second),
            }
        }
    }
    play_one_by_one(&mut played, shared, known).await;
    played
}

/// Plays what time decided against once more, each alone: a case that the table says is caught and that no run
/// caught this time, with the faults that the table has for it. One that is caught then has shown that it can be.
async fn play_one_by_one(played: &mut [Played], shared: &Arc<Shared>, known: &Caught) {
    let corpus = &shared.corpus;
    let is_missed = |case: &&Case| {
        let is_played = played.iter().any(|one| one.subject.role() == case.role);
        is_played
            && is_timed(case)
            && !played.iter().any(|one| one.noted.contains_key(case.id.as_str()))
    };
    let missed: Vec<&Case> = corpus.cases.iter().filter(is_missed).take(A_FEW).collect();
    for case in missed {
        for fault in known.by(&case.id) {
            let is_it = |one: &&mut Played| {
                one.subject.role() == case.role
                    && one.subject.fault().is_some_and(|it| it.name == fault)
            };
            let Some(one) = played.iter_mut().find(is_it) else {
                continue;
            };
            eprintln!("{} once more with {fault}, alone", case.id);
            let again = play_those(one.subject, shared, ALONE, |it| it.id == case.id).await;
            one.noted.extend(again.noted);
            if one.noted.contains_key(case.id.as_str()) {
                break;
            }
        }
    }
}

/// The results in the order of the servers. Of some only these cases are played.
async fn play_all(
    runs: Vec<(Subject, Option<BTreeSet<String>>)>,
    shared: &Arc<Shared>,
    pace: Pace,
) -> Vec<Played> {
    let mut waiting = runs.into_iter().enumerate();
    let mut running = JoinSet::new();
    let mut done = Vec::new();
    loop {
        while running.len() < pace.servers {
            let Some((index, (subject, cases))) = waiting.next() else {
                break;
            };
            let shared = Arc::clone(shared);
            running.spawn(async move {
                let is_wanted = |case: &Case| cases.as_ref().is_none_or(|it| it.contains(&case.id));
                (index, play_those(subject, &shared, pace, is_wanted).await)
            });
        }
        match running.join_next().await {
            None => break,
            Some(Ok(pair)) => done.push(pair),
            // Nobody aborts a task of ours, so it is a bug, and it stays one.
            Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
        }
    }
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, played)| played).collect()
}

/// Holds what was caught against the table, or writes the table.
fn compare(
    played: &[Played],
    known: &Caught,
    corpus: &Corpus,
    options: &Options,
) -> Result<Vec<String>, Vec<String>> {
    // What was not played is as it was.
    let is_played = |id: &str| {
        options.role.is_none_or(|role| corpus.case(id).is_none_or(|case| case.role == role))
    };
    let mut caught = known.without(is_played);
    for one in played {
        let Some(fault) = one.subject.fault() else {
            continue;
        };
        // What costs too much may come too late for any case on a busy machine; the cases about cost catch it.
        let is_luck = |id: &str| {
            fault.name.ends_with(COSTS) && corpus.case(id).is_some_and(|case| !case.is_about_cost())
        };
        for case in one.caught().into_iter().filter(|case| !is_luck(case)) {
            caught.insert(case, fault.name);
        }
    }
    if options.update {
        write(&root().join(TABLE), &caught.write())?;
        return Ok(Vec::new());
    }
    // Time decides who catches these, and a busy machine has less of it; that somebody does is asked elsewhere.
    let is_timed = |id: &str| corpus.case(id).is_some_and(is_timed);
    let mut changes = matrix::changes(&known.without(is_timed), &caught.without(is_timed));
    if !changes.is_empty() {
        changes.push(format!("{TABLE} is out of date: cargo xtask sensitivity --update"));
    }
    Ok(changes)
}

/// Whether the moment of a reset, or how long something takes, makes a case fail or warn.
fn is_timed(case: &Case) -> bool {
    let is_timed = |act: &Act| matches!(act, Act::Reset | Act::PauseReading(_));
    case.is_about_cost() || case.steps.iter().any(|step| is_timed(&step.act))
}

fn write(path: &std::path::Path, text: &str) -> Result<(), Vec<String>> {
    std::fs::write(path, text).map_err(|error| vec![format!("{}: {error}", path.display())])
}

/// What the faults are called that do nothing but take time.
const COSTS: &str = "-cost";
const TABLE: &str = "crates/cli/caught.toml";
/// A proxy takes two connections for each exchange, and some silence shows only at its other end.
const BETWEEN: Pace = Pace { servers: 16, jobs: 16, timeout: Duration::from_secs(2) };
const HASTY: Pace = Pace { servers: 32, jobs: 32, timeout: Duration::from_secs(2) };
const PATIENT: Pace = Pace { servers: 4, jobs: 16, timeout: Duration::from_secs(4) };
const ALONE: Pace = Pace { servers: 1, jobs: 8, timeout: Duration::from_secs(6) };

/// So many servers can be played against one by one.
const A_FEW: usize = 24;
