//! One connection of a client, and at most one to the origin at a time, without I/O: events in, actions out.
//! Reads no clock: the time comes in with the events.

mod answering;
mod asking;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use upspec_handshake::peer::HEAD_LIMIT;
use upspec_handshake::{HeadReader, Version};

use super::config::ProxyConfig;
use super::exchange::{Collector, Exchange, Passage};
use super::fault::Point;
use super::own::Own;
use super::pool::Memory;
use super::request::Asked;
use super::tunnel::Tunnel;
use super::variation::Way;

/// What has happened on one of the two connections.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event<'o> {
    /// The client sent this.
    Client(&'o [u8]),
    /// The client has ended its side.
    ClientEnd,
    /// The connection of the client is gone.
    ClientReset,
    /// A connection to the origin is there.
    Opened {
        /// It has carried requests before.
        is_reused: bool,
    },
    /// There is none.
    Unreachable,
    /// The origin sent this.
    Origin(&'o [u8]),
    /// The origin has ended its side.
    OriginEnd,
    /// The connection to the origin is gone.
    OriginReset,
    /// Nothing happened for as long as [`Relay::patience`] says.
    Silence,
}

/// What the owner of the connections must do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Write this to the client.
    ToClient(Vec<u8>),
    /// Write this to the origin.
    ToOrigin(Vec<u8>),
    /// Get a connection to the origin: a new one, or any that is kept.
    Open {
        /// It must be a new one.
        is_new: bool,
    },
    /// Keep the connection to the origin for others. Only a fault has octets that came too early.
    Keep(Vec<u8>),
    /// End the connection to the origin; what has not been written yet is dropped.
    Leave,
    /// End our side of it when all is written.
    EndOrigin,
    /// End our side of the client's connection when all is written.
    EndClient,
    /// Reset the connection to the origin.
    ResetOrigin,
    /// Reset the connection of the client.
    ResetClient,
    /// Write what is left to write to either side, and end both connections.
    Close,
    /// A fault ends the process.
    Die,
}

/// One connection of a client.
pub(super) struct Relay {
    config: Arc<ProxyConfig>,
    /// What a fault remembers across connections.
    memory: Arc<Memory>,
    client: IpAddr,
    /// The version of its requests, where they do not say it.
    received: Option<Version>,
    now: SystemTime,
    /// What the client has sent and nobody has read.
    input: Vec<u8>,
    has_client_ended: bool,
    stage: Stage,
    /// How many requests have been read.
    read: usize,
    /// An answer that a fault keeps back, and whether it is still coming.
    held: Vec<u8>,
    holds: bool,
    /// The request that is read, or was read last, is a HEAD: not even a refusal has content (RFC 9110 9.3.2).
    asks_head: bool,
    actions: Vec<Action>,
}

enum Stage {
    /// The head of a request is awaited.
    Head(HeadReader),
    /// Its content is awaited.
    Content(Box<Asked>, Collector),
    /// A connection to the origin is awaited.
    Opening(Box<Exchange>),
    /// The head of a response is awaited.
    Answer(Box<Exchange>),
    /// The content of a response goes to the client.
    Passing(Box<Exchange>, Passage),
    /// Octets go both ways.
    Tunnel(Tunnel),
    /// Nothing more will be said.
    Over,
}

impl Relay {
    /// A connection that has just been opened by a client with this address.
    pub(super) fn new(config: Arc<ProxyConfig>, memory: Arc<Memory>, client: IpAddr) -> Self {
        Self {
            config,
            memory,
            client,
            received: None,
            now: SystemTime::UNIX_EPOCH,
            input: Vec::new(),
            has_client_ended: false,
            stage: Stage::Head(HeadReader::default()),
            read: 0,
            held: Vec::new(),
            holds: false,
            asks_head: false,
            actions: Vec::new(),
        }
    }

    /// For requests that came in this version of HTTP.
    pub(super) fn received_in(self, version: Version) -> Self {
        Self { received: Some(version), ..self }
    }

    /// Takes what has happened.
    pub(super) fn take(&mut self, now: SystemTime, event: Event<'_>) -> Vec<Action> {
        self.now = now;
        match event {
            Event::Client(octets) => self.input.extend_from_slice(octets),
            Event::ClientEnd => {
                self.has_client_ended = true;
                self.client_ended();
            }
            Event::ClientReset => self.client_reset(),
            Event::Opened { is_reused } => self.opened(is_reused),
            Event::Unreachable => self.fail(502, "the origin cannot be reached"),
            Event::Origin(octets) => self.origin_sent(octets),
            Event::OriginEnd => self.origin_ended(),
            Event::OriginReset => self.origin_reset(),
            Event::Silence => self.silence(),
        }
        self.advance();
        std::mem::take(&mut self.actions)
    }

    /// How long nothing may happen before [`Event::Silence`].
    pub(super) fn patience(&self) -> Duration {
        let patience = self.config.patience;
        match &self.stage {
            Stage::Head(_) if self.input.is_empty() => patience * 6,
            Stage::Tunnel(tunnel) if tunnel.holds_back() => SHORT,
            Stage::Answer(exchange) if !exchange.withheld.is_empty() => LATE,
            Stage::Answer(_) if self.config.goes(Way::WaitsForever) => patience * 60,
            Stage::Tunnel(_) => patience * 30,
            _ => patience,
        }
    }

