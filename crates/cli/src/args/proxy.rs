//! The arguments of `upspec proxy`.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;

use crate::args::client::ClientPace;
use crate::args::rounds::Rounds;
use crate::args::{Output, Selection, Stop, TrustArgs, duration, field_line};

/// Where the intermediary is, where our origin stands behind it, which cases are played, and what is written.
#[derive(Debug, Args)]
pub(crate) struct ProxyArgs {
    /// The intermediary, as its clients name it: http://host:port/path, https://…, ws://… or wss://…; without it the
    /// embedded reference proxy.
    pub(crate) url: Option<String>,
    /// Where our origin listens, to which the intermediary forwards. [default: 127.0.0.1:9000, and a free port for
    /// --proxy-cmd]
    #[arg(long, value_name = "ADDR")]
    pub(crate) origin_listen: Option<SocketAddr>,
    /// Start the intermediary with this command and stop it at the end. `{listen}` stands for host and port of the URL,
    /// `{origin}` for those of our origin, `{listen-port}` and `{origin-port}` for the ports alone.
    #[arg(long, value_name = "CMD", requires = "url")]
    pub(crate) proxy_cmd: Option<String>,
    /// It is a forward proxy: its clients name our origin in the target, as in `GET http://127.0.0.1:9000/path`, with the
    /// path of the URL. Cases that are about gateways alone are not applicable, and those about forward proxies alone are.
    #[arg(long)]
    pub(crate) forward_proxy: bool,
    /// Host and port of our origin, as a forward proxy reaches it. [default: where our origin listens]
    #[arg(long, value_name = "AUTHORITY", requires = "forward_proxy")]
    pub(crate) origin_authority: Option<String>,
    /// How long the intermediary may take until a request comes through it.
    #[arg(long, default_value = "20s", value_parser = duration, value_name = "TIME")]
    pub(crate) ready_timeout: Duration,
    /// The name of the intermediary in reports.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Send this field line with every request; may be repeated.
    #[arg(short = 'H', long, value_name = "K: V", value_parser = field_line)]
    pub(crate) header: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) pace: ClientPace,
    #[command(flatten)]
    pub(crate) rounds: Rounds,
    #[command(flatten)]
    pub(crate) stop: Stop,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    #[command(flatten)]
    pub(crate) output: Output,
}
