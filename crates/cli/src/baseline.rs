//! `upspec baseline`: writes, checks and prunes what is accepted of a target.

mod draft;

use std::path::{Path, PathBuf};

use upspec_corpus::Corpus;
use upspec_hunt::State;
use upspec_judge::Verdict;
use upspec_report::{Baseline, Report, Standing, Style, visible};

use crate::args::baseline::{BaselineCommand, CheckArgs, PruneArgs, WriteArgs};
use crate::exit::{Exit, Trouble};
use crate::files::{Place, identity};
use crate::outputs::{read, read_baseline, text_of, today};
use crate::{console, selection};

/// Does what the arguments say.
pub(crate) fn baseline(command: &BaselineCommand) -> Result<Exit, Trouble> {
    match command {
        BaselineCommand::Write(args) => write(args),
        BaselineCommand::Check(args) => check(args),
        BaselineCommand::Prune(args) => prune(args),
    }
}

/// A baseline beside a report.
struct Compared {
    place: Place,
    corpus: Corpus,
    report: Report,
    /// What is in the file; nothing if there is none yet.
    text: Option<String>,
    standing: Standing,
}

impl Compared {
    fn load(file: &Path, report: &Path, cases: &[PathBuf]) -> Result<Self, Trouble> {
        if identity(file) == identity(report) {
            let message = format!("{}: the baseline is not the report itself", file.display());
            return Err(Trouble::usage(message));
        }
        let place = Place::find(file)?;
        let corpus = selection::load(cases)?;
        let mut report = read(report)?;
        let text = place.is_taken().then(|| text_of(file)).transpose()?;
        let baseline = match &text {
            Some(_) => read_baseline(file)?,
            None => Baseline::default(),
        };
        let name = file.display().to_string();
        let standing = baseline.standing(&name, &report.cases, &corpus, today());
        report.baseline = Some(standing.clone());
        Ok(Self { place, corpus, report, text, standing })
    }

    /// Says what the baseline says of the report.
    fn tell(&self) {
        console::say(&upspec_report::standing(&self.report, Style::Coloured));
    }
}

/// Adds what a hunt found to a baseline.
fn write_hunt(args: &WriteArgs, state: &State) -> Result<Exit, Trouble> {
    let place = Place::find(&args.file)?;
    let (baseline, text) = match place.is_taken() {
        true => (read_baseline(&args.file)?, text_of(&args.file)?),
        false => (Baseline::default(), draft::HEAD.to_owned()),
    };
    let groups = draft::groups_of_hunt(state, &baseline, args.reason.as_deref(), today());
    if args.ratchet && !groups.is_empty() {
        return Err(Trouble::new(
            Exit::Failed,
            format!("{} is left as it is: --ratchet accepts nothing new", place.shown()),
        ));
    }
    place.write(draft::with(text, &groups).as_bytes())?;
    console::say(&format!(
        "wrote {}: {} of the hunt added\n",
        visible::text(&args.file.to_string_lossy()),
        visible::counted(groups.len(), "rule"),
    ));
    Ok(Exit::Conforming)
}

/// The state of a hunt, if the file is one and no report.
fn state_of(path: &Path) -> Option<State> {
    State::load(path).ok().flatten()
}

/// Writes or extends a baseline.
pub(crate) fn write(args: &WriteArgs) -> Result<Exit, Trouble> {
    if let Some(state) = state_of(&args.report) {
        return write_hunt(args, &state);
    }
    let compared = Compared::load(&args.file, &args.report, &args.cases)?;
    if !compared.report.complete {
        console::remark("the report is of a run that was cut short; what it lacks is not accepted");
    }
    if args.ratchet {
        return ratchet(&compared);
    }
    let standing = &compared.standing;
    let groups = draft::groups(&compared.report, standing, args, today());
    let (text, verb) = match &compared.text {
        None => (draft::fresh(&compared.report, &compared.corpus, &groups), "accepts"),
        Some(text) => {
            (draft::extended(text, &compared.report, standing, &groups)?, "now accepts also")
        }
    };
    compared.place.write(text.as_bytes())?;
    console::say(&format!(
        "wrote {}: it {verb} {} in {}; give each rule its reason\n",
        visible::text(&args.file.to_string_lossy()),
        visible::counted(draft::rules(&groups), "rule"),
        visible::counted(standing.new.len(), "case"),
    ));
    Ok(Exit::Conforming)
}

/// Takes out what is no longer needed, and adds nothing.
fn ratchet(compared: &Compared) -> Result<Exit, Trouble> {
    compared.tell();
    let Some(text) = &compared.text else {
        return Err(Trouble::usage("there is no baseline yet; write one without --ratchet"));
    };
    let standing = &compared.standing;
    if !standing.new.is_empty() || !standing.lost.is_empty() {
        return Err(Trouble::new(
            Exit::Failed,
            format!("{} is left as it is: --ratchet accepts nothing new", compared.place.shown()),
        ));
    }
    compared.place.write(draft::pruned(text, &compared.report, standing)?.as_bytes())?;
    Ok(Exit::Conforming)
}

fn check(args: &CheckArgs) -> Result<Exit, Trouble> {
    let corpus = selection::load(&args.cases)?;
    let baseline = read_baseline(&args.file)?;
    let name = args.file.display().to_string();
    let standing = match &args.report {
        Some(path) => {
            let mut report = read(path)?;
            let standing = baseline.standing(&name, &report.cases, &corpus, today());
            report.baseline = Some(standing.clone());
            console::say(&upspec_report::standing(&report, Style::Coloured));
            standing
        }
        None => {
            let standing = baseline.standing(&name, &[], &corpus, today());
            for row in &standing.stale {
                let (entry, rule, cases, why) = (row.entry, &row.requirement, &row.cases, &row.why);
                let line = format!("entry {entry}, {rule} in {cases}: {why}");
                console::say(&format!("{}\n", visible::text(&line)));
            }
            standing
        }
    };
    let failed = standing.new.values().any(|new| new.verdict == Verdict::Fail);
    let useless = !standing.stale.is_empty() || args.strict_baseline && !standing.fixed.is_empty();
    Ok(if failed || useless { Exit::Failed } else { Exit::Conforming })
}

fn prune(args: &PruneArgs) -> Result<Exit, Trouble> {
    let compared = Compared::load(&args.file, &args.report, &args.cases)?;
    let Some(text) = &compared.text else {
        return Err(Trouble::usage(format!("there is no {}", compared.place.shown())));
    };
    let pruned = draft::pruned(text, &compared.report, &compared.standing)?;
    if pruned == *text {
        console::say("nothing in it is fixed or stale\n");
        return Ok(Exit::Conforming);
    }
    compared.place.write(pruned.as_bytes())?;
    for (word, rows) in [("fixed", &compared.standing.fixed), ("stale", &compared.standing.stale)] {
        for row in rows {
            let line = format!("{word}: {} in {}, {}", row.requirement, row.cases, row.why);
            console::say(&format!("{}\n", visible::text(&line)));
        }
    }
    Ok(Exit::Conforming)
}
