//! `upspec report`: compares, merges and renders stored runs.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use upspec_corpus::Corpus;
use upspec_judge::{CaseResult, Verdict, settle};
use upspec_report::text::Style;
use upspec_report::visible::{self, counted};
use upspec_report::{About, Chain, Comparison, Living, Matrix, Report, Secrets, history};

use crate::args::FailOn;
use crate::args::stored::{
    ChainArgs, CompareArgs, HistoryArgs, LivingArgs, MatrixArgs, MergeArgs, RenderArgs,
    ReportCommand,
};
use crate::exit::{Exit, Trouble};
use crate::judge::judged_again;
use crate::locate::locate;
use crate::outputs::{self, Outputs, read, text_of};
use crate::rounds::keep_worst;
use crate::sinks::Sinks;
use crate::{console, gather, parts, secrets, selection};

/// Does what the arguments say.
pub(crate) fn report(command: &ReportCommand) -> Result<Exit, Trouble> {
    match command {
        ReportCommand::Compare(args) => compare(args),
        ReportCommand::Merge(args) => merge(args),
        ReportCommand::Gather(args) => gather::gather(args),
        ReportCommand::Render(args) => render(args),
        ReportCommand::Matrix(args) => matrix(args),
        ReportCommand::History(args) => history(args),
        ReportCommand::Living(args) => living(args),
    }
}

/// Puts one stored run before another.
pub(crate) fn chain(args: &ChainArgs) -> Result<Exit, Trouble> {
    let (front, back) = (read(&args.front)?, read(&args.back)?);
    let chain = Chain::of(&front, &back).map_err(|error| Trouble::usage(error.to_string()))?;
    let text = if args.json { chain.json() } else { chain.text(Style::Coloured) };
    console::say(&text);
    Ok(if chain.is_apart() { Exit::Failed } else { Exit::Conforming })
}

fn compare(args: &CompareArgs) -> Result<Exit, Trouble> {
    let sinks = Sinks::prepare(&args.report, [&args.old, &args.new])?;
    let (old, new) = (read(&args.old)?, read(&args.new)?);
    let (before, after) = (old.target.role, new.target.role);
    if before != after {
        let why = format!("it is about a {after}, and the first one about a {before}");
        return Err(Trouble::usage(format!("{}: {why}", args.new.display())));
    }
    if old.tool.corpus != new.tool.corpus {
        console::remark(
            "the reports were made with different cases; what changed may be due to that",
        );
    }
    let made = Comparison::of(&old, &new);
    let written = sinks.write(&made, true);
    if !args.quiet {
        sinks.tell(&made.text(Style::Coloured));
        sinks.tell(&written.told);
    }
    written.result?;
    let least = match args.fail_on {
        FailOn::Fail => Verdict::Fail,
        FailOn::Warn => Verdict::Warn,
        FailOn::Never => return Ok(Exit::Conforming),
    };
    let failed = made.regressions.iter().any(|change| change.worst >= least);
    Ok(if failed { Exit::Failed } else { Exit::Conforming })
}

fn render(args: &RenderArgs) -> Result<Exit, Trouble> {
    let sinks = Sinks::prepare(&args.report, [&args.file])?;
    let mut report = read(&args.file)?;
    locate(&mut report, args.locate.as_deref());
    if let Some(docs) = &args.docs {
        report.docs = Some(docs.root().to_owned());
    }
    if !args.only.is_empty() {
        let ids: Vec<String> = report.cases.iter().map(|case| case.id.clone()).collect();
        report.keep(&args.only);
        if report.cases.is_empty() {
            let message = format!("`{}` selects no case of the report", args.only.join("`, `"));
            let ids = ids.iter().map(String::as_str);
            return Err(Trouble::unknown(&message, &args.only[0], ids, "its JSON has all ids"));
        }
    }
    if args.stable {
        report.stabilize();
    }
    if args.slim {
        report.slim();
    }
    let written = sinks.write(&report, true);
    if !args.quiet {
        sinks.tell(&written.told);
    }
    written.result.map(|()| Exit::Conforming)
}

