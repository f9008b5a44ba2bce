//! `upspec bisect`: plays one case to servers from old to new, and finds the first one with another verdict.

mod build;
mod candidates;
mod search;
mod tree;

use std::sync::Arc;

use upspec_corpus::case::Role;
use upspec_corpus::{Case, Corpus};
use upspec_judge::{CaseResult, Reason, Verdict, settle};
use upspec_report::{redact, visible};
use upspec_runner::{Ending, Plan, Settings, Target};

use crate::args::Selection;
use crate::args::bisect::BisectArgs;
use crate::exit::{Exit, Trouble};
use crate::signals::{self, Orderly};
use crate::{console, run, secrets, selection};
use candidates::{Candidate, Candidates};
use search::{Found, Look, Search};

/// Finds where the verdict of a case changed.
pub(crate) fn bisect(args: &BisectArgs) -> Result<Exit, Trouble> {
    let corpus = selection::load(&args.cases)?;
    let case = case(args, &corpus)?;
    let secrets = secrets::of(&args.secret_header, Some(&args.wants), [args.url.as_str()]);
    let target = run::target(&args.trust, &args.url)?;
    let selection = Selection { hazardous: true, ..Selection::default() };
    args.server.begin_log()?;
    let settings = args.server.on(run::settings(&selection, &args.wants, &args.pace));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Trouble::usage(format!("cannot start: {error}")))?;
    let _orderly = Orderly::begin();
    let candidates = Candidates::of(args)?;
    let player = Player { case, corpus: &corpus, target, settings, secrets };
    console::remark(&format!(
        "{} candidates; at most {} are played, more if some cannot be judged",
        candidates.all.len(),
        most(candidates.all.len()),
    ));
    let mut search = Search::new(candidates.all.len());
    while let Some(next) = search.next() {
        let candidate = &candidates.all[next];
        let look = runtime.block_on(async {
            match candidates.prepare(candidate).await {
                Ok(command) => player.look(command).await,
                Err(why) => Look::Skipped(why),
            }
        });
        if signals::has_come() {
            return Ok(Exit::Interrupted);
        }
        console::say(&format!("  {}: {}\n", visible::text(&candidate.name), shown(&look)));
        search.seen(next, look);
    }
    conclude(&case.id, &candidates.all, &search.found())
}

/// The case that is meant.
fn case<'c>(args: &BisectArgs, corpus: &'c Corpus) -> Result<&'c Case, Trouble> {
    let case = corpus.case(&args.case).ok_or_else(|| {
        let ids = corpus.cases.iter().map(|case| case.id.as_str());
        let message = format!("there is no case `{}`", args.case);
        Trouble::unknown(&message, &args.case, ids, "`upspec list` shows all ids")
    })?;
    match case.role {
        Role::Server => Ok(case),
        _ => Err(Trouble::usage(format!("{} does not test a server", args.case))),
    }
}

/// How many of so many candidates are looked at where none is skipped: both ends, and a half at a time.
fn most(count: usize) -> u32 {
    2 + (count.saturating_sub(1)).next_power_of_two().trailing_zeros()
}

fn shown(look: &Look) -> String {
    match look {
        Look::Judged { verdict, message } if message.is_empty() => {
            visible::verdict(*verdict).to_string()
        }
        Look::Judged { verdict, message } => {
            format!("{} ({})", visible::verdict(*verdict), visible::text(message))
        }
        Look::Skipped(why) => format!("skipped: {}", console::safe(why)),
    }
}

/// Says what was found.
fn conclude(id: &str, all: &[Candidate], found: &Found) -> Result<Exit, Trouble> {
    let name = |at: usize| visible::text(&all[at].name);
    match found {
        Found::Flipped { at, from, to } => {
            console::say(&format!(
                "{id}: {} up to {}, {} from {} on\n",
                visible::verdict(*from),
                name(at - 1),
                visible::verdict(*to),
                name(*at),
            ));
            console::say(&all[*at].details);
            Ok(Exit::Conforming)
        }
        Found::Hidden { after, by } => {
            let names: Vec<String> = (after + 1..=*by).map(name).collect();
            console::say(&format!(
                "{id}: it changed in one of these, and some could not be judged: {}\n",
                names.join(", ")
            ));
            Ok(Exit::Failed)
        }
        Found::Same(verdict) => {
            console::say(&format!(
                "{id}: {} at both ends; there is nothing to find between them\n",
                visible::verdict(*verdict)
            ));
            Ok(Exit::Failed)
        }
        Found::Blind { at, why } => Err(Trouble::unreachable(format!(
            "{} is an end of the search, and could not be judged: {why}",
            name(*at)
        ))),
    }
}

/// Plays the case to whatever a command starts.
struct Player<'c> {
    case: &'c Case,
    corpus: &'c Corpus,
    target: Target,
    settings: Settings,
    secrets: upspec_report::Secrets,
}

impl Player<'_> {
    async fn look(&self, command: String) -> Look {
        let settings = Settings { server_cmd: Some(command.clone()), ..self.settings.clone() };
        let plan = Plan::new(&self.corpus.cases, |case| case.id == self.case.id);
        let requirements = Arc::new(self.corpus.requirements.clone());
        // Nobody reads the events.
        let (events, _) = tokio::sync::mpsc::unbounded_channel();
        let target = self.target.clone();
        let mut outcome =
            upspec_runner::run(plan, target, settings, requirements, events, signals::told()).await;
        settle(&mut outcome.results, &self.corpus.requirements);
        redact(&mut outcome.results, &self.secrets);
        let result = outcome.results.iter().find(|result| result.id == self.case.id);
        match result.and_then(judged) {
            Some(look) => look,
            None => {
                Look::Skipped(unjudged(&outcome.ending, result).replace(&command, "the command"))
            }
        }
    }
}

/// What is said of a server for good. That it lacks what the case needs is a verdict, too.
fn judged(result: &CaseResult) -> Option<Look> {
    let counts = match result.verdict {
        Verdict::Pass | Verdict::Warn | Verdict::Fail => !result.flaky,
        Verdict::Inconclusive => result.reason == Some(Reason::NotApplicable),
        Verdict::Error => false,
    };
    counts.then(|| Look::Judged { verdict: result.verdict, message: message(result) })
}

/// Why nothing could be said.
fn unjudged(ending: &Ending, result: Option<&CaseResult>) -> String {
    match (ending.trouble(), result) {
        (Some(trouble), _) => trouble,
        (None, Some(result)) if result.flaky => "a replay disagreed".to_owned(),
        (None, Some(result)) => message(result),
        (None, None) => "the case was not played".to_owned(),
    }
}

fn message(result: &CaseResult) -> String {
    let mut findings = result.findings.iter().filter(|one| one.verdict == result.verdict);
    let outcome = result.outcome.map(|came| came.to_string()).unwrap_or_default();
    findings.next().map_or(outcome, |finding| finding.message.clone())
}

#[cfg(test)]
mod tests {
    use super::most;

    #[test]
    fn it_is_told_how_long_it_can_take() {
        assert_eq!([2, 3, 5, 9, 10, 1001].map(most), [2, 3, 4, 5, 6, 12]);
    }
}
