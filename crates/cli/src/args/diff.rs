//! The arguments of `upspec diff`.

use std::path::Path;

use clap::{Args, ValueEnum};
use upspec_report::{DIFF_FORMATS, Diff};

use crate::args::{Pace, Selection, TrustArgs, Wants, Wish, field_name, wish, wish_help};

/// The arguments of a comparison.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct DiffArgs {
    /// Two or more servers: ws://host:port/path, wss://…, http://… or https://…, optionally named:
    /// nginx=ws://127.0.0.1:8080/chat. A report of an earlier run (JSON, or HTML that carries it) stands for the
    /// server, or the client, that it is about, under the name that it has there.
    #[arg(required = true, num_args = 2.., value_name = "[NAME=]URL|REPORT")]
    pub(crate) servers: Vec<String>,
    /// The name of the next server that has none; may be repeated.
    #[arg(long)]
    pub(crate) name: Vec<String>,
    /// List only the cases in which servers differ (the default).
    #[arg(long, conflicts_with = "all")]
    pub(crate) differing: bool,
    /// Also list the cases in which all servers agree.
    #[arg(long)]
    pub(crate) all: bool,
    /// Play N generated requests near a valid handshake instead of the corpus; the seed decides which.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000), conflicts_with_all = ["only", "skip", "cases", "level"])]
    pub(crate) generated: Option<u32>,
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) wants: Wants,
    #[command(flatten)]
    pub(crate) pace: Pace,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    #[arg(long, value_name = "FORMAT=PATH", value_parser = |text: &str| wish(text, DIFF_FORMATS))]
    #[arg(help = wish_help(DIFF_FORMATS), help_heading = "Output")]
    pub(crate) report: Vec<Wish<Diff>>,
    /// What makes the comparison end with 1.
    #[arg(long, value_enum, default_value = "fail", value_name = "WHAT", help_heading = "Output")]
    pub(crate) fail_on: DiffFailOn,
    /// Blot out the values of this field in all output, besides those of Authorization, Cookie, X-Api-Key and
    /// the like, and of the URLs' queries.
    #[arg(long, value_name = "NAME", value_parser = field_name, help_heading = "Output")]
    pub(crate) secret_header: Vec<String>,
    /// Print nothing but errors.
    #[arg(short, long, help_heading = "Output")]
    pub(crate) quiet: bool,
}

/// What fails a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFailOn {
    /// A difference between servers, or a broken MUST.
    Difference,
    /// A broken MUST on any server.
    Fail,
    /// Nothing.
    Never,
}

/// A server by its name and its URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) url: String,
    /// Nobody has given it the name.
    pub(crate) is_unnamed: bool,
}

impl DiffArgs {
    /// The servers with their names: the one before `=`, else the next `--name`, else the URL, or of a report the
    /// name of its file, as long as nobody knows what the report calls its target.
    pub(crate) fn named(&self) -> Result<Vec<Named>, String> {
        let mut names = self.name.iter();
        let mut servers: Vec<Named> = Vec::new();
        for server in &self.servers {
            let (name, url) = match before_equals(server) {
                Some((name, url)) => (Some(name.to_owned()), url),
                None => (names.next().cloned(), server.as_str()),
            };
            let is_unnamed = name.is_none();
            let name = name.unwrap_or_else(|| own_name(server));
            servers.push(Named { name, url: url.to_owned(), is_unnamed });
        }
        match names.next() {
            Some(name) => Err(format!("--name {name}: all servers have names already")),
            None => Ok(servers),
        }
    }
}

impl Named {
    /// The report that stands for it, where no URL is given.
    pub(crate) fn report(&self) -> Option<&Path> {
        is_report(&self.url).then(|| Path::new(&self.url))
    }
}

/// `NAME=URL`. An equals sign in the query of a URL does not count.
fn before_equals(server: &str) -> Option<(&str, &str)> {
    let (name, url) = server.split_once('=')?;
    let is_name = !name.is_empty() && !name.contains("://");
    (is_name && (url.contains("://") || is_report(url))).then_some((name, url))
}

/// Whether it is a path to a report, and no URL.
fn is_report(text: &str) -> bool {
    let extension = Path::new(text).extension().and_then(|one| one.to_str());
    !text.contains("://") && extension.is_some_and(|one| ["json", "html"].contains(&one))
}

/// What a URL, or a report by its file, is called.
fn own_name(server: &str) -> String {
    let stem = Path::new(server).file_stem().filter(|_| is_report(server));
    stem.map_or_else(|| server.to_owned(), |stem| stem.to_string_lossy().into_owned())
}

const EXIT_CODES: &str = "\
Exit codes:
  0    every server was compared, and none broke a MUST
  1    a server broke a MUST, or whatever --fail-on names
  2    bad arguments, configuration or case files
  3    a server is unreachable, does not switch protocols, or died; the others are compared anyway
  130  interrupted (143 by SIGTERM, 129 by SIGHUP); the comparison so far is written";

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use crate::args::{Cli, Command};

    fn named(arguments: &[&str]) -> Result<Vec<(String, String)>, String> {
        let cli = Cli::parse_from(["upspec", "diff"].iter().chain(arguments));
        let Command::Diff(args) = cli.command else {
            panic!("another command");
        };
        let servers = args.named()?;
        Ok(servers.into_iter().map(|one| (one.name, one.url)).collect())
    }

    #[test]
    fn servers_have_names() {
        let own = |name: &str, url: &str| (name.to_owned(), url.to_owned());
        assert_eq!(
            named(&["a=ws://h/", "ws://h/?b=ws://c", "ws://i/", "--name", "x"]),
            Ok(vec![own("a", "ws://h/"), own("x", "ws://h/?b=ws://c"), own("ws://i/", "ws://i/")])
        );
        assert_eq!(
            named(&["runs/a.json", "b=runs/a.html"]),
            Ok(vec![own("a", "runs/a.json"), own("b", "runs/a.html")])
        );
        assert!(named(&["a=ws://h/", "b=ws://h/", "--name", "c"]).is_err());
    }
}