fn matrix(args: &MatrixArgs) -> Result<Exit, Trouble> {
    let named = named_reports(&args.reports);
    let sinks = Sinks::prepare(&args.report, named.iter().map(|(_, path)| path))?;
    let corpus = selection::load(&args.cases)?;
    let Some(matrix) = of_reports(&named, &corpus)? else {
        return Err(Trouble::usage("no report".to_owned()));
    };
    remark_on_age(&matrix);
    let written = sinks.write(&matrix, true);
    if !args.quiet {
        sinks.tell(&format!("{}\n", matrix.headline()));
        if let Some(parts) = matrix.of_parts() {
            sinks.tell(&format!("{}\n", visible::text(&parts)));
        }
        sinks.tell(&written.told);
    }
    written.result.map(|()| Exit::Conforming)
}

fn history(args: &HistoryArgs) -> Result<Exit, Trouble> {
    let entries = history::read(&text_of(&args.file)?);
    let mut entries =
        entries.map_err(|wrong| Trouble::usage(format!("{}: {wrong}", args.file.display())))?;
    entries.retain(|entry| args.target.as_ref().is_none_or(|target| *target == entry.target));
    if entries.is_empty() {
        return Err(Trouble::usage(format!("{}: no such run is in it", args.file.display())));
    }
    console::say(&history::table(&entries));
    Ok(Exit::Conforming)
}

fn living(args: &LivingArgs) -> Result<Exit, Trouble> {
    let named = named_reports(&args.reports);
    let sinks = Sinks::prepare(&args.report, named.iter().map(|(_, path)| path))?;
    let corpus = selection::load(&args.cases)?;
    let stored = match &named[..] {
        [(None, path)] => stored_matrix(path)?,
        _ => None,
    };
    let matrix = match stored {
        Some(matrix) => Some(matrix),
        None => of_reports(&named, &corpus)?,
    };
    matrix.iter().for_each(remark_on_age);
    let mut made = Living::of(&corpus, matrix.as_ref(), outputs::tool(&corpus));
    made.docs.clone_from(&args.docs);
    let written = sinks.write(&made, true);
    if !args.quiet {
        sinks.tell(&written.told);
    }
    written.result.map(|()| Exit::Conforming)
}

/// The matrix that a file holds; `None` when it is something else, such as a report.
fn stored_matrix(path: &Path) -> Result<Option<Matrix>, Trouble> {
    let read = Matrix::read(&text_of(path)?).transpose();
    read.map_err(|error| Trouble::usage(format!("{}: {error}", path.display())))
}

/// Reads the reports one by one, since those of a hundred peers do not fit into memory at once. `None` when there are
/// none.
fn of_reports(
    named: &[(Option<&str>, PathBuf)],
    corpus: &Corpus,
) -> Result<Option<Matrix>, Trouble> {
    let mut made: Option<Matrix> = None;
    for (name, path) in named {
        let report = read(path)?;
        let role = report.target.role;
        let matrix = made.get_or_insert_with(|| Matrix::new(outputs::tool(corpus), role));
        if matrix.role != role {
            let why = format!("it is about a {role}, and the first one about a {}", matrix.role);
            return Err(Trouble::usage(format!("{}: {why}", path.display())));
        }
        let name = name.map(str::to_owned).or_else(|| report.target.name.clone());
        let name = name
            .unwrap_or_else(|| path.file_stem().unwrap_or_default().to_string_lossy().into_owned());
        if matrix.peers.iter().any(|peer| peer.name == name) {
            let why = format!("two peers have the name {name}; give one another: NAME=REPORT");
            return Err(Trouble::usage(format!("{}: {why}", path.display())));
        }
        matrix.add(name, report);
    }
    if let Some(matrix) = &mut made {
        matrix.finish(corpus);
    }
    Ok(made)
}

/// Says how many of the peers were played other cases.
fn remark_on_age(matrix: &Matrix) {
    let older = matrix.peers.iter().filter(|peer| peer.corpus != matrix.tool.corpus).count();
    if older > 0 {
        let reports = counted(older, "report");
        console::remark(&format!("{reports} made with other cases than these: compare with care"));
    }
}

fn named_reports(texts: &[String]) -> Vec<(Option<&str>, PathBuf)> {
    texts.iter().map(|text| named_report(text)).collect()
}

/// `NAME=REPORT`, or a path alone, which may have an equals sign if it is there.
fn named_report(text: &str) -> (Option<&str>, PathBuf) {
    match text.split_once('=') {
        Some((name, path)) if !Path::new(text).exists() => (Some(name), PathBuf::from(path)),
        _ => (None, PathBuf::from(text)),
    }
}

