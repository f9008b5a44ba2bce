//! The role of the intermediary: we are the client in front of it and the origin behind it.
//!
//! An `Origin` listens for all exchanges and tells apart, by the tags of requests, whose octets come (`Sorter`,
//! `Connection`; `Streams` in HTTP/2); an exchange holds a [`Span`] of each connection on which a request of its own has come. A `Script`
//! plays the steps of a case at both ends in order, a `Stage` brings one case to its record, and
//! [`run_proxy`] plays a plan. A [`ProxyProber`] plays single cases for the hunt.

mod beside;
mod bindings;
mod connection;
mod deaths;
mod forward;
mod origin;
mod player;
mod prober;
mod run;
mod script;
mod settings;
mod sorter;
mod span;
mod stage;
mod streams;
mod translated;
mod waits;

pub use origin::Origin;
pub use prober::ProxyProber;
pub use run::run_proxy;
pub use settings::ProxySettings;
pub(crate) use span::Span;
