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
use crate::{baseline, console, run};

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
    let options = options(args);
    let played = play(args, &options)?;
    if !matches!(played, Exit::Conforming | Exit::Failed) {
        return Ok(played);
    }
    let mut variables = Vec::new();
    places[0].write(file(args, &options, &mut variables).as_bytes())?;
    console::say(&format!("\nwrote {FILE}\n"));
    baseline::write(&WriteArgs {
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
        place.write(ci::file(system, &variables, starts).as_bytes())?;
        console::say(&format!("wrote {}\n", ci::path(system).display()));
        advice = ci::advice(system, &variables, starts);
    }
    if !variables.is_empty() {
        advice.insert(0, format!("set {} where upspec runs", variables.join(", ")));
    }
    advice.insert(
        0,
        "look at the drafted reasons in the baseline, and commit what was written, but for upspec-report".to_owned(),
    );
    console::say(&format!(
        "\n`upspec run` fails from now on at what is new. To do:\n- {}\n",
        advice.join("\n- ")
    ));
    Ok(Exit::Conforming)
}

/// An option of the target by its long name; a flag has no values.
struct Given {
    long: &'static str,
    values: Vec<String>,
    is_list: bool,
}

/// What was said of the target.
fn options(args: &InitArgs) -> Vec<Given> {
    let path = |path: &PathBuf| path.display().to_string();
    let one = |long, value: Option<String>| {
        value.map(|value| Given { long, values: vec![value], is_list: false })
    };
    let list = |long, values: Vec<String>| {
        (!values.is_empty()).then_some(Given { long, values, is_list: true })
    };
    let flag = |long, set: bool| set.then(|| Given { long, values: Vec::new(), is_list: false });
    let (wants, trust, server) = (&args.wants, &args.trust, &args.server);
    let headers = wants.header.iter().map(|(name, value)| format!("{name}: {value}"));
    let given = [
        list("header", headers.collect()),
        list("secret-header", args.secret_header.clone()),
        one("origin", wants.origin.clone()),
        list("subprotocol", wants.subprotocol.clone()),
        flag("require-subprotocol", wants.require_subprotocol),
        one("connect-to", trust.connect_to.clone()),
        one("ca", trust.ca.as_ref().map(path)),
        flag("insecure", trust.insecure),
        one("server-cmd", server.server_cmd.clone()),
        one("ready", server.ready.clone()),
        one("ready-port", server.ready_port.map(|port| port.to_string())),
        one("ready-timeout", Some(format!("{}ms", server.ready_timeout.as_millis()))),
    ];
    let has_server = server.server_cmd.is_some();
    let given = given.into_iter().flatten();
    given.filter(|one| has_server || one.long != "ready-timeout").collect()
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

/// The variable of the environment that holds a secret.
fn variable(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    format!("UPSPEC_{}", name.chars().map(plain).collect::<String>())
}

const FILE: &str = "upspec.toml";
const REPORT: &str = "upspec-report/report.json";
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
