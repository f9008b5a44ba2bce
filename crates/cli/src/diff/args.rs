//! What `upspec diff` is told: the servers, and what comes out. Nothing of what is done with it.

use clap::{Args, ValueEnum};
use upspec_report::{DIFF_FORMATS, Diff};

use crate::args::{Pace, Selection, TrustArgs, Wants, Wish, wish, wish_help};

/// What a comparison is told.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct DiffArgs {
    /// The servers, two or more: ws://host:port/path, wss://…, http://… or https://…, each
    /// with a name before it if you like: nginx=ws://127.0.0.1:8080/chat.
    #[arg(required = true, num_args = 2.., value_name = "[NAME=]URL")]
    pub(crate) servers: Vec<String>,
    /// What to call the servers, in their order; as often as there are servers without a name.
    #[arg(long)]
    pub(crate) name: Vec<String>,
    /// List only the cases in which servers differ; this is what is done without --all.
    #[arg(long, conflicts_with = "all")]
    pub(crate) differing: bool,
    /// List the cases in which servers agree, too.
    #[arg(long)]
    pub(crate) all: bool,
    /// Play so many generated requests near a valid handshake in place of the corpus; the seed decides
    /// which.
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
    /// Blot out the values of this field, as those of Authorization, Cookie and
    /// Proxy-Authorization always are.
    #[arg(long, value_name = "NAME", help_heading = "Output")]
    pub(crate) secret_header: Vec<String>,
    /// Print nothing but errors.
    #[arg(short, long, help_heading = "Output")]
    pub(crate) quiet: bool,
}

/// What makes a comparison fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFailOn {
    /// Servers that differ, or a broken MUST.
    Difference,
    /// A broken MUST on any of the servers.
    Fail,
    /// Nothing.
    Never,
}

/// A server by its name and its URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) url: String,
}

impl DiffArgs {
    /// The servers with their names: the one before `=`, else the next `--name`, else the URL.
    pub(crate) fn named(&self) -> Result<Vec<Named>, String> {
        let mut names = self.name.iter();
        let mut servers: Vec<Named> = Vec::new();
        for server in &self.servers {
            let named = match before_equals(server) {
                Some((name, url)) => Named { name: name.to_owned(), url: url.to_owned() },
                None => Named { name: names.next().unwrap_or(server).clone(), url: server.clone() },
            };
            if servers.iter().any(|known| known.name == named.name) {
                return Err(format!("two servers are called {}; name them", named.name));
            }
            servers.push(named);
        }
        match names.next() {
            Some(name) => Err(format!("there is no server left to be called {name}")),
            None => Ok(servers),
        }
    }
}

/// `NAME=URL`; an equals sign in the query of a URL is none of these.
fn before_equals(server: &str) -> Option<(&str, &str)> {
    let (name, url) = server.split_once('=')?;
    (!name.is_empty() && !name.contains("://") && url.contains("://")).then_some((name, url))
}

const EXIT_CODES: &str = "\
Exit codes:
  0    every server was compared, and none broke a MUST
  1    a server broke a MUST, or what else --fail-on names
  2    bad arguments, configuration or case file
  3    a server is unreachable, does not switch, or died; the others are compared all the same
  130  interrupted; what was done is written";

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
        assert!(named(&["ws://h/", "ws://h/"]).is_err());
        assert!(named(&["a=ws://h/", "b=ws://h/", "--name", "c"]).is_err());
    }
}
