//! From the octets of the origin to what the client gets, and what comes behind.

use upspec_handshake::peer::HEAD_LIMIT;
use upspec_handshake::{HeadReader, Status, starts_like_http};

use super::{Action, Relay, Stage};
use crate::fault::Seen;
use crate::proxy::content::Progress;
use crate::proxy::exchange::{Exchange, Passage};
use crate::proxy::fault::{Effect, Point};
use crate::proxy::response::{Answer, Answered};
use crate::proxy::tunnel::Tunnel;
use crate::proxy::variation::Way;

impl Relay {
    pub(super) fn origin_sent(&mut self, octets: &[u8]) {
        match &mut self.stage {
            Stage::Answer(exchange) => {
                exchange.back.extend_from_slice(octets);
                self.read_answer();
            }
            Stage::Passing(exchange, _) => {
                exchange.back.extend_from_slice(octets);
                self.pass();
            }
            Stage::Tunnel(tunnel) => {
                let action = tunnel.down(&self.config, octets);
                self.leave_tunnel(action);
            }
            Stage::Head(_) | Stage::Content(..) | Stage::Opening(_) | Stage::Over => {}
        }
    }

    /// Reads the heads that are there.
    fn read_answer(&mut self) {
        while let Stage::Answer(exchange) = &mut self.stage {
            if starts_like_http(&exchange.back) == Status::Complete(false) {
                return self.no_http();
            }
            let Some(length) = complete(&mut exchange.heads, &exchange.back) else {
                return self.without_answer();
            };
            let octets: Vec<u8> = exchange.back.drain(..length).collect();
            exchange.heads = HeadReader::default();
            if self.acts_by_fault(&octets) {
                return;
            }
            let Stage::Answer(exchange) = &mut self.stage else { return };
            match Answered::read(&self.config, &exchange.asked, octets, self.now) {
                Answered::Bad(why) => self.fail(502, why),
                Answered::Interim(head) => self.interim(head),
                Answered::Tunnel(head) => self.tunnel(head),
                Answered::Final(answer) => self.begin(answer),
            }
        }
    }

    /// What has come is no response (RFC 9112 4).
    fn no_http(&mut self) {
        let Stage::Answer(exchange) = &mut self.stage else { return };
        if !self.config.errs_at(Point::GarbagePassed) {
            return self.fail(502, "the origin's answer is no HTTP");
        }
        let octets = std::mem::take(&mut exchange.back);
        self.actions.push(Action::Leave);
        self.say(octets);
        self.close();
    }

    /// The head of an answer has no end yet, and perhaps never.
    fn without_answer(&mut self) {
        let Stage::Answer(exchange) = &mut self.stage else { return };
        let is_cut = !exchange.back.is_empty() && self.config.errs_at(Point::AnswerInOneRead);
        if exchange.back.len() > HEAD_LIMIT || is_cut {
            self.fail(502, "the head of the origin's answer does not end");
        }
    }

    /// What a fault does about a head before it is read; whether that was all.
    fn acts_by_fault(&mut self, octets: &[u8]) -> bool {
        if self.config.fault.is_none() {
            return false;
        }
        let Stage::Answer(exchange) = &mut self.stage else { return false };
        let (came, asked) = (Seen::of(octets.to_vec()), &exchange.asked.came);
        if self.config.errs_at(Point::SwitchLengthCounts) {
            let length =
                came.value("Content-Length").and_then(|value| String::from_utf8(value).ok());
            exchange.lost = length.and_then(|length| length.parse().ok()).unwrap_or(0);
        }
        for effect in self.config.effects() {
            match effect {
                Effect::Die(dies) if dies(&came, asked) => {
                    self.actions.push(Action::Die);
                    return true;
                }
                Effect::Again(again) if !exchange.is_repeated => {
                    let Some(octets) = again(&came, asked) else { continue };
                    exchange.instead = Some(octets);
                    self.repeat();
                    return true;
                }
                Effect::Finish(is_final) if is_final(&came, asked) => {
                    self.say(octets.to_vec());
                    self.finish(true, false);
                    return true;
                }
                _ => {}
            }
        }
        false
    }

    fn interim(&mut self, head: Vec<u8>) {
        let Stage::Answer(exchange) = &mut self.stage else { return };
        exchange.interim += 1;
        let most = if self.config.errs_at(Point::OneInterim) { 1 } else { MOST_INTERIM };
        if exchange.interim > most {
            return self.fail(502, "the origin does not come to the point");
        }
        self.say(head);
    }

    fn begin(&mut self, answer: Answer) {
        let Stage::Answer(exchange) = std::mem::replace(&mut self.stage, Stage::Over) else {
            return;
        };
        self.say(answer.head.clone());
        self.stage = Stage::Passing(exchange, Passage::of(answer));
        self.pass();
    }

    /// Passes content on.
    fn pass(&mut self) {
        let Stage::Passing(exchange, passage) = &mut self.stage else { return };
        let (octets, progress) = passage.read(&mut exchange.back);
        let (persists, is_last) = (passage.origin_persists, passage.is_last);
        self.say(octets);
        match progress {
            Progress::Partial => {}
            Progress::Malformed => self.abort(),
            Progress::Ended => self.finish(persists, is_last),
        }
    }

