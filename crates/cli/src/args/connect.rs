//! The arguments of `upspec connect`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use upspec_reference::ClientVariation;

use super::{duration, value};
use crate::complete;

#[derive(Debug, Args)]
pub(crate) struct ConnectArgs {
    /// The server: ws://host:port/path or wss://….
    #[arg(required_unless_present = "list_faults")]
    pub(crate) url: Option<String>,
    /// Offer this subprotocol; may be repeated, the preferred one first. [default: chat and superchat]
    #[arg(long, value_name = "NAME", value_parser = value)]
    pub(crate) subprotocol: Vec<String>,
    /// Do not offer permessage-deflate.
    #[arg(long)]
    pub(crate) no_deflate: bool,
    /// Send this text when the connection is open, and close when it comes back.
    #[arg(long, value_name = "TEXT", default_value = "hello")]
    pub(crate) text: String,
    /// Trust the certificates of this PEM file instead of the system's.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// How long to wait for the connection and for the answer.
    #[arg(long, default_value = "30s", value_parser = duration, value_name = "TIME")]
    pub(crate) timeout: Duration,
    /// How long to wait for the server to end TCP when all has been said.
    #[arg(long, default_value = "2s", value_parser = duration, value_name = "TIME")]
    pub(crate) end_wait: Duration,
    /// Plant this fault.
    #[arg(long, value_name = "NAME", add = complete::client_fault())]
    pub(crate) fault: Option<String>,
    /// List all faults, each with the requirement that it breaks.
    #[arg(long)]
    pub(crate) list_faults: bool,
    /// Behave differently in this lawful way.
    #[arg(long, value_name = "NAME", value_parser = variation())]
    pub(crate) vary: Option<&'static ClientVariation>,
}

fn variation() -> impl TypedValueParser<Value = &'static ClientVariation> {
    let names = PossibleValuesParser::new(ClientVariation::all().map(|variation| variation.name));
    names.try_map(|name| ClientVariation::named(&name).ok_or("unknown variation"))
}
