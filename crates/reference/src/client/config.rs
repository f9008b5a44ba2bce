//! A client's settings: where it connects, what it offers and says, how long it waits, one lawful variation,
//! at most one fault. Only the fault can make it break the RFCs.

use std::path::PathBuf;
use std::time::Duration;

use super::fault::{ClientFault, Effect, Point};
use super::variation::{ClientVariation, Way};
use crate::fault::Point as TunnelPoint;

/// The configuration of a client.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// The WebSocket URI to connect to (RFC 6455 3).
    pub url: String,
    /// The subprotocols on offer, the preferred one first.
    pub subprotocols: Vec<String>,
    /// Whether permessage-deflate is on offer, with client_max_window_bits.
    pub deflate: bool,
    /// The PEM file with the certificates that it trusts; without one those that the system trusts.
    pub ca: Option<PathBuf>,
    /// The text that it sends when the connection is open. It closes when the text comes back.
    pub text: Option<String>,
    /// The one thing that it does wrong, if any.
    pub fault: Option<&'static ClientFault>,
    /// The lawful way in which it differs from the default, if any.
    pub variation: Option<&'static ClientVariation>,
    /// How long it waits for the connection, and for each next octet of an answer.
    pub patience: Duration,
    /// How long it waits for the server to end TCP when all has been said (RFC 6455 7.1.1).
    pub end_wait: Duration,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            url: String::new(),
            subprotocols: vec!["chat".into(), "superchat".into()],
            deflate: true,
            ca: None,
            text: Some("hello".into()),
            fault: None,
            variation: None,
            patience: Duration::from_secs(30),
            end_wait: Duration::from_secs(2),
        }
    }
}

impl ClientConfig {
    /// The default client for this URL.
    pub fn for_url(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    /// What the fault does, if there is one.
    pub(crate) fn effects(&self) -> impl Iterator<Item = &'static Effect> + use<> {
        self.fault.into_iter().flat_map(ClientFault::effects)
    }

    /// Whether the fault gets this decision wrong.
    pub(crate) fn errs_at(&self, point: Point) -> bool {
        self.effects().any(|effect| matches!(effect, Effect::At(other) if *other == point))
    }

    /// The same for a decision that a server makes, too.
    pub(crate) fn errs_in_tunnel_at(&self, point: TunnelPoint) -> bool {
        self.effects().any(|effect| matches!(effect, Effect::InTunnel(other) if *other == point))
    }

    /// Whether it behaves in this lawful way: by its variation, or because its fault needs that.
    pub(crate) fn goes(&self, way: Way) -> bool {
        let varied = self.variation.into_iter().flat_map(|variation| variation.ways);
        let needed = self.fault.into_iter().flat_map(|fault| fault.beside);
        varied.chain(needed).any(|other| *other == way)
    }
}
