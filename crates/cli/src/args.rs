//! The command line as clap reads it. What the commands do is in files of their own.

pub(crate) mod baseline;
pub(crate) mod bisect;
pub(crate) mod client;
pub(crate) mod connect;
pub(crate) mod diff;
pub(crate) mod fuzz;
pub(crate) mod init;
pub(crate) mod output;
pub(crate) mod proxy;
pub(crate) mod rounds;
pub(crate) mod selection;
pub(crate) mod serve;
pub(crate) mod stored;
pub(crate) mod watch;

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use upspec_corpus::did_you_mean;
use upspec_report::Format;
use upspec_report::program::LANGUAGES;
use upspec_runner::{Family, Ready, Settings};

use crate::complete;
use crate::exit::Trouble;

pub(crate) use output::{FailOn, Output};
use rounds::Rounds;
use selection::number;
pub(crate) use selection::{LevelArg, Partition, Selection};

/// Conformance tests for HTTP Upgrade and the WebSocket opening handshake.
#[derive(Debug, Parser)]
#[command(name = "upspec", version, max_term_width = 100, after_help = format!("{EXIT_CODES}\n\n{OPTIONS}"))]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// When to colour the output.
    #[arg(long, global = true, value_enum, default_value = "auto", value_name = "WHEN")]
    pub(crate) color: When,
    /// Read options from this file. [default: upspec.toml, if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Take the options of [profile.NAME] in upspec.toml, before those of the command's table.
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the corpus against a server; without a URL, against the embedded reference server.
    Run(Box<RunArgs>),
    /// Run the corpus against a client; without a command, against the embedded reference client.
    Client(Box<client::ClientArgs>),
    /// Run the corpus at both ends of a proxy or gateway: as the client in front of it and the origin behind it.
    Proxy(Box<proxy::ProxyArgs>),
    /// Play the cases to a server once, and write upspec.toml and a baseline for it.
    Init(Box<init::InitArgs>),
    /// Play the same cases to several servers and show where they differ.
    Diff(Box<diff::DiffArgs>),
    /// Put a proxy before a backend, from a report of each: which requests the one takes for a tunnel and the other
    /// does not.
    Chain(stored::ChainArgs),
    /// List the cases.
    List(ListArgs),
    /// Explain a case (what it sends, which answers are lawful, and why) or a requirement.
    Explain(ExplainArgs),
    /// Hunt a server for answers that the RFCs do not permit, with generated requests.
    Fuzz(Box<fuzz::FuzzArgs>),
    /// Start the reference server or the reference proxy, correct or with one fault planted.
    Serve(serve::ServeArgs),
    /// Connect to a server as the reference client, correct or with one fault planted.
    Connect(Box<connect::ConnectArgs>),
    /// Write, check and prune the file that says what is accepted of a server.
    #[command(subcommand)]
    Baseline(baseline::BaselineCommand),
    /// Compare, merge and render the reports of stored runs.
    #[command(subcommand)]
    Report(stored::ReportCommand),
    /// Send the octets of a stored case again, and judge the answer.
    Replay(stored::ReplayArgs),
    /// Judge a stored run again, without its server.
    Judge(JudgeArgs),
    /// Run again whenever the server's files change: what failed first, then the rest.
    Watch(Box<watch::WatchArgs>),
    /// Find the commit, or the command of a list, from which on a case has another verdict.
    Bisect(Box<bisect::BisectArgs>),
    /// Print a completion script for a shell; it completes ids, too.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The target: ws://host:port/path, wss://…, http://… or https://…; h2c://… for a server that
    /// speaks only HTTP/2, without TLS.
    pub(crate) url: Option<String>,
    /// A target of upspec.toml; may be repeated. Each has reports of its own: `{target}` in a path is its name, which
    /// is a folder where a path says nothing.
    #[arg(long, value_name = "NAME")]
    pub(crate) target: Vec<String>,
    /// All targets of upspec.toml, one after the other.
    #[arg(long)]
    pub(crate) all_targets: bool,
    /// The name of the target in reports.
    #[arg(long)]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) wants: Wants,
    #[command(flatten)]
    pub(crate) pace: Pace,
    #[command(flatten)]
    pub(crate) rounds: Rounds,
    #[command(flatten)]
    pub(crate) stop: Stop,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

