//! The grammars of the fields that make an upgrade, one file each.
//! Strict: each reader returns what it could read, and reports every violation with its place.

pub mod chunked;
pub mod connection;
pub mod date;
pub mod deflate;
pub mod extension;
pub mod framing;
pub mod host;
mod http2_settings;
pub mod key;
mod list;
mod parameter;
mod quoted;
pub mod subprotocol;
pub mod target;
#[cfg(test)]
mod tests;
mod token;
pub mod upgrade;
mod uri;
pub mod version;

pub use http2_settings::http2_settings;
pub(crate) use list::plain_tokens;
pub use list::{Element, Malformed, elements, elements_of, tokens};
pub use parameter::{Parameter, ParameterViolation, segments};
pub use quoted::{Quoted, quoted_string};
pub use token::{is_tchar, is_token, same_in_any_case, trim_ows, trim_ows_end};
pub(crate) use token::{leading_ows, leading_tchars};
