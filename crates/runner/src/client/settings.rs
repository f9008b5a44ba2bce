//! The settings of a run against a client.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use upspec_corpus::case::Need;

/// The settings of a run against a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSettings {
    /// How many clients are started at once.
    pub jobs: usize,
    /// How long a client may take to open its connection, and how long an exchange may take after that besides
    /// the waits that its case asks for.
    pub timeout: Duration,
    /// How long silence is waited for at least, however fast the control was opened.
    pub window_floor: Duration,
    /// How often a `fail` is played again.
    pub retries: u32,
    /// The seed of nonces.
    pub seed: u64,
    /// How many octets of an exchange are kept; exceeding this ends it.
    pub keep: usize,
    /// Whether cases that can hurt a weak client are played.
    pub hazardous: bool,
    /// What the user says of the client.
    pub declared: Vec<Need>,
    /// Where the client finds us.
    pub host: IpAddr,
    /// Where the certificate that the client has to trust is written, besides what `{ca}` names; that it trusts it
    /// is taken for granted then.
    pub ca_out: Option<PathBuf>,
}

impl Default for ClientSettings {
    fn default() -> Self {
        Self {
            jobs: 16,
            timeout: Duration::from_secs(10),
            window_floor: Duration::from_millis(500),
            retries: 1,
            seed: 0,
            keep: 128 * 1024,
            hazardous: false,
            declared: Vec::new(),
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            ca_out: None,
        }
    }
}
