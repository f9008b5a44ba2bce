//! The names of bindings, and the octets that one exchange puts in their place.

use std::fmt;

use crate::template::Binding;

/// What one exchange puts in the place of each binding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bindings {
    /// Where we are a server in HTTP/2: the stream of the client's last request, for which a case writes 1.
    pub stream: Option<u32>,
    /// For `{accept}`.
    pub accept: Vec<u8>,
    /// For `{accept-swapped}`.
    pub accept_swapped: Vec<u8>,
    /// For `{accept-truncated}`.
    pub accept_truncated: Vec<u8>,
    /// For `{accept-hex}`.
    pub accept_hex: Vec<u8>,
    /// For `{accept-inner-space}`.
    pub accept_inner_space: Vec<u8>,
    /// For `{accept-lower-guid}`.
    pub accept_lower_guid: Vec<u8>,
    /// For `{accept-of-decoded-key}`.
    pub accept_of_decoded_key: Vec<u8>,
    /// For `{accept-of-other-key}`.
    pub accept_of_other_key: Vec<u8>,
    /// For `{accept-of-previous-key}`.
    pub accept_of_previous_key: Vec<u8>,
    /// For `{accept-pad-bits}`.
    pub accept_pad_bits: Vec<u8>,
    /// For `{accept-without-guid}`.
    pub accept_without_guid: Vec<u8>,
    /// For `{deflate}`.
    pub deflate: Vec<u8>,
    /// For `{deflate-without-hint}`.
    pub deflate_without_hint: Vec<u8>,
    /// For `{other-port}`.
    pub other_port: Vec<u8>,
    /// For `{port-plus-65536}`.
    pub port_plus_65536: Vec<u8>,
    /// For `{protocol-2}`.
    pub protocol_second: Vec<u8>,
    /// For `{protocol-field-lf}`: a whole field line with its LF, or nothing.
    pub protocol_field_lf: Vec<u8>,
    /// For `{protocol-prefix}`.
    pub protocol_prefix: Vec<u8>,
    /// For `{protocol-swapped}`.
    pub protocol_swapped: Vec<u8>,
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
    /// For `{binary-16k}`.
    pub binary_16k: Vec<u8>,
    /// For `{binary-16k-back}`.
    pub binary_16k_back: Vec<u8>,
    /// For `{extension-if-offered}`.
    pub extension_if_offered: Vec<u8>,
    /// For `{frame}`.
    pub frame: Vec<u8>,
    /// For `{key-2}`.
    pub key_second: Vec<u8>,
    /// For `{tag}`.
    pub tag: Vec<u8>,
    /// For `{tag-2}`.
    pub tag_second: Vec<u8>,
    /// For `{tag-3}`.
    pub tag_third: Vec<u8>,
    /// For `{tag-more}`.
    pub tag_more: Vec<u8>,
    /// For `{text-back}`.
    pub text_back: Vec<u8>,
}

impl Bindings {
    /// The stream that a case means: the client of a server of ours may begin with any odd number (RFC 9113
    /// section 5.1.1).
    #[must_use]
    pub fn stream_of(&self, written: u32) -> u32 {
        self.stream.filter(|_| written == 1).unwrap_or(written)
    }