/// How the target is started, and when it counts as up.
#[derive(Debug, Args)]
#[command(next_help_heading = "Starting the target")]
pub(crate) struct ServerArgs {
    /// Start the target with this command, restart it if it dies or hangs, and stop it at the end.
    #[arg(long, value_name = "CMD")]
    pub(crate) server_cmd: Option<String>,
    /// Write all that the command prints to this file, as it comes; a run begins it anew.
    #[arg(long, value_name = "FILE", requires = "server_cmd")]
    pub(crate) server_log: Option<PathBuf>,
    /// The target is ready when it has printed this text and takes connections. [default: when it
    /// takes connections]
    #[arg(long, value_name = "TEXT", requires = "server_cmd", conflicts_with = "ready_port")]
    pub(crate) ready: Option<String>,
    /// The target is ready when this port takes connections.
    #[arg(long, value_name = "PORT", requires = "server_cmd", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) ready_port: Option<u16>,
    /// How long the target may take to be ready, and to come back after it has died.
    #[arg(long, default_value = "10s", value_parser = duration, value_name = "TIME")]
    pub(crate) ready_timeout: Duration,
}

impl ServerArgs {
    /// Empties the file for what the command prints.
    pub(crate) fn begin_log(&self) -> Result<(), Trouble> {
        let Some(path) = &self.server_log else { return Ok(()) };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let begun = folder.map_or(Ok(()), std::fs::create_dir_all);
        begun.and_then(|()| std::fs::File::create(path)).map(|_| ()).map_err(|error| {
            Trouble::usage(format!("--server-log: cannot write {}: {error}", path.display()))
        })
    }

    /// Puts these arguments into the settings.
    pub(crate) fn on(&self, settings: Settings) -> Settings {
        let ready = match (&self.ready, self.ready_port) {
            (Some(text), _) => Ready::Printed(text.clone()),
            (None, Some(port)) => Ready::Port(port),
            (None, None) => Ready::Accepts,
        };
        Settings {
            server_cmd: self.server_cmd.clone(),
            server_log: self.server_log.clone(),
            ready,
            ready_timeout: self.ready_timeout,
            ..settings
        }
    }
}

/// What the target requires of every request.
#[derive(Debug, Args)]
#[command(next_help_heading = "What the target requires")]
pub(crate) struct Wants {
    /// Send this field line with every request to the endpoint; may be repeated.
    #[arg(short = 'H', long, value_name = "K: V", value_parser = field_line)]
    pub(crate) header: Vec<(String, String)>,
    /// Send this Origin with every request to the endpoint.
    #[arg(long, value_parser = value)]
    pub(crate) origin: Option<String>,
    /// A subprotocol that the target knows; may be repeated, the preferred one first.
    #[arg(long, value_name = "NAME", value_parser = value)]
    pub(crate) subprotocol: Vec<String>,
    /// Offer the first --subprotocol in every handshake that is not about subprotocols, because the
    /// target refuses handshakes without one.
    #[arg(long, requires = "subprotocol")]
    pub(crate) require_subprotocol: bool,
}

/// How fast to go, and how long to wait.
#[derive(Debug, Args)]
#[command(next_help_heading = "Pace")]
pub(crate) struct Pace {
    /// How many cases to play at a time; more may wait for a silent server, except with 1. [default: 16, and up to 96
    /// where answers come late]
    #[arg(short, long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,
    /// The longest wait for an answer.
    #[arg(long, default_value = "5500ms", value_parser = duration, value_name = "TIME")]
    pub(crate) timeout: Duration,
    /// The shortest wait before silence counts as an answer; longer if the target answers slowly.
    #[arg(long, default_value = "500ms", value_parser = duration, value_name = "TIME")]
    pub(crate) window: Duration,
    /// The least time from the beginning of one case to that of the next, for a target that is not to be asked much;
    /// the controls between them come besides.
    #[arg(long, value_parser = duration, value_name = "TIME")]
    pub(crate) delay: Option<Duration>,
    /// How often to replay a failing case; if a replay disagrees, the case is flaky.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) retries: u32,
    /// The seed of all random octets; reports name it. [default: a fresh one]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
}

/// When a run stops before its end.
#[derive(Debug, Args)]
#[command(next_help_heading = "Pace")]
pub(crate) struct Stop {
    /// Stop once so many cases fail the run, or one round of --repeat, as --fail-on and the baseline have it; it then
    /// ends with 1, and the report so far is written.
    #[arg(long, value_name = "N", value_parser = number)]
    pub(crate) max_fail: Option<usize>,
    /// Stop at the first case that fails the run: --max-fail 1.
    #[arg(long, conflicts_with = "max_fail")]
    pub(crate) fail_fast: bool,
}

