//! The state machines of both parties of an opening handshake: octets and heads in, events and
//! decisions out. The reference server runs the server's; fuzz targets attack both.
//!
//! # Theory of operation
//!
//! A [`Client`] is made of the request that it sends, and reads that request back: its key, its
//! subprotocols, its extensions and its protocols are what an answer is measured by. It then takes
//! the octets of the server in any pieces. Each complete head of a response becomes one event: a 1xx
//! other than 101 is [interim](ClientEvent::Interim) and reading goes on (RFC 9110 15.2), a 101 is
//! checked as RFC 6455 4.1 and RFC 9110 7.8 demand and either switches or fails the connection, and
//! any other status leaves the connection with HTTP (RFC 6455 4.1). What follows the final head is
//! never looked at: it belongs to the new protocol, or is content.
//!
//! A [`Server`] reads one request head after another, in HTTP/1 from octets, and decides by
//! [`Request::admit`], [`Opening`](crate::opening::Opening) and [`negotiate`](crate::negotiate): an
//! opening handshake that it would accept, an ordinary request, or one to refuse. Between the two
//! steps the caller reads the content, and may look at the request with other eyes. Nothing is
//! answered before the caller asks for the [answer](Server::answer) or overrules the decision, so
//! that a service can still say no.
//!
//! What a state and an input lead to stands in [`table`] and nowhere else: the machines classify
//! octets, look the next state up, and do no other bookkeeping of it. What a machine has come to
//! depends on the octets alone, never on how they were split. Heads are limited to
//! [`HEAD_LIMIT`] octets; a peer that sends a longer one is not listened to any further.
//!
//! What a response that switches may have wrong is found by [`check`], once for all: the client
//! fails by it, and the rules about servers are mapped from it.

mod admission;
mod answer;
mod client;
mod refusal;
mod server;
mod switch;
pub mod table;
#[cfg(test)]
mod tests;
mod violation;

pub use admission::{MAX_BODY, Request, Transport};
pub use answer::{Agreement, Compression, Decision, Service};
pub use client::{Client, ClientEvent};
pub use refusal::{Cause, Refusal};
pub use server::Server;
pub use switch::{Agreed, check, opens_websocket};
pub use violation::{Failure, SwitchViolation, SwitchViolationKind};

/// How many octets a head may have, with its empty line and any before it.
pub const HEAD_LIMIT: usize = 65_536;

/// How many octets a request line may have; RFC 9112 3 wants 8000 at least.
pub const LINE_LIMIT: usize = 16 * 1024;