    /// Made-up octets for a target that nobody runs, to show what a case writes.
    #[must_use]
    pub fn example() -> Self {
        let octets = |text: &str| text.as_bytes().to_vec();
        Self {
            stream: None,
            accept: octets("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
            accept_swapped: octets("S3PplmbItXAq9KygZZHzrBk+XoO="),
            accept_truncated: octets("s3pPLMBiTxaQ9kYGzzhZRbK+xOo"),
            accept_hex: octets("b37a4f2cc0624f1690f64606cf385945b2bec4ea"),
            accept_inner_space: octets("s3pPLMBiTxaQ9k YGzzhZRbK+xOo="),
            accept_lower_guid: octets("WJfwerbIozKsJXHxxI0JTO1SQgU="),
            accept_of_decoded_key: octets("BXhwxM0SZasKmCD9S4BfpPmCnEw="),
            accept_of_other_key: octets("Bz3qJYTGdOe8gUSpLosEdiLKDrk="),
            accept_of_previous_key: octets("cW0HMpChSOllUrDZnf5AIF3ENuY="),
            accept_pad_bits: octets("s3pPLMBiTxaQ9kYGzzhZRbK+xOp="),
            accept_without_guid: octets("hHLtf2V1k8aDQZfNjw3Ia1hCwt0="),
            deflate: octets("permessage-deflate"),
            deflate_without_hint: octets("permessage-deflate"),
            other_port: octets("81"),
            port_plus_65536: octets("65616"),
            protocol_second: octets("superchat"),
            protocol_field_lf: octets("Sec-WebSocket-Protocol: chat\n"),
            protocol_prefix: octets("cha"),
            protocol_swapped: octets("CHAT"),
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
            binary_16k: octets("<a masked binary frame of 16384 octets>"),
            binary_16k_back: octets("<a binary frame of 16384 octets>"),
            extension_if_offered: octets("Sec-WebSocket-Extensions: x-upspec\r\n"),
            frame: b"\x81\x84\x00\x00\x00\x00text".to_vec(),
            key_second: octets("AQIDBAUGBwgJCgsMDQ4PEA=="),
            tag: octets("?upspec=1-abcdefghijklmnop"),
            tag_second: octets("?upspec=2-abcdefghijklmnop"),
            tag_third: octets("?upspec=3-abcdefghijklmnop"),
            tag_more: octets("&upspec=1-abcdefghijklmnop"),
            text_back: b"\x81\x04back".to_vec(),
        }
    }

    /// The octets for a binding. `{fill-N}` and the lengths have none of their own: they depend on
    /// what is around them.
    #[must_use]
    pub fn octets(&self, binding: Binding) -> &[u8] {
        match binding {
            Binding::Accept => &self.accept,
            Binding::AcceptSwapped => &self.accept_swapped,
            Binding::AcceptTruncated => &self.accept_truncated,
            Binding::AcceptHex => &self.accept_hex,
            Binding::AcceptInnerSpace => &self.accept_inner_space,
            Binding::AcceptLowerGuid => &self.accept_lower_guid,
            Binding::AcceptOfDecodedKey => &self.accept_of_decoded_key,
            Binding::AcceptOfOtherKey => &self.accept_of_other_key,
            Binding::AcceptOfPreviousKey => &self.accept_of_previous_key,
            Binding::AcceptPadBits => &self.accept_pad_bits,
            Binding::AcceptWithoutGuid => &self.accept_without_guid,
            Binding::Deflate => &self.deflate,
            Binding::DeflateWithoutHint => &self.deflate_without_hint,
            Binding::OtherPort => &self.other_port,
            Binding::PortPlus65536 => &self.port_plus_65536,
            Binding::ProtocolSecond => &self.protocol_second,
            Binding::ProtocolFieldLf => &self.protocol_field_lf,
            Binding::ProtocolPrefix => &self.protocol_prefix,
            Binding::ProtocolSwapped => &self.protocol_swapped,
            Binding::Authority => &self.authority,
            Binding::AuthorityUpper => &self.authority_upper,
            Binding::ChunkSize | Binding::ContentLength | Binding::Fill(_) => &[],
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
            Binding::Binary16k => &self.binary_16k,
            Binding::Binary16kBack => &self.binary_16k_back,
            Binding::ExtensionIfOffered => &self.extension_if_offered,
            Binding::Frame => &self.frame,
            Binding::KeySecond => &self.key_second,
            Binding::Tag => &self.tag,
            Binding::TagSecond => &self.tag_second,
            Binding::TagThird => &self.tag_third,
            Binding::TagMore => &self.tag_more,
            Binding::TextBack => &self.text_back,
        }
    }
}

impl Binding {
    /// The bindings without a number in their name, with their names.
    pub const NAMES: [(&'static str, Self); 49] = [
        ("accept", Self::Accept),
        ("accept-swapped", Self::AcceptSwapped),
        ("accept-truncated", Self::AcceptTruncated),
        ("accept-hex", Self::AcceptHex),
        ("accept-inner-space", Self::AcceptInnerSpace),
        ("accept-lower-guid", Self::AcceptLowerGuid),
        ("accept-of-decoded-key", Self::AcceptOfDecodedKey),
        ("accept-of-other-key", Self::AcceptOfOtherKey),
        ("accept-of-previous-key", Self::AcceptOfPreviousKey),
        ("accept-pad-bits", Self::AcceptPadBits),
        ("accept-without-guid", Self::AcceptWithoutGuid),
        ("deflate", Self::Deflate),
        ("deflate-without-hint", Self::DeflateWithoutHint),
        ("other-port", Self::OtherPort),
        ("port-plus-65536", Self::PortPlus65536),
        ("protocol-2", Self::ProtocolSecond),
        ("protocol-field-lf", Self::ProtocolFieldLf),
        ("protocol-prefix", Self::ProtocolPrefix),
        ("protocol-swapped", Self::ProtocolSwapped),
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
        ("chunk-size", Self::ChunkSize),
        ("content-length", Self::ContentLength),
        ("binary-16k", Self::Binary16k),
        ("binary-16k-back", Self::Binary16kBack),
        ("extension-if-offered", Self::ExtensionIfOffered),
        ("frame", Self::Frame),
        ("key-2", Self::KeySecond),
        ("tag", Self::Tag),
        ("tag-2", Self::TagSecond),
        ("tag-3", Self::TagThird),
        ("tag-more", Self::TagMore),
        ("text-back", Self::TextBack),
    ];

    /// Whether it is filled in from a request that came.
    #[must_use]
    pub fn is_of_request(self) -> bool {
        matches!(
            self,
            Self::Accept
                | Self::AcceptSwapped
                | Self::AcceptTruncated
                | Self::AcceptHex
                | Self::AcceptInnerSpace
                | Self::AcceptLowerGuid
                | Self::AcceptOfDecodedKey
                | Self::AcceptOfOtherKey
                | Self::AcceptOfPreviousKey
                | Self::AcceptPadBits
                | Self::AcceptWithoutGuid
                | Self::Deflate
                | Self::DeflateWithoutHint
                | Self::ProtocolSecond
                | Self::ProtocolFieldLf
                | Self::ProtocolPrefix
                | Self::ProtocolSwapped
                | Self::ExtensionIfOffered
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
