//! Reads what an intermediary does off its controls.
//! Gives no verdict: those cases are judged like any other.

use std::collections::BTreeSet;

use upspec_corpus::case::{Arrival, Case, Got, Need};
use upspec_exchange::{Http2, Octets, Record, Talk, Transcript};
use upspec_handshake::Fields;
use upspec_handshake::h2::setting;

use crate::facts::TargetFacts;
use crate::passage::{Arrived, Passage};

/// The ids under which the controls of intermediaries are kept.
pub const PROXY_DISCOVERY: &str = "intermediary/control/";

/// The other cases that show what an intermediary does: that it reads the frames of a tunnel, and opens a WebSocket over
/// HTTP/2, in front or to its origin.
pub const PROXY_SHOWS: [&str; 3] = [
    "intermediary/tunnel/octets",
    "intermediary/http2/handshake",
    "intermediary/http2-origin/handshake",
];

impl TargetFacts {
    pub(crate) fn learn_of_proxy(&mut self, case: &Case, record: &Record) {
        let octets = Octets::of(record);
        let transcript = Transcript::read(&octets);
        let passage = Passage::of(&transcript.talks);
        let Some(client) = transcript.talks.first() else {
            return;
        };
        let name = case.id.strip_prefix("intermediary/").unwrap_or_default();
        match name.strip_prefix("control/").unwrap_or(name) {
            "relay" => self.learn_relay(client, passage),
            "byte-relay" => self.set(Need::Reframes, passage.arrival(2) == Arrival::Reframed),
            "http2/handshake" => {
                let opened = client.http2.is_some() && client.tunnel.is_some();
                self.set(Need::Http2Endpoint, opened && passage.is_both_ways(client));
            }
            "http2-origin/handshake" => {
                let is_connect = |one: Arrived<'_, '_>| one.request.head.is_extended_connect();
                let connects = passage.arrived(1).is_some_and(is_connect);
                self.set(Need::OriginConnect, connects && passage.is_both_ways(client));
            }
            "keep-alive" => {
                self.set(Need::KeepAlive, client.finals().count() > 1);
            }
            "handshake" => self.learn_passage(client, passage),
            "http2" => self.learn_http2_in_front(client, passage),
            "tunnel/octets" => {
                let ended = client.ending.server.is_some();
                let stopped = passage.got_at_origin() != Got::All;
                let parses = self.has(Need::Terminates) || ended && stopped;
                self.set(Need::Parses, parses && self.has(Need::Upgrade));
            }
            _ => {}
        }
    }

    /// Whether a GET over HTTP/2 comes to our origin and back, and an extended CONNECT is allowed (RFC 8441 3).
    fn learn_http2_in_front(&mut self, client: &Talk<'_>, passage: Passage<'_, '_>) {
        let answered = client.finals().any(|one| one.head.status == Some(200));
        let spoken = answered && passage.arrived(1).is_some();
        let setting = |http2: &Http2| http2.server.setting(setting::ENABLE_CONNECT_PROTOCOL);
        self.set(Need::Http2, spoken);
        self.set(Need::ExtendedConnect, spoken && client.http2.and_then(setting) == Some(1));
    }

    fn learn_relay(&mut self, client: &Talk<'_>, passage: Passage<'_, '_>) {
        let answered = client.finals().any(|one| one.head.status == passage.sent_status());
        let arrived = passage.arrived(1);
        self.set(Need::Relays, answered && arrived.is_some());
        self.set(Need::Http2Origin, arrived.is_some_and(|one| one.talk.http2.is_some()));
        self.adds = added(client, passage);
        self.set(Need::Tls, client.link.tls);
        self.set(Need::Plain, !client.link.tls);
        let server = client.finals().next().and_then(|one| one.head.fields.values("Server").next());
        self.server = server.map(|value| String::from_utf8_lossy(value).into_owned());
    }

    fn learn_passage(&mut self, client: &Talk<'_>, passage: Passage<'_, '_>) {
        let switched = client.finals().any(|one| one.head.status == Some(101));
        let arrived = passage.arrived(1);
        let field = |name: &str| {
            let sent = client.requests.first()?.head.fields.combined(name)?.into_owned();
            let came = arrived.as_ref()?.request.head.fields.combined(name)?.into_owned();
            Some(sent != came)
        };
        let own_key = field("Sec-WebSocket-Key") == Some(true);
        self.set(Need::Upgrade, switched && passage.is_switched());
        self.set(Need::Terminates, switched && (own_key || arrived.is_none()));
        self.set(Need::HostRewritten, field("Host") == Some(true));
    }
}

/// The names of the fields that came with the first request and were not sent with it.
fn added(client: &Talk<'_>, passage: Passage<'_, '_>) -> BTreeSet<String> {
    let names = |fields: &Fields<'_>| -> BTreeSet<String> {
        let lower = |name: &[u8]| String::from_utf8_lossy(name).to_ascii_lowercase();
        fields.iter().map(|line| lower(line.name)).collect()
    };
    let sent = client.requests.first().map(|one| names(&one.head.fields)).unwrap_or_default();
    let came = passage.arrived(1).map(|one| names(&one.request.head.fields)).unwrap_or_default();
    came.difference(&sent).cloned().collect()
}
