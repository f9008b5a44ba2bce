//! The command that plays a run again, for a shell: with all options that matter, and with variables in the place of
//! secrets.

use std::path::PathBuf;

use clap::ValueEnum as _;
use upspec_report::{Secrets, without_credentials};

use crate::args::client::{ClientArgs, ClientPace};
use crate::args::proxy::ProxyArgs;
use crate::args::rounds::Rounds;
use crate::args::{FailOn, LevelArg, Output, RunArgs, Selection, Stop};
use crate::given::{Given, millis, options, reached, variable};

/// The command. What it writes is left out.
pub(crate) fn command(args: &RunArgs, seed: u64, secrets: &Secrets) -> String {
    let mut words = vec!["upspec run".to_owned()];
    if let Some(url) = &args.url {
        let marked = without_credentials(url, |name| format!("{MARK}{}{MARK}", variable(name)));
        words.push(spelled(&marked));
    }
    words.push(format!("--seed {seed}"));
    add(&mut words, &chosen(args), secrets);
    words.join(" ")
}

/// The command that plays a client again.
pub(crate) fn client_command(args: &ClientArgs, seed: u64, secrets: &Secrets) -> String {
    let path = |path: &PathBuf| path.display().to_string();
    let rows = [
        args.cmd.clone().map(|command| Given::one("cmd", command)),
        args.listen.map(|listen| Given::one("listen", listen.to_string())),
        Given::flag("page", args.page),
        args.plan.as_ref().map(|plan| Given::one("plan", path(plan))),
        args.ca_out.as_ref().map(|file| Given::one("ca-out", path(file))),
        args.name.clone().map(|name| Given::one("name", name)),
        Given::flag("browser", args.browser),
    ];
    let paced = paced(&args.pace).into_iter().chain(stopped(&args.rounds, &args.stop));
    let rest = selected(&args.selection).into_iter().chain(paced).chain(written(&args.output));
    let given: Vec<Given> = rows.into_iter().chain(rest).flatten().collect();
    let mut words = vec!["upspec client".to_owned(), format!("--seed {seed}")];
    add(&mut words, &given, secrets);
    words.join(" ")
}

/// How fast to go, where that is not the usual pace.
fn paced(pace: &ClientPace) -> [Option<Given>; 4] {
    let usual = ClientPace::usual();
    let unless =
        |usual: String, long, value: String| (value != usual).then(|| Given::one(long, value));
    [
        pace.jobs.map(|jobs| Given::one("jobs", jobs.to_string())),
        unless(millis(usual.timeout), "timeout", millis(pace.timeout)),
        unless(millis(usual.window), "window", millis(pace.window)),
        unless(usual.retries.to_string(), "retries", pace.retries.to_string()),
    ]
}

/// The command that plays at both ends of an intermediary again.
pub(crate) fn proxy_command(args: &ProxyArgs, seed: u64, secrets: &Secrets) -> String {
    let headers = args.header.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let rows = [
        args.origin_listen.map(|at| Given::one("origin-listen", at.to_string())),
        args.proxy_cmd.clone().map(|command| Given::one("proxy-cmd", command)),
        Given::flag("forward-proxy", args.forward_proxy),
        args.origin_authority.clone().map(|named| Given::one("origin-authority", named)),
        args.name.clone().map(|name| Given::one("name", name)),
        Given::list("header", headers),
    ];
    let paced = paced(&args.pace).into_iter().chain(stopped(&args.rounds, &args.stop));
    let rest = selected(&args.selection).into_iter().chain(paced).chain(written(&args.output));
    let given: Vec<Given> =
        rows.into_iter().chain(reached(&args.trust)).chain(rest).flatten().collect();
    let mut words = vec!["upspec proxy".to_owned()];
    words.extend(args.url.as_ref().map(|url| spelled(&secrets.blot(url))));
    words.push(format!("--seed {seed}"));
    add(&mut words, &given, secrets);
    words.join(" ")
}

/// Adds options as words of a shell.
fn add(words: &mut Vec<String>, options: &[Given], secrets: &Secrets) {
    for given in options {
        if given.values.is_empty() {
            words.push(format!("--{}", given.long));
        }
        for value in &given.values {
            let value = match value.split_once(": ") {
                Some((name, _)) if given.long == "header" && secrets.holds(name) => {
                    format!("{name}: {MARK}{}{MARK}", variable(name))
                }
                _ => secrets.blot(&value.replace(MARK, "")),
            };
            words.push(format!("--{} {}", given.long, spelled(&value)));
        }
    }
}

/// The options that the command line, `upspec.toml` and the environment give another value than the usual one.
fn chosen(args: &RunArgs) -> Vec<Given> {
    let pace = &args.pace;
    let unless =
        |usual: &str, long, value: String| (value != usual).then(|| Given::one(long, value));
    let paced = [
        pace.jobs.map(|jobs| Given::one("jobs", jobs.to_string())),
        unless("5500ms", "timeout", millis(pace.timeout)),
        unless("500ms", "window", millis(pace.window)),
        pace.delay.map(|delay| Given::one("delay", millis(delay))),
        unless("1", "retries", pace.retries.to_string()),
    ];
    let name = args.name.clone().map(|name| Given::one("name", name));
    let rows = std::iter::once(name).chain(selected(&args.selection)).chain(paced);
    let rows = rows.chain(stopped(&args.rounds, &args.stop)).chain(written(&args.output));
    let rest = options(&args.wants, &args.output.secret_header, &args.trust, &args.server);
    let is_usual = |one: &Given| one.long == "ready-timeout" && one.values == ["10000ms"];
    rows.flatten().chain(rest).filter(|one| !is_usual(one)).collect()
}

