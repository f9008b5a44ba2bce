//! `upspec explain`: a case or a requirement in full. What a case catches comes from a table in the binary.

use std::fmt::Write as _;

use crate::Caught;
use upspec_corpus::case::{Case, Expectation, Grade, Hazard, Role};
use upspec_corpus::words::Word as _;
use upspec_corpus::{Bindings, Binds, Corpus, Preset, Requirement, section_url, select, show};
use upspec_judge::rules::RULES;
use upspec_report::program::{LANGUAGES, Place, Program};
use upspec_runner::Target;

use crate::args::ExplainArgs;
use crate::exit::{Exit, Trouble};
use crate::flaws::{self, reference};
use crate::{console, selection};

/// Explains the case or the requirement with this id.
pub(crate) fn explain(args: &ExplainArgs) -> Result<Exit, Trouble> {
    let corpus = selection::load(&args.cases)?;
    if let Some(language) = &args.language {
        return program(args, language, &corpus);
    }
    let text = match (corpus.case(&args.id), corpus.requirements.get(&args.id)) {
        (Some(case), _) => of_case(case, &corpus),
        (None, Some(requirement)) => of_requirement(requirement, &corpus),
        (None, None) if !below(&args.id, &corpus).is_empty() => below(&args.id, &corpus),
        (None, None) => return Err(unknown(&args.id, &corpus)),
    };
    console::say(&text);
    Ok(Exit::Conforming)
}

fn unknown(id: &str, corpus: &Corpus) -> Trouble {
    let topics = corpus.topics.iter().map(|topic| topic.id.as_str());
    let rules = corpus.requirements.iter().map(|rule| rule.id.as_str());
    let begun: Vec<&str> = topics.chain(rules).filter(|known| known.starts_with(id)).collect();
    if !begun.is_empty() && !id.is_empty() {
        let (some, rest) = begun.split_at(begun.len().min(MOST_BEGUN));
        let more = if rest.is_empty() { "" } else { ", …" };
        let names = some.join("`, `");
        let why =
            format!("there is no case or requirement `{id}`; these begin so: `{names}`{more}");
        return Trouble::usage(why);
    }
    let cases = corpus.cases.iter().map(|case| case.id.as_str());
    Trouble::unknown(
        &format!("there is no case or requirement `{id}`"),
        id,
        cases.chain(corpus.requirements.iter().map(|one| one.id.as_str())),
        "`upspec list` shows the cases, `upspec list --requirements` the requirements",
    )
}

/// How many ids with one beginning are named.
const MOST_BEGUN: usize = 8;

/// Prints the case as a program.
fn program(args: &ExplainArgs, language: &str, corpus: &Corpus) -> Result<Exit, Trouble> {
    let case = corpus.case(&args.id).ok_or_else(|| unknown(&args.id, corpus))?;
    let target = Target::parse(&args.url).map_err(Trouble::usage)?;
    let place = Place::new(target.bare_host(), target.port, target.tls.is_some());
    let (Some(place), false) = (place, target.scheme.is_http2_alone()) else {
        let why = "a program cannot connect there: it speaks HTTP/1.1 to a host with a plain name";
        return Err(Trouble::usage(format!("{}: {why}", args.url)));
    };
    let bindings = Bindings {
        authority: target.authority().into_bytes(),
        authority_upper: target.authority().to_ascii_uppercase().into_bytes(),
        host: target.host.clone().into_bytes(),
        origin: target.own_origin().into_bytes(),
        path: target.path.clone().into_bytes(),
        port: target.port.to_string().into_bytes(),
        scheme: target.scheme.http_name().into(),
        ..Bindings::example()
    };
    let program = Program::of(case, &bindings)
        .map_err(|why| Trouble::usage(format!("{} is no program: {why}", case.id)))?;
    for language in LANGUAGES.iter().filter(|one| one.name == language) {
        console::say_raw(program.write(language, &place).as_bytes());
    }
    Ok(Exit::Conforming)
}

