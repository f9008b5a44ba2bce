//! What is known of the target before a case is judged: found by the control, or declared.
//! Facts only; nothing here is a verdict.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the target can do, as far as discovery or its profile says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TargetFacts {
    /// A valid opening handshake is answered with 101; `None` until the control has run.
    pub endpoint: Option<bool>,
    /// A Ping after the 101 gets its Pong.
    pub pong: bool,
    /// A text message comes back.
    pub echo: bool,
    /// The subprotocols that the target selects when offered alone, the declared ones first.
    pub subprotocols: Vec<String>,
    /// An offer of permessage-deflate is accepted.
    pub permessage_deflate: bool,
    /// A second request on the same connection is answered.
    pub keep_alive: bool,
    /// A plain GET of `/` is answered with 2xx.
    pub plain_resource: bool,
    /// The allowed origins are declared.
    pub origin: bool,
    /// The target is reached over TLS.
    pub tls: bool,
    /// HTTP/2 is spoken: with prior knowledge, or inside TLS by ALPN.
    pub http2: bool,
    /// HTTP/2 is all that is spoken, so that nothing of HTTP/1.1 can be asked.
    pub http2_alone: bool,
    /// The SETTINGS of HTTP/2 allow the extended CONNECT of RFC 8441.
    pub extended_connect: bool,
    /// A valid extended CONNECT is answered with 2xx, and a Ping behind it with its Pong.
    pub http2_endpoint: bool,
    /// A GET of `/` over HTTP/2 is answered, and not with 400.
    pub http2_resource: bool,
    /// How long the control took to be answered, in microseconds.
    pub answer_us: u64,
    /// How long silence is waited for, in milliseconds.
    pub window_ms: u64,
    /// The Server field of the control's answer or of a plain answer.
    pub server: Option<String>,
}
