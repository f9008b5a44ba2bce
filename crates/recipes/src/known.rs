//! What is known of a target, on which the drawing of recipes and what they may be answered with depend.

use upspec_handshake::permitted::Endpoint;

/// What is known of a target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// What the model asks.
    pub endpoint: Endpoint,
    /// It speaks HTTP/2.
    pub http2: bool,
    /// A GET of `/` over HTTP/2 gets another answer than 400.
    pub resource: bool,
    /// Its SETTINGS allow the extended CONNECT.
    pub announces: bool,
    /// An extended CONNECT gets its 2xx.
    pub tunnels: bool,
    /// A plain GET of `/` gets a 2xx.
    pub plain: bool,
    /// A Ping gets its Pong.
    pub pongs: bool,
    /// A text comes back.
    pub echoes: bool,
    /// The subprotocols that it has selected.
    pub subprotocols: Vec<String>,
}

impl Known {
    /// Nothing but that it switches.
    #[must_use]
    pub fn switching() -> Self {
        Self { endpoint: Endpoint { switches: true, ..Endpoint::default() }, ..Self::default() }
    }
}
