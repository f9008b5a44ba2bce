//! One connection of a client, without I/O: octets in, actions out.
//! Reads no clock: silence is told to it.

use std::sync::Arc;

use upspec_handshake::field::deflate::{self, PERMESSAGE_DEFLATE};
use upspec_handshake::field::extension::Extensions;
use upspec_handshake::frame::{opcode, write};
use upspec_handshake::peer::{ClientEvent, Failure};

use super::answer::Answering;
use super::attempt::Attempt;
use super::config::ClientConfig;
use super::fault::Point;
use super::follow::{self, Next};
use super::http2::Http2;
use super::random::Random;
use super::report::{ClientEnd, ClientReport};
use super::request::{self, Asked};
use super::tunnel::Tunnel;

/// What the owner of the connection must do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientAction {
    /// End this connection and open another one.
    Again(Box<Attempt>),
    /// End the connection.
    Close,
    /// End the process, as a crash does; only a fault asks for it.
    Die,
    /// Wait for the server to end the connection, but not for long (RFC 6455 7.1.1).
    Linger,
    /// Tell of this.
    Report(ClientReport),
    /// Write these octets.
    Write(Vec<u8>),
}

/// One connection.
pub struct ClientSession {
    config: Arc<ClientConfig>,
    attempt: Attempt,
    random: Random,
    stage: Stage,
    /// How many interim responses have come.
    interim: usize,
    actions: Vec<ClientAction>,
    end: ClientEnd,
}

enum Stage {
    /// Nothing has been sent.
    New,
    /// The answer is awaited.
    Opening(Box<Answering>),
    /// HTTP/2.
    Http2(Box<Http2>),
    /// WebSocket.
    Tunnel(Box<Tunnel>),
    /// A refused connection that a fault does not let go.
    Held,
    /// Nothing more will be said.
    Over,
}

impl ClientSession {
    /// A connection that has just been opened for this attempt.
    pub fn new(config: Arc<ClientConfig>, attempt: Attempt, random: Random) -> Self {
        Self {
            config,
            attempt,
            random,
            stage: Stage::New,
            interim: 0,
            actions: Vec::new(),
            end: ClientEnd::Failed("there was no answer".to_owned()),
        }
    }

    /// A connection for which HTTP/2 has been agreed (RFC 9113 3.2).
    pub fn over_http2(config: Arc<ClientConfig>, attempt: Attempt, random: Random) -> Self {
        let http2 = Http2::new(Arc::clone(&config), attempt.clone(), random.clone());
        Self { stage: Stage::Http2(Box::new(http2)), ..Self::new(config, attempt, random) }
    }

    /// Sends the opening handshake (RFC 6455 4.1), in HTTP/2 the preface.
    pub fn begin(&mut self) -> Vec<ClientAction> {
        if let Stage::Http2(http2) = &mut self.stage {
            self.actions = http2.begin();
            return self.done();
        }
        self.ask();
        if self.config.errs_at(Point::TellsOpenEarly) {
            let open = ClientReport::Open { subprotocol: None, extensions: String::new() };
            self.actions.push(ClientAction::Report(open));
        }
        if self.config.errs_at(Point::SendsEarly) {
            self.send_text();
        }
        self.done()
    }

    /// Takes what the server sent.
    pub fn receive(&mut self, octets: &[u8]) -> Vec<ClientAction> {
        match &mut self.stage {
            Stage::Opening(answering) => {
                let events = answering.receive(&self.config, octets);
                let is_deadly = answering.is_deadly();
                self.talk_early(&events);
                if is_deadly {
                    self.actions.push(ClientAction::Die);
                    return self.done();
                }
                self.heed(events);
            }
            Stage::Tunnel(tunnel) => {
                let actions = tunnel.receive(octets);
                self.actions.extend(actions);
            }
            Stage::Http2(http2) => self.actions = http2.receive(octets),
            Stage::New | Stage::Held | Stage::Over => {}
        }
        self.done()
    }

    /// Takes the end of the server's stream, orderly or not.
    pub fn end(&mut self) -> Vec<ClientAction> {
        match &mut self.stage {
            Stage::Opening(answering) => {
                let events = answering.end(&self.config);
                self.heed(events);
                if let Stage::Tunnel(tunnel) = &mut self.stage {
                    let actions = tunnel.end();
                    self.actions.extend(actions);
                }
            }
            Stage::Tunnel(tunnel) => {
                let actions = tunnel.end();
                let is_lost = actions
                    .iter()
                    .any(|action| matches!(action, ClientAction::Report(ClientReport::Error(_))));
                self.actions.extend(actions);
                let next = follow::after_loss(&self.config, &self.attempt);
                if let Some(next) = next.filter(|_| is_lost) {
                    self.actions.retain(|action| *action != ClientAction::Close);
                    self.actions.push(ClientAction::Again(Box::new(next)));
                }
            }
            Stage::Http2(http2) => self.actions = http2.end(),
            Stage::Held => {}
            Stage::New | Stage::Over => self.actions.push(ClientAction::Close),
        }
        self.done()
    }

    /// Gives up on a server that has been silent for as long as the client waits.
    pub fn silence(&mut self) -> Vec<ClientAction> {
        match &mut self.stage {
            Stage::Tunnel(tunnel) => {
                let actions = tunnel.go_away();
                self.actions.extend(actions);
            }
            Stage::Http2(http2) => self.actions = http2.silence(),
            Stage::New | Stage::Opening(_) => self.fail("the server does not answer"),
            Stage::Held | Stage::Over => self.actions.push(ClientAction::Close),
        }
        self.stage = Stage::Over;
        self.done()
    }

