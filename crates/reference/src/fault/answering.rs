//! How a faulty server changes its answers.

use upspec_handshake::field::elements_of;
use upspec_handshake::field::upgrade::Protocol;
use upspec_handshake::peer::{Cause, Request, Server, Transport};
use upspec_handshake::{RequestHead, Status, Version};

use super::{Effect, Point, Seen};
use crate::answer::{After, Answer};
use crate::config::Config;
use crate::site::{self, Outcome};

/// What happens to an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The connection is closed instead.
    Closed,
    /// It is sent.
    Sent,
    /// Nothing is sent, now or later.
    Withheld,
}

/// The octets of an answer.
pub(crate) struct Lines<'o> {
    pub(super) status: u16,
    /// The head with its empty line.
    pub(super) head: &'o [u8],
    /// The status line, without its line end.
    pub(super) start: &'o [u8],
    /// The head after the status line.
    pub(super) fields: &'o [u8],
    /// What follows the head.
    pub(super) rest: &'o [u8],
}

impl<'o> Lines<'o> {
    fn of(octets: &'o [u8], status: u16) -> Self {
        let head_ends = octets.windows(4).position(|end| end == b"\r\n\r\n");
        let (head, rest) = octets.split_at(head_ends.map_or(octets.len(), |at| at + 4));
        let line_ends = head.windows(2).position(|end| end == b"\r\n").unwrap_or(0);
        let (start, fields) = head.split_at(line_ends);
        Self { status, head, start, fields, rest }
    }

    /// The same with one more line after the status line.
    pub(super) fn with_line(&self, line: &[u8]) -> Vec<u8> {
        [self.start, b"\r\n", line, self.fields, self.rest].concat()
    }
}

/// Changes the answer to a request that HTTP itself rejects.
pub(crate) fn alter_rejection(config: &Config, answer: &mut Answer, cause: Cause, seen: &Seen) {
    for effect in config.effects() {
        if let Effect::Rejected(change) = effect {
            change(answer, cause, seen);
        }
    }
}

/// Whether a head that lacks only its empty line is answered already.
pub(crate) fn switches_early(config: &Config, input: &[u8]) -> bool {
    if !config.errs_at(Point::HeadWithoutEnd) || !input.ends_with(b"\r\n") {
        return false;
    }
    let whole = [input, b"\r\n"].concat();
    match (RequestHead::parse(input), RequestHead::parse(&whole)) {
        (Status::Partial, Status::Complete(head)) => {
            let mut server = Server::new(config.service(Transport::Clear));
            matches!(site::respond(config, &mut server, &head), Outcome::Switched(..))
        }
        _ => false,
    }
}

/// Changes the answer to an admitted request.
pub(crate) fn alter_request(config: &Config, request: &mut Request, seen: &Seen) {
    for effect in config.effects() {
        if let Effect::Admitted(change) = effect {
            change(request, seen);
        }
    }
}

/// What happens to a request that a fault keeps from the resources.
pub(crate) fn outcome(config: &Config, head: &RequestHead<'_>) -> Option<Outcome> {
    let names: Vec<&[u8]> = elements_of(head.fields.values("Upgrade"))
        .filter(|element| Protocol::parse(element).is_some())
        .collect();
    let is_websocket = |name: &&[u8]| {
        name.split(|octet| *octet == b'/')
            .next()
            .is_some_and(|it| it.eq_ignore_ascii_case(b"websocket"))
    };
    let is_old = head.version < Some(Version::HTTP_11);
    if is_old || names.is_empty() || names.iter().any(is_websocket) {
        return None;
    }
    let offer = names.join(&b", "[..]);
    let protocol = config.effects().find_map(|effect| match effect {
        Effect::Upgrade(choose) => choose(&offer),
        _ => None,
    })?;
    Some(Outcome::Switched(Answer::interim(101).with("Upgrade", protocol), None))
}

/// How many octets to skip that are not a request.
pub(crate) fn garbage(config: &Config, input: &[u8]) -> Option<usize> {
    let end = input.windows(4).position(|octets| octets == b"\r\n\r\n")?;
    config.errs_at(Point::GarbageSkipped).then_some(end + 4)
}

/// Changes an answer before the fields that follow from it are added.
pub(crate) fn alter(config: &Config, answer: &mut Answer, seen: &Seen) -> Fate {
    for effect in config.effects() {
        match effect {
            Effect::Silence(is_due) if is_due(answer) => return Fate::Withheld,
            Effect::Close(is_due) if is_due(answer) => return Fate::Closed,
            Effect::Answer(change) => change(answer, seen),
            Effect::Switch(change) if answer.is_switch() => change(answer, seen, config),
            _ => {}
        }
    }
    Fate::Sent
}

/// Changes an answer that has all its fields.
pub(crate) fn alter_complete(config: &Config, answer: &mut Answer, seen: &Seen) {
    for effect in config.effects() {
        if let Effect::Completed(change) = effect {
            change(answer, seen);
        }
    }
}

/// Changes the octets of an answer.
pub(crate) fn alter_octets(config: &Config, octets: Vec<u8>, status: u16, seen: &Seen) -> Vec<u8> {
    let changed = config.effects().find_map(|effect| match effect {
        Effect::Written(change) => change(&Lines::of(&octets, status), seen),
        _ => None,
    });
    changed.unwrap_or(octets)
}

/// What happens to the connection after an answer.
pub(crate) fn after(config: &Config, after: After, status: u16) -> After {
    let changed = config.effects().find_map(|effect| match effect {
        Effect::Done(change) => Some(change(after, status)),
        _ => None,
    });
    changed.unwrap_or(after)
}
