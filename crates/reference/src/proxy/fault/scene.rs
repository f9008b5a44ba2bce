//! What the clients and the origin do so that a fault of the gateway shows, and where it shows.

/// An exchange in which the faulty gateway differs.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// What the ends do, in this order.
    pub steps: Vec<Step>,
    /// Who sees the difference: `client`, `client-2`, `origin-1` (the first connection that the origin gets) …
    pub party: &'static str,
    /// What it gets only from the faulty gateway.
    pub gets: Option<&'static str>,
    /// What it gets only from the conforming one.
    pub misses: Option<&'static str>,
}

/// One step of one end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The client sends.
    Client(Vec<u8>),
    /// A client on another connection sends.
    Client2(Vec<u8>),
    /// A client that speaks HTTP/2 sends these frames.
    Frames(Vec<u8>),
    /// The client ends its side.
    ClientEnd,
    /// The client resets its connection.
    ClientReset,
    /// The origin sends, on the connection that serves the client, or its last stream.
    Origin(Vec<u8>),
    /// The origin ends its side.
    OriginEnd,
    /// The origin resets the connection.
    OriginReset,
    /// So many other clients have a tunnel each.
    Tunnels(usize),
    /// Nothing happens for as long as the gateway waits.
    Silence,
}

impl Scene {
    fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    pub(in crate::proxy) fn client(self, octets: impl AsRef<[u8]>) -> Self {
        self.then(Step::Client(octets.as_ref().to_vec()))
    }

    pub(in crate::proxy) fn frames(self, octets: impl AsRef<[u8]>) -> Self {
        self.then(Step::Frames(octets.as_ref().to_vec()))
    }

    pub(in crate::proxy) fn client_2(self, octets: impl AsRef<[u8]>) -> Self {
        self.then(Step::Client2(octets.as_ref().to_vec()))
    }

    pub(in crate::proxy) fn origin(self, octets: impl AsRef<[u8]>) -> Self {
        self.then(Step::Origin(octets.as_ref().to_vec()))
    }

    pub(in crate::proxy) fn client_ends(self) -> Self {
        self.then(Step::ClientEnd)
    }

    pub(in crate::proxy) fn client_resets(self) -> Self {
        self.then(Step::ClientReset)
    }

    pub(in crate::proxy) fn origin_ends(self) -> Self {
        self.then(Step::OriginEnd)
    }

    pub(in crate::proxy) fn origin_resets(self) -> Self {
        self.then(Step::OriginReset)
    }

    pub(in crate::proxy) fn silence(self) -> Self {
        self.then(Step::Silence)
    }

    pub(in crate::proxy) fn tunnels(self, count: usize) -> Self {
        self.then(Step::Tunnels(count))
    }

    /// Only the faulty gateway gives this to this party.
    pub(in crate::proxy) fn gives(self, party: &'static str, text: &'static str) -> Self {
        Self { party, gets: Some(text), ..self }
    }

    /// Only the conforming gateway gives this to this party.
    pub(in crate::proxy) fn keeps(self, party: &'static str, text: &'static str) -> Self {
        Self { party, misses: Some(text), ..self }
    }
}

/// A request and its answer.
pub(in crate::proxy) fn plain() -> Scene {
    get("").origin(OK)
}

/// The client sends these octets.
pub(in crate::proxy) fn sent(octets: impl AsRef<[u8]>) -> Scene {
    Scene::default().client(octets)
}

/// A GET with these lines, each with its line end.
pub(in crate::proxy) fn get(lines: &str) -> Scene {
    sent(request("GET", lines))
}

/// A POST with these lines and this content.
pub(in crate::proxy) fn post(lines: &str, content: &str) -> Scene {
    sent(request("POST", lines) + content)
}

/// A request with these lines.
pub(in crate::proxy) fn request(method: &str, lines: &str) -> String {
    format!("{method} /?tag HTTP/1.1\r\nHost: example.com\r\n{lines}\r\n")
}

/// An opening handshake with these further lines.
pub(in crate::proxy) fn handshake(lines: &str) -> Scene {
    get(&format!("{PAIR}{WEBSOCKET}{lines}"))
}

/// A handshake, answered by a 101 with these further lines.
pub(in crate::proxy) fn switched(lines: &str) -> Scene {
    handshake("").origin(switch(lines))
}

/// A 101 with these further lines.
pub(in crate::proxy) fn switch(lines: &str) -> String {
    format!("HTTP/1.1 101 Switching Protocols\r\n{PAIR}{ACCEPT}{lines}\r\n")
}

/// A handshake that gets this answer, and the canary behind it.
pub(in crate::proxy) fn refused(answer: &str) -> Scene {
    handshake("").origin(answer).client(CANARY)
}

pub(in crate::proxy) const PAIR: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
pub(in crate::proxy) const WEBSOCKET: &str =
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
/// The accept value for the key of RFC 6455 1.3.
const ACCEPT: &str = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
pub(in crate::proxy) const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
pub(in crate::proxy) const REFUSAL: &str = "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nContent-Length: 5\r\n\r\nhello";
/// A request that no conforming gateway passes on as it is.
pub(in crate::proxy) const CANARY: &str = "GET /?canary HTTP/1.1\r\nhOsT:  example.com \r\n\
    Connection: x-hop\r\nX-Hop: 1\r\n\r\n";
/// What shows that it did.
pub(in crate::proxy) const RAW: &str =
    "GET /?canary HTTP/1.1\\r\\nhOsT:  example.com \\r\\nConnection: x-hop";
