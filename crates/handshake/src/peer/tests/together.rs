//! A client and a server against each other.

use super::decide;
use crate::field::subprotocol::Offers;
use crate::negotiate::subprotocol;
use crate::peer::table::{ClientState, ServerState};
use crate::peer::{Client, ClientEvent, Compression, Decision, Server, Service, Transport};
use proptest::prelude::*;

proptest! {
    #[test]
    fn a_handshake_switches_both_sides_to_the_same_thing(
        offer in offer(),
        service in service(),
        (to_server, to_client) in (1_usize..60, 1_usize..60),
        (early, frames) in (any_octets(), any_octets()),
    ) {
        let mut client = Client::new(offer.request().as_bytes()).complete().unwrap();
        let mut server = Server::new(service.clone());
        let request = [client.send(), &early].concat();
        let ends = (to_server..request.len()).step_by(to_server).chain([request.len()]);
        let decided: Vec<_> =
            ends.filter_map(|end| decide(&mut server, &request[..end])).collect();
        prop_assert_eq!(decided.len(), 1);
        prop_assert_eq!(&request[decided[0].1..], &early[..]);
        let Some(Decision::Handshake(agreement)) = server.answer() else {
            return Err(TestCaseError::fail("no switch"));
        };
        prop_assert_eq!(server.state(), ServerState::Switched);
        let octets = agreement.head().octets();

        let answer = [b"HTTP/1.1 103 \r\n\r\n", &octets[..], &frames].concat();
        let events: Vec<_> =
            answer.chunks(to_client).flat_map(|piece| client.receive(piece)).collect();
        prop_assert_eq!(client.state(), ClientState::Switched);
        prop_assert_eq!(client.head(), &octets[..]);
        prop_assert_eq!(client.trailing(), &frames[..]);
        let offered = offer.subprotocols.join(", ");
        let known = service.subprotocols.iter().map(Vec::as_slice);
        let chosen = subprotocol(&Offers::parse([offered.as_bytes()]), known).map(<[u8]>::to_vec);
        let [interim, ClientEvent::Switched { subprotocol, extensions, head_len }] = &events[..]
        else {
            return Err(TestCaseError::fail(format!("{events:?}")));
        };
        prop_assert_eq!(interim, &ClientEvent::Interim(103));
        prop_assert_eq!(subprotocol, &chosen);
        prop_assert_eq!(*head_len, octets.len());
        let compresses = service.compression == Compression::Deflate && offer.deflates();
        prop_assert_eq!(extensions.len(), usize::from(compresses));
    }
}

/// What a client asks for.
#[derive(Clone, Debug)]
struct Offer {
    key: [u8; 16],
    upgrade: &'static str,
    connection: &'static str,
    subprotocols: Vec<&'static str>,
    extensions: Vec<&'static str>,
}

impl Offer {
    fn request(&self) -> String {
        let key = crate::field::key::Key::new(self.key).value();
        let key = std::str::from_utf8(&key).unwrap();
        let (upgrade, connection) = (self.upgrade, self.connection);
        let mut request = format!(
            "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: {upgrade}\r\nConnection: {connection}\r\n\
             Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
        );
        for extension in &self.extensions {
            request += &format!("Sec-WebSocket-Extensions: {extension}\r\n");
        }
        if !self.subprotocols.is_empty() {
            request += &format!("Sec-WebSocket-Protocol: {}\r\n", self.subprotocols.join(", "));
        }
        request + "\r\n"
    }

    fn deflates(&self) -> bool {
        self.extensions.iter().any(|extension| DEFLATE.contains(extension))
    }
}

const DEFLATE: [&str; 5] = [
    "permessage-deflate",
    "permessage-deflate; client_max_window_bits",
    "permessage-deflate; client_max_window_bits=9; client_no_context_takeover",
    "x-foo; a=b, permessage-deflate; server_no_context_takeover",
    "permessage-deflate; server_max_window_bits=\"12\"",
];

fn offer() -> impl Strategy<Value = Offer> {
    let others = ["x-foo", "x-foo; a=\"b\", x-bar", "permessage-deflate; foo"];
    let extensions: Vec<_> = DEFLATE.into_iter().chain(others).collect();
    (
        any::<[u8; 16]>(),
        prop::sample::select(vec!["websocket", "WebSocket", "h2c, websocket", "a/1,,WEBSOCKET"]),
        prop::sample::select(vec!["Upgrade", "keep-alive, upgrade"]),
        prop::sample::subsequence(vec!["chat", "superchat", "Chat", "x.y"], 0..=4).prop_shuffle(),
        prop::sample::subsequence(extensions, 0..=3).prop_shuffle(),
    )
        .prop_map(|(key, upgrade, connection, subprotocols, extensions)| Offer {
            key,
            upgrade,
            connection,
            subprotocols,
            extensions,
        })
}

fn service() -> impl Strategy<Value = Service> {
    let known = vec![b"chat".to_vec(), b"superchat".to_vec(), b"x.y".to_vec()];
    let compression = prop::sample::select(vec![Compression::Declined, Compression::Deflate]);
    (prop::sample::subsequence(known, 0..=3), compression).prop_map(
        |(subprotocols, compression)| Service {
            transport: Transport::Clear,
            subprotocols,
            compression,
        },
    )
}

fn any_octets() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..40)
}
