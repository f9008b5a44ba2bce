//! The client's side of an opening handshake.
//! Makes no request: the caller passes in the octets that it sends.

use super::switch::{Agreed, check, opens_websocket};
use super::table::{ClientInput, ClientState};
use super::{Failure, HEAD_LIMIT, SwitchViolation, SwitchViolationKind};
use crate::opening::offers_websocket;
use crate::{HeadReader, Party, RequestHead, ResponseHead, Status, starts_like_http};

/// A client with one request.
#[derive(Clone, Debug)]
pub struct Client {
    request: Vec<u8>,
    state: ClientState,
    reader: HeadReader,
    /// What has come in and is not yet read; from the final head on, all of it.
    received: Vec<u8>,
    /// How many octets the final head takes; nothing before there is one.
    head_len: usize,
}

/// What a client learns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientEvent {
    /// A 1xx other than 101; the answer is still to come.
    Interim(u16),
    /// The connection has switched.
    Switched {
        /// The subprotocol in use.
        subprotocol: Option<Vec<u8>>,
        /// The extensions in use, each with its parameters as it was written.
        extensions: Vec<Vec<u8>>,
        /// How many octets the head of the 101 takes.
        head_len: usize,
    },
    /// A final answer with another status: HTTP's own rules go on.
    Refused(u16),
    /// The connection has failed, for at least one reason.
    Failed(Vec<Failure>),
}

impl Client {
    /// A client that sends this request, octets after the head included; partial while the head has
    /// no end. Whether it is a good request is not asked: an answer is measured by what it says.
    pub fn new(request: &[u8]) -> Status<Self> {
        RequestHead::parse(request).map(|_| Self {
            request: request.to_vec(),
            state: ClientState::Idle,
            reader: HeadReader::default(),
            received: Vec::new(),
            head_len: 0,
        })
    }

    /// Where the client stands.
    pub fn state(&self) -> ClientState {
        self.state
    }

    /// The octets to send: the request the first time, nothing more after that until an answer has
    /// come (RFC 6455 4.1).
    pub fn send(&mut self) -> &[u8] {
        let before = self.enter(ClientInput::Send);
        let first = before == ClientState::Idle;
        if first { &self.request } else { &[] }
    }

    /// Takes octets of the server.
    pub fn receive(&mut self, octets: &[u8]) -> Vec<ClientEvent> {
        let mut events = Vec::new();
        if octets.is_empty() {
            return events;
        }
        match self.state {
            ClientState::Idle => events.push(self.fail(vec![Failure::Unsolicited])),
            ClientState::Sent => {
                self.received.extend_from_slice(octets);
                self.read(&mut events);
            }
            ClientState::Switched | ClientState::Answered => {
                self.received.extend_from_slice(octets);
            }
            ClientState::Failed => {}
        }
        events
    }

    /// The server has closed. Before a final answer that fails the connection (RFC 6455 7.2.1).
    pub fn end(&mut self) -> Vec<ClientEvent> {
        let before = self.enter(ClientInput::End);
        if before != self.state {
            return vec![self.failed(vec![Failure::Ended])];
        }
        Vec::new()
    }

    /// The head of the final answer; empty before there is one.
    pub fn head(&self) -> &[u8] {
        &self.received[..self.head_len]
    }

    /// The octets after the head of the final answer, as they came: those of the new protocol, or
    /// content and what follows it.
    pub fn trailing(&self) -> &[u8] {
        match self.state {
            ClientState::Switched | ClientState::Answered => &self.received[self.head_len..],
            ClientState::Idle | ClientState::Sent | ClientState::Failed => &[],
        }
    }

    /// Reads head after head, as long as the answer is still to come.
    fn read(&mut self, events: &mut Vec<ClientEvent>) {
        let mut at = 0;
        while self.state == ClientState::Sent {
            let found = classify(&self.request, &mut self.reader, &self.received[at..]);
            self.enter(found.input);
            match found.event {
                Some(ClientEvent::Failed(failures)) => events.push(self.failed(failures)),
                event => events.extend(event),
            }
            if found.input != ClientInput::Interim {
                self.head_len = found.head_len;
                break;
            }
            at += found.head_len;
            self.reader = HeadReader::default();
        }
        // A failed client has forgotten what it received.
        self.received.drain(..at.min(self.received.len()));
    }

    fn fail(&mut self, failures: Vec<Failure>) -> ClientEvent {
        self.enter(ClientInput::Failure);
        self.failed(failures)
    }

    /// Nothing is read any more (RFC 6455 7.1.7).
    fn failed(&mut self, failures: Vec<Failure>) -> ClientEvent {
        self.received = Vec::new();
        ClientEvent::Failed(failures)
    }

    /// Takes the step of the table; returns the state before it.
    fn enter(&mut self, input: ClientInput) -> ClientState {
        let next = self.state.after(input);
        std::mem::replace(&mut self.state, next)
    }
}

/// What the octets begin with.
struct Found {
    input: ClientInput,
    event: Option<ClientEvent>,
    /// Nothing without a head to keep or to pass over.
    head_len: usize,
}

/// Says what the octets of the server begin with.
fn classify(request: &[u8], reader: &mut HeadReader, octets: &[u8]) -> Found {
    if starts_like_http(octets) == Status::Complete(false) {
        return failed(vec![Failure::NotHttp]);
    }
    match reader.response(octets) {
        Status::Complete(head) if head.len > HEAD_LIMIT => failed(vec![Failure::HeadTooLong]),
        Status::Complete(head) => of_head(request, &head),
        Status::Partial if octets.len() >= HEAD_LIMIT => failed(vec![Failure::HeadTooLong]),
        Status::Partial => Found { input: ClientInput::Incomplete, event: None, head_len: 0 },
    }
}

/// A head without a version or a status code is not a response; a status out of range is final, and
/// counts as a 5xx (RFC 9110 15).
fn of_head(request: &[u8], head: &ResponseHead<'_>) -> Found {
    let (Some(status), true) = (head.status, head.version.is_some()) else {
        return failed(vec![Failure::NotHttp]);
    };
    let (input, event) = match status {
        101 => {
            let request = RequestHead::parse(request).complete();
            let failures = failures(head, request.as_ref());
            if !failures.is_empty() {
                return failed(failures);
            }
            let agreed = match opens_websocket(head, request.as_ref()) {
                true => Agreed::read(head),
                false => Agreed::default(),
            };
            let event = ClientEvent::Switched {
                subprotocol: agreed.subprotocol,
                extensions: agreed.extensions,
                head_len: head.len,
            };
            (ClientInput::Switch, event)
        }
        100..=199 => (ClientInput::Interim, ClientEvent::Interim(status)),
        _ => (ClientInput::Final, ClientEvent::Refused(status)),
    };
    Found { input, event: Some(event), head_len: head.len }
}

/// What of a 101 a client fails the connection for. Who offers websocket has no use for another
/// protocol (RFC 6455 4.1 item 2).
fn failures(head: &ResponseHead<'_>, request: Option<&RequestHead<'_>>) -> Vec<Failure> {
    let mut violations = check(head, request);
    violations.retain(|violation| violation.kind.requirement(Party::Client).is_some());
    if request.is_some_and(offers_websocket) && !opens_websocket(head, request) {
        let kind = SwitchViolationKind::UpgradeNotWebsocket;
        violations.push(SwitchViolation { kind, at: 0..head.len });
    }
    violations.into_iter().map(Failure::Switch).collect()
}

fn failed(failures: Vec<Failure>) -> Found {
    Found { input: ClientInput::Failure, event: Some(ClientEvent::Failed(failures)), head_len: 0 }
}
