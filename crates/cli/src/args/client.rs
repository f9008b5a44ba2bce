//! The arguments of `upspec client`.

use std::time::Duration;

use clap::Args;

use crate::args::rounds::Rounds;
use crate::args::{Output, Selection, Stop, duration};

/// How the client comes to us, which cases are played, how fast, and what is written.
#[derive(Debug, Args)]
pub(crate) struct ClientArgs {
    /// Start the client with this command, once for each case. `{url}` stands for where to connect, or `{host}`,
    /// `{port}` and `{path}`; `{ca}` for a PEM file with the certificate to trust. It is split into words as a shell
    /// does, and no shell sees it. [default: the embedded reference client]
    #[arg(long, value_name = "CMD")]
    pub(crate) cmd: Option<String>,
    /// Serve a page here that has its browser open the connections, for clients that no command starts. Connections
    /// go to the same address, so that it may be one that a telephone reaches.
    #[arg(long, value_name = "ADDR", requires = "page", conflicts_with = "cmd")]
    pub(crate) listen: Option<std::net::SocketAddr>,
    /// The client is a browser that comes to --listen.
    #[arg(long, requires = "listen")]
    pub(crate) page: bool,
    /// Write a line of JSON with the case and the URL of each connection that is to be opened to this file, or to
    /// standard output for `-`; somebody else opens them, one after the other with --jobs 1.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["cmd", "listen"])]
    pub(crate) plan: Option<std::path::PathBuf>,
    /// Write the certificate that the client has to trust to this PEM file: what needs TLS is then played with clients
    /// whose command has no `{ca}`, too.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_out: Option<std::path::PathBuf>,
    /// The name of the client in reports.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The client is a browser: also play what only browsers have to do.
    #[arg(long)]
    pub(crate) browser: bool,
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) pace: ClientPace,
    #[command(flatten)]
    pub(crate) rounds: Rounds,
    #[command(flatten)]
    pub(crate) stop: Stop,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// How fast to go, and how long to wait.
#[derive(Debug, Args)]
#[command(next_help_heading = "Pace")]
pub(crate) struct ClientPace {
    /// How many cases to play at a time. Of a client's command no more than two for each processor are starting at
    /// once, or more if they are slow and merely wait. [default: 16, up to 64 with an intermediary that answers late]
    #[arg(short, long, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) jobs: Option<u16>,
    /// How long a client may take to open its connection, and how long an exchange may take.
    #[arg(long, default_value = "10s", value_parser = duration, value_name = "TIME")]
    pub(crate) timeout: Duration,
    /// The shortest wait before silence counts; longer if the client shows late that the connection is open.
    #[arg(long, default_value = "500ms", value_parser = duration, value_name = "TIME")]
    pub(crate) window: Duration,
    /// How often to replay a failing case; if a replay disagrees, the case is flaky.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) retries: u32,
    /// The seed of all random octets; reports name it. [default: a fresh one]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
}

impl ClientPace {
    /// How many cases to play at a time.
    pub(crate) fn jobs(&self) -> u16 {
        self.jobs.unwrap_or(16)
    }

    /// What it is where nothing is said.
    pub(crate) fn usual() -> Self {
        Self {
            jobs: None,
            timeout: Duration::from_secs(10),
            window: Duration::from_millis(500),
            retries: 1,
            seed: None,
        }
    }
}