    /// Whether more of the client is wanted: pipelined requests wait until the one before is answered.
    pub(super) fn wants_client(&self) -> bool {
        self.input.len() < 2 * HEAD_LIMIT
    }

    /// Goes on as far as the input allows; each step says whether another one makes sense.
    fn advance(&mut self) {
        while match &self.stage {
            Stage::Head(_) => self.read_head(),
            Stage::Content(..) => self.read_content(),
            Stage::Tunnel(_) => self.relay_up(),
            Stage::Answer(_) => self.talk_early(),
            Stage::Opening(_) | Stage::Passing(..) | Stage::Over => false,
        } {}
    }

    fn client_ended(&mut self) {
        match &mut self.stage {
            Stage::Tunnel(tunnel) => {
                let actions = tunnel.client_ended(&self.config);
                self.leave_tunnel(actions);
            }
            Stage::Content(..) => {
                self.refuse(&Own::new(400, "the content is incomplete").closing());
            }
            // Whoever has ended its side may still wait for answers.
            _ => {}
        }
    }

    fn client_reset(&mut self) {
        match &self.stage {
            Stage::Tunnel(_) if self.config.errs_at(Point::ClientResetUntold) => return,
            Stage::Answer(_) if self.config.errs_at(Point::ClientGoneUntold) => return,
            Stage::Tunnel(_) => self.actions.push(Action::ResetOrigin),
            _ => self.actions.push(Action::Leave),
        }
        self.actions.push(Action::ResetClient);
        self.stage = Stage::Over;
    }

    fn silence(&mut self) {
        match &mut self.stage {
            Stage::Head(_) if !self.input.is_empty() => {
                self.refuse(&Own::new(408, "the request takes too long").closing());
            }
            Stage::Content(..) => {
                self.refuse(&Own::new(408, "the content takes too long").closing());
            }
            Stage::Answer(exchange) if !exchange.withheld.is_empty() => {
                let withheld = std::mem::take(&mut exchange.withheld);
                self.actions.push(Action::ToOrigin(withheld));
            }
            Stage::Opening(_) | Stage::Answer(_) => {
                let status = if self.config.errs_at(Point::TimeoutAs408) { 408 } else { 504 };
                self.fail(status, "the origin does not answer in time");
            }
            Stage::Tunnel(tunnel) if tunnel.holds_back() => self.actions.extend(tunnel.give()),
            Stage::Passing(..) => self.abort(),
            Stage::Head(_) | Stage::Tunnel(_) | Stage::Over => self.close(),
        }
    }

    /// Answers by itself; what comes next is read, unless the answer says otherwise.
    fn answer(&mut self, own: &Own, asked: Option<&Asked>) {
        let is_head = asked.map_or(self.asks_head, |asked| asked.request.is_head);
        self.say(own.octets(self.now, is_head));
        if own.closes() {
            self.close();
        } else {
            self.next();
        }
    }

    fn refuse(&mut self, own: &Own) {
        self.answer(own, None);
    }

    /// The origin gave no answer (RFC 9110 15.6.3, 15.6.5).
    fn fail(&mut self, status: u16, why: &'static str) {
        let (Stage::Opening(exchange) | Stage::Answer(exchange)) =
            std::mem::replace(&mut self.stage, Stage::Over)
        else {
            return;
        };
        self.actions.push(Action::Leave);
        if self.config.goes(Way::ClosesOnFailure) {
            return self.close();
        }
        let status = if self.config.errs_at(Point::FailureAs404) { 404 } else { status };
        let own = Own::new(status, why);
        let is_last = exchange.asked.request.is_last;
        let own = if is_last { own.closing() } else { own };
        self.answer(&own, Some(&exchange.asked));
    }

    /// Ends the exchange: the next request may come.
    fn next(&mut self) {
        self.stage = Stage::Head(HeadReader::default());
        if self.config.errs_at(Point::PipelinedLost) {
            self.input.clear();
        }
        if self.holds {
            self.holds = false;
        } else if !self.held.is_empty() {
            let held = std::mem::take(&mut self.held);
            self.actions.push(Action::ToClient(held));
        }
    }

    /// Something goes to the client.
    fn say(&mut self, octets: Vec<u8>) {
        if octets.is_empty() {
            return;
        }
        match self.holds {
            true => self.held.extend(octets),
            false => self.actions.push(Action::ToClient(octets)),
        }
    }

    fn close(&mut self) {
        self.stage = Stage::Over;
        self.actions.push(Action::Close);
    }

    /// The content of a response breaks off, and the client has to see that (RFC 9112 8).
    fn abort(&mut self) {
        let shows = matches!(&self.stage, Stage::Passing(_, passage) if passage.shows_its_end());
        self.actions.push(Action::Leave);
        if !shows {
            self.actions.push(Action::ResetClient);
        }
        self.close();
    }
}

/// How long a fault keeps octets back.
const SHORT: Duration = Duration::from_millis(50);
/// How late content comes by a fault.
const LATE: Duration = Duration::from_millis(400);