/// How the target is reached, and how TLS is verified.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct TrustArgs {
    /// Connect to this place; Host and the name in TLS are those of the URL.
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) connect_to: Option<String>,
    /// Ask for this name in TLS, and want it in the certificate; Host is that of the URL.
    #[arg(long, value_name = "NAME")]
    pub(crate) server_name: Option<String>,
    /// Connect over IPv4 alone, where a name has addresses of both kinds.
    #[arg(short = '4', long, conflicts_with = "ipv6")]
    pub(crate) ipv4: bool,
    /// Connect over IPv6 alone.
    #[arg(short = '6', long)]
    pub(crate) ipv6: bool,
    /// Connect from this address of this machine; may be repeated: the next one is used where the target bans one
    /// for what it was sent. On loopback there are further ones by themselves.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) from: Vec<IpAddr>,
    /// Trust the certificates of this PEM file instead of the system's.
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    pub(crate) ca: Option<PathBuf>,
    /// Do not verify the certificate.
    #[arg(long)]
    pub(crate) insecure: bool,
    /// Show the certificate in this PEM file to a server that asks for one.
    #[arg(long, value_name = "FILE")]
    pub(crate) client_cert: Option<PathBuf>,
    /// The private key of that certificate. [default: in the same file]
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    pub(crate) client_key: Option<PathBuf>,
}

impl TrustArgs {
    /// The one version of IP that is allowed, if not both are.
    pub(crate) fn family(&self) -> Option<Family> {
        let v6 = self.ipv6.then_some(Family::Ipv6);
        self.ipv4.then_some(Family::Ipv4).or(v6)
    }

    /// The files that are read.
    pub(crate) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.ca.iter().chain(&self.client_cert).chain(&self.client_key)
    }
}

/// A file that the user wants, and its format.
pub(crate) type Wish<R> = (&'static Format<R>, PathBuf);

// The selection of a run, except that hazardous cases are always listed.
#[derive(Debug, Args)]
#[command(mut_arg("hazardous", |arg| arg.hide(true)))]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// How to print the list.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: ListFormat,
    /// Write what each case sends first into a file of this folder that has its name, for a fuzzer to start from, in
    /// place of the list: requests of servers' cases, answers of clients'.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["requirements", "format"])]
    pub(crate) octets: Option<PathBuf>,
    /// The seed of --sample. [default: a fresh one]
    #[arg(long, value_name = "N", requires = "sample")]
    pub(crate) seed: Option<u64>,
    /// List the requirements instead of the cases.
    #[arg(long)]
    pub(crate) requirements: bool,
}

/// How a list is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// One line each.
    Text,
    /// One JSON array.
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// A case id such as server/key/fifteen-bytes, or a requirement id such as rfc6455/4.2.1-key; a topic, a section
    /// or a pattern lists what it names.
    #[arg(add = complete::case_or_rule())]
    pub(crate) id: String,
    /// Print a program that sends the octets of the case, a script for a shell or a unit test, and fails where the case
    /// does by the status alone.
    #[arg(long = "as", value_name = "LANGUAGE", value_parser = PossibleValuesParser::new(LANGUAGES.map(|one| one.name)))]
    pub(crate) language: Option<String>,
    /// The server that the program connects to.
    #[arg(
        long,
        value_name = "URL",
        requires = "language",
        default_value = "ws://127.0.0.1:9001/chat"
    )]
    pub(crate) url: String,
    /// Add your own case files from this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) cases: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct JudgeArgs {
    /// A JSON report of an earlier run.
    pub(crate) file: PathBuf,
    /// Add your own case files from this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) cases: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) output: Output,
}

const OPTIONS: &str = "\
Options also come from upspec.toml, by their long names, and from variables such as UPSPEC_JOBS.
The secrets of TLS are added to the file that SSLKEYLOGFILE names, if it is set.";

const EXIT_CODES: &str = "\
Exit codes:
  0    nothing failed
  1    a case failed, and the baseline does not excuse it
  2    bad arguments, configuration or case files
  3    the target is unreachable, nothing could be judged, or a case could not be played (error)
  130  interrupted (143 by SIGTERM, 129 by SIGHUP); the report so far is written";