/// Which cases are played.
fn selected(cases: &Selection) -> [Option<Given>; 9] {
    let level = cases.level.as_ref().and_then(LevelArg::to_possible_value);
    [
        Given::list("only", cases.only.clone()),
        Given::list("skip", cases.skip.clone()),
        level.map(|level| Given::one("level", level.get_name())),
        Given::list("harm", cases.harm.iter().map(ToString::to_string).collect()),
        Given::list("tag", cases.tag.clone()),
        Given::list("cases", cases.cases.iter().map(|path| path.display().to_string()).collect()),
        cases.partition.map(|one| Given::one("partition", format!("{}/{}", one.part, one.of))),
        cases.sample.map(|number| Given::one("sample", number.to_string())),
        Given::flag("hazardous", cases.hazardous),
    ]
}

/// How often the cases are played, and when a run stops before its end.
fn stopped(rounds: &Rounds, stop: &Stop) -> [Option<Given>; 3] {
    [
        (rounds.repeat > 1).then(|| Given::one("repeat", rounds.repeat.to_string())),
        stop.max_fail.map(|most| Given::one("max-fail", most.to_string())),
        Given::flag("fail-fast", stop.fail_fast),
    ]
}

/// What the verdicts make of the exit code.
fn written(output: &Output) -> [Option<Given>; 4] {
    let fail_on = (output.fail_on != FailOn::Fail).then(|| output.fail_on.to_possible_value());
    [
        fail_on.flatten().map(|verdict| Given::one("fail-on", verdict.get_name())),
        output.baseline.as_ref().map(|path| Given::one("baseline", path.display().to_string())),
        Given::flag("strict-baseline", output.strict_baseline),
        Given::flag("strict-flaky", output.strict_flaky),
    ]
}

/// A text as one word of a shell, with the variables that are marked in it.
fn spelled(text: &str) -> String {
    let parts = text.split(MARK).enumerate().filter(|(_, part)| !part.is_empty());
    let parts = parts.map(|(at, part)| match at % 2 {
        1 => format!("\"${{{part}}}\""),
        _ => quoted(part),
    });
    let word: String = parts.collect();
    if word.is_empty() { "''".to_owned() } else { word }
}

/// A text as a part of a word of a shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || ":/.-_%@,+=".contains(c);
    match text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

/// What stands around the name of a variable; no argument may hold it.
const MARK: char = '\0';

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Cli, Command};

    fn again(words: &[&str]) -> String {
        let cli = Cli::try_parse_from(["upspec", "run"].iter().chain(words)).unwrap();
        let Command::Run(args) = cli.command else { panic!("it is no run") };
        let url = args.url.as_deref().unwrap_or_default();
        let mut secrets = Secrets::new(&args.output.secret_header).with_url(url);
        for (name, value) in &args.wants.header {
            secrets = secrets.with_field(name, value);
        }
        command(&args, 7, &secrets)
    }

    #[test]
    fn what_is_usual_is_left_out() {
        assert_eq!(again(&[]), "upspec run --seed 7");
        assert_eq!(again(&["ws://h/", "--report", "json=a"]), "upspec run ws://h/ --seed 7");
    }

    #[test]
    fn every_option_comes_again() {
        let line = "--name x --only server/key --level must --harm lockout --tag quick --cases mine --partition 1/2 --sample 9 --hazardous --jobs 3 \
            --timeout 1000ms --delay 5ms --retries 2 --repeat 3 --max-fail 3 --fail-on warn --baseline b.toml --strict-baseline --strict-flaky --origin http://o \
            --subprotocol chat --require-subprotocol --connect-to 127.0.0.1:1 --server-name n --ca ca.pem --server-cmd true \
            --ready-port 80 --ready-timeout 5000ms";
        let words: Vec<&str> = std::iter::once("wss://h/").chain(line.split_whitespace()).collect();
        let made = again(&words);
        assert_eq!(made, format!("upspec run wss://h/ --seed 7 {}", words[1..].join(" ")));
        assert_eq!(
            again(&["ws://h/", "--skip", "a*", "--insecure"]),
            "upspec run ws://h/ --seed 7 --skip 'a*' --insecure"
        );
        assert_eq!(again(&["ws://h/a'b"]), r"upspec run 'ws://h/a'\''b' --seed 7");
    }

    fn client_again(words: &[&str]) -> String {
        let cli = Cli::try_parse_from(["upspec", "client"].iter().chain(words)).unwrap();
        let Command::Client(args) = cli.command else { panic!("it is no client") };
        client_command(&args, 7, &Secrets::new(&[]))
    }

    #[test]
    fn a_client_is_started_again_by_its_command() {
        assert_eq!(client_again(&[]), "upspec client --seed 7");
        let words = ["--cmd", "node 'a b.js' {url}", "--jobs", "2", "--only", "client/url"];
        assert_eq!(
            client_again(&words),
            r"upspec client --seed 7 --cmd 'node '\''a b.js'\'' {url}' --only client/url --jobs 2"
        );
    }

    #[test]
    fn secrets_are_variables() {
        let made = again(&[
            "ws://h/?token=abcdefghij&x=1",
            "--header",
            "Authorization: Bearer abcdefghijk",
            "--header",
            "X-Tenant: a b",
            "--server-cmd",
            "serve --token abcdefghij",
        ]);
        assert_eq!(
            made,
            "upspec run 'ws://h/?token='\"${UPSPEC_TOKEN}\"'&x=1' --seed 7 \
             --header 'Authorization: '\"${UPSPEC_AUTHORIZATION}\" --header 'X-Tenant: a b' \
             --server-cmd 'serve --token **********'"
        );
    }
}