/// The cases and requirements that a topic, a section or a pattern names, a line each.
fn below(pattern: &str, corpus: &Corpus) -> String {
    let cases = corpus.cases.iter().filter(|case| select::matches(pattern, &case.id));
    let rules = corpus.requirements.iter().filter(|rule| select::matches_rule(pattern, &rule.id));
    let rules = rules.map(|rule| format!("{}  {}: {}\n", rule.id, rule.level, rule.text));
    rules.chain(cases.map(|case| format!("{}  {}\n", case.id, case.title))).collect()
}

fn of_case(case: &Case, corpus: &Corpus) -> String {
    let (file, line) = (&case.source.file, case.source.line);
    let mut text = format!("{}\n{}\n{file}:{line}\n", case.id, case.title);
    if let Some(why) = &case.why {
        let _ = writeln!(text, "{why}");
    }
    if !case.needs.is_empty() {
        let needs: Vec<&str> = case.needs.iter().map(|need| need.word()).collect();
        let _ = writeln!(text, "\nNeeds: {}", needs.join(", "));
    }
    if !case.tags.is_empty() {
        let _ = writeln!(text, "\nTags: {}", case.tags.join(", "));
    }
    if case.hazard == Some(Hazard::Resource) {
        text.push_str("\nIt can hurt a weak server, so only --hazardous plays it.\n");
    }
    let bytes = show(case, &Bindings::example());
    let _ = writeln!(
        text,
        "\nSent, with example values for what changes from run to run:\n{}",
        bytes.trim_end()
    );
    text.push_str(&alternatives(case, corpus));
    text.push_str("\nRequirements; a wrong answer breaks the first:\n");
    for id in std::iter::once(&case.requirement).chain(&case.see) {
        if let Some(requirement) = corpus.requirements.get(id) {
            text.push_str(&paragraph(requirement));
        }
    }
    text.push_str(&caught_by(case));
    text
}

/// What is lawful, and why it is graded so.
fn alternatives(case: &Case, corpus: &Corpus) -> String {
    let other = match case.role.unnamed() {
        Grade::Fail => "any other answer fails",
        _ => "any other decides nothing",
    };
    let mut text = format!("\nAnswers, graded (the first match counts; {other}):\n");
    for expectation in &case.expect {
        let grade = expectation.grade.word();
        let _ = writeln!(text, "  {grade}: {}", upspec_report::describe(expectation));
        let breaks = expectation.requirement.as_ref();
        for line in expectation.because.iter().cloned().chain(breaks.map(misses)) {
            let _ = writeln!(text, "    {line}");
        }
    }
    if let Some(twin) = &case.same_as {
        let _ = writeln!(text, "  and the same outcome as {twin}");
    }
    for preset in corpus.presets.iter().filter(|preset| uses(case, preset)) {
        let _ = writeln!(text, "\n{}: {}", preset.name, preset.text);
    }
    text
}

fn misses(requirement: &String) -> String {
    format!("It misses {requirement}.")
}

/// Whether the alternatives of a preset are among those of a case, one behind the other. What a case
/// adds to them does not count.
fn uses(case: &Case, preset: &Preset) -> bool {
    let same = |one: &Expectation, other: &Expectation| {
        (one.grade, &one.wants.status, &one.because)
            == (other.grade, &other.wants.status, &other.because)
    };
    let mut windows = case.expect.windows(preset.expect.len().max(1));
    windows.any(|window| window.iter().zip(&preset.expect).all(|(a, b)| same(a, b)))
}

