//! What a client has to do about TLS where its URL asks for that.

use upspec_exchange::Talk;
use upspec_handshake::Party;
use upspec_handshake::field::upgrade::protocols;

use super::Breach;

/// For wss the opening handshake runs inside TLS (RFC 6455 4.1).
pub(super) fn inside_tls(talk: &Talk<'_>, _: Party, breaches: &mut Vec<Breach>) {
    let url = talk.link.url.as_deref().unwrap_or_default();
    if talk.link.tls || !url.to_ascii_lowercase().starts_with("wss:") {
        return;
    }
    // An HTTP proxy is asked for a tunnel in the clear.
    let handshake = talk.requests.iter().find(|request| {
        let mut named = protocols(request.head.fields.values("Upgrade")).flatten();
        named.any(|protocol| protocol.is_websocket())
    });
    if let Some(request) = handshake {
        let what = "the URL asks for TLS, and the handshake came in the clear";
        let breach = Breach::new("rfc6455/4.1-tls", what);
        breaches.push(breach.at(request.at..request.at + request.head.len));
    }
}

/// h2c is for connections without TLS, so that ALPN never names it (RFC 9113 3.2).
pub(super) fn alpn_offer(talk: &Talk<'_>, _: Party, breaches: &mut Vec<Breach>) {
    if talk.link.alpn_offer.iter().any(|name| name == "h2c") {
        breaches.push(Breach::new("rfc9113/3.2-alpn", "ALPN offers h2c"));
    }
}
