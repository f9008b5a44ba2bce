//! A gateway's settings: where it listens, its origin, how long it waits, one lawful variation, at most one fault.
//! Only the fault can make it break the RFCs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use upspec_handshake::ViolationKind;
use upspec_handshake::peer::Transport;

use super::fault::{Effect, Point, ProxyFault};
use super::variation::{ProxyVariation, Way};
use crate::Identity;
use crate::fault::Point as ServerPoint;

/// The configuration of a gateway.
#[derive(Clone)]
pub struct ProxyConfig {
    /// Where it listens; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Where its origin listens.
    pub origin: SocketAddr,
    /// Its key and certificate, where it speaks TLS to its clients. It speaks none to its origin.
    pub identity: Option<Arc<Identity>>,
    /// The one thing that it does wrong, if any.
    pub fault: Option<&'static ProxyFault>,
    /// The lawful way in which it differs from the default, if any.
    pub variation: Option<&'static ProxyVariation>,
    /// How long either side may be silent within a message, and how long the origin may think.
    pub patience: Duration,
}

impl ProxyConfig {
    /// The default gateway between these two addresses.
    pub fn new(listen: SocketAddr, origin: SocketAddr) -> Self {
        let patience = Duration::from_secs(10);
        Self { listen, origin, identity: None, fault: None, variation: None, patience }
    }

    /// What carries the requests of its clients to whom they are for: those of a forward proxy go on in the clear.
    pub(super) fn transport(&self) -> Transport {
        match self.identity {
            Some(_) if !self.is_forward_proxy() => Transport::Tls,
            _ => Transport::Clear,
        }
    }

    /// Whether HTTP/2 is spoken to clients.
    pub(crate) fn speaks_http2(&self) -> bool {
        !self.goes(Way::NoHttp2)
    }

    /// Whether a WebSocket over HTTP/2 is opened: only where an upgrade can go on to the origin.
    pub(super) fn takes_extended_connect(&self) -> bool {
        let others = [Way::NoExtendedConnect, Way::DropsUpgrade, Way::OldToOrigin];
        !others.into_iter().any(|way| self.goes(way))
    }

    /// Whether its clients name the origin.
    #[must_use]
    pub fn is_forward_proxy(&self) -> bool {
        self.goes(Way::OpensTunnels) || self.goes(Way::RefusesTunnels)
    }

    /// What the fault does, if there is one.
    pub(super) fn effects(&self) -> impl Iterator<Item = &'static Effect> + use<> {
        self.fault.into_iter().flat_map(ProxyFault::effects)
    }

    /// Whether the fault gets this decision wrong.
    pub(super) fn errs_at(&self, point: Point) -> bool {
        self.effects().any(|effect| matches!(effect, Effect::At(other) if *other == point))
    }

    /// The same for a decision in HTTP/2 that a server makes, too.
    pub(super) fn errs_in_http2_at(&self, point: ServerPoint) -> bool {
        self.effects().any(|effect| matches!(effect, Effect::InHttp2(other) if *other == point))
    }

    /// Whether the fault overlooks what is wrong with a request.
    pub(super) fn overlooks(&self, kind: ViolationKind) -> bool {
        self.effects().any(|effect| matches!(effect, Effect::Overlook(other) if *other == kind))
    }

    /// Whether it behaves in this lawful way: by its variation, or because its fault needs that.
    pub(super) fn goes(&self, way: Way) -> bool {
        let varied = self.variation.into_iter().flat_map(|variation| variation.ways);
        let needed = self.fault.into_iter().flat_map(|fault| fault.beside);
        varied.chain(needed).any(|other| *other == way)
    }
}
