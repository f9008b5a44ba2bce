//! From the octets of a client to a request that the origin is asked.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use upspec_handshake::field::framing::Framing;
use upspec_handshake::peer::{HEAD_LIMIT, LINE_LIMIT, MAX_BODY};
use upspec_handshake::{HeadReader, Status};

use super::{Action, Relay, Stage};
use crate::proxy::content::Progress;
use crate::proxy::exchange::{Collector, Exchange};
use crate::proxy::fault::{Effect, Point};
use crate::proxy::own::Own;
use crate::proxy::request::{Asked, Content};
use crate::proxy::tunnel::Tunnel;
use crate::proxy::variation::Way;

impl Relay {
    /// Reads the head of a request; whether something has come of it.
    pub(super) fn read_head(&mut self) -> bool {
        let Stage::Head(reader) = &mut self.stage else { return false };
        if self.input.is_empty() {
            if self.has_client_ended {
                self.close();
            }
            return false;
        }
        let length = complete(reader, &self.input);
        self.asks_head = self.input.starts_with(b"HEAD ");
        let Some(length) = length else {
            return self.without_end();
        };
        let octets: Vec<u8> = self.input.drain(..length).collect();
        self.read += 1;
        if self.read > 1 && self.config.errs_at(Point::FirstRequestOnly) {
            self.stage = Stage::Over;
            return false;
        }
        let is_worn = self.config.errs_at(Point::TunnelsRunOut) && self.memory.tunnels() >= 20;
        match Asked::read(&self.config, octets, self.received) {
            Ok(asked) if is_worn && !asked.offered.is_empty() => {
                self.refuse(&Own::new(503, "there are no tunnels left").closing());
            }
            Err(own) => self.refuse(&own),
            Ok(asked) => self.asked(asked),
        }
        true
    }

    /// A head has no end yet, and perhaps never.
    fn without_end(&mut self) -> bool {
        let has_line = self.input.contains(&b'\n');
        let own = if !has_line && self.input.len() > LINE_LIMIT {
            Own::new(414, "the request target is too long")
        } else if self.input.len() > HEAD_LIMIT {
            Own::new(431, "the fields are too large")
        } else if self.has_client_ended || self.config.errs_at(Point::RequestInOneRead) {
            Own::new(400, "the request is incomplete")
        } else {
            return false;
        };
        self.refuse(&own.closing());
        false
    }

    /// A request is there, but for its content.
    fn asked(&mut self, asked: Asked) {
        let is_upgrade = !asked.offered.is_empty();
        let errs = |point| is_upgrade && self.config.errs_at(point);
        let is_overlooked = errs(Point::ContentAsRequest)
            || (asked.request.expects_continue && errs(Point::ContinueSkipped));
        let collector = match asked.request.body {
            _ if is_overlooked => None,
            body => Collector::of(body),
        };
        let Some(collector) = collector else {
            return self.open(asked, Content::default());
        };
        // RFC 9110 10.1.1.
        let is_awaited = asked.request.expects_continue && self.input.is_empty();
        if is_awaited && !self.config.errs_at(Point::ContinueWithheld) {
            self.say(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec());
        }
        self.stage = Stage::Content(Box::new(asked), collector);
    }

    /// Reads content; whether something has come of it.
    pub(super) fn read_content(&mut self) -> bool {
        let Stage::Content(_, collector) = &mut self.stage else { return false };
        let progress = collector.read(&mut self.input);
        if collector.len() as u64 > MAX_BODY {
            self.refuse(&Own::new(413, "the content is too large").closing());
            return false;
        }
        match progress {
            Progress::Partial => {}
            Progress::Malformed => {
                self.refuse(&Own::new(400, "the chunked content is malformed").closing());
            }
            Progress::Ended => {
                let stage = std::mem::replace(&mut self.stage, Stage::Over);
                if let Stage::Content(asked, collector) = stage {
                    self.open(*asked, collector.done());
                }
            }
        }
        false
    }

    /// Asks for a connection to the origin. What cannot be sent twice gets a new one.
    fn open(&mut self, mut asked: Asked, content: Content) {
        if self.config.goes(Way::OwnKey) && asked.has_key() {
            let nonce: [u8; 16] = match self.config.errs_at(Point::OwnKeyConstant) {
                true => *b"the sample nonce",
                false => self.memory.random.octets(),
            };
            asked.own_key = Some(STANDARD.encode(nonce).into_bytes());
        }
        if self.config.errs_at(Point::PipelinedLost) {
            self.input.clear();
        }
        if self.config.errs_at(Point::AnswersSwapped) && self.held.is_empty() {
            self.holds = !self.input.is_empty();
        }
        let stored = match self.config.errs_at(Point::SwitchStored) {
            true => self.memory.stored(&asked),
            false => None,
        };
        if let Some(head) = stored {
            self.say(head);
            self.stage = Stage::Tunnel(Tunnel::default());
            return;
        }
        let is_new = !asked.is_idempotent() || self.config.goes(Way::PoolsNothing);
        self.stage = Stage::Opening(Box::new(Exchange::new(asked, content)));
        self.actions.push(Action::Open { is_new });
    }

    /// A connection to the origin is there.
    pub(super) fn opened(&mut self, is_reused: bool) {
        let Stage::Opening(mut exchange) = std::mem::replace(&mut self.stage, Stage::Over) else {
            return;
        };
        exchange.is_reused = is_reused;
        if exchange.asked.is_connect() && self.config.is_forward_proxy() {
            return self.connected();
        }
        if let Some(octets) = exchange.instead.take() {
            self.actions.push(Action::ToOrigin(octets));
            self.stage = Stage::Answer(exchange);
            return;
        }
        let asked = &exchange.asked;
        let mut octets = asked.octets(&self.config, self.client, self.received, &exchange.content);
        let is_upgrade = !asked.offered.is_empty();
        let has_content = asked.request.body != Framing::None;
        let head = octets.len() - exchange.content.data.len().min(octets.len());
        if is_upgrade && has_content && self.config.errs_at(Point::ContentLost) {
            octets.truncate(head);
        } else if has_content && self.config.errs_at(Point::ContentLate) {
            exchange.withheld = octets.split_off(head);
        }
        self.actions.push(Action::ToOrigin(octets));
        self.stage = Stage::Answer(exchange);
    }

    /// The tunnel is there (RFC 9110 9.3.6).
    fn connected(&mut self) {
        self.say(match self.config.errs_at(Point::ConnectFramed) {
            true => b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec(),
            false => b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
        });
        if self.config.errs_at(Point::ConnectWithoutTunnel) {
            self.actions.push(Action::Leave);
            return self.next();
        }
        self.stage = Stage::Tunnel(Tunnel::default());
    }

    /// Sends on what stands behind a request that has no answer yet; only a fault does.
    pub(super) fn talk_early(&mut self) -> bool {
        let Stage::Answer(exchange) = &self.stage else { return false };
        let is_early = self.config.effects().any(|effect| match effect {
            Effect::Early(goes) => goes(&exchange.asked.came),
            _ => false,
        });
        if is_early && !self.input.is_empty() {
            let octets = std::mem::take(&mut self.input);
            self.actions.push(Action::ToOrigin(octets));
        }
        false
    }
}

/// The length of a head that is complete.
fn complete(reader: &mut HeadReader, input: &[u8]) -> Option<usize> {
    match reader.request(input) {
        Status::Complete(head) => Some(head.len),
        Status::Partial => None,
    }
}
