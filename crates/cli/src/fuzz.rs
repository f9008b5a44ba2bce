//! `upspec fuzz`: hunts a live target, and tells what it finds.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use upspec_corpus::Corpus;
use upspec_corpus::case::Outcome;
use upspec_hunt::{Ending, Error, Event, Finding, Hunt, Kind, Options, State};
use upspec_judge::Verdict;
use upspec_report::Baseline;
use upspec_runner::{Prober, Settings};

use crate::args::fuzz::{FuzzArgs, FuzzFailOn};
use crate::console;
use crate::exit::{Exit, Trouble};
use crate::outputs::{read_baseline, today};
use crate::parts::{find_places, first_by, fresh, goes_on, kept_at, tell_course};
use crate::run::target;
use crate::signals::{self, Orderly};
use crate::{fuzz_client, fuzz_proxy, secrets, selection};

/// Hunts, and writes state and findings.
pub(crate) fn fuzz(args: &FuzzArgs) -> Result<Exit, Trouble> {
    if args.client {
        return fuzz_client::fuzz(args);
    }
    if args.proxy {
        return fuzz_proxy::fuzz(args);
    }
    let corpus = selection::load(&[])?;
    let state = state(args)?;
    find_places(args, state.part)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Trouble::usage(format!("cannot start: {error}")))?;
    let baseline = args.baseline.as_deref().map(read_baseline).transpose()?;
    let secrets = secrets::of(&args.secret_header, Some(&args.wants), [args.url()]);
    let mut ending = runtime.block_on(hunt(args, &corpus, state))?;
    for finding in &mut ending.state.findings {
        finding.message = secrets.blot(&finding.message);
    }
    for path in kept_at(args, ending.state.part) {
        ending.state.save(&path).map_err(Trouble::usage)?;
    }
    Ok(conclude(args, &ending, baseline.as_ref()))
}

/// The state to go on from.
fn state(args: &FuzzArgs) -> Result<State, Trouble> {
    let stored = match &args.state {
        Some(path) => State::load(path).map_err(Trouble::usage)?,
        None => None,
    };
    match stored {
        Some(state) => goes_on(args, state.seed, state.part).map(|()| state),
        None => Ok(State { part: args.part(), ..State::new(fresh(args)?) }),
    }
}

async fn hunt(args: &FuzzArgs, corpus: &Corpus, state: State) -> Result<Ending, Trouble> {
    let target = target(&args.trust, args.url())?;
    args.server.begin_log()?;
    let requirements = Arc::new(corpus.requirements.clone());
    let _orderly = Orderly::begin();
    let prober = tokio::select! {
        // What was started until then ends when it is dropped.
        () = signals::told() => return Err(Trouble::new(Exit::Interrupted, "interrupted")),
        prober = Prober::start(target, settings(args, state.seed), requirements) => prober,
    };
    let prober = prober.map_err(|message| {
        Trouble::unreachable(format!("cannot reach {}: {message}", args.url()))
    })?;
    tell_course(args, state.seed, state.part, state.next);
    let (send, mut receive) = tokio::sync::mpsc::unbounded_channel();
    let quiet = args.quiet;
    let shown = tokio::spawn(async move {
        let mut display = Display::new(quiet);
        while let Some(event) = receive.recv().await {
            display.show(&event);
        }
        display.finish();
    });
    let options = options(args, state.seed);
    let ending = Hunt::run(prober, corpus, options, state, send, signals::told()).await;
    let _ = shown.await;
    ending.map_err(|error| no_hunt(&error, args.url()))
}

fn settings(args: &FuzzArgs, seed: u64) -> Settings {
    let required = args.wants.require_subprotocol;
    let first = args.wants.subprotocol.first().cloned();
    args.server.on(Settings {
        jobs: args.jobs(USUAL_JOBS),
        timeout: args.timeout,
        window_floor: args.window,
        seed,
        headers: args.wants.header.clone(),
        origin: args.wants.origin.clone(),
        subprotocols: args.wants.subprotocol.clone(),
        required_subprotocol: first.filter(|_| required),
        ..Settings::default()
    })
}

/// The options of a hunt; those for clients differ in the jobs.
pub(crate) fn options(args: &FuzzArgs, seed: u64) -> Options {
    Options {
        seed,
        jobs: args.jobs(USUAL_JOBS),
        runs: args.runs,
        time: args.time.or(args.runs.is_none().then_some(A_MINUTE)),
        rate: args.rate,
        out: args.out.clone(),
        guided: args.guided,
        until_found: args.until_found,
        least: match args.fail_on {
            FuzzFailOn::Fail => Verdict::Fail,
            FuzzFailOn::Warn => Verdict::Warn,
        },
    }
}

fn no_hunt(error: &Error, url: &str) -> Trouble {
    Trouble::unreachable(format!("{url}: {error}"))
}

