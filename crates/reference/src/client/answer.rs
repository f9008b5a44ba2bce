//! Reads the answer to an opening handshake: the machine of `handshake`, and before it what a faulty client makes
//! of the octets and the head.

use upspec_handshake::peer::{self, ClientEvent, HEAD_LIMIT};
use upspec_handshake::{ResponseHead, Status, starts_like_http};

use super::config::ClientConfig;
use super::fault::{Effect, Point, contains};
use super::request::Asked;
use crate::fault::Seen;

/// The answer that is arriving.
pub(crate) struct Answering {
    asked: Asked,
    machine: peer::Client,
    /// What a faulty client has not read yet.
    held: Vec<u8>,
    /// A fault reads no more, since the head has no end.
    is_lost: bool,
    /// A fault has met what it dies of.
    is_deadly: bool,
}

impl Answering {
    /// For the answer to this request, which has been sent; `None` if the request has no head.
    pub(crate) fn new(asked: Asked) -> Option<Self> {
        let mut machine = peer::Client::new(&asked.meant).complete()?;
        machine.send();
        Some(Self { asked, machine, held: Vec::new(), is_lost: false, is_deadly: false })
    }

    /// Whether what came is the end of the process.
    pub(crate) fn is_deadly(&self) -> bool {
        self.is_deadly
    }

    /// The head of the final answer.
    pub(crate) fn head(&self) -> &[u8] {
        self.machine.head()
    }

    /// What came behind it.
    pub(crate) fn trailing(&self) -> &[u8] {
        self.machine.trailing()
    }

    /// Takes octets of the server.
    pub(crate) fn receive(&mut self, config: &ClientConfig, octets: &[u8]) -> Vec<ClientEvent> {
        if !is_misread(config) {
            return self.machine.receive(octets);
        }
        if self.is_lost {
            return Vec::new();
        }
        self.held.extend_from_slice(octets);
        for effect in config.effects() {
            if let Effect::Octets(change) = effect
                && let Some(changed) = change(&self.held)
            {
                self.held = changed;
            }
        }
        self.is_deadly = dies(config, &self.held, &self.asked.seen);
        let mut events = Vec::new();
        while events.iter().all(|event| matches!(event, ClientEvent::Interim(_)))
            && let Some(more) = self.next(config)
        {
            events.extend(more);
        }
        events
    }

    /// The server has ended its side.
    pub(crate) fn end(&mut self, config: &ClientConfig) -> Vec<ClientEvent> {
        if config.errs_at(Point::HeadWithoutEnd) && !self.held.is_empty() {
            let events = self.receive(config, b"\r\n");
            if !events.is_empty() {
                return events;
            }
        }
        self.machine.end()
    }

    /// Reads one head as a faulty client does; `None` when there is none yet.
    fn next(&mut self, config: &ClientConfig) -> Option<Vec<ClientEvent>> {
        if self.held.is_empty() {
            return None;
        }
        if starts_like_http(&self.held) == Status::Complete(false) {
            return Some(self.machine.receive(&std::mem::take(&mut self.held)));
        }
        let Status::Complete(head) = ResponseHead::parse(&self.held) else {
            if self.held.len() < HEAD_LIMIT {
                return None;
            }
            let held = std::mem::take(&mut self.held);
            self.is_lost = config.errs_at(Point::EndlessHead);
            return (!self.is_lost).then(|| self.machine.receive(&held));
        };
        let length = head.len;
        let seen = Seen::of(self.held[..length].to_vec());
        let read = self.read(config, &seen);
        let rest = self.held.split_off(length);
        let octets = std::mem::replace(&mut self.held, rest);
        let octets = if read == seen { octets } else { read.write() };
        if refuses(config, &read, &self.asked.seen) {
            return Some(vec![ClientEvent::Failed(Vec::new())]);
        }
        let mut events = self.machine.receive(&octets);
        let is_final = events.iter().any(|event| !matches!(event, ClientEvent::Interim(_)));
        let is_skipped = matches!(events.last(), Some(ClientEvent::Refused(_)))
            && config.errs_at(Point::NextResponseRead);
        if is_skipped {
            *self = Self { held: std::mem::take(&mut self.held), ..Self::new(self.asked.clone())? };
            events.clear();
        } else if is_final {
            events.extend(self.machine.receive(&std::mem::take(&mut self.held)));
        }
        Some(events)
    }

    fn read(&self, config: &ClientConfig, seen: &Seen) -> Seen {
        config.effects().fold(seen.clone(), |mut seen, effect| {
            if let Effect::Answer(change) = effect {
                change(&mut seen, &self.asked.seen);
            }
            seen
        })
    }
}

fn refuses(config: &ClientConfig, answer: &Seen, asked: &Seen) -> bool {
    let is_due =
        |effect: &Effect| matches!(effect, Effect::Refuse(is_due) if is_due(answer, asked));
    config.effects().any(is_due)
}

/// Whether what is there of an answer, as far as it can be read, is the end of the process.
fn dies(config: &ClientConfig, held: &[u8], asked: &Seen) -> bool {
    let has_end = [&b"\r\n\r\n"[..], b"\n\n"].iter().any(|end| contains(held, end));
    let is_due = |effect: &Effect| match effect {
        Effect::DieOfAnswer(is_due) => is_due(&Seen::of(held.to_vec()), asked),
        _ => false,
    };
    (has_end || held.len() >= HEAD_LIMIT) && config.effects().any(is_due)
}

/// Whether a fault stands between the octets and the machine.
fn is_misread(config: &ClientConfig) -> bool {
    config.effects().any(|effect| match effect {
        Effect::Octets(_) | Effect::Answer(_) | Effect::Refuse(_) | Effect::DieOfAnswer(_) => true,
        Effect::At(point) => {
            [Point::HeadWithoutEnd, Point::EndlessHead, Point::NextResponseRead].contains(point)
        }
        _ => false,
    })
}