    /// Whether the connection is open, so that silence is no failure yet.
    pub(crate) fn is_open(&self) -> bool {
        match &self.stage {
            Stage::Tunnel(_) => true,
            Stage::Http2(http2) => http2.is_open(),
            _ => false,
        }
    }

    /// How it has ended, as far as is known.
    pub fn outcome(&self) -> &ClientEnd {
        &self.end
    }

    /// Sends before the answer is there (RFC 6455 4.1 forbids it); a fault does.
    fn talk_early(&mut self, events: &[ClientEvent]) {
        let is_interim = matches!(events, [ClientEvent::Interim(_), ..]);
        if (events.is_empty() && self.config.errs_at(Point::SendsOnFirstOctets))
            || (is_interim && self.config.errs_at(Point::SendsAfterInterim))
        {
            self.send_text();
        }
    }

    fn send_text(&mut self) {
        let text = self.config.text.clone().unwrap_or_default();
        let frame = write(opcode::TEXT, text.as_bytes(), Some(self.random.octets()));
        self.actions.push(ClientAction::Write(frame));
    }

    fn done(&mut self) -> Vec<ClientAction> {
        for action in &self.actions {
            match action {
                ClientAction::Report(ClientReport::Error(why)) => {
                    self.end = ClientEnd::Failed(why.clone());
                }
                ClientAction::Report(ClientReport::Close { code: Some(_) }) => {
                    self.end = ClientEnd::Ok;
                }
                ClientAction::Die => self.end = ClientEnd::Died,
                _ => {}
            }
        }
        std::mem::take(&mut self.actions)
    }

    fn ask(&mut self) {
        let nonce = request::nonce(&self.config, &self.attempt, self.random.octets());
        self.attempt.earlier_nonce = Some(nonce);
        let asked = Asked::new(&self.config, &self.attempt, nonce);
        self.actions.push(ClientAction::Write(asked.sent.clone()));
        match Answering::new(asked) {
            Some(answering) => self.stage = Stage::Opening(Box::new(answering)),
            None => self.fail("the request has no end"),
        }
    }

    fn heed(&mut self, events: Vec<ClientEvent>) {
        for event in events {
            match event {
                ClientEvent::Interim(_) => self.count_interim(),
                ClientEvent::Switched { subprotocol, extensions, .. } => {
                    self.open(subprotocol, &extensions);
                }
                ClientEvent::Refused(status) => self.refused(status),
                ClientEvent::Failed(failures) => self.fail(&described(&failures)),
            }
        }
    }

    /// A limit of our own: a server that never comes to the point is left (RFC 9110 2.3).
    fn count_interim(&mut self) {
        self.interim += 1;
        if self.interim == MOST_INTERIM {
            self.fail("there are too many interim responses");
        }
    }

    fn open(&mut self, subprotocol: Option<Vec<u8>>, extensions: &[Vec<u8>]) {
        let Stage::Opening(answering) = &self.stage else { return };
        let trailing = match answering.trailing() {
            _ if self.config.errs_at(Point::EarlyFramesLost) => Vec::new(),
            [b'\r', b'\n', rest @ ..] if self.config.errs_at(Point::CrlfSkipped) => rest.to_vec(),
            trailing => trailing.to_vec(),
        };
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let agreed = extensions.iter().find_map(|one| agreed(one));
        let mut tunnel = Tunnel::new(Arc::clone(&self.config), agreed, self.random.clone());
        self.actions.push(ClientAction::Report(ClientReport::Open {
            subprotocol: subprotocol.as_deref().map(text),
            extensions: text(&extensions.join(&b", "[..])),
        }));
        self.actions.extend(tunnel.begin());
        self.actions.extend(tunnel.receive(&trailing));
        self.stage = Stage::Tunnel(Box::new(tunnel));
    }

    /// Another status than 101: HTTP goes on (RFC 6455 4.1), which a client without a use for it ends.
    fn refused(&mut self, status: u16) {
        let Stage::Opening(answering) = &self.stage else { return };
        let next = follow::after_refusal(&self.config, &self.attempt, status, answering.head());
        match next {
            Some(Next::Elsewhere(attempt)) => {
                self.stage = Stage::Over;
                self.actions.push(ClientAction::Again(Box::new(attempt)));
            }
            Some(Next::Here(attempt)) => {
                self.attempt = attempt;
                self.ask();
            }
            None if self.config.errs_at(Point::EndIgnoredWhenRefused) => {
                let why = format!("the server answered {status}");
                self.actions.push(ClientAction::Report(ClientReport::Error(why)));
                self.stage = Stage::Held;
            }
            None => self.fail(&format!("the server answered {status}")),
        }
    }

    fn fail(&mut self, why: &str) {
        self.actions.push(ClientAction::Report(ClientReport::Error(why.to_owned())));
        self.stage = Stage::Over;
        self.actions.push(ClientAction::Close);
    }
}

fn described(failures: &[Failure]) -> String {
    match failures {
        [] => "the answer is not taken".to_owned(),
        _ => failures.iter().map(Failure::describe).collect::<Vec<_>>().join("; "),
    }
}

/// What an extension in an answer agrees on, if it is permessage-deflate.
pub(super) fn agreed(extension: &[u8]) -> Option<deflate::Answer> {
    let list = Extensions::parse(extension).list;
    let mut named = list.iter().filter(|one| one.name == PERMESSAGE_DEFLATE.as_bytes());
    named.find_map(|one| deflate::Answer::parse(one).ok())
}

/// How many interim responses a client reads.
const MOST_INTERIM: usize = 100;

#[cfg(test)]
mod tests;
