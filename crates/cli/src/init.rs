//! `upspec init`: plays the cases to a target once, and writes `upspec.toml` and a baseline.

mod ci;

use std::path::PathBuf;

use clap::Parser as _;
use toml_edit::{Array, Value};
use upspec_report::{Secrets, without_credentials};

use crate::args::baseline::WriteArgs;
use crate::args::init::InitArgs;
use crate::args::{Cli, Command};
use crate::exit::{Exit, Trouble};
use crate::files::Place;
use crate::given::{Given, options, variable};
use crate::{baseline, console, fuzz, run};

/// Writes what a project needs to run upspec.
pub(crate) fn init(args: &InitArgs) -> Result<Exit, Trouble> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if args.name.is_empty() || !args.name.chars().all(plain) {
        return Err(Trouble::usage("--name takes letters, digits, - and _ here"));
    }
    let ci = args.ci.map(ci::path);
    let files = [PathBuf::from(FILE), args.baseline.clone()].into_iter().chain(ci);
    let mut places = Vec::new();
    for path in files {
        let place = Place::find(&path)?;
        if place.is_taken() {
            return Err(Trouble::usage(format!("{} is there already", place.shown())));
        }
        places.push(place);
    }
    let options = options(&args.wants, &args.secret_header, &args.trust, &args.server);
    let played = play(args, &options)?;
    if !matches!(played, Exit::Conforming | Exit::Failed) {
        return Ok(played);
    }
    // The reports are no part of the repository; their folder says so itself.
    let _ = std::fs::write(IGNORED, "*\n");
    let mut variables = Vec::new();
    places[0].write(file(args, &options, &mut variables).as_bytes())?;
    console::say(&format!("\nwrote {FILE}\n"));
    baseline::write(&WriteArgs {
        answers: false,
        file: args.baseline.clone(),
        report: REPORT.into(),
        reason: None,
        ratchet: false,
        cases: Vec::new(),
    })?;
    variables.sort_unstable();
    variables.dedup();
    let mut advice = Vec::new();
    if let (Some(system), Some(place)) = (args.ci, places.get(2)) {
        let starts = args.server.server_cmd.is_some();
        let baseline = fuzz::quoted(args.baseline.display().to_string());
        let (variables, parts, baseline) = (&variables[..], args.parts, &baseline[..]);
        let job = ci::Job { variables, starts, parts, baseline };
        place.write(ci::file(system, &job).as_bytes())?;
        console::say(&format!("wrote {}\n", ci::path(system).display()));
        advice = ci::advice(system, variables, starts);
    }
    if !variables.is_empty() {
        advice.insert(0, format!("set {} where upspec runs", variables.join(", ")));
    }
    advice.insert(
        0,
        "look at the drafted reasons in the baseline, and commit what was written".to_owned(),
    );
    console::say(&format!(
        "\n`upspec run` fails from now on at what is new. To do:\n- {}\n",
        advice.join("\n- ")
    ));
    Ok(Exit::Conforming)
}

/// Plays the cases with these options, as `upspec run` does.
fn play(args: &InitArgs, options: &[Given]) -> Result<Exit, Trouble> {
    let mut arguments = vec!["upspec".to_owned(), "run".to_owned(), args.url.clone()];
    arguments.push(format!("--name={}", args.name));
    arguments.extend(REPORTS.iter().map(|report| format!("--report={report}")));
    for option in options {
        let long = option.long;
        match &option.values[..] {
            [] => arguments.push(format!("--{long}")),
            values => arguments.extend(values.iter().map(|value| format!("--{long}={value}"))),
        }
    }
    let cli = Cli::try_parse_from(arguments).map_err(Trouble::usage)?;
    match cli.command {
        Command::Run(args) => run::run(&args),
        _ => Err(Trouble::usage("no run")),
    }
}

/// The text of `upspec.toml`, and the variables that it asks for.
fn file(args: &InitArgs, options: &[Given], variables: &mut Vec<String>) -> String {
    let secrets = Secrets::new(&args.secret_header);
    let url = without_credentials(&args.url, |name| {
        variables.push(variable(name));
        format!("${{{}}}", variable(name))
    });
    let mut text = format!("{HEAD}[target.{}]\nurl = {}\n", args.name, Value::from(&url));
    for option in options {
        let value = match &option.values[..] {
            [] => Value::from(true),
            [one] if !option.is_list => Value::from(one),
            values => {
                let shown = values.iter().map(|one| without_secret(one, &secrets, variables));
                Value::from(shown.collect::<Array>())
            }
        };
        text.push_str(&format!("{} = {value}\n", option.long));
    }
    let baseline = Value::from(args.baseline.display().to_string());
    let reports = Value::from(REPORTS.iter().copied().collect::<Array>());
    text.push_str(&format!("\n[run]\nbaseline = {baseline}\nreport = {reports}\n"));
    text
}

/// A field line, with a variable in the place of what nobody should commit.
fn without_secret(line: &str, secrets: &Secrets, variables: &mut Vec<String>) -> String {
    match line.split_once(": ").filter(|(name, _)| secrets.holds(name)) {
        Some((name, _)) => {
            variables.push(variable(name));
            format!("{name}: ${{{}}}", variable(name))
        }
        None => line.to_owned(),
    }
}

const FILE: &str = "upspec.toml";
const REPORT: &str = "upspec-report/report.json";
/// What keeps git from the folder of the reports.
const IGNORED: &str = "upspec-report/.gitignore";
const REPORTS: [&str; 3] = [
    "json=upspec-report/report.json",
    "html=upspec-report/index.html",
    "junit=upspec-report/junit.xml",
];
const HEAD: &str = "\
# What `upspec run` does here. Keys are the long names of options; the command line comes before them.
# `${NAME}` is a variable of the environment.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_stay_out_of_the_file() {
        let (secrets, mut variables) = (Secrets::new(&["X-Mine".to_owned()]), Vec::new());
        let mut shown = |line| without_secret(line, &secrets, &mut variables);
        assert_eq!(shown("authorization: Bearer x"), "authorization: ${UPSPEC_AUTHORIZATION}");
        assert_eq!(shown("X-Mine: x"), "X-Mine: ${UPSPEC_X_MINE}");
        assert_eq!(shown("X-Tenant: x"), "X-Tenant: x");
        assert_eq!(variables, ["UPSPEC_AUTHORIZATION", "UPSPEC_X_MINE"]);
    }
}
