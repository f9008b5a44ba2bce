//! The arguments of `upspec fuzz`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use upspec_hunt::Part;

use crate::args::selection::partition;
use crate::args::{Partition, ServerArgs, TrustArgs, Wants, duration, field_name};

/// The arguments of a hunt.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct FuzzArgs {
    /// The target: ws://host:port/path, wss://…, http://… or https://….
    #[arg(required_unless_present_any = ["client", "proxy"])]
    pub(crate) url: Option<String>,
    /// Hunt a client in place of a server: it is started for each answer of ours.
    #[arg(long, conflicts_with_all = ["url", "rate", "baseline", "server_cmd"])]
    pub(crate) client: bool,
    /// Start the client with this command, as for `upspec client`. [default: the embedded reference client]
    #[arg(long, value_name = "CMD", requires = "client")]
    pub(crate) cmd: Option<String>,
    /// Hunt an intermediary: we are the client in front of it and the origin behind it, as for `upspec proxy`. Without a
    /// URL it is the embedded reference proxy.
    #[arg(long, conflicts_with_all = ["client", "rate", "baseline", "server_cmd"])]
    pub(crate) proxy: bool,
    /// Where our origin listens, to which the intermediary forwards. [default: 127.0.0.1:9000, and a free port for
    /// --proxy-cmd]
    #[arg(long, value_name = "ADDR", requires = "proxy")]
    pub(crate) origin_listen: Option<SocketAddr>,
    /// Start the intermediary with this command, restart it if it dies, and stop it at the end, as for `upspec proxy`.
    #[arg(long, value_name = "CMD", requires_all = ["proxy", "url"])]
    pub(crate) proxy_cmd: Option<String>,
    /// Plant this fault in the embedded reference proxy.
    #[arg(long, value_name = "NAME", requires = "proxy", conflicts_with = "url")]
    pub(crate) fault: Option<String>,
    /// How long to hunt. [default: 60s, unless --runs is given]
    #[arg(long, value_parser = duration, value_name = "TIME")]
    pub(crate) time: Option<Duration>,
    /// How many exchanges to play.
    #[arg(long, value_name = "N")]
    pub(crate) runs: Option<u64>,
    /// Also draw near the requests that showed something new of the target. It sees more kinds of answer in the same number
    /// of exchanges, and does not find its first violation sooner.
    #[arg(long, conflicts_with_all = ["client", "proxy"])]
    pub(crate) guided: bool,
    /// End with the first violation or death.
    #[arg(long)]
    pub(crate) until_found: bool,
    /// The most exchanges per second.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate: Option<u32>,
    /// The seed of all requests and nonces. [default: a fresh one, which is printed]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Play only part M of N of what the seed gives, one on each of N machines; `upspec report gather` puts together what
    /// they find. Needs --seed, the same one for all of them.
    #[arg(long, value_name = "M/N", value_parser = partition, conflicts_with = "guided")]
    pub(crate) partition: Option<Partition>,
    /// How many exchanges to play at a time. [default: 64, with --client and --proxy 16]
    #[arg(short, long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,
    /// Continue the hunt that this file describes, with its seed, and update the file at the end.
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Findings that this baseline accepts do not make the hunt end with 1.
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Write findings as case files to this folder; replay them with `upspec run URL --cases DIR`, `upspec client
    /// --cmd CMD --cases DIR` or `upspec proxy URL --cases DIR`.
    #[arg(long, value_name = "DIR", default_value = "upspec-found")]
    pub(crate) out: PathBuf,
    /// The least verdict that counts as a finding.
    #[arg(long, value_enum, default_value = "fail", value_name = "VERDICT")]
    pub(crate) fail_on: FuzzFailOn,
    /// The longest wait for an answer.
    #[arg(long, default_value = "5s", value_parser = duration, value_name = "TIME")]
    pub(crate) timeout: Duration,
    /// The shortest wait before silence counts as an answer; a replay five times as long confirms it.
    #[arg(long, default_value = "200ms", value_parser = duration, value_name = "TIME")]
    pub(crate) window: Duration,
    #[command(flatten)]
    pub(crate) wants: Wants,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// Blot out the values of this field in all output, besides those of Authorization, Cookie, X-Api-Key and
    /// the like, and of the URL's query.
    #[arg(long, value_name = "NAME", value_parser = field_name)]
    pub(crate) secret_header: Vec<String>,
    /// Print nothing but findings and errors.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

impl FuzzArgs {
    /// The target; empty where a client or the embedded proxy is hunted.
    pub(crate) fn url(&self) -> &str {
        self.url.as_deref().unwrap_or_default()
    }

    /// The part of a hunt that is asked for.
    pub(crate) fn part(&self) -> Option<Part> {
        self.partition.and_then(|asked| Part::new(asked.part, asked.of))
    }

    /// How many exchanges to play at a time, where that many is usual.
    pub(crate) fn jobs(&self, usual: u16) -> usize {
        usize::from(crate::descriptors::jobs(self.jobs.unwrap_or(usual)))
    }
}

/// What counts as a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FuzzFailOn {
    /// A broken MUST.
    Fail,
    /// Also a missed SHOULD.
    Warn,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    nothing was found
  1    something was found that the baseline does not accept
  2    bad arguments or files
  3    the target is unreachable or does not switch protocols, or no longer does because it limits or bans who asks;
       the client does not come, or opens nothing; nothing comes through the intermediary
  130  interrupted (143 by SIGTERM, 129 by SIGHUP); state and findings so far are written";