fn merge(args: &MergeArgs) -> Result<Exit, Trouble> {
    let others: Vec<_> = args.parts.iter().chain(&args.cases).collect();
    let outputs = Outputs::prepare(&args.output, &others)?;
    let corpus = selection::load(&args.cases)?;
    let mut parts = Vec::new();
    for path in &args.parts {
        let part = read(path)?;
        if let Some(first) = parts.first() {
            belong(first, &part)
                .map_err(|why| Trouble::usage(format!("{}: {why}", path.display())))?;
        }
        parts.push(part);
    }
    let urls = parts.iter().map(|part| part.target.url.as_str());
    let secrets = secrets::of(&args.output.secret_header, None, urls);
    let about = about(&parts, &corpus);
    let mut results = joined(parts, &corpus, &secrets);
    let habits = settle(&mut results, &corpus.requirements);
    let mut report = Report::of_run(about, results, &secrets, &corpus);
    outputs::find_causes(&mut report, &habits, &corpus);
    outputs.publish(&mut report, &corpus)?;
    Ok(outputs.exit(&report))
}

/// Whether two reports can be parts of one run.
fn belong(first: &Report, part: &Report) -> Result<(), String> {
    let same_name = first.target.name.is_some() && first.target.name == part.target.name;
    if first.tool.corpus != part.tool.corpus {
        return Err("it was made with other cases than the first one".to_owned());
    }
    if first.target.url != part.target.url && !same_name {
        return Err(format!(
            "it is of {}, and the first one of {}; parts of one run have one --name",
            part.target.url, first.target.url
        ));
    }
    Ok(())
}

/// What is known of the run as a whole.
fn about(parts: &[Report], corpus: &Corpus) -> About {
    let first = &parts[0];
    let mut remarks: Vec<String> = Vec::new();
    for remark in parts.iter().flat_map(|part| &part.remarks) {
        if !remarks.contains(remark) {
            remarks.push(remark.clone());
        }
    }
    let facts = |part: &Report| part.target.facts.capabilities.clone();
    if parts.iter().any(|part| facts(part) != facts(first)) {
        remarks.push("the parts do not agree on what the target can do".to_owned());
    }
    if parts.iter().any(|part| part.seed != first.seed) {
        remarks.push("the parts have different seeds; the first one's is told".to_owned());
    }
    let missing = missing(parts);
    let is_whole = missing.is_none();
    remarks.extend(missing);
    About {
        tool: outputs::tool(corpus),
        target: first.target.clone(),
        seed: first.seed,
        // Each part has a command of its own.
        again: None,
        started: parts.iter().map(|part| part.started).min().unwrap_or(first.started),
        elapsed_ms: parts.iter().map(|part| part.elapsed_ms).sum(),
        complete: is_whole && parts.iter().all(|part| part.complete),
        trouble: parts.iter().find_map(|part| part.trouble.clone()),
        remarks,
    }
}

/// Which parts of a run are not among these, as far as their commands tell.
fn missing(reports: &[Report]) -> Option<String> {
    let partition = |part: &Report| {
        let (_, words) = part.again.as_deref()?.split_once(" --partition ")?;
        let (number, of) = words.split_whitespace().next()?.split_once('/')?;
        Some((number.parse::<u64>().ok()?, of.parse::<u64>().ok()?))
    };
    let there: Vec<(u64, u64)> = reports.iter().filter_map(partition).collect();
    let of = there.first()?.1;
    if there.len() < reports.len() || there.iter().any(|part| part.1 != of) {
        return None;
    }
    let numbers: Vec<u64> = there.iter().map(|part| part.0).collect();
    parts::missing(&numbers, of, "cases")
}

/// All cases in the order of the corpus, judged again, since a habit counts once in the whole run. Of a case
/// that several parts have, the worst stands; it is flaky if they disagree.
fn joined(parts: Vec<Report>, corpus: &Corpus, secrets: &Secrets) -> Vec<CaseResult> {
    let mut results: Vec<CaseResult> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for part in parts {
        let facts = part.target.facts.clone();
        for result in judged_again(part.cases, &facts, corpus, secrets) {
            let Some(place) = places.get(&result.id) else {
                places.insert(result.id.clone(), results.len());
                results.push(result);
                continue;
            };
            keep_worst(&mut results[*place], result);
        }
    }
    let order: HashMap<&str, usize> =
        corpus.cases.iter().enumerate().map(|(at, case)| (case.id.as_str(), at)).collect();
    results.sort_by_key(|result| order.get(result.id.as_str()).copied().unwrap_or(usize::MAX));
    results
}
