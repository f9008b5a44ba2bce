//! The server's side of an opening handshake.
//! Never answers by itself: it decides, and the caller asks for the answer or overrules it.

use super::table::{ServerInput, ServerState};
use super::{Agreement, Answer, Decision, HEAD_LIMIT, Refusal, Service};
use crate::{HeadReader, Status};

/// A server with one request to read.
#[derive(Clone, Debug, Default)]
pub struct Server {
    service: Service,
    state: ServerState,
    /// There is one from the state Decided on.
    decision: Option<Decision>,
    reader: HeadReader,
    received: Vec<u8>,
    /// How many octets the request head takes; nothing before it is complete.
    head_len: usize,
}

/// What a server learns from octets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerEvent {
    /// The head has not ended.
    NeedMore,
    /// An opening handshake that can be accepted with this.
    Handshake(Agreement),
    /// An ordinary request, or one whose Upgrade is ignored.
    Request,
    /// A request that is refused with this.
    Refuse(Refusal),
    /// The decision was made before; the octets are kept after the head.
    Kept,
}

impl Server {
    /// A server that speaks this.
    pub fn new(service: Service) -> Self {
        Self { service, ..Self::default() }
    }

    /// Where the server stands.
    pub fn state(&self) -> ServerState {
        self.state
    }

    /// Takes octets of the client.
    pub fn receive(&mut self, octets: &[u8]) -> ServerEvent {
        if self.decision.is_some() {
            self.received.extend_from_slice(octets);
            return ServerEvent::Kept;
        }
        if octets.is_empty() {
            return ServerEvent::NeedMore;
        }
        self.received.extend_from_slice(octets);
        let Some((decision, head_len)) = self.decide() else {
            self.enter(ServerInput::Incomplete);
            return ServerEvent::NeedMore;
        };
        self.enter(ServerInput::Decide);
        self.head_len = head_len;
        self.decision = Some(decision.clone());
        match decision {
            Decision::Handshake(agreement) => ServerEvent::Handshake(agreement),
            Decision::Request => ServerEvent::Request,
            Decision::Refuse(refusal) => ServerEvent::Refuse(refusal),
        }
    }

    /// Carries the decision out. There is one answer: `None` before the decision and after it.
    pub fn answer(&mut self) -> Option<Answer> {
        let decision = self.due()?;
        let (input, answer) = match decision {
            Decision::Handshake(agreement) => {
                (ServerInput::Switch, Answer::Switch(agreement.octets()))
            }
            Decision::Request => (ServerInput::Ignore, Answer::Http),
            Decision::Refuse(refusal) => (ServerInput::Refuse, Answer::Refuse(refusal)),
        };
        self.enter(input);
        Some(answer)
    }

    /// Ignores the Upgrade of a handshake, as a server may (RFC 9110 7.8): an ordinary answer is
    /// due. Does nothing to a request that is to be refused.
    pub fn ignore(&mut self) {
        if !matches!(self.due(), Some(Decision::Refuse(_))) {
            self.enter(ServerInput::Ignore);
        }
    }

    /// Refuses on grounds of the service, such as its origin or that there is none (RFC 6455
    /// 4.2.2). The caller knows the answer: 403, 404, a redirect.
    pub fn refuse(&mut self) {
        self.enter(ServerInput::Refuse);
    }

    /// The request head; empty before it is complete.
    pub fn head(&self) -> &[u8] {
        &self.received[..self.head_len]
    }

    /// The octets after the request head, as they came: content or the next request, or frames of a
    /// client that did not wait.
    pub fn trailing(&self) -> &[u8] {
        match self.decision {
            Some(_) => &self.received[self.head_len..],
            None => &[],
        }
    }

    /// Hands the [trailing](Self::trailing) octets over and forgets them.
    pub fn take_trailing(&mut self) -> Vec<u8> {
        match self.decision {
            Some(_) => self.received.split_off(self.head_len),
            None => Vec::new(),
        }
    }

    /// The decision with the length of the head, once one can be made. A head that is too long takes
    /// as many octets as the limit allows.
    fn decide(&mut self) -> Option<(Decision, usize)> {
        let too_long = || (Decision::Refuse(Refusal::too_long()), HEAD_LIMIT);
        match self.reader.request(&self.received) {
            Status::Complete(head) if head.len > HEAD_LIMIT => Some(too_long()),
            Status::Complete(head) => Some((Decision::of(&head, &self.service), head.len)),
            Status::Partial if self.received.len() >= HEAD_LIMIT => Some(too_long()),
            Status::Partial => None,
        }
    }

    /// The decision, as long as nothing has been answered.
    fn due(&self) -> Option<Decision> {
        let is_due = self.state == ServerState::Decided;
        self.decision.clone().filter(|_| is_due)
    }

    fn enter(&mut self, input: ServerInput) {
        self.state = self.state.after(input);
    }
}