/// Prints what was found, all hunts of the state together.
fn conclude(args: &FuzzArgs, ending: &Ending, baseline: Option<&Baseline>) -> Exit {
    let findings = &ending.state.findings;
    if !args.quiet {
        let seconds = ending.elapsed.as_secs_f64();
        let rate = ending.executed as f64 / seconds.max(f64::MIN_POSITIVE);
        console::say(&format!(
            "{} exchanges in {seconds:.1} s, {rate:.0} a second; {} kinds of answer; {} findings; next number {}\n",
            ending.executed,
            ending.behaviours,
            findings.len(),
            ending.state.next,
        ));
    }
    let out = quoted(args.out.display().to_string());
    let again = format!("upspec run {} --cases {out}", quoted(args.url().to_owned()));
    let known = baseline.zip(args.baseline.as_deref());
    let new = tell_findings(findings, known, &again, args.quiet);
    if ending.dead {
        console::complain(match args.server.server_cmd {
            None => {
                "the target no longer answers controls: it died, hangs, or lets nobody in; with --server-cmd upspec \
                 restarts it and finds the exchange that did it"
            }
            Some(_) => {
                "the target died too often, or could not be started again; the hunt ended early"
            }
        });
    }
    if let Some(status) = ending.shut_out {
        let why = match upspec_runner::may_be_a_limit(Outcome::Status(status)) {
            true => {
                "; it limits or bans who sends bad requests, which is no fault, so let this client's address off that, or \
                 hunt with a small --rate"
            }
            false => "",
        };
        console::complain(&format!(
            "the hunt ended early: where the target switched at first it now answers {status}{why}"
        ));
    }
    match (ending.interrupted, new == 0) {
        (true, _) => Exit::Interrupted,
        (false, true) if ending.shut_out.is_some() || ending.dead => Exit::Unreachable,
        (false, true) => Exit::Conforming,
        (false, false) => Exit::Failed,
    }
}

/// Prints each finding, with the beginning of the command that replays it; returns how many the baseline does not
/// accept.
pub(crate) fn tell_findings(
    findings: &[Finding],
    baseline: Option<(&Baseline, &Path)>,
    again: &str,
    quiet: bool,
) -> usize {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by(|a, b| a.requirement.cmp(&b.requirement));
    let today = today();
    let mut new = 0;
    for finding in sorted {
        let excuse = baseline.and_then(|(baseline, _)| {
            baseline.excuse(&finding.requirement, &finding.case, Verdict::Fail, today)
        });
        let text = match &excuse {
            Some(excuse) => {
                format!("known {}, {}: {}", finding.requirement, finding.message, excuse.reason)
            }
            None => told(finding, again),
        };
        new += usize::from(excuse.is_none());
        console::say(&format!("{}\n", console::safe(text.trim_end())));
    }
    if let Some((_, path)) = baseline.filter(|_| !quiet) {
        let known = findings.len() - new;
        let line = format!("Against {}: {new} new, {known} known.", path.display());
        console::say(&format!("{}\n", console::safe(&line)));
    }
    new
}

/// A finding in a few lines, with how to play it again.
fn told(finding: &Finding, again: &str) -> String {
    let kind = match finding.kind {
        Kind::Death => "death",
        Kind::Slower => "slower and slower",
        Kind::Violation => "violation",
    };
    let Finding { requirement, count, message, recipe, also, case, number, part, .. } = finding;
    let first = first_by(*part, *number);
    let again = recipe.as_ref().map_or_else(String::new, |recipe| {
        let others: String = also.iter().map(|one| format!("  also:   {one}\n")).collect();
        format!("  recipe: {recipe}\n{others}  again:  {again} --only '{case}'\n")
    });
    format!("{kind} {requirement}, {count} times{first}\n  {message}\n{again}")
}

/// As one word of a shell.
pub(crate) fn quoted(word: String) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || ":/.-_%@,+=".contains(c);
    if word.chars().all(plain) { word } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// Shows how a hunt goes: a line on a terminal that is kept up to date, plain lines elsewhere.
pub(crate) struct Display {
    bar: Option<ProgressBar>,
    quiet: bool,
    ticks: u32,
}

impl Display {
    pub(crate) fn new(quiet: bool) -> Self {
        use std::io::IsTerminal as _;
        let bar = (!quiet && std::io::stderr().is_terminal()).then(ProgressBar::no_length);
        if let (Some(bar), Ok(style)) = (&bar, ProgressStyle::with_template("{spinner} {msg}")) {
            bar.set_style(if console::is_utf8() { style } else { style.tick_chars("|/-\\ ") });
        }
        Self { bar, quiet, ticks: 0 }
    }

    fn show(&mut self, event: &Event) {
        match event {
            Event::Found(finding) => {
                let recipe = finding.recipe.as_ref();
                let recipe = recipe.map_or_else(String::new, |recipe| format!("  [{recipe}]"));
                self.line(&format!("found {}: {}{recipe}", finding.requirement, finding.message));
            }
            Event::Note(note) => self.line(note),
            Event::Tick { executed, per_second, findings } => {
                self.tick(*executed, *per_second, *findings);
            }
        }
    }

    pub(crate) fn tick(&mut self, executed: u64, per_second: u64, findings: usize) {
        let text = format!("{executed} exchanges, {per_second}/s, {findings} findings");
        self.ticks += 1;
        match &self.bar {
            Some(bar) => {
                bar.set_message(text);
                bar.tick();
            }
            None if self.ticks.is_multiple_of(LINE_EVERY) => self.line(&text),
            None => {}
        }
    }

    pub(crate) fn line(&self, text: &str) {
        match &self.bar {
            _ if self.quiet => {}
            Some(bar) => bar.suspend(|| console::remark(text)),
            None => console::remark(text),
        }
    }

    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// How many exchanges are under way at a time, unless something else is asked for.
const USUAL_JOBS: u16 = 64;
const A_MINUTE: Duration = Duration::from_secs(60);
/// A line in a log every so many seconds.
const LINE_EVERY: u32 = 5;
