//! Reads what a client does off its control and the other cases that find it out.
//! Gives no verdict: those cases are judged like any other.

use upspec_corpus::case::{Case, Need, Outcome};
use upspec_exchange::frames::frames;
use upspec_exchange::{Octets, Record, Report, Talk, Transcript};
use upspec_handshake::field::deflate::{ClientWindow, Offer, PERMESSAGE_DEFLATE};
use upspec_handshake::field::elements_of;
use upspec_handshake::field::extension::Extensions;
use upspec_handshake::frame::opcode;
use upspec_handshake::{Party, RequestHead};

use crate::facts::TargetFacts;
use crate::view::View;

/// The ids under which the control and the discovery cases of clients are kept.
pub const CLIENT_DISCOVERY: &str = "client/control/";

impl TargetFacts {
    /// Learns what a control or discovery case for clients showed.
    pub(crate) fn learn_of_client(&mut self, case: &Case, record: &Record) {
        let octets = Octets::of(record);
        let transcript = Transcript::read(&octets);
        let name = case.id.strip_prefix(CLIENT_DISCOVERY);
        let (Some(name), Some(view)) = (name, View::of(case, &transcript)) else {
            return;
        };
        let opened = matches!(view.outcome(), Outcome::Opened | Outcome::WentOn);
        match name {
            "handshake" => self.learn_handshake(&view),
            "message" => {
                let told = view.talk.reports().iter().filter_map(|one| match &one.report {
                    Report::Message(octets) => Some(&octets[..]),
                    _ => None,
                });
                self.set(Need::Driver, told.collect::<Vec<_>>().concat() == MESSAGE);
            }
            "refused" => self.refused_exit = view.ending().exit.map(|exit| exit.to_string()),
            "permessage-deflate" => {
                self.set(Need::DeflateOpens, opened);
                self.set(Need::DeflateTakeover, opened && keeps_context(view.talk));
            }
            "tls" => self.set(Need::TlsOpens, opened),
            "interim" => self.set(Need::Interim, opened),
            "extended-connect" => {
                let asks = |head: &RequestHead<'_>| head.protocol.is_some();
                let connects = view.talk.requests.iter().any(|request| asks(&request.head));
                self.set(Need::OffersH2, view.talk.link.alpn.as_deref() == Some("h2"));
                self.set(Need::Connects, connects);
                self.set(Need::H2Opens, connects && opened);
            }
            "redirect" => {
                let all: usize = transcript.talks.iter().map(|talk| talk.requests.len()).sum();
                self.set(Need::Redirects, all > 1);
            }
            "credentials" => {
                let mut all = transcript.talks.iter().flat_map(|talk| &talk.requests);
                let has = all.any(|request| request.head.fields.contains("Authorization"));
                self.set(Need::Credentials, has);
            }
            _ => {}
        }
    }

    fn learn_handshake(&mut self, view: &View<'_, '_>) {
        let talk = view.talk;
        let outcome = view.outcome();
        let first = first_frame(talk);
        let opens = matches!(outcome, Outcome::Opened | Outcome::WentOn | Outcome::CloseNormal);
        self.set(Need::Opens, opens);
        let closes = outcome == Outcome::CloseNormal || sends_close(talk);
        self.set(Need::StaysOpen, opens && !closes);
        let data = |opcode: u8| !opcode::is_control(opcode);
        self.set(Need::Sends, first.is_some_and(data));
        if let Some(request) = talk.requests.first() {
            self.learn_offers(&request.head);
        }
    }

    fn learn_offers(&mut self, head: &RequestHead<'_>) {
        let names = elements_of(head.fields.values("Sec-WebSocket-Protocol"));
        let count = names.filter(|name| !name.is_empty()).count();
        self.set(Need::OffersSubprotocol, count > 0);
        self.set(Need::OffersTwoSubprotocols, count > 1);
        let value = head.fields.combined("Sec-WebSocket-Extensions");
        self.set(Need::OffersExtensions, value.is_some());
        let value = value.unwrap_or_default();
        let extensions = Extensions::parse(&value);
        let named = extensions.named(PERMESSAGE_DEFLATE);
        let offers: Vec<Offer> = named.filter_map(|one| Offer::parse(one).ok()).collect();
        let all = |wanted: fn(&Offer) -> bool| !offers.is_empty() && offers.iter().all(wanted);
        self.set(Need::OffersDeflate, !offers.is_empty());
        let limits = |offer: &Offer| offer.client_max_window_bits != ClientWindow::Absent;
        self.set(Need::OffersClientBits, offers.iter().any(limits));
        self.set(
            Need::DeflateAsks,
            all(|offer| offer.server_no_context_takeover || offer.server_max_window_bits.is_some()),
        );
        self.set(Need::DeflateHints, all(|offer| offer.client_no_context_takeover));
    }
}

/// The message of the case that asks whether messages are reported.
const MESSAGE: &[u8] = b"Hello";

/// The opcode of the first frame that the client sent.
fn first_frame(talk: &Talk<'_>) -> Option<u8> {
    let octets = talk.tunnel_octets(Party::Client)?;
    frames(octets).first().map(|frame| frame.opcode)
}

/// Whether the client took leave by itself.
fn sends_close(talk: &Talk<'_>) -> bool {
    let octets = talk.tunnel_octets(Party::Client).unwrap_or_default();
    frames(octets).iter().any(|frame| frame.opcode == opcode::CLOSE)
}

/// Whether what we accepted leaves us the context of one message for the next.
fn keeps_context(talk: &Talk<'_>) -> bool {
    let answer = talk.finals().next();
    let value = answer.and_then(|answer| answer.head.fields.combined("Sec-WebSocket-Extensions"));
    let named = b"server_no_context_takeover";
    value.is_some_and(|value| !value.windows(named.len()).any(|window| window == named))
}
