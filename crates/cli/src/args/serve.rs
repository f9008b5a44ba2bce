//! The arguments of `upspec serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use upspec_reference::{ProxyVariation, Variation};

use super::duration;
use crate::complete;

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:9001", value_name = "ADDR")]
    pub(crate) listen: SocketAddr,
    /// Be a proxy (a gateway) in front of the origin that listens here. [default without ADDR: 127.0.0.1:9002]
    #[arg(
        long,
        value_name = "ADDR",
        num_args = 0..=1,
        default_missing_value = "127.0.0.1:9002",
        conflicts_with = "origin"
    )]
    pub(crate) proxy: Option<SocketAddr>,
    /// As a proxy: how long to wait for the origin's answer.
    #[arg(long, default_value = "10s", value_parser = duration, value_name = "TIME")]
    pub(crate) timeout: Duration,
    /// Accept only handshakes from this origin; may be repeated.
    #[arg(long)]
    pub(crate) origin: Vec<String>,
    /// Plant this fault.
    #[arg(long, value_name = "NAME", add = complete::fault())]
    pub(crate) fault: Option<String>,
    /// List all faults, each with the requirement that it breaks; with --proxy those of the proxy.
    #[arg(long)]
    pub(crate) list_faults: bool,
    /// Behave differently in this lawful way; may be repeated, but for a proxy.
    #[arg(long, visible_alias = "variation", value_name = "NAME", value_parser = variation())]
    pub(crate) vary: Vec<Vary>,
    /// Serve over TLS, with a certificate made for this run.
    #[arg(long)]
    pub(crate) tls: bool,
    /// Write the certificate to this PEM file, for `run --ca`.
    #[arg(long, value_name = "FILE", requires = "tls")]
    pub(crate) ca_out: Option<PathBuf>,
}

/// A lawful variation of one of the two.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Vary {
    /// Of the server.
    Server(Variation),
    /// Of the proxy.
    Proxy(&'static ProxyVariation),
}

impl Vary {
    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Server(variation) => variation.name(),
            Self::Proxy(variation) => variation.name,
        }
    }

    fn named(name: &str) -> Option<Self> {
        let of_proxy = || ProxyVariation::named(name).map(Self::Proxy);
        Variation::named(name).map(Self::Server).or_else(of_proxy)
    }
}

fn variation() -> impl TypedValueParser<Value = Vary> {
    let of_server = Variation::ALL.into_iter().map(Variation::name);
    let of_proxy = ProxyVariation::all().map(|variation| variation.name);
    let names = PossibleValuesParser::new(of_server.chain(of_proxy));
    names.try_map(|name| Vary::named(&name).ok_or("unknown variation"))
}
