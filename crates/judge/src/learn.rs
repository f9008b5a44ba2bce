//! Reads the capabilities of a target off the control and the discovery cases.
//! Gives no verdict: those cases are judged like any other.

use upspec_corpus::case::{Case, Need, Role};
use upspec_handshake::field::elements;
use upspec_handshake::h2::setting;

use upspec_exchange::{BodyState, Octets, Record, Transcript};

use crate::expect::{Pong, close_frame, echoed, ponged};
use crate::facts::TargetFacts;
use crate::view::View;

/// The id under which the positive control is kept in the corpus.
pub const CONTROL: &str = "server/control/handshake";

/// The ids under which the control and the discovery cases are kept.
pub const DISCOVERY: &str = "server/control/";

impl TargetFacts {
    /// Learns what a control or discovery case showed.
    pub fn learn(&mut self, case: &Case, record: &Record) {
        if case.role == Role::Client {
            return self.learn_of_client(case, record);
        }
        if case.role == Role::Intermediary {
            return self.learn_of_proxy(case, record);
        }
        let octets = Octets::of(record);
        let transcript = Transcript::read(&octets);
        let name = case.id.strip_prefix(DISCOVERY);
        let (Some(name), Some(view)) = (name, View::of(case, &transcript)) else {
            return;
        };
        let status = view.answer().and_then(|answer| answer.head.status);
        match name {
            "handshake" => self.learn_control(&view),
            "plain-resource" => {
                // What is endless, or larger than is kept, hides what comes behind it.
                let whole = view.answer().is_some_and(|it| it.body_state == BodyState::Complete);
                self.set(Need::PlainResource, whole && matches!(status, Some(200..=299)));
            }
            "keep-alive" => self.set(Need::KeepAlive, second_answered(&view)),
            "close" => self.set(Need::Close, close_frame(&view)),
            "echo" => self.set(Need::Echo, echoed(&view)),
            "permessage-deflate" => self.set(Need::PermessageDeflate, took_deflate(&view)),
            "subprotocol" | "subprotocol-second" => self.learn_subprotocol(&view),
            "http2" => self.learn_http2(&view),
            "h2c" => self.takes_h2c = takes_h2c(&view),
            "extended-connect" => {
                let answered = view.talk.tunnel.is_some() && matches!(ponged(&view), Pong::Same);
                self.set(Need::Http2Endpoint, answered);
            }
            _ => {}
        }
    }

    fn learn_control(&mut self, view: &View<'_, '_>) {
        let tls = view.talk.link.tls;
        self.set(Need::Endpoint, view.switch().is_some());
        self.set(Need::Pong, matches!(ponged(view), Pong::Same));
        self.set(Need::Tls, tls);
        self.set(Need::Plain, !tls);
        self.server = server_field(view);
    }

    /// Inside TLS it is ALPN that chooses HTTP/2 (RFC 9113 3.2).
    fn learn_http2(&mut self, view: &View<'_, '_>) {
        let Some(http2) = view.http2() else {
            return;
        };
        let link = view.talk.link;
        let chosen = !link.tls || link.alpn.as_deref() == Some("h2");
        let spoken = chosen && !http2.server.settings.is_empty();
        let status = view.answer().and_then(|answer| answer.head.status);
        let allowed = http2.server.setting(setting::ENABLE_CONNECT_PROTOCOL);
        self.set(Need::Http2, spoken);
        self.set(Need::Http2Resource, spoken && status.is_some_and(|status| status != 400));
        self.set(Need::ExtendedConnect, spoken && allowed == Some(1));
        if self.http2_alone {
            self.set(Need::Tls, link.tls);
            self.set(Need::Plain, !link.tls);
            self.server = server_field(view);
        }
    }

    fn learn_subprotocol(&mut self, view: &View<'_, '_>) {
        let Some(answer) = view.switch() else {
            return;
        };
        let Some(value) = answer.head.fields.values("Sec-WebSocket-Protocol").next() else {
            return;
        };
        let offer = view.request().and_then(|head| head.fields.combined("Sec-WebSocket-Protocol"));
        let offered = offer.is_some_and(|offer| elements(&offer).any(|one| one.bytes == value));
        let name = String::from_utf8_lossy(value).into_owned();
        if offered && !self.subprotocols.contains(&name) {
            self.subprotocols.push(name);
        }
        self.count_subprotocols();
    }
}

fn server_field(view: &View<'_, '_>) -> Option<String> {
    let answer = view.answer()?;
    let value = answer.head.fields.values("Server").next()?;
    Some(String::from_utf8_lossy(value).into_owned())
}

fn second_answered(view: &View<'_, '_>) -> bool {
    let finals = view.talk.responses.iter().filter(|response| response.is_final());
    finals.filter(|response| response.body_state == BodyState::Complete).count() > 1
}

fn takes_h2c(view: &View<'_, '_>) -> bool {
    let upgrade = view.switch().and_then(|answer| answer.head.fields.combined("Upgrade"));
    upgrade.is_some_and(|value| {
        elements(&value).any(|element| element.bytes.eq_ignore_ascii_case(b"h2c"))
    })
}

fn took_deflate(view: &View<'_, '_>) -> bool {
    let answer = view.switch();
    let value = answer.and_then(|answer| answer.head.fields.combined("Sec-WebSocket-Extensions"));
    value.is_some_and(|value| {
        elements(&value).any(|element| element.bytes.starts_with(b"permessage-deflate"))
    })
}