    /// The exchange is over; the connection to the origin is kept only where nothing is left on it.
    fn finish(&mut self, persists: bool, is_last: bool) {
        let back = match &mut self.stage {
            Stage::Answer(exchange) | Stage::Passing(exchange, _) => {
                std::mem::take(&mut exchange.back)
            }
            _ => Vec::new(),
        };
        let is_clean = back.is_empty() || self.config.errs_at(Point::SurplusKept);
        if persists && is_clean && !self.config.goes(Way::PoolsNothing) {
            self.actions.push(Action::Keep(back));
        } else {
            self.actions.push(Action::Leave);
        }
        if is_last && !self.config.errs_at(Point::CloseIgnored) {
            self.close();
        } else {
            self.next();
        }
    }

    /// A tunnel begins.
    fn tunnel(&mut self, head: Vec<u8>) {
        let Stage::Answer(exchange) = std::mem::replace(&mut self.stage, Stage::Over) else {
            return;
        };
        let Exchange { asked, mut back, lost, .. } = *exchange;
        self.holds = false;
        self.memory.store(&asked, &head);
        back.drain(..back.len().min(lost));
        self.say(head);
        let held = std::mem::take(&mut self.held);
        self.say(held);
        if self.config.errs_at(Point::HttpBehindSwitch) {
            self.actions.push(Action::Leave);
            return self.next();
        }
        let mut tunnel = match asked.own_key {
            Some(_) => Tunnel::of_frames(asked.came.has("Sec-WebSocket-Extensions")),
            None => Tunnel::default(),
        };
        if !self.config.errs_at(Point::CoalescedLost) {
            self.actions.extend(tunnel.down(&self.config, &back));
        }
        if [Point::EarlyLost, Point::PipelinedLost].into_iter().any(|it| self.config.errs_at(it)) {
            self.input.clear();
        }
        self.stage = Stage::Tunnel(tunnel);
        self.relay_up();
        if self.has_client_ended {
            self.client_ended();
        }
    }

    /// Sends on what the client has sent.
    pub(super) fn relay_up(&mut self) -> bool {
        let octets = std::mem::take(&mut self.input);
        if let Stage::Tunnel(tunnel) = &mut self.stage {
            let action = tunnel.up(&self.config, &octets);
            self.leave_tunnel(action);
        }
        false
    }

    /// Takes what a tunnel does; when both sides have ended, that was all.
    pub(super) fn leave_tunnel(&mut self, actions: impl IntoIterator<Item = Action>) {
        self.actions.extend(actions);
        if matches!(&self.stage, Stage::Tunnel(tunnel) if tunnel.is_over()) {
            self.close();
        }
    }

    pub(super) fn origin_ended(&mut self) {
        match &mut self.stage {
            Stage::Tunnel(tunnel) => {
                let actions = tunnel.origin_ended(&self.config);
                self.leave_tunnel(actions);
            }
            Stage::Passing(_, passage) if passage.ends_with_connection() => {
                let (octets, is_last) = (passage.end(), passage.is_last);
                self.say(octets);
                self.finish(false, is_last);
            }
            Stage::Answer(exchange) if !exchange.back.is_empty() => {
                let octets = std::mem::take(&mut exchange.back);
                if self.config.errs_at(Point::HalfHeadPassed) {
                    self.say(octets);
                    return self.close();
                }
                self.fail(502, "the origin's answer is incomplete");
            }
            _ => self.lost(),
        }
    }

    pub(super) fn origin_reset(&mut self) {
        match &self.stage {
            Stage::Tunnel(_) if self.config.errs_at(Point::OriginResetUntold) => {}
            Stage::Tunnel(_) => {
                self.actions.extend([Action::Leave, Action::ResetClient]);
                self.stage = Stage::Over;
            }
            _ => self.lost(),
        }
    }

    /// The connection to the origin is gone before its answer is complete.
    fn lost(&mut self) {
        match &mut self.stage {
            Stage::Answer(exchange) if exchange.may_repeat() => self.repeat(),
            Stage::Answer(_) => self.fail(502, "the origin gives no answer"),
            Stage::Passing(..) => self.abort(),
            _ => {}
        }
    }

    /// Asks once more, on a new connection.
    fn repeat(&mut self) {
        let Stage::Answer(mut exchange) = std::mem::replace(&mut self.stage, Stage::Over) else {
            return;
        };
        exchange.is_repeated = true;
        exchange.back.clear();
        self.stage = Stage::Opening(exchange);
        self.actions.extend([Action::Leave, Action::Open { is_new: true }]);
    }
}

/// The length of a head that is complete.
fn complete(reader: &mut HeadReader, back: &[u8]) -> Option<usize> {
    match reader.response(back) {
        Status::Complete(head) => Some(head.len),
        Status::Partial => None,
    }
}

/// How many interim responses are read.
const MOST_INTERIM: usize = 100;
