//! Octets in both directions behind a 101, or a 2xx to CONNECT (RFC 9110 3.7, 9.3.6).
//! The end of one side is told to the other one; the tunnel is over when both have ended.

use upspec_handshake::Party;

use super::config::ProxyConfig;
use super::fault::{Effect, Point};
use super::gate::{Gate, Passed};
use super::relay::Action;
use super::variation::Way;

/// A tunnel.
#[derive(Debug, Default)]
pub(super) struct Tunnel {
    has_client_ended: bool,
    has_origin_ended: bool,
    /// What a fault has not sent yet, to the origin and to the client.
    up: Vec<u8>,
    down: Vec<u8>,
    /// Where only frames pass: those of the client, and those of the origin.
    gates: Option<[Gate; 2]>,
}

impl Tunnel {
    /// One through which only frames of WebSocket pass; reserved bits where there is an extension.
    pub(super) fn of_frames(is_extended: bool) -> Self {
        let gates = [Party::Client, Party::Server].map(|sender| Gate::new(sender, is_extended));
        Self { gates: Some(gates), ..Self::default() }
    }

    /// What of these octets passes; the tunnel is over where something else than a frame comes.
    fn gated(&mut self, from: usize, octets: &[u8]) -> Vec<u8> {
        let Some(gates) = &mut self.gates else { return octets.to_vec() };
        let (octets, passed) = gates[from].pass(octets);
        if passed == Passed::UpToFault {
            (self.has_client_ended, self.has_origin_ended) = (true, true);
        }
        octets
    }

    /// Takes what the client sent.
    pub(super) fn up(&mut self, config: &ProxyConfig, octets: &[u8]) -> Option<Action> {
        if octets.is_empty() || config.errs_at(Point::UpwardDead) {
            return None;
        }
        let mut octets = self.gated(0, octets);
        for effect in config.effects() {
            if let Effect::Upward(change) = effect {
                octets = change(octets);
            }
        }
        if config.errs_at(Point::ClientEndCuts) {
            octets = std::mem::replace(&mut self.up, octets);
        }
        (!octets.is_empty()).then_some(Action::ToOrigin(octets))
    }

    /// Takes what the origin sent.
    pub(super) fn down(&mut self, config: &ProxyConfig, octets: &[u8]) -> Option<Action> {
        if octets.is_empty() || config.errs_at(Point::DownwardDead) {
            return None;
        }
        let mut octets = self.gated(1, octets);
        for effect in config.effects() {
            if let Effect::Downward(change) = effect {
                octets = change(octets);
            }
        }
        if config.errs_at(Point::OriginEndCuts) {
            octets = std::mem::replace(&mut self.down, octets);
        }
        (!octets.is_empty()).then_some(Action::ToClient(octets))
    }

    /// Whether a fault keeps octets back.
    pub(super) fn holds_back(&self) -> bool {
        !self.up.is_empty() || !self.down.is_empty()
    }

    /// Gives what a fault has kept back.
    pub(super) fn give(&mut self) -> Vec<Action> {
        let (up, down) = (std::mem::take(&mut self.up), std::mem::take(&mut self.down));
        let actions = [Action::ToOrigin(up), Action::ToClient(down)].into_iter();
        let is_empty = |action: &Action| matches!(action, Action::ToOrigin(octets) | Action::ToClient(octets) if octets.is_empty());
        actions.filter(|action| !is_empty(action)).collect()
    }

    pub(super) fn client_ended(&mut self, config: &ProxyConfig) -> Vec<Action> {
        self.up.clear();
        if config.errs_at(Point::ClientEndUntold) {
            return Vec::new();
        }
        self.has_client_ended = true;
        if config.errs_at(Point::TunnelKept) {
            self.has_origin_ended = true;
            return vec![Action::Keep(Vec::new())];
        }
        self.has_origin_ended |= config.goes(Way::NoHalfClose);
        vec![Action::EndOrigin]
    }

    pub(super) fn origin_ended(&mut self, config: &ProxyConfig) -> Vec<Action> {
        self.down.clear();
        if config.errs_at(Point::OriginEndUntold) {
            return Vec::new();
        }
        self.has_origin_ended = true;
        self.has_client_ended |= config.goes(Way::NoHalfClose);
        vec![Action::EndClient]
    }

    /// Whether both sides have ended.
    pub(super) fn is_over(&self) -> bool {
        self.has_client_ended && self.has_origin_ended
    }
}
