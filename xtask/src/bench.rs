//! `cargo xtask bench URL`: how much longer a full run takes than a bare loop that opens as many
//! connections, sends the same octets and waits as long.
//! Never asserts a time: it prints both times and their ratio, taken in one process.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::unbounded_channel;
use upspec_cli::Arbiter;
use upspec_corpus::case::Case;
use upspec_corpus::{Corpus, Registry};
use upspec_judge::{CaseResult, Exchange, Leave, Progress, Reason, TargetFacts, Verdict};
use upspec_runner::{Judge, Plan, Settings, Target};

use crate::Outcome;

mod bare;

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
    let recorder = Arc::new(Recorder::new(&corpus.requirements));
    let plan = Plan::new(&corpus.cases, |_| true);
    let settings = Settings { jobs, seed: 1, ..Settings::default() };
    let (events, _) = unbounded_channel();
    let judge = Arc::clone(&recorder) as Arc<dyn Judge>;
    let begun = Instant::now();
    let never = std::future::pending();
    let outcome = upspec_runner::run(plan, target.clone(), settings, judge, events, never).await;
    let run = begun.elapsed();
    if !outcome.complete {
        return Err(vec![format!("the run did not end well: {:?}", outcome.ending)]);
    }
    let exchanges = recorder.take();
    let connections = exchanges.len();
    let bare = bare::replay(exchanges, target, jobs)
        .await
        .map_err(|error| vec![format!("cannot replay: {error}")])?;
    let played = |result: &&CaseResult| !result.exchanges.is_empty();
    Ok(Round { run, bare, connections, cases: outcome.results.iter().filter(played).count() })
}

fn median(times: impl Iterator<Item = Duration>) -> Duration {
    let mut times: Vec<Duration> = times.collect();
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Judges as a run does, and keeps each exchange that it is shown, those of repeated attempts too.
struct Recorder {
    arbiter: Arbiter,
    kept: Mutex<Vec<Exchange>>,
}

impl Recorder {
    fn new(requirements: &Registry) -> Self {
        Self { arbiter: Arbiter { requirements: requirements.clone() }, kept: Mutex::default() }
    }

    fn take(&self) -> Vec<Exchange> {
        std::mem::take(&mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Judge for Recorder {
    fn judge(&self, case: &Case, exchanges: Vec<Exchange>, facts: &TargetFacts) -> CaseResult {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(exchanges.iter().cloned());
        drop(kept);
        self.arbiter.judge(case, exchanges, facts)
    }

    fn not_played(
        &self,
        case: &Case,
        verdict: Verdict,
        reason: Reason,
        message: &str,
    ) -> CaseResult {
        self.arbiter.not_played(case, verdict, reason, message)
    }

    fn learn(&self, case: &Case, exchange: &Exchange, facts: &mut TargetFacts) {
        self.arbiter.learn(case, exchange, facts);
    }

    fn rests_on_silence(&self, case: &Case, result: &CaseResult) -> bool {
        self.arbiter.rests_on_silence(case, result)
    }

    fn progress(&self, case: &Case, written: &[u8], read: &[u8]) -> Progress {
        self.arbiter.progress(case, written, read)
    }

    fn leave(&self, case: &Case, written: &[u8], read: &[u8], close: &[u8]) -> Leave {
        self.arbiter.leave(case, written, read, close)
    }
}
