//! The shape of an `h2` step.
//! Never checks which keys go together; meaning is given by `read`.

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;
#[cfg(feature = "schema")]
use upspec_handshake::h2::ErrorCode;

#[cfg(feature = "schema")]
use super::OneOf;
#[cfg(feature = "schema")]
use super::described::HeaderField;
use super::{Bytes, Text};

/// A frame of HTTP/2: exactly one of `headers`, `data`, `settings`, `rst-stream`, `ping`,
/// `window-update` and `frame`, and what belongs to it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(extend("minProperties" = 1))]
pub(crate) struct H2 {
    /// A header list, pseudo-header fields included: `[[':method', 'GET'], …]`. A text alone is a
    /// fragment of fields, or `'{standing}'`: what the target wants on every request. The block has no
    /// indexes and no Huffman coding.
    #[schemars(with = "Option<Vec<HeaderField>>")]
    pub(crate) headers: Option<Spanned<Vec<Spanned<Bytes>>>>,
    /// The octets of a DATA frame.
    #[schemars(with = "Option<String>")]
    pub(crate) data: Option<Text>,
    /// The settings of a SETTINGS frame, each a number and a value: `[[8, 1]]`.
    #[schemars(with = "Option<Vec<(u16, u32)>>")]
    pub(crate) settings: Option<Spanned<Vec<(u16, u32)>>>,
    /// The error code of a RST_STREAM frame.
    #[schemars(with = "Option<OneOf<ErrorCode>>")]
    pub(crate) rst_stream: Option<Text>,
    /// The octets of a PING frame, eight in a lawful one.
    #[schemars(with = "Option<String>")]
    pub(crate) ping: Option<Text>,
    /// By how much a WINDOW_UPDATE frame widens a window.
    #[schemars(with = "Option<u32>")]
    pub(crate) window_update: Option<Spanned<u32>>,
    /// Any frame.
    #[schemars(with = "Option<Frame>")]
    pub(crate) frame: Option<Spanned<Frame>>,
    /// The stream: 1 when nothing is said with `headers`, `data` and `rst-stream`; 0, the
    /// connection, with `window-update`.
    #[schemars(with = "Option<u32>")]
    pub(crate) stream: Option<Spanned<u32>>,
    /// Whether END_STREAM is set, with `headers` and `data`; `false` when nothing is said.
    #[schemars(with = "Option<bool>")]
    pub(crate) end_stream: Option<Spanned<bool>>,
    /// Whether ACK is set, with `settings` and `ping`; `false` when nothing is said.
    #[schemars(with = "Option<bool>")]
    pub(crate) ack: Option<Spanned<bool>>,
    /// Over how many CONTINUATION frames a header block goes on; as many as it takes when nothing is
    /// said.
    #[schemars(with = "Option<u32>")]
    pub(crate) continuation: Option<Spanned<u32>>,
}

/// Any frame, lawful or not.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Frame {
    /// The number of its type.
    #[serde(rename = "type")]
    pub(crate) kind: u8,
    /// Its flags; 0 when nothing is said.
    #[serde(default)]
    pub(crate) flags: u8,
    /// Its stream, with the reserved bit as the highest one; 0 when nothing is said.
    #[serde(default)]
    pub(crate) stream: u32,
    /// Its payload; empty when nothing is said.
    #[schemars(with = "Option<String>")]
    pub(crate) payload: Option<Text>,
}
