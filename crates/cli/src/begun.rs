//! A run of any role that has begun: what its report says of it besides the results.

use std::time::Instant;

use jiff::Timestamp;
use upspec_corpus::Corpus;
use upspec_corpus::case::Role;
use upspec_judge::settle;
use upspec_report::{About, Prevalence, Report, Secrets, Target};
use upspec_runner::RunOutcome;

use crate::exit::{Exit, Trouble};
use crate::{console, outputs};

/// When and with what a run has begun.
pub(crate) struct Begun {
    role: Role,
    seed: u64,
    started: Timestamp,
    from: Instant,
}

/// How a target is called, and how its run is had again.
pub(crate) struct Called {
    pub(crate) url: String,
    pub(crate) name: Option<String>,
    /// The command line, without secrets.
    pub(crate) again: String,
}

impl Begun {
    /// Begins now, and says with which seed.
    pub(crate) fn now(role: Role, seed: u64, quiet: bool) -> Self {
        if !quiet {
            console::remark(&format!("seed {seed}"));
        }
        // The report compares with these; they are read while the target has the word.
        beside(move || {
            let _ = Prevalence::of(role);
        });
        Self { role, seed, started: Timestamp::now(), from: Instant::now() }
    }

    /// The report of what came of it, with habits counted once and the causes behind what fails.
    pub(crate) fn report(
        &self,
        outcome: &mut RunOutcome,
        called: Called,
        secrets: &Secrets,
        corpus: &Corpus,
    ) -> Report {
        let habits = settle(&mut outcome.results, &corpus.requirements);
        let about = About {
            tool: outputs::tool(corpus),
            target: Target {
                role: self.role,
                url: called.url,
                name: called.name,
                facts: outcome.facts.clone(),
            },
            seed: self.seed,
            again: Some(called.again),
            started: self.started,
            elapsed_ms: u64::try_from(self.from.elapsed().as_millis()).unwrap_or(u64::MAX),
            complete: outcome.complete,
            trouble: outcome.ending.trouble(),
            remarks: std::mem::take(&mut outcome.remarks),
        };
        let results = std::mem::take(&mut outcome.results);
        let mut report = Report::of_run(about, results, secrets, corpus);
        outputs::find_causes(&mut report, &habits, corpus);
        report
    }
}

/// Frees what nobody needs any more; a process that ends does not wait for that.
pub(crate) fn free(spent: impl Send + 'static) {
    beside(move || drop(spent));
}

/// Does something that nobody waits for; where there is no thread for it, it is left undone.
fn beside(work: impl FnOnce() + Send + 'static) {
    let _ = std::thread::Builder::new().spawn(work);
}

/// What a command ends with; where writing failed, what else went wrong is said before it.
pub(crate) fn ended(
    written: Result<(), Trouble>,
    ended: Result<Exit, Trouble>,
) -> Result<Exit, Trouble> {
    if let (Err(_), Err(trouble)) = (&written, &ended) {
        console::complain(&trouble.message);
    }
    written.and(ended)
}
