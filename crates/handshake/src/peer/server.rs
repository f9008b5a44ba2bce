//! The server's side of an opening handshake, over any version of HTTP.
//! It decides, but does not answer: the caller asks for the answer, or overrules it.

use super::table::{ServerInput, ServerState};
use super::{Decision, HEAD_LIMIT, LINE_LIMIT, Refusal, Service};
use crate::{HeadReader, RequestHead, Status};

/// A server with one request after another to read.
#[derive(Clone, Debug, Default)]
pub struct Server {
    service: Service,
    state: ServerState,
    /// There is one from the state Decided on.
    decision: Option<Decision>,
    reader: HeadReader,
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

    /// Reads the head of a request of HTTP/1; `buffer` holds all octets since the request began. What
    /// follows the head is left to the caller: content, the next request, or frames of a client that
    /// did not wait. A head that is too long is refused as soon as that shows, and decided by it.
    pub fn read<'b>(&mut self, buffer: &'b [u8]) -> Status<Result<RequestHead<'b>, Refusal>> {
        if !matches!(self.state, ServerState::Idle | ServerState::Head) {
            return Status::Partial;
        }
        let head = self.reader.request(buffer).complete();
        let length = head.as_ref().map_or(buffer.len(), |head| head.len);
        if let Some(refusal) = too_long(&buffer[..length], head.is_some()) {
            self.enter(ServerInput::Decide);
            self.decision = Some(Decision::Refuse(refusal.clone()));
            return Status::Complete(Err(refusal));
        }
        if !buffer.is_empty() {
            self.enter(ServerInput::Incomplete);
        }
        head.map_or(Status::Partial, |head| Status::Complete(Ok(head)))
    }

    /// Decides about a request whose content has been read. One decision is made; what comes after
    /// it changes nothing.
    pub fn decide(&mut self, head: &RequestHead<'_>) -> &Decision {
        let service = &self.service;
        let decision = self.decision.get_or_insert_with(|| Decision::of(head, service));
        self.state = self.state.after(ServerInput::Decide);
        decision
    }

    /// Carries the decision out. There is one answer: `None` before the decision and after it.
    pub fn answer(&mut self) -> Option<Decision> {
        let decision = self.due()?;
        self.enter(match decision {
            Decision::Handshake(_) => ServerInput::Switch,
            Decision::Request => ServerInput::Ignore,
            Decision::Refuse(_) => ServerInput::Refuse,
        });
        Some(decision)
    }

    /// Ignores the Upgrade of a handshake, as a server may (RFC 9110 7.8): an ordinary answer is
    /// due. Does nothing to a request that is to be refused.
    pub fn ignore(&mut self) {
        if !matches!(self.due(), Some(Decision::Refuse(_))) {
            self.enter(ServerInput::Ignore);
        }
    }

    /// Refuses on grounds of the service, such as a wrong or missing origin (RFC 6455
    /// 4.2.2). The caller knows the answer: 403, 404, a redirect.
    pub fn refuse(&mut self) {
        self.enter(ServerInput::Refuse);
    }

    /// Goes on to the next request of a connection that persists (RFC 9112 9.3).
    pub fn next(&mut self) {
        self.enter(ServerInput::Next);
        if self.state == ServerState::Idle {
            self.decision = None;
            self.reader = HeadReader::default();
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

/// The refusal of a head, perhaps incomplete, that is larger than this server reads.
fn too_long(head: &[u8], is_complete: bool) -> Option<Refusal> {
    let start = head.iter().position(|octet| !b"\r\n".contains(octet)).unwrap_or(head.len());
    let line = head[start..].iter().position(|&octet| octet == b'\n');
    if line.unwrap_or(head.len() - start) > LINE_LIMIT {
        return Some(Refusal::long_target());
    }
    let is_over = head.len() > HEAD_LIMIT || (head.len() == HEAD_LIMIT && !is_complete);
    is_over.then(Refusal::too_long)
}
