//! `upspec replay`: sends the octets of a stored case once more, and judges what comes.

use std::sync::Arc;
use std::time::Duration;

use upspec_corpus::case::{Act, Case, Role, Step};
use upspec_corpus::template::{Part, Template};
use upspec_exchange::{IoKind, Record};
use upspec_judge::{CaseResult, Verdict, settle_as};
use upspec_report::{redact, visible};
use upspec_runner::{Prober, Settings};

use crate::args::stored::ReplayArgs;
use crate::exit::{Exit, Trouble};
use crate::outputs::read;
use crate::run::target;
use crate::signals::{self, Orderly};
use crate::{console, secrets, selection};

/// Plays one case of a report.
pub(crate) fn replay(args: &ReplayArgs) -> Result<Exit, Trouble> {
    let corpus = selection::load(&args.cases)?;
    let report = read(&args.file)?;
    let ids = report.cases.iter().map(|case| case.id.as_str());
    let stored = report.cases.iter().find(|case| case.id == args.case).ok_or_else(|| {
        let message = format!("the report has no case `{}`", args.case);
        Trouble::unknown(&message, &args.case, ids, "its JSON has all ids")
    })?;
    let case = corpus.case(&args.case).ok_or_else(|| {
        Trouble::usage(format!("the corpus no longer has {}; --cases adds your own", args.case))
    })?;
    let record = stored.record.as_ref().ok_or_else(|| {
        Trouble::usage(format!(
            "{} has no octets in the report: it was not played, or the report is slim",
            args.case
        ))
    })?;
    if case.role != Role::Server {
        return Err(Trouble::usage(format!("{} does not test a server", args.case)));
    }
    let url = args.url.as_ref().unwrap_or(&report.target.url);
    let secrets = secrets::of(&args.secret_header, None, [url.as_str()]);
    let target = target(&args.trust, url)?;
    let literal = literal(case, record);
    let settings = Settings { timeout: args.timeout, seed: report.seed, ..Settings::default() };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Trouble::usage(format!("cannot start: {error}")))?;
    let window = Duration::from_millis(report.target.facts.window_ms).max(settings.window_floor);
    let requirements = Arc::new(corpus.requirements.clone());
    let played = runtime.block_on(async {
        let _orderly = Orderly::begin();
        let play = async {
            let prober = Prober::start(target, settings, requirements).await?;
            prober.play(&literal, 0, window.min(args.timeout)).await
        };
        tokio::select! {
            () = signals::told() => Err(Trouble::new(Exit::Interrupted, "interrupted")),
            played = play => played.map_err(|error| {
                Trouble::unreachable(format!("cannot reach {url}: {error}"))
            }),
        }
    })?;
    let facts = &report.target.facts;
    let mut now = [upspec_judge::judge(case, played.record, None, facts, &corpus.requirements)];
    // A case alone shows no habit.
    settle_as(&mut now[0], stored);
    redact(&mut now, &secrets);
    Ok(tell(stored, &now[0]))
}

/// Says what came, and what it was worth then and now.
fn tell(stored: &CaseResult, now: &CaseResult) -> Exit {
    let outcome = |case: &CaseResult| case.outcome.map(|came| came.to_string()).unwrap_or_default();
    console::say(&upspec_report::wire(now));
    for finding in &now.findings {
        let (rule, said) = (visible::text(&finding.requirement), visible::text(&finding.message));
        console::say(&format!("{} {rule}: {said}\n", visible::verdict(finding.verdict)));
    }
    console::say(&format!(
        "{}: {} ({}) in the report, {} ({}) now\n",
        visible::text(&stored.id),
        visible::verdict(stored.verdict),
        outcome(stored),
        visible::verdict(now.verdict),
        outcome(now),
    ));
    match now.verdict {
        Verdict::Fail => Exit::Failed,
        Verdict::Error => Exit::Unreachable,
        _ => Exit::Conforming,
    }
}

/// The case with the octets that were written in place of what its steps would write.
fn literal(case: &Case, record: &Record) -> Case {
    let writes: Vec<&[u8]> =
        record.on(0).filter(|io| io.kind == IoKind::Wrote).map(|io| &io.bytes[..]).collect();
    let groups = groups(&case.steps);
    let count = groups.iter().filter(|group| group.writes).count();
    let bytewise = case.steps.iter().any(|step| matches!(step.act, Act::SendBytewise(_)));
    let steps = if count == 1 {
        spread(&groups, &[&writes.concat()])
    } else if writes.len() <= count && !bytewise {
        spread(&groups, &writes)
    } else {
        // It cannot be told which write belongs to which step; the pauses keep them apart.
        let pause = Step::from(Act::Wait(Duration::from_millis(1)));
        writes.iter().flat_map(|octets| [send(octets), pause.clone()]).collect()
    };
    Case { steps, ..case.clone() }
}

/// Steps that belong together: those that form one write, or one other step.
struct Group<'c> {
    writes: bool,
    first: &'c Step,
}

fn groups(steps: &[Step]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for step in steps {
        let joins = matches!(step.act, Act::Send(_) | Act::Repeat { .. } | Act::H2(_));
        let bytewise = matches!(step.act, Act::SendBytewise(_));
        let goes_on = groups.last().is_some_and(|last| {
            joins && last.writes && !matches!(last.first.act, Act::SendBytewise(_))
        });
        if !goes_on {
            groups.push(Group { writes: joins || bytewise, first: step });
        }
    }
    groups
}

/// Puts writes in the place of groups, as far as there are any; what follows the last was not reached.
fn spread(groups: &[Group<'_>], writes: &[&[u8]]) -> Vec<Step> {
    let mut writes = writes.iter();
    let mut steps = Vec::new();
    for group in groups {
        match (group.writes, &group.first.act) {
            (false, _) => steps.push(group.first.clone()),
            (true, act) => match (writes.next(), act) {
                (None, _) => break,
                (Some(octets), Act::SendBytewise(_)) => {
                    steps.push(Step::from(Act::SendBytewise(bytes(octets))));
                }
                (Some(octets), _) => steps.push(send(octets)),
            },
        }
    }
    steps
}

fn send(octets: &[u8]) -> Step {
    Step::from(Act::Send(bytes(octets)))
}

fn bytes(octets: &[u8]) -> Template {
    Template { parts: vec![Part::Bytes(octets.to_vec())] }
}
