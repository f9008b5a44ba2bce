//! The lawful ways in which a gateway may differ from the default one, as rows.

/// A way in which a conforming gateway may differ from the default one.
#[derive(Debug, PartialEq, Eq)]
pub struct ProxyVariation {
    /// Its name, as an option of a command names it.
    pub name: &'static str,
    /// What the gateway does.
    pub summary: &'static str,
    /// Advice that it does not follow, by requirement: what it may be warned of.
    pub neglects: &'static [&'static str],
    pub(crate) ways: &'static [Way],
}

impl ProxyVariation {
    /// Every variation.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        ROWS.iter()
    }

    const fn neglects(self, neglects: &'static [&'static str]) -> Self {
        Self { neglects, ..self }
    }

    /// The variation of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::all().find(|variation| variation.name == name)
    }
}

/// A choice that the RFCs leave to a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The connection ends behind each answer.
    ClosesAfterAnswer,
    /// Interim responses go to nobody (RFC 9110 15.2 binds proxies).
    DropsInterim,
    /// Upgrade is never passed on (RFC 9110 7.8).
    DropsUpgrade,
    /// What the client has sent stands in fields of the gateway's own.
    ForwardedFields,
    /// CONNECT goes to the origin, and a 2xx opens a tunnel (RFC 9110 9.3.6).
    ForwardsConnect,
    /// A 101 that switches to nothing is left out as a 1xx that nobody expects (RFC 9110 15.2).
    IgnoresBadSwitch,
    /// Content goes to the origin with its length, however it came.
    LengthToOrigin,
    /// HTTP/2 is spoken to the origin, with prior knowledge (RFC 9113 3.3).
    Http2ToOrigin,
    /// CONNECT opens a tunnel to the origin, and to nobody else (RFC 9110 9.3.6).
    OpensTunnels,
    /// Its clients name the origin, and are refused tunnels.
    RefusesTunnels,
    /// HTTP/1.0 is spoken to the origin.
    OldToOrigin,
    /// HTTP/2 has no extended CONNECT (RFC 8441 3).
    NoExtendedConnect,
    /// HTTP/1.1 alone is spoken to clients.
    NoHttp2,
    /// It is a WebSocket client to the origin, with keys of its own (RFC 6455 4.1).
    OwnKey,
    /// The end of one side of a tunnel ends the other at once (RFC 9110 9.3.6).
    NoHalfClose,
    /// Each request has a connection of its own.
    PoolsNothing,
    /// The client's connection ends when the origin gives no answer (RFC 9112 9.5).
    ClosesOnFailure,
    /// Requests for an upgrade are refused.
    RefusesUpgrade,
    /// Content of a known length goes to the client in chunks.
    RechunksAnswers,
    /// Responses have Via (RFC 9110 7.6.3).
    ViaInResponses,
    /// The origin is waited for without end (RFC 9110 15.6.5 says not when to give up).
    WaitsForever,
}

const ROWS: &[ProxyVariation] = &[
    row("closes-after-answer", "It closes behind each answer.", &[Way::ClosesAfterAnswer])
        .neglects(&["rfc9112/9.3-persistent"]),
    row("closes-on-failure", "It closes where the origin fails.", &[Way::ClosesOnFailure])
        .neglects(&["rfc9110/3.7-gateway-outbound"]),
    row("connect-forwarded", "CONNECT goes to the origin.", &[Way::ForwardsConnect]),
    row("forward-proxy", "It is a forward proxy.", &[Way::OpensTunnels]),
    row(
        "forward-without-connect",
        "It is a forward proxy, and refuses CONNECT.",
        &[Way::RefusesTunnels],
    ),
    row("forwarded-fields", "It adds X-Forwarded-For and -Proto.", &[Way::ForwardedFields]),
    row("http1-only", "It speaks HTTP/1.1 alone to clients.", &[Way::NoHttp2]),
    row("http10-to-origin", "It speaks HTTP/1.0 to the origin.", &[Way::OldToOrigin]),
    row("http2-to-origin", "It speaks HTTP/2 to the origin.", &[Way::Http2ToOrigin]),
    row("interim-dropped", "It drops interim responses.", &[Way::DropsInterim])
        .neglects(&["rfc9110/15.2-client-parses"]),
    row("length-to-origin", "Chunked content goes on with its length.", &[Way::LengthToOrigin]),
    row("no-extended-connect-in-front", "It speaks no RFC 8441.", &[Way::NoExtendedConnect]),
    row("no-half-close", "One end of a tunnel ends the other.", &[Way::NoHalfClose]),
    row("no-pool", "Each request has a connection of its own.", &[Way::PoolsNothing]),
    row("no-upgrade", "It passes no Upgrade on.", &[Way::DropsUpgrade]),
    row("own-key", "It asks the origin with keys of its own.", &[Way::OwnKey]),
    row("rechunked", "Content goes to the client in chunks.", &[Way::RechunksAnswers]),
    row("refuses-upgrade", "It refuses requests for an upgrade.", &[Way::RefusesUpgrade])
        .neglects(&["rfc9110/7.6-forward"]),
    row("switch-ignored", "It leaves out a 101 that does not fit.", &[Way::IgnoresBadSwitch]),
    row("via-in-responses", "It adds Via to responses.", &[Way::ViaInResponses]),
    row("waits-forever", "It waits for the origin without end.", &[Way::WaitsForever]),
];

const fn row(name: &'static str, summary: &'static str, ways: &'static [Way]) -> ProxyVariation {
    ProxyVariation { name, summary, neglects: &[], ways }
}

#[cfg(test)]
mod tests;
