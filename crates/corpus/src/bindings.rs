//! The names of bindings, and the octets that one exchange puts in their place.

use std::fmt;

use crate::template::Binding;

/// What one exchange puts in the place of each binding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bindings {
    /// For `{accept}`.
    pub accept: Vec<u8>,
    /// For `{accept-swapped}`.
    pub accept_swapped: Vec<u8>,
    /// For `{accept-truncated}`.
    pub accept_truncated: Vec<u8>,
    /// For `{authority}`.
    pub authority: Vec<u8>,
    /// For `{authority-upper}`.
    pub authority_upper: Vec<u8>,
    /// For `{host}`.
    pub host: Vec<u8>,
    /// For `{key}`.
    pub key: Vec<u8>,
    /// For `{origin}`.
    pub origin: Vec<u8>,
    /// For `{path}`.
    pub path: Vec<u8>,
    /// For `{ping}`.
    pub ping: Vec<u8>,
    /// For `{port}`.
    pub port: Vec<u8>,
    /// For `{protocol}`.
    pub protocol: Vec<u8>,
    /// For `{protocol-field}`: a whole field line with its CRLF, or nothing.
    pub protocol_field: Vec<u8>,
    /// For `{random}`.
    pub random: Vec<u8>,
    /// For `{scheme}`.
    pub scheme: Vec<u8>,
    /// For `{standing}`: whole field lines, each with its CRLF, or nothing.
    pub standing: Vec<u8>,
    /// For `{standing-but-origin}`: the same lines without the allowed origin.
    pub standing_but_origin: Vec<u8>,
    /// For `{subprotocol}`.
    pub subprotocol: Vec<u8>,
    /// For `{subprotocol-2}`.
    pub subprotocol_second: Vec<u8>,
    /// For `{subprotocol-candidates}`.
    pub subprotocol_candidates: Vec<u8>,
    /// For `{subprotocol-swapped}`.
    pub subprotocol_swapped: Vec<u8>,
}

impl Bindings {
    /// Made-up octets for a target that nobody runs, to show what a case writes.
    #[must_use]
    pub fn example() -> Self {
        let octets = |text: &str| text.as_bytes().to_vec();
        Self {
            accept: octets("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
            accept_swapped: octets("S3PplmbItXAq9KyGZZHzrBk+XoO="),
            accept_truncated: octets("s3pPLMBiTxaQ9kYGzzhZRbK+xOo"),
            authority: octets("server.example.com"),
            authority_upper: octets("SERVER.EXAMPLE.COM"),
            host: octets("server.example.com"),
            key: octets("dGhlIHNhbXBsZSBub25jZQ=="),
            origin: octets("http://server.example.com"),
            path: octets("/chat"),
            ping: b"\x89\x84\x00\x00\x00\x00ping".to_vec(),
            port: octets("80"),
            protocol: octets("chat"),
            protocol_field: octets("Sec-WebSocket-Protocol: chat\r\n"),
            random: octets("abcdefghijklmnop"),
            scheme: octets("http"),
            standing: Vec::new(),
            standing_but_origin: Vec::new(),
            subprotocol: octets("chat"),
            subprotocol_second: octets("superchat"),
            subprotocol_candidates: octets("chat, superchat"),
            subprotocol_swapped: octets("CHAT"),
        }
    }

    /// The octets for a binding. `{fill-N}` has none of its own: its length depends on the line.
    #[must_use]
    pub fn octets(&self, binding: Binding) -> &[u8] {
        match binding {
            Binding::Accept => &self.accept,
            Binding::AcceptSwapped => &self.accept_swapped,
            Binding::AcceptTruncated => &self.accept_truncated,
            Binding::Authority => &self.authority,
            Binding::AuthorityUpper => &self.authority_upper,
            Binding::Fill(_) => &[],
            Binding::Host => &self.host,
            Binding::Key => &self.key,
            Binding::Origin => &self.origin,
            Binding::Path => &self.path,
            Binding::Ping => &self.ping,
            Binding::Port => &self.port,
            Binding::Protocol => &self.protocol,
            Binding::ProtocolField => &self.protocol_field,
            Binding::Random => &self.random,
            Binding::Scheme => &self.scheme,
            Binding::Standing => &self.standing,
            Binding::StandingButOrigin => &self.standing_but_origin,
            Binding::Subprotocol => &self.subprotocol,
            Binding::SubprotocolSecond => &self.subprotocol_second,
            Binding::SubprotocolCandidates => &self.subprotocol_candidates,
            Binding::SubprotocolSwapped => &self.subprotocol_swapped,
        }
    }
}

impl Binding {
    /// The bindings without a number in their name, with their names.
    pub const NAMES: [(&'static str, Self); 21] = [
        ("accept", Self::Accept),
        ("accept-swapped", Self::AcceptSwapped),
        ("accept-truncated", Self::AcceptTruncated),
        ("authority", Self::Authority),
        ("authority-upper", Self::AuthorityUpper),
        ("host", Self::Host),
        ("key", Self::Key),
        ("origin", Self::Origin),
        ("path", Self::Path),
        ("ping", Self::Ping),
        ("port", Self::Port),
        ("protocol", Self::Protocol),
        ("protocol-field", Self::ProtocolField),
        ("random", Self::Random),
        ("scheme", Self::Scheme),
        ("standing", Self::Standing),
        ("standing-but-origin", Self::StandingButOrigin),
        ("subprotocol", Self::Subprotocol),
        ("subprotocol-2", Self::SubprotocolSecond),
        ("subprotocol-candidates", Self::SubprotocolCandidates),
        ("subprotocol-swapped", Self::SubprotocolSwapped),
    ];

    /// Whether it is filled in from a request that came.
    #[must_use]
    pub fn is_of_request(self) -> bool {
        matches!(
            self,
            Self::Accept
                | Self::AcceptSwapped
                | Self::AcceptTruncated
                | Self::Protocol
                | Self::ProtocolField
        )
    }

    /// The binding that is written `{name}`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        if let Some(number) = name.strip_prefix("fill-") {
            // Every binding has one spelling, so `+8` and `08` are none.
            let plain = number.bytes().all(|b| b.is_ascii_digit()) && !number.starts_with('0');
            return number.parse().ok().filter(|_| plain).map(Self::Fill);
        }
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, binding)| *binding)
    }
}

impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Fill(length) = self {
            return write!(f, "fill-{length}");
        }
        let named = Self::NAMES.iter().find(|(_, binding)| binding == self);
        f.write_str(named.expect("every binding but fill is in the table").0)
    }
}
