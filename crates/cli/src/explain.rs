//! `upspec explain`: a case or a requirement in full.

use std::fmt::Write as _;

use upspec_corpus::case::Case;
use upspec_corpus::words::Word as _;
use upspec_corpus::{Bindings, Corpus, Requirement, show};
use upspec_reference::FAULTS;

use crate::args::ExplainArgs;
use crate::exit::{Exit, Trouble};
use crate::{console, selection};

/// Explains the case or the requirement with this id.
pub(crate) fn explain(args: &ExplainArgs) -> Result<Exit, Trouble> {
    let corpus = selection::load(&args.cases)?;
    let text = match (corpus.case(&args.id), corpus.requirements.get(&args.id)) {
        (Some(case), _) => of_case(case, &corpus),
        (None, Some(requirement)) => of_requirement(requirement, &corpus),
        (None, None) => {
            return Err(Trouble::usage(format!(
                "no case and no requirement is called `{}`; `upspec list` shows the cases, \
                 `upspec list --requirements` the requirements",
                args.id
            )));
        }
    };
    console::say(&text);
    Ok(Exit::Conforming)
}

fn of_case(case: &Case, corpus: &Corpus) -> String {
    let mut text = format!("{}\n{}\n", case.id, case.title);
    if let Some(why) = &case.why {
        let _ = writeln!(text, "{why}");
    }
    if !case.needs.is_empty() {
        let needs: Vec<&str> = case.needs.iter().map(|need| need.word()).collect();
        let _ = writeln!(text, "\nNeeds: {}", needs.join(", "));
    }
    let _ = writeln!(
        text,
        "\nSent:\n{}",
        show(case, &Bindings::example()).trim_end()
    );
    let _ = writeln!(
        text,
        "\nLawful and graded (the first that fits counts; anything else fails):"
    );
    for expectation in &case.expect {
        let grade = expectation.grade.word();
        let _ = write!(text, "  {grade}: {}", upspec_report::describe(expectation));
        match &expectation.because {
            Some(because) => {
                let _ = writeln!(text, "\n    {because}");
            }
            None => text.push('\n'),
        }
    }
    if let Some(twin) = &case.same_as {
        let _ = writeln!(text, "  and the same outcome as {twin}");
    }
    text.push_str("\nRequirements:\n");
    for id in std::iter::once(&case.requirement).chain(&case.see) {
        if let Some(requirement) = corpus.requirements.get(id) {
            text.push_str(&paragraph(requirement));
        }
    }
    let faults = FAULTS
        .iter()
        .filter(|fault| fault.requirement == case.requirement);
    let names: Vec<&str> = faults.map(|fault| fault.name).collect();
    if !names.is_empty() {
        let _ = writeln!(
            text,
            "\nFaults of the reference server that break it: {}",
            names.join(", ")
        );
    }
    text
}

fn of_requirement(requirement: &Requirement, corpus: &Corpus) -> String {
    let mut text = paragraph(requirement);
    let cites =
        |case: &&Case| case.requirement == requirement.id || case.see.contains(&requirement.id);
    text.push_str("\nCases:\n");
    for case in corpus.cases.iter().filter(cites) {
        let _ = writeln!(text, "  {}  {}", case.id, case.title);
    }
    for fault in FAULTS
        .iter()
        .filter(|fault| fault.requirement == requirement.id)
    {
        let _ = writeln!(text, "Fault {}: {}", fault.name, fault.summary);
    }
    text
}

fn paragraph(requirement: &Requirement) -> String {
    let mut text = format!(
        "  {} ({} {})\n    {}\n    {}\n",
        requirement.id,
        requirement.binds,
        requirement.level,
        requirement.text,
        requirement.url(),
    );
    let lines = [
        (!requirement.older.is_empty())
            .then(|| format!("before: {}", requirement.older.join(", "))),
        requirement
            .changed
            .as_ref()
            .map(|changed| format!("what changed: {changed}")),
        requirement.derived.then(|| {
            "derived: RFC 6455 4.2.1 has the server refuse what does not match its description"
                .to_owned()
        }),
        requirement
            .untestable
            .as_ref()
            .map(|why| format!("no probe can see it: {why}")),
    ];
    for line in lines.into_iter().flatten() {
        let _ = writeln!(text, "    {line}");
    }
    text
}