/// What is written where nothing else is asked for.
pub(crate) const DEFAULT_REPORTS: [&str; 2] =
    ["json=upspec-report/report.json", "html=upspec-report/index.html"];

/// `Name: value`, as it goes onto the wire.
fn field_line(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("write it as 'Name: value'")?;
    let name = field_name(name)?;
    if name.eq_ignore_ascii_case("host") {
        return Err(
            "Host comes from the URL; --connect-to says where to connect instead".to_owned()
        );
    }
    Ok((name, self::value(value)?.trim().to_owned()))
}

/// The name of a field, a token of RFC 9110 section 5.6.2.
fn field_name(text: &str) -> Result<String, String> {
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    match !text.is_empty() && text.chars().all(token) {
        true => Ok(text.to_owned()),
        false => Err(format!("`{text}` is not a field name")),
    }
}

/// A value that goes into a field line.
fn value(text: &str) -> Result<String, String> {
    match text.chars().any(|c| c.is_control() && c != '\t') {
        true => Err("the value contains a control character".to_owned()),
        false => Ok(text.to_owned()),
    }
}

/// `250ms`, `5s` or `2m`.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().map_err(|_| "write it as 250ms, 5s or 2m".to_owned())?;
    let millis = match &text[digits.len()..] {
        "ms" => number,
        "s" => number.saturating_mul(1000),
        "m" => number.saturating_mul(60_000),
        _ => return Err("write it as 250ms, 5s or 2m".to_owned()),
    };
    if (1..=3_600_000).contains(&millis) {
        Ok(Duration::from_millis(millis))
    } else {
        Err("it must lie between 1ms and 60m".to_owned())
    }
}

/// The lawful variations by name, so that help lists them.
/// `html=report.html`.
pub(crate) fn wish<R>(text: &str, formats: &'static [Format<R>]) -> Result<Wish<R>, String> {
    let (name, path) = text.split_once('=').ok_or("write it as FORMAT=PATH")?;
    let format = formats.iter().find(|format| format.name == name);
    let format = format.ok_or_else(|| {
        let names: Vec<&str> = formats.iter().map(|format| format.name).collect();
        let help = did_you_mean(name, names.iter().copied());
        let all = || format!("known are `{}`", names.join("`, `"));
        format!("unknown format `{name}`; {}", help.unwrap_or_else(all))
    })?;
    if path.is_empty() {
        return Err("the path is missing".to_owned());
    }
    Ok((format, PathBuf::from(path)))
}

/// What `--report` says of the formats.
pub(crate) fn wish_help<R>(formats: &[Format<R>]) -> String {
    let formats = formats.iter().map(|format| format!("{} ({})", format.name, format.about));
    format!(
        "Write a report, to standard output if PATH is -; may be repeated. FORMAT is {}",
        formats.collect::<Vec<_>>().join(", ")
    )
}

#[cfg(test)]
mod tests {
    use upspec_report::FORMATS;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }

    #[test]
    fn times_carry_their_unit() {
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("5s"), Ok(Duration::from_secs(5)));
        assert!(duration("5").is_err());
        assert!(duration("0s").is_err());
    }

    #[test]
    fn field_lines_are_checked() {
        assert_eq!(field_line("A: b "), Ok(("A".to_owned(), "b".to_owned())));
        assert!(field_line("A b: c").is_err());
        assert!(field_name("X-Mine").is_ok());
        assert!(["", "A b", "A:"].iter().all(|name| field_name(name).is_err()));
        assert!(field_line("host: c").is_err());
        assert!(field_line("A: b\r\nC: d").is_err());
    }

    #[test]
    fn reports_have_a_known_format_and_a_path() {
        let (format, path) = wish("html=a=b", FORMATS).unwrap();
        assert_eq!((format.name, path), ("html", PathBuf::from("a=b")));
        for (text, error) in [
            ("html", "write it as FORMAT=PATH"),
            ("html=", "the path is missing"),
            ("htlm=a", "unknown format `htlm`; did you mean `html`?"),
            (
                "pdf=a",
                "unknown format `pdf`; known are `json`, `html`, `junit`, `junit-strict`, `text`, `markdown`, `sarif`, `github`, `gitlab`, `tap`, `badge`, `shields`, `pcapng`",
            ),
        ] {
            assert_eq!(wish(text, FORMATS).unwrap_err(), error);
        }
    }
}
