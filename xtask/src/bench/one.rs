//! `cargo xtask bench URL`: how much longer a full run takes than a bare loop that opens as many
//! connections, sends the same octets and waits as long.
//! It prints both times and their ratio, taken in one process, and asserts nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::unbounded_channel;
use upspec_corpus::Corpus;
use upspec_judge::CaseResult;
use upspec_runner::{Event, Plan, Settings, Target};

use super::bare::{self, Far, Waits, Way};
use crate::Outcome;

/// What the task was asked to do.
#[derive(Debug)]
pub(crate) struct Options {
    /// The target.
    pub(crate) url: String,
    /// How many cases are played at once, and how many connections the bare loop has open.
    pub(crate) jobs: usize,
    /// How often both are timed; the median counts.
    pub(crate) rounds: usize,
}

/// Times run and bare loop in turns, and prints the medians and their ratio.
pub(crate) fn run(options: &Options) -> Outcome {
    let corpus = Corpus::embedded().map_err(|error| vec![error.to_string()])?;
    let target = Target::parse(&options.url).map_err(|error| vec![error.to_string()])?;
    if target.tls.is_some() {
        return Err(vec!["the bare loop speaks no TLS: give a ws URL".to_owned()]);
    }
    let runtime =
        tokio::runtime::Runtime::new().map_err(|error| vec![format!("cannot start: {error}")])?;
    let mut rounds = Vec::new();
    for round in 0..options.rounds.max(1) {
        let timed = runtime.block_on(one_round(&corpus, &target, options.jobs))?;
        println!(
            "round {}: run {} ms, bare loop {} ms, {} connections, {} cases",
            round + 1,
            timed.run.as_millis(),
            timed.bare.as_millis(),
            timed.connections,
            timed.cases
        );
        rounds.push(timed);
    }
    let run = median(rounds.iter().map(|round| round.run));
    let bare = median(rounds.iter().map(|round| round.bare));
    let ratio = run.as_secs_f64() / bare.as_secs_f64().max(f64::EPSILON);
    Ok(format!(
        "bench: --jobs {}: run {} ms, bare loop {} ms, ratio {ratio:.2} (medians of {})",
        options.jobs,
        run.as_millis(),
        bare.as_millis(),
        rounds.len()
    ))
}

struct Round {
    run: Duration,
    bare: Duration,
    connections: usize,
    cases: usize,
}

async fn one_round(corpus: &Corpus, target: &Target, jobs: usize) -> Result<Round, Vec<String>> {
    let plan = Plan::new(&corpus.cases, |_| true);
    let settings = Settings { jobs, seed: 1, ..Settings::default() };
    let requirements = Arc::new(corpus.requirements.clone());
    let (events, mut told) = unbounded_channel();
    let begun = Instant::now();
    let never = std::future::pending();
    let outcome =
        upspec_runner::run(plan, target.clone(), settings, requirements, events, never).await;
    let run = begun.elapsed();
    if !outcome.complete {
        return Err(vec![format!("the run did not end well: {:?}", outcome.ending)]);
    }
    let mut records = Vec::new();
    while let Ok(event) = told.try_recv() {
        if let Event::Repeated(result) = event {
            records.extend(result.record.into_iter().chain(result.twin));
        }
    }
    let played = |result: &&CaseResult| result.record.is_some();
    let cases = outcome.results.iter().filter(played).count();
    let of = |result: CaseResult| result.record.into_iter().chain(result.twin);
    records.extend(outcome.results.into_iter().flat_map(of));
    let connections = records.len();
    let again = async {
        let far = Far::At(bare::address(target).await?);
        bare::replay(records, Way { far, waits: Waits::Kept, jobs }).await
    };
    let bare = again.await.map_err(|error| vec![format!("cannot replay: {error}")])?.all;
    Ok(Round { run, bare, connections, cases })
}

fn median(times: impl Iterator<Item = Duration>) -> Duration {
    let mut times: Vec<Duration> = times.collect();
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