/// The faults that a case catches; those that most cases catch apart, since they show in any answer.
fn caught_by(case: &Case) -> String {
    let caught = Caught::embedded();
    let (common, own): (Vec<&str>, Vec<&str>) =
        caught.by(&case.id).partition(|fault| caught.is_common(&case.id, fault));
    let mut text = String::new();
    if !own.is_empty() {
        let _ = writeln!(text, "\nFaults of the {} that it catches:", reference(case.role));
        text.push_str(&faults(case.role, &own));
    }
    if !common.is_empty() {
        let _ = writeln!(
            text,
            "\nIt also catches faults that show in most answers:\n  {}",
            common.join(", ")
        );
    }
    text
}

fn faults(role: Role, names: &[&str]) -> String {
    let known = flaws::of(role).into_iter().filter(|fault| names.contains(&fault.name));
    known.map(|fault| format!("  {}: {}\n", fault.name, fault.summary)).collect()
}

fn of_requirement(requirement: &Requirement, corpus: &Corpus) -> String {
    let mut text = paragraph(requirement);
    let cites =
        |case: &&Case| case.requirement == requirement.id || case.see.contains(&requirement.id);
    let cases = corpus.cases.iter().filter(cites);
    let lines: String = cases.map(|case| format!("  {}  {}\n", case.id, case.title)).collect();
    if !lines.is_empty() {
        let _ = write!(text, "\nCases:\n{lines}");
    }
    let citing: Vec<&str> = RULES
        .iter()
        .filter(|rule| rule.cites.contains(&requirement.id.as_str()))
        .map(|rule| rule.name)
        .collect();
    if !citing.is_empty() {
        let _ = writeln!(
            text,
            "\nEvery message is checked against it, whatever the case is about ({}).",
            citing.join(", ")
        );
    }
    for role in [Role::Server, Role::Client, Role::Intermediary] {
        let breaking = flaws::of(role).into_iter().filter(|one| one.breaks == requirement.id);
        for fault in breaking {
            let _ = writeln!(
                text,
                "\nFault {} of the {}: {}",
                fault.name,
                reference(role),
                fault.summary
            );
            let _ = writeln!(text, "  caught by {}", cases_in_brief(&fault.cases));
        }
    }
    text
}

/// All of them, one a line, or the first ones where nearly every case is among them.
fn cases_in_brief(cases: &[&str]) -> String {
    let shown = cases.iter().take(MOST_SHOWN);
    let mut text: String = shown.map(|case| format!("\n    {case}")).collect();
    if cases.len() > MOST_SHOWN {
        let _ = write!(text, "\n    and {} more", cases.len() - MOST_SHOWN);
    }
    match cases.len() {
        1 => format!("1 case:{text}"),
        count => format!("{count} cases:{text}"),
    }
}

fn paragraph(requirement: &Requirement) -> String {
    let mut text = format!(
        "  {} ({} {})\n    {}\n",
        requirement.id, requirement.binds, requirement.level, requirement.text,
    );
    for section in requirement.sections() {
        let older = requirement.older.iter().any(|older| older == section);
        let note = if older { " (before)" } else { "" };
        let is_own = section == requirement.place();
        let url = if is_own { requirement.url() } else { section_url(section) };
        let _ = writeln!(text, "    {url}{note}");
    }
    let harm = &requirement.harm;
    let open = if harm.needs_open { " It takes a connection that stays open." } else { "" };
    let _ = writeln!(text, "    harm of a breach: {}. {}{open}", harm.kind, harm.because);
    let lines = [
        requirement.changed.as_ref().map(|changed| format!("what changed: {changed}")),
        requirement.derived.then(|| {
            let why = match requirement.binds {
                Binds::Client => {
                    "by RFC 6455 4.1 the client fails on any other breach of the server's rules"
                }
                _ => "by RFC 6455 4.2.1 the server refuses what does not match its description",
            };
            format!("derived: {why}")
        }),
        requirement.untestable.as_ref().map(|why| format!("no probe can see it: {why}")),
    ];
    for line in lines.into_iter().flatten() {
        let _ = writeln!(text, "    {line}");
    }
    text
}

/// A fault that shows in most answers is caught by hundreds of cases.
const MOST_SHOWN: usize = 60;
